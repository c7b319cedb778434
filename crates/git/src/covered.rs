//! What a part of a tree holds, as one digest: two trees in which it is the same are the same to whoever looks at that part.

use crate::error::read_failed;
use crate::{Error, Mode, Objects, TreeId};
use bstr::{BStr, BString};
use weir_model::Digest;

impl Objects {
    /// The digest of all entries of `tree` that `covers` names: of their paths, what they are, and what they hold.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn digest_of(&self, tree: TreeId, covers: impl Fn(&BStr) -> bool) -> Result<Digest, Error> {
        let (repo, mut listed) = (self.repo(), Vec::new());
        // Folders that are still to be read, each with its path. The order is git's own, so the digest is one.
        let mut open: Vec<(BString, gix::ObjectId)> = vec![(BString::default(), tree.0)];
        while let Some((folder, id)) = open.pop() {
            let doing = || read_failed::<gix::Error>("list what a check looks at");
            for entry in repo.find_tree(id).map_err(doing())?.iter() {
                let entry = entry.map_err(doing())?;
                let mut path = folder.clone();
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(entry.filename());
                let mode = Mode::of(entry.mode());
                if mode == Mode::Folder {
                    open.push((path, entry.object_id()));
                } else if covers(path.as_ref()) {
                    // No path holds a NUL, so no two lists read the same.
                    listed.extend_from_slice(&path);
                    listed.extend_from_slice(
                        format!("\0{mode:?}\0{}\0", entry.object_id()).as_bytes(),
                    );
                }
            }
        }
        Ok(Digest::of(&listed))
    }
}
