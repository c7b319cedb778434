//! Where the lines of a text begin.

/// Where each line begins, in bytes. Rows are from 0 here, as the parser counts them.
pub(super) struct LineIndex {
    /// The first byte of each line, and the end of the text.
    starts: Vec<usize>,
}

impl LineIndex {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut starts = vec![0];
        starts.extend(
            bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1),
        );
        if starts.last() != Some(&bytes.len()) {
            starts.push(bytes.len());
        }
        Self { starts }
    }

    /// How many lines there are. A newline ends a line, so that a text that ends with one has no empty line after it.
    pub(super) fn lines(&self) -> u32 {
        u32::try_from(self.starts.len() - 1).unwrap_or(u32::MAX)
    }

    /// The bytes of these rows, their newlines included.
    pub(super) fn size(&self, first: u32, last: u32) -> usize {
        self.starts[last as usize + 1] - self.starts[first as usize]
    }

    /// A row as people count it, and never past the last: a parser may end a node behind the last newline.
    pub(super) fn line(&self, row: u32) -> u32 {
        (row + 1).min(self.lines()).max(1)
    }

    /// The text of a row, without its newline.
    pub(super) fn text<'a>(&self, bytes: &'a [u8], row: u32) -> &'a [u8] {
        let line = &bytes[self.starts[row as usize]..self.starts[row as usize + 1]];
        line.strip_suffix(b"\n").unwrap_or(line)
    }

    pub(super) fn is_blank(&self, bytes: &[u8], row: u32) -> bool {
        self.text(bytes, row).iter().all(u8::is_ascii_whitespace)
    }
}
