//! What a disk loses after it was acknowledged: the next start has every record, or says that it has not.
//!
//! A ledger is left as a kill leaves it, then its files are cut, flipped and thrown away.

mod conformance;

use conformance::{append, one, record, second, signer, told};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use weir_ledger::{
    Append, Ledger, LedgerError, Loss, Opened, SqliteStore, StoreError, verify_store,
};
use weir_model::{Lease, Position};

const DB: &str = "ledger.db";
const WAL: &str = "ledger.db-wal";
const SHM: &str = "ledger.db-shm";
const MARK: &str = "ledger.mark";

/// The header of the log, and of each frame before its page.
const WAL_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const FRAME: usize = FRAME_HEADER + 4096;

/// The files of a ledger whose process was killed, and what it had acknowledged.
#[derive(Clone)]
struct Left {
    files: BTreeMap<&'static str, Vec<u8>>,
    said: String,
}

impl Left {
    /// As a kill would leave the open `ledger` now.
    fn behind(folder: &Path, ledger: &Ledger) -> Self {
        let copy = tempfile::tempdir().expect("a folder");
        // By another process: to close a file of SQLite's gives its locks back for all of this one.
        let copied =
            Command::new("cp").args([folder, &copy.path().join("copy")]).arg("-r").status();
        assert!(copied.expect("copied").success());
        let read = |name| Some((name, std::fs::read(copy.path().join("copy").join(name)).ok()?));
        let files = [DB, WAL, SHM, MARK].into_iter().filter_map(read).collect();
        Self { files, said: told(ledger) }
    }

    fn with(&self, name: &'static str, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut left = self.clone();
        change(left.files.get_mut(name).expect(name));
        left
    }

    fn without(&self, names: &[&str]) -> Self {
        let mut left = self.clone();
        left.files.retain(|name, _| !names.contains(name));
        left
    }

    fn wal(&self) -> &[u8] {
        &self.files[WAL]
    }

    fn lay(&self) -> TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes) in &self.files {
            std::fs::write(folder.path().join(name), bytes).expect("written");
        }
        folder
    }

    fn records(&self) -> Position {
        Position(self.said.lines().count() as u64)
    }

    fn said_to(&self, at: Position) -> String {
        self.said.split_inclusive('\n').take(at.0 as usize).collect()
    }

    fn is_as_it_was(&self, folder: &Path, what: &str) {
        // What SQLite shares between its connections is made anew by the first of them.
        for (name, bytes) in self.files.iter().filter(|(name, _)| **name != SHM) {
            let now = std::fs::read(folder.join(name)).expect(name);
            assert!(now == *bytes, "{what}: {name} was changed by a start that failed");
        }
    }

    /// The promise: all is there, or the start refuses and leaves everything as it is.
    fn check(&self, what: &str) -> Found {
        let folder = self.lay();
        match open(folder.path(), None) {
            Ok((ledger, opened)) => {
                assert!(told(&ledger) == self.said, "{what}: lost in silence");
                verify_store(folder.path(), ledger.key()).expect(what);
                append(&ledger, one("work", "on"));
                Found::Whole { unmarked: opened.recovery.unmarked }
            }
            Err(LedgerError::Store(error)) => {
                for (name, bytes) in self.files.iter().filter(|(name, _)| **name != SHM) {
                    let now = std::fs::read(folder.path().join(name)).expect(name);
                    assert!(now == *bytes, "{what}: {name} was changed by a start that failed");
                }
                match error {
                    StoreError::Lost(loss) => Found::Lost(loss),
                    StoreError::Damaged { found } => Found::Damaged(found),
                    other => panic!("{what}: {other:?}"),
                }
            }
            Err(other) => panic!("{what}: {other:?}"),
        }
    }
}

impl Left {
    /// Goes on from `at` without the rest, if what is left allows it; then it must be sound for good.
    fn goes_on_soundly(&self, at: Position, what: &str) -> bool {
        let folder = self.lay();
        let (ledger, _) = match open(folder.path(), Some(at)) {
            Ok(opened) => opened,
            Err(LedgerError::Store(StoreError::Damaged { .. })) => {
                self.is_as_it_was(folder.path(), what);
                return false;
            }
            Err(error) => panic!("{what}: {error:?}"),
        };
        assert!(told(&ledger) == self.said_to(at), "{what}: not what was acknowledged");
        // Over the next node of the tree, and in every stream.
        append(&ledger, in_every_stream("on"));
        drop(ledger);
        verify_store(folder.path(), signer().key()).expect(what);
        open(folder.path(), None).expect(what);
        true
    }
}

#[derive(Debug, PartialEq)]
enum Found {
    Whole { unmarked: bool },
    Lost(Loss),
    Damaged(String),
}

const WHOLE: Found = Found::Whole { unmarked: false };

impl Found {
    #[track_caller]
    fn lost(self) -> Loss {
        match self {
            Self::Lost(loss) => loss,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn damaged(self) -> String {
        match self {
            Self::Damaged(found) => found,
            other => panic!("{other:?}"),
        }
    }
}

fn open(folder: &Path, left: Option<Position>) -> Result<(Ledger, Opened), LedgerError> {
    let store = match left {
        None => SqliteStore::open(folder)?,
        Some(left) => SqliteStore::open_after_loss(folder, left, signer().key())?,
    };
    Ledger::open(Box::new(store), signer())
}

/// Eight records that reached the file, then twelve that are in the log alone, some in one group, and leases.
fn killed() -> Left {
    let folder = tempfile::tempdir().expect("a folder");
    let (ledger, _) = open(folder.path(), None).expect("new");
    for n in 1..=8 {
        append(&ledger, one("work", &format!("early-{n}")));
    }
    drop(ledger);
    let (ledger, _) = open(folder.path(), None).expect("clean");
    for n in 1..=6 {
        append(&ledger, one("work", &format!("late-{n}")));
        ledger.lease("queue", "me", second(n), Lease::minutes(1)).expect("granted");
    }
    let group = (0..6).map(|n| record(["work", "flow"][n % 2], &format!("group-{n}")));
    append(&ledger, Append { records: group.collect(), ..Append::default() });
    Left::behind(folder.path(), &ledger)
}

#[test]
fn a_kill_alone_loses_nothing() {
    let left = killed();
    assert_eq!(left.records(), Position(20));
    assert!(left.wal().len() > 20 * FRAME, "the log has it");
    assert_eq!(left.check("untouched"), WHOLE);
}

/// In every frame: each field of its header, and its page at the start, in the middle and at the end.
#[test]
fn a_flipped_byte_in_the_log_is_never_a_silent_loss() {
    let left = killed();
    let frames = (left.wal().len() - WAL_HEADER) / FRAME;
    let fields = [0, 4, 8, 12, 16, 20].into_iter();
    let places: Vec<_> = fields.chain([0, 8, 2000, 4095].map(|at| FRAME_HEADER + at)).collect();
    let in_frames = (0..frames).flat_map(|frame| {
        let start = WAL_HEADER + frame * FRAME;
        // Every place of some frames, some places of every frame.
        let step = if frame % 8 == 0 { 1 } else { 4 };
        places.iter().skip(frame % step).step_by(step).map(move |place| start + place)
    });
    let (mut lefts, mut flips) = (BTreeMap::new(), 0);
    for at in (0..WAL_HEADER).step_by(4).chain(in_frames) {
        let what = format!("flipped at {at}");
        let loss = left.with(WAL, |wal| wal[at] ^= 0x40).check(&what).lost();
        assert_eq!(loss.marked, Position(20), "{what}");
        assert!((8..20).contains(&loss.left.0), "{what}: {loss}");
        *lefts.entry(loss.left.0).or_insert(0) += 1;
        flips += 1;
    }
    println!("{flips} flips in {frames} frames; the last record left, and how often: {lefts:?}");
    // A group is lost whole: it is of one transaction.
    assert_eq!(lefts.into_keys().collect::<Vec<_>>(), [8, 9, 10, 11, 12, 13, 14]);
}

#[test]
fn a_cut_log_is_never_a_silent_loss() {
    let left = killed();
    for to in (0..left.wal().len()).step_by(FRAME / 2 + 7).chain([0, 1, WAL_HEADER, WAL_HEADER + 1])
    {
        let what = format!("cut to {to}");
        let loss = left.with(WAL, |wal| wal.truncate(to)).check(&what).lost();
        assert_eq!(loss.marked, Position(20), "{what}");
    }
    let loss = left.without(&[WAL]).check("no log").lost();
    assert_eq!((loss.left, loss.marked), (Position(8), Position(20)));
    let error = StoreError::Lost(loss).to_string();
    assert!(
        error.contains("12 acknowledged records are gone, E9 to E20, it ends at E8"),
        "{error}"
    );
    assert!(error.contains("restore it from a backup"), "{error}");
    assert!(error.contains("`weir up --accept-loss E8`"), "{error}");
}

/// A log of which all has reached the file, but that still goes before it: what is left may be of different times, so
/// that it must be refused, unless it is sound.
#[test]
fn a_log_that_has_reached_the_file_is_never_a_silent_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ledger, _) = open(folder.path(), None).expect("new");
    append(&ledger, in_every_stream("x"));
    drop(ledger);
    let (ledger, _) = open(folder.path(), None).expect("clean");
    // At a thousand frames it is copied over, and begun anew by the next commit.
    let length = || std::fs::metadata(folder.path().join(WAL)).expect("there").len() as usize;
    for n in 0.. {
        if length() >= WAL_HEADER + 1000 * FRAME {
            break;
        }
        append(&ledger, one(&stream_name(n), "y"));
    }
    let left = Left::behind(folder.path(), &ledger);
    let whole_file = left.without(&[WAL]);
    assert_eq!(whole_file.check("the file alone"), WHOLE);
    let (mut lost, mut accepted) = (0, 0);
    for at in (WAL_HEADER..left.wal().len()).step_by(left.wal().len() / 24) {
        let flipped = left.with(WAL, |wal| wal[at] ^= 1);
        if let Found::Lost(loss) = flipped.check(&format!("byte {at}")) {
            lost += 1;
            accepted += u32::from(flipped.goes_on_soundly(loss.left, &format!("byte {at}")));
        }
    }
    println!("{lost} of 25 lost, of which {accepted} could go on");
    assert!(lost > 20 && (1..lost).contains(&accepted));

    // And then: its live part ends before what is left of the old one.
    for n in 0..20 {
        append(&ledger, one(&stream_name(n), "z"));
    }
    let (left, mut whole) = (Left::behind(folder.path(), &ledger), 0);
    for at in (WAL_HEADER..left.wal().len()).step_by(left.wal().len() / 24) {
        let flipped = left.with(WAL, |wal| wal[at] ^= 1);
        whole += u32::from(flipped.check(&format!("byte {at}")) == WHOLE);
    }
    println!("{whole} of 25 whole");
    assert!((1..25).contains(&whole), "{whole}");
}

/// So many streams that their versions take several pages.
fn in_every_stream(text: &str) -> Append {
    let records = (0..300).map(|n| record(&stream_name(n), text)).collect();
    Append { records, ..Append::default() }
}

fn stream_name(n: u32) -> String {
    format!("a-stream-with-a-long-name-{:03}", n % 300)
}

#[test]
fn files_that_are_gone_are_not_taken_for_a_new_ledger() {
    let left = killed();
    let empty = |bytes: &mut Vec<u8>| bytes.clear();
    for (what, left) in [
        ("no file", left.without(&[DB])),
        ("no file and no log", left.without(&[DB, WAL])),
        ("only the mark", left.without(&[DB, WAL, SHM])),
        ("an empty file", left.with(DB, empty)),
        ("an empty file and no log", left.without(&[WAL]).with(DB, empty)),
    ] {
        let found = left.check(what).damaged();
        assert!(
            found.contains("holds a mark that E20 was acknowledged, but no records"),
            "{found}"
        );
        let spoilt = left.with(MARK, |mark| mark.fill(b'x'));
        let found = spoilt.check(what).damaged();
        assert!(found.contains("holds a mark, but no records"), "{what}: {found}");
    }
    let found = left.without(&[DB, MARK]).check("only the log").damaged();
    assert!(found.contains("holds a journal, but no records: its file is gone"), "{found}");

    // Before anything reached the file, all but its first page is in the log.
    let folder = tempfile::tempdir().expect("a folder");
    let (ledger, _) = open(folder.path(), None).expect("new");
    append(&ledger, one("work", "a"));
    let found = Left::behind(folder.path(), &ledger).without(&[WAL]).check("young").damaged();
    assert!(found.contains("holds a mark that E1 was acknowledged, but no records"), "{found}");
}

/// The file itself, without a log: what its last records or its tree do not show is noticed by its end.
#[test]
fn an_older_file_is_not_taken_for_the_ledger() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ledger, _) = open(folder.path(), None).expect("new");
    append(&ledger, one("work", "a"));
    drop(ledger);
    let old = std::fs::read(folder.path().join(DB)).expect("read");
    let (ledger, _) = open(folder.path(), None).expect("clean");
    append(&ledger, one("work", "b"));
    drop(ledger);
    std::fs::write(folder.path().join(DB), old).expect("put back");
    let Err(LedgerError::Store(StoreError::Lost(loss))) = open(folder.path(), None) else {
        panic!("not noticed")
    };
    assert_eq!(loss.to_string(), "E2 was acknowledged and is gone, it ends at E1");
}

/// One that was taken on from an older state, by something that knows of no mark.
#[test]
fn another_history_is_not_taken_for_the_ledger() {
    let write = |text| {
        let folder = tempfile::tempdir().expect("a folder");
        let (ledger, _) = open(folder.path(), None).expect("new");
        for n in 0..300 {
            ledger.append(one("work", &n.to_string()), |_| ());
        }
        append(&ledger, one("work", text));
        let mark = std::fs::read(folder.path().join(MARK)).expect("read");
        for _ in 0..9 {
            append(&ledger, one("work", text));
        }
        (Left::behind(folder.path(), &ledger), mark)
    };
    let ((one, old), (_, other)) = (write("one"), write("other"));
    assert_eq!(one.with(MARK, |mark| *mark = old).check("a mark that is behind"), WHOLE);
    let loss = one.with(MARK, |mark| *mark = other).check("another history").lost();
    assert_eq!((loss.left, loss.marked), (Position(310), Position(301)));
    assert!(loss.to_string().contains("E301 was acknowledged under the root"), "{loss}");
}

/// A mark that was cut or flipped anywhere, or is gone, stops no sound ledger; where it says nothing, that is told.
#[test]
fn a_damaged_mark_never_stops_a_sound_ledger() {
    let left = killed();
    let length = left.files[MARK].len();
    let slot = length - 4096;
    for to in (0..slot).step_by(29).chain([slot - 1, slot, 4095, 4096, length - 1]) {
        let found = left.with(MARK, |mark| mark.truncate(to)).check(&format!("cut to {to}"));
        assert_eq!(found, Found::Whole { unmarked: to < slot }, "cut to {to}");
    }
    for at in (0..slot).chain(4096..length).step_by(23) {
        let flipped = left.with(MARK, |mark| mark[at] ^= 0x20);
        assert_eq!(flipped.check(&format!("flipped at {at}")), WHOLE, "the other slot says enough");
    }
    let both = left.with(MARK, |mark| [5, 4096 + 70].into_iter().for_each(|at| mark[at] ^= 0x20));
    assert_eq!(both.check("both slots flipped"), Found::Whole { unmarked: true });
    assert_eq!(left.without(&[MARK]).check("no mark"), Found::Whole { unmarked: true });
}

/// A ledger of an earlier release, or one whose mark was thrown away, is marked from its next record on.
#[test]
fn a_ledger_without_a_mark_gets_one() {
    let folder = killed().without(&[MARK]).lay();
    let (ledger, opened) = open(folder.path(), None).expect("sound");
    assert!(opened.recovery.unmarked);
    append(&ledger, one("work", "on"));
    let left = Left::behind(folder.path(), &ledger);
    assert_eq!(left.check("marked"), WHOLE);
    assert_eq!(left.without(&[WAL]).check("no log").lost().marked, Position(21));
}

/// Only whoever names what is left goes on without the rest; and until that was recorded, nothing is forgotten.
#[test]
fn a_loss_is_accepted_by_name_and_then_recorded() {
    let left = killed();
    let at = WAL_HEADER + 9 * FRAME + 100;
    let folder = left.with(WAL, |wal| wal[at] ^= 1).lay();
    let refused = |wrong: Option<Position>| match open(folder.path(), wrong) {
        Err(LedgerError::Store(StoreError::Lost(loss))) => loss,
        other => panic!("{:?}", other.map(|(_, opened)| opened)),
    };
    let loss = refused(None);
    assert_eq!(refused(Some(loss.left.next())), loss, "another loss than this was accepted");

    // To look whether the file alone has more does no harm.
    let (log, aside) = (folder.path().join(WAL), folder.path().join("aside"));
    std::fs::rename(&log, &aside).expect("set aside");
    assert_eq!(refused(None), Loss { left: Position(8), ..loss });
    std::fs::rename(&aside, &log).expect("put back");
    assert_eq!(refused(None), loss);

    let (ledger, opened) = open(folder.path(), Some(loss.left)).expect("accepted");
    assert_eq!(opened.recovery.loss, Some(loss));
    assert_eq!(told(&ledger), left.said_to(loss.left));
    ledger.lease("queue", "me", second(99), Lease::minutes(1)).expect("granted");
    drop(ledger);
    assert_eq!(refused(None), loss, "nobody recorded it");

    let (ledger, _) = open(folder.path(), Some(loss.left)).expect("accepted again");
    append(&ledger, one("work", "records were lost"));
    drop(ledger);
    for accepted in [None, Some(loss.left)] {
        let (ledger, opened) = open(folder.path(), accepted).expect("sound");
        assert_eq!(opened.recovery.loss, None);
        assert!(told(&ledger).ends_with("records were lost\n"));
        verify_store(folder.path(), ledger.key()).expect("sound");
    }
    let nothing = killed().lay();
    let (ledger, opened) = open(nothing.path(), Some(Position(3))).expect("nothing was lost");
    assert_eq!((opened.recovery.loss, told(&ledger)), (None, left.said));
}
