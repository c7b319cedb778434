//! What a process said, within a bound: the head, the tail, and how much lay between.

use std::collections::VecDeque;

/// What a process wrote to stdout and stderr, in the order in which it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The text: all of it, or its head, a line saying how much was left out, and its tail. Bytes, for
    /// a process owes nobody UTF-8.
    pub text: Vec<u8>,
    /// How many bytes were left out of `text`; zero when it is whole.
    pub left_out_bytes: u64,
    /// How many bytes the process wrote in all.
    pub total_bytes: u64,
}

/// Collects output in constant memory: most failures are told by the first lines or the last.
pub(crate) struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    head_max: usize,
    tail_max: usize,
    total: u64,
}

impl Kept {
    pub(crate) fn within(limit_bytes: usize) -> Self {
        let head_max = limit_bytes / 2;
        let tail_max = limit_bytes - head_max;
        Self { head: Vec::new(), tail: VecDeque::new(), head_max, tail_max, total: 0 }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let (head, rest) = bytes.split_at(bytes.len().min(self.head_max - self.head.len()));
        self.head.extend_from_slice(head);
        let rest = &rest[rest.len().saturating_sub(self.tail_max)..];
        let over = (self.tail.len() + rest.len()).saturating_sub(self.tail_max);
        self.tail.drain(..over);
        self.tail.extend(rest);
    }

    pub(crate) fn finish(self) -> Output {
        let left_out_bytes = self.total - (self.head.len() + self.tail.len()) as u64;
        let mut text = self.head;
        if left_out_bytes > 0 {
            // On a line of its own, so that it cannot be taken for a part of the line that was cut.
            if text.last().is_some_and(|last| *last != b'\n') {
                text.push(b'\n');
            }
            text.extend(format!("[... {left_out_bytes} bytes left out ...]\n").into_bytes());
        }
        text.extend(self.tail);
        Output { text, left_out_bytes, total_bytes: self.total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kept(limit: usize, pieces: &[&[u8]]) -> Output {
        let mut kept = Kept::within(limit);
        pieces.iter().for_each(|piece| kept.push(piece));
        kept.finish()
    }

    #[test]
    fn what_fits_is_kept_as_it_came() {
        let output = kept(8, &[b"abc", b"", b"defgh"]);
        assert_eq!(output.text, b"abcdefgh");
        assert_eq!((output.left_out_bytes, output.total_bytes), (0, 8));
    }

    #[test]
    fn what_does_not_fit_says_so_between_head_and_tail() {
        let output = kept(8, &[b"abcdefghij", b"klm"]);
        assert_eq!(output.text, b"abcd\n[... 5 bytes left out ...]\njklm");
    }

    proptest! {
        #[test]
        fn head_and_tail_do_not_depend_on_how_the_bytes_arrived(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..12),
            limit in 0usize..64,
        ) {
            let whole = pieces.concat();
            let slices: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let output = kept(limit, &slices);
            prop_assert_eq!(&output, &kept(limit, &[&whole]));
            prop_assert_eq!(output.total_bytes, whole.len() as u64);
            prop_assert_eq!(output.left_out_bytes, whole.len().saturating_sub(limit) as u64);
            if whole.len() <= limit {
                prop_assert_eq!(output.text, whole);
            } else {
                let (head, tail) = (limit / 2, limit - limit / 2);
                prop_assert!(output.text.starts_with(&whole[..head]));
                prop_assert!(output.text.ends_with(&whole[whole.len() - tail..]));
            }
        }
    }
}
