//! The queries' matches, as they are found: places in the text, in no order, and some of them twice.

use std::collections::{HashMap, HashSet};
use std::ops::{ControlFlow, Range};

use weir_grammar::Language;
use weir_grammar::tree_sitter::{
    Node, QueryCursor, QueryCursorOptions, QueryCursorState, StreamingIterator as _, Tree,
};

use super::extract::KEPT_MAX;
use super::query::{Capture, Questions};
use super::{Import, Kind, Role, parse, use_tree};

/// What was found.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) definitions: Vec<Found>,
    pub(super) wraps: Vec<Wrap>,
    pub(super) uses: Vec<Used>,
    pub(super) imports: Vec<Import>,
    /// What the import statements take of the text: no word in them is a use.
    pub(super) import_spans: Vec<Range<usize>>,
    /// The first bytes of words that are no uses.
    pub(super) labels: HashSet<usize>,
    /// Names that are bound in this file, and mean nothing outside of it, with the bytes where they are.
    pub(super) bound: HashMap<String, Vec<usize>>,
    /// Names that the file lists as seen by others.
    pub(super) exported: HashSet<String>,
    /// Where a type says who may see what follows: the byte, and whether it hides.
    pub(super) access: Vec<(usize, bool)>,
    pub(super) attached: Attached,
    /// Whether more was there than is kept.
    pub(super) cut: bool,
}

/// Comments and attributes that stand on lines of their own, by the row in which they end: they belong to what follows.
#[derive(Default)]
pub(super) struct Attached {
    /// The rows in which they begin.
    pub(super) comments: HashMap<u32, u32>,
    /// Where they begin: row and byte.
    pub(super) attributes: HashMap<u32, (u32, usize)>,
    /// All attributes, from their first byte to their end.
    pub(super) attribute_ends: HashMap<usize, usize>,
}

/// A definition, as found.
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
    pub(super) rows: (u32, u32),
    pub(super) name: Range<usize>,
    pub(super) body: Option<usize>,
    pub(super) doc: Option<(u32, u32)>,
    pub(super) receiver: Option<Range<usize>>,
}

/// A statement around a definition.
pub(super) struct Wrap {
    pub(super) span: Range<usize>,
    pub(super) row: u32,
    pub(super) exports: bool,
}

/// A use, as found. The lower its weight, the more is known of it.
pub(super) struct Used {
    pub(super) name: Range<usize>,
    pub(super) row: u32,
    pub(super) qualifier: Option<Range<usize>>,
    pub(super) weight: Weight,
}

/// How sure it is that a name is used, from the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Call,
    Type,
    Mention,
    Argument,
    Word,
}

impl Weight {
    pub(super) fn role(self) -> Role {
        match self {
            Self::Call => Role::Call,
            Self::Type => Role::Type,
            Self::Mention | Self::Argument | Self::Word => Role::Mention,
        }
    }
}

/// A match may hold as many alternatives open at once; more would cost without end on hostile text.
const OPEN_MATCHES_MAX: u32 = 4096;

/// All matches in a tree; `None` if it took too much.
pub(super) fn gather(language: Language, tree: &Tree, bytes: &[u8]) -> Option<Gathered> {
    let questions = Questions::of(language);
    let mut gathered = Gathered::default();
    let mut stopped = false;
    let mut reports = 0;
    let mut watch = |_: &QueryCursorState| {
        reports += 1;
        stopped = reports > parse::REPORTS_MAX;
        if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut cursor = QueryCursor::new();
    cursor.set_match_limit(OPEN_MATCHES_MAX);
    let options = QueryCursorOptions::new().progress_callback(&mut watch);
    let mut matches =
        cursor.matches_with_options(&questions.query, tree.root_node(), bytes, options);
    while let Some(found) = matches.next() {
        let nodes: Vec<(Capture, Node<'_>)> = found
            .captures()
            .iter()
            .map(|capture| (questions.captures[capture.index as usize], capture.node))
            .collect();
        gathered.take(language, &nodes, bytes);
    }
    drop(matches);
    gathered.cut |= cursor.did_exceed_match_limit();
    gathered.forget_whole_beside_all(language);
    (!stopped).then_some(gathered)
}

impl Gathered {
    /// `import a.b.*` is also `import a.b` to a query that cannot see what is missing.
    fn forget_whole_beside_all(&mut self, language: Language) {
        let all: HashSet<(u32, String)> = self
            .imports
            .iter()
            .filter(|import| import.name.as_deref() == Some("*"))
            .map(|import| (import.line, import.from.clone()))
            .collect();
        self.imports.retain(|import| {
            let Some(name) = &import.name else { return true };
            !all.contains(&(import.line, format!("{}{}{name}", import.from, separator(language))))
        });
    }

    fn take(&mut self, language: Language, nodes: &[(Capture, Node<'_>)], bytes: &[u8]) {
        let of = |wanted: Capture| {
            nodes.iter().find(|(capture, _)| *capture == wanted).map(|(_, node)| *node)
        };
        let mut import = false;
        for &(capture, node) in nodes {
            match capture {
                Capture::Definition(kind) => {
                    if let Some(name) = of(Capture::Name) {
                        self.define(kind, node, name, of);
                    }
                }
                Capture::Wrap | Capture::Export => self.wraps.push(Wrap {
                    span: node.byte_range(),
                    row: row(node.start_position().row),
                    exports: capture == Capture::Export,
                }),
                Capture::Comment => {
                    if own_line(bytes, node.start_byte()) {
                        let (first, last) = rows(node);
                        self.attached.comments.insert(last, first);
                    }
                }
                Capture::Attribute => {
                    self.attached.attribute_ends.insert(node.start_byte(), node.end_byte());
                    if own_line(bytes, node.start_byte()) {
                        let (first, last) = rows(node);
                        self.attached.attributes.insert(last, (first, node.start_byte()));
                    }
                }
                Capture::Call => self.mention(node, Weight::Call, of),
                Capture::Type => self.mention(node, Weight::Type, of),
                Capture::Mention => self.mention(node, Weight::Mention, of),
                Capture::Argument => self.mention(node, Weight::Argument, of),
                Capture::Word => self.mention(node, Weight::Word, of),
                Capture::Bound => {
                    self.bound.entry(text(bytes, node)).or_default().push(node.start_byte());
                }
                Capture::Exported => {
                    self.exported.insert(text(bytes, node));
                }
                Capture::Label => {
                    self.labels.insert(node.start_byte());
                }
                Capture::Access => {
                    let hides = matches!(&*text(bytes, node), "private" | "protected");
                    self.access.push((node.start_byte(), hides));
                }
                Capture::Tree => {
                    self.import_spans.push(node.byte_range());
                    let room = KEPT_MAX.saturating_sub(self.imports.len());
                    self.imports
                        .extend(use_tree::leaves(language, node, bytes).into_iter().take(room));
                }
                Capture::From | Capture::Path => import = true,
                Capture::Name
                | Capture::Body
                | Capture::Doc
                | Capture::Receiver
                | Capture::Qualifier
                | Capture::Part
                | Capture::All
                | Capture::Default
                | Capture::Alias
                | Capture::Passed
                | Capture::Aside => {}
            }
        }
        if import {
            self.import(language, nodes, bytes);
        }
    }

    fn define<'t>(
        &mut self,
        kind: Kind,
        node: Node<'t>,
        name: Node<'t>,
        of: impl Fn(Capture) -> Option<Node<'t>>,
    ) {
        if self.definitions.len() >= KEPT_MAX {
            self.cut = true;
            return;
        }
        self.definitions.push(Found {
            kind,
            span: node.byte_range(),
            rows: rows(node),
            name: name.byte_range(),
            body: of(Capture::Body).map(|body| body.start_byte()),
            doc: of(Capture::Doc).map(rows),
            receiver: of(Capture::Receiver).map(|receiver| receiver.byte_range()),
        });
    }

    fn mention<'t>(
        &mut self,
        node: Node<'t>,
        weight: Weight,
        of: impl Fn(Capture) -> Option<Node<'t>>,
    ) {
        self.uses.push(Used {
            name: node.byte_range(),
            row: row(node.start_position().row),
            qualifier: of(Capture::Qualifier).map(|qualifier| qualifier.byte_range()),
            weight,
        });
    }

    /// One match is one thing brought in.
    fn import(&mut self, language: Language, nodes: &[(Capture, Node<'_>)], bytes: &[u8]) {
        if self.imports.len() >= KEPT_MAX {
            self.cut = true;
            return;
        }
        let of = |wanted: Capture| {
            nodes.iter().find(|(capture, _)| *capture == wanted).map(|(_, node)| *node)
        };
        let Some(first) = nodes.first() else { return };
        let start = nodes.iter().map(|(_, node)| node.start_byte()).min().unwrap_or_default();
        let end = nodes.iter().map(|(_, node)| node.end_byte()).max().unwrap_or_default();
        self.import_spans.push(start..end);
        let line = row(first.1.start_position().row) + 1;
        let all = of(Capture::All).is_some().then(|| "*".to_owned());
        let default = of(Capture::Default).map(|_| "default".to_owned());
        let part = of(Capture::Part).map(|node| unquoted(&text(bytes, node))).or(default);
        let alias = of(Capture::Alias).map(|node| text(bytes, node));
        let passed_on = of(Capture::Passed).is_some();
        // A prefix for many, as in `use A\{B, C}`, stands in `@from`; then what follows it is in `@path`.
        let from = of(Capture::From).map(|node| unquoted(&text(bytes, node)));
        let path = of(Capture::Path).map(|node| unquoted(&text(bytes, node)));
        let (from, name) = match (from, path) {
            (from, Some(path)) => {
                let separator = separator(language);
                let path = match from {
                    Some(from) => format!("{from}{separator}{path}"),
                    None => path,
                };
                match path.rsplit_once(separator) {
                    _ if all.is_some() => (path, all),
                    Some((from, name)) => (from.to_owned(), Some(name.to_owned())),
                    None => (path, None),
                }
            }
            (Some(from), None) => (from, part.or(all)),
            (None, None) => return,
        };
        let alias = alias.filter(|alias| name.as_ref() != Some(alias));
        self.imports.push(Import { from, name, alias, passed_on, line });
    }
}

fn separator(language: Language) -> &'static str {
    match language {
        Language::Rust | Language::Cpp => "::",
        Language::Php => "\\",
        Language::Go | Language::C | Language::Bash => "/",
        Language::Python
        | Language::TypeScript
        | Language::Tsx
        | Language::JavaScript
        | Language::Java
        | Language::Kotlin
        | Language::CSharp
        | Language::Ruby
        | Language::Swift
        | Language::Scala
        | Language::Sql => ".",
    }
}

pub(super) fn text(bytes: &[u8], node: Node<'_>) -> String {
    String::from_utf8_lossy(&bytes[node.byte_range()]).into_owned()
}

/// A path as it is meant: without its quotes, and without what a line break put into it.
fn unquoted(text: &str) -> String {
    let text = text.trim_matches(['"', '\'', '`', '<', '>']);
    text.split_whitespace().collect()
}

/// The rows of a node. One that ends with a newline, as some comments do, ends in the row that this closes.
fn rows(node: Node<'_>) -> (u32, u32) {
    let (start, end) = (node.start_position(), node.end_position());
    let last = if end.column == 0 && end.row > start.row { end.row - 1 } else { end.row };
    (row(start.row), row(last))
}

pub(super) fn row(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX - 1)
}

/// Whether nothing stands before this in its line.
pub(super) fn own_line(bytes: &[u8], start: usize) -> bool {
    bytes[..start]
        .iter()
        .rev()
        .take_while(|byte| **byte != b'\n')
        .all(|byte| byte.is_ascii_whitespace())
}
