//! The binary against its own server: starting, finding, asking, stopping.

mod support;

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use support::{Ran, Repo, git, snapshot, text};

/// What a user has: everything but what Weir keeps beside it, and the refs by which git keeps what Weir uses.
fn users_own(repo: &Repo) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let (home, refs) = (repo.dir.join(".git/weir"), repo.dir.join(".git/refs/weir"));
    let ours = |path: &std::path::Path| path.starts_with(&home) || path.starts_with(&refs);
    snapshot(&repo.dir).into_iter().filter(|(path, _)| !ours(path)).collect()
}

#[test]
fn up_finds_the_first_and_down_ends_it() {
    let repo = Repo::new();
    let before = users_own(&repo);
    let first = repo.up();
    assert_eq!(first["trunk"], "main");
    assert_eq!(first["checks"][0]["run"], "make check");
    let second = repo.json(&["up"]);
    for door in ["page", "api", "mcp", "git", "url"] {
        assert_eq!(second[door], first[door], "a second `weir up` finds the first");
    }
    assert_ne!(second["sign_in"]["url"], first["sign_in"]["url"], "a link works once");
    let words = repo.weir(&["up"]).expect(0);
    assert!(words.err.contains("already running"), "{words:#?}");
    assert!(words.out.contains(&text(&first, "/page")), "{words:#?}");
    assert_eq!(repo.json(&["down"])["stopped"], true);
    assert_eq!(repo.json(&["down"])["stopped"], false);
    repo.weir(&["status"]).expect(5);
    let after = users_own(&repo);
    let names: Vec<_> = after.iter().map(|(path, _)| path).collect();
    assert!(after == before, "nothing of the user's is touched; there is now {names:#?}");
}

#[test]
fn the_port_is_the_same_the_next_time() {
    let repo = Repo::new();
    let first = repo.json(&["up", "--detach"]);
    repo.weir(&["down"]).expect(0);
    let again = repo.json(&["up", "--detach"]);
    assert_eq!(first["url"], again["url"]);
}

/// `weir up` in the foreground, as a person starts it.
struct Foreground(Child);

impl Drop for Foreground {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn signals_end_it_cleanly() {
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::TERM] {
        let repo = Repo::new();
        let mut command = repo.command(&repo.dir, &["up", "--listen", "127.0.0.1:0"], &[]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut up = Foreground(child.expect("started"));
        let mut lines = BufReader::new(up.0.stdout.take().expect("piped")).lines();
        let page =
            lines.find_map(|line| line.ok().filter(|line| line.trim_start().starts_with("page")));
        assert!(page.is_some_and(|page| page.contains("http://127.0.0.1:")));
        // The page is printed before the words, and the words before it waits for signals.
        repo.weir(&["status"]).expect(0);
        let pid = rustix::process::Pid::from_child(&up.0);
        rustix::process::kill_process(pid, signal).expect("it is there");
        let ended = up.0.wait().expect("it ends");
        assert_eq!(ended.code(), Some(0), "{signal:?}");
        assert!(!repo.dir.join(".git/weir/server.json").exists());
    }
}

/// Has the agent bring a change that lands; the claim.
fn bring(repo: &Repo, task: &str, file: &str, contents: &str) -> Value {
    let claim = repo.json(&["task", "claim", task, "--agent", "ada"]);
    let tree = text(&claim, "/worktree");
    let tree = std::path::Path::new(&tree);
    std::fs::create_dir_all(tree.join(file).parent().expect("a folder")).expect("made");
    std::fs::write(tree.join(file), contents).expect("written");
    git(tree, &["add", "--all"]);
    git(tree, &["commit", "--quiet", "--message", "Bring it"]);
    claim
}

#[test]
fn every_reading_command_prints_one_document() {
    let repo = Repo::new();
    repo.up();
    let task = repo.json(&["task", "create", "Write b", "--paths", "docs/**", "--text", "b."]);
    assert_eq!(task["id"], "T1");
    let claim = bring(&repo, "T1", "docs/b.md", "b\n");
    let tree = text(&claim, "/worktree");
    let tree = std::path::Path::new(&tree);
    let submit = repo.weir_in(tree, &["submit", "--wait", "--json"], &[]).expect(0).document();
    assert_eq!(submit["state"], "landed", "{submit:#}");
    let readers: [&[&str]; 15] = [
        &["status"],
        &["log"],
        &["log", "--about", "T1", "--limit", "3"],
        &["task", "list"],
        &["task", "list", "--state", "done"],
        &["task", "show", "T1"],
        &["session", "list"],
        &["change", "list"],
        &["change", "show", "C1"],
        &["person", "list"],
        &["token", "list"],
        &["audit", "key"],
        &["audit", "checkpoint"],
        &["audit", "verify"],
        &["sign-in-link"],
    ];
    for reader in readers {
        repo.json(reader);
        let words = repo.weir(reader).expect(0);
        assert!(!words.out.contains('\u{1b}'), "no colour but on a terminal: {words:#?}");
        assert!(!words.out.is_empty(), "{reader:?}");
    }
    let commit = text(&submit, "/revisions/0/commit");
    for id in ["T1", "S1", "C1", "C1.1", "P1", "K1", "Q1", "L1", "E1", &commit, &commit[..10]] {
        let shown = repo.json(&["show", id]);
        assert!(shown["thing"].is_object(), "{id}: {shown:#}");
        repo.weir(&["show", id]).expect(0);
    }
    let digest = text(&repo.json(&["show", "Q1"]), "/thing/results/0/log");
    repo.json(&["show", &format!("sha256:{digest}")]);
    for unknown in ["T9", "S9", "C9", "C1.9", "P9", "K9", "Q9", "L9", "E999", "abcdef1"] {
        let refusal = repo.weir(&["show", unknown, "--json"]).expect(4).refusal();
        assert!(text(&refusal, "/code").ends_with(".unknown"), "{refusal:#}");
    }
}

#[test]
fn what_is_wrong_with_a_change_comes_back_as_a_contract() {
    let repo = Repo::new();
    repo.up();
    repo.json(&["task", "create", "Remove ok", "--paths", "ok", "--paths", "docs/"]);
    let claim = repo.json(&["task", "next", "--agent", "ada"]);
    let tree = text(&claim, "/worktree");
    let tree = std::path::Path::new(&tree);
    // Not committed, so not brought.
    std::fs::remove_file(tree.join("ok")).expect("removed");
    let dirty = repo.weir_in(tree, &["submit", "--json"], &[]).expect(3).refusal();
    assert_eq!(dirty["code"], "worktree.dirty");
    git(tree, &["commit", "--all", "--quiet", "--message", "Remove it"]);
    let back = repo.weir_in(tree, &["submit", "--wait", "--json"], &[]).expect(6).document();
    assert_eq!(back["state"], "returned");
    assert_eq!(back["repair"]["code"], "check.failed");
    let words = repo.weir_in(tree, &["submit", "--wait"], &[]);
    assert!(words.out.contains("Repair: check.failed"), "{words:#?}");
    // Outside of what the task may touch.
    std::fs::write(tree.join("Makefile"), "check:\n").expect("written");
    git(tree, &["commit", "--all", "--quiet", "--message", "Pass"]);
    let refused = repo.weir_in(tree, &["submit", "--json"], &[]).expect(3).refusal();
    assert_eq!(refused["code"], "push.outside_mandate");
    assert!(text(&refused, "/sentence").contains("Makefile"), "{refused:#}");
    let words = repo.weir_in(tree, &["submit"], &[]).expect(3);
    assert!(words.err.contains("remote: "), "git's own output is passed through: {words:#?}");
}

#[test]
fn people_tokens_and_servers() {
    let repo = Repo::new();
    let url = text(&repo.up(), "/url");
    let ben = repo.json(&["person", "add", "ben", "--role", "auditor"]);
    assert_eq!(ben["id"], "P2");
    let issued = repo.json(&["token", "issue", "laptop", "--person", "P2", "--lease", "1d"]);
    let secret = text(&issued, "/secret");
    // As ben, from a folder that knows of nothing.
    let elsewhere = repo.beside("");
    let as_ben = [("WEIR_TOKEN", secret.as_str())];
    let sign_in = ["sign-in", url.as_str(), "--name", "river", "--json"];
    let signed_in = repo.weir_in(&elsewhere, &sign_in, &as_ben).expect(0).document();
    assert_eq!(signed_in["person"], "ben");
    let path = repo.beside("config/weir/servers.toml");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(&path).expect("stored").permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    repo.weir_in(&elsewhere, &["status"], &[]).expect(0);
    let create = ["--server", "river", "task", "create", "x", "--paths", "x", "--json"];
    let refusal = repo.weir_in(&elsewhere, &create, &[]).expect(3).refusal();
    assert_eq!(refusal["code"], "right.not_in_role");
    // A token may never do more than when it was issued, whatever its person becomes.
    repo.json(&["person", "role", "P2", "member"]);
    let refusal = repo.weir_in(&elsewhere, &create, &[]).expect(3).refusal();
    assert_eq!(refusal["code"], "right.not_in_token");
    repo.json(&["token", "revoke", &text(&issued, "/token")]);
    let refusal = repo.weir_in(&elsewhere, &["status", "--json"], &[]).expect(3).refusal();
    assert_eq!(refusal["code"], "token.revoked");
    repo.json(&["person", "remove", "P2"]);
    repo.weir_in(&elsewhere, &["sign-out", "river"], &[]).expect(0);
    repo.weir_in(&elsewhere, &["status"], &[]).expect(4);
}

#[test]
fn the_ledger_is_proven_without_the_server() {
    let repo = Repo::new();
    repo.up();
    let key = text(&repo.json(&["audit", "key"]), "/key");
    let export = repo.beside("export");
    let export_text = export.to_str().expect("UTF-8");
    repo.json(&["audit", "export", export_text]);
    repo.weir(&["down"]).expect(0);
    let verify = ["audit", "verify", export_text, "--key", &key, "--json"];
    let proven = repo.weir_in(&repo.beside(""), &verify, &[]).expect(0).document();
    assert_eq!(proven["verified"], true);
    let whole = std::fs::read_to_string(&export).expect("exported");
    std::fs::write(&export, whole.replacen("ann", "bob", 1)).expect("written");
    let found = repo.weir_in(&repo.beside(""), &verify, &[]).expect(6).refusal();
    assert_eq!(found["code"], "ledger.tampered");
    std::fs::write(&export, &whole[..whole.len() / 2]).expect("written");
    repo.weir_in(&repo.beside(""), &verify, &[]).expect(6);
    let other = ["audit", "verify", export_text, "--key", "no key", "--json"];
    repo.weir_in(&repo.beside(""), &other, &[]).expect(1);
}

/// One record, shown to somebody who holds the public key and one old checkpoint, and nothing else.
#[test]
fn one_record_is_proven_without_the_server() {
    let repo = Repo::new();
    repo.up();
    let kept = repo.beside("kept");
    std::fs::write(&kept, repo.weir(&["audit", "checkpoint"]).expect(0).out).expect("written");
    let kept = kept.to_str().expect("UTF-8");
    repo.json(&["task", "create", "Write b", "--paths", "docs/**"]);
    let event = text(&repo.json(&["log", "-n", "1"]), "/items/0/position");
    let key = text(&repo.json(&["audit", "key"]), "/key");
    let [plain, since] =
        [&["audit", "proof", &*event][..], &["audit", "proof", "--since", kept, &event]]
            .map(|ask| repo.weir(ask).expect(0).out);
    assert_eq!(
        serde_json::from_str::<Value>(&plain).expect("JSON"),
        repo.json(&["audit", "proof", &event])
    );
    for beyond in [&["audit", "proof", "E99999", "--json"][..], &["audit", "proof", "E0", "--json"]]
    {
        assert_eq!(repo.weir(beyond).expect(4).refusal()["code"], "event.unknown");
    }
    repo.weir(&["down"]).expect(0);

    let file = repo.beside("proof");
    let verify = |proof: &str, more: &[&str]| {
        std::fs::write(&file, proof).expect("written");
        let file = file.to_str().expect("UTF-8");
        let ask = [&["audit", "verify", file, "--key", &key, "--json"], more].concat();
        repo.weir_in(&repo.beside(""), &ask, &[])
    };
    assert_eq!(verify(&plain, &[]).expect(0).document()["record"], *event);
    let proven = verify(&since, &["--since", kept]).expect(0).document();
    assert!(
        proven["since"].as_u64().expect("a size") < proven["records"].as_u64().expect("a size")
    );
    // A flipped bit of the record, of the way and of the checkpoint.
    for part in ["Write b", "\"hashes\": [\n        \"", "\"checkpoint\": \"weir/"] {
        let at = since.find(part).unwrap_or_else(|| panic!("{part}: {since}")) + part.len() - 1;
        let at = if part.ends_with('b') { at } else { at + 1 };
        let mut bent = since.clone().into_bytes();
        // A digest stays one: `1` for any other digit, and `0` for that.
        bent[at] = match (part.ends_with('b') || part.ends_with('/'), bent[at]) {
            (true, byte) => byte ^ 1,
            (false, b'1') => b'0',
            (false, _) => b'1',
        };
        let bent = String::from_utf8(bent).expect("UTF-8");
        let refusal = verify(&bent, &["--since", kept]).expect(6).refusal();
        assert_eq!(refusal["code"], "proof.broken", "{bent}");
    }
    assert_eq!(verify(&since, &[]).expect(3).refusal()["code"], "proof.needs_checkpoint");
    let other = verify(&plain, &["--since", kept]).expect(3).refusal();
    assert_eq!(other["code"], "proof.other_checkpoint");
    assert_eq!(verify("{}", &[]).expect(6).refusal()["code"], "proof.malformed");
}

/// What a client is given leave for when its session is opened is where it will have to work.
#[test]
fn a_session_is_told_where_its_worktrees_will_be() {
    let repo = Repo::new();
    repo.up();
    repo.json(&["task", "create", "Write b", "--paths", "docs/**"]);
    let told = repo.weir(&["session", "open", "ada"]).expect(0);
    let opened = repo.json(&["session", "open", "ada"]);
    let (folder, secret) = (text(&opened, "/worktrees"), text(&opened, "/secret"));
    assert!(Path::new(&folder).is_dir(), "{folder}");
    assert!(told.err.contains(&folder) && told.err.contains("docs/agents.md"), "{told:#?}");
    let variables = [("WEIR_URL", opened["url"].as_str()), ("WEIR_TOKEN", Some(&*secret))];
    let variables = variables.map(|(name, value)| (name, value.expect("a text")));
    let claim = ["task", "claim", "T1", "--json"];
    let claim = repo.weir_in(&repo.beside(""), &claim, &variables).expect(0).document();
    let worktree = text(&claim, "/worktree");
    assert_eq!(Path::new(&worktree).parent(), Some(Path::new(&folder)));
}

#[test]
fn mcp_is_bridged_in_both_eras() {
    let repo = Repo::new();
    repo.up();
    repo.json(&["task", "create", "Write b", "--paths", "docs/**"]);
    let opened = repo.json(&["session", "open", "ada"]);
    let (url, secret) = (text(&opened, "/url"), text(&opened, "/secret"));
    let variables = [("WEIR_URL", url.as_str()), ("WEIR_TOKEN", secret.as_str())];
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" } });
    let eras: [Vec<Value>; 2] = [
        vec![
            json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello }),
            json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
            json!({ "jsonrpc": "2.0", "id": "two", "method": "tools/list" }),
            json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call",
                "params": { "name": "task_list", "arguments": {} } }),
        ],
        vec![
            json!({ "jsonrpc": "2.0", "id": 1, "method": "server/discover",
                "params": { "_meta": meta } }),
            json!({ "jsonrpc": "2.0", "id": "two", "method": "tools/list",
                "params": { "_meta": meta } }),
            json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call",
                "params": { "name": "task_list", "arguments": {}, "_meta": meta } }),
        ],
    ];
    for messages in eras {
        let mut command = repo.command(&repo.beside(""), &["mcp"], &variables);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let mut stdin = child.stdin.take().expect("piped");
        for message in &messages {
            writeln!(stdin, "{message}").expect("it reads");
        }
        writeln!(stdin, "no message").expect("it reads");
        drop(stdin);
        let ran = Ran::new(&child.wait_with_output().expect("it ends with stdin")).expect(0);
        let answers: Vec<Value> =
            ran.out.lines().map(|line| serde_json::from_str(line).expect("a message")).collect();
        let to = |id: Value| {
            let found = answers.iter().find(|answer| answer["id"] == id);
            found.unwrap_or_else(|| panic!("{id} was not answered: {ran:#?}")).clone()
        };
        assert_eq!(answers.len(), 4, "each request once, and the line that was none: {ran:#?}");
        assert!(to(json!("two"))["result"]["tools"].is_array());
        assert!(to(json!(3)).to_string().contains("Write b"));
        assert_eq!(to(Value::Null)["error"]["code"], -32700);
    }
}

#[test]
fn what_happens_is_told_as_it_happens() {
    let repo = Repo::new();
    repo.up();
    let mut command = repo.command(&repo.dir, &["log", "--follow", "--json", "-n", "1"], &[]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
    let mut follow = Foreground(child);
    let mut lines = BufReader::new(follow.0.stdout.take().expect("piped")).lines();
    let mut next = || -> Value {
        let line = lines.next().expect("it goes on").expect("a line");
        serde_json::from_str(&line).expect("JSON")
    };
    next();
    repo.json(&["task", "create", "Write b", "--paths", "docs/**"]);
    let started = Instant::now();
    while next()["kind"] != "task.created.v1" {
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}
