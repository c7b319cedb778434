//! The view of the code, by the real binary: what a session sees in its own worktree, and what it is told of others.

#[path = "view/live.rs"]
mod live;
mod support;

use live::until;
use serde_json::Value;
use std::path::{Path, PathBuf};
use support::{Repo, git, text};

const RETRY: &str = "//! Tries again.\n\n/// What failed is tried again.\npub struct Retry {\n    left: u32,\n}\n\n\
    impl Retry {\n    /// The next try, if there is one.\n    pub fn next(&mut self) -> Option<u32> {\n        \
    self.left = self.left.checked_sub(1)?;\n        Some(self.left)\n    }\n}\n\n\
    pub fn pause(tries: u32) -> u32 {\n    tries * 100\n}\n";
const PUSH: &str = "use crate::retry::{Retry, pause};\n\npub fn push_failed(retry: &mut Retry) -> bool {\n    \
    match Retry::next(retry) {\n        Some(tries) => pause(tries) > 0,\n        None => false,\n    }\n}\n";

/// A repository of Rust with two tasks, each claimed in a worktree of its own.
fn begin() -> (Repo, PathBuf, PathBuf) {
    begin_with(&[], "")
}

/// The same, by a server that was started so, under these rules.
fn begin_with(up: &[&str], rules: &str) -> (Repo, PathBuf, PathBuf) {
    let repo = Repo::empty();
    repo.write(
        "Cargo.toml",
        "[package]\nname = \"river\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    repo.write("src/lib.rs", "pub mod push;\npub mod retry;\n");
    repo.write("src/retry.rs", RETRY);
    repo.write("src/push.rs", PUSH);
    repo.write(
        "tests/push.rs",
        "use river::retry::pause;\n\n#[test]\nfn pauses() {\n    assert_eq!(pause(1), 100);\n}\n",
    );
    repo.write("weir.toml", &format!("[[check]]\nname = \"test\"\nrun = \"true\"\n{rules}"));
    repo.write("CODEOWNERS", "* @river\n/src/retry.rs @ann\n");
    repo.write(".env", "KEY=hidden-word\n");
    repo.write(".gitignore", "/target/\n");
    repo.commit("Begin");
    repo.json(&[&["up", "--detach", "--listen", "127.0.0.1:0"], up].concat());
    let claim = |title: &str, agent: &str| {
        let task = repo.json(&["task", "create", title, "--paths", "src/**"]);
        let claim = repo.json(&["task", "claim", &text(&task, "/id"), "--agent", agent]);
        PathBuf::from(text(&claim, "/worktree"))
    };
    let (ada, bob) = (claim("Mend the retry", "ada"), claim("Mend the push", "bob"));
    (repo, ada, bob)
}

/// What `weir view` says in a worktree.
fn view(repo: &Repo, dir: &Path, args: &[&str]) -> Value {
    let args = [&["view"], args, &["--json"]].concat();
    repo.weir_in(dir, &args, &[]).expect(0).document()
}

fn names<'a>(found: &'a Value, list: &str, field: &str) -> Vec<&'a str> {
    let list = found.pointer(list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|one| one[field].as_str()).collect()
}

#[test]
fn a_symbol_is_found_with_its_uses_and_how_they_are_known() {
    let (repo, ada, _) = begin();
    let found = view(&repo, &ada, &["symbol", "Retry::next"]);
    assert_eq!(names(&found, "/symbols", "path"), ["src/retry.rs"], "{found:#}");
    assert_eq!(text(&found, "/symbols/0/name"), "Retry::next");
    assert!(text(&found, "/symbols/0/code").contains("checked_sub"));
    assert_eq!(found["symbols"][0]["users"]["import"], 1, "{found:#}");
    assert_eq!(found["envelope"]["dirty"], 0);

    let found = view(&repo, &ada, &["impact", "pause"]);
    assert_eq!(names(&found, "/users", "path"), ["src/push.rs"], "{found:#}");
    assert_eq!(names(&found, "/users", "how"), ["import"]);
    assert_eq!(names(&found, "/users", "within"), ["push_failed"]);
    assert_eq!(names(&found, "/tests", "path"), ["tests/push.rs"], "{found:#}");
    assert_eq!(found["owners"], serde_json::json!(["@ann"]));

    let none = view(&repo, &ada, &["symbol", "paus"]);
    assert_eq!(none["symbols"], serde_json::json!([]));
    assert!(none["alike"].as_array().expect("a list").contains(&"pause".into()), "{none:#}");
    let outline = view(&repo, &ada, &["outline", "src/retry.rs"]);
    let shown = names(&outline, "/files/0/symbols", "name");
    assert!(shown.contains(&"Retry::next") && shown.contains(&"pause"), "{shown:?}");
    let map = text(&view(&repo, &ada, &["map"]), "/text");
    assert!(map.contains("src/retry.rs") && map.contains("pub fn pause"), "{map}");
    let refused = repo.weir_in(&ada, &["view", "symbol", "", "--json"], &[]).expect(3).refusal();
    assert_eq!(refused["code"], "view.empty");
}

#[test]
fn edits_that_nobody_committed_are_seen_by_their_own_and_told_to_others() {
    let (repo, ada, bob) = begin();
    let edited = RETRY
        .replace("pub fn pause(tries: u32)", "pub fn pause(tries: u32, most: u32)")
        .replace("tries * 100", "(tries * 100).min(most)");
    std::fs::write(ada.join("src/retry.rs"), edited + "\npub fn backoff() {}\n").expect("written");

    let own = view(&repo, &ada, &["symbol", "backoff"]);
    assert_eq!(names(&own, "/symbols", "path"), ["src/retry.rs"], "{own:#}");
    assert_eq!(own["envelope"]["dirty"], 1);
    let base = view(&repo, &ada, &["symbol", "backoff", "--from", "base"]);
    assert_eq!(base["symbols"], serde_json::json!([]), "not in the commit it stands on");
    let others = view(&repo, &bob, &["symbol", "backoff"]);
    assert_eq!(others["symbols"], serde_json::json!([]), "not in another's worktree");

    // What ada asked was answered from it: from then on everybody is told.
    let told = view(&repo, &bob, &["symbol", "pause"]);
    let here = &told["envelope"]["also_here"][0];
    assert_eq!(
        (here["agent"].as_str(), here["path"].as_str()),
        (Some("ada"), Some("src/retry.rs")),
        "{told:#}"
    );
    assert_eq!(here["symbols"], serde_json::json!(["reshaped pause", "added backoff"]), "{told:#}");
    std::fs::write(bob.join("src/push.rs"), PUSH.replace("> 0", "> 1")).expect("written");
    until("whoever changes a user of it is told of", || {
        let told = view(&repo, &ada, &["impact", "pause"]);
        let paths = names(&told, "/envelope/also_here", "path");
        if paths == ["src/push.rs"] { Ok(()) } else { Err(told) }
    });

    let who = view(&repo, &repo.dir, &["who"]);
    let mut all = names(&who, "/here", "agent");
    all.sort_unstable();
    assert_eq!(all, ["ada", "bob"], "{who:#}");
    let who = view(&repo, &repo.dir, &["who", "pause"]);
    assert_eq!(
        names(&who, "/here", "agent"),
        ["ada", "bob"],
        "who touches it, and whom that breaks"
    );
    assert_eq!(who["here"][0].get("breaks"), None);
    std::fs::write(ada.join("src/retry.rs"), RETRY).expect("written");
    until("it is as it was before", || {
        let who = view(&repo, &repo.dir, &["who", "pause"]);
        if who["here"] == serde_json::json!([]) { Ok(()) } else { Err(who) }
    });
}

#[test]
fn what_is_found_by_words_is_no_secret() {
    let (repo, ada, _) = begin();
    std::fs::write(
        ada.join("src/new.rs"),
        "/// Waits for the ferry.\npub fn wait_for_ferry() {}\n",
    )
    .expect("written");
    let found = view(&repo, &ada, &["search", "where", "do", "we", "retry", "failed", "pushes"]);
    let paths = names(&found, "/hits", "path");
    assert_eq!(paths[0], "src/push.rs", "{found:#}");
    assert!(paths[..3].contains(&"src/retry.rs"), "{found:#}");
    let found = view(&repo, &ada, &["search", "ferry"]);
    assert_eq!(names(&found, "/hits", "path"), ["src/new.rs"], "{found:#}");
    let found = view(&repo, &ada, &["search", "hidden-word"]);
    assert!(!found.to_string().contains(".env"), "{found:#}");
    let refused = repo.weir_in(&ada, &["view", "search", " ", "--json"], &[]).expect(3).refusal();
    assert_eq!(refused["code"], "view.query_empty");
}

#[test]
fn a_text_is_found_as_it_is_written_in_what_each_session_sees() {
    let (repo, ada, bob) = begin();
    std::fs::write(ada.join("src/push.rs"), PUSH.replace("> 0", "> 100")).expect("written");
    std::fs::write(ada.join("blob.bin"), b"\0pause(1)").expect("written");
    let found = view(&repo, &ada, &["grep", "pause(", "--context", "1"]);
    let paths = names(&found, "/files", "path");
    assert_eq!(paths, ["src/push.rs", "src/retry.rs", "tests/push.rs"], "{found:#}");
    let own = text(&found, "/files/0/text");
    assert!(own.contains("5:        Some(tries) => pause(tries) > 100,\n6-"), "{own}");
    assert_eq!(found["files"][0]["matches"], serde_json::json!([5]));
    let told = &found["envelope"]["not_covered"][0];
    assert_eq!((&told["why"], &told["such_as"][0]), (&"binary".into(), &"blob.bin".into()));
    let found = view(&repo, &ada, &["grep", "> 100", "--from", "base"]);
    assert_eq!(found["files"], serde_json::json!([]), "not in the commit it stands on");

    // Whoever else changes a file that is shown is told of.
    let args = ["grep", r"fn \w+_FAILED", "--regex", "-i", "--paths", "src/**"];
    let found = view(&repo, &bob, &args);
    assert_eq!(names(&found, "/files", "path"), ["src/push.rs"], "{found:#}");
    assert_eq!(names(&found, "/envelope/also_here", "agent"), ["ada"], "{found:#}");
    let found = view(&repo, &bob, &["grep", "hidden-word"]);
    assert_eq!(found["files"], serde_json::json!([]), "secrets are in no view");
    let found = view(&repo, &bob, &["grep", "e", "--tokens", "100"]);
    assert!(text(&found, "/envelope/cut").contains("ask for more tokens"), "{found:#}");

    for (args, code) in [
        (&["grep", "("][..], None),
        (&["grep", "(", "--regex"], Some("view.pattern_wrong")),
        (&["grep", r"((\w{500}){500}){500}", "--regex"], Some("view.pattern_large")),
        (&["grep", ""], Some("view.pattern_empty")),
        (&["grep", "fn", "--paths", "/src"], Some("paths.malformed")),
        (&["grep", "fn", "--paths", "source/**"], Some("view.paths_empty")),
    ] {
        let args = [&["view"], args, &["--json"]].concat();
        let told = repo.weir_in(&bob, &args, &[]);
        match code {
            None => assert!(told.expect(0).document()["files"].is_array()),
            Some(code) => assert_eq!(told.expect(3).refusal()["code"], code, "{args:?}"),
        }
    }
}

#[test]
fn a_text_that_git_has_lost_is_said_to_be_gone() {
    let (repo, ada, _) = begin();
    let whole = view(&repo, &ada, &["symbol", "pause"]);
    assert_eq!(whole["envelope"].get("not_covered"), None, "{whole:#}");
    let blob = git(&repo.dir, &["rev-parse", "HEAD:src/push.rs"]);
    let (folder, name) = blob.trim().split_at(2);
    let object = repo.dir.join(".git/objects").join(folder).join(name);
    std::fs::remove_file(object).expect("it was there");
    for from in ["base", "tip"] {
        let found = view(&repo, &ada, &["symbol", "push_failed", "--from", from]);
        assert_eq!(names(&found, "/symbols", "path"), ["src/push.rs"], "{found:#}");
        assert_eq!(found["symbols"][0].get("code"), None, "{found:#}");
        let told = &found["envelope"]["not_covered"][0];
        assert_eq!(
            (&told["why"], &told["such_as"]),
            (&"no_text".into(), &serde_json::json!(["src/push.rs"])),
            "{found:#}"
        );
    }
    // An edit of it is held against what is known of it.
    std::fs::write(ada.join("src/push.rs"), PUSH.replace("> 0", "> 1")).expect("written");
    let own = view(&repo, &ada, &["symbol", "push_failed"]);
    assert!(text(&own, "/symbols/0/code").contains("> 1"), "{own:#}");
    let who = view(&repo, &repo.dir, &["who", "src/push.rs"]);
    assert_eq!(who["here"][0]["symbols"], serde_json::json!(["may have changed push_failed"]));
}

/// The words of a line, as a shell reads them: quotes join, and a sign of a comment ends it.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (nth, part) in line.split('"').enumerate() {
        if nth % 2 == 1 {
            words.push(part.to_owned());
            continue;
        }
        for word in part.split_whitespace() {
            if word == "#" {
                return words;
            }
            words.push(word.to_owned());
        }
    }
    words
}

#[test]
fn what_the_docs_show_is_so() {
    let (repo, ada, bob) = begin();
    std::fs::write(bob.join("src/retry.rs"), RETRY.replace("* 100", "* 200")).expect("written");
    until("bob is there", || {
        let who = view(&repo, &ada, &["who"]);
        if names(&who, "/here", "agent").contains(&"bob") { Ok(()) } else { Err(who) }
    });
    let docs = include_str!("../../../docs/view.md");
    let examples: Vec<&str> =
        docs.lines().filter_map(|line| line.strip_prefix("    weir view ")).collect();
    assert!(examples.len() >= 8, "{examples:?}");
    for example in examples {
        let args = words(example);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        // What a compiler's index says is tried where one is made: crates/view/tests/compiled.rs.
        if matches!(args.first(), Some(&"import" | &"indexes")) {
            continue;
        }
        let found = view(&repo, &ada, &args);
        let told = found.as_object().into_iter().flatten().any(|(name, value)| match value {
            Value::Array(list) => !list.is_empty(),
            Value::String(text) => !text.is_empty(),
            _ => name != "envelope" && value.is_object(),
        });
        assert!(told, "{example}: {found:#}");
    }
}

#[test]
fn what_says_the_same_in_other_words_is_found() {
    let (repo, ada, _) = begin();
    std::fs::write(ada.join("src/new.rs"), "pub fn attempt_again() {}\n").expect("written");
    std::fs::write(ada.join("src/retry.rs"), "").expect("written");
    std::fs::write(ada.join("src/push.rs"), "").expect("written");
    let found = view(&repo, &ada, &["search", "retries of it"]);
    let hits = found["hits"].as_array().expect("a list");
    let new = hits.iter().find(|hit| hit["path"] == "src/new.rs");
    let near = new.unwrap_or_else(|| panic!("it is not found: {found:#}"))["near"].to_string();
    assert!(near.contains("attempt"), "{near}");

    // Somebody lands that this is left out: the server goes on, and leaves it out.
    let task = repo.json(&["task", "create", "Words only", "--paths", "weir.toml"]);
    let claim = repo.json(&["task", "claim", &text(&task, "/id"), "--agent", "cy"]);
    let cy = PathBuf::from(text(&claim, "/worktree"));
    let rules = std::fs::read_to_string(cy.join("weir.toml")).expect("read");
    let off = format!("{rules}\n[view]\nmeaning = \"off\"\n");
    std::fs::write(cy.join("weir.toml"), off).expect("written");
    git(&cy, &["commit", "--quiet", "--all", "--message", "Words only"]);
    repo.weir_in(&cy, &["submit", "--wait"], &[]).expect(0);
    until("only words are looked for", || {
        let found = view(&repo, &ada, &["search", "retries of it"]);
        let hits = found["hits"].as_array().expect("a list");
        let is_there = hits.iter().any(|hit| hit["path"] == "src/new.rs" || !hit["near"].is_null());
        if is_there { Err(found.clone()) } else { Ok(()) }
    });
}
