//! The handle: everything that may be asked of an open ledger.

use crate::checkpoint::Checkpoint;
use crate::error::{AppendError, LedgerError};
use crate::export;
use crate::lease::{Ask, HeldLease, LeaseError, LeaseRow};
use crate::merkle::{ConsistencyProof, InclusionProof, Tree};
use crate::open::{self, Opened};
use crate::proof::{Proof, RecordProof};
use crate::record::{Append, Appended, NewRecord, Record};
use crate::signer::{Signer, VerifierKey};
use crate::snapshot::{self, Snapshot};
use crate::store::{Archive, Body, Head, Store, StoreError};
use crate::writer::{Job, Shared, Watched, Writer};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::thread::JoinHandle;
use std::time::Duration;
use weir_model::{Digest, Lease, Position, Timestamp};

/// How long a follower of a shared store waits before it looks by itself.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// How long a speaker rests between two hints: a hundred a second wake nobody too late, and cost little.
const SPEAK_EVERY: Duration = Duration::from_millis(10);

/// An open ledger. Clones share it; it closes with the last of them, after what is queued was written.
#[derive(Clone)]
pub struct Ledger(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    queue: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    is_closed: Arc<AtomicBool>,
}

impl Ledger {
    /// Opens the ledger in `store`, or begins one, and starts its writer.
    ///
    /// # Errors
    /// When the store is damaged, or its checkpoints are of another key than `signer`'s.
    pub fn open(store: Box<dyn Store>, signer: Signer) -> Result<(Self, Opened), LedgerError> {
        let opened = open::open(&*store, &signer)?;
        let (head, written) = (Watched::default(), Watched::default());
        let shared = Arc::new(Shared { store, signer, head, written });
        shared.head.raise(opened.head);
        let (queue, jobs) = mpsc::channel();
        let writer = Writer::new(Arc::clone(&shared));
        let thread = std::thread::Builder::new().name("ledger-writer".into());
        let writer = thread.spawn(move || writer.run(&jobs)).map_err(LedgerError::Writer)?;
        let is_closed = Arc::new(AtomicBool::new(false));
        if shared.store.is_shared() {
            background("ledger-follower", &shared, &is_closed, follow)?;
            background("ledger-speaker", &shared, &is_closed, speak)?;
        }
        let handle = Handle { shared, queue: Some(queue), writer: Some(writer), is_closed };
        Ok((Self(Arc::new(handle)), opened))
    }

    /// Queues `batch`. `done` hears of it on the writer's thread, in the order of the queue, once it is
    /// durable or refused; it should be short, and must not wait for another append.
    pub fn append(
        &self,
        batch: Append,
        done: impl FnOnce(Result<Appended, AppendError>) + Send + 'static,
    ) {
        let fault = if batch.records.is_empty() {
            Some("an append holds at least one record".to_owned())
        } else {
            batch.records.iter().find_map(NewRecord::fault)
        };
        self.send(Job::Append { append: batch, fault, done: Box::new(done) });
    }

    /// Appends `batch` and waits until it is durable or refused.
    ///
    /// # Errors
    /// See [`AppendError`]; unless it is an unresolved failure of the store, nothing was written.
    pub fn append_wait(&self, batch: Append) -> Result<Appended, AppendError> {
        let (tell, told) = mpsc::sync_channel(1);
        self.append(batch, move |result| answer(&tell, result));
        told.recv().unwrap_or(Err(AppendError::Closed))
    }

    /// The last durable record; 0 when there is none.
    pub fn head(&self) -> Position {
        self.0.shared.head.get()
    }

    /// Records after `after`, in order: up to `limit`, and at least one if there is one. Fewer than `limit`
    /// do not mean the end: ask again until none come.
    ///
    /// # Errors
    /// When the store fails or holds something that is no record.
    pub fn read(&self, after: Position, limit: usize) -> Result<Vec<Record>, LedgerError> {
        let lines = self.0.shared.store.lines(after, limit)?;
        let records = lines.into_iter().map(|line| {
            let broken =
                || StoreError::damaged(format!("what stands at {} is no record", line.position));
            Ok(Record::read(line.bytes).ok_or_else(broken)?)
        });
        records.collect()
    }

    /// Waits until the head is past `after`, at most for `timeout`, and tells the head. On a shared store
    /// it also hears of what others append, within half a second.
    pub fn wait_past(&self, after: Position, timeout: Duration) -> Position {
        self.0.shared.head.wait_past(after, timeout)
    }

    /// Keeps `bytes` as the state `name` at record `at`, in place of what was kept before.
    ///
    /// # Errors
    /// When there is no such record, or the store fails.
    pub fn put_snapshot(&self, name: &str, at: Position, bytes: &[u8]) -> Result<(), LedgerError> {
        let missing = || LedgerError::OutOfRange { asked: at, head: self.head() };
        let leaf = self.leaf(at)?.ok_or_else(missing)?;
        let sealed = snapshot::seal(name, at, &leaf, bytes);
        Ok(self.0.shared.store.put_snapshot(name, &sealed)?)
    }

    /// The snapshot `name`. A damaged one is told apart from none, and is never to be used.
    ///
    /// # Errors
    /// When the store fails.
    pub fn snapshot(&self, name: &str) -> Result<Snapshot, LedgerError> {
        let Some(sealed) = self.0.shared.store.snapshot(name)? else {
            return Ok(Snapshot::Absent);
        };
        snapshot::open(name, &sealed, |at| self.leaf(at))
    }

    /// The hash of the record at `at`; that of nothing for 0; `None` past the end.
    fn leaf(&self, at: Position) -> Result<Option<Digest>, LedgerError> {
        let Some(index) = at.0.checked_sub(1) else { return Ok(Some(crate::merkle::empty_root())) };
        if index >= i64::MAX as u64 {
            return Ok(None);
        }
        Ok(self.0.shared.store.nodes(0, index, 1)?.pop())
    }

    /// Takes the lease `name` for `holder`, or renews it if that holder has it. Two processes must not go by
    /// one holder's name: each would take the other's lease for its own.
    ///
    /// # Errors
    /// When somebody else holds it, or the store fails.
    pub fn lease(
        &self,
        name: &str,
        holder: &str,
        now: Timestamp,
        length: Lease,
    ) -> Result<HeldLease, LeaseError> {
        let ask = Ask::Take { holder: holder.to_owned(), now, length };
        self.ask(name, ask).map(|row| HeldLease::of(name, row))
    }

    /// Lengthens a lease; never shortens it. After a failure `lease` is as it was.
    ///
    /// # Errors
    /// When it has ended or somebody else has it, or the store fails.
    pub fn renew(
        &self,
        lease: &mut HeldLease,
        now: Timestamp,
        length: Lease,
    ) -> Result<(), LeaseError> {
        let row = self.ask(lease.name(), Ask::renew(lease, now, length))?;
        *lease = HeldLease::of(lease.name(), row);
        Ok(())
    }

    /// Gives a lease back, so that the next holder need not wait for its end.
    ///
    /// # Errors
    /// When somebody else has it by now, or the store fails.
    pub fn release(&self, lease: HeldLease) -> Result<(), LeaseError> {
        self.ask(lease.name(), Ask::give_back(&lease)).map(|_| ())
    }

    fn ask(&self, name: &str, ask: Ask) -> Result<LeaseRow, LeaseError> {
        let (tell, told) = mpsc::sync_channel(1);
        let done = Box::new(move |result| answer(&tell, result));
        self.send(Job::Lease { name: name.to_owned(), ask, done });
        told.recv().unwrap_or(Err(LeaseError::Closed))
    }

    /// Keeps a body under its digest; durable on return. To put it again changes nothing.
    ///
    /// # Errors
    /// When a body of this digest was erased, or the store fails.
    pub fn put_body(&self, bytes: &[u8]) -> Result<Digest, LedgerError> {
        let digest = Digest::of(bytes);
        let is_kept = self.0.shared.store.put_body(&digest, bytes)?;
        if is_kept { Ok(digest) } else { Err(LedgerError::BodyErased(digest)) }
    }

    /// A body, the trace of an erased one, or `None` if there never was one.
    ///
    /// # Errors
    /// When the store fails, or the body is not what its digest says.
    pub fn body(&self, digest: &Digest) -> Result<Option<Body>, LedgerError> {
        let body = self.0.shared.store.body(digest)?;
        match &body {
            Some(Body::Kept(bytes)) if Digest::of(bytes) != *digest => {
                Err(StoreError::damaged(format!("the body {digest} is not what its digest says"))
                    .into())
            }
            Some(Body::Kept(_) | Body::Erased) | None => Ok(body),
        }
    }

    /// Erases a body for good. The records that name its digest stay, and still verify.
    ///
    /// # Errors
    /// When the store fails.
    pub fn erase_body(&self, digest: &Digest) -> Result<(), LedgerError> {
        Ok(self.0.shared.store.erase_body(digest)?)
    }

    /// The key with which anybody can verify this ledger.
    pub fn key(&self) -> &VerifierKey {
        self.0.shared.signer.key()
    }

    /// A note over `text` under the ledger's key, for those who hold its public half: [`Signer::sign_note`].
    pub fn sign_note(&self, text: &str) -> String {
        self.0.shared.signer.sign_note(text)
    }

    /// The latest signed checkpoint.
    ///
    /// # Errors
    /// When the store fails, or what it holds is not what was signed.
    pub fn checkpoint(&self) -> Result<Checkpoint, LedgerError> {
        let head = stored_head(&*self.0.shared.store)?;
        Ok(export::open_checkpoint(&head.checkpoint, self.key())?)
    }

    /// Proof that the record at `position` stands in the tree of the first `size` records.
    ///
    /// # Errors
    /// When there is no such record or tree, or the store fails.
    pub fn inclusion_proof(
        &self,
        position: Position,
        size: u64,
    ) -> Result<InclusionProof, LedgerError> {
        self.within(Position(size))?;
        if position.0 == 0 || position.0 > size {
            return Err(LedgerError::OutOfRange { asked: position, head: Position(size) });
        }
        Ok(self.tree().inclusion(position.0 - 1, size)?)
    }

    /// Proof that the tree of the first `new` records begins with that of the first `old`.
    ///
    /// # Errors
    /// When there are no such trees, or the store fails.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<ConsistencyProof, LedgerError> {
        self.within(Position(new))?;
        if old > new {
            return Err(LedgerError::OutOfRange { asked: Position(old), head: Position(new) });
        }
        Ok(self.tree().consistency(old, new)?)
    }

    /// Proof that a record stands in the ledger as it is now, and that it still begins with the first `since` records;
    /// each only if it is asked for.
    ///
    /// # Errors
    /// When there is no such record or there never were so many, or the store fails.
    pub fn proof(
        &self,
        record: Option<Position>,
        since: Option<u64>,
    ) -> Result<Proof, LedgerError> {
        // All from one checkpoint: others may append meanwhile.
        let Checkpoint { size, note, .. } = self.checkpoint()?;
        let head = Position(size);
        let out_of_range = |asked| LedgerError::OutOfRange { asked, head };
        let record = record.map(|at| {
            let index = at.0.checked_sub(1).filter(|index| *index < size);
            let index = index.ok_or_else(|| out_of_range(at))?;
            let line = self.0.shared.store.lines(Position(index), 1)?.pop();
            let line = line.and_then(|line| String::from_utf8(line.bytes).ok());
            let line = line.ok_or_else(|| StoreError::damaged(format!("{at} cannot be read")))?;
            Ok::<_, LedgerError>(RecordProof {
                line,
                inclusion: self.tree().inclusion(index, size)?,
            })
        });
        let consistency = since.map(|old| match old <= size {
            true => Ok::<_, LedgerError>(self.tree().consistency(old, size)?),
            false => Err(out_of_range(Position(old))),
        });
        Ok(Proof {
            record: record.transpose()?,
            consistency: consistency.transpose()?,
            checkpoint: note,
        })
    }

    /// Writes the whole ledger for an auditor, as [`crate::verify`] reads it, up to its present head.
    ///
    /// # Errors
    /// When the store fails or `out` does.
    pub fn export(&self, out: &mut dyn Write) -> Result<Checkpoint, LedgerError> {
        export::write(&*self.0.shared.store, self.key(), out)
    }

    fn within(&self, asked: Position) -> Result<(), LedgerError> {
        let head = self.head();
        if asked <= head { Ok(()) } else { Err(LedgerError::OutOfRange { asked, head }) }
    }

    fn tree(&self) -> Tree<impl FnMut(u32, u64, u64) -> Result<Vec<Digest>, StoreError>> {
        Tree(|level, first, count| self.0.shared.store.nodes(level, first, count))
    }

    fn send(&self, job: Job) {
        let unsent = match &self.0.queue {
            Some(queue) => queue.send(job).err().map(|unsent| unsent.0),
            None => Some(job),
        };
        match unsent {
            Some(Job::Append { done, .. }) => done(Err(AppendError::Closed)),
            Some(Job::Lease { done, .. }) => done(Err(LeaseError::Closed)),
            None => {}
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::Relaxed);
        drop(self.queue.take());
        // The last handle may go in an answer, on the writer's own thread, which ends by itself then.
        if let Some(writer) =
            self.writer.take_if(|w| w.thread().id() != std::thread::current().id())
        {
            let _ = writer.join();
        }
    }
}

/// A thread that ends within a moment of the last handle.
fn background(
    name: &str,
    shared: &Arc<Shared>,
    is_closed: &Arc<AtomicBool>,
    run: fn(&Shared, &AtomicBool),
) -> Result<(), LedgerError> {
    let (shared, is_closed) = (Arc::clone(shared), Arc::clone(is_closed));
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread.spawn(move || run(&shared, &is_closed)).map(|_| ()).map_err(LedgerError::Writer)
}

/// Hears of what other processes append.
fn follow(shared: &Shared, is_closed: &AtomicBool) {
    while !is_closed.load(Ordering::Relaxed) {
        match shared.store.follow(FOLLOW_EVERY) {
            Ok(head) => shared.head.raise(head),
            Err(_) => std::thread::sleep(FOLLOW_EVERY), // The writer will meet it, and tell.
        }
    }
}

/// Lets other processes hear of what we append: at once, but not more often than they can make use of.
fn speak(shared: &Shared, is_closed: &AtomicBool) {
    let mut told = Position(0);
    while !is_closed.load(Ordering::Relaxed) {
        let written = shared.written.wait_past(told, FOLLOW_EVERY);
        if written > told {
            told = written;
            let _ = shared.store.hint(); // Only a hint: without it they look every half second.
            std::thread::sleep(SPEAK_EVERY);
        }
    }
}

/// Whoever asked may have gone; then nobody is left to be told.
fn answer<T>(tell: &SyncSender<T>, result: T) {
    let _ = tell.send(result);
}

fn stored_head(store: &dyn Archive) -> Result<Head, StoreError> {
    store.head()?.ok_or_else(|| StoreError::damaged("its head is gone"))
}
