//! What a push brings, as git found it.

use crate::Error;
use std::collections::BTreeSet;
use weir_git::{
    Added, BString, Blob, ChangedPath, Commit, CommitId, Mode, Objects, Side, TreeId, Trunk,
};
use weir_guard::push::{Changed, Entry};
use weir_guard::secrets::{AllowedSecrets, Finding, scan_added};
use weir_model::Refusal;

/// The facts of a push.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// How many commits it brings that the trunk has not; one more than the limit if there are more.
    pub(crate) commits: usize,
    /// The commit it shares with the trunk.
    pub(crate) base: Option<CommitId>,
    /// Whether it would delete the ref it asks for.
    pub(crate) deletes: bool,
    /// The first line of its last commit.
    pub(crate) title: String,
    paths: Vec<Path>,
    shown: Vec<BString>,
}

/// A path that some commit of the push changes.
#[derive(Debug, PartialEq)]
struct Path {
    path: BString,
    old: Option<Side>,
    new: Option<Side>,
    link: Option<BString>,
}

/// More paths than anybody could review: what a refusal lists is cut long before.
const PATHS_MAX: usize = 20_000;
/// A link's target is a path.
const LINK_BYTES_MAX: u64 = 4096;
/// As many as a page shows.
const SHOWN_MAX: usize = 200;

impl Facts {
    /// Looks at every commit that `new` has and the trunk at `tip` has not.
    pub(crate) fn gather(
        objects: &Objects,
        tip: CommitId,
        new: CommitId,
        commits_max: usize,
    ) -> Result<Self, Error> {
        let head = objects.commit(new)?;
        let base = objects.merge_base(tip, new)?;
        let listed = objects.commits(Some(tip), new, commits_max)?;
        let commits = listed.commits.len() + usize::from(listed.more);
        let base_tree = base.map(|base| objects.tree(base)).transpose()?;
        // What it comes to in the end, and every step on the way: a merge may take back what the trunk has and yet
        // equal one of its parents, and what a later commit takes back still lands in the history.
        let mut paths = changed_between(objects, base_tree, head.tree)?;
        let shown = paths.iter().take(SHOWN_MAX).map(|path| path.path.clone()).collect();
        // Too many commits are refused by their number; no need to read them.
        if !listed.more && base.is_some() {
            for commit in &listed.commits {
                paths.extend(changed_by(objects, commit)?);
            }
        }
        paths.sort_by(|one, other| one.path.cmp(&other.path));
        // A push of one commit says everything twice.
        paths.dedup();
        Ok(Self { commits, base, deletes: false, title: title(&head), paths, shown })
    }

    /// What the merge of a change onto `onto` comes to. Git follows renames, so an edit may arrive at another path
    /// than the one that was pushed.
    pub(crate) fn of_merge(objects: &Objects, onto: CommitId, tree: TreeId) -> Result<Self, Error> {
        let paths = changed_between(objects, Some(objects.tree(onto)?), tree)?;
        Ok(Self { commits: 1, base: Some(onto), paths, ..Self::default() })
    }

    /// A wish to delete a ref brings nothing.
    pub(crate) fn of_deletion() -> Self {
        Self { deletes: true, ..Self::default() }
    }

    /// For the guard.
    pub(crate) fn changed(&self) -> Vec<Changed<'_>> {
        self.paths.iter().map(Path::changed).collect()
    }

    /// The paths that differ from the trunk in the end, as a page shows them.
    pub(crate) fn shown_paths(&self) -> Vec<String> {
        self.shown.iter().map(ToString::to_string).collect()
    }

    /// What looks like a secret in any line that any commit adds.
    pub(crate) fn secrets(
        &self,
        objects: &Objects,
        allowed: &AllowedSecrets,
        file_bytes_max: u64,
    ) -> Result<Vec<Finding>, Error> {
        let mut found = Vec::new();
        for path in &self.paths {
            let Some(new) = path.new.and_then(|side| side.blob) else { continue };
            let old = path.old.and_then(|side| side.blob);
            // Files over the limit were refused before.
            if let Added::Lines(lines) = objects.added_lines(old, new, file_bytes_max)? {
                let lines = lines.iter().map(|line| (line.number, line.text.as_slice()));
                found.extend(scan_added(path.path.as_ref(), lines, allowed));
            }
        }
        found.sort();
        found.dedup();
        Ok(found)
    }
}

impl Path {
    fn changed(&self) -> Changed<'_> {
        Changed { path: self.path.as_ref(), new: self.new.map(|side| self.entry(side)) }
    }

    fn entry(&self, side: Side) -> Entry<'_> {
        match (side.mode, &self.link) {
            (Mode::Link, Some(target)) => Entry::Link { target: target.as_ref() },
            (Mode::Submodule, _) => Entry::Submodule,
            (_, _) => Entry::File { bytes: side.size },
        }
    }
}

/// The secrets that an owner has allowed on the trunk.
pub(crate) fn allowed_secrets(trunk: &Trunk, tip: CommitId) -> Result<AllowedSecrets, Error> {
    const BYTES_MAX: u64 = 1 << 20;
    match trunk.objects().file(tip, AllowedSecrets::PATH.into(), BYTES_MAX)? {
        Some(Blob::Whole(bytes)) => Ok(AllowedSecrets::parse(&String::from_utf8_lossy(&bytes))?),
        Some(Blob::TooLarge { .. }) | None => Ok(AllowedSecrets::default()),
    }
}

/// What a commit itself changes. A merge answers only for what none of its parents had: what it merely takes over
/// was judged with them, or is on the trunk.
fn changed_by(objects: &Objects, commit: &Commit) -> Result<Vec<Path>, Error> {
    let mut parents = commit.parents.iter();
    let first = parents.next().map(|parent| objects.tree(*parent)).transpose()?;
    let mut own = changed_between(objects, first, commit.tree)?;
    for parent in parents {
        let other = changed_between(objects, Some(objects.tree(*parent)?), commit.tree)?;
        let other: BTreeSet<_> = other.into_iter().map(|path| path.path).collect();
        own.retain(|path| other.contains(&path.path));
    }
    Ok(own)
}

fn changed_between(
    objects: &Objects,
    old: Option<TreeId>,
    new: TreeId,
) -> Result<Vec<Path>, Error> {
    let changes = objects.changes(old, new, PATHS_MAX)?;
    if changes.total > PATHS_MAX {
        let sentence = format!("this push changes {} paths", changes.total);
        return Err(Refusal::new("push.too_many_paths", sentence)
            .hint(format!("bring at most {PATHS_MAX} at a time"))
            .into());
    }
    changes.paths.into_iter().map(|changed| Path::read(objects, changed)).collect()
}

impl Path {
    fn read(objects: &Objects, changed: ChangedPath) -> Result<Self, Error> {
        let (old, new) = (changed.old(), changed.new());
        let link = match new {
            Some(Side { mode: Mode::Link, blob: Some(blob), .. }) => {
                match objects.blob(blob, LINK_BYTES_MAX)? {
                    Blob::Whole(target) => Some(BString::from(target)),
                    // Longer than any path: shown as what is refused.
                    Blob::TooLarge { .. } => Some(BString::from("/")),
                }
            }
            Some(_) | None => None,
        };
        Ok(Self { path: changed.path, old, new, link })
    }
}

/// One line, cut to what a table shows.
fn title(commit: &Commit) -> String {
    let clean = commit.subject.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(200).collect()
}
