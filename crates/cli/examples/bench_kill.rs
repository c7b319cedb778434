//! The long run of the kill test: the real server, under load, killed a thousand times at random points.
//!
//! `WEIR_BIN` names the binary, `WEIR_KILL_ROUNDS` and `WEIR_KILL_SEED` choose another run.

#[path = "../tests/real/mod.rs"]
mod real;

use real::storm::{Wind, blow};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(bin) = std::env::var_os("WEIR_BIN").map(PathBuf::from) else {
        eprintln!("WEIR_BIN does not name the binary; run `cargo xtask bench kill`");
        return ExitCode::from(2);
    };
    let wind = Wind::from_env(1000);
    println!("seed {}", wind.seed);
    let outcome = blow(&bin, wind);
    let verdict = &outcome.verdict;
    let [p50, p95, max] = outcome.restart_quantiles();
    println!(
        "| kills | records | landings | first answer p50 / p95 / max | lost | doubled | apart |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    println!(
        "| {} | {} | {} | {p50:.0?} / {p95:.0?} / {max:.0?} | {} | {} | {} |",
        outcome.kills.total(),
        outcome.records,
        outcome.landings,
        verdict.lost.len(),
        verdict.doubled.len(),
        verdict.apart.len(),
    );
    if verdict.is_clean() {
        return ExitCode::SUCCESS;
    }
    println!("{verdict:#?}");
    ExitCode::FAILURE
}
