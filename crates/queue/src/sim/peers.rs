//! What others do, each as good as its documentation lets it be. None is told the chances that ours is told, for
//! none learns any; each repeats a failure once before it ejects, as their users make them.

mod batches;
mod prefixes;
mod serial;

pub use batches::Bors;
pub use prefixes::{Optimistic, SpeculateAll, Window};
pub use serial::Serial;

use crate::plan::{Build, Cause, Eject, LandWhy, Snapshot, StartWhy, State, Step, StopWhy};
use weir_model::{CandidateId, RevisionId};

/// How often a build fails before that is believed.
const FAILS: u32 = 2;

/// The build of exactly these that holds for the last of them.
fn built<'a>(snapshot: &'a Snapshot, items: &[RevisionId]) -> Option<&'a Build> {
    let same = |build: &&Build| holds(build) && build.items == items;
    let known: Vec<&Build> = snapshot.builds.iter().filter(same).collect();
    // One that has an answer before one that has not.
    let answered = known.iter().find(|build| build.has_passed() || build.count(State::Failed) > 0);
    answered.or(known.first()).copied()
}

fn holds(build: &Build) -> bool {
    build.items.last().is_some_and(|last| !build.stale.contains(last))
}

fn has_failed(build: &Build) -> bool {
    !build.has_passed() && build.count(State::Failed) >= FAILS
}

/// Whether a change counts as failed: by its build as it is wanted, or as long as that has no answer, by the last that
/// had one.
fn counts_as_failed(snapshot: &Snapshot, wanted: &[RevisionId]) -> bool {
    let answered = |build: &&Build| build.has_passed() || has_failed(build);
    if let Some(build) = built(snapshot, wanted).filter(answered) {
        return has_failed(build);
    }
    let own = |build: &&Build| build.items.last() == wanted.last() && answered(build);
    snapshot.builds.iter().rev().find(own).is_some_and(has_failed)
}

/// It failed, is not believed yet, and does not run.
fn is_to_repeat(build: &Build) -> bool {
    let fails = build.count(State::Failed);
    !build.has_passed() && build.count(State::Running) == 0 && fails < FAILS
}

fn free(snapshot: &Snapshot) -> usize {
    let running: u32 = snapshot.builds.iter().map(|build| build.count(State::Running)).sum();
    snapshot.workers.saturating_sub(running) as usize
}

/// A build that is there for the last of these.
fn start(items: Vec<RevisionId>) -> Step {
    let targets = items.last().copied().into_iter().collect();
    Step::Start { items, why: StartWhy::Likeliest { targets, chance: 1.0 } }
}

/// A build that is there for all of these.
fn start_all(items: Vec<RevisionId>) -> Step {
    let targets = items.clone();
    Step::Start { items, why: StartWhy::Likeliest { targets, chance: 1.0 } }
}

fn again(build: CandidateId) -> Step {
    Step::Again { build, why: crate::plan::AgainWhy::Flake { chance: 1.0 } }
}

fn land(build: &Build) -> Step {
    Step::Land { build: build.id, items: build.items.clone(), why: LandWhy::Passed }
}

fn stop(build: CandidateId) -> Step {
    Step::Stop { build, why: StopWhy::Answered }
}

fn eject(revision: RevisionId, failing: &Build) -> Step {
    Step::Eject(Eject {
        revision,
        cause: Cause::Content,
        failing: failing.id,
        beside: Vec::new(),
        passing: None,
        fails: failing.count(State::Failed),
        false_chance: 0.0,
        good_chance: 0.0,
    })
}

/// By place in the queue, the earlier ones that touch it. Where everything touches everything, of the first `most` only.
fn earlier(snapshot: &Snapshot, most: usize) -> Vec<Vec<usize>> {
    let places: std::collections::BTreeMap<RevisionId, usize> =
        snapshot.items.iter().enumerate().map(|(place, item)| (item.revision, place)).collect();
    if snapshot.all_touch.is_some() {
        return (0..snapshot.items.len().min(most)).map(|place| (0..place).collect()).collect();
    }
    let mut earlier = vec![Vec::new(); snapshot.items.len()];
    for touch in &snapshot.touches {
        if let (Some(one), Some(other)) = (places.get(&touch.earlier), places.get(&touch.later)) {
            earlier[*one.max(other)].push(*one.min(other));
        }
    }
    earlier.iter_mut().for_each(|row| row.sort_unstable());
    earlier
}
