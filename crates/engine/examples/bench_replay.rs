//! Real histories through the queue, faster than they were: `cargo xtask bench replay`.
//!
//! The last pull requests of cargo and of ruff, with the heads that their authors pushed, come as they were merged, at
//! 1, 10 and 50 times that speed. The queue's own planner decides, in the simulator; what it merges is merged for real,
//! in memory, each request from where it began. Two trunks: on one exactly the tested tree lands, on the other what
//! edits other symbols lands beside each other (`apart`: what of it could not be merged any more by then). Nobody can
//! run years of CI again: which request is bad, how long a build takes and when it flakes is made up from a seed, on top
//! of what git says: who edits what, and which do not merge. A landing whose tree is not the tree that was built, with
//! nothing landed between, is a defect and ends the run.
//!
//! Their trunks are cloned, and the heads of those requests fetched, from GitHub or from bare mirrors in
//! `--mirrors <folder>`, called `<owner>+<name>/repo`.
//! `--pulls N`, `--workers N`, `--seed N`, `--only <name>`.

#[path = "bench_replay/ground.rs"]
mod ground;
#[path = "bench_replay/history.rs"]
mod history;
#[path = "bench_replay/touching.rs"]
mod touching;

use ground::Real;
use history::Pull;
use std::path::{Path, PathBuf};
use std::process::Command;
use touching::Touching;
use weir_git::{Merger, Trunk, inspect};
use weir_queue::sim::{Change, Ours, Setting, World, oracle_ms, percentile_ms, run_on};

const REPOSITORIES: [(&str, &str, &str); 2] =
    [("rust-lang", "cargo", "master"), ("astral-sh", "ruff", "main")];
const SPEEDS: [u64; 3] = [1, 10, 50];
const BAD: f64 = 0.05;
const FLAKES: f64 = 0.02;
const CLASH: f64 = 0.01;
const BUILD_MS: f64 = 20.0 * 60_000.0;

struct Options {
    mirrors: Option<PathBuf>,
    only: Option<String>,
    pulls: usize,
    workers: u32,
    seed: u64,
}

fn main() {
    let options = options();
    println!(
        "{} requests of each, {} workers; of all {:.0} % bad, {:.0} % of runs flake, builds of {:.0} minutes on average; seed {}",
        options.pulls,
        options.workers,
        BAD * 100.0,
        FLAKES * 100.0,
        BUILD_MS / 60_000.0,
        options.seed
    );
    for (owner, name, trunk) in REPOSITORIES {
        if options.only.as_deref().is_none_or(|only| only == name) {
            replay(owner, name, trunk, &options);
        }
    }
}

const HEAD: &str = "| repository | speed | an hour | lands beside each other | landed | wait min p50 / p95 / p99 | beside O_W | builds a landed change | sent back: rightly / for nothing / would not merge | red | apart | merges | merge ms p50 / p99 |\n|---|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|";

fn replay(owner: &str, name: &str, trunk: &str, options: &Options) {
    let place = tempfile::tempdir().expect("a folder");
    let repo = place.path().join(name);
    let from = origin(owner, name, options);
    clone(&from, trunk, &repo);
    let pulls = history::read(&repo, &from, trunk, options.pulls);
    eprintln!("{name}: {} requests are read", pulls.len());
    let source = inspect(&repo, Some(trunk)).expect("a repository");
    let weirs = Trunk::open_or_create(&source, &source.home(), trunk).expect("a trunk");
    let mut merger = Merger::new(weirs.objects());
    let touching = Touching::of(&pulls, &mut merger);
    eprintln!("{name}: it is known who touches whom");
    println!("\n{name}: {} requests with their own heads.", pulls.len());
    println!("{}\n\n{HEAD}", touching.told(&pulls));
    for speed in SPEEDS {
        for all_touch in [true, false] {
            let world = world(&pulls, &touching, speed, options.seed);
            let setting = Setting {
                workers: options.workers,
                all_touch,
                tick_ms: 1000,
                shares_steps: false,
                drain_ms: 30 * 24 * 3_600_000,
            };
            let mut ground = Real::new(&mut merger, &pulls, all_touch);
            let out = run_on(&world, setting, &mut Ours::default(), &mut ground);
            let oracle = oracle_ms(&world, options.workers as usize);
            let at = |share: f64| percentile_ms(&out.turnaround_ms, share);
            let beside =
                |share: f64| at(share) as f64 / percentile_ms(&oracle, share).max(1) as f64;
            let minutes = |share: f64| at(share) as f64 / 60_000.0;
            let hours = span_ms(&pulls) as f64 / speed as f64 / 3_600_000.0;
            println!(
                "| {name} | {speed} | {:.1} | {} | {} | {:.0} / {:.0} / {:.0} | {:.2} / {:.2} / {:.2} | {:.2} | {} / {} / {} | {} | {} | {} | {} |",
                pulls.len() as f64 / hours,
                if all_touch { "nothing" } else { "other symbols" },
                out.landed,
                minutes(0.5),
                minutes(0.95),
                minutes(0.99),
                beside(0.5),
                beside(0.95),
                beside(0.99),
                out.builds as f64 / out.landed.max(1) as f64,
                out.rejected,
                out.false_ejections,
                out.conflicts,
                out.escapes,
                ground.apart(),
                ground.merges(),
                ground.times(),
            );
        }
    }
}

fn span_ms(pulls: &[Pull]) -> u64 {
    let last = pulls.last().map_or(0, |pull| pull.merged_ms);
    last - pulls.first().map_or(0, |pull| pull.merged_ms)
}

/// What is made up, on top of what is known.
fn world(pulls: &[Pull], touching: &Touching, speed: u64, seed: u64) -> World {
    let first = pulls.first().map_or(0, |pull| pull.merged_ms);
    let change = |pull: &Pull| {
        let chance = |what: u64| unit(seed ^ pull.number.wrapping_mul(0x9e37_79b9) ^ (what << 48));
        // Lognormal with a coefficient of variation of one half.
        let normal = (-2.0 * chance(1).ln()).sqrt() * (std::f64::consts::TAU * chance(2)).cos();
        let variance = 1.25_f64.ln();
        let length = (BUILD_MS.ln() - variance / 2.0 + variance.sqrt() * normal).exp();
        Change {
            arrives_ms: (pull.merged_ms - first) / speed,
            length_ms: length as u64,
            is_bad: chance(3) < BAD,
            success: 1.0 - BAD,
        }
    };
    let changes = pulls.iter().map(change).collect();
    World::recorded(seed, changes, &touching.pairs(seed, CLASH), FLAKES, CLASH)
}

/// Above 0, at most 1, and the same for the same number (SplitMix64).
pub(crate) fn unit(number: u64) -> f64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (((z ^ (z >> 31)) >> 11) as f64 + 1.0) / (1u64 << 53) as f64
}

/// Where it comes from: a mirror on this machine, or the forge.
fn origin(owner: &str, name: &str, options: &Options) -> String {
    let mirror = options.mirrors.as_ref().map(|all| all.join(format!("{owner}+{name}/repo")));
    match mirror.filter(|mirror| mirror.is_dir()) {
        Some(mirror) => mirror.display().to_string(),
        None => format!("https://github.com/{owner}/{name}"),
    }
}

/// The trunk alone: a forge has tens of thousands of heads, of which `history` fetches those that it needs.
fn clone(from: &str, trunk: &str, to: &Path) {
    let to = to.to_str().expect("a temporary folder has a plain name");
    let mut line = vec!["clone", "-q", "--bare", "--single-branch", "--branch", trunk];
    line.extend(Path::new(from).is_dir().then_some("--shared"));
    line.extend([from, to]);
    git(Path::new("."), &line);
}

fn options() -> Options {
    let mut options = Options { mirrors: None, only: None, pulls: 150, workers: 16, seed: 1 };
    let mut arguments = std::env::args().skip(1);
    while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
        let number = || value.parse::<u64>().expect("a number");
        match name.as_str() {
            "--mirrors" => options.mirrors = Some(value.into()),
            "--only" => options.only = Some(value),
            "--pulls" => options.pulls = usize::try_from(number()).expect("not so many"),
            "--workers" => options.workers = u32::try_from(number()).expect("not so many"),
            "--seed" => options.seed = number(),
            other => panic!("there is no `{other}`"),
        }
    }
    options
}

pub(crate) fn git_in(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir).args(args).env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    command
}

pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let done = git_in(dir, args).output().expect("git runs");
    assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
}
