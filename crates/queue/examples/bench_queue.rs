//! How the queue does beside others and beside what is possible: `cargo xtask bench queue`.
//!
//! Histories are made up: changes come at any time alike, builds take half an hour (lognormal, coefficient of
//! variation one half), two changes touch with the chance in the table (file-level histories have 2 to 7 %, symbols
//! less), and one touching pair in 834 clashes (arXiv 2609.25396). All policies see the same verdicts. Ours is told a
//! chance for each change, right on average, and as sharp as the published predictor (97 % of outcomes told right at
//! 10 % failures); `blind` rows are told the mean only. The oracle `O_W` knows all outcomes, spends one build a change
//! and serves in turn. `--quick` prints a part of each table in less than a minute; `replan`, `oracle`, `scarce` and
//! `grid` (with `--bad --flake` of these rows only) choose tables; `--point` runs one point, with
//! `--rate --workers --bad --flake --touching --clash --blind --all --whole --changes --seed --policy` (shares in percent).

#[path = "bench_queue/point.rs"]
mod point;
#[path = "bench_queue/replan.rs"]
mod replan;
#[path = "bench_queue/tables.rs"]
mod tables;

use point::Point;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| args.iter().any(|arg| arg == name);
    if has("--point") {
        return single(&args);
    }
    let quick = has("--quick");
    let mut safety = tables::Safety::default();
    let named: Vec<&str> = ["replan", "oracle", "scarce", "grid"]
        .into_iter()
        .filter(|name| args.iter().any(|arg| arg == name))
        .collect();
    let wanted = |name: &str| named.is_empty() || named.contains(&name);
    if wanted("replan") {
        replan::print(quick);
    }
    if wanted("oracle") {
        tables::oracle(quick, &mut safety);
    }
    if wanted("scarce") {
        tables::scarce(quick, &mut safety);
    }
    if wanted("grid") {
        let share = |name: &str| number(&args, name).map(|percent| percent / 100.0);
        let only = tables::Only { bad: share("--bad"), flake: share("--flake") };
        tables::grid(quick, only, &mut safety);
    }
    safety.print();
}

fn word<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    let at = args.iter().position(|arg| arg == name)?;
    args.get(at + 1).map(String::as_str)
}

fn number(args: &[String], name: &str) -> Option<f64> {
    word(args, name).and_then(|word| word.parse().ok())
}

fn single(args: &[String]) {
    let number = |name: &str, default: f64| number(args, name).unwrap_or(default);
    let has = |name: &str| args.iter().any(|arg| arg == name);
    let point = Point {
        per_hour: number("--rate", 500.0),
        workers: number("--workers", 500.0) as u32,
        bad: number("--bad", 5.0) / 100.0,
        flake: number("--flake", 5.0) / 100.0,
        touching: number("--touching", 2.0) / 100.0,
        clash: number("--clash", 100.0 * point::CLASH) / 100.0,
        blind: has("--blind"),
        all_touch: has("--all"),
        whole: has("--whole"),
        changes: number("--changes", 1000.0) as usize,
        seed: number("--seed", 1.0) as u64,
    };
    let world = point.world();
    println!("{point:?}, told right {:.1} %", 100.0 * point::accuracy(&world));
    let minutes = |ms: [u64; 3]| ms.map(|ms| ms / 60_000);
    let oracle = point.oracle(&world);
    println!("O_W {:?} min, O_inf {:?} min", minutes(oracle), minutes(point.unlimited(&world)));
    for name in word(args, "--policy").unwrap_or("ours,optimistic,batches,zuul").split(',') {
        let ran = point.run(&world, name);
        let [a, b, c] = point::ratios(&ran, &oracle);
        let (out, changes) = (&ran.out, world.changes.len() as f64);
        println!(
            "{name:<14} {a:.2} {b:.2} {c:.2} of O_W; {:?} min; landed {}, rejected {}, false {}, \
             escapes {}, builds a change {:.3} (stopped {:.3}), worst wait {:.1} h, unfinished {}, \
             {} plans, at most {} waiting; {:.1} s",
            minutes(ran.ms),
            out.landed,
            out.rejected,
            out.false_ejections,
            out.escapes,
            out.builds as f64 / changes,
            out.stopped as f64 / changes,
            out.wait_max_ms as f64 / 3.6e6,
            out.unfinished,
            out.plans,
            out.waiting_max,
            ran.took_s,
        );
    }
}
