//! Candidates: revisions merged onto the tip one after another, and what the checks said.

use crate::fold::not_under_test;
use crate::plan::Cause;
use crate::runner::Place;
use crate::{Event, Queue, TipState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use weir_model::config::Check;
use weir_model::event::queue::{Dropped, Step, Verdict};
use weir_model::{CandidateId, Digest, LandingId, Refusal, RevisionId, Timestamp};

/// Revisions merged onto the tip one after another, to be tested as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its id.
    pub id: CandidateId,
    /// The tip it was built on.
    pub onto: String,
    /// Its revisions, in the order they were merged, with the tree after each. None: it is the tip itself, to see whether
    /// the checks pass there at all.
    pub steps: Vec<Step>,
    /// The merge commit.
    pub commit: String,
    /// Its tree: the one that is tested, and the only one that may land.
    pub tree: String,
    /// Why it was built.
    pub why: String,
    /// The checks it must pass: the gate's, as it was built.
    pub checks: Vec<Check>,
    /// Its runs, oldest first.
    pub runs: Vec<Run>,
    /// Where it stands.
    pub outcome: Outcome,
    /// The tip it stands on: `onto`, until the first of its steps land as exactly those trees.
    at: String,
    /// How many of its steps those are.
    landed: usize,
    /// Its revisions that are not on the trunk, by it or by others.
    left: Vec<RevisionId>,
}

/// One run of a candidate's checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// When it began.
    pub since: Timestamp,
    /// What came out so far, in the order of the checks.
    pub results: Vec<CheckResult>,
    /// Why it ended without a verdict, if it was stopped.
    pub stopped: Option<Dropped>,
    /// Where its checks are run.
    #[serde(default)]
    pub place: Place,
    /// How often a runner that had it was lost, or could not run it.
    #[serde(default)]
    pub lost: u32,
    /// What came out for runners that did not finish it, which is proof of what it is about, and nothing more.
    #[serde(default)]
    pub before: Vec<CheckResult>,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// A check runs.
    Running,
    /// Every check passed.
    Passed,
    /// A check failed, or ran too long.
    Failed,
    /// A check could not be run: the machine's fault, not the candidate's.
    Void,
    /// It was stopped: nobody asks any more.
    Stopped,
}

/// Where a candidate stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its checks run or have ended, or its landing is under way.
    Testing,
    /// It is on the trunk.
    Landed(LandingId),
    /// It failed, with this code, and showed that one of its revisions cannot land.
    Ejected(String),
    /// It was given up without a verdict on its changes.
    Dropped(Dropped),
}

/// How one check of a candidate ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The check's name.
    pub check: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Exit code, if it exited.
    pub exit_code: Option<i32>,
    /// How long it ran, in milliseconds.
    pub elapsed_ms: u64,
    /// Its output: the digest of a body.
    pub log: Digest,
    /// What the verdict is about: the digest of the files that the check looks at, of what it is, and of the machine.
    pub key: Digest,
    /// The candidate that this was found out by, of which all that is the same; none: it ran.
    pub taken_from: Option<CandidateId>,
}

impl Run {
    pub(crate) fn begun(since: Timestamp) -> Self {
        let (results, before) = (Vec::new(), Vec::new());
        Self { since, results, stopped: None, place: Place::Here, lost: 0, before }
    }

    /// The environment of the runner that has it, or had it when it ended; none is the server's own.
    pub fn environment(&self) -> Option<&str> {
        match &self.place {
            Place::Taken(holding) => Some(&holding.environment),
            Place::Here | Place::Offered => None,
        }
    }
}

impl Candidate {
    /// Its revisions, in the order they were merged.
    pub fn revisions(&self) -> impl Iterator<Item = RevisionId> + '_ {
        self.steps.iter().map(|step| step.revision)
    }

    /// Whether a revision is among its own.
    pub fn has(&self, revision: RevisionId) -> bool {
        self.revisions().any(|own| own == revision)
    }

    /// The tip it stands on. It was built there, or what landed since is how it begins: by hash, the same trees.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// The revisions that it would add to the tip it stands on.
    pub fn rest(&self) -> Vec<RevisionId> {
        self.revisions().skip(self.landed).collect()
    }

    /// Its revisions that are not on the trunk, also where it can no longer bring them there itself.
    pub fn left(&self) -> &[RevisionId] {
        &self.left
    }

    /// Whether it would land as the very commit that was built.
    pub fn is_on_its_tip(&self) -> bool {
        self.landed == 0
    }

    /// How a run of it stands.
    pub fn state_of(&self, run: &Run) -> RunState {
        let spoken = run.results.iter().find(|result| result.verdict != Verdict::Passed);
        match (run.stopped, spoken.map(|result| result.verdict)) {
            (Some(_), _) => RunState::Stopped,
            (None, Some(Verdict::Failed | Verdict::TimedOut)) => RunState::Failed,
            (None, Some(Verdict::Broken)) => RunState::Void,
            (None, Some(Verdict::Passed) | None) if run.results.len() == self.checks.len() => {
                RunState::Passed
            }
            (None, Some(Verdict::Passed) | None) => RunState::Running,
        }
    }

    /// How many of its runs stand like this.
    pub fn count(&self, state: RunState) -> usize {
        self.runs.iter().filter(|run| self.state_of(run) == state).count()
    }

    /// The next check of a run; none when it is over.
    pub fn next_check(&self, run: u32) -> Option<&Check> {
        let known = self.run(run)?;
        self.checks.get(known.results.len()).filter(|_| self.state_of(known) == RunState::Running)
    }

    /// A run by its number, counted from 1.
    pub fn run(&self, run: u32) -> Option<&Run> {
        self.runs.get((run as usize).checked_sub(1)?)
    }

    /// Whether a run of it is under way.
    pub fn is_running(&self) -> bool {
        self.count(RunState::Running) > 0
    }

    /// Whether every check passed in one of its runs: what is broken does not pass.
    pub fn has_passed(&self) -> bool {
        self.count(RunState::Passed) > 0
    }

    /// The latest result that speaks against it, and in which run.
    pub fn failure(&self) -> Option<(u32, &CheckResult)> {
        let failed = (1..).zip(&self.runs);
        let failed = failed.filter(|(_, run)| self.state_of(run) == RunState::Failed).last();
        failed.and_then(|(number, run)| Some((number, run.results.last()?)))
    }

    /// How many of its steps have landed once `revisions` have, on the tip it stands on and as `tree`; none if it would
    /// not stand on the tip any more, or has nothing to add to it.
    pub(crate) fn after(&self, from: &str, revisions: &[RevisionId], tree: &str) -> Option<usize> {
        let landed = self.landed + revisions.len();
        let begins = self.at == from && self.rest().starts_with(revisions);
        let same = landed.checked_sub(1).and_then(|last| self.steps.get(last));
        (begins && landed < self.steps.len() && same.is_some_and(|step| step.tree == tree))
            .then_some(landed)
    }

    pub(crate) fn go_on_from(&mut self, tip: &str, landed: usize) {
        self.at = tip.to_owned();
        self.landed = landed;
    }

    pub(crate) fn forget(&mut self, landed: &[RevisionId]) {
        self.left.retain(|revision| !landed.contains(revision));
    }

    /// Whether a run of it came to a verdict.
    pub(crate) fn speaks(&self) -> bool {
        self.count(RunState::Passed) + self.count(RunState::Failed) > 0
    }

    pub(crate) fn built(event: &Event, checks: Vec<Check>, since: Timestamp) -> Option<Self> {
        let Event::CandidateBuilt { candidate, onto, steps, commit, tree, why } = event else {
            return None;
        };
        Some(Self {
            id: *candidate,
            onto: onto.clone(),
            steps: steps.clone(),
            commit: commit.clone(),
            tree: tree.clone(),
            why: why.clone(),
            checks,
            runs: vec![Run::begun(since)],
            outcome: Outcome::Testing,
            at: onto.clone(),
            landed: 0,
            left: steps.iter().map(|step| step.revision).collect(),
        })
    }
}

pub(crate) fn build(
    queue: &Queue,
    onto: String,
    steps: Vec<Step>,
    commit: String,
    tree: String,
    why: String,
) -> Result<Vec<Event>, Refusal> {
    let revisions: Vec<RevisionId> = steps.iter().map(|step| step.revision).collect();
    if steps.last().is_some_and(|last| last.tree != tree) {
        let sentence = "what is tested is what the last step gave";
        return Err(Refusal::new("candidate.other_tree", sentence));
    }
    let once: BTreeSet<_> = revisions.iter().collect();
    if once.len() < revisions.len() {
        return Err(Refusal::new("candidate.twice", "a candidate holds a revision once"));
    }
    for (place, revision) in revisions.iter().enumerate() {
        let below = queue.require(*revision)?.below;
        let stands =
            |below: RevisionId| revisions[..place].contains(&below) || queue.has_landed(below);
        if let Some(below) = below.filter(|below| !stands(*below)) {
            let sentence = format!("`{revision}` cannot be built without `{below}` below it");
            return Err(Refusal::new("candidate.without_stack", sentence));
        }
    }
    queue.require_no_landing()?;
    if queue.gate().is_none() {
        return Err(Refusal::new("gate.unset", "the gate's rules are not known yet"));
    }
    if queue.tip() != Some(onto.as_str()) {
        let sentence = format!("the trunk is not at `{onto}`");
        return Err(Refusal::new("candidate.not_on_tip", sentence));
    }
    if let Some(known) = queue.standing(&revisions) {
        let sentence = format!("that is what `{}` is", known.id);
        return Err(Refusal::new("candidate.known", sentence));
    }
    let newest = queue.candidates().next_back().map_or(CandidateId(0), |candidate| candidate.id);
    Ok(vec![Event::CandidateBuilt { candidate: newest.next(), onto, steps, commit, tree, why }])
}

pub(crate) fn repeat(
    queue: &Queue,
    candidate: CandidateId,
    why: String,
) -> Result<Vec<Event>, Refusal> {
    let known = queue.under_test(candidate)?;
    let run = u32::try_from(known.runs.len() + 1).unwrap_or(u32::MAX);
    Ok(vec![Event::CandidateRepeated { candidate, run, why }])
}

pub(crate) fn finish(
    queue: &Queue,
    candidate: CandidateId,
    run: u32,
    result: CheckResult,
) -> Result<Vec<Event>, Refusal> {
    let known = queue.under_test(candidate)?;
    if known.next_check(run).is_none_or(|check| check.name != result.check) {
        let sentence = format!("check `{}` is not the one that runs", result.check);
        return Err(Refusal::new("candidate.wrong_check", sentence));
    }
    if let Some(other) = result.taken_from
        && queue.proof(&result.key).is_none_or(|(known, _)| known != other)
    {
        let sentence = format!("`{other}` does not show that check `{}` passes", result.check);
        return Err(Refusal::new("candidate.no_proof", sentence));
    }
    let CheckResult { check, verdict, exit_code, elapsed_ms, log, key, taken_from } = result;
    let done = known.run(run).map_or(0, |run| run.results.len() + 1);
    let ends = verdict != Verdict::Passed || done == known.checks.len();
    // What has been overtaken is kept for as long as it may still tell something.
    let overtaken = queue.tip() != Some(known.at());
    let failed = matches!(verdict, Verdict::Failed | Verdict::TimedOut);
    let contradicts = failed && crate::audit::is_doubt(queue, known, &check, &key);
    let fails = known.count(RunState::Failed) + 1;
    let (in_doubt, escapes) = (contradicts && fails < FAILS_MIN, contradicts && fails == FAILS_MIN);
    let over = overtaken && ends && !in_doubt && known.count(RunState::Running) == 1;
    let finished = Event::CheckFinished {
        candidate,
        run,
        check,
        verdict,
        exit_code,
        elapsed_ms,
        log,
        key,
        taken_from,
    };
    // What landed is what it was said to be.
    let audited = ends && verdict == Verdict::Passed && crate::audit::is_landed(queue, known);
    let over = over || audited && !overtaken;
    let why = if overtaken { Dropped::Overtaken } else { Dropped::Unneeded };
    let dropped = Event::CandidateDropped { candidate, why };
    // What was tested by a check that did not keep its promise proves nothing any more.
    let landing = queue.landing_under_way().map(|landing| landing.candidate);
    let others = queue
        .testing()
        .map(|open| open.id)
        .filter(|id| escapes && *id != candidate && Some(*id) != landing);
    let others =
        others.map(|candidate| Event::CandidateDropped { candidate, why: Dropped::GateChanged });
    Ok(others.chain([finished]).chain(over.then_some(dropped)).collect())
}

/// Ends the runs of a candidate. What no run of it said anything about, or cannot land any more, is given up whole.
pub(crate) fn stop(
    queue: &Queue,
    candidate: CandidateId,
    why: Dropped,
) -> Result<Vec<Event>, Refusal> {
    let known = queue.under_test(candidate)?;
    if !known.speaks() || queue.tip() != Some(known.at()) {
        return Ok(vec![Event::CandidateDropped { candidate, why }]);
    }
    let running =
        (1..).zip(&known.runs).filter(|(_, run)| known.state_of(run) == RunState::Running);
    Ok(running.map(|(run, _)| Event::RunStopped { candidate, run, why }).collect())
}

/// Who is to leave, and what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Culprit {
    /// The revision.
    pub revision: RevisionId,
    /// A candidate with it that failed.
    pub failing: CandidateId,
    /// A candidate that passed and holds all else that `failing` does; none where that is the tip.
    pub passing: Option<CandidateId>,
    /// What is wrong with it.
    pub cause: Cause,
    /// The numbers that decided it.
    pub why: String,
}

/// So many runs that failed before anybody is sent back: one may be chance.
pub(crate) const FAILS_MIN: usize = 2;

/// Sends a revision back. Nothing less does: it failed twice, upon tips that pass, by itself or with what passes without it on
/// this tip, which passes as well.
pub(crate) fn eject(queue: &Queue, culprit: Culprit) -> Result<Vec<Event>, Refusal> {
    let Culprit { revision, failing, passing, cause, why } = culprit;
    let Some(known) = queue.evidence().find(|known| known.id == failing) else {
        return Err(not_under_test(failing));
    };
    let refused = |why: &str| {
        let sentence = format!("candidate `{failing}` does not show that of `{revision}`: {why}");
        Err(Refusal::new("candidate.no_culprit", sentence))
    };
    let left = known.left();
    let Some((_, failure)) = known.failure().filter(|_| !known.has_passed()) else {
        return refused("it has not failed");
    };
    if queue.entry(revision).is_none() || !left.contains(&revision) {
        return refused("it does not hold it, or that waits no more");
    }
    if queue.tip() != Some(known.at()) && known.rest().len() > 1 {
        return refused("it held others as well, and the trunk has moved on");
    }
    if queue.count_with(revision, RunState::Failed) < FAILS_MIN {
        return refused("it failed once, which may be chance");
    }
    let others: Vec<RevisionId> = left.iter().copied().filter(|one| *one != revision).collect();
    let without = passing.and_then(|passing| queue.evidence().find(|known| known.id == passing));
    let shown = without.is_some_and(|without| {
        let holds = others.iter().all(|one| without.has(*one));
        // Where the trunk stood elsewhere, it may have passed with it: then it does not go with what has landed since.
        let apart = !without.has(revision) || queue.tip() != Some(without.at());
        without.has_passed() && apart && holds
    });
    if !others.is_empty() && !shown {
        return refused("what it was tested with has not passed without it");
    }
    if queue.tip_state() != TipState::Proven {
        return refused("the tip itself has not passed");
    }
    let code = match (cause, failure.verdict) {
        (Cause::Interaction { .. }, _) => "check.interaction",
        (Cause::Content, Verdict::TimedOut) => "check.timed_out",
        (Cause::Content, Verdict::Passed | Verdict::Failed | Verdict::Broken) => "check.failed",
    };
    Ok(ejected(queue, revision, Some(failing), code, why))
}

/// A revision leaves without landing, and with it what it is part of.
pub(crate) fn ejected(
    queue: &Queue,
    revision: RevisionId,
    candidate: Option<CandidateId>,
    code: &str,
    why: String,
) -> Vec<Event> {
    let ejected = Event::RevisionEjected { revision, candidate, code: code.to_owned(), why };
    let others = queue.testing().filter(|open| open.has(revision) && Some(open.id) != candidate);
    let dropped =
        others.map(|open| Event::CandidateDropped { candidate: open.id, why: Dropped::Ejected });
    std::iter::once(ejected).chain(dropped).collect()
}

pub(crate) fn dequeue(queue: &Queue, revision: RevisionId) -> Result<Vec<Event>, Refusal> {
    if queue.entry(revision).is_none() {
        return Ok(Vec::new());
    }
    queue.require_not_landing(revision)?;
    let drop = queue
        .testing()
        .filter(|open| open.has(revision))
        .map(|open| Event::CandidateDropped { candidate: open.id, why: Dropped::Withdrawn });
    Ok(drop.chain([Event::RevisionDequeued { revision }]).collect())
}
