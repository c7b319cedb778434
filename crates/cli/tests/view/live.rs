//! What lies in worktrees, as it is now: file events, and what is done without them.

use super::support::{Repo, git, text};
use super::{PUSH, RETRY, begin, begin_with, names, view};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What comes to be seen; it is asked for until it is, and shown if it never is.
pub(super) fn until(what: &str, mut look: impl FnMut() -> Result<(), Value>) {
    let begun = Instant::now();
    while let Err(seen) = look() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}: {seen:#}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn who(repo: &Repo, dir: &Path, of: &[&str]) -> Value {
    view(repo, dir, &[&["who"], of].concat())
}

/// Whoever asks sees all that they wrote before, at once, whatever it was.
fn own_edits_are_exact(repo: &Repo, ada: &Path) {
    let symbol = |name: &str| view(repo, ada, &["symbol", name]);
    let paths = |name: &str| {
        let found = symbol(name);
        names(&found, "/symbols", "path").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    for number in 0..10 {
        let name = format!("edit_{number}");
        fs::write(ada.join("src/retry.rs"), format!("{RETRY}\npub fn {name}() {{}}\n"))
            .expect("written");
        assert_eq!(paths(&name), ["src/retry.rs"]);
    }
    assert_eq!(paths("edit_8"), [""; 0]);
    // A folder that comes, with folders in it, and a file that comes later.
    fs::create_dir_all(ada.join("src/deep/down")).expect("made");
    fs::write(ada.join("src/deep/down/one.rs"), "pub fn in_the_deep() {}\n").expect("written");
    assert_eq!(paths("in_the_deep"), ["src/deep/down/one.rs"]);
    fs::write(ada.join("src/deep/down/two.rs"), "pub fn further_down() {}\n").expect("written");
    assert_eq!(paths("further_down"), ["src/deep/down/two.rs"]);
    // It moves, and what is written there afterwards is seen.
    fs::rename(ada.join("src/deep"), ada.join("src/high")).expect("moved");
    assert_eq!(paths("in_the_deep"), ["src/high/down/one.rs"]);
    fs::write(ada.join("src/high/down/two.rs"), "pub fn up_again() {}\n").expect("written");
    assert_eq!(paths("up_again"), ["src/high/down/two.rs"]);
    // What git ignores is not there; other rules, and it is.
    fs::create_dir(ada.join("target")).expect("made");
    fs::write(ada.join("target/made.rs"), "pub fn built() {}\n").expect("written");
    assert_eq!(paths("built"), [""; 0]);
    fs::write(ada.join(".gitignore"), "").expect("written");
    assert_eq!(paths("built"), ["target/made.rs"]);
    fs::write(ada.join(".gitignore"), "/target/\n").expect("written");
    assert_eq!(paths("built"), [""; 0]);
    // What git itself does in the tree.
    git(ada, &["add", "--all"]);
    git(ada, &["commit", "--quiet", "--message", "Mine"]);
    assert_eq!(paths("up_again"), ["src/high/down/two.rs"]);
    git(ada, &["reset", "--quiet", "--hard", "HEAD~1"]);
    assert_eq!(paths("up_again"), [""; 0]);
    assert_eq!(symbol("pause")["envelope"]["dirty"], 0);
    fs::remove_file(ada.join("src/retry.rs")).expect("removed");
    assert_eq!(paths("pause"), [""; 0]);
    fs::write(ada.join("src/retry.rs"), RETRY).expect("written");
    assert_eq!(paths("pause"), ["src/retry.rs"]);
}

#[test]
fn own_edits_are_seen_at_once() {
    let (repo, ada, bob) = begin();
    own_edits_are_exact(&repo, &ada);
    assert!(who(&repo, &bob, &[])["envelope"].get("late").is_none(), "file events tell");
}

#[test]
fn without_file_events_worktrees_are_looked_through_and_that_is_said() {
    let (repo, ada, bob) = begin_with(&["--watches-max", "0"], "");
    own_edits_are_exact(&repo, &ada);
    fs::write(bob.join("src/push.rs"), PUSH.replace("> 0", "> 1")).expect("written");
    until("bob's edit is seen", || {
        let seen = who(&repo, &ada, &[]);
        match names(&seen, "/here", "path").contains(&"src/push.rs") {
            true => Ok(()),
            false => Err(seen),
        }
    });
    let seen = view(&repo, &ada, &["symbol", "push_failed"]);
    let late = text(&seen, "/envelope/late/0");
    assert!(late.contains("more folders than may be watched"), "{late}");
}

#[test]
fn edits_of_others_are_told_without_their_asking_also_after_a_restart() {
    let (repo, ada, bob) = begin();
    let is_told = |path: &str| {
        until(path, || {
            let seen = who(&repo, &ada, &[]);
            match names(&seen, "/here", "path").contains(&path) {
                true => Ok(()),
                false => Err(seen),
            }
        });
    };
    fs::create_dir(bob.join("src/new")).expect("made");
    fs::write(bob.join("src/new/one.rs"), "pub fn one() {}\n").expect("written");
    is_told("src/new/one.rs");
    fs::write(bob.join("src/push.rs"), PUSH.replace("> 0", "> 1")).expect("written");
    is_told("src/push.rs");
    let session = fs::read_to_string(bob.join(".git/weir-session.json")).expect("it is there");
    let session: Value = serde_json::from_str(&session).expect("a document");
    let url = text(&session, "/url");
    repo.weir(&["down"]).expect(0);
    fs::write(bob.join("src/lib.rs"), "pub mod push;\npub mod retry;\npub fn late() {}\n")
        .expect("written");
    repo.json(&["up", "--detach", "--listen", url.trim_start_matches("http://")]);
    is_told("src/lib.rs");
    fs::write(bob.join("src/new/two.rs"), "pub fn two() {}\n").expect("written");
    is_told("src/new/two.rs");
}

#[test]
fn a_worktree_that_is_removed_while_it_is_watched_is_nowhere() {
    let (repo, ada, bob) = begin();
    fs::write(bob.join("src/push.rs"), PUSH.replace("> 0", "> 1")).expect("written");
    let here = |seen: &Value| names(seen, "/here", "agent").contains(&"bob");
    until("bob is there", || {
        let seen = who(&repo, &ada, &[]);
        if here(&seen) { Ok(()) } else { Err(seen) }
    });
    let session = bob.join(".git/weir-session.json");
    let told = fs::read_to_string(&session).expect("it is there");
    let told: Value = serde_json::from_str(&told).expect("a document");
    fs::remove_dir_all(&bob).expect("removed");
    until("bob is gone", || {
        let seen = who(&repo, &ada, &[]);
        if here(&seen) { Err(seen) } else { Ok(()) }
    });
    // The session goes on, and sees the trunk.
    let (url, token) = (text(&told, "/url"), text(&told, "/token"));
    let variables = [("WEIR_URL", url.as_str()), ("WEIR_TOKEN", token.as_str())];
    let args = ["view", "symbol", "pause", "--json"];
    let seen = repo.weir_in(&repo.dir, &args, &variables).expect(0).document();
    assert_eq!(names(&seen, "/symbols", "path"), ["src/retry.rs"], "{seen:#}");
    assert_eq!(seen["envelope"].get("dirty"), None);
}

#[test]
fn what_edits_break_in_edits_of_others_is_told_to_both() {
    let (repo, ada, bob) = begin();
    // Bob calls it once more; ada removes one thing and gives another a new name.
    let call =
        "\npub fn again(retry: &mut Retry) -> u32 {\n    Retry::next(retry).map_or(0, pause)\n}\n";
    fs::write(bob.join("src/push.rs"), format!("{PUSH}{call}")).expect("written");
    let edited = RETRY.replace("fn pause(", "fn rest(");
    let start = edited.find("    /// The next").expect("it is there");
    let end = edited.find("}\n\npub fn rest").expect("it is there");
    fs::write(ada.join("src/retry.rs"), format!("{}{}", &edited[..start], &edited[end..]))
        .expect("written");

    let sentences = |seen: &Value, list: &str| {
        let all = seen.pointer(list).and_then(Value::as_array).cloned().unwrap_or_default();
        let all =
            all.iter().flat_map(|here| here["breaks"].as_array().cloned().unwrap_or_default());
        let mut all: Vec<String> = all.map(|one| text(&one, "/sentence")).collect();
        all.sort();
        all
    };
    until("ada is told", || {
        let seen = who(&repo, &ada, &[]);
        let told = sentences(&seen, "/here");
        let expected = [
            "you removed `Retry::next` in src/retry.rs; S2 (bob, T2) calls it in an edit at src/push.rs:11",
            "you renamed `pause` to `rest` in src/retry.rs; S2 (bob, T2) uses it in an edit at src/push.rs:11",
        ];
        if told == expected { Ok(()) } else { Err(seen) }
    });
    let told = view(&repo, &bob, &["impact", "again"]);
    assert_eq!(
        sentences(&told, "/envelope/also_here"),
        [
            "S1 (ada, T1) removed `Retry::next` in src/retry.rs; you call it in an edit at src/push.rs:11",
            "S1 (ada, T1) renamed `pause` to `rest` in src/retry.rs; you use it in an edit at src/push.rs:11",
        ],
        "{told:#}"
    );
    let told = view(&repo, &ada, &["symbol", "Retry::next"]);
    assert_eq!(told["symbols"], json!([]), "she removed it");
    let breaks = &told["envelope"]["also_here"][0]["breaks"][0];
    assert_eq!(
        (breaks["touch"].as_str(), breaks["line"].as_u64(), breaks["how"].as_str()),
        (Some("removed"), Some(11), Some("import")),
        "{told:#}"
    );
    // A person is told of both.
    let seen = who(&repo, &repo.dir, &["src/push.rs"]);
    assert_eq!(sentences(&seen, "/here").len(), 2, "{seen:#}");
    // What was there before bob wrote breaks nothing of his edits.
    fs::write(bob.join("src/push.rs"), format!("{PUSH}\npub fn other() {{}}\n")).expect("written");
    let seen = who(&repo, &bob, &[]);
    assert_eq!(sentences(&seen, "/here"), [""; 0], "{seen:#}");
}

#[test]
fn what_differs_since_one_branched_is_one_answer() {
    let (repo, ada, bob) = begin();
    // Bob's change lands: another caller, and another body.
    let call = "\npub fn again() -> u32 {\n    pause(2)\n}\n";
    fs::write(bob.join("src/push.rs"), format!("{PUSH}{call}")).expect("written");
    git(&bob, &["commit", "--quiet", "--all", "--message", "Call it again"]);
    repo.weir_in(&bob, &["submit", "--wait"], &[]).expect(0);
    // Ada, meanwhile, changes its head and takes a caller away.
    let edited = RETRY.replace("pub fn pause(tries: u32)", "pub fn pause(tries: u32, most: u32)");
    fs::write(ada.join("src/retry.rs"), edited).expect("written");
    fs::write(ada.join("src/push.rs"), "use crate::retry::Retry;\n").expect("written");

    let seen = view(&repo, &ada, &["symbol", "pause", "--since", "base"]);
    let pairs = [names(&seen, "/since", "from"), names(&seen, "/since", "to")];
    assert_eq!(pairs, [["base", "base"], ["tip", "mine"]], "{seen:#}");
    assert_eq!(names(&seen, "/since/0/users_added", "within"), ["again"], "{seen:#}");
    assert_eq!(seen["since"][0]["users_gone"], json!([]));
    assert_eq!(seen["since"][0]["definitions"], json!([]));
    assert_eq!(names(&seen, "/since/1/users_gone", "within"), ["push_failed"], "{seen:#}");
    assert_eq!(seen["since"][1]["users_added"], json!([]));
    assert_eq!(names(&seen, "/since/1/definitions", "touch"), ["reshaped"]);
    assert!(text(&seen, "/since/1/definitions/0/now/signature").contains("most"));
    assert!(!text(&seen, "/since/1/definitions/0/was/signature").contains("most"));

    let seen = view(&repo, &ada, &["impact", "pause", "--since", "tip"]);
    assert_eq!(names(&seen, "/since", "to"), ["mine"]);
    let mut gone = names(&seen, "/since/0/users_gone", "within");
    gone.sort_unstable();
    assert_eq!(gone, ["again", "push_failed"], "{seen:#}");
    // The trunk is the trunk, and the base is what she stands on.
    let tip = view(&repo, &ada, &["symbol", "again", "--from", "tip"]);
    assert_eq!(names(&tip, "/symbols", "path"), ["src/push.rs"], "{tip:#}");
    let base = view(&repo, &ada, &["symbol", "again", "--from", "base"]);
    assert_eq!(base["symbols"], json!([]));
    assert_ne!(tip["envelope"]["commit"], base["envelope"]["commit"]);

    let ask = |dir: &Path, since: &str| {
        let args = ["view", "symbol", "pause", "--since", since, "--json"];
        text(&repo.weir_in(dir, &args, &[]).expect(3).refusal(), "/code")
    };
    assert_eq!(ask(&repo.dir, "base"), "view.no_worktree");
    assert_eq!(ask(&ada, "yesterday"), "view.since");
}

#[test]
fn what_a_change_would_reach_is_asked_by_its_id() {
    let (repo, ada, bob) = begin_with(&[], "[review]\napprovals = 1\n");
    let edited = RETRY.replace("pub fn pause(tries: u32)", "pub fn pause(tries: u32, most: u32)");
    fs::write(ada.join("src/retry.rs"), &edited).expect("written");
    git(&ada, &["commit", "--quiet", "--all", "--message", "Bound it"]);
    let one = repo.weir_in(&ada, &["submit", "--json"], &[]).expect(0).document();
    fs::write(bob.join("src/retry.rs"), RETRY.replace("tries * 100", "tries * 200"))
        .expect("written");
    git(&bob, &["commit", "--quiet", "--all", "--message", "Longer"]);
    let two = repo.weir_in(&bob, &["submit", "--json"], &[]).expect(0).document();
    let (one, two) = (text(&one, "/id"), text(&two, "/id"));

    let seen = view(&repo, &repo.dir, &["impact", &one]);
    assert_eq!(seen["touches"], json!(["reshaped src/retry.rs pause"]), "{seen:#}");
    assert_eq!(names(&seen, "/users", "within"), ["push_failed"], "{seen:#}");
    assert_eq!(names(&seen, "/tests", "path"), ["tests/push.rs"]);
    assert_eq!(seen["owners"], json!(["@ann"]));
    assert_eq!(seen["changes"], json!([two]));
    assert_eq!(seen["meets"][0]["touches"], json!(["changed src/retry.rs pause"]), "{seen:#}");
}

/// A repository in whose history two files changed together, more than once.
fn with_history() -> (Repo, PathBuf) {
    let repo = Repo::empty();
    for times in 1..4 {
        repo.write("src/retry.rs", &RETRY.replace("* 100", &format!("* {times}00")));
        repo.write("src/push.rs", &PUSH.replace("> 0", &format!("> {times}")));
        repo.write(&format!("docs/{times}.md"), "Words.\n");
        repo.commit(&format!("Wait {times} times"));
    }
    repo.write(
        "weir.toml",
        "[[check]]\nname = \"test\"\nrun = \"true\"\n[review]\napprovals = 1\n",
    );
    repo.commit("Check");
    repo.json(&["up", "--detach", "--listen", "127.0.0.1:0"]);
    let task = repo.json(&["task", "create", "Mend the retry", "--paths", "src/**"]);
    let claim = repo.json(&["task", "claim", &text(&task, "/id"), "--agent", "ada"]);
    (repo, PathBuf::from(text(&claim, "/worktree")))
}

#[test]
fn history_is_told_beside_other_answers_which_say_when_it_is_still_being_read() {
    let (repo, ada) = with_history();
    let whole = |seen: &Value, is_so: &dyn Fn(&Value) -> bool| {
        let being_read = seen.pointer("/envelope/history").and_then(Value::as_str);
        match being_read {
            None => assert!(is_so(seen), "{seen:#}"),
            Some(why) => assert!(why.contains("being read"), "{seen:#}"),
        }
        being_read.is_none()
    };
    let asked = |args: &[&str], is_so: &dyn Fn(&Value) -> bool| {
        until(args[1], || {
            let seen = view(&repo, &ada, args);
            if whole(&seen, is_so) { Ok(()) } else { Err(seen) }
        });
    };
    let by_ann = |seen: &Value| {
        let one = &seen["authors"][0];
        (one["name"].as_str(), one["percent"].as_u64()) == (Some("ann"), Some(100))
    };
    asked(&["impact", "pause"], &|seen| by_ann(seen) && seen["authors"][0]["commits"] == 3);
    asked(&["impact", "Retry::next"], &|seen| by_ann(seen) && seen["authors"][0]["commits"] == 1);
    asked(&["who", "src/push.rs"], &by_ann);
    asked(&["who", "pause"], &by_ann);
    assert_eq!(who(&repo, &ada, &[]).get("authors"), None, "of everything nobody is named");
    // What is new in a worktree has no history, and nobody is told to ask again.
    fs::write(ada.join("src/new.rs"), "pub fn quite_new() {}\n").expect("written");
    let seen = view(&repo, &ada, &["impact", "quite_new"]);
    assert_eq!(names(&seen, "/of", "path"), ["src/new.rs"], "{seen:#}");
    until("it has none", || {
        let seen = view(&repo, &ada, &["impact", "quite_new"]);
        if seen["envelope"].get("history").is_none() { Ok(()) } else { Err(seen) }
    });
    fs::remove_file(ada.join("src/new.rs")).expect("removed");

    // A change of one of the files that otherwise change together.
    fs::write(ada.join("src/retry.rs"), RETRY.replace("* 100", "* 400")).expect("written");
    git(&ada, &["commit", "--quiet", "--all", "--message", "Wait four times"]);
    let change = repo.weir_in(&ada, &["submit", "--json"], &[]).expect(0).document();
    asked(&["impact", &text(&change, "/id")], &|seen| {
        seen["together"] == json!([{"path": "src/push.rs", "times": 3, "of": 3}])
    });
}
