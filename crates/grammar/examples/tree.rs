//! Prints the tree of a file, for whoever writes a query: `cargo run -p weir-grammar --example tree FILE`.

use weir_grammar::{Language, tree_sitter::Parser};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name a file")?;
    let bytes = std::fs::read(&path)?;
    let language = Language::of(&path, &bytes).ok_or("a language of ours has it not")?;
    let mut parser = Parser::new();
    parser.set_language(&language.grammar())?;
    let tree = parser.parse(&bytes, None).ok_or("it was not parsed")?;
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.is_named() {
            let depth = cursor.depth() as usize * 2;
            let field = cursor.field_name().map(|name| format!("{name}: ")).unwrap_or_default();
            let text = if node.named_child_count() == 0 {
                String::from_utf8_lossy(&bytes[node.byte_range()]).into_owned()
            } else {
                String::new()
            };
            println!("{:depth$}{field}{} {text}", "", node.kind());
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return Ok(());
            }
        }
    }
}
