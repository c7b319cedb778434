//! The queue from outside: what its commands show and change, and that what `docs/queue.md` shows is so.

mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use support::{Repo, git, text};

/// A repository whose check is this line, with a server.
fn checked_by(run: &str) -> Repo {
    let repo = Repo::new();
    repo.write("weir.toml", &format!("[[check]]\nname = \"check\"\nrun = '''{run}'''\n"));
    repo.commit("Say what is checked");
    repo.up();
    repo
}

/// Cuts a task, and brings a file for it; gives the worktree.
fn bring(repo: &Repo, task: &str, file: &str) -> PathBuf {
    let created = repo.json(&["task", "create", file, "--paths", "**"]);
    assert_eq!(created["id"], task);
    let claim = repo.json(&["task", "claim", task, "--agent", "ada"]);
    let tree = PathBuf::from(text(&claim, "/worktree"));
    std::fs::write(tree.join(file), "text\n").expect("written");
    git(&tree, &["add", "--all"]);
    git(&tree, &["commit", "--quiet", "--message", &format!("Bring {file}")]);
    tree
}

fn submit(repo: &Repo, tree: &Path) {
    repo.weir_in(tree, &["submit"], &[]).expect(0);
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

fn sentences(explained: &Value) -> Vec<String> {
    let decisions = explained["decisions"].as_array().expect("a list");
    decisions.iter().map(|entry| text(entry, "/sentence")).collect()
}

/// The commands that the page shows, in its order, on a queue in which a change waits.
#[test]
fn what_the_docs_show_is_so() {
    let repo = checked_by("true");
    repo.json(&["queue", "freeze", "-m", "before it comes"]);
    let tree = bring(&repo, "T1", "one");
    submit(&repo, &tree);
    let passed = until(&repo, &["queue"], |queue| queue["testing"][0]["outcome"] == "passed");
    assert_eq!(passed["frozen"]["reason"], "before it comes", "{passed:#}");
    assert_eq!(passed["waiting"][0]["part_of"][0], "Q1", "{passed:#}");
    let words = repo.weir(&["queue"]).expect(0).out;
    assert!(words.contains("Frozen by") && words.contains("passed"), "{words}");
    repo.json(&["queue", "thaw"]);
    until(&repo, &["change", "show", "C1"], |change| change["state"] == "landed");

    repo.json(&["queue", "freeze", "-m", "so that C2 waits"]);
    let tree = bring(&repo, "T2", "two");
    submit(&repo, &tree);
    let docs = include_str!("../../../docs/queue.md");
    let shown = docs.lines().filter_map(|line| line.strip_prefix("    weir "));
    let mut examples = 0;
    for example in shown.take_while(|line| line.starts_with("queue")) {
        let example = example.split(" #").next().unwrap_or_default().replace("C1", "C2");
        let (words, quoted) = example.split_once('"').unwrap_or((&example, ""));
        let mut args: Vec<&str> = words.split_whitespace().collect();
        args.extend(quoted.strip_suffix('"'));
        repo.json(&args);
        repo.weir(&args).expect(0);
        examples += 1;
    }
    assert_eq!(examples, 5);
    until(&repo, &["change", "show", "C2"], |change| change["state"] == "landed");
    let explained = repo.json(&["queue", "explain", "C2"]);
    let sentences = sentences(&explained);
    for said in ["waits for its turn", "was built", "express: the site is down", "landed"] {
        assert!(sentences.iter().any(|it| it.contains(said)), "{said}: {sentences:#?}");
    }
    let log = repo.weir(&["log", "-n", "100"]).expect(0).out;
    for said in ["froze the queue: so that C2 waits", "let the queue go on"] {
        assert!(log.contains(said), "{said}: {log}");
    }
}

/// The history that the page shows, and what it says that comes of it; by the file, on stdin, and without a server.
#[test]
fn what_the_docs_say_of_a_history_comes_of_it() {
    let docs = include_str!("../../../docs/queue.md");
    let indented = |line: &str| line.strip_prefix("    ").map(str::to_owned);
    let trace = docs.lines().filter_map(indented).filter(|line| line.starts_with("{\"change\""));
    let trace: String = trace.map(|line| line + "\n").collect();
    let (_, after) = docs.split_once("    $ weir queue simulate ").expect("the command");
    let (args, after) = after.split_once('\n').expect("what it prints");
    let printed = after.lines().take_while(|line| line.is_empty() || line.starts_with("    "));
    let printed: Vec<String> = printed.map(|line| indented(line).unwrap_or_default()).collect();
    let (printed, repo) = (printed.join("\n"), Repo::none());
    std::fs::write(repo.dir.join("history.jsonl"), &trace).expect("written");
    let args: Vec<&str> = ["queue", "simulate"].into_iter().chain(args.split(' ')).collect();
    let out = repo.weir(&args).expect(0).out;
    // How soon ours would be changes as it gets better; what it lands does not.
    let is_ours = |line: &&str| line.trim_start().starts_with("ours ");
    let words = |text: &str| -> Vec<Vec<String>> {
        let lines = text.lines().filter(|line| !is_ours(line) && !line.is_empty());
        lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    };
    assert_eq!(words(&out), words(&printed), "{out}");
    assert!(out.lines().any(|line| is_ours(&line)) && printed.lines().any(|line| is_ours(&line)));
    let answer = repo.json(&args);
    assert_eq!(answer["rows"][0]["policy"], Value::Null, "{answer:#}");
    assert_eq!(answer["rows"][5]["policy"], "ours", "{answer:#}");
    assert!(answer["rows"].as_array().expect("a list").iter().all(|row| row["landed"] == 4));

    std::fs::write(repo.dir.join("history.jsonl"), trace + "{}\n").expect("written");
    let refused = repo.weir(&["queue", "simulate", "--from", "history.jsonl", "--json"]).refusal();
    assert_eq!(refused["code"], "trace.line", "{refused:#}");
    assert!(text(&refused, "/sentence").contains("line 7"), "{refused:#}");
}

/// What came to the queue of a repository is a trace; asked beside the server that has it, and from a file.
#[test]
fn the_ledger_is_a_history() {
    let repo = checked_by("true");
    let nothing = repo.weir(&["queue", "simulate", "--json"]).refusal();
    assert_eq!(nothing["code"], "trace.empty", "{nothing:#}");
    let tree = bring(&repo, "T1", "one");
    submit(&repo, &tree);
    until(&repo, &["change", "show", "C1"], |change| change["state"] == "landed");
    let asked = repo.json(&["queue", "simulate", "--policy", "ours,serial"]);
    assert_eq!(asked["changes"], 1, "{asked:#}");
    let policies: Vec<&Value> =
        asked["rows"].as_array().expect("a list").iter().map(|row| &row["policy"]).collect();
    assert_eq!(policies, [&Value::Null, &"ours".into(), &"serial".into()]);
    let trace = repo.weir(&["queue", "trace"]).expect(0).out;
    std::fs::write(repo.dir.join("history.jsonl"), trace).expect("written");
    let again = ["queue", "simulate", "--policy", "ours,serial", "--from", "history.jsonl"];
    assert_eq!(repo.json(&again), asked);
}

/// A check that passes on its second try costs nobody anything, and both runs are on record.
#[test]
fn what_fails_by_chance_lands() {
    let (repo, beside) = (Repo::new(), tempfile::tempdir().expect("a folder"));
    let mark = beside.path().join("mark").display().to_string();
    let line = format!("test -e {mark} || {{ touch {mark}; exit 1; }}");
    repo.write("weir.toml", &format!("[[check]]\nname = \"check\"\nrun = '''{line}'''\n"));
    repo.commit("Say what is checked");
    repo.up();
    let tree = bring(&repo, "T1", "one");
    submit(&repo, &tree);
    until(&repo, &["change", "show", "C1"], |change| change["state"] == "landed");
    assert_eq!(repo.json(&["show", "Q1"])["thing"]["runs"], 2);
    let explained = repo.json(&["queue", "explain", "C1"]);
    let again = "is run a second time: `C1.1` failed once, and is good with";
    let sentences = sentences(&explained);
    assert!(sentences.iter().any(|it| it.contains(again)), "{sentences:#?}");
}

/// The trunk fails by itself: nobody is sent back, the queue says so, and who mends it lands.
#[test]
fn a_red_trunk_is_nobodys_fault() {
    let repo = checked_by("test -e mended");
    let tree = bring(&repo, "T1", "one");
    submit(&repo, &tree);
    until(&repo, &["queue"], |queue| queue["trunk_red"].is_string());
    let words = repo.weir(&["queue"]).expect(0).out;
    assert!(words.contains("The trunk itself fails"), "{words}");
    assert_eq!(repo.json(&["change", "show", "C1"])["repair"], Value::Null);
    let mend = bring(&repo, "T2", "mended");
    submit(&repo, &mend);
    for change in ["C2", "C1"] {
        until(&repo, &["change", "show", change], |change| change["state"] == "landed");
    }
}

/// Only a person may say what is urgent, and not without a reason.
#[test]
fn who_may_speak_to_the_queue_and_how() {
    let repo = checked_by("true");
    let tree = bring(&repo, "T1", "one");
    for args in [&["queue", "freeze", "-m", "me"][..], &["queue", "thaw"]] {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let refused = repo.weir_in(&tree, &args, &[]).expect(3).refusal();
        assert!(text(&refused, "/code").starts_with("right."), "{refused:#}");
    }
    let refused = repo.weir(&["queue", "freeze", "-m", " ", "--json"]).refusal();
    assert_eq!(refused["code"], "queue.no_reason", "{refused:#}");
    let unknown = ["queue", "class", "C7", "high", "-m", "why", "--json"];
    assert_eq!(repo.weir(&unknown).refusal()["code"], "change.unknown");
    assert_eq!(
        repo.weir(&["queue", "explain", "C7", "--json"]).refusal()["code"],
        "change.unknown"
    );
}
