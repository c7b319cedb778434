//! Checkpoints: how long the ledger is and what its root is, signed, in the C2SP form
//! (<https://c2sp.org/tlog-checkpoint>): origin, size, root in base64, a line each.

use crate::merkle::Frontier;
use crate::note::{self, NoteError};
use crate::signer::{Signer, VerifierKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use weir_model::Digest;

/// What the ledger committed itself to, and the note that proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many records it covers.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Digest,
    /// The signed note, as it is stored and published.
    pub note: String,
}

impl Checkpoint {
    pub(crate) fn sign(frontier: &Frontier, signer: &Signer) -> Self {
        let (size, root) = (frontier.size(), frontier.root());
        let root_text = STANDARD.encode(root.as_bytes());
        let note = signer.sign(&format!("{}\n{size}\n{root_text}\n", signer.key().name()));
        Self { size, root, note }
    }

    /// What `note` commits to, if `key` signed it and it is of that key's ledger.
    ///
    /// # Errors
    /// When the note does not hold, or is no checkpoint in its one exact spelling.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, NoteError> {
        let text = note::open(note, key)?;
        let mut lines = text.split('\n');
        let malformed = || NoteError::Malformed;
        let (origin, size, root) = (
            lines.next(),
            lines.next().ok_or_else(malformed)?,
            lines.next().ok_or_else(malformed)?,
        );
        let ends = lines.next() == Some("") && lines.next().is_none();
        let canonical = !size.is_empty()
            && size.bytes().all(|b| b.is_ascii_digit())
            && (size == "0" || !size.starts_with('0'));
        if origin != Some(key.name()) || !ends || !canonical {
            return Err(NoteError::Malformed);
        }
        let size = size.parse().map_err(|_| NoteError::Malformed)?;
        let root = STANDARD.decode(root).map_err(|_| NoteError::Malformed)?;
        let root = <[u8; 32]>::try_from(root).map_err(|_| NoteError::Malformed)?;
        Ok(Self { size, root: Digest::from_bytes(root), note: note.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;

    /// Bytes that are read for ever: a checkpoint over two leaves, under the published example key.
    #[test]
    fn the_bytes_of_a_checkpoint_never_change() {
        let signer: Signer =
            "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
                .parse()
                .expect("published key");
        let mut frontier = Frontier::default();
        frontier.push(leaf_hash(b"one"), |_, _, _| ());
        frontier.push(leaf_hash(b"two"), |_, _, _| ());
        let checkpoint = Checkpoint::sign(&frontier, &signer);
        assert_eq!(checkpoint.note, include_str!("../tests/golden/checkpoint.txt"));
        assert_eq!(Checkpoint::open(&checkpoint.note, signer.key()), Ok(checkpoint));
    }

    #[test]
    fn a_note_that_is_no_checkpoint_is_not_taken_for_one() {
        let signer = Signer::draw("weir/test").expect("randomness");
        let root = STANDARD.encode([7; 32]);
        for text in [
            "hello\n".to_owned(),
            format!("weir/other\n1\n{root}\n"),
            format!("weir/test\n01\n{root}\n"),
            format!("weir/test\n+1\n{root}\n"),
            format!("weir/test\n1\n{root}\nmore\n"),
            "weir/test\n1\nAAAA\n".to_owned(),
        ] {
            let note = signer.sign(&text);
            assert_eq!(Checkpoint::open(&note, signer.key()), Err(NoteError::Malformed), "{text}");
        }
    }
}
