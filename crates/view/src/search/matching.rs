//! Where a pattern is found, proven on the bytes: first the blobs that may have it, then their lines.

use super::pattern::{Pattern, Written};
use super::place::Place;
use super::{BlobNo, Index, ViewOf};
use bstr::{BStr, ByteSlice as _};
use std::ops::RangeInclusive;
use weir_model::PathSet;

/// Matches of a file beyond these are not told.
const MATCHES_MAX: usize = 20;

/// Of a longer line only so much is told.
const LINE_CHARS_MAX: usize = 240;

/// Of a longer line a regular expression sees only so much: the worst found that [`Pattern::read`] lets pass takes half a
/// second for it (`(?-u)(a|aa){3000}b` on a line of `a`, in release), and nobody is asked meanwhile whether to go on.
const LINE_BYTES_MAX: usize = 4 << 10;

/// After so many lines it is asked whether to go on.
const LINES_AT_ONCE: usize = 16;

/// What is within this of a file's beginning tells whether it is text, as git tells it.
const TEXT_BYTES: usize = 8_000;

/// Where to look for a pattern, and how far.
pub struct Reach<'a> {
    /// Files at these paths only.
    pub paths: Option<&'a PathSet>,
    /// So many lines are told before and after each match.
    pub context: usize,
    /// At most so many files are told.
    pub files_max: usize,
    /// Asked again and again: whether there is time to go on.
    pub goes_on: &'a dyn Fn() -> bool,
}

/// What a pattern was found in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matched {
    /// Sources first, then by path.
    pub files: Vec<MatchedFile>,
    /// Files that may match and were not looked at, or not to their end.
    pub cut: usize,
    /// Whether that is for want of time.
    pub is_late: bool,
    /// Files whose bytes could not be had.
    pub unread: Vec<String>,
    /// Files that match and are no text.
    pub binary: Vec<String>,
    /// Files with lines so long that only their beginnings were looked at.
    pub long_lines: Vec<String>,
}

/// A file in which a pattern was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedFile {
    /// What is there.
    pub blob: BlobNo,
    /// Where it is.
    pub path: String,
    /// The lines of matches, and those around them, each once and in order.
    pub lines: Vec<MatchedLine>,
    /// Whether there are more.
    pub more: bool,
}

/// A line of a match, or beside one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedLine {
    /// Its number, from 1.
    pub line: u32,
    /// What it says, cut when it is long.
    pub text: String,
    /// Whether some of a match stands in it.
    pub is_match: bool,
}

impl Index {
    /// The files of a view in which a pattern is found. `bytes` gives what a blob holds.
    pub fn matches(
        &self,
        pattern: &Pattern,
        view: &dyn ViewOf,
        bytes: &dyn Fn(BlobNo) -> Option<Vec<u8>>,
        reach: &Reach<'_>,
    ) -> Matched {
        let mut matched = Matched::default();
        let mut candidates = self.candidates(pattern, view, reach.paths).into_iter();
        while matched.files.len() < reach.files_max && !matched.is_late {
            if candidates.len() > 0 && !(reach.goes_on)() {
                matched.is_late = true;
                break;
            }
            let Some((_, path, blob)) = candidates.next() else { break };
            match bytes(blob) {
                Some(bytes) => matched.look(pattern, &path, blob, &bytes, reach),
                None => matched.unread.push(path),
            }
        }
        matched.cut += candidates.len();
        matched
    }

    /// The files that may have a pattern, in the order in which they are told.
    fn candidates(
        &self,
        pattern: &Pattern,
        view: &dyn ViewOf,
        paths: Option<&PathSet>,
    ) -> Vec<(Place, String, BlobNo)> {
        let mut candidates = Vec::new();
        let is_wanted = |path: &str| paths.is_none_or(|paths| paths.contains(BStr::new(path)));
        for segment in &self.segments {
            let count = segment.blobs.len() as u32;
            let may = segment.grams.may_have(&pattern.needed, count);
            let seen = may.into_iter().map(|local| segment.number_of(local));
            for blob in seen.filter(|blob| view.blobs().contains(*blob)).map(BlobNo) {
                let at = view.paths(blob).into_iter().filter(|path| is_wanted(path));
                candidates.extend(at.map(|path| (Place::of(&path), path.to_string(), blob)));
            }
        }
        candidates.sort();
        candidates
    }
}

impl Matched {
    fn look(
        &mut self,
        pattern: &Pattern,
        path: &str,
        blob: BlobNo,
        bytes: &[u8],
        reach: &Reach<'_>,
    ) {
        let found = Met::of(pattern, bytes, reach.goes_on);
        if found.has_long_lines {
            self.long_lines.push(path.to_owned());
        }
        if found.is_late {
            self.is_late = true;
            self.cut += 1;
        }
        if found.rows.is_empty() {
            return;
        }
        if bytes.iter().take(TEXT_BYTES).any(|byte| *byte == 0) {
            return self.binary.push(path.to_owned());
        }
        let lines = told(bytes, &found.rows, reach.context);
        self.files.push(MatchedFile { blob, path: path.to_owned(), lines, more: found.more });
    }
}

/// Where matches stand in one text.
#[derive(Debug, Default)]
struct Met {
    /// The rows of each, from 0, in order.
    rows: Vec<RangeInclusive<usize>>,
    /// Whether there are more.
    more: bool,
    has_long_lines: bool,
    /// Whether the time was over before its end.
    is_late: bool,
}

impl Met {
    fn of(pattern: &Pattern, bytes: &[u8], goes_on: &dyn Fn() -> bool) -> Self {
        match pattern.written {
            Written::Exact => Self::of_text(pattern, bytes),
            Written::Regex => Self::of_lines(pattern, bytes, goes_on),
        }
    }

    /// A text is looked for in one go, which takes no time, and may go over several lines.
    fn of_text(pattern: &Pattern, bytes: &[u8]) -> Self {
        let mut met = Self::default();
        let (mut row, mut counted, mut next) = (0, 0, 0);
        let rows = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
        while let Some(found) = bytes.get(next..).and_then(|_| pattern.regex.find_at(bytes, next)) {
            if met.rows.len() == MATCHES_MAX {
                met.more = true;
                break;
            }
            row += rows(bytes.get(counted..found.start()).unwrap_or_default());
            counted = found.start();
            // A line end that ends the text belongs to the line that it ends.
            let within = found.as_bytes();
            let last = row + rows(within.strip_suffix(b"\n").unwrap_or(within));
            met.rows.push(row..=last);
            // On with the next line: one that matches twice is told once.
            let rest = bytes.get(found.end()..).unwrap_or_default();
            let line_end = rest.find_byte(b'\n').map_or(bytes.len(), |at| found.end() + at + 1);
            next = if within.ends_with(b"\n") { found.end() } else { line_end };
        }
        met
    }

    fn of_lines(pattern: &Pattern, bytes: &[u8], goes_on: &dyn Fn() -> bool) -> Self {
        let mut met = Self::default();
        for (row, line) in bytes.lines().enumerate() {
            if row % LINES_AT_ONCE == LINES_AT_ONCE - 1 && !goes_on() {
                met.is_late = true;
                break;
            }
            let seen = line.get(..LINE_BYTES_MAX).unwrap_or(line);
            met.has_long_lines |= seen.len() < line.len();
            if pattern.regex.is_match(seen) {
                if met.rows.len() == MATCHES_MAX {
                    met.more = true;
                    break;
                }
                met.rows.push(row..=row);
            }
        }
        met
    }
}

/// These rows of a text, and those around them.
fn told(bytes: &[u8], rows: &[RangeInclusive<usize>], context: usize) -> Vec<MatchedLine> {
    let mut told = Vec::new();
    let mut rows = rows.iter().peekable();
    let mut until = 0;
    for (row, line) in bytes.lines().enumerate() {
        while rows.peek().is_some_and(|met| *met.end() < row) {
            rows.next();
        }
        let is_match = rows.peek().is_some_and(|met| met.contains(&row));
        let is_before = rows.peek().is_some_and(|met| *met.start() <= row.saturating_add(context));
        if is_match {
            until = row.saturating_add(context).saturating_add(1);
        }
        if is_match || is_before || row < until {
            let text = line.to_str_lossy();
            let text = text.chars().take(LINE_CHARS_MAX).collect();
            told.push(MatchedLine { line: row as u32 + 1, text, is_match });
        } else if rows.peek().is_none() {
            break;
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::{LINE_BYTES_MAX, Met, told};
    use crate::search::{Pattern, Written};

    fn lines(pattern: &str, written: Written, context: usize, text: &[u8]) -> Vec<String> {
        let pattern = Pattern::read(pattern, written, false).expect("a pattern");
        let met = Met::of(&pattern, text, &|| true);
        let told = told(text, &met.rows, context);
        told.into_iter()
            .map(|told| {
                let mark = if told.is_match { ':' } else { '-' };
                format!("{}{mark}{}", told.line, told.text)
            })
            .collect()
    }

    #[test]
    fn lines_are_told_once_and_by_their_numbers() {
        let text = b"no\nretry retry\n\xff retrytry\r\n";
        let expected = ["2:retry retry", "3:\u{fffd} retrytry"];
        assert_eq!(lines("re(try)+", Written::Regex, 0, text), expected);
        assert_eq!(lines("retry", Written::Exact, 0, text), expected);
    }

    #[test]
    fn what_stands_around_a_match_is_told_with_it() {
        let text = b"1\n2\nretry\n4\nretry\n6\n7\n8\nretry";
        let expected = ["2-2", "3:retry", "4-4", "5:retry", "6-6", "8-8", "9:retry"];
        assert_eq!(lines("retry", Written::Exact, 1, text), expected);
        assert_eq!(lines("^retry$", Written::Regex, 1, text), expected);
    }

    #[test]
    fn a_text_may_go_over_lines_and_an_expression_may_not() {
        let text = b"one\ntwo\none\nthree\n";
        assert_eq!(lines("one\nthree", Written::Exact, 0, text), ["3:one", "4:three"]);
        assert_eq!(lines("one\n", Written::Exact, 0, text), ["1:one", "3:one"]);
        assert_eq!(lines(r"one\s+three|two", Written::Regex, 0, text), ["2:two"]);
    }

    #[test]
    fn a_file_full_of_matches_and_one_with_endless_lines_say_so() {
        let pattern = Pattern::read("re(try)+", Written::Regex, false).expect("a pattern");
        let met = |text: &[u8]| Met::of(&pattern, text, &|| true);
        assert!(met("retry\n".repeat(100).as_bytes()).more);
        let long = format!("{}retry", "x".repeat(LINE_BYTES_MAX));
        let found = met(long.as_bytes());
        assert!(found.rows.is_empty() && found.has_long_lines);
        assert!(Met::of(&pattern, "\n".repeat(10_000).as_bytes(), &|| false).is_late);
    }
}
