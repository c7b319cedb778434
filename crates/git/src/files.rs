//! The files of a commit, and those that lie in somebody's folder beside it: which differ, without running git there.
//!
//! A folder is an agent's: its configuration could name programs for git to run. So the folder is walked and read here,
//! by the rules of its `.gitignore` files alone, and the commit it stands on is found by a reader that runs nothing.

use crate::error::{io_failed, read_failed};
use crate::objects::find_commit;
use crate::{BlobId, CommitId, Error, Objects};
use bstr::{BStr, BString, ByteSlice as _};
use gix::sec::Trust;
use ignore::WalkBuilder;
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The regular files of a commit, by path.
pub type Files = BTreeMap<BString, BlobId>;

impl Objects {
    /// The regular files of the revision `id`. Links and submodules are not among them.
    ///
    /// # Errors
    /// `commit.unknown`; failures of the disk.
    pub fn files(&self, id: CommitId) -> Result<Files, Error> {
        let repo = self.repo();
        let doing = || read_failed::<gix::Error>(format!("read the files of `{id}`"));
        let tree = find_commit(&repo, id)?.tree().map_err(doing())?;
        let found = tree.traverse().breadthfirst.files().map_err(doing())?;
        let files = found.into_iter().filter(|entry| entry.mode.is_blob());
        Ok(files.map(|entry| (entry.filepath, BlobId(entry.oid))).collect())
    }
}

/// What a folder holds beside a commit.
#[derive(Debug, Clone, Default)]
pub struct Edits {
    /// Files that are new or not as they were, with their bytes.
    pub changed: BTreeMap<BString, Edited>,
    /// Files of the commit that are gone.
    pub gone: BTreeSet<BString>,
    /// Files that were not looked at: too large, or not readable.
    pub unread: BTreeSet<BString>,
}

/// A file as it lies in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The name that git would give its content.
    pub blob: BlobId,
    /// Its content.
    pub bytes: std::sync::Arc<[u8]>,
}

/// What is remembered of a folder, so that only what was touched is read again.
#[derive(Debug, Default)]
pub struct Glance {
    seen: HashMap<BString, (Stamp, Known)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    mtime: (i64, i64),
    ctime: (i64, i64),
    size: u64,
    inode: u64,
}

#[derive(Debug, Clone)]
enum Known {
    Same(BlobId),
    Edited(Edited),
}

/// A larger file is not read: nobody looks for code in it.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// More files than a repository has: somebody unpacked a disk in here.
const FILES_MAX: usize = 500_000;
/// A file that was written this shortly before it was read may be written again within the same tick.
const RACY: Duration = Duration::from_millis(20);

impl Glance {
    /// Looks at the folder `root` beside `base`.
    ///
    /// # Errors
    /// When the folder itself cannot be read.
    pub fn look(&mut self, root: &Path, base: &Files) -> Result<Edits, Error> {
        let top = File::open(root).map_err(io_failed(format!("read `{}`", root.display())))?;
        let mut edits = Edits::default();
        let mut met = BTreeSet::new();
        for entry in walk(root).flatten().take(FILES_MAX) {
            let Ok(path) = entry.path().strip_prefix(root) else { continue };
            let path: BString = path.as_os_str().as_bytes().into();
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_file() {
                self.see(&top, path.as_ref(), &metadata, base, &mut edits);
                met.insert(path);
            }
        }
        // What is in the commit counts, ignored or not.
        for path in base.keys() {
            if met.contains(path) {
                continue;
            }
            let found = open_below(&top, path.as_ref()).and_then(|file| file.metadata().ok());
            match found.filter(Metadata::is_file) {
                Some(metadata) => {
                    self.see(&top, path.as_ref(), &metadata, base, &mut edits);
                    met.insert(path.clone());
                }
                None => {
                    edits.gone.insert(path.clone());
                }
            }
        }
        self.seen.retain(|path, _| met.contains(path));
        Ok(edits)
    }

    fn see(&mut self, top: &File, path: &BStr, found: &Metadata, base: &Files, to: &mut Edits) {
        let stamp = Stamp {
            mtime: (found.mtime(), found.mtime_nsec()),
            ctime: (found.ctime(), found.ctime_nsec()),
            size: found.size(),
            inode: found.ino(),
        };
        let was = base.get(path);
        let known = match self.seen.get(path) {
            Some((seen, Known::Same(blob))) if *seen == stamp && was == Some(blob) => return,
            Some((seen, Known::Edited(edited))) if *seen == stamp => {
                (was != Some(&edited.blob)).then(|| edited.clone())
            }
            _ => match read(top, path, found.size()) {
                Some(bytes) => {
                    let blob = blob_of(&bytes);
                    let same = was == Some(&blob);
                    let edited = Edited { blob, bytes: bytes.into() };
                    let known =
                        if same { Known::Same(blob) } else { Known::Edited(edited.clone()) };
                    if is_settled(found) {
                        self.seen.insert(path.to_owned(), (stamp, known));
                    }
                    (!same).then_some(edited)
                }
                None => {
                    to.unread.insert(path.to_owned());
                    return;
                }
            },
        };
        if let Some(edited) = known {
            to.changed.insert(path.to_owned(), edited);
        }
    }
}

fn is_settled(found: &Metadata) -> bool {
    let age = found.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
    age.is_some_and(|age| age > RACY)
}

/// Every file that git would show, links not followed, other repositories not entered.
fn walk(root: &Path) -> ignore::Walk {
    let top = root.to_owned();
    WalkBuilder::new(root)
        .hidden(false)
        .parents(false)
        .ignore(false)
        .git_global(false)
        .require_git(false)
        .follow_links(false)
        .filter_entry(move |entry| {
            let path = entry.path();
            path.file_name().is_none_or(|name| name != ".git")
                && (path == top || !path.join(".git").exists())
        })
        .build()
}

fn read(top: &File, path: &BStr, size: u64) -> Option<Vec<u8>> {
    if size > FILE_BYTES_MAX {
        return None;
    }
    let mut bytes = Vec::new();
    open_below(top, path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= FILE_BYTES_MAX).then_some(bytes)
}

/// Opens what lies at a path of a folder, if no part of the path is a link: whoever works in the folder could have put
/// one anywhere since it was walked, and what it leads to is not theirs to show. A pipe is not waited for.
fn open_below(top: &File, path: &BStr) -> Option<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    openat2(top, path.as_bytes(), flags, Mode::empty(), resolve).map(File::from).ok()
}

/// The name that git gives to this content.
pub fn blob_of(bytes: &[u8]) -> BlobId {
    let hash = gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, bytes);
    // Only a collision that was made on purpose is an error; then the content has no name of its own.
    BlobId(hash.unwrap_or_else(|_| gix::ObjectId::null(gix::hash::Kind::Sha1)))
}

/// The commit that a folder's work started from: the newest that its head and the trunk at `tip` have in common.
/// `None` when the folder is no repository of ours, or has nothing in common with the trunk.
pub fn base_of(folder: &Path, tip: CommitId) -> Option<CommitId> {
    let options = gix::open::Options::isolated().with(Trust::Full);
    let repo = options.open(folder).ok()?.to_thread_local();
    let head = repo.head_id().ok()?.detach();
    if head == tip.0 {
        return Some(tip);
    }
    let bases = repo.merge_bases_many(head, &[tip.0]).ok()?;
    bases.first().map(|base| CommitId(base.detach()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    fn git(dir: &Path, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.arg("-C").arg(dir).args(["-c", "user.name=a", "-c", "user.email=a@b"]);
        let output = command.args(arguments).output().expect("git runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    fn names<'a>(of: impl IntoIterator<Item = &'a BString>) -> Vec<String> {
        of.into_iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_folder_shows_what_git_would() {
        let place = tempfile::tempdir().expect("a folder");
        let root = place.path();
        git(root, &["init", "-q", "-b", "main"]);
        fs::create_dir(root.join("src")).expect("made");
        fs::write(root.join("src/a.rs"), "fn a() {}\n").expect("written");
        fs::write(root.join("src/b.rs"), "fn b() {}\n").expect("written");
        fs::write(root.join("kept.log"), "kept\n").expect("written");
        fs::write(root.join(".gitignore"), "*.log\n/out/\n").expect("written");
        git(root, &["add", "-A", "-f"]);
        git(root, &["commit", "-qm", "begin"]);
        let tip: CommitId = git(root, &["rev-parse", "HEAD"]).parse().expect("a commit");
        let objects = Objects::open(&root.join(".git")).expect("opened");
        let base = objects.files(tip).expect("read");
        assert_eq!(names(base.keys()), [".gitignore", "kept.log", "src/a.rs", "src/b.rs"]);
        assert_eq!(base_of(root, tip), Some(tip));

        let mut glance = Glance::default();
        let look = |glance: &mut Glance| glance.look(root, &base).expect("looked");
        let edits = look(&mut glance);
        assert!(edits.changed.is_empty() && edits.gone.is_empty(), "{edits:?}");

        fs::write(root.join("src/a.rs"), "fn c() {}\n").expect("written");
        fs::write(root.join("src/new.rs"), "fn n() {}\n").expect("written");
        fs::write(root.join("other.log"), "no\n").expect("written");
        fs::write(root.join("kept.log"), "changed\n").expect("written");
        fs::create_dir(root.join("out")).expect("made");
        fs::write(root.join("out/x.rs"), "no\n").expect("written");
        fs::remove_file(root.join("src/b.rs")).expect("removed");
        symlink(root, root.join("src/loop")).expect("linked");
        fs::create_dir(root.join("nested")).expect("made");
        git(&root.join("nested"), &["init", "-q"]);
        fs::write(root.join("nested/x.rs"), "no\n").expect("written");
        let edits = look(&mut glance);
        assert_eq!(names(edits.changed.keys()), ["kept.log", "src/a.rs", "src/new.rs"]);
        assert_eq!(names(&edits.gone), ["src/b.rs"]);
        let named = git(root, &["hash-object", "src/a.rs"]);
        assert_eq!(edits.changed[BStr::new("src/a.rs")].blob.to_string(), named);
        assert_eq!(&*edits.changed[BStr::new("src/a.rs")].bytes, b"fn c() {}\n");

        // Back as it was, with a date of its own.
        fs::write(root.join("src/a.rs"), "fn a() {}\n").expect("written");
        let edits = look(&mut glance);
        assert_eq!(names(edits.changed.keys()), ["kept.log", "src/new.rs"]);
    }

    #[test]
    fn a_folder_that_became_a_link_shows_nothing_of_where_it_leads() {
        let place = tempfile::tempdir().expect("a folder");
        let (root, outside) = (place.path().join("tree"), place.path().join("outside"));
        fs::create_dir_all(root.join("docs")).expect("made");
        fs::create_dir(&outside).expect("made");
        fs::write(outside.join("a.md"), "a secret\n").expect("written");
        fs::write(root.join("docs/a.md"), "ours\n").expect("written");
        let base = Files::from([("docs/a.md".into(), blob_of(b"ours\n"))]);
        let mut glance = Glance::default();
        let edits = glance.look(&root, &base).expect("looked");
        assert!(edits.changed.is_empty() && edits.gone.is_empty(), "{edits:?}");
        fs::remove_dir_all(root.join("docs")).expect("removed");
        symlink(&outside, root.join("docs")).expect("linked");
        let edits = glance.look(&root, &base).expect("looked");
        assert!(edits.changed.is_empty(), "{edits:?}");
        assert_eq!(names(&edits.gone), ["docs/a.md"]);
    }

    #[test]
    fn work_starts_where_the_trunk_was() {
        let place = tempfile::tempdir().expect("a folder");
        let (trunk, work) = (place.path().join("trunk"), place.path().join("work"));
        git(place.path(), &["init", "-q", "-b", "main", "trunk"]);
        git(&trunk, &["commit", "-qm", "one", "--allow-empty"]);
        git(place.path(), &["clone", "-q", "--shared", "trunk", "work"]);
        git(&work, &["commit", "-qm", "mine", "--allow-empty"]);
        let one: CommitId = git(&trunk, &["rev-parse", "HEAD"]).parse().expect("a commit");
        git(&trunk, &["commit", "-qm", "two", "--allow-empty"]);
        let two: CommitId = git(&trunk, &["rev-parse", "HEAD"]).parse().expect("a commit");
        assert_eq!(base_of(&work, two), Some(one));
        assert_eq!(base_of(place.path(), two), None);
    }
}
