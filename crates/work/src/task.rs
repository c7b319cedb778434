//! Tasks: how one is cut, and what state it can be in.

use crate::{Event, Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use weir_model::event::work::Hold;
use weir_model::{ChangeId, LandingId, PathSet, PersonId, Refusal, TaskId};

/// A unit of agent work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// In one line.
    pub title: String,
    /// What to do, at length.
    pub text: String,
    /// What it may touch.
    pub paths: PathSet,
    /// What it comes after, as it was cut.
    pub after: Vec<TaskId>,
    /// Of those, what is not done yet.
    pub waits_for: BTreeSet<TaskId>,
    /// Who cut it.
    pub person: PersonId,
    /// Where it stands.
    pub state: State,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has it.
    Open,
    /// A session has, or had until its claim ran out.
    Claimed(Hold),
    /// The gate has it, with a change.
    Submitted(ChangeId),
    /// Its change is on the trunk.
    Done(LandingId),
    /// It is not wanted.
    Withdrawn,
}

impl State {
    /// The claim, if there is one; it may have run out.
    pub fn hold(&self) -> Option<&Hold> {
        match self {
            Self::Claimed(hold) => Some(hold),
            Self::Open | Self::Submitted(_) | Self::Done(_) | Self::Withdrawn => None,
        }
    }
}

/// A title fits on a line.
const TITLE_MAX: usize = 200;
/// 64 KiB: a long brief, and small enough to show on a page.
const TEXT_MAX: usize = 64 << 10;
const AFTER_MAX: usize = 100;

pub(crate) fn create(
    work: &Work,
    title: String,
    text: String,
    paths: PathSet,
    after: Vec<TaskId>,
    person: PersonId,
    key: Option<String>,
) -> Result<Vec<Event>, Refusal> {
    if key.as_ref().is_some_and(|key| work.by_key(key).is_some()) {
        return Ok(Vec::new());
    }
    let title = title.trim().to_owned();
    if title.is_empty() || title.chars().count() > TITLE_MAX || title.contains(char::is_control) {
        let sentence = format!("a title is one line of 1 to {TITLE_MAX} characters");
        return Err(Refusal::new("task.bad_title", sentence));
    }
    if text.len() > TEXT_MAX {
        let sentence = format!("a task's text is at most {TEXT_MAX} bytes, this is {}", text.len());
        return Err(Refusal::new("task.text_too_long", sentence)
            .hint("commit the long part to the repository and name it"));
    }
    if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 100) {
        return Err(Refusal::new("task.bad_key", "an idempotency key is 1 to 100 bytes"));
    }
    if paths.is_empty() {
        return Err(Refusal::new("task.no_paths", "the task names no path that it may touch")
            .hint("name some, from the root of the repository: `src/**`; or all: `**`"));
    }
    if after.len() > AFTER_MAX {
        let sentence = format!("a task comes after at most {AFTER_MAX} others");
        return Err(Refusal::new("task.too_many_dependencies", sentence));
    }
    for first in &after {
        if matches!(work.known(*first)?.state, State::Withdrawn) {
            let sentence = format!("task `{first}` is withdrawn: nothing can come after it");
            return Err(Refusal::new("task.withdrawn", sentence).hint("leave it out"));
        }
    }
    let task = work.last_task.next();
    Ok(vec![Event::TaskCreated { task, title, text, paths, after, person, key }])
}

pub(crate) fn withdraw(work: &Work, task: TaskId, person: PersonId) -> Result<Vec<Event>, Refusal> {
    let known = work.known(task)?;
    if let Some(follower) = work.followers.get(&task).and_then(|all| {
        all.iter().find(|id| work.task(**id).is_some_and(|t| !matches!(t.state, State::Withdrawn)))
    }) {
        let sentence = format!("task `{follower}` waits for `{task}`");
        return Err(Refusal::new("task.has_followers", sentence)
            .hint(format!("withdraw it first: `weir task withdraw {follower}`")));
    }
    match known.state {
        State::Open | State::Claimed(_) | State::Submitted(_) => {
            Ok(vec![Event::TaskWithdrawn { task, person }])
        }
        State::Withdrawn => Ok(Vec::new()),
        State::Done(landing) => {
            let sentence = format!("task `{task}` is done: it landed as `{landing}`");
            Err(Refusal::new("task.done", sentence).hint("cut a task that undoes it"))
        }
    }
}
