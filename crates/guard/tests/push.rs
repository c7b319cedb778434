//! The git boundary, rule by rule: what is pushed, and what comes of it.

use bstr::BStr;
use proptest::prelude::*;
use weir_guard::push::{Changed, Entry, Limits, Push, judge};
use weir_model::event::Mandate;
use weir_model::{PathSet, Refusal, config};

fn paths(patterns: &str) -> PathSet {
    PathSet::new(patterns.split_whitespace()).expect(patterns)
}

fn limits() -> Limits {
    Limits { bytes_max: 1000, file_bytes_max: 100, commits_max: 3 }
}

fn file(path: &str) -> Changed<'_> {
    Changed { path: BStr::new(path), new: Some(Entry::File { bytes: 10 }) }
}

fn link<'a>(path: &'a str, target: &'a str) -> Changed<'a> {
    Changed { path: BStr::new(path), new: Some(Entry::Link { target: BStr::new(target) }) }
}

fn push<'a>(changed: &'a [Changed<'a>]) -> Push<'a> {
    Push {
        trunk: "main",
        target: "refs/for/main",
        delete: false,
        commits: 1,
        pack_bytes: 500,
        base_is_on_trunk: true,
        changed,
    }
}

/// The code and the whole text of the refusal, or `in`.
fn outcome(result: Result<(), Refusal>) -> (String, String) {
    match result {
        Ok(()) => ("in".to_owned(), String::new()),
        Err(refusal) => (refusal.code.to_string(), refusal.to_string()),
    }
}

/// Pushes `changed` under a task with `task` paths and a mandate over everything.
fn enter(changed: &[Changed<'_>], task: &str) -> (String, String) {
    let (everything, task) = (PathSet::everything(), paths(task));
    outcome(judge(&push(changed), &[&everything, &task], &limits(), &task))
}

#[test]
fn there_is_one_entrance() {
    let changed = [file("a")];
    let everything = PathSet::everything();
    let rows = [
        ("refs/for/main", false, "in"),
        ("refs/for/main", true, "push.deletes"),
        ("refs/heads/main", false, "push.wrong_ref"),
        ("refs/for/other", false, "push.wrong_ref"),
        ("refs/for/main/x", false, "push.wrong_ref"),
        ("refs/for/", false, "push.wrong_ref"),
        ("refs/tags/v1", true, "push.wrong_ref"),
        ("refs/heads/\u{1b}[31m", false, "push.wrong_ref"),
    ];
    for (target, delete, expected) in rows {
        let push = Push { target, delete, ..push(&changed) };
        let (code, text) = outcome(judge(&push, &[&everything], &limits(), &everything));
        assert_eq!(code, expected, "{target}");
        assert!(code == "in" || text.contains("git push weir HEAD:refs/for/main"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}

#[test]
fn a_push_has_a_measure() {
    let everything = PathSet::everything();
    let changed = [file("a")];
    let big = [Changed { path: BStr::new("big.bin"), new: Some(Entry::File { bytes: 101 }) }];
    let whole = push(&changed);
    let rows = [
        (Push { commits: 3, pack_bytes: 1000, ..whole }, "in"),
        (Push { commits: 0, ..whole }, "push.empty"),
        (Push { changed: &[], ..whole }, "push.empty"),
        (Push { base_is_on_trunk: false, ..whole }, "push.unrelated"),
        (Push { commits: 4, ..whole }, "push.too_many_commits"),
        (Push { pack_bytes: 1001, ..whole }, "push.too_large"),
        (Push { changed: &big, ..whole }, "push.file_too_large"),
    ];
    for (push, expected) in rows {
        let (code, text) = outcome(judge(&push, &[&everything], &limits(), &everything));
        assert_eq!(code, expected, "{text}");
        assert!(code != "push.file_too_large" || text.contains("`big.bin`"), "{text}");
    }
    let mandate = Mandate { paths: vec![everything], push_bytes_max: 7 };
    assert_eq!(Limits::new(&config::Push::default(), &mandate).bytes_max, 7);
}

#[test]
fn every_path_is_inside_every_layer() {
    let (src, docs) = (paths("src/**"), paths("docs/** src/a/**"));
    let rows: [(&[&str], &str); 5] = [
        (&["src/a/x"], "in"),
        (&["src/a/x", "src/a/y/z"], "in"),
        (&["src/b"], "push.outside_mandate"),
        (&["docs/b"], "push.outside_mandate"),
        (&["src/a/x", "Cargo.toml"], "push.outside_mandate"),
    ];
    for (names, expected) in rows {
        let changed: Vec<_> = names.iter().map(|name| file(name)).collect();
        let result = judge(&push(&changed), &[&src, &docs], &limits(), &docs);
        assert_eq!(outcome(result).0, expected, "{names:?}");
    }
    // What goes away, and what becomes a submodule, is changed as well.
    for new in [None, Some(Entry::Submodule)] {
        let changed = [Changed { path: BStr::new("lib"), new }];
        let result = judge(&push(&changed), &[&src], &limits(), &src);
        assert_eq!(outcome(result).0, "push.outside_mandate");
    }
    assert_eq!(outcome(judge(&push(&[file("a")]), &[], &limits(), &src)).0, "push.outside_mandate");
}

#[test]
fn a_refusal_names_some_paths_and_says_how_many_more() {
    let names: Vec<_> = (0..9).map(|number| format!("lib/{number}\u{7}")).collect();
    let changed: Vec<_> = names.iter().map(|name| file(name)).collect();
    let (code, text) = enter(&changed, "src/** docs/");
    assert_eq!(code, "push.outside_mandate");
    for part in ["`lib/0\\u{7}`", "`lib/4\\u{7}`", "and 4 more", "`src/**`, `docs/`", "cut"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("lib/5"), "{text}");
}

#[test]
fn weirs_own_rules_change_only_when_the_task_names_them() {
    let rows = [
        ("weir.toml", "**", "push.protected_path"),
        ("WEIR.toml", "**", "push.protected_path"),
        ("weir.toml", "*.toml", "push.protected_path"),
        ("weir.toml", "weir.toml", "in"),
        (".weir/allowed-secrets", "**", "push.protected_path"),
        (".weir/allowed-secrets", ".*/**", "push.protected_path"),
        (".weir/allowed-secrets", "weir.toml **", "push.protected_path"),
        (".weir/allowed-secrets", ".weir/**", "in"),
        (".weir/allowed-secrets", ".weir/", "in"),
        (".weir/allowed-secrets", ".weir/allowed-secrets", "in"),
        (".weir/other", ".weir/allowed-secrets", "push.protected_path"),
        (".WEIR/x", "**", "push.protected_path"),
        (".weir", "**", "push.protected_path"),
        (".weird/x", "**", "in"),
        ("sub/weir.toml", "**", "in"),
    ];
    for (path, task, expected) in rows {
        assert_eq!(enter(&[file(path)], task).0, expected, "{path} under {task}");
        let gone = Changed { path: BStr::new(path), new: None };
        assert_eq!(enter(&[gone], task).0, expected, "{path} goes, under {task}");
    }
}

#[test]
fn nothing_reaches_into_git_or_out_of_the_tree() {
    let long = "x".repeat(256);
    let deep = "x/".repeat(2500) + "x";
    let rows = [
        ".git/config",
        "a/.git/hooks/x",
        ".GIT/config",
        ".Git",
        "a/.git",
        ".git./x",
        ".git /x",
        ".git . /x",
        "git~1/x",
        "GIT~1",
        ".g\u{200c}it/x",
        "\u{feff}.git",
        ".git::$INDEX_ALLOCATION/x",
        "a\\.git\\config",
        "..\\x",
        "../x",
        "a/../b",
        "a/./b",
        ".",
        "/etc/passwd",
        "a//b",
        "a/",
        "",
        "a\0b",
        &long,
        &deep,
    ];
    for path in rows {
        assert_eq!(enter(&[file(path)], "**").0, "push.unsafe_path", "{path:?}");
    }
    for path in [".gitignore", ".github/x", "a.git", "git", ".git2", "x.git/y", "...", "caf\u{e9}"]
    {
        assert_eq!(enter(&[file(path)], "**").0, "in", "{path:?}");
    }
    // Taking such a path out is the way to be rid of it.
    let gone = Changed { path: BStr::new(".GIT/config"), new: None };
    assert_eq!(enter(&[gone], "**").0, "in");
}

#[test]
fn a_link_stays_within_the_tree() {
    let rows = [
        ("a", "b", true),
        ("a", "b/c/d", true),
        ("d/a", "../b", true),
        ("d/e/a", "../../b", true),
        ("d/e/a", "./../b", true),
        ("a", "../b", false),
        ("d/a", "../../b", false),
        ("a", "..", false),
        ("a", "/etc/passwd", false),
        ("a", "\\\\server\\share", false),
        ("a", "C:\\x", false),
        ("d/a", "b/../../c", false),
        ("d/a", "b/../c", false),
        ("d/a", "..\\..\\c", false),
        ("a", ".git/config", false),
        ("d/a", "../.GIT/hooks", false),
        ("a", "", false),
        ("a", "b\0", false),
        (".gitmodules", "b", false),
        ("d/.gitattributes", "b", false),
    ];
    for (path, target, safe) in rows {
        let expected = if safe { "in" } else { "push.unsafe_link" };
        assert_eq!(enter(&[link(path, target)], "**").0, expected, "{path} -> {target:?}");
    }
}

/// Where a link leads, by walking the tree with every folder real; `None` out of it.
fn walked(path: &str, target: &str) -> Option<Vec<String>> {
    let mut at: Vec<String> = path.split('/').map(str::to_owned).collect();
    at.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                at.pop()?;
            }
            part => at.push(part.to_owned()),
        }
    }
    Some(at)
}

proptest! {
    #[test]
    fn no_bytes_make_the_judge_panic(
        path in any::<Vec<u8>>(), target in any::<Vec<u8>>(), asked in ".*", trunk in ".*",
    ) {
        let (path, target) = (BStr::new(&path), BStr::new(&target));
        let everything = PathSet::everything();
        for new in [None, Some(Entry::Submodule), Some(Entry::Link { target })] {
            let changed = [Changed { path, new }];
            let facts = Push { trunk: &trunk, target: &asked, ..push(&changed) };
            let _ = judge(&facts, &[&everything], &limits(), &everything);
            if let Err(refusal) = judge(&push(&changed), &[&everything], &limits(), &everything) {
                prop_assert!(!refusal.to_string().contains(char::is_control));
            }
        }
    }

    #[test]
    fn a_link_that_enters_never_leaves(
        path in "([ab]/){0,3}l", target in "/?((\\.|\\.\\.|a|b)/){0,5}[ab]?",
    ) {
        if enter(&[link(&path, &target)], "**").0 == "in" {
            prop_assert!(!target.starts_with('/'));
            prop_assert!(walked(&path, &target).is_some(), "{} -> {}", path, target);
        }
    }

    #[test]
    fn what_enters_is_inside_every_layer(path in "[ab.]{1,3}(/[ab]{1,2}){0,2}") {
        let layers = [paths("a/** b* **/ab"), paths("**/a b/**")];
        let all: Vec<_> = layers.iter().collect();
        if judge(&push(&[file(&path)]), &all, &limits(), &PathSet::everything()).is_ok() {
            prop_assert!(layers.iter().all(|layer| layer.contains(BStr::new(&path))));
        }
    }
}
