//! The leaves of a use declaration of Rust's: `use a::{b, c::{self, d as e}, f::*}` brings in four things.

use weir_grammar::tree_sitter::Node;

use super::Import;
use super::gather::{row, text};

/// Each thing that a use declaration brings in. Walked with a stack of our own, for a hostile one nests without end.
pub(super) fn leaves(declaration: Node<'_>, bytes: &[u8]) -> impl Iterator<Item = Import> {
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
    imports.into_iter()
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
