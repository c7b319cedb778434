//! Reading the blobs of a commit: with all cores, and only those that nobody has read yet; those that are kept on disk
//! are brought in without asking git.

use super::FILE_BYTES_MAX;
use crate::pool::{Blob, BlobNo, Hold, Key, Pool};
use crate::search::Piece;
use std::collections::HashMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use weir_git::{Objects, Reader};

/// More cores are left to others: the pool has one writer, which would not keep up.
const READERS_MAX: usize = 16;

/// So many blobs wait for the writer for each reader: each may be as large as a file that is read.
const WAITING_MAX: usize = 4;

/// What a blob became: a number, or nothing where it is too large, or git cannot give it.
pub(super) type Found = HashMap<Key, Option<BlobNo>>;

/// Holds these blobs, and reads those that nobody has read yet.
pub(super) fn read(
    pool: &Pool,
    objects: &Objects,
    hold: &Hold,
    wanted: impl Iterator<Item = Key>,
) -> Found {
    let mut found = Found::new();
    let mut missing = Vec::new();
    for key in wanted {
        found.entry(key).or_insert_with(|| {
            let number = pool.take(hold, key);
            match number {
                Some(number) => pool.keep_committed(number, key),
                None => missing.push(key),
            }
            number
        });
    }
    if missing.is_empty() {
        return found;
    }
    let _alone = pool.read_alone();
    missing.retain(|key| {
        // Somebody may have read it while we waited.
        let number = pool.take(hold, *key);
        let is_missing = number.is_none();
        found.insert(*key, number);
        is_missing
    });
    let read = read_anew(pool, objects, hold, &missing).into_iter();
    found.extend(read.map(|(key, number)| (key, Some(number))));
    found
}

fn read_anew(pool: &Pool, objects: &Objects, hold: &Hold, missing: &[Key]) -> Vec<(Key, BlobNo)> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let readers = cores.min(READERS_MAX).min(missing.len());
    let next = AtomicUsize::new(0);
    let (sender, receiver) = sync_channel(readers * WAITING_MAX);
    let mut making = pool.make(missing.len());
    thread::scope(|scope| {
        for _ in 0..readers {
            let (sender, reader) = (sender.clone(), objects.reader());
            let next = &next;
            scope.spawn(move || read_some(pool, &reader, missing, next, &sender));
        }
        drop(sender);
        for (blob, piece) in receiver {
            making.add(blob, &piece);
        }
    });
    making.publish(hold)
}

/// What one thread does: the next blob that nobody has begun, until there is none.
fn read_some(
    pool: &Pool,
    reader: &Reader,
    missing: &[Key],
    next: &AtomicUsize,
    to: &SyncSender<(Blob, Piece)>,
) {
    while let Some(key) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
        if let Some(made) = read_one(pool, reader, *key)
            && to.send(made).is_err()
        {
            // Nobody listens any more.
            return;
        }
    }
}

fn read_one(pool: &Pool, reader: &Reader, key: Key) -> Option<(Blob, Piece)> {
    if let Some(kept) = pool.bring(key) {
        return Some(kept);
    }
    match reader.blob(key.0, FILE_BYTES_MAX) {
        Ok(weir_git::Blob::Whole(bytes)) => Some(pool.make_of(key, bytes)),
        Ok(weir_git::Blob::TooLarge { .. }) => None,
        // A partial clone has not all, a damaged one has lost some: the other files are there to be seen.
        Err(error) => {
            tracing::warn!(blob = %key.0, %error, "left out of the view");
            None
        }
    }
}
