//! `/v1/audit`: what a third party needs to verify the ledger without trusting this server.

use super::tasks::malformed;
use crate::door::Door;
use crate::reply::{Problem, Reply};
use crate::wire::{Proof, Refused};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Query, rejection::QueryRejection};
use axum::http::header;
use axum::response::IntoResponse;
use serde::Deserialize;
use std::io::{self, Write};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use weir_model::{Position, Refusal};

/// The public key
///
/// Of the signer of checkpoints, in the form of a C2SP verifier key.
#[utoipa::path(get, path = "/v1/audit/key", tag = "audit",
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = "default", body = Refused)))]
pub(crate) async fn key(door: Door) -> Result<String, Problem> {
    door.read(|_| Ok(()))?;
    Ok(format!("{}\n", door.engine().verifier_key()))
}

/// The latest checkpoint
///
/// A signed note, in the form of a C2SP checkpoint: the size of the log, and the root of its Merkle tree.
#[utoipa::path(get, path = "/v1/audit/checkpoint", tag = "audit",
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = "default", body = Refused)))]
pub(crate) async fn checkpoint(door: Door) -> Result<String, Problem> {
    let checkpoint = door.ask_disk(weir_engine::Engine::checkpoint).await?;
    Ok(checkpoint.note)
}

/// What to prove; at least one of them.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct What {
    /// That this record stands in the ledger.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "E17")]
    record: Option<Position>,
    /// That the ledger still begins with its first so many records, as a checkpoint covered them that you kept.
    #[serde(default)]
    since: Option<u64>,
}

/// A proof
///
/// That one record stands in the ledger as it is now (an inclusion proof, with the record), that the ledger only grew
/// since an earlier checkpoint (a consistency proof), or both; with the signed checkpoint that both lead to. Whoever
/// holds the public key checks it without this server: `weir audit verify`.
#[utoipa::path(get, path = "/v1/audit/proof", tag = "audit", params(What),
    responses((status = 200, body = Proof), (status = "default", body = Refused)))]
pub(crate) async fn proof(door: Door, what: Result<Query<What>, QueryRejection>) -> Reply<Proof> {
    let Query(What { record, since }) = what.map_err(|rejection| malformed(&rejection))?;
    if record.is_none() && since.is_none() {
        let refusal = Refusal::new("proof.no_subject", "it is not said what to prove");
        return Err(refusal
            .hint("pass `record=E1`, or `since` with the size of a checkpoint")
            .into());
    }
    let proof = door.ask_disk(move |engine| engine.proof(record, since)).await?;
    Ok(Json(proof.into()))
}

/// The whole ledger
///
/// As `weir audit verify` reads it, with the public key alone and no server.
#[utoipa::path(get, path = "/v1/audit/export", tag = "audit",
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = "default", body = Refused)))]
pub(crate) async fn export(door: Door) -> Result<impl IntoResponse, Problem> {
    door.read(|_| Ok(()))?;
    let (chunks, body) = mpsc::channel::<io::Result<Bytes>>(4);
    let engine = door.engine().clone();
    // On its own: it ends by itself when the ledger is written or the reader is gone.
    tokio::task::spawn_blocking(move || {
        let mut out = io::BufWriter::with_capacity(64 << 10, Chunks(chunks.clone()));
        let written = engine.export(&mut out).map_err(|error| error.to_string());
        let flushed = out.flush().map_err(|error| error.to_string());
        if let Err(error) = written.map(drop).and(flushed) {
            tracing::warn!(%error, "an export ended early");
            // Cuts the answer off, so that half a ledger is not taken for a whole one.
            let _ = chunks.blocking_send(Err(io::Error::other("the export ended early")));
        }
    });
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    Ok((kind, Body::from_stream(ReceiverStream::new(body))))
}

struct Chunks(mpsc::Sender<io::Result<Bytes>>);

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::Error::other("the reader is gone"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
