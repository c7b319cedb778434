//! The driver of a trunk's queue: builds candidates, runs their checks, lands what passed.
//!
//! One at a time, by a lease whose fencing token goes into every record: a driver that was frozen and comes back
//! records nothing, and so does nothing, for every act waits for its record. What it does is decided by the
//! queue; what it finds on starting is finished or given up first.

mod gate;
mod lease;
mod repair;
#[cfg(test)]
mod tests;

use crate::core::{Core, Decided, chain};
use crate::meet::review::alive;
use crate::{Engine, Error, Folds};
use lease::{Held, RENEW_EVERY};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use weir_git::{CommitId, Draft, Landed, Person, Signature, Written};
use weir_ledger::LedgerError;
use weir_model::event::queue::{Dropped, Event as QueueEvent, Verdict};
use weir_model::event::review::Repair;
use weir_model::{Actor, ChangeId, Context, Event, Position, Refusal, RevisionId, Timestamp};
use weir_queue::{Command, Entry, Landing};

/// How long to wait after something failed that has nothing to do with a change.
const PAUSE: Duration = Duration::from_secs(2);
/// At most this long between two tries of a check that cannot be run.
const PAUSE_MAX: Duration = Duration::from_secs(300);
/// Between two tries of an upkeep that failed.
const UPKEEP_PAUSE: Duration = Duration::from_secs(3600);

/// The running driver. Dropping it stops it and waits for it.
pub(crate) struct Driver {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

struct Stop {
    flag: AtomicBool,
    engine: Engine,
}

impl Driver {
    /// Starts the driver. `holder` names this process among all that may drive this trunk.
    pub(crate) fn start(engine: Engine, holder: String) -> Result<Self, Error> {
        let stop = Arc::new(Stop { flag: AtomicBool::new(false), engine: engine.clone() });
        let seen = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("queue-driver".into());
        let thread = thread
            .spawn(move || Drive::new(engine, holder, seen).run())
            .map_err(crate::error::io_failed("start the driver of the queue"))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.stop.flag.store(true, Ordering::SeqCst);
        let test = &self.stop.engine.0.test;
        if let Some((_, cancel)) = test.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            cancel.cancel();
        }
        if let Some(thread) = self.thread.take() {
            // A panic in it was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// As many as git's own `gc.autoPackLimit`.
const PACKS_MAX: usize = 50;

/// What one turn of the driver came to.
enum Turn {
    /// Something was done: look again at once.
    Done,
    /// There is nothing to do until something is recorded.
    Idle,
    /// Try again after a while.
    Pause(Duration),
}

struct Drive {
    engine: Engine,
    holder: String,
    stop: Arc<Stop>,
    lease: Option<Held>,
    /// Nothing is built before this: a check could not be run.
    not_before: Timestamp,
    /// Packs are not joined before this: there was no room for it.
    no_upkeep_before: Timestamp,
}

impl Drive {
    fn new(engine: Engine, holder: String, stop: Arc<Stop>) -> Self {
        let (not_before, no_upkeep_before) = (Timestamp::default(), Timestamp::default());
        Self { engine, holder, stop, lease: None, not_before, no_upkeep_before }
    }

    fn run(mut self) {
        let mut settled = false;
        while !self.is_stopping() {
            let seen = self.core().read(|standing| standing.position);
            let turn = self.hold_lease().and_then(|()| {
                if !settled {
                    self.settle()?;
                    settled = true;
                }
                self.turn()
            });
            match turn {
                Ok(Turn::Done) => {}
                Ok(Turn::Idle) => self.wait(seen, RENEW_EVERY / 4),
                Ok(Turn::Pause(pause)) => self.wait(Position(u64::MAX), pause),
                Err(_) if self.is_stopping() => {}
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "the queue could not go on; trying again");
                    // Whoever took over may have left something half done.
                    self.lease = None;
                    settled = false;
                    self.wait(Position(u64::MAX), PAUSE);
                }
            }
        }
        self.give_lease_back();
    }

    /// Finishes or gives up what an earlier driver left: a landing that was recorded, a candidate under test, a
    /// revision whose ref was not made.
    fn settle(&mut self) -> Result<(), Error> {
        if let Some(landing) = self.read(|folds| folds.queue.landing_under_way().cloned()) {
            self.carry_out(&landing)?;
        }
        if let Some(candidate) = self.read(|folds| folds.queue.testing().map(|c| c.id)) {
            self.queue(&Command::Drop { candidate, why: Dropped::Interrupted })?;
        }
        let open: Vec<ChangeId> = self.read(|folds| {
            let open = folds.review.changes().filter(|change| change.is_open());
            open.map(|change| change.id).collect()
        });
        open.into_iter().try_for_each(|change| self.keep_revisions(change))
    }

    /// Makes the refs of a change's revisions where they are missing. A push makes its own, but only after the record
    /// by which we know of it: it may fail there, be killed, or just be slower than us. So this comes before anything
    /// is built of the change, and `settle` need not look at what has landed.
    fn keep_revisions(&self, change: ChangeId) -> Result<(), Error> {
        let revisions: Vec<(RevisionId, String)> = self.read(|folds| {
            let revisions = folds.review.change(change).into_iter().flat_map(|it| &it.revisions);
            revisions.map(|revision| (revision.id, revision.commit.clone())).collect()
        });
        for (revision, commit) in revisions {
            self.engine.keep_revision(revision, &commit)?;
        }
        Ok(())
    }

    fn turn(&mut self) -> Result<Turn, Error> {
        self.see_trunk()?;
        let Some(entry) = self.read(|folds| folds.queue.next().cloned()) else {
            self.join_packs()?;
            return Ok(Turn::Idle);
        };
        let now = self.engine.now();
        if now < self.not_before {
            return Ok(Turn::Pause(self.not_before.since(now)));
        }
        self.keep_revisions(entry.revision.change)?;
        let onto = self.engine.0.trunk.tip()?;
        let change: CommitId = entry.commit.parse()?;
        let draft = self.draft(&entry)?;
        let merged = self.engine.0.trunk.write_merge(onto, change, &draft).map_err(Error::from);
        let judged = merged.and_then(|merged| {
            if let Written::Commit { tree, .. } = merged {
                self.engine.judge_merge(entry.revision, onto, tree)?;
            }
            Ok(merged)
        });
        let (commit, tree) = match judged {
            Ok(Written::Commit { commit, tree }) => (commit, tree),
            Ok(Written::Conflict { paths }) => {
                let trunk = self.engine.0.trunk.name();
                return self.refuse(entry.revision, &repair::conflict(trunk, &paths));
            }
            // What may not be merged at all, its owner has to mend.
            Err(Error::Refused(refusal)) => {
                return self.refuse(entry.revision, &repair::refused(&refusal));
            }
            Err(failure) => return Err(failure),
        };
        let (onto, commit_name, tree) = (onto.to_string(), commit.to_string(), tree.to_string());
        let revision = entry.revision;
        self.queue(&Command::Build { revision, onto, commit: commit_name, tree })?;
        self.test(commit)
    }

    /// Runs the checks of the candidate under test, and lands it when all passed.
    fn test(&mut self, commit: CommitId) -> Result<Turn, Error> {
        let Some(candidate) = self.read(|folds| folds.queue.testing().cloned()) else {
            return Ok(Turn::Done);
        };
        // Lets its owner, and anybody else, fetch what was tested.
        self.engine
            .0
            .trunk
            .create_ref(&format!("refs/weir/candidates/{}", candidate.id), commit)?;
        let cancel = weir_sandbox::Cancel::new();
        *self.engine.0.test.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((candidate.id, cancel.clone()));
        let passed = self.run_checks(&candidate, commit, &cancel);
        *self.engine.0.test.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if !passed? {
            return Ok(Turn::Done);
        }
        self.hold_lease()?;
        self.queue(&Command::StartLanding { candidate: candidate.id })?;
        if let Some(landing) = self.read(|folds| folds.queue.landing_under_way().cloned()) {
            self.carry_out(&landing)?;
        }
        Ok(Turn::Done)
    }

    /// Whether all checks passed. Otherwise it was recorded what happens instead.
    fn run_checks(
        &mut self,
        candidate: &weir_queue::Candidate,
        commit: CommitId,
        cancel: &weir_sandbox::Cancel,
    ) -> Result<bool, Error> {
        if candidate.checks.is_empty() {
            return Ok(true);
        }
        // A large tree may take longer than the lease.
        let engine = self.engine.clone();
        let tree = self.run_renewing(|| gate::Tree::lay_out(&engine, candidate, commit))?;
        for check in &candidate.checks {
            let ran = self.run_renewing(|| tree.run(check, cancel));
            if self.is_stopping() {
                return Ok(false);
            }
            if cancel.is_cancelled() {
                // Its change was withdrawn, and with it the candidate.
                return Ok(false);
            }
            let ran = ran?;
            let log = match self.core().ledger.put_body(&ran.log) {
                // The same output was erased on purpose; its digest still tells it from others.
                Err(LedgerError::BodyErased(digest)) => digest,
                kept => kept?,
            };
            let result = ran.result(check, log);
            let command = Command::Finish { candidate: candidate.id, result: result.clone() };
            match result.verdict {
                Verdict::Passed => self.queue(&command)?,
                Verdict::Broken => {
                    tracing::warn!(check = check.name, "a check could not be run");
                    let repair = repair::failed(candidate, check, &result, &ran.log);
                    self.give_up(&command, candidate.revision, &repair)?;
                    self.pause_after_broken(candidate.revision);
                    return Ok(false);
                }
                Verdict::Failed | Verdict::TimedOut => {
                    let repair = repair::failed(candidate, check, &result, &ran.log);
                    self.give_up(&command, candidate.revision, &repair)?;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Moves the trunk as the record says, or finds that it had moved already, or had been moved by others.
    fn carry_out(&mut self, landing: &Landing) -> Result<(), Error> {
        let (from, to) = (landing.from.parse()?, landing.to.parse()?);
        match self.engine.0.trunk.land(from, to)? {
            Landed::Landed => self.record_landed(landing),
            // It had landed, and somebody has gone on from there before we could say so.
            Landed::Moved { actual } if self.engine.0.trunk.objects().contains(actual, to)? => {
                self.record_landed(landing)
            }
            Landed::Moved { actual } => {
                let actual = actual.to_string();
                self.queue(&Command::LoseLanding { landing: landing.id, actual })
            }
        }
    }

    fn record_landed(&mut self, landing: &Landing) -> Result<(), Error> {
        let (id, revision) = (landing.id, landing.revision);
        self.record(|folds, ctx| {
            let command = Command::FinishLanding { landing: id };
            let mut events = events(weir_queue::decide(&folds.queue, command)?);
            let land = weir_review::Command::Land { revision, landing: id };
            events.extend(weir_review::decide(&folds.review, land)?.into_iter().map(Event::from));
            if let Some(change) = folds.review.change(revision.change) {
                let finish = weir_work::Command::Finish { task: change.task, landing: id };
                let done = weir_work::decide(&folds.work, finish, ctx)?;
                events.extend(done.into_iter().map(Event::from));
            }
            Ok(events)
        })
    }

    /// Sends the first revision back before it became a candidate.
    fn refuse(&mut self, revision: RevisionId, repair: &Repair) -> Result<Turn, Error> {
        let command = Command::Refuse { revision, code: repair.code.clone() };
        self.give_up(&command, revision, repair)?;
        Ok(Turn::Done)
    }

    /// Records what ends a candidate. If that takes its revision out of the queue, it goes back to its owner.
    fn give_up(
        &mut self,
        command: &Command,
        revision: RevisionId,
        repair: &Repair,
    ) -> Result<(), Error> {
        let lease = self.engine.rules().sessions.claim;
        self.record(|folds, ctx| {
            let decided = weir_queue::decide(&folds.queue, command.clone())?;
            let ejected =
                decided.iter().any(|event| matches!(event, QueueEvent::RevisionEjected { .. }));
            let mut events = events(decided);
            if !ejected {
                return Ok(events);
            }
            let ask = weir_review::Command::AskRepair { revision, repair: repair.clone() };
            events.extend(weir_review::decide(&folds.review, ask)?.into_iter().map(Event::from));
            if let Some(change) = folds.review.change(revision.change) {
                let owner = alive(folds, change.latest(), ctx.now);
                let give_back = weir_work::Command::Return { task: change.task, owner, lease };
                let returned = weir_work::decide(&folds.work, give_back, ctx)?;
                events.extend(returned.into_iter().map(Event::from));
            }
            Ok(events)
        })
    }

    /// Notices where the trunk stands, and what its rules are there.
    fn see_trunk(&mut self) -> Result<(), Error> {
        let tip = self.engine.0.trunk.tip()?;
        let known = self.read(|folds| {
            (folds.queue.tip() == Some(&tip.to_string()), folds.queue.gate().is_some())
        });
        if known == (true, true) && self.engine.rules_are_of(tip) {
            return Ok(());
        }
        let trunk = self.engine.0.trunk.name().to_owned();
        let gate = self.engine.read_rules(tip)?.gate;
        self.record(|folds, _| {
            let see = Command::SeeTrunk { trunk: trunk.clone(), tip: tip.to_string() };
            let mut events = events(weir_queue::decide(&folds.queue, see)?);
            // The same rules at a new commit are the same gate.
            let same = folds.queue.gate().is_some_and(|known| {
                known.checks == gate.checks && known.approvals_needed == gate.approvals_needed
            });
            if !same {
                let set = Command::SetGate { trunk: trunk.clone(), gate: gate.clone() };
                events.extend(weir_queue::decide(&folds.queue, set)?.into_iter().map(Event::from));
            }
            Ok(events)
        })
    }

    /// Every push leaves a pack, and every read looks into all of them.
    fn join_packs(&mut self) -> Result<(), Error> {
        let (now, trunk) = (self.engine.now(), &self.engine.0.trunk);
        if now < self.no_upkeep_before || trunk.packs()? <= PACKS_MAX {
            return Ok(());
        }
        if let Err(error) = trunk.join_packs() {
            // Most likely the disk is too full for it. Until then each try takes, for a while, the room that records
            // need; and many packs are slow, not wrong.
            tracing::warn!(error = %chain(&error), "packs could not be joined; trying again later");
            self.no_upkeep_before = now + UPKEEP_PAUSE;
        }
        Ok(())
    }

    /// After a check that could not be run: twice as long each time, so that a broken machine does not spin.
    fn pause_after_broken(&mut self, revision: RevisionId) {
        let entry = self.read(|folds| folds.queue.entry(revision).map(|(_, entry)| entry.broken));
        let doubled = PAUSE.saturating_mul(2_u32.saturating_pow(entry.unwrap_or(0).min(10)));
        self.not_before = self.engine.now() + doubled.min(PAUSE_MAX);
    }

    fn draft(&self, entry: &Entry) -> Result<Draft, Error> {
        let change: CommitId = entry.commit.parse()?;
        let author = self.engine.0.trunk.objects().commit(change)?;
        let weir = Person { name: "Weir".into(), email: "weir@localhost".into() };
        let at = self.engine.now();
        let Entry { revision, task, .. } = entry;
        let message = format!("{}\n\nWeir-Task: {task}\nWeir-Change: {revision}\n", author.subject);
        let author = Signature { person: author.author.person, at };
        Ok(Draft { message, author, committer: Signature { person: weir, at } })
    }

    fn queue(&mut self, command: &Command) -> Result<(), Error> {
        self.record(|folds, _| Ok(events(weir_queue::decide(&folds.queue, command.clone())?)))
    }

    fn record(
        &mut self,
        decide: impl Fn(&Folds, &Context) -> Result<Vec<Event>, Refusal>,
    ) -> Result<(), Error> {
        let lease = self.lease_proof()?;
        let decide = |folds: &Folds, ctx: &Context| Ok(Decided::new(decide(folds, ctx)?, ()));
        self.core().run_blocking(Actor::Weir, Some(&lease), decide)
    }

    fn read<T>(&self, read: impl FnOnce(&Folds) -> T) -> T {
        self.engine.read(read)
    }

    fn core(&self) -> &Arc<Core> {
        &self.engine.0.core
    }

    /// Waits until what is recorded past `seen` is something for the queue, for the time given, or until it is time to
    /// stop. Most records are acts of agents, each of whom waits for an answer: nothing is looked up for those.
    fn wait(&self, mut seen: Position, time: Duration) {
        const STEP: Duration = Duration::from_millis(100);
        let tip = self.read(|folds| folds.queue.tip().map(str::to_owned));
        let until = Instant::now() + time;
        while !self.is_stopping() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            if self.core().ledger.wait_past(seen, left.min(STEP)) <= seen {
                continue;
            }
            let (position, calls) = self.core().read(|standing| {
                let queue = &standing.folds.queue;
                (standing.position, queue.next().is_some() || queue.tip() != tip.as_deref())
            });
            if calls {
                return;
            }
            if position <= seen {
                // On the disk, and not in the folds yet: there in a moment.
                std::thread::sleep(Duration::from_millis(1));
            }
            seen = position;
        }
    }

    fn is_stopping(&self) -> bool {
        self.stop.flag.load(Ordering::SeqCst)
    }
}

fn events(events: Vec<weir_model::event::queue::Event>) -> Vec<Event> {
    events.into_iter().map(Event::from).collect()
}
