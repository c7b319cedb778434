//! What is found, by words and by patterns: an index over blobs, and one ranking for every view of them.
//!
//! Blobs are indexed once, by content, in [`Index::add`]; a view says which of them it holds and under which paths.
//! What is found depends on the view alone: the words of blobs that it does not hold count for nothing, not even in how
//! rare a word is, so the same files give the same answer whatever else is indexed beside them.
//! Reading order: [`words`], terms of a text; [`piece`], those of one blob; [`segment`], where they stand; [`asked`],
//! what is asked; [`place`], what paths tell; [`meaning`], which words mean the same; [`rank`], what comes first. Beside
//! them [`pattern`], what is looked for by its very characters;
//! [`grams`], which blobs are worth reading for it; [`matching`], where it is found.

mod asked;
mod gather;
mod grams;
mod matching;
mod meaning;
mod pattern;
mod piece;
mod place;
mod rank;
mod segment;
mod varint;
mod words;

use crate::fact::{Fact, Lines};
use asked::Asked;
pub use matching::{Matched, MatchedFile, MatchedLine, Reach};
pub use meaning::{Embedded, Meaning};
pub use pattern::{Pattern, Written};
pub use piece::Piece;
pub use rank::Weights;
use roaring::RoaringBitmap;
pub(crate) use segment::Segment;
use std::borrow::Cow;
use std::sync::Arc;
use weir_model::Refusal;

/// A blob within an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobNo(pub u32);

/// Which blobs somebody sees, and under which paths.
pub trait ViewOf {
    /// The numbers of the blobs that are seen.
    fn blobs(&self) -> &RoaringBitmap;
    /// The paths at which a blob is seen. The same bytes may lie at several. What is no UTF-8 of a path is shown as such.
    fn paths(&self, blob: BlobNo) -> Vec<Cow<'_, str>>;
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// A symbol, or some words.
    pub text: &'a str,
    /// At most so many files are answered.
    pub files_max: usize,
    /// What words mean, to find what says the same in others; by their letters alone if there is none.
    pub meaning: Option<&'a dyn Meaning>,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The best first, each file once.
    pub hits: Vec<Hit>,
    /// How many more files have some word of the question, and were cut.
    pub cut: usize,
    /// Words of the question that stand nowhere in the view.
    pub unknown: Vec<String>,
    /// How many words of a long question were left aside.
    pub left_aside: usize,
}

/// A file that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// What is there.
    pub blob: BlobNo,
    /// Where it is.
    pub path: String,
    /// The lines to read first.
    pub lines: Lines,
    /// More of its lines that speak of what was asked, the best first.
    pub more: Vec<Lines>,
    /// By how much. It compares within one answer only.
    pub score: f32,
    /// What speaks for it.
    pub why: Why,
}

/// What speaks for a hit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Why {
    /// What it defines of what was named.
    pub defines: Vec<String>,
    /// Words of the question that stand in it.
    pub words: Vec<String>,
    /// Words that stand in it and mean about the same as one of the question that does not.
    pub near: Vec<String>,
    /// Words of the question that name it.
    pub named: Vec<String>,
}

/// Up to so many blobs stay in a segment of their own while more are added: what a copy costs when a reader holds it.
const OPEN_BLOBS_MAX: usize = 64;

/// The index. Cloning shares what is sealed, so a reader takes a clone and is never waited for.
#[derive(Debug, Clone, Default)]
pub struct Index {
    segments: Vec<Arc<Segment>>,
    /// The number of the next blob.
    next: u32,
}

impl Index {
    /// An index over segments, in the order of their numbers.
    pub(crate) fn over(segments: Vec<Arc<Segment>>) -> Self {
        let last = segments.iter().filter_map(|segment| segment.numbers().last()).max();
        let next = last.map_or(0, |last| last + 1);
        Self { segments, next }
    }

    /// Adds a blob; its number, which is the next. The caller keeps blobs apart.
    pub fn push(&mut self, fact: &Fact, text: &str) -> BlobNo {
        let number = BlobNo(self.next);
        self.next += 1;
        if self.segments.last().is_none_or(|open| open.blobs.len() >= OPEN_BLOBS_MAX) {
            self.merge();
            self.segments.push(Arc::default());
        }
        if let Some(open) = self.segments.last_mut() {
            Arc::make_mut(open).add(number.0, fact, &Piece::of(fact, text));
        }
        number
    }

    /// How many blobs are indexed.
    pub fn len(&self) -> usize {
        self.segments.iter().map(|segment| segment.blobs.len()).sum()
    }

    /// Whether nothing is indexed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a view has for a question. Refuses one without words, or without end.
    pub fn search(&self, query: &Query<'_>, view: &dyn ViewOf) -> Result<Found, Refusal> {
        self.search_weighing(query, view, &Weights::default())
    }

    /// As [`Index::search`], with other weights: for measuring them.
    pub fn search_weighing(
        &self,
        query: &Query<'_>,
        view: &dyn ViewOf,
        weights: &Weights,
    ) -> Result<Found, Refusal> {
        let asked = Asked::read(query.text)?;
        let near = query.meaning.map(|meaning| meaning::near(&asked, meaning)).unwrap_or_default();
        Ok(rank::found(&self.segments, (&asked, near), view, weights, query.files_max))
    }

    /// Joins the last segments as long as one is not clearly smaller than the one before it, so that there are few of
    /// them and each blob is moved a logarithmic number of times.
    fn merge(&mut self) {
        while let [.., before, last] = self.segments.as_slice() {
            if before.blobs.len() > 2 * last.blobs.len() {
                return;
            }
            let mut joined = Segment::clone(before);
            joined.join(last);
            self.segments.truncate(self.segments.len() - 2);
            self.segments.push(Arc::new(joined));
        }
    }
}

#[cfg(test)]
mod tests;
