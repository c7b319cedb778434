//! The gate, the queue, candidates and landings.

use super::{LINES_MAX, See};
use crate::wire::{Candidate, Check, CheckResult, Landing, Outcome, Queue, Waiting};
use weir_model::config;
use weir_model::event::queue::{Dropped, GateSource};
use weir_queue::Progress;

impl See<'_> {
    /// What is under test, and what waits behind it.
    pub(crate) fn queue(&self) -> Queue {
        let queue = &self.folds.queue;
        let gate = queue.gate();
        let waiting = queue.waiting().iter().take(LINES_MAX).map(|entry| Waiting {
            revision: entry.revision,
            title: self.revision_title(entry.revision),
            task: entry.task,
            since: self.folds.flow.line(entry.task, self.now).map(|line| line.since),
        });
        Queue {
            trunk: queue.trunk().to_owned(),
            tip: queue.tip().map(str::to_owned),
            checks: gate.map(|gate| gate.checks.iter().map(check).collect()).unwrap_or_default(),
            checks_from: gate.map(|gate| source(&gate.source)),
            approvals_needed: gate.map_or(0, |gate| gate.approvals_needed),
            testing: queue.testing().map(|candidate| self.candidate(candidate)),
            waiting: waiting.collect(),
            waiting_total: queue.waiting().len() as u64,
        }
    }

    /// A candidate.
    pub(crate) fn candidate(&self, candidate: &weir_queue::Candidate) -> Candidate {
        let (outcome, why, landing) = match &candidate.outcome {
            weir_queue::Outcome::Testing => (Outcome::Testing, None, None),
            weir_queue::Outcome::Landed(landing) => (Outcome::Landed, None, Some(*landing)),
            weir_queue::Outcome::Ejected(code) => (Outcome::Ejected, Some(code.clone()), None),
            weir_queue::Outcome::Dropped(why) => {
                (Outcome::Dropped, Some(dropped(*why).to_owned()), None)
            }
        };
        Candidate {
            id: candidate.id,
            revision: candidate.revision,
            title: self.revision_title(candidate.revision),
            onto: candidate.onto.clone(),
            commit: candidate.commit.clone(),
            tree: candidate.tree.clone(),
            checks: candidate.checks.iter().map(check).collect(),
            results: candidate.results.iter().map(result).collect(),
            outcome,
            why,
            landing,
        }
    }

    /// A landing.
    pub(crate) fn landing(&self, landing: &weir_queue::Landing) -> Landing {
        let progress = match landing.progress {
            Progress::Started => "started",
            Progress::Landed => "landed",
            Progress::Lost => "lost",
        };
        Landing {
            id: landing.id,
            candidate: landing.candidate,
            revision: landing.revision,
            title: self.revision_title(landing.revision),
            from: landing.from.clone(),
            to: landing.to.clone(),
            tree: landing.tree.clone(),
            progress: progress.to_owned(),
            at: self.folds.flow.landing_since(landing.id),
        }
    }
}

fn check(check: &config::Check) -> Check {
    Check { name: check.name.clone(), run: check.run.clone(), time_limit: check.time_limit }
}

fn result(result: &weir_queue::CheckResult) -> CheckResult {
    CheckResult {
        check: result.check.clone(),
        verdict: result.verdict,
        exit_code: result.exit_code,
        elapsed_ms: result.elapsed_ms,
        log: result.log,
    }
}

/// Where a gate's rules were read, in words.
pub(crate) fn source(source: &GateSource) -> String {
    match source {
        GateSource::Committed(commit) => format!("`weir.toml` at `{}`", short(commit)),
        GateSource::Detected(commit) => format!("found in the repository at `{}`", short(commit)),
    }
}

/// Why a candidate was given up, in words.
pub(crate) fn dropped(why: Dropped) -> &'static str {
    match why {
        Dropped::TrunkMoved => "the trunk moved",
        Dropped::Interrupted => "Weir stopped while it was tested",
        Dropped::CheckBroken => "a check could not be run",
        Dropped::Withdrawn => "its task was withdrawn or its session ended",
    }
}

/// The start of a commit's name, as long as people quote it.
pub(crate) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
