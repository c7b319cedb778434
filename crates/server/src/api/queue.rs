//! `/v1/queue`: what is tested and what waits, why, and what people say to it.

use super::{done, events};
use crate::door::{Body, Door, Named};
use crate::reply::{Problem, Reply};
use crate::wire::{Because, Done, Explained, NewClass, Queue, Refused};
use axum::Json;
use axum::http::header;
use axum::response::IntoResponse;
use weir_model::{AnyId, ChangeId, Refusal};

/// The queue
///
/// The candidates that may still land, with their checks; what waits, first to land first.
#[utoipa::path(get, path = "/v1/queue", tag = "queue",
    responses((status = 200, body = Queue), (status = "default", body = Refused)))]
pub(crate) async fn get(door: Door) -> Reply<Queue> {
    door.tell(|see| Ok(see.queue()))
}

/// Why a change is where it is
///
/// Every decision of the queue about it, oldest first, with its reason, as the ledger has it.
#[utoipa::path(get, path = "/v1/queue/{change}", tag = "queue",
    params(("change" = String, Path, example = "C1")),
    responses((status = 200, body = Explained), (status = "default", body = Refused)))]
pub(crate) async fn explain(door: Door, Named(change): Named<ChangeId>) -> Reply<Explained> {
    Ok(Json(explained(&door, change).await?))
}

/// The same for its page.
pub(crate) async fn explained(door: &Door, change: ChangeId) -> Result<Explained, Problem> {
    let (known, waiting, candidates) = door.read(|see| {
        let known = see.folds.review.change(change).ok_or_else(|| {
            Refusal::new("change.unknown", format!("there is no change `{change}`"))
                .hint("list what is going on: `weir status`")
        })?;
        let queue = &see.folds.queue;
        let entry = queue.waiting().iter().find(|entry| entry.revision.change == change);
        let of_it =
            queue.candidates().filter(|one| one.revisions().any(|own| own.change == change));
        let candidates: Vec<_> = of_it.map(|candidate| see.candidate(candidate)).collect();
        Ok((see.change(known), entry.map(|entry| see.waiting(entry)), candidates))
    })?;
    let landing = known.landing.map(AnyId::Landing);
    let ids = candidates.iter().map(|candidate| AnyId::Candidate(candidate.id));
    let ids = [AnyId::Change(change)].into_iter().chain(ids).chain(landing).collect();
    let decisions = events::of_queue(door, ids).await?;
    Ok(Explained { change: known, waiting, candidates, decisions })
}

/// What came to the queue, as a trace
///
/// JSON lines, one revision each: when it came, how long its checks took, what became of it. `weir queue simulate` tells
/// what another policy would have made of it.
#[utoipa::path(get, path = "/v1/queue/trace", tag = "queue",
    responses((status = 200, body = String, content_type = "application/jsonl"),
        (status = "default", body = Refused)))]
pub(crate) async fn trace(door: Door) -> Result<impl IntoResponse, Problem> {
    let trace = door.ask_disk(|engine| engine.queue_trace()).await?;
    Ok(([(header::CONTENT_TYPE, "application/jsonl")], trace.lines()))
}

/// Freeze the queue
///
/// Nothing lands until the thaw. Testing goes on, so that a thaw lands what has passed.
#[utoipa::path(post, path = "/v1/queue/freeze", tag = "queue", request_body = Because,
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn freeze(door: Door, Body(because): Body<Because>) -> Reply<Done> {
    door.engine().freeze(&door.caller, because.reason).await?;
    Ok(done())
}

/// Let the queue go on
#[utoipa::path(delete, path = "/v1/queue/freeze", tag = "queue",
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn thaw(door: Door) -> Reply<Done> {
    door.engine().thaw(&door.caller).await?;
    Ok(done())
}

/// Say how urgent a change is
///
/// From now on, and when it comes back from repair. `express` goes before everything else; who said so, and why, is
/// on record.
#[utoipa::path(put, path = "/v1/changes/{change}/class", tag = "queue", request_body = NewClass,
    params(("change" = String, Path, example = "C1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn set_class(
    door: Door,
    Named(change): Named<ChangeId>,
    Body(new): Body<NewClass>,
) -> Reply<Done> {
    door.engine().set_class(&door.caller, change, new.class, new.reason).await?;
    Ok(done())
}
