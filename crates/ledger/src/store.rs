//! What the ledger asks of a store: rows to keep, and one transaction at a time.
//!
//! A store decides nothing. Positions, versions, hashes, leases and conflicts are worked out above it, in
//! one place for both stores; it only promises that (1) while a [`Transaction`] is open no other writer of
//! the same ledger holds one, (2) after `commit` returns `Ok`, what was written survives any crash, and
//! (3) what is read was committed.

use crate::lease::LeaseRow;
use crate::merkle::Frontier;
use crate::record::{Stream, Version};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::time::Duration;
use weir_model::{Digest, Position, Timestamp};

/// What can be read of a ledger, by an audit as by the ledger itself.
pub trait Archive: Send + Sync {
    /// The head, or `None` in a store that holds no ledger yet.
    fn head(&self) -> Result<Option<Head>, StoreError>;

    /// Up to `limit` records after `after`, in order. `limit` may be large: a store gives as many as it
    /// likes, but at least one if there is one.
    fn lines(&self, after: Position, limit: usize) -> Result<Vec<Line>, StoreError>;

    /// `count` nodes of the tree from `first` on a kept level: 0 (the leaves), 8, 16…
    fn nodes(&self, level: u32, first: u64, count: u64) -> Result<Vec<Digest>, StoreError>;

    /// Up to `limit` of the kept checkpoints that cover more than `after` records, in order.
    fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<(u64, String)>, StoreError>;

    /// The version of every stream.
    fn streams(&self) -> Result<BTreeMap<String, Version>, StoreError>;
}

/// Where a ledger is kept.
pub trait Store: Archive + 'static {
    /// What was found and done while opening.
    fn recovery(&self) -> Recovery;

    /// Begin to write. Waits for other writers.
    fn begin(&self) -> Result<Box<dyn Transaction + '_>, StoreError>;

    /// Keep `bytes` as the snapshot of this name, in place of the one before.
    fn put_snapshot(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError>;

    /// The snapshot of this name.
    fn snapshot(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keep a body. `false` when it was erased, and so is not kept.
    fn put_body(&self, digest: &Digest, bytes: &[u8]) -> Result<bool, StoreError>;

    /// A body.
    fn body(&self, digest: &Digest) -> Result<Option<Body>, StoreError>;

    /// Erase a body and remember that it was.
    fn erase_body(&self, digest: &Digest) -> Result<(), StoreError>;

    /// May other processes append to it while this one has it open?
    fn is_shared(&self) -> bool;

    /// Of a shared store: let others know that the head has grown. They would find out by themselves, later.
    fn hint(&self) -> Result<(), StoreError>;

    /// Of a shared store: wait until others may have appended, or `timeout`; then tell the head.
    fn follow(&self, timeout: Duration) -> Result<Position, StoreError>;
}

/// The right to write, until it is committed. Dropping it undoes everything.
pub trait Transaction {
    /// The head, which nobody else can move meanwhile.
    fn head(&mut self) -> Result<Option<Head>, StoreError>;

    /// The versions of these streams, where they have one.
    fn versions(&mut self, streams: &[Stream]) -> Result<Vec<(Stream, Version)>, StoreError>;

    /// The lease of this name.
    fn lease(&mut self, name: &str) -> Result<Option<LeaseRow>, StoreError>;

    /// Write a group.
    fn write(&mut self, group: &Group) -> Result<(), StoreError>;

    /// Make it durable.
    fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// All that a writer must know to go on, in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The right edge of the tree; its size is the last position.
    pub frontier: Frontier,
    /// The latest `at` of any record.
    pub clock: Option<Timestamp>,
    /// The signed note over exactly this tree.
    pub checkpoint: String,
}

impl Head {
    /// The last position; 0 when the ledger is empty.
    pub fn position(&self) -> Position {
        Position(self.frontier.size())
    }
}

/// A record as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its place.
    pub position: Position,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// The hash that was stored beside it.
    pub hash: Digest,
}

/// What one transaction writes.
#[derive(Debug, Default)]
pub struct Group {
    /// New records, in order.
    pub lines: Vec<Line>,
    /// Nodes of the kept levels that these completed: level, index, hash.
    pub nodes: Vec<(u32, u64, Digest)>,
    /// Streams and the versions they reached.
    pub versions: BTreeMap<Stream, Version>,
    /// Leases that changed.
    pub leases: BTreeMap<String, LeaseRow>,
    /// The new head, if records were added.
    pub head: Option<Head>,
    /// Is this head's checkpoint one to keep for ever?
    pub is_milestone: bool,
}

/// What a store found when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovery {
    /// The process before did not close it: what it had committed was recovered from the journal.
    pub recovered: bool,
    /// Half-written files of bodies and snapshots that were swept away; no record named them.
    pub swept: usize,
    /// It holds records, and nothing said how many there should be: that some are gone would not be noticed.
    pub unmarked: bool,
    /// What is gone, when it was opened without.
    pub loss: Option<Loss>,
}

/// Records that were acknowledged, and are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// Where the ledger ends now.
    pub left: Position,
    /// The last record that is known to have been acknowledged.
    pub marked: Position,
    /// The root of the tree up to there.
    pub root: Digest,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { left, marked, root } = self;
        let first = left.next();
        match marked.0.saturating_sub(left.0) {
            0 => write!(f, "{marked} was acknowledged under the root {root}, and is under another"),
            1 => write!(f, "{marked} was acknowledged and is gone, it ends at {left}"),
            lost => {
                write!(
                    f,
                    "{lost} acknowledged records are gone, {first} to {marked}, it ends at {left}"
                )
            }
        }
    }
}

/// A body, or the trace of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Its bytes.
    Kept(Vec<u8>),
    /// It was here, and was erased on purpose.
    Erased,
}

/// Why a store could not do what was asked. Nothing was changed, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space is left, or a quota or the limit on the size of files is reached.
    #[error("the disk is full: could not {doing}; free some space and try again")]
    Full {
        /// What was being done.
        doing: &'static str,
        /// What the store said.
        source: Cause,
    },
    /// Somebody else has it open.
    #[error("{place} is in use by another process{}; stop that first", by(holder))]
    InUse {
        /// Which store.
        place: String,
        /// The process that holds it, if it told.
        holder: Option<String>,
    },
    /// What is stored cannot be right. Nothing was repaired.
    #[error(
        "the ledger is damaged: {found}; nothing was changed: keep a copy of it, run `weir audit verify` \
         to see how far it is sound, and restore it from a backup"
    )]
    Damaged {
        /// What was found, and where.
        found: String,
    },
    /// Acknowledged records are gone. Nothing was changed.
    #[error(
        "the ledger lost records: {0}; nothing was changed: keep a copy of its folder, and restore it from a \
         backup that has them; or, to go on without them and have that recorded, `weir up --accept-loss {left}`",
        left = .0.left
    )]
    Lost(Loss),
    /// It was written by something else, or by a later release.
    #[error("{place} cannot be used: {found}")]
    Foreign {
        /// Which store.
        place: String,
        /// What was found.
        found: String,
    },
    /// The connection broke while committing.
    #[error("the connection broke while the store was to {doing}: whether it did is not known")]
    Unresolved {
        /// What was being done.
        doing: &'static str,
        /// What the store said.
        source: Cause,
    },
    /// Anything else.
    #[error("could not {doing}")]
    Failed {
        /// What was being done.
        doing: &'static str,
        /// What the store said.
        source: Cause,
    },
}

/// Whatever a database or the system said.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

fn by(holder: &Option<String>) -> String {
    holder.as_ref().map(|holder| format!(" ({holder})")).unwrap_or_default()
}

impl StoreError {
    pub(crate) fn damaged(found: impl Into<String>) -> Self {
        Self::Damaged { found: found.into() }
    }

    /// Whether it is [`StoreError::Full`].
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }

    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| match is_full(&error) {
            true => Self::Full { doing, source: error.into() },
            false => Self::Failed { doing, source: error.into() },
        }
    }
}

/// Whether the system had no room to write: what to do is the same for a full disk, a quota and a file that may not
/// grow any further.
pub fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

impl From<crate::merkle::MissingNode> for StoreError {
    fn from(hole: crate::merkle::MissingNode) -> Self {
        Self::damaged(hole.to_string())
    }
}
