//! Who looks at a page: whoever the cookie says, and for a form only when the page it came from was ours.

use super::shell;
use crate::door::{Credentials, Door, Shown};
use crate::reply::Problem;
use crate::weir::Weir;
use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use weir_model::Refusal;

/// The door for somebody who looks at a page.
pub(super) struct PageDoor(pub(super) Door);

impl FromRequestParts<Weir> for PageDoor {
    type Rejection = Page;

    async fn from_request_parts(parts: &mut Parts, weir: &Weir) -> Result<Self, Page> {
        let Credentials { header, cookie } = Credentials::of(&parts.headers, &weir.cookie);
        let shown = header.or(cookie).ok_or_else(Problem::no_token)?;
        Ok(Self(Door::open(weir, shown)?))
    }
}

/// A form that came from a page of this caller's.
pub(super) struct Filled<T> {
    pub(super) door: Door,
    pub(super) form: T,
}

#[derive(serde::Deserialize)]
struct Carried<T> {
    form: Option<String>,
    #[serde(flatten)]
    rest: T,
}

impl<T: DeserializeOwned> FromRequest<Weir> for Filled<T> {
    type Rejection = Page;

    async fn from_request(request: Request, weir: &Weir) -> Result<Self, Page> {
        let (mut parts, body) = request.into_parts();
        let shown = Credentials::of(&parts.headers, &weir.cookie).cookie;
        let shown = shown.ok_or_else(Problem::no_token)?;
        let PageDoor(door) = PageDoor::from_request_parts(&mut parts, weir).await?;
        came_from_here(&parts.headers)?;
        let request = Request::from_parts(parts, body);
        let Form(carried) =
            Form::<Carried<T>>::from_request(request, weir).await.map_err(|why| {
                let sentence =
                    format!("the form is not filled in as it should be: {}", why.body_text());
                Problem::from(Refusal::new("request.malformed", sentence))
            })?;
        carries(&shown, carried.form.as_deref())?;
        Ok(Self { door, form: carried.rest })
    }
}

/// A browser says where a form comes from. One that says nothing is none, or is too old to be safe.
pub(super) fn came_from_here(headers: &HeaderMap) -> Result<(), Problem> {
    // That an origin is ours, if there is one, was seen to by the walls.
    let same_origin = headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
    if same_origin || headers.contains_key(header::ORIGIN) { Ok(()) } else { Err(forged()) }
}

fn carries(shown: &Shown, token: Option<&str>) -> Result<(), Problem> {
    let right = token.is_some_and(|token| shown.is_form_token(token));
    if right { Ok(()) } else { Err(forged()) }
}

fn forged() -> Problem {
    let refusal = Refusal::new("form.foreign", "the form did not come from a page of yours")
        .hint("go back, load the page again, and send it from there");
    Problem { status: StatusCode::FORBIDDEN, refused: Box::new(refusal.into()) }
}

/// A problem, told as a page.
pub(super) struct Page(Problem);

impl<T: Into<Problem>> From<T> for Page {
    fn from(problem: T) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let Problem { status, refused } = self.0;
        let page = if status == StatusCode::UNAUTHORIZED {
            super::sign_in::how(&refused)
        } else {
            shell::problem(&refused)
        };
        (status, page).into_response()
    }
}
