//! The tables.

use crate::point::{CLASH, Point, Ran, accuracy, ratios};
use weir_queue::sim::{World, builds_min};

const BASE: Point = Point {
    per_hour: 500.0,
    workers: 500,
    bad: 0.05,
    flake: 0.05,
    touching: 0.02,
    clash: CLASH,
    blind: false,
    all_touch: false,
    whole: false,
    changes: 2000,
    seed: 1,
};

/// What must never happen, summed over all runs of ours, by the rate of flakes.
#[derive(Default)]
pub(crate) struct Safety {
    rows: std::collections::BTreeMap<u32, (usize, usize, usize, u64)>,
}

impl Safety {
    fn add(&mut self, point: &Point, ran: &Ran) {
        let row = self.rows.entry((point.flake * 1000.0).round() as u32).or_default();
        row.0 += ran.out.landed + ran.out.rejected;
        row.1 += ran.out.false_ejections;
        row.2 += ran.out.escapes;
        row.3 = row.3.max(ran.out.wait_max_ms);
    }

    pub(crate) fn print(&self) {
        println!(
            "\nOurs, all runs above (mark: at most 0.05 % ejected though good, at 5 % flakes)\n"
        );
        println!("| flakes | changes | ejected though good | red trunks | worst wait, h |");
        println!("|---|---|---|---|---|");
        for (flake, (changes, wrong, escapes, wait)) in &self.rows {
            println!(
                "| {:.0} % | {changes} | {wrong} ({:.3} %) | {escapes} | {:.1} |",
                f64::from(*flake) / 10.0,
                100.0 * *wrong as f64 / (*changes).max(1) as f64,
                *wait as f64 / 3.6e6
            );
        }
    }
}

fn three(values: [f64; 3]) -> String {
    values.map(|value| format!("{value:.2}")).join(" / ")
}

/// Turnaround at 500 changes an hour and 500 workers, over the oracle's.
pub(crate) fn oracle(quick: bool, safety: &mut Safety) {
    println!(
        "\nTurnaround over O_W, P50 / P95 / P99, at 500 an hour and 500 workers (mark: 1.15)\n"
    );
    println!("| bad | flakes | touch | told right | ours | builds a change | optimistic |");
    println!("|---|---|---|---|---|---|---|");
    let (bads, flakes): (&[f64], &[f64]) = match quick {
        true => (&[0.05], &[0.0, 0.05]),
        false => (&[0.01, 0.05, 0.1, 0.2], &[0.0, 0.02, 0.05, 0.1]),
    };
    let changes = if quick { 600 } else { 1500 };
    let mut points: Vec<Point> = bads
        .iter()
        .flat_map(|bad| flakes.iter().map(|flake| Point { bad: *bad, flake: *flake, ..BASE }))
        .collect();
    if !quick {
        for bad in [0.05, 0.1] {
            points.push(Point { bad, blind: true, ..BASE });
            points.push(Point { bad, touching: 0.005, ..BASE });
            points.push(Point { bad, touching: 0.05, ..BASE });
        }
    }
    for point in points {
        let point = Point { changes, ..point };
        let world = point.world();
        let oracle = point.oracle(&world);
        let (ours, peer) = (point.run(&world, "ours"), point.run(&world, "optimistic"));
        safety.add(&point, &ours);
        println!(
            "| {:.0} % | {:.0} % | {:.1} % | {:.1} %{} | {} | {:.2} | {} |",
            point.bad * 100.0,
            point.flake * 100.0,
            point.touching * 100.0,
            accuracy(&world) * 100.0,
            if point.blind { " (blind)" } else { "" },
            three(ratios(&ours, &oracle)),
            ours.out.builds as f64 / world.changes.len() as f64,
            three(ratios(&peer, &oracle)),
        );
    }
}

/// Builds a change where workers are scarce.
pub(crate) fn scarce(quick: bool, safety: &mut Safety) {
    println!(
        "\nBuilds a change with one worker and more than it can do, over H2 of the share rejected (mark: 1.10)\n"
    );
    println!("| bad | flakes | touch | told | H2 | ours | over H2 | bors, best size | serial |");
    println!("|---|---|---|---|---|---|---|---|---|");
    let bads: &[f64] = if quick { &[0.05] } else { &[0.01, 0.05, 0.1, 0.2] };
    let flakes: &[f64] = if quick { &[0.0] } else { &[0.0, 0.02, 0.05] };
    for (bad, flake) in bads.iter().flat_map(|bad| flakes.iter().map(|flake| (*bad, *flake))) {
        for (all_touch, blind) in [(false, true), (true, true), (false, false)] {
            let changes = if quick { 300 } else { 600 };
            let point = Point {
                per_hour: 12.0,
                workers: 1,
                bad,
                flake,
                all_touch,
                blind,
                touching: if all_touch { 0.0 } else { 0.02 },
                changes,
                ..BASE
            };
            let world = point.world();
            let a_change = |ran: &Ran| {
                let ended = ran.out.landed + ran.out.rejected + ran.out.false_ejections;
                ran.out.builds as f64 / ended.max(1) as f64
            };
            let ours = point.run(&world, "ours");
            safety.add(&point, &ours);
            let ended = ours.out.landed + ours.out.rejected;
            let floor = builds_min(ours.out.rejected as f64 / ended.max(1) as f64);
            let (bors, serial) = (point.run(&world, "bors"), point.run(&world, "serial"));
            println!(
                "| {:.0} % | {:.0} % | {} | {} | {:.3} | {:.3} | {:.2} | {:.3} | {:.3} |",
                bad * 100.0,
                flake * 100.0,
                if all_touch { "all" } else { "2 %" },
                if blind { "mean" } else { "sharp" },
                floor,
                a_change(&ours),
                a_change(&ours) / floor,
                a_change(&bors),
                a_change(&serial),
            );
        }
    }
}

/// Which rows of the grid to print: those with these shares, where they are given.
#[derive(Clone, Copy)]
pub(crate) struct Only {
    pub(crate) bad: Option<f64>,
    pub(crate) flake: Option<f64>,
}

impl Only {
    fn holds(self, bad: f64, flake: f64) -> bool {
        let same =
            |wanted: Option<f64>, share: f64| wanted.is_none_or(|w| (w - share).abs() < 1e-9);
        same(self.bad, bad) && same(self.flake, flake)
    }
}

/// Ours beside the best of the others, everywhere.
pub(crate) fn grid(quick: bool, only: Only, safety: &mut Safety) {
    println!(
        "\nTurnaround in minutes, P50 / P95 / P99: ours, and the best of the others in each\n"
    );
    println!("| an hour | workers | bad | flakes | O_W | ours | best other | loses |");
    println!("|---|---|---|---|---|---|---|---|");
    let sizes: &[(f64, u32)] = match quick {
        true => &[(10.0, 4), (100.0, 16), (500.0, 100), (100.0, 100)],
        false => &[
            (10.0, 1),
            (10.0, 4),
            (10.0, 16),
            (30.0, 1),
            (30.0, 4),
            (30.0, 16),
            (100.0, 1),
            (100.0, 4),
            (100.0, 16),
            (100.0, 100),
            (100.0, 300),
            (100.0, 500),
            (300.0, 100),
            (300.0, 300),
            (300.0, 500),
            (500.0, 100),
            (500.0, 300),
            (500.0, 500),
        ],
    };
    let bads: &[f64] = if quick { &[0.05] } else { &[0.01, 0.05, 0.1, 0.2] };
    let flakes: &[f64] = if quick { &[0.05] } else { &[0.0, 0.05, 0.1] };
    let (mut points, mut lost) = (0, 0);
    for (per_hour, workers) in sizes {
        for (bad, flake) in bads.iter().flat_map(|bad| flakes.iter().map(|flake| (*bad, *flake))) {
            if !only.holds(bad, flake) {
                continue;
            }
            let (per_hour, workers) = (*per_hour, *workers);
            let changes = if quick { 300 } else { 500 };
            let point = Point { per_hour, workers, bad, flake, changes, ..BASE };
            points += 1;
            lost += usize::from(row(&point, &point.world(), safety));
        }
    }
    println!(
        "\nOurs is worse than the best other at {lost} of {points} points (by more than 2 %)."
    );
}

const PEERS: [&str; 6] = ["serial", "bors", "batches", "zuul", "optimistic", "speculate-all"];

fn row(point: &Point, world: &World, safety: &mut Safety) -> bool {
    let ours = point.run(world, "ours");
    safety.add(point, &ours);
    let peers = PEERS.map(|name| (name, point.run(world, name).ms));
    let best = [0, 1, 2].map(|at| {
        let of = |(name, ms): &(&'static str, [u64; 3])| (ms[at], *name);
        peers.iter().map(of).min().unwrap_or_default()
    });
    let loses: Vec<&str> = [0, 1, 2]
        .into_iter()
        .filter(|at| ours.ms[*at] as f64 > best[*at].0 as f64 * 1.02)
        .map(|at| ["P50", "P95", "P99"][at])
        .collect();
    let minutes = |ms: [u64; 3]| ms.map(|ms| (ms / 60_000).to_string()).join(" / ");
    println!(
        "| {:.0} | {} | {:.0} % | {:.0} % | {} | {} | {} | {} |",
        point.per_hour,
        point.workers,
        point.bad * 100.0,
        point.flake * 100.0,
        minutes(point.oracle(world)),
        minutes(ours.ms),
        best.map(|(ms, name)| format!("{} {name}", ms / 60_000)).join(" / "),
        loses.join(" "),
    );
    !loses.is_empty()
}
