//! Merges one upon another, of which only the last becomes a commit that lasts.

use crate::error::read_failed;
use crate::{CommitId, Draft, Error, Merged, Person, Signature, TreeId, Trunk};
use gix::objs::Write as _;
use weir_model::Timestamp;

impl Trunk {
    /// Merges `change` onto `onto`, the tip or what [`Trunk::hold`] gave. What comes out is the trunk's own.
    ///
    /// # Errors
    /// As [`Trunk::merge`].
    pub fn merge_upon(&self, onto: CommitId, change: CommitId) -> Result<Merged, Error> {
        let merged = self.merge(onto, change)?;
        if let Merged::Clean { tree } = &merged {
            self.own_merge(*tree, [onto, change])?;
        }
        Ok(merged)
    }

    /// A commit to merge onto, which no ref names and no fsync keeps: it tells git what is in a tree. No process is
    /// started for it.
    ///
    /// # Errors
    /// Failures.
    pub fn hold(&self, tree: TreeId, parents: &[CommitId]) -> Result<CommitId, Error> {
        let person = Person { name: "Weir".into(), email: "weir@localhost".into() };
        let weir = Signature { person, at: Timestamp::default() };
        let draft = Draft { message: "held".into(), author: weir.clone(), committer: weir };
        let written =
            self.objects().repo().write_buf(gix::objs::Kind::Commit, &draft.spell(tree, parents));
        Ok(CommitId(written.map_err(read_failed("write a merge to go on from"))?))
    }
}
