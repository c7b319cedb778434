//! Words of others on our terminal.

use std::fmt::Write as _;

/// `text` on one line, with nothing in it that a terminal would obey.
///
/// Titles, agent names and logs are written by agents. A control character in one of them could move the
/// cursor over another line, and a bidirectional override could show one name as another.
pub(crate) fn line(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' | '\n' | '\r' => clean.push(' '),
            _ => push(&mut clean, c),
        }
    }
    clean
}

/// `text` with its line breaks and tabs, and nothing else that a terminal would obey.
pub(crate) fn block(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => clean.push('\n'),
            '\t' => clean.push_str("    "),
            '\r' => {}
            _ => push(&mut clean, c),
        }
    }
    clean
}

fn push(clean: &mut String, c: char) {
    let turns_the_line = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || turns_the_line {
        let _ = write!(clean, "{}", c.escape_unicode());
    } else {
        clean.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_instead() {
        assert_eq!(line("a\x1b[2Jb\nc"), "a\\u{1b}[2Jb c");
        assert_eq!(block("a\x07\r\n\tb"), "a\\u{7}\n    b");
        assert_eq!(line("\u{202e}txt"), "\\u{202e}txt");
    }

    proptest! {
        #[test]
        fn no_control_character_gets_through(text in "(?s).*") {
            prop_assert!(!line(&text).chars().any(char::is_control));
            prop_assert!(!block(&text).chars().any(|c| c.is_control() && c != '\n'));
        }
    }
}
