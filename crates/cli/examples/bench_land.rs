//! The queue from end to end: real git, the real server, real checks. `cargo xtask bench land`.
//!
//! Several hundred branches are pushed as fast as a few clients can, some of which do not merge with another, some of
//! which break the program by themselves or together with another, while the check itself fails now and then for
//! nothing. Afterwards every commit of the trunk is checked out and tested again without flakes, each landing is held
//! against the tree that was tested, and whoever was sent back against who should have been.
//!
//! `--changes N`, `--clients N`, `--check-ms N` (how long the check works, as sleep), `--flakes PER_MILLE`,
//! `--conflicts PER_MILLE`, `--breaks PER_MILLE`, `--workers N` (0: as Weir has it by itself),
//! `--seed N`.

#[path = "bench_land/branches.rs"]
mod branches;
#[path = "bench_land/judged.rs"]
mod judged;
#[path = "../tests/real/mod.rs"]
mod real;

use branches::{Branch, Plan};
use real::api::{Api, text};
use real::chance::Chance;
use real::place::{Place, git, try_git};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How the bench is set.
struct Options {
    changes: usize,
    clients: usize,
    check_ms: u64,
    workers: usize,
    flakes: u64,
    conflicts: usize,
    breaks: usize,
    seed: u64,
}

impl Options {
    fn read() -> Result<Self, String> {
        let mut options = Self {
            changes: 500,
            clients: 4,
            check_ms: 200,
            workers: 8,
            flakes: 30,
            conflicts: 50,
            breaks: 50,
            seed: 1,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().and_then(|value| value.parse::<u64>().ok());
            let value = value.ok_or_else(|| format!("`{name}` wants a number"))?;
            let count = usize::try_from(value).map_err(|_| format!("`{name}` is too large"))?;
            match name.as_str() {
                "--changes" => options.changes = count.max(8),
                "--clients" => options.clients = count.max(1),
                "--check-ms" => options.check_ms = value,
                "--workers" => options.workers = count,
                "--flakes" => options.flakes = value.min(999),
                "--conflicts" => options.conflicts = count.min(200),
                "--breaks" => options.breaks = count.min(200),
                "--seed" => options.seed = value,
                _ => return Err(format!("there is no `{name}`")),
            }
        }
        Ok(options)
    }
}

/// Nothing is decided for so long: the queue stands still.
const STILL: Duration = Duration::from_secs(180);

fn main() -> ExitCode {
    let Some(bin) = std::env::var_os("WEIR_BIN").map(PathBuf::from) else {
        eprintln!("WEIR_BIN does not name the binary; run `cargo xtask bench land`");
        return ExitCode::from(2);
    };
    let options = match Options::read() {
        Ok(options) => options,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    let place = Place::new(&bin);
    let plan = Plan::new(&mut Chance::new(options.seed), &options);
    let files = plan.base(&options);
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
    place.commit("begin", &files);
    let base = place.git(&["rev-parse", "HEAD"]);
    let mut server = place.up();
    let (_, _, owner) = server.answer();
    let begun = Instant::now();
    let changes = push_all(&plan, &owner, &base, &options);
    let pushed = begun.elapsed();
    wait_until_decided(&owner);
    let decided = begun.elapsed();
    let judged = judged::judge(&place, &owner, &plan, &changes, &base);
    println!(
        "{} branches by {} clients, pushed in {pushed:.1?}, decided in {decided:.1?}; {} workers, a check of {} ms; seed {}",
        options.changes, options.clients, options.workers, options.check_ms, options.seed
    );
    println!("{}", judged.table(decided));
    server.stop();
    if judged.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Pushes every branch for a task of its own; gives their changes, in the order of the plan.
fn push_all(plan: &Plan, owner: &Api, base: &str, options: &Options) -> Vec<String> {
    let (next, changes) = (Mutex::new(0), Mutex::new(vec![String::new(); plan.branches.len()]));
    std::thread::scope(|scope| {
        for client in 0..options.clients {
            let (next, changes) = (&next, &changes);
            scope.spawn(move || {
                loop {
                    let at = {
                        let mut next = next.lock().expect("no client fails silently");
                        *next += 1;
                        *next - 1
                    };
                    let Some(branch) = plan.branches.get(at) else { return };
                    let change = push(branch, at, &format!("agent{client}"), owner, base);
                    changes.lock().expect("no client fails silently")[at] = change;
                }
            });
        }
    });
    changes.into_inner().expect("no client fails silently")
}

fn push(branch: &Branch, at: usize, agent: &str, owner: &Api, base: &str) -> String {
    let new = json!({ "title": format!("Branch {at}"), "paths": ["**"], "key": format!("b{at}") });
    let task = text(&owner.must_post("/v1/tasks", &new), "id");
    let claim = json!({ "agent": agent });
    let claimed = owner.must_post(&format!("/v1/tasks/{task}/claim"), &claim);
    let tree = PathBuf::from(text(&claimed, "worktree"));
    // All branches begin at the same commit, however far the trunk has come meanwhile: so they are as stale as those of
    // agents that work for an hour.
    git(&tree, &["reset", "-q", "--hard", base]);
    branch.write(&tree);
    git(&tree, &["add", "--all"]);
    git(&tree, &["commit", "-q", "-m", &format!("Branch {at}")]);
    let done = try_git(&tree, &["push", "--porcelain", "weir", "HEAD:refs/for/main"]);
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    change_of(&said)
        .unwrap_or_else(|| panic!("branch {at} in {} was not taken: {said}", tree.display()))
}

/// `refs/weir/changes/C1/1` names change `C1`.
fn change_of(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("refs/weir/changes/")?;
    rest.split('/').next().map(str::to_owned)
}

fn wait_until_decided(owner: &Api) {
    let (mut last, mut since) = (u64::MAX, Instant::now());
    loop {
        let status = owner.must("/v1/status");
        let waiting = status["counts"]["tasks_submitted"].as_u64().unwrap_or(u64::MAX);
        if waiting == 0 {
            return;
        }
        if waiting != last {
            (last, since) = (waiting, Instant::now());
        }
        assert!(since.elapsed() < STILL, "{waiting} changes wait, and none is decided: {status}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A folder for the trunk's commits, one after another.
fn lay_out(place: &Place, commit: &str) -> PathBuf {
    let folder = place.beside("again");
    let trunk = place.home().join("trunk.git");
    if !folder.exists() {
        git(&trunk, &["worktree", "add", "-q", "--detach", as_text(&folder), commit]);
    }
    git(&folder, &["checkout", "-q", "--detach", "--force", commit]);
    folder
}

fn as_text(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a plain name")
}
