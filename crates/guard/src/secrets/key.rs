//! Private keys in PEM: a header, and lines of base64 below it. A header alone is documentation.

use super::rules::is_placeholder;
use bstr::ByteSlice as _;

pub(super) const RULE: &str = "private-key";

/// A key's first line says little: it is the same for every unencrypted Ed25519 key of OpenSSH. So the
/// fingerprint is taken over the body, to here; an RSA key of 4096 bits has some 3200 characters.
const BODY_BYTES_MAX: usize = 8192;
/// Shorter than any key: an Ed25519 key in PKCS #8 has 64 characters.
const BODY_BYTES_MIN: usize = 40;

/// A key that has begun.
pub(super) struct Block {
    /// The line of its header.
    pub(super) line: u32,
    /// Its base64, as far as it is kept.
    pub(super) body: Vec<u8>,
    ended: bool,
}

impl Block {
    /// Opens a block if `line` has a header, whatever stands before it.
    pub(super) fn open(number: u32, line: &[u8]) -> Option<Self> {
        let (_, rest) = line.split_once_str("-----BEGIN ")?;
        let (label, rest) = rest.split_once_str("-----")?;
        if label.len() > 40 || !label.contains_str("PRIVATE KEY") {
            return None;
        }
        let mut block = Self { line: number, body: Vec::new(), ended: false };
        // A key in one line, as in JSON, has its body behind it, the line breaks spelled out.
        for part in rest.fields().flat_map(|field| field.split_str("\\n")) {
            block.takes(part);
        }
        Some(block)
    }

    /// Takes a line of the body; `false` when the block had ended before it.
    pub(super) fn takes(&mut self, line: &[u8]) -> bool {
        if self.ended {
            return false;
        }
        let line = line.trim_start_with(|c| c.is_whitespace() || "\"'`,;#*\\|/".contains(c));
        if line.starts_with(b"-----END") {
            self.ended = true;
            return true;
        }
        let length = line.iter().take_while(|byte| is_base64(**byte)).count();
        let (base64, rest) = line.split_at(length);
        if is_end_of_string(rest) {
            let room = BODY_BYTES_MAX.saturating_sub(self.body.len());
            // A lone `+` joins two strings.
            let joins = !base64.iter().any(u8::is_ascii_alphanumeric);
            self.body.extend(base64.iter().take(if joins { 0 } else { room }));
            return true;
        }
        // `Proc-Type: …` is a field of the header; anything else ends the key.
        self.ended = !(self.body.is_empty() && line.contains_str(": "));
        !self.ended
    }

    /// Whether there was enough of a body.
    pub(super) fn is_secret(&self) -> bool {
        self.body.len() >= BODY_BYTES_MIN && !is_placeholder(&self.body)
    }
}

/// What a language puts behind a line of a longer string: `\n" +`, but no further words.
fn is_end_of_string(rest: &[u8]) -> bool {
    let mut rest = rest;
    while let Some(shorter) = rest.strip_prefix(b"\\n").or(rest.strip_prefix(b"\\r")) {
        rest = shorter;
    }
    !rest.iter().any(u8::is_ascii_alphanumeric)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}
