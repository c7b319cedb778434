//! `/v1/tasks`: tasks and the claims on them.

use super::done;
use crate::door::{Body, Door, Named, Optional};
use crate::reply::{Problem, Reply};
use crate::wire::{Ask, Claim, Done, List, NewTask, Refused, Task, TaskState};
use axum::Json;
use axum::extract::{Query, rejection::QueryRejection};
use axum::http::StatusCode;
use serde::Deserialize;
use weir_model::{Refusal, TaskId};

/// Which tasks to list.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only those that stand here.
    #[serde(default)]
    #[param(inline)]
    state: Option<TaskState>,
    /// How many at most; 100 if left out.
    #[serde(default)]
    limit: Option<usize>,
    /// Only those after this one.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "T1")]
    after: Option<TaskId>,
}

/// The tasks
///
/// Oldest first, which is the order in which agents are given them. To see more than `limit`, ask again with
/// `after` the last one.
#[utoipa::path(get, path = "/v1/tasks", tag = "tasks", params(Which),
    responses((status = 200, body = List<Task>), (status = "default", body = Refused)))]
pub(crate) async fn list(
    door: Door,
    which: Result<Query<Which>, QueryRejection>,
) -> Reply<List<Task>> {
    let Query(which) = which.map_err(|rejection| malformed(&rejection))?;
    let Which { state, limit, after } = which;
    let wanted = |each| state.is_none_or(|state| each == state);
    tasks(&door, wanted, after, limit.unwrap_or(LIMIT)).map(Json)
}

const LIMIT: usize = 100;

/// The tasks in the states that are `wanted`, for this door and for MCP alike.
pub(crate) fn tasks(
    door: &Door,
    wanted: impl Fn(TaskState) -> bool,
    after: Option<TaskId>,
    limit: usize,
) -> Result<List<Task>, Problem> {
    door.read(|see| {
        let in_state = |task: &&weir_work::Task| wanted(see.task_state(task));
        let total = see.folds.work.tasks().filter(in_state).count() as u64;
        let later = see.folds.work.tasks().filter(|task| after.is_none_or(|after| task.id > after));
        let items = later.filter(in_state).take(limit).map(|task| see.task(task)).collect();
        Ok(List { items, total })
    })
}

/// What is wrong with a query.
pub(crate) fn malformed(rejection: &QueryRejection) -> Problem {
    let why = std::error::Error::source(rejection)
        .map_or_else(|| rejection.body_text(), ToString::to_string);
    Refusal::new("request.malformed", format!("the query is not what this route takes: {why}"))
        .hint("`/openapi.json` describes it")
        .into()
}

/// Cut a task
///
/// Asking again under the same `key` answers with the task that is there.
#[utoipa::path(post, path = "/v1/tasks", tag = "tasks", request_body = NewTask,
    responses((status = 201, body = Task), (status = "default", body = Refused)))]
pub(crate) async fn create(
    door: Door,
    Body(new): Body<NewTask>,
) -> Result<(StatusCode, Json<Task>), Problem> {
    let task = door.engine().create_task(&door.caller, new.into()).await?;
    Ok((StatusCode::CREATED, one(&door, task)?))
}

/// A task
#[utoipa::path(get, path = "/v1/tasks/{task}", tag = "tasks",
    params(("task" = String, Path, example = "T1")),
    responses((status = 200, body = Task), (status = "default", body = Refused)))]
pub(crate) async fn get(door: Door, Named(task): Named<TaskId>) -> Reply<Task> {
    one(&door, task)
}

fn one(door: &Door, task: TaskId) -> Reply<Task> {
    door.tell(|see| {
        let known = see.folds.work.task(task).ok_or_else(|| {
            Refusal::new("task.unknown", format!("there is no task `{task}`"))
                .hint("list the tasks: `weir task list`")
        })?;
        Ok(see.task(known))
    })
}

/// Claim a task, or renew a claim you already hold
///
/// Claiming again renews under the same fencing token, so it is safe to repeat after a lost reply. When a person
/// claims, a session is opened for the agent, and its token stands in the answer.
#[utoipa::path(post, path = "/v1/tasks/{task}/claim", tag = "tasks", request_body = Option<Ask>,
    params(("task" = String, Path, example = "T1")),
    responses((status = 200, body = Claim), (status = "default", body = Refused)))]
pub(crate) async fn claim(
    door: Door,
    Named(task): Named<TaskId>,
    Optional(ask): Optional<Ask>,
) -> Reply<Claim> {
    take(&door, Some(task), ask).await.map(Json)
}

/// Claim the next task that is ready
///
/// The oldest that this caller may take.
#[utoipa::path(post, path = "/v1/tasks/next/claim", tag = "tasks", request_body = Option<Ask>,
    responses((status = 200, body = Claim), (status = "default", body = Refused)))]
pub(crate) async fn claim_next(door: Door, Optional(ask): Optional<Ask>) -> Reply<Claim> {
    take(&door, None, ask).await.map(Json)
}

/// Claims, for this door and for MCP alike.
pub(crate) async fn take(door: &Door, task: Option<TaskId>, ask: Ask) -> Result<Claim, Problem> {
    let bearer = Some(door.bearer());
    let Ask { agent, lease, stacked } = ask;
    let wish = weir_engine::Ask { task, agent, lease, stacked, bearer };
    Ok(door.engine().claim_task(&door.caller, wish).await?.into())
}

/// Give a task back
#[utoipa::path(post, path = "/v1/tasks/{task}/release", tag = "tasks",
    params(("task" = String, Path, example = "T1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn release(door: Door, Named(task): Named<TaskId>) -> Reply<Done> {
    door.engine().release_task(&door.caller, task).await?;
    Ok(done())
}

/// Say that a task is not wanted
///
/// Its change, if it has one, is abandoned with it.
#[utoipa::path(post, path = "/v1/tasks/{task}/withdraw", tag = "tasks",
    params(("task" = String, Path, example = "T1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn withdraw(door: Door, Named(task): Named<TaskId>) -> Reply<Done> {
    door.engine().withdraw_task(&door.caller, task).await?;
    Ok(done())
}

impl From<NewTask> for weir_engine::NewTask {
    fn from(new: NewTask) -> Self {
        let NewTask { title, text, paths, after, key } = new;
        Self { title, text, paths, after, key }
    }
}
