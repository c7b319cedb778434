//! Packet lines: the framing of every conversation in git's protocols.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The most that one packet carries: its length, of four hexadecimal digits, counts itself.
pub(crate) const PAYLOAD_MAX: usize = 65_516;

/// One packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    Line(Vec<u8>),
    Flush,
}

/// Reads exactly one packet and not a byte more: what follows may be a pack.
pub(crate) async fn read<R: AsyncRead + Unpin>(from: &mut R) -> io::Result<Packet> {
    let mut head = [0; 4];
    from.read_exact(&mut head).await?;
    let malformed = || io::Error::new(io::ErrorKind::InvalidData, "no packet line");
    // No sign, no space: `from_str_radix` alone would take `+0af`.
    let digits = str::from_utf8(&head).ok().filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
    let length = digits.and_then(|digits| usize::from_str_radix(digits, 16).ok());
    match length.ok_or_else(malformed)? {
        0 => Ok(Packet::Flush),
        // Delimiters of protocol 2, which nobody speaks to us, and lengths shorter than themselves.
        1..4 => Err(malformed()),
        length if length > PAYLOAD_MAX + 4 => Err(malformed()),
        length => {
            let mut payload = vec![0; length - 4];
            from.read_exact(&mut payload).await?;
            Ok(Packet::Line(payload))
        }
    }
}

/// Appends a packet of `payload`, which fits.
pub(crate) fn write(out: &mut Vec<u8>, payload: &[u8]) {
    debug_assert!(payload.len() <= PAYLOAD_MAX, "cut by the caller");
    out.extend(format!("{:04x}", payload.len() + 4).bytes());
    out.extend(payload);
}

pub(crate) fn flush(out: &mut Vec<u8>) {
    out.extend(b"0000");
}

/// Appends `bytes` on side band `band`, in as many packets as it takes.
pub(crate) fn write_band(out: &mut Vec<u8>, band: u8, bytes: &[u8]) {
    for piece in bytes.chunks(PAYLOAD_MAX - 1) {
        let mut payload = Vec::with_capacity(piece.len() + 1);
        payload.push(band);
        payload.extend(piece);
        write(out, &payload);
    }
}
