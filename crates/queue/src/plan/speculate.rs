//! What is built next: for each revision that nothing does for, its likeliest way to land, in groups as large as the
//! workers are few.

use super::reach::{Reach, UNDECIDED, likeliest};
use super::scene::Scene;
use super::set::Set;
use super::step::{AgainWhy, StartWhy, Step};
use super::work::USELESS;

/// Riskier ones share no build: they would rather fail it than use it.
const RISK_MAX: f64 = 0.3;
/// Less risk than this is shared even when workers are idle, by those that need each other's builds anyway.
const RISK_FREE: f64 = 0.01;
/// A build that only shows who is good is worth so much of one that lands.
const SCREENED: f64 = 0.25;
/// A group keeps at least about this chance to pass: then a verdict tells the most (Hwang's binary splitting).
const EVEN: f64 = 0.5;

/// A build that is worth starting, and how much.
pub(super) struct Offer {
    pub(super) value: f64,
    /// What it will be worth once it runs.
    pub(super) worth: f64,
    pub(super) step: Step,
    /// Whom it is for.
    pub(super) targets: Set,
}

/// The next builds in landing order, not more than `most`, and who is left without.
pub(super) fn groups(
    scene: &Scene,
    reach: &Reach,
    free: usize,
    most: usize,
) -> (Vec<Offer>, Vec<usize>) {
    let wanting: Vec<usize> = (0..scene.count()).filter(|p| reach.wants(scene, *p)).collect();
    let share = wanting.len().div_ceil(free.max(1));
    let batch = share.clamp(1, scene.snapshot.rules.batch_max.max(1) as usize);
    let (mut offers, mut left) = (Vec::new(), Vec::new());
    let mut rest = wanting.as_slice();
    while let Some((first, _)) = rest.split_first() {
        if offers.len() >= most {
            left.extend_from_slice(rest);
            break;
        }
        let mut taken = group(scene, reach, rest, batch);
        let mut members = first_of(scene, rest, taken);
        // What stands before them is built with them and may fail them all: of dozens, again and again.
        while taken > 1 && likeliest(scene, &members).1 < UNDECIDED {
            taken = taken.div_ceil(2);
            members = first_of(scene, rest, taken);
        }
        match offer(scene, reach, &members, *first) {
            Some(offer) => offers.push(offer),
            None => left.extend_from_slice(&rest[..taken]),
        }
        rest = &rest[taken..];
    }
    (offers, left)
}

fn first_of(scene: &Scene, places: &[usize], count: usize) -> Set {
    let mut set = scene.empty();
    places[..count].iter().for_each(|place| set.insert(*place));
    set
}

/// How many of the first of `wanting` go into one build.
fn group(scene: &Scene, reach: &Reach, wanting: &[usize], batch: usize) -> usize {
    let first = wanting[0];
    let mut members = scene.empty();
    members.insert(first);
    let mut chance = scene.passes(&members);
    if scene.prior(first) < 1.0 - RISK_MAX {
        return 1;
    }
    let clear = |place: usize| reach.best[place] >= UNDECIDED;
    for (taken, place) in wanting.iter().copied().enumerate().skip(1) {
        let shares_need = scene.before[place].meets(&members) && taken < MEMBERS_MAX;
        let free_rider = shares_need && 1.0 - scene.good[place] <= RISK_FREE;
        let fits = (taken < batch || free_rider)
            && scene.prior(place) >= 1.0 - RISK_MAX
            && clear(place) == clear(first)
            && !scene.apart[place].meets(&members);
        if !fits {
            return taken;
        }
        members.insert(place);
        let with = scene.passes(&members);
        if with < EVEN && (EVEN - with) > (chance - EVEN) {
            return taken;
        }
        chance = with;
    }
    wanting.len()
}

/// The most that ride along for free.
const MEMBERS_MAX: usize = 256;

fn offer(scene: &Scene, reach: &Reach, members: &Set, first: usize) -> Option<Offer> {
    let (mut built, mut chance) = likeliest(scene, members);
    let targets = scene.revisions(members);
    let mut why = StartWhy::Likeliest { targets, chance };
    let alone = scene.before[first].is_empty();
    if chance < UNDECIDED && !alone {
        let undecided = scene.before[first].len();
        let on_stack = !scene.stack[first].is_empty() && scene.passes(&scene.stack[first]) < 0.5;
        if on_stack || members.iter().all(|place| reach.tested[place]) {
            return None;
        }
        built = members.clone();
        members.iter().for_each(|place| built.add(&scene.stack[place]));
        chance = scene.passes(&built);
        why = StartWhy::Screen { undecided: undecided.try_into().unwrap_or(u32::MAX), chance };
        chance *= SCREENED;
    }
    if let Some((of, suspects)) = scene.fault(first)
        && built.len() < suspects
    {
        let (of, suspects) = (of.id, suspects.try_into().unwrap_or(u32::MAX));
        why = StartWhy::Probe { of, suspects, chance: 1.0 - scene.passes(&built) };
    }
    if chance < USELESS && !alone && !scene.doubtful[first] {
        return None;
    }
    let worth = Reach::worth_of(scene, &built);
    let step = start_or_again(scene, &built, why).filter(|_| worth >= USELESS)?;
    Some(Offer { value: chance, worth, step, targets: members.clone() })
}

/// A start, or one more run if these were built already; none if that runs or has passed, or two of them cannot be merged.
pub(super) fn start_or_again(scene: &Scene, built: &Set, why: StartWhy) -> Option<Step> {
    if built.iter().any(|place| scene.apart[place].meets(built)) {
        return None;
    }
    let Some(known) = scene.build_of(built) else {
        return Some(Step::Start { items: scene.revisions(built), why });
    };
    if known.passed || known.running > 0 {
        return None;
    }
    let why = match known.fails {
        0 => AgainWhy::Void { voids: known.voids },
        _ => AgainWhy::Flake { chance: scene.passes(built) },
    };
    Some(Step::Again { build: known.build.id, why })
}
