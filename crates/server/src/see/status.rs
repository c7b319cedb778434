//! What is going on: the one view behind `weir status` and the page.

use super::See;
use crate::wire::{Counts, LogEntry, Space, Status, TaskState, Wait, Whose};
use std::collections::BTreeMap;
use weir_flow::{Line, Stage};
use weir_guard::Caller;
use weir_model::{Actor, Position, RevisionId, SessionId};
use weir_work::State;

/// How many of each thing a status names; `counts` tells how many there are. Twice what fits a screen.
pub(crate) const LINES_MAX: usize = 100;
const LANDINGS_MAX: usize = 10;
/// How many waits that the same can end.
const WAITS_MAX: u64 = 25;

/// Where this space is served.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The public address, without a slash at its end: `http://127.0.0.1:4711`.
    pub(crate) base: String,
}

impl See<'_> {
    /// The space, and where its doors are.
    pub(crate) fn space(&self, place: &Place, caller: &Caller) -> Space {
        let base = &place.base;
        Space {
            name: self.folds.guard.space().unwrap_or_default().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            trunk: self.folds.queue.trunk().to_owned(),
            tip: self.folds.queue.tip().map(str::to_owned),
            you: self.actor(caller.actor),
            page: format!("{base}/"),
            api: format!("{base}/v1"),
            mcp: format!("{base}/mcp"),
            git: format!("{base}/git"),
        }
    }

    /// What is going on, as `caller` sees it. `events` are the latest, newest first.
    pub(crate) fn status(
        &self,
        place: &Place,
        caller: &Caller,
        position: Position,
        events: Vec<LogEntry>,
    ) -> Status {
        let mut waits: Vec<Wait> =
            self.folds.flow.lines(self.now).map(|line| self.wait(&line, caller)).collect();
        waits.sort_by_key(|wait| (wait.whose, wait.since));
        let waits_total = waits.len() as u64;
        let mut waits_by = BTreeMap::new();
        // So many of each: a thousand tasks that are ready must not hide the one that waits for a person.
        waits.retain(|wait| {
            let count = waits_by.entry(wait.whose).or_insert(0);
            *count += 1;
            *count <= WAITS_MAX
        });
        let open = |task: &&weir_work::Task| match task.state {
            State::Open | State::Claimed(_) | State::Submitted(_) => true,
            State::Done(_) | State::Withdrawn => false,
        };
        let tasks = self.folds.work.tasks().filter(open).take(LINES_MAX);
        let changes = self.folds.review.changes().rev().filter(|change| change.is_open());
        let mut sessions: Vec<_> =
            self.folds.guard.sessions().filter(|session| self.is_alive(session)).collect();
        sessions.reverse();
        let landings = self.folds.queue.landings().rev().take(LANDINGS_MAX);
        Status {
            now: self.now,
            position,
            space: self.space(place, caller),
            counts: self.counts(sessions.len()),
            waits,
            waits_total,
            waits_by,
            queue: self.queue(),
            tasks: tasks.map(|task| self.task(task)).collect(),
            changes: changes.take(LINES_MAX).map(|change| self.change(change)).collect(),
            sessions: sessions.iter().take(LINES_MAX).map(|known| self.session(known)).collect(),
            landings: landings.map(|landing| self.landing(landing)).collect(),
            events,
        }
    }

    fn counts(&self, sessions_alive: usize) -> Counts {
        let mut counts = Counts { sessions_alive: sessions_alive as u64, ..Counts::default() };
        for task in self.folds.work.tasks() {
            *match self.task_state(task) {
                TaskState::Ready => &mut counts.tasks_ready,
                TaskState::Blocked => &mut counts.tasks_blocked,
                TaskState::Claimed => &mut counts.tasks_claimed,
                TaskState::Submitted => &mut counts.tasks_submitted,
                TaskState::Done => &mut counts.tasks_done,
                TaskState::Withdrawn => &mut counts.tasks_withdrawn,
            } += 1;
        }
        counts.changes_open =
            self.folds.review.changes().filter(|change| change.is_open()).count() as u64;
        counts.landings = self.folds.queue.landings().count() as u64;
        counts.people = self.folds.guard.people().filter(|person| !person.removed).count() as u64;
        counts
    }

    fn wait(&self, line: &Line, caller: &Caller) -> Wait {
        let subject = match &line.stage {
            Stage::Blocked { .. } | Stage::Ready => line.task.to_string(),
            Stage::Working { .. } => {
                line.change.map_or_else(|| line.task.to_string(), |change| change.to_string())
            }
            Stage::Review { revision, .. } | Stage::Queued { revision } => revision.to_string(),
            Stage::Testing { candidate } => candidate.to_string(),
            Stage::Landing { landing } => landing.to_string(),
        };
        let (stage, waits_for, whose) = match &line.stage {
            Stage::Blocked { on } => {
                let on: Vec<String> = on.iter().take(5).map(|task| format!("`{task}`")).collect();
                ("blocked", format!("{} to be done", on.join(", ")), Whose::Task)
            }
            Stage::Ready => ("ready", "an agent to claim it".to_owned(), Whose::Agent),
            Stage::Working { session, repair, .. } => self.working(*session, *repair),
            Stage::Review { revision, needed, given } => {
                self.in_review(*revision, *needed, *given, caller)
            }
            Stage::Queued { .. } => ("queue", self.queued(), Whose::Gate),
            Stage::Testing { .. } => ("test", "its checks".to_owned(), Whose::Gate),
            Stage::Landing { .. } => ("landing", "the trunk to move".to_owned(), Whose::Gate),
        };
        Wait {
            subject,
            title: line.title.clone(),
            stage: stage.to_owned(),
            waits_for,
            whose,
            since: Some(line.since),
        }
    }

    fn working(&self, session: SessionId, repair: bool) -> (&'static str, String, Whose) {
        let agent = self.session_as_who(session);
        let who = format!("{} (`{}`)", agent.name, agent.id);
        if repair {
            ("repair", format!("{who} to repair it"), Whose::Agent)
        } else {
            ("working", format!("{who} to bring it"), Whose::Agent)
        }
    }

    fn in_review(
        &self,
        revision: RevisionId,
        needed: u32,
        given: u32,
        caller: &Caller,
    ) -> (&'static str, String, Whose) {
        if given >= needed {
            return ("queue", "its place in the queue".to_owned(), Whose::Gate);
        }
        let change = self.folds.review.change(revision.change);
        let authors = change.map(weir_review::Change::authors).unwrap_or_default();
        let yours = matches!(caller.actor, Actor::Person(_))
            && self.folds.guard.may_approve(caller, &authors).is_ok();
        let names: Vec<String> =
            authors.iter().take(3).map(|person| self.person_as_who(*person).name).collect();
        let more = needed - given;
        let approvals =
            if more == 1 { "an approval".to_owned() } else { format!("{more} approvals") };
        let words = format!("{approvals} by somebody other than {}", names.join(", "));
        ("review", words, if yours { Whose::You } else { Whose::Person })
    }

    fn queued(&self) -> String {
        let mut testing = self.folds.queue.testing();
        match (self.folds.queue.gate(), testing.next_back(), testing.next_back()) {
            (None, _, _) => "the gate to be set".to_owned(),
            (Some(_), None, _) => "its turn".to_owned(),
            (Some(_), Some(one), None) => format!("`{}`, which is under test", one.id),
            (Some(_), Some(last), Some(_)) => {
                format!("`{}` and others, which are under test", last.id)
            }
        }
    }
}
