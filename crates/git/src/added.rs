//! The lines that a change adds, which is where a secret would be.

use crate::objects::read_blob;
use crate::{Blob, BlobId, Error, Objects};
use gix::diff::blob::{Algorithm, Diff, InternedInput, Token, sources::byte_lines};

/// A line that was not there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedLine {
    /// Its number in the new file, from 1.
    pub number: u32,
    /// Its bytes, without the line break.
    pub text: Vec<u8>,
}

/// What a change adds to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// These lines, in order.
    Lines(Vec<AddedLine>),
    /// The new file is larger than the caller wants to look at: it was not read.
    TooLarge {
        /// How large it is, in bytes.
        size: u64,
    },
}

impl Objects {
    /// The lines that `new` has and `old` has not. Without an `old`, or with one larger than
    /// `max_bytes`, every line counts as added: better a line too many under suspicion than one
    /// too few. Binary files are taken as lines too, for secrets hide there as well.
    pub fn added_lines(
        &self,
        old: Option<BlobId>,
        new: BlobId,
        max_bytes: u64,
    ) -> Result<Added, Error> {
        let repo = self.repo();
        let new = match read_blob(&repo, new, max_bytes)? {
            Blob::Whole(bytes) => bytes,
            Blob::TooLarge { size } => return Ok(Added::TooLarge { size }),
        };
        let old = match old.map(|old| read_blob(&repo, old, max_bytes)).transpose()? {
            Some(Blob::Whole(bytes)) => bytes,
            Some(Blob::TooLarge { .. }) | None => Vec::new(),
        };
        Ok(Added::Lines(added(&old, &new)))
    }
}

/// The numbers, from 1, of the lines that `new` has and `old` has not.
pub fn added_numbers(old: &[u8], new: &[u8]) -> Vec<u32> {
    let input = InternedInput::new(byte_lines(old), byte_lines(new));
    let diff = Diff::compute(Algorithm::Histogram, &input);
    (0..input.after.len() as u32).filter(|line| diff.is_added(*line)).map(|line| line + 1).collect()
}

fn added(old: &[u8], new: &[u8]) -> Vec<AddedLine> {
    let input = InternedInput::new(byte_lines(old), byte_lines(new));
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let is_added = |(number, _): &(u32, _)| diff.is_added(number - 1);
    let line = |(number, token): (u32, &Token)| {
        let text: &[u8] = input.interner[*token];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        AddedLine { number, text: text.strip_suffix(b"\r").unwrap_or(text).to_vec() }
    };
    (1..).zip(&input.after).filter(is_added).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers(old: &str, new: &str) -> Vec<u32> {
        added(old.as_bytes(), new.as_bytes()).iter().map(|line| line.number).collect()
    }

    #[test]
    fn only_new_lines_are_listed() {
        let table: [(&str, &str, &[u32]); 6] = [
            ("", "", &[]),
            ("", "a\nb\n", &[1, 2]),
            ("a\nb\n", "a\nb\n", &[]),
            ("a\nc\n", "a\nb\nc\n", &[2]),
            ("a\nb\n", "a\n", &[]),
            ("a\nb", "a\nB", &[2]),
        ];
        for (old, new, expected) in table {
            assert_eq!(numbers(old, new), expected, "{old:?} {new:?}");
        }
        assert_eq!(added(b"", b"x\r\n")[0].text, b"x");
    }

    proptest! {
        #[test]
        fn every_line_that_was_nowhere_before_is_listed(
            old in "([ab]\n){0,8}", new in "([abXY]\n){0,8}",
        ) {
            let listed = numbers(&old, &new);
            for (number, line) in (1..).zip(new.lines()) {
                prop_assert!(!"XY".contains(line) || listed.contains(&number));
            }
        }
    }
}
