//! Running a gate's checks: each on the clean tree that will land, with limits, and nothing else in reach by name.
//!
//! The same for the workers of a server and for runners, which have a clone of their own in place of the trunk.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use weir_git::{Checkout, CommitId, Objects, TreeId};
use weir_model::config::Check;
use weir_model::event::queue::Verdict;
use weir_model::{Digest, Refusal};
use weir_queue::CheckResult;
use weir_sandbox::Spec;

pub use weir_sandbox::Cancel;

/// The clean tree of a candidate; removed when dropped.
pub struct Tree {
    checkout: Checkout,
}

/// What a check did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// How it ended.
    pub how: How,
    /// How long it ran.
    pub elapsed: Duration,
    /// What it printed.
    pub log: Vec<u8>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal that was not ours.
    Signalled,
    /// Its time was up.
    TimedOut,
    /// It could not be run, or was ended.
    Broken,
}

/// What of a machine verdicts depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Machine {
    /// The server's own.
    Here,
    /// A runner's.
    Of {
        /// What it declares: verdicts hold for whoever declares the same.
        environment: String,
        /// What is there of what checks say that they depend on.
        facts: Facts,
    },
}

/// What a check says that it depends on of the machine, and what is there: a file's digest, a variable's value, or nothing.
pub type Facts = BTreeMap<String, Option<String>>;

impl Tree {
    /// Lays out exactly the tree `tree` of `commit`, which is in the repository at `git_dir`; anything else is a failure.
    ///
    /// # Errors
    /// `commit.unknown`; failures of the disk and of git.
    pub fn lay_out(
        git_dir: &Path,
        objects: &Objects,
        folder: &Path,
        commit: &str,
        tree: &str,
    ) -> Result<Self, Error> {
        let commit: CommitId = commit.parse()?;
        if folder.exists() {
            // Left by a process that was killed.
            std::fs::remove_dir_all(folder)
                .map_err(crate::error::io_failed(format!("empty `{}`", folder.display())))?;
        }
        let checkout = Checkout::of(git_dir, objects, folder, commit)?;
        if checkout.tree().to_string() != tree {
            let what = format!("commit `{commit}` does not have the tree that was recorded");
            return Err(crate::Failure::Other(what).into());
        }
        Ok(Self { checkout })
    }

    /// Runs one check to its end.
    pub fn run(&self, check: &Check, cancel: &Cancel) -> Ran {
        let mut spec = Spec::shell(&check.run, self.checkout.folder())
            .env("CI", "true")
            .env("WEIR_CHECK", &check.name);
        spec.time_limit = check.time_limit.length();
        spec.output_limit_bytes = usize::try_from(check.output_limit).unwrap_or(usize::MAX);
        match weir_sandbox::run(&spec, cancel) {
            Ok(outcome) => {
                let how = match outcome.how {
                    weir_sandbox::Ended::Exited(code) => How::Exited(code),
                    weir_sandbox::Ended::Signalled(_) => How::Signalled,
                    weir_sandbox::Ended::TimedOut => How::TimedOut,
                    weir_sandbox::Ended::Cancelled => How::Broken,
                };
                Ran { how, elapsed: outcome.elapsed, log: outcome.output.text }
            }
            Err(failure) => {
                let log = crate::core::chain(&failure).into_bytes();
                Ran { how: How::Broken, elapsed: Duration::ZERO, log }
            }
        }
    }
}

impl Ran {
    /// Whether it passed.
    pub fn passed(&self) -> bool {
        self.how == How::Exited(0)
    }

    /// What the queue is told. `proven` says that the check has run on such a machine, on the tip.
    pub(crate) fn result(
        &self,
        check: &Check,
        key: Digest,
        log: Digest,
        proven: bool,
    ) -> CheckResult {
        let (verdict, exit_code) = match self.how {
            How::Exited(0) => (Verdict::Passed, Some(0)),
            // The shell did not find the program. If it did on the tip, the change took it away; if not, the machine may
            // lack something, and every change would fail.
            How::Exited(code @ 127) if !proven => (Verdict::Broken, Some(code)),
            How::Exited(code) => (Verdict::Failed, Some(code)),
            How::Signalled => (Verdict::Failed, None),
            How::TimedOut => (Verdict::TimedOut, None),
            How::Broken => (Verdict::Broken, None),
        };
        let elapsed_ms = u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX);
        let (check, taken_from) = (check.name.clone(), None);
        CheckResult { check, verdict, exit_code, elapsed_ms, log, key, taken_from }
    }
}

/// What is on this machine of what a check says that it depends on.
pub fn facts(check: &Check) -> Facts {
    check.toolchain.iter().map(|item| (item.clone(), of_machine(item))).collect()
}

/// What the verdicts of these checks on `tree` are about, one each: what the check looks at, what it is, and what of the
/// machine it depends on. Where that is the same, so is the verdict. None where that is not known of a runner's machine.
pub(crate) fn keys(
    objects: &Objects,
    tree: TreeId,
    checks: &[Check],
    machine: &Machine,
) -> Result<Vec<Option<Digest>>, Error> {
    let key = |check: &Check| -> Result<Option<Digest>, Error> {
        let files = match &check.paths {
            None => tree.to_string(),
            Some(paths) => objects.digest_of(tree, |path| paths.contains(path))?.to_string(),
        };
        let mut spelled = serde_json::json!({ "files": files, "check": check });
        let declared = match machine {
            Machine::Here => {
                // The environment that every check is given, and then what it says that it depends on.
                let given = Spec::shell(&check.run, "/").env;
                let path = given.get(std::ffi::OsStr::new("PATH"));
                spelled["path"] = path.map(|path| path.to_string_lossy()).into();
                facts(check)
            }
            Machine::Of { environment, facts } => {
                spelled["environment"] = environment.as_str().into();
                let known = |item: &String| Some((item.clone(), facts.get(item)?.clone()));
                let Some(declared) = check.toolchain.iter().map(known).collect() else {
                    return Ok(None);
                };
                declared
            }
        };
        spelled["machine"] = serde_json::json!(declared);
        Ok(Some(Digest::of(spelled.to_string().as_bytes())))
    };
    checks.iter().map(key).collect()
}

/// A file of the machine by what it holds, or a variable by its value; nothing where there is none.
fn of_machine(item: &str) -> Option<String> {
    match item.strip_prefix('$') {
        Some(name) => std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()),
        None => std::fs::read(item).ok().map(|bytes| Digest::of(&bytes).to_string()),
    }
}

/// No check keeps more of its output than this, where a runner has to send it.
pub const LOG_BYTES_MAX: u64 = 16 << 20;

/// The check as a runner gets it: what it prints must be sent.
pub(crate) fn for_runner(check: &Check) -> Check {
    Check { output_limit: check.output_limit.min(LOG_BYTES_MAX), ..check.clone() }
}

/// Refuses a log that is longer than the check may print. The line that says how much was left out comes on top.
pub(crate) fn require_bounded(check: &Check, log: &[u8]) -> Result<(), Refusal> {
    const LEFT_OUT: u64 = 100;
    let most = for_runner(check).output_limit;
    if log.len() as u64 <= most.saturating_add(LEFT_OUT) {
        return Ok(());
    }
    let (name, length) = (&check.name, log.len());
    let sentence = format!("check `{name}` may print {most} bytes, and the log has {length}");
    Err(Refusal::new("run.too_large", sentence))
}
