//! The decision core: what to build, run again, stop, land and eject, given the queue as it stands.
//!
//! [`plan`] is a pure function of a [`Snapshot`]. The live queue, the simulator, the replay of an old decision and
//! the tests call the same one, so a decision can be explained by taking it again. It holds no state between calls
//! but what the snapshot carries; whoever calls it does its steps in their order, as far as they still can be done,
//! and calls it again when anything has changed or at [`Plan::wake_ms`].
//!
//! Invariants: (1) a build lands only if it passed, holds every earlier revision that touches one of its own, and
//! nothing that touches one of them landed without being in it (or early, if it passed whichever way the undecided
//! ones go); (2) nobody is ejected but for failures that were repeated and that nothing else explains; (3) every
//! revision that does not land now has a reason to wait. `tests/plan.rs` tries to break them.

mod snapshot;
mod step;
mod wait;

pub use snapshot::{
    Attempt, Build, Class, Item, Learned, Length, Level, Price, Rules, Snapshot, State, Touch,
};
pub use step::{AgainWhy, Cause, Eject, LandWhy, StartWhy, Step, StopWhy};
pub use wait::{Forecast, Wait};

use serde::{Deserialize, Serialize};
use weir_model::RevisionId;

/// What is to be done, and what is expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What to do now, in this order.
    pub steps: Vec<Step>,
    /// In which order the revisions land, as far as they touch.
    pub order: Vec<RevisionId>,
    /// Why each that does not land or leave now waits, in that order.
    pub waits: Vec<(RevisionId, Wait)>,
    /// What is expected of each, in that order.
    pub forecasts: Vec<Forecast>,
    /// The price to put into the next snapshot.
    pub price: Price,
    /// Time alone changes the plan at this instant, if nothing else does before.
    pub wake_ms: Option<u64>,
}

/// What to do now.
pub fn plan(snapshot: &Snapshot) -> Plan {
    let mut items: Vec<_> = snapshot.items.iter().collect();
    items.sort_by_key(|item| (item.class, item.since_ms, item.revision));
    let mut plan = Plan {
        steps: Vec::new(),
        order: items.iter().map(|item| item.revision).collect(),
        waits: Vec::new(),
        forecasts: Vec::new(),
        price: snapshot.price,
        wake_ms: None,
    };
    for (place, item) in items.iter().enumerate() {
        let lands_ms = snapshot.now_ms + item.length.mean_ms as u64 * (place as u64 + 1);
        plan.forecasts.push(Forecast { revision: item.revision, chance: item.success, lands_ms });
        if place > 0 {
            plan.waits.push((item.revision, Wait::Worker { ahead: place as u32 }));
            continue;
        }
        let own = |build: &&Build| build.items == [item.revision] && build.stale.is_empty();
        let Some(build) = snapshot.builds.iter().find(own) else {
            let why = StartWhy::Likeliest { targets: vec![item.revision], chance: item.success };
            plan.steps.push(Step::Start { items: vec![item.revision], why });
            plan.waits.push((item.revision, Wait::Worker { ahead: 0 }));
            continue;
        };
        let fails = build.count(State::Failed);
        let false_chance = item.success * snapshot.learned.flake.powi(fails as i32);
        if build.has_passed() && snapshot.frozen {
            plan.waits.push((item.revision, Wait::Frozen));
        } else if build.has_passed() {
            let items = vec![item.revision];
            plan.steps.push(Step::Land { build: build.id, items, why: LandWhy::Passed });
        } else if build.count(State::Running) > 0 {
            plan.waits.push((item.revision, Wait::Build { build: build.id }));
        } else if fails >= 2 && false_chance <= FALSE_MAX {
            plan.steps.push(Step::Eject(Eject {
                revision: item.revision,
                cause: Cause::Content,
                failing: build.id,
                beside: Vec::new(),
                passing: None,
                fails,
                false_chance,
                good_chance: false_chance / (false_chance + 1.0 - item.success),
            }));
        } else {
            let why = AgainWhy::Flake { chance: false_chance };
            plan.steps.push(Step::Again { build: build.id, why });
            plan.waits.push((item.revision, Wait::Build { build: build.id }));
        }
    }
    plan
}

/// The largest chance of ejecting a good revision: one in two thousand.
const FALSE_MAX: f64 = 5e-4;
