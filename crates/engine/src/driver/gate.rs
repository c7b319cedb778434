//! Running a gate's checks: each on the clean tree that will land, with limits, and nothing else in reach by name.

use crate::{Engine, Error};
use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;
use weir_git::{Checkout, CommitId, TreeId};
use weir_model::config::Check;
use weir_model::event::queue::Verdict;
use weir_model::{Digest, PathSet};
use weir_queue::{Candidate, CheckResult};
use weir_sandbox::{Cancel, Ended, Spec};

/// The clean tree of a candidate; removed when dropped.
pub(crate) struct Tree {
    checkout: Checkout,
}

/// What a check did.
pub(crate) struct Ran {
    how: Result<Ended, String>,
    elapsed: Duration,
    /// What it printed.
    pub(crate) log: Vec<u8>,
}

impl Tree {
    /// Lays out exactly the candidate's tree; anything else is a failure.
    pub(crate) fn lay_out(engine: &Engine, candidate: &Candidate, run: u32) -> Result<Self, Error> {
        let commit: CommitId = candidate.commit.parse()?;
        let name = format!("{}-{run}", candidate.id);
        let folder = engine.trees().join("gate").join(name);
        if folder.exists() {
            // Left by a process that was killed.
            std::fs::remove_dir_all(&folder)
                .map_err(crate::error::io_failed(format!("empty `{}`", folder.display())))?;
        }
        let checkout = Checkout::clean(&engine.0.trunk, &folder, commit)?;
        if checkout.tree().to_string() != candidate.tree {
            let what = format!("commit `{commit}` does not have the tree that was recorded");
            return Err(crate::Failure::Other(what).into());
        }
        Ok(Self { checkout })
    }

    /// Runs one check to its end.
    pub(crate) fn run(&self, check: &Check, cancel: &Cancel) -> Result<Ran, Error> {
        let mut spec = Spec::shell(&check.run, self.checkout.folder())
            .env("CI", "true")
            .env("WEIR_CHECK", &check.name);
        spec.time_limit = check.time_limit.length();
        spec.output_limit_bytes = usize::try_from(check.output_limit).unwrap_or(usize::MAX);
        Ok(match weir_sandbox::run(&spec, cancel) {
            Ok(outcome) => {
                Ran { how: Ok(outcome.how), elapsed: outcome.elapsed, log: outcome.output.text }
            }
            Err(failure) => {
                let said = crate::core::chain(&failure);
                Ran { log: said.clone().into_bytes(), how: Err(said), elapsed: Duration::ZERO }
            }
        })
    }
}

/// What the verdicts of these checks on `tree` are about, one each: what the check looks at, what it is, and what of the
/// machine it depends on. Where that is the same, so is the verdict.
pub(crate) fn keys(
    objects: &weir_git::Objects,
    tree: TreeId,
    checks: &[Check],
) -> Result<Vec<Digest>, Error> {
    let key = |check: &Check| -> Result<Digest, Error> {
        let files = match &check.paths {
            None => tree.to_string(),
            Some(paths) => objects.digest_of(tree, |path| paths.contains(path))?.to_string(),
        };
        // The environment that every check is given, and then what it says that it depends on.
        let given = Spec::shell(&check.run, "/").env;
        let declared = check.toolchain.iter().map(|item| (item.clone(), of_machine(item)));
        let spelled = serde_json::json!({
            "files": files,
            "check": check,
            "path": given.get(std::ffi::OsStr::new("PATH")).map(|path| path.to_string_lossy()),
            "machine": declared.collect::<std::collections::BTreeMap<_, _>>(),
        });
        Ok(Digest::of(spelled.to_string().as_bytes()))
    };
    checks.iter().map(key).collect()
}

/// Which of the checks, by their place, look at one of these paths; none if that cannot be told: a name that is not UTF-8 is
/// not known by its letters, and `weir.toml` is about all of them.
pub(crate) fn looked(checks: &[&PathSet], changed: &[String]) -> Option<BTreeSet<usize>> {
    let unclear = |path: &String| path == "weir.toml" || path.contains(char::REPLACEMENT_CHARACTER);
    if changed.iter().any(unclear) {
        return None;
    }
    let looks = |paths: &PathSet| changed.iter().any(|path| paths.contains(path.as_str().into()));
    let all = checks.iter().enumerate().filter(|(_, paths)| looks(paths));
    Some(all.map(|(place, _)| place).collect())
}

/// A file of the machine by what it holds, or a variable by its value; nothing where there is none.
fn of_machine(item: &str) -> Option<String> {
    match item.strip_prefix('$') {
        Some(name) => std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()),
        None => std::fs::read(item).ok().map(|bytes| Digest::of(&bytes).to_string()),
    }
}

impl Ran {
    pub(crate) fn passed(&self) -> bool {
        matches!(self.how, Ok(Ended::Exited(0)))
    }

    /// What the queue is told. `proven` says that the check has run here, on the tip.
    pub(crate) fn result(
        &self,
        check: &Check,
        key: Digest,
        log: Digest,
        proven: bool,
    ) -> CheckResult {
        let (verdict, exit_code) = match &self.how {
            Ok(Ended::Exited(0)) => (Verdict::Passed, Some(0)),
            // The shell did not find the program. If it did on the tip, the change took it away; if not, the machine may
            // lack something, and every change would fail.
            Ok(Ended::Exited(code @ 127)) if !proven => (Verdict::Broken, Some(*code)),
            Ok(Ended::Exited(code)) => (Verdict::Failed, Some(*code)),
            Ok(Ended::Signalled(_)) => (Verdict::Failed, None),
            Ok(Ended::TimedOut) => (Verdict::TimedOut, None),
            Ok(Ended::Cancelled) | Err(_) => (Verdict::Broken, None),
        };
        let elapsed_ms = u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX);
        let (check, taken_from) = (check.name.clone(), None);
        CheckResult { check, verdict, exit_code, elapsed_ms, log, key, taken_from }
    }
}

impl Engine {
    /// Reads the rules at `tip`, and keeps them.
    pub(crate) fn read_rules(&self, tip: CommitId) -> Result<crate::rules::Found, Error> {
        let found = crate::rules::read(self.0.trunk.objects(), tip)?;
        *self.0.rules.write().unwrap_or_else(PoisonError::into_inner) = found.config.clone();
        self.read_policies(tip)?;
        self.read_tool_servers(tip);
        *self.0.rules_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(tip);
        Ok(found)
    }

    /// What was read is not in force.
    pub(crate) fn forget_rules(&self) {
        *self.0.rules_at.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether the rules that are kept were read at `tip`.
    pub(crate) fn rules_are_of(&self, tip: CommitId) -> bool {
        *self.0.rules_at.lock().unwrap_or_else(PoisonError::into_inner) == Some(tip)
    }
}
