//! Marks in expanded text: what is known only when the command runs, and which patterns are alive.
//!
//! A field is a `String` with marks in it, so that the tables of programs can look at fields as they look at
//! any text. Both marks are non-characters, and a command that brings its own is not read at all.

/// Stands for text that is known only when the command runs; any text, of any length.
pub(super) const UNKNOWN: char = '\u{10ffff}';

/// Stands before a character of a pattern (`*`, `?`, `[`) that is alive.
pub(super) const LIVE: char = '\u{10fffe}';

/// A pattern for anything without a slash.
pub(super) const SOME: &str = "\u{10fffe}*";

/// A pattern for everything below.
pub(super) const BELOW: &str = "\u{10fffe}*\u{10fffe}*";

/// Whether a field is only known when the command runs, in part or in whole.
pub(super) fn is_unknown(field: &str) -> bool {
    field.contains(UNKNOWN)
}

/// Whether a field stands for several, or for part of a name.
pub(super) fn is_pattern(field: &str) -> bool {
    field.contains(LIVE)
}

/// A field as its reader wrote it, with `…` for what is not known.
pub(super) fn shown(field: &str) -> String {
    let text: String = field.chars().filter(|c| *c != LIVE).collect();
    text.replace(UNKNOWN, "…")
}

/// A field without the marks of patterns.
pub(super) fn unmarked(field: &str) -> String {
    field.chars().filter(|c| *c != LIVE).collect()
}

/// Marks the patterns in text that is neither quoted nor assigned.
pub(super) fn alive(text: &str, into: &mut String) {
    let mut closes = text.matches(']').count();
    for char in text.chars() {
        match char {
            '*' | '?' => into.extend([LIVE, char]),
            '[' if closes > 0 => into.extend([LIVE, char]),
            ']' => {
                closes -= 1;
                into.push(char);
            }
            _ => into.push(char),
        }
    }
}

/// Whether a name can match a live pattern, as the shell matches: a leading dot must be written.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    matches_at(&pattern, &name, 0)
}

fn matches_at(pattern: &[char], name: &[char], depth: usize) -> bool {
    // A pattern that stars without end is taken to match: more is seen, never less.
    if depth > 256 {
        return true;
    }
    match pattern {
        [] => name.is_empty(),
        [UNKNOWN, ..] => true,
        [LIVE, '*', rest @ ..] => {
            (0..=name.len()).any(|at| matches_at(rest, &name[at..], depth + 32))
        }
        [LIVE, '?', rest @ ..] => !name.is_empty() && matches_at(rest, &name[1..], depth + 1),
        [LIVE, '[', rest @ ..] => match rest.iter().position(|c| *c == ']') {
            // A class is taken to hold any character: more is seen, never less.
            Some(end) => !name.is_empty() && matches_at(&rest[end + 1..], &name[1..], depth + 1),
            None => true,
        },
        [LIVE, rest @ ..] => matches_at(rest, name, depth + 1),
        [char, rest @ ..] => name.first() == Some(char) && matches_at(rest, &name[1..], depth + 1),
    }
}
