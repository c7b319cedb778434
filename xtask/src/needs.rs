//! What the tests need from the machine beside Rust: `git`, PostgreSQL's server programs, and a solver if it can be had.
//!
//! The tests start servers of their own, on sockets of their own; nothing here starts or touches a server
//! that was there before.

use crate::failure::Failure;
use crate::run::{shown, works};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A search path on which everything is found that the tests need. Installs what is missing, if this is
/// Debian or one of its kind and we may.
pub(crate) fn search_path() -> Result<OsString, Failure> {
    if !works(Command::new("git").arg("--version")) {
        install("git", "git")?;
    }
    let postgres = match postgres() {
        Some(folder) => folder,
        None => {
            install("PostgreSQL's `initdb`", "postgresql")?;
            let missing = "`postgresql` was installed, but its `initdb` is nowhere to be found";
            postgres().ok_or_else(|| Failure::chore(missing))?
        }
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(postgres).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).map_err(|error| Failure::chore(format!("`PATH`: {error}")))
}

/// Whether there is a solver, for the tests of proofs. Installed if it can be; without one they are skipped, and
/// that is told.
pub(crate) fn solver() -> bool {
    let there = || {
        let named = std::env::var_os("CVC5").filter(|program| !program.is_empty());
        works(Command::new(named.unwrap_or_else(|| "cvc5".into())).arg("--version"))
    };
    there() || (install("the solver `cvc5`", "cvc5").is_ok() && there())
}

/// The folder of PostgreSQL's server programs: from `PATH`, or the newest that Debian put aside.
fn postgres() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("initdb"));
    // What stands on the path may be one link among few; the others are beside what it points to.
    let real = on_path.filter_map(|program| program.canonicalize().ok());
    let of_path = real.filter_map(|program| Some(program.parent()?.to_owned()));
    of_path
        .chain(put_aside())
        .find(|folder| ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file()))
}

/// `/usr/lib/postgresql/*/bin`, the newest first.
fn put_aside() -> Vec<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let numbered = versions.filter_map(|version| {
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        Some((number, version.path().join("bin")))
    });
    let mut numbered: Vec<(u32, PathBuf)> = numbered.collect();
    numbered.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    numbered.into_iter().map(|(_, folder)| folder).collect()
}

fn install(what: &str, package: &str) -> Result<(), Failure> {
    let sorry = |why: &str| {
        Failure::chore(format!(
            "the tests need {what}, which is not on this machine ({why})\n\n  \
             on Debian: sudo apt-get install -y {package}\n  \
             elsewhere: install it so that it is on your `PATH`"
        ))
    };
    if !Path::new("/usr/bin/apt-get").is_file() {
        return Err(sorry("and there is no `apt-get` to install it"));
    }
    if !is_root() {
        return Err(sorry("and only root may install it"));
    }
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        shown(&mut apt)
    };
    let install = ["install", "-y", "--no-install-recommends", package];
    // A machine that never asked for the lists does not know the package: ask, and try once more.
    apt(&install).or_else(|_| apt(&["update"]).and_then(|()| apt(&install))).map_err(|failure| {
        eprintln!("{failure}");
        sorry("and `apt-get` could not install it")
    })
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
