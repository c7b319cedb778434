//! Candidates: the merge of one revision onto the tip, and what its checks said.

use crate::{Event, Queue};
use serde::{Deserialize, Serialize};
use weir_model::config::Check;
use weir_model::event::queue::{Dropped, Verdict};
use weir_model::{CandidateId, Digest, LandingId, Refusal, RevisionId};

/// The merge of one revision onto the tip, built to be tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its id.
    pub id: CandidateId,
    /// The revision.
    pub revision: RevisionId,
    /// The tip it was built on.
    pub onto: String,
    /// The merge commit.
    pub commit: String,
    /// Its tree.
    pub tree: String,
    /// The checks it must pass: the gate's, as it was built.
    pub checks: Vec<Check>,
    /// What came out so far.
    pub results: Vec<CheckResult>,
    /// Where it stands.
    pub outcome: Outcome,
}

/// Where a candidate stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Checks are running, or its landing is under way.
    Testing,
    /// It is on the trunk.
    Landed(LandingId),
    /// It failed, with this code.
    Ejected(String),
    /// It was given up without a verdict on its change.
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
}

impl Candidate {
    pub(crate) fn new(
        id: CandidateId,
        revision: RevisionId,
        onto: &str,
        commit: &str,
        tree: &str,
        checks: Vec<Check>,
    ) -> Self {
        Self {
            id,
            revision,
            onto: onto.to_owned(),
            commit: commit.to_owned(),
            tree: tree.to_owned(),
            checks,
            results: Vec::new(),
            outcome: Outcome::Testing,
        }
    }

    /// The next check to run; none when all have passed.
    pub fn next_check(&self) -> Option<&Check> {
        self.checks.get(self.results.len())
    }

    /// Whether every check ran and passed.
    pub fn has_passed(&self) -> bool {
        let passed = self.results.iter().all(|result| result.verdict == Verdict::Passed);
        passed && self.results.len() == self.checks.len()
    }
}

/// How often a check is tried that cannot be run.
const BROKEN_MAX: u32 = 3;

pub(crate) fn build(
    queue: &Queue,
    revision: RevisionId,
    onto: String,
    commit: String,
    tree: String,
) -> Result<Vec<Event>, Refusal> {
    queue.first(revision)?;
    if queue.tip() != Some(onto.as_str()) {
        let sentence = format!("the trunk is not at `{onto}`");
        return Err(Refusal::new("candidate.not_on_tip", sentence));
    }
    let last = queue.candidates().next_back().map_or(CandidateId(0), |candidate| candidate.id);
    Ok(vec![Event::CandidateBuilt { candidate: last.next(), revision, onto, commit, tree }])
}

pub(crate) fn finish(
    queue: &Queue,
    candidate: CandidateId,
    result: CheckResult,
) -> Result<Vec<Event>, Refusal> {
    let known = queue.under_test(candidate)?;
    if known.next_check().is_none_or(|check| check.name != result.check) {
        let sentence = format!("check `{}` is not the one that runs", result.check);
        return Err(Refusal::new("candidate.wrong_check", sentence));
    }
    let CheckResult { check, verdict, exit_code, elapsed_ms, log } = result;
    let finished = Event::CheckFinished { candidate, check, verdict, exit_code, elapsed_ms, log };
    let eject = |code: &str| Event::RevisionEjected {
        revision: known.revision,
        candidate: Some(candidate),
        code: code.to_owned(),
    };
    Ok(match verdict {
        Verdict::Passed => vec![finished],
        Verdict::Failed => vec![finished, eject("check.failed")],
        Verdict::TimedOut => vec![finished, eject("check.timed_out")],
        // A check that never runs must not hold everybody up for ever.
        Verdict::Broken if queue.tries(known.revision) + 1 >= BROKEN_MAX => {
            vec![finished, eject("check.broken")]
        }
        Verdict::Broken => {
            vec![finished, Event::CandidateDropped { candidate, why: Dropped::CheckBroken }]
        }
    })
}

pub(crate) fn dequeue(queue: &Queue, revision: RevisionId) -> Result<Vec<Event>, Refusal> {
    if queue.entry(revision).is_none() {
        return Ok(Vec::new());
    }
    let testing = queue.testing().filter(|candidate| candidate.revision == revision);
    if testing.is_some() && queue.landing_under_way().is_some() {
        let sentence = format!("revision `{revision}` is landing");
        return Err(Refusal::new("landing.under_way", sentence).hint("cut a task that undoes it"));
    }
    let drop = testing.map(|candidate| Event::CandidateDropped {
        candidate: candidate.id,
        why: Dropped::Withdrawn,
    });
    Ok(drop.into_iter().chain([Event::RevisionDequeued { revision }]).collect())
}
