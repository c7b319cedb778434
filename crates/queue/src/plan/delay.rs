//! What a delay costs: whom it keeps waiting, and for how long.
//!
//! Most revisions pass before those that they must land behind, so that it matters little when. A few hold up all the
//! rest. What workers do that nobody needs at once is worth what it spares these.

use super::reach::Reach;
use super::scene::Scene;
use super::set::Set;

/// By place.
pub(super) struct Delay {
    /// In how many milliseconds it lands, if all turns out as is likeliest.
    lands_in_ms: Vec<f64>,
    /// The longest that a build of what waits takes.
    pub(super) longest_ms: f64,
    /// Itself, and all that cannot land before it does.
    behind: Vec<Set>,
}

impl Delay {
    pub(super) fn of(scene: &Scene, reach: &Reach) -> Self {
        let count = scene.count();
        let mut lands_in_ms: Vec<f64> = Vec::with_capacity(count);
        let mut latest = 0.0f64;
        for place in 0..count {
            let own = match reach.by[place] {
                Some(build) => reach.remaining_ms[build],
                None => scene.items[place].length.mean_ms.max(1.0),
            };
            let waited_for = |other: &usize| !scene.doubtful[*other];
            let after = if scene.is_split {
                let before = scene.before[place].iter().filter(|other| *other < place);
                before.filter(waited_for).map(|other| lands_in_ms[other]).fold(0.0, f64::max)
            } else {
                latest
            };
            lands_in_ms.push(own.max(after));
            if waited_for(&place) {
                latest = own.max(after);
            }
        }
        let mut behind: Vec<Set> = vec![scene.empty(); count];
        for place in (0..count).rev() {
            let mut held = scene.empty();
            let after = scene.touch[place].iter().filter(|other| *other > place);
            // Where everything touches everything, the next one holds up all the others.
            let after = after.take(if scene.is_split { count } else { 1 });
            after.for_each(|other| held.add(&behind[other]));
            held.insert(place);
            behind[place] = held;
        }
        let lengths = scene.items.iter().map(|item| item.length.mean_ms);
        Self { lands_in_ms, longest_ms: lengths.fold(1.0, f64::max), behind }
    }

    /// The milliseconds that all together wait longer if these are decided only after so many.
    pub(super) fn costs_ms(&self, places: &Set, decided_in_ms: f64) -> f64 {
        let mut held = places.clone();
        places.iter().for_each(|place| held.add(&self.behind[place]));
        held.iter().map(|place| (decided_in_ms - self.lands_in_ms[place]).max(0.0)).sum()
    }
}
