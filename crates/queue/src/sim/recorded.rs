//! The history of a repository's own queue, as its ledger has it.

use super::trace::{Came, Fate, Trace};
use std::collections::BTreeMap;
use weir_model::event::queue::{Event as QueueEvent, Verdict};
use weir_model::event::review::Event as ReviewEvent;
use weir_model::{CandidateId, Event, LandingId, RevisionId, Timestamp};

/// Gathers a trace from the records of a ledger, one after another.
#[derive(Debug, Default)]
pub struct Recorded {
    came: Vec<Came>,
    places: BTreeMap<RevisionId, usize>,
    paths: BTreeMap<RevisionId, Vec<String>>,
    candidates: BTreeMap<CandidateId, Tested>,
    landings: BTreeMap<LandingId, (CandidateId, Vec<RevisionId>)>,
}

/// A candidate, and how its runs went.
#[derive(Debug, Default)]
struct Tested {
    /// The revision that it was built for: the last of those in it. None: it is the tip.
    last: Option<RevisionId>,
    runs: BTreeMap<u32, Went>,
}

#[derive(Debug, Default)]
struct Went {
    took_ms: u64,
    has_failed: bool,
}

impl Recorded {
    /// Takes in what was recorded at a moment.
    pub fn take(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Queue(event) => {
                self.take_queue(u64::try_from(at.as_millis()).unwrap_or(0), event)
            }
            Event::Review(ReviewEvent::RevisionSubmitted { revision, paths, .. }) => {
                self.paths.insert(*revision, paths.clone());
            }
            Event::Review(_) | Event::Guard(_) | Event::Act(_) | Event::Work(_) => {}
        }
    }

    /// What came of all that.
    pub fn trace(mut self) -> Trace {
        for tested in self.candidates.values() {
            let Some(came) = tested.last.and_then(|last| self.places.get(&last)) else { continue };
            let longest = tested.runs.values().map(|went| went.took_ms).max().unwrap_or(0);
            let came = &mut self.came[*came];
            came.checks_ms = came.checks_ms.max(longest);
        }
        // What was never tested would have taken as long as others do.
        let mut known: Vec<u64> =
            self.came.iter().map(|came| came.checks_ms).filter(|took| *took > 0).collect();
        known.sort_unstable();
        let median = known.get(known.len() / 2).copied().unwrap_or(0);
        for came in self.came.iter_mut().filter(|came| came.checks_ms == 0) {
            came.checks_ms = median;
        }
        Trace::of(self.came)
    }

    fn take_queue(&mut self, at_ms: u64, event: &QueueEvent) {
        match event {
            QueueEvent::RevisionQueued { revision, .. } => {
                self.places.entry(*revision).or_insert_with(|| {
                    self.came.push(Came {
                        change: revision.to_string(),
                        came_ms: at_ms,
                        checks_ms: 0,
                        verdict: Fate::Waiting,
                        left_ms: None,
                        builds: Some(0),
                        flakes: Some(0),
                        paths: self.paths.remove(revision).unwrap_or_default(),
                    });
                    self.came.len() - 1
                });
            }
            QueueEvent::RevisionDequeued { revision } => {
                self.left(*revision, at_ms, Fate::Withdrawn);
            }
            QueueEvent::RevisionEjected { revision, code, .. } => {
                let is_merge = code.starts_with("merge.");
                let fate = if is_merge { Fate::Conflict } else { Fate::Failed };
                self.left(*revision, at_ms, fate);
            }
            QueueEvent::CandidateBuilt { candidate, steps, .. } => {
                let last = steps.last().map(|step| step.revision);
                self.candidates.insert(*candidate, Tested { last, runs: BTreeMap::new() });
                self.count(*candidate, |came| &mut came.builds, 1);
            }
            QueueEvent::CandidateRepeated { candidate, .. } => {
                self.count(*candidate, |came| &mut came.builds, 1);
            }
            QueueEvent::CheckFinished {
                candidate, run, verdict, elapsed_ms, taken_from, ..
            } => {
                let tested = self.candidates.entry(*candidate).or_default();
                let went = tested.runs.entry(*run).or_default();
                if taken_from.is_none() {
                    went.took_ms = went.took_ms.saturating_add(*elapsed_ms);
                }
                went.has_failed |= matches!(verdict, Verdict::Failed | Verdict::TimedOut);
            }
            QueueEvent::LandingStarted { landing, candidate, revisions, .. } => {
                self.landings.insert(*landing, (*candidate, revisions.clone()));
            }
            QueueEvent::LandingFinished { landing } => {
                let Some((candidate, revisions)) = self.landings.remove(landing) else { return };
                for revision in revisions {
                    self.left(revision, at_ms, Fate::Landed);
                }
                // What landed is good: what failed of it failed for no reason.
                let tested = self.candidates.get(&candidate);
                let failed =
                    tested.map_or(0, |it| it.runs.values().filter(|it| it.has_failed).count());
                self.count(candidate, |came| &mut came.flakes, failed as u32);
            }
            QueueEvent::LandingLost { landing, .. } => drop(self.landings.remove(landing)),
            QueueEvent::GateSet { .. }
            | QueueEvent::TrunkMoved { .. }
            | QueueEvent::RunStopped { .. }
            | QueueEvent::RunnerSeen { .. }
            | QueueEvent::RunnerLeft { .. }
            | QueueEvent::RunOffered { .. }
            | QueueEvent::RunRecalled { .. }
            | QueueEvent::RunTaken { .. }
            | QueueEvent::RunRenewed { .. }
            | QueueEvent::RunReturned { .. }
            | QueueEvent::ReportRefused { .. }
            | QueueEvent::CandidateDropped { .. }
            | QueueEvent::QueueFrozen { .. }
            | QueueEvent::QueueThawed { .. }
            | QueueEvent::ClassSet { .. } => {}
        }
    }

    fn left(&mut self, revision: RevisionId, at_ms: u64, fate: Fate) {
        let Some(place) = self.places.get(&revision) else { return };
        let came = &mut self.came[*place];
        // A clock may have been put back meanwhile.
        (came.verdict, came.left_ms) = (fate, Some(at_ms.max(came.came_ms)));
    }

    /// Counts something of the revision that a candidate was built for.
    fn count(
        &mut self,
        candidate: CandidateId,
        what: impl Fn(&mut Came) -> &mut Option<u32>,
        more: u32,
    ) {
        let last = self.candidates.get(&candidate).and_then(|tested| tested.last);
        if let Some(place) = last.and_then(|last| self.places.get(&last)) {
            let count = what(&mut self.came[*place]);
            *count = Some(count.unwrap_or(0).saturating_add(more));
        }
    }
}
