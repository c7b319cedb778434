//! What a question asks: its words as terms, and the symbols that it may name.

use super::words;
use weir_model::Refusal;

/// More than this is a text and no question.
const QUESTION_CHARS_MAX: usize = 2_000;

/// Further words of a question are left aside: each costs a walk over its postings.
const WORDS_MAX: usize = 48;

/// A question, read.
#[derive(Debug, PartialEq)]
pub(super) struct Asked {
    /// What is looked up, each once.
    pub(super) terms: Vec<Term>,
    /// What may be the name of something that is defined.
    pub(super) symbols: Vec<Symbol>,
    /// Whether it is about tests: they are what is looked for then.
    pub(super) wants_tests: bool,
    /// Words that were left aside.
    pub(super) left_aside: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    pub(super) text: String,
    pub(super) role: Role,
    /// The word as it was written, for the answer.
    pub(super) word: String,
}

/// How a term came out of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A plain word, or a part of an identifier.
    Word,
    /// A whole identifier of several parts.
    Whole,
    /// Two plain words that stand side by side: an identifier may join them.
    Joined,
}

/// What may be a name, and how much it looks like one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Symbol {
    pub(super) name: String,
    /// What stands before it: `Retry` of `Retry::next`.
    pub(super) qualifier: Option<String>,
    pub(super) likeness: Likeness,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// A word like any other.
    Plain,
    /// A word with a capital.
    Capital,
    /// Nothing but an identifier looks so: `pathRouter`, `path_router`, `Path::router`.
    Certain,
    /// All that is asked.
    All,
}

impl Asked {
    pub(super) fn read(question: &str) -> Result<Self, Refusal> {
        if question.chars().count() > QUESTION_CHARS_MAX {
            let sentence = format!("a question has at most {QUESTION_CHARS_MAX} characters");
            return Err(Refusal::new("view.query_long", sentence).hint("ask with fewer words"));
        }
        let written: Vec<&str> =
            question.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
        let is_alone = written.len() == 1;
        let mut asked =
            Self { terms: Vec::new(), symbols: Vec::new(), wants_tests: false, left_aside: 0 };
        let says_something = |word: &&str| !words::is_carrier(&word.to_lowercase());
        let any_subject = written.iter().any(says_something);
        let mut before: Option<String> = None;
        for word in written.iter().filter(|word| says_something(word) || !any_subject) {
            if asked.terms.len() >= WORDS_MAX {
                asked.left_aside += 1;
                continue;
            }
            asked.symbol(word, is_alone);
            for identifier in words::identifiers(word) {
                let parts = words::parts(identifier);
                asked.wants_tests |=
                    matches!(words::stem(&parts.concat()), "test" | "spec" | "fixtur" | "mock");
                if let [only] = parts.as_slice() {
                    if let Some(before) = before.replace(only.clone()) {
                        asked.term(
                            words::whole(&[before.clone(), only.clone()]),
                            Role::Joined,
                            &format!("{before} {only}"),
                        );
                    }
                } else {
                    before = None;
                    asked.term(words::whole(&parts), Role::Whole, identifier);
                }
                for part in &parts {
                    asked.term(words::stem(part).to_owned(), Role::Word, part);
                }
            }
        }
        if asked.terms.is_empty() {
            let refusal =
                Refusal::new("view.query_empty", "the question has no word to search for");
            return Err(refusal.hint("name a symbol, or say in a few words what the code does"));
        }
        Ok(asked)
    }

    fn term(&mut self, text: String, role: Role, word: &str) {
        if let Some(same) = self.terms.iter_mut().find(|term| term.text == text) {
            // Two words side by side that are also written as one are written as one.
            if role == Role::Whole {
                same.role = role;
            }
            return;
        }
        self.terms.push(Term { text, role, word: word.to_owned() });
    }

    fn symbol(&mut self, word: &str, is_alone: bool) {
        let path: Vec<&str> = word
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|p| !p.is_empty())
            .collect();
        let Some((name, qualifiers)) = path.split_last() else { return };
        let is_qualified = !qualifiers.is_empty()
            && ["::", ".", "->", "#", "\\"].iter().any(|mark| word.contains(mark));
        if !qualifiers.is_empty() && !is_qualified {
            // `type-erased`, `long/short`: words, and none of them more than a word.
            path.iter().for_each(|word| self.symbol(word, false));
            return;
        }
        let first = name.chars().next();
        let inner_capital =
            name.chars().skip(1).any(char::is_uppercase) && name.chars().any(char::is_lowercase);
        let likeness = if is_alone {
            Likeness::All
        } else if is_qualified || inner_capital || name.contains('_') || word.ends_with("()") {
            Likeness::Certain
        } else if first.is_some_and(char::is_uppercase) {
            Likeness::Capital
        } else {
            Likeness::Plain
        };
        let qualifier = qualifiers.last().map(|qualifier| (*qualifier).to_owned());
        if self.symbols.iter().all(|symbol| symbol.name != *name) {
            self.symbols.push(Symbol { name: (*name).to_owned(), qualifier, likeness });
        }
    }
}

/// A word without the marks of a sentence around it.
fn bare(word: &str) -> &str {
    let word =
        word.trim_matches(|c: char| !(c.is_alphanumeric() || c == '_' || c == '(' || c == ')'));
    word.strip_prefix('(').unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::{Asked, Likeness, Role};

    #[test]
    fn a_question_falls_into_terms() {
        let asked = Asked::read("How does MethodRouter match the path?").expect("a question");
        let terms: Vec<(&str, Role)> =
            asked.terms.iter().map(|term| (term.text.as_str(), term.role)).collect();
        let expected = [
            ("methodrout", Role::Whole),
            ("method", Role::Word),
            ("rout", Role::Word),
            ("match", Role::Word),
            ("matchpath", Role::Joined),
            ("path", Role::Word),
        ];
        assert_eq!(terms, expected);
    }

    #[test]
    fn what_looks_like_a_name_is_told_from_what_does_not() {
        let likeness = |question: &str| -> Vec<(String, Likeness)> {
            let asked = Asked::read(question).expect("a question");
            asked.symbols.into_iter().map(|symbol| (symbol.name, symbol.likeness)).collect()
        };
        assert_eq!(likeness("retry"), [("retry".to_owned(), Likeness::All)]);
        assert_eq!(likeness("Rack::Builder"), [("Builder".to_owned(), Likeness::All)]);
        assert_eq!(
            likeness("where Router calls from_fn twice"),
            [
                ("Router".to_owned(), Likeness::Capital),
                ("calls".to_owned(), Likeness::Plain),
                ("from_fn".to_owned(), Likeness::Certain),
                ("twice".to_owned(), Likeness::Plain),
            ]
        );
    }

    #[test]
    fn a_question_without_words_and_one_without_end_are_refused() {
        for (question, code) in
            [("", "view.query_empty"), (" ?! ", "view.query_empty"), ("__", "view.query_empty")]
        {
            assert_eq!(Asked::read(question).expect_err("refused").code, code, "{question}");
        }
        assert_eq!(
            Asked::read(&"word ".repeat(1_000)).expect_err("refused").code,
            "view.query_long"
        );
        let many: String = (0..300).map(|number| format!("w{number} ")).collect();
        assert!(Asked::read(&many).expect("a question").left_aside > 0);
    }

    #[test]
    fn carriers_alone_are_searched_all_the_same() {
        assert!(!Asked::read("this").expect("a question").terms.is_empty());
    }
}
