//! The gate and the queue: candidates, checks, landings.

use super::{ByRunner, Change, LogEntry, Runner, Who};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_model::event::queue::{Class, Verdict};
use weir_model::{CandidateId, Digest, LandingId, Lease, RevisionId, TaskId, Timestamp};

/// What is under test, and what waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
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
    /// The candidates that may still land, oldest first: their checks run, or have ended.
    pub testing: Vec<Candidate>,
    /// The candidate that showed that the tip itself fails a check: nobody is sent back for failing on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "Q1")]
    pub trunk_red: Option<CandidateId>,
    /// How many landings by verdicts that were taken over were tested again, in whole, on the tree that landed.
    pub audits: u64,
    /// The checks that failed on what they were said to pass: what they say of `paths` does not count until it is changed.
    pub not_believed: Vec<NotBelieved>,
    /// Who froze the queue, and why, if somebody did: nothing lands until the thaw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Frozen>,
    /// The runners that are here, and what they run.
    #[serde(default)]
    pub runners: Vec<Runner>,
    /// What waits, first to land first; what is under test waits as well.
    pub waiting: Vec<Waiting>,
    /// How many wait in all.
    pub waiting_total: u64,
}

/// A check that looks at more than its `paths` say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotBelieved {
    /// The check.
    pub check: String,
    /// The candidate that it had passed, as far as its `paths` go.
    #[schema(value_type = String, example = "Q1")]
    pub passed: CandidateId,
    /// The candidate that it then failed, twice: a tip of the trunk.
    #[schema(value_type = String, example = "Q3")]
    pub failed: CandidateId,
}

/// Nothing lands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Frozen {
    /// Who said so.
    pub by: Who,
    /// Why.
    pub reason: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// A reason, for those who wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// Why.
    pub reason: String,
}

/// How urgent a change shall be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClass {
    /// `express`, `high`, `normal` or `low`.
    #[schema(schema_with = super::schema::class)]
    pub class: Class,
    /// Why.
    pub reason: String,
}

/// What the queue decided about a change, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Explained {
    /// The change.
    pub change: Change,
    /// How it waits, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// The candidates that it is or was part of, oldest first.
    pub candidates: Vec<Candidate>,
    /// The decisions, oldest first, each with its reason.
    pub decisions: Vec<LogEntry>,
}

/// A revision that waits for its turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Waiting {
    /// The revision.
    #[schema(value_type = String, example = "C1.1")]
    pub revision: RevisionId,
    /// Its title.
    pub title: String,
    /// Its task.
    #[schema(value_type = String, example = "T1")]
    pub task: TaskId,
    /// Since when it waits; a repair in time, since when the revision before it did.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// How urgent it is: `express`, `high`, `normal` or `low`.
    #[schema(schema_with = super::schema::class)]
    pub class: Class,
    /// The candidates that it is part of, and that may still land.
    #[schema(value_type = Vec<String>, example = json!(["Q1"]))]
    pub part_of: Vec<CandidateId>,
    /// The chance that it lands as it is, from 0 to 1, as the queue's history and its candidates have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 0.94)]
    pub chance: Option<f64>,
    /// When it is expected to land, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub lands: Option<Timestamp>,
    /// Why it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "`Q1` is running")]
    pub because: Option<String>,
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

/// Revisions merged onto the tip one after another, to be tested as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Candidate {
    /// Its id.
    #[schema(value_type = String, example = "Q1")]
    pub id: CandidateId,
    /// Its revisions, in the order they were merged.
    #[schema(value_type = Vec<String>, example = json!(["C1.1"]))]
    pub revisions: Vec<RevisionId>,
    /// The title of the first, and how many more there are.
    pub title: String,
    /// The tip it was built on.
    pub onto: String,
    /// The merge commit.
    pub commit: String,
    /// Its tree: the one that is tested, and the only one that may land.
    pub tree: String,
    /// The checks it must pass, in the order they run.
    pub checks: Vec<Check>,
    /// Why it was built.
    pub built_because: String,
    /// How often its checks ran, counting the run under way.
    pub runs: u64,
    /// The runner that has the last run, or had it when it ended; none is a worker of the server's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<ByRunner>,
    /// Whether that run waits for a runner.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waits_for_runner: bool,
    /// What came out of the last run so far, in the same order.
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
    /// Checks are running.
    Testing,
    /// All passed; it lands when its turn has come.
    Passed,
    /// A check failed; what is to blame is not known yet.
    Failed,
    /// It is on the trunk.
    Landed,
    /// It failed, and showed that one of its revisions cannot land.
    Ejected,
    /// It was given up without a verdict on its change.
    Dropped,
}

impl Outcome {
    /// The word for it, as in the JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Testing => "testing",
            Self::Passed => "passed",
            Self::Failed => "failed",
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
    /// The candidate that this was found out by, if it did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "Q1")]
    pub taken_from: Option<CandidateId>,
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
    /// The revisions that it brings, in the order they were merged.
    #[schema(value_type = Vec<String>, example = json!(["C1.1"]))]
    pub revisions: Vec<RevisionId>,
    /// The title of the first, and how many more there are.
    pub title: String,
    /// Where the trunk stood.
    pub from: String,
    /// Where it went: a commit on top of that, with the candidate's tree.
    pub to: String,
    /// The tree that was tested.
    pub tree: String,
    /// Why it landed then.
    pub why: String,
    /// How far it is: `started`, `landed`, `lost`.
    #[schema(schema_with = super::schema::progress)]
    pub progress: String,
    /// When it came to stand there, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}
