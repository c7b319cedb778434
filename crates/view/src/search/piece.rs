//! What search keeps of one blob: made of its text once, which is not needed again for it. It joins any segment, and can
//! be written down.

use super::segment::{Posting, Shape};
use super::{grams, varint, words};
use crate::fact::Fact;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

/// What search keeps of a blob, beside its fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Its terms, each once, in the order of their bytes.
    terms: Vec<Box<str>>,
    /// For each of them, how many postings, and these; chunks are counted from the blob's first.
    postings: Vec<u8>,
    /// How many terms each chunk has.
    pub(super) chunks: Vec<u32>,
    /// Which three bytes stand in a row in it.
    pub(super) grams: Vec<u8>,
    pub(super) shape: Shape,
}

/// How often a term stands in a chunk, and how often in a name that is defined there.
struct Stands {
    term: u32,
    chunk: u32,
    count: u32,
    defined: u32,
}

/// The terms of one blob, as they come.
#[derive(Default)]
struct Terms {
    numbers: HashMap<Box<str>, u32>,
}

impl Piece {
    /// What search keeps of a blob that says this.
    pub fn of(fact: &Fact, text: &str) -> Self {
        let lines: Vec<&str> = text.split('\n').collect();
        let mut terms = Terms::default();
        let mut known: HashMap<&str, Vec<u32>> = HashMap::new();
        let mut stands = Vec::new();
        let mut chunks = Vec::with_capacity(fact.chunks.len());
        let names = names(fact);
        for (chunk, within) in (0..).zip(&fact.chunks) {
            let mut counts: HashMap<u32, (u32, u32)> = HashMap::new();
            let mut in_all = 0;
            let first = within.first.saturating_sub(1) as usize;
            let within = lines.get(first..(within.last as usize).min(lines.len()));
            for identifier in
                within.unwrap_or_default().iter().flat_map(|line| words::identifiers(line))
            {
                // A file says the same identifiers again and again: each is taken apart once.
                let of_it = known.entry(identifier).or_insert_with(|| terms.of(identifier));
                in_all += of_it.len() as u32;
                of_it.iter().for_each(|term| counts.entry(*term).or_default().0 += 1);
            }
            for (_, name) in names.iter().filter(|(place, _)| *place == chunk) {
                let of_it = terms.of(name);
                of_it.into_iter().for_each(|term| counts.entry(term).or_default().1 += 1);
            }
            stands.extend(counts.into_iter().map(|(term, (count, defined))| Stands {
                term,
                chunk,
                count,
                defined,
            }));
            chunks.push(in_all);
        }
        let (terms, postings) = terms.written(stands);
        Self { terms, postings, chunks, grams: grams::of(text.as_bytes()), shape: Shape::of(text) }
    }

    /// Whether it can be of a blob that says this.
    pub(crate) fn is_of(&self, fact: &Fact) -> bool {
        self.chunks.len() == fact.chunks.len()
    }

    /// Its terms, each with where it stands.
    pub(super) fn terms(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = Posting>)> {
        let mut rest = self.postings.as_slice();
        self.terms.iter().map_while(move |term| {
            let count = varint::read(&mut rest)?;
            let mut chunk = 0;
            let postings: Vec<Posting> =
                (0..count).map_while(|_| Posting::read(&mut rest, &mut chunk)).collect();
            Some((&**term, postings.into_iter()))
        })
    }
}

/// The chunk of each definition, and its name.
fn names(fact: &Fact) -> Vec<(u32, &str)> {
    let named = fact.definitions.iter().filter_map(|definition| {
        let at = fact.chunks.partition_point(|chunk| chunk.last < definition.lines.first);
        (at < fact.chunks.len()).then_some((at as u32, definition.name.as_str()))
    });
    named.collect()
}

impl Terms {
    /// The terms of an identifier: the whole of it, if it has several parts, and each part.
    fn of(&mut self, identifier: &str) -> Vec<u32> {
        let parts = words::parts(identifier);
        let whole = (parts.len() > 1).then(|| self.number(&words::whole(&parts)));
        let mut terms: Vec<u32> = whole.into_iter().collect();
        terms.extend(parts.iter().map(|part| self.number(words::stem(part))));
        terms
    }

    fn number(&mut self, term: &str) -> u32 {
        if let Some(number) = self.numbers.get(term) {
            return *number;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(term.into(), number);
        number
    }

    /// In order, with where they stand: the same blob is written in the same bytes.
    fn written(self, mut stands: Vec<Stands>) -> (Vec<Box<str>>, Vec<u8>) {
        let mut terms: Vec<(Box<str>, u32)> = self.numbers.into_iter().collect();
        terms.sort_unstable();
        let mut place = vec![0; terms.len()];
        for (at, (_, number)) in (0..).zip(&terms) {
            if let Some(place) = place.get_mut(*number as usize) {
                *place = at;
            }
        }
        for stand in &mut stands {
            stand.term = place.get(stand.term as usize).copied().unwrap_or_default();
        }
        stands.sort_unstable_by_key(|stand| (stand.term, stand.chunk));
        let mut bytes = Vec::new();
        for of_term in stands.chunk_by(|a, b| a.term == b.term) {
            varint::write(&mut bytes, of_term.len() as u32);
            let mut last = 0;
            for Stands { chunk, count, defined, .. } in of_term {
                let posting = Posting { chunk: *chunk, count: *count, defined: *defined };
                posting.write(&mut bytes, &mut last);
            }
        }
        (terms.into_iter().map(|(term, _)| term).collect(), bytes)
    }
}
