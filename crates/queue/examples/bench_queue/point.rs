//! One point of the grid: a history, and the policies that run over it.

use weir_queue::plan::{Snapshot, State, Step, plan};
use weir_queue::sim::{
    Bors, Optimistic, Ours, Outcome, Policy, Serial, Setting, Shape, SpeculateAll, Window, World,
    oracle_ms, oracle_unlimited_ms, percentile_ms, run,
};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) per_hour: f64,
    pub(crate) workers: u32,
    pub(crate) bad: f64,
    pub(crate) flake: f64,
    pub(crate) touching: f64,
    /// The chance that two that touch pass apart and fail together.
    pub(crate) clash: f64,
    /// History knows nothing but the mean.
    pub(crate) blind: bool,
    pub(crate) all_touch: bool,
    /// Each build runs all steps of all that it holds.
    pub(crate) whole: bool,
    pub(crate) changes: usize,
    pub(crate) seed: u64,
}

pub(crate) struct Ran {
    pub(crate) out: Outcome,
    /// P50, P95 and P99 of turnaround.
    pub(crate) ms: [u64; 3],
    pub(crate) took_s: f64,
}

/// Ours, telling every step.
struct Steps(Ours);

impl Policy for Steps {
    fn name(&self) -> &'static str {
        "steps"
    }

    fn steps(&mut self, snapshot: &Snapshot) -> Vec<Step> {
        let steps = self.0.steps(snapshot);
        for step in &steps {
            println!("{:>8} s, {} wait: {step}", snapshot.now_ms / 1000, snapshot.items.len());
        }
        let runs = snapshot.builds.iter().any(|build| build.count(State::Running) > 0);
        if steps.is_empty() && !runs {
            for (revision, wait) in plan(snapshot).waits {
                println!("                 {revision}: {wait}");
            }
        }
        steps
    }
}

/// Of real pairs that ran together one in 834 did (arXiv 2609.25396).
pub(crate) const CLASH: f64 = 1.0 / 834.0;

const SHARES: [f64; 3] = [0.5, 0.95, 0.99];

/// Of how many outcomes a history of this concentration is told right at 10 % failures: 97 %, as published (SQ19).
const CONCENTRATION: f64 = 0.3;

impl Point {
    pub(crate) fn world(&self) -> World {
        World::new(&Shape {
            seed: self.seed,
            changes: self.changes,
            per_hour: self.per_hour,
            bad: self.bad,
            concentration: if self.blind { f64::INFINITY } else { CONCENTRATION },
            flake: self.flake,
            touching: self.touching,
            clash: self.clash,
            length_ms: 30.0 * 60_000.0,
            length_cv: 0.5,
        })
    }

    pub(crate) fn oracle(&self, world: &World) -> [u64; 3] {
        let times = oracle_ms(world, self.workers as usize);
        SHARES.map(|share| percentile_ms(&times, share))
    }

    pub(crate) fn unlimited(&self, world: &World) -> [u64; 3] {
        let times = oracle_unlimited_ms(world);
        SHARES.map(|share| percentile_ms(&times, share))
    }

    fn policy(&self, name: &str) -> Box<dyn Policy> {
        let size = Bors::best_size(self.bad);
        match name {
            "serial" => Box::new(Serial),
            "bors" => Box::new(Bors::new(size, 1)),
            "batches" => Box::new(Bors::new(size, self.workers.max(2) as usize)),
            "zuul" => Box::new(Window::zuul()),
            "window" => Box::new(Window::fixed(20)),
            "optimistic" => Box::new(Optimistic),
            "speculate-all" => Box::new(SpeculateAll),
            "ours" => Box::new(Ours::default()),
            "steps" => Box::new(Steps(Ours::default())),
            other => panic!("no policy is called `{other}`"),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]
    pub(crate) fn run(&self, world: &World, name: &str) -> Ran {
        let setting = Setting {
            workers: self.workers,
            all_touch: self.all_touch,
            shares_steps: !self.whole,
            tick_ms: 5_000,
            drain_ms: 96 * 3_600_000,
        };
        let start = std::time::Instant::now();
        let out = run(world, setting, self.policy(name).as_mut());
        assert_eq!(out.escapes, 0, "{name} made the trunk red");
        let ms = SHARES.map(|share| percentile_ms(&out.turnaround_ms, share));
        Ran { out, ms, took_s: start.elapsed().as_secs_f64() }
    }
}

/// Turnaround over that of the oracle.
pub(crate) fn ratios(ran: &Ran, oracle: &[u64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|at| ran.ms[at] as f64 / oracle[at].max(1) as f64)
}

/// How often history's guess, good or bad, is right.
pub(crate) fn accuracy(world: &World) -> f64 {
    let right = |change: &&weir_queue::sim::Change| change.is_bad == (change.success < 0.5);
    world.changes.iter().filter(right).count() as f64 / world.changes.len() as f64
}
