//! What another policy, other workers or another pace would have made of a history, beside what really became of it.

use super::peers::{Bors, Optimistic, Serial, Window};
use super::run::{Always, Conflict, Ground, Ours, Policy, Setting, run_on};
use super::trace::{Came, Fate, Trace};
use super::world::{Change, World};
use super::{Outcome, percentile_ms};
use crate::plan::{Level, Snapshot, Step};
use serde::Serialize;
use std::collections::BTreeMap;
use std::str::FromStr;
use weir_model::Refusal;

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decides {
    /// One change at a time.
    Serial,
    /// Batches that are halved when they fail.
    Bors,
    /// Each with all before it, as many as there are workers.
    Window,
    /// Each with those before it that touch it and have not failed.
    Optimistic,
    /// The planner.
    Ours,
}

/// Which changes touch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Touching {
    /// Each touches each: only exactly the tested tree lands.
    #[default]
    All,
    /// Those that touch a path which another touches.
    Paths,
}

/// What is asked of a history.
#[derive(Debug, Clone, PartialEq)]
pub struct WhatIf {
    /// Who decides, one after another.
    pub policies: Vec<Decides>,
    /// How many builds at once.
    pub workers: u32,
    /// Changes come so many times as fast.
    pub arrivals: f64,
    /// So many changes are built together at most.
    pub batch_max: Option<u32>,
    /// The chance that a run of a good build fails; none: as the history has it.
    pub flake: Option<f64>,
    /// Which changes touch.
    pub touching: Touching,
    /// Names the verdicts of flakes: the same seed has the same.
    pub seed: u64,
}

/// What became of a history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Became {
    /// Who decided; none: it really was so.
    pub policy: Option<Decides>,
    /// How many landed.
    pub landed: usize,
    /// How many went back for a reason: their checks fail, or they cannot be merged.
    pub back: usize,
    /// How many wait still in the end.
    pub waiting: usize,
    /// The half, and 95 and 99 of a hundred of those that landed, did so within this time; in milliseconds.
    pub turnaround_ms: [u64; 3],
    /// How many builds were begun; none: nobody counted.
    pub builds: Option<usize>,
    /// How often a good change was sent back; none: nobody can know.
    pub ejected_wrongly: Option<usize>,
    /// How many landings made the trunk bad; none: nobody can know.
    pub red_trunks: Option<usize>,
}

/// An answer, and what it takes for granted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// How many changes came; those that were withdrawn are left out.
    pub changes: usize,
    /// The chance that a run of a good build fails.
    pub flake: f64,
    /// What really was, and then each policy.
    pub rows: Vec<Became>,
}

/// So long after the last one came, a simulation is given up.
const DRAIN_MS: u64 = 30 * 24 * 3_600_000;
/// The policies are asked at most once a second.
const TICK_MS: u64 = 1_000;
/// More machines than anybody lends to one trunk.
const WORKERS_MAX: u32 = 10_000;
/// Faster, and all come at once.
const ARRIVALS: std::ops::RangeInclusive<f64> = 0.001..=100_000.0;
/// A path that so many later ones touch as well is held against these only.
const REACH: usize = 200;

impl Decides {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Serial, Self::Bors, Self::Window, Self::Optimistic, Self::Ours];

    /// As it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::Bors => "bors",
            Self::Window => "window",
            Self::Optimistic => "optimistic",
            Self::Ours => "ours",
        }
    }
}

impl FromStr for Decides {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|one| one.name() == text).ok_or_else(|| {
            let sentence = format!("no policy is called `{}`", text.escape_debug());
            Refusal::new("policy.unknown", sentence)
                .hint("there are `serial`, `bors`, `window`, `optimistic` and `ours`")
        })
    }
}

impl WhatIf {
    /// Answers from a history.
    ///
    /// # Errors
    /// `simulate.bounds` for numbers with which nothing can be simulated.
    pub fn answer(&self, trace: &Trace) -> Result<Answer, Refusal> {
        self.within_bounds()?;
        let came: Vec<&Came> =
            trace.changes().iter().filter(|came| came.verdict != Fate::Withdrawn).collect();
        let flake = self.flake.unwrap_or_else(|| flake_of(&came));
        let world = self.world(&came, flake);
        let conflicts: Vec<bool> = came.iter().map(|came| came.verdict == Fate::Conflict).collect();
        let setting = Setting {
            workers: self.workers,
            all_touch: self.touching == Touching::All,
            shares_steps: false,
            tick_ms: TICK_MS,
            drain_ms: DRAIN_MS,
        };
        let mut rows = vec![as_it_was(&came)];
        for decides in &self.policies {
            let mut policy = self.policy(*decides, bad_of(&came));
            let mut ground = Merging { conflicts: &conflicts };
            let out = run_on(&world, setting, &mut *policy, &mut ground);
            rows.push(became(*decides, &out));
        }
        Ok(Answer { changes: came.len(), flake, rows })
    }

    fn within_bounds(&self) -> Result<(), Refusal> {
        let wrong = |sentence: String, hint: &str| {
            Err(Refusal::new("simulate.bounds", sentence).hint(hint))
        };
        if !(1..=WORKERS_MAX).contains(&self.workers) {
            return wrong(format!("{} workers build nothing", self.workers), "1 to 10000 workers");
        }
        if !ARRIVALS.contains(&self.arrivals) {
            let sentence = format!("changes cannot come {} times as fast", self.arrivals);
            return wrong(sentence, "from `x0.001` to `x100000`");
        }
        if self.batch_max == Some(0) {
            return wrong("a build of no change lands nothing".to_owned(), "at least 1");
        }
        match self.flake {
            Some(flake) if !(0.0..=0.9).contains(&flake) => {
                wrong(format!("{} of the runs cannot flake", flake), "from 0 to 90 percent")
            }
            Some(_) | None => Ok(()),
        }
    }

    fn world(&self, came: &[&Came], flake: f64) -> World {
        let first = came.first().map_or(0, |came| came.came_ms);
        // What history says before it is known: the same of each.
        let success = 1.0 - bad_of(came);
        let changes = came.iter().map(|came| Change {
            arrives_ms: ((came.came_ms - first) as f64 / self.arrivals) as u64,
            length_ms: came.checks_ms.max(1),
            is_bad: came.verdict == Fate::Failed,
            success,
        });
        let pairs = match self.touching {
            Touching::All => Vec::new(),
            Touching::Paths => pairs(came),
        };
        World::recorded(self.seed, changes.collect(), &pairs, flake, CLASH)
    }

    fn policy(&self, decides: Decides, bad: f64) -> Box<dyn Policy> {
        let batch_max = self.batch_max.unwrap_or(u32::MAX) as usize;
        match decides {
            Decides::Serial => Box::new(Serial),
            Decides::Bors => Box::new(Bors::new(Bors::best_size(bad).min(batch_max), 1)),
            Decides::Window => Box::new(Window::fixed((self.workers as usize).min(batch_max))),
            Decides::Optimistic => Box::new(Optimistic),
            Decides::Ours => Box::new(Limited { ours: Ours::default(), batch_max: self.batch_max }),
        }
    }
}

/// The chance that two which touch pass apart and fail together: one of 834 runs over pairs of changes to a real
/// repository did (arXiv 2609.25396).
const CLASH: f64 = 1.0 / 834.0;

/// Ours, with batches of so many at most.
struct Limited {
    ours: Ours,
    batch_max: Option<u32>,
}

impl Policy for Limited {
    fn name(&self) -> &'static str {
        self.ours.name()
    }

    fn steps(&mut self, snapshot: &Snapshot) -> Vec<Step> {
        let Some(batch_max) = self.batch_max else { return self.ours.steps(snapshot) };
        let mut snapshot = snapshot.clone();
        snapshot.rules.batch_max = batch_max;
        self.ours.steps(&snapshot)
    }
}

/// Merges that fail of what could not be merged when it really came.
struct Merging<'a> {
    conflicts: &'a [bool],
}

impl Ground for Merging<'_> {
    fn tree(&mut self, landed: &[usize], items: &[usize]) -> Result<String, Conflict> {
        match items.iter().find(|item| self.conflicts[**item]) {
            Some(item) => Err(Conflict { item: *item, with: None }),
            None => Always.tree(landed, items),
        }
    }
}

/// The share of bad ones, as if one more of each had come: a short history proves little.
fn bad_of(came: &[&Came]) -> f64 {
    let count = |fate| came.iter().filter(|came| came.verdict == fate).count() as f64;
    let (bad, good) = (count(Fate::Failed), count(Fate::Landed));
    (bad + 1.0) / (bad + good + 2.0)
}

/// The share of runs that failed for no reason; none are known of where nobody counted.
fn flake_of(came: &[&Came]) -> f64 {
    let sum = |of: fn(&Came) -> Option<u32>| {
        came.iter().map(|it| f64::from(of(it).unwrap_or(0))).sum::<f64>()
    };
    let (flakes, builds) = (sum(|came| came.flakes), sum(|came| came.builds));
    if builds > 0.0 { (flakes / builds).min(0.9) } else { 0.0 }
}

/// Those that touch a path which one of the next [`REACH`] that touch it does.
fn pairs(came: &[&Came]) -> Vec<(usize, usize, Level, bool)> {
    let mut by_path: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, came) in came.iter().enumerate() {
        for path in &came.paths {
            by_path.entry(path).or_default().push(place);
        }
    }
    let mut pairs = Vec::new();
    for places in by_path.values() {
        for (nth, later) in places.iter().enumerate() {
            let earlier = &places[nth.saturating_sub(REACH)..nth];
            pairs.extend(earlier.iter().map(|earlier| (*earlier, *later, Level::Paths, false)));
        }
    }
    pairs
}

const SHARES: [f64; 3] = [0.5, 0.95, 0.99];

fn as_it_was(came: &[&Came]) -> Became {
    let count = |fate| came.iter().filter(|came| came.verdict == fate).count();
    let took: Vec<Option<u64>> = came
        .iter()
        .filter(|came| came.verdict == Fate::Landed)
        .map(|came| came.left_ms.map(|left| left - came.came_ms))
        .collect();
    let builds: Option<Vec<u32>> = came.iter().map(|came| came.builds).collect();
    Became {
        policy: None,
        landed: count(Fate::Landed),
        back: count(Fate::Failed) + count(Fate::Conflict),
        waiting: count(Fate::Waiting),
        turnaround_ms: SHARES.map(|share| percentile_ms(&took, share)),
        builds: builds.map(|builds| builds.into_iter().map(|count| count as usize).sum()),
        ejected_wrongly: None,
        red_trunks: None,
    }
}

fn became(decides: Decides, out: &Outcome) -> Became {
    Became {
        policy: Some(decides),
        landed: out.landed,
        back: out.rejected + out.conflicts,
        waiting: out.unfinished,
        turnaround_ms: SHARES.map(|share| percentile_ms(&out.turnaround_ms, share)),
        builds: Some(out.builds),
        ejected_wrongly: Some(out.false_ejections),
        red_trunks: Some(out.escapes),
    }
}
