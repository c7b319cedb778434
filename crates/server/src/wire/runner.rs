//! Runners: what they ask for, what they are given, what they tell.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use weir_model::{CandidateId, FencingToken, Lease, Timestamp, TokenId};

/// A process that takes runs of checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Runner {
    /// What it calls itself.
    #[schema(example = "build-1")]
    pub name: String,
    /// Its token.
    #[schema(value_type = String, example = "K2")]
    pub token: TokenId,
    /// What its owner calls that.
    pub label: String,
    /// What its verdicts depend on of the machine: they hold for others that say the same, and for no others.
    #[schema(example = "linux-x86_64@build-1")]
    pub environment: String,
    /// How many runs it takes at once.
    pub places: u32,
    /// What it runs, oldest first.
    pub runs: Vec<RunnerRun>,
    /// Since when it is here.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Until when it counts as here, unless it is heard of again.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// A run in the hands of a runner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunnerRun {
    /// The candidate.
    #[schema(value_type = String, example = "Q1")]
    pub candidate: CandidateId,
    /// Which of its runs, counted from 1.
    pub run: u32,
    /// The check that runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Tells this holding from every earlier and later one.
    #[schema(value_type = String, example = "#3")]
    pub lease: FencingToken,
    /// Since when it has it.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Until when it is its own, unless it renews that.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// By whom a run was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ByRunner {
    /// What it calls itself.
    #[schema(example = "build-1")]
    pub name: String,
    /// Its token.
    #[schema(value_type = String, example = "K2")]
    pub token: TokenId,
}

/// A runner asks for a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeRun {
    /// What it calls itself: a name of one process.
    #[schema(example = "build-1")]
    pub name: String,
    /// What its verdicts depend on of the machine: they hold for others that say the same, and for no others.
    #[schema(example = "linux-x86_64@build-1")]
    pub environment: String,
    /// How many runs it takes at once.
    pub places: u32,
    /// For how long a run is its own without renewing; a minute if left out, ten at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "1m")]
    pub lease: Option<Lease>,
    /// The leases that it has: a run that it holds by another was given to it in an answer that it never heard, and is given
    /// again.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["#3"]))]
    pub holds: Vec<FencingToken>,
    /// What it knows to be on its machine of what checks depend on (`toolchain`): a file's digest, a variable's value.
    #[serde(default)]
    pub facts: BTreeMap<String, Option<String>>,
    /// For how long to wait for one; 20 seconds at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "20s")]
    pub wait: Option<Lease>,
}

/// What a runner is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TakenRun {
    /// The run; left out if none waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<RunOrder>,
}

/// What a runner is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunOrder {
    /// The candidate.
    #[schema(value_type = String, example = "Q1")]
    pub candidate: CandidateId,
    /// Which of its runs, counted from 1.
    pub run: u32,
    /// By what it holds it: to be named with everything that is said of this run.
    #[schema(value_type = String, example = "#3")]
    pub lease: FencingToken,
    /// Until when it is its own, unless it renews that.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// The ref to fetch from `/git`.
    #[schema(example = "refs/weir/candidates/Q1")]
    pub name: String,
    /// The commit that it names.
    pub commit: String,
    /// That commit's tree: what the checks run on, and nothing else.
    pub tree: String,
    /// The checks to run, in this order, until one does not pass.
    pub checks: Vec<RunCheck>,
}

/// A check to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunCheck {
    /// Its name.
    pub name: String,
    /// The line for `sh -c`, to be run at the root of the clean tree.
    pub run: String,
    /// How long it may run.
    #[schema(value_type = String, example = "30m")]
    pub time_limit: Lease,
    /// How many bytes of its output are kept; the middle is left out.
    pub output_limit: u64,
    /// What it depends on of the machine: absolute paths, and variables as `$NAME`.
    pub toolchain: Vec<String>,
}

/// A runner asks for more time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewRun {
    /// What it calls itself.
    pub name: String,
    /// The candidate.
    #[schema(value_type = String, example = "Q1")]
    pub candidate: CandidateId,
    /// Which of its runs.
    pub run: u32,
    /// By what it holds it.
    #[schema(value_type = String, example = "#3")]
    pub lease: FencingToken,
    /// For how long from now; a minute if left out, ten at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "1m")]
    pub length: Option<Lease>,
}

/// Until when a run is a runner's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RenewedRun {
    /// Unless it renews that.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// How a check ended, as a runner saw it. What it means for the change is not the runner's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunEnded {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal that was not the runner's.
    Signalled,
    /// Its time was up.
    TimedOut,
    /// It could not be run.
    Broken,
}

/// A runner tells what came of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunReport {
    /// What it calls itself.
    pub name: String,
    /// The candidate.
    #[schema(value_type = String, example = "Q1")]
    pub candidate: CandidateId,
    /// Which of its runs.
    pub run: u32,
    /// By what it holds it.
    #[schema(value_type = String, example = "#3")]
    pub lease: FencingToken,
    /// The check.
    pub check: String,
    /// How it ended.
    pub ended: RunEnded,
    /// How long it ran, in milliseconds.
    pub elapsed_ms: u64,
    /// What it printed, within its limit; Base64.
    pub log: String,
    /// What is on the machine of what it says that it depends on (`toolchain`).
    #[serde(default)]
    pub facts: BTreeMap<String, Option<String>>,
}

/// A runner cannot run what it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnRun {
    /// What it calls itself.
    pub name: String,
    /// The candidate.
    #[schema(value_type = String, example = "Q1")]
    pub candidate: CandidateId,
    /// Which of its runs.
    pub run: u32,
    /// By what it holds it.
    #[schema(value_type = String, example = "#3")]
    pub lease: FencingToken,
    /// Why.
    pub why: String,
}

/// A runner goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveRunner {
    /// What it calls itself.
    pub name: String,
}
