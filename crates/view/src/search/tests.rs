//! What is found, over small trees.

use super::{BlobNo, Found, Index, Pattern, Query, Reach, ViewOf, Written};
use crate::fact::{Covered, Definition, Fact, Kind, Lines};
use roaring::RoaringBitmap;
use std::borrow::Cow;
use weir_model::PathSet;

/// Files of a small tree: a path, what it defines on its first line, its text.
type File = (&'static str, &'static [(Kind, &'static str)], &'static str);

#[derive(Default)]
struct View {
    blobs: RoaringBitmap,
    paths: Vec<(BlobNo, &'static str)>,
}

impl ViewOf for View {
    fn blobs(&self) -> &RoaringBitmap {
        &self.blobs
    }

    fn paths(&self, blob: BlobNo) -> Vec<Cow<'_, str>> {
        let at = self.paths.iter().filter(|(number, _)| *number == blob);
        at.map(|(_, path)| Cow::Borrowed(*path)).collect()
    }
}

fn fact(defines: &[(Kind, &str)], text: &str) -> Fact {
    let lines = text.lines().count().max(1) as u32;
    let all = Lines { first: 1, last: lines };
    let definition = |(kind, name): &(Kind, &str)| Definition {
        kind: *kind,
        name: (*name).to_owned(),
        within: None,
        lines: all,
        signature: String::new(),
        doc: None,
        exported: true,
    };
    Fact {
        covered: Covered::Text,
        lines,
        definitions: defines.iter().map(definition).collect(),
        uses: Vec::new(),
        imports: Vec::new(),
        chunks: vec![all],
    }
}

fn view_of(index: &mut Index, files: &[File]) -> View {
    let mut view = View::default();
    for (nth, (path, defines, text)) in files.iter().enumerate() {
        // The same bytes are one blob.
        let same = files[..nth].iter().position(|(_, _, other)| other == text);
        let number = match same.and_then(|nth| view.paths.get(nth)) {
            Some((number, _)) => *number,
            None => index.push(&fact(defines, text), text),
        };
        view.blobs.insert(number.0);
        view.paths.push((number, path));
    }
    view
}

fn ask(index: &Index, view: &View, text: &str) -> Found {
    index.search(&Query { text, files_max: 10, meaning: None }, view).expect("a question")
}

fn paths(found: &Found) -> Vec<&str> {
    found.hits.iter().map(|hit| hit.path.as_str()).collect()
}

const TREE: &[File] = &[
    (
        "src/push/retry.rs",
        &[(Kind::Struct, "Retry")],
        "pub struct Retry { tries: u32 }\n// tries a failed push again",
    ),
    (
        "src/push.rs",
        &[(Kind::Function, "push")],
        "fn push() { Retry::new(); Retry::new(); Retry::new() }",
    ),
    (
        "tests/retry.rs",
        &[(Kind::Struct, "Retry")],
        "struct Retry; // Retry Retry a failed push again, tries",
    ),
    ("src/log.rs", &[(Kind::Function, "log")], "fn log() { println!() }"),
    ("docs/retry.md", &[], "Retry: how a failed push is tried again"),
];

#[test]
fn who_names_a_symbol_gets_its_definition_first() {
    let mut index = Index::default();
    let view = view_of(&mut index, TREE);
    let found = ask(&index, &view, "Retry");
    assert_eq!(found.hits[0].path, "src/push/retry.rs");
    assert_eq!(found.hits[0].why.defines, ["Retry"]);
}

#[test]
fn who_asks_in_words_gets_code_before_tests_and_prose() {
    let mut index = Index::default();
    let view = view_of(&mut index, TREE);
    let found = ask(&index, &view, "where do we retry failed pushes");
    assert_eq!(found.hits[0].path, "src/push/retry.rs");
    assert!(!paths(&found).contains(&"src/log.rs"));
}

#[test]
fn what_is_found_depends_on_the_view_alone() {
    let mut alone = Index::default();
    let mut beside = Index::default();
    for number in 0..300 {
        let text = format!("fn other{number}() {{ failed(push, again) }}");
        beside.push(&fact(&[(Kind::Function, "Retry")], &text), &text);
    }
    let (one, other) = (view_of(&mut alone, TREE), view_of(&mut beside, TREE));
    for question in ["Retry", "where do we retry failed pushes", "log"] {
        let scores = |found: Found| -> Vec<(String, f32)> {
            found.hits.into_iter().map(|hit| (hit.path, hit.score)).collect()
        };
        assert_eq!(
            scores(ask(&alone, &one, question)),
            scores(ask(&beside, &other, question)),
            "{question}"
        );
    }
}

#[test]
fn the_same_bytes_are_seen_at_every_path() {
    let mut index = Index::default();
    let files: &[File] = &[("a.rs", &[], "retry"), ("b.rs", &[], "retry")];
    let view = view_of(&mut index, files);
    assert_eq!(index.len(), 1);
    assert_eq!(paths(&ask(&index, &view, "retry")), ["a.rs", "b.rs"]);
}

#[test]
fn a_reader_keeps_what_it_holds_while_more_is_added() {
    let mut index = Index::default();
    let view = view_of(&mut index, TREE);
    let held = index.clone();
    let before = paths(&ask(&held, &view, "Retry")).len();
    for number in 0..500 {
        let text = format!("Retry {number}");
        index.push(&fact(&[], &text), &text);
    }
    assert_eq!((held.len(), index.len()), (TREE.len(), TREE.len() + 500));
    assert_eq!(paths(&ask(&held, &view, "Retry")).len(), before);
    assert_eq!(paths(&ask(&index, &view, "Retry")).len(), before);
    assert!(index.segments.len() < 12, "{}", index.segments.len());
}

#[test]
fn what_was_cut_and_what_is_unknown_is_said() {
    let mut index = Index::default();
    let view = view_of(&mut index, TREE);
    let found = index
        .search(&Query { text: "retry xylophone", files_max: 1, meaning: None }, &view)
        .expect("a question");
    assert_eq!((found.hits.len(), found.cut), (1, 3));
    assert_eq!(found.unknown, ["xylophone"]);
}

#[test]
fn a_pattern_is_found_where_it_stands_and_sources_come_first() {
    let mut index = Index::default();
    let view = view_of(&mut index, TREE);
    let bytes =
        |blob: BlobNo| TREE.get(blob.0 as usize).map(|(_, _, text)| text.as_bytes().to_vec());
    let look = |text: &str, written: Written, any_case: bool, files_max: usize| {
        let pattern = Pattern::read(text, written, any_case).expect("a pattern");
        index.matches(&pattern, &view, &bytes, &reach(files_max))
    };
    let paths = |text: &str, written: Written, any_case: bool| -> Vec<String> {
        look(text, written, any_case, 10).files.into_iter().map(|file| file.path).collect()
    };
    assert_eq!(paths("Retry::new()", Written::Exact, false), ["src/push.rs"]);
    assert_eq!(paths("RETRY::", Written::Exact, false), [""; 0]);
    assert_eq!(paths("RETRY::", Written::Exact, true), ["src/push.rs"]);
    assert_eq!(paths(r"struct \w+;", Written::Regex, false), ["tests/retry.rs"]);
    assert_eq!(
        paths("failed (push|pull)", Written::Regex, false),
        ["src/push/retry.rs", "tests/retry.rs", "docs/retry.md"]
    );
    let one = look("failed push", Written::Exact, false, 1);
    assert_eq!((one.files.len(), one.cut), (1, 2));
    assert_eq!(one.files[0].lines[0].line, 2);
}

#[test]
fn bytes_that_cannot_be_had_are_said() {
    let mut index = Index::default();
    let view = view_of(&mut index, TREE);
    let pattern = Pattern::read("println", Written::Exact, false).expect("a pattern");
    assert_eq!(index.matches(&pattern, &view, &|_| None, &reach(10)).unread, ["src/log.rs"]);
}

#[test]
fn a_pattern_is_looked_for_where_and_as_long_as_one_wants() {
    let mut index = Index::default();
    let view = view_of(&mut index, TREE);
    let bytes =
        |blob: BlobNo| TREE.get(blob.0 as usize).map(|(_, _, text)| text.as_bytes().to_vec());
    let pattern = Pattern::read("failed push", Written::Exact, false).expect("a pattern");
    let paths = PathSet::new(["src/**"]).expect("paths");
    let within = index.matches(&pattern, &view, &bytes, &Reach { paths: Some(&paths), ..reach(9) });
    assert_eq!(within.files.len(), 1);
    let late = index.matches(&pattern, &view, &bytes, &Reach { goes_on: &|| false, ..reach(9) });
    assert_eq!((late.files.len(), late.cut, late.is_late), (0, 3, true));
}

#[test]
fn what_is_no_text_is_told_by_its_name() {
    let mut index = Index::default();
    let files: &[File] = &[("a.bin", &[], "retry\0")];
    let view = view_of(&mut index, files);
    let pattern = Pattern::read("retry", Written::Exact, false).expect("a pattern");
    let found = index.matches(&pattern, &view, &|_| Some(b"retry\0".to_vec()), &reach(9));
    assert_eq!((found.files.len(), found.binary), (0, vec!["a.bin".to_owned()]));
}

fn reach(files_max: usize) -> Reach<'static> {
    Reach { paths: None, context: 0, files_max, goes_on: &|| true }
}
