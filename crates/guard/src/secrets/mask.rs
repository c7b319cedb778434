//! Texts that are kept or shown: what looks like a secret in them is replaced by the name of its kind.

use super::{key, rules};
use std::collections::BTreeSet;

/// The text with everything that looks like a secret replaced by `[its kind]`. Takes time linear in the text for a
/// bounded number of secrets; past that number the rest of the text is left out whole.
pub fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut masked = 0;
    let mut block: Option<key::Block> = None;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let bare = line.trim_end_matches(['\r', '\n']);
        let was_open = block.is_some();
        if block.as_mut().is_some_and(|open| open.takes(bare.as_bytes())) {
            continue;
        }
        if was_open {
            out.push_str("[private-key]\n");
        }
        block = key::Block::open(number, bare.as_bytes());
        if masked > MASKED_MAX {
            out.push_str("[too many secrets: the rest is left out]");
            return out;
        }
        masked += mask_line(line, &mut out);
    }
    if block.is_some_and(|open| !open.body.is_empty()) {
        out.push_str("[private-key]");
    }
    out
}

/// A text with more secrets than this is a list of secrets.
const MASKED_MAX: usize = 1_000;

fn mask_line(line: &str, out: &mut String) -> usize {
    let mut found = BTreeSet::new();
    rules::each_secret_in(line.as_bytes(), |rule, secret| {
        let from = (secret.as_ptr() as usize).wrapping_sub(line.as_ptr() as usize);
        found.insert((from, secret.len(), rule));
    });
    let mut done = 0;
    let count = found.len();
    for (from, length, rule) in found {
        let (Some(before), true) = (line.get(done..from.max(done)), from + length > done) else {
            continue;
        };
        out.push_str(before);
        out.push('[');
        out.push_str(rule);
        out.push(']');
        done = from + length;
        while !line.is_char_boundary(done) {
            done += 1;
        }
    }
    out.push_str(line.get(done..).unwrap_or_default());
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Made up, of the right shape.
    const TOKEN: &str = concat!("ghp", "_Xk29vLqT7bRm4ZpYwN3cJdHs8AeFgU1oI6xQ");

    #[test]
    fn a_secret_is_replaced_by_its_kind_and_the_rest_stays() {
        let token = TOKEN;
        let said = format!("curl -H 'Authorization: {token}' https://x\nls\n");
        assert_eq!(mask(&said), "curl -H 'Authorization: [github-token]' https://x\nls\n");
        let twice = format!("{token} {token} ö");
        assert_eq!(mask(&twice), "[github-token] [github-token] ö");
        for plain in ["", "ls -l\r\n", "\n\n", "ö ü \u{1f30a}"] {
            assert_eq!(mask(plain), plain);
        }
    }

    #[test]
    fn the_body_of_a_private_key_is_left_out() {
        let body = "MIIEowIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gun\n".repeat(5);
        let said =
            format!("-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----\nnext\n");
        let masked = mask(&said);
        assert!(!masked.contains("MIIE") && masked.contains("next"), "{masked}");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_no_token_stays(before in ".*", after in ".*") {
            let masked = mask(&format!("{before} {TOKEN}\n{after}"));
            prop_assert!(!masked.contains(TOKEN));
        }
    }
}
