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

    /// Whether there was no room to write: the disk is full, or a quota or the limit on the size of files is reached.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
                    | io::ErrorKind::FileTooLarge
            ),
            Self::Git { said, .. } => FULL.iter().any(|words| said.contains(words)),
            Self::Refused(_) | Self::Read { .. } => false,
        }
    }
}

/// How git says that there is no room: in the system's words (we run it in the C locale), or in its own.
const FULL: [&str; 4] =
    ["No space left on device", "Out of diskspace", "Disk quota exceeded", "File too large"];

pub(crate) fn io_failed(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { doing: doing.into(), source }
}

pub(crate) fn read_failed<E>(doing: impl Into<String>) -> impl FnOnce(E) -> Error
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |source| Error::Read { doing: doing.into(), source: source.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_room_is_told_from_other_trouble() {
        let git = |said: &str| Error::Git { doing: "write".into(), said: said.into() };
        let io = |kind: io::ErrorKind| io_failed("write")(kind.into());
        let table = [
            (git("fatal: write error: No space left on device"), true),
            (git("fatal: sha1 file 'tmp_pack_x' write error. Out of diskspace"), true),
            (git("fatal: write error: Disk quota exceeded"), true),
            (git("fatal: bad object HEAD"), false),
            (io(io::ErrorKind::StorageFull), true),
            (io(io::ErrorKind::FileTooLarge), true),
            (io(io::ErrorKind::PermissionDenied), false),
        ];
        for (error, full) in table {
            assert_eq!(error.is_full(), full, "{error}: {error:?}");
        }
    }
}
