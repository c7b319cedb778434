//! A small world around the decision core, with a truth that it does not see and accidents that it must live with.

use proptest::prelude::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};
use std::collections::{BTreeMap, BTreeSet};
use weir_model::{CandidateId, ChangeId, RevisionId};
use weir_queue::plan::{
    Attempt, Build, Class, Eject, Item, LandWhy, Learned, Length, Level, Plan, Price, Rules,
    Snapshot, State, Step, Tip, Touch,
};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Nature {
    pub changes: usize,
    pub workers: u32,
    pub seed: u64,
    pub bad: f64,
    pub flake: f64,
    pub touching: f64,
    pub clash: f64,
    pub void: f64,
    pub all_touch: bool,
    pub withdrawn: f64,
}

pub(crate) struct House {
    nature: Nature,
    snapshot: Snapshot,
    to_come: Vec<Item>,
    /// The truth.
    bad: BTreeSet<RevisionId>,
    touch: BTreeSet<(RevisionId, RevisionId)>,
    clash: BTreeSet<(RevisionId, RevisionId)>,
    landed: BTreeSet<RevisionId>,
    /// By build, what was in it and below it.
    made: BTreeMap<CandidateId, (Vec<RevisionId>, BTreeSet<RevisionId>)>,
    next: u64,
    chance: Chance,
}

struct Chance(u64);

impl Chance {
    fn unit(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        ((word ^ (word >> 33)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        (self.unit() * end as f64) as usize
    }
}

fn revision(change: usize) -> RevisionId {
    RevisionId { change: ChangeId(change as u64 + 1), number: 1 }
}

fn pair(one: RevisionId, other: RevisionId) -> (RevisionId, RevisionId) {
    (one.min(other), one.max(other))
}

impl House {
    pub(crate) fn new(nature: Nature) -> Self {
        let mut chance = Chance(nature.seed);
        let classes = [Class::Express, Class::High, Class::Normal, Class::Low, Class::Normal];
        let mut house = Self {
            nature,
            snapshot: Snapshot {
                now_ms: 1,
                workers: nature.workers,
                frozen: false,
                tip: Tip::Proven,
                items: Vec::new(),
                touches: Vec::new(),
                all_touch: nature.all_touch.then_some(nature.clash / 10.0),
                builds: Vec::new(),
                learned: Learned { flake: nature.flake, drift: 0.002 },
                price: Price::default(),
                rules: Rules::default(),
            },
            to_come: Vec::new(),
            bad: BTreeSet::new(),
            touch: BTreeSet::new(),
            clash: BTreeSet::new(),
            landed: BTreeSet::new(),
            made: BTreeMap::new(),
            next: 1,
            chance: Chance(nature.seed ^ 0x5eed),
        };
        for change in 0..nature.changes {
            if chance.unit() < nature.bad {
                house.bad.insert(revision(change));
            }
            let after = (change > 0 && chance.unit() < 0.15).then(|| revision(change - 1));
            for other in 0..change {
                let touches = chance.unit() < nature.touching || nature.all_touch;
                if touches || after == Some(revision(other)) {
                    house.touch.insert(pair(revision(other), revision(change)));
                    if chance.unit() < nature.clash / 4.0 {
                        house.clash.insert(pair(revision(other), revision(change)));
                    }
                }
            }
            house.to_come.push(Item {
                revision: revision(change),
                class: classes[chance.below(classes.len())],
                since_ms: 0,
                after,
                success: 1.0 - chance.unit() * 2.0 * nature.bad,
                length: Length { mean_ms: 600_000.0 * (0.5 + chance.unit()), sd_ms: 60_000.0 },
                targets: None,
            });
        }
        house.to_come.reverse();
        house.arrive(1 + nature.changes / 2);
        house
    }

    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.snapshot.items.is_empty() && self.to_come.is_empty()
    }

    fn arrive(&mut self, count: usize) {
        for _ in 0..count {
            let Some(mut item) = self.to_come.pop() else { return };
            item.since_ms = self.snapshot.now_ms;
            // Who stood below it left without landing: it cannot stay in the stack.
            let waits = |below| self.snapshot.items.iter().any(|item| item.revision == below);
            item.after = item.after.filter(|below| waits(*below));
            for other in &self.snapshot.items {
                if self.touch.contains(&pair(other.revision, item.revision)) {
                    self.snapshot.touches.push(Touch {
                        earlier: other.revision,
                        later: item.revision,
                        level: Level::Symbols,
                        clash: self.nature.clash / 4.0,
                    });
                }
            }
            self.snapshot.items.push(item);
        }
    }

    fn is_good(&self, items: &[RevisionId], below: &BTreeSet<RevisionId>) -> bool {
        let within: BTreeSet<RevisionId> = items.iter().chain(below).copied().collect();
        let clash = |(one, other): &(RevisionId, RevisionId)| {
            within.contains(one) && within.contains(other)
        };
        !items.iter().any(|item| self.bad.contains(item)) && !self.clash.iter().any(clash)
    }

    fn running(&self) -> u32 {
        self.snapshot.builds.iter().map(|build| build.count(State::Running)).sum()
    }

    fn build(&self, id: CandidateId) -> Result<&Build, TestCaseError> {
        let known = self.snapshot.builds.iter().find(|build| build.id == id);
        known.ok_or_else(|| TestCaseError::fail(format!("`{id}` is not a build")))
    }

    /// Whether every step of a plan is right.
    pub(crate) fn check(&self, plan: &Plan) -> Result<(), TestCaseError> {
        let waiting: BTreeSet<RevisionId> =
            self.snapshot.items.iter().map(|item| item.revision).collect();
        let ordered: BTreeSet<RevisionId> = plan.order.iter().copied().collect();
        prop_assert_eq!(&ordered, &waiting);
        prop_assert_eq!(plan.forecasts.len(), waiting.len());
        let mut told: BTreeSet<RevisionId> = plan.waits.iter().map(|(item, _)| *item).collect();
        let mut landed = self.landed.clone();
        for step in &plan.steps {
            match step {
                Step::Eject(eject) => {
                    self.check_ejection(eject)?;
                    told.insert(eject.revision);
                }
                Step::Land { build, items, why } => {
                    self.check_landing(plan, *build, items, why, &landed)?;
                    landed.extend(items);
                    told.extend(items);
                }
                Step::Start { items, .. } => {
                    prop_assert!(!items.is_empty());
                    for revision in items {
                        prop_assert!(waiting.contains(revision), "a build holds what waits");
                        let item = self.snapshot.items.iter().find(|i| i.revision == *revision);
                        let below = item.and_then(|item| item.after);
                        let stands =
                            below.is_none_or(|b| items.contains(&b) || !waiting.contains(&b));
                        prop_assert!(stands, "{} is built without its stack", revision);
                    }
                }
                Step::Again { build, .. } | Step::Stop { build, .. } => {
                    self.build(*build)?;
                }
            }
        }
        prop_assert_eq!(told, waiting, "everybody lands, leaves, or knows why not");
        Ok(())
    }

    fn check_landing(
        &self,
        plan: &Plan,
        build: CandidateId,
        items: &[RevisionId],
        why: &LandWhy,
        landed: &BTreeSet<RevisionId>,
    ) -> Result<(), TestCaseError> {
        let build = self.build(build)?;
        prop_assert!(build.has_passed() && build.stale.is_empty());
        let left: Vec<RevisionId> =
            build.items.iter().copied().filter(|item| !landed.contains(item)).collect();
        let (mut told, mut holds) = (items.to_vec(), left.clone());
        told.sort_unstable();
        holds.sort_unstable();
        prop_assert_eq!(told, holds, "all that is left of a build lands");
        prop_assert!(self.is_good(&left, landed), "the trunk stays good");
        // Nothing that touches it landed without it in this plan.
        for other in landed.difference(&self.landed) {
            let foreign = !build.items.contains(other);
            let touches = |item: &RevisionId| self.touch.contains(&pair(*item, *other));
            prop_assert!(!(foreign && left.iter().any(touches)), "it is stale by now");
        }
        let place = |item: RevisionId| plan.order.iter().position(|other| *other == item);
        for item in &left {
            for other in &plan.order {
                let earlier = place(*other) < place(*item);
                let open = !landed.contains(other) && !left.contains(other);
                if earlier && open && self.touch.contains(&pair(*item, *other)) {
                    let early = matches!(why, LandWhy::Early { past } if past.contains(other));
                    prop_assert!(early, "{} lands before {}", item, other);
                }
            }
        }
        Ok(())
    }

    fn check_ejection(&self, eject: &Eject) -> Result<(), TestCaseError> {
        let failing = self.build(eject.failing)?;
        prop_assert!(failing.count(State::Failed) > 0 && !failing.has_passed());
        let mut beside = eject.beside.clone();
        beside.push(eject.revision);
        beside.sort_unstable();
        let mut holds = failing.items.clone();
        holds.sort_unstable();
        prop_assert_eq!(beside, holds);
        if !eject.beside.is_empty() {
            let Some(passing) = eject.passing else {
                return Err(TestCaseError::fail("what stands beside it did not pass"));
            };
            let passing = self.build(passing)?;
            prop_assert!(passing.has_passed());
            prop_assert!(eject.beside.iter().all(|item| passing.items.contains(item)));
        }
        prop_assert!(eject.fails >= 2 && eject.false_chance <= 5e-4 || eject.fails >= 12);
        Ok(())
    }

    /// Does what a plan says; whether something landed or left.
    pub(crate) fn carry_out(&mut self, plan: &Plan) -> bool {
        self.snapshot.price = plan.price;
        let mut moved = false;
        for step in &plan.steps {
            match step {
                Step::Eject(eject) => {
                    moved = true;
                    self.leave(&[eject.revision]);
                }
                Step::Land { build, items, .. } => {
                    moved = true;
                    self.land(*build, items);
                }
                Step::Stop { build, .. } => {
                    let known = self.snapshot.builds.iter_mut().find(|known| known.id == *build);
                    for run in known.into_iter().flat_map(|build| &mut build.attempts) {
                        if run.state == State::Running {
                            run.state = State::Stopped;
                        }
                    }
                }
                Step::Again { build, .. } => self.begin(*build),
                Step::Start { items, .. } => {
                    let id = CandidateId(self.next);
                    self.next += 1;
                    self.made.insert(id, (items.clone(), self.landed.clone()));
                    let (items, stale) = (items.clone(), Vec::new());
                    let (attempts, shrunk) = (Vec::new(), false);
                    self.snapshot.builds.push(Build { id, items, stale, shrunk, attempts });
                    self.begin(id);
                }
            }
        }
        moved
    }

    fn begin(&mut self, id: CandidateId) {
        assert!(self.running() < self.nature.workers, "no worker is used twice");
        let started_ms = self.snapshot.now_ms;
        let build = self.snapshot.builds.iter_mut().find(|build| build.id == id);
        let run = Attempt { started_ms, ended_ms: None, state: State::Running };
        build.expect("a fact").attempts.push(run);
    }

    fn land(&mut self, id: CandidateId, items: &[RevisionId]) {
        self.landed.extend(items);
        let within = &self.made[&id].0;
        for build in &mut self.snapshot.builds {
            let own = &self.made[&build.id].0;
            let held = build.items.len();
            build.items.retain(|item| !items.contains(item));
            build.shrunk |= build.items.len() < held;
            build.stale.retain(|item| !items.contains(item));
            for item in &build.items {
                let foreign =
                    within.iter().filter(|other| items.contains(other) && !own.contains(other));
                let touched = foreign.into_iter().any(|o| self.touch.contains(&pair(*o, *item)));
                if touched && !build.stale.contains(item) {
                    build.stale.push(*item);
                }
            }
        }
        self.leave(items);
    }

    fn leave(&mut self, gone: &[RevisionId]) {
        let mut gone = gone.to_vec();
        // What stands on one that left without landing leaves too.
        while let Some(next) = self.snapshot.items.iter().find(|item| {
            let below = |below: &RevisionId| gone.contains(below) && !self.landed.contains(below);
            !gone.contains(&item.revision) && item.after.as_ref().is_some_and(below)
        }) {
            gone.push(next.revision);
        }
        self.snapshot.items.retain(|item| !gone.contains(&item.revision));
        let left = |item: &RevisionId| gone.contains(item);
        self.snapshot.touches.retain(|touch| !left(&touch.earlier) && !left(&touch.later));
    }

    /// A build ends, in any order; or one comes, is withdrawn, or somebody else moves the trunk.
    pub(crate) fn let_something_happen(&mut self) {
        self.snapshot.now_ms += 1 + (self.chance.unit() * 400_000.0) as u64;
        if self.chance.unit() < 0.2 || self.snapshot.items.is_empty() {
            self.arrive(1);
        }
        if self.chance.unit() < self.nature.withdrawn && !self.snapshot.items.is_empty() {
            let place = self.chance.below(self.snapshot.items.len());
            let revision = self.snapshot.items[place].revision;
            self.leave(&[revision]);
        }
        if self.chance.unit() < 0.02 {
            for build in &mut self.snapshot.builds {
                build.stale.clone_from(&build.items);
            }
        }
        self.snapshot.frozen = self.chance.unit() < 0.05;
        let runs: Vec<(usize, usize)> = (self.snapshot.builds.iter().enumerate())
            .flat_map(|(at, build)| build.attempts.iter().enumerate().map(move |run| (at, run)))
            .filter(|(_, (_, run))| run.state == State::Running)
            .map(|(at, (nth, _))| (at, nth))
            .collect();
        if runs.is_empty() {
            return;
        }
        let (at, nth) = runs[self.chance.below(runs.len())];
        let (void, flake) = (self.chance.unit(), self.chance.unit());
        let (items, below) = &self.made[&self.snapshot.builds[at].id];
        let good = self.is_good(items, below);
        self.snapshot.builds[at].attempts[nth].state = match () {
            () if void < self.nature.void => State::Void,
            () if good && flake >= self.nature.flake => State::Passed,
            () => State::Failed,
        };
        self.snapshot.builds[at].attempts[nth].ended_ms = Some(self.snapshot.now_ms);
    }
}

/// A snapshot that no history leads to: pairs with themselves, builds of strangers, stacks that bite their tails.
pub(crate) fn nonsense(seed: u64) -> Snapshot {
    let mut chance = Chance(seed);
    let count = chance.below(9);
    let any = |chance: &mut Chance| revision(chance.below(10));
    let number = |chance: &mut Chance| match chance.below(6) {
        0 => f64::NAN,
        1 => -1.0,
        2 => f64::INFINITY,
        3 => 0.0,
        _ => chance.unit(),
    };
    let states = [State::Running, State::Passed, State::Failed, State::Void, State::Stopped];
    let items = (0..count)
        .map(|change| Item {
            revision: revision(change),
            class: Class::Normal,
            since_ms: (chance.unit() * u64::MAX as f64) as u64,
            after: (chance.unit() < 0.5).then(|| any(&mut chance)),
            success: number(&mut chance),
            length: Length { mean_ms: number(&mut chance), sd_ms: number(&mut chance) },
            targets: None,
        })
        .collect();
    let touches = (0..chance.below(12))
        .map(|_| Touch {
            earlier: any(&mut chance),
            later: any(&mut chance),
            level: if chance.unit() < 0.5 { Level::Merge } else { Level::Trunk },
            clash: number(&mut chance),
        })
        .collect();
    let builds = (0..chance.below(8))
        .map(|id| Build {
            id: CandidateId(id as u64),
            items: (0..chance.below(5)).map(|_| any(&mut chance)).collect(),
            stale: (0..chance.below(3)).map(|_| any(&mut chance)).collect(),
            shrunk: chance.unit() < 0.3,
            attempts: (0..chance.below(4))
                .map(|_| Attempt {
                    started_ms: (chance.unit() * u64::MAX as f64) as u64,
                    ended_ms: (chance.unit() < 0.5)
                        .then(|| (chance.unit() * u64::MAX as f64) as u64),
                    state: states[chance.below(states.len())],
                })
                .collect(),
        })
        .collect();
    Snapshot {
        now_ms: (chance.unit() * u64::MAX as f64) as u64,
        workers: chance.below(5) as u32,
        frozen: chance.unit() < 0.2,
        tip: Tip::Proven,
        items,
        touches,
        all_touch: (chance.unit() < 0.3).then(|| number(&mut chance)),
        builds,
        learned: Learned { flake: number(&mut chance), drift: number(&mut chance) },
        price: Price { lambda: number(&mut chance) },
        rules: Rules { batch_max: chance.below(3) as u32, wait_max_ms: 1000, voids_max: 1 },
    }
}
