//! What a push brings, as git found it.

use crate::Error;
use std::collections::{BTreeMap, BTreeSet};
use weir_git::{
    Added, BString, Blob, ChangedPath, Commit, CommitId, Mode, Objects, Reader, Side, TreeId, Trunk,
};
use weir_guard::push::{Changed, Entry, Limits};
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
    /// What each of its commits says.
    messages: Vec<(CommitId, BString)>,
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
/// All that all commits of a push do to paths. A thousand commits may each change as many as one may.
const STEPS_MAX: usize = 5 * PATHS_MAX;
/// What is read in search of secrets, for each byte that a push may have as git sends it: text packs to a tenth.
const READ_BYTES_PER_BYTE: u64 = 10;
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
        let mut paths = changed_between(&objects.reader(), base_tree, head.tree)?;
        let shown = paths.iter().take(SHOWN_MAX).map(|path| path.path.clone()).collect();
        let mut messages = Vec::new();
        // Too many commits are refused by their number; no need to read them.
        if !listed.more && base.is_some() {
            for commit in listed.commits {
                paths.extend(changed_by(objects, &commit)?);
                messages.push((commit.id, commit.message));
                if paths.len() > STEPS_MAX {
                    return Err(too_many_paths().into());
                }
            }
        }
        paths.sort_by(|one, other| one.path.cmp(&other.path));
        // A push of one commit says everything twice.
        paths.dedup();
        Ok(Self { commits, base, deletes: false, title: title(&head), paths, messages, shown })
    }

    /// What the merge of a change comes to, onto `onto` and what was merged onto that before. Git follows renames, so an
    /// edit may arrive at another path than the one that was pushed.
    pub(crate) fn of_merge(
        reader: &Reader,
        onto: CommitId,
        [before, merged]: [TreeId; 2],
    ) -> Result<Self, Error> {
        let paths = changed_between(reader, Some(before), merged)?;
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

    /// Whether any commit changes anything below `folder`.
    pub(crate) fn touches(&self, folder: &str) -> bool {
        self.paths.iter().any(|path| path.path.starts_with(folder.as_bytes()))
    }

    /// The paths that differ from the trunk in the end, as a page shows them.
    pub(crate) fn shown_paths(&self) -> Vec<String> {
        self.shown.iter().map(ToString::to_string).collect()
    }

    /// What looks like a secret: in any line that any commit adds, in what it says, and in the name of a file. Titles
    /// and names enter the ledger, from which nothing can be taken out.
    ///
    /// # Errors
    /// `push.too_large` when there is too much to look through.
    pub(crate) fn secrets(
        &self,
        objects: &Objects,
        allowed: &AllowedSecrets,
        limits: &Limits,
    ) -> Result<Vec<Finding>, Error> {
        // The same content at many paths is read once: a few bytes of a tree can name it a million times.
        let mut contents = BTreeMap::new();
        for path in &self.paths {
            let blob = |side: Option<Side>| side.and_then(|side| Some((side.blob?, side.size)));
            let Some(new) = blob(path.new) else { continue };
            // Files over the limit were refused before; an old one is not read.
            let old = blob(path.old).filter(|(_, size)| *size <= limits.file_bytes_max);
            contents.entry((old, new)).or_insert(&path.path);
        }
        let sizes = contents.keys().map(|(old, new)| new.1 + old.map_or(0, |(_, size)| size));
        let messages = self.messages.iter().map(|(_, message)| message.len() as u64);
        let max = limits.bytes_max.saturating_mul(READ_BYTES_PER_BYTE);
        if sizes.chain(messages).fold(0, u64::saturating_add) > max {
            return Err(too_much_text(max).into());
        }
        let mut found = Vec::new();
        for ((old, (new, _)), path) in contents {
            let old = old.map(|(blob, _)| blob);
            if let Added::Lines(lines) = objects.added_lines(old, new, limits.file_bytes_max)? {
                let lines = lines.iter().map(|line| (line.number, line.text.as_slice()));
                found.extend(scan_added(path.as_ref(), lines, allowed));
            }
        }
        for (commit, message) in &self.messages {
            let said = format!("message of {commit:.10}");
            let lines = (1..).zip(message.split(|byte| *byte == b'\n'));
            found.extend(scan_added(said.as_str().into(), lines, allowed));
        }
        // A finding is told with its place: the name of a file must not be its own.
        let new = self.paths.iter().filter(|path| path.old.is_none());
        let names = (1..).zip(new.map(|path| path.path.as_slice()));
        found.extend(scan_added("names of new files".into(), names, allowed));
        found.sort();
        found.dedup();
        Ok(found)
    }
}

fn too_many_paths() -> Refusal {
    let sentence = "this push changes more paths, or longer ones, than anybody could look at";
    Refusal::new("push.too_many_paths", sentence)
        .hint(format!("bring at most {PATHS_MAX} at a time"))
}

fn too_much_text(max: u64) -> Refusal {
    let sentence = format!("the files that this push changes come to more than {max} bytes");
    Refusal::new("push.too_large", sentence).hint(
        "bring less at a time; an owner can raise `bytes_max` under `[push]` in `weir.toml`, and with it what may \
         be in it",
    )
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
    let (mut parents, reader) = (commit.parents.iter(), objects.reader());
    let first = parents.next().map(|parent| objects.tree(*parent)).transpose()?;
    let mut own = changed_between(&reader, first, commit.tree)?;
    for parent in parents {
        let other = changed_between(&reader, Some(objects.tree(*parent)?), commit.tree)?;
        let other: BTreeSet<_> = other.into_iter().map(|path| path.path).collect();
        own.retain(|path| other.contains(&path.path));
    }
    Ok(own)
}

fn changed_between(reader: &Reader, old: Option<TreeId>, new: TreeId) -> Result<Vec<Path>, Error> {
    let changes = reader.changes(old, new, PATHS_MAX)?;
    if changes.more {
        return Err(too_many_paths().into());
    }
    changes.paths.into_iter().map(|changed| Path::read(reader, changed)).collect()
}

impl Path {
    fn read(reader: &Reader, changed: ChangedPath) -> Result<Self, Error> {
        let (old, new) = (changed.old(), changed.new());
        let link = match new {
            Some(Side { mode: Mode::Link, blob: Some(blob), .. }) => {
                match reader.blob(blob, LINK_BYTES_MAX)? {
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
