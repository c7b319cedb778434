//! Merges in memory, one upon another: what a queue asks of hundreds of changes that wait.
//!
//! Nothing is written to the repository. What makes it fast: what one merge has read is at hand for the next; the
//! attributes of the trunk, for which its whole tree is listed, are read once and not for each merge; and most merges look
//! only at what the change touched. All others git itself makes, so that renames are git's, and a merge takes no longer
//! than git's.

mod bases;
mod by_git;
mod lines;
mod quick;

use crate::error::read_failed;
use crate::objects::find_commit;
use crate::{CommitId, Error, Merged, Objects, TreeId};
use bases::Bases;
use bstr::{BString, ByteSlice as _};

/// Merges in memory, for one thread.
pub struct Merger {
    repo: gix::Repository,
    /// The tree whose attributes are in use.
    attributes: Option<TreeId>,
    bases: Bases,
    blobs: gix::merge::blob::Platform,
    options: gix::merge::plumbing::tree::Options,
    merges: usize,
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

/// Trees and blobs of so many merges are kept in memory, some hundred bytes to some hundred kilobytes each, until the next
/// chain begins.
const KEPT_MERGES: usize = 4096;
/// Trees and commits that were read, in bytes: enough for those of a large repository.
const CACHE_BYTES: usize = 64 << 20;
const DOING: &str = "merge in memory";
const ATTRIBUTES: &[u8] = b".gitattributes";

impl Merger {
    /// Ready for the trunk as it stands.
    pub fn new(objects: &Objects) -> Result<Self, Error> {
        let mut repo = objects.repo().with_object_memory();
        repo.object_cache_size(CACHE_BYTES);
        let doing = || read_failed::<gix::Error>(DOING);
        let options = repo.tree_merge_options().map_err(doing())?.into();
        let blobs = repo.merge_resource_cache(Default::default()).map_err(doing())?;
        let bases = Bases::default();
        Ok(Self { repo, attributes: None, bases, blobs, options, merges: 0 })
    }

    /// Merges `changes` onto `onto`, one after another, each from where its history parts from all before it.
    ///
    /// # Errors
    /// `commit.unknown`; `merge.unrelated` when a change has no history in common with what it is merged onto.
    pub fn chain(&mut self, onto: CommitId, changes: &[CommitId]) -> Result<Chained, Error> {
        if self.merges >= KEPT_MERGES {
            // A chain begins with what git holds: it needs nothing that earlier ones made.
            self.merges = 0;
            let _ = self.repo.objects.reset_object_memory();
        }
        let tree = TreeId(self.tree_of(onto)?);
        self.follow(tree)?;
        self.bases.follow(&self.repo, onto.0)?;
        let bases = std::mem::take(&mut self.bases);
        let chained = self.go_on(&bases, onto, tree, changes);
        self.bases = bases;
        chained
    }

    fn go_on(
        &mut self,
        bases: &Bases,
        onto: CommitId,
        mut tree: TreeId,
        changes: &[CommitId],
    ) -> Result<Chained, Error> {
        let (mut before, mut heads) = (bases.before(), vec![onto.0]);
        for (at, change) in changes.iter().enumerate() {
            let shared = match before.base(&self.repo, change.0)? {
                Some(base) => vec![base],
                None => self.shared(*change, &heads)?,
            };
            let merged = match shared.as_slice() {
                [] => return Err(crate::merge::unrelated(onto, *change).into()),
                [base] => {
                    let theirs = TreeId(self.tree_of(*change)?);
                    let base = TreeId(self.tree_of(CommitId(*base))?);
                    self.trees(base, tree, theirs)?
                }
                // They crossed: what they share is a merge of its own.
                [..] => {
                    self.merges += 1;
                    let attributes = self.attributes;
                    by_git::onto_heads(&mut self.repo, attributes, tree.0, &heads, change.0)?
                }
            };
            match merged {
                Merged::Clean { tree: merged } => tree = merged,
                Merged::Conflict { paths } => return Ok(Chained::Conflict { at, paths }),
            }
            heads.push(change.0);
        }
        Ok(Chained::Clean { tree })
    }

    /// Merges two trees that were both made from `base`. A tree that came out of this merger can go in again, until a
    /// chain is merged.
    pub fn trees(&mut self, base: TreeId, ours: TreeId, theirs: TreeId) -> Result<Merged, Error> {
        if base == theirs || ours == theirs {
            return Ok(Merged::Clean { tree: ours });
        }
        self.merges += 1;
        if let Some(tree) = quick::trees(self, base.0, ours.0, theirs.0)? {
            return Ok(Merged::Clean { tree: TreeId(tree) });
        }
        by_git::trees(&mut self.repo, self.attributes, [base.0, ours.0, theirs.0])
    }

    /// The best commits which a change shares with all that it is merged onto.
    fn shared(
        &self,
        change: CommitId,
        before: &[gix::ObjectId],
    ) -> Result<Vec<gix::ObjectId>, Error> {
        let bases = self.repo.merge_bases_many(change.0, before);
        let bases = bases.map_err(read_failed("find where two histories part"))?;
        Ok(bases.into_iter().map(|id| id.detach()).collect())
    }

    fn tree_of(&self, commit: CommitId) -> Result<gix::ObjectId, Error> {
        let commit = find_commit(&self.repo, commit)?;
        Ok(commit.tree_id().map_err(read_failed(DOING))?.detach())
    }

    /// Goes on from another tip. Only a tip with other attributes costs anything.
    fn follow(&mut self, tip: TreeId) -> Result<(), Error> {
        let Some(before) = self.attributes.replace(tip) else { return Ok(()) };
        if before != tip && self.attributes_differ(before, tip)? {
            let fresh = self.repo.merge_resource_cache(Default::default());
            self.blobs = fresh.map_err(read_failed(DOING))?;
        }
        Ok(())
    }

    fn attributes_differ(&self, one: TreeId, other: TreeId) -> Result<bool, Error> {
        let doing = || read_failed::<gix::Error>("compare attributes");
        let one = self.repo.find_tree(one.0).map_err(doing())?;
        let other = self.repo.find_tree(other.0).map_err(doing())?;
        let mut changes = one.changes().map_err(doing())?;
        changes.options(|options| {
            options.track_rewrites(None);
        });
        let mut differ = false;
        let walked = changes.for_each_to_obtain_tree(&other, |change| {
            let name = change
                .location()
                .rsplit_once_str("/")
                .map_or(change.location(), |it| it.1.as_bstr());
            differ |= name == ATTRIBUTES;
            Ok(std::ops::ControlFlow::Continue(()))
        });
        walked.map_err(read_failed("compare attributes"))?;
        Ok(differ)
    }
}
