//! Looks that were allowed, on their way to a record: they change nothing, so that a batch of them is one.

use crate::core::Decided;
use crate::{Engine, Error};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use weir_guard::acts;
use weir_model::event::act::{Event as ActEvent, Look};
use weir_model::{Actor, Digest, SessionId};

/// A batch is written when it has so many; the keeper writes the rest a few times a second.
const BATCH_MAX: usize = 64;

/// The looks of all sessions that are not written yet.
#[derive(Default)]
pub(crate) struct Looks(Mutex<BTreeMap<SessionId, Batch>>);

struct Batch {
    scope: String,
    bundle: Digest,
    looks: Vec<Look>,
}

impl Looks {
    fn take(&self, session: SessionId) -> Option<Batch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&session)
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
            let mut all = self.0.looks.0.lock().unwrap_or_else(PoisonError::into_inner);
            let is_other = |batch: &Batch| batch.scope != scope || batch.bundle != bundle;
            let before = match all.get(&session) {
                Some(batch) if is_other(batch) => all.remove(&session),
                Some(_) | None => None,
            };
            let fresh = || Batch { scope: scope.to_owned(), bundle, looks: Vec::new() };
            let batch = all.entry(session).or_insert_with(fresh);
            batch.looks.push(look);
            let full = if batch.looks.len() >= BATCH_MAX { all.remove(&session) } else { None };
            [before, full]
        };
        full.into_iter().flatten().try_for_each(|batch| self.write_batch(session, batch))
    }

    /// Whether a look with these arguments waits to be written.
    pub(super) fn is_kept_look(&self, session: SessionId, exactly: Digest) -> bool {
        let all = self.0.looks.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&session)
            .is_some_and(|batch| batch.looks.iter().any(|look| acts::exactly(&look.act) == exactly))
    }

    /// Writes what one session looked at.
    pub(crate) fn write_looks(&self, session: SessionId) -> Result<(), Error> {
        self.0.looks.take(session).map_or(Ok(()), |batch| self.write_batch(session, batch))
    }

    /// Writes what all sessions looked at. The keeper calls this all the time.
    pub(crate) fn write_all_looks(&self) {
        let sessions: Vec<SessionId> = {
            let all = self.0.looks.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.keys().copied().collect()
        };
        for session in sessions {
            if let Err(error) = self.write_looks(session) {
                tracing::error!(%session, error = %crate::core::chain(&error), "looks were not recorded");
            }
        }
    }

    fn write_batch(&self, session: SessionId, batch: Batch) -> Result<(), Error> {
        let Batch { scope, bundle, looks } = batch;
        // As Weir: the session may have ended since, and what it looked at is a fact all the same.
        self.0.core.run_blocking(Actor::Weir, None, |_, _| {
            let (scope, looks) = (scope.clone(), looks.clone());
            let looked = ActEvent::ActsLooked { session, scope, bundle, looks };
            Ok(Decided::new(vec![looked.into()], ()))
        })
    }
}
