//! Authority: who may do what, decided at the moment they act, and what the git boundary lets through.
//!
//! Invariants, which `tests/promises.rs` tries to break: (1) nobody hands out a right they do not hold, and a
//! session hands on at most its own mandate, for at most its own time; (2) nobody approves a revision they
//! answer for, and no agent approves anything; (3) a secret stops working at the instant it expires, is
//! revoked, or its person leaves; (4) a refusal never repeats a secret.
//! Deliberately absent: clocks, randomness, git, and who holds which claim (the room `work`). Secrets
//! arrive here as digests; pushes and files arrive as facts.
//!
//! Reading order: [`Guard`] (what is known), [`Command`] (what may be asked), [`Caller`] (who asks), then the
//! rules: people, tokens, sessions, approvals, pushes, secrets; [`policy`] judges what an agent is about to do,
//! [`acts`] adds what its session's past says, and [`offline`] is what is left of both without a server.

pub mod acts;
mod approval;
mod caller;
mod command;
pub mod effects;
mod name;
pub mod offline;
mod people;
pub mod policy;
pub mod push;
pub mod secrets;
mod session;
pub mod shell;
mod state;
mod token;

pub use caller::{Caller, rights_of};
pub use command::{Command, decide};
pub use session::{CHILDREN_MAX, DEPTH_MAX, Session};
pub use state::{Guard, Person, Token, evolve};
