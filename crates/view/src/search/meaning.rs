//! What words mean: a channel beside their letters, which may be left out.
//!
//! A question and the code that answers it may not share a word: `retry` here, `attempt` there. A [`Meaning`] says which
//! words mean about the same, and search looks for those as well, each by its nearness and always for less than the
//! word itself. So nothing has to be made of a file before it can be found, there is nothing to keep beside the index,
//! and an answer can say which word it took for which.

use super::asked::{Asked, Role};
use super::words;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::LazyLock;

/// What words mean.
pub trait Meaning: Debug + Send + Sync {
    /// What it is called.
    fn id(&self) -> &str;
    /// Words that mean about the same as this one, which is in small letters: the nearest first, each with a number up to
    /// 1.0, which would be the word itself.
    fn near(&self, word: &str) -> Vec<(String, f32)>;
}

/// What is linked in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Embedded;

impl Meaning for Embedded {
    fn id(&self) -> &str {
        weir_meaning::ID
    }

    fn near(&self, word: &str) -> Vec<(String, f32)> {
        let of = |word: &str| -> Vec<(String, f32)> {
            weir_meaning::near(word).map(|near| (near.word.to_owned(), near.nearness)).collect()
        };
        let found = of(word);
        if !found.is_empty() {
            return found;
        }
        // Another form of it may be known: `serializing` is not, and `serialize` is.
        STEMS.get(words::stem(word)).map(|known| of(known)).unwrap_or_default()
    }
}

/// For each stem, the shortest word that has it.
static STEMS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let mut stems: HashMap<&str, &str> = HashMap::new();
    for word in weir_meaning::words() {
        let known = stems.entry(words::stem(word)).or_insert(word);
        if word.len() < known.len() {
            *known = word;
        }
    }
    stems
});

/// A word that is looked for in place of one of the question's.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NearTerm {
    /// The term of the question, by its place.
    pub(super) of: usize,
    /// What is looked up.
    pub(super) text: String,
    /// The word, for the answer.
    pub(super) word: String,
    /// How near it is to the question's.
    pub(super) nearness: f32,
}

/// In place of each word of a question, at most so many others are looked for.
const NEAR_MAX: usize = 5;

/// And so many for all of them: each costs a walk over its postings.
pub(super) const ALL_NEAR_MAX: usize = 40;

/// The words that mean about the same as those of a question, and are none of them.
pub(super) fn near(asked: &Asked, meaning: &dyn Meaning) -> Vec<NearTerm> {
    let mut found: Vec<NearTerm> = Vec::new();
    for (of, term) in asked.terms.iter().enumerate().filter(|(_, term)| term.role == Role::Word) {
        let mut of_it = 0;
        for (word, nearness) in meaning.near(&term.word.to_lowercase()) {
            let text = words::stem(&word).to_owned();
            // Another form of a word is found as that word is.
            let is_known = asked.terms.iter().any(|term| term.text == text)
                || found.iter().any(|near| near.text == text)
                || words::is_carrier(&word);
            if is_known {
                continue;
            }
            found.push(NearTerm { of, text, word, nearness: nearness.clamp(0.0, 1.0) });
            of_it += 1;
            if of_it == NEAR_MAX || found.len() == ALL_NEAR_MAX {
                break;
            }
        }
    }
    found.truncate(ALL_NEAR_MAX);
    found
}

#[cfg(test)]
mod tests {
    use super::{ALL_NEAR_MAX, Embedded, Meaning, near};
    use crate::search::asked::Asked;

    fn words(question: &str) -> Vec<String> {
        let asked = Asked::read(question).expect("a question");
        near(&asked, &Embedded).into_iter().map(|near| near.word).collect()
    }

    #[test]
    fn words_that_mean_the_same_are_looked_for_as_well() {
        assert!(words("retry").contains(&"attempts".to_owned()), "{:?}", words("retry"));
        assert_eq!(Embedded.near("serializing"), Embedded.near("serialize"));
        assert!(Embedded.near("xylofon").is_empty() && Embedded.near("").is_empty());
    }

    #[test]
    fn a_long_question_is_not_looked_for_without_end() {
        let many: String =
            weir_meaning::words().iter().step_by(900).map(|w| format!("{w} ")).collect();
        let found = words(&many);
        assert!(found.len() <= ALL_NEAR_MAX, "{}", found.len());
        assert!(!found.contains(&"retries".to_owned()));
    }
}
