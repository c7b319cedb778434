//! The leaves of an import statement that nests: `use a::{b, c::{self, d as e}, f::*}` brings in four things.

use weir_grammar::Language;
use weir_grammar::tree_sitter::Node;

use super::Import;
use super::gather::{row, text};

/// Each thing that a statement brings in.
pub(super) fn leaves(language: Language, statement: Node<'_>, bytes: &[u8]) -> Vec<Import> {
    match language {
        Language::Scala => of_scala(statement, bytes),
        _ => of_rust(statement, bytes),
    }
}

/// Walked with a stack of our own, for a hostile statement nests without end.
fn of_rust(declaration: Node<'_>, bytes: &[u8]) -> Vec<Import> {
    let passed_on = declaration.named_child(0).is_some_and(|n| n.kind() == "visibility_modifier");
    let mut imports = Vec::new();
    let mut open: Vec<(String, Node<'_>)> = Vec::new();
    open.extend(declaration.child_by_field_name("argument").map(|node| (String::new(), node)));
    while let Some((before, node)) = open.pop() {
        let mut leaf = |path: String, alias: Option<String>| {
            let (from, name) = split(path);
            let line = row(node.start_position().row) + 1;
            imports.push(Import { from, name, alias, passed_on, line });
        };
        let named = |field| node.child_by_field_name(field).map(|child| text(bytes, child));
        match node.kind() {
            "use_list" => {
                let mut cursor = node.walk();
                let children: Vec<_> = node.named_children(&mut cursor).collect();
                open.extend(children.into_iter().rev().map(|child| (before.clone(), child)));
            }
            "scoped_use_list" => {
                let path = named("path").unwrap_or_default();
                let list = node.child_by_field_name("list");
                open.extend(list.map(|list| (join(&before, &path), list)));
            }
            "use_as_clause" => {
                leaf(join(&before, &named("path").unwrap_or_default()), named("alias"));
            }
            "use_wildcard" => {
                let path = node.named_child(0).map(|child| text(bytes, child)).unwrap_or_default();
                leaf(join(&join(&before, &path), "*"), None);
            }
            "line_comment" | "block_comment" | "ERROR" => {}
            _ => leaf(join(&before, &text(bytes, node)), None),
        }
        // What nests so deep that its prefix alone fills memory is no import of anybody's.
        open.retain(|(before, _)| before.len() < 1024);
    }
    imports
}

fn join(before: &str, path: &str) -> String {
    match (before, path) {
        ("", path) => path.to_owned(),
        // `a::{self}` is `a`, and so is `a::{self as b}`.
        (before, "" | "self") => before.to_owned(),
        (before, path) => format!("{before}::{path}"),
    }
}

fn split(path: String) -> (String, Option<String>) {
    let path: String = path.split_whitespace().collect();
    match path.rsplit_once("::") {
        Some((from, name)) => (from.to_owned(), Some(name.to_owned())),
        None => (path, None),
    }
}

/// `import a.b.{C, D => E, _}`: the statement is told by its text, for its tree has no node for the whole path.
fn of_scala(declaration: Node<'_>, bytes: &[u8]) -> Vec<Import> {
    let line = row(declaration.start_position().row) + 1;
    let statement = text(bytes, declaration);
    let statement = statement.trim_start().trim_start_matches("import").trim();
    let mut depth = 0usize;
    let paths = statement.split(|letter: char| {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    });
    let mut imports = Vec::new();
    for path in paths {
        let (from, parts) = match path.split_once('{') {
            Some((from, parts)) => (from, parts.trim_end().trim_end_matches('}')),
            None => path.rsplit_once('.').unwrap_or((path, "")),
        };
        let from: String = from.trim_end_matches('.').split_whitespace().collect();
        for part in parts.split(',').map(str::trim) {
            let (name, alias) = match part.split_once("=>").or_else(|| part.split_once(" as ")) {
                // `A => _` brings in all but `A`.
                Some((_, hidden)) if hidden.trim() == "_" => continue,
                Some((name, alias)) => (name.trim(), Some(alias.trim().to_owned())),
                None => (part, None),
            };
            let name = match name {
                "_" | "*" | "given" => Some("*".to_owned()),
                "" => None,
                name => Some(name.to_owned()),
            };
            let from = from.clone();
            imports.push(Import { from, name, alias, passed_on: false, line });
        }
    }
    imports
}
