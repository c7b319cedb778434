//! A space in a temporary repository, and a way to knock at its doors without a socket.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use weir_engine::{Engine, Options, Space};
use weir_gateway::Gateway;

pub(crate) struct House {
    pub(crate) router: Router,
    pub(crate) engine: Engine,
    /// The owner's token.
    pub(crate) owner: String,
    pub(crate) closing: CancellationToken,
    // In the order in which they go.
    space: Option<Space>,
    pub(crate) folder: TempDir,
}

pub(crate) const HOST: &str = "127.0.0.1:4711";

impl House {
    /// A space whose only check passes, and where nothing is tested by itself.
    pub(crate) fn new() -> Self {
        Self::with(false, "true", 0)
    }

    /// A space that tests and lands changes, if `drive`, with one check, and that needs so many approvals.
    pub(crate) fn with(drive: bool, check: &str, approvals: u32) -> Self {
        Self::built(drive, check, approvals, |_| None)
    }

    /// A space with a gateway to other tool servers, made in its temporary folder.
    pub(crate) fn behind(gateway: impl FnOnce(&Path) -> Gateway) -> Self {
        Self::built(false, "true", 0, |folder| Some(gateway(folder)))
    }

    fn built(
        drive: bool,
        check: &str,
        approvals: u32,
        tools: impl FnOnce(&Path) -> Option<Gateway>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let repo = folder.path().join("repo");
        std::fs::create_dir(&repo).expect("made");
        git(&repo, &["init", "-q", "-b", "main"]);
        std::fs::create_dir(repo.join("src")).expect("made");
        std::fs::write(repo.join("src/lib.txt"), "one\n").expect("written");
        let toml = format!(
            "[[check]]\nname = \"test\"\nrun = {check:?}\n[review]\napprovals = {approvals}\n"
        );
        std::fs::write(repo.join("weir.toml"), toml).expect("written");
        git(&repo, &["add", "."]);
        git(&repo, &["commit", "-qm", "Begin"]);
        let options =
            Options { trees: Some(folder.path().join("trees")), drive, ..Options::here(&repo) };
        std::fs::create_dir(folder.path().join("trees")).expect("made");
        // Opening waits for the disk, which a thread of the runtime must not.
        let opening = std::thread::spawn(move || Space::open(&options).expect("a space opens"));
        let (space, found) = opening.join().expect("no panic");
        let owner = std::fs::read_to_string(&found.owner_token).expect("the owner's token");
        let engine = space.engine().clone();
        let closing = CancellationToken::new();
        let tools = tools(folder.path());
        let router =
            weir_server::router(engine.clone(), &format!("http://{HOST}"), tools, closing.clone());
        let owner = owner.trim().to_owned();
        Self { router, engine, owner, closing, space: Some(space), folder }
    }

    /// Knocks.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// Asks the API with a token.
    pub(crate) async fn ask(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = request(method, path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = match body {
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.send(request.expect("a request")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(&self.owner, Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(&self.owner, Method::POST, path, Some(body)).await
    }

    /// Cuts a task for `src/**` and gives its id.
    pub(crate) async fn task(&self, title: &str) -> String {
        let body = serde_json::json!({"title": title, "text": "Do it.", "paths": ["src/**"]});
        let answer = self.post("/v1/tasks", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Opens a session for an agent of the owner's, and gives its token.
    pub(crate) async fn agent(&self, name: &str) -> String {
        let answer = self.post("/v1/sessions", serde_json::json!({"agent": name})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["secret"].as_str().expect("a secret").to_owned()
    }

    /// Lets a person in and gives a token of theirs.
    pub(crate) async fn person(&self, name: &str, role: &str) -> String {
        let body = serde_json::json!({"name": name, "role": role});
        let answer = self.post("/v1/people", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        let id = answer.json()["id"].clone();
        let body = serde_json::json!({"person": id, "label": "test"});
        let answer = self.post("/v1/tokens", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["secret"].as_str().expect("a secret").to_owned()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let space = self.space.take();
        let closing = std::thread::spawn(move || drop(space));
        // A space that does not close well shows in its own tests.
        let _ = closing.join();
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// The code of a refusal.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A request for the right host.
pub(crate) fn request(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, HOST)
}

/// Runs git as a person with a name, and gives what it says, on either channel.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let (ok, said) = try_git(folder, arguments);
    assert!(ok, "git {arguments:?}: {said}");
    said
}

pub(crate) fn try_git(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("git")
        .current_dir(folder)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .envs([("GIT_AUTHOR_NAME", "Ann"), ("GIT_AUTHOR_EMAIL", "ann@example.org")])
        .envs([("GIT_COMMITTER_NAME", "Ann"), ("GIT_COMMITTER_EMAIL", "ann@example.org")])
        .output()
        .expect("git runs");
    let both = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&both).into_owned())
}
