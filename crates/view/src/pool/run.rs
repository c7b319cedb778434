//! A run of blobs, and what is found through them: never changed once it is published, so readers share it.

use super::{At, Blob, BlobNo};
use crate::fact::{Definition, Use};
use crate::search::{Piece, Segment};
use bstr::ByteSlice as _;
use hashbrown::HashMap;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// Blobs by ascending number, with gaps where some were let go.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    blobs: Vec<Arc<Blob>>,
    /// Where each name is defined and used: a view leaves out what it does not hold.
    defined: HashMap<Box<str>, Vec<At>>,
    used: HashMap<Box<str>, Vec<At>>,
    /// What names are called where they are imported under another.
    aliases: HashMap<Box<str>, BTreeSet<Box<str>>>,
    /// Every name that is defined, a line each: in lower case, and as it is where that differs. Made when it is first asked.
    folded: OnceLock<Box<str>>,
    /// What is found by words; it numbers the blobs, too.
    words: Arc<Segment>,
}

impl Run {
    /// Adds a blob under a number that is larger than all others.
    pub(super) fn add(&mut self, number: BlobNo, blob: Arc<Blob>, piece: &Piece) {
        self.folded = OnceLock::new();
        Arc::make_mut(&mut self.words).add(number, &blob.fact, piece);
        self.note(number, blob);
    }

    fn note(&mut self, number: BlobNo, blob: Arc<Blob>) {
        for (nth, Definition { name, .. }) in (0..).zip(&blob.fact.definitions) {
            note(&mut self.defined, name, |places| places.push(At { blob: number, nth }));
        }
        for (nth, Use { name, .. }) in (0..).zip(&blob.fact.uses) {
            note(&mut self.used, name, |places| places.push(At { blob: number, nth }));
        }
        for import in &blob.fact.imports {
            if let (Some(name), Some(alias)) = (&import.name, &import.alias) {
                note(&mut self.aliases, name, |aliases| {
                    aliases.insert(alias.as_str().into());
                });
            }
        }
        self.blobs.push(blob);
    }

    /// Adds what another says, whose numbers are all larger.
    pub(super) fn join(&mut self, next: &Self) {
        self.folded = OnceLock::new();
        for (own, other) in [(&mut self.defined, &next.defined), (&mut self.used, &next.used)] {
            for (name, places) in other {
                note(own, name, |own| own.extend(places));
            }
        }
        for (name, aliases) in &next.aliases {
            note(&mut self.aliases, name, |own| own.extend(aliases.iter().cloned()));
        }
        self.blobs.extend(next.blobs.iter().cloned());
        Arc::make_mut(&mut self.words).join(&next.words);
    }

    /// The same without the blobs that are `gone`.
    pub(super) fn without(&self, gone: &RoaringBitmap) -> Self {
        let mut left = Self { words: Arc::new(self.words.without(gone)), ..Self::default() };
        for (number, blob) in self.numbered().filter(|(number, _)| !gone.contains(*number)) {
            left.note(number, Arc::clone(blob));
        }
        left
    }

    /// Gives back the room that was taken in advance.
    pub(super) fn seal(&mut self) {
        self.defined.values_mut().chain(self.used.values_mut()).for_each(Vec::shrink_to_fit);
        Arc::make_mut(&mut self.words).seal();
    }

    pub(super) fn len(&self) -> usize {
        self.blobs.len()
    }

    pub(super) fn numbers(&self) -> &[BlobNo] {
        self.words.numbers()
    }

    pub(super) fn first(&self) -> Option<BlobNo> {
        self.numbers().first().copied()
    }

    pub(super) fn last(&self) -> Option<BlobNo> {
        self.numbers().last().copied()
    }

    pub(super) fn numbered(&self) -> impl Iterator<Item = (BlobNo, &Arc<Blob>)> {
        self.numbers().iter().copied().zip(&self.blobs)
    }

    pub(super) fn blob(&self, number: BlobNo) -> Option<&Arc<Blob>> {
        self.numbers().binary_search(&number).ok().and_then(|at| self.blobs.get(at))
    }

    pub(super) fn defined(&self, name: &str) -> &[At] {
        self.defined.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn used(&self, name: &str) -> &[At] {
        self.used.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn aliases(&self, name: &str) -> impl Iterator<Item = &str> {
        self.aliases.get(name).into_iter().flatten().map(|alias| &**alias)
    }

    /// The defined names that hold `part`, which is in lower case, and where. One pass over all of them: they may be many.
    pub(super) fn names_like(&self, part: &str) -> Vec<(&str, &[At])> {
        let folded = self.folded.get_or_init(|| self.fold());
        let (mut found, mut from) = (Vec::new(), 0);
        while let Some(at) = folded.as_bytes().get(from..).and_then(|rest| rest.find(part)) {
            let at = from + at;
            let first = folded.as_bytes()[..at].rfind_byte(b'\n').map_or(0, |end| end + 1);
            let end = folded.as_bytes()[at..].find_byte(b'\n').map_or(folded.len(), |end| at + end);
            let line = folded.get(first..end).unwrap_or_default();
            let name = line.split_once('\t').map_or(line, |(_, name)| name);
            found.extend(self.defined.get_key_value(name).map(|(name, at)| (&**name, &**at)));
            from = end + 1;
        }
        found
    }

    fn fold(&self) -> Box<str> {
        let mut folded = String::new();
        let all = self.defined.keys().filter(|name| !name.contains(['\n', '\t']));
        for name in all {
            let lower = name.to_lowercase();
            folded.push_str(&lower);
            if lower != **name {
                folded.push('\t');
                folded.push_str(name);
            }
            folded.push('\n');
        }
        folded.into()
    }

    pub(super) fn words(&self) -> &Arc<Segment> {
        &self.words
    }
}

/// Changes what is noted of a name, whose letters are copied the first time only.
fn note<V: Default>(all: &mut HashMap<Box<str>, V>, name: &str, change: impl FnOnce(&mut V)) {
    match all.get_mut(name) {
        Some(noted) => change(noted),
        None => {
            let mut noted = V::default();
            change(&mut noted);
            all.insert(name.into(), noted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_in_any_case_as_it_is_in_lower_case() {
        let names = ["next", "nextRetry", "RetryNEXT", "nex", "größeNext", "İNEXT", "n", "exit"];
        let mut run = Run::default();
        for name in names {
            run.defined.insert(name.into(), vec![At { blob: 1, nth: 0 }]);
        }
        run.defined.insert("two next\nlines".into(), Vec::new());
        for part in ["next", "x", "n", "größe", "ß", "i̇", "", "nextretry", "absent"] {
            let has = |name: &&str| name.to_lowercase().contains(part);
            let expected: BTreeSet<&str> = names.into_iter().filter(has).collect();
            let found = run.names_like(part);
            assert_eq!(found.len(), expected.len(), "each once: {part:?}");
            let found: BTreeSet<&str> = found.into_iter().map(|(name, _)| name).collect();
            assert_eq!(found, expected, "{part:?}");
        }
    }
}
