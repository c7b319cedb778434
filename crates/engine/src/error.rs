//! What a command comes back with when it was not carried out.

use std::sync::Arc;
use weir_ledger::{AppendError, LedgerError};
use weir_model::Refusal;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Weir working: the caller may not, and the refusal says what to do next.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The world failed: disk, network, damage. Nothing was recorded unless the failure says so.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A failure of the world.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// The record could not be written, so the act did not happen.
    #[error("could not record it, so it did not happen")]
    Record(#[source] AppendError),
    /// Too many others wrote at the same time.
    #[error("others kept writing at the same time; try again")]
    Crowded,
    /// The ledger could not be opened or read.
    #[error("could not read the ledger")]
    Ledger(#[source] Arc<LedgerError>),
    /// The ledger holds what this version cannot read.
    #[error("could not replay the ledger at {position}: {what}")]
    Replay {
        /// Where.
        position: weir_model::Position,
        /// What stands there.
        what: String,
    },
    /// The lease under which the queue is driven could not be had or kept.
    #[error("the queue's lease is not held")]
    Lease(#[source] Arc<weir_ledger::LeaseError>),
    /// Git failed.
    #[error("git could not do its part")]
    Git(#[source] Arc<weir_git::Error>),
    /// The file system failed.
    #[error("could not {doing}")]
    Io {
        /// What we were doing.
        doing: String,
        /// What the system says.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// Something else that the sentence names.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// What a caller is told, whatever door they came by. The causes are not for them: they are for the log.
    pub fn told(&self) -> Refusal {
        if self.is_full() {
            return Refusal::new("disk.full", format!("the disk is full: {self}")).hint(
                "free some space where Weir keeps its own (or raise the quota, or the limit on the size of files), \
                 then ask again: nothing has to be started anew",
            );
        }
        let hint = "try again; if it stays, the server's log says why";
        Refusal::new("weir.failed", self.to_string()).hint(hint)
    }

    /// Whether there was no room to write.
    fn is_full(&self) -> bool {
        match self {
            Self::Record(error) => error.is_full(),
            Self::Ledger(error) => error.is_full(),
            Self::Git(error) => error.is_full(),
            Self::Io { source, .. } => weir_ledger::is_full(source),
            Self::Crowded | Self::Replay { .. } | Self::Lease(_) | Self::Other(_) => false,
        }
    }
}

impl From<LedgerError> for Error {
    fn from(error: LedgerError) -> Self {
        Self::Failed(Failure::Ledger(Arc::new(error)))
    }
}

impl From<weir_git::Error> for Error {
    fn from(error: weir_git::Error) -> Self {
        match error {
            weir_git::Error::Refused(refusal) => Self::Refused(refusal),
            error @ (weir_git::Error::Io { .. }
            | weir_git::Error::Git { .. }
            | weir_git::Error::Read { .. }) => Self::Failed(Failure::Git(Arc::new(error))),
        }
    }
}

pub(crate) fn io_failed(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::Failed(Failure::Io { doing: doing.into(), source: Arc::new(source) })
}
