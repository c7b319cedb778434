//! Everything known about one id, and the log.

use super::{Approval, Candidate, Change, Landing, Person, Revision, Session, Task, Token, Who};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_model::{Position, Timestamp};

/// Everything known about one id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Shown {
    /// The id, as it was asked for; of a commit, its full name.
    #[schema(example = "T1")]
    pub id: String,
    /// What it is.
    pub thing: Thing,
    /// What it hangs together with; each can be shown.
    pub links: Vec<Link>,
    /// What happened to it, newest first.
    pub events: Vec<LogEntry>,
}

/// What an id stands for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
// Not `kind`: an event has a kind of its own.
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Thing {
    /// `T1`
    Task(Task),
    /// `S1`
    Session(Session),
    /// `C1`
    Change(Change),
    /// `C1.1`
    Revision(Revision),
    /// `P1`
    Person(Person),
    /// `K1`
    Token(Token),
    /// `Q1`
    Candidate(Candidate),
    /// `L1`
    Landing(Landing),
    /// `A1`
    Approval(Approval),
    /// `E1`
    Event(LogEntry),
    /// A commit.
    Commit(Commit),
    /// `sha256:…`
    Body(Body),
}

/// Another id, and how it hangs together with this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// The id.
    #[schema(example = "C1")]
    pub id: String,
    /// How: `its change`, `tested as`, `landed by`.
    pub how: String,
    /// Its title, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A commit that Weir had to do with, or that is on the trunk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Commit {
    /// Its full name.
    pub commit: String,
    /// What it was to Weir: `revision C1.1`, `candidate Q1`, `the tip of main`.
    pub roles: Vec<String>,
    /// The first line of its message, if git has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who wrote it, as the commit says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// When it was recorded, as the commit says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// A body that events speak of by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Body {
    /// `sha256:…`
    pub digest: String,
    /// Its size in bytes; none if it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Its beginning and end as text, with what is not UTF-8 replaced; all of it when it is short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether it was erased: its digest stays, and the ledger still verifies.
    pub erased: bool,
}

/// One event of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogEntry {
    /// Its place.
    #[schema(value_type = String, example = "E1")]
    pub position: Position,
    /// The pillar it belongs to: `guard`, `work`, `review`, `queue`.
    #[schema(example = "work")]
    pub stream: String,
    /// Its place in its stream, counted from 1.
    pub version: u64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who did it.
    pub by: Who,
    /// Its kind.
    #[schema(example = "task.claimed.v1")]
    pub kind: String,
    /// What happened, in a sentence.
    #[schema(example = "`S1` claimed `T1` until 15:30")]
    pub sentence: String,
    /// The event, as the ledger keeps it.
    #[schema(value_type = Object)]
    pub event: serde_json::Value,
}

/// A part of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Log {
    /// What happened, oldest first.
    pub items: Vec<LogEntry>,
    /// Ask again with `after` set to this to go on; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "E50")]
    pub next: Option<Position>,
    /// The last event there was.
    #[schema(value_type = String, example = "E99")]
    pub head: Position,
}
