//! Which blobs may hold a pattern: three bytes in a row, in lower case, and the blobs that have them.
//!
//! Every blob that matches is among those found here; the others are told apart by reading them. Plain trigrams, since
//! they stay the smallest: rarer, longer grams make up to three times as many keys.

use super::varint;
use hashbrown::HashMap;
use regex_syntax::hir::{Class, Hir, HirKind};
use roaring::RoaringBitmap;

/// Where three bytes in a row stand, by blob.
#[derive(Debug, Clone, Default)]
pub(super) struct Grams {
    postings: HashMap<u32, Blobs>,
}

/// Ascending numbers of blobs, as varints of their steps.
#[derive(Debug, Clone, Default)]
struct Blobs {
    bytes: Vec<u8>,
    last: u32,
}

impl Grams {
    /// Adds a blob, by what [`of`] says of its text.
    pub(super) fn add(&mut self, blob: u32, mut grams: &[u8]) {
        let mut gram = 0;
        while let Some(step) = varint::read(&mut grams) {
            gram += step;
            self.postings.entry(gram).or_default().push(blob);
        }
    }

    /// The same for those blobs only that get a new number here.
    pub(super) fn only(&self, renumbered: &[Option<u32>]) -> Self {
        let mut kept = Self::default();
        for (gram, blobs) in &self.postings {
            let mut left = Blobs::default();
            let still = blobs.read().filter_map(|blob| *renumbered.get(blob as usize)?);
            still.for_each(|blob| left.push(blob));
            if !left.bytes.is_empty() {
                kept.postings.insert(*gram, left);
            }
        }
        kept
    }

    pub(super) fn seal(&mut self) {
        self.postings.values_mut().for_each(|blobs| blobs.bytes.shrink_to_fit());
    }

    /// Adds what another says, whose blobs come `after` these.
    pub(super) fn join(&mut self, next: &Self, after: u32) {
        for (gram, blobs) in &next.postings {
            let own = self.postings.entry(*gram).or_default();
            blobs.read().for_each(|blob| own.push(blob + after));
        }
    }

    /// The blobs, of those from 0 to `count`, that may have what is needed.
    pub(super) fn may_have(&self, needed: &Needed, count: u32) -> RoaringBitmap {
        let mut all = RoaringBitmap::new();
        match needed {
            Needed::Nothing => {
                all.insert_range(0..count);
            }
            Needed::Text(text) if text.len() < 3 => {
                all.insert_range(0..count);
            }
            Needed::Text(text) => {
                let mut lists: Vec<Option<&Blobs>> =
                    grams(text).map(|gram| self.postings.get(&gram)).collect();
                // The shortest list first: it bounds what the others are compared with.
                lists.sort_by_key(|list| list.map_or(0, |blobs| blobs.bytes.len()));
                let mut lists =
                    lists.into_iter().map(|list| list.map(Blobs::bitmap).unwrap_or_default());
                all = lists.next().unwrap_or_default();
                for list in lists {
                    if all.is_empty() {
                        break;
                    }
                    all &= list;
                }
            }
            Needed::All(parts) => {
                all.insert_range(0..count);
                parts.iter().for_each(|part| all &= self.may_have(part, count));
            }
            Needed::Any(parts) => parts.iter().for_each(|part| all |= self.may_have(part, count)),
        }
        all
    }
}

impl Blobs {
    fn push(&mut self, blob: u32) {
        varint::write(&mut self.bytes, blob - self.last);
        self.last = blob;
    }

    fn read(&self) -> impl Iterator<Item = u32> {
        let (mut bytes, mut blob) = (self.bytes.as_slice(), 0);
        std::iter::from_fn(move || {
            blob += varint::read(&mut bytes)?;
            Some(blob)
        })
    }

    fn bitmap(&self) -> RoaringBitmap {
        self.read().collect()
    }
}

/// Which three bytes stand in a row in a text, each once: the steps from one to the next.
pub(super) fn of(text: &[u8]) -> Vec<u8> {
    let mut grams: Vec<u32> = grams(text).collect();
    grams.sort_unstable();
    grams.dedup();
    let (mut steps, mut last) = (Vec::with_capacity(2 * grams.len()), 0);
    for gram in grams {
        varint::write(&mut steps, gram - last);
        last = gram;
    }
    steps
}

fn grams(text: &[u8]) -> impl Iterator<Item = u32> {
    text.windows(3).filter_map(|three| {
        let [one, two, three] = three else { return None };
        let low = |byte: &u8| u32::from(byte.to_ascii_lowercase());
        Some(low(one) << 16 | low(two) << 8 | low(three))
    })
}

/// What a text must have to match, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Needed {
    /// It cannot be told.
    Nothing,
    /// These bytes in a row.
    Text(Vec<u8>),
    /// All of these.
    All(Vec<Needed>),
    /// One of these.
    Any(Vec<Needed>),
}

impl Needed {
    pub(super) fn of(pattern: &Hir) -> Self {
        match pattern.kind() {
            // They take no bytes: what stands on their two sides is in a row.
            HirKind::Empty | HirKind::Look(_) => Self::Text(Vec::new()),
            // Blobs are indexed as texts: a byte that is in none of them stands for nothing there.
            HirKind::Literal(literal) if std::str::from_utf8(&literal.0).is_err() => Self::Nothing,
            HirKind::Literal(literal) => Self::Text(literal.0.to_ascii_lowercase()),
            HirKind::Class(class) => {
                only(class).map_or(Self::Nothing, |byte| Self::Text(vec![byte]))
            }
            HirKind::Repetition(repeated) if repeated.min == 0 => Self::Nothing,
            // Once at least: what comes after it does not follow the first time.
            HirKind::Repetition(repeated) => Self::All(vec![Self::of(&repeated.sub)]),
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Concat(parts) => Self::in_a_row(parts.iter().map(Self::of)),
            HirKind::Alternation(parts) => {
                let parts: Vec<Self> = parts.iter().map(Self::of).collect();
                if parts.iter().any(Self::is_nothing) { Self::Nothing } else { Self::Any(parts) }
            }
        }
    }

    fn in_a_row(parts: impl Iterator<Item = Self>) -> Self {
        let mut all: Vec<Self> = Vec::new();
        for part in parts {
            match (all.last_mut(), part) {
                (Some(Self::Text(before)), Self::Text(text)) => before.extend(text),
                // It stays until the end, to part what stands before it from what comes after.
                (_, part) => all.push(part),
            }
        }
        all.retain(|part| !part.is_nothing());
        match all.len() {
            0 => Self::Nothing,
            1 => all.remove(0),
            _ => Self::All(all),
        }
    }

    fn is_nothing(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Text(_) => false,
            Self::All(parts) => parts.iter().all(Self::is_nothing),
            Self::Any(parts) => parts.iter().any(Self::is_nothing),
        }
    }
}

/// The one byte that a class means, when it holds one letter in both cases.
fn only(class: &Class) -> Option<u8> {
    let mut letters = Vec::new();
    match class {
        Class::Unicode(class) => {
            for range in class.ranges() {
                letters.push(u8::try_from(range.start()).ok().filter(u8::is_ascii)?);
                letters.push(u8::try_from(range.end()).ok().filter(u8::is_ascii)?);
                if range.start() != range.end() {
                    return None;
                }
            }
        }
        Class::Bytes(class) => {
            for range in class.ranges() {
                letters.push(Some(range.start()).filter(u8::is_ascii)?);
                if range.start() != range.end() {
                    return None;
                }
            }
        }
    }
    let first = letters.first()?.to_ascii_lowercase();
    letters.iter().all(|letter| letter.to_ascii_lowercase() == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::{Grams, Needed};
    use proptest::prelude::*;

    fn needed(pattern: &str) -> Needed {
        Needed::of(&regex_syntax::parse(pattern).expect("a pattern"))
    }

    fn text(text: &str) -> Needed {
        Needed::Text(text.as_bytes().to_vec())
    }

    #[test]
    fn what_a_pattern_needs_is_read_from_it() {
        assert_eq!(needed("Retry"), text("retry"));
        assert_eq!(needed(r"\bfn retry\("), text("fn retry("));
        assert_eq!(needed("(?i)abc"), text("abc"));
        assert_eq!(needed("retry|again"), Needed::Any(vec![text("retry"), text("again")]));
        assert_eq!(needed("fn (push).*pull"), Needed::All(vec![text("fn push"), text("pull")]));
        assert_eq!(needed("retry|.*"), Needed::Nothing);
        assert_eq!(needed("[a-z]+"), Needed::All(vec![Needed::Nothing]));
    }

    proptest! {
        #[test]
        fn no_blob_that_matches_is_left_out(
            texts in prop::collection::vec("[abAB\nk]{0,12}", 1..12),
            pattern in "([abAk]{1,4}|a+|\\(ab\\|k\\)|\\[ab\\]|b\\?|\\(\\?i:ab\\)|\\.|\\\\b|\\(ab\\)\\{2\\}){1,4}",
        ) {
            let Ok(hir) = regex_syntax::parse(&pattern) else { return Ok(()) };
            let regex = regex::bytes::Regex::new(&pattern).expect("what parses is compiled");
            let (mut grams, mut next) = (Grams::default(), Grams::default());
            let half = texts.len() / 2;
            for (at, text) in texts.iter().enumerate() {
                match at < half {
                    true => grams.add(at as u32, &super::of(text.as_bytes())),
                    false => next.add((at - half) as u32, &super::of(text.as_bytes())),
                }
            }
            grams.join(&next, half as u32);
            let may = grams.may_have(&Needed::of(&hir), texts.len() as u32);
            for (at, text) in texts.iter().enumerate() {
                prop_assert!(!regex.is_match(text.as_bytes()) || may.contains(at as u32), "{pattern} {text:?}");
            }
        }
    }
}
