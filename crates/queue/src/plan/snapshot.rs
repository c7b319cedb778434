//! What a decision is taken from: the queue as it stands at one instant, and what was learnt.

use serde::{Deserialize, Serialize};
pub use weir_model::event::queue::Class;
use weir_model::{CandidateId, RevisionId};

/// All that [`plan`](super::plan) looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The instant, in milliseconds.
    pub now_ms: u64,
    /// How many builds can run at once; running ones count.
    pub workers: u32,
    /// Nothing may land now. Testing goes on, so that a thaw lands what has passed.
    pub frozen: bool,
    /// Whether the tip passes by itself.
    pub tip: Tip,
    /// What waits. Their order here breaks ties only: the plan says in which order they land.
    pub items: Vec<Item>,
    /// Which of them touch.
    pub touches: Vec<Touch>,
    /// The clash of every pair of which `touches` lists nothing and that shares a target; none: such a pair does not
    /// touch. A trunk on which exactly the tested tree lands sets it; where no check says what it covers, everything
    /// touches everything.
    pub all_touch: Option<f64>,
    /// What was built of them: all whose attempts say something about a revision that still waits, also when they
    /// can no longer land.
    pub builds: Vec<Build>,
    /// What history says.
    pub learned: Learned,
    /// What the last plan said a worker's minute is worth.
    pub price: Price,
    /// How this trunk wants to be served.
    pub rules: Rules,
}

/// Whether the tip passes by itself: only then is a change to blame that fails upon it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tip {
    /// It does.
    Proven,
    /// It is being found out.
    Unknown,
    /// It does not: whoever mends it lands, and whoever fails waits for that.
    Red,
}

/// A revision that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The revision.
    pub revision: RevisionId,
    /// How urgent it is.
    pub class: Class,
    /// Since when it waits.
    pub since_ms: u64,
    /// The revision below it in its stack: it cannot be built without it. One that does not wait has landed.
    pub after: Option<RevisionId>,
    /// The chance that it passes on the tip, as history has it: what its own builds said comes on top.
    pub success: f64,
    /// How long its build takes.
    pub length: Length,
    /// What it changes, of what is tested apart: those that share none pass together if each passes. None: all of it.
    pub targets: Option<Vec<u32>>,
}

/// How long a build takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Length {
    /// Mean, in milliseconds.
    pub mean_ms: f64,
    /// Standard deviation, in milliseconds.
    pub sd_ms: f64,
}

/// Two revisions of which one may change how the other does. The pair has no direction: which lands first comes out
/// of the plan. Two that do not touch may land in any order, untested together. Touching is taken as it is listed:
/// whoever wants it to reach through a third lists that pair as well.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Touch {
    /// The one that came earlier.
    pub earlier: RevisionId,
    /// The other.
    pub later: RevisionId,
    /// What says so.
    pub level: Level,
    /// The chance that they pass apart and fail together.
    pub clash: f64,
}

/// What says that two revisions touch, from the coarsest to the finest: the last level that could not deny it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// They cannot be merged with each other: never in one build. Whichever lands first, the other must be redone.
    Merge,
    /// Nothing is known that would keep them apart.
    Trunk,
    /// They author the same paths.
    Paths,
    /// One edits a definition that the other edits or refers to.
    Symbols,
    /// They change the same declared targets.
    Targets,
}

/// What was built: the tip and these revisions, in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// Its id.
    pub id: CandidateId,
    /// Its revisions, in the order in which they were merged. Those that landed have left it; those that were ejected
    /// or withdrawn have not, and keep it from landing.
    pub items: Vec<RevisionId>,
    /// Those of them about which its verdict no longer holds: something that touches them, and was not in it, landed
    /// since. What it said remains evidence, but it cannot land while one of these is in it.
    pub stale: Vec<RevisionId>,
    /// It held more when it was built, and some of that has landed.
    pub shrunk: bool,
    /// Its runs, oldest first.
    pub attempts: Vec<Attempt>,
}

/// One run of a build's checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub started_ms: u64,
    /// When it ended, if that is known. One that passed at a time that is not known is taken to have passed after its
    /// revisions' mean length.
    #[serde(default)]
    pub ended_ms: Option<u64>,
    /// How it stands.
    pub state: State,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It runs, and holds a worker.
    Running,
    /// Every check passed.
    Passed,
    /// A check failed.
    Failed,
    /// It says nothing about the revisions: infrastructure, cancelled, the machine's own time-out.
    Void,
    /// It was ended because a plan said so: it says nothing, and nothing was wrong with it.
    Stopped,
}

/// What history says about builds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// The chance that a run of a good build fails.
    pub flake: f64,
    /// The chance that what once passed fails on a later tip, though nothing that touches it is known.
    pub drift: f64,
}

/// What a worker's minute is worth, in chances: a build is started if it is needed with at least this chance, for
/// each of its minutes that it saves somebody.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// The price.
    pub lambda: f64,
}

/// How a trunk wants to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The most revisions in a build that are there to land with it.
    pub batch_max: u32,
    /// Whoever waited for so long goes before all but the express lane.
    pub wait_max_ms: u64,
    /// How often a run without a verdict is repeated at once; after that, once in ten minutes.
    pub voids_max: u32,
}

impl Default for Learned {
    /// Of a queue that has seen nothing: one run in fifty fails for no reason.
    fn default() -> Self {
        Self { flake: 0.02, drift: 0.002 }
    }
}

impl Default for Price {
    fn default() -> Self {
        Self { lambda: 0.05 }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self { batch_max: 64, wait_max_ms: 4 * 60 * 60 * 1000, voids_max: 3 }
    }
}

impl Build {
    /// How many of its runs stand like this.
    pub fn count(&self, state: State) -> u32 {
        self.attempts.iter().filter(|attempt| attempt.state == state).map(|_| 1).sum()
    }

    /// Whether a run passed. One pass is enough: what is broken does not pass.
    pub fn has_passed(&self) -> bool {
        self.count(State::Passed) > 0
    }
}
