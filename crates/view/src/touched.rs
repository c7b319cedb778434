//! What somebody's edits touch: derived from the bytes, so it holds for an agent that announces nothing.

use crate::pool::{At, Blob, BlobNo, Pool};
use crate::symbol::symbol;
use crate::tree::View;
use bstr::{BStr, ByteSlice as _};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a definition was touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touch {
    /// It is new.
    Added,
    /// Its body is not as it was.
    Changed,
    /// Its head is not as it was: who uses it may have to change.
    Reshaped,
    /// It is gone.
    Removed,
}

impl Touch {
    /// As it is told: `changed Retry::next`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Reshaped => "reshaped",
            Self::Removed => "removed",
        }
    }
}

/// A definition that was touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// The file.
    pub path: String,
    /// Its name, with what stands around it.
    pub name: String,
    /// How.
    pub touch: Touch,
}

/// The definitions that a worktree's edits touch, by file. A file in which none is touched stands with none.
pub fn touched(
    pool: &Pool,
    view: &View,
    text: &dyn Fn(&Blob) -> String,
) -> BTreeMap<String, Vec<Touched>> {
    let mut all = BTreeMap::new();
    for path in view.touched() {
        let before = parts(pool, view.base_blob_at(path), path, text);
        let after = parts(pool, view.blob_at(path), path, text);
        let path = path.to_str_lossy().into_owned();
        let mut found = Vec::new();
        let mut note = |name: &String, touch| {
            found.push(Touched { path: path.clone(), name: name.clone(), touch });
        };
        for (name, now) in &after {
            match before.get(name) {
                None => note(name, Touch::Added),
                Some(was) if was.head != now.head => note(name, Touch::Reshaped),
                Some(was) if was.own != now.own => note(name, Touch::Changed),
                Some(_) => {}
            }
        }
        before
            .keys()
            .filter(|name| !after.contains_key(*name))
            .for_each(|name| note(name, Touch::Removed));
        all.insert(path, found);
    }
    all
}

struct Part {
    head: Vec<String>,
    /// Its text without that of the definitions in it.
    own: String,
}

/// The definitions of a blob by their names; those of the same name count as one.
fn parts(
    pool: &Pool,
    blob: Option<BlobNo>,
    path: &BStr,
    text: &dyn Fn(&Blob) -> String,
) -> BTreeMap<String, Part> {
    let mut parts = BTreeMap::new();
    let Some((number, blob)) = blob.and_then(|number| Some((number, pool.blob(number)?))) else {
        return parts;
    };
    let text = text(&blob);
    let lines: Vec<&str> = text.lines().collect();
    let innermost = innermost(&blob, lines.len());
    for nth in 0..blob.fact.definitions.len() as u32 {
        let Some(symbol) = symbol(&blob, path, At { blob: number, nth }) else { continue };
        let own = (symbol.lines.first..=symbol.lines.last)
            .filter(|line| innermost.get(*line as usize) == Some(&Some(nth)));
        let own: Vec<&str> =
            own.filter_map(|line| lines.get(line.checked_sub(1)? as usize).copied()).collect();
        let part = parts
            .entry(symbol.qualified)
            .or_insert_with(|| Part { head: Vec::new(), own: String::new() });
        part.head.push(symbol.signature);
        part.own.push_str(&own.join("\n"));
    }
    parts
}

/// Of each line, from 1, the innermost definition that it belongs to.
fn innermost(blob: &Arc<Blob>, lines: usize) -> Vec<Option<u32>> {
    let mut of = vec![None; lines + 1];
    // A container comes before what it contains, which then takes its lines.
    for (nth, found) in (0..).zip(&blob.fact.definitions) {
        let (first, last) = (found.lines.first as usize, (found.lines.last as usize).min(lines));
        for line in of.iter_mut().take(last + 1).skip(first) {
            *line = Some(nth);
        }
    }
    of
}
