//! No acknowledged record is lost at any crash point: the real server, under load, killed two hundred times at
//! random points.
//!
//! `WEIR_KILL_SEED` repeats the choices of a run, `WEIR_KILL_ROUNDS` says how many kills. For longer runs:
//! `cargo xtask bench kill`.

#[path = "real/mod.rs"]
mod real;

use real::storm::{Outcome, Wind, blow};
use std::path::Path;

#[test]
fn nothing_acknowledged_is_lost_doubled_or_apart_however_often_the_server_is_killed() {
    let wind = Wind::from_env(200);
    println!("seed {} (WEIR_KILL_SEED repeats it)", wind.seed);
    let outcome = blow(Path::new(env!("CARGO_BIN_EXE_weir")), wind);
    print(&outcome);
    let verdict = &outcome.verdict;
    assert!(verdict.is_clean(), "seed {}: {verdict:#?}", wind.seed);
    assert!(outcome.landings > 0, "nothing landed, so nothing was shown");
}

fn print(outcome: &Outcome) {
    let kills = outcome.kills;
    println!(
        "{} kills in {:.0?}: {} of the server alone, {} with all it had started; {} before the first answer, {} \
         just after a landing; and {} clean stops",
        kills.total(),
        outcome.elapsed,
        kills.alone,
        kills.family,
        kills.unanswered,
        kills.after_landing,
        kills.stops,
    );
    println!(
        "{} records, {} landings, {} requests whose outcome nobody knew",
        outcome.records, outcome.landings, outcome.unknown
    );
    let [p50, p95, max] = outcome.restart_quantiles();
    println!("first answer after a restart: p50 {p50:.0?}, p95 {p95:.0?}, max {max:.0?}");
}
