//! Without a server: hooks are given leave to decide by signed policies, where `weir.toml` says so, and what they
//! decided comes back.

use crate::core::Decided;
use crate::{Caller, Engine, Error};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use weir_guard::offline::{self, LEAVE, Leave};
use weir_model::act::Client;
use weir_model::config::Offline;
use weir_model::{Actor, Digest, Event, SessionId};

/// What hooks were given last, by a digest of what it says. Lost with the process, and then given again.
#[derive(Default)]
pub(crate) struct Leaves(Mutex<BTreeMap<(SessionId, Client), Digest>>);

/// More than these are of sessions that ended.
const LEAVES_MAX: usize = 10_000;

/// What a hook says it has of a leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Holds {
    /// None.
    #[default]
    Nothing,
    /// One that should be replaced.
    Old,
    /// One that will do, unless what it says has changed.
    Fresh,
}

impl Engine {
    /// What the hook that calls is to keep for when it reaches no server: a signed text, or an empty one when it must
    /// keep none; `None` when what it has will do.
    ///
    /// # Errors
    /// When what is known of the session cannot be written.
    pub async fn leave(
        &self,
        caller: &Caller,
        client: Client,
        holds: Holds,
    ) -> Result<Option<String>, Error> {
        let session = crate::meet::sessions::asking_session(caller)?;
        let is_wanted = {
            let rules = self.0.rules.read().unwrap_or_else(PoisonError::into_inner);
            rules.guard.offline == Offline::Bundle
        };
        if !is_wanted && holds == Holds::Nothing {
            return Ok(None);
        }
        let engine = self.clone();
        // A scope looks at the disk.
        let made = tokio::task::spawn_blocking(move || match is_wanted {
            true => engine.new_leave(session, client, holds),
            false => Ok(Some(String::new())),
        });
        made.await.map_err(|_| crate::Failure::Other("a leave could not be made".into()))?
    }

    fn new_leave(
        &self,
        session: SessionId,
        client: Client,
        holds: Holds,
    ) -> Result<Option<String>, Error> {
        let now = self.now();
        let ends = self.read(|folds| {
            let known = folds.guard.session_alive(session, now).ok()?;
            let lineage = folds.guard.lineage_of(session);
            let may = offline::may_have_leave(&folds.acts, &lineage, known.person);
            may.then_some(known.expires_at)
        });
        let Some(ends) = ends else {
            self.leaves().remove(&(session, client));
            return Ok((holds != Holds::Nothing).then(String::new));
        };
        let (scope, bundle) = (self.scope_of(session, now)?, self.policies());
        let says = serde_json::to_vec(&(&scope, bundle.digest())).map_err(|error| {
            crate::Failure::Other(format!("a scope cannot be written: {error}"))
        })?;
        let says = Digest::of(&says);
        let mut leaves = self.leaves();
        if holds == Holds::Fresh && leaves.get(&(session, client)) == Some(&says) {
            return Ok(None);
        }
        let life = (now, ends.min(now + LEAVE));
        let leave = Leave::new((session, client), scope, &bundle, life);
        if leaves.len() >= LEAVES_MAX {
            leaves.clear();
        }
        leaves.insert((session, client), says);
        drop(leaves);
        Ok(Some(self.ledger().sign_note(&leave.to_text())))
    }

    fn leaves(&self) -> MutexGuard<'_, BTreeMap<(SessionId, Client), Digest>> {
        self.0.leaves.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts on record what a hook of `session` decided without a server: the list that it kept, as it kept it.
    ///
    /// # Errors
    /// `session.*`, `right.*`; failures of the ledger.
    pub async fn decided_alone(
        &self,
        caller: &Caller,
        session: SessionId,
        list: String,
    ) -> Result<(), Error> {
        self.run(caller, |folds, _| {
            if caller.actor != Actor::Session(session) {
                folds.guard.may_manage(caller, session)?;
            }
            let events = offline::record(&folds.acts, session, &list);
            Ok(Decided::new(events.into_iter().map(Event::from).collect(), ()))
        })
        .await
    }
}
