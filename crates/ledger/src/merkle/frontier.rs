//! The frontier: all that a tree must remember in order to grow.

use super::{empty_root, node_hash};
use weir_model::Digest;

/// The right edge of a tree of `size` leaves: the roots of its complete subtrees, largest first, one
/// for each bit that is set in `size`. At most 64 hashes, whatever the tree holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Digest>,
}

impl Frontier {
    /// From the peaks of a tree of `size` leaves; `None` when their number does not fit its size.
    pub fn from_peaks(size: u64, peaks: Vec<Digest>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// How many leaves stand in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of its complete subtrees, largest first.
    pub fn peaks(&self) -> &[Digest] {
        &self.peaks
    }

    /// Add a leaf. `completed(level, index, hash)` hears of each node that this completes: the root of
    /// the `2^level` leaves from `index * 2^level`.
    pub fn push(&mut self, leaf: Digest, mut completed: impl FnMut(u32, u64, Digest)) {
        let (mut hash, mut level) = (leaf, 0);
        while self.size >> level & 1 == 1 {
            let left = self.peaks.pop().unwrap_or_else(empty_root); // One peak a bit, see `from_peaks`.
            hash = node_hash(&left, &hash);
            level += 1;
            completed(level, self.size >> level, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root of the tree: its peaks, folded from the smallest.
    pub fn root(&self) -> Digest {
        let folded =
            self.peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right));
        folded.unwrap_or_else(empty_root)
    }

    /// The peaks as bytes, 32 each.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.peaks.iter().flat_map(|peak| *peak.as_bytes()).collect()
    }

    /// What [`Frontier::to_bytes`] wrote, for a tree of `size`.
    pub(crate) fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (peaks, rest) = bytes.as_chunks::<32>();
        let peaks = peaks.iter().map(|peak| Digest::from_bytes(*peak)).collect();
        rest.is_empty().then(|| Self::from_peaks(size, peaks))?
    }
}
