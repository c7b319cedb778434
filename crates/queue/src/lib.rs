//! The merge queue: what lands next, on top of what, and why something waits.
//!
//! Invariants: (1) a landing is started only for a candidate that passed every check of its gate, onto the tip it
//! was tested on, with the tree that was tested; (2) only what speaks about a change ejects it: a candidate that
//! fails with it, where the same without it has passed; a broken check or a moved trunk sends it back to its old
//! place; (3) what waits keeps its order. `tests/promises.rs` tries to break them.
//! Deliberately absent: builds, git, clocks. The engine brings facts in and carries decisions out.

mod audit;
mod candidate;
mod fold;
mod landing;
mod live;
mod past;
pub mod plan;
mod runner;
pub mod sim;

pub use audit::{Audits, Escape};
pub use candidate::{Candidate, CheckResult, Culprit, Outcome, Run, RunState};
pub use fold::{Entry, Freeze, Gate, PLACE_KEPT, Queue, TipState, evolve};
pub use landing::{Landing, Progress};
pub use live::{Apart, Ask, Expected, Looked, Next, Outlook, next, outlook};
pub use past::Past;
pub use plan::Cause;
pub use runner::{Held, Holding, LEASE_MAX, Place, RunnerCommand, Seen};

use weir_model::event::queue::{Class, Dropped, Event, Step};
use weir_model::{CandidateId, ChangeId, LandingId, PersonId, Refusal, RevisionId, TaskId};

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
        /// The revision below it in its stack.
        below: Option<RevisionId>,
    },
    /// Take a revision out: its task was withdrawn, or its session revoked.
    Dequeue {
        /// The revision.
        revision: RevisionId,
    },
    /// Test these revisions, merged onto the tip one after another; or, without any, the tip itself.
    Build {
        /// The tip.
        onto: String,
        /// The revisions, in the order they were merged, with the tree after each.
        steps: Vec<Step>,
        /// The merge commit.
        commit: String,
        /// Its tree.
        tree: String,
        /// Why.
        why: String,
    },
    /// Run the checks of a candidate once more.
    Repeat {
        /// The candidate.
        candidate: CandidateId,
        /// Why.
        why: String,
    },
    /// A revision cannot land as it is, as nobody has to test: it conflicts with the tip, the merge goes where it may not, or
    /// what it builds upon has left.
    Refuse {
        /// The revision.
        revision: RevisionId,
        /// Stable, `subject.reason`.
        code: String,
        /// Why.
        why: String,
    },
    /// A check of a candidate ended.
    Finish {
        /// The candidate.
        candidate: CandidateId,
        /// In which of its runs.
        run: u32,
        /// What came out.
        result: CheckResult,
    },
    /// What a runner asks, or the driver about runs that are offered to them.
    Runner(RunnerCommand),
    /// Send a revision back to its owner.
    Eject(Culprit),
    /// End what runs of a candidate.
    Stop {
        /// The candidate.
        candidate: CandidateId,
        /// Why.
        why: Dropped,
    },
    /// Give a candidate up.
    Drop {
        /// The candidate.
        candidate: CandidateId,
        /// Why.
        why: Dropped,
    },
    /// Land a candidate that passed.
    StartLanding {
        /// The candidate.
        candidate: CandidateId,
        /// The commit on top of the tip that has its tree: its own, unless a part of it has landed since.
        to: String,
        /// Why now.
        why: String,
    },
    /// Nothing lands until the thaw.
    Freeze {
        /// Who says so.
        person: PersonId,
        /// Why.
        reason: String,
    },
    /// What has passed lands again.
    Thaw {
        /// Who says so.
        person: PersonId,
    },
    /// A change is more or less urgent than others.
    SetClass {
        /// The change.
        change: ChangeId,
        /// How urgent.
        class: Class,
        /// Who says so.
        person: PersonId,
        /// Why.
        reason: String,
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
            if queue.trunk() == trunk && queue.gate() == Some(&gate) {
                return Ok(Vec::new());
            }
            // What was tested by other checks proves nothing any more.
            let same = queue.gate().is_some_and(|known| known.checks == gate.checks);
            let drop = queue.drop_all(Dropped::GateChanged).filter(|_| !same);
            let Gate { checks, approvals_needed, source } = gate;
            let set = Event::GateSet { trunk, checks, approvals_needed, source };
            Ok(drop.chain([set]).collect())
        }
        Command::SeeTrunk { trunk, tip } => {
            queue.require_no_landing()?;
            if queue.trunk() == trunk && queue.tip() == Some(&tip) {
                return Ok(Vec::new());
            }
            let moved = Event::TrunkMoved { trunk, from: queue.tip().map(str::to_owned), to: tip };
            Ok(queue.drop_all(Dropped::TrunkMoved).chain([moved]).collect())
        }
        Command::Enqueue { revision, task, commit, below } => {
            if queue.entry(revision).is_some() {
                return Ok(Vec::new());
            }
            Ok(vec![Event::RevisionQueued { revision, task, commit, below }])
        }
        Command::Dequeue { revision } => candidate::dequeue(queue, revision),
        Command::Build { onto, steps, commit, tree, why } => {
            candidate::build(queue, onto, steps, commit, tree, why)
        }
        Command::Repeat { candidate, why } => candidate::repeat(queue, candidate, why),
        Command::Refuse { revision, code, why } => {
            queue.require(revision)?;
            queue.require_not_landing(revision)?;
            Ok(candidate::ejected(queue, revision, None, &code, why))
        }
        Command::Finish { candidate, run, result } => {
            let taken = queue.taken().any(|(held, number, _)| (held, number) == (candidate, run));
            if taken {
                let sentence = format!("run {run} of `{candidate}` is a runner's");
                return Err(Refusal::new("run.elsewhere", sentence));
            }
            candidate::finish(queue, candidate, run, result)
        }
        Command::Runner(command) => runner::decide(queue, command),
        Command::Eject(culprit) => candidate::eject(queue, culprit),
        Command::Stop { candidate, why } => candidate::stop(queue, candidate, why),
        Command::Drop { candidate, why } => {
            queue.under_test(candidate)?;
            Ok(vec![Event::CandidateDropped { candidate, why }])
        }
        Command::Freeze { person, reason } => match queue.frozen() {
            Some(_) => Ok(Vec::new()),
            None => Ok(vec![Event::QueueFrozen { person, reason: reason_of(&reason)? }]),
        },
        Command::Thaw { person } => match queue.frozen() {
            Some(_) => Ok(vec![Event::QueueThawed { person }]),
            None => Ok(Vec::new()),
        },
        Command::SetClass { change, class, .. } if queue.class(change) == class => Ok(Vec::new()),
        Command::SetClass { change, class, person, reason } => {
            let reason = reason_of(&reason)?;
            Ok(vec![Event::ClassSet { change, class, person, reason }])
        }
        Command::StartLanding { candidate, to, why } => landing::start(queue, candidate, to, why),
        Command::FinishLanding { landing } => landing::finish(queue, landing),
        Command::LoseLanding { landing, actual } => {
            let lost = queue.under_way(landing)?.candidate;
            let moved = Event::TrunkMoved {
                trunk: queue.trunk().to_owned(),
                from: queue.tip().map(str::to_owned),
                to: actual.clone(),
            };
            let drop = queue.drop_all(Dropped::TrunkMoved);
            let drop = drop.filter(|event| !matches!(event, Event::CandidateDropped { candidate, .. } if *candidate == lost));
            Ok(drop.chain([Event::LandingLost { landing, actual }, moved]).collect())
        }
    }
}

/// A reason is for others: it says something, and fits on a few lines.
const REASON_MAX: usize = 500;

fn reason_of(reason: &str) -> Result<String, Refusal> {
    let reason = reason.trim();
    if reason.is_empty() || reason.len() > REASON_MAX {
        let sentence = format!("a reason has 1 to {REASON_MAX} bytes");
        return Err(Refusal::new("queue.no_reason", sentence).hint("say why, for those who wait"));
    }
    Ok(reason.to_owned())
}
