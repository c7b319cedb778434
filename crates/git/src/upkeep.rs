//! Upkeep of the trunk's objects: owning what must not be lost, and joining many packs into few.

use crate::error::{io_failed, read_failed};
use crate::git::succeed;
use crate::objects::{find_commit, tree_of};
use crate::{CommitId, Error, Link, Merger, TreeId, Trunk, loose};
use bstr::BStr;
use gix::ObjectId;
use gix::objs::tree::EntryRef;
use std::collections::{BTreeSet, HashMap};
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
        let kept = BTreeSet::from([objects.tree(onto)?.0, objects.tree(change)?.0]);
        let mut ids = BTreeSet::new();
        collect_new(&objects.repo(), merged.0, &kept, &mut ids)?;
        self.own(ids)
    }

    /// Writes what a chain of merges in memory gave, as far as neither its start nor its changes have it: durable, and the
    /// trunk's own, when it returns.
    ///
    /// # Errors
    /// Failures, of which an object that is only half there never is the rest.
    pub fn own_link(&self, merger: &Merger, link: &Link) -> Result<(), Error> {
        let repo = &merger.reader().0;
        let head = |id: &ObjectId| Ok(tree_of(&find_commit(repo, CommitId(*id))?)?.0);
        let kept = link.heads().iter().map(head).collect::<Result<BTreeSet<_>, Error>>()?;
        let mut ids = BTreeSet::new();
        collect_new(repo, link.tree().0, &kept, &mut ids)?;
        loose::write_durably(&self.dir().join("objects"), repo, &ids)
    }

    /// Copies those of `ids` into the trunk that are not its own loose objects.
    pub(crate) fn own(&self, ids: BTreeSet<ObjectId>) -> Result<(), Error> {
        let objects = self.dir().join("objects");
        let borrowed: Vec<_> =
            ids.iter().filter(|id| !loose::place(&objects, **id).exists()).collect();
        if borrowed.is_empty() {
            return Ok(());
        }
        // The one command of git that writes what is there already.
        let list: String = borrowed.iter().map(|id| format!("{id}\n")).collect();
        let mut command = self.git();
        command.args(["pack-objects", "--quiet"]).arg(self.dir().join("objects/pack/pack"));
        succeed(&mut command, Some(list.as_bytes()), "copy what a merge gave").map(drop)
    }
}

/// The objects of `tree` that none of these trees, which others keep, has at the same place.
pub(crate) fn collect_new(
    repo: &gix::Repository,
    tree: ObjectId,
    kept: &BTreeSet<ObjectId>,
    ids: &mut BTreeSet<ObjectId>,
) -> Result<(), Error> {
    // What was met elsewhere has all that it reaches in `ids`, or in what is kept there.
    if kept.contains(&tree) || !ids.insert(tree) {
        return Ok(());
    }
    let read = |id: ObjectId| -> Result<Vec<u8>, Error> {
        let found = repo.find_tree(id).map_err(read_failed("read a merged tree"))?;
        Ok(found.detach().data)
    };
    let sides: Vec<Vec<u8>> = kept.iter().map(|id| read(*id)).collect::<Result<_, _>>()?;
    let mut there: HashMap<&BStr, BTreeSet<(bool, ObjectId)>> = HashMap::new();
    for side in &sides {
        for entry in entries(side, tree) {
            let entry = entry?;
            let known = there.entry(entry.filename).or_default();
            known.insert((entry.mode.is_tree(), entry.oid.to_owned()));
        }
    }
    for entry in entries(&read(tree)?, tree) {
        let entry = entry?;
        let there = there.get(entry.filename).into_iter().flatten();
        if entry.mode.is_commit() || there.clone().any(|(_, known)| *known == entry.oid) {
            continue;
        }
        if entry.mode.is_tree() {
            let below = there.filter(|(is_tree, _)| *is_tree).map(|(_, id)| *id).collect();
            collect_new(repo, entry.oid.to_owned(), &below, ids)?;
        } else {
            ids.insert(entry.oid.to_owned());
        }
    }
    Ok(())
}

fn entries(bytes: &[u8], tree: ObjectId) -> impl Iterator<Item = Result<EntryRef<'_>, Error>> {
    let all = gix::objs::TreeRefIter::from_bytes(bytes, tree.kind());
    all.map(|entry| entry.map_err(read_failed("read a merged tree")))
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
