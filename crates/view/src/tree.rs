//! A view: which blobs lie at which paths, at a commit or in somebody's worktree. A map to facts, and no fact itself.

mod read;

use crate::fact::Covered;
use crate::pool::{Blob, BlobNo, Hold, Pool};
use crate::search::{self, ViewOf};
use bstr::{BStr, BString, ByteSlice as _};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use weir_git::{CommitId, Edits, Error, Files, Objects};
use weir_grammar::Told;

/// What an answer was answered from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The commit.
    pub commit: String,
    /// How many files differ from it, in the worktree that was looked at; `None` at a commit itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<u32>,
}

/// Which blobs lie at which paths.
#[derive(Debug, Clone)]
pub struct View {
    commit: CommitId,
    /// The paths of the commit.
    base: Arc<Paths>,
    /// What is otherwise in a worktree: another blob, or none.
    over: Option<BTreeMap<BString, Option<BlobNo>>>,
    /// Every blob that lies at some path.
    held: RoaringBitmap,
    /// Keeps them in the pool.
    hold: Arc<Hold>,
    /// Paths that were not looked at, in the worktree.
    unread: u32,
}

/// In two lists, for many commits are held at once, each with all of its paths.
#[derive(Debug, Default)]
struct Paths {
    /// By path.
    files: Vec<(BString, BlobNo)>,
    /// By blob, with the place of each of its paths in `files`.
    places: Vec<(BlobNo, u32)>,
    unread: u32,
    uncovered: OnceLock<Uncovered>,
}

/// Files that were not understood, by why: how many, and some of them.
pub type Uncovered = BTreeMap<&'static str, (u32, Vec<String>)>;

/// So many files are named as not understood.
const SUCH_AS: usize = 3;

/// A longer file is named, and not read.
const FILE_BYTES_MAX: u64 = 16 << 20;

impl View {
    /// The view of a commit: reads what the pool has not read yet. What is not `is_shown` is not in it.
    ///
    /// # Errors
    /// `commit.unknown`; failures of the disk.
    pub fn of_commit(
        pool: &Pool,
        objects: &Objects,
        commit: CommitId,
        is_shown: &dyn Fn(&BStr) -> bool,
    ) -> Result<Self, Error> {
        let mut files = objects.files(commit)?;
        files.retain(|path, _| is_shown(path.as_ref()));
        let hold = pool.hold();
        let key = |path: &BString, blob| (blob, Told::by(&path.to_str_lossy()));
        let wanted = files.iter().map(|(path, blob)| key(path, *blob));
        let found = read::read(pool, objects, &hold, wanted);
        let all = files.len();
        let number = |path: &BString, blob| found.get(&key(path, blob)).copied().flatten();
        let read = files.into_iter().filter_map(|(path, blob)| {
            let number = number(&path, blob)?;
            Some((path, number))
        });
        let paths = Paths::of(read.collect(), all);
        let held = paths.places.iter().map(|(blob, _)| *blob).collect();
        let unread = paths.unread;
        Ok(Self { commit, base: Arc::new(paths), over: None, held, hold, unread })
    }

    /// The same with what a worktree has otherwise.
    #[must_use]
    pub fn with(&self, pool: &Pool, edits: &Edits) -> Self {
        let mut over = BTreeMap::new();
        let hold = pool.hold();
        for (path, edited) in &edits.changed {
            let told = Told::by(&path.to_str_lossy());
            let number = pool.add(&hold, (edited.blob, told), &edited.bytes);
            over.insert(path.clone(), Some(number));
        }
        over.extend(edits.gone.iter().map(|path| (path.clone(), None)));
        let mut held = self.held.clone();
        for path in over.keys() {
            if let Some(blob) = self.base.get(path.as_ref())
                && self.base.paths_of(blob).all(|path| over.contains_key(path))
            {
                held.remove(blob);
            }
        }
        held.extend(over.values().flatten());
        // Also what the edits hide of the commit: it is what they are compared with.
        pool.take_all(&hold, &self.hold.all());
        let unread = self.unread + edits.unread.len() as u32;
        let base = Arc::clone(&self.base);
        Self { commit: self.commit, base, over: Some(over), held, hold, unread }
    }

    /// What answers from it are answered from.
    pub fn seen(&self) -> Seen {
        let dirty = self.over.as_ref().map(|over| over.len() as u32);
        Seen { commit: self.commit.to_string(), dirty }
    }

    /// The commit that it is of, or stands on.
    pub fn commit(&self) -> CommitId {
        self.commit
    }

    /// Every blob that lies at some path.
    pub fn held(&self) -> &RoaringBitmap {
        &self.held
    }

    /// How many files were not read: too large, or not readable.
    pub fn unread(&self) -> u32 {
        self.unread
    }

    /// Which files were not understood, and why. Of those that differ in a worktree, as they are there.
    pub fn uncovered(&self, pool: &Pool) -> Uncovered {
        let base = self.base.uncovered.get_or_init(|| {
            let mut found = Uncovered::new();
            let files = self.base.files.iter();
            files.for_each(|(path, blob)| note(&mut found, pool, path.as_ref(), *blob));
            found
        });
        let mut found = base.clone();
        for (path, blob) in self.over.iter().flatten() {
            if let Some(blob) = blob {
                note(&mut found, pool, path.as_ref(), *blob);
            }
        }
        found
    }

    /// The paths that are otherwise than in the commit.
    pub fn touched(&self) -> impl Iterator<Item = &BStr> {
        self.over.iter().flat_map(|over| over.keys()).map(|path| path.as_ref())
    }

    /// The paths at which another view has something else.
    pub fn differing<'a>(&'a self, other: &'a Self) -> Vec<&'a BStr> {
        let is_other = |path: &&BStr| self.blob_at(path) != other.blob_at(path);
        let mut paths: Vec<&BStr> = match Arc::ptr_eq(&self.base, &other.base) {
            true => self.touched().chain(other.touched()).filter(is_other).collect(),
            false => {
                self.files().chain(other.files()).map(|(path, _)| path).filter(is_other).collect()
            }
        };
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// The blob at a path.
    pub fn blob_at(&self, path: &BStr) -> Option<BlobNo> {
        match self.over.as_ref().and_then(|over| over.get(path)) {
            Some(blob) => *blob,
            None => self.base.get(path),
        }
    }

    /// The blob at a path of the commit itself.
    pub fn base_blob_at(&self, path: &BStr) -> Option<BlobNo> {
        self.base.get(path)
    }

    /// The files of the commit itself, as git names them.
    pub fn base_files(&self, pool: &Pool) -> Files {
        let named = |(path, blob): &(BString, BlobNo)| Some((path.clone(), pool.blob(*blob)?.id));
        self.base.files.iter().filter_map(named).collect()
    }

    /// Every path, in order, and its blob.
    pub fn files(&self) -> impl Iterator<Item = (&BStr, BlobNo)> {
        let otherwise = |path: &BString| self.over.as_ref().is_some_and(|o| o.contains_key(path));
        let base = self.base.files.iter().filter(move |(path, _)| !otherwise(path));
        let over = self.over.iter().flatten();
        let over = over.filter_map(|(path, blob)| Some((path.as_ref(), (*blob)?)));
        let mut files: Vec<(&BStr, BlobNo)> =
            base.map(|(path, blob)| (path.as_ref(), *blob)).chain(over).collect();
        // Both are in order; this sort only joins two runs.
        files.sort_unstable();
        files.into_iter()
    }

    /// Where a blob lies.
    pub fn paths_of(&self, blob: BlobNo) -> Vec<&BStr> {
        let over = self.over.as_ref();
        let base = self.base.paths_of(blob);
        let base = base.filter(|path| over.is_none_or(|over| !over.contains_key(*path)));
        let edited = over.into_iter().flatten().filter(|(_, found)| **found == Some(blob));
        base.chain(edited.map(|(path, _)| path)).map(|path| path.as_ref()).collect()
    }
}

impl Paths {
    /// Of files in the order of their paths, out of so many.
    fn of(files: Vec<(BString, BlobNo)>, all: usize) -> Self {
        let places = (0..).zip(&files).map(|(place, (_, blob))| (*blob, place));
        let mut places: Vec<(BlobNo, u32)> = places.collect();
        places.sort_unstable();
        let unread = (all - files.len()) as u32;
        Self { files, places, unread, uncovered: OnceLock::new() }
    }

    fn get(&self, path: &BStr) -> Option<BlobNo> {
        let place = self.files.binary_search_by(|(own, _)| AsRef::<BStr>::as_ref(own).cmp(path));
        place.ok().and_then(|place| self.files.get(place)).map(|(_, blob)| *blob)
    }

    fn paths_of(&self, blob: BlobNo) -> impl Iterator<Item = &BString> {
        let first = self.places.partition_point(|(own, _)| *own < blob);
        let places = self.places.iter().skip(first).take_while(move |(own, _)| *own == blob);
        places.filter_map(|(_, place)| self.files.get(*place as usize)).map(|(path, _)| path)
    }
}

fn note(found: &mut Uncovered, pool: &Pool, path: &BStr, blob: BlobNo) {
    let Some(blob) = pool.blob(blob) else { return };
    let why = match blob.fact.covered {
        Covered::Parsed(_) | Covered::Binary => return,
        // Prose and data: nothing but their words is expected of them.
        Covered::Text => return,
        Covered::ParsedInPart(_) => "in_part",
        Covered::TooCostly(_) => "too_costly",
        Covered::TooLong => "too_long",
    };
    let (files, such_as) = found.entry(why).or_default();
    *files += 1;
    if such_as.len() < SUCH_AS {
        such_as.push(path.to_str_lossy().into_owned());
    }
}

/// The text of a blob, wherever its bytes are.
///
/// # Errors
/// When git cannot give it.
pub fn text_of(objects: &Objects, blob: &Blob) -> Result<String, Error> {
    Ok(String::from_utf8_lossy(&bytes_of(objects, blob)?).into_owned())
}

/// The bytes of a blob, wherever they are.
///
/// # Errors
/// When git cannot give them.
pub fn bytes_of(objects: &Objects, blob: &Blob) -> Result<Vec<u8>, Error> {
    if let Some(kept) = blob.kept() {
        return Ok(kept.to_vec());
    }
    Ok(match objects.blob(blob.id, FILE_BYTES_MAX)? {
        weir_git::Blob::Whole(bytes) => bytes,
        weir_git::Blob::TooLarge { .. } => Vec::new(),
    })
}

impl ViewOf for View {
    fn blobs(&self) -> &RoaringBitmap {
        &self.held
    }

    fn paths(&self, blob: search::BlobNo) -> Vec<Cow<'_, str>> {
        self.paths_of(blob.0).into_iter().map(|path| path.to_str_lossy()).collect()
    }
}
