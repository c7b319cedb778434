//! Secrets in what a push adds: found by their shape, named by file, line and rule, and never repeated.
//!
//! Invariants: (1) a [`Finding`] holds a digest of the secret and nothing else of it; (2) the time is linear
//! in the length of the input, whatever it is; (3) what an owner allowed on the trunk is not found again.
//! Deliberately absent: decoding. A secret in an archive or in base64 is not found.

mod allowed;
mod key;
mod mask;
mod rules;

pub use allowed::AllowedSecrets;
pub use mask::mask;

use crate::push::printable;
use bstr::{BStr, BString};
use std::fmt;
use weir_model::{Digest, Refusal};

/// Where a secret stands, and which. It can be shown: the secret is not in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file.
    pub path: BString,
    /// The line of the new file, from 1; where the secret begins.
    pub line: u32,
    /// What kind it is, such as `github-token`.
    pub rule: &'static str,
    /// SHA-256 of the rule, a zero byte and the secret: the same wherever the secret stands.
    pub fingerprint: Digest,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = printable(self.path.as_ref());
        write!(f, "`{path}:{}` ({})", self.line, self.rule)
    }
}

/// No refusal needs more, and an attacker's file could hold millions.
const FINDINGS_MAX: usize = 100;

/// What the added lines of one file bring, but for what was `allowed`: the first hundred findings at most.
/// Lines come in order, each with its number in the new file; they need not follow one another.
pub fn scan_added<'l>(
    path: &BStr,
    lines: impl IntoIterator<Item = (u32, &'l [u8])>,
    allowed: &AllowedSecrets,
) -> Vec<Finding> {
    let mut scan = Scan { path, allowed, key: None, found: Vec::new() };
    for (number, line) in lines {
        scan.line(number, line);
    }
    let open = scan.key.take();
    scan.close(open);
    scan.found
}

/// One file, half way.
struct Scan<'a> {
    path: &'a BStr,
    allowed: &'a AllowedSecrets,
    key: Option<key::Block>,
    found: Vec<Finding>,
}

impl Scan<'_> {
    fn line(&mut self, number: u32, line: &[u8]) {
        if !self.key.as_mut().is_some_and(|block| block.takes(line)) {
            let done = self.key.take();
            self.close(done);
            self.key = key::Block::open(number, line);
        }
        rules::each_secret_in(line, |rule, secret| self.add(number, rule, secret));
    }

    fn close(&mut self, block: Option<key::Block>) {
        if let Some(block) = block.filter(key::Block::is_secret) {
            self.add(block.line, key::RULE, &block.body);
        }
    }

    fn add(&mut self, line: u32, rule: &'static str, secret: &[u8]) {
        if self.found.len() >= FINDINGS_MAX {
            return;
        }
        let fingerprint = Digest::of(&[rule.as_bytes(), b"\0", secret].concat());
        let again = |last: &Finding| last.line == line && last.fingerprint == fingerprint;
        if !self.allowed.contains(&fingerprint) && !self.found.last().is_some_and(again) {
            self.found.push(Finding { path: self.path.to_owned(), line, rule, fingerprint });
        }
    }
}

/// Refusals list at most this many findings.
const SHOWN_MAX: usize = 5;

/// Whether a push with these findings may enter.
///
/// # Errors
/// `push.secret`, naming files, lines and rules, and the fingerprints by which an owner can allow them.
pub fn judge(findings: &[Finding]) -> Result<(), Refusal> {
    let Some(first) = findings.first() else { return Ok(()) };
    let mut listed: Vec<_> = findings.iter().take(SHOWN_MAX).map(Finding::to_string).collect();
    if findings.len() > SHOWN_MAX {
        listed.push(format!("and {} more", findings.len() - SHOWN_MAX));
    }
    let sentence = format!("this push adds what looks like a secret: {}", listed.join(", "));
    Err(Refusal::new("push.secret", sentence).hint(format!(
        "take it out of every commit and amend, and if it was real, rotate it; if it is none, an owner can \
         add the line `{}` to `{}` on the trunk",
        first.fingerprint,
        AllowedSecrets::PATH
    )))
}
