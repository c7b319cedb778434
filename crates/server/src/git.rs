//! `/git`: clone, fetch and push, for any git client. The door only moves bytes and says who brought them; what a
//! push may do is decided by the engine, and told in git's own output.

use crate::door::{Credentials, Door};
use crate::reply::Problem;
use crate::weir::Weir;
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::TryStreamExt as _;
use serde::Deserialize;
use std::io;
use tokio::io::AsyncRead;
use tokio_util::io::{ReaderStream, StreamReader};
use weir_model::Refusal;

/// The routes of smart HTTP. No limit on bodies here: git streams them, and the engine knows what is too large.
pub(crate) fn router() -> Router<Weir> {
    Router::new()
        .route("/git/info/refs", get(info_refs))
        .route("/git/git-upload-pack", post(fetch))
        .route("/git/git-receive-pack", post(push))
}

/// The door for git: it shows a token as a password, asks for one when told to, and reads plain text.
struct GitDoor(Door);

impl FromRequestParts<Weir> for GitDoor {
    type Rejection = GitProblem;

    async fn from_request_parts(parts: &mut Parts, weir: &Weir) -> Result<Self, GitProblem> {
        let shown = Credentials::of(&parts.headers, &weir.cookie).header;
        Ok(Self(Door::open(weir, shown.ok_or_else(Problem::no_token)?)?))
    }
}

struct GitProblem(Problem);

impl<T: Into<Problem>> From<T> for GitProblem {
    fn from(problem: T) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for GitProblem {
    fn into_response(self) -> Response {
        let Problem { mut status, refused } = self.0;
        // Git answers a 401 by asking for a password. An agent whose session has ended would wait there for ever.
        if status == StatusCode::UNAUTHORIZED && refused.code.starts_with("session.") {
            status = StatusCode::FORBIDDEN;
        }
        let hint = refused.hint.map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
        // Plain text, for git shows it to its user behind `remote:`.
        let text = format!("{} ({})\n{hint}", refused.sentence, refused.code);
        let mut response = (status, text).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let basic =
                HeaderValue::from_static("Basic realm=\"weir: any name, a token as password\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
        }
        response
    }
}

#[derive(Deserialize)]
struct Asked {
    service: Option<String>,
}

/// `GET /git/info/refs?service=…`
async fn info_refs(
    GitDoor(door): GitDoor,
    asked: Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, GitProblem> {
    let trunk = door.engine().trunk().clone();
    match asked.service.as_deref() {
        Some("git-upload-pack") => {
            door.may_fetch()?;
            let refs = trunk.advertise_fetch(protocol(&headers)).await.map_err(failed)?;
            Ok(answer("application/x-git-upload-pack-advertisement", refs))
        }
        Some("git-receive-pack") => {
            door.read(|_| Ok(()))?;
            let refs = tokio::task::spawn_blocking(move || trunk.advertise_push()).await;
            let refs = refs.map_err(|_| Problem::failed("refs could not be read".to_owned()))?;
            Ok(answer("application/x-git-receive-pack-advertisement", refs.map_err(failed)?))
        }
        Some(_) | None => {
            door.read(|_| Ok(()))?;
            let refusal = Refusal::new("git.dumb", "only git's smart protocol is spoken here");
            Err(refusal.hint("use git 1.6.6 or newer").into())
        }
    }
}

/// `POST /git/git-upload-pack`: a clone or a fetch, as it streams.
async fn fetch(GitDoor(door): GitDoor, request: Request) -> Result<Response, GitProblem> {
    door.may_fetch()?;
    let (parts, body) = request.into_parts();
    let mut body = weir_git::Body::new(reader(body), encoding(&parts.headers), ASK_BYTES_MAX)?;
    let protocol = protocol(&parts.headers).map(str::to_owned);
    let trunk = door.engine().trunk().clone();
    let (mut out, answer_body) = tokio::io::duplex(64 << 10);
    // Ends when the client goes: then nobody reads from the pipe, and writing to it fails.
    tokio::spawn(async move {
        let served = trunk.serve_fetch(protocol.as_deref(), &mut body, &mut out).await;
        if let Err(error) = served {
            tracing::debug!(%error, "a fetch ended early");
        }
    });
    let body = Body::from_stream(ReaderStream::new(answer_body));
    Ok(answer("application/x-git-upload-pack-result", body))
}

/// What a fetch may ask with: commits it has and wants. A hundred thousand of each fit.
const ASK_BYTES_MAX: u64 = 10 << 20;

/// `POST /git/git-receive-pack`: a push. Decided before a ref moves.
async fn push(GitDoor(door): GitDoor, request: Request) -> Result<Response, GitProblem> {
    let (parts, body) = request.into_parts();
    // On its own, so that a client that goes away between the record and the ref stops neither. One that goes
    // earlier ends it, for then there is nothing more to read.
    let taken = tokio::spawn(async move {
        let encoding = encoding(&parts.headers);
        door.engine().receive(&door.caller, reader(body), encoding).await
    });
    let told = taken.await.map_err(|_| Problem::failed("the push was not taken in".to_owned()))?;
    Ok(answer("application/x-git-receive-pack-result", told?))
}

fn reader(body: Body) -> impl AsyncRead + Unpin + Send {
    StreamReader::new(body.into_data_stream().map_err(io::Error::other))
}

fn answer(kind: &'static str, body: impl Into<Body>) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")];
    (headers, body.into()).into_response()
}

fn protocol(headers: &HeaderMap) -> Option<&str> {
    headers.get("git-protocol").and_then(|value| value.to_str().ok())
}

fn encoding(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok())
}

fn failed(error: weir_git::Error) -> Problem {
    weir_engine::Error::from(error).into()
}
