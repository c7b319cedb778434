//! Merging, by git itself: its merge is the one that every user of git knows, and the one that they would get by hand.
//! [`crate::Merger`] merges many changes in memory; `tests/merge.rs` holds the two against each other.

use crate::error::read_failed;
use crate::git::{output, printed_id, said, succeed};
use crate::objects::{find_commit, tree_of};
use crate::{CommitId, Draft, Error, TreeId, Trunk};
use bstr::BString;
use std::collections::BTreeSet;
use std::process::Command;
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

/// What `git merge-tree` says. In a bare repository it would see no attributes at all: those of the tree `attributes`
/// say what may be merged line by line.
pub(crate) fn by_merge_tree(
    mut command: Command,
    attributes: &str,
    ours: CommitId,
    theirs: CommitId,
) -> Result<Merged, Error> {
    let doing = "merge a change";
    command.env("GIT_ATTR_SOURCE", attributes);
    command.args(["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"]);
    command.args([ours.to_string(), theirs.to_string()]);
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
        by_merge_tree(self.git(), &onto.to_string(), onto, change)
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
