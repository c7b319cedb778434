//! The driver of a trunk's queue: builds candidates, runs their checks, lands what passed.
//!
//! One at a time, by a lease whose fencing token goes into every record: a driver that was frozen and comes back
//! records nothing, and so does nothing, for every act waits for its record. What it does is decided by the
//! queue; what it finds on starting is finished or given up first. Checks of several candidates run at once, each
//! in a thread of its own that tells the driver and records nothing.

mod away;
mod chain;
mod gate;
mod jobs;
mod land;
mod lease;
mod outlook;
mod repair;
#[cfg(test)]
mod tests;

use crate::check::{self, Machine};
use crate::core::{Core, Decided, chain};
use crate::{Engine, Error, Folds};
use chain::{Chained, Chains};
use jobs::{Jobs, Report, Told};
use lease::{Held, RENEW_EVERY};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use weir_model::config::Check;
use weir_model::event::queue::{Dropped, Verdict};
use weir_model::{
    Actor, CandidateId, ChangeId, Context, Digest, Event, Refusal, RevisionId, Timestamp,
};
use weir_queue::plan::Price;
use weir_queue::{Apart, Command, Looked, Next, RunState};

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
    bell: Notify,
    engine: Engine,
}

impl Driver {
    /// Starts the driver. `holder` names this process among all that may drive this trunk.
    pub(crate) fn start(engine: Engine, holder: String) -> Result<Self, Error> {
        let (flag, bell) = (AtomicBool::new(false), Notify::new());
        let stop = Arc::new(Stop { flag, bell, engine: engine.clone() });
        let seen = Arc::clone(&stop);
        let doing = || crate::error::io_failed("start the driver of the queue");
        // For waiting alone: a thread that waits for several things at once needs somebody who wakes it.
        let waiting = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let waiting = waiting.map_err(doing())?;
        let thread = std::thread::Builder::new().name("queue-driver".into());
        let thread =
            thread.spawn(move || Drive::new(engine, holder, seen).run(&waiting)).map_err(doing())?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.stop.flag.store(true, Ordering::SeqCst);
        self.stop.bell.notify_one();
        let tests = &self.stop.engine.0.tests;
        for cancel in tests.lock().unwrap_or_else(PoisonError::into_inner).values() {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Something was done: look again at once.
    Done,
    /// What was planned cannot be built as it was thought: plan anew, with what was learnt.
    Anew,
    /// There is nothing to do until something is recorded, or a check ends.
    Idle,
    /// The same, or until so much time has passed.
    IdleFor(Duration),
    /// Nothing new is begun for a while.
    Pause(Duration),
}

struct Drive {
    engine: Engine,
    holder: String,
    stop: Arc<Stop>,
    lease: Option<Held>,
    jobs: Jobs,
    chains: Option<Chains>,
    /// Who cannot be merged with whom, as far as it was tried on this tip.
    apart: Apart,
    /// Which checks of the gate look at what a revision changes, where that can be told.
    looked: Looked,
    /// Of these.
    looked_for: Vec<Check>,
    /// What a worker's minute is worth.
    price: Price,
    /// Nothing is built before this: a check could not be run.
    not_before: Timestamp,
    /// Packs are not joined before this: there was no room for it.
    no_upkeep_before: Timestamp,
}

impl Drive {
    fn new(engine: Engine, holder: String, stop: Arc<Stop>) -> Self {
        let (not_before, no_upkeep_before) = (Timestamp::default(), Timestamp::default());
        let (jobs, chains) = (Jobs::new(engine.clone()), None);
        Self {
            engine,
            holder,
            stop,
            lease: None,
            jobs,
            chains,
            apart: Apart::new(),
            looked: Looked::new(),
            looked_for: Vec::new(),
            price: Price::default(),
            not_before,
            no_upkeep_before,
        }
    }

    fn run(mut self, waiting: &Runtime) {
        let mut settled = false;
        while !self.is_stopping() {
            let seen = self.queue_version();
            let turn = self.hold_lease().and_then(|()| {
                if !settled {
                    self.settle()?;
                    settled = true;
                }
                self.turn()
            });
            match turn {
                Ok(Turn::Done | Turn::Anew) => {}
                Ok(Turn::Idle) => self.wait(waiting, RENEW_EVERY / 4, Some(seen)),
                Ok(Turn::IdleFor(time)) => {
                    self.wait(waiting, time.min(RENEW_EVERY / 4), Some(seen));
                }
                Ok(Turn::Pause(pause)) => self.wait(waiting, pause.min(RENEW_EVERY / 4), None),
                Err(_) if self.is_stopping() => {}
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "the queue could not go on; trying again");
                    // Whoever took over may have left something half done.
                    self.lease = None;
                    self.engine.0.outlook.drive(None);
                    settled = false;
                    self.jobs.cancel_all();
                    self.wait(waiting, PAUSE, None);
                }
            }
        }
        self.jobs.cancel_all();
        self.give_lease_back();
    }

    /// Finishes or gives up what an earlier driver left: a landing that was recorded, a candidate whose checks ran, a
    /// revision whose ref was not made. What has passed or failed stays so.
    fn settle(&mut self) -> Result<(), Error> {
        self.jobs.cancel_all();
        if let Some(landing) = self.read(|folds| folds.queue.landing_under_way().cloned()) {
            self.carry_out(&landing)?;
        }
        // What runners run, they still run.
        for candidate in self.running_here() {
            self.queue(&Command::Stop { candidate, why: Dropped::Interrupted })?;
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
        while let Some(report) = self.jobs.heard() {
            match self.take(report) {
                // It was withdrawn just now.
                Err(Error::Refused(refusal)) => tracing::info!(%refusal, "a verdict came too late"),
                taken => taken?,
            }
        }
        self.see_trunk()?;
        self.tend_runs()?;
        let (next, wake) = self.plan();
        let mut turn = Turn::Idle;
        for step in next {
            turn = match self.carry(step) {
                // Somebody withdrew what it was about: what is next is another question now.
                Err(Error::Refused(refusal)) => {
                    tracing::info!(%refusal, "the queue has changed meanwhile");
                    return Ok(Turn::Pause(PAUSE));
                }
                carried => carried?,
            };
            if turn == Turn::Anew {
                break;
            }
        }
        if let (Turn::Idle, Some(wake)) = (turn, wake) {
            turn = Turn::IdleFor(wake);
        }
        if turn == Turn::Idle && self.read(|folds| folds.queue.waiting().is_empty()) {
            self.join_packs()?;
        }
        Ok(turn)
    }

    fn carry(&mut self, step: Next) -> Result<Turn, Error> {
        let now = self.engine.now();
        match step {
            Next::Land(candidate, why) => self.land(candidate, why)?,
            Next::Eject(culprit) => self.eject(culprit)?,
            Next::Stop(candidate) => {
                self.queue(&Command::Stop { candidate, why: Dropped::Unneeded })?;
                self.engine.stop_idle_tests();
            }
            Next::Start(..) | Next::Repeat(..) if now < self.not_before => {
                return Ok(Turn::Pause(self.not_before.since(now)));
            }
            Next::Repeat(candidate, why) => self.repeat(candidate, why)?,
            Next::Start(revisions, why) => return self.start(&revisions, why),
        }
        Ok(Turn::Done)
    }

    /// Builds a candidate and begins its checks; or finds, and remembers or records, why it cannot be built.
    fn start(&mut self, revisions: &[RevisionId], why: String) -> Result<Turn, Error> {
        for revision in revisions {
            self.keep_revisions(revision.change)?;
        }
        let onto = self.engine.0.trunk.tip()?;
        let (steps, commit, tree) = match self.run_renewing(|it| it.chain(onto, revisions))? {
            Chained::Whole { steps, commit, tree } => (steps, commit, tree),
            Chained::Behind { revision, other } => {
                self.apart.insert((other, revision));
                return Ok(Turn::Anew);
            }
            Chained::Refused { revision, repair } => {
                self.refuse(revision, &repair)?;
                return Ok(Turn::Anew);
            }
        };
        let (onto, commit, tree) = (onto.to_string(), commit.to_string(), tree.to_string());
        self.queue(&Command::Build { onto, steps, commit, tree, why })?;
        let built = self.read(|folds| folds.queue.standing(revisions).map(|built| built.id));
        // None, if it was withdrawn already.
        if let Some(candidate) = built {
            self.run_checks(candidate, 1)?;
        }
        Ok(Turn::Done)
    }

    /// Begins a run of a candidate's checks, here or at a runner's. What passed on exactly what a check looks at here,
    /// elsewhere, is taken over.
    fn run_checks(&mut self, candidate: CandidateId, run: u32) -> Result<(), Error> {
        let known = |it: &Self| it.read(|folds| folds.queue.candidate(candidate).cloned());
        let Some(built) = known(self) else { return Ok(()) };
        let objects = self.engine.0.trunk.objects();
        let keys = check::keys(objects, built.tree.parse()?, &built.checks, &Machine::Here)?;
        // Nothing is left out of the server's own.
        let keys: Vec<Digest> = keys.into_iter().flatten().collect();
        // The tip itself is tested for what it is, whatever was said of it.
        let proven = match built.steps.is_empty() {
            true => Vec::new(),
            false => self.read(|folds| folds.queue.proven(&built.checks, &keys)),
        };
        if proven.len() < built.checks.len() && !self.has_worker() {
            return self.offer(&built, run);
        }
        for result in proven {
            self.queue(&Command::Finish { candidate, run, result })?;
        }
        known(self).map_or(Ok(()), |known| self.jobs.start(known, run, keys))
    }

    /// Runs the checks of a candidate once more.
    fn repeat(&mut self, candidate: CandidateId, why: String) -> Result<(), Error> {
        self.queue(&Command::Repeat { candidate, why })?;
        match self.read(|folds| folds.queue.candidate(candidate).cloned()) {
            Some(known) => {
                let run = u32::try_from(known.runs.len()).unwrap_or(u32::MAX);
                self.run_checks(known.id, run)
            }
            None => Ok(()),
        }
    }

    /// Records what a job tells.
    fn take(&mut self, report: Report) -> Result<(), Error> {
        let Report { candidate, run, told } = report;
        let known = self.read(|folds| folds.queue.candidate(candidate).cloned());
        let runs = known
            .filter(|known| known.next_check(run).is_some() && self.running().contains(&candidate));
        match (told, runs) {
            (Told::Ran { check, key, ran }, Some(_)) => {
                let log = self.engine.keep_log(&ran.log)?;
                let proven = self.read(|folds| folds.queue.has_passed_in(None));
                let result = ran.result(&check, key, log, proven);
                let verdict = result.verdict;
                self.queue(&Command::Finish { candidate, run, result })?;
                if verdict == Verdict::Broken {
                    tracing::warn!(check = check.name, "a check could not be run");
                    self.pause_after_broken(candidate);
                }
                Ok(())
            }
            (Told::Failed(error), _) => Err(error),
            // It ended without a verdict: somebody cancelled it, or it went wrong.
            (Told::Ended, Some(_)) => {
                self.jobs.forget(candidate, run);
                self.queue(&Command::Stop { candidate, why: Dropped::Interrupted })
            }
            (Told::Ended, None) => {
                self.jobs.forget(candidate, run);
                Ok(())
            }
            // It was dropped meanwhile: nobody asks any more.
            (Told::Ran { .. }, None) => Ok(()),
        }
    }

    /// The candidates whose checks should be running.
    fn running(&self) -> Vec<CandidateId> {
        self.read(|folds| {
            let running = folds.queue.testing().filter(|open| open.is_running());
            running.map(|open| open.id).collect()
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
        self.apart.clear();
        let trunk = self.engine.0.trunk.name().to_owned();
        let gate = self.engine.read_rules(tip)?.gate;
        // The same rules at a new commit are the same gate.
        let same = self.read(|folds| {
            folds.queue.gate().is_some_and(|known| {
                known.checks == gate.checks && known.approvals_needed == gate.approvals_needed
            })
        });
        let set = Command::SetGate { trunk: trunk.clone(), gate };
        let see = Command::SeeTrunk { trunk, tip: tip.to_string() };
        let set = if same { Ok(()) } else { self.queue(&set) };
        // What could not be recorded is not known yet.
        let seen = set.and_then(|()| self.queue(&see));
        seen.inspect_err(|_| self.engine.forget_rules())?;
        self.engine.stop_idle_tests();
        Ok(())
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
    fn pause_after_broken(&mut self, candidate: CandidateId) {
        let known = self.read(|folds| {
            folds.queue.candidate(candidate).map(|known| known.count(RunState::Void))
        });
        let voids = u32::try_from(known.unwrap_or(0)).unwrap_or(u32::MAX);
        let doubled = PAUSE.saturating_mul(2_u32.saturating_pow(voids.min(10)));
        self.not_before = self.engine.now() + doubled.min(PAUSE_MAX);
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

    /// How many facts about the queue are known. Most records are acts of agents, each of whom waits for an answer:
    /// nothing is looked up for those.
    fn queue_version(&self) -> u64 {
        self.engine.queue_version()
    }

    /// Waits for the time given, until a check ends, until it is time to stop, or until there is more to know about the
    /// queue than was `seen`.
    fn wait(&mut self, waiting: &Runtime, time: Duration, seen: Option<u64>) {
        let (mut head, core) = (self.engine.head(), Arc::clone(self.core()));
        let (stop, jobs) = (Arc::clone(&self.stop), &mut self.jobs);
        let more =
            || seen.is_some_and(|seen| core.read(|standing| standing.version(QUEUE)) != seen);
        if self.stop.flag.load(Ordering::SeqCst) || more() {
            return;
        }
        waiting.block_on(async {
            let over = tokio::time::sleep(time);
            tokio::pin!(over);
            loop {
                tokio::select! {
                    () = &mut over => return,
                    () = stop.bell.notified() => return,
                    () = jobs.listen() => return,
                    told = head.changed(), if seen.is_some() => if told.is_err() || more() { return },
                }
            }
        });
    }

    fn is_stopping(&self) -> bool {
        self.stop.flag.load(Ordering::SeqCst)
    }
}

/// The stream of the queue's facts.
const QUEUE: &str = "queue";

fn events(events: Vec<weir_model::event::queue::Event>) -> Vec<Event> {
    events.into_iter().map(Event::from).collect()
}
