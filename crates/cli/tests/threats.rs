//! Threats of `docs/threat-model.md` that meet the binary itself: what answers its hook is no Weir (T1), and a tree in
//! which it works names programs for git (T17).

mod support;

use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use support::{Ran, Repo, git, text};

/// Asks the hook about a harmless command, with a server that answers each request with these bytes and hangs up; with
/// none it says nothing and holds the line.
fn asked_of(answer: Option<&'static str>) -> Ran {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            match answer {
                Some(answer) => {
                    let _ = stream.read(&mut [0; 4096]);
                    let _ = stream.write_all(answer.as_bytes());
                }
                None => held.push(stream),
            }
        }
    });
    let repo = Repo::none();
    let variables = [("WEIR_URL", url.as_str()), ("WEIR_TOKEN", "weir_s_none")];
    let mut command = repo.hook("claude", "PreToolUse", &variables);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut hook = command.spawn().expect("started");
    let payload = json!({"session_id": "c", "cwd": "/", "hook_event_name": "PreToolUse",
        "tool_name": "Bash", "tool_input": {"command": "ls"}, "tool_use_id": "t"});
    hook.stdin.take().expect("piped").write_all(payload.to_string().as_bytes()).expect("it reads");
    Ran::new(&hook.wait_with_output().expect("it ends"))
}

/// Whether the client is told no, in words.
fn is_refused(ran: &Ran) -> bool {
    (ran.code == 2 && !ran.err.trim().is_empty()) || ran.out.contains("\"deny\"")
}

#[test]
fn t1_what_answers_and_is_no_weir_allows_nothing() {
    for answer in [
        "",
        "hello\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nwelcome",
        "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"stdout\":",
        "HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{\"stdout\":\"\",\"exit\":\"0\"}",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops",
    ] {
        let ran = asked_of(Some(answer));
        assert!(is_refused(&ran), "{answer:?}: {ran:#?}");
    }
}

#[test]
fn t1_a_server_that_never_answers_is_a_refusal_in_the_end() {
    let ran = asked_of(None);
    assert!(is_refused(&ran), "{ran:#?}");
}

/// Programs that leave a trace each, where an agent would have put its own.
struct Traps(PathBuf);

impl Traps {
    fn at(folder: PathBuf) -> Self {
        std::fs::create_dir_all(folder.join("hooks")).expect("made");
        Self(folder)
    }

    /// The path of a program that leaves this trace, and then fails.
    fn program(&self, name: &str) -> String {
        let path = self.0.join(name);
        let trace = self.0.join(format!("sprung-{}", name.replace('/', "-")));
        let script = format!("#!/bin/sh\necho >'{}'\nexit 1\n", trace.display());
        std::fs::write(&path, script).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
        path.display().to_string()
    }

    fn sprung(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.0).expect("a folder");
        let names = files.map(|file| file.expect("a file").file_name().into_string());
        let mut names: Vec<String> = names.filter_map(Result::ok).collect();
        names.retain(|name| name.starts_with("sprung-"));
        names.sort();
        names
    }

    fn set_again(&self) {
        for name in self.sprung() {
            std::fs::remove_file(self.0.join(name)).expect("removed");
        }
    }
}

/// Makes git in `tree` run the traps, in every way that its own configuration has.
fn configure(tree: &Path, traps: &Traps) {
    let set = |key: &str, value: &str| {
        git(tree, &["config", key, value]);
    };
    for hook in ["pre-push", "post-index-change", "reference-transaction"] {
        traps.program(&format!("hooks/{hook}"));
    }
    set("core.hooksPath", &traps.0.join("hooks").display().to_string());
    for key in
        ["core.fsmonitor", "core.sshCommand", "core.gitProxy", "core.askPass", "diff.external"]
    {
        set(key, &traps.program(key));
    }
    set("credential.helper", &format!("!{}", traps.program("helper")));
    for key in ["clean", "smudge", "process"] {
        // The name is one that ends too early where it is not read with care.
        set(&format!("filter.a=b.{key}"), &traps.program(&format!("filter-{key}")));
    }
    set("filter.a=b.required", "true");
    set("push.recurseSubmodules", "on-demand");
    set("push.gpgSign", "true");
    set("gpg.program", &traps.program("gpg"));
    let info = tree.join(".git/info");
    std::fs::create_dir_all(&info).expect("made");
    std::fs::write(info.join("attributes"), "* filter=a=b\n").expect("written");
}

/// Git looks into a file again when its time is another.
fn touch(path: &Path) {
    let contents = std::fs::read(path).expect("a file");
    std::fs::remove_file(path).expect("removed");
    std::fs::write(path, contents).expect("written");
}

#[test]
fn t17_submit_runs_nothing_that_the_tree_configures() {
    let repo = Repo::new();
    repo.up();
    repo.json(&["task", "create", "Write b", "--paths", "docs/**"]);
    let claim = repo.json(&["task", "next", "--agent", "ada"]);
    let tree = PathBuf::from(text(&claim, "/worktree"));
    std::fs::write(tree.join("docs/b.md"), "b\n").expect("written");
    git(&tree, &["add", "--all"]);
    git(&tree, &["commit", "--quiet", "--message", "Write b"]);

    let traps = Traps::at(repo.beside("traps"));
    configure(&tree, &traps);
    touch(&tree.join("docs/b.md"));
    let plain = std::process::Command::new("git")
        .args(["-C", &tree.display().to_string(), "status"])
        .output()
        .expect("git runs");
    let sprung = traps.sprung();
    for trap in ["sprung-core.fsmonitor", "sprung-filter-process"] {
        assert!(sprung.iter().any(|name| name == trap), "no {trap}: {sprung:?} {plain:?}");
    }
    traps.set_again();

    // Whoever brings it is a person here, and the tree sends their push to somebody else.
    git(&tree, &["config", "http.proxy", "http://127.0.0.1:9"]);
    let submitted = repo.weir_in(&tree, &["submit", "--json"], &[]);
    assert_eq!(traps.sprung(), Vec::<String>::new(), "{submitted:#?}");
    submitted.expect(0);

    // An address that the tree makes into a program is refused.
    let url = text(&repo.json(&["up"]), "/url");
    let program = format!("ext::{} ", traps.program("address"));
    git(&tree, &["config", &format!("url.{program}.insteadOf"), &url]);
    git(&tree, &["config", "protocol.ext.allow", "always"]);
    let refused = repo.weir_in(&tree, &["submit", "--json"], &[]);
    assert_eq!(traps.sprung(), Vec::<String>::new(), "{refused:#?}");
    refused.expect(3);
}
