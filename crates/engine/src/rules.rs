//! The gate's rules: `weir.toml` as it stands on the trunk, or, while there is none, the checks that the
//! repository already has. Never read from the change under test.

use crate::Error;
use weir_git::{BStr, Blob, CommitId, Objects};
use weir_model::Refusal;
use weir_model::config::Config;
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

/// A megabyte of rules is no rules.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// Reads the rules at `commit`.
///
/// # Errors
/// `config.malformed`, naming the line; failures of git.
pub(crate) fn read(objects: &Objects, commit: CommitId) -> Result<Found, Error> {
    if let Some(config) = committed(objects, commit)? {
        let gate = Gate {
            checks: config.checks.clone(),
            approvals_needed: config.review.approvals,
            source: GateSource::Committed(commit.to_string()),
        };
        return Ok(Found { config, gate, proposals: Vec::new() });
    }
    let proposals = detect(objects, commit)?;
    let gate = Gate {
        checks: proposals.iter().map(|proposal| proposal.check.clone()).collect(),
        approvals_needed: 0,
        source: GateSource::Detected(commit.to_string()),
    };
    Ok(Found { config: Config::default(), gate, proposals })
}

/// `weir.toml` at `commit`, if there is one.
pub(crate) fn committed(objects: &Objects, commit: CommitId) -> Result<Option<Config>, Error> {
    match objects.file(commit, BStr::new("weir.toml"), CONFIG_BYTES_MAX)? {
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

/// The checks that the repository at `commit` already has.
pub(crate) fn detect(objects: &Objects, commit: CommitId) -> Result<Vec<Proposal>, Error> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for entry in objects.root(commit)? {
        // A name that is not UTF-8 is none of those that give a check away.
        let Ok(name) = String::from_utf8(entry.name.to_vec()) else { continue };
        let limit = weir_review::propose::CONTENTS_MAX as u64;
        let contents = match objects.file(commit, BStr::new(name.as_bytes()), limit) {
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
