//! All blobs that any view holds, each read once: by content, whatever branch, worktree or session it came from.
//!
//! Readers take what is published and wait for nobody. Whoever adds publishes a run of blobs beside those that are
//! there; [`tend`] joins runs, and lets go of blobs that nobody holds. A blob keeps its number while somebody holds it,
//! and no other ever gets it.

mod run;
mod tend;

use crate::fact::{Fact, extract};
use crate::search::{Index, Piece};
use crate::store::{Kept, Store, pack, today};
use roaring::RoaringBitmap;
use run::Run;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, Weak};
use weir_git::BlobId;
use weir_grammar::{Language, Told};

/// The place of a blob in the pool. It is the blob's while anybody holds it, and no other's afterwards.
pub type BlobNo = u32;

/// A blob, and what its name tells of its language: the same bytes can be read as C and as C++.
pub(crate) type Key = (BlobId, Told);

/// A blob that was read.
#[derive(Debug)]
pub struct Blob {
    /// Its name in git.
    pub id: BlobId,
    /// What the names of its files tell of its language.
    pub told: Told,
    /// As what it was read.
    pub language: Option<Language>,
    /// What it says.
    pub fact: Fact,
    /// Its bytes, where git does not have them.
    pub(crate) kept: Option<Arc<[u8]>>,
}

impl Blob {
    /// The bytes, where git does not have them: an edit that nobody committed.
    pub fn kept(&self) -> Option<&Arc<[u8]>> {
        self.kept.as_ref()
    }

    pub(crate) fn key(&self) -> Key {
        (self.id, self.told)
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

/// The pool. Cheap to clone: all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Pool(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// What readers see.
    now: RwLock<Arc<Runs>>,
    books: Mutex<Books>,
    /// Commits are read one after another: whoever comes second finds most of theirs read.
    reading: Mutex<()>,
    /// Runs are taken away by one at a time.
    tending: Mutex<()>,
    is_tended_soon: AtomicBool,
    /// Where facts are kept on disk, if anywhere.
    disk: Option<Disk>,
    made: AtomicU64,
    brought: AtomicU64,
}

/// A store that is opened when it is first needed: a server that nobody asks about code need not read it.
#[derive(Debug)]
struct Disk {
    folder: PathBuf,
    store: OnceLock<Option<Store>>,
    /// When it was last told what is held.
    tidied_on: AtomicU32,
}

/// Where the facts came from that are, or were, in the pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CameFrom {
    /// Made of bytes.
    pub made: u64,
    /// Brought in from disk.
    pub brought: u64,
}

/// In the order of their numbers, which do not overlap.
type Runs = Vec<Arc<Run>>;

/// Who has which number, and who holds it.
#[derive(Debug, Default)]
struct Books {
    numbers: HashMap<Key, BlobNo>,
    next: BlobNo,
    /// Numbers that somebody is about to publish.
    reserved: Vec<Range<BlobNo>>,
    holds: Vec<Weak<Hold>>,
    /// How much was added since blobs were last let go.
    added: usize,
    added_bytes: usize,
}

/// Blobs that somebody needs: they stay as long as this does.
#[derive(Debug, Default)]
pub(crate) struct Hold(Mutex<RoaringBitmap>);

impl Pool {
    /// A pool whose facts of committed files are kept in a folder, which nobody else may use meanwhile.
    pub fn kept_in(folder: PathBuf) -> Self {
        let disk = Disk { folder, store: OnceLock::new(), tidied_on: AtomicU32::new(0) };
        Self(Arc::new(Shared { disk: Some(disk), ..Shared::default() }))
    }

    /// Where facts came from so far.
    pub fn came_from(&self) -> CameFrom {
        let made = self.0.made.load(Ordering::Relaxed);
        CameFrom { made, brought: self.0.brought.load(Ordering::Relaxed) }
    }

    /// Waits until all that is kept on disk is written; how many bytes it takes there, and how many facts it has.
    pub fn written(&self) -> (u64, usize) {
        let Some(store) = self.0.store() else { return (0, 0) };
        store.flush();
        store.extent()
    }

    /// What is kept of a blob on disk.
    pub(crate) fn bring(&self, (id, told): Key) -> Option<(Blob, Piece)> {
        let Kept { language, fact, piece } = self.0.store()?.get((id, told))?;
        self.0.brought.fetch_add(1, Ordering::Relaxed);
        Some((Blob { id, told, language, fact, kept: None }, piece))
    }

    /// What is made of bytes; kept on disk when git has them, too.
    pub(crate) fn make_of(&self, (id, told): Key, bytes: Vec<u8>) -> (Blob, Piece) {
        self.0.made.fetch_add(1, Ordering::Relaxed);
        let language = told.language(&bytes);
        let fact = extract(language, &bytes);
        let piece = Piece::of(&fact, &String::from_utf8_lossy(&bytes));
        drop(bytes);
        let blob = Blob { id, told, language, fact, kept: None };
        self.put_down(&blob, &piece);
        (blob, piece)
    }

    /// Keeps on disk what was made of an edit, now that git has its bytes.
    pub(crate) fn keep_committed(&self, number: BlobNo, key: Key) {
        if self.0.store().is_none_or(|store| store.has(key)) {
            return;
        }
        if let Some(blob) = self.blob(number)
            && let Some(bytes) = blob.kept()
        {
            self.put_down(&blob, &Piece::of(&blob.fact, &String::from_utf8_lossy(bytes)));
        }
    }

    fn put_down(&self, blob: &Blob, piece: &Piece) {
        if let Some(store) = self.0.store()
            && let Some(packed) = pack(blob.language, &blob.fact, piece)
        {
            store.put(blob.key(), packed);
        }
    }

    /// Holds nothing yet.
    pub(crate) fn hold(&self) -> Arc<Hold> {
        let hold = Arc::<Hold>::default();
        let mut books = lock(&self.0.books);
        books.holds.retain(|hold| hold.strong_count() > 0);
        books.holds.push(Arc::downgrade(&hold));
        hold
    }

    /// Holds a blob that was read before.
    pub(crate) fn take(&self, hold: &Hold, key: Key) -> Option<BlobNo> {
        let books = lock(&self.0.books);
        let number = *books.numbers.get(&key)?;
        lock(&hold.0).insert(number);
        Some(number)
    }

    /// Holds what somebody else holds.
    pub(crate) fn take_all(&self, hold: &Hold, numbers: &RoaringBitmap) {
        let _books = lock(&self.0.books);
        *lock(&hold.0) |= numbers;
    }

    /// Reads bytes that git does not have, unless they were read before, and holds them.
    pub(crate) fn add(&self, hold: &Hold, key: Key, bytes: &Arc<[u8]>) -> BlobNo {
        if let Some(number) = self.take(hold, key) {
            return number;
        }
        // What it says may be known from a commit; an edit itself is not put down.
        if let Some((blob, piece)) = self.bring(key) {
            // Its bytes are at hand; git may have forgotten them.
            let blob = Blob { kept: Some(Arc::clone(bytes)), ..blob };
            return self.publish_one(hold, blob, &piece);
        }
        let (id, told) = key;
        self.0.made.fetch_add(1, Ordering::Relaxed);
        let language = told.language(bytes);
        let fact = extract(language, bytes);
        let piece = Piece::of(&fact, &String::from_utf8_lossy(bytes));
        let kept = Some(Arc::clone(bytes));
        self.publish_one(hold, Blob { id, told, language, fact, kept }, &piece)
    }

    fn publish_one(&self, hold: &Hold, blob: Blob, piece: &Piece) -> BlobNo {
        let mut making = self.make(1);
        making.add(blob, piece);
        let published = making.publish(hold);
        published.first().map_or(BlobNo::MAX, |(_, number)| *number)
    }

    /// Begins a run of at most so many blobs.
    pub(crate) fn make(&self, blobs_max: usize) -> Making<'_> {
        let mut books = lock(&self.0.books);
        let numbers = books.next..books.next + blobs_max as BlobNo;
        books.next = numbers.end;
        books.reserved.push(numbers.clone());
        Making { pool: self, numbers, run: Run::default(), bytes: 0 }
    }

    /// Waits until nobody else reads a commit.
    pub(crate) fn read_alone(&self) -> MutexGuard<'_, ()> {
        lock(&self.0.reading)
    }

    /// The numbers of the bytes `id` that were read as this language: more than one if the names of their files tell it
    /// in more than one way.
    pub fn numbers(&self, id: BlobId, language: Option<Language>) -> Vec<BlobNo> {
        let ways = language.map(Told::Is).into_iter().chain([Told::Header, Told::Nothing]);
        let books = lock(&self.0.books);
        let numbers: Vec<BlobNo> =
            ways.filter_map(|told| books.numbers.get(&(id, told)).copied()).collect();
        drop(books);
        let is_so = |number: &BlobNo| self.blob(*number).is_some_and(|it| it.language == language);
        numbers.into_iter().filter(is_so).collect()
    }

    /// A blob.
    pub fn blob(&self, number: BlobNo) -> Option<Arc<Blob>> {
        let runs = self.0.runs();
        let after = runs.partition_point(|run| run.first().is_some_and(|first| first <= number));
        runs.get(after.checked_sub(1)?)?.blob(number).cloned()
    }

    /// How many blobs there are.
    pub fn len(&self) -> usize {
        self.0.runs().iter().map(|run| run.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where `name` is defined, in whatever view.
    pub fn defined(&self, name: &str) -> Vec<At> {
        self.0.runs().iter().flat_map(|run| run.defined(name)).copied().collect()
    }

    /// Where `name` is used, in whatever view.
    pub fn used(&self, name: &str) -> Vec<At> {
        self.0.runs().iter().flat_map(|run| run.used(name)).copied().collect()
    }

    /// What is found by words, as it is now. What is added later is not in it.
    pub fn index(&self) -> Index {
        Index::over(self.0.runs().iter().map(|run| Arc::clone(run.words())).collect())
    }

    /// What `name` is called where it is imported under another name, in whatever view.
    pub fn aliases(&self, name: &str) -> Vec<String> {
        let runs = self.0.runs();
        let found: BTreeSet<&str> = runs.iter().flat_map(|run| run.aliases(name)).collect();
        found.into_iter().map(str::to_owned).collect()
    }

    /// Names that hold `part`, which is in lower case, where a definition of them is wanted.
    pub fn names_like(&self, part: &str, wanted: impl Fn(At) -> bool) -> Vec<String> {
        let runs = self.0.runs();
        let alike = runs.iter().flat_map(|run| run.names_like(part));
        let held = alike.filter(|(_, found)| found.iter().any(|at| wanted(*at)));
        let names: BTreeSet<&str> = held.map(|(name, _)| name).collect();
        names.into_iter().map(str::to_owned).collect()
    }
}

impl Hold {
    /// All of them.
    pub(crate) fn all(&self) -> RoaringBitmap {
        lock(&self.0).clone()
    }
}

impl Shared {
    fn runs(&self) -> Arc<Runs> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn store(&self) -> Option<&Store> {
        let Disk { folder, store, .. } = self.disk.as_ref()?;
        let open = || match Store::open(folder, today) {
            Ok(store) => Some(store),
            Err(error) => {
                tracing::warn!(
                    folder = %folder.display(), %error,
                    "the view's facts cannot be kept on disk: they are made again at each start"
                );
                None
            }
        };
        store.get_or_init(open).as_ref()
    }

    /// Shows readers what there is from now on. Only for whoever has the books.
    fn publish(&self, runs: Runs) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(runs);
    }
}

impl Books {
    /// All that somebody holds.
    fn held(&mut self) -> RoaringBitmap {
        self.holds.retain(|hold| hold.strong_count() > 0);
        let mut held = RoaringBitmap::new();
        for hold in self.holds.iter().filter_map(Weak::upgrade) {
            held |= &*lock(&hold.0);
        }
        held
    }
}

/// Nobody leaves anything half done under these locks.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Blobs that will be published together.
pub(crate) struct Making<'a> {
    pool: &'a Pool,
    /// Those that are left.
    numbers: Range<BlobNo>,
    run: Run,
    bytes: usize,
}

impl Making<'_> {
    /// Adds a blob, unless no number is left for it.
    pub(crate) fn add(&mut self, blob: Blob, piece: &Piece) {
        if let Some(number) = self.numbers.next() {
            self.bytes += blob.kept.as_ref().map_or(0, |bytes| bytes.len());
            self.run.add(number, Arc::new(blob), piece);
        }
    }

    /// Shows them to readers, and holds them. Who read the same meanwhile was first: then theirs is held.
    pub(crate) fn publish(mut self, hold: &Hold) -> Vec<(Key, BlobNo)> {
        let mut run = std::mem::take(&mut self.run);
        if run.len() > 1 {
            run.seal();
        }
        let run = Arc::new(run);
        let mut published = Vec::with_capacity(run.len());
        {
            let shared = &self.pool.0;
            let mut books = lock(&shared.books);
            if run.len() > 0 {
                let mut runs = Runs::clone(&shared.runs());
                let at = runs.partition_point(|other| other.first() < run.first());
                runs.insert(at, Arc::clone(&run));
                shared.publish(runs);
            }
            let mut held = lock(&hold.0);
            for (number, blob) in run.numbered() {
                let number = *books.numbers.entry(blob.key()).or_insert(number);
                held.insert(number);
                published.push((blob.key(), number));
            }
            books.added += run.len();
            books.added_bytes += self.bytes;
        }
        let pool = self.pool;
        // The numbers are used now: what lies before and after them may be joined.
        drop(self);
        pool.tend_if_due();
        published
    }
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        let end = self.numbers.end;
        lock(&self.pool.0.books).reserved.retain(|range| range.end != end);
    }
}
