//! The test command: everything that a change must pass, on a fresh machine as on an old one.

use crate::failure::Failure;
use crate::needs;
use crate::run::{cargo, shown, works};
use std::ffi::OsStr;
use std::process::Command;
use std::time::Instant;

/// Formatting, lints, tests, and the examples in the docs. A step that fails does not stop the next, so that
/// one run tells the whole truth.
pub(crate) fn everything() -> Result<(), Failure> {
    let path = needs::search_path()?;
    let has_solver = needs::solver();
    let lints = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    let steps = [
        ("format", cargo(&["fmt", "--all", "--check"])),
        ("lints", cargo(&lints)),
        ("tests", tests(&path, &[])),
        ("doc tests", cargo(&["test", "--doc", "--workspace"])),
    ];
    let mut account = String::new();
    let mut failed = Vec::new();
    for (name, mut step) in steps {
        let start = Instant::now();
        let outcome = shown(step.env("PATH", &path));
        let word = if outcome.is_ok() { "passed" } else { "FAILED" };
        account += &format!("{name:>12}  {word}  {:>5.0} s\n", start.elapsed().as_secs_f64());
        if let Err(failure) = outcome {
            eprintln!("{failure}");
            failed.push(name);
        }
    }
    if !has_solver {
        account += "      proofs  skipped: the solver `cvc5` is not installed\n";
    }
    eprint!("\n{account}");
    if failed.is_empty() { Ok(()) } else { Err(Failure::chore(failed.join(", ") + " failed")) }
}

/// Only these tests, for the work in between.
pub(crate) fn some(filters: &[&str]) -> Result<(), Failure> {
    let path = needs::search_path()?;
    shown(&mut tests(&path, filters))
}

/// The tests that drive real agent clients; all others leave them out.
pub(crate) fn of_clients(more: &[&str]) -> Command {
    let suites = ["--workspace", "--test", "drivers", "--test", "hooks", "--test", "clients"];
    let mut command = match has_nextest() {
        true => cargo(&["nextest", "run", "--run-ignored", "only", "--no-capture"]),
        false => cargo(&["test"]),
    };
    command.args(suites).args(more);
    if !has_nextest() {
        command.args(["--", "--ignored", "--nocapture"]);
    }
    command
}

/// Runs the test that holds `docs/openapi.json` against the code, telling it to write instead.
pub(crate) fn update_openapi() -> Result<(), Failure> {
    let path = needs::search_path()?;
    shown(tests(&path, &["openapi"]).env("UPDATE_OPENAPI", "1"))
}

/// The test runner: nextest where it is installed, cargo's own elsewhere. Always the whole workspace, for
/// one package alone is built with other features, and everything below it again.
fn tests(path: &OsStr, filters: &[&str]) -> Command {
    let mut command = if has_nextest() {
        let profile = if in_ci() { "ci" } else { "default" };
        cargo(&["nextest", "run", "--workspace", "--profile", profile])
    } else {
        // Without `--lib` and its kind the examples in the docs would run too; they are a step of their own.
        cargo(&["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"])
    };
    command.args(filters).env("PATH", path);
    command
}

fn has_nextest() -> bool {
    works(&mut cargo(&["nextest", "--version"]))
}

fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|ci| !ci.is_empty() && ci != "false")
}
