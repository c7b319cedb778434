use super::*;
use weir_ledger::merkle::leaf_hash;
use weir_ledger::{Checkpoint, LedgerError, verify};

/// A ledger that crossed the first kept level of the tree.
fn grown(home: &dyn Home) -> (Ledger, Vec<Checkpoint>) {
    let ledger = open(home);
    let mut checkpoints = vec![ledger.checkpoint().expect("signed")];
    for size in [1, 1, 5, 90, 160, 30, 300] {
        at_once(&ledger, (0..size).map(|n| one("work", &n.to_string())).collect());
        checkpoints.push(ledger.checkpoint().expect("signed"));
    }
    (ledger, checkpoints)
}

pub(crate) fn every_checkpoint_is_proven_to_extend_the_last(home: &dyn Home) {
    let (ledger, checkpoints) = grown(home);
    let sizes: Vec<_> = checkpoints.iter().map(|checkpoint| checkpoint.size).collect();
    assert_eq!(sizes, [0, 1, 2, 7, 97, 257, 287, 587]);
    for old in &checkpoints {
        assert_eq!(Checkpoint::open(&old.note, ledger.key()).as_ref(), Ok(old));
        for new in checkpoints.iter().filter(|new| new.size >= old.size) {
            let proof = ledger.consistency_proof(old.size, new.size).expect("proven");
            assert!(proof.proves(&old.root, &new.root), "{} to {}", old.size, new.size);
        }
    }
    assert!(matches!(ledger.consistency_proof(2, 588), Err(LedgerError::OutOfRange { .. })));
    assert!(matches!(ledger.consistency_proof(3, 2), Err(LedgerError::OutOfRange { .. })));
}

pub(crate) fn every_record_is_proven_to_be_in_it(home: &dyn Home) {
    let (ledger, checkpoints) = grown(home);
    let records = all(&ledger);
    for checkpoint in &checkpoints {
        for record in records.iter().step_by(13) {
            let proof = ledger.inclusion_proof(record.position, checkpoint.size);
            if record.position.0 > checkpoint.size {
                assert!(matches!(proof, Err(LedgerError::OutOfRange { .. })));
            } else {
                let leaf = leaf_hash(record.leaf.as_bytes());
                assert!(
                    proof.expect("proven").proves(&leaf, &checkpoint.root),
                    "{}",
                    record.position
                );
            }
        }
    }
    assert!(ledger.inclusion_proof(Position(0), 7).is_err());
}

pub(crate) fn an_export_verifies_with_the_public_key_alone(home: &dyn Home) {
    let ledger = open(home);
    for size in [0, 1, 2, 400] {
        at_once(&ledger, (0..size).map(|n| one(&format!("s{}", n % 7), &n.to_string())).collect());
        let mut out = Vec::new();
        let checkpoint = ledger.export(&mut out).expect("exported");
        let key = ledger.key().to_string().parse().expect("printed");
        let verified = verify(out.as_slice(), &key).expect("sound");
        assert_eq!(verified.checkpoint, checkpoint);
        assert_eq!(checkpoint.size, ledger.head().0);
    }
}
