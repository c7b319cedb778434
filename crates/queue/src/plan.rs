//! The decision core: what to build, run again, stop, land and eject, given the queue as it stands.
//!
//! [`plan`] is a pure function of a [`Snapshot`], so a decision can be explained by taking it again. The live queue, the
//! simulator and the tests call it. It holds no state between calls but what the snapshot carries; whoever calls it does its steps in their order, as far as they still can be done,
//! and calls it again when anything has changed or at [`Plan::wake_ms`].
//!
//! Invariants: (1) a build lands only if it passed, holds every earlier revision that touches one of its own, and
//! nothing that touches one of them landed without being in it (or early, if it passed whichever way the undecided
//! ones go); (2) nobody is ejected but for failures that were repeated and that nothing else explains; (3) every
//! revision that does not land now has a reason to wait. `tests/plan.rs` tries to break them.

mod belief;
mod delay;
mod order;
mod reach;
mod scene;
mod set;
mod settle;
mod snapshot;
mod spare;
mod speculate;
mod step;
mod tell;
mod wait;
mod work;

pub use snapshot::{
    Attempt, Build, Class, Item, Learned, Length, Level, Price, Rules, Snapshot, State, Tip, Touch,
};
pub use step::{AgainWhy, Cause, Eject, LandWhy, StartWhy, Step, StopWhy};
pub use wait::{Forecast, Wait};

use scene::Scene;
use serde::{Deserialize, Serialize};
use tell::Told;
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
    let slots = belief::Slots::of(snapshot);
    let belief = belief::Belief::of(snapshot, &slots);
    let scene = ordered(snapshot, &slots, &belief);
    let reach = reach::Reach::of(&scene);
    let located = settle::located(&scene);
    let mut plan = Plan {
        steps: Vec::new(),
        order: Vec::new(),
        waits: Vec::new(),
        forecasts: Vec::new(),
        price: snapshot.price,
        wake_ms: None,
    };
    let landings = settle::landings(&scene);
    // What lands now has shown itself good, whatever there was against it.
    if snapshot.tip == Tip::Proven {
        plan.steps = settle::ejections(&scene, &located, &landings);
    }
    plan.steps.extend(landings);
    let served = scene.empty();
    let mut told =
        Told { scene: &scene, reach: &reach, located: &located, served, left: Vec::new() };
    if plan.steps.is_empty() {
        work::divide(&mut plan, &mut told);
    } else {
        // What is left is worth another look: it is planned anew when these are done.
        plan.wake_ms = Some(snapshot.now_ms);
    }
    tell::tell(&mut plan, &told);
    plan
}

fn ordered<'a>(
    snapshot: &'a Snapshot,
    slots: &belief::Slots,
    belief: &'a belief::Belief,
) -> Scene<'a> {
    let turns = vec![order::Turn::Own; snapshot.items.len()];
    let order = order::landing_order(snapshot, slots, belief, &turns);
    let scene = Scene::new(snapshot, slots, belief, &order);
    let (passed, paused) = (reach::ahead(&scene), reach::paused(&scene));
    if passed.is_empty() && paused.is_empty() {
        return scene;
    }
    let mut turns = vec![order::Turn::Own; order.len()];
    passed.into_iter().for_each(|place| turns[order[place]] = order::Turn::Ahead);
    paused.into_iter().for_each(|place| turns[order[place]] = order::Turn::Behind);
    let order = order::landing_order(snapshot, slots, belief, &turns);
    Scene::new(snapshot, slots, belief, &order)
}
