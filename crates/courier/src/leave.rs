//! Where a hook keeps what it needs without a server: what the server signed for it, and what it decided by that.

use crate::speaker::{config_folder, key_of};
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use weir_model::SessionId;
use weir_model::act::Client;

/// A hook that has a younger leave needs no other, unless what it says changed.
const RENEW: Duration = Duration::from_mins(5);

/// The folder of a client in a worktree and a session, outside of every worktree.
#[derive(Debug, Clone)]
pub struct LeaveFolder {
    folder: PathBuf,
    session: SessionId,
}

impl LeaveFolder {
    /// Of a client in a worktree and a session; `None` without a home.
    pub fn of(client: Client, worktree: &Path, session: SessionId) -> Option<Self> {
        let name = format!("{client}-{}-{session}.alone", key_of(worktree));
        Some(Self { folder: config_folder()?.join("attached").join(name), session })
    }

    /// Whose it is.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// What to say of the leave that is kept: nothing, `old` or `fresh`.
    pub fn holds(&self) -> Option<&'static str> {
        let kept = std::fs::metadata(self.leave()).ok()?;
        let age = kept.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        Some(if age.is_some_and(|age| age < RENEW) { "fresh" } else { "old" })
    }

    /// Keeps what the server gave; an empty text means nothing is to be kept.
    pub fn keep(&self, leave: &str) {
        // What was kept before knows less: without the new one there is none.
        if leave.is_empty() || self.write(leave).is_err() {
            self.forget();
        }
    }

    /// From now on nothing is decided without a server.
    pub fn forget(&self) {
        let _ = std::fs::remove_file(self.leave());
    }

    /// Removes what was kept, but not a list that nobody has heard of.
    pub fn clear(&self) {
        self.forget();
        if self.waits().is_none() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    /// Where the list of what was decided without a server is, while there is one.
    pub fn waits(&self) -> Option<PathBuf> {
        Some(self.list()).filter(|list| list.exists())
    }

    fn write(&self, leave: &str) -> std::io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let draft = self.folder.join(format!("draft-{}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let written = options.open(&draft).and_then(|mut file| file.write_all(leave.as_bytes()));
        let written = written.and_then(|()| std::fs::rename(&draft, self.leave()));
        if written.is_err() {
            let _ = std::fs::remove_file(&draft);
        }
        written
    }

    /// The file of the leave.
    pub fn leave(&self) -> PathBuf {
        self.folder.join("leave")
    }

    /// The file of the list.
    pub fn list(&self) -> PathBuf {
        self.folder.join("list")
    }

    /// The file that only one hook at a time has locked.
    pub fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }
}
