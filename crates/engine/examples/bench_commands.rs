//! What Weir says to commands that others have labelled: `cargo xtask bench commands`.
//!
//! Four public corpora, none of which is kept here; the bench fetches them: the commands that the crate `safe-chains`
//! carries by cargo, the spellings in the Python package `paveo` by pip, `GuidoBergman/aegish` and
//! `Dicklesworthstone/destructive_command_guard` by git, at pinned commits, or from checkouts: `--aegish <folder>`,
//! `--dcg <folder>`. What is missing is said, and not counted. `--wrong` prints every command that was judged
//! otherwise than its label, `--wrong-of A` only those of one half.
//!
//! Every command is judged as a client's tool call is: by its effects, under the policies that Weir ships, for a
//! session with a worktree, a home beside it, and a mandate for all of its worktree. *Noticed* is the share of
//! harmful commands that are asked about or denied (mark: 99 %), *silent* that of harmless ones which nobody is asked
//! about (97 %), *agreement* the share of spellings of one action that get the answer of its plainest one.
//!
//! Each corpus is cut in two by the digest of each text. Weir was first changed while looking at half A only, later at
//! both: `docs/benchmarks.md` keeps the numbers of either time. `raw` rows take each label as it is; `mapped` rows leave out what a label does not say of a
//! session in a worktree, by the classes in `mapping.rs`, which look at texts and never at our answers.

#[path = "bench_commands/corpora.rs"]
mod corpora;
#[path = "bench_commands/mapping.rs"]
mod mapping;
#[path = "bench_commands/ruler.rs"]
mod ruler;

use corpora::{Corpus, Labelled};
use ruler::{Ruler, Said};
use std::collections::BTreeMap;
use std::time::Duration;
use weir_model::Digest;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut aegish, mut dcg, mut wrong_of) = (None, None, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--aegish" => aegish = arguments.next(),
            "--dcg" => dcg = arguments.next(),
            "--wrong" => wrong_of = Some(String::new()),
            "--wrong-of" => wrong_of = arguments.next(),
            other => {
                return eprintln!(
                    "`{other}` is no argument of this bench: there are `--aegish`, `--dcg`, `--wrong` and `--wrong-of`"
                );
            }
        }
    }
    let ruler = Ruler::shipped();
    let folder = tempfile::tempdir().expect("a folder");
    let corpora = [
        corpora::safe_chains(folder.path()),
        corpora::aegish(aegish.as_deref(), folder.path()),
        corpora::dcg(dcg.as_deref(), folder.path()),
    ];
    let mut table = Table::default();
    for corpus in &corpora {
        match corpus {
            Ok(corpus) => table.judge(&ruler, corpus),
            Err(why) => println!("Not measured: {why}\n"),
        }
    }
    table.print();
    match corpora::paveo(folder.path()) {
        Ok(actions) => spellings(&ruler, &actions),
        Err(why) => println!("\nSpellings were not measured: {why}"),
    }
    if let Some(half) = wrong_of {
        println!();
        table.wrong.iter().filter(|line| line.contains(&half)).for_each(|line| println!("{line}"));
    }
}

/// How many were judged as they are labelled.
#[derive(Default, Clone, Copy)]
struct Count {
    harmful: usize,
    noticed: usize,
    harmless: usize,
    silent: usize,
}

impl Count {
    fn take(&mut self, is_harmful: bool, is_noticed: bool) {
        if is_harmful {
            self.harmful += 1;
            self.noticed += usize::from(is_noticed);
        } else {
            self.harmless += 1;
            self.silent += usize::from(!is_noticed);
        }
    }

    fn row(&self, name: &str) {
        println!(
            "| {name} | {} | {} | {} | {} |",
            self.harmful,
            share(self.noticed, self.harmful),
            self.harmless,
            share(self.silent, self.harmless)
        );
    }
}

fn share(part: usize, of: usize) -> String {
    if of == 0 { "".to_owned() } else { format!("{:.2} %", 100.0 * part as f64 / of as f64) }
}

/// The halves, and both together.
const HALVES: [&str; 3] = ["half A", "half B", "all"];

/// What was counted, by corpus.
#[derive(Default)]
struct Table {
    rows: Vec<(String, [Count; 3])>,
    left_out: BTreeMap<(&'static str, &'static str), usize>,
    times: Vec<Duration>,
    wrong: Vec<String>,
}

impl Table {
    fn judge(&mut self, ruler: &Ruler, corpus: &Corpus) {
        let (mut raw, mut mapped) = ([Count::default(); 3], [Count::default(); 3]);
        for labelled in &corpus.commands {
            let Labelled { command, is_harmful, .. } = labelled;
            let said = ruler.of_command(command);
            self.times.push(said.took);
            let is_noticed = said.objection.is_some();
            let half = usize::from(Digest::of(command.as_bytes()).as_bytes()[0] % 2);
            let class = mapping::class_of(corpus.name, labelled);
            for at in [half, 2] {
                raw[at].take(*is_harmful, is_noticed);
                if class.is_none() {
                    mapped[at].take(*is_harmful, is_noticed);
                }
            }
            if let Some(class) = class {
                *self.left_out.entry((corpus.name, class)).or_default() += 1;
            }
            if is_noticed != *is_harmful {
                let label = if *is_harmful { "missed" } else { "asked" };
                let (half, why) = (HALVES[half], said.objection.unwrap_or_default());
                self.wrong.push(format!(
                    "{label} | {} | {half} | {} | {} | {why}",
                    corpus.name,
                    class.unwrap_or(""),
                    command.escape_debug()
                ));
            }
        }
        self.rows.push((format!("{}, raw", corpus.name), raw));
        self.rows.push((format!("{}, mapped", corpus.name), mapped));
    }

    fn print(&mut self) {
        println!("| corpus | harmful | noticed | harmless | silent |");
        println!("|---|---:|---:|---:|---:|");
        for (name, counts) in &self.rows {
            for (half, count) in HALVES.iter().zip(counts) {
                count.row(&format!("{name}, {half}"));
            }
        }
        println!("\n| left out of mapped rows | class | commands |");
        println!("|---|---|---:|");
        for ((corpus, class), count) in &self.left_out {
            println!("| {corpus} | {class} | {count} |");
        }
        self.times.sort_unstable();
        if let (Some(middle), Some(most)) =
            (self.times.get(self.times.len() / 2), self.times.last())
        {
            let high = self.times[self.times.len() * 99 / 100];
            println!(
                "\nEffects of one command: p50 {middle:?}, p99 {high:?}, at most {most:?}, of {}.",
                self.times.len()
            );
        }
    }
}

/// Whether every spelling of an action gets one answer.
fn spellings(ruler: &Ruler, actions: &[corpora::Action]) {
    println!("\n| action | spellings | answer | same answer |");
    println!("|---|---:|---|---:|");
    for action in actions {
        let answers: Vec<Said> = action
            .spellings
            .iter()
            .map(
                |(tool, text)| {
                    if tool == "Read" { ruler.of_read(text) } else { ruler.of_command(text) }
                },
            )
            .collect();
        let first = answers.first().map(|said| said.answer);
        let same = answers.iter().filter(|said| Some(said.answer) == first).count();
        println!(
            "| {} | {} | {} | {} |",
            action.title,
            answers.len(),
            first.map_or_else(String::new, |answer| answer.to_string()),
            share(same, answers.len())
        );
        for (said, (_, text)) in answers.iter().zip(&action.spellings) {
            if Some(said.answer) != first {
                println!("| | | {} | `{}` |", said.answer, text.escape_debug());
            }
        }
    }
}
