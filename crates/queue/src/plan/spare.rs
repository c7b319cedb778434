//! What workers do that nobody needs at once: prove suspicions, and build for outcomes that are not the likeliest, as
//! far as that is worth its price.

use super::delay::Delay;
use super::reach::Reach;
use super::scene::{Scene, Seen};
use super::set::Set;
use super::settle::{Charge, Located, fails};
use super::snapshot::{State, Tip};
use super::speculate::{Offer, start_or_again};
use super::step::{AgainWhy, StartWhy, Step};
use super::work::USELESS;

/// A suspicion is proven by what comes anyway, if it comes within so many lengths of its build; else by a run of its own.
const PATIENCE: f64 = 8.0;
/// Below this chance of being good, all runs that prove a fault are made at once.
const SURE: f64 = 0.2;
/// How many ways to land are looked at for one revision.
const WAYS_MAX: usize = 6;

/// The runs that would prove or lift each suspicion; with each, whether it has waited long enough.
pub(super) fn proofs(scene: &Scene, located: &[Vec<Located>]) -> Vec<(bool, Offer)> {
    let mut offers = Vec::new();
    for place in (0..scene.count()).filter(|place| scene.suspect[*place]) {
        let mut alone = scene.stack[place].clone();
        if alone.iter().any(|under| scene.suspect[under]) {
            continue;
        }
        alone.insert(place);
        let known = again_for(scene, &located[place], &alone);
        // What landed since they began does not matter: they tell whether it is good by itself.
        let same = |seen: &&Seen| seen.gone.is_none() && seen.set == alone;
        let alone_runs: u32 = scene.builds.iter().filter(same).map(|seen| seen.running).sum();
        let running = alone_runs.max(known.map_or(0, |seen| seen.running));
        let fails = fails(scene, place, &located[place]);
        if scene.snapshot.tip != Tip::Proven && Charge::after(scene, place, fails).is_proven() {
            continue;
        }
        if scene.cleared[place] && fails == 0 && known.is_some_and(|seen| seen.passed) {
            // By itself it is good. Whether it clashes is known when what it failed with is decided.
            continue;
        }
        // Failures that others may explain cannot eject: without one of its own, one run is needed in any case.
        let missing = Charge::needed(scene, place).saturating_sub(fails).max(1);
        let missing = missing.saturating_sub(running);
        let voids = known.filter(|seen| seen.fails == 0).map_or(0, |seen| seen.voids);
        if voids > scene.snapshot.rules.voids_max && missing > 0 && paused(scene, &alone) {
            continue;
        }
        let good_chance = scene.good[place];
        let at_once = match () {
            () if good_chance <= SURE => missing,
            () => missing.min(1u32.saturating_sub(running)),
        };
        let mut targets = scene.empty();
        targets.insert(place);
        let length = scene.items[place].length.mean_ms;
        let overdue = since_last_run(scene, place) as f64 > PATIENCE * length;
        for nth in 0..at_once {
            let step = match known {
                Some(seen) => {
                    let suspect = scene.items[place].revision;
                    let why = AgainWhy::Confirm { suspect, fails: fails + nth, good_chance };
                    Step::Again { build: seen.build.id, why }
                }
                None if nth > 0 => break,
                None => Step::Start {
                    items: scene.revisions(&alone),
                    why: StartWhy::Alone { good_chance },
                },
            };
            offers
                .push((overdue, Offer { value: 0.5, worth: 0.5, step, targets: targets.clone() }));
        }
    }
    offers
}

/// The build that shows more about a suspect: itself alone, or where that passes, the one that fails because of it only.
fn again_for<'a>(scene: &'a Scene, located: &[Located<'a>], alone: &Set) -> Option<&'a Seen<'a>> {
    let known = scene.build_of(alone);
    match located.iter().max_by_key(|located| located.failing.fails) {
        Some(located) if known.is_some_and(|seen| seen.passed) => Some(located.failing),
        _ => known,
    }
}

fn paused(scene: &Scene, alone: &Set) -> bool {
    let last = scene.build_of(alone).and_then(|seen| seen.build.attempts.last());
    last.is_some_and(|run| run.started_ms + 10 * 60 * 1000 > scene.snapshot.now_ms)
}

fn since_last_run(scene: &Scene, place: usize) -> u64 {
    let with = scene.builds.iter().filter(|seen| seen.set.has(place));
    let last = with.flat_map(|seen| seen.build.attempts.iter().map(|run| run.started_ms)).max();
    scene.snapshot.now_ms.saturating_sub(last.unwrap_or(scene.items[place].since_ms))
}

/// Second runs beside first ones, and builds for other outcomes, worth at least the price; the worthiest first.
pub(super) fn speculations(scene: &Scene, reach: &Reach, stopped: &[bool]) -> Vec<Offer> {
    let delay = Delay::of(scene, reach);
    let mut offers = hedges(scene, reach, &delay, stopped);
    for place in (0..scene.count()).filter(|place| !scene.suspect[*place]) {
        if reach.pause[place].is_none() && reach.ready[place].is_none() {
            other_ways(scene, reach, &delay, place, &mut offers);
        }
    }
    offers.sort_by(|a, b| b.value.total_cmp(&a.value));
    offers
}

/// Should the run of a good build fail by chance, a second one that began with it saves its whole length.
fn hedges(scene: &Scene, reach: &Reach, delay: &Delay, stopped: &[bool]) -> Vec<Offer> {
    let price = scene.snapshot.price.lambda;
    let flake = super::belief::flake(scene.snapshot);
    let mut offers = Vec::new();
    for (index, seen) in scene.builds.iter().enumerate() {
        if !seen.is_running() || seen.passed || stopped[index] {
            continue;
        }
        let mut targets = scene.empty();
        let by_this = |place: &usize| reach.by[*place] == Some(index);
        seen.set.iter().filter(by_this).for_each(|place| targets.insert(place));
        let likely = targets.iter().map(|place| reach.cover[place]).fold(0.0, f64::max);
        let runs = seen.build.count(State::Running) as i32;
        let chance = likely * flake.powi(runs);
        let length = scene.length_ms(&seen.set);
        let begun_then = delay.costs_ms(&targets, reach.remaining_ms[index] + length);
        // One that failed before is at fault if it fails often enough: sooner, where runs stand side by side.
        let needed = targets.iter().map(|place| Charge::needed(scene, place)).max().unwrap_or(0);
        let at_fault = match seen.fails > 0 && seen.fails + seen.running < needed {
            true => 1.0 - reach.passes[index],
            false => 0.0,
        };
        let spared = begun_then - delay.costs_ms(&targets, length);
        let value = (chance + at_fault) * spared / length;
        if value >= price {
            let why = AgainWhy::Hedge { chance, price };
            let (worth, step) = (reach.worth[index], Step::Again { build: seen.build.id, why });
            offers.push(Offer { value, worth, step, targets });
        }
    }
    offers
}

/// The likeliest ways for one to land that nothing stands for, in case others do not turn out as expected.
fn other_ways(scene: &Scene, reach: &Reach, delay: &Delay, place: usize, offers: &mut Vec<Offer>) {
    let price = scene.snapshot.price.lambda;
    let mut targets = scene.empty();
    targets.insert(place);
    let length = scene.items[place].length.mean_ms.max(1.0);
    // No way is worth more than one that spares all behind it the whole time.
    let most = delay.costs_ms(&targets, 2.0 * delay.longest_ms + length) / length;
    let chance_min = (price / most.max(1.0)).max(USELESS);
    if reach.best[place] < chance_min {
        return;
    }
    for way in ways(scene, place, chance_min) {
        let stands = standing(scene, reach, place, &way);
        let gained = way.chance - stands.chance;
        let begun_then = delay.costs_ms(&targets, stands.known_in_ms + length);
        let begun_now = delay.costs_ms(&targets, length.max(stands.known_in_ms));
        let value = gained * (begun_then - begun_now) / length;
        if value < price {
            continue;
        }
        let mut built = way.with.clone();
        built.insert(place);
        way.with.iter().for_each(|other| built.add(&scene.stack[other]));
        let why = StartWhy::Otherwise {
            target: scene.items[place].revision,
            without: scene.revisions(&scene.before[place].minus(&way.with)),
            chance: way.chance,
            price,
        };
        let worth = Reach::worth_of(scene, &built);
        let step = start_or_again(scene, &built, why).filter(|_| worth >= USELESS);
        let Some(step) = step else { continue };
        offers.push(Offer { value, worth, step, targets: targets.clone() });
    }
}

/// One way for what is before a revision to turn out.
struct Way {
    /// Those that land.
    with: Set,
    /// The chance of it, and that the revision is good.
    chance: f64,
}

/// The likeliest ways, best first, without looking at all 2ⁿ: the likeliest outcome of each, then with the cheapest
/// ones flipped, where a flip costs `min(s, 1-s) / max(s, 1-s)`.
fn ways(scene: &Scene, place: usize, chance_min: f64) -> Vec<Way> {
    let (mut with, mut chance) = (scene.empty(), scene.good[place]);
    let mut flips: Vec<(f64, usize)> = Vec::new();
    for other in scene.before[place].iter() {
        let good = scene.stands[other];
        // It has to be redone if one before it lands that it cannot be merged with.
        if !scene.stack[place].has(other) && scene.apart[other].meets(&with) {
            continue;
        }
        let (stays, leaves) = match () {
            () if scene.stack[place].has(other) => (true, false),
            () if scene.apart[place].has(other) => (false, true),
            () => (good >= 0.5, good < 0.5),
        };
        if stays {
            with.insert(other);
        }
        let likely = if leaves { 1.0 - good } else { good };
        chance *= likely;
        if !scene.stack[place].has(other) && !scene.apart[place].has(other) {
            flips.push(((1.0 - likely) / likely, other));
        }
    }
    flips.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    flips.truncate(WAYS_MAX);
    let chance_of = |some: u32| {
        let flipped = flips.iter().enumerate().filter(|(bit, _)| some & (1 << bit) != 0);
        chance * flipped.map(|(_, (cost, _))| cost).product::<f64>()
    };
    let mut chances: Vec<(f64, u32)> = (0..1 << flips.len()).map(|s| (chance_of(s), s)).collect();
    chances.retain(|(chance, _)| *chance >= chance_min);
    chances.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    chances.truncate(WAYS_MAX);
    let way = |(chance, some): (f64, u32)| {
        let mut with = with.clone();
        for (bit, (_, other)) in flips.iter().enumerate() {
            if some & (1 << bit) != 0 {
                if with.has(*other) { with.remove(*other) } else { with.insert(*other) }
            }
        }
        Way { with, chance }
    };
    chances.into_iter().map(way).collect()
}

/// What stands for a way already, and when it will be known whether the way is gone.
struct Standing {
    chance: f64,
    known_in_ms: f64,
}

fn standing(scene: &Scene, reach: &Reach, place: usize, way: &Way) -> Standing {
    let length = scene.items[place].length.mean_ms;
    let mut standing = Standing { chance: 0.0, known_in_ms: 0.0 };
    let mut company_ends = f64::INFINITY;
    for index in reach.serving[place].iter().copied() {
        let seen = &scene.builds[index];
        // Exactly those before it that land in this way.
        if !seen.set.agrees(&way.with, &scene.before[place]) {
            continue;
        }
        let missing = scene.before[place].iter_without(&seen.set);
        let chance = reach.passes[index] * scene.none_lands(missing);
        if chance > standing.chance {
            standing.chance = chance;
            company_ends = reach.remaining_ms[index];
        }
    }
    // Another outcome than the likeliest is known when the first of those that would have to turn out otherwise is.
    let against = scene.before[place].iter().filter(|other| {
        way.with.has(*other) != (scene.good[*other] >= 0.5) && !scene.stack[place].has(*other)
    });
    let decided = |other: usize| match reach.by[other] {
        Some(build) if scene.builds[build].running > 0 => reach.remaining_ms[build],
        Some(_) => length,
        None => scene.items[other].length.mean_ms,
    };
    let known = against.map(decided).fold(f64::INFINITY, f64::min).min(company_ends);
    standing.known_in_ms = if known.is_finite() { known } else { length };
    standing
}
