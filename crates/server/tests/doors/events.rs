//! The log and the stream of events: nothing is missed, nothing comes twice.

use crate::support::{HOST, House};
use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt as _;
use std::time::Duration;
use tower::ServiceExt as _;

/// Opens a stream and reads until `enough` says so.
async fn read_stream(house: &House, last: Option<&str>, enough: impl Fn(&str) -> bool) -> String {
    let mut request = Request::builder()
        .uri("/v1/events")
        .header(header::HOST, HOST)
        .header(header::AUTHORIZATION, format!("Bearer {}", house.owner));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let request = request.body(Body::empty()).expect("a request");
    let response = house.router.clone().oneshot(request).await.expect("infallible");
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    let mut text = String::new();
    while !enough(&text) {
        let frame = tokio::time::timeout(Duration::from_secs(20), body.frame()).await;
        let Some(frame) = frame.expect("in time") else { break };
        if let Ok(data) = frame.expect("a frame").into_data() {
            text.push_str(&String::from_utf8_lossy(&data));
        }
    }
    text
}

fn ids(text: &str) -> Vec<u64> {
    let ids = text.lines().filter_map(|line| line.strip_prefix("id: E"));
    ids.map(|id| id.parse().expect("a number")).collect()
}

#[tokio::test]
async fn a_stream_resumes_where_it_was_cut_off() {
    let house = House::new();
    house.task("One").await;
    let head = house.engine.head().borrow().0;
    let all = read_stream(&house, Some("E0"), |text| ids(text).len() as u64 >= head).await;
    assert_eq!(ids(&all), (1..=head).collect::<Vec<_>>());
    let some = read_stream(&house, Some("E2"), |text| ids(text).len() as u64 >= head - 2).await;
    assert_eq!(ids(&some), (3..=head).collect::<Vec<_>>());
    assert!(some.contains("event: task.created.v1"), "{some}");
    assert!(some.contains("\"sentence\""), "{some}");
}

#[tokio::test]
async fn a_stream_tells_what_happens_after_it_began() {
    let house = House::new();
    let listening = read_stream(&house, None, |text| text.contains("task.created.v1"));
    let acting = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        house.task("Later").await
    };
    let (text, _) = tokio::join!(listening, acting);
    assert!(text.contains("Later"), "{text}");
}

#[tokio::test]
async fn a_stream_ends_with_the_token_and_with_the_server() {
    let house = House::new();
    let agent = house.agent("claude").await;
    let request = Request::builder()
        .uri("/v1/events")
        .header(header::HOST, HOST)
        .header(header::AUTHORIZATION, format!("Bearer {agent}"))
        .body(Body::empty())
        .expect("a request");
    let response = house.router.clone().oneshot(request).await.expect("infallible");
    house.post("/v1/sessions/S1/end", serde_json::json!({"why": "enough"})).await;
    let told = tokio::time::timeout(Duration::from_secs(20), response.into_body().collect()).await;
    let told = told.expect("it ends by itself").expect("a body").to_bytes();
    assert!(told.is_empty(), "what ends it is not told to whom it ends");

    let listening = read_stream(&house, None, |_| false);
    let closing = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        house.closing.cancel();
    };
    tokio::join!(listening, closing);
}

#[tokio::test]
async fn the_log_can_be_read_in_parts() {
    let house = House::new();
    for title in ["One", "Two", "Three"] {
        house.task(title).await;
    }
    let head = house.engine.head().borrow().0;
    let (mut after, mut seen) = ("E0".to_owned(), Vec::new());
    loop {
        let part = house.get(&format!("/v1/log?after={after}&limit=2")).await.json();
        for item in part["items"].as_array().expect("items") {
            seen.push(item["position"].as_str().expect("a place").to_owned());
        }
        match part["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, (1..=head).map(|n| format!("E{n}")).collect::<Vec<_>>());

    let about = house.get("/v1/log?about=T2").await.json();
    let items = about["items"].as_array().expect("items");
    assert_eq!(items.len(), 1, "{about}");
    assert!(items[0]["sentence"].as_str().expect("words").contains("Two"));
}
