//! Looks that were allowed, on their way to a record: they change nothing, so that a batch of them is one.

use crate::core::Decided;
use crate::{Engine, Error};
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use weir_guard::acts;
use weir_model::event::act::{Event as ActEvent, Look};
use weir_model::{Actor, Digest, SessionId};

/// A batch is written when it has so many; the keeper writes the rest a few times a second.
const BATCH_MAX: usize = 64;

/// So many batches are one append: what it holds is in memory twice.
const APPEND_MAX: usize = 64;

/// The looks of all sessions that are not written yet.
#[derive(Default)]
pub(crate) struct Looks {
    waiting: Mutex<Waiting>,
    written: Condvar,
}

#[derive(Default)]
struct Waiting {
    batches: BTreeMap<SessionId, Batch>,
    /// Whose looks are being written at this moment, and by how many.
    under_way: BTreeMap<SessionId, u32>,
}

struct Batch {
    scope: String,
    bundle: Digest,
    looks: Vec<Look>,
}

impl Looks {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What waits of a session, once what is under way of it has ended.
    fn take(&self, session: SessionId) -> Option<Batch> {
        let waiting = self.lock();
        let is_under_way = |waiting: &mut Waiting| waiting.under_way.contains_key(&session);
        let waited = self.written.wait_while(waiting, is_under_way);
        let mut waiting = waited.unwrap_or_else(PoisonError::into_inner);
        waiting.begin(session)
    }

    fn end(&self, session: SessionId) {
        let mut waiting = self.lock();
        if let Some(writers) = waiting.under_way.get_mut(&session) {
            *writers -= 1;
            if *writers == 0 {
                waiting.under_way.remove(&session);
            }
        }
        drop(waiting);
        self.written.notify_all();
    }
}

/// Ends with the writing, however that ends.
struct UnderWay<'a>(&'a Looks, SessionId);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.end(self.1);
    }
}

impl Waiting {
    /// Takes what waits of a session, to be written at once.
    fn begin(&mut self, session: SessionId) -> Option<Batch> {
        let batch = self.batches.remove(&session)?;
        *self.under_way.entry(session).or_default() += 1;
        Some(batch)
    }
}

impl Engine {
    /// Keeps a look for the next batch; what a batch shares must be alike, or it is written first.
    pub(super) fn keep_look(
        &self,
        session: SessionId,
        scope: &str,
        bundle: Digest,
        look: Look,
    ) -> Result<(), Error> {
        let full = {
            let mut waiting = self.0.looks.lock();
            let is_other = |batch: &Batch| batch.scope != scope || batch.bundle != bundle;
            let before = match waiting.batches.get(&session) {
                Some(batch) if is_other(batch) => waiting.begin(session),
                Some(_) | None => None,
            };
            let fresh = || Batch { scope: scope.to_owned(), bundle, looks: Vec::new() };
            let batch = waiting.batches.entry(session).or_insert_with(fresh);
            batch.looks.push(look);
            let full = match batch.looks.len() >= BATCH_MAX {
                true => waiting.begin(session),
                false => None,
            };
            [before, full]
        };
        full.into_iter().flatten().try_for_each(|batch| self.write_batch(session, batch))
    }

    /// Whether a look with these arguments waits to be written.
    pub(super) fn is_kept_look(&self, session: SessionId, exactly: Digest) -> bool {
        let waiting = self.0.looks.lock();
        let batch = waiting.batches.get(&session);
        batch
            .is_some_and(|batch| batch.looks.iter().any(|look| acts::exactly(&look.act) == exactly))
    }

    /// Writes what one session looked at: on return, all of it is on record, whoever wrote it.
    pub(crate) fn write_looks(&self, session: SessionId) -> Result<(), Error> {
        self.0.looks.take(session).map_or(Ok(()), |batch| self.write_batch(session, batch))
    }

    /// Writes what all sessions looked at, in one append: a write for each would keep those waiting whose acts must be
    /// durable first. The keeper calls this all the time.
    pub(crate) fn write_all_looks(&self) {
        let mut batches: Vec<(SessionId, Batch)> = {
            let mut waiting = self.0.looks.lock();
            let sessions: Vec<SessionId> = waiting.batches.keys().copied().collect();
            sessions.into_iter().filter_map(|one| Some((one, waiting.begin(one)?))).collect()
        };
        while !batches.is_empty() {
            let later = batches.split_off(batches.len().min(APPEND_MAX));
            if let Err(error) = self.write_batches(std::mem::replace(&mut batches, later)) {
                tracing::error!(error = %crate::core::chain(&error), "looks were not recorded");
            }
        }
    }

    fn write_batch(&self, session: SessionId, batch: Batch) -> Result<(), Error> {
        self.write_batches(vec![(session, batch)])
    }

    /// Writes batches that were begun.
    fn write_batches(&self, batches: Vec<(SessionId, Batch)>) -> Result<(), Error> {
        if batches.is_empty() {
            return Ok(());
        }
        let of = |(session, _): &(SessionId, Batch)| UnderWay(&self.0.looks, *session);
        let _under_way: Vec<UnderWay<'_>> = batches.iter().map(of).collect();
        // As Weir: a session may have ended since, and what it looked at is a fact all the same.
        self.0.core.run_blocking(Actor::Weir, None, |_, _| {
            let told = |(session, batch): &(SessionId, Batch)| {
                let Batch { scope, bundle, looks } = batch;
                let (scope, looks) = (scope.clone(), looks.clone());
                ActEvent::ActsLooked { session: *session, scope, bundle: *bundle, looks }.into()
            };
            Ok(Decided::new(batches.iter().map(told).collect(), ()))
        })
    }
}
