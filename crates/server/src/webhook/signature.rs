//! The signature of what is posted: whoever holds the secret knows that it is from here, and that it is not old.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::fmt::Write as _;

/// The header: when it was sent, in seconds since 1970, and the HMAC-SHA256 of that, a full stop and the body. The
/// instant is signed with it, so that what somebody kept cannot be sent again as new.
pub(super) fn header(secret: &[u8], at: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any key will do");
    mac.update(format!("{at}.").as_bytes());
    mac.update(body.as_bytes());
    let mut header = format!("t={at},v1=");
    for byte in mac.finalize().into_bytes() {
        let _ = write!(header, "{byte:02x}");
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `printf '1790000000.{"id":"E1"}' | openssl dgst -sha256 -hmac 0123456789abcdef`.
    #[test]
    fn another_tool_comes_to_the_same() {
        assert_eq!(
            header(b"0123456789abcdef", 1_790_000_000, "{\"id\":\"E1\"}"),
            "t=1790000000,v1=ad335c516eae5b5d2727c207c9e460f6d03358c1f029a10a351e011be6b75af0"
        );
    }
}
