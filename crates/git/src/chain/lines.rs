//! The merge of a file that both sides edited in different places, as git makes it.
//!
//! Where lines repeat, more than one difference is right, and with it more than one merge: a function that one side copied
//! and the other edited. Which one git takes hangs on how it goes on where its first search gives up, and how far it slides
//! a hunk. So only files in which no line stands twice are merged here, with git's histogram algorithm; all others, what
//! touches, and what would take long, are git's. `tests/merge.rs` tries to find a file that git merges otherwise.

use bstr::ByteSlice as _;
use gix::diff::blob::{Algorithm, Diff, Hunk, InternedInput, sources::byte_lines};
use std::collections::HashSet;

/// Comparing files line by line takes time that grows, at worst, with the product of their lines and their differences. So
/// many of both are done in some tenths of a second; git merges what is longer, for it gives up on the best answer in time.
const LINES_MAX: usize = 8192;
/// Git holds a file that has a zero byte among so many first ones for no text.
const LOOKED_AT_FOR_ZERO: usize = 8000;

/// The merged text; `None` where it takes git.
pub(super) fn merge(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    if [base, ours, theirs].iter().any(|text| !is_short_text(text) || repeats(text)) {
        return None;
    }
    let (mut mine, mut other) = (edits(base, ours).into_iter().peekable(), edits(base, theirs));
    other.reverse();
    let lines: Vec<&[u8]> = byte_lines(base).collect();
    let (our_lines, their_lines): (Vec<&[u8]>, Vec<&[u8]>) =
        (byte_lines(ours).collect(), byte_lines(theirs).collect());
    let (mut merged, mut at) = (Vec::with_capacity(ours.len() + theirs.len()), 0);
    loop {
        let ours_first = match (mine.peek(), other.last()) {
            // Git joins hunks between which no line is left alone, and so they conflict.
            (Some(one), Some(two)) if one.before.end < two.before.start => true,
            (Some(one), Some(two)) if two.before.end < one.before.start => false,
            (Some(_), Some(_)) => return None,
            (one, None) => one.is_some(),
            (None, Some(_)) => false,
        };
        let (next, from) = match ours_first {
            true => (mine.next(), &our_lines),
            false => (other.pop(), &their_lines),
        };
        let Some(hunk) = next else { break };
        merged.extend(lines.get(at..hunk.before.start as usize)?.concat());
        merged.extend(from.get(hunk.after.start as usize..hunk.after.end as usize)?.concat());
        at = hunk.before.end as usize;
    }
    merged.extend(lines.get(at..)?.concat());
    Some(merged)
}

fn is_short_text(text: &[u8]) -> bool {
    let start = &text[..text.len().min(LOOKED_AT_FOR_ZERO)];
    !start.contains(&0) && text.find_iter("\n").take(LINES_MAX).count() < LINES_MAX
}

fn repeats(text: &[u8]) -> bool {
    let mut seen = HashSet::new();
    byte_lines(text).any(|line| !seen.insert(line))
}

/// What a side did, from the top down.
fn edits(base: &[u8], side: &[u8]) -> Vec<Hunk> {
    let input = InternedInput::new(byte_lines(base), byte_lines(side));
    let diff = Diff::compute(Algorithm::Histogram, &input);
    diff.hunks().collect()
}
