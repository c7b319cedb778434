//! What the HTTP API says and hears: plain data, one struct a thing, the same words as everywhere.
//!
//! A client needs this module and nothing else of the crate. Fields are only ever added; an optional one is left
//! out of the JSON when there is nothing to say. Ids are text (`T1`, `C1.2`), times RFC 3339, lengths `30m`.

pub mod act;
pub mod audit;
pub mod change;
pub mod guard;
pub mod people;
pub mod queue;
pub mod runner;
pub mod schema;
pub mod show;
pub mod space;
pub mod task;
pub mod tool;
pub mod view;

pub use act::{
    Agent, Agents, Allowance, Approval, Attachment, Doing, Held, HookCheck, HookReply, Proposal,
    Whom, Words,
};
pub use audit::{Consistency, Inclusion, Proof, ProvenRecord};
pub use change::{Change, ChangeState, Counterpart, Rejection, Repair, Revision};
pub use guard::{
    ExplainedEffect, Explanation, Ground, Policies, PolicyAnalysis, PolicyChange, PolicyFile,
    PolicyFiles, PolicyFinding, PolicyRule, PolicyTest, Replayed, ReplayedOne,
};
pub use people::{
    IssuedToken, NewPerson, NewRole, NewSession, NewSignIn, NewToken, OpenedSession, Parting,
    Person, Session, SignInLink, Token,
};
pub use queue::{
    Because, Candidate, Check, CheckResult, Explained, Frozen, Landing, NewClass, NotBelieved,
    Outcome, Queue, Waiting,
};
pub use runner::{
    ByRunner, LeaveRunner, RenewRun, RenewedRun, ReturnRun, RunCheck, RunEnded, RunOrder,
    RunReport, Runner, RunnerRun, TakeRun, TakenRun,
};
pub use show::{Body, Commit, Link, Log, LogEntry, Shown, Thing};
pub use space::{Counts, Space, Status, Wait, Whose};
pub use task::{Ask, Claim, Hold, NewTask, Task, TaskState};
pub use tool::{ToolApproval, ToolOffer, ToolServer, ToolServers};
pub use view::{
    Author, GrepAnswer, HistoryAnswer, ImpactAnswer, ImportAnswer, ImportedIndex, MapAnswer,
    OutlineAnswer, SearchAnswer, SymbolAnswer, Together, WhoAnswer,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody: a person, an agent's session, or Weir itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Who {
    /// `P1`, `S1`; `weir` for what Weir did by itself.
    #[schema(example = "P1")]
    pub id: String,
    /// What people call them; of a session, what the agent is called.
    #[schema(example = "ann")]
    pub name: String,
}

/// Some of the things that there are, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct List<T> {
    /// These; newest first unless the route says otherwise.
    pub items: Vec<T>,
    /// How many there are in all that match what was asked.
    pub total: u64,
}

/// Why a request was not carried out. Every door shows the three parts unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refused {
    /// Stable, `subject.reason`. Programs match on this and on nothing else.
    #[schema(example = "claim.held")]
    pub code: String,
    /// What is so, in words.
    #[schema(example = "task `T1` is held by `S2`")]
    pub sentence: String,
    /// The next thing to try, when we know one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl From<weir_model::Refusal> for Refused {
    fn from(refusal: weir_model::Refusal) -> Self {
        Self { code: refusal.code.into_owned(), sentence: refusal.sentence, hint: refusal.hint }
    }
}

/// Nothing to add: it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Done {
    /// Always true; a refusal is another answer.
    pub done: bool,
}
