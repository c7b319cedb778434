//! Which checks a repository already has, so that a first user has nothing to write.
//!
//! Promise: a proposal is a command that a maintainer of that repository would type, and each says why it
//! is there. Where the evidence is thin, malformed or larger than [`CONTENTS_MAX`], there is no proposal:
//! a check that fails on every change is worse than none.
//! Deliberately absent: files. The engine reads the root of the trunk and hands it in.

mod make;
mod node;
mod pytest;

use weir_model::config::Check;

/// A check that a repository seems to have, and what gave it away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The check, as it would stand in `weir.toml`.
    pub check: Check,
    /// One line for a person: "`Cargo.toml` at the root is a workspace".
    pub why: String,
}

impl Proposal {
    fn new(name: &str, run: impl Into<String>, why: impl Into<String>) -> Self {
        let check = Check {
            name: name.to_owned(),
            run: run.into(),
            time_limit: Check::default_time_limit(),
            output_limit: Check::default_output_limit(),
            paths: None,
            toolchain: Vec::new(),
        };
        Self { check, why: why.into() }
    }
}

/// The checks that the files at the root of a trunk speak for, in a fixed order: cargo, node, pytest, go,
/// and make only where none of these speaks.
///
/// `root` names every file at the root. Contents matter for `Cargo.toml`, `package.json`, `go.mod`, the
/// makefiles and the configuration files that may mention pytest; of others (lock files) the name is enough.
pub fn propose(root: &[(&str, &[u8])]) -> Vec<Proposal> {
    let root = Root(root);
    let specific = [cargo(&root), node::propose(&root), pytest::propose(&root), go(&root)];
    let specific: Vec<Proposal> = specific.into_iter().flatten().collect();
    if specific.is_empty() { make::propose(&root).into_iter().collect() } else { specific }
}

/// Nobody writes a manifest of more than a mebibyte by hand, and parsing one is not worth the wait.
pub const CONTENTS_MAX: usize = 1 << 20;

/// The files at the root of a trunk.
struct Root<'a>(&'a [(&'a str, &'a [u8])]);

impl Root<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(file, _)| *file == name)
    }

    /// The text of a file, without a byte-order mark; `None` if it is absent, too large or not UTF-8.
    fn text(&self, name: &str) -> Option<&str> {
        let (_, contents) = self.0.iter().find(|(file, _)| *file == name)?;
        if contents.len() > CONTENTS_MAX {
            return None;
        }
        let text = std::str::from_utf8(contents).ok()?;
        Some(text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    fn toml(&self, name: &str) -> Option<toml::Table> {
        self.text(name)?.parse().ok()
    }
}

fn cargo(root: &Root<'_>) -> Option<Proposal> {
    let manifest = root.toml("Cargo.toml")?;
    if manifest.get("workspace").is_some_and(toml::Value::is_table) {
        let why = "`Cargo.toml` at the root is a workspace";
        // Without the flag, cargo tests only the root package or the default members.
        return Some(Proposal::new("cargo-test", "cargo test --workspace", why));
    }
    let package = manifest.get("package").is_some_and(toml::Value::is_table);
    package.then(|| {
        Proposal::new("cargo-test", "cargo test", "`Cargo.toml` at the root names a package")
    })
}

fn go(root: &Root<'_>) -> Option<Proposal> {
    let names_module = |line: &str| {
        let mut words = line.split_whitespace();
        words.next() == Some("module") && words.next().is_some_and(|name| !name.starts_with("//"))
    };
    let module = root.text("go.mod")?.lines().any(names_module);
    module.then(|| {
        Proposal::new("go-test", "go test ./...", "`go.mod` at the root names a Go module")
    })
}

#[cfg(test)]
mod tests;
