//! Facts on disk: what was made of a blob is kept under its name in git, so that no start makes it again.
//!
//! One file, to which records are appended by one thread; whoever asks waits for no disk. Its facts are proven by
//! their digests when they are read. What is damaged, was cut off by a crash or was written by another version is thrown
//! away and made again from git: nothing here is the only place of anything. No path is in it, and nothing of what was
//! not committed: edits lie in their worktrees, are read again from there, and may hold what was never meant to be kept.
//!
//! A tree in a file (redb) was weighed: it took 2.7 times the room of what was put in, and gave back what had been flipped on
//! the disk without a word. Values here are written once, read once a start and dropped by age: a log does that.

mod record;
mod value;

use crate::pool::Key;
use record::{DAY_AT, HEAD_BYTES, PREFIX_BYTES, Prefix};
use std::collections::{HashMap, HashSet};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};
pub(crate) use value::{Kept, pack};

/// Facts that nobody held for longer leave the disk: a branch that was left for a fortnight may be taken up again.
const KEPT_DAYS: u32 = 14;

/// So many facts wait for the disk; who makes more waits for it, too.
const WAITING_MAX: usize = 1_024;

/// So much is written at once.
const BATCH_BYTES: usize = 1 << 20;

/// The file is written anew when so much of it, and a quarter, is of no use any more.
const WASTE_BYTES_MIN: u64 = 1 << 20;

/// The store. Dropping it writes what waits.
#[derive(Debug)]
pub(crate) struct Store {
    shared: Arc<Shared>,
    jobs: Option<SyncSender<Job>>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    today: fn() -> u32,
    book: Mutex<Book>,
    /// Whether it was said that something is damaged, or cannot be written: once is enough.
    said_damaged: AtomicBool,
    said_full: AtomicBool,
    damaged: AtomicU64,
}

/// Where everything is.
#[derive(Debug)]
struct Book {
    file: Arc<File>,
    end: u64,
    places: HashMap<Key, Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    at: u64,
    bytes: u32,
    day: u32,
}

#[derive(Debug)]
enum Job {
    Write(Key, Vec<u8>),
    /// These are held: what is not, and was not for long, may go.
    Tidy(HashSet<Key>),
    /// Tell when all before it is done.
    Flush(SyncSender<()>),
}

/// Today, in days since 1970.
pub(crate) fn today() -> u32 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    (since.as_secs() / 86_400) as u32
}

impl Store {
    /// Opens the store in a folder, which is made if it is not there. What cannot be read is thrown away.
    ///
    /// # Errors
    /// When nothing can be kept there.
    pub(crate) fn open(folder: &Path, today: fn() -> u32) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let path = folder.join("facts");
        let file = open_file(&path)?;
        let book = Book::read(file, &path)?;
        let shared = Arc::new(Shared {
            path,
            today,
            book: Mutex::new(book),
            said_damaged: AtomicBool::new(false),
            said_full: AtomicBool::new(false),
            damaged: AtomicU64::new(0),
        });
        let (jobs, waiting) = sync_channel(WAITING_MAX);
        let writes = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("view-store".to_owned());
        let writer = thread.spawn(move || writes.work(&waiting))?;
        Ok(Self { shared, jobs: Some(jobs), writer: Some(writer) })
    }

    /// What is kept under a key, if it is as it was written.
    pub(crate) fn get(&self, key: Key) -> Option<Kept> {
        self.shared.get(key)
    }

    /// Keeps a value, soon.
    pub(crate) fn put(&self, key: Key, packed: Vec<u8>) {
        self.send(Job::Write(key, packed));
    }

    /// Whether something is kept under a key.
    pub(crate) fn has(&self, key: Key) -> bool {
        self.shared.book().places.contains_key(&key)
    }

    /// Marks what is held as of today, and drops what nobody held for long.
    pub(crate) fn tidy(&self, held: HashSet<Key>) {
        self.send(Job::Tidy(held));
    }

    /// Waits until all that was put is written.
    pub(crate) fn flush(&self) {
        let (done, wait) = sync_channel(1);
        self.send(Job::Flush(done));
        // Nobody answers when the writer is gone, and then nothing waits.
        let _ = wait.recv();
    }

    /// How many bytes it takes on the disk, and how many facts are in it.
    pub(crate) fn extent(&self) -> (u64, usize) {
        let book = self.shared.book();
        (book.end, book.places.len())
    }

    fn send(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // The writer ends only when this does.
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.jobs.take();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

impl Book {
    /// Finds all records of a file; cuts off what is none.
    fn read(file: File, path: &Path) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let mut found = [0; HEAD_BYTES];
        let mut book =
            Self { file: Arc::new(file), end: HEAD_BYTES as u64, places: HashMap::new() };
        if length < HEAD_BYTES as u64 {
            return book.begin();
        }
        book.file.read_exact_at(&mut found, 0)?;
        if found != record::head() {
            tracing::warn!(
                file = %path.display(),
                "the view's facts on disk are of another version, or damaged: they are made again from git"
            );
            return book.begin();
        }
        while let Some((key, place)) = book.record_at(book.end, length)? {
            book.end += u64::from(place.bytes);
            book.places.insert(key, place);
        }
        if book.end < length {
            tracing::warn!(
                file = %path.display(),
                bytes = length - book.end,
                "the end of the view's facts on disk is damaged, or was cut off: it is made again from git"
            );
            book.file.set_len(book.end)?;
        }
        Ok(book)
    }

    fn begin(self) -> io::Result<Self> {
        self.file.set_len(0)?;
        self.file.write_all_at(&record::head(), 0)?;
        Ok(self)
    }

    fn record_at(&self, at: u64, length: u64) -> io::Result<Option<(Key, Place)>> {
        if length - at < PREFIX_BYTES as u64 {
            return Ok(None);
        }
        let mut prefix = [0; PREFIX_BYTES];
        self.file.read_exact_at(&mut prefix, at)?;
        let Some(prefix) = Prefix::read(&prefix) else { return Ok(None) };
        let Some(bytes) = prefix.body_bytes.checked_add(PREFIX_BYTES as u32) else {
            return Ok(None);
        };
        let fits = at + u64::from(bytes) <= length;
        Ok(fits.then_some((prefix.key, Place { at, bytes, day: prefix.day })))
    }
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, key: Key) -> Option<Kept> {
        let (file, place) = {
            let book = self.book();
            (Arc::clone(&book.file), *book.places.get(&key)?)
        };
        let read = read_record(&file, place)
            .filter(|(prefix, body)| prefix.key == key && prefix.proves(body));
        let kept = read.and_then(|(_, body)| value::unpack(&body));
        match kept {
            Some(_) => self.mark(&file, key, place),
            None => self.forget(key, place),
        }
        kept
    }

    /// Notes that somebody held it today.
    fn mark(&self, file: &File, key: Key, place: Place) {
        let day = (self.today)();
        if place.day == day {
            return;
        }
        // Not noted, it leaves too early: then it is made again.
        let _ = file.write_all_at(&day.to_le_bytes(), place.at + DAY_AT);
        if let Some(known) = self.book().places.get_mut(&key).filter(|known| **known == place) {
            known.day = day;
        }
    }

    fn forget(&self, key: Key, place: Place) {
        let mut book = self.book();
        if book.places.get(&key) == Some(&place) {
            book.places.remove(&key);
        }
        drop(book);
        self.damaged.fetch_add(1, Ordering::Relaxed);
        if !self.said_damaged.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                file = %self.path.display(),
                "a fact of the view on disk is damaged: it, and any other that is, is made again from git"
            );
        }
    }

    /// What the writer does, until the store is dropped.
    fn work(&self, waiting: &Receiver<Job>) {
        while let Ok(first) = waiting.recv() {
            let (mut batch, mut keys, mut next) = (Vec::new(), Vec::new(), Some(first));
            let mut told = Vec::new();
            while let Some(job) = next.take() {
                match job {
                    Job::Write(key, packed) => {
                        if let Some(record) = record::record(key, (self.today)(), &packed) {
                            keys.push((key, record.len() as u32));
                            batch.extend(record);
                        }
                    }
                    Job::Tidy(held) => {
                        self.append(&batch, &keys);
                        (batch, keys) = Default::default();
                        self.tidy(&held);
                    }
                    Job::Flush(done) => told.push(done),
                }
                if batch.len() < BATCH_BYTES && told.is_empty() {
                    next = waiting.try_recv().ok();
                }
            }
            self.append(&batch, &keys);
            for done in told {
                let _ = done.send(());
            }
        }
    }

    fn append(&self, batch: &[u8], keys: &[(Key, u32)]) {
        if batch.is_empty() {
            return;
        }
        let (file, end) = {
            let book = self.book();
            (Arc::clone(&book.file), book.end)
        };
        if let Err(error) = file.write_all_at(batch, end) {
            // What was written of it is cut off, or is written over by the next.
            let _ = file.set_len(end);
            self.say_full(&error);
            return;
        }
        let day = (self.today)();
        let mut book = self.book();
        for (key, bytes) in keys {
            let place = Place { at: book.end, bytes: *bytes, day };
            book.places.insert(*key, place);
            book.end += u64::from(*bytes);
        }
    }

    fn say_full(&self, error: &io::Error) {
        if !self.said_full.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                file = %self.path.display(), %error,
                "the view's facts cannot be written to disk: they will be made again at the next start"
            );
        }
    }

    fn tidy(&self, held: &HashSet<Key>) {
        let day = (self.today)();
        let (file, places) = {
            let book = self.book();
            (Arc::clone(&book.file), book.places.clone())
        };
        for (key, place) in places.iter().filter(|(key, _)| held.contains(*key)) {
            self.mark(&file, *key, *place);
        }
        let is_old = |place: &Place| place.day <= day && day - place.day > KEPT_DAYS;
        let (end, used) = {
            let mut book = self.book();
            // A day that lies ahead was damaged, or the clock was: as of today it is held.
            book.places.retain(|key, place| held.contains(key) || !is_old(place));
            let used: u64 = book.places.values().map(|place| u64::from(place.bytes)).sum();
            (book.end, used + HEAD_BYTES as u64)
        };
        let waste = end.saturating_sub(used);
        if waste > WASTE_BYTES_MIN
            && waste > end / 4
            && let Err(error) = self.write_anew()
        {
            self.say_full(&error);
        }
    }

    /// Writes what is of use to a new file, which takes the place of the old one. Only the writer appends, and this is the
    /// writer.
    fn write_anew(&self) -> io::Result<()> {
        let (old, mut places) = {
            let book = self.book();
            (Arc::clone(&book.file), book.places.clone().into_iter().collect::<Vec<_>>())
        };
        places.sort_unstable_by_key(|(_, place)| place.at);
        let beside = self.path.with_extension("new");
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut new = Book {
            file: Arc::new(open_file(&beside)?),
            end: HEAD_BYTES as u64,
            places: HashMap::new(),
        }
        .begin()?;
        for (key, place) in places {
            let mut record = vec![0; place.bytes as usize];
            if old.read_exact_at(&mut record, place.at).is_ok() {
                new.file.write_all_at(&record, new.end)?;
                new.places.insert(key, Place { at: new.end, ..place });
                new.end += u64::from(place.bytes);
            }
        }
        std::fs::rename(&beside, &self.path)?;
        *self.book() = new;
        Ok(())
    }
}

fn read_record(file: &File, place: Place) -> Option<(Prefix, Vec<u8>)> {
    let mut record = vec![0; place.bytes as usize];
    file.read_exact_at(&mut record, place.at).ok()?;
    let body = record.split_off(PREFIX_BYTES.min(record.len()));
    Some((Prefix::read(record.as_slice().try_into().ok()?)?, body))
}

#[cfg(test)]
mod tests;
