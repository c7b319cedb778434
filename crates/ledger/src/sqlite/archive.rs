//! What is read of an SQLite ledger: by the store beside its writer, and by an audit past the lock.
//!
//! Connections are read-only, so an audit cannot change what it audits, whoever holds the ledger.

use super::rows::{self, Header};
use super::{failed, held};
use crate::record::Version;
use crate::store::{Archive, Head, Line, StoreError};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use weir_model::{Digest, Position};

/// Readers that wait for their next use; more may read at once, but are closed after it.
const IDLE_READERS: usize = 4;

pub(crate) struct SqliteArchive {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl SqliteArchive {
    pub(super) fn new(file: &Path) -> Self {
        Self { file: file.to_owned(), idle: Mutex::new(Vec::new()) }
    }

    /// The ledger in `folder`, whether or not a server has it open.
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        let archive = Self::new(&folder.join("ledger.db"));
        if !archive.header()?.is_ours() {
            let found = "it is no ledger of this release".to_owned();
            return Err(StoreError::Foreign { place: folder.display().to_string(), found });
        }
        Ok(archive)
    }

    pub(super) fn header(&self) -> Result<Header, StoreError> {
        self.read("read the header of the ledger", rows::header)
    }

    fn read<T>(
        &self,
        doing: &'static str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let idle = held(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect().map_err(failed(doing))?,
        };
        let answer = query(&connection).map_err(failed(doing))?;
        let mut idle = held(&self.idle);
        if idle.len() < IDLE_READERS {
            idle.push(connection);
        }
        Ok(answer)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        Ok(connection)
    }
}

impl Archive for SqliteArchive {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        self.read("read the head", rows::head)?.transpose()
    }

    fn lines(&self, after: Position, limit: usize) -> Result<Vec<Line>, StoreError> {
        self.read("read records", |db| rows::lines(db, after, limit))
    }

    fn nodes(&self, level: u32, first: u64, count: u64) -> Result<Vec<Digest>, StoreError> {
        self.read("read the tree", |db| rows::nodes(db, level, first, count))
    }

    fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<(u64, String)>, StoreError> {
        self.read("read checkpoints", |db| rows::checkpoints(db, after, limit))
    }

    fn streams(&self) -> Result<BTreeMap<String, Version>, StoreError> {
        self.read("read the streams", rows::streams)
    }
}
