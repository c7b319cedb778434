//! Why the ledger could not do what was asked.

use crate::record::{Stream, Version};
use crate::store::StoreError;
use std::sync::Arc;
use weir_model::{Digest, Position};

/// Why records were not appended. None of them was, unless the store could not tell.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// Somebody else appended to a stream on which the decision rests: decide again.
    #[error("stream `{stream}` is at version {actual}, not {expected}")]
    Conflict {
        /// Which stream.
        stream: Stream,
        /// Where it was when the decision was taken.
        expected: Version,
        /// Where it is.
        actual: Version,
    },
    /// An earlier append of its pipeline was refused, on which the decision rests as well: decide again.
    #[error("what this rests on was not written, so neither was this")]
    Orphaned,
    /// The lease ended or has a newer holder: stop acting under it.
    #[error("the lease on `{name}` is lost, so nothing was written under it")]
    LeaseLost {
        /// What was held.
        name: String,
    },
    /// The records are not ones that could be read back: a defect of the caller.
    #[error("the records cannot be written: {0}")]
    Malformed(String),
    /// The store failed. Nothing of this append was written, unless it is [`StoreError::Unresolved`].
    #[error("the records could not be written")]
    Store(#[source] Arc<StoreError>),
    /// The ledger is closing.
    #[error("the ledger is closed")]
    Closed,
}

impl AppendError {
    /// Whether there was no room: see [`StoreError::Full`].
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Store(store) if store.is_full())
    }
}

/// Why the ledger could not be opened, read or proven.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store failed, or is damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its checkpoints are signed by another key.
    #[error(
        "the ledger was signed by the key `{stored}` and cannot be continued with `{given}`; use the key \
         file that was made with it"
    )]
    OtherKey {
        /// The key that signed it, as `name+id`.
        stored: String,
        /// The key that was given, as `name+id`.
        given: String,
    },
    /// What was erased on purpose does not come back by being put again.
    #[error("the body {0} was erased, and is not kept again")]
    BodyErased(Digest),
    /// There is no such place in the ledger.
    #[error("there is no {asked}: the ledger ends at {head}")]
    OutOfRange {
        /// What was asked for.
        asked: Position,
        /// Where the ledger ends.
        head: Position,
    },
    /// The export could not be written.
    #[error("could not write the export")]
    Export(#[source] std::io::Error),
    /// The writer could not be started.
    #[error("could not start the writer of the ledger")]
    Writer(#[source] std::io::Error),
}

impl LedgerError {
    /// Whether there was no room: see [`StoreError::Full`].
    pub fn is_full(&self) -> bool {
        match self {
            Self::Store(store) => store.is_full(),
            Self::Export(source) => crate::store::is_full(source),
            Self::OtherKey { .. }
            | Self::BodyErased(_)
            | Self::OutOfRange { .. }
            | Self::Writer(_) => false,
        }
    }
}
