//! The Merkle tree over the records, in the form of transparency logs (RFC 6962, section 2.1).
//!
//! A leaf hashes as `SHA-256(0x00 || bytes)` and a node as `SHA-256(0x01 || left || right)`: the two
//! prefixes keep a node from passing for a leaf. What is kept of the tree: every leaf's hash beside its
//! record, one node for each complete 256 leaves, and again for each 256 of those. Every other node is
//! recomputed from at most 128 stored hashes, so opening a ledger or proving a record never reads the
//! records themselves.

mod frontier;
mod proof;

pub use frontier::Frontier;
pub use proof::{ConsistencyProof, InclusionProof};

pub(crate) use proof::{MissingNode, Tree};

use sha2::{Digest as _, Sha256};
use weir_model::Digest;

/// A stored node covers `2^8` of the level below it: one row for each 256 records keeps the upkeep of
/// the tree under half a per cent of the writes, and a proof under 128 rows a step.
pub(crate) const LEVELS_A_ROW: u32 = 8;

/// The hash of a leaf: of the exact bytes of a record.
pub fn leaf_hash(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::new().chain_update([0]).chain_update(bytes).finalize().into())
}

/// The hash of a node over its two children.
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let hash = Sha256::new().chain_update([1]).chain_update(left.as_bytes());
    Digest::from_bytes(hash.chain_update(right.as_bytes()).finalize().into())
}

/// The root of no leaves at all: the hash of nothing (RFC 6962, 2.1).
pub fn empty_root() -> Digest {
    Digest::of(&[])
}

/// The largest power of two below `size`, as an exponent: where RFC 6962 splits a tree of `size > 1`.
fn split(size: u64) -> u32 {
    debug_assert!(size > 1, "a single leaf is not split");
    (size - 1).ilog2()
}

/// The root over a complete row of nodes, `hashes.len()` a power of two.
fn fold_complete(mut hashes: Vec<Digest>) -> Option<Digest> {
    while hashes.len() > 1 {
        let (pairs, rest) = hashes.as_chunks::<2>();
        if !rest.is_empty() {
            return None;
        }
        hashes = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    hashes.pop()
}
