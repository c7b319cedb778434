//! What was seen of a folder, so that only what may be otherwise is looked at again.

use super::index::Index;
use super::walk::walk;
use super::{Edited, Edits, Files, Marks, blob_of};
use crate::error::io_failed;
use crate::{BlobId, Error};
use bstr::{BStr, BString, ByteSlice as _};
use rustix::fs::{Mode, OFlags, ResolveFlags, Statx, openat2};
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, btree_map};
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::iter::Peekable;
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

/// A look at a folder: what lies there and what is remembered of it are gone through side by side, in the order of paths.
struct Look<'a> {
    top: &'a File,
    /// What git noted of it; read when the first file is met of which nothing is remembered.
    index: LazyCell<Index, Box<dyn FnOnce() -> Index + 'a>>,
    remembered: Peekable<btree_map::IntoIter<BString, (Stamp, Known)>>,
    seen: Vec<(BString, (Stamp, Known))>,
    edits: &'a mut Edits,
    reads: &'a mut u64,
}

#[derive(Debug)]
enum Known {
    Same(BlobId),
    Edited(Edited),
}

/// A larger file is not read: nobody looks for code in it.
const FILE_BYTES_MAX: u64 = 16 << 20;
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
        let walked = walk(root, &top, marks, base.len());
        marks.take(&mut self.edits.changed);
        marks.take_paths(&mut self.edits.gone);
        marks.take_paths(&mut self.edits.unread);
        let is_whole = marks.is_whole();
        let index = move || if is_whole { Index::of(root) } else { Index::default() };
        let mut look = Look {
            top: &top,
            index: LazyCell::new(Box::new(index)),
            remembered: marks.take(&mut self.seen).into_iter().peekable(),
            seen: Vec::with_capacity(walked.files.len()),
            edits: &mut self.edits,
            reads: &mut self.reads,
        };
        let mut folders = walked.folders;
        let mut committed = marks.entries_of(base).into_iter().peekable();
        for met in walked.files {
            while let Some((path, blob)) = committed.next_if(|(path, _)| **path < met.path) {
                folders.extend(look.find(path, blob));
            }
            let was = committed.next_if(|(path, _)| **path == met.path).map(|(_, blob)| blob);
            // What is in the commit counts, ignored or not.
            if was.is_some() || !met.is_ignored() {
                look.see(met.path, met.stamp, was);
            }
        }
        for (path, blob) in committed {
            folders.extend(look.find(path, blob));
        }
        let seen = look.seen;
        match self.seen.is_empty() {
            true => self.seen = seen.into_iter().collect(),
            false => self.seen.extend(seen),
        }
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
}

impl Look<'_> {
    /// Looks for a file of the commit that the walk did not meet; gives the folder that it lies in, if it is there.
    fn find(&mut self, path: &BString, blob: &BlobId) -> Option<BString> {
        let found = open_below(self.top, path.as_ref()).and_then(|file| file.metadata().ok());
        let Some(found) = found.filter(Metadata::is_file) else {
            self.edits.gone.insert(path.clone());
            return None;
        };
        self.see(path.clone(), Stamp::of(&found), Some(blob));
        Some(BString::from(&path[..path.rfind_byte(b'/').unwrap_or(0)]))
    }

    /// Sees what lies at a path, where the commit has `was`.
    fn see(&mut self, path: BString, stamp: Stamp, was: Option<&BlobId>) {
        while self.remembered.next_if(|(before, _)| *before < path).is_some() {}
        let remembered = self.remembered.next_if(|(same, _)| *same == path);
        let known = match remembered.map(|(_, known)| known) {
            Some((seen, Known::Same(blob))) if seen == stamp && was == Some(&blob) => {
                Known::Same(blob)
            }
            Some((seen, Known::Edited(edited))) if seen == stamp => Known::Edited(edited),
            _ => match self.read(path.as_ref(), &stamp, was) {
                Found::AsCommitted(blob) => Known::Same(blob),
                Found::Bytes(bytes) => {
                    let (blob, bytes) = (blob_of(&bytes), bytes.into());
                    let same = was == Some(&blob);
                    if !stamp.is_settled() {
                        if !same {
                            self.edits.changed.insert(path, Edited { blob, bytes });
                        }
                        return;
                    }
                    if same { Known::Same(blob) } else { Known::Edited(Edited { blob, bytes }) }
                }
                Found::Nothing => {
                    self.edits.unread.insert(path);
                    return;
                }
            },
        };
        if let Known::Edited(edited) = &known
            && was != Some(&edited.blob)
        {
            self.edits.changed.insert(path.clone(), edited.clone());
        }
        self.seen.push((path, (stamp, known)));
    }

    /// Reads a file of which nothing is remembered, unless git knows that it is the commit's: in a folder that was just
    /// made nearly all are.
    fn read(&mut self, path: &BStr, stamp: &Stamp, was: Option<&BlobId>) -> Found {
        if let Some(blob) = was
            && self.index.has(path, blob, stamp)
        {
            return Found::AsCommitted(*blob);
        }
        *self.reads += 1;
        read(self.top, path, stamp.size).map_or(Found::Nothing, Found::Bytes)
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

    pub(super) fn told(found: &Statx) -> Self {
        Self {
            mtime: (found.stx_mtime.tv_sec, found.stx_mtime.tv_nsec.into()),
            ctime: (found.stx_ctime.tv_sec, found.stx_ctime.tv_nsec.into()),
            size: found.stx_size,
            inode: found.stx_ino,
        }
    }

    fn is_settled(&self) -> bool {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = (since.as_secs() as i64, i64::from(since.subsec_nanos()));
        after(self.mtime, RACY) < now
    }
}

/// The time, in seconds and nanoseconds, that is so long after another.
pub(super) fn after((seconds, nanos): (i64, i64), by: Duration) -> (i64, i64) {
    let nanos = nanos + i64::from(by.subsec_nanos());
    let seconds = seconds.saturating_add(by.as_secs() as i64);
    (seconds.saturating_add(nanos / 1_000_000_000), nanos % 1_000_000_000)
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
