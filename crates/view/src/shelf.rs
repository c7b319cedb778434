//! The compilers' indexes that were imported, on the disk: a file for each, apart from the facts, for they cannot be made
//! again from git. A damaged one is passed over; the edges it knew are then known by import or by name again.

use crate::compiled::Compiled;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// No more are kept; the oldest goes first. Each speaks for the files of its commit that have not changed since.
const KEPT_MAX: usize = 16;

/// An index, and how it came.
#[derive(Debug)]
pub struct Kept {
    /// The person who imported it.
    pub by: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// What it says.
    pub index: Arc<Compiled>,
    place: PathBuf,
}

/// The first line of a file.
#[derive(Serialize, Deserialize)]
struct Head {
    by: String,
    at: i64,
}

/// All that are kept, the newest first.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    kept: RwLock<Vec<Arc<Kept>>>,
}

impl Shelf {
    /// Reads what lies in a folder, which need not be there yet.
    pub fn open(folder: &Path) -> Self {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut kept: Vec<Arc<Kept>> =
            entries.filter_map(|entry| read(&entry.path())).map(Arc::new).collect();
        newest_first(&mut kept);
        Self { folder: folder.to_owned(), kept: RwLock::new(kept) }
    }

    /// Keeps an index. One of the same tool and commit that speaks for the same files is replaced.
    ///
    /// # Errors
    /// When it cannot be written; then nothing has changed.
    pub fn put(&self, index: Compiled, by: String, at: i64) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        // Two in one millisecond are two.
        let at = kept.first().map_or(at, |newest| at.max(newest.at + 1));
        let place = self.folder.join(format!("{at:016}.json"));
        let partial = place.with_extension("partial");
        let mut file = fs::File::create(&partial)?;
        let mut head = serde_json::to_vec(&Head { by: by.clone(), at })?;
        head.push(b'\n');
        file.write_all(&head)?;
        file.write_all(&index.to_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, &place)?;
        fs::File::open(&self.folder)?.sync_all()?;
        let new = Arc::new(Kept { by, at, index: Arc::new(index), place });
        let (gone, mut rest): (Vec<_>, Vec<_>) =
            kept.drain(..).partition(|old| old.index.is_superseded_by(&new.index));
        rest.insert(0, new);
        let forgotten = rest.split_off(rest.len().min(KEPT_MAX));
        for old in gone.into_iter().chain(forgotten) {
            // One that stays is older, and counts for less.
            let _ = fs::remove_file(&old.place);
        }
        *kept = rest;
        Ok(())
    }

    /// All of them, the newest first.
    pub fn all(&self) -> Vec<Arc<Kept>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What they say, the newest first.
    pub fn indexes(&self) -> Vec<Arc<Compiled>> {
        self.all().iter().map(|kept| Arc::clone(&kept.index)).collect()
    }
}

fn newest_first(kept: &mut [Arc<Kept>]) {
    kept.sort_by_key(|kept| std::cmp::Reverse(kept.at));
}

fn read(place: &Path) -> Option<Kept> {
    if place.extension().is_none_or(|ending| ending != "json") {
        return None;
    }
    let bytes = fs::read(place).ok()?;
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let Head { by, at } = serde_json::from_slice(&bytes[..end]).ok()?;
    let index = Arc::new(Compiled::from_bytes(&bytes[end + 1..])?);
    Some(Kept { by, at, index, place: place.to_owned() })
}
