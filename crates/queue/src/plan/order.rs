//! In which order the revisions are to land: class, age, and nobody for ever behind others.

use super::belief::{Belief, Slots, is_doubted};
use super::snapshot::{Class, Level, Snapshot, Tip};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Which of the queue's parts a revision stands in; within one, who came first goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Express,
    /// Waited as long as anybody may.
    Overdue,
    /// It has passed, and too much before it is undecided for it to wait for.
    Passed,
    Waiting,
    /// It may well be bad, or cannot be tested: whoever touches it need not wait for it to be found out.
    Doubtful,
}

/// How what its builds showed moves a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Not at all.
    Own,
    /// Before those that did not pass yet.
    Ahead,
    /// Behind those that can be tested.
    Behind,
}

/// The slots in their order; turns are by slot.
pub(super) fn landing_order(
    snapshot: &Snapshot,
    slots: &Slots,
    belief: &Belief,
    turns: &[Turn],
) -> Vec<usize> {
    let below = below(snapshot, slots);
    let mut keys: Vec<(Part, i64)> = snapshot
        .items
        .iter()
        .enumerate()
        .map(|(slot, item)| {
            // Who was doubted takes its place when it has passed, and not before those that were built without it.
            let since = match is_doubted(item) && belief.cleared[slot] {
                true => item.since_ms.max(belief.cleared_ms[slot]),
                false => item.since_ms,
            };
            let since = i64::try_from(since).unwrap_or(i64::MAX / 2);
            let overdue =
                snapshot.now_ms >= item.since_ms.saturating_add(snapshot.rules.wait_max_ms);
            match item.class {
                Class::Express => (Part::Express, since),
                _ if overdue => (Part::Overdue, since),
                _ if turns[slot] == Turn::Ahead => (Part::Passed, since),
                Class::High => (Part::Waiting, since - HOUR_MS),
                Class::Normal => (Part::Waiting, since),
                Class::Low => (Part::Waiting, since + HOUR_MS),
            }
        })
        .collect();
    // What stands on something lends it its own haste.
    for slot in 0..keys.len() {
        let key = keys[slot];
        for under in walk(&below, slot) {
            keys[under] = keys[under].min(key);
        }
    }
    for (slot, key) in keys.iter_mut().enumerate() {
        let doubtful = belief.doubtful[slot] && key.0 > Part::Overdue;
        if belief.suspect[slot] || doubtful || turns[slot] == Turn::Behind {
            key.0 = Part::Doubtful;
        }
    }
    keep_conflicts_in_order(snapshot, slots, &mut keys);
    let full = |slot: usize| {
        let depth = walk(&below, slot).count();
        let latest = walk(&below, slot).map(|under| keys[under]).max();
        (latest.map_or(keys[slot], |latest| latest.max(keys[slot])), depth)
    };
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_cached_key(|slot| (full(*slot), snapshot.items[*slot].revision));
    order
}

/// Whoever cannot be merged with one that went back in the order goes with it: else a failure by chance would cost that one
/// its place for good. Not on a red trunk, where nobody is found out.
fn keep_conflicts_in_order(snapshot: &Snapshot, slots: &Slots, keys: &mut [(Part, i64)]) {
    let pairs = snapshot.touches.iter().filter(|pair| pair.level == Level::Merge);
    for pair in pairs.filter(|_| snapshot.tip != Tip::Red) {
        let (Some(one), Some(other)) = (slots.get(pair.earlier), slots.get(pair.later)) else {
            continue;
        };
        let (first, second) =
            if keys[one].1 <= keys[other].1 { (one, other) } else { (other, one) };
        let waits = keys[second].0 > Part::Overdue;
        if waits && keys[first].0 == Part::Doubtful {
            keys[second].0 = Part::Doubtful;
        }
    }
}

/// By slot, the one below it in its stack.
fn below(snapshot: &Snapshot, slots: &Slots) -> Vec<Option<usize>> {
    let below = |after: Option<_>| after.and_then(|revision| slots.get(revision));
    snapshot.items.iter().map(|item| below(item.after)).collect()
}

/// All below a slot, the nearest first. A stack that bites its own tail ends where it is met again.
pub(super) fn walk(below: &[Option<usize>], slot: usize) -> impl Iterator<Item = usize> + '_ {
    let next = move |under: &usize| below[*under].filter(|next| *next != slot);
    std::iter::successors(below[slot].filter(|under| *under != slot), next).take(STACK_MAX)
}

/// The tallest stack that is kept together.
const STACK_MAX: usize = 64;

/// By slot, those below it, the nearest first.
pub(super) fn stacks(snapshot: &Snapshot, slots: &Slots) -> Vec<Vec<usize>> {
    let below = below(snapshot, slots);
    (0..below.len()).map(|slot| walk(&below, slot).collect()).collect()
}
