//! What is told of each revision: why it waits, and what is expected of it.

use super::Plan;
use super::reach::{Reach, UNDECIDED};
use super::scene::Scene;
use super::set::Set;
use super::settle::Located;
use super::step::Step;
use super::wait::{Forecast, Wait};

pub(super) struct Told<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) reach: &'a Reach,
    pub(super) located: &'a [Vec<Located<'a>>],
    /// Whom the builds of this plan are for.
    pub(super) served: Set,
    /// Who would be built if there were workers, in order.
    pub(super) left: Vec<usize>,
}

/// Puts order, waits and forecasts into the plan.
pub(super) fn tell(plan: &mut Plan, told: &Told) {
    let scene = told.scene;
    plan.order = scene.items.iter().map(|item| item.revision).collect();
    let mut leaving = scene.empty();
    for step in &plan.steps {
        match step {
            Step::Land { items, .. } => {
                let lands = |place: &usize| items.contains(&scene.items[*place].revision);
                (0..scene.count()).filter(lands).for_each(|place| leaving.insert(place));
            }
            Step::Eject(eject) => {
                let leaves = |place: &usize| scene.items[*place].revision == eject.revision;
                (0..scene.count()).filter(leaves).for_each(|place| leaving.insert(place));
            }
            Step::Stop { .. } | Step::Again { .. } | Step::Start { .. } => {}
        }
    }
    let lands_ms = lands_ms(told);
    for place in 0..scene.count() {
        let revision = scene.items[place].revision;
        let lands_ms = lands_ms[place];
        plan.forecasts.push(Forecast { revision, chance: scene.good[place], lands_ms });
        if leaving.has(place) {
            continue;
        }
        let wait = wait(told, place);
        if let Wait::Pause { until_ms, .. } = wait {
            plan.wake_ms = Some(plan.wake_ms.map_or(until_ms, |wake| wake.min(until_ms)));
        }
        plan.waits.push((revision, wait));
    }
}

fn wait(told: &Told, place: usize) -> Wait {
    let (scene, reach) = (told.scene, told.reach);
    if let Some((until_ms, voids)) = reach.pause[place] {
        return Wait::Pause { voids, until_ms };
    }
    if scene.suspect[place] {
        let failing = |seen: &&super::scene::Seen| seen.fails > 0 && seen.set.has(place);
        let shown = told.located[place].first().map(|located| located.failing);
        if let Some(seen) = shown.or_else(|| scene.builds.iter().find(failing)) {
            return Wait::Fault { good_chance: scene.good[place], build: seen.build.id };
        }
    }
    if let Some(index) = reach.ready[place] {
        let seen = &scene.builds[index];
        let build = seen.build.id;
        let mut open = scene.before[place].minus(&seen.set);
        open.add(&seen.stale);
        seen.set.iter().for_each(|other| open.add(&scene.before[other].minus(&seen.set)));
        return match open.iter().next() {
            Some(first) => Wait::Before { revision: scene.items[first].revision, build },
            None => Wait::Frozen,
        };
    }
    if let Some(index) = reach.by[place] {
        return Wait::Build { build: scene.builds[index].build.id };
    }
    if told.served.has(place) {
        return Wait::Starting;
    }
    if let Some(first) = scene.apart[place].iter().find(|other| *other < place) {
        return Wait::Apart { revision: scene.items[first].revision };
    }
    let unclear = |under: &usize| scene.good[*under] < 0.5 || reach.by[*under].is_none();
    if let Some(under) = scene.stack[place].iter().find(unclear) {
        return Wait::Stack { below: scene.items[under].revision };
    }
    if let Ok(ahead) = told.left.binary_search(&place) {
        return Wait::Worker { ahead: ahead.try_into().unwrap_or(u32::MAX) };
    }
    if reach.best[place] < UNDECIDED {
        let before = scene.before[place].len().try_into().unwrap_or(u32::MAX);
        return Wait::Undecided { before, chance: reach.best[place] };
    }
    Wait::Worker { ahead: told.left.len().try_into().unwrap_or(u32::MAX) }
}

/// By place: now, and what its build still takes, and not before those before it. Of those without a worker, as many
/// are done in one length as there are workers.
fn lands_ms(told: &Told) -> Vec<u64> {
    let (scene, reach) = (told.scene, told.reach);
    let now = scene.snapshot.now_ms;
    let workers = f64::from(scene.snapshot.workers.max(1));
    let mut lands = Vec::with_capacity(scene.count());
    let mut latest = 0;
    for place in 0..scene.count() {
        let length = scene.items[place].length.mean_ms.max(1.0);
        let takes = match reach.by[place] {
            Some(index) if scene.builds[index].running > 0 => reach.remaining_ms[index],
            Some(_) => 0.0,
            None => {
                let ahead = told.left.partition_point(|other| *other < place) as f64;
                length * (1.0 + ahead / workers)
            }
        };
        let own = now.saturating_add(takes as u64);
        let after = match scene.is_split {
            false => latest,
            true => scene.before[place]
                .iter()
                .filter(|other| *other < place)
                .map(|other| lands[other])
                .max()
                .unwrap_or(0),
        };
        latest = own.max(after);
        lands.push(latest);
    }
    lands
}
