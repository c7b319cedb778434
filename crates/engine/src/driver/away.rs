//! Runs that this server has no worker for: offered to runners, taken back where one died, taken up where none came.

use super::Drive;
use crate::Error;
use crate::check::{self, Machine};
use crate::meet::runners::NO_RUNNER;
use weir_model::event::queue::Verdict;
use weir_model::{CandidateId, Digest, Timestamp};
use weir_queue::{Candidate, CheckResult, Command, Place, RunnerCommand};

/// So many runners may lose one run before it is told to be broken: it may be what kills them.
const LOST_MAX: u32 = 3;

impl Drive {
    /// Whether a run that begins now is one for a worker of this server. Where there are workers and no runner, it always is.
    pub(super) fn has_worker(&self) -> bool {
        let workers = self.engine.rules().queue.workers as usize;
        let alone = || self.read(|folds| folds.queue.places(self.engine.now())) == 0;
        self.jobs.busy() < workers || (workers > 0 && alone())
    }

    /// The candidates of which something is run by workers of this server.
    pub(super) fn running_here(&self) -> Vec<CandidateId> {
        self.read(|folds| {
            let here = folds.queue.under_way_at().filter(|(_, _, place)| **place == Place::Here);
            let mut here: Vec<CandidateId> = here.map(|(candidate, _, _)| candidate).collect();
            here.dedup();
            here
        })
    }

    /// Lets a run be taken by a runner, who must be able to fetch it.
    pub(super) fn offer(&mut self, candidate: &Candidate, run: u32) -> Result<(), Error> {
        self.engine.keep_candidate(candidate)?;
        let candidate = candidate.id;
        self.queue(&Command::Runner(RunnerCommand::Offer { candidate, run }))
    }

    /// Takes back what nobody holds any more, and takes up what nobody took and there is a worker for.
    pub(super) fn tend_runs(&mut self) -> Result<(), Error> {
        let now = self.engine.now();
        for (candidate, run) in self.expired(now) {
            let expire = RunnerCommand::Expire { candidate, run, now };
            self.attempt(&Command::Runner(expire))?;
        }
        for (candidate, run) in self.lost() {
            self.give_up_run(candidate, run)?;
        }
        while self.has_worker() {
            let Some((candidate, run)) = self.read(|folds| folds.queue.offered().next()) else {
                break;
            };
            let recall = RunnerCommand::Recall { candidate, run };
            // A runner may just have taken it.
            if self.attempt(&Command::Runner(recall))? {
                self.run_checks(candidate, run)?;
            }
        }
        Ok(())
    }

    fn expired(&self, now: Timestamp) -> Vec<(CandidateId, u32)> {
        self.read(|folds| {
            let expired = folds.queue.taken().filter(|(_, _, holding)| holding.until <= now);
            expired.map(|(candidate, run, _)| (candidate, run)).collect()
        })
    }

    /// What waits for a runner and was lost too often.
    fn lost(&self) -> Vec<(CandidateId, u32)> {
        self.read(|folds| {
            let lost = folds.queue.offered().filter(|(candidate, run)| {
                let known = folds.queue.candidate(*candidate).and_then(|known| known.run(*run));
                known.is_some_and(|run| run.lost >= LOST_MAX)
            });
            lost.collect()
        })
    }

    /// The next check of a run could not be run, wherever it was tried. That says nothing about the change.
    fn give_up_run(&mut self, candidate: CandidateId, run: u32) -> Result<(), Error> {
        let Some(known) = self.read(|folds| folds.queue.candidate(candidate).cloned()) else {
            return Ok(());
        };
        let Some(next) = known.next_check(run) else { return Ok(()) };
        let (objects, tree) = (self.engine.0.trunk.objects(), known.tree.parse()?);
        let keys = check::keys(objects, tree, std::slice::from_ref(next), &Machine::Here)?;
        let log = self.engine.keep_log(NO_RUNNER.as_bytes())?;
        let result = CheckResult {
            check: next.name.clone(),
            verdict: Verdict::Broken,
            exit_code: None,
            elapsed_ms: 0,
            log,
            key: keys.into_iter().flatten().next().unwrap_or(Digest::of(b"")),
            taken_from: None,
        };
        if self.attempt(&Command::Finish { candidate, run, result })? {
            tracing::warn!(%candidate, run, "no runner finished a run that several took");
            self.pause_after_broken(candidate);
        }
        Ok(())
    }

    /// Records what a command comes to, unless somebody was faster; says which.
    fn attempt(&mut self, command: &Command) -> Result<bool, Error> {
        match self.queue(command) {
            Ok(()) => Ok(true),
            Err(Error::Refused(refusal)) => {
                tracing::info!(%refusal, "a run is no longer where it was");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}
