//! Merges in memory, one upon another: what a queue asks of hundreds of changes that wait.
//!
//! Nothing is written to the repository until somebody asks for what a chain came to ([`crate::Trunk::own_link`]). What
//! makes it fast: what one merge has read is at hand for the next; the attributes of the trunk, for which its whole tree is
//! listed, are read once and not for each merge; and most merges look only at what the change touched. All others git
//! itself makes, so that renames are git's, and a merge takes no longer than git's.

mod attributes;
mod bases;
mod by_git;
mod lines;
mod quick;

use crate::error::read_failed;
use crate::objects::find_commit;
use crate::{CommitId, Error, Merged, Objects, Reader, TreeId};
use attributes::Attributes;
use bases::{Bases, Brought};
use bstr::BString;
use gix::ObjectId;

/// Merges in memory, for one thread.
pub struct Merger {
    reader: Reader,
    attributes: Attributes,
    bases: Bases,
    merges: usize,
}

/// A link of a chain: what changes gave that were merged onto a commit one after another, and what the next is merged onto.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    tree: TreeId,
    /// The commit that the chain begins on, and each change.
    heads: Vec<ObjectId>,
    brought: Brought,
}

/// What one more change comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linked {
    /// The next link.
    Clean(Link),
    /// It does not merge onto those before it.
    Conflict {
        /// The paths where, sorted.
        paths: Vec<BString>,
    },
}

/// What changes give that are merged onto a commit, one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chained {
    /// One tree, which contains all.
    Clean {
        /// The tree.
        tree: TreeId,
    },
    /// One of them does not merge onto those before it.
    Conflict {
        /// Which, counted from 0.
        at: usize,
        /// The paths where, sorted.
        paths: Vec<BString>,
    },
}

/// Trees and blobs of so many merges are kept in memory, some hundred bytes to some hundred kilobytes each.
const KEPT_MERGES: usize = 4096;
const KEPT_OBJECTS: usize = 32_768;
/// Trees and commits that were read, in bytes: enough for those of a large repository.
const CACHE_BYTES: usize = 64 << 20;
const DOING: &str = "merge in memory";

impl Link {
    /// What all changes up to here give.
    pub fn tree(&self) -> TreeId {
        self.tree
    }

    /// The commit that the chain begins on, and each change.
    pub(crate) fn heads(&self) -> &[ObjectId] {
        &self.heads
    }
}

impl Merger {
    /// Ready for any commit of the trunk.
    pub fn new(objects: &Objects) -> Self {
        let mut repo = objects.repo().with_object_memory();
        repo.object_cache_size(CACHE_BYTES);
        let (attributes, bases) = (Attributes::default(), Bases::default());
        Self { reader: Reader(repo), attributes, bases, merges: 0 }
    }

    /// Reads what the trunk has, and what was merged here.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Whether so much was merged that it is time to [`Merger::begin`] anew.
    pub fn is_full(&self) -> bool {
        let objects = self.reader.0.objects.num_objects_in_memory();
        self.merges >= KEPT_MERGES || objects >= KEPT_OBJECTS
    }

    /// Begins a chain: `onto` as it is. If the merger is full, all links that it made before are gone with their trees.
    ///
    /// # Errors
    /// `commit.unknown`.
    pub fn begin(&mut self, onto: CommitId) -> Result<Link, Error> {
        if self.is_full() {
            self.merges = 0;
            self.attributes = Attributes::default();
            // A chain begins with what git holds: it needs nothing that earlier ones made.
            let _ = self.reader.0.objects.reset_object_memory();
        }
        let tree = TreeId(self.tree_of(onto)?);
        Ok(Link { tree, heads: vec![onto.0], brought: Brought::nothing() })
    }

    /// Merges one more change, from where its history parts from all before it.
    ///
    /// # Errors
    /// `commit.unknown`; `merge.unrelated` when it has no history in common with what it is merged onto.
    pub fn go_on(&mut self, link: &Link, change: CommitId) -> Result<Linked, Error> {
        let Link { tree, heads, brought } = link;
        let onto = heads.first().copied().unwrap_or(change.0);
        self.bases.follow(&self.reader.0, onto)?;
        let mut brought = brought.clone();
        let shared = match self.bases.base(&self.reader.0, &mut brought, change.0)? {
            Some(base) => vec![base],
            None => self.shared(change, heads)?,
        };
        let merged = match shared.as_slice() {
            [] => return Err(crate::merge::unrelated(CommitId(onto), change).into()),
            [base] => {
                let theirs = TreeId(self.tree_of(change)?);
                let base = TreeId(self.tree_of(CommitId(*base))?);
                self.trees(base, *tree, theirs)?
            }
            // They crossed: what they share is a merge of its own.
            [..] => {
                self.merges += 1;
                by_git::onto_heads(&mut self.reader.0, tree.0, heads, change.0)?
            }
        };
        Ok(match merged {
            Merged::Conflict { paths } => Linked::Conflict { paths },
            Merged::Clean { tree } => {
                let mut heads = heads.clone();
                if !heads.contains(&change.0) {
                    heads.push(change.0);
                }
                Linked::Clean(Link { tree, heads, brought })
            }
        })
    }

    /// Merges `changes` onto `onto`, one after another.
    ///
    /// # Errors
    /// As [`Merger::go_on`].
    pub fn chain(&mut self, onto: CommitId, changes: &[CommitId]) -> Result<Chained, Error> {
        let mut link = self.begin(onto)?;
        for (at, change) in changes.iter().enumerate() {
            match self.go_on(&link, *change)? {
                Linked::Clean(next) => link = next,
                Linked::Conflict { paths } => return Ok(Chained::Conflict { at, paths }),
            }
        }
        Ok(Chained::Clean { tree: link.tree })
    }

    /// Merges two trees that were both made from `base`. A tree that came out of this merger can go in again, until a
    /// chain is begun.
    ///
    /// # Errors
    /// Failures.
    pub fn trees(&mut self, base: TreeId, ours: TreeId, theirs: TreeId) -> Result<Merged, Error> {
        if base == theirs || ours == theirs {
            return Ok(Merged::Clean { tree: ours });
        }
        self.merges += 1;
        if let Some(tree) = quick::trees(self, base.0, ours.0, theirs.0)? {
            return Ok(Merged::Clean { tree: TreeId(tree) });
        }
        by_git::trees(&mut self.reader.0, [base.0, ours.0, theirs.0])
    }

    /// The best commits which a change shares with all that it is merged onto.
    fn shared(&self, change: CommitId, before: &[ObjectId]) -> Result<Vec<ObjectId>, Error> {
        let bases = self.reader.0.merge_bases_many(change.0, before);
        let bases = bases.map_err(read_failed("find where two histories part"))?;
        Ok(bases.into_iter().map(|id| id.detach()).collect())
    }

    fn tree_of(&self, commit: CommitId) -> Result<ObjectId, Error> {
        let commit = find_commit(&self.reader.0, commit)?;
        Ok(commit.tree_id().map_err(read_failed(DOING))?.detach())
    }
}
