//! What was seen of a folder, so that only what may be otherwise is looked at again.

use super::index::Index;
use super::{Edited, Edits, Files, Marks, blob_of};
use crate::error::io_failed;
use crate::{BlobId, Error};
use bstr::{BStr, BString, ByteSlice as _};
use ignore::WalkBuilder;
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What is remembered of a folder.
#[derive(Debug, Default)]
pub struct Glance {
    seen: BTreeMap<BString, (Stamp, Known)>,
    edits: Edits,
    reads: u64,
}

/// How a file looks: as long as it looks so, it holds what it held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) mtime: (i64, i64),
    pub(super) ctime: (i64, i64),
    pub(super) size: u64,
    pub(super) inode: u64,
}

/// What a file holds.
enum Found {
    AsCommitted(BlobId),
    Bytes(Vec<u8>),
    /// It is too large, or not readable.
    Nothing,
}

/// The folder, while it is looked at.
struct Folder<'a> {
    top: File,
    base: &'a Files,
    /// What git noted of it; read when the first file is met of which nothing is remembered.
    index: LazyCell<Index, Box<dyn FnOnce() -> Index + 'a>>,
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
pub(super) const RACY: Duration = Duration::from_millis(20);

impl Glance {
    /// Looks at what is marked of the folder `root` beside `base`, which is the same as last time unless the whole is
    /// marked. Gives the folders that it went through: what may change what it saw shows in one of them.
    ///
    /// # Errors
    /// When the folder itself cannot be read.
    pub fn look(
        &mut self,
        root: &Path,
        base: &Files,
        marks: &Marks,
    ) -> Result<BTreeSet<BString>, Error> {
        let top = File::open(root).map_err(io_failed(format!("read `{}`", root.display())))?;
        let is_whole = marks.is_whole();
        let index = move || if is_whole { Index::of(root, base) } else { Index::default() };
        let folder = Folder { top, base, index: LazyCell::new(Box::new(index)) };
        marks.take(&mut self.edits.changed);
        marks.take_paths(&mut self.edits.gone);
        marks.take_paths(&mut self.edits.unread);
        let (mut met, mut folders) = (BTreeSet::new(), BTreeSet::new());
        for entry in walk(root, marks).flatten().take(FILES_MAX) {
            let Ok(path) = entry.path().strip_prefix(root) else { continue };
            let path: BString = path.as_os_str().as_bytes().into();
            if entry.file_type().is_some_and(|kind| kind.is_dir()) {
                folders.insert(path);
                continue;
            }
            // What only leads to what is marked is not looked at.
            if !marks.covers(path.as_ref()) {
                continue;
            }
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_file() {
                self.see(&folder, path.as_ref(), &metadata);
                met.insert(path);
            }
        }
        // What is in the commit counts, ignored or not.
        for path in marks.keys_of(base) {
            if met.contains(path) {
                continue;
            }
            let found =
                open_below(&folder.top, path.as_ref()).and_then(|file| file.metadata().ok());
            match found.filter(Metadata::is_file) {
                Some(metadata) => {
                    self.see(&folder, path.as_ref(), &metadata);
                    met.insert(path.clone());
                    let end = path.rfind_byte(b'/').unwrap_or(0);
                    folders.insert(BString::from(&path[..end]));
                }
                None => {
                    self.edits.gone.insert(path.clone());
                }
            }
        }
        let lost: Vec<BString> =
            marks.keys_of(&self.seen).filter(|path| !met.contains(*path)).cloned().collect();
        lost.iter().for_each(|path| drop(self.seen.remove(path)));
        Ok(folders)
    }

    /// What the folder holds beside the commit, as it was last seen.
    pub fn edits(&self) -> &Edits {
        &self.edits
    }

    /// How many files were read so far.
    pub fn reads(&self) -> u64 {
        self.reads
    }

    fn see(&mut self, folder: &Folder<'_>, path: &BStr, found: &Metadata) {
        let (stamp, was) = (Stamp::of(found), folder.base.get(path));
        let known = match self.seen.get(path) {
            Some((seen, Known::Same(blob))) if *seen == stamp && was == Some(blob) => return,
            Some((seen, Known::Edited(edited))) if *seen == stamp => {
                (was != Some(&edited.blob)).then(|| edited.clone())
            }
            _ => match self.read(folder, path, &stamp) {
                Found::AsCommitted(blob) => {
                    self.seen.insert(path.to_owned(), (stamp, Known::Same(blob)));
                    return;
                }
                Found::Bytes(bytes) => {
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
                Found::Nothing => {
                    self.edits.unread.insert(path.to_owned());
                    return;
                }
            },
        };
        if let Some(edited) = known {
            self.edits.changed.insert(path.to_owned(), edited);
        }
    }

    /// Reads a file of which nothing is remembered, unless git knows that it is the commit's: in a folder that was just
    /// made nearly all are.
    fn read(&mut self, folder: &Folder<'_>, path: &BStr, stamp: &Stamp) -> Found {
        if let Some(blob) = folder.base.get(path)
            && folder.index.has(path, stamp)
        {
            return Found::AsCommitted(*blob);
        }
        self.reads += 1;
        read(&folder.top, path, stamp.size).map_or(Found::Nothing, Found::Bytes)
    }
}

impl Stamp {
    pub(super) fn of(found: &Metadata) -> Self {
        Self {
            mtime: (found.mtime(), found.mtime_nsec()),
            ctime: (found.ctime(), found.ctime_nsec()),
            size: found.size(),
            inode: found.ino(),
        }
    }
}

fn is_settled(found: &Metadata) -> bool {
    let age = found.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
    age.is_some_and(|age| age > RACY)
}

/// Every file that git would show, and is marked or beside the way to what is; links not followed, other repositories
/// not entered. The rules of what is ignored are read on the way.
fn walk(root: &Path, marks: &Marks) -> ignore::Walk {
    let top = root.to_owned();
    let wanted = (!marks.is_whole()).then(|| {
        let on_the_way = marks.on_the_way().into_iter().map(BStr::to_owned);
        (on_the_way.collect::<BTreeSet<BString>>(), marks.clone())
    });
    WalkBuilder::new(root)
        .hidden(false)
        .parents(false)
        .ignore(false)
        .git_global(false)
        .require_git(false)
        .follow_links(false)
        .filter_entry(move |entry| {
            let path = entry.path();
            if path == top {
                return true;
            }
            if path.file_name().is_some_and(|name| name == ".git") {
                return false;
            }
            if let Some((on_the_way, marks)) = &wanted {
                let Ok(below) = path.strip_prefix(&top) else { return false };
                let below = below.as_os_str().as_bytes().as_bstr();
                if !on_the_way.contains(below) && !marks.covers(below) {
                    return false;
                }
            }
            let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
            !is_dir || !path.join(".git").exists()
        })
        .build()
}

fn read(top: &File, path: &BStr, size: u64) -> Option<Vec<u8>> {
    if size > FILE_BYTES_MAX {
        return None;
    }
    let mut bytes = Vec::with_capacity(size as usize + 1);
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{CommitId, Objects, base_of};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    pub(crate) fn git(dir: &Path, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.arg("-C").arg(dir).args(["-c", "user.name=a", "-c", "user.email=a@b"]);
        let output = command.args(arguments).output().expect("git runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    fn names<'a>(of: impl IntoIterator<Item = &'a BString>) -> Vec<String> {
        of.into_iter().map(ToString::to_string).collect()
    }

    /// Looks at these paths only; must then know what a look at everything would.
    fn look(glance: &mut Glance, root: &Path, base: &Files, paths: &[&str]) -> Edits {
        let mut marks = Marks::default();
        paths.iter().for_each(|path| marks.add((*path).into()));
        glance.look(root, base, &marks).expect("looked");
        let mut fresh = Glance::default();
        fresh.look(root, base, &Marks::whole()).expect("looked");
        assert_eq!(glance.edits(), fresh.edits(), "{paths:?}");
        fresh.edits
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
        let folders = glance.look(root, &base, &Marks::whole()).expect("looked");
        assert_eq!(names(&folders), ["", "src"]);
        assert_eq!(glance.edits(), &Edits::default());

        fs::write(root.join("src/a.rs"), "fn c() {}\n").expect("written");
        fs::write(root.join("src/new.rs"), "fn n() {}\n").expect("written");
        let edits = look(&mut glance, root, &base, &["src/a.rs", "src/new.rs"]);
        assert_eq!(names(edits.changed.keys()), ["src/a.rs", "src/new.rs"]);
        fs::write(root.join("other.log"), "no\n").expect("written");
        fs::write(root.join("kept.log"), "changed\n").expect("written");
        fs::create_dir(root.join("out")).expect("made");
        fs::write(root.join("out/x.rs"), "no\n").expect("written");
        fs::remove_file(root.join("src/b.rs")).expect("removed");
        symlink(root, root.join("src/loop")).expect("linked");
        fs::create_dir(root.join("nested")).expect("made");
        git(&root.join("nested"), &["init", "-q"]);
        fs::write(root.join("nested/x.rs"), "no\n").expect("written");
        let marks = ["other.log", "kept.log", "out", "src/b.rs", "src/loop", "nested/x.rs"];
        let edits = look(&mut glance, root, &base, &marks);
        assert_eq!(names(edits.changed.keys()), ["kept.log", "src/a.rs", "src/new.rs"]);
        assert_eq!(names(&edits.gone), ["src/b.rs"]);
        let named = git(root, &["hash-object", "src/a.rs"]);
        assert_eq!(edits.changed[BStr::new("src/a.rs")].blob.to_string(), named);
        assert_eq!(&*edits.changed[BStr::new("src/a.rs")].bytes, b"fn c() {}\n");

        // Back as it was, with a date of its own.
        fs::write(root.join("src/a.rs"), "fn a() {}\n").expect("written");
        let edits = look(&mut glance, root, &base, &["src/a.rs"]);
        assert_eq!(names(edits.changed.keys()), ["kept.log", "src/new.rs"]);

        // Other rules; a folder that is moved away, and one that comes.
        fs::write(root.join("src/.gitignore"), "new.*\n").expect("written");
        let edits = look(&mut glance, root, &base, &["src/.gitignore"]);
        assert_eq!(names(edits.changed.keys()), ["kept.log", "src/.gitignore"]);
        fs::rename(root.join("src"), root.join("lib")).expect("moved");
        let edits = look(&mut glance, root, &base, &["src", "lib"]);
        assert_eq!(names(edits.changed.keys()), ["kept.log", "lib/.gitignore", "lib/a.rs"]);
        assert_eq!(names(&edits.gone), ["src/a.rs", "src/b.rs"]);
        fs::remove_dir_all(root.join("lib")).expect("removed");
        let edits = look(&mut glance, root, &base, &["lib"]);
        assert_eq!(names(edits.changed.keys()), ["kept.log"]);
    }

    #[test]
    fn a_folder_that_git_just_made_is_not_read() {
        let place = tempfile::tempdir().expect("a folder");
        let root = place.path();
        git(root, &["init", "-q", "-b", "main"]);
        for name in ["a.rs", "b.rs", "c.rs"] {
            fs::write(root.join(name), format!("// {name}\n")).expect("written");
        }
        git(root, &["add", "-A"]);
        git(root, &["commit", "-qm", "begin"]);
        let tip: CommitId = git(root, &["rev-parse", "HEAD"]).parse().expect("a commit");
        let base = Objects::open(&root.join(".git")).expect("opened").files(tip).expect("read");
        let index = File::options().append(true).open(root.join(".git/index")).expect("opened");
        let look = |glance: &mut Glance| {
            glance.look(root, &base, &Marks::whole()).expect("looked");
            (names(glance.edits().changed.keys()), glance.reads())
        };
        // Racy: the index has the date of the files, which may have been written again since.
        let same = fs::metadata(root.join("a.rs")).and_then(|it| it.modified()).expect("a date");
        index.set_modified(same).expect("dated");
        assert_eq!(look(&mut Glance::default()), (vec![], 3));
        index.set_modified(SystemTime::now() + Duration::from_secs(5)).expect("dated");
        let mut glance = Glance::default();
        assert_eq!(look(&mut glance), (vec![], 0));
        // An edit of the same length is read, and nothing else; also one that git was told of.
        fs::write(root.join("a.rs"), "// A.rs\n").expect("written");
        assert_eq!(look(&mut glance), (vec!["a.rs".to_owned()], 1));
        git(root, &["add", "a.rs"]);
        index.set_modified(SystemTime::now() + Duration::from_secs(5)).expect("dated");
        assert_eq!(look(&mut Glance::default()).0, ["a.rs"]);
        fs::remove_file(root.join("b.rs")).expect("removed");
        look(&mut glance);
        assert_eq!(names(&glance.edits().gone), ["b.rs"]);
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
        glance.look(&root, &base, &Marks::whole()).expect("looked");
        assert_eq!(glance.edits(), &Edits::default());
        fs::remove_dir_all(root.join("docs")).expect("removed");
        symlink(&outside, root.join("docs")).expect("linked");
        let edits = look(&mut glance, &root, &base, &["docs"]);
        assert!(edits.changed.is_empty(), "{edits:?}");
        assert_eq!(names(&edits.gone), ["docs/a.md"]);
    }
}
