//! Batches that are halved when they fail: bors with one at a time, and with several lanes what Mergify calls
//! parallel batches with scopes.

use super::{again, built, eject, free, has_failed, is_to_repeat, land, start_all};
use crate::plan::{Build, Snapshot, State, Step};
use crate::sim::Policy;
use std::collections::BTreeSet;
use weir_model::RevisionId;

/// Takes up to `size` that wait into a build; should it fail, its halves are built. Several such at once, as far as
/// what they hold does not touch.
#[derive(Debug, Clone, Default)]
pub struct Bors {
    size: usize,
    lanes: usize,
    pending: Vec<Vec<RevisionId>>,
    running: Vec<Vec<RevisionId>>,
}

impl Bors {
    /// With the size of batches and the number of lanes.
    pub fn new(size: usize, lanes: usize) -> Self {
        Self { size: size.max(1), lanes: lanes.max(1), pending: Vec::new(), running: Vec::new() }
    }

    /// The size that costs the fewest builds if changes are bad with this chance (bors' own formula, by trial).
    pub fn best_size(bad: f64) -> usize {
        let cost = |depth: u32| {
            let size = 2f64.powi(depth as i32);
            let splits = |d: u32| {
                2f64.powi(d as i32) * (1.0 - (1.0 - bad).powf(2f64.powi((depth - d) as i32)))
            };
            (1.0 + 2.0 * (0..depth).map(splits).sum::<f64>()) / size
        };
        let best = (0..=6).min_by(|a, b| cost(*a).total_cmp(&cost(*b))).unwrap_or(0);
        1 << best
    }
}

impl Policy for Bors {
    fn name(&self) -> &'static str {
        if self.lanes > 1 { "batches" } else { "bors" }
    }

    fn steps(&mut self, snapshot: &Snapshot) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut running = std::mem::take(&mut self.running);
        let fresh =
            |batch: &[RevisionId]| built(snapshot, batch).filter(|build| build.stale.is_empty());
        let runs = |batch: &Vec<RevisionId>| {
            let same = |build: &&Build| build.stale.is_empty() && build.items == *batch;
            snapshot.builds.iter().filter(same).any(|build| build.count(State::Running) > 0)
        };
        let waits = |it: &RevisionId| snapshot.items.iter().any(|item| item.revision == *it);
        running.retain(|batch| match fresh(batch) {
            Some(build) if runs(batch) && !build.has_passed() => true,
            Some(build) if build.has_passed() => {
                steps.push(land(build));
                false
            }
            Some(build) if has_failed(build) && batch.len() == 1 => {
                steps.push(eject(batch[0], build));
                false
            }
            Some(build) if is_to_repeat(build) && batch.len() == 1 => {
                steps.push(again(build.id));
                true
            }
            Some(build) if is_to_repeat(build) => {
                let (left, right) = batch.split_at(batch.len() / 2);
                self.pending.splice(0..0, [left.to_vec(), right.to_vec()]);
                false
            }
            Some(_) => true,
            // Something that touches it landed, or one of them could not be merged and went back: the others again.
            None => {
                let batch: Vec<RevisionId> = batch.iter().copied().filter(waits).collect();
                if !batch.is_empty() {
                    self.pending.insert(0, batch);
                }
                false
            }
        });
        self.running = running;
        if steps.iter().any(|step| matches!(step, Step::Land { .. } | Step::Eject(_))) {
            return steps;
        }
        let again = steps.len();
        self.begin(snapshot, free(snapshot).saturating_sub(again), &mut steps);
        steps
    }
}

impl Bors {
    fn begin(&mut self, snapshot: &Snapshot, mut free: usize, steps: &mut Vec<Step>) {
        let mut pending = std::mem::take(&mut self.pending);
        pending.retain(|batch| {
            if free == 0 || self.running.len() >= self.lanes || self.meets(snapshot, batch) {
                return true;
            }
            free -= 1;
            steps.push(start_all(batch.clone()));
            self.running.push(batch.clone());
            false
        });
        self.pending = pending;
        while free > 0 && self.running.len() < self.lanes {
            let taken: BTreeSet<RevisionId> =
                self.running.iter().chain(&self.pending).flatten().copied().collect();
            let waiting = snapshot.items.iter().map(|item| item.revision);
            let open: Vec<RevisionId> =
                waiting.filter(|revision| !taken.contains(revision)).collect();
            // One lane takes all it may; several share what waits.
            let lanes = free.min(self.lanes - self.running.len());
            let size = open.len().div_ceil(lanes).clamp(1, self.size);
            let alone = |revision: &RevisionId| !self.meets(snapshot, &[*revision]);
            let batch: Vec<RevisionId> = open.into_iter().filter(alone).take(size).collect();
            if batch.is_empty() {
                return;
            }
            free -= 1;
            steps.push(start_all(batch.clone()));
            self.running.push(batch);
        }
    }

    /// Whether one of these touches what is being built.
    fn meets(&self, snapshot: &Snapshot, batch: &[RevisionId]) -> bool {
        if self.running.is_empty() {
            return false;
        }
        if snapshot.all_touch.is_some() {
            return true;
        }
        let running: BTreeSet<RevisionId> = self.running.iter().flatten().copied().collect();
        let meets =
            |one: RevisionId, other: RevisionId| batch.contains(&one) && running.contains(&other);
        snapshot
            .touches
            .iter()
            .any(|touch| meets(touch.earlier, touch.later) || meets(touch.later, touch.earlier))
    }
}
