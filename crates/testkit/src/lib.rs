//! What tests share: a clock that a test turns, sample repositories, git without anybody's settings, and a
//! PostgreSQL server.
//!
//! Deliberately absent: anything that only one room's tests use.

mod clock;
mod cluster;
mod repository;

pub use clock::TurnedClock;
pub use cluster::Cluster;
pub use repository::{Repository, git, try_git};
