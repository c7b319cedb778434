//! Every file of a folder that git might show, and the folders they lie in: links not followed, other repositories not
//! entered, nor what is ignored.
//!
//! A fresh worktree of ten thousand files is walked before its first answer, and nearly all of that is system calls. So a
//! folder is opened and listed once, each of its files is looked at by its name there, and large ones are walked by more
//! than one thread.

use super::Marks;
use super::glance::Stamp;
use super::rules::{RULES, Rules};
use bstr::{BStr, BString, ByteSlice as _};
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, RawDir, ResolveFlags, Statx, StatxFlags, openat2, statx,
};
use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs::File;
use std::mem::MaybeUninit;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What was met on a walk.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// In the order of their paths.
    pub(super) files: Vec<Met>,
    pub(super) folders: BTreeSet<BString>,
}

/// A file that lies in a folder which is not ignored.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) path: BString,
    pub(super) stamp: Stamp,
    rules: Option<Arc<Rules>>,
}

impl Met {
    /// Whether git would not show it, unless it is in the commit.
    pub(super) fn is_ignored(&self) -> bool {
        self.rules.as_ref().is_some_and(|rules| rules.ignore(self.path.as_ref(), false))
    }
}

/// More than a repository has: somebody unpacked a disk in here.
const MET_MAX: usize = 500_000;
/// A walk over fewer files is over before a second thread would have found something to do.
const FILES_ALONE_MAX: usize = 1_000;
/// The walk is over system calls, which more threads only make wait for each other.
const THREADS_MAX: usize = 4;
/// The entries of most folders are told at once.
const BUFFER_BYTES: usize = 32 << 10;

/// Walks over what is marked of the folder `root`, which is open as `top`, and what leads to it. About `files` are expected.
pub(super) fn walk(root: &Path, top: &File, marks: &Marks, files: usize) -> Walked {
    let first = Folder {
        path: BString::default(),
        rules: Rules::of_repository(root),
        whole: marks.is_whole(),
    };
    let walk = Walk {
        top,
        marks,
        on_the_way: marks.on_the_way(),
        waiting: Mutex::new(Waiting { folders: vec![first], busy: 0, idle: 0 }),
        more: Condvar::new(),
        met: AtomicUsize::new(0),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let threads = if marks.is_whole() && files > FILES_ALONE_MAX { cores } else { 1 };
    let mut parts = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .filter_map(|_| std::thread::Builder::new().spawn_scoped(scope, || walk.go()).ok())
            .collect();
        let mut parts = vec![walk.go()];
        parts.extend(others.into_iter().filter_map(|other| other.join().ok()));
        parts
    });
    let mut all = parts.swap_remove(0);
    parts.into_iter().for_each(|part| {
        all.0.extend(part.0);
        all.1.extend(part.1);
    });
    let (mut files, folders) = all;
    files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Walked { files, folders: folders.into_iter().collect() }
}

struct Walk<'a> {
    top: &'a File,
    marks: &'a Marks,
    on_the_way: BTreeSet<&'a BStr>,
    waiting: Mutex<Waiting>,
    more: Condvar,
    met: AtomicUsize,
}

/// Folders that nobody looked into yet, how many threads look into one, and how many wait for one.
struct Waiting {
    folders: Vec<Folder>,
    busy: usize,
    idle: usize,
}

struct Folder {
    path: BString,
    /// What is ignored around it.
    rules: Option<Arc<Rules>>,
    /// Whether all that is below it is marked.
    whole: bool,
}

type Part = (Vec<Met>, Vec<BString>);

impl Walk<'_> {
    /// Looks into folders until there is none left.
    fn go(&self) -> Part {
        let mut part = Part::default();
        let mut buffer = vec![MaybeUninit::uninit(); BUFFER_BYTES];
        while let Some(folder) = self.next() {
            let inner = self.list(folder, &mut buffer, &mut part).unwrap_or_default();
            let mut waiting = self.waiting();
            waiting.busy -= 1;
            waiting.folders.extend(inner);
            if waiting.idle > 0 && (waiting.busy == 0 || !waiting.folders.is_empty()) {
                self.more.notify_all();
            }
        }
        part
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Folder> {
        let mut waiting = self.waiting();
        loop {
            if let Some(folder) = waiting.folders.pop() {
                waiting.busy += 1;
                return Some(folder);
            }
            if waiting.busy == 0 {
                return None;
            }
            waiting.idle += 1;
            waiting = self.more.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            waiting.idle -= 1;
        }
    }

    /// Notes the files of a folder; gives the folders in it. `None` when it is another repository's, or cannot be read.
    fn list(
        &self,
        folder: Folder,
        buffer: &mut [MaybeUninit<u8>],
        (files, folders): &mut Part,
    ) -> Option<Vec<Folder>> {
        let is_top = folder.path.is_empty();
        let Some(at) = self.open(folder.path.as_ref()) else {
            // It is there all the same, and whoever watches it learns when it can be read.
            folders.push(folder.path);
            return None;
        };
        let (mut names, mut has_rules) = (Vec::new(), false);
        let mut entries = RawDir::new(&at, buffer);
        while let Some(entry) = entries.next() {
            let Ok(entry) = entry else { break };
            match entry.file_name().to_bytes() {
                b"." | b".." => continue,
                b".git" => {
                    let followed = statx(&at, ".git", AtFlags::empty(), StatxFlags::TYPE);
                    if !is_top && followed.is_ok() {
                        return None;
                    }
                    continue;
                }
                name => has_rules |= name == RULES.as_bytes(),
            }
            let kind = entry.file_type();
            if matches!(kind, FileType::RegularFile | FileType::Directory | FileType::Unknown) {
                names.push((CString::from(entry.file_name()), kind));
            }
        }
        let Folder { path, mut rules, whole } = folder;
        if has_rules {
            rules = Rules::within(rules, path.as_ref(), &at);
        }
        let mut inner = Vec::new();
        for (name, kind) in names {
            let below = join(&path, name.to_bytes());
            let covered = whole || self.marks.covers(below.as_ref());
            if !covered && !self.on_the_way.contains(below.as_bstr()) {
                continue;
            }
            if self.met.fetch_add(1, Ordering::Relaxed) >= MET_MAX {
                break;
            }
            let mut found = None;
            let kind = match kind {
                FileType::Unknown => {
                    found = look_at(&at, &name);
                    found.as_ref().map_or(kind, kind_of)
                }
                kind => kind,
            };
            if kind == FileType::Directory {
                if !rules.as_ref().is_some_and(|rules| rules.ignore(below.as_ref(), true)) {
                    inner.push(Folder { path: below, rules: rules.clone(), whole: covered });
                }
            // What only leads to what is marked is not looked at.
            } else if kind == FileType::RegularFile && covered {
                let Some(found) = found.or_else(|| look_at(&at, &name)) else { continue };
                if kind_of(&found) == FileType::RegularFile {
                    let (stamp, rules) = (Stamp::told(&found), rules.clone());
                    files.push(Met { path: below, stamp, rules });
                }
            }
        }
        folders.push(path);
        Some(inner)
    }

    /// Opens a folder if no part of its path became a link since it was met.
    fn open(&self, path: &BStr) -> Option<File> {
        let path = if path.is_empty() { b"." } else { path.as_bytes() };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        openat2(self.top, path, flags, Mode::empty(), resolve).map(File::from).ok()
    }
}

fn join(folder: &BString, name: &[u8]) -> BString {
    let mut path = Vec::with_capacity(folder.len() + 1 + name.len());
    if !folder.is_empty() {
        path.extend_from_slice(folder);
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path.into()
}

fn look_at(folder: &File, name: &CString) -> Option<Statx> {
    let asked = StatxFlags::TYPE
        | StatxFlags::SIZE
        | StatxFlags::INO
        | StatxFlags::MTIME
        | StatxFlags::CTIME;
    statx(folder, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW, asked).ok()
}

fn kind_of(found: &Statx) -> FileType {
    FileType::from_raw_mode(found.stx_mode.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn names<'a>(of: impl IntoIterator<Item = &'a BString>) -> Vec<String> {
        of.into_iter().map(ToString::to_string).collect()
    }

    fn shown(walked: &Walked) -> Vec<String> {
        let shown = walked.files.iter().filter(|met| !met.is_ignored());
        names(shown.map(|met| &met.path))
    }

    #[test]
    fn a_walk_by_many_meets_what_a_walk_by_one_does() {
        let place = tempfile::tempdir().expect("a folder");
        let root = place.path();
        for outer in 0..12 {
            for inner in 0..12 {
                let folder = root.join(format!("f{outer}/g{inner}"));
                fs::create_dir_all(&folder).expect("made");
                for name in ["a.rs", "b.log", "g-1", "out/c.rs"] {
                    let path = folder.join(name);
                    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
                    fs::write(path, name).expect("written");
                }
            }
            fs::write(root.join(format!("f{outer}/.gitignore")), "*.log\n").expect("written");
            fs::write(root.join(format!("f{outer}-1")), "beside").expect("written");
        }
        fs::write(root.join(".gitignore"), "out/\n/f3\n").expect("written");
        let top = File::open(root).expect("opened");
        let alone = walk(root, &top, &Marks::whole(), 0);
        let paths: Vec<&BString> = alone.files.iter().map(|met| &met.path).collect();
        assert!(paths.is_sorted(), "{paths:?}");
        // Of eleven folders that are not ignored: their rules, and two files of each of twelve in them; and what is beside.
        assert_eq!(shown(&alone).len(), 11 * (1 + 12 * 2) + 12 + 1);
        assert_eq!(alone.folders.len(), 1 + 11 * 13);
        for _ in 0..20 {
            let many = walk(root, &top, &Marks::whole(), FILES_ALONE_MAX + 1);
            assert_eq!(shown(&many), shown(&alone));
            assert_eq!(many.folders, alone.folders);
        }
    }

    #[test]
    fn links_lead_nowhere_and_other_repositories_are_not_entered() {
        let place = tempfile::tempdir().expect("a folder");
        let root = place.path();
        for folder in ["a", "other/.git", "linked/x"] {
            fs::create_dir_all(root.join(folder)).expect("made");
        }
        for file in ["a/x.rs", "other/x.rs", "linked/x/y.rs", ".git"] {
            fs::write(root.join(file), "x").expect("written");
        }
        symlink("..", root.join("a/loop")).expect("linked");
        symlink("x.rs", root.join("a/link.rs")).expect("linked");
        fs::write(root.join("linked/.git"), "gitdir: elsewhere").expect("written");
        let (kind, mode) = (FileType::Fifo, 0o600.into());
        rustix::fs::mknodat(rustix::fs::CWD, root.join("pipe"), kind, mode, 0).expect("a pipe");
        let top = File::open(root).expect("opened");
        let walked = walk(root, &top, &Marks::whole(), 0);
        assert_eq!(shown(&walked), ["a/x.rs"]);
        assert_eq!(names(&walked.folders), ["", "a"]);
    }
}
