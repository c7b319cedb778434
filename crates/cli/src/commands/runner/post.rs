//! A runner at work: each place takes a run, runs its checks, and tells what came of them, while a thread beside it keeps the
//! run ours.
//!
//! A word of the server's that a run is ours no more, or a silence as long as the lease, ends what runs: it would be told
//! for nothing.

use crate::client::Client;
use crate::error::CommandError;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use weir_engine::check::{Cancel, Facts, How, Ran, Tree, facts};
use weir_git::{Mirror, Remote};
use weir_model::config::Check;
use weir_model::{CandidateId, FencingToken, Lease, Refusal};
use weir_server::wire::{
    Done, LeaveRunner, RenewRun, RenewedRun, ReturnRun, RunCheck, RunEnded, RunOrder, RunReport,
    TakeRun, TakenRun,
};

/// What all places of a runner share.
pub(super) struct Post {
    pub(super) weir: Client,
    pub(super) name: String,
    pub(super) environment: String,
    pub(super) places: u32,
    pub(super) lease: Lease,
    pub(super) mirror: Mutex<Mirror>,
    pub(super) remote: Remote,
    pub(super) trees: PathBuf,
    pub(super) stop: Arc<AtomicBool>,
    /// Held by the one place that asks: what we hold must not change between asking and hearing.
    pub(super) asking: Mutex<()>,
    pub(super) holds: Mutex<BTreeMap<FencingToken, Cancel>>,
    /// What we know of our machine.
    pub(super) facts: Mutex<Facts>,
    pub(super) say: Sender<Word>,
}

/// What a place tells.
pub(super) enum Word {
    /// A check ended, and was told of.
    Ran(Told),
    /// What a person should know.
    Note(String),
    /// The place takes nothing any more.
    Ended(Ended),
}

/// Why a place takes nothing any more.
pub(super) enum Ended {
    /// It was told to stop.
    Stopped,
    /// The server does not let us.
    Failed(CommandError),
}

/// A check that ended here.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    candidate: CandidateId,
    run: u32,
    check: String,
    ended: RunEnded,
    elapsed_ms: u64,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { candidate, check, elapsed_ms, .. } = self;
        let how = match self.ended {
            RunEnded::Exited(0) => "passed".to_owned(),
            RunEnded::Exited(code) => format!("ended with {code}"),
            RunEnded::Signalled => "was ended by a signal".to_owned(),
            RunEnded::TimedOut => "ran too long".to_owned(),
            RunEnded::Broken => "could not be run".to_owned(),
        };
        let seconds = Duration::from_millis(*elapsed_ms).as_secs_f64();
        write!(f, "{candidate} {} {how} in {seconds:.1} s", crate::words::line(check))
    }
}

/// How long the server lets us wait for a run.
const WAIT: Duration = Duration::from_secs(20);
/// Between two tries to reach a server that does not answer, at first and at most.
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// We say at least so often that we are still at it, and hear that nobody asks any more.
const BEAT_MAX: Duration = Duration::from_secs(5);

impl Post {
    /// Takes runs until it is told to stop.
    pub(super) fn serve(&self, place: usize) {
        let ended = self.take_all(place).map_or_else(Ended::Failed, |()| Ended::Stopped);
        self.tell(Word::Ended(ended));
    }

    /// Ends what runs, and tells the server that we go.
    pub(super) fn leave(&self) {
        held(&self.holds).values().for_each(Cancel::cancel);
        let leave = LeaveRunner { name: self.name.clone() };
        if let Err(error) = self.weir.post::<_, Done>("/v1/runners/leave", &leave) {
            let why = said(&error);
            self.note(format!("could not say that this runner goes: {why}; its leases will end"));
        }
    }

    fn take_all(&self, place: usize) -> Result<(), CommandError> {
        let mut pause = PAUSE;
        while !self.is_stopping() {
            let asking = held(&self.asking);
            if self.is_stopping() {
                break;
            }
            match self.take() {
                Ok(None) => pause = PAUSE,
                Ok(Some((order, cancel))) => {
                    pause = PAUSE;
                    drop(asking);
                    self.work(place, &order, &cancel);
                    held(&self.holds).remove(&order.lease);
                }
                Err(error) if may_pass(&error) => {
                    // Said once a trouble, not once a try.
                    if pause == PAUSE {
                        self.note(format!("{}; trying again", said(&error)));
                    }
                    self.sleep(pause);
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Asks for a run. It is known to be held before anybody asks again.
    fn take(&self) -> Result<Option<(RunOrder, Cancel)>, CommandError> {
        let ask = TakeRun {
            name: self.name.clone(),
            environment: self.environment.clone(),
            places: self.places,
            lease: Some(self.lease),
            holds: held(&self.holds).keys().copied().collect(),
            facts: held(&self.facts).clone(),
            wait: Lease::new(WAIT).ok(),
        };
        let taken: TakenRun = self.weir.post("/v1/runners/take", &ask)?;
        Ok(taken.order.map(|order| {
            let cancel = Cancel::new();
            held(&self.holds).insert(order.lease, cancel.clone());
            (order, cancel)
        }))
    }

    /// Runs what was taken, and keeps it ours meanwhile.
    fn work(&self, place: usize, order: &RunOrder, cancel: &Cancel) {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let keeping = scope.spawn(|| self.keep(order, cancel, &done));
            if let Err(why) = self.run(place, order, cancel)
                && !cancel.is_cancelled()
            {
                self.give_back(order, why);
            }
            done.store(true, Ordering::SeqCst);
            keeping.thread().unpark();
        });
    }

    /// Says that we are at it, until we are not; ends what runs when it is ours no more.
    fn keep(&self, order: &RunOrder, cancel: &Cancel, done: &AtomicBool) {
        let length = self.lease.length();
        let beat = (length / 6).min(BEAT_MAX);
        let mut heard = Instant::now();
        loop {
            std::thread::park_timeout(beat);
            if done.load(Ordering::SeqCst) || self.is_stopping() {
                return;
            }
            let asked = Instant::now();
            let renew = RenewRun {
                name: self.name.clone(),
                candidate: order.candidate,
                run: order.run,
                lease: order.lease,
                length: Some(self.lease),
            };
            match self.weir.post::<_, RenewedRun>("/v1/runners/renew", &renew) {
                Ok(_) => heard = asked,
                Err(error) if may_pass(&error) && heard.elapsed() < length => {}
                Err(_) if done.load(Ordering::SeqCst) => return,
                Err(error) => {
                    self.note(format!(
                        "{} is not ours any more: {}",
                        order.candidate,
                        said(&error)
                    ));
                    cancel.cancel();
                    return;
                }
            }
        }
    }

    /// Runs the checks in their order until one does not pass.
    ///
    /// # Errors
    /// Why it cannot be run here.
    fn run(&self, place: usize, order: &RunOrder, cancel: &Cancel) -> Result<(), String> {
        let of_git = |error: weir_git::Error| chain(&error);
        let commit = order.commit.parse().map_err(|refusal: Refusal| refusal.sentence)?;
        let (dir, objects) = {
            let mirror = held(&self.mirror);
            mirror.fetch(&self.remote, &order.name, commit, place).map_err(of_git)?;
            (mirror.dir().to_owned(), mirror.objects().map_err(of_git)?)
        };
        let folder = self.trees.join(place.to_string());
        let tree = Tree::lay_out(&dir, &objects, &folder, &order.commit, &order.tree)
            .map_err(|error| chain(&error))?;
        for check in &order.checks {
            let check = check_of(check);
            if cancel.is_cancelled() {
                break;
            }
            let ran = tree.run(&check, cancel);
            let passed = ran.passed();
            if cancel.is_cancelled() || !self.report(order, &check, ran, cancel) || !passed {
                break;
            }
        }
        Ok(())
    }

    /// Tells what came of a check; says whether it counts. A server that does not answer is asked again until the run is
    /// ours no more.
    fn report(&self, order: &RunOrder, check: &Check, ran: Ran, cancel: &Cancel) -> bool {
        let facts = facts(check);
        held(&self.facts).extend(facts.clone());
        let ended = match ran.how {
            How::Exited(code) => RunEnded::Exited(code),
            How::Signalled => RunEnded::Signalled,
            How::TimedOut => RunEnded::TimedOut,
            How::Broken => RunEnded::Broken,
        };
        let report = RunReport {
            name: self.name.clone(),
            candidate: order.candidate,
            run: order.run,
            lease: order.lease,
            check: check.name.clone(),
            ended,
            elapsed_ms: u64::try_from(ran.elapsed.as_millis()).unwrap_or(u64::MAX),
            log: BASE64_STANDARD.encode(&ran.log),
            facts,
        };
        loop {
            match self.weir.post::<_, Done>("/v1/runners/report", &report) {
                Ok(_) => break,
                Err(error) if may_pass(&error) && !cancel.is_cancelled() => self.sleep(PAUSE),
                Err(error) => {
                    let (name, why) = (&check.name, said(&error));
                    self.note(format!("{name} of {} does not count: {why}", order.candidate));
                    return false;
                }
            }
        }
        let RunReport { candidate, run, check, ended, elapsed_ms, .. } = report;
        self.tell(Word::Ran(Told { candidate, run, check, ended, elapsed_ms }));
        true
    }

    /// Another may be able to run it. What cannot be said is learnt from our silence.
    fn give_back(&self, order: &RunOrder, why: String) {
        self.note(format!("{} cannot be run here: {why}", order.candidate));
        let back = ReturnRun {
            name: self.name.clone(),
            candidate: order.candidate,
            run: order.run,
            lease: order.lease,
            why,
        };
        if let Err(error) = self.weir.post::<_, Done>("/v1/runners/return", &back) {
            self.note(format!("could not give it back: {}", said(&error)));
        }
        // Whoever gets it at once should not be us again.
        self.sleep(PAUSE * 4);
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Sleeps, unless it is time to stop.
    fn sleep(&self, time: Duration) {
        let begun = Instant::now();
        while !self.is_stopping() && begun.elapsed() < time {
            std::thread::sleep(Duration::from_millis(50).min(time));
        }
    }

    fn note(&self, note: String) {
        self.tell(Word::Note(note));
    }

    fn tell(&self, word: Word) {
        // Nobody listens any more: the process ends.
        let _ = self.say.send(word);
    }
}

/// Trouble that is nobody's decision, and may be over in a moment.
fn may_pass(error: &CommandError) -> bool {
    match error {
        CommandError::Unreachable { .. }
        | CommandError::ServerFailed(_)
        | CommandError::Failed { .. } => true,
        // A proxy that stands in for a server that is starting.
        CommandError::Refused(refusal) => refusal.code == "server.not_weir",
        CommandError::NotPassed(_) | CommandError::Unread => false,
    }
}

fn said(error: &CommandError) -> String {
    error.shown().map(|shown| shown.sentence).unwrap_or_default()
}

/// An error and its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}

fn check_of(check: &RunCheck) -> Check {
    let RunCheck { name, run, time_limit, output_limit, toolchain } = check.clone();
    Check { name, run, time_limit, output_limit, paths: None, toolchain }
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
