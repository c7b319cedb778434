//! Ends of a revision's way: it lands, or goes back to its owner.

use super::{Drive, chain, events, repair};
use crate::Error;
use crate::meet::review::alive;
use crate::meet::stack;
use weir_git::{CommitId, Landed};
use weir_ledger::Body;
use weir_model::event::queue::Event as QueueEvent;
use weir_model::event::review::{Counterpart, Repair};
use weir_model::{CandidateId, Event, RevisionId};
use weir_queue::{Cause, Command, Culprit, Landing, PLACE_KEPT};
use weir_work::Task;

impl Drive {
    /// Lands a candidate that passed: as the commit that was tested, or, where the first of its revisions have landed,
    /// as a commit with the same tree on top of those.
    pub(super) fn land(&mut self, candidate: CandidateId, why: String) -> Result<(), Error> {
        let Some(known) = self.read(|folds| folds.queue.candidate(candidate).cloned()) else {
            return Ok(());
        };
        let to = if known.is_on_its_tip() {
            known.commit.clone()
        } else {
            let (tip, entries) = (known.at().parse()?, self.entries(&known.rest())?);
            let (parents, draft) = (chain::parents(tip, &entries)?, self.draft(&entries)?);
            let tree = known.tree.parse()?;
            self.engine.0.trunk.write_commit(tree, &parents, &draft)?.to_string()
        };
        self.hold_lease()?;
        self.queue(&Command::StartLanding { candidate, to, why })?;
        if let Some(landing) = self.read(|folds| folds.queue.landing_under_way().cloned()) {
            self.carry_out(&landing)?;
        }
        Ok(())
    }

    /// Moves the trunk as the record says, or finds that it had moved already, or had been moved by others.
    pub(super) fn carry_out(&mut self, landing: &Landing) -> Result<(), Error> {
        let (from, to): (CommitId, CommitId) = (landing.from.parse()?, landing.to.parse()?);
        match self.engine.0.trunk.land(from, to)? {
            Landed::Landed => self.record_landed(landing)?,
            // It had landed, and somebody has gone on from there before we could say so.
            Landed::Moved { actual } if self.engine.0.trunk.objects().contains(actual, to)? => {
                self.record_landed(landing)?;
            }
            Landed::Moved { actual } => {
                let actual = actual.to_string();
                self.queue(&Command::LoseLanding { landing: landing.id, actual })?;
            }
        }
        self.engine.stop_idle_tests();
        Ok(())
    }

    fn record_landed(&mut self, landing: &Landing) -> Result<(), Error> {
        let id = landing.id;
        self.record(|folds, ctx| {
            let command = Command::FinishLanding { landing: id };
            let mut events = events(weir_queue::decide(&folds.queue, command)?);
            for revision in &landing.revisions {
                let land = weir_review::Command::Land { revision: *revision, landing: id };
                events
                    .extend(weir_review::decide(&folds.review, land)?.into_iter().map(Event::from));
                if let Some(change) = folds.review.change(revision.change) {
                    let finish = weir_work::Command::Finish { task: change.task, landing: id };
                    let done = weir_work::decide(&folds.work, finish, ctx)?;
                    events.extend(done.into_iter().map(Event::from));
                }
            }
            Ok(events)
        })
    }

    /// Sends a revision back, with what failed.
    pub(super) fn eject(&mut self, culprit: Culprit) -> Result<(), Error> {
        let known = self.read(|folds| folds.queue.candidate(culprit.failing).cloned());
        let Some(known) = known else { return Ok(()) };
        let Some((_, failure)) = known.failure() else { return Ok(()) };
        let check = known.checks.iter().find(|check| check.name == failure.check);
        let Some(check) = check else { return Ok(()) };
        let log = match self.engine.body(&failure.log)? {
            Some(Body::Kept(log)) => log,
            Some(Body::Erased) | None => Vec::new(),
        };
        let with = match &culprit.cause {
            Cause::Content => Vec::new(),
            Cause::Interaction { with } => self.counterparts(with)?,
        };
        let repair = repair::failed(&known, check, failure, &log, &culprit, with);
        self.give_up(&Command::Eject(culprit), &repair)
    }

    /// What somebody who does not know these needs to know of them.
    fn counterparts(&self, with: &[RevisionId]) -> Result<Vec<Counterpart>, Error> {
        let told = with.iter().take(repair::COUNTERPARTS_MAX).filter_map(|revision| {
            self.read(|folds| {
                let change = folds.review.change(revision.change)?;
                let known = change.revisions.iter().find(|known| known.id == *revision)?;
                let task = folds.work.task(change.task)?;
                Some((known.id, known.base.clone(), known.commit.clone(), task.clone()))
            })
        });
        let trunk = &self.engine.0.trunk;
        let counterpart = |(revision, base, commit, task): (RevisionId, String, String, Task)| {
            let diff = trunk.diff(base.parse()?, commit.parse()?, repair::DIFF_BYTES)?;
            Ok(repair::counterpart(revision, &base, &commit, &task, diff))
        };
        told.map(counterpart).collect()
    }

    /// Sends a revision back before it became part of a candidate.
    pub(super) fn refuse(&mut self, revision: RevisionId, repair: &Repair) -> Result<(), Error> {
        let (code, why) = (repair.code.clone(), "it cannot be merged onto the tip as it is".into());
        let command = Command::Refuse { revision, code, why };
        self.give_up(&command, repair)
    }

    /// Records what a command comes to. The revisions that this takes out of the queue go back to their owners.
    pub(super) fn give_up(&mut self, command: &Command, repair: &Repair) -> Result<(), Error> {
        let lease = self.engine.rules().sessions.claim;
        self.record(|folds, ctx| {
            let decided = weir_queue::decide(&folds.queue, command.clone())?;
            let ejected: Vec<RevisionId> = decided
                .iter()
                .filter_map(|event| {
                    let QueueEvent::RevisionEjected { revision, .. } = event else { return None };
                    Some(*revision)
                })
                .collect();
            let mut events = events(decided);
            for revision in ejected {
                let mut repair = repair.clone();
                repair.place_until = Some(ctx.now + PLACE_KEPT);
                let ask = weir_review::Command::AskRepair { revision, repair };
                events
                    .extend(weir_review::decide(&folds.review, ask)?.into_iter().map(Event::from));
                if let Some(change) = folds.review.change(revision.change) {
                    let owner = alive(folds, change.latest(), ctx.now);
                    let give_back = weir_work::Command::Return { task: change.task, owner, lease };
                    let returned = weir_work::decide(&folds.work, give_back, ctx)?;
                    events.extend(returned.into_iter().map(Event::from));
                }
                events.extend(stack::fall(folds, revision, lease, ctx)?);
            }
            Ok(events)
        })?;
        self.engine.stop_idle_tests();
        Ok(())
    }
}
