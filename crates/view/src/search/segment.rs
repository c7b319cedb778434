//! A run of blobs and what is known of their words: never changed once sealed, so readers share it.

use super::grams::Grams;
use super::{varint, words};
use crate::fact::{Fact, Kind, Lines};
use hashbrown::HashMap;
use std::ops::Range;

/// A term within its segment.
type TermNo = u32;

/// Blobs, one after another, with the postings of their chunks. Numbers in here are of this segment alone.
#[derive(Debug, Clone, Default)]
pub(super) struct Segment {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Adds a blob behind all others.
    pub(super) fn add(&mut self, fact: &Fact, text: &str) {
        let lines: Vec<&str> = text.split('\n').collect();
        let blob = self.blobs.len() as u32;
        let first_chunk = self.chunks.len() as u32;
        let first_definition = self.definitions.len() as u32;
        let names = self.define(fact, first_chunk);
        self.grams.add(blob, text.as_bytes());
        let mut terms_in_all = 0;
        let mut known: HashMap<&str, Vec<TermNo>> = HashMap::new();
        for (at, chunk) in fact.chunks.iter().enumerate() {
            let number = first_chunk + at as u32;
            let mut counts: HashMap<TermNo, (u32, u32)> = HashMap::new();
            let mut terms = 0;
            let within = lines.get(
                chunk.first.saturating_sub(1) as usize..(chunk.last as usize).min(lines.len()),
            );
            for identifier in
                within.unwrap_or_default().iter().flat_map(|line| words::identifiers(line))
            {
                // A file says the same identifiers again and again: each is taken apart once.
                let of_it = known.entry(identifier).or_insert_with(|| self.terms_of(identifier));
                terms += of_it.len() as u32;
                of_it.iter().for_each(|term| counts.entry(*term).or_default().0 += 1);
            }
            for (_, name) in names.iter().filter(|(place, _)| *place == number) {
                let of_it = self.terms_of(name);
                of_it.into_iter().for_each(|term| counts.entry(term).or_default().1 += 1);
            }
            for (term, (count, defined)) in counts {
                if let Some(postings) = self.postings.get_mut(term as usize) {
                    postings.push(Posting { chunk: number, count, defined });
                }
            }
            terms_in_all += terms;
            self.chunks.push(Chunk { blob, lines: *chunk, terms });
        }
        self.blobs.push(Blob {
            chunks: first_chunk..self.chunks.len() as u32,
            definitions: first_definition..self.definitions.len() as u32,
            terms: terms_in_all,
            shape: Shape::of(text),
        });
    }

    /// Enters the definitions of a blob whose first chunk gets this number; the chunk and the name of each.
    fn define(&mut self, fact: &Fact, first_chunk: u32) -> Vec<(u32, String)> {
        let mut names = Vec::with_capacity(fact.definitions.len());
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
            names.push((first_chunk + at as u32, definition.name.clone()));
        }
        names
    }

    /// The terms of an identifier: the whole of it, if it has several parts, and each part.
    fn terms_of(&mut self, identifier: &str) -> Vec<TermNo> {
        let parts = words::parts(identifier);
        let whole = (parts.len() > 1).then(|| self.term(&words::whole(&parts)));
        let mut terms: Vec<TermNo> = whole.into_iter().collect();
        terms.extend(parts.iter().map(|part| self.term(words::stem(part))));
        terms
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
    pub(super) fn join(&mut self, next: &Self) {
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
}

impl Postings {
    fn push(&mut self, posting: Posting) {
        varint::write(&mut self.bytes, posting.chunk - self.last);
        // Most terms stand in a chunk once or twice, and in no name: one byte then.
        varint::write(&mut self.bytes, posting.count << 1 | u32::from(posting.defined > 0));
        if posting.defined > 0 {
            varint::write(&mut self.bytes, posting.defined);
        }
        self.last = posting.chunk;
    }

    fn read(mut bytes: &[u8]) -> impl Iterator<Item = Posting> {
        let mut chunk = 0;
        std::iter::from_fn(move || {
            chunk += varint::read(&mut bytes)?;
            let count = varint::read(&mut bytes)?;
            let defined = if count & 1 == 1 { varint::read(&mut bytes)? } else { 0 };
            Some(Posting { chunk, count: count >> 1, defined })
        })
    }
}

impl Shape {
    fn of(text: &str) -> Self {
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
    use super::{Posting, Segment};
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
        segment.add(&fact("retryPush", 2), "fn retryPush() {\n push(push) }");
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
        blobs.iter().for_each(|(name, text)| whole.add(&fact(name, 2), text));
        let mut joined = Segment::default();
        for (name, text) in blobs {
            let mut one = Segment::default();
            one.add(&fact(name, 2), text);
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
}
