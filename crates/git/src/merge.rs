//! Merging: predicted in memory by gix, written by git.
//!
//! A prediction writes nothing and serves whoever asks "would this conflict, and with what". What
//! lands is decided by `git merge-tree` alone: its merge is the one that every user of git knows, and
//! the one that they would get by hand. `tests/merge.rs` holds the two against each other: they agree
//! wherever one diff is right. Where lines repeat, so that more than one is, or where both sides write
//! the same and one makes it executable, a prediction may see a conflict that git does not. So a
//! predicted conflict is a reason to ask [`Trunk::merge`], never a reason to refuse.

use crate::error::read_failed;
use crate::git::{output, printed_id, said, succeed};
use crate::objects::{find_commit, tree_of};
use crate::{CommitId, Draft, Error, Objects, TreeId, Trunk};
use bstr::BString;
use gix::merge::blob::builtin_driver::text::Labels;
use gix::merge::tree::TreatAsUnresolved;
use std::collections::BTreeSet;
use weir_model::Refusal;

/// What a merge gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// One tree, which contains both.
    Clean {
        /// The tree.
        tree: TreeId,
    },
    /// Somebody has to choose.
    Conflict {
        /// The paths where, sorted.
        paths: Vec<BString>,
    },
}

/// A merge that was written, if it was clean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// A merge commit.
    Commit {
        /// The commit: durable, named by no ref yet.
        commit: CommitId,
        /// Its tree: what is to be tested, and what lands.
        tree: TreeId,
    },
    /// Somebody has to choose; nothing was written that counts.
    Conflict {
        /// The paths where, sorted.
        paths: Vec<BString>,
    },
}

impl Objects {
    /// What merging `change` onto `onto` would give, computed in memory: nothing is written.
    ///
    /// Attributes (`merge=union` and the like) are taken from the trunk's tip. No merge driver
    /// runs that a tree names: only Weir's own folder could define one, and it does not.
    ///
    /// # Errors
    /// `commit.unknown`; `merge.unrelated` when the histories have nothing in common.
    pub fn predict_merge(&self, onto: CommitId, change: CommitId) -> Result<Merged, Error> {
        if self.merge_base(onto, change)?.is_none() {
            return Err(unrelated(onto, change).into());
        }
        let repo = self.repo().with_object_memory();
        let doing = || read_failed::<gix::Error>("merge in memory");
        let options = repo.tree_merge_options().map_err(doing())?;
        let outcome = repo
            .merge_commits(onto.0, change.0, Labels::default(), options.into())
            .map_err(doing())?;
        let mut merge = outcome.tree_merge;
        let unresolved = TreatAsUnresolved::git();
        if merge.has_unresolved_conflicts(unresolved) {
            let conflicts = merge.conflicts.iter().filter(|found| found.is_unresolved(unresolved));
            let both = conflicts.flat_map(|found| [found.ours.location(), found.theirs.location()]);
            let mut paths: Vec<BString> = both.map(ToOwned::to_owned).collect();
            paths.sort();
            paths.dedup();
            return Ok(Merged::Conflict { paths });
        }
        let tree = merge.tree.write().map_err(doing())?;
        Ok(Merged::Clean { tree: TreeId(tree.detach()) })
    }
}

impl Trunk {
    /// What merging `change` onto `onto` gives, by git itself. The trees and blobs that are new are
    /// written; no commit is.
    ///
    /// # Errors
    /// `commit.unknown`; `merge.unrelated` when the histories have nothing in common.
    pub fn merge(&self, onto: CommitId, change: CommitId) -> Result<Merged, Error> {
        let objects = self.objects();
        if objects.merge_base(onto, change)?.is_none() {
            return Err(unrelated(onto, change).into());
        }
        let doing = "merge a change";
        let mut command = self.git();
        // In a bare repository git would see no attributes at all; those of the tree merged onto say
        // what may be merged line by line.
        command.env("GIT_ATTR_SOURCE", onto.to_string());
        command.args(["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"]);
        command.args([onto.to_string(), change.to_string()]);
        let done = output(&mut command, None, doing)?;
        match done.status.code() {
            Some(0) => Ok(Merged::Clean { tree: TreeId(printed_id(&done.stdout, doing)?) }),
            Some(1) => {
                let names = done.stdout.split(|byte| *byte == 0).skip(1);
                let mut paths: Vec<BString> =
                    names.filter(|name| !name.is_empty()).map(BString::from).collect();
                paths.sort();
                paths.dedup();
                Ok(Merged::Conflict { paths })
            }
            Some(_) | None => Err(said(doing, &done.stderr)),
        }
    }

    /// Merges `change` onto `onto` and writes the commit, named by no ref: [`Trunk::land`] lands it.
    /// Asking again with the same draft gives the same commit.
    ///
    /// # Errors
    /// As [`Trunk::merge`].
    pub fn write_merge(
        &self,
        onto: CommitId,
        change: CommitId,
        draft: &Draft,
    ) -> Result<Written, Error> {
        self.write_merge_as(onto, change, &[onto, change], draft)
    }

    /// Merges `change` onto `onto`, and writes a commit with other parents than these two. Several changes that are
    /// merged one after another become one commit in this way: its parents are the tip and each change, and
    /// nothing on the trunk tells of the merges in between, which nobody tested.
    ///
    /// # Errors
    /// As [`Trunk::merge`].
    pub fn write_merge_as(
        &self,
        onto: CommitId,
        change: CommitId,
        parents: &[CommitId],
        draft: &Draft,
    ) -> Result<Written, Error> {
        match self.merge(onto, change)? {
            Merged::Conflict { paths } => Ok(Written::Conflict { paths }),
            Merged::Clean { tree } => {
                self.own_merge(tree, [onto, change])?;
                let commit = self.write_commit(tree, parents, draft)?;
                Ok(Written::Commit { commit, tree })
            }
        }
    }

    /// Writes a commit of `tree`. Git stores the bytes that we spell: it checks them as it would a
    /// pushed commit, and makes them durable, which gix does not.
    pub fn write_commit(
        &self,
        tree: TreeId,
        parents: &[CommitId],
        draft: &Draft,
    ) -> Result<CommitId, Error> {
        let doing = "write a commit";
        let mut command = self.git();
        command.args(["hash-object", "-t", "commit", "-w", "--stdin"]);
        let printed = succeed(&mut command, Some(&draft.spell(tree, parents)), doing)?;
        let commit = CommitId(printed_id(&printed, doing)?);
        // Two witnesses: what was written is what was meant.
        self.own(BTreeSet::from([commit.0]))?;
        let written = tree_of(&find_commit(&self.objects().repo(), commit)?)?;
        if written != tree {
            let told = format!("`{commit}` holds `{written}` and should hold `{tree}`");
            return Err(read_failed(doing)(told));
        }
        Ok(commit)
    }
}

pub(crate) fn unrelated(onto: CommitId, change: CommitId) -> Refusal {
    let sentence = format!("`{change:.10}` and `{onto:.10}` have no history in common");
    Refusal::new("merge.unrelated", sentence)
        .hint("start from the trunk: `git fetch weir`, then rebase onto it")
}
