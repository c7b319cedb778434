//! What secrets look like in one line: by the prefix that their issuer gave them, or by what they are assigned to.

use bstr::ByteSlice as _;

/// A secret that begins as nothing else does.
struct Shape {
    rule: &'static str,
    prefix: &'static str,
    /// Which bytes may follow.
    alphabet: fn(u8) -> bool,
    /// How many must, at least and at most.
    length: (usize, usize),
}

/// The longest secret that is looked at whole. Bounds the work at each place of a line.
const LENGTH_MAX: usize = 256;
const OPEN: usize = LENGTH_MAX;

/// Sources: the issuers' own pages on their formats, and the rules of gitleaks (`config/gitleaks.toml`).
/// A lower bound is a little below what is issued today.
const SHAPES: &[Shape] = &[
    shape("anthropic-key", "sk-ant-", is_base64url, (40, OPEN)),
    shape("aws-access-key", "AKIA", is_base32, (16, 16)),
    shape("aws-access-key", "ASIA", is_base32, (16, 16)),
    shape("github-token", "ghp_", is_alphanumeric, (36, OPEN)),
    shape("github-token", "gho_", is_alphanumeric, (36, OPEN)),
    shape("github-token", "ghu_", is_alphanumeric, (36, OPEN)),
    shape("github-token", "ghs_", is_alphanumeric, (36, OPEN)),
    shape("github-token", "ghr_", is_alphanumeric, (36, OPEN)),
    shape("github-token", "github_pat_", is_base64url, (60, OPEN)),
    shape("gitlab-token", "glpat-", is_base64url, (20, OPEN)),
    shape("google-api-key", "AIza", is_base64url, (35, 35)),
    shape("npm-token", "npm_", is_alphanumeric, (36, 36)),
    shape("openai-key", "sk-proj-", is_base64url, (40, OPEN)),
    shape("openai-key", "sk-svcacct-", is_base64url, (40, OPEN)),
    shape("openai-key", "sk-admin-", is_base64url, (40, OPEN)),
    shape("openai-key", "sk-", is_alphanumeric, (40, OPEN)),
    shape("pypi-token", "pypi-AgEIcHlwaS5vcmc", is_base64url, (50, OPEN)),
    shape("slack-token", "xoxa-", is_alphanumeric_or_dash, (20, OPEN)),
    shape("slack-token", "xoxb-", is_alphanumeric_or_dash, (20, OPEN)),
    shape("slack-token", "xoxe-", is_alphanumeric_or_dash, (20, OPEN)),
    shape("slack-token", "xoxp-", is_alphanumeric_or_dash, (20, OPEN)),
    shape("slack-token", "xoxr-", is_alphanumeric_or_dash, (20, OPEN)),
    shape("slack-token", "xoxs-", is_alphanumeric_or_dash, (20, OPEN)),
    shape("stripe-key", "sk_live_", is_alphanumeric, (20, OPEN)),
    shape("stripe-key", "rk_live_", is_alphanumeric, (20, OPEN)),
    // A person's, a session's, a browser's, a link's.
    shape("weir-token", "weir_p_", is_base64url, (20, OPEN)),
    shape("weir-token", "weir_s_", is_base64url, (20, OPEN)),
    shape("weir-token", "weir_b_", is_base64url, (20, OPEN)),
    shape("weir-token", "weir_l_", is_base64url, (20, OPEN)),
];

/// With which of them begin. A test holds the two together.
const FIRST_BYTES: &[u8] = b"Aagnprswx";

const fn shape(
    rule: &'static str,
    prefix: &'static str,
    alphabet: fn(u8) -> bool,
    length: (usize, usize),
) -> Shape {
    Shape { rule, prefix, alphabet, length }
}

/// Calls `found` with the rule and the secret, for every secret in `line`; once for each.
pub(super) fn each_secret_in<'l>(line: &'l [u8], mut found: impl FnMut(&'static str, &'l [u8])) {
    // Shorter than the shortest secret, and its prefix or its name.
    if line.len() < 16 {
        return;
    }
    shaped(line).for_each(|(rule, secret)| found(rule, secret));
    tokens_of_json(line).for_each(|secret| found("json-web-token", secret));
    let of_aws = speaks_of_aws(line);
    if of_aws {
        aws_secrets(line).for_each(|secret| found("aws-secret-key", secret));
    }
    let new = |value: &&[u8]| {
        shaped(value).next().is_none()
            && tokens_of_json(value).next().is_none()
            && !(of_aws && aws_secrets(value).next().is_some())
    };
    assigned(line).filter(new).for_each(|secret| found("assigned-secret", secret));
}

/// What has one of the [`SHAPES`], in one walk over the line.
fn shaped(line: &[u8]) -> impl Iterator<Item = (&'static str, &[u8])> {
    // Within a word it is another word: `task-…`, `desk-…`.
    let mut before = b' ';
    let mut begins = move |byte: u8| {
        let within = before.is_ascii_alphanumeric();
        before = byte;
        !within && FIRST_BYTES.contains(&byte)
    };
    let starts = (0..).zip(line).filter(move |(_, byte)| begins(**byte)).map(|(start, _)| start);
    starts.filter_map(|start: usize| {
        let rest = line.get(start..)?;
        SHAPES.iter().find_map(|shape| Some((shape.rule, shape.at_start_of(rest)?)))
    })
}

impl Shape {
    fn at_start_of<'l>(&self, text: &'l [u8]) -> Option<&'l [u8]> {
        let body = text.strip_prefix(self.prefix.as_bytes())?;
        let (min, max) = self.length;
        let length = body.iter().take(max + 1).take_while(|byte| (self.alphabet)(**byte)).count();
        let other = min == max && length > max;
        if length < min || other || !is_random(&body[..length]) {
            return None;
        }
        text.get(..self.prefix.len() + length)
    }
}

/// `eyJ….eyJ….…`: header, claims, signature. `eyJ` is `{"` in base64.
fn tokens_of_json(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let part = |byte: &u8| is_base64url(*byte) || *byte == b'.';
    // Runs do not overlap, so each byte is looked at once.
    line.split(move |byte| !part(byte)).filter(|run| {
        let mut parts = run.split(|byte| *byte == b'.');
        let mut next = |start: &[u8], min: usize| {
            parts.next().is_some_and(|part| part.len() >= min && part.starts_with(start))
        };
        next(b"eyJ", 16) && next(b"eyJ", 16) && next(b"", 20) && !is_placeholder(run)
    })
}

fn speaks_of_aws(line: &[u8]) -> bool {
    let lower = line.to_ascii_lowercase();
    lower.contains_str("aws") && lower.contains_str("secret")
}

/// Forty characters of base64.
fn aws_secrets(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let in_key = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+');
    let runs = line.split(move |byte| !in_key(byte));
    runs.filter(|run| run.len() == 40 && is_random(run) && entropy(run) > 4.0)
}

/// What a secret's name ends in, in lower case and without `_` and `-`.
const NAMES: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authkey",
    "encryptionkey",
    "signingkey",
];

/// Bits a character. A random string of 16 letters and digits has 3.4 or more in 99 of 100 cases, one of
/// 32 hexadecimal digits 3.25 or more (20,000 samples each); names in code mostly stay below, and those that
/// do not are words, which [`is_words`] knows. Fewer than 10 characters cannot reach it (log2 10 = 3.32).
const ENTROPY_MIN: f64 = 3.3;

/// Values that are given to a name that speaks of a secret: `password = "…"`, `"apiKey": "…"`; and, as in
/// an environment file, `API_TOKEN=…` alone on a line.
fn assigned(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let sign = |byte: &u8| matches!(byte, b'=' | b':');
    let signs = line.iter().enumerate().filter(move |(_, byte)| sign(byte));
    signs.filter_map(|(at, _)| {
        let (before, after) = (line.get(..at)?, line.get(at + 1..)?);
        let value = quoted(after).or_else(|| in_environment(before, after))?;
        (names_a_secret(before) && is_assigned_secret(value)).then_some(value)
    })
}

/// What stands in quotes right behind the sign.
fn quoted(after: &[u8]) -> Option<&[u8]> {
    let spaces =
        after.iter().take(8).take_while(|byte| matches!(byte, b' ' | b'\t' | b'>' | b'=')).count();
    let rest = after.get(spaces..)?;
    let (quote, rest) = rest.split_first()?;
    if !matches!(quote, b'"' | b'\'' | b'`') {
        return None;
    }
    let length = rest.iter().take(LENGTH_MAX).position(|byte| byte == quote)?;
    rest.get(..length)
}

/// The rest of a line that is `NAME=value`, or `export NAME=value`.
fn in_environment<'l>(before: &[u8], after: &'l [u8]) -> Option<&'l [u8]> {
    if before.len() > 80 || after.len() > LENGTH_MAX {
        return None;
    }
    let name = before.trim_start();
    let name = name.strip_prefix(b"export ").unwrap_or(name);
    let capital = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    (!name.is_empty() && name.iter().all(capital)).then(|| after.trim_end())
}

/// Whether the name that ends where `before` does is one of a secret.
fn names_a_secret(before: &[u8]) -> bool {
    // `:=`, `"key":`, `key :` and a type, as in `key: &str =`, stand between.
    let tail = before.get(before.len().saturating_sub(60)..).unwrap_or(before);
    let spaces = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ':' | ']' | '`');
    let tail = tail.trim_end_with(spaces);
    let tail = [": &str", ": &'static str", ": String", ": str", ": string"]
        .iter()
        .find_map(|of| tail.strip_suffix(of.as_bytes()))
        .unwrap_or(tail);
    let in_name = |byte: &&u8| is_base64url(**byte);
    let length = tail.iter().rev().take_while(in_name).count();
    let name = &tail[tail.len() - length..];
    let bare: Vec<u8> = name
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .map(u8::to_ascii_lowercase)
        .collect();
    NAMES.iter().any(|of| bare.ends_with(of.as_bytes()))
}

fn is_assigned_secret(value: &[u8]) -> bool {
    let plain = value.iter().all(u8::is_ascii_graphic);
    let mixed = value.iter().any(u8::is_ascii_alphabetic) && value.iter().any(u8::is_ascii_digit);
    plain && mixed && !is_placeholder(value) && !is_words(value) && entropy(value) >= ENTROPY_MIN
}

/// No lower-case words, no placeholder, and not the same few characters again and again: the least random of
/// 16 random ones out of 32 have 3 bits each.
fn is_random(text: &[u8]) -> bool {
    let mixed = text.iter().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    mixed && !is_placeholder(text) && entropy(text) >= 3.0
}

/// `user-password-reset-v2`, `postgres.local.5432`: lower-case words and short numbers.
fn is_words(value: &[u8]) -> bool {
    value.split(|byte| !byte.is_ascii_alphanumeric()).all(|part| {
        let part = part.strip_prefix(b"v").unwrap_or(part);
        part.iter().all(u8::is_ascii_lowercase)
            || part.len() <= 5 && part.iter().all(u8::is_ascii_digit)
    })
}

/// What people write where a secret would be.
const PLACEHOLDERS: [&str; 15] = [
    "example",
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "redacted",
    "dummy",
    "xxxx",
    "****",
    "your-",
    "your_",
    "insert",
    "123456789",
    "abcdefgh",
    "...",
];

/// Whether this stands for a secret rather than being one: `<token>`, `${TOKEN}`, `{{ token }}`.
pub(super) fn is_placeholder(text: &[u8]) -> bool {
    let lower = text.to_ascii_lowercase();
    let template = text.iter().any(|byte| matches!(byte, b'<' | b'>' | b'$' | b'{' | b'}' | b'%'));
    let bracketed = template
        && (text.contains_str("${")
            || text.contains_str("{{")
            || text.contains_str("$(")
            || text.contains_str("%(")
            || text.starts_with(b"<")
            || text.starts_with(b"$")
            || text.starts_with(b"{"));
    bracketed || PLACEHOLDERS.iter().any(|sign| lower.contains_str(sign))
}

/// Shannon entropy of the bytes, in bits a byte.
fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text {
        counts[usize::from(*byte)] += 1;
    }
    let length = text.len() as f64;
    let part = |count: &u32| f64::from(*count) / length;
    counts.iter().filter(|count| **count > 0).map(part).map(|p| -p * p.log2()).sum()
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_alphanumeric_or_dash(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn is_base32(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_begins_with_a_byte_that_is_looked_for() {
        for shape in SHAPES {
            assert!(FIRST_BYTES.contains(&shape.prefix.as_bytes()[0]), "{}", shape.prefix);
        }
    }

    #[test]
    fn entropy_is_in_bits_a_byte() {
        for (text, bits) in [("aaaa", 0.0), ("abab", 1.0), ("abcd", 2.0), ("abcdefgh", 3.0)] {
            assert!((entropy(text.as_bytes()) - bits).abs() < 1e-9, "{text}");
        }
    }
}
