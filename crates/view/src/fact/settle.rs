//! From places in a text to what it says: which definition stands in which, what tells of it, who uses what.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;

use weir_grammar::Language;

use super::extract::KEPT_MAX;
use super::gather::{Attached, Found, Gathered, Used, Weight, Wrap};
use super::line_index::LineIndex;
use super::seen::{self, Around};
use super::{Definition, Import, Kind, Lines, Use};

/// The longest signature, in characters.
const SIGNATURE_CHARS_MAX: usize = 240;

/// The longest name: longer ones are what a broken tree takes for a name.
const NAME_BYTES_MAX: usize = 256;

/// The longest path before a name that is kept.
const QUALIFIER_BYTES_MAX: usize = 128;

/// What stands between the beginning of a statement and its definition: `export default async`, and not much more.
const WRAP_HEAD_BYTES_MAX: usize = 64;

/// What a file says, settled.
pub(super) struct Settled {
    pub(super) definitions: Vec<Definition>,
    pub(super) uses: Vec<Use>,
    pub(super) imports: Vec<Import>,
    /// Whether more was there than is kept.
    pub(super) cut: bool,
}

pub(super) fn settle(
    language: Language,
    mut gathered: Gathered,
    bytes: &[u8],
    index: &LineIndex,
) -> Settled {
    let heads = heads(&mut gathered, bytes);
    let mut settled = Settled {
        definitions: Vec::new(),
        uses: Vec::new(),
        imports: Vec::new(),
        cut: gathered.cut,
    };
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for head in &heads {
        let found = &head.found;
        while let Some(&last) = open.last() {
            if spans[last].end >= found.span.end && spans[last] != found.span {
                break;
            }
            open.pop();
        }
        let lines = Lines { first: index.line(found.rows.0), last: index.line(found.rows.1) };
        let doc = head.doc(&gathered.attached);
        let doc =
            doc.map(|(first, last)| Lines { first: index.line(first), last: index.line(last) });
        let mut within = open.last().copied();
        let receiver = found.receiver.as_ref().map(|range| receiver(bytes, range));
        if let Some(name) = receiver.filter(|name| !name.is_empty()) {
            let signature = signature(bytes, head.start..found.name.start);
            let kind = Kind::Implementation;
            let exported = true;
            let around = place(within);
            settled.definitions.push(Definition {
                kind,
                name,
                within: around,
                lines,
                signature,
                doc: None,
                exported,
            });
            spans.push(found.span.clone());
            within = Some(spans.len() - 1);
        }
        let around = within.map(|at| &settled.definitions[at]);
        let end = found.body.filter(|body| *body > found.name.start).unwrap_or(found.span.end);
        let signature = signature(bytes, head.start..end);
        let name = name(bytes, &found.name);
        let kind = seen::kind(found.kind, around.map(|around| around.kind));
        let exported = seen::exported(
            language,
            &Around { around, signature: &signature, name: &name, kind, said: head.exports },
        ) || (around.is_none() && gathered.exported.contains(&name));
        settled.definitions.push(Definition {
            kind,
            name,
            within: place(within),
            lines,
            signature,
            doc,
            exported,
        });
        spans.push(found.span.clone());
        open.push(spans.len() - 1);
    }
    let names: HashSet<usize> = heads.iter().map(|head| head.found.name.start).collect();
    uses(&mut settled, &mut gathered, &names, &spans, bytes);
    settled.imports = gathered.imports;
    settled
}

/// A definition with all that belongs to it.
struct Head {
    found: Found,
    /// Where its signature begins: behind its attributes.
    start: usize,
    exports: bool,
}

impl Head {
    /// The comment directly before it, or the string that is its first statement.
    fn doc(&self, attached: &Attached) -> Option<(u32, u32)> {
        if self.found.doc.is_some() {
            return self.found.doc;
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
fn heads(gathered: &mut Gathered, bytes: &[u8]) -> Vec<Head> {
    let mut found = std::mem::take(&mut gathered.definitions);
    found.retain(|found| !found.name.is_empty() && found.name.len() <= NAME_BYTES_MAX);
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
            while let Some(&(row, byte)) = found
                .rows
                .0
                .checked_sub(1)
                .and_then(|row| gathered.attached.attributes.get(&row))
                .filter(|(_, byte)| *byte < found.span.start)
            {
                found.rows.0 = row;
                found.span.start = byte;
            }
            Head { found, start, exports }
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
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace())
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

fn place(at: Option<usize>) -> Option<u32> {
    at.and_then(|at| u32::try_from(at).ok())
}

fn name(bytes: &[u8], range: &Range<usize>) -> String {
    let text = String::from_utf8_lossy(&bytes[range.clone()]);
    text.trim_matches(['"', '\'', '`']).to_owned()
}

/// The type a definition belongs to: `T` of `(t *T[K])`, `b` of `a::b<T>`.
fn receiver(bytes: &[u8], range: &Range<usize>) -> String {
    let text = String::from_utf8_lossy(&bytes[range.clone()]).into_owned();
    let plain = text.split(['<', '[', '(']).next().unwrap_or_default();
    let last = plain.rsplit(['.', ':', ' ', '*', '&']).next().unwrap_or_default();
    if last.len() <= NAME_BYTES_MAX { last.to_owned() } else { String::new() }
}

/// The head of a definition in one line.
fn signature(bytes: &[u8], range: Range<usize>) -> String {
    // Nothing that fits begins behind this many bytes, and a definition may be two million long.
    let end = range.end.min(range.start + 4096).max(range.start);
    let text = String::from_utf8_lossy(&bytes[range.start..end]);
    let mut signature = String::new();
    let mut chars = 0;
    'words: for word in text.split_whitespace() {
        if !signature.is_empty() {
            signature.push(' ');
            chars += 1;
        }
        for letter in word.chars() {
            if chars + 1 >= SIGNATURE_CHARS_MAX {
                signature.push('…');
                break 'words;
            }
            signature.push(letter);
            chars += 1;
        }
    }
    let mut rest = signature.as_str();
    loop {
        let shorter = rest.trim_end_matches(['{', ';', ',', ':', ' ', '=']);
        let shorter = shorter.strip_suffix("=>").unwrap_or(shorter);
        if shorter == rest {
            break;
        }
        rest = shorter;
    }
    rest.to_owned()
}

/// The uses that are worth having, in order, each with the innermost definition around it.
fn uses(
    settled: &mut Settled,
    gathered: &mut Gathered,
    names: &HashSet<usize>,
    spans: &[Range<usize>],
    bytes: &[u8],
) {
    let mut used = std::mem::take(&mut gathered.uses);
    used.sort_by_key(|used| (used.name.start, used.weight, used.qualifier.is_none()));
    used.dedup_by_key(|used| used.name.start);
    gathered.import_spans.sort_by_key(|span| span.start);
    let mut imported = gathered.import_spans.iter().peekable();
    let mut imports_end = 0;
    let known: HashSet<&str> = settled
        .definitions
        .iter()
        .map(|definition| definition.name.as_str())
        .chain(
            gathered
                .imports
                .iter()
                .filter_map(|import| import.alias.as_deref().or(import.name.as_deref())),
        )
        .collect();
    let mut open: Vec<usize> = Vec::new();
    let mut ahead = 0;
    let mut kept: Vec<Use> = Vec::new();
    for used in used {
        let at = used.name.start;
        while let Some(span) = imported.next_if(|span| span.start <= at) {
            imports_end = imports_end.max(span.end);
        }
        while ahead < spans.len() && spans[ahead].start <= at {
            while open.last().is_some_and(|&last| spans[last].end < spans[ahead].end) {
                open.pop();
            }
            open.push(ahead);
            ahead += 1;
        }
        while open.last().is_some_and(|&last| spans[last].end <= at) {
            open.pop();
        }
        if at < imports_end || names.contains(&at) || used.name.len() > NAME_BYTES_MAX {
            continue;
        }
        let Some(made) = made(&used, &gathered.bound, &known, bytes) else { continue };
        let made = Use { within: place(open.last().copied()), ..made };
        // Twice in a line says no more than once.
        let said = kept.iter().rev().take_while(|last| last.line == made.line).take(64);
        if said.into_iter().any(|last| *last == made) {
            continue;
        }
        if kept.len() >= KEPT_MAX {
            settled.cut = true;
            break;
        }
        kept.push(made);
    }
    settled.uses = kept;
}

/// A use, if it is worth having.
fn made(used: &Used, bound: &HashSet<String>, known: &HashSet<&str>, bytes: &[u8]) -> Option<Use> {
    let name = name(bytes, &used.name);
    let name = name.trim_start_matches(['@', '$', ':', '#']);
    let plain = name.chars().all(|letter| letter.is_alphanumeric() || "_$?!".contains(letter));
    if !plain
        || !name.starts_with(|first: char| first.is_alphabetic() || first == '_' || first == '$')
    {
        return None;
    }
    let here = bound.contains(name);
    let capital = name.starts_with(char::is_uppercase);
    let worth = match used.weight {
        Weight::Call | Weight::Mention => true,
        Weight::Type => !(here && used.qualifier.is_none()),
        Weight::Argument => !here,
        Weight::Word => !here && (capital || known.contains(name)),
    };
    let itself = matches!(name, "self" | "this" | "super" | "Self" | "_" | "nil" | "null");
    (worth && !itself).then(|| Use {
        name: name.to_owned(),
        qualifier: used.qualifier.as_ref().map(|range| qualifier(bytes, range)),
        role: used.weight.role(),
        line: used.row + 1,
        within: None,
    })
}

/// A plain path, without what stands in angle brackets; empty for anything else.
fn qualifier(bytes: &[u8], range: &Range<usize>) -> String {
    if range.len() > QUALIFIER_BYTES_MAX {
        return String::new();
    }
    let text = String::from_utf8_lossy(&bytes[range.clone()]);
    let mut depth = 0usize;
    let mut path = String::new();
    let mut last = ' ';
    for letter in text.chars() {
        match letter {
            '<' => depth += 1,
            // The arrow of `a->b` closes nothing.
            '>' if last != '-' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ => path.push(letter),
        }
        last = letter;
    }
    let plain =
        path.chars().all(|letter| letter.is_alphanumeric() || "_.:$@\\->?!".contains(letter));
    let path = path.trim_end_matches(':');
    if plain { path.to_owned() } else { String::new() }
}
