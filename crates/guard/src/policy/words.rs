//! Sentences of policies, in which names in braces stand for facts: `{path}` lies outside `{worktree}`.

use std::fmt::Write as _;

/// A sentence with places to fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Fact(String),
}

/// The facts that can stand in a sentence. Where an act has none of that name, `…` stands for it.
pub(super) const FACTS: [&str; 20] = [
    "agent", "person", "client", "session", "worktree", "trunk", "path", "extent", "program",
    "host", "remote", "refs", "key", "manager", "packages", "server", "tool", "kind", "what",
    "why",
];

/// What a reader sees of one fact at most.
const FACT_CHARS_MAX: usize = 200;

impl Words {
    /// Reads a sentence.
    ///
    /// # Errors
    /// In words, when a name in braces is not a fact.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or("a `{` without its `}`")?;
            if !FACTS.contains(&name) {
                let known = FACTS.join("`, `");
                let name: String = name.chars().take(40).collect();
                return Err(format!(
                    "`{{{}}}` is not a fact: there are `{known}`",
                    name.escape_debug()
                ));
            }
            parts.extend([Part::Text(before.to_owned()), Part::Fact(name.to_owned())]);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// The sentence, its facts filled in. They are shown without control and direction characters.
    pub(super) fn fill(&self, fact: impl Fn(&str) -> Option<String>) -> String {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Fact(name) => match fact(name) {
                    Some(value) => filled.push_str(&printable(&value)),
                    None => filled.push('…'),
                },
            }
        }
        filled
    }
}

/// A value for a reader: nothing that hides or reorders, and not endless.
pub(super) fn printable(text: &str) -> String {
    let mut chars = text.chars();
    let mut shown = String::new();
    for c in chars.by_ref().take(FACT_CHARS_MAX) {
        let _ = write!(shown, "{}", c.escape_debug());
    }
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn facts_stand_where_their_names_stood() {
        let words = Words::parse("`{path}` is not `{host}`").expect("facts");
        let fact = |name: &str| (name == "path").then(|| "a\u{202e}b\n".to_owned());
        assert_eq!(words.fill(fact), "`a\\u{202e}b\\n` is not `…`");
        assert!(Words::parse("{pth}").expect_err("not a fact").contains("`{pth}`"));
        assert!(Words::parse("{path").is_err());
    }

    proptest! {
        #[test]
        fn no_sentence_panics(text in ".*", value in ".*") {
            if let Ok(words) = Words::parse(&text) {
                words.fill(|_| Some(value.clone()));
            }
        }
    }
}
