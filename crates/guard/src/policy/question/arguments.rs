//! The arguments of a tool of a tool server, one by one, so that policies can judge them.

use serde_json::Value;

/// More or longer ones are left out, and the caller is told that something is missing.
const ARGUMENTS_MAX: usize = 100;
const CHARS_MAX: usize = 4096;
const DEPTH_MAX: usize = 8;

/// Every leaf of a JSON object with its name, inner ones with dots (`a.b`, `a.0`): strings as they are, the rest
/// as JSON. And whether that is all there is, at full length.
pub(super) fn flatten(json: &str) -> (Vec<(String, String)>, bool) {
    let mut leaves = Leaves { found: Vec::new(), whole: true };
    match serde_json::from_str::<Value>(json) {
        Ok(value @ Value::Object(_)) => leaves.take(String::new(), &value, 0),
        Ok(Value::Null) => {}
        Ok(_) => leaves.whole = false,
        Err(_) => leaves.whole = json.trim().is_empty(),
    }
    leaves.found.sort();
    // Two leaves of one name (`a.b` is a name, too): neither is to be trusted.
    let names = leaves.found.len();
    leaves.found.dedup_by(|a, b| a.0 == b.0);
    let whole = leaves.whole && leaves.found.len() == names;
    (leaves.found, whole)
}

struct Leaves {
    found: Vec<(String, String)>,
    whole: bool,
}

impl Leaves {
    fn take(&mut self, name: String, value: &Value, depth: usize) {
        let inner =
            |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
        if self.found.len() >= ARGUMENTS_MAX || depth > DEPTH_MAX || name.len() > CHARS_MAX {
            self.whole = false;
            return;
        }
        match value {
            Value::Object(fields) => {
                for (part, value) in fields {
                    self.take(inner(part), value, depth + 1);
                }
            }
            Value::Array(items) => {
                for (at, value) in items.iter().enumerate() {
                    self.take(inner(&at.to_string()), value, depth + 1);
                }
            }
            Value::String(text) => self.leaf(name, text.clone()),
            Value::Null | Value::Bool(_) | Value::Number(_) => self.leaf(name, value.to_string()),
        }
    }

    fn leaf(&mut self, name: String, text: String) {
        if text.len() > CHARS_MAX {
            self.whole = false;
        } else {
            self.found.push((name, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn leaves_have_names_and_what_is_missing_is_told() {
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(CHARS_MAX + 1));
        let rows: &[(&str, &str, bool)] = &[
            (
                "{\"path\": \"/srv\", \"n\": 3, \"o\": {\"b\": [true, null]}}",
                "n=3 o.b.0=true o.b.1=null path=/srv",
                true,
            ),
            ("{}", "", true),
            ("", "", true),
            ("[1]", "", false),
            ("{\"a\"", "", false),
            (&long, "", false),
            ("{\"a\": {\"b\": 1}, \"a.b\": 2}", "a.b=1", false),
        ];
        for (json, expected, whole) in rows {
            let (leaves, is_whole) = flatten(json);
            let shown: Vec<_> =
                leaves.iter().map(|(name, text)| format!("{name}={text}")).collect();
            assert_eq!((shown.join(" ").as_str(), is_whole), (*expected, *whole), "{json:.40}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            flatten(&text);
        }
    }
}
