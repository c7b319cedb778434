//! What tests share: a clock that a test turns, sample repositories, and git without anybody's settings.
//!
//! Deliberately absent: anything that only one room's tests use.

mod clock;
mod repository;

pub use clock::TurnedClock;
pub use repository::{Repository, git, try_git};
