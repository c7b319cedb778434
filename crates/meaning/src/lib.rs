//! What words mean in code: for each of some 40,000 words, those whose meaning is nearest. A leaf, linked in, so that it
//! is there with no network and takes no time to load.
//!
//! Made by `cargo xtask weights` from the token vectors of nomic-embed-code; `NOTICE` says whose they are. Only the
//! nearest words are kept of each, not the vectors: a fifth of the bytes, and an answer can say which word it took for
//! which.
//! Deliberately absent: what is made of it. That is the view's.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The number of words and the bytes they take, both as four bytes; the words, a line each, in order; and for each the
/// number of its nearest words, and of each its number in two bytes and its nearness in one.
static TABLE: &[u8] = include_bytes!("../near.bin");

/// A word that means about the same as another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// The word, in small letters.
    pub word: &'static str,
    /// The cosine of the angle between the two, from which what all words have in common was taken: 1.0 for the same.
    pub nearness: f32,
}

struct Words {
    numbers: HashMap<&'static str, u32>,
    words: Vec<&'static str>,
    /// Where the nearest of each begin.
    near: Vec<usize>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| read(TABLE).unwrap_or_else(Words::none));

/// What is called by this name in records of what was made with it. It changes with the table.
pub const ID: &str = "nomic-embed-code/near-1";

/// The words that mean about the same as this one, which is in small letters; the nearest first.
pub fn near(word: &str) -> impl Iterator<Item = Near> {
    let number = WORDS.numbers.get(word);
    let at = number.and_then(|number| WORDS.near.get(*number as usize)).copied();
    let count = at.and_then(|at| TABLE.get(at)).copied().unwrap_or(0);
    let entries = at.and_then(|at| TABLE.get(at + 1..at + 1 + 3 * usize::from(count)));
    entries.unwrap_or_default().chunks_exact(3).filter_map(|entry| {
        let [low, high, nearness] = entry else { return None };
        let word = WORDS.words.get(usize::from(u16::from_le_bytes([*low, *high])))?;
        Some(Near { word, nearness: f32::from(*nearness) / 255.0 })
    })
}

/// Every word, in order.
pub fn words() -> &'static [&'static str] {
    &WORDS.words
}

impl Words {
    fn none() -> Self {
        Self { numbers: HashMap::new(), words: Vec::new(), near: Vec::new() }
    }
}

fn read(table: &'static [u8]) -> Option<Words> {
    let number = |at: usize| {
        let bytes: [u8; 4] = table.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_le_bytes(bytes) as usize)
    };
    let (count, bytes) = (number(0)?, number(4)?);
    let words: Vec<&str> = std::str::from_utf8(table.get(8..8 + bytes)?).ok()?.lines().collect();
    let mut near = Vec::with_capacity(count);
    let mut at = 8 + bytes;
    for _ in 0..count {
        near.push(at);
        at += 1 + 3 * usize::from(*table.get(at)?);
    }
    let numbers = words.iter().zip(0..).map(|(word, number)| (*word, number)).collect();
    (words.len() == count && at == table.len()).then_some(Words { numbers, words, near })
}

#[cfg(test)]
mod tests {
    use super::{near, words};

    #[test]
    fn words_are_near_to_what_means_the_same() {
        for (word, other) in [("retry", "attempt"), ("colour", "color"), ("verify", "validate")] {
            let found: Vec<&str> = near(word).map(|near| near.word).collect();
            assert!(found.contains(&other), "{word}: {found:?}");
        }
        assert_eq!(near("no such word").count(), 0);
    }

    #[test]
    fn the_table_is_whole_and_the_nearest_come_first() {
        assert!(words().len() > 40_000 && words().is_sorted(), "{}", words().len());
        for word in words() {
            let found: Vec<f32> = near(word).map(|near| near.nearness).collect();
            assert!(found.is_sorted_by(|a, b| a >= b), "{word}: {found:?}");
            assert!(near(word).all(|near| near.word != *word), "{word}");
        }
    }

    #[test]
    fn whose_it_is_is_said() {
        let notice = include_str!("../NOTICE");
        assert!(notice.contains("Nomic AI") && notice.contains("Apache License, Version 2.0"));
    }
}
