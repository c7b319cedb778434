//! How long one plan takes.

use weir_queue::plan::{Snapshot, Step, plan};
use weir_queue::sim::{Ours, Policy, Setting, Shape, World, run};

/// Plans as ours does, and keeps the snapshot with the most builds in which nearly all still wait.
struct Kept {
    ours: Ours,
    size: usize,
    snapshot: Option<Snapshot>,
    plans: usize,
}

impl Policy for Kept {
    fn name(&self) -> &'static str {
        "kept"
    }

    fn steps(&mut self, snapshot: &Snapshot) -> Vec<Step> {
        self.plans += 1;
        let builds = |snapshot: &Snapshot| snapshot.builds.len();
        let more = self.snapshot.as_ref().is_none_or(|kept| builds(kept) < builds(snapshot));
        if snapshot.items.len() * 10 >= self.size * 8 && more {
            self.snapshot = Some(snapshot.clone());
        }
        if self.plans > 60 { Vec::new() } else { self.ours.steps(snapshot) }
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]
pub(crate) fn print(quick: bool) {
    println!("\nOne plan, in milliseconds (mark: 20 at 1,000)\n");
    println!(
        "| waiting | touch | builds | workers | median | worst of 9 |\n|---|---|---|---|---|---|"
    );
    let sizes: &[usize] = if quick { &[100, 1000] } else { &[100, 1000, 5000] };
    for (size, all_touch) in sizes.iter().flat_map(|size| [(*size, false), (*size, true)]) {
        let world = World::new(&Shape {
            seed: 7,
            changes: size,
            per_hour: 4.0 * size as f64,
            bad: 0.1,
            concentration: 0.5,
            flake: 0.05,
            touching: 0.02,
            clash: 1.0 / 834.0,
            length_ms: 1_800_000.0,
            length_cv: 0.5,
        });
        let workers = 300;
        let setting = Setting {
            workers,
            all_touch,
            shares_steps: true,
            tick_ms: 30_000,
            drain_ms: 3_600_000,
        };
        let mut kept = Kept { ours: Ours::default(), size, snapshot: None, plans: 0 };
        run(&world, setting, &mut kept);
        let Some(snapshot) = kept.snapshot else { continue };
        let mut times: Vec<f64> = (0..9)
            .map(|_| {
                let start = std::time::Instant::now();
                let decided = std::hint::black_box(plan(&snapshot));
                assert_eq!(decided.order.len(), snapshot.items.len());
                start.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let pairs = if all_touch { "all".to_owned() } else { snapshot.touches.len().to_string() };
        println!(
            "| {} | {pairs} | {} | {workers} | {:.1} | {:.1} |",
            snapshot.items.len(),
            snapshot.builds.len(),
            times[4],
            times[8]
        );
    }
}
