//! Freshness: from the end of a real write in one session's worktree to the first answer to another session that tells
//! of it, by the real `weir up` over HTTP. `cargo xtask bench fresh`.
//!
//! The reader asks, and asks again 2 ms after each answer: so half of what an answer takes, and a millisecond, are the
//! floor of asking, and *a plain answer* stands beside it in the table. *Own* is the first answer to the writer, asked at
//! once: it must tell of the edit always, and how often it did not is counted. `WEIR_BIN` names the binary;
//! `--mirrors DIR` reads bare mirrors called `OWNER+NAME/repo` instead of cloning from GitHub, `--repository OWNER/NAME`
//! takes another repository than tokio, `--count` another number of edits.

#[path = "bench_view/field.rs"]
mod field;

use field::{Chance, Field, Options, edit, part};
use std::io::{Error, Result};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(2);
const TOO_LONG: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let Some(bin) = std::env::var_os("WEIR_BIN").map(PathBuf::from) else {
        eprintln!("WEIR_BIN does not name the binary; run `cargo xtask bench fresh`");
        return ExitCode::from(2);
    };
    match Options::read(300).and_then(|options| bench(&bin, &options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(bin: &std::path::Path, options: &Options) -> Result<()> {
    println!("{}, {} edits each, ms:\n", options.repository, options.count);
    println!("| worktrees | measured | p50 | p99 | worst |");
    println!("|---:|---|---:|---:|---:|");
    for worktrees in [1, options.worktrees] {
        let field = Field::plant(bin, options, worktrees + 1)?;
        let stale = measure(&field, worktrees, options.count)?;
        println!("| {worktrees} | own answers without the edit | {stale} | | |");
    }
    Ok(())
}

fn measure(field: &Field, worktrees: usize, edits: usize) -> Result<usize> {
    let mut reader = field.caller(worktrees)?;
    let mut writers = (0..worktrees).map(|one| field.caller(one)).collect::<Result<Vec<_>>>()?;
    // What is read once, the first time, is no matter of freshness: everybody's worktree is met before.
    for writer in &mut writers {
        writer.ask("symbol", "nothing_is_called_so")?;
    }
    reader.ask("who", "")?;
    let mut chance = Chance::new(7);
    let (mut others, mut own, mut plain, mut stale) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for number in 0..edits {
        let writer = chance.below(worktrees);
        let tree = &field.trees[writer];
        let (asker, name) = (number % 2 == 0, format!("fresh_edit_{number}"));
        let written = edit(tree, chance.below(tree.files.len()), &name)?;
        if asker {
            // Alone, so that the background has to find it by itself.
            while reader.ask("who", &name)?.contains("\"here\":[]") {
                if written.elapsed() > TOO_LONG {
                    return Err(Error::other(format!("{name} was never seen")));
                }
                std::thread::sleep(PAUSE);
            }
            others.push(written.elapsed());
        } else {
            let told = writers[writer].ask("symbol", &name)?;
            own.push(written.elapsed());
            stale += usize::from(told.contains("\"symbols\":[]"));
        }
        let begun = Instant::now();
        reader.ask("who", "nothing_is_called_so")?;
        plain.push(begun.elapsed());
        std::thread::sleep(Duration::from_millis(20 + chance.below(40) as u64));
    }
    for (what, took) in [
        ("an edit, in another's answer", &mut others),
        ("an edit, in the answer to its own session", &mut own),
        ("beside them: a plain answer", &mut plain),
    ] {
        took.sort_unstable();
        let (p50, p99, worst) = (part(took, 0.5), part(took, 0.99), part(took, 1.0));
        println!("| {worktrees} | {what} | {p50:.1} | {p99:.1} | {worst:.1} |");
    }
    Ok(stale)
}
