//! The tokens and their vectors, from the data of a 64-bit little-endian shared library.

use std::collections::HashMap;

const SYMBOLS: u32 = 2;
const RELOCATIONS: u32 = 4;
const NO_BYTES: u32 = 8;
/// The address of the library's own byte.
const RELATIVE: u64 = 8;

/// Each token, and its vector.
pub(crate) fn tokens(library: &[u8]) -> Option<Vec<(String, Vec<i8>)>> {
    let library = Library::read(library)?;
    let (vectors, _) = library.symbol("FCE_PRETRAINED_VECTOR_BLOB")?;
    let (names, bytes) = library.symbol("FCE_PRETRAINED_TOKENS")?;
    let start = library.offset(vectors)?;
    let count = library.number(start, 4)? as usize;
    let dimensions = library.number(start + 4, 4)? as usize;
    if count as u64 * 8 != bytes {
        return None;
    }
    let pointers = library.pointers()?;
    let token = |nth: usize| {
        let text = library.text(library.offset(*pointers.get(&(names + 8 * nth as u64))?)?)?;
        let from = start + 8 + nth * dimensions;
        let vector = library.bytes.get(from..from + dimensions)?;
        Some((text, vector.iter().map(|byte| byte.cast_signed()).collect()))
    };
    (0..count).map(token).collect()
}

struct Library<'a> {
    bytes: &'a [u8],
    sections: Vec<Section>,
}

struct Section {
    kind: u32,
    address: u64,
    offset: usize,
    size: usize,
    link: usize,
}

impl<'a> Library<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut library = Self { bytes, sections: Vec::new() };
        let (table, count) = (library.number(0x28, 8)? as usize, library.number(0x3c, 2)? as usize);
        for at in (0..count).map(|nth| table + 64 * nth) {
            let field = |offset, size| library.number(at + offset, size);
            let section = Section {
                kind: field(4, 4)? as u32,
                address: field(16, 8)?,
                offset: field(24, 8)? as usize,
                size: field(32, 8)? as usize,
                link: field(40, 4)? as usize,
            };
            library.sections.push(section);
        }
        Some(library)
    }

    fn number(&self, at: usize, size: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at + size)?;
        Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn text(&self, at: usize) -> Option<String> {
        let rest = self.bytes.get(at..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        String::from_utf8(rest.get(..end)?.to_vec()).ok()
    }

    /// Where an address lies in the file.
    fn offset(&self, address: u64) -> Option<usize> {
        let holds = |section: &&Section| {
            section.kind != NO_BYTES
                && section.address != 0
                && (section.address..section.address + section.size as u64).contains(&address)
        };
        let section = self.sections.iter().find(holds)?;
        Some(section.offset + (address - section.address) as usize)
    }

    /// The address and the size of what is called so.
    fn symbol(&self, name: &str) -> Option<(u64, u64)> {
        let table = self.sections.iter().filter(|section| section.kind == SYMBOLS);
        for section in table {
            let texts = self.sections.get(section.link)?;
            for at in (section.offset..section.offset + section.size).step_by(24) {
                if self.text(texts.offset + self.number(at, 4)? as usize)? == name {
                    return Some((self.number(at + 8, 8)?, self.number(at + 16, 8)?));
                }
            }
        }
        None
    }

    /// What the loader writes where: pointers into the library itself.
    fn pointers(&self) -> Option<HashMap<u64, u64>> {
        let mut pointers = HashMap::new();
        for section in self.sections.iter().filter(|section| section.kind == RELOCATIONS) {
            for at in (section.offset..section.offset + section.size).step_by(24) {
                if self.number(at + 8, 8)? & 0xffff_ffff == RELATIVE {
                    pointers.insert(self.number(at, 8)?, self.number(at + 16, 8)?);
                }
            }
        }
        Some(pointers)
    }
}
