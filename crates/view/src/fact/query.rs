//! The questions asked of a tree: one small file of queries a language, compiled when first asked.
//!
//! What they capture is named alike in all of them. A definition is captured under its kind (`@function`, `@struct`),
//! with its `@name`, the `@body` before which its signature ends, its `@doc` when that is its first statement, and the
//! type it belongs to (`@receiver`) when it does not stand in it. A `@wrap` is the statement around a definition that
//! belongs to it, an `@export` one that lets other files see it; an `@attribute` and a `@comment` belong to what follows
//! them. A use is a `@call`, a `@type`, a `@mention`, each with what stands before it, its `@qualifier`. A `@word` is a
//! mention only if it names something of this file or an import, or is written with a capital; a `@label` is none; an
//! `@argument` is also one if nothing here is `@bound` to that name. An import is `@from` somewhere, or a `@path` whose last part is the
//! name; with its `@part`, its `@default` or `@all` of it, its `@alias`, and `@passed` if it is passed on. A whole import
//! statement is a `@tree` where it nests as no query can follow.

use std::sync::OnceLock;

use weir_grammar::Language;
use weir_grammar::tree_sitter::Query;

use super::Kind;

/// What a capture stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Capture {
    Definition(Kind),
    Name,
    Body,
    Doc,
    Receiver,
    Wrap,
    Export,
    Exported,
    Attribute,
    Comment,
    Call,
    Type,
    Mention,
    Argument,
    Word,
    Qualifier,
    Bound,
    From,
    Path,
    Part,
    All,
    /// What a module exports under no name: `import a from "b"`.
    Default,
    Alias,
    Passed,
    /// Who may see what follows in the same type.
    Access,
    /// An import statement of Rust's or Scala's, whose leaves no query can tell.
    Tree,
    /// A name that only labels what stands beside it: that of an argument.
    Label,
    /// Only looked at by a predicate of its query.
    Aside,
}

impl Capture {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "function" => Self::Definition(Kind::Function),
            "method" => Self::Definition(Kind::Method),
            "class" => Self::Definition(Kind::Class),
            "struct" => Self::Definition(Kind::Struct),
            "enum" => Self::Definition(Kind::Enum),
            "variant" => Self::Definition(Kind::Variant),
            "interface" => Self::Definition(Kind::Interface),
            "trait" => Self::Definition(Kind::Trait),
            "implementation" => Self::Definition(Kind::Implementation),
            "alias_type" => Self::Definition(Kind::Type),
            "constant" => Self::Definition(Kind::Constant),
            "variable" => Self::Definition(Kind::Variable),
            "field" => Self::Definition(Kind::Field),
            "module" => Self::Definition(Kind::Module),
            "macro" => Self::Definition(Kind::Macro),
            "table" => Self::Definition(Kind::Table),
            "name" => Self::Name,
            "body" => Self::Body,
            "doc" => Self::Doc,
            "receiver" => Self::Receiver,
            "wrap" => Self::Wrap,
            "export" => Self::Export,
            "exported" => Self::Exported,
            "attribute" => Self::Attribute,
            "comment" => Self::Comment,
            "call" => Self::Call,
            "type" => Self::Type,
            "mention" => Self::Mention,
            "argument" => Self::Argument,
            "word" => Self::Word,
            "qualifier" => Self::Qualifier,
            "bound" => Self::Bound,
            "from" => Self::From,
            "path" => Self::Path,
            "part" => Self::Part,
            "all" => Self::All,
            "default" => Self::Default,
            "alias" => Self::Alias,
            "passed" => Self::Passed,
            "access" => Self::Access,
            "tree" => Self::Tree,
            "label" => Self::Label,
            "aside" => Self::Aside,
            _ => return None,
        })
    }
}

/// The questions of a language.
pub(super) struct Questions {
    pub(super) query: Query,
    /// What each capture of the query stands for, by its index.
    pub(super) captures: Vec<Capture>,
}

impl Questions {
    /// Compiled when first asked, once in the life of the program.
    pub(super) fn of(language: Language) -> &'static Self {
        static COMPILED: [OnceLock<Questions>; Language::ALL.len()] =
            [const { OnceLock::new() }; Language::ALL.len()];
        COMPILED[language as usize].get_or_init(|| match compile(language) {
            Ok(questions) => questions,
            Err(error) => unreachable!("{language:?}: {error}, which a test would have said"),
        })
    }
}

fn compile(language: Language) -> Result<Questions, String> {
    let query =
        Query::new(&language.grammar(), &text(language)).map_err(|error| error.to_string())?;
    let captures = query
        .capture_names()
        .iter()
        .map(|name| Capture::named(name).ok_or_else(|| format!("nothing is called @{name}")))
        .collect::<Result<_, _>>()?;
    Ok(Questions { query, captures })
}

fn text(language: Language) -> String {
    let parts: &[&str] = match language {
        Language::Rust => &[include_str!("queries/rust.scm")],
        Language::Python => &[include_str!("queries/python.scm")],
        Language::TypeScript => {
            &[include_str!("queries/ecmascript.scm"), include_str!("queries/typescript.scm")]
        }
        Language::Tsx => &[
            include_str!("queries/ecmascript.scm"),
            include_str!("queries/typescript.scm"),
            include_str!("queries/jsx.scm"),
        ],
        Language::JavaScript => &[
            include_str!("queries/ecmascript.scm"),
            include_str!("queries/javascript.scm"),
            include_str!("queries/jsx.scm"),
        ],
        Language::Go => &[include_str!("queries/go.scm")],
        Language::Java => &[include_str!("queries/java.scm")],
        Language::Kotlin => &[include_str!("queries/kotlin.scm")],
        Language::C => &[include_str!("queries/c.scm")],
        Language::Cpp => &[include_str!("queries/c.scm"), include_str!("queries/cpp.scm")],
        Language::CSharp => &[include_str!("queries/csharp.scm")],
        Language::Ruby => &[include_str!("queries/ruby.scm")],
        Language::Php => &[include_str!("queries/php.scm")],
        Language::Swift => &[include_str!("queries/swift.scm")],
        Language::Scala => &[include_str!("queries/scala.scm")],
        Language::Bash => &[include_str!("queries/bash.scm")],
        Language::Sql => &[include_str!("queries/sql.scm")],
    };
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_asks_what_its_grammar_knows() {
        let faults: Vec<String> = Language::ALL
            .iter()
            .filter_map(|language| Some(format!("{language:?}: {}", compile(*language).err()?)))
            .collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
