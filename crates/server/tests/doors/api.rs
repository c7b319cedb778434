//! The HTTP API: who may do what by which route, and how a refusal looks.

use crate::support::{House, request};
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

#[tokio::test]
async fn a_task_goes_from_cut_to_claimed_to_given_back() {
    let house = House::new();
    let task = house.task("Say hello").await;
    let agent = house.agent("claude").await;

    let claim = house.ask(&agent, Method::POST, &format!("/v1/tasks/{task}/claim"), None).await;
    assert_eq!(claim.status, StatusCode::OK, "{}", claim.text);
    let claim = claim.json();
    assert_eq!(claim["task"], json!(task));
    assert_eq!(claim["paths"], json!(["src/**"]));
    assert!(claim["submit"].as_str().expect("a command").contains("git push"));
    assert!(claim["secret"].is_null(), "the agent has its token already");

    let status = house.get("/v1/status").await.json();
    assert_eq!(status["counts"]["tasks_claimed"], json!(1));
    assert_eq!(status["waits"][0]["stage"], json!("working"));
    assert_eq!(status["waits"][0]["whose"], json!("agent"));
    assert!(status["events"].as_array().expect("events").len() > 3);

    let other = house.agent("codex").await;
    let held = house.ask(&other, Method::POST, &format!("/v1/tasks/{task}/claim"), None).await;
    assert_eq!((held.status, held.code().as_str()), (StatusCode::CONFLICT, "claim.held"));
    assert!(held.json()["hint"].is_string());

    let back = house.ask(&agent, Method::POST, &format!("/v1/tasks/{task}/release"), None).await;
    assert_eq!(back.json(), json!({"done": true}));
}

#[tokio::test]
async fn a_person_who_claims_gets_a_session_for_the_agent() {
    let house = House::new();
    house.task("Say hello").await;
    let claim =
        house.post("/v1/tasks/next/claim", json!({"agent": "claude", "lease": "10m"})).await;
    assert_eq!(claim.status, StatusCode::OK, "{}", claim.text);
    let secret = claim.json()["secret"].as_str().expect("a secret").to_owned();
    assert!(secret.starts_with("weir_s_"));
    let space = house.ask(&secret, Method::GET, "/v1/space", None).await;
    assert_eq!(space.json()["you"]["name"], json!("claude"));
}

/// Role by route: what is answered to each. `T` stands for a task that is there.
#[tokio::test]
async fn each_route_asks_for_its_right() {
    let house = House::new();
    let task = house.task("Say hello").await;
    let tokens = [
        String::new(),
        "weir_p_nobody".to_owned(),
        house.person("aud", "auditor").await,
        house.agent("claude").await,
        house.person("mem", "member").await,
        house.owner.clone(),
    ];
    let new_task = json!({"title": "Another", "paths": ["**"]});
    let rows: [(Method, &str, Option<Value>, [u16; 6]); 24] = [
        (Method::GET, "/v1/space", None, [401, 401, 200, 200, 200, 200]),
        (Method::GET, "/v1/status", None, [401, 401, 200, 200, 200, 200]),
        (Method::GET, "/v1/tasks", None, [401, 401, 200, 200, 200, 200]),
        (Method::GET, "/v1/tasks/T", None, [401, 401, 200, 200, 200, 200]),
        (Method::GET, "/v1/show/T", None, [401, 401, 200, 200, 200, 200]),
        (Method::GET, "/v1/sessions", None, [401, 401, 200, 200, 200, 200]),
        (Method::GET, "/v1/changes", None, [401, 401, 200, 200, 200, 200]),
        (Method::GET, "/v1/people", None, [401, 401, 200, 200, 200, 200]),
        (Method::GET, "/v1/tokens", None, [401, 401, 200, 200, 200, 200]),
        (Method::GET, "/v1/log", None, [401, 401, 200, 200, 200, 200]),
        (Method::GET, "/v1/audit/key", None, [401, 401, 200, 200, 200, 200]),
        (Method::GET, "/v1/audit/checkpoint", None, [401, 401, 200, 200, 200, 200]),
        (Method::GET, "/v1/audit/proof?record=E1", None, [401, 401, 200, 200, 200, 200]),
        (Method::GET, "/v1/audit/proof", None, [401, 401, 422, 422, 422, 422]),
        (Method::GET, "/v1/audit/export", None, [401, 401, 200, 200, 200, 200]),
        (Method::POST, "/v1/tasks", Some(new_task), [401, 401, 403, 403, 201, 201]),
        (
            Method::POST,
            "/v1/people",
            Some(json!({"name": "New", "role": "member"})),
            [401, 401, 403, 403, 403, 201],
        ),
        (
            Method::PUT,
            "/v1/people/P2/role",
            Some(json!({"role": "auditor"})),
            [401, 401, 403, 403, 403, 200],
        ),
        (Method::POST, "/v1/sessions", Some(json!({"agent": "x"})), [401, 401, 403, 201, 201, 201]),
        (Method::POST, "/v1/revisions/C9.1/approve", None, [401, 401, 403, 403, 404, 404]),
        (
            Method::POST,
            "/v1/revisions/C9.1/reject",
            Some(json!({"comment": "no"})),
            [401, 401, 403, 403, 404, 404],
        ),
        (Method::POST, "/v1/tasks/T/withdraw", None, [401, 401, 403, 403, 200, 200]),
        (Method::DELETE, "/v1/tokens/K99", None, [401, 401, 403, 403, 403, 404]),
        (Method::DELETE, "/v1/people/P9", None, [401, 401, 403, 403, 403, 404]),
    ];
    let mut wrong = Vec::new();
    for (method, path, body, expected) in rows {
        let path = path.replace("/T", &format!("/{task}"));
        for (token, expected) in tokens.iter().zip(expected) {
            let answer = house.ask(token, method.clone(), &path, body.clone()).await;
            if answer.status.as_u16() != expected {
                let letter = token.get(..6).unwrap_or("nobody");
                wrong.push(format!(
                    "{method} {path} as {letter}: {} {}",
                    answer.status, answer.text
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said() {
    let house = House::new();
    let rows = [
        (Method::GET, "/v1/tasks/T99", "", 404, "task.unknown"),
        (Method::GET, "/v1/tasks/99", "", 422, "id.malformed"),
        (Method::GET, "/v1/tasks/%ff", "", 422, "request.malformed"),
        (Method::GET, "/v1/tasks?state=odd", "", 422, "request.malformed"),
        (Method::GET, "/v1/tasks?limit=-1", "", 422, "request.malformed"),
        (Method::GET, "/v1/log?after=5", "", 422, "request.malformed"),
        (Method::GET, "/v1/log?about=x", "", 404, "id.unknown"),
        (Method::GET, "/v1/show/C1", "", 404, "change.unknown"),
        (Method::GET, "/v1/show/E99999", "", 404, "event.unknown"),
        (Method::GET, "/v1/show/nonsense", "", 404, "id.unknown"),
        (Method::GET, "/v1/show/abcdef0", "", 404, "commit.unknown"),
        (Method::GET, "/v1/bodies/00", "", 422, "digest.malformed"),
        (Method::GET, "/v1/nothing", "", 404, "route.unknown"),
        (Method::GET, "/v1/tasks/next/claim", "", 405, "route.method"),
        (Method::POST, "/v1/tasks", "{", 422, "request.malformed"),
        (Method::POST, "/v1/tasks", "[]", 422, "request.malformed"),
        (
            Method::POST,
            "/v1/tasks",
            "{\"title\":\"x\",\"paths\":[\"/x\"]}",
            422,
            "request.malformed",
        ),
        (Method::POST, "/v1/tasks", "{\"title\":\"\",\"paths\":[\"x\"]}", 422, "task.bad_title"),
        (
            Method::POST,
            "/v1/tasks",
            "{\"title\":\"x\",\"paths\":[],\"odd\":1}",
            422,
            "request.malformed",
        ),
        (Method::POST, "/v1/tasks/T1/claim", "{\"lease\":\"soon\"}", 422, "request.malformed"),
    ];
    for (method, path, body, status, code) in rows {
        let request = request(method.clone(), path)
            .header(header::AUTHORIZATION, format!("Bearer {}", house.owner))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body));
        let answer = house.send(request.expect("a request")).await;
        let found = (answer.status.as_u16(), answer.code());
        assert_eq!(found, (status, code.to_owned()), "{method} {path} {body}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_body_too_large_or_of_another_kind_is_turned_away() {
    let house = House::new();
    let large = json!({"title": "x", "text": "x".repeat(600 << 10), "paths": ["**"]});
    let answer = house.post("/v1/tasks", large).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (413, "request.too_large"));

    let request = request(Method::POST, "/v1/tasks")
        .header(header::AUTHORIZATION, format!("Bearer {}", house.owner))
        .body(Body::from("{}"))
        .expect("a request");
    let answer = house.send(request).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "request.malformed"));
}

#[tokio::test]
async fn everything_that_was_printed_can_be_shown() {
    let house = House::new();
    let task = house.task("Say hello").await;
    house.agent("claude").await;
    for id in [task.as_str(), "S1", "P1", "K1", "E1", "E3"] {
        let shown = house.get(&format!("/v1/show/{id}")).await;
        assert_eq!(shown.status, StatusCode::OK, "{id}: {}", shown.text);
        let shown = shown.json();
        assert_eq!(shown["id"], json!(id));
        // One name a field: an event has a kind of its own.
        assert!(shown["thing"]["is"].is_string(), "{shown}");
        for link in shown["links"].as_array().expect("links") {
            let other = link["id"].as_str().expect("an id");
            let linked = house.get(&format!("/v1/show/{other}")).await;
            assert_eq!(linked.status, StatusCode::OK, "{id} -> {other}: {}", linked.text);
        }
    }
    let shown = house.get(&format!("/v1/show/{task}")).await.json();
    assert_eq!(shown["thing"]["is"], json!("task"));
    assert_eq!(shown["events"][0]["kind"], json!("task.created.v1"));
    let tip = house.engine.trunk().tip().expect("a tip").to_string();
    let shown = house.get(&format!("/v1/show/{}", &tip[..10])).await.json();
    assert_eq!((&shown["id"], &shown["thing"]["title"]), (&json!(tip), &json!("Begin")));
}

#[tokio::test]
async fn a_commit_beside_the_trunk_is_nobody_s_business() {
    let house = House::new();
    let repo = house.folder.path().join("repo");
    crate::support::git(&repo, &["commit", "-q", "--allow-empty", "-m", "Not yet for others"]);
    let own = crate::support::git(&repo, &["rev-parse", "HEAD"]);
    let shown = house.get(&format!("/v1/show/{}", own.trim())).await;
    assert_eq!((shown.status.as_u16(), shown.code().as_str()), (404, "commit.unknown"));
}

#[tokio::test]
async fn no_answer_holds_a_secret_but_the_one_it_is_made_for() {
    let house = House::new();
    let agent = house.agent("claude").await;
    let link = house.post("/v1/sign-in-links", json!({})).await.json();
    let code =
        link["url"].as_str().and_then(|url| url.rsplit('/').next()).expect("a code").to_owned();
    for path in ["/v1/status", "/v1/log", "/v1/sessions", "/v1/tokens", "/v1/audit/export", "/"] {
        let text = house.get(path).await.text;
        for secret in [&agent, &code, &house.owner] {
            assert!(!text.contains(secret.as_str()), "{path} shows a secret");
        }
    }
}
