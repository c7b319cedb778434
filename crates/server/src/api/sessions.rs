//! `/v1/sessions`: what agents run under.

use super::done;
use crate::door::{Body, Door, Named, Optional};
use crate::reply::{Problem, Reply};
use crate::wire::{Done, List, NewSession, OpenedSession, Parting, Refused, Session};
use axum::Json;
use axum::http::StatusCode;
use weir_model::SessionId;

/// The sessions
///
/// The latest hundred, newest first, whether or not they may still act.
#[utoipa::path(get, path = "/v1/sessions", tag = "sessions",
    responses((status = 200, body = List<Session>), (status = "default", body = Refused)))]
pub(crate) async fn list(door: Door) -> Reply<List<Session>> {
    door.tell(|see| {
        let mut sessions: Vec<_> = see.folds.guard.sessions().collect();
        sessions.reverse();
        let items = sessions.iter().take(100).map(|session| see.session(session)).collect();
        Ok(List { items, total: sessions.len() as u64 })
    })
}

/// Open a session for an agent
///
/// A person opens one they answer for; a session opens a child, which may do at most what it may itself.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = NewSession,
    responses((status = 201, body = OpenedSession), (status = "default", body = Refused)))]
pub(crate) async fn open(
    door: Door,
    Body(new): Body<NewSession>,
) -> Result<(StatusCode, Json<OpenedSession>), Problem> {
    let NewSession { agent, paths, length } = new;
    let wish = weir_engine::NewSession { agent, paths, length };
    let opened = door.engine().open_session(&door.caller, wish).await?;
    let secret = opened.secret.reveal().to_owned();
    let (session, expires_at) = (opened.session, opened.expires_at);
    let worktrees = door.engine().worktrees();
    Ok((StatusCode::CREATED, Json(OpenedSession { session, secret, expires_at, worktrees })))
}

/// End a session
///
/// And all that it spawned. What they hold goes back.
#[utoipa::path(post, path = "/v1/sessions/{session}/end", tag = "sessions",
    request_body = Option<Parting>, params(("session" = String, Path, example = "S1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn end(
    door: Door,
    Named(session): Named<SessionId>,
    Optional(parting): Optional<Parting>,
) -> Reply<Done> {
    door.engine().end_session(&door.caller, session, parting.why).await?;
    Ok(done())
}
