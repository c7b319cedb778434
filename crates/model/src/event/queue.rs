//! What happened between the gate and the trunk: candidates, checks, landings.

use crate::config::Check;
use crate::{CandidateId, Digest, LandingId, RevisionId, TaskId};
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

/// Why a candidate was given up without a verdict on its change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dropped {
    /// The trunk moved under it.
    TrunkMoved,
    /// Weir stopped or was killed while it was tested.
    Interrupted,
    /// A check could not be run.
    CheckBroken,
    /// Its change was withdrawn, or its session revoked.
    Withdrawn,
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
    },
    /// A revision left the queue without landing.
    #[serde(rename = "revision.dequeued.v1")]
    RevisionDequeued {
        /// The revision.
        revision: RevisionId,
    },
    /// The merge of a revision onto the tip was built, to be tested.
    #[serde(rename = "candidate.built.v1")]
    CandidateBuilt {
        /// The candidate.
        candidate: CandidateId,
        /// The revision.
        revision: RevisionId,
        /// The tip it was built on.
        onto: String,
        /// The merge commit.
        commit: String,
        /// Its tree: the one that will be tested, and the only one that may land.
        tree: String,
    },
    /// A check ended.
    #[serde(rename = "check.finished.v1")]
    CheckFinished {
        /// The candidate.
        candidate: CandidateId,
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
    },
    /// A candidate was given up; its revision waits again, in its old place.
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
    },
    /// The trunk is about to move to a tested candidate. Recorded before the ref moves.
    #[serde(rename = "landing.started.v1")]
    LandingStarted {
        /// The landing.
        landing: LandingId,
        /// The candidate.
        candidate: CandidateId,
        /// Where the trunk must stand.
        from: String,
        /// Where it will stand.
        to: String,
        /// The tree that was tested.
        tree: String,
    },
    /// The trunk moved.
    #[serde(rename = "landing.finished.v1")]
    LandingFinished {
        /// The landing.
        landing: LandingId,
    },
    /// Somebody else had moved the trunk; nothing landed, and the revision waits again.
    #[serde(rename = "landing.lost.v1")]
    LandingLost {
        /// The landing.
        landing: LandingId,
        /// Where the trunk really stood.
        actual: String,
    },
}
