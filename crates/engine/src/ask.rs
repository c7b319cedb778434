//! What the doors ask for, and what they are answered.

use crate::Secret;
use std::path::PathBuf;
use weir_model::event::guard::Right;
use weir_model::{FencingToken, Lease, PathSet, PersonId, SessionId, TaskId, Timestamp};

/// A task to be cut.
#[derive(Debug, Clone)]
pub struct NewTask {
    /// In one line.
    pub title: String,
    /// At length.
    pub text: String,
    /// What it may touch.
    pub paths: PathSet,
    /// What must be done first.
    pub after: Vec<TaskId>,
    /// Asking again under the same key gives the same task.
    pub key: Option<String>,
}

/// A wish to claim a task.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Which; the oldest that is ready if none is named.
    pub task: Option<TaskId>,
    /// What the agent is called, when a person claims for one.
    pub agent: Option<String>,
    /// For how long without renewing; the space's length if none is named.
    pub lease: Option<Lease>,
    /// Also if the one task that it waits for is with the gate: to build upon that one's change.
    pub stacked: bool,
    /// The session's own secret, as it was shown to the door: it goes into the worktree's configuration, so that a
    /// plain `git push` works there.
    pub bearer: Option<Secret>,
}

/// A claim, and all that its owner needs to begin.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The task.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// What to do.
    pub text: String,
    /// What it may touch, by the task; the session's own mandate may allow less.
    pub paths: PathSet,
    /// The owner.
    pub session: SessionId,
    /// What the git boundary will check.
    pub token: FencingToken,
    /// When the claim ends unless it is renewed.
    pub expires_at: Timestamp,
    /// The new session's secret, when a person claimed for an agent.
    pub secret: Option<Secret>,
    /// A tree to work in, on the machine that Weir runs on.
    pub worktree: Option<PathBuf>,
    /// The branch it is on.
    pub branch: String,
    /// The command that brings the change.
    pub submit: String,
}

/// A session to be opened.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// What the agent is called.
    pub agent: String,
    /// What it may touch at most; everything if not named, and each task allows less.
    pub paths: Option<PathSet>,
    /// How long it lives; the space's length if none is named.
    pub length: Option<Lease>,
}

/// A session that was opened.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The session.
    pub session: SessionId,
    /// Its secret.
    pub secret: Secret,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A token to be issued.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    /// Whose; one's own if not named.
    pub person: Option<PersonId>,
    /// What it is called.
    pub label: String,
    /// The most it may do; all that the role allows if not named.
    pub rights: Option<Vec<Right>>,
    /// How long it lives; 90 days if not named.
    pub lease: Option<Lease>,
}
