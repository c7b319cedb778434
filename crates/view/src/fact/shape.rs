//! How a tree is nested: what each boundary between two lines would cut in two, and when it nests too deep.

use weir_grammar::tree_sitter::Tree;

use super::gather::row;

/// What questions may cost. At each node a query looks up to the root, and on to the next sibling that has a name: two
/// million bytes of what people write come to some twenty million looks, but a few kilobytes of brackets, nested or in a
/// row, come to more than anybody would wait for.
const LOOKS_MAX: u64 = 50_000_000;

/// How many nodes span each boundary: `spanned[n]` is that between the rows `n` and `n + 1`.
pub(super) struct Shape {
    /// How many nodes begin to span boundaries in a row, less how many end to.
    changes: Vec<i64>,
}

impl Shape {
    /// `None` if the tree nests too deep, or is one long row of tokens.
    pub(super) fn of(tree: &Tree, rows: u32) -> Option<Self> {
        let mut shape = Self { changes: vec![0; rows as usize + 1] };
        let mut cursor = tree.walk();
        let mut looks = 0u64;
        // How many siblings without a name stand in a row, here and at each node above.
        let mut rows_of_tokens = vec![0u64];
        loop {
            let node = cursor.node();
            shape.span(row(node.start_position().row), row(node.end_position().row));
            let depth = rows_of_tokens.len() as u64;
            if let Some(tokens) = rows_of_tokens.last_mut() {
                *tokens = if node.is_named() { 0 } else { *tokens + 1 };
                looks += depth + *tokens;
            }
            if looks > LOOKS_MAX {
                return None;
            }
            if cursor.goto_first_child() {
                rows_of_tokens.push(0);
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return Some(shape);
                }
                rows_of_tokens.pop();
            }
        }
    }

    /// One thing more that reaches from one row to another.
    pub(super) fn span(&mut self, first: u32, last: u32) {
        let end = self.changes.len() - 1;
        self.changes[(first as usize).min(end)] += 1;
        self.changes[(last as usize).min(end)] -= 1;
    }

    pub(super) fn spanned(&self) -> impl Iterator<Item = i64> {
        self.changes.iter().scan(0, |spanning, change| {
            *spanning += change;
            Some(*spanning)
        })
    }
}
