//! The gate and the queue: candidates, checks, landings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_model::event::queue::Verdict;
use weir_model::{CandidateId, Digest, LandingId, Lease, RevisionId, TaskId, Timestamp};

/// What is under test, and what waits behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Queue {
    /// The trunk; empty until Weir knows it.
    pub trunk: String,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tip: Option<String>,
    /// The checks that every candidate must pass, in the order they run.
    pub checks: Vec<Check>,
    /// Where the checks were read: `weir.toml at <commit>`, or `found in the repository at <commit>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks_from: Option<String>,
    /// How many people must approve a revision.
    pub approvals_needed: u32,
    /// The candidate under test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub testing: Option<Candidate>,
    /// What waits, first to land first; the revision under test stands at the head.
    pub waiting: Vec<Waiting>,
    /// How many wait in all.
    pub waiting_total: u64,
}

/// A revision that waits for its turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Waiting {
    /// The revision.
    #[schema(value_type = String, example = "C1.1")]
    pub revision: RevisionId,
    /// Its title.
    pub title: String,
    /// Its task.
    #[schema(value_type = String, example = "T1")]
    pub task: TaskId,
    /// Since when it waits, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
}

/// A check that every candidate must pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// The line that is run, at the root of a clean tree.
    pub run: String,
    /// How long it may run.
    #[schema(value_type = String, example = "30m")]
    pub time_limit: Lease,
}

/// The merge of one revision onto the tip, built to be tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Candidate {
    /// Its id.
    #[schema(value_type = String, example = "Q1")]
    pub id: CandidateId,
    /// The revision.
    #[schema(value_type = String, example = "C1.1")]
    pub revision: RevisionId,
    /// The revision's title.
    pub title: String,
    /// The tip it was built on.
    pub onto: String,
    /// The merge commit.
    pub commit: String,
    /// Its tree: the one that is tested, and the only one that may land.
    pub tree: String,
    /// The checks it must pass, in the order they run.
    pub checks: Vec<Check>,
    /// What came out so far, in the same order.
    pub results: Vec<CheckResult>,
    /// Where it stands.
    pub outcome: Outcome,
    /// The code of its failure, or the reason why it was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "check.failed")]
    pub why: Option<String>,
    /// The landing, if it landed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "L1")]
    pub landing: Option<LandingId>,
}

/// Where a candidate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Checks are running, or its landing is under way.
    Testing,
    /// It is on the trunk.
    Landed,
    /// It failed.
    Ejected,
    /// It was given up without a verdict on its change.
    Dropped,
}

impl Outcome {
    /// The word for it, as in the JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Testing => "testing",
            Self::Landed => "landed",
            Self::Ejected => "ejected",
            Self::Dropped => "dropped",
        }
    }
}

/// How one check of a candidate ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckResult {
    /// The check's name.
    pub check: String,
    /// How it ended.
    #[schema(schema_with = super::schema::verdict)]
    pub verdict: Verdict,
    /// Exit code, if it exited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// How long it ran, in milliseconds.
    pub elapsed_ms: u64,
    /// Its output: `GET /v1/bodies/{digest}`.
    #[schema(value_type = String)]
    pub log: Digest,
}

/// A move of the trunk to a tested candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Landing {
    /// Its id.
    #[schema(value_type = String, example = "L1")]
    pub id: LandingId,
    /// The candidate.
    #[schema(value_type = String, example = "Q1")]
    pub candidate: CandidateId,
    /// The revision.
    #[schema(value_type = String, example = "C1.1")]
    pub revision: RevisionId,
    /// The revision's title.
    pub title: String,
    /// Where the trunk stood.
    pub from: String,
    /// Where it went: the candidate's commit.
    pub to: String,
    /// The tree that was tested.
    pub tree: String,
    /// How far it is: `started`, `landed`, `lost`.
    #[schema(schema_with = super::schema::progress)]
    pub progress: String,
    /// When it came to stand there, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}
