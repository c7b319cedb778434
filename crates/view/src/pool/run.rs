//! A run of blobs, and what is found through them: never changed once it is published, so readers share it.

use super::{At, Blob, BlobNo};
use crate::fact::{Definition, Use};
use crate::search::{Piece, Segment};
use hashbrown::HashMap;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Blobs by ascending number, with gaps where some were let go.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    blobs: Vec<Arc<Blob>>,
    /// Where each name is defined and used: a view leaves out what it does not hold.
    defined: HashMap<Box<str>, Vec<At>>,
    used: HashMap<Box<str>, Vec<At>>,
    /// What names are called where they are imported under another.
    aliases: HashMap<Box<str>, BTreeSet<Box<str>>>,
    /// What is found by words; it numbers the blobs, too.
    words: Arc<Segment>,
}

impl Run {
    /// Adds a blob under a number that is larger than all others.
    pub(super) fn add(&mut self, number: BlobNo, blob: Arc<Blob>, piece: &Piece) {
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

    /// Every name that is defined, and where.
    pub(super) fn all_defined(&self) -> impl Iterator<Item = (&str, &[At])> {
        self.defined.iter().map(|(name, places)| (&**name, places.as_slice()))
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
