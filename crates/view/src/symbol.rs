//! Symbols: what is defined, by the names people and agents call it.

use crate::fact::{Fact, Kind, Lines};
use crate::pool::{At, Blob, Pool};
use crate::tree::View;
use bstr::{BStr, BString, ByteSlice as _};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_grammar::Language;

/// A definition, in a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symbol {
    /// Its kind.
    pub kind: Kind,
    /// Its own name.
    pub name: String,
    /// With what stands around it: `Retry::next`.
    pub qualified: String,
    /// Its file.
    pub path: String,
    /// Its lines.
    pub lines: Lines,
    /// Its head in one line.
    pub signature: String,
    /// Whether other files can see it, as far as the syntax tells.
    pub exported: bool,
    /// Where it is, for who goes on from here.
    #[serde(skip)]
    pub at: Option<(BString, At)>,
}

/// More are cut, and said to be.
pub(crate) const SYMBOLS_MAX: usize = 200;

/// What is called `asked` in a view, most likely meant first: `next`, `Retry::next`, `retry.next`, `queue/retry::next`.
///
/// What stands before the last name must be what stands around the definition: its containers, and then the last parts
/// of its path.
pub fn symbols(pool: &Pool, view: &View, asked: &str) -> Vec<Symbol> {
    let parts: Vec<&str> = parts(asked);
    let Some((name, around)) = parts.split_last() else { return Vec::new() };
    let mut found: Vec<Symbol> = Vec::new();
    for at in pool.defined(name) {
        if !view.held().contains(at.blob) {
            continue;
        }
        let Some(blob) = pool.blob(at.blob) else { continue };
        for path in view.paths_of(at.blob) {
            if stands_in(&blob, at.nth, path, around) {
                found.extend(symbol(&blob, path, at));
            }
        }
    }
    found.sort_by(|a, b| rank(a).cmp(&rank(b)));
    found
}

/// What is seen elsewhere, before what is not; types before what they hold; tests last.
fn rank(symbol: &Symbol) -> (bool, bool, Kind, &str, Lines) {
    (is_test(&symbol.path), !symbol.exported, symbol.kind, &symbol.path, symbol.lines)
}

/// Names in the view that are written alike, for when nothing is called so.
pub fn alike(pool: &Pool, view: &View, asked: &str) -> Vec<String> {
    let name = parts(asked).last().copied().unwrap_or_default().to_lowercase();
    if name.is_empty() {
        return Vec::new();
    }
    let mut names = pool.names_like(&name, |at| view.held().contains(at.blob));
    names.sort_by_key(|found| (found.to_lowercase() != name, found.len(), found.clone()));
    names.truncate(8);
    names
}

fn parts(asked: &str) -> Vec<&str> {
    let separators = |c: char| matches!(c, ':' | '.' | '#' | '/' | '\\') || c.is_whitespace();
    let parts = asked.split(separators).map(|part| part.trim_end_matches("()"));
    parts.filter(|part| !part.is_empty()).collect()
}

/// Whether `around` are the last of what stands around a definition.
fn stands_in(blob: &Blob, nth: u32, path: &BStr, around: &[&str]) -> bool {
    if around.is_empty() {
        return true;
    }
    let path = path.to_str_lossy();
    let stem = path.rsplit_once('.').map_or(&*path, |(stem, _)| stem);
    let silent = ["mod", "lib", "main", "index", "__init__", "src"];
    let mut chain: Vec<&str> = stem.split('/').filter(|part| !silent.contains(part)).collect();
    let containers = containers(&blob.fact, nth);
    chain.extend(containers.iter().map(String::as_str));
    let same = |(one, other): (&&str, &&str)| {
        one.eq_ignore_ascii_case(other) || one.replace('_', "-") == other.replace('_', "-")
    };
    chain.len() >= around.len()
        && chain.iter().rev().zip(around.iter().rev()).all(|(one, other)| same((one, other)))
}

/// The names of what stands around a definition, outermost first.
fn containers(fact: &Fact, nth: u32) -> Vec<String> {
    let definitions = &fact.definitions;
    let mut names = Vec::new();
    let mut within = definitions.get(nth as usize).and_then(|found| found.within);
    while let Some(container) = within.and_then(|nth| definitions.get(nth as usize)) {
        names.push(container.name.clone());
        within = container.within;
    }
    names.reverse();
    names
}

/// The name of a definition with what stands around it: `Retry::next`.
pub(crate) fn qualified(fact: &Fact, language: Option<Language>, nth: u32) -> String {
    let mut names = containers(fact, nth);
    names.extend(fact.definitions.get(nth as usize).map(|found| found.name.clone()));
    let between = match language {
        Some(Language::Rust | Language::Cpp | Language::C | Language::Php | Language::Ruby) => "::",
        _ => ".",
    };
    names.join(between)
}

/// The symbol at a place of a blob that lies at `path`.
pub(crate) fn symbol(blob: &Arc<Blob>, path: &BStr, at: At) -> Option<Symbol> {
    let found = blob.fact.definitions.get(at.nth as usize)?;
    Some(Symbol {
        kind: found.kind,
        name: found.name.clone(),
        qualified: qualified(&blob.fact, blob.language, at.nth),
        path: path.to_str_lossy().into_owned(),
        lines: found.lines,
        signature: found.signature.clone(),
        exported: found.exported,
        at: Some((path.to_owned(), at)),
    })
}

/// All that a file defines, in its order.
pub fn outline(pool: &Pool, view: &View, path: &BStr) -> Vec<Symbol> {
    let Some((number, blob)) = view.blob_at(path).and_then(|no| Some((no, pool.blob(no)?))) else {
        return Vec::new();
    };
    let all = 0..blob.fact.definitions.len() as u32;
    all.filter_map(|nth| symbol(&blob, path, At { blob: number, nth })).collect()
}

/// Whether a file is a test, by its path.
pub fn is_test(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or_default().to_lowercase();
    let stem = file.split('.').next().unwrap_or_default();
    let by_name = stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || stem.ends_with("_spec")
        || matches!(stem, "test" | "tests" | "conftest")
        || file.contains(".test.")
        || file.contains(".spec.")
        || file.ends_with("test.java")
        || file.ends_with("test.kt");
    by_name || parts.any(|part| matches!(part, "test" | "tests" | "__tests__" | "spec" | "specs"))
}
