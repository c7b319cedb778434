//! A gateway before fixture servers, and a judge who writes everything down.

use futures::future::BoxFuture;
use serde_json::{Map, Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use weir_gateway::{
    Answer, Call, Caller, Decide, Gateway, Manner, MemoryPins, Note, Parts, Registry, Secrets,
    Verdict,
};
use weir_model::SessionId;
use weir_model::act::Offer;

pub(crate) const TOKEN: &str = "tok/3n+of-the-server";

/// Allows all but what it was told to refuse, and writes down what it was asked and told.
#[derive(Default)]
pub(crate) struct Judge {
    pub(crate) asked: Mutex<Vec<Call>>,
    pub(crate) notes: Mutex<Vec<Note>>,
}

impl Decide for Judge {
    fn decide<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            self.asked.lock().expect("lock").push(call.clone());
            match call.arguments["text"].as_str() {
                Some("forbidden") => Verdict::Refuse { text: "not that text".to_owned() },
                Some("panic") => panic!("the judge fell ill"),
                _ => Verdict::Allow,
            }
        })
    }

    fn note(&self, note: Note) -> BoxFuture<'_, ()> {
        self.notes.lock().expect("lock").push(note);
        Box::pin(async {})
    }
}

struct Safe;

impl Secrets for Safe {
    fn secret<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Option<String>> {
        let value = match name {
            "token" => Some(TOKEN.to_owned()),
            "short" => Some("1234".to_owned()),
            _ => None,
        };
        Box::pin(async move { value })
    }
}

pub(crate) struct House {
    pub(crate) gateway: Gateway,
    pub(crate) judge: Arc<Judge>,
    pub(crate) pins: Arc<MemoryPins>,
    pub(crate) folder: TempDir,
    pub(crate) me: Caller,
}

pub(crate) fn program() -> &'static str {
    env!("CARGO_BIN_EXE_weir-toolserver")
}

/// A registry of one server on standard streams: `args` to it, and more lines of its entry.
pub(crate) fn stdio(args: &[&str], more: &str) -> String {
    let command: Vec<&str> = [program()].into_iter().chain(args.iter().copied()).collect();
    let more =
        if more.contains("tools =") { more.to_owned() } else { format!("{more}\ntools = [\"*\"]") };
    format!("[[server]]\nname = \"fix\"\ncommand = {command:?}\n{more}\n")
}

impl House {
    pub(crate) fn new(registry: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (judge, pins) = (Arc::new(Judge::default()), Arc::new(MemoryPins::default()));
        let parts = Parts {
            decide: Arc::clone(&judge) as Arc<dyn Decide>,
            secrets: Arc::new(Safe),
            pins: Arc::clone(&pins) as _,
            folder: folder.path().join("tools"),
        };
        let registry = Registry::parse(registry).expect("a registry");
        let me = caller("S1");
        Self { gateway: Gateway::new(registry, parts), judge, pins, folder, me }
    }

    pub(crate) async fn tools(&self) -> Vec<String> {
        let tools = self.gateway.list(&self.me, Offer::Tool).await;
        tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
    }

    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Answer {
        self.gateway.call(&self.me, tool, object(arguments), Manner::default()).await
    }

    /// The text of a result.
    pub(crate) async fn text(&self, tool: &str, arguments: Value) -> String {
        text(self.call(tool, arguments).await)
    }

    /// The code and sentence of a refusal.
    pub(crate) async fn refused(&self, tool: &str, arguments: Value) -> String {
        match self.call(tool, arguments).await {
            Answer::Refused(refusal) => format!("{} {}", refusal.code, refusal.sentence),
            other => panic!("{tool} was not refused: {other:?}"),
        }
    }

    pub(crate) fn notes(&self) -> String {
        format!("{:?}", self.judge.notes.lock().expect("lock"))
    }

    pub(crate) fn asked(&self) -> usize {
        self.judge.asked.lock().expect("lock").len()
    }
}

pub(crate) fn caller(session: &str) -> Caller {
    Caller::session(session.parse::<SessionId>().expect("an id"))
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

pub(crate) fn text(answer: Answer) -> String {
    let Answer::Done(result) = answer else { panic!("no result: {answer:?}") };
    assert_ne!(result.get("isError"), Some(&json!(true)), "{result:?}");
    result["content"][0]["text"].as_str().expect("text").to_owned()
}

/// Waits until `what` is so.
pub(crate) async fn soon(what: impl Fn() -> bool) -> bool {
    let until = Instant::now() + Duration::from_secs(10);
    while !what() {
        if Instant::now() > until {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    true
}

/// Whether a process runs whose command line contains `needle`.
pub(crate) fn lives(needle: &str) -> bool {
    let pids = std::fs::read_dir("/proc").expect("proc").filter_map(|entry| entry.ok());
    pids.filter_map(|pid| std::fs::read(pid.path().join("cmdline")).ok())
        .any(|line| String::from_utf8_lossy(&line).replace('\0', " ").contains(needle))
}

/// A fixture server behind an address, which ends with this.
pub(crate) struct Served {
    child: Child,
    pub(crate) url: String,
}

impl Served {
    pub(crate) fn new(args: &[&str]) -> Self {
        let mut child = Command::new(program())
            .arg("--http")
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let mut url = String::new();
        let out = child.stdout.take().expect("a pipe");
        BufReader::new(out).read_line(&mut url).expect("an address");
        Self { child, url: url.trim().to_owned() }
    }

    pub(crate) fn registry(&self, more: &str) -> String {
        let more = if more.contains("tools =") {
            more.to_owned()
        } else {
            format!("{more}\ntools = [\"*\"]")
        };
        format!("[[server]]\nname = \"fix\"\nurl = {:?}\n{more}\n", self.url)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
