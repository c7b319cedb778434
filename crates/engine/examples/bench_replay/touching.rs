//! Who touches whom, by files, by symbols, and by merging them.

use crate::history::{Edit, Pull};
use crate::unit;
use std::collections::{BTreeMap, BTreeSet};
use weir_git::{Merged, Merger, TreeId};
use weir_queue::plan::Level;

/// Requests further apart than this never wait at the same time, even at the highest speed.
const REACH: usize = 200;
/// For how many in a row the longest chain is told.
const ROW: usize = 32;

/// Pairs of requests, by their places.
pub(crate) struct Touching {
    files: BTreeSet<(usize, usize)>,
    symbols: BTreeSet<(usize, usize)>,
    conflicts: BTreeSet<(usize, usize)>,
}

impl Touching {
    pub(crate) fn of(pulls: &[Pull], merger: &mut Merger) -> Self {
        let mut by_path: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let (mut files, mut symbols) = (BTreeSet::new(), BTreeSet::new());
        for (later, pull) in pulls.iter().enumerate() {
            for (path, edit) in &pull.edits {
                let known = by_path.entry(path).or_default();
                for earlier in known.iter().rev().take_while(|at| later - **at <= REACH) {
                    files.insert((*earlier, later));
                    let other = &pulls[*earlier].edits[path];
                    if !edit.definitions.is_disjoint(&other.definitions) {
                        symbols.insert((*earlier, later));
                    }
                }
                known.push(later);
            }
        }
        // What one edits, the other may use, in whatever file.
        let mut editors: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, pull) in pulls.iter().enumerate() {
            let edited = pull.edits.values().flat_map(|edit| &edit.definitions);
            for name in edited.filter(|name| name.len() > 3).collect::<BTreeSet<_>>() {
                editors.entry(name).or_default().push(at);
            }
        }
        // A name that everybody edits says nothing, nor does one that is a plain word: `new`, `check`.
        let telling = |name: &&String| {
            name.contains(|c: char| c == '_' || c.is_uppercase())
                && editors.get(name.as_str()).is_some_and(|all| all.len() < 8)
        };
        for (at, pull) in pulls.iter().enumerate() {
            let used: BTreeSet<&String> =
                pull.edits.values().flat_map(|Edit { names, .. }| names).collect();
            for name in used.into_iter().filter(telling) {
                for other in editors[name.as_str()]
                    .iter()
                    .filter(|other| **other != at && other.abs_diff(at) <= REACH)
                {
                    symbols.insert((at.min(*other), at.max(*other)));
                }
            }
        }
        let conflicts = files.iter().filter(|pair| do_not_merge(pulls, **pair, merger));
        let conflicts = conflicts.copied().collect();
        Self { files, symbols, conflicts }
    }

    /// All pairs that touch, each with whether its two pass apart and fail together.
    pub(crate) fn pairs(&self, seed: u64, clash: f64) -> Vec<(usize, usize, Level, bool)> {
        let all = self.symbols.union(&self.conflicts);
        all.map(|(one, other)| {
            let pair = (*one as u64) << 32 | *other as u64;
            match self.conflicts.contains(&(*one, *other)) {
                true => (*one, *other, Level::Merge, false),
                false => (*one, *other, Level::Symbols, unit(seed ^ pair.rotate_left(17)) < clash),
            }
        })
        .collect()
    }

    pub(crate) fn told(&self, pulls: &[Pull]) -> String {
        let pairs: usize = (0..pulls.len()).map(|at| at.min(REACH)).sum();
        let share = |some: usize| 100.0 * some as f64 / pairs.max(1) as f64;
        format!(
            "Of pairs within {REACH}: {:.1} % share a file, {:.1} % touch by symbols, {:.2} % do not merge. Longest chain in {ROW} in a row, on average: {:.1} by files, {:.1} by symbols.",
            share(self.files.len()),
            share(self.symbols.len()),
            share(self.conflicts.len()),
            chain(&self.files, pulls.len()),
            chain(&self.symbols, pulls.len()),
        )
    }
}

/// Whether the later one merges where the earlier began, and no longer when that has landed.
fn do_not_merge(pulls: &[Pull], (earlier, later): (usize, usize), merger: &mut Merger) -> bool {
    let (one, other) = (&pulls[earlier], &pulls[later]);
    // It was made on a trunk that held the other: its author has merged them.
    if other.base_ms >= one.merged_ms {
        return false;
    }
    let mut onto = |pull: &Pull, tree: TreeId| {
        let merged = merger.trees(pull.base_tree, tree, pull.head_tree);
        match merged.expect("its objects are here") {
            Merged::Clean { tree } => Some(tree),
            Merged::Conflict { .. } => None,
        }
    };
    let start = one.before;
    if onto(other, start).is_none() {
        return false;
    }
    onto(one, start).is_some_and(|with| onto(other, with).is_none())
}

/// The mean, over all rows, of the longest chain in which each touches one before it.
fn chain(pairs: &BTreeSet<(usize, usize)>, count: usize) -> f64 {
    let row = ROW.min(count);
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (earlier, later) in pairs {
        before[*later].push(*earlier);
    }
    let longest = |first: usize| {
        let mut length = vec![1usize; row];
        for at in 0..row {
            let known = before[first + at].iter().filter(|other| **other >= first);
            length[at] = 1 + known.map(|other| length[other - first]).max().unwrap_or(0);
        }
        length.into_iter().max().unwrap_or(0)
    };
    let rows = count + 1 - row;
    (0..rows).map(longest).sum::<usize>() as f64 / rows.max(1) as f64
}
