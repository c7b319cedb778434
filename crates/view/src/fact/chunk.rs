//! The pieces in which a file is searched: about as long as a thought, and cut where the text itself is cut.
//!
//! Every boundary between two lines has a level: how many things it would cut in two. A range that is too long is cut at
//! all its lowest boundaries, neighbours are put together again while they fit, and what is still too long is cut one
//! level deeper. So a file falls into its definitions, a long definition into its members or statements, and a text
//! without a grammar into its paragraphs.

use super::Lines;
use super::gather::Attached;
use super::line_index::LineIndex;
use super::shape::Shape;

/// The longest piece, in bytes, where lines allow it: what public benchmarks of code search settled on, and about what
/// a model's window for one passage holds.
const PIECE_BYTES_MAX: usize = 1500;

/// A shorter piece is put to a neighbour: a heading, a closing bracket.
const PIECE_BYTES_SMALL: usize = 300;

/// Boundaries deeper than this are all alike. It bounds the passes over a text that nests without end.
const LEVEL_MAX: u8 = 64;

/// The level of each boundary in a parsed text: `levels[n]` is that between the rows `n` and `n + 1`.
pub(super) fn levels_of_tree(
    mut shape: Shape,
    attached: &Attached,
    bytes: &[u8],
    index: &LineIndex,
) -> Vec<u8> {
    // What belongs to the line below it is not cut from it.
    for &last in attached.comments.keys().chain(attached.attributes.keys()) {
        if last + 1 < index.lines() && !index.is_blank(bytes, last + 1) {
            shape.span(last, last + 1);
        }
    }
    let spanned: Vec<i64> = shape.spanned().collect();
    with_blanks(bytes, index, |row| u8::try_from(spanned[row as usize]).unwrap_or(LEVEL_MAX))
}

/// The level of each boundary in a text without a grammar: headings, then paragraphs, then what is indented least.
pub(super) fn levels_of_text(bytes: &[u8], index: &LineIndex) -> Vec<u8> {
    with_blanks(bytes, index, |row| {
        let line = index.text(bytes, row + 1);
        let indent = line.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let indent = u8::try_from(indent.min(40)).unwrap_or(LEVEL_MAX);
        if line.starts_with(b"#") || line.starts_with(b"[") {
            0
        } else if index.is_blank(bytes, row) {
            1 + indent
        } else {
            3 + indent
        }
    })
}

/// A cut is made behind blank lines and not before them.
fn with_blanks(bytes: &[u8], index: &LineIndex, level: impl Fn(u32) -> u8) -> Vec<u8> {
    (0..index.lines().saturating_sub(1))
        .map(|row| {
            let before_blank = u8::from(index.is_blank(bytes, row + 1));
            (level(row).saturating_add(before_blank)).min(LEVEL_MAX)
        })
        .collect()
}

/// A range of rows, and the level below which it is not cut.
#[derive(Clone, Copy)]
struct Range {
    first: u32,
    last: u32,
    floor: u8,
}

/// The pieces: in order, without a gap, all of the text.
pub(super) fn chunks(levels: &[u8], index: &LineIndex) -> Vec<Lines> {
    let Some(last) = index.lines().checked_sub(1) else { return Vec::new() };
    let mut pieces: Vec<Range> = Vec::new();
    let mut open = vec![Range { first: 0, last, floor: 0 }];
    while let Some(range) = open.pop() {
        if index.size(range.first, range.last) <= PIECE_BYTES_MAX || range.first == range.last {
            pieces.push(range);
        } else {
            open.extend(cut(range, levels, index).into_iter().rev());
        }
    }
    together(pieces, index)
}

/// A range that is too long, cut at its lowest boundaries, and put together while it fits.
fn cut(range: Range, levels: &[u8], index: &LineIndex) -> Vec<Range> {
    let level = |row: u32| levels.get(row as usize).copied().unwrap_or(LEVEL_MAX);
    let lowest = (range.first..range.last).map(level).filter(|level| *level >= range.floor).min();
    // Nothing left to go by: cut at any line.
    let is_cut = |row: u32| lowest.is_none_or(|lowest| level(row) == lowest);
    let floor = lowest.map_or(range.floor, |lowest| lowest.saturating_add(1));
    let size = |range: &Range| index.size(range.first, range.last);
    let mut groups: Vec<Range> = Vec::new();
    let mut first = range.first;
    for last in range.first..=range.last {
        if last < range.last && !is_cut(last) {
            continue;
        }
        let piece = Range { first, last, floor };
        first = last + 1;
        match groups.last_mut() {
            Some(group) if size(group) + size(&piece) <= PIECE_BYTES_MAX => group.last = last,
            // A head stays with its body, which is cut further; but a single line is not.
            Some(group)
                if size(group) < PIECE_BYTES_SMALL
                    && size(&piece) > PIECE_BYTES_MAX
                    && lowest.is_some() =>
            {
                group.last = last;
            }
            _ => groups.push(piece),
        }
    }
    groups
}

/// Small pieces are put to the piece before them.
fn together(pieces: Vec<Range>, index: &LineIndex) -> Vec<Lines> {
    let mut chunks: Vec<Lines> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let small = index.size(piece.first, piece.last) < PIECE_BYTES_SMALL;
        let room = PIECE_BYTES_MAX + PIECE_BYTES_SMALL;
        match chunks.last_mut() {
            Some(chunk) if small && index.size(chunk.first - 1, piece.last) <= room => {
                chunk.last = piece.last + 1;
            }
            _ => chunks.push(Lines { first: piece.first + 1, last: piece.last + 1 }),
        }
    }
    chunks
}
