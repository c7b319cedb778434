//! Builds of a change with those before it: in a window (Zuul, GitHub, GitLab), as far as they touch and are expected
//! to land (optimistic), or for every outcome (speculate all).

use super::{
    again, built, counts_as_failed, earlier, eject, free, has_failed, holds, is_to_repeat, land,
    start, stop,
};
use crate::plan::{Snapshot, State, Step};
use crate::sim::Policy;
use std::collections::BTreeSet;
use weir_model::RevisionId;

/// The first so many are built, each with all before it that have not failed; the window grows by one with each that
/// lands and is halved with each that fails, as Zuul does. Nothing lands out of turn.
#[derive(Debug, Clone)]
pub struct Window {
    width: usize,
    moves: bool,
}

impl Window {
    /// Zuul's: from 20, never below 3.
    pub fn zuul() -> Self {
        Self { width: 20, moves: true }
    }

    /// One that stays as wide as it is.
    pub fn fixed(width: usize) -> Self {
        Self { width, moves: false }
    }
}

impl Policy for Window {
    fn name(&self) -> &'static str {
        if self.moves { "zuul" } else { "window" }
    }

    fn steps(&mut self, snapshot: &Snapshot) -> Vec<Step> {
        let mut wanted = Vec::new();
        let mut standing: Vec<RevisionId> = Vec::new();
        for item in snapshot.items.iter().take(self.width) {
            let mut items = standing.clone();
            items.push(item.revision);
            if !counts_as_failed(snapshot, &items) {
                standing.push(item.revision);
            }
            wanted.push(items);
        }
        let steps = act(snapshot, &wanted);
        for step in steps.iter().filter(|_| self.moves) {
            match step {
                Step::Land { .. } => self.width += 1,
                Step::Eject(_) => self.width = (self.width / 2).max(3),
                Step::Stop { .. } | Step::Again { .. } | Step::Start { .. } => {}
            }
        }
        steps
    }
}

/// Each is built with those before it that touch it and have not failed, as many as there are workers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Optimistic;

impl Policy for Optimistic {
    fn name(&self) -> &'static str {
        "optimistic"
    }

    fn steps(&mut self, snapshot: &Snapshot) -> Vec<Step> {
        // All that may hold a build of their own, and those that wait for a worker.
        let most = 2 * snapshot.workers as usize + 8;
        let earlier = earlier(snapshot, most);
        let mut failed: Vec<bool> = Vec::new();
        let mut wanted = Vec::new();
        for (place, item) in snapshot.items.iter().enumerate().take(most) {
            let stands = earlier[place].iter().filter(|other| !failed[**other]);
            let mut items: Vec<RevisionId> =
                stands.map(|other| snapshot.items[*other].revision).collect();
            items.push(item.revision);
            failed.push(counts_as_failed(snapshot, &items));
            wanted.push(items);
        }
        act(snapshot, &wanted)
    }
}

/// Each is built for every outcome of those before it that touch it, the likeliest unknown; first come first served.
#[derive(Debug, Clone, Copy, Default)]
pub struct SpeculateAll;

/// Outcomes looked at for one change.
const OUTCOMES_MAX: u32 = 1 << 6;

impl Policy for SpeculateAll {
    fn name(&self) -> &'static str {
        "speculate-all"
    }

    fn steps(&mut self, snapshot: &Snapshot) -> Vec<Step> {
        let most = 2 * snapshot.workers as usize + 8;
        let mut wanted = Vec::new();
        for (item, before) in snapshot.items.iter().zip(&earlier(snapshot, most + 1)) {
            let outcomes = 1u32.checked_shl(before.len() as u32).unwrap_or(u32::MAX);
            for without in 0..outcomes.min(OUTCOMES_MAX) {
                let lands = |(bit, _): &(usize, &usize)| *bit >= 32 || without & (1 << bit) == 0;
                let landing = before.iter().enumerate().filter(lands);
                let mut items: Vec<RevisionId> =
                    landing.map(|(_, other)| snapshot.items[*other].revision).collect();
                items.push(item.revision);
                wanted.push(items);
            }
            if wanted.len() > most {
                break;
            }
        }
        act(snapshot, &wanted)
    }
}

/// Lands and ejects who is first among those that touch it; else stops what is not wanted and starts what is.
fn act(snapshot: &Snapshot, wanted: &[Vec<RevisionId>]) -> Vec<Step> {
    let earlier = earlier(snapshot, 1);
    let first: BTreeSet<RevisionId> = (snapshot.items.iter().zip(&earlier))
        .filter(|(_, earlier)| earlier.is_empty())
        .map(|(item, _)| item.revision)
        .collect();
    let mut settled = Vec::new();
    for items in wanted.iter().filter(|items| items.len() == 1 && first.contains(&items[0])) {
        match built(snapshot, items) {
            Some(build) if build.has_passed() => settled.push(land(build)),
            Some(build) if has_failed(build) => settled.push(eject(items[0], build)),
            Some(_) | None => {}
        }
    }
    if !settled.is_empty() {
        // One at a time: what lands may touch nothing else that lands, for all are first.
        return settled;
    }
    let mut steps = Vec::new();
    let known: BTreeSet<&Vec<RevisionId>> = wanted.iter().collect();
    let mut free = free(snapshot);
    for build in &snapshot.builds {
        let running = build.count(State::Running) as usize;
        if running > 0 && (!holds(build) || !known.contains(&build.items)) {
            steps.push(stop(build.id));
            free += running;
        }
    }
    for items in wanted {
        if free == 0 {
            break;
        }
        match built(snapshot, items) {
            None => steps.push(start(items.clone())),
            Some(build) if is_to_repeat(build) => steps.push(again(build.id)),
            Some(_) => continue,
        }
        free -= 1;
    }
    steps
}
