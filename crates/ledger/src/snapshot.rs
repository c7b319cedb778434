//! Snapshots: the state of a fold at a position, kept so that the next start need not replay.
//!
//! A snapshot is only a shortcut, so it is trusted only whole: it carries a digest over its name, its
//! position, the hash of the record at that position and its bytes. One that is torn, belongs to another
//! ledger, or is newer than a ledger that was restored from a backup, is reported and not used.

use std::str::FromStr as _;
use weir_model::{Digest, Position};

/// What stands under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Snapshot {
    /// Nothing was put there.
    Absent,
    /// What was put there.
    Whole {
        /// The last record that it accounts for.
        at: Position,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// Something that must not be used: replay, and put a new one.
    Damaged {
        /// What is wrong with it.
        found: String,
    },
}

const FORMAT: &str = "weir-snapshot.v1";

/// The first line says what it is of; the rest is what was put.
pub(crate) fn seal(name: &str, at: Position, leaf: &Digest, bytes: &[u8]) -> Vec<u8> {
    let digest = digest(name, at, leaf, bytes);
    let mut sealed = format!("{FORMAT} {at} {leaf} {digest}\n").into_bytes();
    sealed.extend_from_slice(bytes);
    sealed
}

/// What [`seal`] made; `leaf(position)` tells the hash of a record, `None` when there is none.
pub(crate) fn open<E>(
    name: &str,
    sealed: &[u8],
    leaf: impl FnOnce(Position) -> Result<Option<Digest>, E>,
) -> Result<Snapshot, E> {
    let damaged = |found: &str| Ok(Snapshot::Damaged { found: found.to_owned() });
    let Some((at, of, sealed_digest, bytes)) = parts(sealed) else {
        return damaged("it is no snapshot of this release");
    };
    if digest(name, at, &of, bytes) != sealed_digest {
        return damaged("its bytes do not fit its digest");
    }
    if leaf(at)? != Some(of) {
        return damaged("it was made from other records than these");
    }
    Ok(Snapshot::Whole { at, bytes: bytes.to_vec() })
}

fn parts(sealed: &[u8]) -> Option<(Position, Digest, Digest, &[u8])> {
    let end = sealed.iter().position(|b| *b == b'\n')?;
    let mut words = str::from_utf8(&sealed[..end]).ok()?.split(' ');
    let format = words.next()?;
    let at = Position::from_str(words.next()?).ok()?;
    let (of, digest) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    (format == FORMAT && words.next().is_none()).then(|| (at, of, digest, &sealed[end + 1..]))
}

fn digest(name: &str, at: Position, leaf: &Digest, bytes: &[u8]) -> Digest {
    use sha2::{Digest as _, Sha256};
    // The name goes in by its own digest: however it is spelled, it cannot run over into what follows.
    let name = Digest::of(name.as_bytes());
    let head = format!("{FORMAT} {name} {at} {leaf}\n");
    Digest::from_bytes(Sha256::new().chain_update(head).chain_update(bytes).finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    fn at_seven(position: Position) -> Result<Option<Digest>, Infallible> {
        Ok((position == Position(7)).then(|| Digest::of(b"leaf")))
    }

    #[test]
    fn a_snapshot_is_of_one_place_in_one_history() {
        let sealed = seal("work", Position(7), &Digest::of(b"leaf"), b"state");
        let Ok(found) = open("work", &sealed, at_seven);
        assert_eq!(found, Snapshot::Whole { at: Position(7), bytes: b"state".to_vec() });
        for (name, at, leaf) in [
            ("flow", Position(7), Digest::of(b"leaf")),
            ("work", Position(8), Digest::of(b"leaf")),
            ("work", Position(7), Digest::of(b"another")),
        ] {
            let Ok(found) = open("work", &seal(name, at, &leaf, b"state"), at_seven);
            assert!(matches!(found, Snapshot::Damaged { .. }), "{name} {at} {leaf}");
        }
    }

    proptest! {
        #[test]
        fn no_byte_of_a_snapshot_can_change(at in any::<prop::sample::Index>(), flip in 1u8..=255) {
            let mut sealed = seal("work", Position(7), &Digest::of(b"leaf"), b"some state");
            let at = at.index(sealed.len());
            sealed[at] ^= flip;
            let Ok(found) = open("work", &sealed, at_seven);
            let is_damaged = matches!(found, Snapshot::Damaged { .. });
            prop_assert!(is_damaged);
        }

        #[test]
        fn no_bytes_make_the_parser_panic(bytes in any::<Vec<u8>>()) {
            let Ok(found) = open("work", &bytes, at_seven);
            let is_damaged = matches!(found, Snapshot::Damaged { .. });
            prop_assert!(is_damaged);
        }
    }
}
