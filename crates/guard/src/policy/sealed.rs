//! A bundle as one text, which the engine signs and a hook program decides by when it reaches no server.

use super::bundle::{Bundle, Source, Trust};
use super::rule::Layer;
use serde::{Deserialize, Serialize};
use weir_model::{Digest, Refusal, Timestamp};

/// A bundle that came as a text, and how long it may be used.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// The policies.
    pub bundle: Bundle,
    /// When it was made.
    pub issued: Timestamp,
    /// From when on it may not be used.
    pub expires: Timestamp,
}

/// The first of its kind. A reader that meets another refuses.
const FORM: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    weir_policy_bundle: u32,
    digest: Digest,
    issued: Timestamp,
    expires: Timestamp,
    files: Vec<(LayerName, String, String)>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LayerName {
    Floor,
    Repository,
    Default,
}

impl Bundle {
    /// The bundle as one text: every file that counts, its digest, and how long it may be used.
    pub fn to_text(&self, issued: Timestamp, expires: Timestamp) -> String {
        let files = self.sources().iter().map(|source| {
            let layer = match source.layer {
                Layer::Floor => LayerName::Floor,
                Layer::Repository => LayerName::Repository,
                Layer::Default => LayerName::Default,
            };
            (layer, source.name.clone(), source.text.clone())
        });
        let (weir_policy_bundle, digest) = (FORM, self.digest());
        let text = Text { weir_policy_bundle, digest, issued, expires, files: files.collect() };
        serde_json::to_string(&text).expect("texts and numbers are JSON")
    }

    /// Reads what [`Bundle::to_text`] wrote. The policies are not held against the schema again: whoever calls
    /// has checked the signature, and has no time.
    ///
    /// # Errors
    /// `bundle.malformed`, also for a bundle of a version of Weir with another schema: nothing of it counts.
    pub fn from_text(text: &str) -> Result<Sealed, Refusal> {
        let malformed = |why: String| {
            Refusal::new("bundle.malformed", format!("the policy bundle cannot be used: {why}"))
                .hint("fetch it again from the server, with the same version of Weir")
        };
        let text: Text =
            serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        if text.weir_policy_bundle != FORM {
            return Err(malformed(format!("it is of form {}", text.weir_policy_bundle)));
        }
        let sources = text.files.into_iter().map(|(layer, name, text)| {
            let layer = match layer {
                LayerName::Floor => Layer::Floor,
                LayerName::Repository => Layer::Repository,
                LayerName::Default => Layer::Default,
            };
            Source { layer, name, text }
        });
        let bundle = Bundle::of(sources.collect(), Trust::Signed).map_err(|faults| {
            malformed(faults.first().map_or_else(String::new, ToString::to_string))
        })?;
        if bundle.digest() != text.digest {
            return Err(malformed("its digest is of something else".to_owned()));
        }
        Ok(Sealed { bundle, issued: text.issued, expires: text.expires })
    }
}
