//! `/v1/view/indexes`: what compilers say of the code.

use crate::door::Door;
use crate::reply::Reply;
use crate::wire::{ImportAnswer, ImportedIndex, Refused};
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, rejection::QueryRejection};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use weir_engine::INDEX_BYTES_MAX;
use weir_model::Refusal;

/// What an index is of.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Imported {
    /// The commit that was indexed; the trunk's tip if left out.
    #[serde(default)]
    commit: Option<String>,
    /// The folder that the index's paths start from; the root of the repository if left out.
    #[serde(default)]
    root: String,
}

/// Import a compiler's index
///
/// The body is a file in the form SCIP. What it knows of files that are as they were indexed counts more than imports and
/// names, in every view that has them. For people and their tokens; no agent's.
#[utoipa::path(post, path = "/v1/view/indexes", tag = "view", params(Imported),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = ImportAnswer), (status = "default", body = Refused)))]
pub(crate) async fn import(
    door: Door,
    asked: Result<Query<Imported>, QueryRejection>,
    index: Body,
) -> Reply<ImportAnswer> {
    let malformed = |rejection: QueryRejection| {
        Refusal::new("request.malformed", rejection.body_text())
            .hint("there are `commit` and `root`")
    };
    let Imported { commit, root } = asked.map(|Query(it)| it).map_err(malformed)?;
    // Before anything is held in memory for somebody who may not.
    door.engine().may_import(&door.caller)?;
    let index = to_bytes(index, INDEX_BYTES_MAX).await.map_err(|why| {
        Refusal::new("view.index_unreadable", format!("the index did not arrive whole: {why}"))
            .hint(format!("it may have {} MiB", INDEX_BYTES_MAX >> 20))
    })?;
    let index = index.into();
    Ok(Json(door.engine().view_import(&door.caller, index, commit, root).await?))
}

/// The compilers' indexes that are asked
///
/// The newest first.
#[utoipa::path(get, path = "/v1/view/indexes", tag = "view",
    responses((status = 200, body = Vec<ImportedIndex>), (status = "default", body = Refused)))]
pub(crate) async fn list(door: Door) -> Reply<Vec<ImportedIndex>> {
    door.read(|_| Ok(()))?;
    Ok(Json(door.engine().view_indexes()))
}
