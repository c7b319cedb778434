//! Proofs: that a record stands in a tree, and that a tree only grew.
//!
//! Made as RFC 6962 (2.1.1, 2.1.2) defines them, checked as RFC 9162 (2.1.3.2, 2.1.4.2) spells out. A
//! checker needs the two roots, which it takes from signed checkpoints, and nothing from the server.

use super::{LEVELS_A_ROW, fold_complete, node_hash, split};
use serde::{Deserialize, Serialize};
use weir_model::Digest;

/// That the leaf at `index` stands in the tree of `size` leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InclusionProof {
    /// Where the leaf stands, from 0: the record at `E17` is leaf 16.
    pub index: u64,
    /// How many leaves the tree has.
    pub size: u64,
    /// The sibling hashes on the way up, from the leaf.
    pub hashes: Vec<Digest>,
}

impl InclusionProof {
    /// Does this prove that `leaf` (a leaf hash) stands where it says, under `root`?
    pub fn proves(&self, leaf: &Digest, root: &Digest) -> bool {
        if self.index >= self.size {
            return false;
        }
        let (mut index, mut last, mut hash) = (self.index, self.size - 1, *leaf);
        for sibling in &self.hashes {
            if last == 0 {
                return false;
            }
            if index & 1 == 1 || index == last {
                hash = node_hash(sibling, &hash);
                while index & 1 == 0 && index != 0 {
                    (index, last) = (index >> 1, last >> 1);
                }
            } else {
                hash = node_hash(&hash, sibling);
            }
            (index, last) = (index >> 1, last >> 1);
        }
        last == 0 && hash == *root
    }
}

/// That the tree of `new` leaves begins with the tree of `old` leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsistencyProof {
    /// The size of the earlier tree.
    pub old: u64,
    /// The size of the later tree.
    pub new: u64,
    /// The nodes from which both roots can be computed.
    pub hashes: Vec<Digest>,
}

impl ConsistencyProof {
    /// Does this prove that the tree under `new_root` only added to the tree under `old_root`?
    pub fn proves(&self, old_root: &Digest, new_root: &Digest) -> bool {
        if self.old == 0 || self.old >= self.new {
            let same = self.old == self.new && old_root == new_root;
            let from_nothing = self.old == 0 && *old_root == super::empty_root();
            return (same || from_nothing) && self.hashes.is_empty();
        }
        // A complete old tree is itself the first node, and is left out of the proof.
        let seed = self.old.is_power_of_two().then_some(old_root);
        let mut path = seed.into_iter().chain(&self.hashes);
        let Some(first) = path.next() else { return false };
        let (mut old, mut new) = (self.old - 1, self.new - 1);
        while old & 1 == 1 {
            (old, new) = (old >> 1, new >> 1);
        }
        let (mut at_old, mut at_new) = (*first, *first);
        for hash in path {
            if new == 0 {
                return false;
            }
            if old & 1 == 1 || old == new {
                (at_old, at_new) = (node_hash(hash, &at_old), node_hash(hash, &at_new));
                while old & 1 == 0 && old != 0 {
                    (old, new) = (old >> 1, new >> 1);
                }
            } else {
                at_new = node_hash(&at_new, hash);
            }
            (old, new) = (old >> 1, new >> 1);
        }
        new == 0 && at_old == *old_root && at_new == *new_root
    }
}

/// A tree as it is stored: `row(level, first, count)` gives `count` neighbouring nodes of a kept level
/// (0, 8, 16…), or fails when they are not there.
pub(crate) struct Tree<F>(pub(crate) F);

impl<E, F> Tree<F>
where
    F: FnMut(u32, u64, u64) -> Result<Vec<Digest>, E>,
    E: From<MissingNode>,
{
    /// The peaks of the tree of `size` leaves, largest first.
    pub(crate) fn peaks(&mut self, size: u64) -> Result<Vec<Digest>, E> {
        let levels = (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1);
        levels.map(|level| self.complete(level, (size >> level) - 1)).collect()
    }

    /// Proof that leaf `index` stands in the tree of `size`. Wants `index < size`.
    pub(crate) fn inclusion(&mut self, index: u64, size: u64) -> Result<InclusionProof, E> {
        let (mut from, mut to, mut hashes) = (0, size, Vec::new());
        while to - from > 1 {
            let middle = from + (1 << split(to - from));
            let sibling = if index < middle { (middle, to) } else { (from, middle) };
            hashes.push(self.root_of(sibling.0, sibling.1)?);
            (from, to) = if index < middle { (from, middle) } else { (middle, to) };
        }
        hashes.reverse();
        Ok(InclusionProof { index, size, hashes })
    }

    /// Proof that the tree of `new` leaves begins with that of `old`. Wants `old <= new`.
    pub(crate) fn consistency(&mut self, old: u64, new: u64) -> Result<ConsistencyProof, E> {
        let mut hashes = Vec::new();
        if old > 0 && old < new {
            let (mut from, mut to, mut whole) = (0, new, true);
            while to != old {
                let middle = from + (1 << split(to - from));
                if old <= middle {
                    hashes.push(self.root_of(middle, to)?);
                    to = middle;
                } else {
                    hashes.push(self.root_of(from, middle)?);
                    (from, whole) = (middle, false);
                }
            }
            if !whole {
                hashes.push(self.root_of(from, to)?);
            }
            hashes.reverse();
        }
        Ok(ConsistencyProof { old, new, hashes })
    }

    /// The root over leaves `from..to`, where `from` is a place at which the tree of `to` splits.
    fn root_of(&mut self, from: u64, to: u64) -> Result<Digest, E> {
        let size = to - from;
        if size.is_power_of_two() {
            let level = size.ilog2();
            return self.complete(level, from >> level);
        }
        let middle = from + (1 << split(size));
        Ok(node_hash(&self.root_of(from, middle)?, &self.root_of(middle, to)?))
    }

    /// The root of a complete subtree, from the nearest kept level below it.
    fn complete(&mut self, level: u32, index: u64) -> Result<Digest, E> {
        let kept = level / LEVELS_A_ROW * LEVELS_A_ROW;
        let width = level - kept;
        let row = (self.0)(kept, index << width, 1 << width)?;
        Ok(fold_complete(row).ok_or(MissingNode)?)
    }
}

/// A node that the stored tree should hold is not there.
#[derive(Debug, thiserror::Error)]
#[error("the stored tree has a hole")]
pub(crate) struct MissingNode;

#[cfg(test)]
mod tests {
    use super::super::{Frontier, leaf_hash};
    use super::*;
    use proptest::prelude::*;

    /// The leaves that the certificate-transparency code base tests its tree with.
    const LEAVES: [&[u8]; 8] = [
        &[],
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[
            0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
            0x6e, 0x6f,
        ],
    ];

    /// And the roots it publishes for the first one, two, … eight of them.
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    /// A tree in memory that keeps only what a store keeps.
    #[derive(Default)]
    struct Kept {
        frontier: Frontier,
        roots: Vec<Digest>,
        rows: std::collections::BTreeMap<(u32, u64), Digest>,
    }

    impl Kept {
        fn of<'a>(leaves: impl IntoIterator<Item = &'a [u8]>) -> Self {
            let mut kept = Self { roots: vec![super::super::empty_root()], ..Self::default() };
            for (index, leaf) in (0..).zip(leaves) {
                let hash = leaf_hash(leaf);
                kept.rows.insert((0, index), hash);
                let rows = &mut kept.rows;
                kept.frontier.push(hash, |level, index, node| {
                    if level % LEVELS_A_ROW == 0 {
                        rows.insert((level, index), node);
                    }
                });
                kept.roots.push(kept.frontier.root());
            }
            kept
        }

        fn tree(&self) -> Tree<impl FnMut(u32, u64, u64) -> Result<Vec<Digest>, MissingNode>> {
            Tree(|level, first, count| {
                let row = (first..first + count).map(|index| self.rows.get(&(level, index)));
                row.map(|node| node.copied().ok_or(MissingNode)).collect()
            })
        }
    }

    fn leaves(count: usize) -> Kept {
        let bytes: Vec<_> = (0..count).map(|n| n.to_string().into_bytes()).collect();
        Kept::of(bytes.iter().map(Vec::as_slice))
    }

    #[test]
    fn roots_are_those_that_other_logs_publish() {
        let kept = Kept::of(LEAVES);
        let found: Vec<_> = kept.roots[1..].iter().map(ToString::to_string).collect();
        assert_eq!(found, ROOTS);
        assert_eq!(
            kept.roots[0].to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    /// The worked example of RFC 6962, 2.1.3: seven leaves, and the nodes it names.
    #[test]
    fn proofs_have_the_form_of_the_rfc_example() {
        let kept = Kept::of(LEAVES);
        let leaf: Vec<_> = LEAVES.iter().map(|leaf| leaf_hash(leaf)).collect();
        let [a, b, c, d, e, f, j] = [0, 1, 2, 3, 4, 5, 6].map(|n: usize| leaf[n]);
        let (g, h, i) = (node_hash(&a, &b), node_hash(&c, &d), node_hash(&e, &f));
        let (k, l) = (node_hash(&g, &h), node_hash(&i, &j));
        let path = |index| kept.tree().inclusion(index, 7).expect("whole").hashes;
        assert_eq!(path(0), [b, h, l]);
        assert_eq!(path(3), [c, g, l]);
        assert_eq!(path(4), [f, j, k]);
        assert_eq!(path(6), [i, k]);
        let grown = |old| kept.tree().consistency(old, 7).expect("whole").hashes;
        assert_eq!(grown(3), [c, d, g, l]);
        assert_eq!(grown(4), [l]);
        assert_eq!(grown(6), [i, j, k]);
    }

    #[test]
    fn every_proof_of_a_small_tree_holds_and_no_other() {
        let kept = leaves(33);
        for size in 1..=33u64 {
            let root = kept.roots[size as usize];
            for index in 0..size {
                let proof = kept.tree().inclusion(index, size).expect("whole");
                for other in 0..size {
                    let leaf = leaf_hash(other.to_string().as_bytes());
                    assert_eq!(proof.proves(&leaf, &root), index == other, "{index} of {size}");
                }
            }
            for old in 0..=size {
                let proof = kept.tree().consistency(old, size).expect("whole");
                for other in 0..=33u64 {
                    let claimed = kept.roots[other as usize];
                    assert_eq!(proof.proves(&claimed, &root), old == other, "{old} of {size}");
                }
            }
        }
    }

    proptest! {
        // Each case builds a tree of a thousand leaves.
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn proofs_hold_beyond_the_kept_levels(size in 200u64..1500, a in any::<u64>(), b in any::<u64>()) {
            let kept = leaves(size as usize);
            let (index, old) = (a % size, 1 + b % size);
            let root = kept.roots[size as usize];
            let leaf = leaf_hash(index.to_string().as_bytes());
            prop_assert!(kept.tree().inclusion(index, size).expect("whole").proves(&leaf, &root));
            let grown = kept.tree().consistency(old, size).expect("whole");
            prop_assert!(grown.proves(&kept.roots[old as usize], &root));
            let peaks = kept.tree().peaks(size).expect("whole");
            prop_assert_eq!(Frontier::from_peaks(size, peaks), Some(kept.frontier.clone()));
        }

    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_bent_proof_proves_nothing(size in 2u64..300, a in any::<u64>(), step in any::<usize>(), bit in 0usize..256) {
            let kept = leaves(size as usize);
            let index = a % size;
            let mut proof = kept.tree().inclusion(index, size).expect("whole");
            let step = step % proof.hashes.len();
            let mut bytes = *proof.hashes[step].as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            proof.hashes[step] = Digest::from_bytes(bytes);
            let leaf = leaf_hash(index.to_string().as_bytes());
            prop_assert!(!proof.proves(&leaf, &kept.roots[size as usize]));
        }

        #[test]
        fn no_proof_from_outside_makes_a_checker_panic(
            index in any::<u64>(), size in any::<u64>(), hashes in prop::collection::vec(any::<[u8; 32]>(), 0..70),
        ) {
            let hashes: Vec<_> = hashes.into_iter().map(Digest::from_bytes).collect();
            let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
            let proof = InclusionProof { index, size, hashes: hashes.clone() };
            prop_assert!(!proof.proves(&one, &two));
            let _ = ConsistencyProof { old: index, new: size, hashes }.proves(&one, &two);
        }
    }
}
