//! From bytes to a fact: what is looked at, what is not, and the bounds that hold for any bytes.

use std::ops::Range;
use weir_grammar::Language;

use super::{
    Covered, Fact, Lines, chunk, gather, line_index::LineIndex, parse, settle, shape::Shape,
};

/// Longer text is searched and not parsed: nothing that people wrote is longer, and what programs wrote is not worth
/// its time.
pub const PARSED_BYTES_MAX: usize = 2 * 1024 * 1024;

/// No more definitions and no more uses than these are kept of one file; a file that has more is covered in part.
pub const KEPT_MAX: usize = 100_000;

/// As git tells text from what is none: by a NUL near the beginning.
const BINARY_HEAD_BYTES: usize = 8 * 1024;

/// What a blob says. A function of its arguments alone: the same bytes in the same language are the same fact, on
/// every machine and however busy it is.
pub fn extract(language: Option<Language>, bytes: &[u8]) -> Fact {
    if bytes[..bytes.len().min(BINARY_HEAD_BYTES)].contains(&0) {
        return unparsed(Covered::Binary, 0, Vec::new());
    }
    let index = LineIndex::of(bytes);
    let Some(language) = language else {
        return as_text(Covered::Text, bytes, &index);
    };
    if bytes.len() > PARSED_BYTES_MAX {
        return as_text(Covered::TooLong, bytes, &index);
    }
    let understood = parse::tree(language, bytes).and_then(|tree| {
        let shape = Shape::of(&tree, index.lines())?;
        Some((gather::gather(language, &tree, bytes)?, shape, tree.root_node().has_error()))
    });
    let Some((gathered, shape, broken)) = understood else {
        return as_text(Covered::TooCostly(language), bytes, &index);
    };
    let levels = chunk::levels_of_tree(shape, &gathered.attached, bytes, &index);
    let chunks = chunk::chunks(&levels, &index);
    let settled = settle::settle(language, gathered, bytes, &index);
    Fact {
        covered: if !broken && !settled.cut {
            Covered::Parsed(language)
        } else {
            Covered::ParsedInPart(language)
        },
        lines: index.lines(),
        definitions: settled.definitions,
        uses: settled.uses,
        imports: settled.imports,
        chunks,
    }
}

/// The bytes that import statements take, in no order; none where the text is not parsed.
pub fn import_spans(language: Language, bytes: &[u8]) -> Vec<Range<usize>> {
    if bytes.len() > PARSED_BYTES_MAX {
        return Vec::new();
    }
    let tree = parse::tree(language, bytes);
    let tree = tree.filter(|tree| Shape::of(tree, LineIndex::of(bytes).lines()).is_some());
    let gathered = tree.and_then(|tree| gather::gather(language, &tree, bytes));
    gathered.map(|gathered| gathered.import_spans).unwrap_or_default()
}

fn as_text(covered: Covered, bytes: &[u8], index: &LineIndex) -> Fact {
    let chunks = chunk::chunks(&chunk::levels_of_text(bytes, index), index);
    unparsed(covered, index.lines(), chunks)
}

fn unparsed(covered: Covered, lines: u32, chunks: Vec<Lines>) -> Fact {
    let (definitions, uses, imports) = Default::default();
    Fact { covered, lines, definitions, uses, imports, chunks }
}
