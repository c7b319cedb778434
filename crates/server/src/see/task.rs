//! Tasks and their claims.

use super::See;
use crate::wire::{Claim, Hold, Task, TaskState};
use weir_model::event::work;
use weir_model::{LandingId, TaskId};
use weir_work::State;

impl See<'_> {
    /// A task.
    pub(crate) fn task(&self, task: &weir_work::Task) -> Task {
        let change = self.folds.review.change_of(task.id).map(|change| change.id);
        Task {
            id: task.id,
            title: task.title.clone(),
            text: task.text.clone(),
            paths: task.paths.clone(),
            after: task.after.clone(),
            waits_for: task.waits_for.iter().copied().collect(),
            person: self.person_as_who(task.person),
            state: self.task_state(task),
            since: self.folds.flow.line(task.id, self.now).map(|line| line.since),
            hold: task.state.hold().map(|hold| self.hold(hold)),
            change,
            landing: landing(task),
        }
    }

    /// Where a task stands now; a claim that ran out is no claim.
    pub(crate) fn task_state(&self, task: &weir_work::Task) -> TaskState {
        match task.state {
            State::Claimed(hold) if self.now < hold.expires_at => TaskState::Claimed,
            State::Open | State::Claimed(_) if task.waits_for.is_empty() => TaskState::Ready,
            State::Open | State::Claimed(_) => TaskState::Blocked,
            State::Submitted(_) => TaskState::Submitted,
            State::Done(_) => TaskState::Done,
            State::Withdrawn => TaskState::Withdrawn,
        }
    }

    /// The title of a task; nothing if there is no such task.
    pub(crate) fn title(&self, task: TaskId) -> String {
        self.folds.work.task(task).map(|task| task.title.clone()).unwrap_or_default()
    }

    fn hold(&self, hold: &work::Hold) -> Hold {
        Hold {
            session: self.session_as_who(hold.session),
            token: hold.token,
            expires_at: hold.expires_at,
        }
    }
}

fn landing(task: &weir_work::Task) -> Option<LandingId> {
    match task.state {
        State::Done(landing) => Some(landing),
        State::Open | State::Claimed(_) | State::Submitted(_) | State::Withdrawn => None,
    }
}

/// A claim as the engine granted it: the one place where its secret becomes text.
impl From<weir_engine::Claim> for Claim {
    fn from(claim: weir_engine::Claim) -> Self {
        Self {
            task: claim.task,
            title: claim.title,
            text: claim.text,
            paths: claim.paths,
            session: claim.session,
            token: claim.token,
            expires_at: claim.expires_at,
            secret: claim.secret.map(|secret| secret.reveal().to_owned()),
            worktree: claim.worktree,
            branch: claim.branch,
            submit: claim.submit,
        }
    }
}
