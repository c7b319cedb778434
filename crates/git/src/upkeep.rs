//! Upkeep of the trunk's objects: owning what must not be lost, and joining many packs into few.

use crate::error::{io_failed, read_failed};
use crate::git::succeed;
use crate::{CommitId, Error, TreeId, Trunk};
use gix::ObjectId;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

impl Trunk {
    /// How many packs the trunk holds itself: each accepted push adds one.
    pub fn packs(&self) -> Result<usize, Error> {
        let entries = fs::read_dir(self.dir().join("objects/pack"));
        let entries = entries.map_err(io_failed("count the packs of the trunk"))?;
        let is_pack = |name: &std::ffi::OsStr| name.as_encoded_bytes().ends_with(b".pack");
        Ok(entries.flatten().filter(|entry| is_pack(&entry.file_name())).count())
    }

    /// Joins small packs and loose objects into few packs. Nothing is dropped, also what no ref names:
    /// a push that was accepted a moment ago may not have its ref yet. Safe while others read and push, not while
    /// they merge.
    ///
    /// # Errors
    /// Failures. What was begun is removed: on a full disk git leaves half a pack, and that was the last room.
    pub fn join_packs(&self) -> Result<(), Error> {
        let mut command = self.git();
        command.args(["-c", "repack.writeBitmaps=false", "-c", "pack.threads=1"]);
        command.args(["repack", "--quiet", "--geometric=2", "-d", "-l", "-n"]);
        let joined = succeed(&mut command, None, "join the packs of the trunk");
        joined.map(drop).inspect_err(|_| remove_half_packs(self.dir()))
    }

    /// Copies into the trunk what a merge gave and only the user's repository holds.
    ///
    /// Git writes no object that it can see, and it sees the user's. One that the user's refs do not
    /// reach (a merge tried by hand and thrown away, say) would be lost to us with the user's next gc.
    pub(crate) fn own_merge(&self, merged: TreeId, parents: [CommitId; 2]) -> Result<(), Error> {
        let [onto, change] = parents;
        let objects = self.objects();
        let (onto, change) = (objects.tree(onto)?, objects.tree(change)?);
        let mut ids = BTreeSet::new();
        self.collect_new(merged.0, [Some(onto.0), Some(change.0)], &mut ids)?;
        self.own(ids)
    }

    /// Copies those of `ids` into the trunk that are not its own loose objects.
    pub(crate) fn own(&self, ids: BTreeSet<ObjectId>) -> Result<(), Error> {
        let is_loose = |id: &ObjectId| {
            let hex = id.to_string();
            self.dir().join("objects").join(&hex[..2]).join(&hex[2..]).exists()
        };
        let borrowed: Vec<_> = ids.iter().filter(|id| !is_loose(id)).collect();
        if borrowed.is_empty() {
            return Ok(());
        }
        // The one command of git that writes what is there already.
        let list: String = borrowed.iter().map(|id| format!("{id}\n")).collect();
        let mut command = self.git();
        command.args(["pack-objects", "--quiet"]).arg(self.dir().join("objects/pack/pack"));
        succeed(&mut command, Some(list.as_bytes()), "copy what a merge gave").map(drop)
    }

    /// The objects of `tree` that neither parent has at the same place.
    fn collect_new(
        &self,
        tree: ObjectId,
        parents: [Option<ObjectId>; 2],
        ids: &mut BTreeSet<ObjectId>,
    ) -> Result<(), Error> {
        if parents.contains(&Some(tree)) {
            return Ok(());
        }
        ids.insert(tree);
        let repo = self.objects().repo();
        let find = |id: ObjectId| repo.find_tree(id).map_err(read_failed("read a merged tree"));
        let sides = parents.map(|id| id.map(find));
        let sides = sides.map(Option::transpose);
        let [one, other] = sides;
        let sides = [one?, other?];
        for entry in find(tree)?.iter() {
            let entry = entry.map_err(read_failed::<gix::Error>("read a merged tree"))?;
            let (mode, id) = (entry.mode(), entry.object_id());
            let there = sides.each_ref().map(|side| {
                let found = side.as_ref()?.find_entry(entry.filename().to_owned())?;
                Some((found.mode(), found.object_id()))
            });
            if there.iter().flatten().any(|(_, other)| *other == id) || mode.is_commit() {
                continue;
            }
            if mode.is_tree() {
                let below =
                    there.map(|side| side.filter(|(mode, _)| mode.is_tree()).map(|(_, id)| id));
                self.collect_new(id, below, ids)?;
            } else {
                ids.insert(id);
            }
        }
        Ok(())
    }
}

/// Removes packs that a git which failed or was killed left half-written in the trunk at `git_dir`; pushes write theirs
/// elsewhere. To be called when no git is at work on them.
pub(crate) fn remove_half_packs(git_dir: &Path) {
    let entries = fs::read_dir(git_dir.join("objects/pack"));
    for entry in entries.into_iter().flatten().flatten() {
        let name = entry.file_name();
        if [b"tmp_".as_slice(), b".tmp-"]
            .iter()
            .any(|start| name.as_encoded_bytes().starts_with(start))
        {
            // What stays is found again by the next start.
            let _ = fs::remove_file(entry.path());
        }
    }
}
