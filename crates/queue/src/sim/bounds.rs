//! What no policy can beat, and what one with a crystal ball would reach.

use super::world::World;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The fewest builds that a change costs on average, if a build gives one verdict and changes are bad by themselves
/// with chance `bad`: the entropy `H₂`.
pub fn builds_min(bad: f64) -> f64 {
    let bits = |p: f64| if p <= 0.0 { 0.0 } else { -p * p.log2() };
    bits(bad) + bits(1.0 - bad)
}

/// Turnaround of each change that can land (in the order of arrival) if all outcomes are known, workers are not
/// limited, and nobody waits but for its own build and for earlier ones that touch it: a true bound from below.
pub fn oracle_unlimited_ms(world: &World) -> Vec<Option<u64>> {
    oracle(world, usize::MAX)
}

/// The same with `workers`, one build a change, first come first served: the oracle of the published studies. It
/// spends a build on each bad change, too. A policy that batches can beat it where workers are scarce.
pub fn oracle_ms(world: &World, workers: usize) -> Vec<Option<u64>> {
    oracle(world, workers)
}

fn oracle(world: &World, workers: usize) -> Vec<Option<u64>> {
    let mut busy: BinaryHeap<Reverse<u64>> = BinaryHeap::new();
    let mut lands: Vec<Option<u64>> = Vec::with_capacity(world.changes.len());
    for (place, change) in world.changes.iter().enumerate() {
        let mut starts = change.arrives_ms;
        if busy.len() >= workers
            && let Some(Reverse(free)) = busy.pop()
        {
            starts = starts.max(free);
        }
        let ends = starts + change.length_ms;
        busy.push(Reverse(ends));
        let earlier = world.touches[place].iter().filter(|touched| touched.other < place);
        let clash =
            earlier.clone().any(|touched| touched.clashes && lands[touched.other].is_some());
        let after = earlier.filter_map(|touched| lands[touched.other]).max().unwrap_or(0);
        lands.push((!change.is_bad && !clash).then(|| ends.max(after)));
    }
    let since = |(place, lands): (usize, Option<u64>)| {
        lands.map(|lands| lands - world.changes[place].arrives_ms)
    };
    lands.into_iter().enumerate().map(since).collect()
}
