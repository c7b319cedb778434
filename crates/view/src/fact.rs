//! What a blob says: a function of its bytes and its language, and of nothing else. No path is in here.

mod chunk;
mod extract;
mod gather;
mod head;
mod line_index;
mod parse;
mod query;
mod seen;
mod settle;
mod shape;
mod use_tree;
mod used;

use serde::{Deserialize, Serialize};
use weir_grammar::Language;

pub use extract::{KEPT_MAX, PARSED_BYTES_MAX, extract, import_spans};

/// Facts made by another version of the extractor are made again.
pub const VERSION: u32 = 4;

/// Lines of a file, from 1, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lines {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

/// What a blob says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// How far it was understood. What was not is said in every answer that might have needed it.
    pub covered: Covered,
    /// How many lines it has.
    pub lines: u32,
    /// What it defines, in the order of their first lines; a container comes before what it contains.
    pub definitions: Vec<Definition>,
    /// The names it uses.
    pub uses: Vec<Use>,
    /// What it brings in from elsewhere.
    pub imports: Vec<Import>,
    /// The pieces in which it is searched: in order, together they are all of it.
    pub chunks: Vec<Lines>,
}

/// How far a blob was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Covered {
    /// All of it.
    Parsed(Language),
    /// All but the places where its syntax is broken, or beyond the grammar, or past the most that is kept of one file.
    ParsedInPart(Language),
    /// Text without a grammar of ours: searched, and nothing more.
    Text,
    /// Parsing took too long, or it nests too deep: searched as text.
    TooCostly(Language),
    /// Longer than is parsed: searched as text.
    TooLong,
    /// No text: its name is all that is known.
    Binary,
}

/// What kind of thing is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Kind {
    Function,
    Method,
    Class,
    Struct,
    Enum,
    Variant,
    Interface,
    Trait,
    Implementation,
    Type,
    Constant,
    Variable,
    Field,
    Module,
    Macro,
    Table,
}

impl Kind {
    /// Whether it is a type, or an implementation of one: functions in it are its methods.
    pub(crate) fn holds_members(self) -> bool {
        match self {
            Self::Class
            | Self::Struct
            | Self::Enum
            | Self::Interface
            | Self::Trait
            | Self::Implementation => true,
            Self::Function
            | Self::Method
            | Self::Variant
            | Self::Type
            | Self::Constant
            | Self::Variable
            | Self::Field
            | Self::Module
            | Self::Macro
            | Self::Table => false,
        }
    }
}

/// A definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Its kind.
    pub kind: Kind,
    /// Its own name, as written.
    pub name: String,
    /// The definition around it, by its place in [`Fact::definitions`]. The type that is implemented, for what stands in
    /// an implementation, is that implementation's name.
    pub within: Option<u32>,
    /// All of it, without its doc comment.
    pub lines: Lines,
    /// Its head in one line, without a body, at most 240 characters.
    pub signature: String,
    /// The comment that tells of it, if one stands directly before it, or is its first statement.
    pub doc: Option<Lines>,
    /// Whether other files can see it, as far as the syntax tells.
    pub exported: bool,
}

/// How a name is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Called, or made.
    Call,
    /// Named as a type, a base or a bound.
    Type,
    /// Anything else.
    Mention,
}

/// A use of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The name, its last part only: `c` of `a::b.c`.
    pub name: String,
    /// What stands before it, as written and without arguments, when it is a plain path: `a::b`, `self`, `module`. Empty
    /// if something else stands there, as the call in `a().b()`; `None` if nothing does.
    pub qualifier: Option<String>,
    /// How it is used.
    pub role: Role,
    /// Where.
    pub line: u32,
    /// The innermost definition around it, by its place in [`Fact::definitions`].
    pub within: Option<u32>,
}

/// Something that is brought in from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// From where, as written: `crate::a::b`, `./retry`, `os.path`, `github.com/x/y`. For Python's relative imports with
    /// its dots.
    pub from: String,
    /// What of it; `None` when it is brought in whole, `*` when all that is in it.
    pub name: Option<String>,
    /// What it is called here, if not by its own name.
    pub alias: Option<String>,
    /// Whether it is passed on: `pub use`, `export … from`.
    pub passed_on: bool,
    /// Where.
    pub line: u32,
}
