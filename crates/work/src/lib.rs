//! Work: tasks, what they depend on, what is ready, and who holds what until when.
//!
//! Invariants: (1) a task has at most one owner at any instant; (2) fencing tokens only grow, so of two
//! owners the stale one can be told; (3) a task is ready only when all it comes after is done, and claimed before that only by
//! whoever builds upon the one change that is with the gate; (4) once
//! submitted, a task belongs to the gate until it lands or comes back. `tests/promises.rs` tries to break them.
//! Deliberately absent: who may do what (guard), what a change contains (review), and the clock.

mod claim;
mod task;

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_model::event::work::{Event, Hold};
use weir_model::{
    ChangeId, Context, FencingToken, LandingId, Lease, PathSet, PersonId, Refusal, SessionId,
    TaskId, Timestamp,
};

pub use task::{State, Task};

/// All tasks of a space, and the claims on them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Work {
    tasks: BTreeMap<TaskId, Task>,
    /// With all they come after done, and nobody's.
    open: BTreeSet<TaskId>,
    /// With all they come after done, and somebody's until then: not looked through while the claims last.
    lapsing: BTreeSet<(Timestamp, TaskId)>,
    /// For each unfinished task, the tasks that come after it.
    followers: BTreeMap<TaskId, BTreeSet<TaskId>>,
    /// The task of each session that holds one.
    held: BTreeMap<SessionId, TaskId>,
    /// The task that each session claimed last, whoever has it now.
    claimed: BTreeMap<SessionId, TaskId>,
    keys: BTreeMap<String, TaskId>,
    last_task: TaskId,
    last_token: FencingToken,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            tasks: BTreeMap::new(),
            open: BTreeSet::new(),
            lapsing: BTreeSet::new(),
            followers: BTreeMap::new(),
            held: BTreeMap::new(),
            claimed: BTreeMap::new(),
            keys: BTreeMap::new(),
            last_task: TaskId(0),
            last_token: FencingToken(0),
        }
    }
}

/// What can be asked of work. Whether the caller may ask is settled before.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Cut a task. Asking again under the same key changes nothing.
    Create {
        /// In one line.
        title: String,
        /// At length.
        text: String,
        /// What it may touch.
        paths: PathSet,
        /// What must be done first.
        after: Vec<TaskId>,
        /// Who cuts it.
        person: PersonId,
        /// An idempotency key.
        key: Option<String>,
    },
    /// Claim a task, or renew the claim one holds.
    Claim {
        /// The task.
        task: TaskId,
        /// The owner to be.
        session: SessionId,
        /// For how long without renewing.
        lease: Lease,
        /// Also if the one task that it waits for is with the gate: it builds upon that one's change.
        stacked: bool,
    },
    /// Give a task back.
    Release {
        /// The task.
        task: TaskId,
        /// Its owner.
        session: SessionId,
    },
    /// Hand the task to the gate, with a change.
    Submit {
        /// The task.
        task: TaskId,
        /// Its owner.
        session: SessionId,
        /// The change.
        change: ChangeId,
    },
    /// The gate gives the task back for repair: to `owner` for as long as a lease if they are still there.
    Return {
        /// The task.
        task: TaskId,
        /// The session that submitted it, if it is alive.
        owner: Option<SessionId>,
        /// For how long.
        lease: Lease,
    },
    /// The task's change landed.
    Finish {
        /// The task.
        task: TaskId,
        /// The landing.
        landing: LandingId,
    },
    /// The task is not wanted.
    Withdraw {
        /// The task.
        task: TaskId,
        /// Who decides.
        person: PersonId,
    },
}

/// What follows from `command`, or why it may not be.
///
/// # Errors
/// `task.*` when the task cannot be asked that, `claim.*` when somebody else, or nobody, holds it.
pub fn decide(work: &Work, command: Command, ctx: &Context) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Create { title, text, paths, after, person, key } => {
            task::create(work, title, text, paths, after, person, key)
        }
        Command::Claim { task, session, lease, stacked } => {
            claim::claim(work, task, session, lease, stacked, ctx)
        }
        Command::Release { task, session } => claim::release(work, task, session),
        Command::Submit { task, session, change } => {
            let hold = work.live_claim(task, session, ctx.now)?;
            debug_assert_eq!(hold.session, session);
            Ok(vec![Event::TaskSubmitted { task, change }])
        }
        Command::Return { task, owner, lease } => claim::give_back(work, task, owner, lease, ctx),
        Command::Finish { task, landing } => {
            work.submitted(task)?;
            Ok(vec![Event::TaskDone { task, landing }])
        }
        Command::Withdraw { task, person } => task::withdraw(work, task, person),
    }
}

/// Takes a fact in.
pub fn evolve(work: &mut Work, event: &Event) {
    match event {
        Event::TaskCreated { task, title, text, paths, after, person, key } => {
            assert!(work.last_task < *task, "a task id never comes back");
            work.last_task = *task;
            let waits_for: BTreeSet<TaskId> =
                after.iter().copied().filter(|first| !work.is_done(*first)).collect();
            for first in &waits_for {
                work.followers.entry(*first).or_default().insert(*task);
            }
            if waits_for.is_empty() {
                work.open.insert(*task);
            }
            if let Some(key) = key {
                work.keys.insert(key.clone(), *task);
            }
            let (title, text, paths) = (title.clone(), text.clone(), paths.clone());
            let (after, person) = (after.clone(), *person);
            let state = State::Open;
            work.tasks.insert(
                *task,
                Task { id: *task, title, text, paths, after, waits_for, person, state },
            );
        }
        Event::TaskClaimed { task, hold } => {
            assert!(work.last_token < hold.token, "a fencing token never comes back");
            work.last_token = hold.token;
            work.claimed.insert(hold.session, *task);
            work.set(*task, State::Claimed(*hold));
        }
        Event::ClaimRenewed { task, hold } => work.set(*task, State::Claimed(*hold)),
        Event::ClaimReleased { task, session: _ } => work.set(*task, State::Open),
        Event::TaskSubmitted { task, change } => work.set(*task, State::Submitted(*change)),
        Event::TaskReturned { task, hold: Some(hold) } => {
            assert!(work.last_token < hold.token, "a fencing token never comes back");
            work.last_token = hold.token;
            work.set(*task, State::Claimed(*hold));
        }
        Event::TaskReturned { task, hold: None } => work.set(*task, State::Open),
        Event::TaskDone { task, landing } => {
            work.set(*task, State::Done(*landing));
            for follower in work.followers.remove(task).unwrap_or_default() {
                let Some(waiting) = work.tasks.get_mut(&follower) else { continue };
                waiting.waits_for.remove(task);
                if waiting.waits_for.is_empty() && waiting.state == State::Open {
                    work.open.insert(follower);
                }
            }
        }
        Event::TaskWithdrawn { task, person: _ } => work.set(*task, State::Withdrawn),
    }
}

impl Work {
    /// A task.
    pub fn task(&self, task: TaskId) -> Option<&Task> {
        self.tasks.get(&task)
    }

    /// All tasks, oldest first.
    pub fn tasks(&self) -> impl DoubleEndedIterator<Item = &Task> {
        self.tasks.values()
    }

    /// The tasks that an agent may claim at `now`, oldest first.
    pub fn ready(&self, now: Timestamp) -> impl Iterator<Item = &Task> {
        // A lease has ended at the instant it names.
        let lapsed = self.lapsing.range(..=(now, TaskId(u64::MAX))).map(|(_, task)| *task);
        let mut lapsed = lapsed.collect::<BTreeSet<_>>().into_iter().peekable();
        let mut open = self.open.iter().copied().peekable();
        let oldest = move || match (open.peek(), lapsed.peek()) {
            (Some(one), Some(other)) if other < one => lapsed.next(),
            (Some(_), _) => open.next(),
            (None, _) => lapsed.next(),
        };
        std::iter::from_fn(oldest).filter_map(|task| self.tasks.get(&task))
    }

    /// The task that was created under an idempotency key.
    pub fn by_key(&self, key: &str) -> Option<TaskId> {
        self.keys.get(key).copied()
    }

    /// The task that a session holds, whether or not its claim has run out.
    pub fn held_by(&self, session: SessionId) -> Option<TaskId> {
        self.held.get(&session).copied()
    }

    /// The task that a session claimed last, though another may hold it by now, or the gate.
    pub fn last_claimed_by(&self, session: SessionId) -> Option<TaskId> {
        self.claimed.get(&session).copied()
    }

    /// The claim of `session` on `task`, if it stands at `now`. What the git boundary asks.
    ///
    /// # Errors
    /// `task.unknown`, `claim.expired`, `claim.held` by another, `claim.none`, or the task is past claiming.
    pub fn live_claim(
        &self,
        task: TaskId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Hold, Refusal> {
        claim::live(self, task, session, now)
    }

    fn known(&self, task: TaskId) -> Result<&Task, Refusal> {
        self.task(task).ok_or_else(|| {
            Refusal::new("task.unknown", format!("there is no task `{task}`"))
                .hint("list the tasks: `weir task list`")
        })
    }

    fn submitted(&self, task: TaskId) -> Result<ChangeId, Refusal> {
        match self.known(task)?.state {
            State::Submitted(change) => Ok(change),
            State::Open | State::Claimed(_) | State::Done(_) | State::Withdrawn => Err(
                Refusal::new("task.not_submitted", format!("task `{task}` is not with the gate")),
            ),
        }
    }

    fn is_done(&self, task: TaskId) -> bool {
        self.task(task).is_some_and(|task| matches!(task.state, State::Done(_)))
    }

    /// The one place where a task's state changes, so that the indexes cannot drift from it.
    /// The one unfinished task that this one comes after, if that is with the gate.
    pub fn may_build_upon(&self, task: TaskId) -> Option<TaskId> {
        let waits_for = &self.task(task)?.waits_for;
        let first = *waits_for.first().filter(|_| waits_for.len() == 1)?;
        matches!(self.task(first)?.state, State::Submitted(_)).then_some(first)
    }

    fn set(&mut self, id: TaskId, state: State) {
        let Some(task) = self.tasks.get_mut(&id) else {
            unreachable!("an event names a task that was created")
        };
        // An owner whose claim ran out may hold another task by now: that one stays theirs.
        if let Some(hold) = task.state.hold()
            && self.held.get(&hold.session) == Some(&id)
        {
            self.held.remove(&hold.session);
        }
        if let Some(hold) = state.hold() {
            self.held.insert(hold.session, id);
        }
        match task.state {
            State::Open => {
                self.open.remove(&id);
            }
            State::Claimed(hold) => {
                self.lapsing.remove(&(hold.expires_at, id));
            }
            State::Submitted(_) | State::Done(_) | State::Withdrawn => {}
        }
        match state {
            State::Open if task.waits_for.is_empty() => {
                self.open.insert(id);
            }
            State::Claimed(hold) => {
                self.lapsing.insert((hold.expires_at, id));
            }
            State::Open | State::Submitted(_) | State::Done(_) | State::Withdrawn => {}
        }
        task.state = state;
    }
}
