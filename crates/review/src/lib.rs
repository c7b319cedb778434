//! Review: changes and their revisions, who approved what, and what a change still needs.
//!
//! Invariants: (1) an approval binds to one revision, and a newer revision starts without any; (2) a task has at
//! most one open change; (3) what came back carries a repair contract. `tests/promises.rs` tries to break them.
//! Deliberately absent: who may approve (guard knows whose work it is), merging and testing (queue).

mod change;
pub mod propose;
pub mod starter;

pub use change::{Change, Revision, State};

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_model::event::review::{Event, Repair};
use weir_model::{
    ChangeId, FencingToken, LandingId, PersonId, Refusal, RevisionId, SessionId, TaskId,
};

/// All changes of a space.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Review {
    changes: BTreeMap<ChangeId, Change>,
    /// The change of each task that has one: open or landed.
    by_task: BTreeMap<TaskId, ChangeId>,
    last_change: ChangeId,
}

/// What an agent brings, as the git boundary found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// For which task.
    pub task: TaskId,
    /// By which session.
    pub session: SessionId,
    /// Who answers for that session.
    pub person: PersonId,
    /// The fencing token of its claim.
    pub token: FencingToken,
    /// The trunk it is for.
    pub trunk: String,
    /// The commit.
    pub commit: String,
    /// The commit on the trunk it grew from.
    pub base: String,
    /// The commit's first line.
    pub title: String,
    /// What it touches.
    pub paths: Vec<String>,
    /// How many people must approve it.
    pub approvals_needed: u32,
    /// The revision of another change that it builds upon.
    pub below: Option<RevisionId>,
}

/// What can be asked of review. Whether the caller may ask is settled before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Bring a revision.
    Submit(Submission),
    /// Approve a revision.
    Approve {
        /// The revision.
        revision: RevisionId,
        /// Who: guard has made sure that none of it is theirs.
        person: PersonId,
    },
    /// Send a revision back.
    Reject {
        /// The revision.
        revision: RevisionId,
        /// Who.
        person: PersonId,
        /// What is asked for.
        comment: String,
    },
    /// Ask the owner to repair a revision that did not pass.
    AskRepair {
        /// The revision.
        revision: RevisionId,
        /// What failed.
        repair: Repair,
    },
    /// The revision is on the trunk.
    Land {
        /// The revision.
        revision: RevisionId,
        /// The landing.
        landing: LandingId,
    },
    /// The task is withdrawn, and its change with it.
    Abandon {
        /// The change.
        change: ChangeId,
    },
}

/// What follows from `command`, or why it may not be.
///
/// # Errors
/// `change.unknown`, `change.closed`, `revision.unknown`, `revision.superseded`, `revision.returned`, and
/// `review.no_comment`.
pub fn decide(review: &Review, command: Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Submit(submission) => Ok(change::submit(review, submission)),
        Command::Approve { revision, person } => {
            let known = review.current(revision)?;
            if known.approvals.contains(&person) {
                return Ok(Vec::new());
            }
            Ok(vec![Event::RevisionApproved { revision, person }])
        }
        Command::Reject { revision, person, comment } => {
            review.current(revision)?;
            change::reject(revision, person, comment)
        }
        Command::AskRepair { revision, repair } => {
            review.current(revision)?;
            Ok(vec![Event::RepairAsked { revision, repair }])
        }
        Command::Land { revision, landing } => {
            review.current(revision)?;
            Ok(vec![Event::ChangeLanded { revision, landing }])
        }
        Command::Abandon { change } => {
            let known = review.known(change)?;
            match known.state {
                State::Open | State::Returned(_) => {
                    Ok(vec![Event::ChangeAbandoned { revision: known.latest().id }])
                }
                State::Abandoned => Ok(Vec::new()),
                State::Landed(_) => Err(change::closed(known)),
            }
        }
    }
}

/// Takes a fact in.
pub fn evolve(review: &mut Review, event: &Event) {
    match event {
        Event::RevisionSubmitted { revision, task, .. } => {
            let submitted = Revision::from_event(event);
            if revision.number == 1 {
                assert!(review.last_change < revision.change, "a change id never comes back");
                review.last_change = revision.change;
                review.by_task.insert(*task, revision.change);
                review.changes.insert(revision.change, Change::new(*task, submitted));
            } else {
                review.change_mut(*revision).add(submitted);
            }
        }
        Event::RevisionApproved { revision, person } => {
            review.change_mut(*revision).approve(revision.number, *person);
        }
        // What a rejection asks for arrives as the repair that follows it.
        Event::RevisionRejected { revision: _, person: _, comment: _ } => {}
        Event::RepairAsked { revision, repair } => {
            review.change_mut(*revision).state = State::Returned(Box::new(repair.clone()));
        }
        Event::ChangeLanded { revision, landing } => {
            review.change_mut(*revision).state = State::Landed(*landing);
        }
        Event::ChangeAbandoned { revision } => {
            review.change_mut(*revision).state = State::Abandoned;
        }
    }
}

impl Review {
    /// A change.
    pub fn change(&self, change: ChangeId) -> Option<&Change> {
        self.changes.get(&change)
    }

    /// All changes, oldest first.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = &Change> {
        self.changes.values()
    }

    /// The change of a task, if it has one.
    pub fn change_of(&self, task: TaskId) -> Option<&Change> {
        self.change(*self.by_task.get(&task)?)
    }

    /// Everybody who answers for some of a change, and for whatever others brought of `carried`: the commits with which
    /// it would land. None of them may approve it.
    pub fn authors(&self, change: ChangeId, carried: &BTreeSet<String>) -> BTreeSet<PersonId> {
        let others = self.changes().flat_map(|other| &other.revisions);
        let beneath = others.filter(|revision| carried.contains(&revision.commit));
        let own = self.change(change).map(Change::authors).unwrap_or_default();
        own.into_iter().chain(beneath.map(|revision| revision.person)).collect()
    }

    /// A revision.
    pub fn revision(&self, revision: RevisionId) -> Option<&Revision> {
        self.change(revision.change)?.revision(revision.number)
    }

    /// The id that the next change would get, or the task's open change.
    pub fn change_for(&self, task: TaskId) -> ChangeId {
        let open = self.change_of(task).filter(|change| change.is_open());
        open.map_or_else(|| self.last_change.next(), |change| change.id)
    }

    fn known(&self, change: ChangeId) -> Result<&Change, Refusal> {
        self.change(change).ok_or_else(|| {
            Refusal::new("change.unknown", format!("there is no change `{change}`"))
                .hint("list what is going on: `weir status`")
        })
    }

    /// The revision, if it is the latest of an open change that has not been sent back.
    fn current(&self, revision: RevisionId) -> Result<&Revision, Refusal> {
        let change = self.known(revision.change)?;
        let known = change.revision(revision.number).ok_or_else(|| {
            let latest = change.latest().id;
            Refusal::new("revision.unknown", format!("there is no revision `{revision}`"))
                .hint(format!("the latest is `{latest}`"))
        })?;
        let latest = change.latest().id;
        match &change.state {
            State::Landed(_) | State::Abandoned => Err(change::closed(change)),
            State::Open | State::Returned(_) if latest != revision => {
                let sentence = format!("revision `{revision}` is superseded by `{latest}`");
                Err(Refusal::new("revision.superseded", sentence)
                    .hint(format!("read the new one: `weir show {latest}`")))
            }
            State::Returned(_) => {
                let sentence = format!("revision `{revision}` went back to its owner for repair");
                Err(Refusal::new("revision.returned", sentence).hint("wait for the next revision"))
            }
            State::Open => Ok(known),
        }
    }

    fn change_mut(&mut self, revision: RevisionId) -> &mut Change {
        self.changes.get_mut(&revision.change).expect("an event names a change that was opened")
    }
}
