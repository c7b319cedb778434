//! Refusals: Weir working. What a caller may not do, why, and what to do next.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Why a command was not carried out. Every door shows its three parts unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable, `subject.reason`. Programs match on this and on nothing else.
    pub code: Cow<'static, str>,
    /// What is so, in the user's words: no capital, no full stop, values in backticks.
    pub sentence: String,
    /// The next thing to try, when we know one. An agent will read it and do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Refusal {
    /// A refusal without a hint.
    pub fn new(code: &'static str, sentence: impl Into<String>) -> Self {
        Self { code: Cow::Borrowed(code), sentence: sentence.into(), hint: None }
    }

    /// The same refusal, saying what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}
