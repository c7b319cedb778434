//! What happened to changes: revisions, approvals, repairs.

use crate::{Digest, FencingToken, LandingId, PersonId, RevisionId, SessionId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

/// What a change needs from its owner before it can be tried again: what failed, the shortest log that
/// shows it, and the command that shows it on the owner's machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// Stable, `subject.reason`: `check.failed`, `merge.conflict`, `review.rejected`, …
    pub code: String,
    /// What failed, in a sentence.
    pub sentence: String,
    /// The end of the log, cut to what a reader needs.
    pub log: String,
    /// The whole log, if there is one: the digest of a body.
    pub body: Option<Digest>,
    /// The command to reproduce it, if there is one.
    pub reproduce: Option<String>,
    /// What to do next.
    pub hint: String,
    /// What it was tested with when it failed, and passes without it: the shortest that shows it. Empty: the tip alone.
    pub beside: Vec<RevisionId>,
    /// Until then, its next revision takes its old place in the queue.
    pub place_until: Option<Timestamp>,
    /// The changes with one of which it does not go together, the likeliest first; each passes, and so does this one, by
    /// itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<Counterpart>,
}

/// A change that another does not go together with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counterpart {
    /// The revision.
    pub revision: RevisionId,
    /// Its task.
    pub task: TaskId,
    /// What it is for: the title of its task.
    pub title: String,
    /// What it is for, at length, cut to what a reader needs.
    pub intent: String,
    /// What it changes, as a diff, cut to what a reader needs.
    pub diff: String,
    /// The command that shows the whole of it.
    pub see: String,
}

/// A fact about a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Event {
    /// An agent brought a revision. The first of a change opens it.
    #[serde(rename = "revision.submitted.v1")]
    RevisionSubmitted {
        /// The revision.
        revision: RevisionId,
        /// For which task.
        task: TaskId,
        /// By which session.
        session: SessionId,
        /// The person who answers for that session.
        person: PersonId,
        /// The fencing token of the claim, as it was checked.
        token: FencingToken,
        /// The trunk it is for.
        trunk: String,
        /// The commit.
        commit: String,
        /// The commit on the trunk that it grew from.
        base: String,
        /// The commit's first line.
        title: String,
        /// What it touches; names that are not UTF-8 are shown with replacement characters.
        paths: Vec<String>,
        /// How many people must approve it.
        approvals_needed: u32,
        /// The revision of another change that it builds upon, and cannot land without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        below: Option<RevisionId>,
    },
    /// A person approved a revision.
    #[serde(rename = "revision.approved.v1")]
    RevisionApproved {
        /// The revision.
        revision: RevisionId,
        /// Who.
        person: PersonId,
    },
    /// A person sent a revision back.
    #[serde(rename = "revision.rejected.v1")]
    RevisionRejected {
        /// The revision.
        revision: RevisionId,
        /// Who.
        person: PersonId,
        /// What is asked for.
        comment: String,
    },
    /// A revision did not pass, and its owner is asked to repair it.
    #[serde(rename = "repair.asked.v1")]
    RepairAsked {
        /// The revision.
        revision: RevisionId,
        /// What failed and how to see it.
        repair: Repair,
    },
    /// The change is on the trunk.
    #[serde(rename = "change.landed.v1")]
    ChangeLanded {
        /// The revision that landed.
        revision: RevisionId,
        /// The landing.
        landing: LandingId,
    },
    /// The change was given up, with its task.
    #[serde(rename = "change.abandoned.v1")]
    ChangeAbandoned {
        /// The last revision.
        revision: RevisionId,
    },
}
