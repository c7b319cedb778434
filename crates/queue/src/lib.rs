//! The merge queue: what lands next, on top of what, and why something waits.
//!
//! Invariants: (1) a landing is started only for a candidate that passed every check of its gate, onto the tip it
//! was tested on, with the tree that was tested; (2) only what speaks about the change ejects it: a broken check
//! or a moved trunk sends it back to its old place; (3) what waits keeps its order. `tests/promises.rs` tries
//! to break them.
//! Deliberately absent: builds, git, clocks. The engine brings facts in and carries decisions out. One candidate
//! at a time: speculation and batching come with the queue's own issue.

mod candidate;
mod landing;
pub mod plan;
pub mod sim;

pub use candidate::{Candidate, CheckResult, Outcome};
pub use landing::{Landing, Progress};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_model::config::Check;
use weir_model::event::queue::{Dropped, Event, GateSource};
use weir_model::{CandidateId, LandingId, Refusal, RevisionId, TaskId};

/// The queue of a trunk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    trunk: String,
    tip: Option<String>,
    gate: Option<Gate>,
    waiting: Vec<Entry>,
    testing: Option<CandidateId>,
    landing: Option<LandingId>,
    candidates: BTreeMap<CandidateId, Candidate>,
    landings: BTreeMap<LandingId, Landing>,
}

/// What every candidate must pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The checks, in the order they run.
    pub checks: Vec<Check>,
    /// How many people must approve a revision.
    pub approvals_needed: u32,
    /// Where this was read.
    pub source: GateSource,
}

/// A revision that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The revision.
    pub revision: RevisionId,
    /// Its task.
    pub task: TaskId,
    /// Its commit.
    pub commit: String,
    /// How many candidates of it were dropped because a check could not be run: a reason to wait longer.
    pub broken: u32,
}

/// What can be asked of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The gate's rules are these.
    SetGate {
        /// The trunk it guards.
        trunk: String,
        /// The rules.
        gate: Gate,
    },
    /// The trunk was seen to stand here.
    SeeTrunk {
        /// The trunk.
        trunk: String,
        /// Where it stands.
        tip: String,
    },
    /// Let an approved revision wait.
    Enqueue {
        /// The revision.
        revision: RevisionId,
        /// Its task.
        task: TaskId,
        /// Its commit.
        commit: String,
    },
    /// Take a revision out: its task was withdrawn, or its session revoked.
    Dequeue {
        /// The revision.
        revision: RevisionId,
    },
    /// Test this merge of the first revision onto the tip.
    Build {
        /// The revision.
        revision: RevisionId,
        /// The tip.
        onto: String,
        /// The merge commit.
        commit: String,
        /// Its tree.
        tree: String,
    },
    /// The first revision cannot be merged onto the tip as it is: they conflict, or the merge goes where it may not.
    Refuse {
        /// The revision.
        revision: RevisionId,
        /// Stable, `subject.reason`.
        code: String,
    },
    /// A check of the candidate under test ended.
    Finish {
        /// The candidate.
        candidate: CandidateId,
        /// What came out.
        result: CheckResult,
    },
    /// Give the candidate under test up.
    Drop {
        /// The candidate.
        candidate: CandidateId,
        /// Why.
        why: Dropped,
    },
    /// Land the candidate under test.
    StartLanding {
        /// The candidate.
        candidate: CandidateId,
    },
    /// The trunk moved as the landing said.
    FinishLanding {
        /// The landing.
        landing: LandingId,
    },
    /// The trunk stood elsewhere: nothing moved.
    LoseLanding {
        /// The landing.
        landing: LandingId,
        /// Where it stood.
        actual: String,
    },
}

/// What follows from `command`, or why it may not be.
///
/// # Errors
/// `queue.*`, `candidate.*` and `landing.*`: each says what does not fit the state of the queue. They reach a
/// person only when two drivers meet, which a lease prevents.
pub fn decide(queue: &Queue, command: Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::SetGate { trunk, gate } => {
            if queue.trunk == trunk && queue.gate.as_ref() == Some(&gate) {
                return Ok(Vec::new());
            }
            let Gate { checks, approvals_needed, source } = gate;
            Ok(vec![Event::GateSet { trunk, checks, approvals_needed, source }])
        }
        Command::SeeTrunk { trunk, tip } => {
            if queue.landing.is_some() {
                let sentence = "a landing is under way: its end says where the trunk stands";
                return Err(Refusal::new("landing.under_way", sentence));
            }
            if queue.trunk == trunk && queue.tip.as_ref() == Some(&tip) {
                return Ok(Vec::new());
            }
            let moved = Event::TrunkMoved { trunk, from: queue.tip.clone(), to: tip };
            let drop = queue
                .testing
                .map(|candidate| Event::CandidateDropped { candidate, why: Dropped::TrunkMoved });
            Ok(drop.into_iter().chain([moved]).collect())
        }
        Command::Enqueue { revision, task, commit } => {
            if queue.entry(revision).is_some() {
                return Ok(Vec::new());
            }
            Ok(vec![Event::RevisionQueued { revision, task, commit }])
        }
        Command::Dequeue { revision } => candidate::dequeue(queue, revision),
        Command::Build { revision, onto, commit, tree } => {
            candidate::build(queue, revision, onto, commit, tree)
        }
        Command::Refuse { revision, code } => {
            queue.first(revision)?;
            Ok(vec![Event::RevisionEjected { revision, candidate: None, code }])
        }
        Command::Finish { candidate, result } => candidate::finish(queue, candidate, result),
        Command::Drop { candidate, why } => {
            queue.under_test(candidate)?;
            Ok(vec![Event::CandidateDropped { candidate, why }])
        }
        Command::StartLanding { candidate } => landing::start(queue, candidate),
        Command::FinishLanding { landing } => {
            queue.under_way(landing)?;
            Ok(vec![Event::LandingFinished { landing }])
        }
        Command::LoseLanding { landing, actual } => {
            queue.under_way(landing)?;
            let moved = Event::TrunkMoved {
                trunk: queue.trunk.clone(),
                from: queue.tip.clone(),
                to: actual.clone(),
            };
            Ok(vec![Event::LandingLost { landing, actual }, moved])
        }
    }
}

/// Takes a fact in.
pub fn evolve(queue: &mut Queue, event: &Event) {
    match event {
        Event::GateSet { trunk, checks, approvals_needed, source } => {
            queue.trunk.clone_from(trunk);
            queue.gate = Some(Gate {
                checks: checks.clone(),
                approvals_needed: *approvals_needed,
                source: source.clone(),
            });
        }
        Event::TrunkMoved { trunk, from: _, to } => {
            queue.trunk.clone_from(trunk);
            queue.tip = Some(to.clone());
        }
        Event::RevisionQueued { revision, task, commit } => queue.waiting.push(Entry {
            revision: *revision,
            task: *task,
            commit: commit.clone(),
            broken: 0,
        }),
        Event::RevisionDequeued { revision } => queue.leave(*revision),
        Event::CandidateBuilt { candidate, revision, onto, commit, tree } => {
            let checks = queue.gate.as_ref().map(|gate| gate.checks.clone()).unwrap_or_default();
            let before = queue.candidates.insert(
                *candidate,
                Candidate::new(*candidate, *revision, onto, commit, tree, checks),
            );
            assert!(before.is_none(), "a candidate's id never comes back");
            queue.testing = Some(*candidate);
        }
        Event::CheckFinished { candidate, check, verdict, exit_code, elapsed_ms, log } => {
            queue.candidate_mut(*candidate).results.push(CheckResult {
                check: check.clone(),
                verdict: *verdict,
                exit_code: *exit_code,
                elapsed_ms: *elapsed_ms,
                log: *log,
            });
        }
        Event::CandidateDropped { candidate, why } => {
            queue.testing = None;
            let known = queue.candidate_mut(*candidate);
            known.outcome = Outcome::Dropped(*why);
            let revision = known.revision;
            if *why == Dropped::CheckBroken
                && let Some(entry) = queue.waiting.iter_mut().find(|e| e.revision == revision)
            {
                entry.broken += 1;
            }
        }
        Event::RevisionEjected { revision, candidate, code } => {
            queue.leave(*revision);
            if let Some(candidate) = candidate {
                queue.testing = None;
                queue.candidate_mut(*candidate).outcome = Outcome::Ejected(code.clone());
            }
        }
        Event::LandingStarted { landing, candidate, from, to, tree } => {
            assert!(queue.tip.as_ref() == Some(from), "a landing starts from the tip");
            queue.landing = Some(*landing);
            let known = queue.candidate_mut(*candidate);
            assert!(known.tree == *tree && known.commit == *to, "what lands is what was tested");
            let revision = known.revision;
            queue
                .landings
                .insert(*landing, Landing::new(*landing, *candidate, revision, from, to, tree));
        }
        Event::LandingFinished { landing } => {
            let known = queue.end_landing(*landing, Progress::Landed);
            queue.tip = Some(known.to.clone());
            queue.candidate_mut(known.candidate).outcome = Outcome::Landed(*landing);
            queue.testing = None;
            queue.leave(known.revision);
        }
        Event::LandingLost { landing, actual: _ } => {
            let known = queue.end_landing(*landing, Progress::Lost);
            queue.candidate_mut(known.candidate).outcome = Outcome::Dropped(Dropped::TrunkMoved);
            queue.testing = None;
        }
    }
}

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

    /// What waits, first to land first; the revision under test stands at the head.
    pub fn waiting(&self) -> &[Entry] {
        &self.waiting
    }

    /// The place of a revision in the queue, counted from 0, and its entry.
    pub fn entry(&self, revision: RevisionId) -> Option<(usize, &Entry)> {
        self.waiting.iter().enumerate().find(|(_, entry)| entry.revision == revision)
    }

    /// The revision to build next: the first that waits, unless one is under test or landing.
    pub fn next(&self) -> Option<&Entry> {
        let idle = self.testing.is_none() && self.landing.is_none() && self.gate.is_some();
        self.waiting.first().filter(|_| idle)
    }

    /// The candidate under test.
    pub fn testing(&self) -> Option<&Candidate> {
        self.candidate(self.testing?)
    }

    /// The landing under way: recorded, and perhaps not done.
    pub fn landing_under_way(&self) -> Option<&Landing> {
        self.landing(self.landing?)
    }

    /// A candidate.
    pub fn candidate(&self, candidate: CandidateId) -> Option<&Candidate> {
        self.candidates.get(&candidate)
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

    fn first(&self, revision: RevisionId) -> Result<&Entry, Refusal> {
        self.next().filter(|entry| entry.revision == revision).ok_or_else(|| {
            Refusal::new("queue.not_next", format!("revision `{revision}` is not next"))
        })
    }

    fn under_test(&self, candidate: CandidateId) -> Result<&Candidate, Refusal> {
        let testing =
            self.testing().filter(|known| known.id == candidate && self.landing.is_none());
        testing.ok_or_else(|| {
            let sentence = format!("candidate `{candidate}` is not under test");
            Refusal::new("candidate.not_under_test", sentence)
        })
    }

    fn under_way(&self, landing: LandingId) -> Result<(), Refusal> {
        if self.landing == Some(landing) {
            return Ok(());
        }
        let sentence = format!("landing `{landing}` is not under way");
        Err(Refusal::new("landing.not_under_way", sentence))
    }

    fn tries(&self, revision: RevisionId) -> u32 {
        self.entry(revision).map_or(0, |(_, entry)| entry.broken)
    }

    fn leave(&mut self, revision: RevisionId) {
        self.waiting.retain(|entry| entry.revision != revision);
    }

    fn candidate_mut(&mut self, candidate: CandidateId) -> &mut Candidate {
        self.candidates.get_mut(&candidate).expect("an event names a candidate that was built")
    }

    fn end_landing(&mut self, landing: LandingId, progress: Progress) -> Landing {
        assert!(self.landing == Some(landing), "a landing ends once");
        self.landing = None;
        let known = self.landings.get_mut(&landing).expect("a landing that ends was started");
        known.progress = progress;
        known.clone()
    }
}
