//! The space as a whole, and what is going on in it.

use super::{Change, Landing, LogEntry, Queue, Session, Task, Who};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use weir_model::{Position, Timestamp};

/// Which space this is, and where its doors are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Space {
    /// What people call it.
    pub name: String,
    /// The version of Weir that serves it.
    #[schema(example = "0.1.0")]
    pub version: String,
    /// The trunk; empty until Weir knows it.
    pub trunk: String,
    /// Where the trunk stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tip: Option<String>,
    /// Who asks.
    pub you: Who,
    /// The page.
    #[schema(example = "http://127.0.0.1:4711/")]
    pub page: String,
    /// This API.
    #[schema(example = "http://127.0.0.1:4711/v1")]
    pub api: String,
    /// The MCP endpoint.
    #[schema(example = "http://127.0.0.1:4711/mcp")]
    pub mcp: String,
    /// The git remote.
    #[schema(example = "http://127.0.0.1:4711/git")]
    pub git: String,
}

/// What is going on. Long lists are cut; `counts` says how much there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// When this was so.
    #[schema(value_type = String, format = DateTime)]
    pub now: Timestamp,
    /// The last event that this takes in.
    #[schema(value_type = String, example = "E1")]
    pub position: Position,
    /// Which space.
    pub space: Space,
    /// How much there is of everything.
    pub counts: Counts,
    /// What waits, for whom, and since when: by who can end the wait, longest first, so many of each.
    pub waits: Vec<Wait>,
    /// How many waits there are in all.
    pub waits_total: u64,
    /// And by who can end them.
    #[serde(default)]
    pub waits_by: BTreeMap<Whose, u64>,
    /// The gate and the queue.
    pub queue: Queue,
    /// Tasks that are neither done nor withdrawn, oldest first.
    pub tasks: Vec<Task>,
    /// Changes that may still land, newest first.
    pub changes: Vec<Change>,
    /// Sessions that may act now, newest first.
    pub sessions: Vec<Session>,
    /// The latest landings, newest first.
    pub landings: Vec<Landing>,
    /// The latest events, newest first.
    pub events: Vec<LogEntry>,
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Tasks an agent may claim.
    pub tasks_ready: u64,
    /// Tasks that come after others.
    pub tasks_blocked: u64,
    /// Tasks in work.
    pub tasks_claimed: u64,
    /// Tasks with the gate.
    pub tasks_submitted: u64,
    /// Tasks that landed.
    pub tasks_done: u64,
    /// Tasks that were not wanted.
    pub tasks_withdrawn: u64,
    /// Changes that may still land.
    pub changes_open: u64,
    /// Sessions that may act now.
    pub sessions_alive: u64,
    /// Landings.
    pub landings: u64,
    /// People who are here.
    pub people: u64,
}

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Wait {
    /// What waits: `T1`, `C1.1`.
    #[schema(example = "C1.1")]
    pub subject: String,
    /// Its title.
    pub title: String,
    /// At which stage of its way: `ready`, `blocked`, `claimed`, `review`, `queue`, `test`, `repair`.
    #[schema(example = "review")]
    pub stage: String,
    /// For whom or what, in words.
    #[schema(example = "an approval by somebody other than `ann`")]
    pub waits_for: String,
    /// Who can end the wait.
    pub whose: Whose,
    /// Since when, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
}

/// Who can end a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Whoever asked.
    You,
    /// Another person.
    Person,
    /// An agent.
    Agent,
    /// The gate or the queue.
    Gate,
    /// Another task must be done first.
    Task,
}
