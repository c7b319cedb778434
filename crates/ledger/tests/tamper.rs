//! Whatever is done to an export is found, and the first wrong position is named.

mod conformance;

use conformance::{append, one, signer};
use proptest::prelude::*;
use proptest::sample::Index;
use std::sync::OnceLock;
use weir_ledger::merkle::leaf_hash;
use weir_ledger::{
    Append, Checkpoint, Ledger, Signer, SqliteStore, Tampered, VerifierKey, VerifyError, verify,
    verify_since, verify_store,
};
use weir_model::{Digest, Position};

const RECORDS: usize = 300;

/// An export whose records came in groups of all sizes, by its lines: header, records, one checkpoint
/// after E262 or so, more records, the last checkpoint.
fn lines() -> Vec<String> {
    static EXPORT: OnceLock<String> = OnceLock::new();
    let export = EXPORT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SqliteStore::open(folder.path()).expect("opened");
        let (ledger, _) = Ledger::open(Box::new(store), signer()).expect("opened");
        let (mut written, mut next) = (0, 1);
        while written < RECORDS {
            let size = next.min(RECORDS - written);
            let records =
                (0..size).map(|n| conformance::record(["work", "flow"][n % 2], &n.to_string()));
            append(&ledger, Append { records: records.collect(), ..Append::default() });
            (written, next) = (written + size, next % 17 + 1);
        }
        let mut out = Vec::new();
        ledger.export(&mut out).expect("exported");
        String::from_utf8(out).expect("text")
    });
    export.lines().map(|line| format!("{line}\n")).collect()
}

fn key() -> VerifierKey {
    signer().key().clone()
}

fn is_checkpoint(line: &str) -> bool {
    line.starts_with("{\"checkpoint\"")
}

/// Where the record at `position` stands among the lines.
fn line_of(lines: &[String], position: usize) -> usize {
    let mut records = lines.iter().enumerate().filter(|(n, line)| *n > 0 && !is_checkpoint(line));
    records.nth(position - 1).expect("there").0
}

fn tampered(lines: &[String]) -> Tampered {
    match verify(lines.concat().as_bytes(), &key()) {
        Err(VerifyError::Tampered(tampered)) => tampered,
        other => panic!("not found: {other:?}"),
    }
}

/// The same record with another text, and a hash that fits it.
fn forged(line: &str) -> String {
    let record = line[65..].trim_end().replacen("noted.v1", "faked.v1", 1);
    format!("{} {record}\n", leaf_hash(record.as_bytes()))
}

#[test]
fn an_untouched_export_verifies_and_without_an_inner_checkpoint_too() {
    let mut lines = lines();
    let verified = verify(lines.concat().as_bytes(), &key()).expect("sound");
    assert_eq!((verified.checkpoint.size, verified.streams, verified.checkpoints), (300, 2, 2));
    let inner = lines.iter().position(|line| is_checkpoint(line)).expect("one inside");
    assert!(inner < lines.len() - 1);
    lines.remove(inner);
    // It proves nothing less: only a forgery would be found less closely.
    assert_eq!(verify(lines.concat().as_bytes(), &key()).expect("sound").checkpoints, 1);
}

#[test]
fn an_export_of_another_ledger_is_not_taken_for_ours() {
    let other = Signer::draw("PeterNeumann").expect("randomness");
    let error = verify(lines().concat().as_bytes(), other.key()).expect_err("another key");
    assert!(error.to_string().contains("it is of the key `PeterNeumann+c74f20a3+"), "{error}");
    for text in ["", "\n", "{}\n", "{\"key\":1}\n", "hello"] {
        let error = verify(text.as_bytes(), &key()).expect_err("no export");
        assert!(error.to_string().starts_with("not a sound export"), "{error}");
    }
}

#[test]
fn a_line_without_an_end_is_not_read_into_memory() {
    struct Endless;
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(b'a');
            Ok(buffer.len())
        }
    }
    let endless = std::io::BufReader::new(Endless);
    assert!(verify(endless, &key()).is_err());
}

/// Somebody who can write the database but not sign: each row is found, and named.
#[test]
fn a_store_that_was_tampered_with_names_the_record() {
    for (damage, expected) in [
        (
            "UPDATE records SET line = replace(line, 'noted', 'faked') WHERE position = 17",
            "tampered at E17: the bytes of E17 do not fit their hash",
        ),
        ("DELETE FROM records WHERE position = 17", "tampered at E17: E17 is missing: E18 follows"),
        (
            "DELETE FROM records WHERE position = 300",
            "tampered at E300: the checkpoint over E300 stands after E299: E300 is missing",
        ),
        ("DELETE FROM records WHERE position > 100", "tampered at E101"),
        (
            "UPDATE records SET position = CASE position WHEN 17 THEN 1018 ELSE 1017 END WHERE position IN (17, 18); UPDATE records SET position = position - 1000 WHERE position > 1000",
            "tampered at E17",
        ),
        ("UPDATE nodes SET hash = zeroblob(32)", "tampered at E256: the stored tree does not fit"),
        ("DELETE FROM nodes", "tampered at E256: the stored tree does not fit"),
        (
            "UPDATE checkpoints SET note = replace(note, char(10, 10), char(10, 32, 10, 10))",
            "its signature does not fit its text",
        ),
        ("UPDATE streams SET version = 1", "stream `flow` is kept as shorter than its"),
        ("UPDATE head SET frontier = zeroblob(128)", "the stored frontier does not fit"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SqliteStore::open(folder.path()).expect("opened");
        let (ledger, _) = Ledger::open(Box::new(store), signer()).expect("opened");
        for n in 0..RECORDS {
            ledger.append(one(["work", "flow"][n % 2], &n.to_string()), |_| ());
        }
        drop(ledger);
        verify_store(folder.path(), &key()).expect("sound");
        let db = rusqlite::Connection::open(folder.path().join("ledger.db")).expect("opened");
        db.execute_batch(damage).expect(damage);
        drop(db);
        let error = verify_store(folder.path(), &key()).expect_err(damage).to_string();
        assert!(error.contains(expected), "{damage}: {error}");
    }
}

fn place() -> impl Strategy<Value = usize> {
    1..=RECORDS
}

proptest! {
    // Each case hashes three hundred records, without optimisation.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_changed_byte_is_named(at in any::<Index>(), flip in 1u8..=255) {
        let lines = lines();
        let mut bytes = lines.concat().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let Err(VerifyError::Tampered(found)) = verify(bytes.as_slice(), &key()) else {
            panic!("not found");
        };
        let mut end = 0;
        let line = lines.iter().position(|line| { end += line.len(); at < end }).expect("inside");
        let before = lines[1..=line].iter().filter(|line| !is_checkpoint(line)).count();
        if line == 0 {
            prop_assert!(found.first.0 <= 1, "{found}");
        } else if is_checkpoint(&lines[line]) {
            // A checkpoint has no position of its own: what comes after it is named.
            prop_assert_eq!(found.first, Position(before as u64 + 1), "{}", found);
        } else {
            prop_assert_eq!((found.first, found.last), (Position(before as u64), found.first), "{}", found);
        }
    }

    #[test]
    fn a_dropped_record_is_named(position in place()) {
        let mut lines = lines();
        lines.remove(line_of(&lines, position));
        prop_assert_eq!(tampered(&lines).named(), position as u64);
    }

    #[test]
    fn a_dropped_tail_is_named(position in place()) {
        let mut lines = lines();
        let last = lines.len() - 1;
        let from = line_of(&lines, position);
        lines.drain(from..last);
        prop_assert_eq!(tampered(&lines).named(), position as u64);
        lines.pop();
        prop_assert_eq!(tampered(&lines).named(), position as u64);
    }

    #[test]
    fn an_export_that_was_cut_anywhere_is_found(at in any::<Index>()) {
        let bytes = lines().concat().into_bytes();
        let cut = &bytes[..at.index(bytes.len())];
        prop_assert!(verify(cut, &key()).is_err());
    }

    #[test]
    fn a_doubled_record_is_named(position in place(), after in place()) {
        let mut lines = lines();
        let copy = lines[line_of(&lines, position)].clone();
        let to = line_of(&lines, after) + 1;
        lines.insert(to, copy);
        // Put just before itself, it is the second of the two that is one too many.
        let wrong = if position == after + 1 { position + 1 } else { after + 1 };
        prop_assert_eq!(tampered(&lines).named(), wrong as u64);
    }

    #[test]
    fn exchanged_records_are_named(one in place(), other in place()) {
        prop_assume!(one != other);
        let mut lines = lines();
        let (a, b) = (line_of(&lines, one), line_of(&lines, other));
        lines.swap(a, b);
        prop_assert_eq!(tampered(&lines).named(), one.min(other) as u64);
    }

    #[test]
    fn an_inserted_record_is_named(position in place()) {
        let mut lines = lines();
        let at = line_of(&lines, position);
        let forged = forged(&lines[at]);
        lines.insert(at, forged);
        prop_assert_eq!(tampered(&lines).named(), position as u64);
    }

    /// The forger who also makes the hashes fit, and cannot sign: found between two checkpoints.
    #[test]
    fn a_forged_record_is_found_between_two_checkpoints(position in place()) {
        let mut lines = lines();
        let at = line_of(&lines, position);
        lines[at] = forged(&lines[at]);
        let inner = lines.iter().position(|line| is_checkpoint(line)).expect("one inside") as u64 - 1;
        let found = tampered(&lines);
        let span = if position as u64 <= inner { (1, inner) } else { (inner + 1, RECORDS as u64) };
        prop_assert_eq!((found.first.0, found.last.0), span, "{}", found);
        prop_assert_eq!(found.proven.0, span.0 - 1);
    }

    #[test]
    fn no_bytes_make_the_verifier_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let header = &lines()[0];
        let _ = verify(bytes.as_slice(), &key());
        let _ = verify([header.as_bytes(), &bytes].concat().as_slice(), &key());
    }
}

#[test]
fn a_ledger_that_was_rolled_back_does_not_hold_what_was_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path()).expect("opens");
    let (ledger, _) = Ledger::open(Box::new(store), signer()).expect("opens");
    let add = |text| append(&ledger, one("work", text));
    add("1");
    let early = ledger.checkpoint().expect("read");
    let mut old = Vec::new();
    ledger.export(&mut old).expect("written");
    add("2");
    let late = ledger.checkpoint().expect("read");
    let mut new = Vec::new();
    ledger.export(&mut new).expect("written");
    let key = ledger.key();
    verify_since(new.as_slice(), key, Some(&early)).expect("grew from it");
    verify_since(new.as_slice(), key, Some(&late)).expect("is it");
    verify(old.as_slice(), key).expect("sound by itself");
    let found = verify_since(old.as_slice(), key, Some(&late)).expect_err("rolled back");
    assert!(found.to_string().starts_with("tampered at E2: E2 is missing"), "{found}");
    let other = Checkpoint { root: Digest::of(b"another"), ..early };
    let found = verify_since(new.as_slice(), key, Some(&other)).expect_err("another history");
    assert!(found.to_string().starts_with("tampered at E1"), "{found}");
}

trait Named {
    fn named(&self) -> u64;
}

impl Named for Tampered {
    /// The one position that it names.
    fn named(&self) -> u64 {
        assert_eq!(self.first, self.last, "{self}");
        self.first.0
    }
}
