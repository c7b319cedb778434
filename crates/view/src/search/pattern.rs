//! A pattern: a text, or a regular expression, that is looked for by its very characters.

use super::grams::Needed;
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};
use weir_model::Refusal;

/// A longer pattern is no question.
const PATTERN_CHARS_MAX: usize = 1_000;

/// A pattern whose automaton needs more is refused: matching takes time in its size and the text's. Enough for two
/// `\w{1,20}`, which Unicode makes large, and for a hundred of them where only ASCII is meant.
const AUTOMATON_BYTES_MAX: usize = 1 << 20;

/// How a pattern is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Each character stands for itself.
    Exact,
    /// As a regular expression, in the syntax of the crate `regex`: no look-around, no references back. A match lies
    /// within one line.
    Regex,
}

/// A pattern that can be looked for.
#[derive(Debug, Clone)]
pub struct Pattern {
    pub(super) written: Written,
    pub(super) regex: Regex,
    pub(super) needed: Needed,
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
        if written == Written::Regex && has_line_end(&parsed) {
            let refusal = Refusal::new("view.pattern_lines", "a match lies within one line");
            return Err(refusal.hint("look for one of the lines, or for all of them as exact text"));
        }
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
        Ok(Self { written, regex, needed: Needed::of(&parsed) })
    }
}

fn wrong(why: &regex_syntax::Error) -> Refusal {
    // The library's message draws the pattern over several lines; its last says what is wrong.
    let why = why.to_string();
    let last = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    Refusal::new("view.pattern_wrong", format!("the pattern is no regular expression: {last}"))
        .hint("escape what is meant as it stands with `\\`, or ask for the exact text")
}

/// Whether a line's end is written out in a pattern. One in a class is only never met.
fn has_line_end(pattern: &Hir) -> bool {
    match pattern.kind() {
        HirKind::Literal(literal) => literal.0.contains(&b'\n'),
        HirKind::Repetition(repeated) => has_line_end(&repeated.sub),
        HirKind::Capture(capture) => has_line_end(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(has_line_end),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => false,
    }
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
            (r"one\n *two", "view.pattern_lines"),
        ] {
            let refusal = Pattern::read(pattern, Written::Regex, false).expect_err("refused");
            assert_eq!(refusal.code, code, "{pattern}");
            assert!(!refusal.sentence.contains('\n') && refusal.hint.is_some(), "{refusal:?}");
        }
    }
}
