//! What happened between the gate and the trunk: candidates, checks, landings.

use crate::config::Check;
use crate::{
    CandidateId, ChangeId, Digest, FencingToken, LandingId, PersonId, RevisionId, TaskId,
    Timestamp, TokenId,
};
use serde::{Deserialize, Serialize};

/// How a check ended. Only [`Verdict::Failed`] and [`Verdict::TimedOut`] speak about the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Exit code 0.
    Passed,
    /// Another exit code, or a signal of its own making.
    Failed,
    /// It ran longer than it may.
    TimedOut,
    /// It could not be run at all: says nothing about the change.
    Broken,
}

/// Why a candidate was given up, or a run of it ended, without a verdict on its changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dropped {
    /// The trunk moved under it.
    TrunkMoved,
    /// Weir stopped or was killed while it was tested.
    Interrupted,
    /// A check could not be run.
    CheckBroken,
    /// A revision of it left the queue: its change was withdrawn, or its session revoked.
    Withdrawn,
    /// A revision of it cannot land as it is.
    Ejected,
    /// Something else landed, which it was not tested upon.
    Overtaken,
    /// The gate asks for other checks now.
    GateChanged,
    /// Nobody asks any more what it would tell.
    Unneeded,
}

/// How urgent a change is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Before everything else.
    Express,
    /// As if it had come an hour sooner.
    High,
    /// As it came.
    #[default]
    Normal,
    /// As if it had come an hour later.
    Low,
}

/// A step on the way from the tip to a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What was merged.
    pub revision: RevisionId,
    /// The tree that this gave, upon the steps before.
    pub tree: String,
}

/// A process that takes runs of checks, on this machine or another: told apart by the token that it shows, and by what it
/// calls itself, for several may show one token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Runner {
    /// Its token.
    pub token: TokenId,
    /// What it calls itself.
    pub name: String,
}

/// Why a runner no longer holds a run. None of it says anything about the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Returned {
    /// Nobody heard of it until its lease ended.
    Expired,
    /// It could not run it.
    Unable,
    /// It stops.
    Stopping,
    /// The answer by which it took it did not reach it: it asked again.
    Unheard,
}

/// Where the rules of a gate came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateSource {
    /// `weir.toml` on the trunk, at this commit.
    Committed(String),
    /// Found in the repository at this commit: there is no `weir.toml` yet.
    Detected(String),
}

/// A fact about the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Event {
    /// The gate's rules became these.
    #[serde(rename = "gate.set.v1")]
    GateSet {
        /// The trunk it guards.
        trunk: String,
        /// What every candidate must pass.
        checks: Vec<Check>,
        /// How many people must approve a revision.
        approvals_needed: u32,
        /// Where this was read.
        source: GateSource,
    },
    /// The trunk stood somewhere else than where Weir left it: at the start, or because an owner moved it.
    #[serde(rename = "trunk.moved.v1")]
    TrunkMoved {
        /// The trunk.
        trunk: String,
        /// Where it stood, if Weir knew it.
        from: Option<String>,
        /// Where it stands.
        to: String,
    },
    /// A revision passed its review and waits to be tested.
    #[serde(rename = "revision.queued.v1")]
    RevisionQueued {
        /// The revision.
        revision: RevisionId,
        /// Its task.
        task: TaskId,
        /// Its commit.
        commit: String,
        /// The revision below it in its stack, which it cannot land without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        below: Option<RevisionId>,
    },
    /// A revision left the queue without landing.
    #[serde(rename = "revision.dequeued.v1")]
    RevisionDequeued {
        /// The revision.
        revision: RevisionId,
    },
    /// The merge of revisions onto the tip, one after another, was built, to be tested.
    #[serde(rename = "candidate.built.v1")]
    CandidateBuilt {
        /// The candidate.
        candidate: CandidateId,
        /// The tip it was built on.
        onto: String,
        /// The revisions, in the order they were merged.
        steps: Vec<Step>,
        /// The merge commit: its parents are the tip and the revisions.
        commit: String,
        /// Its tree, which is that of the last step: the one that will be tested, and the only one that may land. Without
        /// steps it is that of the tip: do the checks pass there at all?
        tree: String,
        /// Why it was built, with the numbers that decided it.
        why: String,
    },
    /// The checks of a candidate run once more.
    #[serde(rename = "candidate.repeated.v1")]
    CandidateRepeated {
        /// The candidate.
        candidate: CandidateId,
        /// Which run this is, counted from 1: the one that began as it was built.
        run: u32,
        /// Why, with the numbers that decided it.
        why: String,
    },
    /// A run of a candidate ended without a verdict. What its other runs said still counts.
    #[serde(rename = "run.stopped.v1")]
    RunStopped {
        /// The candidate.
        candidate: CandidateId,
        /// Which of its runs.
        run: u32,
        /// Why.
        why: Dropped,
    },
    /// A runner is here, and how much it takes at once; said when it comes, when that changes, and now and then.
    #[serde(rename = "runner.seen.v1")]
    RunnerSeen {
        /// The runner.
        runner: Runner,
        /// What its verdicts depend on of the machine: they hold for others that say the same, and for no others.
        environment: String,
        /// How many runs it takes at once.
        places: u32,
        /// Until when it counts as here, unless it is heard of again.
        until: Timestamp,
    },
    /// A runner left.
    #[serde(rename = "runner.left.v1")]
    RunnerLeft {
        /// The runner.
        runner: Runner,
    },
    /// The server has no worker for a run: it waits for a runner.
    #[serde(rename = "run.offered.v1")]
    RunOffered {
        /// The candidate.
        candidate: CandidateId,
        /// Which of its runs.
        run: u32,
    },
    /// No runner had taken it: a worker of the server's runs it.
    #[serde(rename = "run.recalled.v1")]
    RunRecalled {
        /// The candidate.
        candidate: CandidateId,
        /// Which of its runs.
        run: u32,
    },
    /// A runner runs the checks of a candidate.
    #[serde(rename = "run.taken.v1")]
    RunTaken {
        /// The candidate.
        candidate: CandidateId,
        /// Which of its runs.
        run: u32,
        /// The runner.
        runner: Runner,
        /// The environment it had then.
        environment: String,
        /// Tells this holding of the run from every earlier and later one.
        lease: FencingToken,
        /// Until when it is the runner's, unless it renews that.
        until: Timestamp,
    },
    /// A runner is still at it.
    #[serde(rename = "run.renewed.v1")]
    RunRenewed {
        /// The candidate.
        candidate: CandidateId,
        /// Which of its runs.
        run: u32,
        /// Under which lease.
        lease: FencingToken,
        /// Until when it is the runner's now.
        until: Timestamp,
    },
    /// A run is no longer a runner's, and waits for one again; it begins anew.
    #[serde(rename = "run.returned.v1")]
    RunReturned {
        /// The candidate.
        candidate: CandidateId,
        /// Which of its runs.
        run: u32,
        /// The lease that ended.
        lease: FencingToken,
        /// Why.
        why: Returned,
        /// What the runner said to it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        said: String,
    },
    /// What a runner told of a run was not taken: it did not hold it any more. It changed nothing.
    #[serde(rename = "report.refused.v1")]
    ReportRefused {
        /// The candidate.
        candidate: CandidateId,
        /// Which of its runs.
        run: u32,
        /// The runner.
        runner: Runner,
        /// The lease that it named.
        lease: FencingToken,
        /// The check that it told of.
        check: String,
        /// The refusal's code.
        code: String,
    },
    /// A check ended.
    #[serde(rename = "check.finished.v1")]
    CheckFinished {
        /// The candidate.
        candidate: CandidateId,
        /// In which of its runs.
        run: u32,
        /// The check's name.
        check: String,
        /// How it ended.
        verdict: Verdict,
        /// Exit code, if it exited.
        exit_code: Option<i32>,
        /// How long it ran, in milliseconds.
        elapsed_ms: u64,
        /// Its output: the digest of a body.
        log: Digest,
        /// What the verdict is about: the digest of the files that the check looks at, of what it is, and of the machine.
        key: Digest,
        /// The candidate that this was found out by, of which all that is the same; none: it ran.
        taken_from: Option<CandidateId>,
    },
    /// A candidate was given up; its revisions wait again, in their old places.
    #[serde(rename = "candidate.dropped.v1")]
    CandidateDropped {
        /// The candidate.
        candidate: CandidateId,
        /// Why.
        why: Dropped,
    },
    /// A revision cannot land as it is: its owner must repair it.
    #[serde(rename = "revision.ejected.v1")]
    RevisionEjected {
        /// The revision.
        revision: RevisionId,
        /// The candidate that showed it; none if the merge itself conflicts.
        candidate: Option<CandidateId>,
        /// Stable, `subject.reason`.
        code: String,
        /// Why, with the numbers that decided it.
        why: String,
    },
    /// Nothing lands until the thaw. Testing goes on.
    #[serde(rename = "queue.frozen.v1")]
    QueueFrozen {
        /// By whom.
        person: PersonId,
        /// Why.
        reason: String,
    },
    /// What has passed lands again.
    #[serde(rename = "queue.thawed.v1")]
    QueueThawed {
        /// By whom.
        person: PersonId,
    },
    /// A change is more or less urgent than others, now and when it comes back from repair.
    #[serde(rename = "class.set.v1")]
    ClassSet {
        /// The change.
        change: ChangeId,
        /// How urgent.
        class: Class,
        /// Who says so.
        person: PersonId,
        /// Why.
        reason: String,
    },
    /// The trunk is about to move to a tested candidate. Recorded before the ref moves.
    #[serde(rename = "landing.started.v1")]
    LandingStarted {
        /// The landing.
        landing: LandingId,
        /// The candidate.
        candidate: CandidateId,
        /// The revisions that land: those of the candidate that have not landed yet.
        revisions: Vec<RevisionId>,
        /// Where the trunk must stand.
        from: String,
        /// Where it will stand.
        to: String,
        /// The tree that was tested.
        tree: String,
        /// Why now.
        why: String,
    },
    /// The trunk moved.
    #[serde(rename = "landing.finished.v1")]
    LandingFinished {
        /// The landing.
        landing: LandingId,
    },
    /// Somebody else had moved the trunk; nothing landed, and the revisions wait again.
    #[serde(rename = "landing.lost.v1")]
    LandingLost {
        /// The landing.
        landing: LandingId,
        /// Where the trunk really stood.
        actual: String,
    },
}
