//! How the store is written: a head that says by whom, and one record a fact.
//!
//! A record is `fact`, the length of its body, the day on which somebody last held it, what the name of its file tells
//! of its language, the blob's name in git, a digest over all of that but the day, and the body. The day is written over
//! in place; a wrong one makes a fact leave too late or too early, and nothing else.

use crate::fact;
use crate::pool::Key;
use sha2::{Digest as _, Sha256};
use weir_git::BlobId;
use weir_grammar::{Language, Told};

/// Counted up when what is written here changes its shape.
const FORMAT: u32 = 1;

/// By whom a store was written. One by anybody else is not read.
pub(super) fn head() -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[..16].copy_from_slice(b"weir: the view\n\n");
    head[16..20].copy_from_slice(&FORMAT.to_le_bytes());
    head[20..24].copy_from_slice(&fact::VERSION.to_le_bytes());
    head
}

pub(super) const HEAD_BYTES: usize = 32;

/// What stands before the body of a record.
pub(super) const PREFIX_BYTES: usize = 44;

/// Where in a record its day stands.
pub(super) const DAY_AT: u64 = 8;

const MAGIC: [u8; 4] = *b"fact";

/// What stands before a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) body_bytes: u32,
    /// Days since 1970.
    pub(super) day: u32,
    pub(super) key: Key,
    sum: [u8; 8],
}

/// A whole record.
pub(super) fn record(key: Key, day: u32, body: &[u8]) -> Option<Vec<u8>> {
    let prefix = Prefix { body_bytes: u32::try_from(body.len()).ok()?, day, key, sum: [0; 8] };
    let mut bytes = Vec::with_capacity(PREFIX_BYTES + body.len());
    bytes.extend(MAGIC);
    bytes.extend(prefix.body_bytes.to_le_bytes());
    bytes.extend(day.to_le_bytes());
    bytes.extend([told_byte(key.1), 0, 0, 0]);
    bytes.extend(key.0.as_bytes());
    bytes.extend(prefix.sum_of(body));
    bytes.extend(body);
    Some(bytes)
}

impl Prefix {
    /// What a record begins with, if it is one.
    pub(super) fn read(bytes: &[u8; PREFIX_BYTES]) -> Option<Self> {
        let number = |at: usize| {
            let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
            four.map(u32::from_le_bytes)
        };
        if bytes.get(..4)? != MAGIC || bytes.get(13..16)? != [0; 3] {
            return None;
        }
        let told = told_of(*bytes.get(12)?)?;
        let id = BlobId::from_bytes(bytes.get(16..36)?.try_into().ok()?);
        let sum = bytes.get(36..44)?.try_into().ok()?;
        Some(Self { body_bytes: number(4)?, day: number(8)?, key: (id, told), sum })
    }

    /// Whether this is the body that was written, under this key.
    pub(super) fn proves(&self, body: &[u8]) -> bool {
        body.len() == self.body_bytes as usize && self.sum == self.sum_of(body)
    }

    fn sum_of(&self, body: &[u8]) -> [u8; 8] {
        let mut sum = Sha256::new();
        sum.update(self.body_bytes.to_le_bytes());
        sum.update([told_byte(self.key.1)]);
        sum.update(self.key.0.as_bytes());
        sum.update(body);
        let mut first = [0; 8];
        first.copy_from_slice(&sum.finalize()[..8]);
        first
    }
}

fn told_byte(told: Told) -> u8 {
    match told {
        Told::Nothing => 0,
        Told::Header => 1,
        Told::Is(language) => {
            let place = Language::ALL.iter().position(|one| *one == language);
            place.map_or(0, |place| place as u8 + 2)
        }
    }
}

fn told_of(byte: u8) -> Option<Told> {
    match byte {
        0 => Some(Told::Nothing),
        1 => Some(Told::Header),
        place => Language::ALL.get(place as usize - 2).copied().map(Told::Is),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_no_bit_of_it_is_free() {
        let body = b"what it says";
        for told in [Told::Nothing, Told::Header, Told::Is(Language::Rust), Told::Is(Language::Sql)]
        {
            let key = (weir_git::blob_of(b"bytes"), told);
            let record = record(key, 20_000, body).expect("short");
            let read = |record: &[u8]| {
                let (prefix, body) = record.split_at(PREFIX_BYTES);
                let prefix = Prefix::read(prefix.try_into().expect("so long"))?;
                prefix.proves(body).then_some((prefix.key, prefix.day))
            };
            assert_eq!(read(&record), Some((key, 20_000)));
            for bit in 0..record.len() * 8 {
                let mut flipped = record.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                match read(&flipped) {
                    None => {}
                    Some((read, day)) => {
                        assert!(read == key && day != 20_000, "only the day is free: {bit}");
                    }
                }
            }
        }
    }
}
