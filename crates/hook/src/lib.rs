//! The dialects of coding agents: what their hooks tell, in one form for all of them, and what they want to hear.
//!
//! Invariants, which `tests/promises.rs` tries to break: (1) no payload, however mangled, makes this room panic,
//! and one that cannot be read whole becomes a [`Refusal`](weir_model::Refusal), never an act; (2) a refusal, and
//! whatever goes wrong on the way to one, is said so that the client does not act, in every dialect that can say
//! so; (3) an answer that a client would not understand is never given: where it cannot pause, the act is denied
//! and the reason says what to wait for.
//! Deliberately absent: files, processes, network and policy. Texts come in and go out; the caller reads, writes
//! and decides.
//!
//! What is known of a client was observed on the version that [`tried`] names, or is marked as read in its
//! documentation only. Reading order: [`read`], [`answer`], then a dialect in `dialect/`; [`wire`] for the
//! files that make a client ask, [`limits`] and [`check_version`] for what it cannot do.

mod dialect;
mod fields;
mod limit;
mod patch;
mod read;
mod reply;
mod spent;
mod tool;
mod version;
pub mod wire;

pub use limit::{Limit, limits};
pub use read::{PAYLOAD_MAX, moment, read};
pub use reply::{Reply, Words, answer, refuse};
pub use spent::{spent, transcript};
pub use version::{Version, check_version, tried};
