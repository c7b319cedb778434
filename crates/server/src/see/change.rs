//! Changes and revisions.

use super::See;
use crate::wire::{Change, ChangeState, Counterpart, Repair, Revision};
use weir_model::LandingId;
use weir_model::event::review;
use weir_review::State;

impl See<'_> {
    /// A change.
    pub(crate) fn change(&self, change: &weir_review::Change) -> Change {
        let place = self.folds.queue.entry(change.latest().id).map(|(place, _)| place);
        Change {
            id: change.id,
            task: change.task,
            title: change.latest().title.clone(),
            state: self.change_state(change),
            since: self.since(change),
            repair: repair(&change.state),
            landing: landing(&change.state),
            place: place.and_then(|place| u64::try_from(place).ok()),
            revisions: change.revisions.iter().map(|revision| self.revision(revision)).collect(),
        }
    }

    /// Where a change stands.
    pub(crate) fn change_state(&self, change: &weir_review::Change) -> ChangeState {
        let latest = change.latest().id;
        let queue = &self.folds.queue;
        match change.state {
            State::Landed(_) => ChangeState::Landed,
            State::Abandoned => ChangeState::Abandoned,
            State::Returned(_) => ChangeState::Returned,
            State::Open if queue.testing().any(|under| under.has(latest)) => ChangeState::Testing,
            State::Open if queue.entry(latest).is_some() => ChangeState::Queued,
            State::Open => ChangeState::InReview,
        }
    }

    /// A revision.
    pub(crate) fn revision(&self, revision: &weir_review::Revision) -> Revision {
        let approvals = revision.approvals.iter().map(|person| self.person_as_who(*person));
        Revision {
            id: revision.id,
            commit: revision.commit.clone(),
            base: revision.base.clone(),
            title: revision.title.clone(),
            paths: revision.paths.clone(),
            session: self.session_as_who(revision.session),
            person: self.person_as_who(revision.person),
            token: revision.token,
            trunk: revision.trunk.clone(),
            approvals_needed: revision.approvals_needed,
            approvals: approvals.collect(),
        }
    }

    /// The title of a revision; nothing if there is no such revision.
    pub(crate) fn revision_title(&self, revision: weir_model::RevisionId) -> String {
        self.folds.review.revision(revision).map(|known| known.title.clone()).unwrap_or_default()
    }

    fn since(&self, change: &weir_review::Change) -> Option<weir_model::Timestamp> {
        let line = self.folds.flow.line(change.task, self.now)?;
        (line.change == Some(change.id)).then_some(line.since)
    }
}

fn repair(state: &State) -> Option<Repair> {
    match state {
        State::Returned(repair) => Some(Repair::from(repair.as_ref())),
        State::Open | State::Landed(_) | State::Abandoned => None,
    }
}

fn landing(state: &State) -> Option<LandingId> {
    match state {
        State::Landed(landing) => Some(*landing),
        State::Open | State::Returned(_) | State::Abandoned => None,
    }
}

impl From<&review::Counterpart> for Counterpart {
    fn from(counterpart: &review::Counterpart) -> Self {
        let review::Counterpart { revision, task, title, intent, diff, see } = counterpart.clone();
        Self { revision, task, title, intent, diff, see }
    }
}

impl From<&review::Repair> for Repair {
    fn from(repair: &review::Repair) -> Self {
        Self {
            code: repair.code.clone(),
            sentence: repair.sentence.clone(),
            log: repair.log.clone(),
            body: repair.body,
            reproduce: repair.reproduce.clone(),
            hint: repair.hint.clone(),
            beside: repair.beside.clone(),
            place_until: repair.place_until,
            with: repair.with.iter().map(Counterpart::from).collect(),
        }
    }
}
