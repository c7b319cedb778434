//! A tree of a text, within bounds that hold for any text.
//!
//! The parser's work is counted in its own steps and not by the clock, so that a fact does not depend on how busy the
//! machine was that made it.

use std::ops::ControlFlow;

use weir_grammar::Language;
use weir_grammar::tree_sitter::{ParseOptions, ParseState, Parser, Tree};

/// How often the parser may report before it is stopped; it does so after every hundred operations. Two million bytes
/// of ordinary code take between 16,000 and 33,000 reports, and half a second: some ten a kilobyte, by language.
pub(super) const REPORTS_MAX: u32 = 40_000;

/// The tree of a text; `None` if the parser was stopped, for the text costs too much.
pub(super) fn tree(language: Language, bytes: &[u8]) -> Option<Tree> {
    tree_within(language, bytes, REPORTS_MAX)
}

fn tree_within(language: Language, bytes: &[u8], reports_max: u32) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&language.grammar()).ok()?;
    let mut reports = 0;
    let mut watch = |_: &ParseState| {
        reports += 1;
        if reports > reports_max { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
    parser.parse_with_options(
        &mut read,
        None,
        Some(ParseOptions::new().progress_callback(&mut watch)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_too_much_is_given_up_after_the_same_steps_every_time() {
        let text = "fn a() { b(c(d)); }\n".repeat(10_000);
        assert!(tree_within(Language::Rust, text.as_bytes(), 10).is_none());
        assert!(tree_within(Language::Rust, text.as_bytes(), REPORTS_MAX).is_some());
    }
}
