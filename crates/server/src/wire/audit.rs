//! Proofs of the ledger.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_model::Digest;

/// What the ledger says of itself, in a form that anybody can check who holds the public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proof {
    /// One record, and that it stands in the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<ProvenRecord>,
    /// That the ledger only grew since an earlier checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Consistency>,
    /// The signed checkpoint that both lead to: a signed note, in the form of a C2SP checkpoint.
    pub checkpoint: String,
}

/// A record, and its way to the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProvenRecord {
    /// Its exact line. The leaf of the tree is SHA-256 of a zero byte and this.
    pub line: String,
    /// The way.
    pub inclusion: Inclusion,
}

/// An inclusion proof, as RFC 6962 (2.1.1) makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Inclusion {
    /// Where the leaf stands, from 0: `E17` is leaf 16.
    pub index: u64,
    /// How many leaves the tree has.
    pub size: u64,
    /// The sibling hashes on the way up, from the leaf, in hexadecimal digits.
    #[schema(value_type = Vec<String>)]
    pub hashes: Vec<Digest>,
}

/// A consistency proof, as RFC 6962 (2.1.2) makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Consistency {
    /// The size of the earlier tree.
    pub old: u64,
    /// The size of the later tree.
    pub new: u64,
    /// The nodes from which both roots can be computed, in hexadecimal digits.
    #[schema(value_type = Vec<String>)]
    pub hashes: Vec<Digest>,
}

impl From<weir_ledger::Proof> for Proof {
    fn from(proof: weir_ledger::Proof) -> Self {
        let weir_ledger::Proof { record, consistency, checkpoint } = proof;
        let record = record.map(|record| {
            let weir_ledger::merkle::InclusionProof { index, size, hashes } = record.inclusion;
            ProvenRecord { line: record.line, inclusion: Inclusion { index, size, hashes } }
        });
        let consistency = consistency.map(|proof| {
            let weir_ledger::merkle::ConsistencyProof { old, new, hashes } = proof;
            Consistency { old, new, hashes }
        });
        Self { record, consistency, checkpoint }
    }
}
