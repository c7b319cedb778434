//! The words of the domain: ids, times, refusals, the shape of events, and nothing that does anything.
//!
//! Invariants: (1) every id that can be printed can be read back by [`AnyId`]; (2) an event's bytes,
//! once written, are read for ever (`tests/golden.rs`); (3) nothing here does I/O, reads a clock or
//! draws a random number.
//! Deliberately absent: rules. A rule lives in the pillar that owns it.

pub mod act;
pub mod config;
pub mod context;
pub mod digest;
pub mod event;
pub mod id;
pub mod path;
pub mod refusal;
pub mod time;

pub use context::{Actor, Clock, Context};
pub use digest::Digest;
pub use event::Event;
pub use id::{
    AnyId, ApprovalId, CandidateId, ChangeId, FencingToken, LandingId, PersonId, Position,
    RevisionId, SessionId, TaskId, TokenId,
};
pub use path::PathSet;
pub use refusal::Refusal;
pub use time::{Lease, Timestamp};
