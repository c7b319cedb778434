//! The writer: one thread through which everything is written, so that one `fsync` serves many.
//!
//! While a group is being committed, the next one gathers in the queue: the more who wait, the larger the
//! group, and nobody waits for a timer. Answers are given in the order of the queue, after the commit.

use crate::error::AppendError;
use crate::group::{Judge, span};
use crate::lease::{Ask, LeaseError, LeaseRow};
use crate::record::{Append, Appended, Stream, Version};
use crate::signer::Signer;
use crate::store::{Group, Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use weir_model::Position;

/// The most that one group takes in. At 1,000 a commit costs a few per cent of the group, so a larger one
/// would only make its first members wait.
const GROUP_JOBS_MAX: usize = 1_000;

/// And the most bytes: what a failed or slow commit may hold in memory.
const GROUP_BYTES_MAX: usize = 8 << 20;

/// Versions that are remembered between groups, before they are asked for anew.
const VERSIONS_KEPT_MAX: usize = 10_000;

/// How long a broken connection is given to come back before an outcome counts as unknown.
const SETTLE_FOR: Duration = Duration::from_secs(10);

pub(crate) type Done<T, E> = Box<dyn FnOnce(Result<T, E>) + Send>;

/// What waits to be written.
pub(crate) enum Job {
    Append { append: Append, fault: Option<String>, done: Done<Appended, AppendError> },
    Lease { name: String, ask: Ask, done: Done<LeaseRow, LeaseError> },
}

impl Job {
    fn bytes(&self) -> usize {
        match self {
            Self::Append { append, .. } => append.records.iter().map(|r| r.body.len()).sum(),
            Self::Lease { name, .. } => name.len(),
        }
    }

    fn pipeline(&self) -> Option<u64> {
        match self {
            Self::Append { append, .. } => Some(append.pipeline).filter(|number| *number > 0),
            Self::Lease { .. } => None,
        }
    }
}

/// What the writer and the handles share.
pub(crate) struct Shared {
    pub(crate) store: Box<dyn Store>,
    pub(crate) signer: Signer,
    /// The last durable record that we know of.
    pub(crate) head: Watched,
    /// The last that we wrote ourselves.
    pub(crate) written: Watched,
}

/// The last durable position, and those who wait for it to grow.
#[derive(Default)]
pub(crate) struct Watched {
    position: Mutex<Position>,
    grown: Condvar,
}

impl Watched {
    pub(crate) fn get(&self) -> Position {
        *self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn raise(&self, to: Position) {
        let mut position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        if to > *position {
            *position = to;
            self.grown.notify_all();
        }
    }

    pub(crate) fn wait_past(&self, after: Position, timeout: Duration) -> Position {
        let position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        let waited =
            self.grown.wait_timeout_while(position, timeout, |position| *position <= after);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The state of the writer between groups.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    /// Versions as of `known_at`; stale as soon as another process appends.
    known: BTreeMap<Stream, Version>,
    known_at: Position,
    /// The pipeline of which an append was refused last; 0 is none.
    broken: u64,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, known: BTreeMap::new(), known_at: Position(0), broken: 0 }
    }

    /// Write until every handle is gone and the queue is empty.
    pub(crate) fn run(mut self, queue: &Receiver<Job>) {
        while let Ok(first) = queue.recv() {
            let (mut jobs, mut bytes) = (Vec::new(), first.bytes());
            jobs.push(first);
            while jobs.len() < GROUP_JOBS_MAX
                && bytes < GROUP_BYTES_MAX
                && let Ok(job) = queue.try_recv()
            {
                bytes += job.bytes();
                jobs.push(job);
            }
            self.group(jobs);
        }
    }

    fn group(&mut self, jobs: Vec<Job>) {
        let (verdicts, outcome) = match self.judge(&jobs) {
            Ok((verdicts, outcome)) => (verdicts, outcome),
            Err(failure) => (Vec::new(), Err(failure)),
        };
        let failure = outcome.err().map(Arc::new);
        if failure.is_some()
            && let Some(pipeline) = jobs.iter().rev().find_map(Job::pipeline)
        {
            self.broken = pipeline;
        }
        let mut verdicts = verdicts.into_iter();
        for job in jobs {
            answer(job, verdicts.next(), failure.as_ref());
        }
    }

    /// Judge, write and commit. The outer error: nothing was judged; the inner: nothing was written.
    fn judge(
        &mut self,
        jobs: &[Job],
    ) -> Result<(Vec<Verdict>, Result<(), StoreError>), StoreError> {
        let shared = Arc::clone(&self.shared);
        let mut store = shared.store.begin()?;
        let head = store.head()?.ok_or_else(|| StoreError::damaged("its head is gone"))?;
        if head.position() != self.known_at || self.known.len() > VERSIONS_KEPT_MAX {
            self.known.clear();
            self.known_at = head.position();
        }
        let (streams, names) = rows_of(jobs);
        let unknown: Vec<_> = streams
            .into_iter()
            .filter(|stream| !self.known.contains_key(*stream))
            .cloned()
            .collect();
        if !unknown.is_empty() {
            self.known.extend(unknown.iter().map(|stream| (stream.clone(), Version(0))));
            let found = store.versions(&unknown).inspect_err(|_| self.known.clear())?;
            self.known.extend(found);
        }
        let mut leases = BTreeMap::new();
        for name in names {
            if let Some(row) = store.lease(name)? {
                leases.insert(name.to_owned(), row);
            }
        }
        // Taken, not copied: after a failure below, versions are asked for anew.
        let mut judge = Judge::new(head, std::mem::take(&mut self.known), leases);
        let verdicts = jobs.iter().map(|job| self.verdict(&mut judge, job)).collect();
        let (group, versions) = judge.seal(&shared.signer);
        let outcome = if group.lines.is_empty() && group.leases.is_empty() {
            Ok(())
        } else {
            store.write(&group).and_then(|()| store.commit())
        };
        let outcome = match outcome {
            Err(StoreError::Unresolved { doing, source }) => {
                self.settle(&group).unwrap_or(Err(StoreError::Unresolved { doing, source }))
            }
            Ok(()) | Err(_) => outcome,
        };
        if outcome.is_ok() {
            self.known = versions;
            if let Some((_, last)) = span(&group) {
                self.known_at = last;
                shared.head.raise(last);
                shared.written.raise(last);
            }
        }
        Ok((verdicts, outcome))
    }

    fn verdict(&mut self, judge: &mut Judge, job: &Job) -> Verdict {
        let verdict = match job {
            Job::Append { fault: Some(fault), .. } => Err(AppendError::Malformed(fault.clone())),
            Job::Append { .. } if job.pipeline() == Some(self.broken) => Err(AppendError::Orphaned),
            Job::Append { append, .. } => judge.append(append),
            Job::Lease { name, ask, .. } => return Verdict::Lease(judge.lease(name, ask.clone())),
        };
        if let (Err(_), Some(pipeline)) = (&verdict, job.pipeline()) {
            self.broken = pipeline;
        }
        Verdict::Append(verdict)
    }

    /// Did a group take effect whose commit got no answer? To lock the head waits for the old connection to
    /// end; after that the group's last record either stands or never will. `None`: could not be found out.
    fn settle(&self, group: &Group) -> Option<Result<(), StoreError>> {
        let last = group.lines.last()?;
        let until = Instant::now() + SETTLE_FOR;
        while Instant::now() < until {
            let stands = || -> Result<bool, StoreError> {
                let mut locked = self.shared.store.begin()?;
                let head = locked.head()?.map_or(Position(0), |head| head.position());
                drop(locked);
                let hash = || self.shared.store.nodes(0, last.position.0 - 1, 1);
                Ok(head >= last.position && hash()?.first() == Some(&last.hash))
            };
            match stands() {
                Ok(true) => return Some(Ok(())),
                Ok(false) => {
                    let doing = "append records";
                    let source = "the connection broke before the commit".into();
                    return Some(Err(StoreError::Failed { doing, source }));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(200)),
            }
        }
        None
    }
}

/// The rows that the jobs speak of: streams, and names of leases.
fn rows_of(jobs: &[Job]) -> (BTreeSet<&Stream>, BTreeSet<&str>) {
    let (mut streams, mut names) = (BTreeSet::new(), BTreeSet::new());
    for job in jobs {
        match job {
            Job::Append { append, .. } => {
                streams.extend(append.expect.iter().map(|(stream, _)| stream));
                streams.extend(append.records.iter().map(|record| &record.stream));
                names.extend(append.lease.as_ref().map(|proof| proof.name.as_str()));
            }
            Job::Lease { name, .. } => {
                names.insert(name.as_str());
            }
        }
    }
    (streams, names)
}

enum Verdict {
    Append(Result<Appended, AppendError>),
    Lease(Result<LeaseRow, LeaseError>),
}

/// Tell one job how it went. When the group failed, only a fault of the job's own goes before that.
fn answer(job: Job, verdict: Option<Verdict>, failure: Option<&Arc<StoreError>>) {
    // A callback that panics must not take the writer with it: the others still wait for theirs.
    let _ = catch_unwind(AssertUnwindSafe(|| match (job, verdict) {
        (
            Job::Append { done, .. },
            Some(Verdict::Append(Err(fault @ AppendError::Malformed(_)))),
        ) => {
            done(Err(fault));
        }
        (Job::Append { done, .. }, verdict) => done(match (failure, verdict) {
            (Some(failure), _) => Err(AppendError::Store(Arc::clone(failure))),
            (None, Some(Verdict::Append(verdict))) => verdict,
            (None, Some(Verdict::Lease(_)) | None) => Err(AppendError::Closed),
        }),
        (Job::Lease { done, .. }, verdict) => done(match (failure, verdict) {
            (Some(failure), _) => Err(LeaseError::Store(Arc::clone(failure))),
            (None, Some(Verdict::Lease(verdict))) => verdict,
            (None, Some(Verdict::Append(_)) | None) => Err(LeaseError::Closed),
        }),
    }));
}
