//! The ledger: the append-only, verifiable record under everything in Weir.
//!
//! Promises, each of which a test tries to break on both stores:
//! 1. What was acknowledged survives any crash (`tests/crash.rs`). Where a disk loses it all the same, the next start
//!    says so (`tests/loss.rs`).
//! 2. Records stand in one total order, without gaps and without doubles, whoever writes at once.
//! 3. An append whose streams have moved, or whose lease has a newer holder, is refused in the same
//!    transaction that would have written it.
//! 4. Anyone with the public key can verify the whole offline; a change is found and its position named
//!    (`tests/tamper.rs`).
//!
//! A record is one line of text, and the leaf of a Merkle tree in the form of transparency logs. One writer
//! thread commits what has gathered while the last commit ran, so that durability costs one `fsync` a group.
//! The API blocks: an asynchronous caller uses [`Ledger::append`] with a callback, and reads on a thread
//! where blocking is allowed (the PostgreSQL client panics inside an asynchronous task).
//!
//! Deliberately absent: what events mean, a clock, retention. Nothing is ever deleted but bodies.

mod audit;
mod checkpoint;
mod error;
mod export;
mod group;
mod lease;
mod ledger;
pub mod merkle;
mod note;
mod open;
mod postgres;
mod proof;
mod record;
mod signer;
mod snapshot;
mod sqlite;
mod store;
mod writer;

pub use audit::{Tampered, Verified, VerifyError, verify, verify_since, verify_store};
pub use checkpoint::Checkpoint;
pub use error::{AppendError, LedgerError};
pub use lease::{HeldLease, LeaseError, LeaseProof, LeaseRow};
pub use ledger::Ledger;
pub use note::{NoteError, open as open_note};
pub use open::Opened;
pub use postgres::PostgresStore;
pub use proof::{Proof, ProofError, Proven, RecordProof};
pub use record::{Append, Appended, EVENT_BYTES_MAX, NewRecord, Record, Stream, Version};
pub use signer::{KeyError, Signer, VerifierKey};
pub use snapshot::Snapshot;
pub use sqlite::SqliteStore;
pub use store::{
    Archive, Body, Cause, Group, Head, Line, Loss, Recovery, Store, StoreError, Transaction,
    is_full,
};
