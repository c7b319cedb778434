//! What agents did: what they asked to do, what it was answered and why, who approved it, what stopped them.

use crate::act::{Act, Answer, Client, Effect, Offer, Quarantine, Ruling, Taint};
use crate::{ApprovalId, Digest, PersonId, Position, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

/// How far a breaker went with an agent that repeats itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The agent was told.
    Told,
    /// A person is asked before each act that changes something.
    Asked,
    /// Nothing goes on until a person resumes it.
    Stopped,
}

/// Whom a pause holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "reach", content = "id", rename_all = "snake_case")]
pub enum Reach {
    /// One session and its children.
    Session(SessionId),
    /// All sessions that one person answers for.
    Person(PersonId),
    /// Everybody.
    All,
}

/// A look that was allowed: recorded in batches, for it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// When.
    pub at: Timestamp,
    /// What was looked at.
    pub act: Act,
    /// What it came to.
    pub effects: Vec<Effect>,
}

/// An act that a hook decided by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alone {
    /// When, by the clock of the hook's machine.
    pub at: Timestamp,
    /// What was asked, secrets masked, long texts cut.
    pub act: Act,
    /// The act's exact arguments.
    pub exactly: Digest,
    /// What it comes to.
    pub effects: Vec<Effect>,
    /// The answer and its grounds.
    pub ruling: Ruling,
}

/// A fact about acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
#[expect(clippy::large_enum_variant, reason = "decisions are nearly all there are of them")]
pub enum Event {
    /// A client was wired to Weir for a session: from now on its hooks are expected.
    #[serde(rename = "client.attached.v1")]
    ClientAttached {
        /// The session.
        session: SessionId,
        /// The client.
        client: Client,
        /// Its version, as it tells it.
        version: String,
        /// The folder in which it works.
        worktree: String,
    },
    /// A client's wiring was undone.
    #[serde(rename = "client.detached.v1")]
    ClientDetached {
        /// The session.
        session: SessionId,
        /// The client.
        client: Client,
    },
    /// A canary proved whether a client's hook blocks, or its wiring was found changed.
    #[serde(rename = "hook.checked.v1")]
    HookChecked {
        /// The session.
        session: SessionId,
        /// The client.
        client: Client,
        /// Its version, as it tells it.
        version: String,
        /// Whether it holds.
        holds: bool,
        /// What was seen.
        found: String,
    },
    /// An act was decided. It is recorded before it happens.
    #[serde(rename = "act.decided.v1")]
    ActDecided {
        /// By whom.
        session: SessionId,
        /// What was asked, secrets masked, long texts cut.
        act: Act,
        /// The act's exact arguments: equal for equal acts, whatever was masked or cut.
        exactly: Digest,
        /// What it comes to.
        effects: Vec<Effect>,
        /// What was known of who acted, as the policy room writes it, in JSON: with it the decision can be made
        /// again.
        scope: String,
        /// The policies it was judged by.
        bundle: Digest,
        /// The answer and its grounds.
        ruling: Ruling,
        /// The approval that let it pass.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<ApprovalId>,
    },
    /// Looks that were allowed.
    #[serde(rename = "acts.looked.v1")]
    ActsLooked {
        /// By whom.
        session: SessionId,
        /// What was known of who acted, as the policy room writes it, in JSON.
        scope: String,
        /// The policies they were judged by.
        bundle: Digest,
        /// What was looked at, oldest first.
        looks: Vec<Look>,
    },
    /// A hook that reached no server decided acts by the last signed bundle it had, and told of it afterwards.
    #[serde(rename = "acts.alone.v1")]
    ActsAlone {
        /// By whom.
        session: SessionId,
        /// What was known of who acted, as the policy room writes it, in JSON.
        scope: String,
        /// The policies they were judged by.
        bundle: Digest,
        /// The list that the hook kept of them, known by the digest of its first line.
        list: Digest,
        /// How many lines of that list are told with these, so that none is told twice.
        told: u32,
        /// What was decided, oldest first.
        acts: Vec<Alone>,
    },
    /// A call of a tool came to an end.
    #[serde(rename = "act.finished.v1")]
    ActFinished {
        /// By whom.
        session: SessionId,
        /// The exact arguments of the act.
        exactly: Digest,
        /// What the client calls the call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<String>,
        /// Whether it failed.
        failed: bool,
        /// Whether no decision about it is known: the call went around the hook.
        undecided: bool,
    },
    /// A person is asked to let one act happen.
    #[serde(rename = "approval.asked.v1")]
    ApprovalAsked {
        /// The request.
        approval: ApprovalId,
        /// Who wants to act.
        session: SessionId,
        /// The sub-agent that wants to, when it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subagent: Option<String>,
        /// The exact arguments that a grant will be bound to.
        exactly: Digest,
        /// The decision that asked.
        decision: Position,
        /// When it ends unanswered.
        expires_at: Timestamp,
    },
    /// A person let an act happen.
    #[serde(rename = "approval.given.v1")]
    ApprovalGiven {
        /// The request.
        approval: ApprovalId,
        /// Who.
        person: PersonId,
        /// How often it may happen.
        uses: u32,
        /// When what is left of it ends.
        expires_at: Timestamp,
    },
    /// A person refused an act.
    #[serde(rename = "approval.refused.v1")]
    ApprovalRefused {
        /// The request.
        approval: ApprovalId,
        /// Who.
        person: PersonId,
        /// Why, in words for the agent.
        why: String,
    },
    /// A session met something that it carries from now on.
    #[serde(rename = "session.tainted.v1")]
    SessionTainted {
        /// The session.
        session: SessionId,
        /// What it carries.
        taint: Taint,
        /// What it met.
        why: String,
    },
    /// A person cleared a session of what it carried.
    #[serde(rename = "session.cleared.v1")]
    SessionCleared {
        /// The session.
        session: SessionId,
        /// What it no longer carries.
        taint: Taint,
        /// Who.
        person: PersonId,
        /// Why.
        why: String,
    },
    /// An agent repeats itself, or goes too fast.
    #[serde(rename = "breaker.tripped.v1")]
    BreakerTripped {
        /// The session.
        session: SessionId,
        /// How far it went.
        step: Step,
        /// What was seen.
        why: String,
    },
    /// A person stopped agents: nothing that they ask is allowed.
    #[serde(rename = "agents.paused.v1")]
    Paused {
        /// Whom it holds.
        reach: Reach,
        /// Who.
        person: PersonId,
        /// Why, in words for the agents.
        why: String,
    },
    /// A person let agents go on.
    #[serde(rename = "agents.resumed.v1")]
    Resumed {
        /// Whom it held.
        reach: Reach,
        /// Who.
        person: PersonId,
    },
    /// Other policies are in force.
    #[serde(rename = "policy.set.v1")]
    PolicySet {
        /// The digest of all of them.
        bundle: Digest,
        /// The commit of the trunk that holds them; empty for those that Weir ships.
        commit: String,
        /// How many there are.
        policies: u32,
    },
    /// A person approved how a tool or prompt of a tool server describes itself.
    #[serde(rename = "tool.pinned.v1")]
    ToolPinned {
        /// The server.
        server: String,
        /// Of what kind it is.
        offer: Offer,
        /// Its name.
        tool: String,
        /// What was approved.
        description: Digest,
        /// Who; none when the registry pins at first sight.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<PersonId>,
    },
    /// A tool or prompt does not describe itself as was approved: it is neither listed nor called.
    #[serde(rename = "tool.quarantined.v1")]
    ToolQuarantined {
        /// The server.
        server: String,
        /// Of what kind it is.
        offer: Offer,
        /// Its name.
        tool: String,
        /// How it describes itself now.
        description: Digest,
        /// Why it is kept from agents.
        why: Quarantine,
        /// What a person reads: its name, description and schema as it tells them now.
        text: String,
    },
    /// A tool server did what it should not: it could not be reached, broke its limits, asked for what it may not have,
    /// or gave a secret away.
    #[serde(rename = "tool_server.noticed.v1")]
    ToolServerNoticed {
        /// The server.
        server: String,
        /// What was seen, without secrets.
        what: String,
    },
    /// A client tells what a conversation has cost so far.
    #[serde(rename = "spend.counted.v1")]
    SpendCounted {
        /// The session.
        session: SessionId,
        /// What the client calls its conversation.
        conversation: String,
        /// All tokens of this conversation that came from no cache.
        tokens: u64,
    },
    /// A session did something without its hook being asked, and a later wall saw it.
    #[serde(rename = "session.unguarded.v1")]
    Unguarded {
        /// The session.
        session: SessionId,
        /// What was seen.
        why: String,
    },
}

impl Event {
    /// The session it is about, when it is about one.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Self::ClientAttached { session, .. }
            | Self::ClientDetached { session, .. }
            | Self::HookChecked { session, .. }
            | Self::ActDecided { session, .. }
            | Self::ActsLooked { session, .. }
            | Self::ActsAlone { session, .. }
            | Self::ActFinished { session, .. }
            | Self::ApprovalAsked { session, .. }
            | Self::SessionTainted { session, .. }
            | Self::SessionCleared { session, .. }
            | Self::BreakerTripped { session, .. }
            | Self::SpendCounted { session, .. }
            | Self::Unguarded { session, .. } => Some(*session),
            Self::Paused { reach, .. } | Self::Resumed { reach, .. } => match reach {
                Reach::Session(session) => Some(*session),
                Reach::Person(_) | Reach::All => None,
            },
            Self::ApprovalGiven { .. }
            | Self::ApprovalRefused { .. }
            | Self::PolicySet { .. }
            | Self::ToolPinned { .. }
            | Self::ToolQuarantined { .. }
            | Self::ToolServerNoticed { .. } => None,
        }
    }

    /// The answer, when it is a decision.
    pub fn answer(&self) -> Option<Answer> {
        match self {
            Self::ActDecided { ruling, .. } => Some(ruling.answer),
            Self::ActsLooked { .. } => Some(Answer::Allow),
            Self::ActsAlone { acts, .. } => acts.iter().map(|act| act.ruling.answer).max(),
            Self::ClientAttached { .. }
            | Self::ClientDetached { .. }
            | Self::HookChecked { .. }
            | Self::ActFinished { .. }
            | Self::ApprovalAsked { .. }
            | Self::ApprovalGiven { .. }
            | Self::ApprovalRefused { .. }
            | Self::SessionTainted { .. }
            | Self::SessionCleared { .. }
            | Self::BreakerTripped { .. }
            | Self::Paused { .. }
            | Self::Resumed { .. }
            | Self::PolicySet { .. }
            | Self::ToolPinned { .. }
            | Self::ToolQuarantined { .. }
            | Self::ToolServerNoticed { .. }
            | Self::SpendCounted { .. }
            | Self::Unguarded { .. } => None,
        }
    }
}
