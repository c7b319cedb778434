//! The gate's rules, as the driver reads them from the trunk, and which checks look at what.

use crate::{Engine, Error};
use std::collections::BTreeSet;
use std::sync::PoisonError;
use weir_git::CommitId;
use weir_model::PathSet;

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
