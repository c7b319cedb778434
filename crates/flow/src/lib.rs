//! Flow: in which stage every unfinished task stands, for whom it waits, and since when.
//!
//! Invariants: (1) a task that is neither done nor withdrawn waits in exactly one stage; (2) the time a wait began
//! never moves while the stage lasts. Folded from the facts of all pillars, so that no pillar need keep times.
//! Deliberately absent: decisions. Flow watches; what it sees may slow intake once its own issue has come.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_model::event::{queue, review, work};
use weir_model::{
    CandidateId, ChangeId, Event, LandingId, RevisionId, SessionId, TaskId, Timestamp,
};

/// Every unfinished task and its stage, and the times of all landings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    lines: BTreeMap<TaskId, Line>,
    followers: BTreeMap<TaskId, BTreeSet<TaskId>>,
    task_of: BTreeMap<ChangeId, TaskId>,
    candidates: BTreeMap<CandidateId, Vec<RevisionId>>,
    landings: BTreeMap<LandingId, CandidateId>,
    landings_since: BTreeMap<LandingId, Timestamp>,
}

/// A task on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The task.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// Its change, once there is one.
    pub change: Option<ChangeId>,
    /// Where it stands.
    pub stage: Stage,
    /// Since when.
    pub since: Timestamp,
}

/// A stage of the way, and whom a task in it waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// For other tasks to be done.
    Blocked {
        /// Which.
        on: BTreeSet<TaskId>,
    },
    /// For an agent to claim it.
    Ready,
    /// For the agent that works on it.
    Working {
        /// Which.
        session: SessionId,
        /// When its claim ends unless renewed.
        until: Timestamp,
        /// Whether it repairs what came back.
        repair: bool,
    },
    /// For people to approve it.
    Review {
        /// What they should read.
        revision: RevisionId,
        /// How many must approve.
        needed: u32,
        /// How many have.
        given: u32,
    },
    /// For the candidates ahead of it.
    Queued {
        /// The revision.
        revision: RevisionId,
    },
    /// For its checks.
    Testing {
        /// The candidate.
        candidate: CandidateId,
    },
    /// For the trunk to move.
    Landing {
        /// The landing.
        landing: LandingId,
    },
}

/// Takes a fact in, with the time it happened.
pub fn evolve(flow: &mut Flow, at: Timestamp, event: &Event) {
    match event {
        Event::Work(event) => flow.work(at, event),
        Event::Review(event) => flow.review(at, event),
        Event::Queue(event) => flow.queue(at, event),
        // Who may do what moves no work by itself.
        Event::Guard(_) | Event::Act(_) => {}
    }
}

impl Flow {
    /// Every unfinished task, oldest first. A claim that has run out by `now` reads as what it is: a wait for
    /// an agent, since the instant it ended.
    pub fn lines(&self, now: Timestamp) -> impl Iterator<Item = Line> {
        self.lines.values().cloned().map(move |mut line| {
            if let Stage::Working { until, .. } = line.stage
                && until <= now
            {
                line.stage = Stage::Ready;
                line.since = until;
            }
            line
        })
    }

    /// One unfinished task.
    pub fn line(&self, task: TaskId, now: Timestamp) -> Option<Line> {
        let known = self.lines.get(&task)?;
        let one = Self { lines: [(task, known.clone())].into(), ..Self::default() };
        one.lines(now).next()
    }

    /// Since when a landing stands where it stands: when it began, landed or was lost.
    pub fn landing_since(&self, landing: LandingId) -> Option<Timestamp> {
        self.landings_since.get(&landing).copied()
    }

    fn work(&mut self, at: Timestamp, event: &work::Event) {
        match event {
            work::Event::TaskCreated { task, title, after, .. } => {
                let on: BTreeSet<TaskId> =
                    after.iter().copied().filter(|first| self.lines.contains_key(first)).collect();
                for first in &on {
                    self.followers.entry(*first).or_default().insert(*task);
                }
                let stage = if on.is_empty() { Stage::Ready } else { Stage::Blocked { on } };
                let (task, title) = (*task, title.clone());
                self.lines.insert(task, Line { task, title, change: None, stage, since: at });
            }
            work::Event::TaskClaimed { task, hold } => {
                let repair = self.lines.get(task).is_some_and(|line| line.change.is_some());
                let (session, until) = (hold.session, hold.expires_at);
                self.enter(*task, at, Stage::Working { session, until, repair });
            }
            work::Event::ClaimRenewed { task, hold } => {
                if let Some(Line { stage: Stage::Working { until, .. }, .. }) =
                    self.lines.get_mut(task)
                {
                    *until = hold.expires_at;
                }
            }
            work::Event::ClaimReleased { task, session: _ }
            | work::Event::TaskReturned { task, hold: None } => {
                self.enter(*task, at, Stage::Ready);
            }
            work::Event::TaskReturned { task, hold: Some(hold) } => {
                let (session, until) = (hold.session, hold.expires_at);
                self.enter(*task, at, Stage::Working { session, until, repair: true });
            }
            // The change says where it went.
            work::Event::TaskSubmitted { task, change } => {
                self.task_of.insert(*change, *task);
                if let Some(line) = self.lines.get_mut(task) {
                    line.change = Some(*change);
                }
            }
            work::Event::TaskDone { task, landing: _ }
            | work::Event::TaskWithdrawn { task, person: _ } => self.finish(*task, at),
        }
    }

    fn review(&mut self, at: Timestamp, event: &review::Event) {
        match event {
            review::Event::RevisionSubmitted { revision, task, approvals_needed, .. } => {
                self.task_of.insert(revision.change, *task);
                if let Some(line) = self.lines.get_mut(task) {
                    line.change = Some(revision.change);
                }
                let (revision, needed) = (*revision, *approvals_needed);
                self.enter(*task, at, Stage::Review { revision, needed, given: 0 });
            }
            review::Event::RevisionApproved { revision, person: _ } => {
                let task = self.task_of.get(&revision.change);
                if let Some(Line { stage: Stage::Review { given, .. }, .. }) =
                    task.and_then(|task| self.lines.get_mut(task))
                {
                    *given += 1;
                }
            }
            // The task's own events say what becomes of it.
            review::Event::RevisionRejected { .. }
            | review::Event::RepairAsked { .. }
            | review::Event::ChangeLanded { .. }
            | review::Event::ChangeAbandoned { .. } => {}
        }
    }

    fn queue(&mut self, at: Timestamp, event: &queue::Event) {
        match event {
            queue::Event::RevisionQueued { revision, task, .. } => {
                self.enter(*task, at, Stage::Queued { revision: *revision });
            }
            queue::Event::CandidateBuilt { candidate, steps, .. } => {
                let revisions: Vec<RevisionId> = steps.iter().map(|step| step.revision).collect();
                for revision in &revisions {
                    // Under test already, as part of another: it has waited for its checks since then.
                    if !self.is_testing(*revision) {
                        self.enter_change(*revision, at, Stage::Testing { candidate: *candidate });
                    }
                }
                self.candidates.insert(*candidate, revisions);
            }
            queue::Event::CandidateDropped { candidate, why: _ } => self.back(*candidate, at),
            queue::Event::LandingStarted { landing, candidate, revisions, .. } => {
                self.landings.insert(*landing, *candidate);
                self.landings_since.insert(*landing, at);
                for revision in revisions {
                    self.enter_change(*revision, at, Stage::Landing { landing: *landing });
                }
            }
            queue::Event::LandingLost { landing, actual: _ } => {
                self.landings_since.insert(*landing, at);
                if let Some(candidate) = self.landings.remove(landing) {
                    self.back(candidate, at);
                }
            }
            queue::Event::LandingFinished { landing } => {
                self.landings_since.insert(*landing, at);
                let candidate = self.landings.remove(landing);
                candidate.map(|candidate| self.candidates.remove(&candidate));
            }
            queue::Event::RevisionEjected { candidate: Some(candidate), .. } => {
                self.back(*candidate, at);
            }
            queue::Event::RevisionEjected { candidate: None, .. }
            | queue::Event::RevisionDequeued { .. }
            | queue::Event::CandidateRepeated { .. }
            | queue::Event::RunStopped { .. }
            | queue::Event::RunnerSeen { .. }
            | queue::Event::RunnerLeft { .. }
            | queue::Event::RunOffered { .. }
            | queue::Event::RunRecalled { .. }
            | queue::Event::RunTaken { .. }
            | queue::Event::RunRenewed { .. }
            | queue::Event::RunReturned { .. }
            | queue::Event::ReportRefused { .. }
            | queue::Event::QueueFrozen { .. }
            | queue::Event::QueueThawed { .. }
            | queue::Event::ClassSet { .. }
            | queue::Event::CheckFinished { .. }
            | queue::Event::GateSet { .. }
            | queue::Event::TrunkMoved { .. } => {}
        }
    }

    /// A candidate is over. What it held waits for another that holds it, or for its turn.
    fn back(&mut self, candidate: CandidateId, at: Timestamp) {
        for revision in self.candidates.remove(&candidate).unwrap_or_default() {
            let other = self.candidates.iter().find(|(_, held)| held.contains(&revision));
            let other = other.map(|(other, _)| *other);
            let line = self.task_of.get(&revision.change).and_then(|task| self.lines.get_mut(task));
            let Some(line) = line else { continue };
            match (&mut line.stage, other) {
                (Stage::Testing { candidate }, Some(other)) => *candidate = other,
                (Stage::Landing { .. }, Some(other)) => {
                    self.enter_change(revision, at, Stage::Testing { candidate: other });
                }
                (Stage::Testing { .. } | Stage::Landing { .. }, None) => {
                    self.enter_change(revision, at, Stage::Queued { revision });
                }
                // Its task says where it went.
                (
                    Stage::Blocked { .. }
                    | Stage::Ready
                    | Stage::Working { .. }
                    | Stage::Review { .. }
                    | Stage::Queued { .. },
                    _,
                ) => {}
            }
        }
    }

    fn is_testing(&self, revision: RevisionId) -> bool {
        let line = self.task_of.get(&revision.change).and_then(|task| self.lines.get(task));
        line.is_some_and(|line| matches!(line.stage, Stage::Testing { .. }))
    }

    fn enter_change(&mut self, revision: RevisionId, at: Timestamp, stage: Stage) {
        if let Some(task) = self.task_of.get(&revision.change).copied() {
            self.enter(task, at, stage);
        }
    }

    fn enter(&mut self, task: TaskId, at: Timestamp, stage: Stage) {
        if let Some(line) = self.lines.get_mut(&task) {
            line.stage = stage;
            line.since = at;
        }
    }

    fn finish(&mut self, task: TaskId, at: Timestamp) {
        if let Some(change) = self.lines.remove(&task).and_then(|line| line.change) {
            self.task_of.remove(&change);
        }
        for follower in self.followers.remove(&task).unwrap_or_default() {
            let Some(line) = self.lines.get_mut(&follower) else { continue };
            let Stage::Blocked { on } = &mut line.stage else { continue };
            on.remove(&task);
            if on.is_empty() {
                self.enter(follower, at, Stage::Ready);
            }
        }
    }
}
