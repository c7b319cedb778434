//! What every request must pass, whichever door it wants: the right host, no foreign origin, no panic.
//!
//! A page on the internet can make a browser send requests to the loopback, and with DNS rebinding even read the
//! answers. So `Host` must be a name of ours, and an `Origin`, where there is one, must be that same host. Only
//! browsers send an origin; the rest show a token, which no foreign page has.

use crate::reply::Problem;
use crate::weir::Weir;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;
use weir_model::Refusal;

/// Lets a request in, and sees its answer out.
pub(crate) async fn walls(State(weir): State<Weir>, request: Request, next: Next) -> Response {
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let mut response = match pass(method, uri, headers, &weir) {
        Ok(()) => AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
            // The panic hook has written where; here only the caller is told.
            tracing::error!("a request ended in a panic");
            Problem::failed("something went wrong on our side".to_owned()).into_response()
        }),
        Err(refusal) => {
            tracing::debug!(code = %refusal.code, "a request was turned away at the door");
            let refused = Box::new(refusal.into());
            Problem { status: StatusCode::FORBIDDEN, refused }.into_response()
        }
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// What every answer says to a browser. `same-origin` and not `no-referrer`: with the latter a browser sends
/// `Origin: null` with our own forms.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
         img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

fn pass(method: &Method, uri: &Uri, headers: &HeaderMap, weir: &Weir) -> Result<(), Refusal> {
    let host = host(uri, headers).ok_or_else(|| {
        Refusal::new("host.missing", "the request does not say which host it is for")
    })?;
    if !weir.is_ours(name_of(&host)) {
        let sentence = format!("`{}` is not a name of this server", host.escape_debug());
        return Err(Refusal::new("host.foreign", sentence)
            .hint("use the address that `weir up` printed, or serve under this name: `--public`"));
    }
    for origin in headers.get_all(header::ORIGIN) {
        let ours = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        let is_ours = ours.is_some_and(|(scheme, authority)| {
            matches!(scheme, "http" | "https") && authority.eq_ignore_ascii_case(&host)
        });
        if !is_ours {
            return Err(Refusal::new("origin.foreign", "the request comes from another site")
                .hint("use the page of this server itself"));
        }
    }
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if !method.is_safe() && matches!(site, Some(b"cross-site" | b"same-site")) {
        return Err(Refusal::new("origin.foreign", "the request comes from another site"));
    }
    Ok(())
}

/// The one host a request names.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let mut named = headers.get_all(header::HOST).iter();
    match (named.next(), named.next()) {
        (Some(host), None) => host.to_str().ok().map(str::to_owned),
        (None, None) => uri.authority().map(ToString::to_string),
        (_, _) => None,
    }
}

/// An authority without its port: `[::1]:80` is `[::1]`.
pub(crate) fn name_of(authority: &str) -> &str {
    let after_bracket = authority.rfind(']').map_or(0, |at| at + 1);
    let port = authority.get(after_bracket..).and_then(|rest| rest.rfind(':'));
    port.and_then(|at| authority.get(..after_bracket + at)).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_port_is_not_part_of_a_name() {
        let rows = [
            ("localhost", "localhost"),
            ("localhost:80", "localhost"),
            ("[::1]", "[::1]"),
            ("[::1]:80", "[::1]"),
            ("127.0.0.1:4711", "127.0.0.1"),
            ("", ""),
            (":", ""),
        ];
        for (authority, name) in rows {
            assert_eq!(name_of(authority), name, "{authority}");
        }
    }

    proptest! {
        #[test]
        fn no_authority_makes_it_panic(authority in ".*") {
            let _ = name_of(&authority);
        }
    }
}
