//! Events: facts a user would recognise, in the past tense. Everything else is folded from them.
//!
//! On disk an event is the JSON of its pillar's enum, tagged by `kind`, in the stream of its pillar. A shape
//! never changes: a new shape is a new kind, `….v2`, and one pure step up from `v1`.

use crate::{PathSet, Refusal};
use serde::{Deserialize, Serialize};

pub mod act;
pub mod guard;
pub mod queue;
pub mod review;
pub mod work;

/// A fact of any pillar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// People, tokens, sessions, mandates.
    Guard(guard::Event),
    /// What agents did, what it was answered, who approved it.
    Act(act::Event),
    /// Tasks and claims.
    Work(work::Event),
    /// Changes, revisions, approvals.
    Review(review::Event),
    /// Candidates, checks, landings.
    Queue(queue::Event),
}

impl Event {
    /// The names of all streams, one a pillar.
    pub const STREAMS: [&'static str; 5] = ["guard", "act", "work", "review", "queue"];

    /// The stream this event belongs to.
    pub fn stream(&self) -> &'static str {
        match self {
            Self::Guard(_) => "guard",
            Self::Act(_) => "act",
            Self::Work(_) => "work",
            Self::Review(_) => "review",
            Self::Queue(_) => "queue",
        }
    }

    /// The JSON that the ledger keeps.
    pub fn to_json(&self) -> String {
        match self {
            Self::Guard(event) => serde_json::to_string(event),
            Self::Act(event) => serde_json::to_string(event),
            Self::Work(event) => serde_json::to_string(event),
            Self::Review(event) => serde_json::to_string(event),
            Self::Queue(event) => serde_json::to_string(event),
        }
        .expect("events are plain data")
    }

    /// Reads back what [`Event::to_json`] wrote into `stream`.
    ///
    /// # Errors
    /// `event.unknown` for a stream, a kind or a shape that this version does not know.
    pub fn from_json(stream: &str, json: &str) -> Result<Self, Refusal> {
        let read = match stream {
            "guard" => serde_json::from_str(json).map(Self::Guard),
            "act" => serde_json::from_str(json).map(Self::Act),
            "work" => serde_json::from_str(json).map(Self::Work),
            "review" => serde_json::from_str(json).map(Self::Review),
            "queue" => serde_json::from_str(json).map(Self::Queue),
            other => {
                return Err(unknown(format!("no stream is called `{}`", other.escape_debug())));
            }
        };
        read.map_err(|error| unknown(format!("an event in `{stream}` cannot be read: {error}")))
    }
}

fn unknown(sentence: String) -> Refusal {
    Refusal::new("event.unknown", sentence)
        .hint("a newer Weir wrote it: start that version, or restore a backup")
}

macro_rules! from_pillar {
    ($($pillar:ident $variant:ident;)*) => {$(
        impl From<$pillar::Event> for Event {
            fn from(event: $pillar::Event) -> Self {
                Self::$variant(event)
            }
        }
    )*};
}

from_pillar! { guard Guard; act Act; work Work; review Review; queue Queue; }

/// What a session may do. Granted by a person and only ever narrowed: every layer must allow a path, and
/// delegation can only add a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mandate {
    /// The layers of paths, outermost first.
    pub paths: Vec<PathSet>,
    /// The largest push, in bytes as git sends it.
    pub push_bytes_max: u64,
}
