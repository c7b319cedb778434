//! What one worktree's edits break in another's, before either is committed: uses that stand on lines which one has
//! written, of definitions that the other has removed, renamed or given another head.

use crate::compiled::Compiled;
use crate::graph::{Edge, Graph, How};
use crate::modules::Manifests;
use crate::pool::{Blob, BlobNo, Pool};
use crate::symbol::{Symbol, outline, symbols};
use crate::touched::{Touch, Touched, Touches};
use crate::tree::View;
use bstr::{BStr, ByteSlice as _};
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_git::added_numbers;

/// A name that is used on a line which somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The name, its last part only.
    pub name: Box<str>,
    /// The line, from 1.
    pub line: u32,
}

/// What stands on lines that somebody wrote, by file.
pub type Lines = BTreeMap<String, Arc<Vec<Written>>>;

/// Somebody's worktree.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// All that lies in it.
    pub view: &'a View,
    /// What its parts are called.
    pub manifests: &'a Manifests,
    /// What its edits touch.
    pub touches: &'a Touches,
    /// What they use.
    pub written: &'a Lines,
}

/// A use that one side wrote of what the other touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// What was touched, and how.
    pub touched: Touched,
    /// The use, as the side that wrote it sees it.
    pub used: Edge,
}

/// So many are told of a definition.
const EACH_MAX: usize = 20;

/// What is used on the lines that are in one state of a file and not in another. Where git has lost the text of one, all
/// that is used in the file counts as written: rather one break too many is told than one too few.
pub fn written(
    pool: &Pool,
    (before, after): (Option<BlobNo>, Option<BlobNo>),
    text: &dyn Fn(&Blob) -> Option<Arc<str>>,
) -> Vec<Written> {
    let Some(blob) = after.and_then(|number| pool.blob(number)) else { return Vec::new() };
    if blob.fact.uses.is_empty() {
        return Vec::new();
    }
    let was = match before.and_then(|number| pool.blob(number)) {
        Some(blob) => text(&blob),
        None => Some("".into()),
    };
    let lines =
        was.zip(text(&blob)).map(|(was, now)| added_numbers(was.as_bytes(), now.as_bytes()));
    let is_written = |line| lines.as_ref().is_none_or(|lines| lines.binary_search(&line).is_ok());
    let uses = blob.fact.uses.iter().filter(|used| is_written(used.line));
    uses.map(|used| Written { name: used.name.as_str().into(), line: used.line }).collect()
}

/// What `one`'s edits break of what `other` wrote. What compilers say is asked for when there may be something.
pub fn breaks(
    pool: &Pool,
    (one, other): (&Side<'_>, &Side<'_>),
    compiled: &dyn Fn() -> Vec<Arc<Compiled>>,
) -> Vec<Break> {
    let mut found = Vec::new();
    for touched in one.touches.values().flat_map(|all| all.iter()) {
        if touched.touch.breaks() {
            found.extend(broken(pool, touched, (one, other), compiled));
        }
    }
    found
}

fn broken(
    pool: &Pool,
    touched: &Touched,
    (one, other): (&Side<'_>, &Side<'_>),
    compiled: &dyn Fn() -> Vec<Arc<Compiled>>,
) -> Vec<Break> {
    let name = touched.last_name();
    let names = |written: &&Written| &*written.name == name;
    // Most write nothing of what another touched: that is seen by the name alone.
    let files = other.written.iter().filter(|(_, all)| all.iter().any(|one| names(&one)));
    let files: Vec<&String> = files.map(|(path, _)| path).collect();
    if files.is_empty() {
        return Vec::new();
    }
    let Some(theirs) = named(pool, other.view, touched) else { return Vec::new() };
    // Both gave it the same head.
    let is_alike = |ours: Symbol| ours.signature == theirs.signature;
    if touched.touch == Touch::Reshaped && named(pool, one.view, touched).is_some_and(is_alike) {
        return Vec::new();
    }
    let Some((path, at)) = &theirs.at else { return Vec::new() };
    let blobs = files.iter().filter_map(|path| other.view.blob_at(BStr::new(path.as_str())));
    let blobs: RoaringBitmap = blobs.collect();
    let is_plain = symbols(pool, other.view, name).len() == 1;
    let compiled = compiled();
    let graph = Graph::new(pool, other.view, other.manifests).told_by(&compiled);
    let uses = graph.used_in(path.as_ref(), *at, &blobs).edges.into_iter().filter(|used| {
        let lines = other.written.get(&used.path);
        // By name alone it may be another's, unless there is no other.
        (used.how != How::Name || is_plain)
            && lines.is_some_and(|lines| lines.iter().any(|it| names(&it) && it.line == used.line))
    });
    uses.take(EACH_MAX).map(|used| Break { touched: touched.clone(), used }).collect()
}

/// What goes by a touched name in a view.
fn named(pool: &Pool, view: &View, touched: &Touched) -> Option<Symbol> {
    let all = outline(pool, view, touched.path.as_bytes().as_bstr());
    all.into_iter().find(|symbol| symbol.qualified == touched.name)
}
