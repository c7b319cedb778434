//! How likely each revision lands by what is built already, and by the best build there could be.

use super::scene::{Scene, Seen};
use super::set::Set;
use super::snapshot::State;
use super::work::USELESS;

/// Below this chance a way to land is not worth a build of its own: what is before it must become clearer first. Also
/// when workers are idle: in the simulator 0.05 made the slow tail slower by a half.
pub(super) const UNDECIDED: f64 = 0.25;
/// A build does for a revision if it is at least so likely to land it as the best there could be.
const DOES: f64 = 0.3;
/// Pause between runs that end without a verdict, once there were too many.
const PAUSE_MS: u64 = 10 * 60 * 1000;

pub(super) struct Reach {
    /// By build, the chance that all it holds is good.
    pub(super) passes: Vec<f64>,
    /// By build that runs, what it is worth: the largest chance that one of its revisions lands by it.
    pub(super) worth: Vec<f64>,
    /// By place: the largest chance to land by a build that runs or has passed, and which.
    pub(super) cover: Vec<f64>,
    pub(super) by: Vec<Option<usize>>,
    /// By place: it passed in this build, which waits for others.
    pub(super) ready: Vec<Option<usize>>,
    /// By place: the chance of its likeliest way to land.
    pub(super) best: Vec<f64>,
    /// By place: it passed, or runs in a build that may well pass.
    pub(super) tested: Vec<bool>,
    /// By place: the builds that run or have passed, and hold for it.
    pub(super) serving: Vec<Vec<usize>>,
    /// By build that runs: how long it still takes.
    pub(super) remaining_ms: Vec<f64>,
    /// By place: not to be built before this instant, after so many runs without a verdict.
    pub(super) pause: Vec<Option<(u64, u32)>>,
}

impl Reach {
    pub(super) fn of(scene: &Scene) -> Self {
        let count = scene.count();
        let mut reach = Self {
            passes: scene.builds.iter().map(|seen| passes(scene, seen)).collect(),
            worth: vec![0.0; scene.builds.len()],
            cover: vec![0.0; count],
            by: vec![None; count],
            ready: vec![None; count],
            best: (0..count).map(|place| best(scene, place)).collect(),
            tested: scene.cleared.clone(),
            serving: vec![Vec::new(); count],
            remaining_ms: scene.builds.iter().map(|seen| scene.remaining_ms(seen)).collect(),
            pause: pauses(scene),
        };
        for (index, seen) in scene.builds.iter().enumerate() {
            if seen.has_passed_for_some() || seen.is_running() {
                reach.count_build(scene, index, seen);
            }
        }
        reach
    }

    fn count_build(&mut self, scene: &Scene, index: usize, seen: &Seen) {
        let passes = self.passes[index];
        // What a later one in the build still waits for keeps the earlier ones from landing by it, and may itself
        // wait for them. What an earlier one waits for cannot: that one lands by a build of its own, and leaves.
        let (mut behind, mut stale_behind) = (scene.empty(), false);
        let yielding = scene.must_yield(&seen.set);
        let places: Vec<usize> = seen.set.iter().collect();
        for place in places.into_iter().rev() {
            let mut missing = scene.before[place].minus(&seen.set).minus(&yielding);
            let held_up = behind.minus(&missing);
            missing.add(&behind);
            let stuck = stale_behind || seen.passed && !held_up.is_empty();
            let chance = match stuck {
                true => 0.0,
                false => passes * scene.none_lands(missing.iter()),
            };
            behind = missing;
            // Whether it is good by itself is shown whatever landed meanwhile.
            if scene.doubtful[place] && !seen.passed && passes >= DOES * scene.prior(place) {
                self.tested[place] = true;
                self.worth[index] = self.worth[index].max(UNDECIDED * passes).max(USELESS);
            }
            if seen.stale.has(place) {
                stale_behind = true;
                continue;
            }
            self.serving[place].push(index);
            if seen.passed && !stuck {
                self.ready[place] = Some(index);
            } else if !seen.passed && passes >= DOES * scene.prior(place) {
                self.tested[place] = true;
            }
            if chance > self.cover[place] {
                self.cover[place] = chance;
                self.by[place] = Some(index);
            }
            let shows = shows(scene, place, &seen.set, passes);
            self.worth[index] = self.worth[index].max(chance).max(shows);
        }
    }

    /// What a build of these would be worth once it runs. Nothing is started that would be stopped for it, nor stopped for
    /// what would be worth less: else two builds stop each other in turn.
    pub(super) fn worth_of(scene: &Scene, set: &Set) -> f64 {
        let passes = scene.passes(set);
        let (mut behind, yielding) = (scene.empty(), scene.must_yield(set));
        let places: Vec<usize> = set.iter().collect();
        let mut worth = 0.0f64;
        for place in places.into_iter().rev() {
            behind.add(&scene.before[place].minus(set).minus(&yielding));
            let chance = passes * scene.none_lands(behind.iter());
            worth = worth.max(chance).max(shows(scene, place, set, passes));
        }
        worth
    }

    /// Whether a place needs a build: nothing that runs or has passed does for it.
    pub(super) fn wants(&self, scene: &Scene, place: usize) -> bool {
        let waits = scene.suspect[place] || self.pause[place].is_some();
        let does = self.cover[place] >= DOES * self.best[place];
        let undecided = self.best[place] < UNDECIDED && self.tested[place];
        // Those before it change for ever; to be built anew with each of them would never end.
        let tried = scene.doubtful[place] && self.tested[place];
        !(waits || does || undecided || tried)
    }
}

/// What a build is worth for what it shows of one of its revisions.
fn shows(scene: &Scene, place: usize, set: &Set, passes: f64) -> f64 {
    let open = |before: usize| set.has(before) && !scene.cleared[before];
    match () {
        () if scene.suspect[place] && set.len() == 1 + scene.stack[place].len() => 0.5,
        // Nothing is before it: as good as its chances ever get.
        () if scene.before[place].is_empty() => UNDECIDED,
        () if scene.cleared[place] || scene.before[place].iter().any(open) => 0.0,
        // It shows whether this one is good.
        () => UNDECIDED * passes,
    }
}

fn passes(scene: &Scene, seen: &Seen) -> f64 {
    if seen.has_passed_for_some() {
        // It holds for those of it about which it holds, once the others are on the trunk.
        scene.passes(&seen.stale)
    } else if seen.is_running() {
        scene.passes(&seen.set)
    } else {
        0.0
    }
}

/// The chance that all before a place turn out as is likeliest, and it is good.
fn best(scene: &Scene, place: usize) -> f64 {
    let mut chance = scene.good[place];
    for other in scene.before[place].iter() {
        let good = scene.good[other];
        chance *= if scene.stack[place].has(other) {
            good
        } else if scene.apart[place].has(other) {
            1.0 - good
        } else {
            good.max(1.0 - good)
        };
        if chance < 1e-4 {
            return chance;
        }
    }
    chance
}

/// The way for all of these to land that is likeliest: what else is built with them, and its chance.
pub(super) fn likeliest(scene: &Scene, members: &Set) -> (Set, f64) {
    let (mut all, mut forced, mut apart) = (scene.empty(), members.clone(), scene.empty());
    for place in members.iter() {
        all.add(&scene.before[place]);
        forced.add(&scene.stack[place]);
        apart.add(&scene.apart[place]);
    }
    let mut built = forced;
    for place in all.iter_without(members) {
        if scene.good[place] >= 0.5 && !apart.has(place) && !scene.apart[place].meets(&built) {
            built.insert(place);
            built.add(&scene.stack[place]);
        }
    }
    let open = all.minus(&scene.must_yield(&built));
    let chance = scene.passes(&built) * scene.none_lands(open.iter_without(&built));
    (built, chance)
}

/// Who goes ahead of those that have not passed: what has, and could wait for ever for all before it to be decided.
pub(super) fn ahead(scene: &Scene) -> Vec<usize> {
    let passed_over = |place: &usize| {
        scene.cleared[*place] && !scene.suspect[*place] && {
            let open = scene.before[*place].iter().any(|other| !scene.cleared[other]);
            open && best(scene, *place) < UNDECIDED
        }
    };
    (0..scene.count()).filter(passed_over).collect()
}

/// Who cannot be tested for now.
pub(super) fn paused(scene: &Scene) -> Vec<usize> {
    let pauses = pauses(scene).into_iter().enumerate();
    pauses.filter_map(|(place, pause)| pause.map(|_| place)).collect()
}

fn pauses(scene: &Scene) -> Vec<Option<(u64, u32)>> {
    let mut pause = vec![None; scene.count()];
    for seen in &scene.builds {
        let void = seen.voids > scene.snapshot.rules.voids_max && !seen.passed && seen.fails == 0;
        if !void || seen.running > 0 || seen.gone.is_some() {
            continue;
        }
        let runs = seen.build.attempts.iter().filter(|attempt| attempt.state == State::Void);
        let until = runs.map(|run| run.started_ms).max().unwrap_or(0).saturating_add(PAUSE_MS);
        if until > scene.snapshot.now_ms {
            for place in seen.set.iter() {
                pause[place] = pause[place].max(Some((until, seen.voids)));
            }
        }
    }
    pause
}
