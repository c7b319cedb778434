//! `/v1/audit`: what a third party needs to verify the ledger without trusting this server.

use crate::door::Door;
use crate::reply::Problem;
use crate::wire::Refused;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::IntoResponse;
use std::io::{self, Write};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

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
