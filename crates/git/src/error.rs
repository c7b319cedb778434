//! What goes wrong: refusals that a caller can act on, and failures of the world.

use std::io;
use weir_model::Refusal;

/// Why a call to git's world did not give what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Weir working: what was asked cannot be had, and what to do about it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The file system or the system failed.
    #[error("could not {doing}")]
    Io {
        /// What we were doing.
        doing: String,
        /// What the system says.
        source: io::Error,
    },
    /// `git` itself failed.
    #[error("could not {doing}: git said `{said}`")]
    Git {
        /// What we were doing.
        doing: String,
        /// The end of what it wrote to stderr.
        said: String,
    },
    /// Objects or refs could not be read.
    #[error("could not {doing}")]
    Read {
        /// What we were doing.
        doing: String,
        /// What the library says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// The refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Io { .. } | Self::Git { .. } | Self::Read { .. } => None,
        }
    }
}

pub(crate) fn io_failed(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { doing: doing.into(), source }
}

pub(crate) fn read_failed<E>(doing: impl Into<String>) -> impl FnOnce(E) -> Error
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |source| Error::Read { doing: doing.into(), source: source.into() }
}
