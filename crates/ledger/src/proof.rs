//! Proofs to hand out: that one record stands in the ledger, and that nothing that stood in it was changed.
//!
//! A proof holds all that a checker needs beside the public key, so that one record can be shown to somebody without
//! showing them the others. Deliberately absent: trees of any size but the signed one. What two earlier checkpoints
//! have to do with each other follows from what each has to do with the present one.

use crate::checkpoint::Checkpoint;
use crate::merkle::{ConsistencyProof, InclusionProof, leaf_hash};
use crate::note::NoteError;
use crate::record::Record;
use crate::signer::VerifierKey;
use serde::{Deserialize, Serialize};
use weir_model::Position;

/// What the ledger says of itself, in a form that anybody can check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// One record, and that it stands in the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordProof>,
    /// That the ledger still begins with all that an earlier checkpoint covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<ConsistencyProof>,
    /// The signed checkpoint that both lead to, a C2SP note.
    pub checkpoint: String,
}

/// A record, and that it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordProof {
    /// The exact line that is stored and hashed.
    pub line: String,
    /// The way from it to the root.
    pub inclusion: InclusionProof,
}

/// What a proof proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The checkpoint it leads to.
    pub checkpoint: Checkpoint,
    /// The record that stands in the ledger.
    pub record: Option<Record>,
    /// How many records of an earlier checkpoint still stand where they stood.
    pub since: Option<u64>,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Nobody signed for it.
    #[error("its checkpoint does not hold: {0}")]
    Checkpoint(NoteError),
    /// The record is not in the ledger.
    #[error("the record does not stand in the ledger whose checkpoint was signed")]
    Record,
    /// The ledger was rewritten since.
    #[error("what the ledger held at {0} is not what it holds there now")]
    Consistency(Position),
    /// It speaks of an earlier checkpoint, which was not given.
    #[error(
        "it says that nothing up to {0} was changed, which needs the checkpoint over {0} to be checked"
    )]
    NeedsKept(Position),
    /// It does not speak of the earlier checkpoint that was given.
    #[error(
        "it does not say what became of the records up to {0}, where the checkpoint that was kept ends"
    )]
    SaysNothingOf(Position),
}

impl Proof {
    /// Checks it with the public key alone; if it speaks of an earlier checkpoint, with the one that was `kept`.
    ///
    /// # Errors
    /// Where it does not hold, or does not speak of what was kept.
    pub fn check(
        &self,
        key: &VerifierKey,
        kept: Option<&Checkpoint>,
    ) -> Result<Proven, ProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key).map_err(ProofError::Checkpoint)?;
        let record = self.record.as_ref().map(|record| record.check(&checkpoint)).transpose()?;
        let since = self.grown(&checkpoint, kept)?;
        Ok(Proven { checkpoint, record, since })
    }

    fn grown(
        &self,
        checkpoint: &Checkpoint,
        kept: Option<&Checkpoint>,
    ) -> Result<Option<u64>, ProofError> {
        match (&self.consistency, kept) {
            (None, None) => Ok(None),
            (Some(proof), None) => Err(ProofError::NeedsKept(Position(proof.old))),
            (Some(proof), Some(kept)) if proof.old == kept.size => {
                let holds =
                    proof.new == checkpoint.size && proof.proves(&kept.root, &checkpoint.root);
                let changed = ProofError::Consistency(Position(kept.size));
                if holds { Ok(Some(kept.size)) } else { Err(changed) }
            }
            (Some(_) | None, Some(kept)) => Err(ProofError::SaysNothingOf(Position(kept.size))),
        }
    }
}

impl RecordProof {
    fn check(&self, checkpoint: &Checkpoint) -> Result<Record, ProofError> {
        let Self { line, inclusion } = self;
        let stands = inclusion.size == checkpoint.size
            && inclusion.proves(&leaf_hash(line.as_bytes()), &checkpoint.root);
        let in_its_place = |record: &Record| record.position.0 == inclusion.index + 1;
        let record = Record::read(line.clone().into_bytes());
        record.filter(|record| stands && in_its_place(record)).ok_or(ProofError::Record)
    }
}
