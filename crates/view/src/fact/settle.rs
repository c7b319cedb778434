//! From places in a text to what it says: which definition stands in which, what tells of it, who uses what.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use weir_grammar::Language;

use super::extract::KEPT_MAX;
use super::gather::Gathered;
use super::head::{Head, heads};
use super::line_index::LineIndex;
use super::seen::{self, Around};
use super::used;
use super::{Definition, Import, Kind, Lines, Use};

/// The longest signature, in characters.
const SIGNATURE_CHARS_MAX: usize = 240;

/// The longest name: longer ones are what a broken tree takes for a name.
pub(super) const NAME_BYTES_MAX: usize = 256;

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
    let (definitions, uses, imports) = Default::default();
    let mut settled = Settled { definitions, uses, imports, cut: gathered.cut };
    let (spans, hides) = Default::default();
    let mut nest = Nest { language, bytes, index, gathered: &gathered, spans, hides };
    let mut access = gathered.access.iter().peekable();
    // What may stand around the next: its place, and its own bytes without what belongs to it.
    let mut open: Vec<(usize, &Range<usize>)> = Vec::new();
    for head in &heads {
        // One of a type that stands elsewhere takes two places.
        if settled.definitions.len() + 2 > KEPT_MAX {
            settled.cut = true;
            break;
        }
        // What a broken tree is missing has no bytes, and so no name.
        if name(bytes, &head.found.name).is_empty() {
            continue;
        }
        let own = &head.own;
        while let Some((byte, hides)) = access.next_if(|(byte, _)| *byte < own.start) {
            let around = open.iter().rev().find(|(_, around)| around.contains(byte));
            nest.hides.extend(around.map(|(at, _)| (*at, *hides)));
        }
        // Two names in one statement stand beside each other.
        while open.pop_if(|(_, around)| around.end < own.end || *around == own).is_some() {}
        nest.define(&mut settled.definitions, head, open.last().map(|(at, _)| *at));
        // The type that an alias stands for is not a part of it.
        if head.found.kind != Kind::Type {
            open.push((settled.definitions.len() - 1, own));
        }
    }
    let spans = nest.spans;
    let names: BTreeMap<usize, usize> =
        heads.iter().map(|head| (head.found.name.start, head.found.name.end)).collect();
    used::uses(&mut settled, &mut gathered, &names, &spans, bytes);
    for import in &mut gathered.imports {
        let name = import.alias.as_ref().or(import.name.as_ref());
        import.passed_on |= name.is_some_and(|name| gathered.exported.contains(name));
    }
    settled.imports = gathered.imports;
    settled
}

/// What is needed to tell a definition by where it stands.
struct Nest<'a> {
    language: Language,
    bytes: &'a [u8],
    index: &'a LineIndex,
    gathered: &'a Gathered,
    /// The bytes of each definition so far.
    spans: Vec<Range<usize>>,
    /// Whether the last word on who may see what follows in a type hides it.
    hides: HashMap<usize, bool>,
}

impl Nest<'_> {
    fn define(&mut self, definitions: &mut Vec<Definition>, head: &Head, open: Option<usize>) {
        let mut within = open;
        // A parameter that declares a field declares it of the type.
        if let Some(at) = within.filter(|_| head.found.kind == Kind::Field) {
            let around = &definitions[at];
            if matches!(around.kind, Kind::Function | Kind::Method) {
                within = around.within.map(|at| at as usize);
            }
        }
        if let Some(implementation) = self.implementation(head, within) {
            definitions.push(implementation);
            self.spans.push(head.found.span.clone());
            within = Some(definitions.len() - 1);
        }
        definitions.push(self.definition(head, definitions, within));
        self.spans.push(head.found.span.clone());
    }

    /// What stands around a definition that says itself of which type it is, as in Go.
    fn implementation(&self, head: &Head, within: Option<usize>) -> Option<Definition> {
        let name = receiver(self.bytes, head.found.receiver.as_ref()?);
        (!name.is_empty()).then(|| Definition {
            kind: Kind::Implementation,
            name,
            within: place(within),
            lines: self.lines(head.found.rows),
            signature: signature(self.bytes, head.start..head.found.name.start),
            doc: None,
            exported: true,
        })
    }

    fn definition(
        &self,
        head: &Head,
        definitions: &[Definition],
        within: Option<usize>,
    ) -> Definition {
        let around = within.map(|at| &definitions[at]);
        let name = name(self.bytes, &head.found.name);
        let signature = signature(self.bytes, head.start..head.end(self.language, self.bytes));
        let kind = seen::kind(head.found.kind, around.map(|around| around.kind));
        let said = head.exports || (around.is_none() && self.gathered.exported.contains(&name));
        let this = Around { around, signature: &signature, name: &name, kind, said };
        let hidden = within.and_then(|at| self.hides.get(&at)).is_some_and(|hides| *hides);
        let exported = seen::exported(self.language, &this) && !hidden;
        Definition {
            kind,
            within: place(within),
            lines: self.lines(head.found.rows),
            doc: head.doc(&self.gathered.attached).map(|rows| self.lines(rows)),
            exported,
            name,
            signature,
        }
    }

    fn lines(&self, (first, last): (u32, u32)) -> Lines {
        Lines { first: self.index.line(first), last: self.index.line(last) }
    }
}

pub(super) fn place(at: Option<usize>) -> Option<u32> {
    at.and_then(|at| u32::try_from(at).ok())
}

pub(super) fn name(bytes: &[u8], range: &Range<usize>) -> String {
    let text = String::from_utf8_lossy(&bytes[range.clone()]);
    text.trim_matches(['"', '\'', '`', ':']).to_owned()
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
        let space = (!signature.is_empty()).then_some(' ');
        for letter in space.into_iter().chain(word.chars()) {
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
        let shorter = rest.trim_end_matches(['{', ';', ',', ':', ' ', '=', '.']);
        let shorter = shorter.strip_suffix("=>").unwrap_or(shorter);
        if shorter == rest {
            break;
        }
        rest = shorter;
    }
    rest.to_owned()
}
