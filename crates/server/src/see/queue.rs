//! The gate, the queue, candidates and landings.

use super::{LINES_MAX, See};
use crate::wire::{
    Candidate, Check, CheckResult, Frozen, Landing, NotBelieved, Outcome, Queue, Waiting,
};
use weir_model::event::queue::{Dropped, GateSource};
use weir_model::{RevisionId, config};
use weir_queue::{Progress, TipState};

impl See<'_> {
    /// What is under test, and what waits.
    pub(crate) fn queue(&self) -> Queue {
        let queue = &self.folds.queue;
        let gate = queue.gate();
        let waiting = queue.waiting().iter().take(LINES_MAX).map(|entry| self.waiting(entry));
        Queue {
            trunk: queue.trunk().to_owned(),
            tip: queue.tip().map(str::to_owned),
            checks: gate.map(|gate| gate.checks.iter().map(check).collect()).unwrap_or_default(),
            checks_from: gate.map(|gate| source(&gate.source)),
            approvals_needed: gate.map_or(0, |gate| gate.approvals_needed),
            testing: queue.testing().map(|candidate| self.candidate(candidate)).collect(),
            frozen: queue.frozen().map(|freeze| Frozen {
                by: self.person_as_who(freeze.person),
                reason: freeze.reason.clone(),
                since: freeze.since,
            }),
            trunk_red: match queue.tip_state() {
                TipState::Red(candidate) => Some(candidate),
                TipState::Proven | TipState::Unknown | TipState::Open(_) => None,
            },
            runners: self.runners(),
            audits: queue.audits().done,
            not_believed: (queue.audits().escapes.iter())
                .map(|(check, escape)| NotBelieved {
                    check: check.clone(),
                    passed: escape.passed,
                    failed: escape.failed,
                })
                .collect(),
            waiting: waiting.collect(),
            waiting_total: queue.waiting().len() as u64,
        }
    }

    /// A revision that waits.
    pub(crate) fn waiting(&self, entry: &weir_queue::Entry) -> Waiting {
        let part_of = self.folds.queue.testing().filter(|open| open.has(entry.revision));
        let expected = self.outlook.get(&entry.revision);
        Waiting {
            revision: entry.revision,
            title: self.revision_title(entry.revision),
            task: entry.task,
            since: entry.since,
            class: entry.class,
            part_of: part_of.map(|open| open.id).collect(),
            chance: expected.and_then(|expected| expected.chance),
            lands: expected.and_then(|expected| expected.lands),
            because: expected.map(|expected| expected.why.clone()),
        }
    }

    /// A candidate.
    pub(crate) fn candidate(&self, candidate: &weir_queue::Candidate) -> Candidate {
        let (outcome, why, landing) = match &candidate.outcome {
            weir_queue::Outcome::Testing if candidate.is_running() => {
                (Outcome::Testing, None, None)
            }
            weir_queue::Outcome::Testing if candidate.has_passed() => (Outcome::Passed, None, None),
            weir_queue::Outcome::Testing if candidate.failure().is_some() => {
                (Outcome::Failed, None, None)
            }
            weir_queue::Outcome::Testing => (Outcome::Testing, None, None),
            weir_queue::Outcome::Landed(landing) => (Outcome::Landed, None, Some(*landing)),
            weir_queue::Outcome::Ejected(code) => (Outcome::Ejected, Some(code.clone()), None),
            weir_queue::Outcome::Dropped(why) => {
                (Outcome::Dropped, Some(dropped(*why).to_owned()), None)
            }
        };
        let (runner, waits_for_runner) = Self::run_by(candidate);
        Candidate {
            id: candidate.id,
            revisions: candidate.revisions().collect(),
            title: self.titles(candidate.revisions()),
            onto: candidate.onto.clone(),
            commit: candidate.commit.clone(),
            tree: candidate.tree.clone(),
            checks: candidate.checks.iter().map(check).collect(),
            built_because: candidate.why.clone(),
            runs: candidate.runs.len() as u64,
            runner,
            waits_for_runner,
            results: candidate
                .runs
                .last()
                .map(|run| run.results.iter().map(result).collect())
                .unwrap_or_default(),
            outcome,
            why,
            landing,
        }
    }

    /// The title of the first of several revisions, and how many more there are.
    pub(crate) fn titles(&self, mut revisions: impl Iterator<Item = RevisionId>) -> String {
        let Some(first) = revisions.next() else { return "the tip itself".to_owned() };
        let first = self.revision_title(first);
        match revisions.count() {
            0 => first,
            more => format!("{first}, and {more} more"),
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
            revisions: landing.revisions.clone(),
            title: self.titles(landing.revisions.iter().copied()),
            from: landing.from.clone(),
            to: landing.to.clone(),
            tree: landing.tree.clone(),
            why: landing.why.clone(),
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
        taken_from: result.taken_from,
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
        Dropped::Withdrawn => "a change of it left the queue",
        Dropped::Ejected => "a change of it went back to its owner",
        Dropped::Overtaken => "something else landed",
        Dropped::GateChanged => "the gate asks for other checks",
        Dropped::Unneeded => "what it would tell is no longer asked",
    }
}

/// The start of a commit's name, as long as people quote it.
pub(crate) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
