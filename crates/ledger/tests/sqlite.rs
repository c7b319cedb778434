//! The SQLite store: what both stores promise, and what only a file can suffer.

mod conformance;

use conformance::{Home, append, one, open, reopen, signer, told};
use std::path::{Path, PathBuf};
use weir_ledger::{
    AppendError, Ledger, LedgerError, Snapshot, SqliteStore, Store, StoreError, verify_store,
};
use weir_model::Position;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("ledger")
    }
}

impl Home for Folder {
    fn store(&self) -> Box<dyn Store> {
        Box::new(SqliteStore::open(&self.path()).expect("opened"))
    }
}

conform!(Folder::new());

#[test]
fn a_second_process_is_told_who_has_it() {
    let home = Folder::new();
    let ledger = open(&home);
    let error = SqliteStore::open(&home.path()).err().expect("in use").to_string();
    assert!(
        error.contains(&format!("in use by another process (process {})", std::process::id())),
        "{error}"
    );
    drop(ledger);
    drop(open(&home));
}

/// A full disk refuses cleanly, and takes records again as soon as there is room.
#[test]
fn a_full_disk_loses_nothing_and_stops_nothing() {
    let home = Folder::new();
    let store = SqliteStore::open(&home.path()).expect("opened");
    store.limit_pages(60).expect("limited");
    let (ledger, _) = Ledger::open(Box::new(store), signer()).expect("opened");
    let text = "x".repeat(2000);
    let mut kept = 0;
    let error = loop {
        match ledger.append_wait(one("work", &text)) {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    let AppendError::Store(failure) = &error else { panic!("{error:?}") };
    assert!(matches!(**failure, StoreError::Full { .. }), "{failure:?}");
    assert!(failure.to_string().contains("the disk is full"), "{failure}");
    assert!(kept > 20 && ledger.head() == Position(kept), "{kept}");
    assert!(ledger.append_wait(one("work", &text)).is_err(), "still full");
    assert_eq!(ledger.read(Position(0), 1000).expect("read").len(), kept as usize);
    drop(ledger);

    let (ledger, opened) = reopen(&home);
    assert_eq!(opened.head, Position(kept));
    assert_eq!(append(&ledger, one("work", &text)).first, Position(kept + 1));
    verify_store(&home.path(), ledger.key()).expect("sound");
}

#[test]
fn a_damaged_snapshot_is_reported_and_not_used() {
    let home = Folder::new();
    let ledger = open(&home);
    append(&ledger, one("work", "a"));
    ledger.put_snapshot("work", Position(1), b"the state of the fold").expect("put");
    let folder = home.path().join("snapshots");
    let file = folder.read_dir().expect("a folder").next().expect("a file").expect("a file").path();
    let whole = std::fs::read(&file).expect("read");
    for damage in
        [&whole[..whole.len() - 1], b"", b"weir-snapshot.v1 E1", &[whole.as_slice(), b"x"].concat()]
    {
        std::fs::write(&file, damage).expect("damaged");
        let found = ledger.snapshot("work").expect("no failure");
        assert!(matches!(found, Snapshot::Damaged { .. }), "{found:?}");
    }
    std::fs::write(&file, &whole).expect("healed");
    assert!(matches!(ledger.snapshot("work").expect("read"), Snapshot::Whole { .. }));
}

#[test]
fn a_damaged_body_is_not_served_and_heals_when_put_again() {
    let home = Folder::new();
    let ledger = open(&home);
    let digest = ledger.put_body(b"evidence").expect("kept");
    let name = digest.to_string();
    let file = home.path().join("bodies").join(&name[..2]).join(&name);
    std::fs::write(&file, b"evidense").expect("damaged");
    let error = ledger.body(&digest).expect_err("damaged").to_string();
    assert!(error.contains("is not what its digest says"), "{error}");
    ledger.put_body(b"evidence").expect("kept");
    assert!(ledger.body(&digest).expect("read").is_some());
    ledger.erase_body(&digest).expect("erased");
    assert!(!file.exists(), "its bytes are gone");
}

/// Damage to what the next append would rest on is found on opening, said in words, and left as it is.
#[test]
fn a_corrupt_ledger_is_not_opened() {
    for (damage, expected) in [
        (
            "UPDATE records SET line = replace(line, 'x7', 'y7')",
            "the bytes of E7 are not those that were hashed",
        ),
        ("DELETE FROM records WHERE position = 9", "the stored tree has a hole"),
        ("DELETE FROM records WHERE position = 20", "the stored tree has a hole"),
        (
            "UPDATE records SET hash = zeroblob(32) WHERE position = 3",
            "do not add up to the signed root",
        ),
        ("UPDATE records SET hash = x'00' WHERE position = 3", "could not read the tree"),
        ("UPDATE head SET size = 19", "the frontier does not fit"),
        ("UPDATE head SET frontier = zeroblob(64)", "is not what its checkpoint signed"),
        (
            "UPDATE head SET checkpoint = replace(checkpoint, '20', '21')",
            "its signature does not fit its text",
        ),
        (
            "INSERT INTO records SELECT 21, line, hash FROM records WHERE position = 20",
            "records stand after E20",
        ),
    ] {
        let home = Folder::new();
        let ledger = open(&home);
        for n in 1..=20 {
            append(&ledger, one("work", &format!("x{n}")));
        }
        drop(ledger);
        sql(&home.path(), damage);
        let before = std::fs::read(home.path().join("ledger.db")).expect("read");
        let store = SqliteStore::open(&home.path()).map_err(LedgerError::from);
        let opened = store.and_then(|store| Ledger::open(Box::new(store), signer()));
        let error = opened.err().expect(damage);
        assert!(matches!(error, LedgerError::Store(StoreError::Damaged { .. })), "{error:?}");
        assert!(error.to_string().contains(expected), "{damage}: {error}");
        assert!(error.to_string().contains("restore it from a backup"), "{error}");
        assert!(verify_store(&home.path(), signer().key()).is_err(), "{damage}");
        assert_eq!(
            std::fs::read(home.path().join("ledger.db")).expect("read"),
            before,
            "untouched"
        );
    }
}

#[test]
fn a_file_that_is_no_ledger_is_not_touched() {
    let home = Folder::new();
    std::fs::create_dir_all(home.path()).expect("a folder");
    let file = home.path().join("ledger.db");
    let bytes = b"not a database, but long enough to be looked at as one: ".repeat(40);
    std::fs::write(&file, &bytes).expect("written");
    let error = SqliteStore::open(&home.path()).err().expect("no ledger").to_string();
    assert!(error.contains("damaged"), "{error}");
    assert_eq!(std::fs::read(&file).expect("read"), bytes);
    std::fs::remove_file(&file).expect("removed");
    sql(&home.path(), "CREATE TABLE theirs (x)");
    let error = SqliteStore::open(&home.path()).err().expect("no ledger").to_string();
    assert!(error.contains("a database of something else"), "{error}");
}

/// To begin anew where a ledger was would look as if nothing had ever happened.
#[test]
fn a_lost_file_is_not_taken_for_a_new_ledger() {
    let home = Folder::new();
    let ledger = open(&home);
    append(&ledger, one("work", "a"));
    ledger.put_body(b"evidence").expect("kept");
    drop(ledger);
    let file = home.path().join("ledger.db");
    let whole = std::fs::read(&file).expect("read");
    std::fs::remove_file(&file).expect("lost");
    for trace in ["a mark that E1 was acknowledged", "bodies or snapshots"] {
        for _ in 0..2 {
            let error = SqliteStore::open(&home.path()).err().expect("lost").to_string();
            assert!(error.contains(&format!("holds {trace}, but no records")), "{error}");
        }
        let _ = std::fs::remove_file(home.path().join("ledger.mark"));
    }
    std::fs::write(&file, whole).expect("restored");
    assert_eq!(told(&open(&home)), "E1 work.1 a\n");
}

/// An audit needs no server, gets past the lock of a running one, and changes nothing.
#[test]
fn a_live_ledger_can_be_audited() {
    let home = Folder::new();
    let ledger = open(&home);
    for n in 0..600 {
        ledger.append(one("work", &n.to_string()), |_| ());
    }
    append(&ledger, one("work", "last"));
    let verified = verify_store(&home.path(), ledger.key()).expect("sound");
    assert_eq!(verified.checkpoint.size, 601);
    drop(ledger);
    assert_eq!(verify_store(&home.path(), signer().key()).expect("sound"), verified);
    assert!(told(&open(&home)).ends_with("E601 work.601 last\n"));
}

fn sql(folder: &Path, statement: &str) {
    let db = rusqlite::Connection::open(folder.join("ledger.db")).expect("opened");
    db.execute_batch(statement).expect(statement);
}
