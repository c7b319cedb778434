//! What is found by its very characters: a text, or a regular expression, proven on the bytes.

use super::grams::Needed;
use super::place::Place;
use super::{BlobNo, Index, ViewOf};
use regex::bytes::{Regex, RegexBuilder};
use weir_model::Refusal;

/// A longer pattern is no question.
const PATTERN_CHARS_MAX: usize = 1_000;

/// A pattern whose automaton needs more is refused: matching takes time in its size and the text's. Enough for some
/// ten `\w{1,20}`, which Unicode makes large.
const AUTOMATON_BYTES_MAX: usize = 4 << 20;

/// Matches of a file beyond these are not told.
const LINES_MAX: usize = 20;

/// Of a longer line only so much is told.
const LINE_CHARS_MAX: usize = 240;

/// How a pattern is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Each character stands for itself.
    Exact,
    /// As a regular expression, in the syntax of the crate `regex`: no look-around, no references back.
    Regex,
}

/// A pattern that can be looked for.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
    needed: Needed,
}

/// What a pattern was found in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matched {
    /// Sources first, then by path.
    pub files: Vec<MatchedFile>,
    /// Files that may match and were not looked at, since enough was found.
    pub cut: usize,
    /// Files whose bytes could not be had.
    pub unread: Vec<String>,
}

/// A file in which a pattern was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedFile {
    /// What is there.
    pub blob: BlobNo,
    /// Where it is.
    pub path: String,
    /// The lines where matches begin, each once.
    pub lines: Vec<MatchedLine>,
    /// Whether there are more.
    pub more: bool,
}

/// A line in which a match begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedLine {
    /// Its number, from 1.
    pub line: u32,
    /// What it says, cut when it is long.
    pub text: String,
}

impl Pattern {
    /// Reads a pattern. Refuses one that is empty, too long, wrong, too large once it is written out, or that matches
    /// nothing at all, which is found everywhere.
    pub fn read(text: &str, written: Written, any_case: bool) -> Result<Self, Refusal> {
        if text.is_empty() {
            return Err(Refusal::new("view.pattern_empty", "the pattern is empty")
                .hint("say what to look for"));
        }
        if text.chars().count() > PATTERN_CHARS_MAX {
            let sentence = format!("a pattern has at most {PATTERN_CHARS_MAX} characters");
            return Err(Refusal::new("view.pattern_long", sentence).hint("look for a part of it"));
        }
        let escaped = match written {
            Written::Exact => regex::escape(text),
            Written::Regex => text.to_owned(),
        };
        let mut parser = regex_syntax::ParserBuilder::new();
        let parser = parser.case_insensitive(any_case).multi_line(true).utf8(false).nest_limit(100);
        let parsed = parser.build().parse(&escaped).map_err(|why| wrong(&why))?;
        let mut regex = RegexBuilder::new(&escaped);
        let regex = regex
            .case_insensitive(any_case)
            .multi_line(true)
            .nest_limit(100)
            .size_limit(AUTOMATON_BYTES_MAX);
        let regex = regex.build().map_err(|_| {
            Refusal::new(
                "view.pattern_large",
                "the pattern grows too large when its repetitions are written out",
            )
            .hint("repeat less, or use `(?-u)` where only ASCII is meant")
        })?;
        if regex.is_match(b"") {
            let refusal = Refusal::new(
                "view.pattern_everywhere",
                "the pattern also matches nothing, so it is everywhere",
            );
            return Err(refusal.hint("ask for at least one character: `+` in place of `*`"));
        }
        Ok(Self { regex, needed: Needed::of(&parsed) })
    }
}

fn wrong(why: &regex_syntax::Error) -> Refusal {
    // The library's message draws the pattern over several lines; its last says what is wrong.
    let why = why.to_string();
    let last = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    Refusal::new("view.pattern_wrong", format!("the pattern is no regular expression: {last}"))
        .hint("escape what is meant as it stands with `\\`, or ask for the exact text")
}

impl Index {
    /// The files of a view in which a pattern is found, at most so many. `bytes` gives what a blob holds.
    pub fn matches(
        &self,
        pattern: &Pattern,
        view: &dyn ViewOf,
        bytes: &dyn Fn(BlobNo) -> Option<Vec<u8>>,
        files_max: usize,
    ) -> Matched {
        let mut candidates: Vec<(Place, &str, BlobNo)> = Vec::new();
        let mut first = 0;
        for segment in &self.segments {
            let count = segment.blobs.len() as u32;
            let seen = segment
                .grams
                .may_have(&pattern.needed, count)
                .into_iter()
                .map(|local| first + local);
            for blob in seen.filter(|blob| view.blobs().contains(*blob)).map(BlobNo) {
                candidates
                    .extend(view.paths(blob).into_iter().map(|path| (Place::of(path), path, blob)));
            }
            first += count;
        }
        candidates.sort();
        let mut matched = Matched::default();
        let mut candidates = candidates.into_iter();
        for (_, path, blob) in candidates.by_ref() {
            match bytes(blob) {
                None => matched.unread.push(path.to_owned()),
                Some(bytes) => {
                    let (lines, more) = lines(&pattern.regex, &bytes);
                    if !lines.is_empty() {
                        matched.files.push(MatchedFile {
                            blob,
                            path: path.to_owned(),
                            lines,
                            more,
                        });
                    }
                }
            }
            if matched.files.len() >= files_max {
                break;
            }
        }
        matched.cut = candidates.len();
        matched
    }
}

/// The lines where matches begin, and whether there are more than are told.
fn lines(regex: &Regex, bytes: &[u8]) -> (Vec<MatchedLine>, bool) {
    let mut lines: Vec<MatchedLine> = Vec::new();
    let (mut number, mut counted, mut next) = (1u32, 0, 0);
    while let Some(found) = bytes.get(next..).and_then(|_| regex.find_at(bytes, next)) {
        if lines.len() == LINES_MAX {
            return (lines, true);
        }
        let before = bytes.get(counted..found.start()).unwrap_or_default();
        number += before.iter().filter(|byte| **byte == b'\n').count() as u32;
        counted = found.start();
        let (from, to) = line_around(bytes, found.start());
        let text = String::from_utf8_lossy(bytes.get(from..to).unwrap_or_default());
        lines.push(MatchedLine { line: number, text: text.chars().take(LINE_CHARS_MAX).collect() });
        // On with the next line: one that matches twice is told once.
        next = to.max(found.start()) + 1;
    }
    (lines, false)
}

fn line_around(bytes: &[u8], at: usize) -> (usize, usize) {
    let (before, after) = bytes.split_at(at.min(bytes.len()));
    let from = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let to =
        after.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |newline| at + newline);
    (from, to)
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Written};

    #[test]
    fn what_cannot_be_looked_for_is_refused_with_a_reason() {
        let huge = "x".repeat(5_000);
        for (pattern, code) in [
            ("", "view.pattern_empty"),
            (huge.as_str(), "view.pattern_long"),
            ("(", "view.pattern_wrong"),
            (r"(a)\1", "view.pattern_wrong"),
            (r"((\w{500}){500}){500}", "view.pattern_large"),
            ("a*", "view.pattern_everywhere"),
            (&"(".repeat(400), "view.pattern_wrong"),
        ] {
            let refusal = Pattern::read(pattern, Written::Regex, false).expect_err("refused");
            assert_eq!(refusal.code, code, "{pattern}");
            assert!(!refusal.sentence.contains('\n') && refusal.hint.is_some(), "{refusal:?}");
        }
    }

    #[test]
    fn lines_are_told_once_and_by_their_numbers() {
        let pattern = Pattern::read("re(try)+", Written::Regex, false).expect("a pattern");
        let (lines, more) = super::lines(&pattern.regex, b"no\nretry retry\n\xff retrytry");
        let told: Vec<(u32, &str)> =
            lines.iter().map(|line| (line.line, line.text.as_str())).collect();
        assert_eq!((told, more), (vec![(2, "retry retry"), (3, "\u{fffd} retrytry")], false));
        assert!(super::lines(&pattern.regex, "retry\n".repeat(100).as_bytes()).1);
    }
}
