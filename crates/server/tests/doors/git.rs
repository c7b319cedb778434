//! Git, as real clients speak it, over a real socket.

use crate::support::{House, git, try_git};
use axum::http::Method;
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use weir_server::Serving;

/// Serves the house on a port of its own, and gives its address.
async fn serve(house: &House) -> (String, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    house.engine.set_remote(format!("{url}/git"));
    let shutdown = CancellationToken::new();
    let engine = house.engine.clone();
    tokio::spawn(weir_server::serve(engine, listener, Serving::default(), shutdown.clone()));
    (url, shutdown)
}

fn with_token(url: &str, token: &str) -> String {
    url.replacen("http://", &format!("http://agent:{token}@"), 1) + "/git"
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_cloned_pushed_and_lands() {
    let house = House::with(true, "grep two src/lib.txt", 0);
    let (url, _) = serve(&house).await;
    house.task("Say two").await;
    let agent = house.agent("claude").await;
    let claim = house.ask(&agent, Method::POST, "/v1/tasks/next/claim", None).await.json();
    assert!(claim["submit"].is_string(), "{claim}");

    let (folder, remote) = (house.folder.path().to_owned(), with_token(&url, &agent));
    let said = blocking(move || {
        git(&folder, &["clone", "-q", &remote, "clone"]);
        let clone = folder.join("clone");
        std::fs::write(clone.join("src/lib.txt"), "one\ntwo\n").expect("written");
        git(&clone, &["commit", "-qam", "Say two"]);
        git(&clone, &["push", "origin", "HEAD:refs/for/main"])
    })
    .await;
    assert!(said.contains("C1.1"), "{said}");

    let mut state = json!(null);
    for _ in 0..200 {
        state = house.get("/v1/changes/C1").await.json()["state"].clone();
        if state == json!("landed") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(state, json!("landed"));
    let space = house.get("/v1/space").await.json();
    let (folder, tip) = (house.folder.path().join("clone"), space["tip"].clone());
    let fetched = blocking(move || {
        git(&folder, &["fetch", "-q", "origin", "main"]);
        git(&folder, &["rev-parse", "FETCH_HEAD"])
    })
    .await;
    assert_eq!(json!(fetched.trim()), tip);
    for id in ["C1", "C1.1", "Q1", "L1", "T1", "S1"] {
        assert_eq!(house.get(&format!("/v1/show/{id}")).await.status, 200, "{id}");
    }
    // Also when the events beside it are of later things.
    for n in 0..40 {
        house.task(&format!("Later {n}")).await;
    }
    let status = house.get("/v1/status").await.json();
    let told = status["events"].as_array().expect("a list").iter();
    assert!(told.clone().all(|event| event["kind"] == json!("task.created.v1")), "{status}");
    assert!(status["landings"][0]["at"].is_string(), "{status}");
    let log = house.get("/v1/show/Q1").await.json();
    let body = log["thing"]["results"][0]["log"].as_str().expect("a digest").to_owned();
    assert!(house.get(&format!("/v1/bodies/{body}")).await.text.contains("two"));
    assert_eq!(house.get(&format!("/v1/show/sha256:{body}")).await.status, 200);

    // The page of the queue, and that of the change: where it is, what it was tested in, and why.
    let page = house.get("/queue").await.text;
    for part in ["Nothing is under test", "Nothing waits", "/show/L1", "landed"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let explained = house.get("/v1/queue/C1").await.json();
    let page = house.get("/queue/C1").await.text;
    for entry in explained["decisions"].as_array().expect("a list") {
        let link = format!("/show/{}", entry["position"].as_str().expect("an event"));
        assert!(page.contains(&link), "{link}: {page}");
    }
    for part in ["It landed as", "/show/Q1", "href=\"/queue/C1\"", "Say two"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let trace = house.get("/v1/queue/trace").await;
    assert_eq!(trace.header("content-type"), "application/jsonl");
    let came = serde_json::from_str::<serde_json::Value>(trace.text.trim()).expect("one line");
    assert_eq!((&came["change"], &came["verdict"]), (&json!("C1.1"), &json!("landed")), "{came}");
    assert_eq!(came["paths"], json!(["src/lib.txt"]), "{came}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_push_says_why_in_git_s_own_output() {
    let house = House::new();
    let (url, _) = serve(&house).await;
    let task = house.task("Say two").await;
    let agent = house.agent("claude").await;
    house.ask(&agent, Method::POST, &format!("/v1/tasks/{task}/claim"), None).await;
    let (folder, remote) = (house.folder.path().to_owned(), with_token(&url, &agent));
    let outside = blocking(move || {
        git(&folder, &["clone", "-q", &remote, "clone"]);
        let clone = folder.join("clone");
        std::fs::write(clone.join("elsewhere.txt"), "no\n").expect("written");
        git(&clone, &["add", "."]);
        git(&clone, &["commit", "-qm", "Go too far"]);
        try_git(&clone, &["push", "origin", "HEAD:refs/for/main"])
    })
    .await;
    assert!(!outside.0, "{}", outside.1);
    assert!(outside.1.contains("elsewhere.txt"), "{}", outside.1);
    let log = house.get(&format!("/v1/show/{task}")).await.json();
    assert_eq!(log["events"][0]["kind"], json!("push.refused.v1"), "{log}");

    house.post("/v1/sessions/S1/end", json!({"why": "enough"})).await;
    let clone = house.folder.path().join("clone");
    let ended = blocking(move || try_git(&clone, &["push", "origin", "HEAD:refs/for/main"])).await;
    assert!(!ended.0);
    assert!(ended.1.contains("enough"), "{}", ended.1);
}

/// Larger than what the sockets between client and server hold: the client hears the answer only once all was read.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_push_is_heard_out_before_it_is_refused() {
    use std::io::Read as _;
    let house = House::new();
    let (url, _) = serve(&house).await;
    let agent = house.agent("claude").await;
    let (folder, remote) = (house.folder.path().to_owned(), with_token(&url, &agent));
    let (ok, said) = blocking(move || {
        git(&folder, &["clone", "-q", &remote, "clone"]);
        let (clone, mut noise) = (folder.join("clone"), vec![0; 16 << 20]);
        let random = std::fs::File::open("/dev/urandom").expect("opened").read_exact(&mut noise);
        random.and_then(|()| std::fs::write(clone.join("noise"), noise)).expect("written");
        git(&clone, &["add", "."]);
        git(&clone, &["commit", "-qm", "Noise"]);
        try_git(&clone, &["push", "origin", "HEAD:refs/for/main", "HEAD:refs/for/other"])
    })
    .await;
    assert!(!ok && said.contains("push.one_ref"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn git_without_a_token_is_asked_for_one() {
    let house = House::new();
    let (url, _) = serve(&house).await;
    let folder = house.folder.path().to_owned();
    let (ok, said) =
        blocking(move || try_git(&folder, &["clone", "-q", &format!("{url}/git"), "x"])).await;
    assert!(!ok && said.contains("could not read Username"), "{said}");
    let dumb = house.get("/git/info/refs").await;
    assert!(dumb.text.contains("git.dumb"), "{}", dumb.text);
    assert!(!Path::new("x").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn serving_ends_when_it_is_told_to() {
    let house = House::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let shutdown = CancellationToken::new();
    let serving =
        weir_server::serve(house.engine.clone(), listener, Serving::default(), shutdown.clone());
    let serving = tokio::spawn(serving);
    shutdown.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(5), serving).await;
    ended.expect("in time").expect("no panic").expect("no failure");
}
