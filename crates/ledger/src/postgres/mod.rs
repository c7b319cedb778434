//! The store beyond one machine: a schema in PostgreSQL, which any number of nodes may append to.
//!
//! The head is one row, and who appends locks it first: so positions have no gaps, and conflicts, leases
//! and the tree are judged against a state that nobody else can move. A row lock and not an advisory one:
//! it is part of the transaction and ends with it, however the connection ends. What others append is
//! heard of by NOTIFY, which is only a hint: a lost one costs half a second. It is sent after the commit,
//! by a connection of its own and not for each group: within the transaction it made every append wait
//! a quarter of a millisecond longer, measured, and takes a lock that all of the database shares.
//!
//! The blocking `postgres` client, not sqlx: the ledger has one writer thread, to which a future has
//! nothing to offer; sqlx 0.9 leaves Nagle's algorithm on, which costs 40 ms a batch over TCP (the client
//! used here turns it off); and it ties the SQLite library to an older release.
//!
//! Deliberately absent: TLS, so use a socket, a private network or a tunnel; and connection poolers in
//! transaction mode, which would lose the session's settings. The client must not be used on a thread
//! that runs asynchronous tasks.

mod link;
mod rows;

use crate::lease::LeaseRow;
use crate::record::{Stream, Version};
use crate::store::{Archive, Body, Group, Head, Line, Recovery, Store, StoreError, Transaction};
use link::{Link, Server, failed};
use postgres::Client;
use postgres::fallible_iterator::FallibleIterator as _;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use weir_model::{Digest, Position};

/// Connections that wait for their next read; more may read at once, but are closed after it.
const IDLE_READERS: usize = 4;

/// A ledger in a schema of a PostgreSQL database. See the module.
pub struct PostgresStore {
    server: Server,
    writer: Mutex<Option<Link>>,
    /// Tells others that the head has grown.
    speaker: Mutex<Option<Client>>,
    /// The server's number for our speaker: its notices are our own, and tell us nothing.
    speaker_pid: AtomicI32,
    idle: Mutex<Vec<Client>>,
    listener: Mutex<Option<Client>>,
}

impl PostgresStore {
    /// Opens the ledger in `schema`, or makes a new one there. `url` is that of a database, as
    /// `postgres://weir@localhost/weir` or `host=/run/postgresql user=weir dbname=weir`.
    ///
    /// # Errors
    /// When the server cannot be reached, or the schema holds something else.
    pub fn open(url: &str, schema: &str) -> Result<Self, StoreError> {
        let server = Server::new(url, schema)?;
        server.prepare()?;
        Ok(Self {
            server,
            writer: Mutex::new(None),
            speaker: Mutex::new(None),
            speaker_pid: AtomicI32::new(0),
            idle: Mutex::new(Vec::new()),
            listener: Mutex::new(None),
        })
    }

    /// Runs a query that may be run twice: a connection that broke while it was idle is no failure yet.
    fn read<T>(
        &self,
        doing: &'static str,
        query: impl Fn(&mut Client) -> Result<T, postgres::Error>,
    ) -> Result<T, StoreError> {
        let idle = held(&self.idle).pop();
        let mut client = match idle {
            Some(client) if !client.is_closed() => client,
            Some(_) | None => self.server.connect()?,
        };
        let answer = match query(&mut client) {
            Err(_) if client.is_closed() => {
                client = self.server.connect()?;
                query(&mut client)
            }
            answer => answer,
        };
        let answer = answer.map_err(failed(doing))?;
        let mut idle = held(&self.idle);
        if idle.len() < IDLE_READERS {
            idle.push(client);
        }
        Ok(answer)
    }
}

impl Archive for PostgresStore {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        self.read("read the head", rows::head)?.transpose()
    }

    fn lines(&self, after: Position, limit: usize) -> Result<Vec<Line>, StoreError> {
        let lines = self.read("read records", |client| rows::lines(client, after, limit))?;
        lines.into_iter().collect()
    }

    fn nodes(&self, level: u32, first: u64, count: u64) -> Result<Vec<Digest>, StoreError> {
        let nodes =
            self.read("read the tree", |client| rows::nodes(client, level, first, count))?;
        nodes.iter().map(|bytes| rows::hash(bytes)).collect()
    }

    fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<(u64, String)>, StoreError> {
        self.read("read checkpoints", |client| rows::checkpoints(client, after, limit))
    }

    fn streams(&self) -> Result<BTreeMap<String, Version>, StoreError> {
        self.read("read the streams", rows::streams)
    }
}

impl Store for PostgresStore {
    fn recovery(&self) -> Recovery {
        Recovery::default() // The server recovers itself, before it lets us in.
    }

    fn begin(&self) -> Result<Box<dyn Transaction + '_>, StoreError> {
        let mut writer = held(&self.writer);
        let begun = writer.as_mut().map(Link::begin);
        let head = match begun {
            Some(Ok(head)) => head,
            // A connection that broke while it was idle shows it here, and nothing is lost by another.
            Some(Err(_)) | None => {
                *writer = None;
                let mut link = Link::new(self.server.connect()?)?;
                let head = link.begin()?;
                *writer = Some(link);
                head
            }
        };
        Ok(Box::new(Writing { writer, is_open: true, head }))
    }

    fn put_snapshot(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.read("keep a snapshot", |client| rows::put_snapshot(client, name, bytes))
    }

    fn snapshot(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read("read a snapshot", |client| rows::snapshot(client, name))
    }

    fn put_body(&self, digest: &Digest, bytes: &[u8]) -> Result<bool, StoreError> {
        self.read("keep a body", |client| rows::put_body(client, digest, bytes))
    }

    fn body(&self, digest: &Digest) -> Result<Option<Body>, StoreError> {
        self.read("read a body", |client| rows::body(client, digest))
    }

    fn erase_body(&self, digest: &Digest) -> Result<(), StoreError> {
        self.read("erase a body", |client| rows::erase_body(client, digest))
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn hint(&self) -> Result<(), StoreError> {
        let mut speaker = held(&self.speaker);
        let mut client = match speaker.take() {
            Some(client) if !client.is_closed() => client,
            Some(_) | None => {
                let (client, pid) = self.server.speak()?;
                self.speaker_pid.store(pid, Ordering::Relaxed);
                client
            }
        };
        rows::notify(&mut client).map_err(failed("tell others of appends"))?;
        *speaker = Some(client);
        Ok(())
    }

    fn follow(&self, timeout: Duration) -> Result<Position, StoreError> {
        let mut listener = held(&self.listener);
        let mut client = match listener.take() {
            Some(client) if !client.is_closed() => client,
            Some(_) | None => self.server.listen()?,
        };
        let until = Instant::now() + timeout;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let notice = client.notifications().timeout_iter(left).next();
            let notice = notice.map_err(failed("listen for appends"))?;
            let ours = self.speaker_pid.load(Ordering::Relaxed);
            if notice.is_none_or(|notice| notice.process_id() != ours) {
                break;
            }
        }
        let size = rows::size(&mut client).map_err(failed("read the head"))?;
        *listener = Some(client);
        Ok(Position(size))
    }
}

/// An open transaction, on the one connection that writes.
struct Writing<'a> {
    writer: MutexGuard<'a, Option<Link>>,
    is_open: bool,
    /// As it was when the transaction began; `None` in a ledger that is to be founded.
    head: Option<Head>,
}

impl Writing<'_> {
    fn link(&mut self) -> Result<&mut Link, StoreError> {
        let gone =
            || StoreError::Failed { doing: "write", source: "the connection is gone".into() };
        self.writer.as_mut().ok_or_else(gone)
    }
}

impl Transaction for Writing<'_> {
    fn head(&mut self) -> Result<Option<Head>, StoreError> {
        Ok(self.head.clone())
    }

    fn versions(&mut self, streams: &[Stream]) -> Result<Vec<(Stream, Version)>, StoreError> {
        rows::versions(&mut self.link()?.client, streams)
            .map_err(failed("read the versions of streams"))
    }

    fn lease(&mut self, name: &str) -> Result<Option<LeaseRow>, StoreError> {
        rows::lease(&mut self.link()?.client, name).map_err(failed("read a lease"))
    }

    fn write(&mut self, group: &Group) -> Result<(), StoreError> {
        let is_first = self.head.is_none();
        self.link()?.write(group, is_first)
    }

    fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        self.is_open = false;
        let link = self.link()?;
        let Err(error) = link.client.batch_execute("COMMIT") else { return Ok(()) };
        // If the server answered and lives, nothing was committed. If not, who knows.
        if link.client.is_closed() || link::is_leaving(&error) {
            *self.writer = None;
            return Err(StoreError::Unresolved { doing: "append records", source: error.into() });
        }
        Err(failed("append records")(error))
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if let Some(link) = self.writer.as_mut().filter(|_| self.is_open)
            && link.client.batch_execute("ROLLBACK").is_err()
        {
            // The server undoes what a lost connection had begun.
            *self.writer = None;
        }
    }
}

/// A lock that a panic left behind guards nothing worse than a connection.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
