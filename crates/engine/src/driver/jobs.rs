//! The checks that run: a thread for each candidate, which tells the driver what came out and records nothing itself.

use crate::check::{Cancel, Ran, Tree};
use crate::{Engine, Error};
use std::collections::{BTreeMap, VecDeque};
use std::sync::PoisonError;
use std::thread::JoinHandle;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use weir_model::config::Check;
use weir_model::{CandidateId, Digest};
use weir_queue::Candidate;

/// What a job tells the driver.
pub(super) struct Report {
    pub(super) candidate: CandidateId,
    pub(super) run: u32,
    pub(super) told: Told,
}

pub(super) enum Told {
    /// A check ran to its end.
    Ran { check: Check, key: Digest, ran: Ran },
    /// It could not go on, for a reason that has nothing to do with the candidate.
    Failed(Error),
    /// The thread is at its end: the last that is heard of it.
    Ended,
}

/// The jobs that run. Dropped, they are cancelled and waited for.
pub(super) struct Jobs {
    engine: Engine,
    threads: BTreeMap<(CandidateId, u32), JoinHandle<()>>,
    tell: UnboundedSender<Report>,
    hear: UnboundedReceiver<Report>,
    heard: VecDeque<Report>,
}

impl Jobs {
    pub(super) fn new(engine: Engine) -> Self {
        let (tell, hear) = mpsc::unbounded_channel();
        Self { engine, threads: BTreeMap::new(), tell, hear, heard: VecDeque::new() }
    }

    /// How many run.
    pub(super) fn busy(&self) -> usize {
        self.threads.len()
    }

    /// Begins a run of a candidate's checks, if it has any.
    pub(super) fn start(
        &mut self,
        candidate: Candidate,
        number: u32,
        keys: Vec<Digest>,
    ) -> Result<(), Error> {
        let (engine, tell, id) = (self.engine.clone(), self.tell.clone(), candidate.id);
        let cancel = Cancel::new();
        let tests = &self.engine.0.tests;
        tests.lock().unwrap_or_else(PoisonError::into_inner).insert((id, number), cancel.clone());
        // It may have been withdrawn between its record and now, when there was nothing yet to cancel.
        self.engine.stop_idle_tests();
        let thread =
            std::thread::Builder::new().name(format!("check-{id}-{number}")).spawn(move || {
                // Told also where the thread panics, so that the driver never waits for a job that is gone.
                let _ended = Ended { candidate: id, run: number, tell: tell.clone() };
                let report = |told| {
                    // Nobody listens any more: the driver is gone.
                    let _ = tell.send(Report { candidate: id, run: number, told });
                };
                if let Err(error) = run(&engine, &candidate, number, &keys, &cancel, &report) {
                    report(Told::Failed(error));
                }
            });
        let thread = thread.map_err(crate::error::io_failed("start the checks of a candidate"))?;
        self.threads.insert((id, number), thread);
        Ok(())
    }

    /// The next thing that a job told, if there is one.
    pub(super) fn heard(&mut self) -> Option<Report> {
        self.heard.pop_front().or_else(|| self.hear.try_recv().ok())
    }

    /// Waits until there is something to hear.
    pub(super) async fn listen(&mut self) {
        if self.heard.is_empty() {
            // Never the end: we hold a sender ourselves.
            self.heard.extend(self.hear.recv().await);
        }
    }

    /// Waits, on this thread, until there is something to hear; says whether there ever will be.
    #[cfg(test)]
    pub(super) fn wait(&mut self) -> bool {
        if self.heard.is_empty() && !self.threads.is_empty() {
            self.heard.extend(self.hear.blocking_recv());
        }
        !self.heard.is_empty()
    }

    /// A job is over.
    pub(super) fn forget(&mut self, candidate: CandidateId, run: u32) {
        let tests = &self.engine.0.tests;
        tests.lock().unwrap_or_else(PoisonError::into_inner).remove(&(candidate, run));
        if let Some(thread) = self.threads.remove(&(candidate, run)) {
            // A panic in it was reported when it happened.
            let _ = thread.join();
        }
    }

    /// Ends all jobs, and what they told and nobody heard yet.
    pub(super) fn cancel_all(&mut self) {
        for cancel in self.engine.0.tests.lock().unwrap_or_else(PoisonError::into_inner).values() {
            cancel.cancel();
        }
        for (candidate, run) in self.threads.keys().copied().collect::<Vec<_>>() {
            self.forget(candidate, run);
        }
        while self.heard().is_some() {}
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.cancel_all();
    }
}

struct Ended {
    candidate: CandidateId,
    run: u32,
    tell: UnboundedSender<Report>,
}

impl Drop for Ended {
    fn drop(&mut self) {
        // Nobody listens any more: the driver is gone.
        let Self { candidate, run, ref tell } = *self;
        let _ = tell.send(Report { candidate, run, told: Told::Ended });
    }
}

/// Runs the checks in their order until one does not pass, or somebody cancels.
fn run(
    engine: &Engine,
    candidate: &Candidate,
    number: u32,
    keys: &[Digest],
    cancel: &Cancel,
    report: &impl Fn(Told),
) -> Result<(), Error> {
    engine.keep_candidate(candidate)?;
    // What is known already need not be run.
    let known = candidate.run(number).map_or(0, |run| run.results.len());
    let left = candidate.checks.iter().zip(keys).skip(known);
    if left.len() == 0 {
        return Ok(());
    }
    let (trunk, name) = (&engine.0.trunk, format!("{}-{number}", candidate.id));
    let folder = engine.trees().join("gate").join(name);
    let (commit, tree) = (&candidate.commit, &candidate.tree);
    let tree = Tree::lay_out(trunk.dir(), trunk.objects(), &folder, commit, tree)?;
    for (check, key) in left {
        if cancel.is_cancelled() {
            return Ok(());
        }
        let ran = tree.run(check, cancel);
        if cancel.is_cancelled() {
            return Ok(());
        }
        let passed = ran.passed();
        report(Told::Ran { check: check.clone(), key: *key, ran });
        if !passed {
            return Ok(());
        }
    }
    Ok(())
}

impl Engine {
    /// Lets runners, the owners and anybody else fetch what is tested.
    pub(super) fn keep_candidate(&self, candidate: &Candidate) -> Result<(), Error> {
        let (name, commit) =
            (crate::meet::runners::ref_of(candidate.id), candidate.commit.parse()?);
        self.0.trunk.create_ref(&name, commit)?;
        Ok(())
    }
}
