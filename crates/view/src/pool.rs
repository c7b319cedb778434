//! All blobs that any view holds, each read once: by content, whatever branch, worktree or session it came from.

use crate::fact::{Definition, Fact, Use, extract};
use crate::search::Index;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use weir_git::BlobId;
use weir_grammar::Language;

/// The place of a blob in the pool. It never changes while the pool lives.
pub type BlobNo = u32;

/// The same bytes can be read as two languages: a header as C and as C++.
type Key = (BlobId, Option<Language>);

/// A blob that was read.
#[derive(Debug)]
pub struct Blob {
    /// Its name in git.
    pub id: BlobId,
    /// As what it was read.
    pub language: Option<Language>,
    /// What it says.
    pub fact: Fact,
    /// Its bytes, where git does not have them.
    kept: Option<Arc<[u8]>>,
}

impl Blob {
    /// The bytes, where git does not have them: an edit that nobody committed.
    pub fn kept(&self) -> Option<&Arc<[u8]>> {
        self.kept.as_ref()
    }
}

/// Where a definition or a use stands: in which blob, and at which place of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The blob.
    pub blob: BlobNo,
    /// Its place among the blob's definitions, or uses.
    pub nth: u32,
}

/// The pool. Readers do not wait for each other; who adds waits for them.
#[derive(Debug, Default)]
pub struct Pool(RwLock<Inner>);

#[derive(Debug, Default)]
struct Inner {
    numbers: HashMap<Key, BlobNo>,
    blobs: Vec<Arc<Blob>>,
    /// Where each name is defined and used, over all blobs: a view leaves out what it does not hold.
    defined: HashMap<Box<str>, Vec<At>>,
    used: HashMap<Box<str>, Vec<At>>,
    /// What is found by words.
    index: Index,
    /// What names are called where they are imported under another.
    aliases: HashMap<Box<str>, BTreeSet<Box<str>>>,
}

impl Pool {
    /// The number of a blob that was read before.
    pub fn number(&self, id: BlobId, language: Option<Language>) -> Option<BlobNo> {
        self.read(|inner| inner.numbers.get(&(id, language)).copied())
    }

    /// Reads a blob, unless it was read before. `keep` when git does not have it.
    pub fn add(
        &self,
        id: BlobId,
        language: Option<Language>,
        bytes: &Arc<[u8]>,
        keep: bool,
    ) -> BlobNo {
        if let Some(number) = self.number(id, language) {
            return number;
        }
        // Outside the lock: this is what takes long.
        let fact = extract(language, bytes);
        let kept = keep.then(|| Arc::clone(bytes));
        let text = String::from_utf8_lossy(bytes);
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        inner.put(Blob { id, language, fact, kept }, &text)
    }

    /// A blob.
    pub fn blob(&self, number: BlobNo) -> Option<Arc<Blob>> {
        self.read(|inner| inner.blobs.get(number as usize).cloned())
    }

    /// How many blobs there are.
    pub fn len(&self) -> usize {
        self.read(|inner| inner.blobs.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where `name` is defined, in whatever view.
    pub fn defined(&self, name: &str) -> Vec<At> {
        self.read(|inner| inner.defined.get(name).cloned().unwrap_or_default())
    }

    /// Where `name` is used, in whatever view.
    pub fn used(&self, name: &str) -> Vec<At> {
        self.read(|inner| inner.used.get(name).cloned().unwrap_or_default())
    }

    /// What is found by words, as it is now. What is added later is not in it.
    pub fn index(&self) -> Index {
        self.read(|inner| inner.index.clone())
    }

    /// What `name` is called where it is imported under another name, in whatever view.
    pub fn aliases(&self, name: &str) -> Vec<String> {
        self.read(|inner| {
            let found = inner.aliases.get(name).into_iter().flatten();
            found.map(ToString::to_string).collect()
        })
    }

    /// Names that hold `part`, which is in lower case, where a definition of them is wanted.
    pub fn names_like(&self, part: &str, wanted: impl Fn(At) -> bool) -> Vec<String> {
        self.read(|inner| {
            let alike = inner.defined.iter().filter(|(name, _)| name.to_lowercase().contains(part));
            let held = alike.filter(|(_, found)| found.iter().any(|at| wanted(*at)));
            held.map(|(name, _)| name.to_string()).collect()
        })
    }

    fn read<T>(&self, read: impl FnOnce(&Inner) -> T) -> T {
        // A reader cannot leave anything half done.
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    fn put(&mut self, blob: Blob, text: &str) -> BlobNo {
        let key = (blob.id, blob.language);
        // Somebody else read it meanwhile.
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = self.index.push(&blob.fact, text).0;
        assert!(number as usize == self.blobs.len(), "the index numbers blobs as the pool does");
        for (nth, Definition { name, .. }) in (0..).zip(&blob.fact.definitions) {
            note(&mut self.defined, name, At { blob: number, nth });
        }
        for (nth, Use { name, .. }) in (0..).zip(&blob.fact.uses) {
            note(&mut self.used, name, At { blob: number, nth });
        }
        for import in &blob.fact.imports {
            if let (Some(name), Some(alias)) = (&import.name, &import.alias) {
                self.aliases.entry(name.as_str().into()).or_default().insert(alias.as_str().into());
            }
        }
        self.numbers.insert(key, number);
        self.blobs.push(Arc::new(blob));
        number
    }
}

fn note(to: &mut HashMap<Box<str>, Vec<At>>, name: &str, at: At) {
    match to.get_mut(name) {
        Some(found) => found.push(at),
        None => drop(to.insert(name.into(), vec![at])),
    }
}
