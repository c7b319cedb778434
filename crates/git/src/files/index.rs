//! What git's index says of a folder: of which files it noted that they lie there as a commit has them, and how they
//! looked then. A file that still looks so need not be read.
//!
//! The folder is an agent's, who may have written the index as well: it is read with bounds, what cannot be read says
//! nothing, and the worst that a false one can do is to hide edits of the folder's own files.

use super::glance::{RACY, Stamp, after};
use super::stance::folders_of_git;
use crate::BlobId;
use bstr::{BStr, ByteSlice as _};
use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Of files that git left as a commit has them.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// In the order of their paths.
    noted: Vec<(Entry, Noted)>,
    /// One after the other.
    paths: Vec<u8>,
    /// The one after that which was last asked for. Whoever goes by the order of paths finds each where it is.
    next: Cell<usize>,
    /// When it was written: seconds and nanoseconds.
    written: (i64, i64),
}

/// Where the path of a file ends among all paths, and what git calls its content.
#[derive(Debug, Clone, Copy)]
struct Entry {
    path: (usize, usize),
    blob: [u8; 20],
}

/// As much of how a file looks as an index keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Noted {
    mtime: (u32, u32),
    ctime: (u32, u32),
    inode: u32,
    size: u32,
}

/// A larger one is of more files than are looked at.
const INDEX_BYTES_MAX: u64 = 128 << 20;

impl Index {
    /// Of the folder; empty when it has none that can be read.
    pub(super) fn of(folder: &Path) -> Self {
        let mut index = Self::default();
        let own = folders_of_git(folder).map(|(own, _)| own.join("index"));
        if let Some((bytes, written)) = own.and_then(|path| bytes_of(&path)) {
            index.written = written;
            // What was read before it broke off is good.
            let _ = each(&bytes, |path, blob, noted| index.note(path, blob, noted));
        }
        index
    }

    /// Notes a file, unless it is out of order, as it is in no index of git's.
    fn note(&mut self, path: &BStr, blob: [u8; 20], noted: Noted) {
        if self.noted.last().is_none_or(|(last, _)| self.path(last) < path) {
            let begin = self.paths.len();
            self.paths.extend_from_slice(path);
            self.noted.push((Entry { path: (begin, self.paths.len()), blob }, noted));
        }
    }

    fn path(&self, entry: &Entry) -> &BStr {
        self.paths[entry.path.0..entry.path.1].as_bstr()
    }

    fn find(&self, path: &BStr) -> Option<&(Entry, Noted)> {
        let is_it = |at: &usize| self.noted.get(*at).is_some_and(|(it, _)| self.path(it) == path);
        let search = || self.noted.binary_search_by(|(it, _)| self.path(it).cmp(path)).ok();
        let at = Some(self.next.get()).filter(is_it).or_else(search)?;
        self.next.set(at + 1);
        self.noted.get(at)
    }

    /// Whether a file that looks so lies there as the commit has it, which is `blob`. Not when it was written so shortly
    /// before the index that it may have been written again since, with no later date.
    pub(super) fn has(&self, path: &BStr, blob: &BlobId, stamp: &Stamp) -> bool {
        after(stamp.mtime.max(stamp.ctime), RACY) < self.written
            && self.find(path).is_some_and(|(entry, noted)| {
                entry.blob == *blob.0.as_bytes() && *noted == Noted::of(stamp)
            })
    }
}

impl Noted {
    fn of(stamp: &Stamp) -> Self {
        // An index keeps the lower half of each.
        let time = |(seconds, nanos): (i64, i64)| (seconds as u32, nanos as u32);
        let (mtime, ctime) = (time(stamp.mtime), time(stamp.ctime));
        Self { mtime, ctime, inode: stamp.inode as u32, size: stamp.size as u32 }
    }
}

/// The bytes of an index, and when it was written.
fn bytes_of(path: &Path) -> Option<(Vec<u8>, (i64, i64))> {
    // A pipe in its place is not waited for.
    let flags = (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW).bits() as i32;
    let file: File = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    let found = file.metadata().ok().filter(|it| it.is_file() && it.size() <= INDEX_BYTES_MAX)?;
    let mut bytes = Vec::with_capacity(found.size() as usize);
    file.take(INDEX_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    Some((bytes, (found.mtime(), found.mtime_nsec())))
}

/// Gives each regular file of an index whose merge is settled: path, blob, and how it looked. `None` when it breaks off.
/// The form is git's `gitformat-index`, versions 2 to 4, up to its extensions, which say nothing that is asked here.
fn each(bytes: &[u8], mut found: impl FnMut(&BStr, [u8; 20], Noted)) -> Option<()> {
    let mut rest = Rest(bytes.strip_prefix(b"DIRC")?);
    let (version, count) = (rest.number()?, rest.number()?);
    if !(2..=4).contains(&version) {
        return None;
    }
    let mut path = Vec::new();
    for _ in 0..count {
        let begun = rest.0.len();
        let mut numbers = [0; 10];
        for number in &mut numbers {
            *number = rest.number()?;
        }
        let [ctime, ctime_ns, mtime, mtime_ns, _, inode, mode, _, _, size] = numbers;
        let blob = rest.take(20)?.try_into().ok()?;
        let flags = rest.short()?;
        if version >= 3 && flags & EXTENDED != 0 {
            rest.take(2)?;
        }
        if version == 4 {
            let kept = path.len().checked_sub(rest.varint()?)?;
            path.truncate(kept);
            path.extend(rest.until_nul()?);
        } else {
            path.clear();
            path.extend(rest.until_nul()?);
            // The end of the path is one to eight zeros, so that each entry has a multiple of eight bytes.
            let length = begun - rest.0.len();
            rest.take(length.next_multiple_of(8) - length)?;
        }
        if mode >> 12 == REGULAR && flags & STAGE == 0 {
            let noted = Noted { mtime: (mtime, mtime_ns), ctime: (ctime, ctime_ns), inode, size };
            found(path.as_bstr(), blob, noted);
        }
    }
    Some(())
}

/// More flags follow.
const EXTENDED: u16 = 0x4000;
/// One side of a merge that is not settled.
const STAGE: u16 = 0x3000;
/// What the mode of a regular file begins with.
const REGULAR: u32 = 0o10;

/// What was not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn short(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn until_nul(&mut self) -> Option<&'a [u8]> {
        let end = self.0.find_byte(0)?;
        let taken = self.take(end)?;
        self.take(1)?;
        Some(taken)
    }

    /// As packs write an offset: seven bits a byte, the upper ones first, and each further byte counts one more.
    fn varint(&mut self) -> Option<usize> {
        let mut byte = *self.take(1)?.first()?;
        let mut number = usize::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = *self.take(1)?.first()?;
            number = number.checked_add(1)?.checked_mul(128)? | usize::from(byte & 0x7f);
        }
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::super::glance::tests::git;
    use super::*;
    use crate::{CommitId, Files, Objects};
    use std::fs;
    use std::path::PathBuf;
    use std::time::{Duration, SystemTime};

    /// A repository of some files, a deep one and a link, and the commit's files.
    fn repository(place: &Path) -> (PathBuf, Files) {
        let root = place.join("tree");
        fs::create_dir_all(root.join("src/deep")).expect("made");
        git(&root, &["init", "-q", "-b", "main"]);
        for number in 0..40 {
            let path = format!("src/deep/file-{number}-{}.rs", "x".repeat(number));
            fs::write(root.join(path), format!("fn f{number}() {{}}\n")).expect("written");
        }
        fs::write(root.join("a.rs"), "fn a() {}\n").expect("written");
        fs::write(root.join("empty"), "").expect("written");
        std::os::unix::fs::symlink("a.rs", root.join("link")).expect("linked");
        git(&root, &["add", "-A"]);
        git(&root, &["commit", "-qm", "begin"]);
        let tip: CommitId = git(&root, &["rev-parse", "HEAD"]).parse().expect("a commit");
        let base = Objects::open(&root.join(".git")).expect("opened").files(tip).expect("read");
        (root, base)
    }

    /// As if the index had been written so much later than it was.
    fn age(root: &Path, by: Duration) {
        let file = File::options().append(true).open(root.join(".git/index")).expect("opened");
        file.set_modified(SystemTime::now() + by).expect("dated");
    }

    fn has(index: &Index, root: &Path, base: &Files, path: &str) -> bool {
        let found = fs::symlink_metadata(root.join(path)).expect("there");
        index.has(path.into(), &base[BStr::new(path)], &Stamp::of(&found))
    }

    #[test]
    fn every_form_of_an_index_says_which_files_are_as_they_were() {
        let place = tempfile::tempdir().expect("a folder");
        let (root, base) = repository(place.path());
        assert_eq!(base.len(), 42, "the link is none of them");
        for version in ["2", "3", "4"] {
            git(&root, &["update-index", "--index-version", version]);
            // Only an entry with more flags makes it the third.
            git(&root, &["update-index", "--skip-worktree", "a.rs"]);
            age(&root, Duration::from_secs(5));
            let index = Index::of(&root);
            assert_eq!(index.noted.len(), 42, "{version}");
            assert!(
                base.keys().all(|path| has(&index, &root, &base, &path.to_string())),
                "{version}"
            );
            git(&root, &["update-index", "--no-skip-worktree", "a.rs"]);
        }
    }

    #[test]
    fn what_was_written_since_or_at_about_the_same_time_is_not_as_it_was() {
        let place = tempfile::tempdir().expect("a folder");
        let (root, base) = repository(place.path());
        let of = || Index::of(&root);
        let found = fs::symlink_metadata(root.join("a.rs")).expect("there");
        let file = File::options().append(true).open(root.join(".git/index")).expect("opened");
        file.set_modified(found.modified().expect("a date")).expect("dated");
        assert!(!has(&of(), &root, &base, "a.rs"), "the same date: it may have been written again");
        file.set_modified(found.modified().expect("a date") + RACY).expect("dated");
        assert!(!has(&of(), &root, &base, "a.rs"), "so shortly after that no clock can tell");
        age(&root, Duration::from_secs(5));
        assert!(has(&of(), &root, &base, "a.rs"));
        fs::write(root.join("a.rs"), "fn b() {}\n").expect("written");
        assert!(!has(&of(), &root, &base, "a.rs"), "as long as it was");
        // With the date that it had.
        let edited = File::options().append(true).open(root.join("a.rs")).expect("opened");
        edited.set_modified(found.modified().expect("a date")).expect("dated");
        assert!(!has(&of(), &root, &base, "a.rs"), "the change of the date has a date");
        // What was added, and is not in the commit as it is.
        git(&root, &["add", "a.rs"]);
        age(&root, Duration::from_secs(5));
        assert!(!has(&of(), &root, &base, "a.rs") && has(&of(), &root, &base, "empty"));
    }

    #[test]
    fn what_is_no_index_says_nothing() {
        let place = tempfile::tempdir().expect("a folder");
        let (root, _) = repository(place.path());
        age(&root, Duration::from_secs(5));
        let at = root.join(".git/index");
        let bytes = fs::read(&at).expect("read");
        for end in 0..bytes.len() {
            // As far as it goes it is read, and never further.
            assert!(each(&bytes[..end], |_, _, _| ()).is_none() || end > bytes.len() / 2);
        }
        for nth in 0..bytes.len().min(4096) {
            let mut bad = bytes.clone();
            bad[nth] ^= 0x55;
            let _ = each(&bad, |_, _, _| ());
        }
        fs::remove_file(&at).expect("removed");
        assert!(Index::of(&root).noted.is_empty());
        rustix::fs::mknodat(rustix::fs::CWD, &at, rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .expect("a pipe");
        assert!(Index::of(&root).noted.is_empty(), "nobody waits for a writer");
        fs::remove_file(&at).expect("removed");
        fs::write(place.path().join("elsewhere"), &bytes).expect("written");
        std::os::unix::fs::symlink(place.path().join("elsewhere"), &at).expect("linked");
        assert!(Index::of(&root).noted.is_empty(), "links are not followed");
    }
}
