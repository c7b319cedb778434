//! How a chore ends when it does not end well.

use std::fmt;

/// What went wrong, in a sentence for a person.
pub(crate) enum Failure {
    /// The command line makes no sense.
    Usage(String),
    /// A chore did not succeed.
    Chore(String),
}

impl Failure {
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self::Usage(sentence.into())
    }

    pub(crate) fn chore(sentence: impl Into<String>) -> Self {
        Self::Chore(sentence.into())
    }

    /// 2 for a command line that makes no sense, as `weir` does; 1 for everything else.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Chore(_) => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(sentence) => write!(f, "{sentence}\n\n  try: cargo xtask help"),
            Self::Chore(sentence) => f.write_str(sentence),
        }
    }
}
