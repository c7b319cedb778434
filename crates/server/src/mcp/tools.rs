//! The tools: what each takes and gives, and the one call behind it.

use super::{approvals, schema, view};
use crate::api::{changes, look, tasks};
use crate::door::Door;
use crate::reply::Problem;
use crate::wire::{Ask, Change, Claim, Done, List, Shown, Task, TaskState};
use rmcp::model::{Tool, ToolAnnotations};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use utoipa::{PartialSchema, ToSchema};
use weir_model::{Actor, AnyId, ChangeId, Lease, Refusal, TaskId};

/// `task_list`
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TaskList {
    /// `ready`: those that can be claimed, if left out. `open`: also those that wait for others, are in work or with
    /// the gate.
    #[serde(default)]
    #[schema(inline)]
    which: Option<Which>,
    /// How many at most; 20 if left out.
    #[serde(default)]
    limit: Option<usize>,
}

/// Which tasks to list.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Which {
    #[default]
    Ready,
    Open,
}

impl Which {
    fn has(self, state: TaskState) -> bool {
        match state {
            TaskState::Ready => true,
            TaskState::Blocked | TaskState::Claimed | TaskState::Submitted => {
                matches!(self, Self::Open)
            }
            TaskState::Done | TaskState::Withdrawn => false,
        }
    }
}

/// `task_claim`
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TaskClaim {
    /// Which task, as `T1`; the oldest that is ready if left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    task: Option<TaskId>,
    /// How long to hold it without claiming again, as `30m`; the space's own length if left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    lease: Option<Lease>,
    /// Also a task that waits for one whose change is with the gate: to build upon that change.
    #[serde(default)]
    stacked: Option<bool>,
}

/// `task_release`
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TaskRelease {
    /// Which task, as `T1`.
    #[schema(value_type = String)]
    task: TaskId,
}

/// `change_status`
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeStatus {
    /// Which change, as `C1`; the one you brought last if left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    change: Option<ChangeId>,
    /// How many seconds to wait until it lands or comes back, at most 60; the answer comes at once if left out.
    #[serde(default)]
    wait_s: Option<u64>,
}

/// `show`
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Show {
    /// Any id that Weir prints: `T1`, `S1`, `C1`, `C1.1`, `Q1`, `L1`, `E1`, a commit, `sha256:…`.
    id: String,
}

/// What came of a call.
pub(super) enum Called {
    Done(Value),
    Refused(Problem),
    NoSuchTool,
}

/// What a tool may change, in the protocol's four hints. All of them stay inside this space, so none is open to
/// the world, and none that an agent gets destroys: some clients refuse whatever does not say so.
pub(super) fn hints(title: &str, read_only: bool, idempotent: bool) -> ToolAnnotations {
    ToolAnnotations::with_title(title)
        .read_only(read_only)
        .destructive(false)
        .idempotent(idempotent)
        .open_world(false)
}

pub(super) fn tool<I, O>(name: &'static str, text: &'static str, hints: ToolAnnotations) -> Tool
where
    I: PartialSchema + ToSchema,
    O: PartialSchema + ToSchema,
{
    Tool::new(name, text, schema::of::<I>())
        .with_raw_output_schema(schema::of::<O>())
        .with_annotations(hints)
}

/// Every tool.
pub(super) fn all() -> Vec<Tool> {
    let work = vec![
        tool::<TaskList, Task>(
            "task_list",
            "The tasks that are ready to be claimed, oldest first; or all that are open, with who has them and what \
             they come after.",
            hints("List tasks", true, true),
        )
        .with_raw_output_schema(schema::of_list::<Task>()),
        tool::<TaskClaim, Claim>(
            "task_claim",
            "Take a task, or renew the one you hold. The answer has all you need: the worktree to work in, its \
             branch, the paths you may touch, when the claim ends, and the exact command that brings your change. \
             Safe to repeat.",
            hints("Claim a task", false, true),
        ),
        tool::<TaskRelease, Done>(
            "task_release",
            "Give a task back that you will not finish, so that another agent can take it.",
            hints("Give a task back", false, true),
        ),
        tool::<ChangeStatus, Change>(
            "change_status",
            "Where your change stands: in review, queued, under test, landed, or returned with a repair contract \
             (what failed, the log, the command to reproduce it). Can wait until it is settled.",
            hints("See how a change does", true, true),
        ),
        tool::<Show, Shown>(
            "show",
            "Everything known about an id, what it hangs together with, and what happened to it.",
            hints("Show anything", true, true),
        ),
    ];
    work.into_iter().chain(view::all()).chain(approvals::all()).collect()
}

/// The tools that are listed for whoever asks.
pub(super) fn listed(door: &Door) -> Vec<Tool> {
    all().into_iter().filter(|tool| approvals::is_listed(door, &tool.name)).collect()
}

/// Calls a tool by its name.
pub(super) async fn call(door: &Door, name: &str, arguments: Value) -> Called {
    let called = match name {
        "task_list" => value(task_list(door, arguments)),
        "task_claim" => value(task_claim(door, arguments).await),
        "task_release" => value(task_release(door, arguments).await),
        "change_status" => value(change_status(door, arguments).await),
        "show" => value(show(door, arguments).await),
        "view_search" => value(view::search(door, arguments).await),
        "view_symbol" => value(view::symbol(door, arguments).await),
        "view_outline" => value(view::outline(door, arguments).await),
        "view_impact" => value(view::impact(door, arguments).await),
        "view_who" => value(view::who(door, arguments).await),
        "view_map" => value(view::map(door, arguments).await),
        "approval_status" => value(approvals::status(door, arguments)),
        "approval_list" => value(approvals::list(door, arguments).await),
        "approval_answer" => value(approvals::answer(door, arguments).await),
        _ => return Called::NoSuchTool,
    };
    match called {
        Ok(value) => Called::Done(value),
        Err(problem) => Called::Refused(problem),
    }
}

fn value<T: Serialize>(called: Result<T, Problem>) -> Result<Value, Problem> {
    serde_json::to_value(called?)
        .map_err(|_| Problem::failed("the answer could not be written".to_owned()))
}

pub(super) fn read<T: for<'de> Deserialize<'de>>(arguments: Value) -> Result<T, Problem> {
    serde_json::from_value(arguments).map_err(|error| {
        let sentence = format!("the arguments are not what this tool takes: {error}");
        Refusal::new("request.malformed", sentence).hint("look at the tool's input schema").into()
    })
}

fn task_list(door: &Door, arguments: Value) -> Result<List<Task>, Problem> {
    let TaskList { which, limit } = read(arguments)?;
    let which = which.unwrap_or_default();
    tasks::tasks(door, |state| which.has(state), None, limit.unwrap_or(20).min(100))
}

async fn task_claim(door: &Door, arguments: Value) -> Result<Claim, Problem> {
    let TaskClaim { task, lease, stacked } = read(arguments)?;
    tasks::take(door, task, Ask { agent: None, lease, stacked: stacked.unwrap_or_default() }).await
}

async fn task_release(door: &Door, arguments: Value) -> Result<Done, Problem> {
    let TaskRelease { task } = read(arguments)?;
    door.engine().release_task(&door.caller, task).await?;
    Ok(Done { done: true })
}

async fn show(door: &Door, arguments: Value) -> Result<Shown, Problem> {
    let Show { id } = read(arguments)?;
    look::shown(door, id.parse::<AnyId>()?).await
}

/// Clients give up on a call after a minute or two.
const WAIT_S_MAX: u64 = 60;

async fn change_status(door: &Door, arguments: Value) -> Result<Change, Problem> {
    let ChangeStatus { change, wait_s } = read(arguments)?;
    let change = match change {
        Some(change) => change,
        None => own_change(door)?,
    };
    let wait = Duration::from_secs(wait_s.unwrap_or(0).min(WAIT_S_MAX));
    let mut head = door.engine().head();
    let settled = async {
        loop {
            head.mark_unchanged();
            let now = changes::one(door, change)?;
            if now.state.is_settled() || head.changed().await.is_err() {
                return Ok(now);
            }
        }
    };
    tokio::select! {
        biased;
        settled = settled => settled,
        () = tokio::time::sleep(wait) => changes::one(door, change),
        () = door.weir.closing.cancelled() => changes::one(door, change),
    }
}

/// The change that this session brought last.
fn own_change(door: &Door) -> Result<ChangeId, Problem> {
    let own = match door.caller.actor {
        Actor::Session(session) => Some(session),
        Actor::Person(_) | Actor::Weir => None,
    };
    door.read(|see| {
        let mut changes = see.folds.review.changes().rev();
        let brought = |change: &&weir_review::Change| Some(change.latest().session) == own;
        changes.find(brought).map(|change| change.id).ok_or_else(|| {
            Refusal::new("change.none", "you have not brought a change yet").hint(
                "commit your work and run the `submit` command of your claim, or name a change",
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Every `$ref` below `value`.
    fn references(value: &Value) -> Vec<&str> {
        match value {
            Value::Object(fields) => {
                let own = fields.get("$ref").and_then(Value::as_str);
                own.into_iter().chain(fields.values().flat_map(references)).collect()
            }
            Value::Array(items) => items.iter().flat_map(references).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        }
    }

    #[test]
    fn every_reference_in_a_tools_schemas_resolves() {
        for tool in all() {
            let output = tool.output_schema.as_deref().cloned().unwrap_or_default();
            for schema in [tool.input_schema.as_ref().clone(), output] {
                let schema = Value::Object(schema);
                for reference in references(&schema) {
                    let pointer = reference.trim_start_matches('#');
                    assert!(schema.pointer(pointer).is_some(), "{}: {reference}", tool.name);
                }
            }
        }
    }
}
