//! How the workers are divided: what is needed first, then what proves a suspicion, then what is worth its price.

use super::Plan;
use super::scene::Scene;
use super::snapshot::Price;
use super::spare::{proofs, speculations};
use super::speculate::{Offer, groups};
use super::step::{Step, StopWhy};
use super::tell::Told;

/// A build that is needed so little is stopped whoever waits.
pub(super) const USELESS: f64 = 0.002;
/// And one that is needed by so much less than another makes room for it.
const MUCH_LESS: f64 = 0.3;
/// Bounds of the price, and how fast it moves: one step a plan, so within some dozens of builds.
const PRICE: std::ops::RangeInclusive<f64> = 0.02..=100.0;
const DEARER: f64 = 1.05;
const CHEAPER: f64 = 0.95;

pub(super) fn divide(plan: &mut Plan, told: &mut Told) {
    let (scene, reach) = (told.scene, told.reach);
    let mut stopped = vec![false; scene.builds.len()];
    for (index, seen) in scene.builds.iter().enumerate().filter(|(_, seen)| seen.running > 0) {
        if let Some(why) = useless(told, index) {
            stopped[index] = true;
            plan.steps.push(Step::Stop { build: seen.build.id, why });
        }
    }
    let running = |(index, seen): (usize, &super::scene::Seen)| match stopped[index] {
        true => 0,
        false => seen.running as usize,
    };
    let busy: usize = scene.builds.iter().enumerate().map(running).sum();
    let mut free = (scene.snapshot.workers as usize).saturating_sub(busy);

    let (overdue, patient): (Vec<_>, Vec<_>) =
        proofs(scene, told.located).into_iter().partition(|(overdue, _)| *overdue);
    take(plan, told, overdue.into_iter().map(|(_, offer)| offer), &mut free);

    let (needed, left) = groups(scene, reach, free, free + ROOM);
    told.left = left;
    let mut short = Vec::new();
    for offer in needed {
        if free > 0 {
            take(plan, told, std::iter::once(offer), &mut free);
        } else {
            short.push(offer);
        }
    }
    // Who waits for others to be decided does not wait for a worker.
    let served_all = short.is_empty();
    make_room(plan, told, short, &mut stopped);
    take(plan, told, patient.into_iter().map(|(_, offer)| offer), &mut free);

    let lambda = scene.snapshot.price.lambda;
    let mut unserved = !served_all;
    if free > 0 {
        let offers = speculations(scene, reach, &stopped);
        unserved |= offers.len() > free;
        take(plan, told, offers.into_iter(), &mut free);
    }
    let moved = if unserved { lambda * DEARER } else { lambda * CHEAPER };
    plan.price = match free > 0 || unserved {
        true => Price { lambda: moved.clamp(*PRICE.start(), *PRICE.end()) },
        false => scene.snapshot.price,
    };
    told.left.sort_unstable();
}

/// For how many builds room is made in one plan.
const ROOM: usize = 4;

fn take(plan: &mut Plan, told: &mut Told, offers: impl Iterator<Item = Offer>, free: &mut usize) {
    for offer in offers {
        let in_vain = |step: &Step| match (step, &offer.step) {
            (Step::Start { items, .. }, Step::Start { items: others, .. }) => items == others,
            (Step::Again { build, .. }, Step::Again { build: other, .. }) => {
                build == other
                    && !matches!(
                        offer.step,
                        Step::Again { why: super::AgainWhy::Confirm { .. }, .. }
                    )
            }
            // What was stopped to make room does not run again at once.
            (Step::Stop { build, .. }, Step::Again { build: other, .. }) => build == other,
            _ => false,
        };
        if *free == 0 || plan.steps.iter().any(in_vain) {
            continue;
        }
        *free -= 1;
        told.served.add(&offer.targets);
        plan.steps.push(offer.step);
    }
}

/// Stops what is needed much less than these.
fn make_room(plan: &mut Plan, told: &mut Told, short: Vec<Offer>, stopped: &mut [bool]) {
    let (scene, reach) = (told.scene, told.reach);
    for offer in short {
        let runs_again = |id| matches!(offer.step, Step::Again { build, .. } if build == id);
        let open = |index: &usize| {
            let seen = &scene.builds[*index];
            seen.running > 0 && !stopped[*index] && !runs_again(seen.build.id)
        };
        let least = (0..scene.builds.len())
            .filter(open)
            .min_by(|a, b| reach.worth[*a].total_cmp(&reach.worth[*b]));
        let worth = offer.value.min(offer.worth);
        let Some(index) = least.filter(|index| reach.worth[*index] < MUCH_LESS * worth) else {
            told.left.extend(offer.targets.iter());
            continue;
        };
        stopped[index] = true;
        let (chance, price) = (reach.worth[index], MUCH_LESS * worth);
        let why = StopWhy::Unlikely { chance, price };
        plan.steps.push(Step::Stop { build: scene.builds[index].build.id, why });
        told.served.add(&offer.targets);
        plan.steps.push(offer.step);
    }
}

fn useless(told: &Told, index: usize) -> Option<StopWhy> {
    let (scene, reach): (&Scene, _) = (told.scene, told.reach);
    let seen = &scene.builds[index];
    if let Some(revision) = seen.gone {
        return Some(StopWhy::Gone { revision });
    }
    if seen.set.is_empty() || (seen.passed && seen.stale.is_empty()) {
        return Some(StopWhy::Answered);
    }
    let shows = |place: usize| scene.doubtful[place];
    if seen.set.is_within(&seen.stale) && !seen.set.iter().any(shows) {
        return Some(StopWhy::Stale);
    }
    let passes_elsewhere = |place: usize| {
        let ready = reach.ready[place].map(|other| &scene.builds[other]);
        ready.is_some_and(|other| scene.before[place].is_within(&other.set))
    };
    if seen.set.iter().all(passes_elsewhere) {
        return Some(StopWhy::Answered);
    }
    let chance = reach.worth[index];
    (chance < USELESS).then_some(StopWhy::Unlikely { chance, price: USELESS })
}
