//! A run of blobs and what is known of their words: never changed once sealed, so readers share it.

use super::grams::Grams;
use super::piece::Piece;
use super::{varint, words};
use crate::fact::{Fact, Kind, Lines};
use hashbrown::HashMap;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A term within its segment.
type TermNo = u32;

/// Blobs, one after another, with the postings of their chunks. Numbers in here are of this segment alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Segment {
    /// The number of each blob in the index: ascending, with gaps where blobs were let go.
    numbers: Vec<u32>,
    pub(super) blobs: Vec<Blob>,
    pub(super) chunks: Vec<Chunk>,
    terms: HashMap<Box<str>, TermNo>,
    postings: Vec<Postings>,
    pub(super) definitions: Vec<Defined>,
    /// The parts of the definitions' names, one after another.
    parts: Vec<TermNo>,
    /// Which definitions are called so, by their names without case.
    named: HashMap<Box<str>, Vec<u32>>,
    pub(super) grams: Grams,
}

#[derive(Debug, Clone)]
pub(super) struct Blob {
    pub(super) chunks: Range<u32>,
    pub(super) definitions: Range<u32>,
    /// How many terms it has.
    pub(super) terms: u32,
    pub(super) shape: Shape,
}

/// What a blob is by its bytes, when it is not plainly code that does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Shape {
    Plain,
    /// Says that a program made it.
    Generated,
}

#[derive(Debug, Clone)]
pub(super) struct Chunk {
    pub(super) blob: u32,
    pub(super) lines: Lines,
    /// How many terms it has.
    pub(super) terms: u32,
}

/// A definition, as search needs it.
#[derive(Debug, Clone)]
pub(super) struct Defined {
    pub(super) chunk: u32,
    pub(super) kind: Kind,
    pub(super) lines: Lines,
    pub(super) name: Box<str>,
    /// Whether something else is defined around it.
    pub(super) is_inner: bool,
    pub(super) exported: bool,
    parts: Range<u32>,
}

/// Where a term stands: pairs of a step to the next chunk and a count, as varints, so that adding is appending.
#[derive(Debug, Clone, Default)]
struct Postings {
    bytes: Vec<u8>,
    last: u32,
}

/// A term in a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Posting {
    pub(super) chunk: u32,
    /// How often it stands there.
    pub(super) count: u32,
    /// How often in a name that is defined there.
    pub(super) defined: u32,
}

impl Segment {
    /// Adds a blob behind all others, under a number that is larger than theirs.
    pub(crate) fn add(&mut self, number: u32, fact: &Fact, piece: &Piece) {
        let blob = self.blobs.len() as u32;
        let first_chunk = self.chunks.len() as u32;
        let first_definition = self.definitions.len() as u32;
        self.define(fact, first_chunk);
        self.grams.add(blob, &piece.grams);
        for (term, postings) in piece.terms() {
            let term = self.term(term);
            if let Some(own) = self.postings.get_mut(term as usize) {
                postings.for_each(|p| own.push(Posting { chunk: p.chunk + first_chunk, ..p }));
            }
        }
        self.chunks.extend(fact.chunks.iter().zip(&piece.chunks).map(|(lines, terms)| Chunk {
            blob,
            lines: *lines,
            terms: *terms,
        }));
        self.numbers.push(number);
        self.blobs.push(Blob {
            chunks: first_chunk..self.chunks.len() as u32,
            definitions: first_definition..self.definitions.len() as u32,
            terms: piece.chunks.iter().sum(),
            shape: piece.shape,
        });
    }

    /// The number that a blob of this segment has in the index.
    pub(super) fn number_of(&self, local: u32) -> u32 {
        self.numbers.get(local as usize).copied().unwrap_or(u32::MAX)
    }

    /// The numbers of its blobs, ascending.
    pub(crate) fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// Those of a view that are in here, by their places in this segment.
    pub(super) fn seen<'a>(&'a self, view: &'a RoaringBitmap) -> impl Iterator<Item = u32> + 'a {
        let (first, last) = (self.numbers.first().copied(), self.numbers.last().copied());
        let seen = first.zip(last).map(|(first, last)| view.range(first..=last));
        let mut local = 0;
        seen.into_iter().flatten().filter_map(move |number| {
            let rest = self.numbers.get(local..)?;
            // Mostly the next one: views hold what lies together.
            let step = match rest.first() {
                Some(next) if *next == number => 0,
                _ => rest.partition_point(|own| *own < number),
            };
            local += step;
            (self.numbers.get(local) == Some(&number)).then(|| {
                local += 1;
                local as u32 - 1
            })
        })
    }

    /// Enters the definitions of a blob whose first chunk gets this number.
    fn define(&mut self, fact: &Fact, first_chunk: u32) {
        for definition in &fact.definitions {
            let at = fact.chunks.partition_point(|chunk| chunk.last < definition.lines.first);
            if at == fact.chunks.len() {
                continue;
            }
            let first_part = self.parts.len() as u32;
            for part in words::parts(&definition.name) {
                let term = self.term(words::stem(&part));
                self.parts.push(term);
            }
            let number = self.definitions.len() as u32;
            self.named.entry(definition.name.to_lowercase().into()).or_default().push(number);
            self.definitions.push(Defined {
                chunk: first_chunk + at as u32,
                kind: definition.kind,
                lines: definition.lines,
                name: definition.name.as_str().into(),
                is_inner: definition.within.is_some(),
                exported: definition.exported,
                parts: first_part..self.parts.len() as u32,
            });
        }
    }

    fn term(&mut self, term: &str) -> TermNo {
        if let Some(number) = self.terms.get(term) {
            return *number;
        }
        let number = self.postings.len() as TermNo;
        self.terms.insert(term.into(), number);
        self.postings.push(Postings::default());
        number
    }

    /// The number of a term, if it stands anywhere in here.
    pub(super) fn number(&self, term: &str) -> Option<TermNo> {
        self.terms.get(term).copied()
    }

    /// Where a term stands, by ascending chunk.
    pub(super) fn postings(&self, term: TermNo) -> impl Iterator<Item = Posting> {
        let bytes = self.postings.get(term as usize).map_or(&[][..], |postings| &postings.bytes);
        Postings::read(bytes)
    }

    /// The parts of a definition's name, as terms.
    pub(super) fn parts(&self, definition: &Defined) -> &[TermNo] {
        self.parts
            .get(definition.parts.start as usize..definition.parts.end as usize)
            .unwrap_or_default()
    }

    /// The definitions that are called so, whatever the case.
    pub(super) fn named(&self, name: &str) -> &[u32] {
        self.named.get(name.to_lowercase().as_str()).map_or(&[], Vec::as_slice)
    }

    /// This segment and one that comes after it, as one.
    pub(crate) fn join(&mut self, next: &Self) {
        self.numbers.extend(&next.numbers);
        let (blobs, chunks) = (self.blobs.len() as u32, self.chunks.len() as u32);
        let (definitions, parts) = (self.definitions.len() as u32, self.parts.len() as u32);
        let moved = |range: &Range<u32>, by: u32| range.start + by..range.end + by;
        self.grams.join(&next.grams, blobs);
        let mut renumbered = vec![0; next.postings.len()];
        for (term, number) in &next.terms {
            let new = self.term(term);
            if let Some(place) = renumbered.get_mut(*number as usize) {
                *place = new;
            }
            if let Some(postings) = self.postings.get_mut(new as usize) {
                next.postings(*number)
                    .for_each(|p| postings.push(Posting { chunk: p.chunk + chunks, ..p }));
            }
        }
        self.blobs.extend(next.blobs.iter().map(|blob| Blob {
            chunks: moved(&blob.chunks, chunks),
            definitions: moved(&blob.definitions, definitions),
            ..blob.clone()
        }));
        self.chunks.extend(
            next.chunks.iter().map(|chunk| Chunk { blob: chunk.blob + blobs, ..chunk.clone() }),
        );
        self.definitions.extend(next.definitions.iter().map(|definition| Defined {
            chunk: definition.chunk + chunks,
            parts: moved(&definition.parts, parts),
            ..definition.clone()
        }));
        self.parts.extend(next.parts.iter().filter_map(|part| renumbered.get(*part as usize)));
        for (name, numbers) in &next.named {
            self.named
                .entry(name.clone())
                .or_default()
                .extend(numbers.iter().map(|number| number + definitions));
        }
    }

    /// This segment without the blobs whose numbers are `gone`; the others keep theirs.
    pub(crate) fn without(&self, gone: &RoaringBitmap) -> Self {
        let mut kept = Self::default();
        let mut blobs: Vec<Option<u32>> = Vec::with_capacity(self.blobs.len());
        let mut chunks: Vec<Option<u32>> = vec![None; self.chunks.len()];
        let mut definitions: Vec<&Defined> = Vec::new();
        for (number, blob) in self.numbers.iter().zip(&self.blobs) {
            if gone.contains(*number) {
                blobs.push(None);
                continue;
            }
            let local = kept.blobs.len() as u32;
            blobs.push(Some(local));
            let (first_chunk, first) = (kept.chunks.len() as u32, definitions.len() as u32);
            for old in blob.chunks.clone() {
                let Some(chunk) = self.chunks.get(old as usize) else { continue };
                if let Some(place) = chunks.get_mut(old as usize) {
                    *place = Some(kept.chunks.len() as u32);
                }
                kept.chunks.push(Chunk { blob: local, ..chunk.clone() });
            }
            let of_it = blob.definitions.start as usize..blob.definitions.end as usize;
            definitions.extend(self.definitions.get(of_it).unwrap_or_default());
            kept.numbers.push(*number);
            kept.blobs.push(Blob {
                chunks: first_chunk..kept.chunks.len() as u32,
                definitions: first..definitions.len() as u32,
                ..blob.clone()
            });
        }
        kept.keep_terms(self, &chunks, &definitions);
        kept.grams = self.grams.only(&blobs);
        kept
    }

    /// The terms of another segment that stand in the chunks that were kept of it, and its definitions there.
    fn keep_terms(&mut self, of: &Self, chunks: &[Option<u32>], definitions: &[&Defined]) {
        let moved = |chunk: u32| chunks.get(chunk as usize).copied().flatten();
        let mut renumbered: Vec<Option<TermNo>> = vec![None; of.postings.len()];
        for (term, number) in &of.terms {
            let mut still = of
                .postings(*number)
                .filter_map(|posting| Some(Posting { chunk: moved(posting.chunk)?, ..posting }))
                .peekable();
            if still.peek().is_none() {
                continue;
            }
            let new = self.term(term);
            if let Some(place) = renumbered.get_mut(*number as usize) {
                *place = Some(new);
            }
            if let Some(postings) = self.postings.get_mut(new as usize) {
                still.for_each(|posting| postings.push(posting));
            }
        }
        for definition in definitions {
            let Some(chunk) = moved(definition.chunk) else { continue };
            let first_part = self.parts.len() as u32;
            // The parts of a name stand in its chunk, so none of them is lost.
            let parts = of.parts(definition).iter();
            self.parts
                .extend(parts.filter_map(|part| renumbered.get(*part as usize).copied().flatten()));
            let number = self.definitions.len() as u32;
            self.named.entry(definition.name.to_lowercase().into()).or_default().push(number);
            let parts = first_part..self.parts.len() as u32;
            self.definitions.push(Defined { chunk, parts, ..(*definition).clone() });
        }
    }

    /// Gives back the room that was taken in advance: nothing is added any more.
    pub(crate) fn seal(&mut self) {
        self.postings.iter_mut().for_each(|postings| postings.bytes.shrink_to_fit());
        self.named.values_mut().for_each(Vec::shrink_to_fit);
        self.grams.seal();
        self.postings.shrink_to_fit();
        self.definitions.shrink_to_fit();
        self.parts.shrink_to_fit();
        self.chunks.shrink_to_fit();
        self.blobs.shrink_to_fit();
        self.numbers.shrink_to_fit();
    }
}

impl Posting {
    pub(super) fn write(self, bytes: &mut Vec<u8>, last: &mut u32) {
        varint::write(bytes, self.chunk - *last);
        // Most terms stand in a chunk once or twice, and in no name: one byte then.
        varint::write(bytes, self.count << 1 | u32::from(self.defined > 0));
        if self.defined > 0 {
            varint::write(bytes, self.defined);
        }
        *last = self.chunk;
    }

    pub(super) fn read(bytes: &mut &[u8], chunk: &mut u32) -> Option<Self> {
        *chunk += varint::read(bytes)?;
        let count = varint::read(bytes)?;
        let defined = if count & 1 == 1 { varint::read(bytes)? } else { 0 };
        Some(Self { chunk: *chunk, count: count >> 1, defined })
    }
}

impl Postings {
    fn push(&mut self, posting: Posting) {
        posting.write(&mut self.bytes, &mut self.last);
    }

    fn read(mut bytes: &[u8]) -> impl Iterator<Item = Posting> {
        let mut chunk = 0;
        std::iter::from_fn(move || Posting::read(&mut bytes, &mut chunk))
    }
}

impl Shape {
    pub(super) fn of(text: &str) -> Self {
        let says_generated = |line: &str| {
            line.contains("@generated")
                || (line.contains("enerated") && line.contains("DO NOT EDIT"))
        };
        if text.lines().take(10).any(says_generated) {
            return Self::Generated;
        }
        Self::Plain
    }
}

#[cfg(test)]
mod tests {
    use super::{Piece, Posting, Segment};
    use crate::fact::{Covered, Definition, Fact, Kind, Lines};

    fn fact(name: &str, lines: u32) -> Fact {
        let all = Lines { first: 1, last: lines };
        Fact {
            covered: Covered::Text,
            lines,
            definitions: vec![Definition {
                kind: Kind::Function,
                name: name.to_owned(),
                within: None,
                lines: all,
                signature: String::new(),
                doc: None,
                exported: true,
            }],
            uses: Vec::new(),
            imports: Vec::new(),
            chunks: vec![Lines { first: 1, last: 1 }, Lines { first: 2, last: lines }],
        }
    }

    fn add(segment: &mut Segment, number: u32, name: &str, text: &str) {
        let fact = fact(name, 2);
        segment.add(number, &fact, &Piece::of(&fact, text));
    }

    fn found(segment: &Segment, term: &str) -> Vec<(u32, u32, u32)> {
        let number = segment.number(term).expect("the term stands somewhere");
        segment
            .postings(number)
            .map(|Posting { chunk, count, defined }| (chunk, count, defined))
            .collect()
    }

    #[test]
    fn terms_are_found_in_their_chunks() {
        let mut segment = Segment::default();
        add(&mut segment, 0, "retryPush", "fn retryPush() {\n push(push) }");
        assert_eq!(found(&segment, "push"), [(0, 1, 1), (1, 2, 0)]);
        assert_eq!(found(&segment, "retrypush"), [(0, 1, 1)]);
        assert_eq!(segment.named("RETRYPUSH"), [0]);
    }

    #[test]
    fn joined_segments_say_what_one_would_have_said() {
        let blobs = [
            ("retryPush", "fn retryPush() {\n push(push) }"),
            ("pull", "fn pull() {\n retry }"),
            ("pull", "\n"),
        ];
        let mut whole = Segment::default();
        (0..).zip(blobs).for_each(|(at, (name, text))| add(&mut whole, at, name, text));
        let mut joined = Segment::default();
        for (at, (name, text)) in (0..).zip(blobs) {
            let mut one = Segment::default();
            add(&mut one, at, name, text);
            joined.join(&one);
        }
        for term in ["push", "retri", "retrypush", "pull", "fn"] {
            assert_eq!(joined.number(term).is_some(), whole.number(term).is_some(), "{term}");
        }
        for term in ["push", "retrypush", "pull", "fn"] {
            assert_eq!(found(&joined, term), found(&whole, term), "{term}");
        }
        assert_eq!(joined.named("pull"), whole.named("pull"));
        let parts = |segment: &Segment| -> Vec<usize> {
            segment.definitions.iter().map(|definition| segment.parts(definition).len()).collect()
        };
        assert_eq!(parts(&joined), parts(&whole));
    }

    #[test]
    fn what_is_let_go_was_never_there() {
        let blobs = [
            ("retryPush", "fn retryPush() {\n push(push) }"),
            ("pull", "fn pull() {\n retry }"),
            ("fetchAll", "fn fetchAll() {\n pull(retry) }"),
        ];
        for gone in 0..8u32 {
            let (mut all, mut never) = (Segment::default(), Segment::default());
            for (at, (name, text)) in (0..).zip(blobs) {
                add(&mut all, at, name, text);
                if gone >> at & 1 == 0 {
                    add(&mut never, at, name, text);
                }
            }
            let left = all.without(&(0..3).filter(|at| gone >> at & 1 == 1).collect());
            assert_eq!(left.numbers(), never.numbers(), "{gone}");
            for term in ["push", "retri", "retry", "retrypush", "pull", "fn", "fetchal", "fetch"] {
                assert_eq!(left.number(term).is_some(), never.number(term).is_some(), "{term}");
                if left.number(term).is_some() {
                    assert_eq!(found(&left, term), found(&never, term), "{gone} {term}");
                }
            }
            for name in ["retryPush", "pull", "fetchAll"] {
                assert_eq!(left.named(name), never.named(name), "{gone} {name}");
            }
            let parts = |segment: &Segment| -> Vec<usize> {
                segment.definitions.iter().map(|found| segment.parts(found).len()).collect()
            };
            assert_eq!(parts(&left), parts(&never), "{gone}");
            let seen: Vec<u32> =
                left.seen(&(1..9).collect()).map(|at| left.number_of(at)).collect();
            let held: Vec<u32> = never.numbers().iter().copied().filter(|at| *at > 0).collect();
            assert_eq!(seen, held, "{gone}");
        }
    }
}
