//! The gate's rules: `weir.toml` as it stands on the trunk, or, while there is none, the checks that the
//! repository already has. Never read from the change under test.

use crate::Error;
use weir_git::{BStr, Blob, CommitId, Entry, Mode, Objects, Reader, TreeId};
use weir_model::Refusal;
use weir_model::config::{Check, Config};
use weir_model::event::queue::GateSource;
use weir_queue::Gate;
use weir_review::propose::Proposal;

/// What was found on the trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its rules; defaults where it says nothing.
    pub config: Config,
    /// The gate that follows.
    pub gate: Gate,
    /// The checks that were found because none are written down, and what gave them away.
    pub proposals: Vec<Proposal>,
}

const FILE: &str = "weir.toml";
/// A megabyte of rules is no rules.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// Reads the rules at `commit`.
///
/// # Errors
/// `config.malformed`, naming the line; failures of git.
pub(crate) fn read(objects: &Objects, commit: CommitId) -> Result<Found, Error> {
    let (reader, tree) = (objects.reader(), objects.tree(commit)?);
    if let Some(config) = committed(&reader, tree)? {
        let gate = Gate {
            checks: config.checks.clone(),
            approvals_needed: config.review.approvals,
            source: GateSource::Committed(commit.to_string()),
        };
        return Ok(Found { config, gate, proposals: Vec::new() });
    }
    let proposals = detect(&reader, tree)?;
    let gate = Gate {
        checks: proposals.iter().map(|proposal| proposal.check.clone()).collect(),
        approvals_needed: 0,
        source: GateSource::Detected(commit.to_string()),
    };
    Ok(Found { config: Config::default(), gate, proposals })
}

/// The checks that would count if a commit of `tree` were the tip.
///
/// # Errors
/// As [`read`].
pub(crate) fn checks(reader: &Reader, tree: TreeId) -> Result<Vec<Check>, Error> {
    match committed(reader, tree)? {
        Some(config) => Ok(config.checks),
        None => Ok(detect(reader, tree)?.into_iter().map(|proposal| proposal.check).collect()),
    }
}

/// All that [`checks`] reads: where it is the same, so are they.
///
/// # Errors
/// Failures of git.
pub(crate) fn sources(reader: &Reader, tree: TreeId) -> Result<Vec<Entry>, Error> {
    let mut root = reader.root(tree)?;
    let written =
        |entry: &Entry| entry.name == FILE && matches!(entry.mode, Mode::File | Mode::Executable);
    if root.iter().any(written) {
        root.retain(written);
    }
    Ok(root)
}

/// `weir.toml` in `tree`, if there is one.
pub(crate) fn committed(reader: &Reader, tree: TreeId) -> Result<Option<Config>, Error> {
    match reader.file(tree, BStr::new(FILE), CONFIG_BYTES_MAX)? {
        None => Ok(None),
        Some(Blob::TooLarge { size }) => {
            let sentence = format!("`weir.toml` has {size} bytes, more than {CONFIG_BYTES_MAX}");
            Err(Refusal::new("config.malformed", sentence).into())
        }
        Some(Blob::Whole(bytes)) => match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Some(Config::parse(text)?)),
            Err(error) => {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                let sentence = format!("`weir.toml`, line {line}: it is not UTF-8");
                Err(Refusal::new("config.malformed", sentence).into())
            }
        },
    }
}

/// The checks that the repository with `tree` already has.
fn detect(reader: &Reader, tree: TreeId) -> Result<Vec<Proposal>, Error> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for entry in reader.root(tree)? {
        // A name that is not UTF-8 is none of those that give a check away.
        let Ok(name) = String::from_utf8(entry.name.to_vec()) else { continue };
        let limit = weir_review::propose::CONTENTS_MAX as u64;
        let contents = match reader.file(tree, BStr::new(name.as_bytes()), limit) {
            Ok(Some(Blob::Whole(bytes))) => bytes,
            // A folder, a link to elsewhere or too large a file: its name alone may say enough.
            Ok(Some(Blob::TooLarge { .. }) | None) | Err(_) => Vec::new(),
        };
        files.push((name, contents));
    }
    let root: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    Ok(weir_review::propose::propose(&root))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_testkit::Repository;

    /// What each root gives: what its checks are read from, and the checks.
    #[test]
    fn other_checks_have_other_sources() {
        let weir = |run: &str| format!("[[check]]\nname = \"test\"\nrun = \"{run}\"\n");
        let (one, other) = (weir("true"), weir("false"));
        let cargo = "[package]\nname = \"x\"\n";
        let (same, maybe) = (true, false);
        type Root<'a> = &'a [(&'a str, &'a str)];
        let table: [(Root<'_>, Root<'_>, bool); 7] = [
            (&[("weir.toml", &one)], &[("weir.toml", &one), ("Cargo.toml", cargo)], same),
            (&[("weir.toml", &one)], &[("weir.toml", &other)], maybe),
            (&[("Cargo.toml", cargo)], &[("Cargo.toml", cargo), ("weir.toml", &one)], maybe),
            (&[("Cargo.toml", cargo)], &[("README.md", "x")], maybe),
            (&[("Cargo.toml", cargo), ("a/b", "1")], &[("Cargo.toml", cargo), ("a/b", "2")], same),
            (&[("Cargo.toml", cargo)], &[("Cargo.toml", "other")], maybe),
            (&[("weir.toml/x", &one)], &[("weir.toml/x", &other)], same),
        ];
        for (first, second, is_same) in table {
            let told = |root: Root<'_>| {
                let repository = Repository::with(root);
                let source = weir_git::inspect(repository.path(), None).expect("a repository");
                let home = source.home();
                let trunk = weir_git::Trunk::open_or_create(&source, &home, "main").expect("made");
                let (reader, tip) = (trunk.objects().reader(), trunk.tip().expect("a tip"));
                let tree = trunk.objects().tree(tip).expect("read");
                let checks = checks(&reader, tree).expect("read");
                assert_eq!(checks, read(trunk.objects(), tip).expect("read").gate.checks);
                (sources(&reader, tree).expect("read"), checks)
            };
            let ((sources, checks), (other_sources, other_checks)) = (told(first), told(second));
            assert_eq!(sources == other_sources, is_same, "{first:?}, {second:?}");
            assert!(checks == other_checks || sources != other_sources, "{first:?}, {second:?}");
        }
    }
}
