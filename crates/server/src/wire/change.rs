//! Changes: revisions, approvals, and what a change that came back needs.

use super::Who;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_model::{ChangeId, Digest, FencingToken, LandingId, RevisionId, TaskId, Timestamp};

/// What a task brings to the trunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// Its id.
    #[schema(value_type = String, example = "C1")]
    pub id: ChangeId,
    /// For which task.
    #[schema(value_type = String, example = "T1")]
    pub task: TaskId,
    /// The title of its latest revision.
    pub title: String,
    /// Where it stands.
    pub state: ChangeState,
    /// Since when it stands there, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// What its owner must do, if it came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<Repair>,
    /// What put it on the trunk, if it landed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "L1")]
    pub landing: Option<LandingId>,
    /// Its place in the queue, counted from 0, if it waits there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<u64>,
    /// All revisions, oldest first; there is at least one.
    pub revisions: Vec<Revision>,
}

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// People must approve it.
    InReview,
    /// It waits for its turn.
    Queued,
    /// Its merge onto the tip is under test.
    Testing,
    /// Its owner must repair it.
    Returned,
    /// It is on the trunk.
    Landed,
    /// It was given up.
    Abandoned,
}

impl ChangeState {
    /// The word for it, as in the JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::InReview => "in_review",
            Self::Queued => "queued",
            Self::Testing => "testing",
            Self::Returned => "returned",
            Self::Landed => "landed",
            Self::Abandoned => "abandoned",
        }
    }

    /// Whether nothing more happens until its owner or nobody acts: it landed, came back, or was given up.
    pub fn is_settled(self) -> bool {
        match self {
            Self::InReview | Self::Queued | Self::Testing => false,
            Self::Returned | Self::Landed | Self::Abandoned => true,
        }
    }
}

/// One state of a change; it never alters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Revision {
    /// Its id.
    #[schema(value_type = String, example = "C1.1")]
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
    pub session: Who,
    /// Who answers for that session.
    pub person: Who,
    /// The fencing token it was brought under.
    #[schema(value_type = String, example = "#1")]
    pub token: FencingToken,
    /// The trunk it is for.
    pub trunk: String,
    /// How many people must approve it.
    pub approvals_needed: u32,
    /// Who has.
    pub approvals: Vec<Who>,
}

/// What a change needs from its owner before it can be tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Repair {
    /// Stable, `subject.reason`: `check.failed`, `merge.conflict`, `review.rejected`, …
    #[schema(example = "check.failed")]
    pub code: String,
    /// What failed, in a sentence.
    pub sentence: String,
    /// The end of the log, cut to what a reader needs.
    pub log: String,
    /// The whole log, if there is one: `GET /v1/bodies/{digest}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub body: Option<Digest>,
    /// The command to reproduce it, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<String>,
    /// What to do next.
    pub hint: String,
    /// What it was tested with when it failed, and passes without it; empty: the tip alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, example = json!(["C1.1"]))]
    pub beside: Vec<RevisionId>,
    /// Until then, its next revision takes its old place in the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub place_until: Option<Timestamp>,
    /// The changes with one of which it does not go together, the likeliest first; each passes, and so does this one, by
    /// itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<Counterpart>,
}

/// A change that another does not go together with. What it says is its author's, not Weir's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counterpart {
    /// The revision.
    #[schema(value_type = String, example = "C1.1")]
    pub revision: RevisionId,
    /// Its task.
    #[schema(value_type = String, example = "T1")]
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

/// What a reviewer asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// What would make it acceptable.
    pub comment: String,
}
