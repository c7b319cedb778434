//! The suite of real agent clients: installs them at pinned versions, then runs the tests that drive them.
//!
//! Exactly what `xtask/clients/package-lock.json` names is installed, by digest, and no install script is run: the
//! tests start the executables in the packages themselves.

use crate::failure::Failure;
use crate::run::{root, shown, target, works};
use crate::test;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The copy of the lock that is written when an installation is complete.
const DONE: &str = "installed.json";

/// Installs the clients if they are not, and drives them. More arguments go to the test runner.
pub(crate) fn drive(more: &[&str]) -> Result<(), Failure> {
    let clients = install()?;
    shown(test::of_clients(more).env("WEIR_CLIENTS", clients))
}

/// The folder with the installed clients.
fn install() -> Result<PathBuf, Failure> {
    let folder = target().join("clients");
    let manifests = root().join("xtask/clients");
    let lock = read(&manifests.join("package-lock.json"))?;
    if fs::read_to_string(folder.join(DONE)).is_ok_and(|done| done == lock) {
        return Ok(folder);
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(Failure::chore("the suite of clients runs on Linux on x86-64 alone"));
    }
    if !works(Command::new("npm").arg("--version")) {
        return Err(Failure::chore(
            "the suite of clients installs them with `npm`, which is not on this machine\n\n  \
             install Node.js 20 or newer, with npm, so that it is on your `PATH`",
        ));
    }
    let failed = |error: std::io::Error| {
        Failure::chore(format!("`{}` cannot be filled: {error}", folder.display()))
    };
    // Half an installation is none.
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed)?;
    }
    fs::create_dir_all(&folder).map_err(failed)?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(manifests.join(name), folder.join(name)).map_err(failed)?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    shown(npm.current_dir(&folder))?;
    fs::write(folder.join(DONE), lock).map_err(failed)?;
    Ok(folder)
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::chore(format!("`{}` cannot be read: {error}", path.display())))
}
