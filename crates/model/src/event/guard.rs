//! What happened to authority: people, their tokens, sessions and mandates, and what was refused.

use super::Mandate;
use crate::{Digest, PersonId, Position, SessionId, TaskId, Timestamp, TokenId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a person may do in a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, people and policy included.
    Owner,
    /// Tasks, claims, approvals.
    Member,
    /// Reading and auditing only.
    Auditor,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owner => "owner",
            Self::Member => "member",
            Self::Auditor => "auditor",
        })
    }
}

/// One thing that a role or a token may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// See everything but secrets.
    Read,
    /// Create and withdraw tasks.
    Task,
    /// Open sessions, for agents or for oneself, and claim tasks.
    Claim,
    /// Approve and reject revisions.
    Approve,
    /// Manage people, tokens and sessions of others.
    Admin,
    /// Take runs of checks, and tell what came of them. No person has it by their role: only a token of its own that an
    /// owner issued, for a runner.
    Run,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Task => "task",
            Self::Claim => "claim",
            Self::Approve => "approve",
            Self::Admin => "admin",
            Self::Run => "run",
        })
    }
}

/// Where a token is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// The command line, scripts, git.
    Named,
    /// A signed-in browser.
    Browser,
}

/// A fact about authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Event {
    /// The space began.
    #[serde(rename = "space.opened.v1")]
    SpaceOpened {
        /// Its name, as people call it.
        name: String,
    },
    /// A person joined.
    #[serde(rename = "person.added.v1")]
    PersonAdded {
        /// Who.
        person: PersonId,
        /// How people call them; unique in the space.
        name: String,
        /// What they may do.
        role: Role,
    },
    /// A person's role changed.
    #[serde(rename = "person.role_changed.v1")]
    RoleChanged {
        /// Who.
        person: PersonId,
        /// What they may do from now on.
        role: Role,
    },
    /// A person left: their tokens and sessions ended with them.
    #[serde(rename = "person.removed.v1")]
    PersonRemoved {
        /// Who.
        person: PersonId,
    },
    /// A token was issued. Only its hash is kept.
    #[serde(rename = "token.issued.v1")]
    TokenIssued {
        /// The token.
        token: TokenId,
        /// Whose.
        person: PersonId,
        /// What its owner calls it.
        label: String,
        /// Where it is used.
        usage: TokenKind,
        /// The most it may do; the role may allow less.
        rights: Vec<Right>,
        /// SHA-256 of the secret.
        hash: Digest,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// A token was revoked.
    #[serde(rename = "token.revoked.v1")]
    TokenRevoked {
        /// The token.
        token: TokenId,
    },
    /// A link to sign in was made. Only its hash is kept.
    #[serde(rename = "sign_in.offered.v1")]
    SignInOffered {
        /// Who may use it.
        person: PersonId,
        /// SHA-256 of the code.
        hash: Digest,
        /// When it ends unused.
        expires_at: Timestamp,
    },
    /// A link was used; it works once.
    #[serde(rename = "sign_in.redeemed.v1")]
    SignInRedeemed {
        /// SHA-256 of the code.
        hash: Digest,
    },
    /// A session began.
    #[serde(rename = "session.opened.v1")]
    SessionOpened {
        /// The session.
        session: SessionId,
        /// What the agent is called.
        agent: String,
        /// The person who answers for it.
        person: PersonId,
        /// The session that spawned it, if one did.
        parent: Option<SessionId>,
        /// What it may do.
        mandate: Mandate,
        /// SHA-256 of its token's secret.
        hash: Digest,
        /// When it ends by itself.
        expires_at: Timestamp,
    },
    /// A session was ended by its person, an owner, or itself.
    #[serde(rename = "session.ended.v1")]
    SessionEnded {
        /// The session.
        session: SessionId,
        /// In words.
        why: String,
    },
    /// The git boundary refused a push.
    #[serde(rename = "push.refused.v1")]
    PushRefused {
        /// By whom, when the token said so.
        session: Option<SessionId>,
        /// For which task, when that was known.
        task: Option<TaskId>,
        /// The ref that was asked for.
        target: String,
        /// The refusal's code.
        code: String,
        /// The refusal's sentence.
        sentence: String,
    },
    /// The disk had lost records that were acknowledged, and an owner of the machine went on without them.
    #[serde(rename = "records.lost.v1")]
    RecordsLost {
        /// The last record that was left.
        left: Position,
        /// The last that is known to have been acknowledged.
        marked: Position,
        /// The root of the tree of records up to there.
        root: Digest,
    },
}
