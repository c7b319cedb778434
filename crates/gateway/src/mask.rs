//! Secrets that a tool server says back are masked before anybody else reads them.
//!
//! Found are a secret itself and its usual spellings: base64 (also within something longer), percent-encoded,
//! hexadecimal. A server that means to betray a secret can spell it otherwise: it holds the secret, and what keeps it
//! from giving it away is the choice of the server, not this.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// What stands where a secret stood.
const MASKED: &str = "[secret]";
/// Shorter ones would be found by chance in ordinary text, and are no secrets.
pub const SECRET_BYTES_MIN: usize = 8;

/// The secrets of one server, in every spelling that is looked for.
#[derive(Clone, Default)]
pub(crate) struct Mask {
    /// The longest first, so that none leaves a piece of another.
    spellings: Vec<String>,
}

impl Mask {
    pub(crate) fn over<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut spellings: Vec<String> = secrets.into_iter().flat_map(spellings).collect();
        spellings.retain(|spelling| spelling.len() >= SECRET_BYTES_MIN);
        spellings.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        spellings.dedup();
        Self { spellings }
    }

    /// `text` without secrets, and whether there was one.
    pub(crate) fn text(&self, text: &str) -> Option<String> {
        let mut masked: Option<String> = None;
        for spelling in &self.spellings {
            let now = masked.as_deref().unwrap_or(text);
            if now.contains(spelling.as_str()) {
                masked = Some(now.replace(spelling.as_str(), MASKED));
            }
        }
        masked
    }

    /// Masks every string in `value`, names of members included; says whether there was one.
    pub(crate) fn value(&self, value: &mut Value) -> bool {
        if self.spellings.is_empty() {
            return false;
        }
        match value {
            Value::String(text) => match self.text(text) {
                Some(masked) => {
                    *text = masked;
                    true
                }
                None => false,
            },
            Value::Array(items) => {
                items.iter_mut().fold(false, |found, item| self.value(item) | found)
            }
            Value::Object(members) => {
                let mut found =
                    members.values_mut().fold(false, |found, item| self.value(item) | found);
                let names: Vec<String> =
                    members.keys().filter(|name| self.text(name).is_some()).cloned().collect();
                for name in names {
                    found = true;
                    if let (Some(masked), Some(member)) = (self.text(&name), members.remove(&name))
                    {
                        members.insert(masked, member);
                    }
                }
                found
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
}

fn spellings(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut all = vec![secret.to_owned(), percent(secret), hexadecimal.to_uppercase(), hexadecimal];
    // Within something longer it may begin at any of three places; its ends then mix with their neighbours.
    for shift in 0..3 {
        let mut shifted = vec![0; shift];
        shifted.extend_from_slice(bytes);
        let first = (shift * 8).div_ceil(6);
        let whole = (shifted.len() * 8) / 6;
        for text in [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
            all.extend(text.get(first..whole).map(str::to_owned));
        }
    }
    // As it stands inside JSON that is itself text.
    let quoted = Value::String(secret.to_owned()).to_string();
    all.extend(quoted.get(1..quoted.len() - 1).map(str::to_owned));
    all
}

fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const SECRET: &str = "s3cr3t/with+signs\"";

    fn masked(text: &str) -> String {
        Mask::over([SECRET]).text(text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn a_secret_is_masked_in_every_usual_spelling() {
        let rows = [
            format!("token: {SECRET}."),
            format!("basic {}", base64::engine::general_purpose::STANDARD.encode(SECRET)),
            format!(
                "basic {}",
                base64::engine::general_purpose::STANDARD.encode(format!("me:{SECRET}"))
            ),
            URL_SAFE_NO_PAD.encode(format!("m:{SECRET}:tail")),
            percent(SECRET),
            json!({"inner": SECRET}).to_string(),
        ];
        for row in rows {
            assert!(masked(&row).contains(MASKED), "{row}");
        }
        assert_eq!(masked("nothing here"), "nothing here");
    }

    #[test]
    fn a_short_secret_is_not_looked_for() {
        assert_eq!(Mask::over(["the"]).text("the weather"), None);
    }

    proptest! {
        #[test]
        fn no_secret_is_left_in_any_value(
            secret in "[a-zA-Z0-9+/=]{8,40}",
            before in "[ -~]{0,20}",
            after in "[ -~]{0,20}",
        ) {
            let mask = Mask::over([secret.as_str()]);
            let text = format!("{before}{secret}{after}");
            let mut value = json!({"a": [text], (format!("k{secret}")): {"b": text}});
            prop_assert!(mask.value(&mut value));
            prop_assert!(!value.to_string().contains(&secret));
        }
    }
}
