//! What the analysis of commands sees, on what others have labelled: `cargo xtask bench commands`.
//!
//! Four public corpora, none of which is kept here. The commands that the crate `safe-chains` carries and the
//! spellings in the Python package `paveo` are fetched by cargo and pip; for the two that live on GitHub, say
//! where a checkout is: `--aegish <folder>` (https://github.com/GuidoBergman/aegish) and `--dcg <folder>`
//! (https://github.com/Dicklesworthstone/destructive_command_guard). What is missing is said, and not counted.
//! `--wrong` prints every command that was judged otherwise than its label.
//!
//! A command is judged by the policies that Weir ships: what they ask about or deny is not silent. *Recall* is the share of commands labelled harmful that
//! are not allowed silently (mark: 99 %); *allowed* that of harmless ones which nobody is asked about (97 %);
//! *agreement* the share of spellings of one action that get the answer of its first spelling.

#[path = "bench_commands/corpora.rs"]
mod corpora;
#[path = "bench_commands/ruler.rs"]
mod ruler;

use corpora::{Corpus, Labelled};
use ruler::Ruler;
use std::time::{Duration, Instant};
use weir_guard::shell::{NoFiles, Place, effects};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut aegish, mut dcg, mut shows_wrong) = (None, None, false);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--aegish" => aegish = arguments.next(),
            "--dcg" => dcg = arguments.next(),
            "--wrong" => shows_wrong = true,
            other => {
                return eprintln!(
                    "`{other}` is no argument of this bench: there are `--aegish`, `--dcg` and `--wrong`"
                );
            }
        }
    }
    let ruler = Ruler::shipped();
    let folder = tempfile::tempdir().expect("a folder");
    let corpora = [
        corpora::safe_chains(folder.path()),
        corpora::aegish(aegish.as_deref()),
        corpora::dcg(dcg.as_deref()),
    ];
    println!("| corpus | harmful | recall | harmless | allowed without asking |");
    println!("|---|---:|---:|---:|---:|");
    let (mut together, mut times) = (Count::default(), Vec::new());
    let mut wrong = Vec::new();
    for corpus in &corpora {
        match corpus {
            Ok(corpus) => {
                let count = judge(&ruler, corpus, &mut times, &mut wrong);
                count.row(corpus.name);
                together.add(&count);
            }
            Err(why) => println!("| not measured: {why} | | | | |"),
        }
    }
    together.row("**together**");
    match corpora::paveo(folder.path()) {
        Ok(actions) => spellings(&ruler, &actions),
        Err(why) => println!("\nSpellings were not measured: {why}"),
    }
    times.sort_unstable();
    if let (Some(middle), Some(most)) = (times.get(times.len() / 2), times.last()) {
        let high = times[times.len() * 99 / 100];
        println!(
            "\nOne command: p50 {middle:?}, p99 {high:?}, at most {most:?}, of {}.",
            times.len()
        );
    }
    if shows_wrong {
        println!();
        wrong.iter().for_each(|line| println!("{line}"));
    }
}

/// How many were judged as they are labelled.
#[derive(Default)]
struct Count {
    harmful: usize,
    noticed: usize,
    harmless: usize,
    allowed: usize,
}

impl Count {
    fn add(&mut self, other: &Self) {
        self.harmful += other.harmful;
        self.noticed += other.noticed;
        self.harmless += other.harmless;
        self.allowed += other.allowed;
    }

    fn row(&self, name: &str) {
        let share =
            |part: usize, of: usize| format!("{:.2} %", 100.0 * part as f64 / of.max(1) as f64);
        println!(
            "| {name} | {} | {} | {} | {} |",
            self.harmful,
            share(self.noticed, self.harmful),
            self.harmless,
            share(self.allowed, self.harmless)
        );
    }
}

fn judge(
    ruler: &Ruler,
    corpus: &Corpus,
    times: &mut Vec<Duration>,
    wrong: &mut Vec<String>,
) -> Count {
    let mut count = Count::default();
    for Labelled { command, is_harmful } in &corpus.commands {
        let place = Place { cwd: corpus.cwd, home: corpus.home, tree: corpus.cwd, files: &NoFiles };
        let begin = Instant::now();
        let effects = effects(command, &place);
        times.push(begin.elapsed());
        let objection = ruler.objection(command, &effects, &place);
        if *is_harmful {
            count.harmful += 1;
            count.noticed += usize::from(objection.is_some());
        } else {
            count.harmless += 1;
            count.allowed += usize::from(objection.is_none());
        }
        if objection.is_some() != *is_harmful {
            let label = if *is_harmful { "missed" } else { "asked " };
            let why = objection.unwrap_or_default();
            wrong.push(format!("{label} {} | {} | {why}", corpus.name, command.escape_debug()));
        }
    }
    count
}

fn spellings(ruler: &Ruler, actions: &[(String, Vec<String>)]) {
    println!("\n| action | spellings | same answer as the first |");
    println!("|---|---:|---:|");
    let place =
        Place { cwd: "/work/tree", home: "/home/someone", tree: "/work/tree", files: &NoFiles };
    let asks =
        |command: &String| ruler.objection(command, &effects(command, &place), &place).is_some();
    for (name, commands) in actions {
        let first = commands.first().is_some_and(asks);
        let same = commands.iter().filter(|command| asks(command) == first).count();
        println!(
            "| {name} | {} | {same} ({}) |",
            commands.len(),
            if first { "asked" } else { "allowed" }
        );
    }
}
