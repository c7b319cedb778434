//! Which paths differ between two trees, and how.

use crate::error::read_failed;
use crate::objects::blob_size;
use crate::{BlobId, Error, Objects, TreeId};
use bstr::BString;
use gix::diff::tree::recorder::Change;
use gix::objs::TreeRefIter;
use gix::objs::tree::{EntryKind, EntryMode};

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A file.
    File,
    /// A file that may be executed.
    Executable,
    /// A symbolic link; its blob is its target.
    Link,
    /// A submodule: a commit of another repository.
    Submodule,
    /// A folder.
    Folder,
}

impl Mode {
    pub(crate) fn of(mode: EntryMode) -> Self {
        match mode.kind() {
            EntryKind::Blob => Self::File,
            EntryKind::BlobExecutable => Self::Executable,
            EntryKind::Link => Self::Link,
            EntryKind::Commit => Self::Submodule,
            EntryKind::Tree => Self::Folder,
        }
    }
}

/// One side of a changed path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// What it is there.
    pub mode: Mode,
    /// Its content; `None` for a submodule, whose content is elsewhere.
    pub blob: Option<BlobId>,
    /// How large it is, in bytes; zero for a submodule.
    pub size: u64,
}

/// How a path changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is new.
    Added(Side),
    /// It is gone.
    Deleted(Side),
    /// Its content changed, and perhaps whether it may be executed.
    Modified {
        /// As it was.
        old: Side,
        /// As it is.
        new: Side,
    },
    /// Only whether it may be executed changed.
    ModeChanged {
        /// As it was.
        old: Side,
        /// As it is.
        new: Side,
    },
    /// It became another thing: a file is a link now, or a link a submodule.
    TypeChanged {
        /// As it was.
        old: Side,
        /// As it is.
        new: Side,
    },
}

/// A path that differs between two trees. A renamed file is one path deleted and another added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedPath {
    /// The path, `/` between its parts, in whatever bytes git keeps.
    pub path: BString,
    /// How it changed.
    pub kind: Kind,
}

impl ChangedPath {
    /// As it was, unless it is new.
    pub fn old(&self) -> Option<Side> {
        match self.kind {
            Kind::Added(_) => None,
            Kind::Deleted(old)
            | Kind::Modified { old, .. }
            | Kind::ModeChanged { old, .. }
            | Kind::TypeChanged { old, .. } => Some(old),
        }
    }

    /// As it is, unless it is gone.
    #[expect(clippy::new_ret_no_self, reason = "the new side, beside the old one")]
    pub fn new(&self) -> Option<Side> {
        match self.kind {
            Kind::Deleted(_) => None,
            Kind::Added(new)
            | Kind::Modified { new, .. }
            | Kind::ModeChanged { new, .. }
            | Kind::TypeChanged { new, .. } => Some(new),
        }
    }
}

/// What differs between two trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The paths, sorted; as many as were asked for, at most.
    pub paths: Vec<ChangedPath>,
    /// How many paths differ in all.
    pub total: usize,
}

impl Objects {
    /// The paths that differ between two trees, sorted, at most `max` of them; folders are not listed,
    /// what lies in them is. Loads no blob. With `None` for `old`, every path of `new` is added.
    pub fn changes(&self, old: Option<TreeId>, new: TreeId, max: usize) -> Result<Changes, Error> {
        let repo = self.repo();
        let doing = || read_failed::<gix::Error>("compare two trees");
        let find = |id: TreeId| repo.find_tree(id.0).map_err(doing());
        let old = old.map(find).transpose()?;
        let old = old.as_ref().map(|tree| tree.data.as_slice()).unwrap_or_default();
        let new = find(new)?;
        let mut recorder = gix::diff::tree::Recorder::default();
        let hash = repo.object_hash();
        gix::diff::tree(
            TreeRefIter::from_bytes(old, hash),
            TreeRefIter::from_bytes(&new.data, hash),
            gix::diff::tree::State::default(),
            &repo.objects,
            &mut recorder,
        )
        .map_err(read_failed("compare two trees"))?;

        let mut records = recorder.records;
        records.retain(|change| modes(change).iter().flatten().any(|mode| !mode.is_tree()));
        records.sort_by(|a, b| path(a).cmp(path(b)));
        let total = records.len();
        let paths = records.into_iter().take(max).map(|change| describe(&repo, change));
        Ok(Changes { paths: paths.collect::<Result<_, _>>()?, total })
    }
}

fn modes(change: &Change) -> [Option<EntryMode>; 2] {
    match *change {
        Change::Addition { entry_mode, .. } => [None, Some(entry_mode)],
        Change::Deletion { entry_mode, .. } => [Some(entry_mode), None],
        Change::Modification { previous_entry_mode, entry_mode, .. } => {
            [Some(previous_entry_mode), Some(entry_mode)]
        }
    }
}

fn path(change: &Change) -> &BString {
    match change {
        Change::Addition { path, .. }
        | Change::Deletion { path, .. }
        | Change::Modification { path, .. } => path,
    }
}

fn describe(repo: &gix::Repository, change: Change) -> Result<ChangedPath, Error> {
    let side = |mode: EntryMode, id: gix::ObjectId| {
        let mode = Mode::of(mode);
        let blob = match mode {
            Mode::File | Mode::Executable | Mode::Link => Some(BlobId(id)),
            Mode::Submodule | Mode::Folder => None,
        };
        let size = blob.map_or(Ok(0), |blob| blob_size(repo, blob))?;
        Ok::<_, Error>(Side { mode, blob, size })
    };
    let is_file = |side: &Side| matches!(side.mode, Mode::File | Mode::Executable);
    Ok(match change {
        Change::Addition { entry_mode, oid, path, .. } => {
            ChangedPath { path, kind: Kind::Added(side(entry_mode, oid)?) }
        }
        Change::Deletion { entry_mode, oid, path, .. } => {
            ChangedPath { path, kind: Kind::Deleted(side(entry_mode, oid)?) }
        }
        Change::Modification { previous_entry_mode, previous_oid, entry_mode, oid, path } => {
            let (old, new) = (side(previous_entry_mode, previous_oid)?, side(entry_mode, oid)?);
            let kind = if old.mode != new.mode && !(is_file(&old) && is_file(&new)) {
                Kind::TypeChanged { old, new }
            } else if previous_oid == oid {
                Kind::ModeChanged { old, new }
            } else {
                Kind::Modified { old, new }
            };
            ChangedPath { path, kind }
        }
    })
}
