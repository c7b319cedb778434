//! What is decided: builds that land, revisions that leave.

use super::belief::flake;
use super::scene::{Scene, Seen};
use super::set::Set;
use super::step::{Cause, Eject, LandWhy, Step};

/// The largest chance to eject a good revision: one in two thousand.
const FALSE_MAX: f64 = 5e-4;
/// And the largest chance that who is ejected is good: a rare fault of a sound revision needs more proof.
const GOOD_MAX: f64 = 0.05;
/// Whoever is ejected failed at least so often.
const FAILS_MIN: u32 = 2;
/// Early landing looks at no more undecided ones than this: each doubles the builds that must have passed.
const EARLY_MAX: usize = 2;

/// The builds that land now, each valid after those before it.
pub(super) fn landings(scene: &Scene) -> Vec<Step> {
    let mut steps = Vec::new();
    if scene.snapshot.frozen {
        return steps;
    }
    let mut landed = scene.empty();
    let mut open: Vec<&Seen> = scene.builds.iter().filter(|seen| seen.is_ready()).collect();
    // The largest first: what lands at once needs one move of the trunk.
    open.sort_by_key(|seen| (std::cmp::Reverse(seen.set.len()), seen.build.id));
    while let Some(place) = open.iter().position(|seen| may_land(scene, seen, &landed).is_some()) {
        let seen = open.remove(place);
        let Some(why) = may_land(scene, seen, &landed) else { break };
        let rest = seen.set.minus(&landed);
        if !rest.is_empty() {
            let items = scene.revisions(&rest);
            steps.push(Step::Land { build: seen.build.id, items, why });
            landed.add(&seen.set);
        }
    }
    steps
}

fn may_land(scene: &Scene, seen: &Seen, landed: &Set) -> Option<LandWhy> {
    let foreign = landed.minus(&seen.set);
    let mut past = scene.empty();
    for place in seen.set.iter_without(landed) {
        if scene.touch[place].meets(&foreign) {
            return None;
        }
        past.add(&scene.before[place]);
    }
    let past = past.minus(&seen.set).minus(landed).minus(&scene.must_yield(&seen.set));
    if past.is_empty() {
        return Some(LandWhy::Passed);
    }
    let past_places: Vec<usize> = past.iter().collect();
    if past_places.len() > EARLY_MAX {
        return None;
    }
    let needed = seen.set.minus(landed);
    let every = (1u32..1 << past_places.len()).all(|some| {
        let mut wanted = needed.clone();
        for (bit, place) in past_places.iter().enumerate() {
            if some & (1 << bit) != 0 {
                wanted.insert(*place);
            }
        }
        scene.builds.iter().any(|other| other.is_ready() && other.set.minus(landed) == wanted)
    });
    every.then(|| LandWhy::Early { past: scene.revisions(&past) })
}

/// A failure that one revision alone explains: everything else in the build passed together.
pub(super) struct Located<'a> {
    pub(super) failing: &'a Seen<'a>,
    pub(super) beside: Set,
    pub(super) passing: Option<&'a Seen<'a>>,
}

/// By place, the failures that only it explains.
pub(super) fn located<'a>(scene: &'a Scene<'a>) -> Vec<Vec<Located<'a>>> {
    let mut by_place: Vec<Vec<Located>> = (0..scene.count()).map(|_| Vec::new()).collect();
    let passed: Vec<&Seen> = scene.builds.iter().filter(|seen| seen.passed).collect();
    // What failed where things no longer stand shows somebody's fault only if it was there alone: of several the fault may
    // be that one does not go with what has landed since.
    let counts = |seen: &Seen| {
        let alone = seen.set.len() == 1 && !seen.build.shrunk;
        seen.stale.is_empty() || alone
    };
    let failed = |seen: &&Seen| {
        let speaks = seen.fails > 0 && !seen.passed && seen.gone.is_none();
        speaks && !seen.set.is_empty() && counts(seen)
    };
    for failing in scene.builds.iter().filter(failed) {
        let excused =
            |other: &&Seen| failing.set.is_within(&other.set) && !failing.set.meets(&other.stale);
        if passed.iter().any(excused) {
            continue;
        }
        if failing.set.len() == 1 {
            let place = failing.set.iter().next().unwrap_or_default();
            by_place[place].push(Located { failing, beside: scene.empty(), passing: None });
            continue;
        }
        for passing in &passed {
            let at_fault: Vec<usize> = match failing.set.missing_in(&passing.set) {
                (1, place) => vec![place],
                (0, _) => failing.set.iter().filter(|place| passing.stale.has(*place)).collect(),
                _ => continue,
            };
            for place in at_fault {
                let mut beside = failing.set.clone();
                beside.remove(place);
                // What passed on an older tip clears nothing of a failure on a newer one.
                let holds = beside.iter().all(|b| !passing.stale.has(b) || failing.stale.has(b));
                let known =
                    by_place[place].iter().any(|known| known.failing.build.id == failing.build.id);
                if holds && !known {
                    by_place[place].push(Located { failing, beside, passing: Some(passing) });
                }
            }
        }
    }
    by_place
        .iter_mut()
        .for_each(|of| of.sort_by_key(|l| (l.is_old(), l.failing.set.len(), l.failing.build.id)));
    by_place
}

impl Located<'_> {
    /// It failed where things no longer stand: what fails here shows more.
    fn is_old(&self) -> bool {
        !self.failing.stale.is_empty()
    }
}

/// How often a revision failed without another reason. Of one that has passed, only the failures of one build count: among
/// many builds some fail several times by chance, and others beside them pass.
pub(super) fn fails(scene: &Scene, place: usize, against: &[Located]) -> u32 {
    let fails = against.iter().map(|located| located.failing.fails);
    if scene.cleared[place] { fails.max().unwrap_or(0) } else { fails.sum() }
}

/// What there is against a revision.
pub(super) struct Charge {
    pub(super) fails: u32,
    pub(super) false_chance: f64,
    pub(super) good_chance: f64,
}

impl Charge {
    /// The charge after so many failures that only this revision explains.
    pub(super) fn after(scene: &Scene, place: usize, fails: u32) -> Self {
        let prior = scene.prior(place).min(0.9995);
        let bad = if scene.cleared[place] { 1.0 - prior + CLASH } else { 1.0 - prior };
        let false_chance = prior * flake(scene.snapshot).powi(fails as i32);
        Self { fails, false_chance, good_chance: false_chance / (false_chance + bad) }
    }

    pub(super) fn is_proven(&self) -> bool {
        let Self { fails, false_chance, good_chance } = *self;
        fails >= FAILS_MIN && false_chance <= FALSE_MAX && good_chance <= GOOD_MAX
    }

    /// How many failures prove it.
    pub(super) fn needed(scene: &Scene, place: usize) -> u32 {
        let proven = |fails: &u32| Self::after(scene, place, *fails).is_proven();
        (FAILS_MIN..FAILS_MAX).find(proven).unwrap_or(FAILS_MAX)
    }
}

/// The chance that two that touch clash, where nothing better is known: one in 834 real pairs that ran together
/// (arXiv 2609.25396), and touching ones oftener.
const CLASH: f64 = 0.002;
/// More failures than this say nothing new, whatever the rate of flakes.
const FAILS_MAX: u32 = 12;

/// Who leaves now, but for those that land.
pub(super) fn ejections(scene: &Scene, located: &[Vec<Located>], landings: &[Step]) -> Vec<Step> {
    let mut steps = Vec::new();
    let lands = |place: usize| {
        let revision = scene.items[place].revision;
        landings
            .iter()
            .any(|step| matches!(step, Step::Land { items, .. } if items.contains(&revision)))
    };
    for (place, against) in located.iter().enumerate().filter(|(place, _)| !lands(*place)) {
        let fails = fails(scene, place, against);
        // Of runs side by side the first to end is a failure oftener than one alone is: all of them count, or none.
        if fails < FAILS_MIN || against.iter().any(|located| located.failing.running > 0) {
            continue;
        }
        let charge = Charge::after(scene, place, fails);
        let proven = charge.is_proven() || fails >= FAILS_MAX;
        let Some((cause, shown)) = cause(scene, place, against).filter(|_| proven) else {
            continue;
        };
        steps.push(Step::Eject(Eject {
            revision: scene.items[place].revision,
            cause,
            failing: shown.failing.build.id,
            beside: scene.revisions(&shown.beside),
            passing: shown.passing.map(|seen| seen.build.id),
            fails,
            false_chance: charge.false_chance,
            good_chance: charge.good_chance,
        }));
    }
    steps
}

/// What is wrong, and the failure that shows it; none while that cannot be told.
fn cause<'a, 'b>(
    scene: &Scene,
    place: usize,
    against: &'b [Located<'a>],
) -> Option<(Cause, &'b Located<'a>)> {
    let alone = against.iter().find(|located| located.beside.is_within(&scene.stack[place]));
    let own_pass = |seen: &&Seen| seen.passed && seen.set.has(place);
    let passes: Vec<&Seen> = scene.builds.iter().filter(own_pass).collect();
    if passes.is_empty() {
        return alone.map(|located| (Cause::Content, located));
    }
    // Of two that clash, the later one leaves.
    let last = |located: &&Located| located.beside.iter().all(|other| other < place);
    let shown = against.iter().filter(last).max_by_key(|located| located.failing.fails)?;
    let untested = |other: &usize| !passes.iter().any(|seen| seen.set.has(*other));
    let with = shown.beside.iter().filter(untested).filter(|other| scene.touch[place].has(*other));
    let mut with: Vec<usize> = with.collect();
    with.sort_by(|a, b| scene.clash(place, *b).total_cmp(&scene.clash(place, *a)));
    let with = with.into_iter().map(|other| scene.items[other].revision).collect();
    Some((Cause::Interaction { with }, shown))
}
