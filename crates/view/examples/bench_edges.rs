//! How true the graph's edges are, beside compilers' own indexes: `cargo xtask bench edges`.
//!
//! The projects are pinned; for each language some were looked at while the graph was mended, and others (`held out`)
//! were not. They are cloned into `--cache <folder>` (a temporary one otherwise), or read from bare mirrors in `--mirrors
//! <folder>`, called `<owner>+<name>/repo`. The indexes are made there and then: by `scip-typescript` and `scip-python`
//! (installed by npm), and by `rust-analyzer` (the one in `RUST_ANALYZER` or on the path, else built from crates.io once).
//! What a project depends on is installed first by npm, pip or cargo, so that types are known. rust-analyzer needs the
//! sources of the standard library: those of the toolchain, or those in `--rust-src <folder>`.
//!
//! An edge is a definition, and a file and line in which it is used. Import statements are no uses, nor are the lines in
//! which the symbol is defined itself. For each symbol that the index defines and that is a definition of ours as well,
//! the lines where the index has it are compared with those that `Graph::users` has, in the files that the index
//! speaks for. An edge of ours is `right` if the index has the symbol in that line; `wrong` if it has something else
//! there under that name; `unknown` if it has nothing under that name in that line: code that is not compiled here, or a
//! value without a type. Precision counts `unknown` as wrong; `of judged` leaves it out.
//!
//! `--wrong <n>` prints n edges of each class that are not right, and n of those that are missed; `--only <name>` takes
//! one project.

#[path = "bench_edges/projects.rs"]
mod projects;
#[path = "bench_edges/score.rs"]
mod score;

use projects::{PROJECTS, Place};
use score::Score;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Default)]
struct Options {
    mirrors: Option<PathBuf>,
    cache: Option<PathBuf>,
    rust_src: Option<PathBuf>,
    only: Option<String>,
    wrong: usize,
}

fn main() {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => return eprintln!("{why}"),
    };
    let temporary = tempfile::tempdir().expect("a folder");
    let place = Place {
        cache: options.cache.clone().unwrap_or_else(|| temporary.path().to_owned()),
        mirrors: options.mirrors.clone(),
        rust_src: options.rust_src.clone(),
    };
    let mut all: BTreeMap<(&str, bool), Score> = BTreeMap::new();
    println!("{}", Score::HEAD);
    for project in PROJECTS {
        if options.only.as_deref().is_some_and(|only| only != project.name) {
            continue;
        }
        match projects::measure(project, &place) {
            Ok(score) => {
                let label = if project.held_out { "held out" } else { "seen" };
                println!(
                    "{}",
                    score.row(&format!("{} ({})", project.name, project.language), label)
                );
                score.tell(options.wrong);
                all.entry((project.language, project.held_out)).or_default().add(&score);
            }
            Err(why) => println!("{} was not measured: {why}", project.name),
        }
    }
    println!("\n{}", Score::HEAD);
    for ((language, held_out), score) in &all {
        println!("{}", score.row(language, if *held_out { "held out" } else { "seen" }));
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("`{argument}` wants a value"));
        match argument.as_str() {
            "--mirrors" => options.mirrors = Some(value()?.into()),
            "--cache" => options.cache = Some(value()?.into()),
            "--rust-src" => options.rust_src = Some(value()?.into()),
            "--only" => options.only = Some(value()?),
            "--wrong" => {
                let number = value()?;
                options.wrong = number.parse().map_err(|_| format!("`{number}` is no number"))?;
            }
            _ => return Err(format!("`{argument}` is no option; read the head of this bench")),
        }
    }
    Ok(options)
}
