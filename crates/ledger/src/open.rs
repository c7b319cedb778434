//! Opening: what is checked before the first append, and what is told about it.
//!
//! Not the whole ledger (that is [`crate::verify_store`]) but everything the next append will rest on: the
//! signature, the frontier against the stored tree, and the bytes of the last records, where a crash or a
//! failing disk shows first. The cost does not grow with the ledger. Nothing is ever repaired here.

use crate::audit::{VerifyError, audit_stored};
use crate::checkpoint::Checkpoint;
use crate::error::LedgerError;
use crate::merkle::{Frontier, LEVELS_A_ROW, Tree, leaf_hash};
use crate::note::NoteError;
use crate::record::Parts;
use crate::signer::{Signer, VerifierKey};
use crate::store::{Archive, Group, Head, Recovery, Store, StoreError};
use weir_model::{Position, Timestamp};

/// How many of the last records are read and hashed again.
const CHECKED_RECORDS: u64 = 256;

/// What was found on opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The last record.
    pub head: Position,
    /// The latest time that any record bears: a clock that is behind it has jumped back.
    pub clock: Option<Timestamp>,
    /// There was no ledger here before.
    pub is_new: bool,
    /// How it had been left.
    pub recovery: Recovery,
}

/// Finds the head, or makes the first one.
pub(crate) fn open(store: &dyn Store, signer: &Signer) -> Result<Opened, LedgerError> {
    let (head, is_new) = match store.head()? {
        Some(head) => (head, false),
        None => found(store, signer)?,
    };
    check(store, &head, signer.key())?;
    let recovery = store.recovery();
    Ok(Opened { head: head.position(), clock: head.clock, is_new, recovery })
}

/// An empty ledger, unless somebody else was quicker.
fn found(store: &dyn Store, signer: &Signer) -> Result<(Head, bool), StoreError> {
    let mut transaction = store.begin()?;
    if let Some(head) = transaction.head()? {
        return Ok((head, false));
    }
    let frontier = Frontier::default();
    let checkpoint = Checkpoint::sign(&frontier, signer).note;
    let head = Head { frontier, clock: None, checkpoint };
    transaction.write(&Group { head: Some(head.clone()), ..Group::default() })?;
    transaction.commit()?;
    Ok((head, true))
}

/// Is `head` what was signed, and what the stored tree and the last records add up to?
fn check(store: &dyn Store, head: &Head, key: &VerifierKey) -> Result<(), LedgerError> {
    let (size, root) = (head.frontier.size(), head.frontier.root());
    let signed = Checkpoint::open(&head.checkpoint, key).map_err(|error| match error {
        NoteError::OtherKey { found, expected } => {
            LedgerError::OtherKey { stored: found, given: expected }
        }
        NoteError::Malformed | NoteError::BadSignature => {
            StoreError::damaged(format!("the checkpoint of its head does not hold: {error}")).into()
        }
    })?;
    if (signed.size, signed.root) != (size, root) {
        let found = format!("the head at {} is not what its checkpoint signed", head.position());
        return Err(StoreError::damaged(found).into());
    }
    let mut tree = Tree(|level, first, count| store.nodes(level, first, count));
    if tree.peaks(size)? != head.frontier.peaks() {
        let found = "the stored hashes of the records do not add up to the signed root";
        return Err(StoreError::damaged(found).into());
    }
    check_tail(store, size).map_err(LedgerError::from)
}

fn check_tail(store: &dyn Store, size: u64) -> Result<(), StoreError> {
    let mut at = size.saturating_sub(CHECKED_RECORDS);
    while at < size {
        let lines = store.lines(Position(at), usize::try_from(size - at).unwrap_or(usize::MAX))?;
        if lines.is_empty() {
            return Err(StoreError::damaged(format!("{} is missing", Position(at + 1))));
        }
        for line in lines {
            at += 1;
            let expected = Position(at);
            if line.position != expected {
                return Err(StoreError::damaged(format!("{expected} is missing")));
            }
            let parts = Parts::of(&line.bytes);
            if leaf_hash(&line.bytes) != line.hash || parts.is_none_or(|p| p.position != expected) {
                let found = format!("the bytes of {expected} are not those that were hashed");
                return Err(StoreError::damaged(found));
            }
        }
    }
    if store.is_shared() { Ok(()) } else { check_end(store, size) }
}

/// Is there nothing that only records after the first `size` can have brought?
fn check_end(store: &dyn Archive, size: u64) -> Result<(), StoreError> {
    let mut is_end =
        store.lines(Position(size), 1)?.is_empty() && store.checkpoints(size, 1)?.is_empty();
    for level in (LEVELS_A_ROW..u64::BITS).step_by(LEVELS_A_ROW as usize) {
        is_end &= store.nodes(level, size >> level, 1)?.is_empty();
    }
    let after = Position(size);
    let found = || StoreError::damaged(format!("records stand after {after}, where it ends"));
    is_end.then_some(()).ok_or_else(found)
}

/// Is what is left after a loss a ledger, all of it? Where a journal was lost that the file had in part already, rows
/// of different times stand beside each other, of which the usual checks see only some.
pub(crate) fn check_rest(store: &dyn Archive, key: &VerifierKey) -> Result<(), StoreError> {
    let (verified, versions) = audit_stored(store, key).map_err(|error| match error {
        VerifyError::Store(error) => error,
        error @ (VerifyError::Tampered(_) | VerifyError::Unreadable(_)) => {
            StoreError::damaged(error.to_string())
        }
    })?;
    if store.streams()? != versions {
        let found = "the versions of its streams are not those of its records";
        return Err(StoreError::damaged(found));
    }
    check_end(store, verified.checkpoint.size)
}
