//! Reading objects: commits, files and trees, of the trunk and of a push in quarantine alike.

use crate::error::read_failed;
use crate::{BlobId, Commit, CommitId, Error, Mode, TreeId};
use bstr::{BStr, BString, ByteSlice as _};
use gix::sec::Trust;
use std::path::Path;
use weir_model::Refusal;

/// Objects to be read. Cheap to clone, and safe to share between threads.
#[derive(Clone)]
pub struct Objects(gix::ThreadSafeRepository);

/// Reads many objects one after another, for one thread: what was unfolded for one is at hand for the next.
pub struct Reader(pub(crate) gix::Repository);

impl Reader {
    /// The content of a blob, unless it is larger than `max_bytes`.
    ///
    /// # Errors
    /// When it is not here or cannot be read.
    pub fn blob(&self, id: BlobId, max_bytes: u64) -> Result<Blob, Error> {
        read_blob(&self.0, id, max_bytes)
    }

    /// The file at `path` in a tree: `None` when there is none, or when it is a folder, a link or a submodule.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn file(&self, tree: TreeId, path: &BStr, max_bytes: u64) -> Result<Option<Blob>, Error> {
        let doing = || read_failed::<gix::Error>(format!("find `{path}`"));
        let tree = self.0.find_tree(tree.0).map_err(doing())?;
        let found = tree.lookup_entry(path.split_str("/")).map_err(doing())?;
        let file = found.filter(|entry| entry.mode().is_blob());
        file.map(|entry| read_blob(&self.0, BlobId(entry.object_id()), max_bytes)).transpose()
    }

    /// What lies in the root folder of a tree, in git's order.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn root(&self, tree: TreeId) -> Result<Vec<Entry>, Error> {
        let doing = || read_failed::<gix::Error>("read the root folder");
        entries(&self.0.find_tree(tree.0).map_err(doing())?, doing)
    }
}

/// The content of a file, if it is not too large to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blob {
    /// All of it.
    Whole(Vec<u8>),
    /// More than the caller wants: it was not loaded.
    TooLarge {
        /// How large it is, in bytes.
        size: u64,
    },
}

/// An entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, in whatever bytes git keeps.
    pub name: BString,
    /// What it is.
    pub mode: Mode,
    /// Its content, or where a link leads; `None` for a folder and a submodule.
    pub blob: Option<BlobId>,
}

/// Some commits, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commits {
    /// As many as were asked for, at most.
    pub commits: Vec<Commit>,
    /// Whether there are more.
    pub more: bool,
}

/// How many packs a repository may have before some of them cannot be seen: each push leaves one, and
/// we join them now and then. One costs some hundred bytes of memory.
const PACKS_MAX: u16 = 8192;

impl Objects {
    /// Opens the git directory at `dir` and reads nobody's configuration but its own.
    pub(crate) fn open(dir: &Path) -> Result<Self, Error> {
        let options = gix::open::Options::isolated()
            .with(Trust::Full)
            .open_path_as_is(true)
            .object_store_slots(gix::odb::store::init::Slots::Given(PACKS_MAX));
        let opened = options.open(dir);
        opened.map(Self).map_err(read_failed(format!("open `{}`", dir.display())))
    }

    pub(crate) fn repo(&self) -> gix::Repository {
        let mut repo = self.0.to_thread_local();
        // Trees are read again and again while paths are looked up and compared.
        repo.object_cache_size_if_unset(4 << 20);
        repo
    }

    /// To read many objects with.
    pub fn reader(&self) -> Reader {
        Reader(self.repo())
    }

    /// What the commit `id` says.
    ///
    /// # Errors
    /// `commit.unknown` when it is not here or is no commit.
    pub fn commit(&self, id: CommitId) -> Result<Commit, Error> {
        Commit::read(&find_commit(&self.repo(), id)?)
    }

    /// The one commit whose name starts with `prefix`, 4 to 40 hexadecimal digits.
    ///
    /// # Errors
    /// `commit.unknown` and `commit.ambiguous`.
    pub fn commit_by_prefix(&self, prefix: &str) -> Result<CommitId, Error> {
        let repo = self.repo();
        let unknown = || Refusal::new("commit.unknown", format!("there is no commit `{prefix}`"));
        let parsed = gix::hash::Prefix::from_hex_nonempty(prefix).map_err(|_| unknown())?;
        let mut candidates = std::collections::HashSet::new();
        let looked_up = repo.objects.lookup_prefix(parsed, Some(&mut candidates));
        looked_up.map_err(read_failed("look up a commit"))?;
        let is_commit = |id: &gix::ObjectId| {
            repo.find_header(*id).is_ok_and(|header| header.kind() == gix::objs::Kind::Commit)
        };
        let mut commits = candidates.into_iter().filter(is_commit);
        match (commits.next(), commits.next()) {
            (Some(id), None) => Ok(CommitId(id)),
            (None, _) => Err(unknown().into()),
            (Some(_), Some(_)) => {
                let sentence = format!("more than one commit starts with `{prefix}`");
                Err(Refusal::new("commit.ambiguous", sentence).hint("give more digits").into())
            }
        }
    }

    /// The tree of a commit: its whole content, by hash.
    pub fn tree(&self, id: CommitId) -> Result<TreeId, Error> {
        tree_of(&find_commit(&self.repo(), id)?)
    }

    /// The best commit that both descend from; `None` when their histories have nothing in common.
    pub fn merge_base(&self, one: CommitId, other: CommitId) -> Result<Option<CommitId>, Error> {
        let repo = self.repo();
        let (one, other) = (find_commit(&repo, one)?.id, find_commit(&repo, other)?.id);
        let doing = "find where two histories part";
        let bases = repo.merge_bases_many(one, &[other]).map_err(read_failed(doing))?;
        Ok(bases.first().map(|base| CommitId(base.detach())))
    }

    /// Whether `descendant` contains `ancestor`; a commit contains itself.
    pub fn contains(&self, descendant: CommitId, ancestor: CommitId) -> Result<bool, Error> {
        Ok(self.merge_base(descendant, ancestor)? == Some(ancestor))
    }

    /// The commits that `head` has and `base` has not, newest first, at most `max`.
    pub fn commits(
        &self,
        base: Option<CommitId>,
        head: CommitId,
        max: usize,
    ) -> Result<Commits, Error> {
        let repo = self.repo();
        find_commit(&repo, head)?;
        let doing = || read_failed::<gix::Error>("list commits");
        let walk = repo
            .rev_walk([head.0])
            .with_hidden(base.map(|base| base.0))
            .sorting(gix::revision::walk::Sorting::ByCommitTime(Default::default()));
        let mut commits = Vec::new();
        for found in walk.all().map_err(doing())? {
            let found = found.map_err(read_failed("list commits"))?;
            if commits.len() == max {
                return Ok(Commits { commits, more: true });
            }
            let commit = find_commit(&repo, CommitId(found.id))?;
            commits.push(Commit::read(&commit)?);
        }
        Ok(Commits { commits, more: false })
    }

    /// How large a blob is, in bytes, without loading it.
    pub fn blob_size(&self, id: BlobId) -> Result<u64, Error> {
        blob_size(&self.repo(), id)
    }

    /// The content of a blob, unless it is larger than `max_bytes`.
    pub fn blob(&self, id: BlobId, max_bytes: u64) -> Result<Blob, Error> {
        read_blob(&self.repo(), id, max_bytes)
    }

    /// The file at `path` in the revision `id`: `None` when there is none, or when it is a folder, a
    /// link or a submodule.
    pub fn file(&self, id: CommitId, path: &BStr, max_bytes: u64) -> Result<Option<Blob>, Error> {
        self.reader().file(self.tree(id)?, path, max_bytes)
    }

    /// What lies in the folder at `path` in the revision `id`, in git's order; nothing when there is no such folder.
    pub fn folder(&self, id: CommitId, path: &BStr) -> Result<Vec<Entry>, Error> {
        let repo = self.repo();
        let doing = || read_failed::<gix::Error>(format!("read folder `{path}`"));
        let tree = find_commit(&repo, id)?.tree().map_err(doing())?;
        let found = tree.lookup_entry(path.split_str("/")).map_err(doing())?;
        let Some(folder) = found.filter(|entry| entry.mode().is_tree()) else {
            return Ok(Vec::new());
        };
        let object = folder.object().map_err(doing())?;
        entries(&object.into_tree(), doing)
    }

    /// What lies in the root folder of the revision `id`, in git's order.
    pub fn root(&self, id: CommitId) -> Result<Vec<Entry>, Error> {
        self.reader().root(self.tree(id)?)
    }
}

fn entries<F: FnOnce(gix::Error) -> Error>(
    tree: &gix::Tree<'_>,
    doing: impl Fn() -> F,
) -> Result<Vec<Entry>, Error> {
    let entry = |entry: gix::Result<gix::object::tree::EntryRef<'_, '_>>| {
        let entry = entry.map_err(doing())?;
        let (mode, id) = (Mode::of(entry.mode()), BlobId(entry.object_id()));
        Ok(Entry { name: entry.filename().to_owned(), mode, blob: mode.has_blob().then_some(id) })
    };
    tree.iter().map(entry).collect()
}

pub(crate) fn find_commit(repo: &gix::Repository, id: CommitId) -> Result<gix::Commit<'_>, Error> {
    let unknown = || Refusal::new("commit.unknown", format!("there is no commit `{id}`"));
    let found = repo.try_find_object(id.0).map_err(read_failed(format!("read commit `{id}`")))?;
    found.and_then(|object| object.try_into_commit().ok()).ok_or_else(|| unknown().into())
}

pub(crate) fn tree_of(commit: &gix::Commit<'_>) -> Result<TreeId, Error> {
    let tree = commit.tree_id().map_err(read_failed(format!("read commit `{}`", commit.id)))?;
    Ok(TreeId(tree.detach()))
}

pub(crate) fn blob_size(repo: &gix::Repository, id: BlobId) -> Result<u64, Error> {
    // The header alone: a blob of 200 MB costs no more than an empty one.
    let header = repo.find_header(id.0).map_err(read_failed(format!("read blob `{id}`")))?;
    Ok(header.size())
}

pub(crate) fn read_blob(repo: &gix::Repository, id: BlobId, max_bytes: u64) -> Result<Blob, Error> {
    let size = blob_size(repo, id)?;
    if size > max_bytes {
        return Ok(Blob::TooLarge { size });
    }
    let mut blob = repo.find_blob(id.0).map_err(read_failed(format!("read blob `{id}`")))?;
    Ok(Blob::Whole(std::mem::take(&mut blob.data)))
}
