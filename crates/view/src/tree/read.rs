//! Reading the blobs of a commit: with all cores, and only those that nobody has read yet; those that are kept on disk
//! are brought in without asking git.

use super::FILE_BYTES_MAX;
use crate::pool::{Blob, BlobNo, Hold, Key, Pool};
use crate::search::Piece;
use std::collections::HashMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use weir_git::{Error, Objects, Reader};

/// More cores are left to others: the pool has one writer, which would not keep up.
const READERS_MAX: usize = 16;

/// So many blobs wait for the writer for each reader: each may be as large as a file that is read.
const WAITING_MAX: usize = 4;

/// What a blob became: a number, or nothing where it is too large.
pub(super) type Found = HashMap<Key, Option<BlobNo>>;

/// Holds these blobs, and reads those that nobody has read yet.
pub(super) fn read(
    pool: &Pool,
    objects: &Objects,
    hold: &Hold,
    wanted: impl Iterator<Item = Key>,
) -> Result<Found, Error> {
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
        return Ok(found);
    }
    let _alone = pool.read_alone();
    missing.retain(|key| {
        // Somebody may have read it while we waited.
        let number = pool.take(hold, *key);
        let is_missing = number.is_none();
        found.insert(*key, number);
        is_missing
    });
    found.extend(
        read_anew(pool, objects, hold, &missing)?.into_iter().map(|(key, no)| (key, Some(no))),
    );
    Ok(found)
}

fn read_anew(
    pool: &Pool,
    objects: &Objects,
    hold: &Hold,
    missing: &[Key],
) -> Result<Vec<(Key, BlobNo)>, Error> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let readers = cores.min(READERS_MAX).min(missing.len());
    let (next, given_up) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = sync_channel(readers * WAITING_MAX);
    let mut making = pool.make(missing.len());
    thread::scope(|scope| {
        for _ in 0..readers {
            let (sender, reader) = (sender.clone(), objects.reader());
            let (next, given_up) = (&next, &given_up);
            scope.spawn(move || read_some(pool, &reader, missing, next, given_up, &sender));
        }
        drop(sender);
        for made in receiver {
            match made {
                Ok((blob, piece)) => making.add(blob, &piece),
                Err(error) => {
                    given_up.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(())
    })?;
    Ok(making.publish(hold))
}

/// What one thread does: the next blob that nobody has begun, until there is none.
fn read_some(
    pool: &Pool,
    reader: &Reader,
    missing: &[Key],
    next: &AtomicUsize,
    given_up: &AtomicBool,
    to: &SyncSender<Result<(Blob, Piece), Error>>,
) {
    while let Some(key) = missing.get(next.fetch_add(1, Ordering::Relaxed))
        && !given_up.load(Ordering::Relaxed)
    {
        let sent = match read_one(pool, reader, *key) {
            Ok(None) => continue,
            Ok(Some(made)) => to.send(Ok(made)),
            Err(error) => to.send(Err(error)),
        };
        // Nobody listens any more: another blob could not be read.
        if sent.is_err() {
            return;
        }
    }
}

fn read_one(pool: &Pool, reader: &Reader, key: Key) -> Result<Option<(Blob, Piece)>, Error> {
    if let Some(kept) = pool.bring(key) {
        return Ok(Some(kept));
    }
    Ok(match reader.blob(key.0, FILE_BYTES_MAX)? {
        weir_git::Blob::Whole(bytes) => Some(pool.make_of(key, bytes)),
        weir_git::Blob::TooLarge { .. } => None,
    })
}
