//! One policy over one history.

use super::measure::Outcome;
use super::world::{Runs, World, mix, named};
use crate::plan::{
    Attempt, Build, Class, Item, Learned, Length, Price, Rules, Snapshot, StartWhy, State, Step,
    Tip, Touch, plan,
};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use weir_model::{CandidateId, ChangeId, RevisionId};

/// Who decides.
pub trait Policy {
    /// What it is called in tables.
    fn name(&self) -> &'static str;

    /// What to do, as the queue stands. Asked again at once whenever something landed or left.
    fn steps(&mut self, snapshot: &Snapshot) -> Vec<Step>;
}

/// Ours: the planner.
#[derive(Debug, Clone, Default)]
pub struct Ours {
    price: Price,
}

impl Policy for Ours {
    fn name(&self) -> &'static str {
        "ours"
    }

    fn steps(&mut self, snapshot: &Snapshot) -> Vec<Step> {
        let mut snapshot = snapshot.clone();
        snapshot.price = self.price;
        let plan = plan(&snapshot);
        self.price = plan.price;
        plan.steps
    }
}

/// Under what a policy runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// How many builds at once.
    pub workers: u32,
    /// Everything touches everything: only exactly the tested tree lands.
    pub all_touch: bool,
    /// What is run for a change in one build is not run again for it in another that only builds upon it: a build
    /// takes as long as the longest of those that it is there for, and not less than what runs for the others still
    /// takes. That is what the published studies assume, and their oracle. Otherwise it takes as long as the longest
    /// of all that it holds.
    pub shares_steps: bool,
    /// The policy is asked at most so often.
    pub tick_ms: u64,
    /// The run is given up so long after the last change came.
    pub drain_ms: u64,
}

/// On what builds stand: what merging some changes onto the trunk comes to.
pub trait Ground {
    /// The tree of what landed, in that order, with these on top, in this order. It names the verdict: the same tree
    /// has the same one.
    ///
    /// # Errors
    /// The first of these that cannot be merged; it is sent back.
    fn tree(&mut self, landed: &[usize], items: &[usize]) -> Result<String, Conflict>;

    /// These landed, in this order, by a build of this tree.
    fn landed(&mut self, items: &[usize], tree: &str) {
        let _ = (items, tree);
    }
}

/// A change that cannot be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    /// The change.
    pub item: usize,
    /// With which one, if that is known.
    pub with: Option<usize>,
}

/// Merges that always work; a tree is what is in it, in whatever order it came in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Always;

impl Ground for Always {
    fn tree(&mut self, landed: &[usize], items: &[usize]) -> Result<String, Conflict> {
        let sum = landed.iter().chain(items).fold(0, |tree, item| tree ^ mix(3, *item as u64));
        Ok(format!("{sum:016x}"))
    }
}

/// After how long an author offers again what was ejected though good.
const OFFERED_AGAIN_MS: u64 = 30 * 60 * 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives(usize),
    Ends(CandidateId, usize),
    Asked,
}

struct Run<'a> {
    world: &'a World,
    setting: Setting,
    snapshot: Snapshot,
    events: BinaryHeap<Reverse<(u64, Event)>>,
    asked_at: Option<u64>,
    ground: &'a mut dyn Ground,
    landed: Vec<bool>,
    landed_order: Vec<usize>,
    made: BTreeMap<CandidateId, Made>,
    runs: Runs,
    /// By change: since when its own steps run, or have run.
    ran: Vec<Option<u64>>,
    next: CandidateId,
    offers: Vec<u32>,
    out: Outcome,
}

/// A build as it was made.
struct Made {
    items: Vec<usize>,
    /// Those of them that it is there for.
    targets: Vec<usize>,
    tree: String,
    is_good: bool,
}

/// What a policy makes of a history whose changes can always be merged.
pub fn run(world: &World, setting: Setting, policy: &mut dyn Policy) -> Outcome {
    run_on(world, setting, policy, &mut Always)
}

/// What a policy makes of a history.
pub fn run_on(
    world: &World,
    setting: Setting,
    policy: &mut dyn Policy,
    ground: &mut dyn Ground,
) -> Outcome {
    let count = world.changes.len();
    let arrivals = world.changes.iter().enumerate();
    let mut run = Run {
        world,
        setting,
        snapshot: Snapshot {
            now_ms: 0,
            workers: setting.workers,
            frozen: false,
            tip: Tip::Proven,
            items: Vec::new(),
            touches: Vec::new(),
            all_touch: setting.all_touch.then_some(1e-6),
            builds: Vec::new(),
            learned: Learned { flake: world.flake, drift: 0.001 },
            price: Price::default(),
            rules: Rules { wait_max_ms: 24 * 3_600_000, ..Rules::default() },
        },
        events: arrivals
            .map(|(place, change)| Reverse((change.arrives_ms, Event::Arrives(place))))
            .collect(),
        asked_at: None,
        ground,
        landed: vec![false; count],
        landed_order: Vec::new(),
        made: BTreeMap::new(),
        runs: Runs::default(),
        ran: vec![None; count],
        next: CandidateId(1),
        offers: vec![0; count],
        out: Outcome { turnaround_ms: vec![None; count], ..Outcome::default() },
    };
    let last = world.changes.last().map_or(0, |change| change.arrives_ms);
    while let Some(Reverse((at, event))) = run.events.pop() {
        if at > last + setting.drain_ms {
            break;
        }
        run.snapshot.now_ms = at;
        match event {
            Event::Arrives(place) => run.arrive(place),
            Event::Ends(build, attempt) => run.end(build, attempt),
            Event::Asked => {
                run.asked_at = None;
                run.ask(policy);
                continue;
            }
        }
        let when = at.div_ceil(setting.tick_ms.max(1)) * setting.tick_ms.max(1);
        if run.asked_at.is_none() {
            run.asked_at = Some(when);
            run.events.push(Reverse((when, Event::Asked)));
        }
    }
    run.finish()
}

fn place(revision: RevisionId) -> usize {
    revision.change.0 as usize
}

impl Run<'_> {
    fn arrive(&mut self, at: usize) {
        let change = &self.world.changes[at];
        self.offers[at] += 1;
        let revision = RevisionId { change: ChangeId(at as u64), number: self.offers[at] };
        let waiting: BTreeMap<usize, RevisionId> =
            self.snapshot.items.iter().map(|item| (place(item.revision), item.revision)).collect();
        for touched in &self.world.touches[at] {
            if let Some(other) = waiting.get(&touched.other) {
                self.snapshot.touches.push(Touch {
                    earlier: *other,
                    later: revision,
                    level: touched.level,
                    clash: self.world.clash,
                });
            }
        }
        self.snapshot.items.push(Item {
            revision,
            class: Class::Normal,
            since_ms: self.snapshot.now_ms,
            after: None,
            success: change.success,
            length: Length { mean_ms: change.length_ms as f64, sd_ms: 0.0 },
            targets: None,
        });
        self.out.waiting_max = self.out.waiting_max.max(self.snapshot.items.len());
    }

    fn end(&mut self, id: CandidateId, attempt: usize) {
        let Some(build) = self.snapshot.builds.iter_mut().find(|build| build.id == id) else {
            return;
        };
        let made = &self.made[&id];
        let run = &mut build.attempts[attempt];
        if run.state != State::Running {
            return;
        }
        let tree = named(&made.tree);
        let flakes = self.world.flakes(tree, self.runs.next(tree));
        run.state = if made.is_good && !flakes { State::Passed } else { State::Failed };
        run.ended_ms = Some(self.snapshot.now_ms);
        self.out.worker_minutes += (self.snapshot.now_ms - run.started_ms) as f64 / 60_000.0;
    }

    fn ask(&mut self, policy: &mut dyn Policy) {
        for _ in 0..ASKED_MAX {
            self.out.plans += 1;
            let mut moved = false;
            let steps = policy.steps(&self.snapshot);
            let conflicts = self.out.conflicts;
            for step in steps {
                moved |= matches!(step, Step::Land { .. } | Step::Eject(_));
                self.carry_out(step);
            }
            // Who was to be built with one that went back is planned anew.
            if !moved && conflicts == self.out.conflicts {
                return;
            }
        }
    }

    fn carry_out(&mut self, step: Step) {
        match step {
            Step::Start { items, why } => self.start(items, &why),
            Step::Again { build, .. } => self.again(build),
            Step::Stop { build, .. } => self.stop(build),
            Step::Land { build, .. } => self.land(build),
            Step::Eject(eject) => self.eject(eject.revision),
        }
    }

    fn has_worker(&self) -> bool {
        let running: u32 =
            self.snapshot.builds.iter().map(|build| build.count(State::Running)).sum();
        running < self.setting.workers
    }

    fn start(&mut self, items: Vec<RevisionId>, why: &StartWhy) {
        assert!(!items.is_empty() && self.has_worker(), "a build has items and a worker");
        let id = self.next;
        self.next = id.next();
        let places: Vec<usize> = items.iter().map(|revision| place(*revision)).collect();
        let tree = match self.ground.tree(&self.landed_order, &places) {
            Ok(tree) => tree,
            Err(conflict) => return self.send_back(conflict),
        };
        let is_good = self.world.is_good(&self.landed, &places);
        let targets = match why {
            StartWhy::Likeliest { targets, .. } => targets.iter().map(|t| place(*t)).collect(),
            StartWhy::Otherwise { target, .. } => vec![place(*target)],
            StartWhy::Screen { .. } | StartWhy::Probe { .. } | StartWhy::Alone { .. } => {
                places.clone()
            }
        };
        self.made.insert(id, Made { items: places, targets, tree, is_good });
        let (stale, attempts, shrunk) = (Vec::new(), Vec::new(), false);
        self.snapshot.builds.push(Build { id, items, stale, shrunk, attempts });
        self.again(id);
    }

    fn again(&mut self, id: CandidateId) {
        assert!(self.has_worker(), "a run has a worker");
        let now = self.snapshot.now_ms;
        let length = self.length_ms(id);
        let Some(build) = self.snapshot.builds.iter_mut().find(|build| build.id == id) else {
            return;
        };
        build.attempts.push(Attempt { started_ms: now, ended_ms: None, state: State::Running });
        for at in &self.made[&id].items {
            self.ran[*at].get_or_insert(now);
        }
        let ends = Event::Ends(id, build.attempts.len() - 1);
        self.events.push(Reverse((now + length, ends)));
        self.out.builds += 1;
    }

    fn length_ms(&self, id: CandidateId) -> u64 {
        let Made { items, targets, .. } = &self.made[&id];
        let own = |at: &usize| self.world.changes[*at].length_ms;
        let of = |at: &usize| {
            let since =
                self.ran[*at].filter(|_| self.setting.shares_steps && !targets.contains(at));
            since.map_or(own(at), |since| (since + own(at)).saturating_sub(self.snapshot.now_ms))
        };
        items.iter().map(of).max().unwrap_or(0)
    }

    fn stop(&mut self, id: CandidateId) {
        let now = self.snapshot.now_ms;
        for build in self.snapshot.builds.iter_mut().filter(|build| build.id == id) {
            for run in build.attempts.iter_mut().filter(|run| run.state == State::Running) {
                run.state = State::Stopped;
                run.ended_ms = Some(now);
                self.out.stopped += 1;
                self.out.worker_minutes += (now - run.started_ms) as f64 / 60_000.0;
            }
        }
        self.drop_idle();
    }

    fn land(&mut self, id: CandidateId) {
        let Some(build) = self.snapshot.builds.iter().find(|build| build.id == id) else {
            panic!("only a known build lands");
        };
        assert!(build.has_passed() && build.stale.is_empty(), "only what passed lands");
        let items = build.items.clone();
        let places: Vec<usize> = items.iter().map(|revision| place(*revision)).collect();
        self.out.escapes += usize::from(!self.world.is_good(&self.landed, &places));
        for (revision, at) in items.iter().zip(&places) {
            let waits = self.snapshot.items.iter().any(|item| item.revision == *revision);
            assert!(waits, "only what waits lands");
            let took = self.snapshot.now_ms - self.world.changes[*at].arrives_ms;
            self.out.turnaround_ms[*at] = Some(took);
            self.out.wait_max_ms = self.out.wait_max_ms.max(took);
            self.out.landed += 1;
            self.landed[*at] = true;
        }
        self.landed_order.extend_from_slice(&places);
        self.ground.landed(&places, &self.made[&id].tree);
        let (world, all) = (self.world, self.setting.all_touch);
        for build in &mut self.snapshot.builds {
            let within = &self.made[&build.id].items;
            let foreign: Vec<usize> =
                places.iter().copied().filter(|at| !within.contains(at)).collect();
            let held = build.items.len();
            build.items.retain(|revision| !items.contains(revision));
            build.shrunk |= build.items.len() < held;
            build.stale.retain(|revision| !items.contains(revision));
            for revision in &build.items {
                let touched = foreign.iter().any(|at| all || world.touch(*at, place(*revision)));
                if touched && !build.stale.contains(revision) {
                    build.stale.push(*revision);
                }
            }
        }
        self.leave(&items);
    }

    /// A change that cannot be merged goes back to its author, and does not come again.
    fn send_back(&mut self, conflict: Conflict) {
        let at = |item: &&Item| place(item.revision) == conflict.item;
        if let Some(revision) = self.snapshot.items.iter().find(at).map(|item| item.revision) {
            self.out.conflicts += 1;
            self.leave(&[revision]);
        }
    }

    fn eject(&mut self, revision: RevisionId) {
        let at = place(revision);
        let took = self.snapshot.now_ms - self.world.changes[at].arrives_ms;
        self.out.wait_max_ms = self.out.wait_max_ms.max(took);
        // What clashes with something that landed, or waits, is rightly sent back.
        let clashes = self.world.touches[at].iter().any(|touched| {
            let other = touched.other;
            let waits = self.snapshot.items.iter().any(|item| place(item.revision) == other);
            touched.clashes && !self.world.changes[other].is_bad && (self.landed[other] || waits)
        });
        if self.world.changes[at].is_bad || clashes {
            self.out.rejected += 1;
        } else {
            self.out.false_ejections += 1;
            let again = self.snapshot.now_ms + OFFERED_AGAIN_MS;
            self.events.push(Reverse((again, Event::Arrives(at))));
        }
        self.leave(&[revision]);
    }

    fn leave(&mut self, revisions: &[RevisionId]) {
        self.snapshot.items.retain(|item| !revisions.contains(&item.revision));
        let left = |revision: RevisionId| revisions.contains(&revision);
        self.snapshot.touches.retain(|touch| !left(touch.earlier) && !left(touch.later));
        self.drop_idle();
    }

    /// Forgets builds that say nothing about anything that waits.
    fn drop_idle(&mut self) {
        let waiting: BTreeSet<RevisionId> =
            self.snapshot.items.iter().map(|item| item.revision).collect();
        self.snapshot.builds.retain(|build| {
            let running = build.count(State::Running) > 0;
            let silent = build.attempts.iter().all(|run| run.state == State::Stopped);
            running || (!silent && build.items.iter().any(|revision| waiting.contains(revision)))
        });
        let kept: BTreeSet<CandidateId> =
            self.snapshot.builds.iter().map(|build| build.id).collect();
        self.made.retain(|id, _| kept.contains(id));
    }

    fn finish(mut self) -> Outcome {
        self.out.unfinished = self.snapshot.items.len();
        let now = self.snapshot.now_ms;
        for item in &self.snapshot.items {
            let at = place(item.revision);
            let took = now - self.world.changes[at].arrives_ms;
            if !self.world.changes[at].is_bad {
                self.out.turnaround_ms[at] = Some(took);
            }
            self.out.wait_max_ms = self.out.wait_max_ms.max(took);
        }
        self.out
    }
}

/// A policy that lands or ejects for ever has a fault.
const ASKED_MAX: usize = 10_000;
