//! What keeps a pure room pure: its lints, its dependencies, and a second look at its sources.

use crate::room::Room;

/// The one text of `clippy.toml` in pure rooms.
const LINTS: &str = include_str!("../../../model/clippy.toml");

/// What that text must forbid at least; so that it is not emptied in all rooms at once.
const FORBIDDEN: &[&str] = &[
    "std::time::SystemTime::now",
    "std::time::Instant::now",
    "jiff::Timestamp::now",
    "std::thread::spawn",
    "std::env::var",
    "std::fs::read",
    "std::fs::write",
    "std::fs::File",
    "std::process::Command",
    "std::net::TcpStream",
    "std::collections::HashMap",
    "std::collections::HashSet",
];

/// Packages that bring I/O, a clock or randomness, and who does that work instead.
const IMPURE: &[(&str, &str)] = &[
    ("tokio", "a decider does not wait: `engine` does"),
    ("futures", "a decider does not wait: `engine` does"),
    ("rand", "randomness arrives in `Context`"),
    ("getrandom", "randomness arrives in `Context`"),
    ("rusqlite", "what is kept is the business of `ledger`"),
    ("postgres", "what is kept is the business of `ledger`"),
    ("gix", "git is the business of `git`"),
    ("axum", "transports are the business of `server`"),
    ("ureq", "transports are the business of `cli` and `server`"),
    ("rustix", "the operating system is the business of `sandbox`"),
    ("tempfile", "files are the business of `engine`"),
];

/// What must not stand in a source, and who does that work instead. The lints know the methods one by one;
/// this knows the modules.
const WORDS: &[(&str, &str)] = &[
    ("std::fs", "`engine` reads files and hands in their contents"),
    ("std::net", "a pure room has no network"),
    ("std::process", "a pure room has no processes"),
    ("SystemTime", "the time arrives in `Context`"),
    ("Instant::now", "the time arrives in `Context`"),
    ("thread_rng", "randomness arrives in `Context`"),
    ("RandomState", "its order differs from run to run: use `BTreeMap`"),
];

/// What is impure about these rooms, each with the better way.
pub(crate) fn faults(rooms: &[&Room]) -> Vec<String> {
    let forbidden = |path: &&&str| !LINTS.contains(&format!("\"{path}\""));
    let missing = FORBIDDEN.iter().filter(forbidden);
    let missing =
        missing.map(|path| format!("crates/model/clippy.toml no longer forbids `{path}`"));
    missing.chain(rooms.iter().flat_map(|room| faults_of(room))).collect()
}

fn faults_of(room: &Room) -> Vec<String> {
    let name = &room.folder;
    let mut faults = Vec::new();
    if room.lints.as_deref() != Some(LINTS) {
        faults.push(format!(
            "crates/{name}/clippy.toml is not that of the pure rooms: copy crates/model/clippy.toml; an \
             exception is `#[expect(…, reason = \"…\")]` where it is needed"
        ));
    }
    for (package, way) in IMPURE {
        if room.imports.iter().any(|import| import == package) {
            faults.push(format!("`{name}` imports `{package}`: {way}"));
        }
    }
    for (path, text) in &room.sources {
        for (index, line) in text.lines().enumerate() {
            for (word, way) in WORDS.iter().filter(|(word, _)| says(line, word)) {
                faults.push(format!("{path}:{} says `{word}`: {way}", index + 1));
            }
        }
    }
    faults
}

/// Whether a line of code says `word`, also as part of `use std::{fs, …}`. Comments may say what they like.
fn says(line: &str, word: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let grouped = code.trim_start().strip_prefix("use std::{").is_some_and(|group| {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let mut parts = group.split(|c: char| !is_part(c));
        word.strip_prefix("std::").is_some_and(|module| parts.any(|part| part == module))
    });
    grouped || code.contains(word)
}

fn pure(imports: &[&str], source: &str) -> Room {
    Room {
        folder: "work".into(),
        imports: imports.iter().map(|&import| import.to_owned()).collect(),
        lints: Some(LINTS.to_owned()),
        sources: vec![("crates/work/src/lib.rs".into(), source.to_owned())],
        ..Room::default()
    }
}

#[test]
fn a_pure_room_has_no_fault() {
    let source = "// std::fs is elsewhere\nuse std::{fmt, mem};\nfn instant() {}\n";
    assert_eq!(faults(&[&pure(&["serde", "weir-model"], source)]), Vec::<String>::new());
}

#[test]
fn each_impurity_is_a_fault() {
    let rows = [
        (pure(&["tokio"], ""), "`work` imports `tokio`: a decider does not wait"),
        (pure(&[], "\nuse std::fs::File;"), "crates/work/src/lib.rs:2 says `std::fs`"),
        (pure(&[], "use std::{fmt, fs};"), "crates/work/src/lib.rs:1 says `std::fs`"),
        (pure(&[], "let now = Instant::now();"), "the time arrives in `Context`"),
        (Room { lints: None, ..pure(&[], "") }, "copy crates/model/clippy.toml"),
        (Room { lints: Some(String::new()), ..pure(&[], "") }, "copy crates/model/clippy.toml"),
    ];
    for (room, expected) in rows {
        let faults = faults(&[&room]);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains(expected), "{faults:?}");
    }
}
