//! `/v1/changes` and `/v1/revisions`: what agents brought, and what people say to it.

use super::done;
use crate::door::{Body, Door, Named};
use crate::reply::{Problem, Reply};
use crate::wire::{Change, Done, List, Refused, Rejection};
use weir_model::{ChangeId, Refusal, RevisionId};

/// The changes
///
/// The latest hundred, newest first.
#[utoipa::path(get, path = "/v1/changes", tag = "changes",
    responses((status = 200, body = List<Change>), (status = "default", body = Refused)))]
pub(crate) async fn list(door: Door) -> Reply<List<Change>> {
    door.tell(|see| {
        let changes = see.folds.review.changes();
        let total = changes.count() as u64;
        let latest = see.folds.review.changes().rev().take(100);
        Ok(List { items: latest.map(|change| see.change(change)).collect(), total })
    })
}

/// A change
///
/// Where it stands; and if it came back, what its owner must do.
#[utoipa::path(get, path = "/v1/changes/{change}", tag = "changes",
    params(("change" = String, Path, example = "C1")),
    responses((status = 200, body = Change), (status = "default", body = Refused)))]
pub(crate) async fn get(door: Door, Named(change): Named<ChangeId>) -> Reply<Change> {
    one(&door, change).map(axum::Json)
}

/// A change, for this door and for MCP alike.
pub(crate) fn one(door: &Door, change: ChangeId) -> Result<Change, Problem> {
    door.read(|see| {
        let known = see.folds.review.change(change).ok_or_else(|| {
            Refusal::new("change.unknown", format!("there is no change `{change}`"))
                .hint("list what is going on: `weir status`")
        })?;
        Ok(see.change(known))
    })
}

/// Approve a revision
///
/// The approval binds to this revision and to no later one. Nobody approves what they, their agents or their
/// agents' children made.
#[utoipa::path(post, path = "/v1/revisions/{revision}/approve", tag = "changes",
    params(("revision" = String, Path, example = "C1.1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn approve(door: Door, Named(revision): Named<RevisionId>) -> Reply<Done> {
    door.engine().approve(&door.caller, revision).await?;
    Ok(done())
}

/// Send a revision back to its owner
#[utoipa::path(post, path = "/v1/revisions/{revision}/reject", tag = "changes",
    request_body = Rejection, params(("revision" = String, Path, example = "C1.1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn reject(
    door: Door,
    Named(revision): Named<RevisionId>,
    Body(rejection): Body<Rejection>,
) -> Reply<Done> {
    door.engine().reject(&door.caller, revision, rejection.comment).await?;
    Ok(done())
}
