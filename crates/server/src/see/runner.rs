//! Runners, and who runs what.

use super::See;
use crate::wire::{ByRunner, Runner, RunnerRun};
use weir_queue::{Candidate, Place, RunState};

impl See<'_> {
    /// The runners that are here, in the order in which they came.
    pub(crate) fn runners(&self) -> Vec<Runner> {
        let queue = &self.folds.queue;
        let here = queue.runners().filter(|seen| self.now < seen.until);
        let runner = |seen: &weir_queue::Seen| {
            let own = queue.taken().filter(|(_, _, holding)| holding.runner == seen.runner);
            let run = |(candidate, run, holding): (_, u32, &weir_queue::Holding)| {
                let known = queue.candidate(candidate);
                let check = known.and_then(|known| known.next_check(run));
                RunnerRun {
                    candidate,
                    run,
                    check: check.map(|check| check.name.clone()),
                    lease: holding.lease,
                    since: known.and_then(|it| it.run(run)).map_or(self.now, |run| run.since),
                    until: holding.until,
                }
            };
            let token = seen.runner.token;
            Runner {
                name: seen.runner.name.clone(),
                token,
                label: self.folds.guard.token(token).map(|it| it.label.clone()).unwrap_or_default(),
                environment: seen.environment.clone(),
                places: seen.places,
                runs: own.map(run).collect(),
                since: seen.since,
                until: seen.until,
            }
        };
        here.map(runner).collect()
    }

    /// The runner that has a candidate's last run, or had it when it ended; and whether that run waits for one.
    pub(crate) fn run_by(candidate: &Candidate) -> (Option<ByRunner>, bool) {
        let Some(run) = candidate.runs.last() else { return (None, false) };
        let runs = candidate.state_of(run) == RunState::Running;
        match &run.place {
            Place::Here => (None, false),
            Place::Offered => (None, runs),
            Place::Taken(holding) => {
                let (name, token) = (holding.runner.name.clone(), holding.runner.token);
                (Some(ByRunner { name, token }), false)
            }
        }
    }
}
