//! Runners as they run: real processes, some of which are killed, beside a server that runs nothing itself.

#[path = "real/mod.rs"]
mod real;
mod support;

use real::api::{Answer, Api};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use support::{Repo, git, text};

/// A repository whose check is this line and whose server runs no checks, and where that answers.
fn without_workers(run: &str) -> (Repo, String) {
    let repo = Repo::new();
    let check = format!("[[check]]\nname = \"check\"\nrun = '''{run}'''\n");
    repo.write("weir.toml", &format!("{check}[queue]\nworkers = 0\n"));
    repo.commit("Say what is checked");
    let url = text(&repo.up(), "/url");
    (repo, url)
}

/// Cuts a task, brings a file for it, and submits it.
fn bring(repo: &Repo, task: &str, file: &str) {
    let created = repo.json(&["task", "create", file, "--paths", "**"]);
    assert_eq!(created["id"], task);
    let claim = repo.json(&["task", "claim", task, "--agent", "ada"]);
    let tree = PathBuf::from(text(&claim, "/worktree"));
    std::fs::write(tree.join(file), "text\n").expect("written");
    git(&tree, &["add", "--all"]);
    git(&tree, &["commit", "--quiet", "--message", &format!("Bring {file}")]);
    repo.weir_in(&tree, &["submit"], &[]).expect(0);
}

/// Asks until it is so. What is asked for comes, or something is broken: there is nothing to be tuned here.
#[track_caller]
fn until(repo: &Repo, args: &[&str], is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let found = repo.json(args);
        if is_so(&found) {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{args:?}: {found:#}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A running runner. Dropped, it is killed.
struct Runner {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Runner {
    /// A runner outside of the repository, which knows the server by its address and a token in a file.
    fn start(repo: &Repo, url: &str, name: &'static str, token: &Path, more: &[&str]) -> Self {
        let place = repo.beside(name);
        std::fs::create_dir_all(&place).expect("made");
        let (log, folder) = (place.join("log"), place.join("kept"));
        let (file, folder) = (token.display().to_string(), folder.display().to_string());
        let mut args = vec!["runner", "start", "--name", name, "--token-file", &file];
        args.extend(["--folder", &folder, "--lease", "5s"]);
        args.extend(more);
        let mut command = repo.command(&place, &args, &[("WEIR_URL", url)]);
        let said = std::fs::File::create(&log).expect("a log");
        command.stdout(said.try_clone().expect("a log")).stderr(said).stdin(Stdio::null());
        let child = command.spawn().expect("the binary runs");
        Self { name, child, log }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("our own child");
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // Ended already, in some tests.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{} said: {}", self.name, self.said());
        }
    }
}

/// A token of a runner's, in a file for its owner alone; and itself.
fn token(repo: &Repo) -> (PathBuf, String) {
    let secret = text(&repo.json(&["runner", "token", "build"]), "/secret");
    let file = repo.beside("runner.token");
    std::fs::write(&file, &secret).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("private");
    (file, secret)
}

fn here(repo: &Repo, count: usize) -> Value {
    until(repo, &["runner", "list"], |list| list["total"] == count)
}

/// The check sees its tree and nothing of the runner's; what it prints is kept as a worker's of the server would be.
#[test]
fn checks_run_where_the_server_runs_none() {
    let line = "env; git log -1 --format=subject:%s; ls; test -e ok && test -e one";
    let (repo, url) = without_workers(line);
    let (file, secret) = token(&repo);
    bring(&repo, "T1", "one");
    let waits = repo.json(&["queue"]);
    assert_eq!(waits["testing"], json!([]), "nobody is here: {waits:#}");
    let mut runner = Runner::start(&repo, &url, "a", &file, &["--environment", "image-7"]);
    until(&repo, &["change", "show", "C1"], |change| change["state"] == "landed");
    let list = here(&repo, 1);
    let runner_of = |list: &Value| {
        let one = &list["items"][0];
        (text(one, "/name"), text(one, "/environment"), text(one, "/label"))
    };
    assert_eq!(runner_of(&list), ("a".into(), "image-7".into(), "build".into()));
    let candidate = repo.json(&["show", "Q1"])["thing"].clone();
    assert_eq!(candidate["runner"]["name"], "a", "{candidate:#}");
    let log = text(&candidate, "/results/0/log");
    let owner = std::fs::read_to_string(repo.dir.join(".git/weir/private/owner.token"));
    let api = Api::new(&url, owner.expect("the owner's token").trim());
    let printed = String::from_utf8(api.bytes(&format!("/v1/bodies/{log}"))).expect("text");
    assert!(printed.contains("WEIR_CHECK=check") && printed.contains("CI=true"), "{printed}");
    assert!(printed.contains("subject:") && printed.contains("\none\n"), "{printed}");
    for hidden in [secret.as_str(), "WEIR_URL", "weir_p_"] {
        assert!(!printed.contains(hidden), "{printed}");
    }
    assert!(!runner.said().contains(&secret), "{}", runner.said());

    // Told to stop, it says that it goes.
    runner.signal(Signal::TERM);
    let status = runner.child.wait().expect("our own child");
    assert!(status.success(), "{status}: {}", runner.said());
    assert_eq!(here(&repo, 0)["items"], json!([]));
    let log = repo.weir(&["log", "-n", "100"]).expect(0).out;
    for said in ["runner a (", "waits for a runner", "took the first run of", ") left"] {
        assert!(log.contains(said), "{said}: {log}");
    }
    let left = std::fs::read_dir(repo.beside("a").join("kept/trees"));
    let left = left.map(|left| left.count()).unwrap_or_default();
    assert_eq!(left, 0, "trees are removed");
}

/// The one that has the run is killed in the midst of its check: the other takes over, and the change lands.
#[test]
fn a_runner_that_is_killed_loses_nothing() {
    let beside = tempfile::tempdir().expect("a folder");
    let mark = beside.path().join("mark").display().to_string();
    let (repo, url) = without_workers(&format!("mkdir {mark} || exit 0; sleep 600"));
    let (file, _) = token(&repo);
    let mut runners = ["a", "b"].map(|name| Runner::start(&repo, &url, name, &file, &[]));
    here(&repo, 2);
    bring(&repo, "T1", "one");
    let begun = Instant::now();
    while !Path::new(&mark).exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no check began");
        std::thread::sleep(Duration::from_millis(20));
    }
    let list = repo.json(&["runner", "list"]);
    let items = list["items"].as_array().expect("a list");
    let busy = items.iter().find(|one| one["runs"] != json!([])).expect("one has it");
    assert_eq!(busy["runs"][0]["check"], "check", "{busy:#}");
    let words = repo.weir(&["queue"]).expect(0).out;
    assert!(words.contains("1 of 1") && words.contains("Q1 check"), "{words}");
    let busy = text(busy, "/name");
    for runner in runners.iter_mut().filter(|runner| runner.name == busy) {
        runner.signal(Signal::KILL);
        runner.child.wait().expect("our own child");
    }
    until(&repo, &["change", "show", "C1"], |change| change["state"] == "landed");
    let candidate = repo.json(&["show", "Q1"])["thing"].clone();
    let other = if busy == "a" { "b" } else { "a" };
    assert_eq!(candidate["runner"]["name"], other, "{candidate:#}");
    assert_eq!(candidate["runs"], 1, "no failure of the change's: {candidate:#}");
    let log = repo.weir(&["log", "-n", "100"]).expect(0).out;
    assert!(log.contains("which had ended"), "{log}");
}

/// One that took a run and comes back when it is another's: what it tells is refused, recorded, and changes nothing.
#[test]
fn a_late_report_is_refused() {
    let (repo, url) = without_workers("true");
    let (file, secret) = token(&repo);
    let late = Api::new(&url, &secret);
    let ask = json!({"name": "late", "environment": "x", "places": 1, "lease": "200ms"});
    assert_eq!(late.must_post("/v1/runners/take", &ask), json!({}));
    bring(&repo, "T1", "one");
    let mut ask = ask;
    ask["wait"] = json!("20s");
    let begun = Instant::now();
    let order = loop {
        let taken = late.must_post("/v1/runners/take", &ask)["order"].clone();
        if taken.is_object() {
            break taken;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing was offered");
    };
    let mut runner = Runner::start(&repo, &url, "a", &file, &[]);
    until(&repo, &["change", "show", "C1"], |change| change["state"] == "landed");
    let before = repo.json(&["show", "Q1"])["thing"].clone();
    assert_eq!(before["runner"]["name"], "a", "{before:#}");
    let report = json!({
        "name": "late", "candidate": order["candidate"], "run": order["run"], "lease": order["lease"],
        "check": "check", "ended": {"exited": 1}, "elapsed_ms": 1, "log": "",
    });
    match late.post("/v1/runners/report", &report) {
        Answer::Refused(code, _) => assert_eq!(code, "run.lease_lost"),
        other => panic!("{other:?}"),
    }
    assert_eq!(repo.json(&["show", "Q1"])["thing"], before);
    assert_eq!(repo.json(&["change", "show", "C1"])["state"], "landed");
    let log = repo.weir(&["log", "-n", "100"]).expect(0).out;
    assert!(log.contains("runner late") && log.contains("it changed nothing"), "{log}");

    // A token that was revoked ends a runner.
    let tokens = repo.json(&["token", "list"]);
    let tokens = tokens["items"].as_array().expect("a list");
    let own = tokens.iter().find(|token| token["label"] == "build").expect("issued");
    assert_eq!(own["rights"], json!(["run"]));
    repo.json(&["token", "revoke", &text(own, "/id")]);
    let status = runner.child.wait().expect("our own child");
    assert_eq!(status.code(), Some(3), "{}", runner.said());
    assert!(runner.said().contains("token.revoked"), "{}", runner.said());
}

/// The commands that the page shows.
#[test]
fn what_the_docs_show_is_so() {
    let (repo, url) = without_workers("true");
    let docs = include_str!("../../../docs/queue.md");
    let (_, section) = docs.split_once("\n## Runners\n").expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let shown = |start: &str| -> Vec<Vec<String>> {
        let lines = section.lines().filter_map(|line| line.strip_prefix(start));
        let plain = lines.map(|line| line.split(" #").next().unwrap_or_default());
        plain.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    };
    let mut examples = shown("    weir ");
    let started: Vec<String> = shown("    WEIR_URL=").remove(0);
    examples.retain(|words| words[0] == "runner");
    let [issue, list] = &examples[..] else { panic!("{examples:?}") };
    let issued = repo.json(&issue.iter().map(String::as_str).collect::<Vec<_>>());
    let file = repo.beside("token");
    std::fs::write(&file, text(&issued, "/secret")).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("private");
    // As it is shown, but for where the server and the file are.
    let file = file.display().to_string();
    let start: Vec<&str> = started[2..]
        .iter()
        .map(|word| if word == "runner.token" { file.as_str() } else { word.as_str() })
        .collect();
    let place = repo.beside("docs");
    std::fs::create_dir_all(&place).expect("made");
    let mut child = repo.command(&place, &start, &[("WEIR_URL", &url)]);
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    bring(&repo, "T1", "one");
    until(&repo, &["change", "show", "C1"], |change| change["state"] == "landed");
    let list: Vec<&str> = list.iter().map(String::as_str).collect();
    let told = repo.weir(&list).expect(0).out;
    assert!(told.contains("image-7") && told.contains("0 of 4"), "{told}");
    assert_eq!(repo.json(&list)["items"][0]["places"], 4);
    child.kill().expect("our own child");
    child.wait().expect("our own child");
}
