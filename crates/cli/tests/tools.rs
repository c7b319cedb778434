//! The tool gateway as a user has it: a registry on the trunk, `weir up`, and an agent that calls tools over `/mcp`.

mod support;

use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use support::{Ran, Repo, text};

/// The fixture of the gateway's own tests, which a build of the workspace puts beside the binary.
fn toolserver() -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_weir")).with_file_name("weir-toolserver");
    assert!(program.is_file(), "`weir-toolserver` is not built: test the whole workspace");
    program
}

/// A space whose trunk lists one tool server, with an agent in it.
struct Space {
    repo: Repo,
    url: String,
    secret: String,
    session: String,
}

impl Space {
    fn new(more: &str, files: &[(&str, &str)]) -> Self {
        let repo = Repo::new();
        let command = toolserver().display().to_string();
        repo.write(
            ".weir/tools.toml",
            &format!("[[server]]\nname = \"fix\"\ncommand = [{command:?}]\n{more}\n"),
        );
        for (name, contents) in files {
            repo.write(name, contents);
        }
        repo.commit("List a tool server");
        repo.up();
        let opened = repo.json(&["session", "open", "ada"]);
        let (url, secret) = (text(&opened, "/url"), text(&opened, "/secret"));
        let session = opened.pointer("/session/id").or(opened.pointer("/id"));
        let session = session.and_then(Value::as_str).unwrap_or("S1").to_owned();
        Self { repo, url, secret, session }
    }

    /// Says one message to `/mcp` as the agent, and gives the answer.
    fn say(&self, method: &str, mut params: Value) -> Value {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let variables = [("WEIR_URL", self.url.as_str()), ("WEIR_TOKEN", self.secret.as_str())];
        let mut command = self.repo.command(&self.repo.beside(""), &["mcp"], &variables);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("started");
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut stdin = child.stdin.take().expect("piped");
        writeln!(stdin, "{message}").expect("it reads");
        drop(stdin);
        let ran = Ran::new(&child.wait_with_output().expect("it ends with stdin")).expect(0);
        serde_json::from_str(ran.out.lines().next().expect("an answer")).expect("a message")
    }

    fn tools(&self) -> Vec<String> {
        let listed = self.say("tools/list", json!({}));
        let tools = listed["result"]["tools"].as_array().expect("tools");
        tools.iter().map(|tool| text(tool, "/name")).collect()
    }

    /// Calls a tool: whether it failed, and its words.
    fn call(&self, name: &str, arguments: Value) -> (bool, String) {
        let answer = self.say("tools/call", json!({ "name": name, "arguments": arguments }));
        match answer.pointer("/result/content/0/text").and_then(Value::as_str) {
            Some(words) => (answer["result"]["isError"] == true, words.to_owned()),
            None => (true, answer["error"].to_string()),
        }
    }

    /// Every event of this kind that the ledger holds.
    fn events(&self, kind: &str) -> Vec<Value> {
        let log = self.repo.json(&["log", "-n", "500"]);
        let entries = log["items"].as_array().or(log.as_array()).expect("entries").clone();
        entries.into_iter().filter(|entry| entry["kind"] == kind).collect()
    }
}

const ASK: (&str, &str) = (
    ".weir/policy/tools.cedar",
    r#"@id("danger")
@answer("ask")
@reason("`{tool}` would say a dangerous word")
forbid (principal, action == Action::"call", resource in Server::"fix")
when { resource.hasTag("text") && resource.getTag("text") == "danger" };
"#,
);

#[test]
fn one_connection_has_weirs_tools_and_those_that_the_trunk_lists() {
    let space = Space::new("tools = [\"echo\", \"count\"]", &[ASK]);
    let tools = space.tools();
    for name in ["task_claim", "fix__echo", "fix__count"] {
        assert!(tools.contains(&name.to_owned()), "{name}: {tools:?}");
    }
    assert!(!tools.iter().any(|name| name == "fix__environment"), "what is not listed: {tools:?}");
    assert_eq!(space.call("fix__echo", json!({ "text": "hello" })), (false, "hello".to_owned()));
    assert!(space.call("task_list", json!({})).1.contains("items"), "Weir's own still answer");

    // Decided by server, name and argument; a yes lets exactly that call pass, once.
    let danger = || space.call("fix__echo", json!({ "text": "danger" }));
    let (failed, words) = danger();
    assert!(failed && words.contains("dangerous word") && words.contains("`A1`"), "{words}");
    space.repo.weir(&["approval", "allow", "A1"]).expect(0);
    assert_eq!(danger(), (false, "danger".to_owned()));
    let (failed, words) = danger();
    assert!(failed && words.contains("`A2`"), "{words}");

    // What is not listed was refused, and that is on record, too.
    let (failed, words) = space.call("fix__environment", json!({}));
    assert!(failed && words.contains("fix__environment"), "{words}");
    let decided = space.events("act.decided.v1");
    let of = |name: &str| {
        let decided = decided.iter().map(|entry| &entry["event"]);
        decided.filter(|event| event["act"]["tool"]["name"] == name).collect::<Vec<_>>()
    };
    assert_eq!(of("echo").len(), 4, "{decided:#?}");
    let unlisted = of("fix__environment");
    assert_eq!(unlisted.len(), 1, "{decided:#?}");
    assert_eq!(unlisted[0]["ruling"]["reasons"][0]["policy"], "tool.denied");
    // What another server answers is anybody's text: the session carries that on.
    let tainted = space.events("session.tainted.v1");
    assert!(tainted.iter().any(|entry| entry["event"]["taint"] == "untrusted"), "{tainted:#?}");
    assert_eq!(tainted[0]["event"]["session"], space.session.as_str());
}

#[test]
fn where_a_person_must_approve_descriptions_nothing_is_there_before() {
    let space = Space::new("tools = [\"echo\"]\npin = \"person\"", &[]);
    assert!(!space.tools().iter().any(|name| name == "fix__echo"));
    let (failed, words) = space.call("fix__echo", json!({ "text": "hello" }));
    assert!(failed && words.contains("nobody has approved"), "{words}");
    let shown = space.repo.json(&["tool", "show", "fix", "echo"]);
    assert_eq!(shown["state"], "quarantined");
    let digest = text(&shown, "/description");
    let wrong = "0".repeat(64);
    let refusal = space.repo.weir(&["tool", "approve", "fix", "echo", &wrong, "--json"]);
    assert_eq!(refusal.expect(3).refusal()["code"], "tool.changed");
    space.repo.weir(&["tool", "approve", "fix", "echo", &digest]).expect(0);
    assert!(space.tools().iter().any(|name| name == "fix__echo"));
    assert_eq!(space.call("fix__echo", json!({ "text": "hello" })), (false, "hello".to_owned()));
    // It is the ledger that remembers, not the process.
    space.repo.weir(&["down"]).expect(0);
    space.repo.up();
    let again = space.repo.json(&["tool", "list"]);
    assert_eq!(again["offers"][0]["state"], "approved", "{again:#}");
}

#[test]
fn a_secret_reaches_the_server_and_nobody_else() {
    let space = Space::new("tools = [\"echo\"]\nenv = { TOKEN = \"{secret:fix}\" }", &[]);
    // Without it the server is not started.
    assert!(!space.tools().iter().any(|name| name == "fix__echo"));
    let noticed = space.repo.json(&["tool", "list"]);
    assert!(text(&noticed, "/servers/0/noticed").contains("fix"), "{noticed:#}");
    let mut set = space.repo.command(&space.repo.dir, &["tool", "secret", "set", "fix"], &[]);
    let mut child = set.stdin(Stdio::piped()).spawn().expect("started");
    child.stdin.take().expect("piped").write_all(b"hunter2-is-long\n").expect("it reads");
    assert!(child.wait().expect("it ends").success());
    assert_eq!(space.repo.json(&["tool", "secret", "list"]), json!(["fix"]));
    // A server that failed is tried again after a moment.
    let started = std::time::Instant::now();
    while !space.tools().iter().any(|name| name == "fix__echo") {
        assert!(started.elapsed() < std::time::Duration::from_secs(60), "it never started");
        std::thread::sleep(std::time::Duration::from_millis(250));
    }
    // A server that tells it is not heard, and neither the record nor the agent has it.
    let (_, words) = space.call("fix__echo", json!({ "text": "it is hunter2-is-long" }));
    assert!(!words.contains("hunter2"), "{words}");
    let noticed = space.events("tool_server.noticed.v1");
    assert!(noticed.iter().any(|entry| entry.to_string().contains("masked")), "{noticed:#?}");
    space.repo.weir(&["tool", "secret", "remove", "fix"]).expect(0);
    assert_eq!(space.repo.json(&["tool", "secret", "list"]), json!([]));
}

#[test]
fn a_registry_that_does_not_parse_is_told_and_lists_nothing() {
    let repo = Repo::new();
    repo.write(".weir/tools.toml", "[[server]]\nname = \"Fix It\"\ncommand = [\"x\"]\n");
    repo.commit("List a tool server wrongly");
    repo.up();
    let found = repo.json(&["tool", "list"]);
    let fault = text(&found, "/fault");
    assert!(fault.contains("line 2, column 8"), "{fault}");
    assert_eq!(found["servers"], json!([]));
}
