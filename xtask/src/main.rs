//! The project's own chores: `cargo xtask help` lists them.
//!
//! Promise: what a chore needs, it finds, starts or installs, or it says in one sentence what is missing.
//! Deliberately absent: dependencies. This crate is built on its own before everything else, and a dependency
//! would be built twice, with other features than the rest of the workspace asks of it.

mod bench;
mod ci;
mod clients;
mod conformance;
mod failure;
mod install;
mod needs;
mod run;
mod test;
mod weights;

use failure::Failure;
use std::process::ExitCode;

const HELP: &str = "\
Chores of the Weir project

Usage: cargo xtask <CHORE>

Chores:
  test            Do everything a change must pass: formatting, lints, tests, examples in docs
  test FILTER...  Run only the tests whose names contain a FILTER; more options go to the test runner
  test --clients  Install real agent clients at pinned versions and drive them against a scripted model
  test --conformance  Hold both MCP doors against the protocol's official suite, which it installs
  ci              Do what CI does: `.ci/run` in a fresh clone of the last commit
  bench NAME...   Build a bench in release and run it; more arguments go to the bench
  install [ROOT]  Install Weir: `weir`, and beside it the hook program, linked whole
  weights         Make crates/meaning/near.bin anew from the package it comes of, which it downloads
  openapi         Write docs/openapi.json anew from the code
  help            Print this

Benches:
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match chore(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn chore(arguments: &[&str]) -> Result<(), Failure> {
    let wants_help = arguments.iter().take(2).any(|word| matches!(*word, "-h" | "--help"));
    match arguments {
        [] | ["help", ..] => help(),
        _ if wants_help => help(),
        ["test"] => test::everything(),
        ["test", "--clients", more @ ..] => clients::drive(more),
        ["test", "--conformance"] => conformance::run(),
        ["test", "--conformance", more, ..] => Err(Failure::usage(format!("unexpected `{more}`"))),
        ["test", filters @ ..] => test::some(filters),
        ["ci"] => ci::fresh_clone(),
        ["bench", name, rest @ ..] => bench::run(name, rest),
        ["bench"] => Err(bench::unknown("")),
        ["install"] => install::install(None),
        ["install", root] => install::install(Some(root)),
        ["openapi"] => test::update_openapi(),
        ["weights"] => weights::make(),
        ["install", _, more, ..] | ["ci" | "openapi" | "weights", more, ..] => {
            Err(Failure::usage(format!("unexpected `{more}`")))
        }
        [unknown, ..] => Err(Failure::usage(format!(
            "no chore is called `{unknown}`; there are `test`, `ci`, `bench`, `install`, `weights`, `openapi`, `help`"
        ))),
    }
}

fn help() -> Result<(), Failure> {
    print!("{HELP}{}", bench::list());
    Ok(())
}
