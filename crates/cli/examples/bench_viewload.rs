//! The view under load: search and symbols over HTTP by the real `weir up`, with 50 sessions in worktrees with edits and
//! 64 callers. `cargo xtask bench viewload`.
//!
//! Each worktree has five files edited, and meanwhile one of them is edited every 200 ms. *Paced* callers ask at moments
//! that do not depend on answers (64 agents that each think for a while): what an ask takes counts from the moment at
//! which it should have been made, so that a slow answer is not hidden by asking less. *Without a pause* each asks again
//! at once: that shows what the machine can do, and its waits are those of a queue of 64. Callers and server share the
//! processors. Questions are words of the names of random functions of the repository; symbols are such functions.
//! `WEIR_BIN` names the binary; for the rest see `bench_fresh`. `--count` is the seconds of each row.

#[path = "bench_view/field.rs"]
mod field;

use field::{Chance, Field, Options, Tree, edit, part};
use std::collections::BTreeSet;
use std::io::{Error, Result};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const CALLERS: usize = 64;
const EDITS: usize = 5;
const EDITED_EVERY: Duration = Duration::from_millis(200);

/// When callers ask.
#[derive(Clone, Copy)]
enum Load {
    /// So many asks a second, by all of them.
    Paced(f64),
    NoPause,
}

fn main() -> ExitCode {
    let Some(bin) = std::env::var_os("WEIR_BIN").map(PathBuf::from) else {
        eprintln!("WEIR_BIN does not name the binary; run `cargo xtask bench viewload`");
        return ExitCode::from(2);
    };
    match Options::read(20).and_then(|options| bench(&bin, &options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(bin: &std::path::Path, options: &Options) -> Result<()> {
    let field = Field::plant(bin, options, options.worktrees)?;
    for (session, tree) in field.trees.iter().enumerate() {
        let mut chance = Chance::new(session as u64 + 1);
        for number in 0..EDITS {
            edit(tree, chance.below(tree.files.len()), &format!("edit_{session}_{number}"))?;
        }
        field.caller(session)?.ask("symbol", "nothing_is_called_so")?;
    }
    let names = names(&field.trees[0])?;
    let span = Duration::from_secs(options.count as u64);
    let (repository, trees) = (&options.repository, field.trees.len());
    println!("{repository}, {trees} worktrees, {CALLERS} callers, {} s each, ms:\n", options.count);
    println!("| asked | load | asks | a second | p50 | p99 | worst |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    for of in ["search", "symbol", "impact"] {
        for load in [Load::Paced(64.0), Load::Paced(200.0), Load::NoPause] {
            let mut took = under(&field, of, load, &names, span)?;
            took.sort_unstable();
            let words = match load {
                Load::Paced(rate) => format!("paced, {rate} a second"),
                Load::NoPause => "without a pause".to_owned(),
            };
            let (p50, p99, worst) = (part(&took, 0.5), part(&took, 0.99), part(&took, 1.0));
            let rate = took.len() as f64 / span.as_secs_f64();
            let asks = took.len();
            println!("| {of} | {words} | {asks} | {rate:.0} | {p50:.1} | {p99:.1} | {worst:.1} |");
        }
    }
    if let Some(resident) = field.resident_mb() {
        println!("\nAt the end the server holds {resident} MB.");
    }
    Ok(())
}

/// What each ask took.
fn under(
    field: &Field,
    of: &str,
    load: Load,
    names: &[String],
    span: Duration,
) -> Result<Vec<Duration>> {
    let is_over = AtomicBool::new(false);
    let begin = Instant::now() + Duration::from_millis(200);
    std::thread::scope(|threads| {
        let edits = threads.spawn(|| edits(&field.trees, &is_over));
        let callers: Vec<_> = (0..CALLERS)
            .map(|number| {
                threads.spawn(move || call(field, number, (of, load), names, (begin, span)))
            })
            .collect();
        let mut all = Vec::new();
        for caller in callers {
            all.extend(caller.join().map_err(|_| Error::other("a caller stopped"))??);
        }
        is_over.store(true, Ordering::SeqCst);
        edits.join().map_err(|_| Error::other("the edits stopped"))??;
        Ok(all)
    })
}

fn call(
    field: &Field,
    number: usize,
    (of, load): (&str, Load),
    names: &[String],
    (begin, span): (Instant, Duration),
) -> Result<Vec<Duration>> {
    let mut caller = field.caller(number % field.trees.len())?;
    let mut chance = Chance::new(1_000 + number as u64);
    let (mut took, mut due) = (Vec::new(), begin);
    loop {
        due = match load {
            Load::Paced(rate) => due + chance.until_next(rate / CALLERS as f64),
            Load::NoPause => due.max(Instant::now()),
        };
        if due >= begin + span {
            return Ok(took);
        }
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let name = &names[chance.below(names.len())];
        let what = if of == "search" { name.replace('_', " ") } else { name.clone() };
        caller.ask(of, &what)?;
        took.push(due.elapsed());
    }
}

/// Edits somebody's file, again and again.
fn edits(trees: &[Tree], is_over: &AtomicBool) -> Result<()> {
    let mut chance = Chance::new(99);
    while !is_over.load(Ordering::SeqCst) {
        let tree = &trees[chance.below(trees.len())];
        let file = chance.below(EDITS.min(tree.files.len()));
        let at = tree.folder.join(&tree.files[file]);
        let was = std::fs::read_to_string(&at)?;
        edit(tree, file, "meanwhile")?;
        std::thread::sleep(EDITED_EVERY);
        std::fs::write(&at, was)?;
        std::thread::sleep(EDITED_EVERY);
    }
    Ok(())
}

/// Functions of the repository.
fn names(tree: &Tree) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    for file in &tree.files {
        let Ok(text) = std::fs::read_to_string(tree.folder.join(file)) else { continue };
        for line in text.lines() {
            let name = ["fn ", "def ", "func "].iter().find_map(|word| line.split_once(word));
            let name = name.map(|(_, rest)| rest);
            let name = name
                .and_then(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next());
            names.extend(name.filter(|name| name.len() > 2).map(str::to_owned));
        }
    }
    match names.is_empty() {
        true => Err(Error::other("no function was found")),
        false => Ok(names.into_iter().collect()),
    }
}
