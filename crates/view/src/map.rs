//! The repository on a page.

use crate::answer::MapAnswer;
use crate::ask::{Asked, Budget};
use crate::fact::Kind;
use crate::symbol::{Symbol, is_test, outline};
use bstr::{BStr, ByteSlice as _};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A file, with how much it and each of its definitions matter.
struct Ranked {
    weight: f64,
    path: String,
    symbols: Vec<(f64, Symbol)>,
}

/// So many definitions of a file are on the map.
const SHOWN_MAX: usize = 8;

impl Asked<'_> {
    /// The repository on a page: what is used most from most places first, what belongs to `near` before all.
    pub fn map(&self, near: &[String], mut budget: Budget) -> MapAnswer {
        let mut envelope = self.envelope();
        let mut ranked: Vec<Ranked> = Vec::new();
        let mut all = 0;
        for (path, blob) in self.view.files() {
            all += 1;
            let Some(blob) = self.pool.blob(blob) else { continue };
            let path = path.to_str_lossy().into_owned();
            let mut symbols: Vec<(f64, Symbol)> = Vec::new();
            for symbol in outline(self.pool, self.view, BStr::new(path.as_str())) {
                // Parts of a type say little without it, and an implementation is shown by its methods.
                if !matches!(symbol.kind, Kind::Implementation | Kind::Variant | Kind::Field) {
                    symbols.push((self.weight(&symbol), symbol));
                }
            }
            let mut weight: f64 = symbols.iter().map(|(weight, _)| weight).sum();
            if is_test(&path) {
                weight *= 0.1;
            }
            if near.iter().any(|near| path.contains(near.as_str())) {
                weight = weight * 10.0 + 100.0;
            }
            if blob.fact.definitions.is_empty() {
                continue;
            }
            symbols.sort_by(|a, b| b.0.total_cmp(&a.0));
            ranked.push(Ranked { weight, path, symbols });
        }
        ranked.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.path.cmp(&b.path)));
        let (mut text, mut files) = (String::new(), 0);
        for Ranked { path, symbols, .. } in &ranked {
            if !budget.takes(path.len() + 2) {
                break;
            }
            let _ = writeln!(text, "{path}");
            files += 1;
            let mut kept: Vec<&Symbol> = Vec::new();
            for (weight, symbol) in symbols.iter().take(SHOWN_MAX) {
                if *weight > 0.0 && budget.takes(symbol.signature.len() + 8) {
                    kept.push(symbol);
                }
            }
            kept.sort_by_key(|symbol| symbol.lines);
            for symbol in kept {
                let _ = writeln!(text, "  {}: {}", symbol.lines.first, symbol.signature);
            }
        }
        if files < ranked.len() {
            envelope.cut = Some(format!(
                "{files} of {} files with definitions are on the map: ask for more tokens",
                ranked.len()
            ));
        }
        MapAnswer { text, files: files as u32, of: all, envelope }
    }

    /// How many files use a name, told apart from names that many things have.
    fn weight(&self, symbol: &Symbol) -> f64 {
        let users: BTreeSet<u32> = self
            .pool
            .used(&symbol.name)
            .into_iter()
            .map(|at| at.blob)
            .filter(|blob| self.view.held().contains(*blob))
            .collect();
        let same = self.pool.defined(&symbol.name).len().max(1) as f64;
        let others = users.len() as f64 / same;
        others * if symbol.exported { 1.0 } else { 0.3 }
    }
}
