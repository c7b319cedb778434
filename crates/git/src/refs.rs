//! Refs of the trunk: landing by compare-and-swap, and the refs that keep revisions alive.
//!
//! Git writes them (`update-ref`), not gix: git holds the lock of the ref, of the packed refs and of
//! the old value together, makes them durable as `core.fsync` asks, and is what else might write them.

use crate::error::read_failed;
use crate::git::{output, said};
use crate::trunk::sync_dir;
use crate::{CommitId, Error, Objects, Trunk};
use gix::bstr::ByteSlice as _;
use std::path::Path;
use std::time::Duration;

/// What came of a landing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Landed {
    /// The trunk is at the new commit, durably; also when it already was.
    Landed,
    /// The trunk is neither at the old commit nor at the new one: nothing was changed.
    Moved {
        /// Where it is.
        actual: CommitId,
    },
}

/// What came of creating a ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It names the commit, durably; also when it already did.
    Created,
    /// It names another: nothing was changed.
    Taken {
        /// The commit that it names.
        actual: CommitId,
    },
}

impl Trunk {
    /// The newest commit of the trunk.
    ///
    /// # Errors
    /// A failure if its branch is gone: somebody reached past Weir.
    pub fn tip(&self) -> Result<CommitId, Error> {
        self.try_tip()?.ok_or_else(|| {
            read_failed("read the tip of the trunk")(format!("`{}` is gone", self.branch()))
        })
    }

    pub(crate) fn try_tip(&self) -> Result<Option<CommitId>, Error> {
        self.read_ref(&self.branch())
    }

    /// Moves the trunk from `from` to `to`, if it is at `from`. Durable when it returns; asking again
    /// after a lost reply gives the same answer.
    ///
    /// # Errors
    /// Only failures: of the disk, or when `to` is no commit that is here.
    pub fn land(&self, from: CommitId, to: CommitId) -> Result<Landed, Error> {
        let actual = self.swap(&self.branch(), Some(from), Some(to), "move the trunk")?;
        match actual {
            Some(actual) if actual == to => Ok(Landed::Landed),
            Some(actual) => Ok(Landed::Moved { actual }),
            // Gone altogether: `tip` says so.
            None => self.tip().map(|actual| Landed::Moved { actual }),
        }
    }

    /// Makes the ref `name` (in full: `refs/…`) name `commit`, unless it names another.
    ///
    /// # Errors
    /// Failures; also when `name` is none that git allows, or clashes with one that is there.
    pub fn create_ref(&self, name: &str, commit: CommitId) -> Result<Created, Error> {
        match self.swap(name, None, Some(commit), "create a ref")? {
            Some(actual) if actual != commit => Ok(Created::Taken { actual }),
            Some(_) | None => Ok(Created::Created),
        }
    }

    /// Deletes the ref `name` if it names `commit`. Says whether it is gone.
    pub fn delete_ref(&self, name: &str, commit: CommitId) -> Result<bool, Error> {
        Ok(self.swap(name, Some(commit), None, "delete a ref")?.is_none())
    }

    /// The commit that the ref `name` (in full) names, if it is there.
    pub fn read_ref(&self, name: &str) -> Result<Option<CommitId>, Error> {
        self.objects().read_ref(name)
    }

    /// All refs whose full names start with `prefix` (whole parts: `refs/weir/changes/`), in order.
    pub fn list_refs(&self, prefix: &str) -> Result<Vec<(String, CommitId)>, Error> {
        self.objects().list_refs(prefix)
    }

    /// Compare-and-swap; gives what the ref names afterwards.
    fn swap(
        &self,
        name: &str,
        from: Option<CommitId>,
        to: Option<CommitId>,
        doing: &str,
    ) -> Result<Option<CommitId>, Error> {
        // First a look: most retries need no write, and an unchanged ref is not written twice.
        let before = self.read_ref(name)?;
        if before == to || before != from {
            return Ok(before);
        }
        let spelled = |id: Option<CommitId>| id.map_or("0".repeat(40), |id| id.to_string());
        let mut command = self.git();
        command.args(["update-ref", "--no-deref"]);
        match to {
            Some(to) => command.args([name, &to.to_string(), &spelled(from)]),
            None => command.args(["-d", name, &spelled(from)]),
        };
        let remove_dead_locks = || {
            // Who moves the trunk holds the lock of `HEAD` as well, which names it.
            let locks = [name, "packed-refs", "HEAD"];
            let locks = locks.map(|of| remove_dead_lock(self.dir(), of));
            locks.contains(&true)
        };
        remove_dead_locks();
        let mut done = output(&mut command, None, doing)?;
        // Git waited for a lock until it was old enough.
        if !done.status.success() && remove_dead_locks() {
            done = output(&mut command, None, doing)?;
        }
        let after = self.read_ref(name)?;
        // Still where it was, yet git refused: no race was lost, something is wrong.
        if !done.status.success() && after == from {
            return Err(said(doing, &done.stderr));
        }
        // Git made the file durable, not its name in the folder.
        if after == to && after.is_some() {
            let folder = self.dir().join(name);
            sync_dir(folder.parent().filter(|dir| dir.is_dir()).unwrap_or(Path::new(self.dir())))?;
        }
        Ok(after)
    }
}

/// A lock of a ref that is older was left by a git that is dead: ours take some milliseconds.
const LOCK_AGE_MAX: Duration = Duration::from_secs(5);

/// Removes the locks that gits which were killed left beside any of the refs below `folder`: most of those refs are
/// never written again, and so nobody would come across them.
pub(crate) fn sweep_dead_locks(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sweep_dead_locks(&path);
        } else if path.extension().is_some_and(|extension| extension == "lock") {
            remove_if_dead(&path);
        }
    }
}

/// Removes the lock that a git which was killed left beside the ref `name`, where it stands in the way for ever;
/// says whether there was one. Only for refs that nobody but Weir writes.
pub(crate) fn remove_dead_lock(git_dir: &Path, name: &str) -> bool {
    remove_if_dead(&git_dir.join(format!("{name}.lock")))
}

fn remove_if_dead(lock: &Path) -> bool {
    let made = std::fs::metadata(lock).and_then(|lock| lock.modified());
    let is_dead = made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age > LOCK_AGE_MAX));
    is_dead && std::fs::remove_file(lock).is_ok()
}

impl Objects {
    pub(crate) fn read_ref(&self, name: &str) -> Result<Option<CommitId>, Error> {
        let doing = || read_failed::<gix::Error>(format!("read `{name}`"));
        let repo = self.repo();
        let Some(mut found) = repo.try_find_reference(name).map_err(doing())? else {
            return Ok(None);
        };
        // `try_find_reference` also tries `refs/heads/<name>` and the like for a partial name.
        if found.name().as_bstr() != name {
            return Ok(None);
        }
        found.peel_to_commit().map(|commit| Some(CommitId(commit.id))).map_err(doing())
    }

    pub(crate) fn list_refs(&self, prefix: &str) -> Result<Vec<(String, CommitId)>, Error> {
        let doing = || read_failed::<gix::Error>(format!("list `{prefix}`"));
        let repo = self.repo();
        let platform = repo.references().map_err(doing())?;
        let mut refs = Vec::new();
        for found in platform.prefixed(prefix).map_err(doing())? {
            let found = found.map_err(read_failed(format!("list `{prefix}`")))?;
            let name = found.name().as_bstr().to_str_lossy().into_owned();
            if let (true, Some(id)) = (name.starts_with(prefix), found.try_id()) {
                refs.push((name, CommitId(id.detach())));
            }
        }
        refs.sort();
        Ok(refs)
    }
}
