//! A runner's token opens what a runner needs, and nothing else.

use crate::support::{House, try_git};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use weir_server::Serving;

/// A runner's token.
async fn token(house: &House) -> String {
    let answer = house.post("/v1/tokens", json!({"label": "build-1", "rights": ["run"]})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()["secret"].as_str().expect("a secret").to_owned()
}

fn take() -> Value {
    json!({"name": "a", "environment": "linux", "places": 1})
}

/// Every route that there is, with nothing or with an empty body: none does anything for a runner.
#[tokio::test]
async fn it_opens_no_other_route() {
    let house = House::new();
    let runner = token(&house).await;
    let document: Value = serde_json::from_str(&weir_server::openapi()).expect("a document");
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let ids =
            [("{task}", "T1"), ("{change}", "C1"), ("{revision}", "C1.1"), ("{person}", "P1")];
        let mut at = ids.iter().fold(path.clone(), |at, (name, id)| at.replace(name, id));
        while let (Some(from), Some(to)) = (at.find('{'), at.find('}')) {
            at.replace_range(from..=to, "x");
        }
        for method in methods.as_object().expect("methods").keys() {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let body = (method != Method::GET).then(|| json!({}));
            let answer = house.ask(&runner, method.clone(), &at, body).await;
            assert!(!answer.status.is_success(), "{method} {at}: {}", answer.text);
            asked += 1;
        }
    }
    assert!(asked > 60, "{asked}");
    for path in ["/v1/status", "/v1/space", "/v1/queue", "/v1/log", "/v1/runners", "/v1/tokens"] {
        let answer = house.ask(&runner, Method::GET, path, None).await;
        assert_eq!((answer.status, &*answer.code()), (StatusCode::FORBIDDEN, "right.not_in_token"));
    }
    let taken = house.ask(&runner, Method::POST, "/v1/runners/take", Some(take())).await;
    assert_eq!((taken.status, taken.text.as_str()), (StatusCode::OK, "{}"), "nothing waits");
    // It is a person's token: only what it may do is less.
    let owner = house.post("/v1/runners/take", take()).await;
    assert_eq!(owner.code(), "right.not_in_token", "{}", owner.text);
    let agent = house.agent("claude").await;
    let agent = house.ask(&agent, Method::POST, "/v1/runners/take", Some(take())).await;
    assert_eq!(agent.code(), "right.not_for_agents", "{}", agent.text);
    let nobody = house.ask("", Method::POST, "/v1/runners/take", Some(take())).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    let runners = house.get("/v1/runners").await.json();
    assert_eq!(runners["total"], 1, "{runners:#}");
    assert_eq!(
        (&runners["items"][0]["name"], &runners["items"][0]["label"]),
        (&json!("a"), &json!("build-1"))
    );
}

/// What it holds nobody but itself can speak of, and what it names must be there.
#[tokio::test]
async fn it_speaks_of_nothing_that_it_does_not_hold() {
    let house = House::new();
    let runner = token(&house).await;
    let held = json!({"name": "a", "candidate": "Q1", "run": 1, "lease": "#1"});
    let with = |more: Value| {
        let mut body = held.clone();
        let fields = more.as_object().cloned().unwrap_or_default();
        body.as_object_mut().expect("an object").extend(fields);
        body
    };
    let report = json!({"check": "test", "ended": {"exited": 0}, "elapsed_ms": 1, "log": ""});
    for (path, body) in [
        ("/v1/runners/renew", with(json!({}))),
        ("/v1/runners/report", with(report.clone())),
        ("/v1/runners/return", with(json!({"why": "no room"}))),
    ] {
        let answer = house.ask(&runner, Method::POST, path, Some(body)).await;
        assert_eq!(answer.code(), "run.unknown", "{path}: {}", answer.text);
    }
    let mut odd = with(report);
    odd["log"] = json!("not Base64!");
    let answer = house.ask(&runner, Method::POST, "/v1/runners/report", Some(odd)).await;
    assert_eq!(answer.code(), "request.malformed", "{}", answer.text);
    let mut odd = take();
    odd["places"] = json!(0);
    let answer = house.ask(&runner, Method::POST, "/v1/runners/take", Some(odd)).await;
    assert_eq!(answer.code(), "runner.bad_places", "{}", answer.text);
    let mut odd = take();
    odd["name"] = json!("a\nb");
    let answer = house.ask(&runner, Method::POST, "/v1/runners/take", Some(odd)).await;
    assert_eq!(answer.code(), "runner.bad_name", "{}", answer.text);
    let together = json!({"label": "both", "rights": ["run", "read"]});
    assert_eq!(house.post("/v1/tokens", together).await.code(), "token.run_alone");
    let answer = house.ask(&runner, Method::POST, "/v1/runners/leave", Some(json!({"name": "b"})));
    assert_eq!(answer.await.status, StatusCode::OK, "whoever is not here has left");
}

/// It fetches what is tested, and pushes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn it_fetches_and_pushes_nothing() {
    let house = House::new();
    let runner = token(&house).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/git", listener.local_addr().expect("an address"));
    let (engine, shutdown) = (house.engine.clone(), CancellationToken::new());
    tokio::spawn(weir_server::serve(engine, listener, Serving::default(), shutdown.clone()));
    let folder = house.folder.path().to_owned();
    let done = tokio::task::spawn_blocking(move || {
        let header = format!("http.extraHeader=Authorization: Bearer {runner}");
        let clone = try_git(&folder, &["-c", &header, "clone", "-q", &url, "theirs"]);
        let theirs = folder.join("theirs");
        let push = ["-c", &header, "push", "-q", &url, "HEAD:refs/for/main"];
        (clone, try_git(&theirs, &push), theirs.join("weir.toml").exists())
    });
    let ((cloned, said), (pushed, refused), is_there) = done.await.expect("no panic");
    shutdown.cancel();
    assert!(cloned && is_there, "{said}");
    assert!(!pushed && refused.contains("403"), "{refused}");
}
