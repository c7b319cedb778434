//! Why a revision waits, and until when it is expected to.

use serde::{Deserialize, Serialize};
use std::fmt;
use weir_model::{CandidateId, RevisionId};

/// Why a revision does not land now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// A build that would land it is running.
    Build {
        /// The likeliest one.
        build: CandidateId,
    },
    /// It passed, and lands when what touches it and comes first is decided.
    Before {
        /// The first of those.
        revision: RevisionId,
        /// The build in which it passed.
        build: CandidateId,
    },
    /// A build of it is started by this very plan.
    Starting,
    /// All workers are busy.
    Worker {
        /// How many revisions stand before it in the same need.
        ahead: u32,
    },
    /// What it stands on in its stack is not decided.
    Stack {
        /// The revision below it.
        below: RevisionId,
    },
    /// It cannot be merged with one before it, and waits for what becomes of that.
    Apart {
        /// The one.
        revision: RevisionId,
    },
    /// A build with it failed, and it is being found out why.
    Fault {
        /// The chance that it is good.
        good_chance: f64,
        /// The build.
        build: CandidateId,
    },
    /// Its builds have ended without a verdict too often: tried again after a pause.
    Pause {
        /// How many did.
        voids: u32,
        /// When it is tried again.
        until_ms: u64,
    },
    /// Too much that touches it is undecided for a build of it to be worth its minutes now.
    Undecided {
        /// How many that touch it stand before it.
        before: u32,
        /// The chance that a build started now would be needed.
        chance: f64,
    },
    /// It has passed and nothing stands before it, but nothing may land now.
    Frozen,
}

/// What is expected of a revision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// The revision.
    pub revision: RevisionId,
    /// The chance that it lands.
    pub chance: f64,
    /// When it is expected to, if it does.
    pub lands_ms: u64,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build { build } => write!(f, "`{build}` is running"),
            Self::Before { revision, build } => {
                write!(f, "passed in `{build}`, and `{revision}` before it is undecided")
            }
            Self::Starting => write!(f, "a build of it starts"),
            Self::Worker { ahead: 0 } => write!(f, "next to be built when a worker is free"),
            Self::Worker { ahead } => write!(f, "{ahead} before it wait for a worker, too"),
            Self::Stack { below } => write!(f, "`{below}` below it in the stack is undecided"),
            Self::Apart { revision } => {
                write!(f, "cannot be merged with `{revision}`, which comes first")
            }
            Self::Fault { good_chance, build } => {
                let percent = good_chance * 100.0;
                write!(f, "`{build}` failed; that this is by chance has {percent:.0} %")
            }
            Self::Pause { voids, .. } => {
                write!(f, "{voids} runs ended without a verdict; tried again after a pause")
            }
            Self::Undecided { before, chance } => {
                let percent = chance * 100.0;
                write!(
                    f,
                    "{before} before it are undecided; a build now would count in {percent:.0} %"
                )
            }
            Self::Frozen => write!(f, "passed; nothing lands while the trunk is frozen"),
        }
    }
}
