use super::*;
use weir_ledger::{Body, LedgerError, Snapshot};
use weir_model::Digest;

pub(crate) fn a_body_is_found_by_its_digest(home: &dyn Home) {
    let ledger = open(home);
    let large: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    for bytes in [&b""[..], b"hello", &[0, 255, b'\n'], &large] {
        let digest = ledger.put_body(bytes).expect("kept");
        assert_eq!(digest, Digest::of(bytes));
        assert_eq!(ledger.put_body(bytes).expect("kept"), digest, "again");
        assert_eq!(ledger.body(&digest).expect("read"), Some(Body::Kept(bytes.to_vec())));
    }
    assert_eq!(ledger.body(&Digest::of(b"never put")).expect("read"), None);
    drop(ledger);
    let found = open(home).body(&Digest::of(b"hello")).expect("read");
    assert_eq!(found, Some(Body::Kept(b"hello".to_vec())));
}

pub(crate) fn an_erased_body_leaves_its_trace(home: &dyn Home) {
    let ledger = open(home);
    let (kept, erased) =
        (ledger.put_body(b"kept").expect("kept"), ledger.put_body(b"private").expect("kept"));
    append(&ledger, one("work", &erased.to_string()));
    ledger.erase_body(&erased).expect("erased");
    ledger.erase_body(&erased).expect("erased again");
    assert_eq!(ledger.body(&erased).expect("read"), Some(Body::Erased));
    assert_eq!(ledger.body(&kept).expect("read"), Some(Body::Kept(b"kept".to_vec())));
    let error = ledger.put_body(b"private").expect_err("erased for good");
    assert!(matches!(error, LedgerError::BodyErased(digest) if digest == erased));
    drop(ledger);
    let ledger = open(home);
    assert_eq!(ledger.body(&erased).expect("read"), Some(Body::Erased), "after a restart");
    // Erased before it came: it does not come.
    let never = Digest::of(b"to be refused");
    ledger.erase_body(&never).expect("erased");
    assert!(ledger.put_body(b"to be refused").is_err());
    let mut out = Vec::new();
    ledger.export(&mut out).expect("exported");
    weir_ledger::verify(out.as_slice(), ledger.key()).expect("the chain verifies without the body");
}

pub(crate) fn a_snapshot_is_found_again_and_replaced(home: &dyn Home) {
    let ledger = open(home);
    assert_eq!(ledger.snapshot("work").expect("read"), Snapshot::Absent);
    ledger.put_snapshot("work", Position(0), b"empty").expect("put");
    for n in 1..=3 {
        let at = append(&ledger, one("work", "x")).last;
        ledger.put_snapshot("work", at, format!("state {n}").as_bytes()).expect("put");
    }
    ledger.put_snapshot("a name / of \"any\" kind", Position(2), b"").expect("put");
    drop(ledger);
    let ledger = open(home);
    let whole = |at, bytes: &[u8]| Snapshot::Whole { at: Position(at), bytes: bytes.to_vec() };
    assert_eq!(ledger.snapshot("work").expect("read"), whole(3, b"state 3"));
    assert_eq!(ledger.snapshot("a name / of \"any\" kind").expect("read"), whole(2, b""));
}

pub(crate) fn a_snapshot_of_what_is_not_there_is_not_taken(home: &dyn Home) {
    let ledger = open(home);
    append(&ledger, one("work", "x"));
    let error = ledger.put_snapshot("work", Position(2), b"future").expect_err("no such record");
    assert_eq!(error.to_string(), "there is no E2: the ledger ends at E1");
    assert!(ledger.put_snapshot("work", Position(u64::MAX), b"future").is_err());
    assert_eq!(ledger.snapshot("work").expect("read"), Snapshot::Absent);
}
