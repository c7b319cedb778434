//! What the builds so far say about each revision: the chance that it is good, and which failures are still open.
//!
//! A build passes only if all it holds is good and no two of it clash; a good one fails with the chance of a flake.
//! So a pass clears all that was in it, and after `k` failures of a build that is good with chance `N`, each of its
//! revisions is bad with `q / (1 - N + N·f^k)` instead of `q`. Builds are taken from the smallest to the largest, and
//! one that holds a suspect says nothing about the rest: the suspect explains it away.

use super::set::Set;
use super::snapshot::{Attempt, Build, Item, Snapshot, State};
use std::collections::BTreeMap;
use weir_model::RevisionId;

/// The place of each revision in [`Snapshot::items`].
pub(super) struct Slots(BTreeMap<RevisionId, usize>);

impl Slots {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let slots = snapshot.items.iter().enumerate().map(|(slot, item)| (item.revision, slot));
        Self(slots.collect())
    }

    pub(super) fn get(&self, revision: RevisionId) -> Option<usize> {
        self.0.get(&revision).copied()
    }
}

/// The chance that in a build of several no two clash of which nobody knows that they touch. Of all real pairs one in 834
/// clashes (arXiv 2609.25396), and most of those touch.
const NO_OTHER_CLASH: f64 = 0.998;

/// By slot.
pub(super) struct Belief {
    /// The chance that it is good.
    pub(super) good: Vec<f64>,
    /// The same before any failure.
    pub(super) prior: Vec<f64>,
    /// The same before the open failure that it is part of: what its part of that failure is reckoned with.
    pub(super) before_fault: Vec<f64>,
    /// It passed in some build.
    pub(super) cleared: Vec<bool>,
    /// And first did at this instant.
    pub(super) cleared_ms: Vec<u64>,
    /// It is not likely enough to be good for others to wait for it, and has not passed.
    pub(super) doubtful: Vec<bool>,
    /// It is rather bad than good, and has not passed where things stand now.
    pub(super) suspect: Vec<bool>,
    /// The open failure that it is part of.
    pub(super) fault_of: Vec<Option<usize>>,
    pub(super) faults: Vec<Fault>,
}

/// A build that failed; while it is open, no suspect is in it.
pub(super) struct Fault {
    /// Its place in [`Snapshot::builds`].
    pub(super) build: usize,
    pub(super) members: Vec<usize>,
    /// The chance, before it failed, that it was good.
    pub(super) good: f64,
    /// The chance that a good one fails as often.
    pub(super) flakes: f64,
    /// The chance, before it failed, that two of it clash.
    clash: f64,
    /// By member: the chance, before it failed, that it is good, and the open failure that it was part of then.
    before: Vec<(f64, Option<usize>)>,
    /// A suspect in it explains it.
    explained: bool,
}

impl Fault {
    /// The same for so many of its members, whose own chances have this product: pairs of them may also clash. Without
    /// that, a failed build that may be a clash would look as if running it once more could help.
    pub(super) fn part_of(&self, product: f64, count: usize) -> f64 {
        let pairs = |count: usize| (count * count.saturating_sub(1)) as f64;
        let share = pairs(count) / pairs(self.members.len()).max(1.0);
        self.part(product * (1.0 - self.clash * share))
    }

    /// The chance, before it failed, that this member is good.
    fn before_of(&self, slot: usize) -> Option<f64> {
        let at = self.members.binary_search(&slot).ok()?;
        Some(self.before[at].0)
    }

    /// The chance that a part of it is good that was good with `part` before it failed.
    pub(super) fn part(&self, part: f64) -> f64 {
        let failed = 1.0 - self.good + self.good * self.flakes;
        ((part - self.good).max(0.0) + self.good * self.flakes) / failed
    }
}

/// The chance of a flake, never quite none: a certainty could not be corrected by what comes.
pub(super) fn flake(snapshot: &Snapshot) -> f64 {
    snapshot.learned.flake.clamp(1e-3, 0.5)
}

/// Which pairs may clash: those that touch, and have not passed together where things stand.
struct Pairs {
    /// By slot, with those that came earlier.
    earlier: Vec<Vec<(usize, f64)>>,
    /// The clash of pairs that are not listed.
    rest: f64,
    /// By slot, with whom it passed.
    with: Vec<Option<Set>>,
}

impl Pairs {
    fn of(snapshot: &Snapshot, slots: &Slots) -> Self {
        let count = snapshot.items.len();
        let mut earlier = vec![Vec::new(); count];
        for touch in &snapshot.touches {
            if let (Some(one), Some(other)) = (slots.get(touch.earlier), slots.get(touch.later)) {
                earlier[other].push((one, touch.clash.clamp(0.0, 0.5)));
            }
        }
        let mut with: Vec<Option<Set>> = vec![None; count];
        for build in snapshot.builds.iter().filter(|build| build.has_passed()) {
            let set = standing(snapshot, slots, build);
            for slot in set.iter() {
                with[slot].get_or_insert_with(|| Set::new(count)).add(&set);
            }
        }
        Self { earlier, rest: snapshot.all_touch.unwrap_or(0.0).clamp(0.0, 0.5), with }
    }

    /// The chance that one clashes with an earlier one of these: of two that clash the later one is at fault.
    fn clash(&self, slot: usize, members: &[usize]) -> f64 {
        let apart = |other: usize| !self.with[slot].as_ref().is_some_and(|with| with.has(other));
        let among = |other: usize| members.binary_search(&other).is_ok() && apart(other);
        let listed = self.earlier[slot].iter().filter(|(other, _)| among(*other));
        let listed: f64 = listed.map(|(_, clash)| clash - self.rest).sum();
        let rest = match self.rest > 0.0 {
            true => members.iter().filter(|other| **other < slot && apart(**other)).count(),
            false => 0,
        };
        (listed + self.rest * rest as f64).clamp(0.0, 0.5)
    }
}

/// Those of a build for which its verdict holds.
fn standing(snapshot: &Snapshot, slots: &Slots, build: &Build) -> Set {
    let mut set = Set::new(snapshot.items.len());
    let holds = build.items.iter().filter(|revision| !build.stale.contains(revision));
    holds.filter_map(|revision| slots.get(*revision)).for_each(|slot| set.insert(slot));
    set
}

impl Belief {
    pub(super) fn of(snapshot: &Snapshot, slots: &Slots) -> Self {
        let count = snapshot.items.len();
        let mut belief = Self {
            good: snapshot.items.iter().map(|item| item.success.clamp(0.01, 0.9995)).collect(),
            prior: Vec::new(),
            before_fault: Vec::new(),
            cleared: vec![false; count],
            cleared_ms: vec![u64::MAX; count],
            doubtful: Vec::new(),
            suspect: vec![false; count],
            fault_of: vec![None; count],
            faults: Vec::new(),
        };
        let stands = belief.clear(snapshot, slots);
        let pairs = Pairs::of(snapshot, slots);
        belief.prior = belief.good.clone();
        belief.before_fault = belief.good.clone();
        let mut failed = failures(snapshot, slots);
        failed.sort_by_key(|(build, members)| (members.len(), *build));
        for (build, members) in failed {
            let fails = snapshot.builds[build].count(State::Failed);
            belief.weigh(snapshot, build, members, fails, &stands, &pairs);
        }
        let doubtful = |slot: usize| {
            let doubted = belief.good[slot] < DOUBT;
            belief.suspect[slot] || doubted && !belief.cleared[slot]
        };
        belief.doubtful = (0..count).map(doubtful).collect();
        belief
    }

    /// Takes the passes in; by slot, whether one still stands.
    fn clear(&mut self, snapshot: &Snapshot, slots: &Slots) -> Vec<bool> {
        let mut stands = vec![false; snapshot.items.len()];
        for build in snapshot.builds.iter().filter(|build| build.has_passed()) {
            let ended_ms = passed_ms(snapshot, slots, build);
            for revision in &build.items {
                let Some(slot) = slots.get(*revision) else { continue };
                self.cleared[slot] = true;
                self.cleared_ms[slot] = self.cleared_ms[slot].min(ended_ms);
                self.good[slot] = 1.0 - snapshot.learned.drift.clamp(1e-5, 0.1);
                stands[slot] |= !build.stale.contains(revision);
            }
        }
        stands
    }

    fn weigh(
        &mut self,
        snapshot: &Snapshot,
        build: usize,
        members: Vec<usize>,
        fails: u32,
        stands: &[bool],
        pairs: &Pairs,
    ) {
        // A suspect explains the failure, and so does a smaller one inside of it that is hardly chance.
        let inside = |fault: &Fault| {
            let within = fault.members.iter().all(|slot| members.binary_search(slot).is_ok());
            within && !fault.explained && fault.part(fault.good) < 0.5
        };
        if let Some(fault) = self.faults.iter().position(inside) {
            self.deepen(snapshot, fault, &members, fails, stands);
            return self.explain();
        }
        if members.iter().any(|slot| self.suspect[*slot]) {
            for slot in &members {
                if self.suspect[*slot] {
                    self.condemn(snapshot, *slot, &members, fails);
                }
            }
            return;
        }
        // What has passed where things stand is good by itself; but it may clash with what it did not pass with.
        let own = |slot: usize| if stands[slot] { 0.0 } else { 1.0 - self.good[slot] };
        let clashes: Vec<f64> = members.iter().map(|slot| pairs.clash(*slot, &members)).collect();
        let risk = |(slot, clash): (&usize, &f64)| 1.0 - (1.0 - own(*slot)) * (1.0 - clash);
        let risks: Vec<f64> = members.iter().zip(&clashes).map(risk).collect();
        let other = if members.len() > 1 { NO_OTHER_CLASH } else { 1.0 };
        let good = other * risks.iter().map(|risk| 1.0 - risk).product::<f64>();
        let flakes = flake(snapshot).powi(fails as i32);
        let failed = 1.0 - good + good * flakes;
        let before: Vec<f64> = members.iter().map(|slot| self.good[*slot]).collect();
        let mut located = false;
        for (slot, risk) in members.iter().zip(&risks).filter(|(_, risk)| **risk > 0.0) {
            let bad = (risk / failed).min(0.9999);
            self.good[*slot] = 1.0 - bad;
            self.suspect[*slot] = bad > 0.5;
            located |= self.suspect[*slot];
        }
        if located {
            // The others are as they were: one fault explains one failure.
            for (slot, before) in members.iter().zip(before) {
                if !self.suspect[*slot] {
                    self.good[*slot] = before;
                }
            }
            return self.explain();
        }
        let fault = self.faults.len();
        let part_of = members.iter().map(|slot| self.fault_of[*slot]);
        let before: Vec<(f64, Option<usize>)> = before.into_iter().zip(part_of).collect();
        for (slot, (before, _)) in members.iter().zip(&before) {
            self.fault_of[*slot] = Some(fault);
            self.before_fault[*slot] = *before;
        }
        let clash = 1.0 - other * clashes.iter().map(|clash| 1.0 - clash).product::<f64>();
        self.faults.push(Fault { build, members, good, flakes, clash, before, explained: false });
    }

    /// The open failures with a suspect in them are explained: their other members are again what they were before.
    fn explain(&mut self) {
        for index in (0..self.faults.len()).rev() {
            let fault = &self.faults[index];
            if fault.explained || !fault.members.iter().any(|slot| self.suspect[*slot]) {
                continue;
            }
            for (slot, (before, part_of)) in fault.members.iter().zip(&fault.before) {
                // Who is part of a later one, too, was weighed for that with what this one had left of it.
                if self.suspect[*slot] || self.fault_of[*slot] != Some(index) {
                    continue;
                }
                self.good[*slot] = *before;
                self.fault_of[*slot] = *part_of;
                self.before_fault[*slot] = part_of
                    .and_then(|earlier| self.faults[earlier].before_of(*slot))
                    .unwrap_or(*before);
            }
            self.faults[index].explained = true;
        }
    }

    /// A further failure around an open one: the less likely that was chance, unless what else failed explains this one.
    fn deepen(
        &mut self,
        snapshot: &Snapshot,
        fault: usize,
        members: &[usize],
        fails: u32,
        stands: &[bool],
    ) {
        let fault = &mut self.faults[fault];
        let others = members.iter().filter(|slot| fault.members.binary_search(slot).is_err());
        let rest: f64 = others.map(|slot| self.good[*slot]).product();
        fault.flakes *= 1.0 - rest + rest * flake(snapshot).powi(fails as i32);
        let failed = 1.0 - fault.good + fault.good * fault.flakes;
        for slot in fault.members.iter().filter(|slot| !stands[**slot]) {
            let bad = ((1.0 - self.before_fault[*slot]) / failed).min(0.9999);
            self.good[*slot] = 1.0 - bad;
            self.suspect[*slot] = bad > 0.5;
        }
    }

    /// A further failure with a suspect in it: evidence against it, as far as the others do not explain it.
    fn condemn(&mut self, snapshot: &Snapshot, suspect: usize, members: &[usize], fails: u32) {
        let others = members.iter().filter(|slot| **slot != suspect);
        let rest: f64 = others.map(|slot| self.good[*slot]).product();
        let flakes = flake(snapshot).powi(fails as i32);
        let bad = 1.0 - self.good[suspect];
        let if_good = 1.0 - rest + rest * flakes;
        self.good[suspect] = (1.0 - bad / (bad + (1.0 - bad) * if_good)).max(1e-4);
    }
}

/// Below this chance to be good others do not wait for a revision. The simulator tried 0.8, 0.9, 0.95 and 0.98 as well: all
/// make more of them wait twice, for being tested and for those before them, than they save others.
const DOUBT: f64 = 0.5;

/// Whether history alone makes it too risky for others to wait for it.
pub(super) fn is_doubted(item: &Item) -> bool {
    item.success < DOUBT
}

/// When a build first passed.
fn passed_ms(snapshot: &Snapshot, slots: &Slots, build: &Build) -> u64 {
    let own = build.items.iter().filter_map(|revision| slots.get(*revision));
    let length = own.map(|slot| snapshot.items[slot].length.mean_ms).fold(0.0, f64::max);
    let ended = |run: &Attempt| {
        run.ended_ms.unwrap_or_else(|| run.started_ms.saturating_add(length as u64))
    };
    let passed = build.attempts.iter().filter(|run| run.state == State::Passed);
    passed.map(ended).min().unwrap_or(snapshot.now_ms).min(snapshot.now_ms)
}

/// The builds that failed and never passed, with all they hold still waiting, and not shown to be good by a larger
/// one that passed where things stand.
fn failures(snapshot: &Snapshot, slots: &Slots) -> Vec<(usize, Vec<usize>)> {
    let passed = snapshot.builds.iter().filter(|build| build.has_passed());
    let passed: Vec<Set> = passed.map(|build| standing(snapshot, slots, build)).collect();
    let mut failed: Vec<(usize, Vec<usize>)> = Vec::new();
    for (place, build) in snapshot.builds.iter().enumerate() {
        if build.count(State::Failed) == 0 || build.has_passed() || build.items.is_empty() {
            continue;
        }
        let members = build.items.iter().map(|revision| slots.get(*revision));
        let Some(mut members) = members.collect::<Option<Vec<usize>>>() else { continue };
        members.sort_unstable();
        if !passed.iter().any(|set| members.iter().all(|slot| set.has(*slot))) {
            failed.push((place, members));
        }
    }
    failed
}
