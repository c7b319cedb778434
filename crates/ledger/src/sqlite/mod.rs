//! The store on one machine: a folder with an SQLite file, and a file for each body and snapshot.
//!
//! The file is in WAL mode with `synchronous=FULL`: a commit is on the disk before it is acknowledged,
//! at the price of one `fsync` a group. One connection writes; readers have their own and never wait for
//! it. A lock file keeps a second process out (SQLite alone would let it in and make the two wait for each
//! other), while anyone may read and audit the file at any time. SQLite before 3.51.3 can corrupt a WAL
//! that is reset while another connection writes, so an older library is refused.
//!
//! What SQLite cannot know, that there had been more, a mark beside it does: see [`mark`]. It is compared before
//! anything that could write has the file open, for SQLite clears away what it does not understand.

mod archive;
mod blobs;
mod lock;
mod mark;
mod rows;

pub(crate) use archive::SqliteArchive;
pub(crate) use blobs::sync_folder_of;

use crate::lease::LeaseRow;
use crate::open::check_rest;
use crate::record::{Stream, Version};
use crate::signer::VerifierKey;
use crate::store::{Archive, Body, Group, Head, Line, Recovery, Store, StoreError, Transaction};
use blobs::Blobs;
use mark::{Mark, Marked};
use rows::Header;
use rusqlite::{Connection, ErrorCode};
use rustix::process::{Resource, getrlimit};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use weir_model::{Digest, Position};

/// The first release in which resetting the WAL is sound.
const OLDEST_SQLITE: i32 = 3_051_003;

/// What SQLite says when an `fsync` failed, of a file or of its folder.
const FAILED_SYNCS: [i32; 2] =
    [rusqlite::ffi::SQLITE_IOERR_FSYNC, rusqlite::ffi::SQLITE_IOERR_DIR_FSYNC];

/// `Weir`, in the header of the file.
const APPLICATION_ID: i32 = 0x5765_6972;

/// The layout of the tables. A later release that changes it moves the file forward, or refuses.
const LAYOUT: i32 = 1;

/// The ledger of one machine. See the module.
pub struct SqliteStore {
    // Before the writer: only a connection that may write clears the journal away, so it closes last.
    archive: SqliteArchive,
    writer: Mutex<Connection>,
    mark: Mutex<Mark>,
    blobs: Blobs,
    recovery: Recovery,
    /// The disk once failed to keep what it had been given. What the system then holds in memory may not
    /// be what is on the disk, and to ask it again would be told that all is well: so nothing more is written
    /// until the ledger was opened anew.
    has_lost_faith: AtomicBool,
    _lock: File,
}

impl SqliteStore {
    /// Opens the ledger in `folder`, or makes a new one there.
    ///
    /// # Errors
    /// When another process has it open, when it lost records, when it is damaged or written by something else, or
    /// on failure.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_with(folder, None)
    }

    /// As [`SqliteStore::open`], also when acknowledged records are gone, if `left` is the last that is not, and
    /// `key` verifies the whole of what is left. What is gone is told by [`Store::recovery`], and every start needs
    /// this again until a record was appended: let that be of the loss.
    ///
    /// # Errors
    /// As [`SqliteStore::open`], also when the loss is another one, or what is left is damaged.
    pub fn open_after_loss(
        folder: &Path,
        left: Position,
        key: &VerifierKey,
    ) -> Result<Self, StoreError> {
        Self::open_with(folder, Some((left, key)))
    }

    fn open_with(
        folder: &Path,
        accepted: Option<(Position, &VerifierKey)>,
    ) -> Result<Self, StoreError> {
        if rusqlite::version_number() < OLDEST_SQLITE {
            let found = format!("SQLite {} may corrupt it, 3.51.3 is needed", rusqlite::version());
            return Err(StoreError::Foreign { place: folder.display().to_string(), found });
        }
        let make = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        make.map_err(StoreError::io("make the folder of the ledger"))?;
        let lock = lock::take(folder)?;
        let file = folder.join("ledger.db");
        // A clean close leaves no journal behind.
        let recovered = !is_empty(&folder.join("ledger.db-wal"));
        let (blobs, swept) = Blobs::open(folder)?;
        let (mut mark, marked) = Mark::open(folder)?;
        let archive = SqliteArchive::new(&file);
        let trace = match marked {
            Some(marked) => Some(format!("a mark that {} was acknowledged", marked.position())),
            None if mark.was_there() => Some("a mark".to_owned()),
            None if blobs.has_any()? => Some("bodies or snapshots".to_owned()),
            // The journal of a new ledger comes after the first page of its file.
            None => (recovered && is_empty(&file)).then(|| "a journal".to_owned()),
        };
        if let Some(trace) = trace {
            refuse_to_begin_anew(&file, &archive, &trace)?;
        }
        let loss = match marked {
            Some(marked) if archive.header()?.is_ours() => marked.missing_from(&archive)?,
            Some(_) | None => None,
        };
        match (loss, accepted) {
            (Some(loss), Some((left, key))) if left == loss.left => {
                check_rest(&archive, key)?;
                mark.supersede();
            }
            (Some(loss), _) => return Err(StoreError::Lost(loss)),
            (None, _) => {}
        }
        let writer = Connection::open(&file).map_err(failed("open the ledger"))?;
        prepare(&writer, &file)?;
        sync_folder_of(&file).map_err(StoreError::io("open the ledger"))?;
        let unmarked =
            marked.is_none() && archive.head()?.is_some_and(|head| head.position() > Position(0));
        Ok(Self {
            writer: Mutex::new(writer),
            mark: Mutex::new(mark),
            archive,
            blobs,
            recovery: Recovery { recovered, swept, unmarked, loss },
            has_lost_faith: AtomicBool::new(false),
            _lock: lock,
        })
    }

    /// At most so many pages of 4096 bytes; a ledger that reached it is full until it may hold more.
    ///
    /// # Errors
    /// When the file cannot be asked.
    pub fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        let writer = held(&self.writer);
        let set = writer.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()));
        set.map_err(failed("limit the ledger"))
    }
}

impl Archive for SqliteStore {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        self.archive.head()
    }

    fn lines(&self, after: Position, limit: usize) -> Result<Vec<Line>, StoreError> {
        self.archive.lines(after, limit)
    }

    fn nodes(&self, level: u32, first: u64, count: u64) -> Result<Vec<Digest>, StoreError> {
        self.archive.nodes(level, first, count)
    }

    fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<(u64, String)>, StoreError> {
        self.archive.checkpoints(after, limit)
    }

    fn streams(&self) -> Result<BTreeMap<String, Version>, StoreError> {
        self.archive.streams()
    }
}

impl Store for SqliteStore {
    fn recovery(&self) -> Recovery {
        self.recovery
    }

    fn begin(&self) -> Result<Box<dyn Transaction + '_>, StoreError> {
        let db = held(&self.writer);
        if self.has_lost_faith.load(Ordering::Relaxed) {
            let source =
                "the disk failed to keep earlier records: look after it, then start anew".into();
            return Err(StoreError::Failed { doing: "begin to write", source });
        }
        let owed = held(&self.mark).settle();
        owed.map_err(StoreError::io("mark how far the ledger was acknowledged"))?;
        db.execute_batch("BEGIN IMMEDIATE").map_err(failed("begin to write"))?;
        let (mark, has_lost_faith) = (&self.mark, &self.has_lost_faith);
        Ok(Box::new(Writing { db, mark, marked: None, has_lost_faith }))
    }

    fn put_snapshot(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.blobs.put_snapshot(name, bytes)
    }

    fn snapshot(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.blobs.snapshot(name)
    }

    fn put_body(&self, digest: &Digest, bytes: &[u8]) -> Result<bool, StoreError> {
        self.blobs.put_body(digest, bytes)
    }

    fn body(&self, digest: &Digest) -> Result<Option<Body>, StoreError> {
        self.blobs.body(digest)
    }

    fn erase_body(&self, digest: &Digest) -> Result<(), StoreError> {
        self.blobs.erase_body(digest)
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn hint(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn follow(&self, timeout: Duration) -> Result<Position, StoreError> {
        std::thread::sleep(timeout);
        Ok(self.head()?.map_or(Position(0), |head| head.position()))
    }
}

struct Writing<'a> {
    db: MutexGuard<'a, Connection>,
    mark: &'a Mutex<Mark>,
    /// What to mark once it is committed.
    marked: Option<Marked>,
    has_lost_faith: &'a AtomicBool,
}

impl Transaction for Writing<'_> {
    fn head(&mut self) -> Result<Option<Head>, StoreError> {
        rows::head(&self.db).map_err(failed("read the head"))?.transpose()
    }

    fn versions(&mut self, streams: &[Stream]) -> Result<Vec<(Stream, Version)>, StoreError> {
        rows::versions(&self.db, streams).map_err(failed("read the versions of streams"))
    }

    fn lease(&mut self, name: &str) -> Result<Option<LeaseRow>, StoreError> {
        rows::lease(&self.db, name).map_err(failed("read a lease"))
    }

    fn write(&mut self, group: &Group) -> Result<(), StoreError> {
        rows::write(&self.db, group).map_err(write_failed("append records", &self.db))?;
        self.marked = group.head.as_ref().map(Marked::of);
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let committed = self.db.execute_batch("COMMIT");
        let code = committed.as_ref().err().and_then(extended);
        if code.is_some_and(|code| FAILED_SYNCS.contains(&code)) {
            self.has_lost_faith.store(true, Ordering::Relaxed);
        }
        committed.map_err(write_failed("append records", &self.db))?;
        if let Some(marked) = self.marked {
            // It is durable, so it must not be said to have failed. What is owed is asked for before the next.
            let _ = held(self.mark).write(marked);
        }
        Ok(())
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        // Also after a commit that failed: SQLite may have left the transaction open. A failure to roll
        // back shows as a failure to begin the next one.
        if !self.db.is_autocommit() {
            let _ = self.db.execute_batch("ROLLBACK");
        }
    }
}

/// A lock that a panic left behind guards nothing worse than an idle connection.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a ledger left `trace`, its file must hold one. SQLite would begin anew, and throw the journal away.
fn refuse_to_begin_anew(
    file: &Path,
    archive: &SqliteArchive,
    trace: &str,
) -> Result<(), StoreError> {
    if !is_empty(file) && archive.header()?.tables > 0 {
        return Ok(());
    }
    let place = file.parent().unwrap_or(file).display();
    Err(StoreError::damaged(format!("{place} holds {trace}, but no records: its file is gone")))
}

fn is_empty(file: &Path) -> bool {
    std::fs::metadata(file).map_or(true, |file| file.len() == 0)
}

/// Sets up the writer, and the tables in a new file.
fn prepare(db: &Connection, file: &Path) -> Result<(), StoreError> {
    let read = failed("read the header of the ledger");
    let Header { tables, application, layout } = rows::header(db).map_err(read)?;
    let foreign = |found: String| StoreError::Foreign { place: file.display().to_string(), found };
    if tables > 0 && application != APPLICATION_ID {
        return Err(foreign("it is a database of something else".into()));
    }
    if tables > 0 && layout != LAYOUT {
        return Err(foreign(format!(
            "its layout is {layout} and this release reads {LAYOUT}; use the release that wrote it"
        )));
    }
    let settle = || -> rusqlite::Result<()> {
        db.busy_timeout(Duration::from_secs(10))?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        // Where `fsync` alone leaves data in the drive's cache (macOS). Nothing happens elsewhere.
        db.pragma_update(None, "fullfsync", true)?;
        db.pragma_update(None, "checkpoint_fullfsync", true)?;
        db.pragma_update(None, "trusted_schema", false)?;
        db.pragma_update(None, "journal_size_limit", 64 << 20)?;
        db.set_prepared_statement_cache_capacity(32);
        if tables == 0 {
            db.execute_batch(&format!(
                "BEGIN IMMEDIATE; {} PRAGMA application_id = {APPLICATION_ID}; \
                 PRAGMA user_version = {LAYOUT}; COMMIT;",
                include_str!("schema.sql")
            ))?;
        }
        Ok(())
    };
    settle().map_err(failed("set up the ledger"))
}

/// What SQLite says in more detail than its error code.
fn extended(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

/// As [`failed`], for what makes a file longer: SQLite knows a full disk, but not a file that may grow no further.
fn write_failed(
    doing: &'static str,
    db: &Connection,
) -> impl FnOnce(rusqlite::Error) -> StoreError {
    move |error| {
        let is_write = extended(&error) == Some(rusqlite::ffi::SQLITE_IOERR_WRITE);
        match is_write && has_no_room_to_grow(db) {
            true => StoreError::Full { doing, source: error.into() },
            false => failed(doing)(error),
        }
    }
}

/// Whether one page more would make a file of the ledger longer than a file of this process may be (`ulimit -f`).
fn has_no_room_to_grow(db: &Connection) -> bool {
    // A page in the journal has a header.
    const PAGE_BYTES: u64 = 4096 + 24;
    let Some(limit) = getrlimit(Resource::Fsize).current else { return false };
    let file = db.path().unwrap_or_default();
    let files = [file.to_owned(), format!("{file}-wal")];
    let long = files.iter().filter_map(|file| std::fs::metadata(file).ok());
    long.map(|file| file.len()).any(|bytes| bytes + PAGE_BYTES > limit)
}

fn failed(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> StoreError {
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full { doing, source: error.into() },
        // The index of the journal could not be made longer: it is all that is written before the first record.
        Some(ErrorCode::SystemIoFailure)
            if extended(&error) == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) =>
        {
            StoreError::Full { doing, source: error.into() }
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::damaged(format!("could not {doing}: {error}"))
        }
        _ => match error {
            // A value of the wrong type or length: no code of ours wrote it.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => {
                StoreError::damaged(format!("could not {doing}: {error}"))
            }
            _ => StoreError::Failed { doing, source: error.into() },
        },
    }
}
