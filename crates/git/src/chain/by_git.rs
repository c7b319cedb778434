//! What only git itself should merge: renames, conflicts, histories that crossed, files of very many lines.
//!
//! Git finds renames by the fingerprints of files. Doing it line by line, for each file that went beside each that came,
//! takes minutes where a folder of some hundred files moved, and could tell otherwise than git. So one git is asked for
//! the whole merge. It works in a folder of objects of its own, which borrows the repository's: what was merged in memory
//! before is lent to it there, what it makes is taken into memory, and nothing is written to the repository.

use super::DOING;
use crate::error::{io_failed, read_failed};
use crate::git::git;
use crate::merge::by_merge_tree;
use crate::trunk::lend_objects;
use crate::{CommitId, Error, Merged, loose};
use flate2::read::ZlibDecoder;
use gix::ObjectId;
use gix::objs::{Kind, Write as _};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::PathBuf;
use tempfile::TempDir;

/// Merges `theirs` onto a tree that was made of the commits `heads`.
pub(super) fn onto_heads(
    repo: &mut gix::Repository,
    ours: ObjectId,
    heads: &[ObjectId],
    theirs: ObjectId,
) -> Result<Merged, Error> {
    let mut place = Place::new(repo)?;
    place.lend(repo, &[ours])?;
    let commit = place.commit(ours, heads)?;
    place.merge(repo, ours, commit, theirs)
}

/// Merges two trees that were both made from `base`.
pub(super) fn trees(
    repo: &mut gix::Repository,
    [base, ours, theirs]: [ObjectId; 3],
) -> Result<Merged, Error> {
    let mut place = Place::new(repo)?;
    place.lend(repo, &[base, ours, theirs])?;
    let base = place.commit(base, &[])?;
    let (mine, theirs) = (place.commit(ours, &[base])?, place.commit(theirs, &[base])?);
    place.merge(repo, ours, mine, theirs)
}

/// A folder of objects for one merge.
struct Place {
    dir: TempDir,
    git_dir: PathBuf,
    /// What we wrote: all else that lies there afterwards is new.
    lent: HashSet<ObjectId>,
}

impl Place {
    fn new(repo: &gix::Repository) -> Result<Self, Error> {
        let dir = tempfile::tempdir().map_err(io_failed("make a folder for a merge"))?;
        let git_dir = repo.git_dir();
        let git_dir = fs::canonicalize(git_dir).map_err(io_failed(DOING))?;
        lend_objects(dir.path(), &git_dir)?;
        Ok(Self { dir, git_dir, lent: HashSet::new() })
    }

    /// Writes what of these trees is in memory only.
    fn lend(&mut self, repo: &mut gix::Repository, trees: &[ObjectId]) -> Result<(), Error> {
        let Some(memory) = repo.objects.take_object_memory() else { return Ok(()) };
        let mut left = trees.to_vec();
        let mut lend = || {
            while let Some(id) = left.pop() {
                let Some((kind, bytes)) = memory.get(&id) else { continue };
                if !self.put(id, *kind, bytes)? || *kind != Kind::Tree {
                    continue;
                }
                for entry in gix::objs::TreeRefIter::from_bytes(bytes, id.kind()) {
                    left.push(entry.map_err(read_failed(DOING))?.oid.to_owned());
                }
            }
            Ok(())
        };
        let lent = lend();
        repo.objects.set_object_memory(memory);
        lent
    }

    /// A commit that says no more than where its tree came from.
    fn commit(&mut self, tree: ObjectId, parents: &[ObjectId]) -> Result<ObjectId, Error> {
        let mut text = format!("tree {tree}\n");
        for parent in parents {
            text.push_str(&format!("parent {parent}\n"));
        }
        text.push_str("author weir <> 0 +0000\ncommitter weir <> 0 +0000\n\nmerged in memory\n");
        let id = gix::objs::compute_hash(tree.kind(), Kind::Commit, text.as_bytes());
        let id = id.map_err(read_failed(DOING))?;
        self.put(id, Kind::Commit, text.as_bytes())?;
        Ok(id)
    }

    /// Writes an object as git keeps one; says whether it was not there yet.
    fn put(&mut self, id: ObjectId, kind: Kind, bytes: &[u8]) -> Result<bool, Error> {
        if !self.lent.insert(id) {
            return Ok(false);
        }
        let objects = self.dir.path().join("objects");
        loose::write(&objects, id, kind, bytes).map_err(io_failed("lend an object to git"))?;
        Ok(true)
    }

    /// Merges two commits, by the attributes of a tree.
    fn merge(
        self,
        repo: &gix::Repository,
        attributes: ObjectId,
        ours: ObjectId,
        theirs: ObjectId,
    ) -> Result<Merged, Error> {
        let mut command = git(&self.git_dir);
        command.env("GIT_OBJECT_DIRECTORY", self.dir.path().join("objects"));
        let attributes = attributes.to_string();
        let merged = by_merge_tree(command, &attributes, CommitId(ours), CommitId(theirs))?;
        if let Merged::Clean { .. } = merged {
            self.take(repo)?;
        }
        Ok(merged)
    }

    /// Takes what git made into memory.
    fn take(&self, repo: &gix::Repository) -> Result<(), Error> {
        let doing = || io_failed("take what git merged");
        for folder in fs::read_dir(self.dir.path().join("objects")).map_err(doing())? {
            let folder = folder.map_err(doing())?;
            let start = folder.file_name();
            let Some(start) = start.to_str().filter(|name| name.len() == 2) else { continue };
            for file in fs::read_dir(folder.path()).map_err(doing())? {
                let file = file.map_err(doing())?;
                let name = file.file_name();
                let id = name
                    .to_str()
                    .map(|rest| ObjectId::from_hex(format!("{start}{rest}").as_bytes()));
                let Some(Ok(id)) = id else { continue };
                if !self.lent.contains(&id) {
                    let packed = File::open(file.path()).map_err(doing())?;
                    let mut spelt = Vec::new();
                    ZlibDecoder::new(packed).read_to_end(&mut spelt).map_err(doing())?;
                    keep(repo, &spelt)?;
                }
            }
        }
        Ok(())
    }
}

/// Keeps an object that is spelt as git does it: its kind, its length, a zero, its bytes.
fn keep(repo: &gix::Repository, spelt: &[u8]) -> Result<(), Error> {
    let zero = spelt.iter().position(|byte| *byte == 0).unwrap_or(spelt.len());
    let (head, rest) = spelt.split_at(zero);
    let kind = head.split(|byte| *byte == b' ').next().unwrap_or_default();
    let kind = Kind::from_bytes(kind).map_err(read_failed(DOING))?;
    let bytes = rest.get(1..).unwrap_or_default();
    repo.write_buf(kind, bytes).map(drop).map_err(read_failed(DOING))
}
