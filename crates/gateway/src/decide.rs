//! What the gateway asks of others: a decision before every call, the secrets, and a place for what happened.

use futures::future::BoxFuture;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use weir_model::act::{Offer, Quarantine};
use weir_model::{Digest, SessionId};

/// Who calls, as the door knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The session of an agent; `None` for a person who tries a tool.
    pub session: Option<SessionId>,
    /// What keeps callers apart: what belongs to one is never another's. Of a session, its id.
    pub key: String,
    /// Where the agent works, for servers that start in its worktree.
    pub worktree: Option<PathBuf>,
}

impl Caller {
    /// The agent of `session`.
    pub fn session(session: SessionId) -> Self {
        Self { session: Some(session), key: session.to_string(), worktree: None }
    }
}

/// What is to be done at a tool server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// `tools/call`
    CallTool,
    /// `prompts/get`
    GetPrompt,
    /// `resources/read`
    ReadResource,
    /// `completion/complete`
    Complete,
}

/// One call, before it happens.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Unique while this gateway lives, and the same in every [`Note`] about it.
    pub id: u64,
    /// Who calls.
    pub caller: Caller,
    /// Which server.
    pub server: String,
    /// What is to be done there.
    pub act: Act,
    /// The tool or prompt as its server calls it, or the URI of the resource.
    pub tool: String,
    /// An object.
    pub arguments: Value,
}

/// Whether a call may happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may, and that is recorded.
    Allow,
    /// It may not.
    Refuse {
        /// Why, and what to do about it: the agent reads it.
        text: String,
    },
}

/// Something to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// A call that was allowed has ended.
    Ended {
        /// Which.
        call: Call,
        /// How.
        outcome: Outcome,
        /// How long the server took.
        took: Duration,
    },
    /// A call that the gateway itself refused: nothing was asked, for there is nothing to decide.
    Denied {
        /// Which.
        call: Call,
        /// The words the agent got.
        text: String,
    },
    /// A description is kept from agents.
    Quarantined {
        /// Whose.
        server: String,
        /// Of what kind.
        kind: Offer,
        /// Its name.
        name: String,
        /// Why.
        why: Quarantine,
        /// The digest of what was seen.
        seen: Digest,
        /// What was seen, for a person to compare and approve.
        description: Value,
    },
    /// A server asked for what it may not have: the model, the person, the roots.
    Asked {
        /// Which.
        server: String,
        /// The method.
        method: String,
    },
    /// A server's answer held a secret, which was masked.
    Masked {
        /// Which.
        server: String,
        /// What it answered.
        tool: String,
    },
    /// A server could not be reached, broke the protocol or its limits, or died.
    Down {
        /// Which.
        server: String,
        /// Why, without secrets.
        why: String,
    },
}

/// How an allowed call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With a result.
    Done {
        /// Its size, in bytes.
        bytes: usize,
    },
    /// With a result that says that it failed, or an error of the server's.
    Error {
        /// Its words, cut.
        text: String,
    },
    /// Not at all: the server hangs, died, or broke a limit.
    Failed {
        /// Which.
        text: String,
    },
    /// The agent gave up waiting.
    Cancelled,
}

/// Decides, and keeps the record.
pub trait Decide: Send + Sync {
    /// Whether `call` may happen. The decision is recorded when this returns; the server has heard of nothing yet. What
    /// panics, refuses.
    fn decide<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Verdict>;

    /// Records what happened.
    fn note(&self, note: Note) -> BoxFuture<'_, ()>;
}

/// Where the values of secrets come from.
pub trait Secrets: Send + Sync {
    /// The secret of this name, if there is one.
    fn secret<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Option<String>>;
}
