//! Changes: how a revision comes in, and when it has what it needs.

use crate::{Event, Review, Submission};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use weir_model::event::review::Repair;
use weir_model::{
    ChangeId, FencingToken, LandingId, PersonId, Refusal, RevisionId, SessionId, TaskId,
};

/// What a task brings to the trunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its id.
    pub id: ChangeId,
    /// For which task.
    pub task: TaskId,
    /// All revisions, oldest first; there is at least one.
    pub revisions: Vec<Revision>,
    /// Where it stands.
    pub state: State,
}

/// Where a change stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its latest revision waits for approvals, or for the queue.
    Open,
    /// Its owner is asked to repair it.
    Returned(Box<Repair>),
    /// It is on the trunk.
    Landed(LandingId),
    /// It was given up.
    Abandoned,
}

/// One state of a change; it never alters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Its id.
    pub id: RevisionId,
    /// The commit.
    pub commit: String,
    /// The commit on the trunk that it grew from.
    pub base: String,
    /// The commit's first line.
    pub title: String,
    /// What it touches.
    pub paths: Vec<String>,
    /// By which session.
    pub session: SessionId,
    /// Who answers for that session.
    pub person: PersonId,
    /// The fencing token it was brought under.
    pub token: FencingToken,
    /// The trunk it is for.
    pub trunk: String,
    /// How many people must approve it.
    pub approvals_needed: u32,
    /// Who has.
    pub approvals: BTreeSet<PersonId>,
    /// The revision of another change that it builds upon, and cannot land without.
    pub below: Option<RevisionId>,
}

impl Revision {
    /// Whether it has the approvals it needs.
    pub fn is_approved(&self) -> bool {
        self.approvals.len() >= self.approvals_needed as usize
    }

    pub(crate) fn from_event(event: &Event) -> Self {
        let Event::RevisionSubmitted {
            revision,
            task: _,
            session,
            person,
            token,
            trunk,
            commit,
            base,
            title,
            paths,
            approvals_needed,
            below,
        } = event
        else {
            unreachable!("only a submission makes a revision")
        };
        Self {
            id: *revision,
            commit: commit.clone(),
            base: base.clone(),
            title: title.clone(),
            paths: paths.clone(),
            session: *session,
            person: *person,
            token: *token,
            trunk: trunk.clone(),
            approvals_needed: *approvals_needed,
            approvals: BTreeSet::new(),
            below: *below,
        }
    }
}

impl Change {
    pub(crate) fn new(task: TaskId, first: Revision) -> Self {
        Self { id: first.id.change, task, revisions: vec![first], state: State::Open }
    }

    pub(crate) fn add(&mut self, revision: Revision) {
        assert!(revision.id.number > self.latest().id.number, "revisions only grow");
        self.revisions.push(revision);
        self.state = State::Open;
    }

    pub(crate) fn approve(&mut self, number: u32, person: PersonId) {
        if let Some(revision) = self.revisions.iter_mut().find(|known| known.id.number == number) {
            revision.approvals.insert(person);
        }
    }

    /// The latest revision.
    pub fn latest(&self) -> &Revision {
        self.revisions.last().expect("a change begins with a revision")
    }

    /// A revision by its number.
    pub fn revision(&self, number: u32) -> Option<&Revision> {
        self.revisions.iter().find(|revision| revision.id.number == number)
    }

    /// Whether its latest revision waits for approvals, or for the queue.
    pub fn is_with_the_gate(&self) -> bool {
        self.state == State::Open
    }

    /// Whether it may still land.
    pub fn is_open(&self) -> bool {
        match self.state {
            State::Open | State::Returned(_) => true,
            State::Landed(_) | State::Abandoned => false,
        }
    }

    /// Everybody who answers for some of it: none of them may approve it.
    pub fn authors(&self) -> BTreeSet<PersonId> {
        self.revisions.iter().map(|revision| revision.person).collect()
    }
}

pub(crate) fn submit(review: &Review, submission: Submission) -> Vec<Event> {
    let Submission {
        task,
        session,
        person,
        token,
        trunk,
        commit,
        base,
        title,
        paths,
        approvals_needed,
        below,
    } = submission;
    let open = review.change_of(task).filter(|change| change.is_open());
    let latest = open.map(Change::latest);
    // The same commit under the same claim is a push whose reply was lost. After a repair was asked the claim
    // is a new one: then the same commit is a wish to have it tried again.
    if latest.is_some_and(|latest| latest.commit == commit && latest.token == token) {
        return Vec::new();
    }
    let change = review.change_for(task);
    let number = latest.map_or(1, |latest| latest.id.number + 1);
    vec![Event::RevisionSubmitted {
        revision: RevisionId { change, number },
        task,
        session,
        person,
        token,
        trunk,
        commit,
        base,
        title,
        paths,
        approvals_needed,
        below,
    }]
}

/// 16 KiB: a long review, and small enough to show on a page.
const COMMENT_MAX: usize = 16 << 10;

pub(crate) fn reject(
    revision: RevisionId,
    person: PersonId,
    comment: String,
) -> Result<Vec<Event>, Refusal> {
    if comment.trim().is_empty() || comment.len() > COMMENT_MAX {
        let sentence = format!("a rejection says what is asked for, in 1 to {COMMENT_MAX} bytes");
        return Err(
            Refusal::new("review.no_comment", sentence).hint("say what would make it acceptable")
        );
    }
    let repair = Repair {
        code: "review.rejected".into(),
        sentence: format!("`{person}` asks for changes"),
        log: comment.clone(),
        body: None,
        reproduce: None,
        hint: "do what is asked for, commit, and push again".into(),
        ..Repair::default()
    };
    Ok(vec![
        Event::RevisionRejected { revision, person, comment },
        Event::RepairAsked { revision, repair },
    ])
}

pub(crate) fn closed(change: &Change) -> Refusal {
    let (id, how) = match &change.state {
        State::Landed(landing) => (change.id, format!("landed as `{landing}`")),
        State::Abandoned => (change.id, "was abandoned".to_owned()),
        State::Open | State::Returned(_) => (change.id, "is open".to_owned()),
    };
    Refusal::new("change.closed", format!("change `{id}` {how}"))
        .hint(format!("see it: `weir show {id}`"))
}
