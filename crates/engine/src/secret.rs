//! Secrets: shown once, to one reader, and kept as a hash.

use crate::clock::Entropy;
use crate::error::{Error, Failure};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::fmt;
use weir_model::Digest;

/// A token's text. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// What a secret opens; its first letters say so to whoever finds one lying about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Opens {
    Person,
    Session,
    Browser,
    SignIn,
}

impl Secret {
    /// Wraps a text that somebody showed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// 256 random bits: beyond guessing, so a plain hash is enough to keep.
    pub(crate) fn draw(entropy: &dyn Entropy, opens: Opens) -> Result<Self, Error> {
        let mut bytes = [0; 32];
        let none =
            |why| Error::Failed(Failure::Other(format!("no randomness for a secret: {why}")));
        entropy.fill(&mut bytes).map_err(none)?;
        let letter = match opens {
            Opens::Person => 'p',
            Opens::Session => 's',
            Opens::Browser => 'b',
            Opens::SignIn => 'l',
        };
        Ok(Self(format!("weir_{letter}_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// The text, for the one reader it is meant for.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the ledger keeps.
    pub fn hash(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
