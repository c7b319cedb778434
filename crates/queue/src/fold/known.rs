//! What is known of the queue.

use super::{Entry, Freeze, Gate, Queue, TipState};
use crate::candidate::{Candidate, CheckResult, RunState};
use crate::landing::{Landing, Progress};
use crate::past::Past;
use weir_model::config::Check;
use weir_model::event::queue::{Class, Verdict};
use weir_model::{CandidateId, ChangeId, Digest, LandingId, RevisionId, Timestamp};

impl Queue {
    /// The trunk's name; empty until the gate is set.
    pub fn trunk(&self) -> &str {
        &self.trunk
    }

    /// Where the trunk stands.
    pub fn tip(&self) -> Option<&str> {
        self.tip.as_deref()
    }

    /// The gate's rules, once they are set.
    pub fn gate(&self) -> Option<&Gate> {
        self.gate.as_ref()
    }

    /// Who froze the queue, and why, if somebody did.
    pub fn frozen(&self) -> Option<&Freeze> {
        self.frozen.as_ref()
    }

    /// How urgent a change is.
    pub fn class(&self, change: ChangeId) -> Class {
        self.classes.get(&change).copied().unwrap_or_default()
    }

    /// Until when the place of a change under repair is kept.
    pub fn place_until(&self, change: ChangeId) -> Option<Timestamp> {
        self.places.get(&change).map(|place| place.until)
    }

    /// What waits, first to land first; what is under test or landing waits as well.
    pub fn waiting(&self) -> &[Entry] {
        &self.waiting
    }

    /// The place of a revision in the queue, counted from 0, and its entry.
    pub fn entry(&self, revision: RevisionId) -> Option<(usize, &Entry)> {
        self.waiting.iter().enumerate().find(|(_, entry)| entry.revision == revision)
    }

    /// The candidates that may still land, oldest first: their checks run, or have ended.
    pub fn testing(&self) -> impl DoubleEndedIterator<Item = &Candidate> {
        self.testing.iter().filter_map(|candidate| self.candidate(*candidate))
    }

    /// All candidates that say something about a revision that waits, or will: those that may still land the last.
    pub fn evidence(&self) -> impl Iterator<Item = &Candidate> {
        let spoken = self.spoken.iter().chain(&self.testing);
        spoken.filter_map(|candidate| self.candidate(*candidate))
    }

    /// Whether a revision is on the trunk.
    pub fn has_landed(&self, revision: RevisionId) -> bool {
        let landed = |landing: &Landing| {
            landing.progress == Progress::Landed && landing.revisions.contains(&revision)
        };
        self.landings.values().rev().any(landed)
    }

    /// What landed since the trunk stood here, the latest first; none if others moved it in between.
    pub fn landed_since(&self, tip: &str) -> Option<Vec<RevisionId>> {
        let mut landed = Vec::new();
        let (mut at, all) = (self.tip.as_deref(), self.landings.values().rev());
        for landing in all.filter(|landing| landing.progress == Progress::Landed) {
            if at == Some(tip) || at != Some(&landing.to) {
                break;
            }
            landed.extend(landing.revisions.iter().rev());
            at = Some(&landing.from);
        }
        (at == Some(tip)).then_some(landed)
    }

    /// What its history says about what comes.
    pub fn past(&self) -> &Past {
        &self.past
    }

    /// The candidate that may still land and would add exactly these revisions to the tip, in this order.
    pub fn standing(&self, revisions: &[RevisionId]) -> Option<&Candidate> {
        self.testing()
            .find(|open| self.tip.as_deref() == Some(open.at()) && open.rest() == revisions)
    }

    /// Whether the tip passes the gate's checks by itself.
    pub fn tip_state(&self) -> TipState {
        let asks = self.gate.as_ref().is_some_and(|gate| !gate.checks.is_empty());
        let is_proven = self.proven.is_some() && self.proven == self.tip;
        let red = |tip: &Candidate| {
            !tip.has_passed() && tip.count(RunState::Failed) >= crate::candidate::FAILS_MIN
        };
        match self.standing(&[]) {
            _ if !asks => TipState::Proven,
            // Also where it landed by verdicts that were taken over: this one was found out here.
            Some(tip) if red(tip) => TipState::Red(tip.id),
            _ if is_proven => TipState::Proven,
            None => TipState::Unknown,
            Some(tip) => TipState::Open(tip.id),
        }
    }

    /// The landing under way: recorded, and perhaps not done.
    pub fn landing_under_way(&self) -> Option<&Landing> {
        self.landing(self.landing?)
    }

    /// A candidate.
    pub fn candidate(&self, candidate: CandidateId) -> Option<&Candidate> {
        self.candidates.get(&candidate)
    }

    /// The candidate whose check passed on exactly this, and what came out.
    pub fn proof(&self, key: &Digest) -> Option<(CandidateId, &CheckResult)> {
        let known = self.proofs.iter().rev().filter(|(known, _)| known == key);
        known.into_iter().find_map(|(_, candidate)| {
            let runs = self.candidate(*candidate)?.runs.iter();
            let results = runs.flat_map(|run| run.results.iter().chain(&run.before));
            let mut passed =
                results.filter(|result| result.key == *key && result.verdict == Verdict::Passed);
            passed.next().map(|result| (*candidate, result))
        })
    }

    /// The first of these checks, as far as each is known to pass on exactly what its key is about.
    pub fn proven(&self, checks: &[Check], keys: &[Digest]) -> Vec<CheckResult> {
        let known = checks.iter().zip(keys).map_while(|(check, key)| {
            let (from, known) = self.proof(key)?;
            let (check, taken_from) = (check.name.clone(), Some(from));
            Some(CheckResult { check, elapsed_ms: 0, taken_from, ..known.clone() })
        });
        known.collect()
    }

    /// All candidates, oldest first.
    pub fn candidates(&self) -> impl DoubleEndedIterator<Item = &Candidate> {
        self.candidates.values()
    }

    /// A landing.
    pub fn landing(&self, landing: LandingId) -> Option<&Landing> {
        self.landings.get(&landing)
    }

    /// All landings, oldest first.
    pub fn landings(&self) -> impl DoubleEndedIterator<Item = &Landing> {
        self.landings.values()
    }
}
