//! All that touches git: where the user's repository is, what it says, what a merge would give, and
//! the few acts that change Weir's own trunk beside it.
//!
//! Promises: (1) the user's index, work tree, branches, tracked files and configuration are never
//! touched; one ref under `refs/weir/` keeps what we borrow; (2) a trunk moves only by
//! compare-and-swap, to a commit whose tree is exactly the tree that was tested; (3) a push lies in
//! quarantine until somebody accepts it, and leaves nothing behind if nobody does; (4) nothing that a
//! repository holds (hooks, filters, drivers, configuration) is ever executed.
//! How: gix reads, and makes plain merges in memory; `git` itself, in a hardened environment, merges the
//! rest, writes all but what was merged in memory, serves and lands. Each such place says why.
//! Deliberately absent: policy. Facts come out of here, and decisions are carried out.

mod added;
mod body;
mod chain;
mod changes;
mod checkout;
mod commit;
mod covered;
mod diff;
mod error;
mod files;
mod git;
mod id;
mod loose;
mod merge;
mod mirror;
mod objects;
mod pkt;
mod push;
mod quarantine;
mod refs;
mod source;
mod trunk;
mod upkeep;
mod upload;
mod weigh;
mod worktree;

pub use added::{Added, AddedLine, added_numbers};
pub use body::Body;
pub use chain::{Chained, Link, Linked, Merger};
pub use changes::{ChangedPath, Changes, Kind, Mode, Side};
pub use checkout::Checkout;
pub use commit::{Commit, Draft, Person, Signature};
pub use error::Error;
pub use files::{
    Edited, Edits, Events, Files, Glance, Marks, Stance, Told, Unwatched, base_of, blob_of,
};
pub use git::{GIT_OLDEST, git_version};
pub use id::{BlobId, CommitId, TreeId};
pub use merge::{Merged, Written};
pub use mirror::Mirror;
pub use objects::{Blob, Commits, Entry, Objects, Reader};
pub use push::{Decision, Push, RefUpdate};
pub use quarantine::{Quarantine, hear_out};
pub use refs::{Created, Landed};
pub use source::{Branch, Head, Source, inspect, user_name};
pub use trunk::Trunk;
pub use worktree::{Remote, Worktree, WorktreeSpec};

pub use bstr::{BStr, BString};
