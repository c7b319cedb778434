//! `package.json`: only a `test` script that somebody wrote is a check.

use super::{Proposal, Root};
use serde_json::Value;

/// What `npm init` writes when nobody says what the tests are; it always fails.
const PLACEHOLDER: &str = "no test specified";

pub(super) fn propose(root: &Root<'_>) -> Option<Proposal> {
    let manifest: Value = serde_json::from_str(root.text("package.json")?).ok()?;
    let script = manifest.get("scripts")?.get("test")?.as_str()?.trim();
    if script.is_empty() || script.contains(PLACEHOLDER) {
        return None;
    }
    let (manager, install) = installation(root, &manifest);
    let run = format!("{install} && {manager} test");
    Some(Proposal::new(&format!("{manager}-test"), run, "`package.json` has a `test` script"))
}

/// Who installs, and how. A lock file speaks before the manifest: it is what the last install really used.
/// With a lock, the install is the one that fails rather than change it.
fn installation(root: &Root<'_>, manifest: &Value) -> (&'static str, &'static str) {
    if root.has("package-lock.json") || root.has("npm-shrinkwrap.json") {
        return ("npm", "npm ci");
    }
    if root.has("pnpm-lock.yaml") {
        return ("pnpm", "pnpm install --frozen-lockfile");
    }
    if root.has("yarn.lock") {
        // Yarn 2 and later keep their settings in `.yarnrc.yml`, and renamed the flag.
        let modern = root.has(".yarnrc.yml");
        let flag =
            if modern { "yarn install --immutable" } else { "yarn install --frozen-lockfile" };
        return ("yarn", flag);
    }
    match manifest.get("packageManager").and_then(Value::as_str) {
        Some(named) if named.starts_with("pnpm@") => ("pnpm", "pnpm install"),
        Some(named) if named.starts_with("yarn@") => ("yarn", "yarn install"),
        Some(_) | None => ("npm", "npm install"),
    }
}
