//! What an owner looked at and found harmless: `.weir/allowed-secrets`.

use std::collections::BTreeSet;
use weir_model::{Digest, Refusal};

/// Fingerprints that are passed over. Read from the trunk, never from the push.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedSecrets(BTreeSet<Digest>);

impl AllowedSecrets {
    /// Where the file stands in a repository.
    pub const PATH: &'static str = ".weir/allowed-secrets";

    /// Reads the file: one fingerprint a line; what follows a `#` is a comment.
    ///
    /// # Errors
    /// `allowed_secrets.malformed` names the line.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut allowed = BTreeSet::new();
        for (number, line) in (1..).zip(text.lines()) {
            let fingerprint = line.split('#').next().unwrap_or_default().trim();
            if fingerprint.is_empty() {
                continue;
            }
            // The line is not repeated: somebody may have put the secret itself there.
            let fingerprint = fingerprint.parse().map_err(|_| {
                let path = Self::PATH;
                let sentence = format!("`{path}`, line {number}: this is not a fingerprint");
                Refusal::new("allowed_secrets.malformed", sentence)
                    .hint("write 64 hexadecimal digits, as the refusal of a push shows them")
            })?;
            allowed.insert(fingerprint);
        }
        Ok(Self(allowed))
    }

    /// Whether `fingerprint` was allowed.
    pub fn contains(&self, fingerprint: &Digest) -> bool {
        self.0.contains(fingerprint)
    }
}
