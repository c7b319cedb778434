use super::*;
use weir_ledger::merkle::leaf_hash;
use weir_ledger::{Checkpoint, LedgerError, Proof, ProofError, VerifierKey, verify};

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

/// As whoever was handed it checks it: from its bytes, with the key as it was printed.
pub(crate) fn a_proof_is_checked_with_the_public_key_alone(home: &dyn Home) {
    let (ledger, checkpoints) = grown(home);
    let key: VerifierKey = ledger.key().to_string().parse().expect("printed");
    for old in &checkpoints {
        let at = Position(old.size / 2 + 1);
        let proof = ledger.proof(Some(at), Some(old.size)).expect("proven");
        let proven = proof.check(&key, Some(old)).expect("it holds");
        assert_eq!(proven.checkpoint, ledger.checkpoint().expect("signed"));
        assert_eq!(proven.record.as_ref(), all(&ledger).get(old.size as usize / 2));
        assert_eq!(proven.since, Some(old.size));
        assert_eq!(proof.check(&key, None), Err(ProofError::NeedsKept(Position(old.size))));
    }
    let kept = &checkpoints[4];
    let text =
        serde_json::to_string_pretty(&ledger.proof(Some(Position(91)), Some(97)).expect("proven"));
    let text = text.expect("plain data");
    let read = |text: &[u8]| serde_json::from_slice::<Proof>(text).ok();
    // A part of each digest, each number, each word; a debug build takes long for a signature.
    for at in (0..text.len()).step_by(13) {
        let mut bent = text.clone().into_bytes();
        bent[at] ^= 1;
        let passed = read(&bent).and_then(|bent| bent.check(&key, Some(kept)).ok());
        assert_eq!(passed, None, "byte {at}: {}", String::from_utf8_lossy(&bent));
    }
    let proof = read(text.as_bytes()).expect("a proof");
    let other = &checkpoints[3];
    assert_eq!(proof.check(&key, Some(other)), Err(ProofError::SaysNothingOf(Position(7))));
    let forged = Checkpoint { root: other.root, ..kept.clone() };
    assert_eq!(proof.check(&key, Some(&forged)), Err(ProofError::Consistency(Position(97))));
    let stranger = Signer::draw("weir/stranger").expect("randomness");
    assert!(matches!(proof.check(stranger.key(), Some(kept)), Err(ProofError::Checkpoint(_))));
    for (record, since) in
        [(Some(0), None), (Some(588), None), (None, Some(588)), (Some(u64::MAX), None)]
    {
        let refused = ledger.proof(record.map(Position), since);
        assert!(matches!(refused, Err(LedgerError::OutOfRange { .. })), "{record:?} {since:?}");
    }
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
