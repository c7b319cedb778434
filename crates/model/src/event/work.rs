//! What happened to tasks and claims.

use crate::{ChangeId, FencingToken, LandingId, PathSet, PersonId, SessionId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

/// A claim on a task: by whom, under which fencing token, until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The owner.
    pub session: SessionId,
    /// Grows with every grant; the git boundary checks it.
    pub token: FencingToken,
    /// The claim has ended at the instant it names.
    pub expires_at: Timestamp,
}

/// A fact about work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Event {
    /// A task was cut.
    #[serde(rename = "task.created.v1")]
    TaskCreated {
        /// The task.
        task: TaskId,
        /// In one line.
        title: String,
        /// What to do, at length.
        text: String,
        /// What it may touch.
        paths: PathSet,
        /// The tasks that must be done first.
        after: Vec<TaskId>,
        /// Who cut it.
        person: PersonId,
        /// The idempotency key under which it was asked for, if one was given.
        key: Option<String>,
    },
    /// A session took a task.
    #[serde(rename = "task.claimed.v1")]
    TaskClaimed {
        /// The task.
        task: TaskId,
        /// The claim.
        hold: Hold,
    },
    /// The owner asked again, and holds it longer under the same fencing token.
    #[serde(rename = "claim.renewed.v1")]
    ClaimRenewed {
        /// The task.
        task: TaskId,
        /// The claim.
        hold: Hold,
    },
    /// The owner gave the task back, or lost it with its session.
    #[serde(rename = "claim.released.v1")]
    ClaimReleased {
        /// The task.
        task: TaskId,
        /// The owner that was.
        session: SessionId,
    },
    /// The owner submitted a change: the gate has the task now, and nobody can claim it.
    #[serde(rename = "task.submitted.v1")]
    TaskSubmitted {
        /// The task.
        task: TaskId,
        /// The change.
        change: ChangeId,
    },
    /// The change came back: to its owner under a new lease, or to whoever is next.
    #[serde(rename = "task.returned.v1")]
    TaskReturned {
        /// The task.
        task: TaskId,
        /// The owner's claim, if the owner is still there.
        hold: Option<Hold>,
    },
    /// The change landed.
    #[serde(rename = "task.done.v1")]
    TaskDone {
        /// The task.
        task: TaskId,
        /// The landing.
        landing: LandingId,
    },
    /// Somebody decided that the task is not wanted.
    #[serde(rename = "task.withdrawn.v1")]
    TaskWithdrawn {
        /// The task.
        task: TaskId,
        /// Who decided.
        person: PersonId,
    },
}
