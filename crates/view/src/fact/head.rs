//! A definition together with what belongs to it: the statement around it, the attributes and the comment before it.

use std::cmp::Reverse;
use std::ops::Range;

use weir_grammar::Language;

use super::Kind;
use super::gather::{Attached, Found, Gathered, Wrap, own_line};
use super::settle::NAME_BYTES_MAX;

/// What stands between the beginning of a statement and its definition: `export default`, `template <typename T>`.
const WRAP_HEAD_BYTES_MAX: usize = 64;

/// A definition with all that belongs to it.
pub(super) struct Head {
    pub(super) found: Found,
    /// Its own bytes, before it grew.
    pub(super) own: Range<usize>,
    /// Where its signature begins: behind its attributes.
    pub(super) start: usize,
    pub(super) exports: bool,
    begins_line: bool,
}

impl Head {
    /// Where its signature ends.
    pub(super) fn end(&self, language: Language, bytes: &[u8]) -> usize {
        let after = self.found.name.end;
        let end = self.found.body.filter(|body| *body >= after).unwrap_or(self.found.span.end);
        // A body of Ruby's begins behind the comments before its first statement.
        let line = || bytes[after..end].iter().position(|byte| *byte == b'\n');
        match language {
            Language::Ruby => line().map_or(end, |line| after + line),
            _ => end,
        }
    }

    /// The comment directly before it, or the string that is its first statement.
    pub(super) fn doc(&self, attached: &Attached) -> Option<(u32, u32)> {
        if self.found.doc.is_some() {
            return self.found.doc;
        }
        // What stands behind another thing in a line is not what the comment above that line tells of.
        if !self.begins_line && matches!(self.found.kind, Kind::Field | Kind::Variant) {
            return None;
        }
        let before = self.found.rows.0;
        let mut first = before;
        while let Some(&start) = first.checked_sub(1).and_then(|row| attached.comments.get(&row)) {
            first = start;
        }
        (first < before).then(|| (first, before - 1))
    }
}

/// The definitions in order, each once, grown by the statement around it and by the attributes before it.
pub(super) fn heads(gathered: &mut Gathered, bytes: &[u8]) -> Vec<Head> {
    let mut found = std::mem::take(&mut gathered.definitions);
    gathered.access.sort_unstable();
    gathered.import_spans.sort_by_key(|span| span.start);
    // What only gives a name to what it brings in is an import.
    let imports = |at: usize| {
        let before = gathered.import_spans.partition_point(|span| span.start <= at);
        gathered.import_spans[..before].last().is_some_and(|span| span.contains(&at))
    };
    found.retain(|found| {
        let named = !found.name.is_empty() && found.name.len() <= NAME_BYTES_MAX;
        named && !imports(found.name.start)
    });
    // A definition found twice is kept as the question that knew more of it: one with a body, a doc, a kind of its own.
    found.sort_by_key(|found| {
        let known = (found.receiver.is_some(), found.doc.is_some(), found.body.is_some());
        (found.name.start, Reverse(known), found.span.start, Reverse(found.span.end))
    });
    found.dedup_by_key(|found| found.name.start);
    found.sort_by_key(|found| (found.span.start, Reverse(found.span.end), found.name.start));
    let wraps = &mut gathered.wraps;
    wraps.sort_by_key(|wrap| (wrap.span.start, Reverse(wrap.span.end)));
    let mut wraps = wraps.iter().peekable();
    let mut open: Vec<&Wrap> = Vec::new();
    let mut heads: Vec<Head> = found
        .into_iter()
        .map(|mut found| {
            let own = found.span.clone();
            while let Some(wrap) = wraps.next_if(|wrap| wrap.span.start <= found.span.start) {
                open.push(wrap);
            }
            let mut start = skip_attributes(bytes, found.span.start, &gathered.attached);
            let mut exports = false;
            // The first definition in a statement takes it, and all statements around that nobody took.
            while let Some(wrap) = open.pop() {
                let head = skip_attributes(bytes, wrap.span.start, &gathered.attached);
                let belongs = wrap.span.end >= found.span.end
                    && head <= found.span.start
                    && is_head(&bytes[head..found.span.start]);
                if belongs {
                    exports |= wrap.exports;
                    start = start.min(head);
                    found.span.start = wrap.span.start;
                    found.rows.0 = wrap.row;
                }
            }
            let begins_line = own_line(bytes, found.span.start);
            while let Some(&(row, byte)) = found
                .rows
                .0
                .checked_sub(1)
                .and_then(|row| gathered.attached.attributes.get(&row))
                .filter(|(_, byte)| begins_line && *byte < found.span.start)
            {
                found.rows.0 = row;
                found.span.start = byte;
            }
            Head { found, own, start, exports, begins_line }
        })
        .collect();
    heads.sort_by_key(|head| {
        (head.found.span.start, Reverse(head.found.span.end), head.found.name.start)
    });
    heads
}

/// Whether these bytes are the words before a definition, and no more.
fn is_head(bytes: &[u8]) -> bool {
    bytes.len() <= WRAP_HEAD_BYTES_MAX
        && bytes.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"<>,_".contains(byte)
        })
}

fn skip_attributes(bytes: &[u8], from: usize, attached: &Attached) -> usize {
    let mut at = from;
    loop {
        let blank = bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        match attached.attribute_ends.get(&(at + blank)) {
            Some(&end) if end > at + blank => at = end,
            _ if at == from => return from,
            _ => return at + blank,
        }
    }
}
