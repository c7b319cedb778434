//! CI, on this machine: what is committed, and nothing that only lies around here.

use crate::failure::Failure;
use crate::run::{root, shown};
use std::path::PathBuf;
use std::process::Command;

/// Clones the last commit into a folder of its own and runs `.ci/run` there. Builds everything from nothing.
pub(crate) fn fresh_clone() -> Result<(), Failure> {
    let name = format!("weir-ci-{}", std::process::id());
    let clone = Clone(std::env::temp_dir().join(name));
    shown(Command::new("git").args(["clone", "--quiet"]).arg(root()).arg(&clone.0))?;
    let mut run = Command::new(clone.0.join(".ci/run"));
    shown(run.current_dir(&clone.0).env("CI", "true").env_remove("CARGO_TARGET_DIR"))
}

/// A folder that goes away again: a build from nothing takes gigabytes.
struct Clone(PathBuf);

impl Drop for Clone {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("`{}` is left over: {error}", self.0.display());
        }
    }
}
