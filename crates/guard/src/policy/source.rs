//! Texts of policies, cut into single ones, and faults that say where.

use std::fmt;

/// What is wrong with a policy, and where. The bundle it stands in does not count; the old one stays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, as it was given.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// What is so.
    pub sentence: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.sentence)
    }
}

/// A file of policies: its name and its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

/// One policy in it, from its first annotation to its semicolon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement<'a> {
    pub(super) text: &'a str,
    /// Where it begins, in bytes.
    pub(super) start: usize,
}

/// A policy that needs more is not read by people either; and the parser below recurses.
const STATEMENT_BYTES_MAX: usize = 8 << 10;
const DEPTH_MAX: usize = 40;
const FILE_BYTES_MAX: usize = 1 << 20;

impl<'a> File<'a> {
    /// A fault at a place in this file, in bytes.
    pub(super) fn fault(self, at: usize, sentence: impl Into<String>) -> Fault {
        let (line, column) = place(self.text, at);
        Fault { file: self.name.to_owned(), line, column, sentence: sentence.into() }
    }

    /// Its policies, in order.
    ///
    /// # Errors
    /// What makes it unfit to be parsed at all: its size, or nesting without end.
    pub(super) fn statements(self) -> Result<Vec<Statement<'a>>, Fault> {
        if self.text.len() > FILE_BYTES_MAX {
            let sentence = format!(
                "the file has {} bytes, the most is {FILE_BYTES_MAX}: cut it into several",
                self.text.len()
            );
            return Err(self.fault(0, sentence));
        }
        let (mut found, mut start, mut depth) = (Vec::new(), None, 0_usize);
        let mut chars = self.text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c == '/' && chars.peek().is_some_and(|(_, next)| *next == '/') {
                while chars.next_if(|(_, c)| *c != '\n').is_some() {}
                continue;
            }
            if c.is_whitespace() {
                continue;
            }
            let begin = *start.get_or_insert(at);
            match c {
                '"' => {
                    while let Some((_, c)) = chars.next() {
                        match c {
                            '\\' => drop(chars.next()),
                            '"' => break,
                            _ => {}
                        }
                    }
                }
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > DEPTH_MAX {
                return Err(self.fault(at, format!("nested more than {DEPTH_MAX} deep")));
            }
            if at - begin > STATEMENT_BYTES_MAX {
                let sentence = format!(
                    "a policy of more than {STATEMENT_BYTES_MAX} bytes: cut it into several"
                );
                return Err(self.fault(begin, sentence));
            }
            if c == ';' {
                found.push(Statement { text: &self.text[begin..=at], start: begin });
                (start, depth) = (None, 0);
            }
        }
        // What has no semicolon is handed on, for the parser to say what is missing.
        if let Some(begin) = start {
            let text = &self.text[begin..];
            if text.len() > STATEMENT_BYTES_MAX {
                return Err(self.fault(begin, "a policy without an end: it needs a `;`"));
            }
            found.push(Statement { text, start: begin });
        }
        Ok(found)
    }
}

fn place(text: &str, at: usize) -> (u32, u32) {
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    (number(line), number(column))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_cut_at_semicolons_that_end_something() {
        let text = "// a; b\npermit (principal) ; @id(\"a;\\\"b\")\nforbid {x;}";
        let file = File { name: "a.cedar", text };
        let cut: Vec<_> = file.statements().expect("fits").iter().map(|one| one.text).collect();
        assert_eq!(cut, ["permit (principal) ;", "@id(\"a;\\\"b\")\nforbid {x;", "}"]);
        assert_eq!(file.fault(31, "x").to_string(), "a.cedar:2:24: x");
    }

    #[test]
    fn bombs_are_refused_before_the_parser_sees_them() {
        for text in ["(".repeat(100), "a".repeat(FILE_BYTES_MAX + 1), "!".repeat(10_000)] {
            assert!(File { name: "a", text: &text }.statements().is_err());
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_letter_is_lost(text in "[a;/\"\\\\(){} \n\u{e9}]{0,60}") {
            if let Ok(cut) = (File { name: "a", text: &text }).statements() {
                for one in &cut {
                    prop_assert_eq!(&text[one.start..one.start + one.text.len()], one.text);
                }
            }
        }
    }
}
