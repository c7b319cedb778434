//! Looks that were allowed, on their way to a record: they change nothing, so that a batch of them is one.

use crate::core::Decided;
use crate::{Engine, Error};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
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
    /// What was allowed and could not be recorded yet. Until it is, no further look is allowed.
    owed: Vec<(SessionId, Batch)>,
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
    fn take(&self, session: SessionId) -> Vec<(SessionId, Batch)> {
        let waiting = self.lock();
        let is_under_way = |waiting: &mut Waiting| waiting.under_way.contains_key(&session);
        let waited = self.written.wait_while(waiting, is_under_way);
        let mut waiting = waited.unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = waiting.owed.extract_if(.., |(of, _)| *of == session).collect();
        all.extend(waiting.batches.remove(&session).map(|batch| (session, batch)));
        waiting.begin(&all);
        all
    }

    /// What is owed, and with `all` what waits besides.
    fn take_all(&self, all: bool) -> Vec<(SessionId, Batch)> {
        let mut waiting = self.lock();
        let mut taken = std::mem::take(&mut waiting.owed);
        if all {
            taken.extend(std::mem::take(&mut waiting.batches));
        }
        waiting.begin(&taken);
        taken
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
    /// What was taken is to be written at once.
    fn begin(&mut self, taken: &[(SessionId, Batch)]) {
        for (session, _) in taken {
            *self.under_way.entry(*session).or_default() += 1;
        }
    }
}

impl Engine {
    /// Keeps a look for the next batch; what a batch shares must be alike, or it is written first.
    ///
    /// # Errors
    /// When what was looked at before cannot be recorded: then this look is not allowed either, and not kept.
    pub(super) fn keep_look(
        &self,
        session: SessionId,
        scope: &str,
        bundle: Digest,
        look: Look,
    ) -> Result<(), Error> {
        self.write_batches(self.0.looks.take_all(false))?;
        let is_done = |batch: &Batch| {
            batch.scope != scope || batch.bundle != bundle || batch.looks.len() >= BATCH_MAX
        };
        loop {
            let done = {
                let mut waiting = self.0.looks.lock();
                let done = match waiting.batches.entry(session) {
                    Entry::Occupied(batch) if is_done(batch.get()) => {
                        vec![(session, batch.remove())]
                    }
                    entry => {
                        let fresh = || Batch { scope: scope.to_owned(), bundle, looks: Vec::new() };
                        entry.or_insert_with(fresh).looks.push(look);
                        return Ok(());
                    }
                };
                waiting.begin(&done);
                done
            };
            self.write_batches(done)?;
        }
    }

    /// Whether a look with these arguments waits to be written.
    pub(super) fn is_kept_look(&self, session: SessionId, exactly: Digest) -> bool {
        let waiting = self.0.looks.lock();
        let owed = waiting.owed.iter().filter(|(of, _)| *of == session).map(|(_, batch)| batch);
        let mut batches = waiting.batches.get(&session).into_iter().chain(owed);
        batches.any(|batch| batch.looks.iter().any(|look| acts::exactly(&look.act) == exactly))
    }

    /// Writes what one session looked at: on return, all of it is on record, whoever wrote it.
    pub(crate) fn write_looks(&self, session: SessionId) -> Result<(), Error> {
        self.write_batches(self.0.looks.take(session))
    }

    /// Writes what all sessions looked at, in one append: a write for each would keep those waiting whose acts must be
    /// durable first. The keeper calls this all the time.
    pub(crate) fn write_all_looks(&self) {
        if let Err(error) = self.write_batches(self.0.looks.take_all(true)) {
            let error = crate::core::chain(&error);
            tracing::error!(
                error,
                "looks are not on record yet, and no more are allowed until they are"
            );
        }
    }

    /// Writes batches that were begun; what cannot be written is owed from then on.
    fn write_batches(&self, mut batches: Vec<(SessionId, Batch)>) -> Result<(), Error> {
        let of = |(session, _): &(SessionId, Batch)| UnderWay(&self.0.looks, *session);
        let _under_way: Vec<UnderWay<'_>> = batches.iter().map(of).collect();
        while !batches.is_empty() {
            let (some, _) = batches.split_at(batches.len().min(APPEND_MAX));
            // As Weir: a session may have ended since, and what it looked at is a fact all the same.
            let written = self.0.core.run_blocking(Actor::Weir, None, |_, _| {
                let told = |(session, batch): &(SessionId, Batch)| {
                    let Batch { scope, bundle, looks } = batch;
                    let (scope, looks) = (scope.clone(), looks.clone());
                    ActEvent::ActsLooked { session: *session, scope, bundle: *bundle, looks }.into()
                };
                Ok(Decided::new(some.iter().map(told).collect(), ()))
            });
            if let Err(error) = written {
                self.0.looks.lock().owed.append(&mut batches);
                return Err(error);
            }
            batches.drain(..batches.len().min(APPEND_MAX));
        }
        Ok(())
    }
}
