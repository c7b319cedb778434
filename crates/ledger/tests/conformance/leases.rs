use super::*;
use std::sync::Barrier;
use weir_ledger::{HeldLease, LeaseError};
use weir_model::{FencingToken, Lease};

const MINUTE: Lease = Lease::minutes(1);

fn under(lease: &HeldLease, at: Timestamp, text: &str) -> Append {
    let records = vec![NewRecord { at, ..record("queue", text) }];
    Append { records, lease: Some(lease.proof()), ..Append::default() }
}

pub(crate) fn a_taken_over_lease_fences_its_old_holder(home: &dyn Home) {
    let ledger = open(home);
    let old = ledger.lease("queue", "node-a", second(0), MINUTE).expect("free");
    assert_eq!((old.token(), old.expires_at()), (FencingToken(1), second(60)));
    append(&ledger, under(&old, second(1), "a"));

    let error = ledger.lease("queue", "node-b", second(59), MINUTE).expect_err("held");
    assert!(matches!(error, LeaseError::Held { holder, .. } if holder == "node-a"));
    let new = ledger.lease("queue", "node-b", second(60), MINUTE).expect("ended");
    assert_eq!(new.token(), FencingToken(2));

    // The old holder slept and does not know; even its clock stands still.
    let error = ledger.append_wait(under(&old, second(2), "stale")).expect_err("fenced");
    assert!(matches!(error, AppendError::LeaseLost { name } if name == "queue"));
    append(&ledger, under(&new, second(61), "b"));
    let mut old = old;
    assert!(matches!(ledger.renew(&mut old, second(2), MINUTE), Err(LeaseError::Lost { .. })));
    assert!(matches!(ledger.release(old), Err(LeaseError::Lost { .. })));
    append(&ledger, under(&new, second(62), "c"));
    assert_eq!(told(&ledger), "E1 queue.1 a\nE2 queue.2 b\nE3 queue.3 c\n");
}

pub(crate) fn a_lease_is_had_by_one_of_many(home: &dyn Home) {
    let ledger = open(home);
    let barrier = Barrier::new(8);
    let held: Vec<HeldLease> = std::thread::scope(|threads| {
        let askers: Vec<_> = (0..8)
            .map(|n| {
                let (ledger, barrier) = (ledger.clone(), &barrier);
                threads.spawn(move || {
                    barrier.wait();
                    ledger.lease("queue", &format!("node-{n}"), second(0), MINUTE).ok()
                })
            })
            .collect();
        askers.into_iter().filter_map(|asker| asker.join().expect("no panic")).collect()
    });
    assert_eq!(held.len(), 1);
    assert!(ledger.lease("other", "node-9", second(0), MINUTE).is_ok(), "another name is free");
}

pub(crate) fn a_lease_survives_a_restart(home: &dyn Home) {
    let ledger = open(home);
    let mut held = ledger.lease("queue", "node-a", second(0), MINUTE).expect("free");
    ledger.renew(&mut held, second(30), MINUTE).expect("live");
    assert_eq!(held.expires_at(), second(90));
    drop(ledger);
    let ledger = open(home);
    assert!(ledger.lease("queue", "node-b", second(80), MINUTE).is_err());
    append(&ledger, under(&held, second(80), "a"));
    ledger.release(held).expect("still held");
    let next = ledger.lease("queue", "node-b", second(80), MINUTE).expect("given back");
    assert_eq!(next.token(), FencingToken(2));
}

pub(crate) fn an_expired_or_returned_lease_covers_nothing(home: &dyn Home) {
    let ledger = open(home);
    let held = ledger.lease("queue", "node-a", second(0), MINUTE).expect("free");
    append(&ledger, under(&held, second(59), "a"));
    // Nobody took it, but a lease has ended at the instant it names.
    assert!(matches!(
        ledger.append_wait(under(&held, second(60), "late")),
        Err(AppendError::LeaseLost { .. })
    ));
    let proof = held.proof();
    ledger.release(held).expect("held");
    let batch = Append { lease: Some(proof), ..one("queue", "returned") };
    assert!(matches!(ledger.append_wait(batch), Err(AppendError::LeaseLost { .. })));
    assert_eq!(told(&ledger), "E1 queue.1 a\n");
}
