//! What a folder stands on.

use crate::CommitId;
use gix::sec::Trust;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// What the head of a folder's repository says, in a few reads: as long as it is the same, the folder stands where it
/// stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stance(Vec<u8>);

/// A head, a ref or a pointer to another folder is a line.
const LINE_BYTES_MAX: u64 = 4 << 10;

impl Stance {
    /// Of the folder; `None` when it is no repository that could be read.
    pub fn of(folder: &Path) -> Option<Self> {
        let (own, shared) = folders_of_git(folder)?;
        let mut said = line(&own.join("HEAD"))?;
        if let Some(name) = said.strip_prefix(b"ref: ") {
            let name = Path::new(OsStr::from_bytes(name.trim_ascii()));
            let is_plain = |part| matches!(part, std::path::Component::Normal(_));
            if !name.components().all(is_plain) {
                return None;
            }
            match line(&shared.join(name)) {
                Some(commit) => said.extend(commit),
                None => {
                    let packed = std::fs::metadata(shared.join("packed-refs")).ok();
                    let packed =
                        packed.map(|all| (all.mtime(), all.mtime_nsec(), all.size(), all.ino()));
                    said.extend(format!("{packed:?}").into_bytes());
                }
            }
        }
        Some(Self(said))
    }
}

/// The commit that a folder's work started from: the newest that its head and the trunk at `tip` have in common.
/// `None` when the folder is no repository of ours, or has nothing in common with the trunk.
pub fn base_of(folder: &Path, tip: CommitId) -> Option<CommitId> {
    let (own, _) = folders_of_git(folder)?;
    // Whoever works there could have put a pipe in the place of a file: nobody shall wait for its writer.
    let read = ["HEAD", "config", "commondir", "packed-refs", "shallow", "objects/info/alternates"];
    if read.iter().any(|name| std::fs::metadata(own.join(name)).is_ok_and(|it| !it.is_file())) {
        return None;
    }
    let options = gix::open::Options::isolated().with(Trust::Full);
    let repo = options.open(folder).ok()?.to_thread_local();
    let head = repo.head_id().ok()?.detach();
    if head == tip.0 {
        return Some(tip);
    }
    let bases = repo.merge_bases_many(head, &[tip.0]).ok()?;
    bases.first().map(|base| CommitId(base.detach()))
}

/// Where git keeps what is the folder's own, and what it shares with those that are linked to it.
pub(super) fn folders_of_git(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let own = folder.join(".git");
    let own = match std::fs::metadata(&own).ok()?.is_dir() {
        true => own,
        false => {
            let said = line(&own)?;
            let path = said.strip_prefix(b"gitdir: ")?.trim_ascii();
            folder.join(OsStr::from_bytes(path))
        }
    };
    let shared = match line(&own.join("commondir")) {
        Some(path) => own.join(OsStr::from_bytes(path.trim_ascii())),
        None => own.clone(),
    };
    Some((own, shared))
}

/// What a small file says, if it is one.
fn line(path: &Path) -> Option<Vec<u8>> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let file: File = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut said = Vec::new();
    file.take(LINE_BYTES_MAX).read_to_end(&mut said).ok()?;
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::glance::tests::git;

    #[test]
    fn work_starts_where_the_trunk_was() {
        let place = tempfile::tempdir().expect("a folder");
        let (trunk, work) = (place.path().join("trunk"), place.path().join("work"));
        git(place.path(), &["init", "-q", "-b", "main", "trunk"]);
        git(&trunk, &["commit", "-qm", "one", "--allow-empty"]);
        git(place.path(), &["clone", "-q", "--shared", "trunk", "work"]);
        let stood = Stance::of(&work).expect("a repository");
        assert_eq!(Stance::of(&work), Some(stood.clone()));
        git(&work, &["commit", "-qm", "mine", "--allow-empty"]);
        assert_ne!(Stance::of(&work), Some(stood));
        let one: CommitId = git(&trunk, &["rev-parse", "HEAD"]).parse().expect("a commit");
        git(&trunk, &["commit", "-qm", "two", "--allow-empty"]);
        let two: CommitId = git(&trunk, &["rev-parse", "HEAD"]).parse().expect("a commit");
        assert_eq!(base_of(&work, two), Some(one));
        assert_eq!(base_of(place.path(), two), None);
        assert_eq!(Stance::of(place.path()), None);
    }

    #[test]
    fn a_stance_is_told_of_packed_refs_and_of_linked_worktrees() {
        let place = tempfile::tempdir().expect("a folder");
        let (trunk, linked) = (place.path().join("trunk"), place.path().join("linked"));
        git(place.path(), &["init", "-q", "-b", "main", "trunk"]);
        git(&trunk, &["commit", "-qm", "one", "--allow-empty"]);
        git(&trunk, &["worktree", "add", "-q", "../linked", "-b", "side"]);
        let (main, side) = (Stance::of(&trunk), Stance::of(&linked));
        assert!(main.is_some() && side.is_some() && main != side);
        git(&linked, &["commit", "-qm", "two", "--allow-empty"]);
        assert_ne!(Stance::of(&linked), side);
        assert_eq!(Stance::of(&trunk), main);
        git(&trunk, &["pack-refs", "--all"]);
        let packed = Stance::of(&trunk).expect("a repository");
        git(&trunk, &["commit", "-qm", "three", "--allow-empty"]);
        assert_ne!(Stance::of(&trunk), Some(packed));
    }

    #[test]
    fn nobody_waits_for_a_pipe() {
        let place = tempfile::tempdir().expect("a folder");
        git(place.path(), &["init", "-q", "-b", "main"]);
        git(place.path(), &["commit", "-qm", "one", "--allow-empty"]);
        let tip: CommitId = git(place.path(), &["rev-parse", "HEAD"]).parse().expect("a commit");
        std::fs::remove_file(place.path().join(".git/config")).expect("removed");
        let made =
            std::process::Command::new("mkfifo").arg(place.path().join(".git/config")).status();
        assert!(made.expect("it runs").success());
        assert_eq!(base_of(place.path(), tip), None);
    }
}
