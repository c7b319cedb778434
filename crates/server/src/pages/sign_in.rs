//! Signing in and out. A link only asks: previews and prefetching open links, and none of them may use one up.

use super::door::{Filled, Page, came_from_here};
use super::parts::words;
use super::shell;
use crate::reply::Problem;
use crate::weir::Weir;
use crate::wire::Refused;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

/// `GET /sign-in/{code}`
pub(super) async fn ask(Path(code): Path<String>) -> Markup {
    shell::bare(
        "Sign in",
        &html! {
            div.card.narrow {
                h2 { "Sign in" }
                div.in {
                    p { "This link was made for you. It works once, in this browser." }
                    form method="post" action={ "/sign-in/" (code) } {
                        div.acts { button.main autofocus { "Sign in" } }
                    }
                }
            }
        },
    )
}

/// `POST /sign-in/{code}`
pub(super) async fn redeem(
    State(weir): State<Weir>,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Page> {
    // Or another site could sign a browser in as somebody else.
    came_from_here(&headers)?;
    let (secret, expires_at) = weir.engine.redeem_sign_in(&code).await.map_err(Problem::from)?;
    let age = expires_at.since(weir.engine.now()).as_secs();
    let secure = if weir.is_secure() { "; Secure" } else { "" };
    let (name, value) = (&weir.cookie, secret.reveal());
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}");
    with_cookie(&cookie)
}

/// `POST /sign-out`
pub(super) async fn sign_out(
    State(weir): State<Weir>,
    Filled { door, form: () }: Filled<()>,
) -> Result<Response, Page> {
    door.engine().sign_out(&door.caller).await.map_err(Problem::from)?;
    with_cookie(&format!("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict", weir.cookie))
}

fn with_cookie(cookie: &str) -> Result<Response, Page> {
    let cookie = HeaderValue::from_str(cookie)
        .map_err(|_| Problem::failed("the cookie could not be written".to_owned()))?;
    let mut response = (StatusCode::SEE_OTHER, Redirect::to("/")).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// How to sign in, for whoever has not.
pub(super) fn how(refused: &Refused) -> Markup {
    shell::bare(
        "Sign in",
        &html! {
            div.card.narrow {
                h2 { "Sign in" }
                div.in {
                    p { "Open the link that " code { "weir up" } " printed. It works once; for another, run" }
                    pre { "weir sign-in-link" }
                    p.soft { "in the repository that this page is about, or ask an owner for one." }
                    @if refused.code != "token.missing" {
                        p.faint { (words(&refused.sentence)) " (" code { (refused.code) } ")" }
                    }
                }
            }
        },
    )
}
