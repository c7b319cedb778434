//! What is kept of a blob: its fact, and what search keeps of it, so that it is found again without its bytes.

use crate::fact::Fact;
use crate::search::Piece;
use serde::{Deserialize, Serialize};
use weir_grammar::Language;

/// As it is written.
#[derive(Serialize)]
struct Written<'a> {
    language: Option<Language>,
    fact: &'a Fact,
    piece: &'a Piece,
}

/// As it is read.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Kept {
    pub(crate) language: Option<Language>,
    pub(crate) fact: Fact,
    pub(crate) piece: Piece,
}

/// The lowest level: higher ones take longer to write, and these facts get a tenth smaller at most.
const LEVEL: i32 = 1;

/// No fact is larger: see how much of one file is kept, and how long it may be.
const UNPACKED_BYTES_MAX: usize = 512 << 20;

/// The bytes of a value. `None` for what cannot be written, which is then made again.
pub(crate) fn pack(language: Option<Language>, fact: &Fact, piece: &Piece) -> Option<Vec<u8>> {
    let plain = plain(language, fact, piece)?;
    let mut packed = u32::try_from(plain.len()).ok()?.to_le_bytes().to_vec();
    packed.extend(zstd::bulk::compress(&plain, LEVEL).ok()?);
    Some(packed)
}

fn plain(language: Option<Language>, fact: &Fact, piece: &Piece) -> Option<Vec<u8>> {
    postcard::to_allocvec(&Written { language, fact, piece }).ok()
}

/// What was packed. `None` for anything else.
pub(crate) fn unpack(packed: &[u8]) -> Option<Kept> {
    let (length, packed) = packed.split_first_chunk()?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > UNPACKED_BYTES_MAX {
        return None;
    }
    let plain = zstd::bulk::decompress(packed, length).ok()?;
    let kept: Kept = postcard::from_bytes(&plain).ok()?;
    // Search numbers its chunks by the fact's.
    kept.piece.is_of(&kept.fact).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::plain;
    use crate::fact::{self, extract};
    use crate::search::Piece;
    use sha2::{Digest as _, Sha256};
    use weir_grammar::{Language, Told};

    macro_rules! sources {
        ($($name:literal),* $(,)?) => {
            &[$(($name, include_str!(concat!("../../tests/sources/", $name)))),*]
        };
    }

    #[rustfmt::skip]
    const SOURCES: &[(&str, &str)] = sources![
        "Retry.cs", "Retry.java", "Retry.kt", "Retry.scala", "Retry.swift", "retry.c", "retry.cpp", "retry.go", "retry.js",
        "retry.php", "retry.py", "retry.rb", "retry.rs", "retry.sh", "retry.sql", "retry.ts", "retry.tsx",
    ];

    /// A store of another version is not read. So when what is made of a file changes, the version must.
    #[test]
    fn what_is_written_belongs_to_its_version() {
        let mut sum = Sha256::new();
        for (path, text) in SOURCES {
            let language = Told::by(path).language(text.as_bytes());
            assert_eq!(language, Language::of(path, text.as_bytes()));
            let fact = extract(language, text.as_bytes());
            let piece = Piece::of(&fact, text);
            sum.update(plain(language, &fact, &piece).expect("written"));
        }
        let sum: String = sum.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            (fact::VERSION, sum.as_str()),
            (4, "ff8fffaa43be432f"),
            "what is made of a file changed: count up `fact::VERSION`, so that facts of before are made again, then \
             write both down here"
        );
    }
}
