//! Tasks and claims.

use super::Who;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use utoipa::ToSchema;
use weir_model::{ChangeId, FencingToken, LandingId, Lease, PathSet, SessionId, TaskId, Timestamp};

/// A unit of agent work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// Its id.
    #[schema(value_type = String, example = "T1")]
    pub id: TaskId,
    /// In one line.
    pub title: String,
    /// What to do, at length.
    pub text: String,
    /// What it may touch, as patterns from the root of the repository.
    #[schema(value_type = Vec<String>, example = json!(["src/**"]))]
    pub paths: PathSet,
    /// What it comes after, as it was cut.
    #[schema(value_type = Vec<String>, example = json!([]))]
    pub after: Vec<TaskId>,
    /// Of those, what is not done yet.
    #[schema(value_type = Vec<String>, example = json!([]))]
    pub waits_for: Vec<TaskId>,
    /// Who cut it.
    pub person: Who,
    /// Where it stands.
    pub state: TaskState,
    /// Since when it stands there, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// The claim on it, if there is one; it may have run out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Its change, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "C1")]
    pub change: Option<ChangeId>,
    /// What put it on the trunk, if it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "L1")]
    pub landing: Option<LandingId>,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// An agent may claim it.
    Ready,
    /// It comes after tasks that are not done.
    Blocked,
    /// A session has it.
    Claimed,
    /// The gate has it, with a change.
    Submitted,
    /// Its change is on the trunk.
    Done,
    /// It is not wanted.
    Withdrawn,
}

impl TaskState {
    /// The word for it, as in the JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Blocked => "blocked",
            Self::Claimed => "claimed",
            Self::Submitted => "submitted",
            Self::Done => "done",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A claim on a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hold {
    /// The owner.
    pub session: Who,
    /// Grows with every grant; the git boundary checks it.
    #[schema(value_type = String, example = "#1")]
    pub token: FencingToken,
    /// The claim has ended at the instant it names.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// A task to cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTask {
    /// In one line.
    #[schema(example = "Say how long a build took")]
    pub title: String,
    /// What to do, at length.
    #[serde(default)]
    pub text: String,
    /// What it may touch, as patterns from the root of the repository.
    #[schema(value_type = Vec<String>, example = json!(["src/**"]))]
    pub paths: PathSet,
    /// The tasks that must be done first.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!([]))]
    pub after: Vec<TaskId>,
    /// An idempotency key: asking again under the same one answers with the task that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// How to claim.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    /// What the agent is called, when a person claims and a session is opened for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// How long to hold it without renewing; the space's own length if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "30m")]
    pub lease: Option<Lease>,
    /// Also if the one task that it waits for is with the gate: to build upon that one's change, and land with it or after it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stacked: bool,
}

/// A claim that was granted or renewed, and all that its owner needs to bring the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    /// The task.
    #[schema(value_type = String, example = "T1")]
    pub task: TaskId,
    /// In one line.
    pub title: String,
    /// What to do, at length.
    pub text: String,
    /// What the task may touch.
    #[schema(value_type = Vec<String>, example = json!(["src/**"]))]
    pub paths: PathSet,
    /// The owner.
    #[schema(value_type = String, example = "S1")]
    pub session: SessionId,
    /// The fencing token; renewing keeps it.
    #[schema(value_type = String, example = "#1")]
    pub token: FencingToken,
    /// Claim again before this instant to keep it.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// The new session's token, when a person claimed. Shown this once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// A clean checkout to work in, when the server made one on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub worktree: Option<PathBuf>,
    /// The branch it is on.
    pub branch: String,
    /// The command that brings the change.
    pub submit: String,
}
