//! Approvals: the guard says whose work it is not, review binds the approval, and the queue takes what has enough.

use crate::core::Decided;
use crate::{Caller, Engine, Error, Folds};
use std::collections::BTreeSet;
use weir_model::event::guard::Right;
use weir_model::{Actor, Event, PersonId, Refusal, RevisionId, TaskId};
use weir_review::{Command, Revision};

impl Engine {
    /// Approves a revision; with the last approval it needs, it waits to be tested.
    ///
    /// # Errors
    /// `approval.*` when it is the caller's own work or the caller is an agent; `revision.*`, `change.*`.
    pub async fn approve(&self, caller: &Caller, revision: RevisionId) -> Result<(), Error> {
        self.run(caller, |folds, _| {
            let change = folds.review.change(revision.change);
            let authors = change.map_or_else(BTreeSet::new, weir_review::Change::authors);
            let person = folds.guard.may_approve(caller, &authors)?;
            let command = Command::Approve { revision, person };
            let approved = weir_review::decide(&folds.review, command)?;
            let mut events: Vec<Event> = approved.into_iter().map(Event::from).collect();
            let task = change.map(|change| change.task).unwrap_or_default();
            if let Some(known) = folds.review.revision(revision)
                && !events.is_empty()
            {
                let approvals = known.approvals.len() + 1;
                events.extend(enqueue(folds, task, known, approvals)?);
            }
            Ok(Decided::new(events, ()))
        })
        .await
    }

    /// Sends a revision back to its owner, saying what is asked for.
    ///
    /// # Errors
    /// `right.*`, `revision.*`, `change.*`, `review.no_comment`.
    pub async fn reject(
        &self,
        caller: &Caller,
        revision: RevisionId,
        comment: String,
    ) -> Result<(), Error> {
        let lease = self.rules().sessions.claim;
        self.run(caller, |folds, ctx| {
            folds.guard.require(caller, Right::Approve)?;
            let person = match caller.actor {
                Actor::Person(person) => person,
                Actor::Session(_) | Actor::Weir => PersonId::default(),
            };
            let command = Command::Reject { revision, person, comment: comment.clone() };
            let rejected = weir_review::decide(&folds.review, command)?;
            let dequeue = weir_queue::Command::Dequeue { revision };
            let dequeued = weir_queue::decide(&folds.queue, dequeue)?;
            let mut events: Vec<Event> = dequeued.into_iter().map(Event::from).collect();
            events.extend(rejected.into_iter().map(Event::from));
            if let Some(change) = folds.review.change(revision.change) {
                let owner = alive(folds, change.latest(), ctx.now);
                let give_back = weir_work::Command::Return { task: change.task, owner, lease };
                let returned = weir_work::decide(&folds.work, give_back, ctx)?;
                events.extend(returned.into_iter().map(Event::from));
            }
            Ok(Decided::new(events, ()))
        })
        .await?;
        self.stop_idle_test();
        Ok(())
    }
}

/// Lets a revision wait to be tested if it has the approvals it needs.
pub(crate) fn enqueue(
    folds: &Folds,
    task: TaskId,
    revision: &Revision,
    approvals: usize,
) -> Result<Vec<Event>, Refusal> {
    if approvals < revision.approvals_needed as usize {
        return Ok(Vec::new());
    }
    let commit = revision.commit.clone();
    let command = weir_queue::Command::Enqueue { revision: revision.id, task, commit };
    let events = weir_queue::decide(&folds.queue, command)?;
    Ok(events.into_iter().map(Event::from).collect())
}

/// The session that brought a revision, if it can still repair it.
pub(crate) fn alive(
    folds: &Folds,
    revision: &Revision,
    now: weir_model::Timestamp,
) -> Option<weir_model::SessionId> {
    folds.guard.session_alive(revision.session, now).ok().map(|session| session.id)
}
