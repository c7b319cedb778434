//! Where changes part from the trunk, for many changes and one trunk.
//!
//! Most changes are a few commits in a row on a commit of the trunk. Then the first of their commits that the trunk
//! contains is the only best one, and to know what the trunk contains, its latest commits are walked once.

use crate::objects::find_commit;
use crate::{CommitId, Error};
use gix::ObjectId;
use std::collections::HashSet;

/// How far back the trunk is known: changes that began before that are looked up after the book.
const LATEST: usize = 8192;

/// The latest commits of a trunk.
#[derive(Default)]
pub(super) struct Bases {
    tip: Option<ObjectId>,
    contained: HashSet<ObjectId>,
}

/// What the changes of one chain brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Brought {
    commits: Vec<ObjectId>,
    /// All of them are known.
    is_whole: bool,
}

impl Brought {
    /// Nothing has been merged yet.
    pub(super) fn nothing() -> Self {
        Self { commits: Vec::new(), is_whole: true }
    }
}

impl Bases {
    /// Goes on to another tip.
    pub(super) fn follow(&mut self, repo: &gix::Repository, tip: ObjectId) -> Result<(), Error> {
        let Some(before) = self.tip.replace(tip) else { return self.walk(repo, tip).map(drop) };
        if before == tip || self.walk(repo, tip)?.contains(&before) {
            return Ok(());
        }
        // It does not go on from there: some of what we know may not be part of it.
        self.contained.clear();
        self.walk(repo, tip).map(drop)
    }

    /// Takes in what is new at `tip`; gives the known commits on which that was made.
    fn walk(&mut self, repo: &gix::Repository, tip: ObjectId) -> Result<HashSet<ObjectId>, Error> {
        let mut met = HashSet::new();
        let mut left = std::collections::VecDeque::from([tip]);
        let mut taken = 0;
        while let Some(id) = left.pop_front() {
            if self.contained.contains(&id) {
                met.insert(id);
                continue;
            }
            if taken == LATEST {
                break;
            }
            taken += 1;
            let commit = find_commit(repo, CommitId(id))?;
            left.extend(commit.parent_ids().map(|parent| parent.detach()));
            self.contained.insert(id);
        }
        Ok(met)
    }

    /// The best commit that a change shares with the trunk and all that was brought, and takes the change in; `None` if
    /// that must be looked up after the book.
    pub(super) fn base(
        &self,
        repo: &gix::Repository,
        brought: &mut Brought,
        change: ObjectId,
    ) -> Result<Option<ObjectId>, Error> {
        let (mut at, mut row) = (change, Vec::new());
        while brought.is_whole && row.len() < LATEST {
            if self.contained.contains(&at) || brought.commits.contains(&at) {
                brought.commits.extend(row);
                return Ok(Some(at));
            }
            row.push(at);
            let commit = find_commit(repo, CommitId(at))?;
            let mut parents = commit.parent_ids();
            match (parents.next(), parents.next()) {
                (Some(parent), None) => at = parent.detach(),
                _ => break,
            }
        }
        brought.is_whole = false;
        Ok(None)
    }
}
