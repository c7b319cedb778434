//! Who asks: established here from what the request shows, for every route alike, and never from its body.

mod credentials;

pub(crate) use credentials::{Credentials, Shown};

use crate::reply::{Problem, Reply};
use crate::see::See;
use crate::weir::Weir;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::{Json, RequestPartsExt as _};
use serde::de::DeserializeOwned;
use std::str::FromStr;
use weir_engine::{Caller, Engine, Error, Secret};
use weir_model::event::guard::Right;
use weir_model::{Position, Refusal};

/// The door that a caller came in by. A route that takes one cannot be reached without a live token.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) weir: Weir,
    pub(crate) caller: Caller,
    shown: Shown,
}

impl FromRequestParts<Weir> for Door {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, weir: &Weir) -> Result<Self, Problem> {
        let credentials = Credentials::of(&parts.headers, &weir.cookie);
        // A browser adds its cookie to whatever a page makes it send; so here it may only look. What a page may do,
        // it does by its forms, which prove that the page is ours.
        let shown = credentials.header.or(credentials.cookie.filter(|_| parts.method.is_safe()));
        Self::open(weir, shown.ok_or_else(Problem::no_token)?)
    }
}

impl Door {
    /// The door for whoever shows this.
    pub(crate) fn open(weir: &Weir, shown: Shown) -> Result<Self, Problem> {
        let caller = weir.engine.authenticate(shown.secret()).map_err(Problem::nobody)?;
        Ok(Self { weir: weir.clone(), caller, shown })
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Engine {
        &self.weir.engine
    }

    /// The secret that was shown, for an agent's worktree to push with.
    pub(crate) fn bearer(&self) -> Secret {
        Secret::new(self.shown.secret())
    }

    /// What a form of this caller's must carry.
    pub(crate) fn form_token(&self) -> String {
        self.shown.form_token()
    }

    /// Reads what is known.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&See<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Problem> {
        let (now, outlook) = (self.engine().now(), self.engine().outlook());
        self.engine().read(|folds| {
            folds.guard.still_valid(&self.caller, now).map_err(Problem::nobody)?;
            folds.guard.require(&self.caller, Right::Read)?;
            Ok(read(&See { folds, now, outlook: &outlook })?)
        })
    }

    /// Whether the caller may fetch commits.
    pub(crate) fn may_fetch(&self) -> Result<(), Problem> {
        let now = self.engine().now();
        self.engine().read(|folds| {
            folds.guard.still_valid(&self.caller, now).map_err(Problem::nobody)?;
            Ok(folds.guard.require_fetch(&self.caller)?)
        })
    }

    /// As [`Door::read`], as the answer of a route.
    pub(crate) fn tell<T>(&self, read: impl FnOnce(&See<'_>) -> Result<T, Refusal>) -> Reply<T> {
        self.read(read).map(Json)
    }

    /// Asks the ledger or git, on a thread that may wait for a disk.
    pub(crate) async fn ask_disk<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Engine) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        self.read(|_| Ok(()))?;
        let engine = self.engine().clone();
        let asked = tokio::task::spawn_blocking(move || ask(&engine)).await;
        match asked {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Problem::failed("what is on the disk could not be asked".to_owned())),
        }
    }

    /// The last record that readers see.
    pub(crate) fn position(&self) -> Position {
        *self.engine().head().borrow()
    }
}

/// An id, or anything else that is read from one part of the path; what is wrong with it is told unchanged.
pub(crate) struct Named<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Named<T>
where
    T: FromStr<Err = Refusal>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let malformed = || Refusal::new("request.malformed", "the path is not readable text");
        let Path(text) = parts.extract::<Path<String>>().await.map_err(|_| malformed())?;
        Ok(Self(text.parse()?))
    }
}

/// A JSON body; what is wrong with it is told as a refusal.
pub(crate) struct Body<T>(pub(crate) T);

impl<T, S> FromRequest<S> for Body<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(bad_body(&rejection)),
        }
    }
}

/// A JSON body that may be left out altogether.
pub(crate) struct Optional<T>(pub(crate) T);

impl<T, S> FromRequest<S> for Optional<T>
where
    T: DeserializeOwned + Default,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = axum::body::Bytes::from_request(request, state).await.map_err(|rejection| {
            too_large_or(rejection.status(), "the body could not be read".to_owned())
        })?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| malformed(error.to_string()))
    }
}

fn bad_body(rejection: &JsonRejection) -> Problem {
    let sentence = match rejection {
        JsonRejection::MissingJsonContentType(_) => {
            "the body is not said to be JSON: send `Content-Type: application/json`".to_owned()
        }
        other => {
            std::error::Error::source(other).map_or_else(|| other.body_text(), ToString::to_string)
        }
    };
    too_large_or(rejection.status(), sentence)
}

fn too_large_or(status: StatusCode, sentence: String) -> Problem {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Refusal::new("request.too_large", "the body is larger than 512 KiB").into();
    }
    malformed(sentence)
}

fn malformed(sentence: String) -> Problem {
    Refusal::new("request.malformed", format!("the body is not what this route takes: {sentence}"))
        .hint("`/openapi.json` describes it")
        .into()
}
