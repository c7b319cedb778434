//! Whether checks keep what their `paths` promise. What a landing took over is run after it, in a sample, on the very tree that
//! landed. A check that fails there, twice, on what its verdict said that it passes, looks at more than it promised: it is an
//! escape. From then on it is taken to look at everything, until its rule changes. So each escape makes the rule stricter, and
//! costs nothing where nobody promised anything.

use crate::candidate::FAILS_MIN;
use crate::{Candidate, Gate, Next, Queue, RunState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_model::config::Check;
use weir_model::{CandidateId, Digest, LandingId};

/// What was found so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audits {
    /// How many landings were tested again.
    pub done: u64,
    /// The checks that are not believed, by name.
    pub escapes: BTreeMap<String, Escape>,
    /// How many of the next landings that took something over are all tested again.
    closely: u32,
}

/// A check that failed on what it was said to pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escape {
    /// The check, with the promise that it did not keep.
    pub check: Check,
    /// Where it had passed.
    pub passed: CandidateId,
    /// Where it failed: a tip of the trunk.
    pub failed: CandidateId,
}

/// The first landing that took something over is tested again, in whole, then one in so many,
const ONE_IN: u64 = 10;
/// and after an escape each of so many.
const CLOSELY: u32 = 20;

impl Queue {
    /// What came of testing again what had landed by verdicts that were taken over.
    pub fn audits(&self) -> &Audits {
        &self.audits
    }

    /// The gate's checks as they are believed: what one that broke its promise says of `paths` does not count.
    pub fn checks(&self) -> Vec<Check> {
        let checks = self.gate().map(|gate| gate.checks.as_slice()).unwrap_or_default();
        let believed = |check: &Check| {
            let broken = self.audits.escapes.get(&check.name).is_some_and(|it| it.check == *check);
            Check { paths: check.paths.clone().filter(|_| !broken), ..check.clone() }
        };
        checks.iter().map(believed).collect()
    }

    /// A check of a candidate ended, and is on its record.
    pub(crate) fn audit(&mut self, candidate: CandidateId, name: &str, key: &Digest) {
        let Some(known) = self.candidate(candidate).filter(|known| is_landed(self, known)) else {
            return;
        };
        if known.count(RunState::Passed) == 1 && !known.is_running() {
            self.audits.done += 1;
            self.audits.closely = self.audits.closely.saturating_sub(1);
            return;
        }
        if known.count(RunState::Failed) != FAILS_MIN || !is_doubt(self, known, name, key) {
            return;
        }
        let declared = self.gate().and_then(|gate| promise(gate, name)).cloned();
        let passed = self.proof(key).map(|(from, _)| from);
        if let (Some(check), Some(passed)) = (declared, passed) {
            self.audits.done += 1;
            self.audits.closely = CLOSELY;
            let escape = Escape { check, passed, failed: candidate };
            self.audits.escapes.insert(name.to_owned(), escape);
            self.forget_verdicts();
        }
    }

    /// Forgets promises that nobody makes any more.
    pub(crate) fn audit_gate(&mut self) {
        let gate = self.gate().cloned();
        let is_made = |name: &String, escape: &mut Escape| {
            gate.as_ref().and_then(|gate| promise(gate, name)) == Some(&escape.check)
        };
        self.audits.escapes.retain(is_made);
    }
}

fn promise<'a>(gate: &'a Gate, name: &str) -> Option<&'a Check> {
    gate.checks.iter().find(|check| check.name == name && check.paths.is_some())
}

/// Whether a check of the tip that fails now contradicts what it was said to pass, and nobody knows yet whether that is chance.
pub(crate) fn is_doubt(queue: &Queue, known: &Candidate, check: &str, key: &Digest) -> bool {
    let passed = || queue.proof(key).is_some_and(|(from, _)| from != known.id);
    // What it is believed to look at was what it was asked with.
    let promised = || known.checks.iter().any(|it| it.name == check && it.paths.is_some());
    is_landed(queue, known) && !known.has_passed() && promised() && passed()
}

fn is_in_doubt(queue: &Queue, open: &Candidate) -> bool {
    let failure = open.failure().filter(|_| open.count(RunState::Failed) < FAILS_MIN);
    failure.is_some_and(|(_, it)| is_doubt(queue, open, &it.check, &it.key))
}

/// Whether it is still asked for though the trunk has moved on: what it tells is about promises, not about the tip.
pub(crate) fn goes_on(queue: &Queue, open: &Candidate) -> bool {
    is_landed(queue, open) && (open.is_running() || is_in_doubt(queue, open))
}

/// Whether it is where the trunk stands, or stood, because something landed.
pub(crate) fn is_landed(queue: &Queue, known: &Candidate) -> bool {
    known.steps.is_empty() && queue.landings().rev().any(|landing| landing.to == known.onto)
}

/// What is to be tested again: the tip, where it landed by verdicts that were taken over, or once more what failed so.
pub(crate) fn next(queue: &Queue) -> Option<Next> {
    if let Some(open) = queue.testing().find(|open| !open.is_running() && is_in_doubt(queue, open))
    {
        let why = "it failed what it was said to pass, which may be chance".to_owned();
        return Some(Next::Repeat(open.id, why));
    }
    let landing = queue.landings().next_back().filter(|it| queue.tip() == Some(it.to.as_str()))?;
    let landed = queue.candidate(landing.candidate)?;
    let passing = landed.runs.iter().find(|run| landed.state_of(run) == RunState::Passed)?;
    let taken = passing.results.iter().filter(|result| result.taken_from.is_some());
    let promised = |name: &str| queue.gate().is_some_and(|gate| promise(gate, name).is_some());
    let taken = taken.filter(|result| promised(&result.check)).count();
    let since = queue.candidates().rev().take_while(|other| other.id > landing.candidate);
    let is_known = since.into_iter().any(|it| it.steps.is_empty() && it.onto == landing.to);
    let is_due = taken > 0 && !is_known && is_sampled(queue, landing.id);
    is_due.then(|| {
        let verdicts = match taken {
            1 => "a verdict".to_owned(),
            taken => format!("{taken} verdicts"),
        };
        let why = format!("an audit: `{}` took {verdicts} over from elsewhere", landing.candidate);
        Next::Start(Vec::new(), why)
    })
}

/// By the landing's own number, so that the same history gives the same sample, and nobody chooses what is in it.
fn is_sampled(queue: &Queue, landing: LandingId) -> bool {
    let digest = Digest::of(format!("audit {landing}").as_bytes()).to_string();
    let number = u64::from_str_radix(digest.get(..8).unwrap_or_default(), 16).unwrap_or(0);
    let Audits { done, closely, .. } = queue.audits;
    done == 0 || closely > 0 || number % ONE_IN == 0
}
