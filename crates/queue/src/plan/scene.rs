//! The snapshot, by place in the landing order: who touches whom, what each build holds, what is likely.

use super::belief::{Belief, Slots};
use super::order::stacks;
use super::set::Set;
use super::snapshot::{Build, Item, Level, Snapshot, State};
use std::collections::BTreeMap;
use weir_model::RevisionId;

pub(super) struct Scene<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// By place, as is all below.
    pub(super) items: Vec<&'a Item>,
    pub(super) good: Vec<f64>,
    /// The chance that it is good, also beside what stands before it.
    pub(super) stands: Vec<f64>,
    pub(super) cleared: Vec<bool>,
    pub(super) suspect: Vec<bool>,
    /// Others do not wait for it: it stands behind them until it has passed.
    pub(super) doubtful: Vec<bool>,
    pub(super) touch: Vec<Set>,
    /// What touches it and stands before it, with all of its stack.
    pub(super) before: Vec<Set>,
    /// What is below it in its stack.
    pub(super) stack: Vec<Set>,
    /// What cannot be merged with it.
    pub(super) apart: Vec<Set>,
    pub(super) builds: Vec<Seen<'a>>,
    /// Not everything touches everything.
    pub(super) is_split: bool,
    /// By place, the chances to clash with later ones.
    clash: Vec<Vec<(usize, f64)>>,
    /// The same with earlier ones.
    clash_with: Vec<Vec<(usize, f64)>>,
    belief: &'a Belief,
    slot_of: Vec<usize>,
}

/// A build, by place.
pub(super) struct Seen<'a> {
    pub(super) build: &'a Build,
    pub(super) set: Set,
    pub(super) stale: Set,
    /// One that was in it and left without landing.
    pub(super) gone: Option<RevisionId>,
    pub(super) running: u32,
    pub(super) fails: u32,
    pub(super) voids: u32,
    pub(super) passed: bool,
}

impl Seen<'_> {
    /// It could land, were all of it next.
    pub(super) fn is_ready(&self) -> bool {
        self.passed && self.gone.is_none() && self.stale.is_empty() && !self.set.is_empty()
    }

    /// It passed, and holds for one of it at least.
    pub(super) fn has_passed_for_some(&self) -> bool {
        self.passed && self.gone.is_none() && !self.set.is_within(&self.stale)
    }

    pub(super) fn is_running(&self) -> bool {
        self.running > 0 && self.gone.is_none()
    }
}

impl<'a> Scene<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        slots: &Slots,
        belief: &'a Belief,
        order: &[usize],
    ) -> Self {
        let count = order.len();
        let mut place_of = vec![0; count];
        order.iter().enumerate().for_each(|(place, slot)| place_of[*slot] = place);
        let place = |revision: RevisionId| slots.get(revision).map(|slot| place_of[slot]);

        let empty = || vec![Set::new(count); count];
        let mut touch = match snapshot.all_touch {
            Some(_) => sharing(snapshot, order),
            None => empty(),
        };
        let mut apart = empty();
        let (mut clash, mut clash_with) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for pair in &snapshot.touches {
            let (Some(one), Some(other)) = (place(pair.earlier), place(pair.later)) else {
                continue;
            };
            if one == other {
                continue;
            }
            touch[one].insert(other);
            touch[other].insert(one);
            clash[one.min(other)].push((one.max(other), pair.clash.clamp(0.0, 1.0)));
            clash_with[one.max(other)].push((one.min(other), pair.clash.clamp(0.0, 1.0)));
            if pair.level == Level::Merge {
                apart[one].insert(other);
                apart[other].insert(one);
            }
        }
        let mut stack = empty();
        for (slot, below) in stacks(snapshot, slots).into_iter().enumerate() {
            for under in below {
                stack[place_of[slot]].insert(place_of[under]);
                touch[place_of[slot]].insert(place_of[under]);
                touch[place_of[under]].insert(place_of[slot]);
            }
        }
        // Twice, for what stands on one of two and what stands on the other.
        (0..2).for_each(|_| keep_stacks_apart(&stack, &mut apart));
        let before = touch.iter().enumerate().map(|(at, row)| {
            let mut before = row.clone();
            before.cut(at);
            before.add(&stack[at]);
            before
        });
        let before: Vec<Set> = before.collect();
        let by_place = |of: &dyn Fn(usize) -> bool| order.iter().map(|slot| of(*slot)).collect();
        let mut scene = Self {
            snapshot,
            stands: Vec::new(),
            items: order.iter().map(|slot| &snapshot.items[*slot]).collect(),
            good: order.iter().map(|slot| belief.good[*slot]).collect(),
            cleared: by_place(&|slot| belief.cleared[slot]),
            suspect: by_place(&|slot| belief.suspect[slot]),
            doubtful: by_place(&|slot| belief.doubtful[slot]),
            before,
            touch,
            stack,
            apart,
            is_split: snapshot.all_touch.is_none() || snapshot.items.iter().any(is_split),
            builds: snapshot.builds.iter().map(|build| seen(build, count, &place)).collect(),
            clash,
            clash_with,
            belief,
            slot_of: order.to_vec(),
        };
        scene.stands = (0..count).map(|place| scene.stands(place)).collect();
        scene
    }

    fn stands(&self, place: usize) -> f64 {
        if self.cleared[place] {
            return self.good[place];
        }
        let rest = self.snapshot.all_touch.unwrap_or(0.0);
        let listed = |other: &usize| self.before[place].has(*other);
        let known = self.clash_with[place].iter().filter(|(other, _)| listed(other));
        let known: f64 = known.map(|(_, clash)| clash - rest).sum();
        let clash = known + rest * self.before[place].len() as f64;
        self.good[place] * (1.0 - clash.clamp(0.0, 0.5))
    }

    pub(super) fn count(&self) -> usize {
        self.items.len()
    }

    pub(super) fn empty(&self) -> Set {
        Set::new(self.count())
    }

    pub(super) fn revisions(&self, set: &Set) -> Vec<RevisionId> {
        set.iter().map(|place| self.items[place].revision).collect()
    }

    /// The chance that all of these are good together.
    pub(super) fn passes(&self, set: &Set) -> f64 {
        let mut chance = 1.0;
        let mut parts: Vec<(usize, f64, usize)> = Vec::new();
        let (mut count, mut listed) = (0usize, 0usize);
        for place in set.iter() {
            count += 1;
            let slot = self.slot_of[place];
            match self.belief.fault_of[slot].filter(|_| !self.suspect[place]) {
                None => chance *= self.good[place],
                Some(fault) => {
                    let own = self.belief.before_fault[slot];
                    match parts.iter_mut().find(|(known, ..)| *known == fault) {
                        Some((_, part, count)) => (*part, *count) = (*part * own, *count + 1),
                        None => parts.push((fault, own, 1)),
                    }
                }
            }
            for (other, clash) in &self.clash[place] {
                if set.has(*other) {
                    listed += 1;
                    chance *= 1.0 - clash;
                }
            }
        }
        for (fault, part, count) in parts {
            chance *= self.belief.faults[fault].part_of(part, count);
        }
        if let Some(rest) = self.snapshot.all_touch {
            let pairs = match self.is_split {
                true => set.iter().map(|place| self.touch[place].common(set)).sum::<usize>() / 2,
                false => count * count.saturating_sub(1) / 2,
            };
            let pairs = pairs.saturating_sub(listed);
            chance *= (1.0 - rest.clamp(0.0, 0.5)).powi(i32::try_from(pairs).unwrap_or(i32::MAX));
        }
        chance
    }

    /// The chance that two pass apart and fail together.
    pub(super) fn clash(&self, one: usize, other: usize) -> f64 {
        let (first, second) = (one.min(other), one.max(other));
        let listed = self.clash[first].iter().find(|(known, _)| *known == second);
        let rest = self.snapshot.all_touch.filter(|_| self.touch[first].has(second));
        listed.map_or(rest.unwrap_or(0.0), |(_, clash)| *clash)
    }

    /// Those that have to be redone if these land: they cannot be merged with one of them that comes first. So nobody
    /// in such a build waits for them.
    pub(super) fn must_yield(&self, set: &Set) -> Set {
        let mut yielding = self.empty();
        for place in set.iter().filter(|place| !self.apart[*place].is_empty()) {
            let later = self.apart[place].iter().filter(|other| *other > place);
            later.for_each(|other| yielding.insert(other));
        }
        yielding
    }

    /// The chance that none of these lands.
    pub(super) fn none_lands(&self, places: impl Iterator<Item = usize>) -> f64 {
        places.map(|place| 1.0 - self.stands[place]).product()
    }

    /// The open failure that a place is part of: the build, and how many may be at fault.
    pub(super) fn fault(&self, place: usize) -> Option<(&'a Build, usize)> {
        let fault = &self.belief.faults[self.belief.fault_of[self.slot_of[place]]?];
        Some((&self.snapshot.builds[fault.build], fault.members.len()))
    }

    /// The chance that a place is good as it was before any failure.
    pub(super) fn prior(&self, place: usize) -> f64 {
        self.belief.prior[self.slot_of[place]]
    }

    /// How long a build of these takes: as long as the longest.
    pub(super) fn length_ms(&self, set: &Set) -> f64 {
        set.iter().map(|place| self.items[place].length.mean_ms).fold(1.0, f64::max)
    }

    /// How long a running build still takes.
    pub(super) fn remaining_ms(&self, seen: &Seen) -> f64 {
        if seen.running == 0 {
            return 0.0;
        }
        let running = |attempt: &&super::Attempt| attempt.state == State::Running;
        let started = seen.build.attempts.iter().filter(running).map(|attempt| attempt.started_ms);
        let since = started.min().unwrap_or(self.snapshot.now_ms);
        let elapsed = self.snapshot.now_ms.saturating_sub(since) as f64;
        let length = self.length_ms(&seen.set);
        // One that is late is expected to take as long again as it is late, but a little at least.
        if elapsed < length { length - elapsed } else { (elapsed - length).max(length * 0.05) }
    }

    /// The build of exactly these, where things stand now.
    pub(super) fn build_of(&self, set: &Set) -> Option<&Seen<'a>> {
        let same = |seen: &&Seen| seen.gone.is_none() && seen.stale.is_empty() && seen.set == *set;
        self.builds.iter().find(same)
    }
}

/// What cannot be merged with one cannot be merged with what stands on that one.
fn keep_stacks_apart(stack: &[Set], apart: &mut [Set]) {
    for (place, below) in stack.iter().enumerate().filter(|(_, below)| !below.is_empty()) {
        let mut all = Set::new(stack.len());
        below.iter().for_each(|under| all.add(&apart[under]));
        for other in all.iter().filter(|other| *other != place && !below.has(*other)) {
            apart[place].insert(other);
            apart[other].insert(place);
        }
    }
}

fn is_split(item: &Item) -> bool {
    item.targets.is_some()
}

/// By place, those that share a target with it.
fn sharing(snapshot: &Snapshot, order: &[usize]) -> Vec<Set> {
    let count = order.len();
    let mut by_target: BTreeMap<u32, Set> = BTreeMap::new();
    let mut of_all = Set::new(count);
    for (place, slot) in order.iter().enumerate() {
        match &snapshot.items[*slot].targets {
            None => of_all.insert(place),
            Some(targets) => targets.iter().for_each(|target| {
                by_target.entry(*target).or_insert_with(|| Set::new(count)).insert(place);
            }),
        }
    }
    let row = |(place, slot): (usize, &usize)| {
        let mut row = match &snapshot.items[*slot].targets {
            None => Set::below(count, count),
            Some(targets) => {
                let mut row = of_all.clone();
                targets.iter().filter_map(|target| by_target.get(target)).for_each(|s| row.add(s));
                row
            }
        };
        row.remove(place);
        row
    };
    order.iter().enumerate().map(row).collect()
}

fn seen<'a>(
    build: &'a Build,
    count: usize,
    place: &impl Fn(RevisionId) -> Option<usize>,
) -> Seen<'a> {
    let mut set = Set::new(count);
    let mut gone = None;
    for revision in &build.items {
        match place(*revision) {
            Some(place) => set.insert(place),
            None => gone = Some(*revision),
        }
    }
    let mut stale = Set::new(count);
    build.stale.iter().filter_map(|revision| place(*revision)).for_each(|at| stale.insert(at));
    Seen {
        build,
        set,
        stale,
        gone,
        running: build.count(State::Running),
        fails: build.count(State::Failed),
        voids: build.count(State::Void),
        passed: build.has_passed(),
    }
}
