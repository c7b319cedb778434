//! `weir.toml`: what a repository asks of Weir. Read from the trunk, never from the change under test.

use crate::time::Lease;
use crate::{PathSet, Refusal};
use serde::{Deserialize, Serialize};

/// A check that every candidate must pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Unique, in lower case: `test`, `lint`.
    pub name: String,
    /// A line for `sh -c`, run at the root of a clean tree.
    pub run: String,
    /// How long it may run.
    #[serde(default = "Check::default_time_limit")]
    pub time_limit: Lease,
    /// How many bytes of output are kept; the middle is left out.
    #[serde(default = "Check::default_output_limit")]
    pub output_limit: u64,
    /// The files that it looks at, as patterns: whatever else changes, its verdict stays. Left out: all files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<PathSet>,
    /// What else its verdict depends on: files of the machine, by absolute paths, and variables, as `$NAME`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub toolchain: Vec<String>,
}

impl Check {
    /// Half an hour: longer than most test suites, shorter than a stalled afternoon.
    pub fn default_time_limit() -> Lease {
        Lease::minutes(30)
    }

    /// A mebibyte: some ten thousand lines.
    pub fn default_output_limit() -> u64 {
        1 << 20
    }
}

/// What `weir.toml` says, with defaults for what it does not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The branch that changes land on; found by itself when not named.
    pub trunk: Option<String>,
    /// The checks, in the order they run.
    #[serde(rename = "check")]
    pub checks: Vec<Check>,
    /// How changes are tested and landed.
    pub queue: Queue,
    /// What people must do.
    pub review: Review,
    /// What an agent gets.
    pub sessions: Sessions,
    /// What a push may bring.
    pub push: Push,
    /// How acts of agents are judged.
    pub guard: Guard,
    /// How the code is looked at.
    pub view: View,
}

/// `[queue]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    /// How many candidates are tested at once by the server itself; with none, all are left to runners.
    pub workers: u32,
}

impl Default for Queue {
    fn default() -> Self {
        // Beside the first that waits, the next on top of it: most changes pass, so it lands at once when the first
        // has. More suit a machine with the processors for it.
        Self { workers: 2 }
    }
}

/// `[view]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct View {
    /// Whether search also goes by what words mean.
    pub meaning: Meaning,
}

/// Whether search also goes by what words mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// By what is linked in: it needs no network and no model.
    #[default]
    Embedded,
    /// By their letters alone.
    Off,
}

/// `[guard]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Guard {
    /// Whether what policies say holds.
    pub enforcement: Enforcement,
    /// What a million tokens cost, in hundredths of a currency: what policies read as `principal.cents` follows from it.
    pub cents_per_million_tokens: u64,
    /// What a hook does that reaches no server.
    pub offline: Offline,
    /// What becomes of a change that a session brings whose client is attached, and told of nothing that it did.
    pub unguarded: Unguarded,
}

/// What becomes of a change whose session told of nothing that it did, although a client is attached to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unguarded {
    /// It is taken, and the session is shown as unguarded.
    #[default]
    Record,
    /// It is refused.
    Refuse,
}

/// What a hook does that reaches no server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offline {
    /// It refuses everything.
    #[default]
    Refuse,
    /// It decides by the last signed bundle of policies, for as long as that holds: what would be allowed without
    /// asking is, nothing else.
    Bundle,
}

/// Whether what policies say holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enforcement {
    /// It holds.
    #[default]
    On,
    /// It is recorded, and everything is allowed: to see what policies would do before they do it.
    Shadow,
}

/// `[review]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Review {
    /// How many people, none of whom answers for the change, must approve a revision.
    pub approvals: u32,
}

/// `[sessions]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sessions {
    /// How long a session's token lives.
    pub length: Lease,
    /// How long a claim lives without being renewed.
    pub claim: Lease,
}

/// `[push]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Push {
    /// The largest push, in bytes as git sends it.
    pub bytes_max: u64,
    /// The largest single file, in bytes.
    pub file_bytes_max: u64,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { length: Lease::minutes(8 * 60), claim: Lease::minutes(30) }
    }
}

impl Default for Push {
    fn default() -> Self {
        // 50 MB: generous for source, and far below what hurts a clone.
        Self { bytes_max: 50_000_000, file_bytes_max: 10_000_000 }
    }
}

/// More are a mistake.
const CHECKS_MAX: usize = 50;
/// More checks at once than any one machine runs.
const WORKERS_MAX: u32 = 1000;

impl Config {
    /// Reads `weir.toml`.
    ///
    /// # Errors
    /// `config.malformed`, naming the line and what stands there.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| line_of(text, span.start));
            malformed(line, error.message())
        })?;
        let line_of_check = |name: &str| {
            let quoted = text.match_indices(name).map(|(at, _)| at).last();
            quoted.map(|at| line_of(text, at))
        };
        if config.checks.len() > CHECKS_MAX {
            return Err(malformed(None, &format!("more than {CHECKS_MAX} checks")));
        }
        if config.queue.workers > WORKERS_MAX {
            let what = format!("`workers` is a number from 0 to {WORKERS_MAX}");
            return Err(malformed(line_of_check("workers"), &what));
        }
        for (index, check) in config.checks.iter().enumerate() {
            let good =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
            if check.name.is_empty() || check.name.len() > 40 || !check.name.chars().all(good) {
                let what = "a check's `name` is 1 to 40 of `a`-`z`, `0`-`9`, `-`, `_`";
                return Err(malformed(line_of_check(&check.name), what));
            }
            if config.checks.iter().take(index).any(|other| other.name == check.name) {
                let what = format!("two checks are called `{}`", check.name);
                return Err(malformed(line_of_check(&check.name), &what));
            }
            let is_known = |it: &String| it.starts_with('/') || it.len() > 1 && it.starts_with('$');
            if let Some(other) = check.toolchain.iter().find(|it| !is_known(it)) {
                let what = "`toolchain` lists absolute paths, and variables as `$NAME`";
                return Err(malformed(line_of_check(other), what));
            }
            if check.paths.as_ref().is_some_and(PathSet::is_empty) {
                let what = format!("the check `{}` looks at no `paths`", check.name);
                return Err(malformed(line_of_check(&check.name), &what));
            }
            if check.run.trim().is_empty() {
                let what = format!("the check `{}` has nothing to `run`", check.name);
                return Err(malformed(line_of_check(&check.name), &what));
            }
        }
        Ok(config)
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn malformed(line: Option<usize>, what: &str) -> Refusal {
    let what = what.lines().collect::<Vec<_>>().join(" ");
    let sentence = match line {
        Some(line) => format!("`weir.toml`, line {line}: {what}"),
        None => format!("`weir.toml`: {what}"),
    };
    Refusal::new("config.malformed", sentence).hint("`weir init --print` shows a valid one")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_file_asks_for_nothing() {
        assert_eq!(Config::parse("").expect("empty"), Config::default());
    }

    #[test]
    fn checks_are_read_in_order() {
        let config = Config::parse(
            "[[check]]\nname = \"test\"\nrun = \"make test\"\ntime_limit = \"5m\"\n\
             [[check]]\nname = \"lint\"\nrun = \"make lint\"\n[review]\napprovals = 1\n",
        )
        .expect("well formed");
        assert_eq!(config.checks.len(), 2);
        assert_eq!(config.checks[0].time_limit.to_string(), "5m");
        assert_eq!(config.review.approvals, 1);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let rows = [
            ("\n\ncolour = 1\n", "line 3"),
            ("[[check]]\nname = \"test\"\n", "line 1"),
            ("[review]\napprovals = \"two\"\n", "line 2"),
            ("[sessions]\n\nclaim = \"soon\"\n", "line 3"),
            ("[[check]]\nname = \"Te st\"\nrun = \"x\"\n", "line 2"),
            ("[[check]]\nname=\"a\"\nrun=\"x\"\n[[check]]\nname=\"a\"\nrun=\"y\"\n", "two checks"),
            ("[[check]]\nname=\"a\"\nrun=\" \"\n", "nothing to `run`"),
            ("x = [", "line 1"),
            ("[queue]\nworkers = 1001\n", "line 2"),
            ("[[check]]\nname=\"a\"\nrun=\"x\"\npaths=[]\n", "looks at no"),
            ("[[check]]\nname=\"a\"\nrun=\"x\"\npaths=[\"../x\"]\n", "line 4"),
            ("[[check]]\nname=\"a\"\nrun=\"x\"\ntoolchain=[\"cc\"]\n", "line 4"),
        ];
        for (text, expected) in rows {
            let refusal = Config::parse(text).expect_err(text);
            assert_eq!(refusal.code, "config.malformed");
            assert!(refusal.sentence.contains(expected), "{text}: {}", refusal.sentence);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "(?s).*") {
            let _ = Config::parse(&text);
        }
    }
}
