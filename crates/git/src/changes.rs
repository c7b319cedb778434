//! Which paths differ between two trees, and how.

use crate::error::read_failed;
use crate::objects::blob_size;
use crate::{BlobId, Error, Objects, Reader, TreeId};
use bstr::{BStr, BString};
use gix::diff::tree::recorder::Change;
use gix::diff::tree::{Recorder, Visit, visit};
use gix::objs::TreeRefIter;
use gix::objs::tree::{EntryKind, EntryMode};
use std::ops::ControlFlow;

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

    /// Whether what it holds is a blob of this repository.
    pub(crate) fn has_blob(self) -> bool {
        match self {
            Self::File | Self::Executable | Self::Link => true,
            Self::Submodule | Self::Folder => false,
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
    /// Whether there are more: then it is not said which of them are listed.
    pub more: bool,
}

/// How much room a path may take on average, with the folders on the way to it and what it takes to look at one.
const ROOM_PER_PATH: usize = 1024;
const ROOM_PER_LOOK: usize = 64;

impl Reader {
    /// The paths that differ between two trees, sorted, at most `max` of them; folders are not listed,
    /// what lies in them is. Loads no blob. With `None` for `old`, every path of `new` is added.
    ///
    /// Looks no further than that, however many there are: ten small trees, each naming the next one ten times, are
    /// ten thousand million paths.
    ///
    /// # Errors
    /// When a tree is not here or cannot be read.
    pub fn changes(&self, old: Option<TreeId>, new: TreeId, max: usize) -> Result<Changes, Error> {
        let repo = &self.0;
        let doing = || read_failed::<gix::Error>("compare two trees");
        let find = |id: TreeId| repo.find_tree(id.0).map_err(doing());
        let old = old.map(find).transpose()?;
        let old = old.as_ref().map(|tree| tree.data.as_slice()).unwrap_or_default();
        let new = find(new)?;
        let room = max.saturating_add(1).saturating_mul(ROOM_PER_PATH);
        let mut bounded = Bounded { recorder: Recorder::default(), paths: max, room };
        let hash = repo.object_hash();
        let compared = gix::diff::tree(
            TreeRefIter::from_bytes(old, hash),
            TreeRefIter::from_bytes(&new.data, hash),
            gix::diff::tree::State::default(),
            &repo.objects,
            &mut bounded,
        );
        let more = match compared {
            Ok(()) => false,
            Err(gix::diff::tree::Error::Cancelled) => true,
            Err(failure) => return Err(read_failed("compare two trees")(failure)),
        };

        let mut records = bounded.recorder.records;
        records.sort_by(|a, b| path(a).cmp(path(b)));
        let paths = records.into_iter().map(|change| describe(repo, change));
        Ok(Changes { paths: paths.collect::<Result<_, _>>()?, more })
    }
}

impl Objects {
    /// As [`Reader::changes`].
    ///
    /// # Errors
    /// When a tree is not here or cannot be read.
    pub fn changes(&self, old: Option<TreeId>, new: TreeId, max: usize) -> Result<Changes, Error> {
        self.reader().changes(old, new, max)
    }
}

/// Records what is no folder, until there is more of it than anybody asked for.
struct Bounded {
    recorder: Recorder,
    /// How many more paths may come.
    paths: usize,
    /// How much more may be looked at.
    room: usize,
}

impl Visit for Bounded {
    fn visit(&mut self, change: visit::Change) -> visit::Action {
        use visit::Change::{Addition, Deletion, Modification};
        let is_folder = match change {
            Addition { entry_mode, .. } | Deletion { entry_mode, .. } => entry_mode.is_tree(),
            Modification { previous_entry_mode, entry_mode, .. } => {
                previous_entry_mode.is_tree() && entry_mode.is_tree()
            }
        };
        let look = self.recorder.path().len() + ROOM_PER_LOOK;
        let paths = self.paths.checked_sub(usize::from(!is_folder));
        let (Some(paths), Some(room)) = (paths, self.room.checked_sub(look)) else {
            return ControlFlow::Break(());
        };
        (self.paths, self.room) = (paths, room);
        if is_folder { ControlFlow::Continue(()) } else { self.recorder.visit(change) }
    }

    fn pop_front_tracked_path_and_set_current(&mut self) {
        self.recorder.pop_front_tracked_path_and_set_current();
    }

    fn push_back_tracked_path_component(&mut self, component: &BStr) {
        self.recorder.push_back_tracked_path_component(component);
    }

    fn push_path_component(&mut self, component: &BStr) {
        self.recorder.push_path_component(component);
    }

    fn pop_path_component(&mut self) {
        self.recorder.pop_path_component();
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
        let blob = mode.has_blob().then_some(BlobId(id));
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
