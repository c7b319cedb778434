//! What the bench prints.

use std::time::Duration;

/// One storm.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) workers: usize,
    pub(crate) claims: usize,
    pub(crate) took: Duration,
    pub(crate) waits: Vec<Duration>,
    pub(crate) doubles: usize,
    pub(crate) errors: usize,
}

pub(crate) fn print(rows: &[Row]) {
    println!(
        "10,000 tasks, 9,000 of them ready. Every claim is on the disk before it is answered.\n"
    );
    println!("| what | workers | claims | a second | p50 ms | p99 ms | doubles | errors |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for row in rows {
        let Row { what, workers, claims, took, waits, doubles, errors } = row;
        let rate = *claims as f64 / took.as_secs_f64();
        let (p50, p99) = (share(waits, 0.5), share(waits, 0.99));
        println!(
            "| {what} | {workers} | {claims} | {rate:.0} | {p50:.2} | {p99:.2} | {doubles} | {errors} |"
        );
    }
}

pub(crate) fn print_marks(rows: &[(&str, Vec<Duration>, &str)]) {
    println!(
        "\nAt 10,000 items, in this process. The peers' marks are as published, of other machines.\n"
    );
    println!("| what | p50 ms | p99 ms | peers' mark ms |");
    println!("|---|---:|---:|---:|");
    for (what, waits, mark) in rows {
        println!("| {what} | {:.3} | {:.3} | {mark} |", share(waits, 0.5), share(waits, 0.99));
    }
}

/// The wait that this share of all waits do not exceed, in milliseconds.
fn share(waits: &[Duration], share: f64) -> f64 {
    let mut waits = waits.to_vec();
    waits.sort_unstable();
    let last = waits.len().saturating_sub(1) as f64;
    waits.get((last * share) as usize).map_or(0.0, |wait| wait.as_secs_f64() * 1000.0)
}
