//! The mark: how far the ledger was acknowledged, kept beside it and outside of SQLite's own files.
//!
//! A crash may leave a half-written frame at the end of the write-ahead log, so SQLite takes the first frame that
//! does not fit for that end. It cannot know that more had followed, nor that there had been a log at all. The mark
//! knows: it names the size and the root of the tree when a record was acknowledged last.
//!
//! Invariants: (1) It is never ahead of what is durable, for it is written after the commit, and before the answer.
//! (2) Nothing that happens to it makes a sound ledger be refused. It has two slots that are written in turn, each
//! in a block of its own, so that a torn write spoils at most one; and one that cannot be read says nothing.
//! (3) Against a kill it is exact, because what was written stands in the system's memory. Against a power cut it
//! may be [`SYNC_EVERY`] behind: to sync it with each commit would take half of a lone writer's speed.

use super::SqliteArchive;
use super::blobs::sync_folder_of;
use crate::merkle::{Frontier, Tree};
use crate::store::{Archive as _, Head, Loss, StoreError};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use weir_model::{Digest, Position};

/// A disk writes, and spoils, a block at a time.
const SLOT_BYTES: u64 = 4096;

/// The kernel would write it within half a minute by itself.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// `weir-mark.v1 <size in 20 digits> <root> <SHA-256 of all before>`, and the end of the line.
const LINE_BYTES: usize = 13 + 21 + 65 + 65;

/// What was acknowledged: the records of the tree of this size and root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marked {
    size: u64,
    root: Digest,
}

impl Marked {
    pub(super) fn of(head: &Head) -> Self {
        Self { size: head.frontier.size(), root: head.frontier.root() }
    }

    pub(super) fn position(&self) -> Position {
        Position(self.size)
    }

    fn line(&self) -> String {
        let text = format!("weir-mark.v1 {:020} {}", self.size, self.root);
        format!("{text} {}\n", Digest::of(text.as_bytes()))
    }

    fn read(line: &[u8]) -> Option<Self> {
        let line = str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let (text, sum) = line.rsplit_once(' ')?;
        if sum != Digest::of(text.as_bytes()).to_string() {
            return None;
        }
        let (size, root) = text.strip_prefix("weir-mark.v1 ")?.split_once(' ')?;
        Some(Self { size: size.parse().ok()?, root: root.parse().ok()? })
    }

    /// What `archive` lacks of it. One that does not add up by itself is left to [`crate::Ledger::open`], which
    /// says where.
    pub(super) fn missing_from(&self, archive: &SqliteArchive) -> Result<Option<Loss>, StoreError> {
        let Some(head) = archive.head()? else {
            let found = format!("its head is gone, and {} had been acknowledged", self.position());
            return Err(StoreError::damaged(found));
        };
        let size = head.frontier.size();
        let loss = Loss { left: Position(size), marked: self.position(), root: self.root };
        if size < self.size {
            return Ok(Some(loss));
        }
        let mut tree = Tree(|level, first, count| archive.nodes(level, first, count));
        if !tree.peaks(size).is_ok_and(|peaks| peaks == head.frontier.peaks()) {
            return Ok(None);
        }
        let root = Frontier::from_peaks(self.size, tree.peaks(self.size)?).map(|tree| tree.root());
        Ok((root != Some(self.root)).then_some(loss))
    }
}

/// The file, as the one writer of a ledger has it.
pub(super) struct Mark {
    path: PathBuf,
    was_there: bool,
    /// None yet, or one that must not stay: made anew when there is something to write.
    file: Option<File>,
    /// Where to write next: not over what was written last.
    next: u64,
    /// What could not be written when it was due.
    owed: Option<Marked>,
    synced: Instant,
}

impl Mark {
    /// The mark in `folder`, and what it says if it says something.
    pub(super) fn open(folder: &Path) -> Result<(Self, Option<Marked>), StoreError> {
        let path = folder.join("ledger.mark");
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(StoreError::io("open the mark of the ledger")(error)),
        };
        let slots = [0, 1].map(|slot| file.as_ref().and_then(|file| read(file, slot)));
        let [first, second] = slots.map(|slot| slot.map(|marked| marked.size));
        let (newest, next) = if first >= second { (slots[0], 1) } else { (slots[1], 0) };
        let was_there = file.is_some();
        let file = file.filter(|_| newest.is_some());
        Ok((Self { path, was_there, file, next, owed: None, synced: Instant::now() }, newest))
    }

    /// Was there a mark, whatever it says? Then there was a ledger.
    pub(super) fn was_there(&self) -> bool {
        self.was_there
    }

    /// Forget what it says, but not before there is something else to say.
    pub(super) fn supersede(&mut self) {
        self.file = None;
    }

    /// Say that all of `marked` is durable. If that fails it is owed.
    pub(super) fn write(&mut self, marked: Marked) -> io::Result<()> {
        self.owed = Some(marked);
        self.settle()
    }

    /// Write what is owed.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        let Some(marked) = self.owed else { return Ok(()) };
        match &self.file {
            None => self.file = Some(make(&self.path, &marked.line())?),
            Some(file) => {
                file.write_all_at(marked.line().as_bytes(), self.next * SLOT_BYTES)?;
                self.next = 1 - self.next;
                if self.synced.elapsed() >= SYNC_EVERY {
                    file.sync_data()?;
                    self.synced = Instant::now();
                }
            }
        }
        self.owed = None;
        Ok(())
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        // Only to have it sooner: an older one is as true.
        let _ = self.file.as_ref().map(File::sync_data);
    }
}

/// What a slot says; nothing, if it is torn, or cannot be read.
fn read(file: &File, slot: u64) -> Option<Marked> {
    let mut line = [0; LINE_BYTES];
    file.read_exact_at(&mut line, slot * SLOT_BYTES).ok()?;
    Marked::read(&line)
}

/// A new file in the place of what was there. With both slots filled, writing over them takes no more room, also
/// on a disk that is full.
fn make(path: &Path, line: &str) -> io::Result<File> {
    let draft = path.with_extension("mark.new");
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(true).open(&draft)?;
    for slot in [0, 1] {
        file.write_all_at(line.as_bytes(), slot * SLOT_BYTES)?;
    }
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    sync_folder_of(path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(size: u64) -> Marked {
        Marked { size, root: Digest::of(&size.to_be_bytes()) }
    }

    fn said(folder: &Path) -> Option<u64> {
        Mark::open(folder).expect("opened").1.map(|marked| marked.size)
    }

    /// Bytes that are read for ever.
    #[test]
    fn the_bytes_of_a_mark_never_change() {
        let line = marked(7).line();
        assert_eq!(line, include_str!("../../tests/golden/mark.txt"));
        assert_eq!(line.len(), LINE_BYTES);
        assert_eq!(Marked::read(line.as_bytes()), Some(marked(7)));
    }

    #[test]
    fn it_says_what_was_written_last() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(said(folder.path()), None);
        for turn in [0, 10, 20] {
            let (mut mark, _) = Mark::open(folder.path()).expect("opened");
            for size in turn..turn + 5 {
                mark.write(marked(size)).expect("written");
                assert_eq!(said(folder.path()), Some(size));
            }
        }
    }

    /// A write that stops at any byte, or leaves anything there, spoils the slot it writes and not the other.
    #[test]
    fn a_torn_write_leaves_what_was_said_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.mark");
        let (mut mark, _) = Mark::open(folder.path()).expect("opened");
        for size in [8, 9, 10] {
            mark.write(marked(size)).expect("written");
        }
        let before = std::fs::read(&path).expect("read");
        mark.write(marked(11)).expect("written");
        let after = std::fs::read(&path).expect("read");
        let changed: Vec<_> = (0..after.len()).filter(|at| before[*at] != after[*at]).collect();
        let slot = changed[0] / SLOT_BYTES as usize * SLOT_BYTES as usize;
        assert!(changed.iter().all(|at| (slot..slot + LINE_BYTES).contains(at)), "{changed:?}");
        for at in slot..slot + LINE_BYTES {
            let torn = [&after[..at], &before[at..]].concat();
            std::fs::write(&path, &torn).expect("written");
            let whole = torn == after;
            assert_eq!(said(folder.path()), Some(if whole { 11 } else { 10 }), "cut at {at}");
            let mut flipped = after.clone();
            flipped[at] ^= 0x20;
            std::fs::write(&path, &flipped).expect("written");
            assert_eq!(said(folder.path()), Some(10), "flipped at {at}");
        }
    }

    #[test]
    fn one_that_was_superseded_holds_until_the_next_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut mark, _) = Mark::open(folder.path()).expect("opened");
        mark.write(marked(9)).expect("written");
        mark.write(marked(10)).expect("written");
        let (mut mark, _) = Mark::open(folder.path()).expect("opened");
        mark.supersede();
        assert_eq!(said(folder.path()), Some(10));
        mark.write(marked(4)).expect("written");
        assert_eq!(said(folder.path()), Some(4), "neither slot remembers");
    }

    #[test]
    fn what_could_not_be_written_is_owed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut mark, _) = Mark::open(folder.path()).expect("opened");
        let block = folder.path().join("ledger.mark.new");
        std::fs::create_dir(&block).expect("in the way");
        assert!(mark.write(marked(3)).is_err());
        assert!(mark.settle().is_err(), "still");
        std::fs::remove_dir(&block).expect("out of the way");
        mark.settle().expect("written");
        assert_eq!(said(folder.path()), Some(3));
    }
}
