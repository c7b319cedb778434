//! What agents do, what waits for a person, who is held.

use super::Who;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_model::{ApprovalId, Position, SessionId, Timestamp};

/// A request to a person to let one act happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Approval {
    /// The request.
    #[schema(value_type = String, example = "A1")]
    pub id: ApprovalId,
    /// `waiting`, `granted`, `used`, `refused` or `expired`.
    #[schema(example = "waiting")]
    pub state: String,
    /// The agent that wants to act.
    pub agent: Who,
    /// The sub-agent that wants to, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subagent: Option<String>,
    /// The person who answers for it.
    pub person: Who,
    /// The act, in one line; `act` has it whole.
    #[schema(example = "npm install left-pad")]
    pub what: String,
    /// Why a person is asked.
    pub why: String,
    /// The policy that asks.
    #[schema(example = "default.install_named")]
    pub policy: String,
    /// The decision that asked; its record has everything.
    #[schema(value_type = String, example = "E31")]
    pub decision: Position,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Timestamp,
    /// When it ends unanswered; of a grant, when what is left of it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<Who>,
    /// How often the act may still happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_left: Option<u32>,
    /// What the person who refused it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What it comes to, in words, one line an effect; only where one request is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<String>,
    /// What the agent would do, as it is recorded: the command, or the files and their new text; only where one
    /// request is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<serde_json::Value>,
}

/// A person's yes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Allowance {
    /// How often the act may happen; once unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// For how long, such as `30m`; an hour unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "30m")]
    pub length: Option<weir_model::Lease>,
}

/// Words for an agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Words {
    /// Why.
    #[serde(default)]
    pub why: String,
}

/// Whom to hold or let go: one session, one person's, or everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Whom {
    /// A session `S1`, a person `P1`, or `all`.
    #[schema(example = "S1")]
    pub who: String,
    /// Why, in words for the agents.
    #[serde(default)]
    pub why: String,
}

/// What an agent is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Agent {
    /// The session.
    #[schema(value_type = String, example = "S1")]
    pub session: SessionId,
    /// What the agent is called.
    pub agent: String,
    /// The person who answers for it.
    pub person: Who,
    /// The task it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The client that is attached, with its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// `working`, `paused`, `stopped`, `unguarded`, `unattached`.
    #[schema(example = "working")]
    pub state: String,
    /// Why it is in that state, when that needs saying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What it did last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Doing>,
    /// What it was refused or a person was asked for, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Doing>,
    /// What it carries: `untrusted`, `secrets`, and where that is from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<String>,
    /// How many acts were allowed, asked, denied; how many calls failed; how many sub-agents were seen.
    pub allowed: u64,
    /// See `allowed`.
    pub asked: u64,
    /// See `allowed`.
    pub denied: u64,
    /// See `allowed`.
    pub failed: u64,
    /// See `allowed`.
    pub subagents: u64,
    /// How many tokens its conversations have cost, those from a cache left out, as its client tells.
    #[serde(default)]
    pub tokens: u64,
    /// How many acts its hook decided by itself, for it reached no server.
    #[serde(default, skip_serializing_if = "is_none")]
    pub alone: u64,
    /// When it was last heard of.
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: Timestamp,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// One act, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Doing {
    /// The decision: `weir guard explain` takes it.
    #[schema(value_type = String, example = "E31")]
    pub decision: Position,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What was asked, in one line.
    pub what: String,
    /// `allow`, `ask` or `deny`.
    pub answer: String,
    /// Why, when that needs saying.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// All agents, who is held, and what waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Agents {
    /// The agents that may act, last heard of first.
    pub agents: Vec<Agent>,
    /// Who is held: `S1`, `P1` or `all`, with by whom and why.
    pub held: Vec<Held>,
    /// How many requests wait for a person.
    pub waiting: u64,
    /// How many requests people answered, and how many of those with yes.
    pub answered: u64,
    /// See `answered`.
    pub given: u64,
    /// What is always approved, and could be a rule.
    pub proposals: Vec<Proposal>,
}

/// Somebody is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Held {
    /// `S1`, `P1` or `all`.
    pub who: String,
    /// By whom.
    pub by: Who,
    /// Why.
    pub why: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// A rule that would spare people a question they always answer alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proposal {
    /// The policy that asks today.
    pub policy: String,
    /// What is asked for.
    pub what: String,
    /// How often a person said yes; nobody said no.
    pub given: u32,
    /// How long they took on average, in milliseconds.
    pub answer_ms: u64,
    /// The requests that show it.
    #[schema(value_type = Vec<String>)]
    pub evidence: Vec<ApprovalId>,
}

/// What a hook program prints and how it ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HookReply {
    /// To standard output.
    pub stdout: String,
    /// To standard error.
    pub stderr: String,
    /// The exit code.
    pub exit: u8,
    /// What the hook keeps to decide by when it reaches no server: a signed text, or an empty one when it must keep
    /// none. Left out when what it has will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leave: Option<String>,
}

/// A client that is wired to a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// The client: `claude`, `codex`, `gemini`, `antigravity`, `cursor`, `copilot`, `opencode`.
    #[schema(value_type = String, example = "claude")]
    pub client: weir_model::act::Client,
    /// Its version, as it tells it.
    pub version: String,
    /// The folder it works in.
    #[serde(default)]
    pub worktree: String,
}

/// What a canary, or a look at the wiring, showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HookCheck {
    /// The client.
    #[schema(value_type = String, example = "claude")]
    pub client: weir_model::act::Client,
    /// Its version, as it tells it.
    pub version: String,
    /// Whether the hook holds.
    pub holds: bool,
    /// What was seen.
    pub found: String,
}
