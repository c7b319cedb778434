//! What no request gets past: a foreign host, a foreign origin, a cookie where a token is asked for.

use crate::support::{HOST, House, request};
use axum::body::Body;
use axum::http::{Method, Request, header};

async fn from(house: &House, host: &str, origin: Option<&str>) -> (u16, String) {
    let mut request = Request::builder()
        .uri("/v1/space")
        .header(header::HOST, host)
        .header(header::AUTHORIZATION, format!("Bearer {}", house.owner));
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    let answer = house.send(request.body(Body::empty()).expect("a request")).await;
    (answer.status.as_u16(), if answer.status.is_success() { String::new() } else { answer.code() })
}

#[tokio::test]
async fn only_our_own_names_and_pages_get_in() {
    let house = House::new();
    let same = format!("http://{HOST}");
    let rows = [
        (HOST, None, 200, ""),
        ("localhost:4711", None, 200, ""),
        ("LocalHost", None, 200, ""),
        ("[::1]:4711", None, 200, ""),
        (HOST, Some(same.as_str()), 200, ""),
        ("evil.example", None, 403, "host.foreign"),
        ("127.0.0.1.evil.example", None, 403, "host.foreign"),
        ("localhost.evil.example:4711", None, 403, "host.foreign"),
        ("", None, 403, "host.foreign"),
        (HOST, Some("http://evil.example"), 403, "origin.foreign"),
        (HOST, Some("http://localhost:4711"), 403, "origin.foreign"),
        (HOST, Some("http://127.0.0.1:3000"), 403, "origin.foreign"),
        (HOST, Some("null"), 403, "origin.foreign"),
        (HOST, Some(""), 403, "origin.foreign"),
        (HOST, Some("file://127.0.0.1:4711"), 403, "origin.foreign"),
    ];
    for (host, origin, status, code) in rows {
        let found = from(&house, host, origin).await;
        assert_eq!(found, (status, code.to_owned()), "{host} {origin:?}");
    }
}

#[tokio::test]
async fn two_hosts_are_none() {
    let house = House::new();
    let request = Request::builder()
        .uri("/v1/space")
        .header(header::HOST, HOST)
        .header(header::HOST, "evil.example")
        .body(Body::empty())
        .expect("a request");
    assert_eq!(house.send(request).await.code(), "host.missing");
}

#[tokio::test]
async fn the_walls_stand_before_every_door() {
    let house = House::new();
    for path in
        ["/", "/v1/status", "/mcp", "/git/info/refs", "/sign-in/x", "/nothing", "/openapi.json"]
    {
        let request = Request::builder().uri(path).header(header::HOST, "evil.example");
        let answer = house.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (403, "host.foreign"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful() {
    let house = House::new();
    for path in ["/", "/v1/status", "/nothing", "/sign-in/x"] {
        let answer = house.get(path).await;
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_cookie_only_looks() {
    let house = House::new();
    let link = house.post("/v1/sign-in-links", serde_json::json!({})).await.json();
    let code =
        link["url"].as_str().and_then(|url| url.rsplit('/').next()).expect("a code").to_owned();
    let (secret, _) = house.engine.redeem_sign_in(&code).await.expect("it works once");
    let cookie = format!("weir_4711={}", secret.reveal());
    let get = request(Method::GET, "/v1/space").header(header::COOKIE, &cookie);
    let answer = house.send(get.body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let post = request(Method::POST, "/v1/tasks")
        .header(header::COOKIE, &cookie)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{\"title\":\"x\",\"paths\":[\"**\"]}"));
    let answer = house.send(post.expect("a request")).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "token.missing"));
}
