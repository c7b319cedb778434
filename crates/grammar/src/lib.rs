//! The grammars, linked in, and how a file's language is told. A leaf: it takes long to build, and nobody edits it daily.
//!
//! Deliberately absent: what is made of a tree. That is the view's.

mod detect;

use serde::{Deserialize, Serialize};

pub use tree_sitter;

/// A language that is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Language {
    Rust,
    Python,
    TypeScript,
    Tsx,
    JavaScript,
    Go,
    Java,
    Kotlin,
    C,
    Cpp,
    CSharp,
    Ruby,
    Php,
    Swift,
    Scala,
    Bash,
    Sql,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Rust,
        Self::Python,
        Self::TypeScript,
        Self::Tsx,
        Self::JavaScript,
        Self::Go,
        Self::Java,
        Self::Kotlin,
        Self::C,
        Self::Cpp,
        Self::CSharp,
        Self::Ruby,
        Self::Php,
        Self::Swift,
        Self::Scala,
        Self::Bash,
        Self::Sql,
    ];

    /// The language of a file, by its name and, where that says nothing or too little, by how it begins; `None` for any
    /// other text.
    pub fn of(path: &str, head: &[u8]) -> Option<Self> {
        Told::by(path).language(head)
    }

    /// Its grammar, which is part of the program.
    pub fn grammar(self) -> tree_sitter::Language {
        match self {
            Self::Rust => tree_sitter_rust::LANGUAGE,
            Self::Python => tree_sitter_python::LANGUAGE,
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
            Self::Tsx => tree_sitter_typescript::LANGUAGE_TSX,
            Self::JavaScript => tree_sitter_javascript::LANGUAGE,
            Self::Go => tree_sitter_go::LANGUAGE,
            Self::Java => tree_sitter_java::LANGUAGE,
            Self::Kotlin => tree_sitter_kotlin_ng::LANGUAGE,
            Self::C => tree_sitter_c::LANGUAGE,
            Self::Cpp => tree_sitter_cpp::LANGUAGE,
            Self::CSharp => tree_sitter_c_sharp::LANGUAGE,
            Self::Ruby => tree_sitter_ruby::LANGUAGE,
            Self::Php => tree_sitter_php::LANGUAGE_PHP,
            Self::Swift => tree_sitter_swift::LANGUAGE,
            Self::Scala => tree_sitter_scala::LANGUAGE,
            Self::Bash => tree_sitter_bash::LANGUAGE,
            Self::Sql => tree_sitter_sequel::LANGUAGE,
        }
        .into()
    }
}

/// What the name of a file tells of its language. With the file's bytes it tells all of it, so what was made of the same
/// bytes under another name that tells the same need not be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Told {
    /// It is this one, whatever the bytes are.
    Is(Language),
    /// A header: C or C++, by how it begins.
    Header,
    /// Nothing: only how it begins may tell.
    Nothing,
}

impl Told {
    /// What the name at the end of a path tells.
    pub fn by(path: &str) -> Self {
        detect::told(path)
    }

    /// The language of a file of such a name that begins so.
    pub fn language(self, head: &[u8]) -> Option<Language> {
        detect::language(self, head)
    }
}
