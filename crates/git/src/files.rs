//! The files of a commit, and those that lie in somebody's folder beside it: which differ, without running git there.
//!
//! A folder is an agent's: its configuration could name programs for git to run. So the folder is walked and read here,
//! by the rules of its `.gitignore` files alone, and the commit it stands on is found by a reader that runs nothing.
//! Reading order: [`Glance`], what was seen of a folder; `walk`, what lies in it; `rules`, what of that git would not show;
//! `index`, what git itself noted of it; [`Marks`], what of it may be otherwise by now; [`Events`], the
//! kernel's queue that tells so; [`Stance`], what its head says.

mod events;
mod glance;
mod index;
mod marks;
mod rules;
mod stance;
mod walk;

pub use events::{Events, Told, Unwatched};
pub use glance::Glance;
pub use marks::Marks;
pub use stance::{Stance, base_of};

use crate::error::read_failed;
use crate::objects::find_commit;
use crate::{BlobId, CommitId, Error, Objects};
use bstr::BString;
use std::collections::{BTreeMap, BTreeSet};

/// The regular files of a commit, by path.
pub type Files = BTreeMap<BString, BlobId>;

impl Objects {
    /// The regular files of the revision `id`. Links and submodules are not among them.
    ///
    /// # Errors
    /// `commit.unknown`; failures of the disk.
    pub fn files(&self, id: CommitId) -> Result<Files, Error> {
        let repo = self.repo();
        let doing = || read_failed::<gix::Error>(format!("read the files of `{id}`"));
        let tree = find_commit(&repo, id)?.tree().map_err(doing())?;
        let found = tree.traverse().breadthfirst.files().map_err(doing())?;
        let files = found.into_iter().filter(|entry| entry.mode.is_blob());
        Ok(files.map(|entry| (entry.filepath, BlobId(entry.oid))).collect())
    }
}

/// What a folder holds beside a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits {
    /// Files that are new or not as they were, with their bytes.
    pub changed: BTreeMap<BString, Edited>,
    /// Files of the commit that are gone.
    pub gone: BTreeSet<BString>,
    /// Files that were not looked at: too large, or not readable.
    pub unread: BTreeSet<BString>,
}

/// A file as it lies in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The name that git would give its content.
    pub blob: BlobId,
    /// Its content.
    pub bytes: std::sync::Arc<[u8]>,
}

/// The name that git gives to this content.
pub fn blob_of(bytes: &[u8]) -> BlobId {
    let hash = gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, bytes);
    // Only a collision that was made on purpose is an error; then the content has no name of its own.
    BlobId(hash.unwrap_or_else(|_| gix::ObjectId::null(gix::hash::Kind::Sha1)))
}
