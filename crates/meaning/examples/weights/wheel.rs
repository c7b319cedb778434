//! A file of a wheel, which is a zip archive.

use flate2::read::DeflateDecoder;
use std::io::Read as _;

/// What `name` holds.
pub(crate) fn file(archive: &[u8], name: &str) -> Option<Vec<u8>> {
    let end = archive.windows(4).rposition(|four| four == b"PK\x05\x06")?;
    let (count, mut at) = (u16_at(archive, end + 10)?, u32_at(archive, end + 16)? as usize);
    for _ in 0..count {
        let lengths = [28, 30, 32].map(|field| u16_at(archive, at + field).map(usize::from));
        let [named, extra, comment] = [lengths[0]?, lengths[1]?, lengths[2]?];
        if archive.get(at + 46..at + 46 + named)? == name.as_bytes() {
            let (method, packed) = (u16_at(archive, at + 10)?, u32_at(archive, at + 20)? as usize);
            let local = u32_at(archive, at + 42)? as usize;
            let skipped = usize::from(u16_at(archive, local + 26)?)
                + usize::from(u16_at(archive, local + 28)?);
            let start = local + 30 + skipped;
            let bytes = archive.get(start..start + packed)?;
            let mut file = Vec::new();
            match method {
                0 => file.extend(bytes),
                8 => drop(DeflateDecoder::new(bytes).read_to_end(&mut file).ok()?),
                _ => return None,
            }
            return Some(file);
        }
        at += 46 + named + extra + comment;
    }
    None
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
