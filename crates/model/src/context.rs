//! What a decider is told about the world: when it is, and who asks.

use crate::{PersonId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who asks for something, as the door established it; never taken from a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Weir itself: the gate, the queue, what runs in the background.
    Weir,
    /// A person.
    Person(PersonId),
    /// An agent, in its session.
    Session(SessionId),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weir => f.write_str("weir"),
            Self::Person(person) => person.fmt(f),
            Self::Session(session) => session.fmt(f),
        }
    }
}

/// Time and identity, handed to every decider. Never goes backwards from one decision to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// When the decision is taken.
    pub now: Timestamp,
    /// Who asks.
    pub by: Actor,
}

/// Tells the time to whoever makes a [`Context`]: the system's clock, or one that a test turns.
pub trait Clock: Send + Sync {
    /// What time it is. It may stand still, and is never believed when it goes backwards.
    fn now(&self) -> Timestamp;
}
