//! Approvals at this door: an agent sees what it asked for and what came of it; a person sees what waits, and answers.
//!
//! Which of these tools are listed goes by who asks. That an agent cannot answer does not rest on that: the engine
//! refuses whoever is no person, by whichever door and name.

use super::tools::{hints, read, tool};
use crate::api::acts;
use crate::door::Door;
use crate::reply::Problem;
use crate::see::See;
use crate::wire::{Approval, List};
use rmcp::model::Tool;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use weir_model::{Actor, ApprovalId, Lease, Refusal, SessionId};

/// `approval_status`
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApprovalStatus {
    /// Which request, as `A1`; all of yours, the newest first, if left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    approval: Option<ApprovalId>,
}

/// `approval_list`
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApprovalList {
    /// Which request, as `A1`, with all that it comes to; what waits, oldest first, if left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    approval: Option<ApprovalId>,
}

/// `approval_answer`
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApprovalAnswer {
    /// Which request, as `A1`.
    #[schema(value_type = String)]
    approval: ApprovalId,
    /// `allow` lets exactly that act happen; `refuse` does not.
    #[schema(inline)]
    answer: Word,
    /// How often it may happen; once if left out. Of `allow` only.
    #[serde(default)]
    uses: Option<u32>,
    /// For how long, as `30m`; an hour if left out. Of `allow` only.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    length: Option<Lease>,
    /// Why not, in words for the agent. Of `refuse` only.
    #[serde(default)]
    why: Option<String>,
}

/// A person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Word {
    Allow,
    Refuse,
}

/// What a person is told and may do here, and an agent has no use for.
const FOR_PEOPLE: [&str; 2] = ["approval_list", "approval_answer"];
const FOR_AGENTS: [&str; 1] = ["approval_status"];

/// Whether a tool is listed for whoever asks.
pub(super) fn is_listed(door: &Door, name: &str) -> bool {
    match door.caller.actor {
        Actor::Session(_) => !FOR_PEOPLE.contains(&name),
        Actor::Person(_) | Actor::Weir => !FOR_AGENTS.contains(&name),
    }
}

/// The tools.
pub(super) fn all() -> [Tool; 3] {
    [
        tool::<ApprovalStatus, Approval>(
            "approval_status",
            "What you asked a person to let you do, and what came of it: `waiting`, `granted` (make exactly the same \
             call again; `uses_left` says how often), `used`, `refused` (`comment` says why) or `expired`.",
            hints("See what a person answered", true, true),
        )
        .with_raw_output_schema(super::schema::of_list::<Approval>()),
        tool::<ApprovalList, Approval>(
            "approval_list",
            "What agents wait for a person to allow: the command or the files, why it is asked, for whom. With \
             `approval`, one request with its real effects.",
            hints("List what waits for a person", true, true),
        )
        .with_raw_output_schema(super::schema::of_list::<Approval>()),
        tool::<ApprovalAnswer, Approval>(
            "approval_answer",
            "Let one act happen, exactly as it was asked for, or refuse it. Look at it first: `approval_list` with \
             its id.",
            // What is let happen may be anything.
            hints("Answer an agent", false, false).destructive(true),
        ),
    ]
}

pub(super) fn status(door: &Door, arguments: Value) -> Result<List<Approval>, Problem> {
    let ApprovalStatus { approval } = read(arguments)?;
    door.read(|see| {
        let own = |session: SessionId| is_own(see, door.caller.actor, session);
        let asked = see.folds.acts.approvals().filter(|asked| own(asked.session));
        let mut found: Vec<_> =
            asked.filter(|asked| approval.is_none_or(|id| id == asked.id)).collect();
        if let (Some(id), true) = (approval, found.is_empty()) {
            let sentence = format!("`{id}` is no request of yours");
            return Err(Refusal::new("approval.unknown", sentence)
                .hint("leave the id out to see all of them"));
        }
        found.reverse();
        let total = found.len() as u64;
        let items = found.into_iter().take(LISTED_MAX).map(|asked| see.approval(asked)).collect();
        Ok(List { items, total })
    })
}

/// An agent's are those of its session and of those below it; a person's, those of all that they answer for.
fn is_own(see: &See<'_>, actor: Actor, session: SessionId) -> bool {
    match actor {
        Actor::Session(own) => see.folds.guard.lineage_of(session).contains(&own),
        Actor::Person(person) => see.folds.guard.root_person(session) == Some(person),
        Actor::Weir => false,
    }
}

/// More than these nobody reads at once.
const LISTED_MAX: usize = 50;

pub(super) async fn list(door: &Door, arguments: Value) -> Result<List<Approval>, Problem> {
    let ApprovalList { approval } = read(arguments)?;
    match approval {
        Some(id) => Ok(List { items: vec![acts::whole(door, id).await?], total: 1 }),
        None => door.read(|see| {
            let waiting: Vec<_> = see.folds.acts.waiting(see.now).collect();
            let total = waiting.len() as u64;
            let items = waiting.into_iter().take(LISTED_MAX).map(|one| see.approval(one));
            Ok(List { items: items.collect(), total })
        }),
    }
}

pub(super) async fn answer(door: &Door, arguments: Value) -> Result<Approval, Problem> {
    let ApprovalAnswer { approval, answer, uses, length, why } = read(arguments)?;
    let stray = match answer {
        Word::Allow => why.is_some(),
        Word::Refuse => uses.is_some() || length.is_some(),
    };
    if stray {
        let sentence = "`uses` and `length` belong to `allow`, `why` to `refuse`";
        return Err(Refusal::new("request.malformed", sentence).into());
    }
    let engine = door.engine();
    match answer {
        Word::Allow => {
            engine.give_approval(&door.caller, approval, uses.unwrap_or(1), length).await?;
        }
        Word::Refuse => {
            engine.refuse_approval(&door.caller, approval, why.unwrap_or_default()).await?;
        }
    }
    acts::whole(door, approval).await
}
