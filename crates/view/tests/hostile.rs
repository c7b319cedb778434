//! What nobody would write, searched and searched for: it costs no more than it should, and nothing panics.

use proptest::prelude::*;
use roaring::RoaringBitmap;
use std::borrow::Cow;
use weir_grammar::Language;
use weir_view::fact::extract;
use weir_view::search::{BlobNo, Embedded, Index, Matched, Pattern, Query, Reach, ViewOf, Written};

/// Files, by their places.
struct Files(Vec<(String, Vec<u8>)>, RoaringBitmap);

impl ViewOf for Files {
    fn blobs(&self) -> &RoaringBitmap {
        &self.1
    }

    fn paths(&self, blob: BlobNo) -> Vec<Cow<'_, str>> {
        self.0.get(blob.0 as usize).map(|(path, _)| path.as_str().into()).into_iter().collect()
    }
}

fn indexed(files: Vec<(String, Vec<u8>)>) -> (Index, Files) {
    let mut index = Index::default();
    for (path, bytes) in &files {
        let fact = extract(Language::of(path, bytes), bytes);
        index.push(&fact, &String::from_utf8_lossy(bytes));
    }
    let all = (0..files.len() as u32).collect();
    (index, Files(files, all))
}

fn one(path: &str, bytes: impl Into<Vec<u8>>) -> (Index, Files) {
    indexed(vec![(path.to_owned(), bytes.into())])
}

fn grep((index, files): &(Index, Files), pattern: &str, written: Written) -> Matched {
    let pattern = Pattern::read(pattern, written, false).expect("a pattern");
    let bytes = |blob: BlobNo| files.0.get(blob.0 as usize).map(|(_, bytes)| bytes.clone());
    let reach = Reach { paths: None, context: 1, files_max: 50, goes_on: &|| true };
    index.matches(&pattern, files, &bytes, &reach)
}

/// What a file may hold: words, code, control characters, no UTF-8, no text at all.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[a-c \n{}();\u{0}\u{1b}\u{202e}é]{0,60}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..80),
        Just(b"fn retry() { push(); }\n".to_vec()),
    ]
}

fn files() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name =
        prop_oneof![Just("a.rs"), Just("b.py"), Just("c"), Just("\u{1b}[2J.md"), Just("é.ts")];
    prop::collection::vec((name, bytes()), 1..5).prop_map(|files| {
        let named =
            |(nth, (name, bytes)): (usize, (&str, Vec<u8>))| (format!("{nth}/{name}"), bytes);
        files.into_iter().enumerate().map(named).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any question is answered or refused with a reason and a hint; answers are of files that there are, and repeat.
    #[test]
    fn any_question_is_answered_or_refused(files in files(), question in "\\PC{0,40}|[a-c\u{0}\u{1b}\n ]{0,40}") {
        let (index, files) = indexed(files);
        let query = Query { text: &question, files_max: 3, meaning: Some(&Embedded) };
        match (index.search(&query, &files), index.search(&query, &files)) {
            (Ok(found), Ok(again)) => {
                prop_assert!(found.hits.len() <= 3);
                for (hit, again) in found.hits.iter().zip(&again.hits) {
                    prop_assert!(files.0.iter().any(|(path, _)| *path == hit.path));
                    prop_assert!(hit.lines.first >= 1 && hit.lines.first <= hit.lines.last);
                    prop_assert!(hit.score.is_finite(), "{}", hit.score);
                    prop_assert_eq!((&hit.path, hit.score), (&again.path, again.score));
                }
            }
            (Err(refusal), Err(_)) => {
                prop_assert!(refusal.code.starts_with("view.query_") && refusal.hint.is_some());
            }
            (one, other) => prop_assert!(false, "{one:?} {other:?}"),
        }
    }

    /// A text of a file is found in it, whatever it is, and in no file that has it not.
    #[test]
    fn a_text_is_found_in_every_file_that_has_it(files in files(), at in any::<prop::sample::Index>(), text in "[a-c(){}\u{0}\u{1b} \n]{1,6}") {
        // Half of the time a piece of one of the files.
        let held = String::from_utf8_lossy(&files[at.index(files.len())].1).into_owned();
        let piece: String = held.chars().filter(|c| *c != '\u{fffd}').skip(at.index(20)).take(5).collect();
        for text in [text, piece].into_iter().filter(|text| !text.is_empty()) {
            let indexed = indexed(files.clone());
            let found = grep(&indexed, &text, Written::Exact);
            for (path, bytes) in &files {
                let has = bytes.windows(text.len()).any(|part| part == text.as_bytes());
                let told = found.files.iter().any(|file| file.path == *path) || found.binary.contains(path);
                prop_assert_eq!(has, told, "{:?} in {:?}", text, bytes);
            }
        }
    }

    /// Any expression is refused, or finds the lines that it matches.
    #[test]
    fn any_expression_finds_what_it_matches_or_is_refused(files in files(), expression in "([a-c(){}|*+?.^$\\\\\\[\\]0-9\u{0}]|\\(\\?i\\)|\\(\\?-u\\)|\\\\xff|\\\\s|\\\\n){1,8}") {
        let Ok(pattern) = Pattern::read(&expression, Written::Regex, false) else { return Ok(()) };
        let regex = regex::bytes::Regex::new(&expression).expect("it was read");
        let (index, files) = indexed(files);
        let bytes = |blob: BlobNo| files.0.get(blob.0 as usize).map(|(_, bytes)| bytes.clone());
        let reach = Reach { paths: None, context: 0, files_max: 50, goes_on: &|| true };
        let found = index.matches(&pattern, &files, &bytes, &reach);
        for (path, bytes) in &files.0 {
            let mut lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
            // What ends with a line's end has no line after it.
            let has = lines.clone().count() > 1 || !bytes.is_empty();
            let has = has && lines.any(|line| !line.is_empty() && regex.is_match(line));
            let told = found.files.iter().any(|file| file.path == *path) || found.binary.contains(path);
            prop_assert!(!has || told, "{} in {:?}", expression, bytes);
        }
    }
}

#[test]
fn questions_without_end_are_refused_or_cut() {
    let indexed = one("a.rs", "fn retry() {}\n");
    let ask = |text: &str| {
        indexed.0.search(&Query { text, files_max: 3, meaning: Some(&Embedded) }, &indexed.1)
    };
    for (question, code) in [
        (String::new(), "view.query_empty"),
        ("\u{0}".to_owned(), "view.query_empty"),
        ("\u{1b}[31m\u{200b}".repeat(9) + "\n", ""),
        ("retry ".repeat(100_000), "view.query_long"),
        ("\u{202e}".repeat(1_999), "view.query_empty"),
    ] {
        match ask(&question) {
            Ok(_) => assert_eq!(code, "", "{:?}", question.get(..20)),
            Err(refusal) => assert_eq!(refusal.code, code, "{:?}", question.get(..20)),
        }
    }
    // The word is found, whatever stands around it.
    let found = ask("\u{0}retry\u{0}").expect("a question");
    assert_eq!(found.hits.len(), 1);
    // What no word is as long as is no word.
    assert_eq!(ask(&"x".repeat(1_900)).expect_err("refused").code, "view.query_empty");
}

#[test]
fn a_file_of_a_million_lines_is_searched_as_any_other() {
    let mut text = "let x = 1;\n".repeat(999_999);
    text.push_str("let the_last_retry = 2;\n");
    let indexed = one("made.rs", text);
    let found = indexed
        .0
        .search(&Query { text: "the_last_retry", files_max: 3, meaning: None }, &indexed.1)
        .expect("a question");
    assert_eq!(found.hits.first().map(|hit| hit.lines.last), Some(1_000_000), "{found:?}");
    let found = grep(&indexed, "the_last", Written::Exact);
    let lines = found.files.first().expect("a file").lines.iter();
    let matches: Vec<u32> = lines.filter(|line| line.is_match).map(|line| line.line).collect();
    assert_eq!(matches, [1_000_000]);
    let many = grep(&indexed, "let", Written::Regex);
    assert!(many.files.first().expect("a file").more);
}

#[test]
fn one_line_without_end_is_searched_as_far_as_is_said() {
    let line = "word ".repeat(1 << 20) + "last";
    let indexed = one("min.js", line);
    let exact = grep(&indexed, "word last", Written::Exact);
    let text = &exact.files.first().expect("a file").lines.first().expect("a line").text;
    assert!(text.chars().count() <= 240, "{}", text.len());
    let regex = grep(&indexed, r"word\s+last", Written::Regex);
    assert_eq!(
        (regex.files.len(), regex.long_lines.len()),
        (0, 1),
        "said, and not silently nothing"
    );
}

/// Patterns that cost the most of what is let pass: they end, and what would cost more is refused.
#[test]
fn the_worst_expressions_end_or_are_refused() {
    let indexed = one("a.txt", "a".repeat(1 << 10));
    for (expression, passes) in [
        ("(?-u)(a|aa){3000}b", true),
        ("(?-u)(a|aa){30000}b", false),
        ("(a|a|a|aa)*b", true),
        ("(?i)(.*)(.*)(.*)(.*)z", true),
        (r"\w{0,400}x", false),
    ] {
        match Pattern::read(expression, Written::Regex, false) {
            Ok(_) => {
                assert!(passes, "{expression}");
                let found = grep(&indexed, expression, Written::Regex);
                assert_eq!(found, Matched::default(), "{expression}");
            }
            Err(refusal) => {
                assert_eq!((&*refusal.code, passes), ("view.pattern_large", false), "{expression}");
            }
        }
    }
}
