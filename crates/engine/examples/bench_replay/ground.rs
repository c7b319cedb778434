//! What merging comes to, by merging.

use crate::history::Pull;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use weir_git::{Merged, Merger, TreeId};
use weir_queue::sim::{Conflict, Ground};

/// The trunk of a run, and the requests that are merged onto it.
pub(crate) struct Real<'a> {
    merger: &'a mut Merger,
    pulls: &'a [Pull],
    tip: TreeId,
    landed: usize,
    /// By tree: how many had landed when it was built.
    built: HashMap<String, usize>,
    /// Only exactly the tested tree may land.
    exactly: bool,
    /// Landed, as far as the simulator knows, and could not be merged any more.
    apart: usize,
    times: Vec<Duration>,
}

impl<'a> Real<'a> {
    pub(crate) fn new(merger: &'a mut Merger, pulls: &'a [Pull], exactly: bool) -> Self {
        let tip = pulls.first().expect("there are requests").before;
        let (built, times) = (HashMap::new(), Vec::new());
        Self { merger, pulls, tip, landed: 0, built, exactly, apart: 0, times }
    }

    pub(crate) fn apart(&self) -> usize {
        self.apart
    }

    pub(crate) fn merges(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn times(&self) -> String {
        let mut sorted = self.times.clone();
        sorted.sort();
        let at = |percent: usize| {
            let time = sorted.get(sorted.len().saturating_sub(1) * percent / 100);
            time.map_or(0.0, |time| time.as_secs_f64() * 1000.0)
        };
        format!("{:.2} / {:.2}", at(50), at(99))
    }

    /// The tip with these on top, one after another.
    fn merge(&mut self, items: &[usize]) -> Result<TreeId, Conflict> {
        let mut tree = self.tip;
        for (at, item) in items.iter().enumerate() {
            let pull = &self.pulls[*item];
            let begun = Instant::now();
            let merged = self.merger.trees(pull.base_tree, tree, pull.head_tree);
            self.times.push(begun.elapsed());
            match merged.expect("its objects are here") {
                Merged::Clean { tree: merged } => tree = merged,
                Merged::Conflict { .. } => {
                    let with = items[..at].last().copied();
                    return Err(Conflict { item: *item, with });
                }
            }
        }
        Ok(tree)
    }
}

impl Ground for Real<'_> {
    fn tree(&mut self, landed: &[usize], items: &[usize]) -> Result<String, Conflict> {
        assert_eq!(landed.len(), self.landed, "it was told of every landing");
        let tree = self.merge(items)?.to_string();
        self.built.insert(tree.clone(), self.landed);
        Ok(tree)
    }

    fn landed(&mut self, items: &[usize], tree: &str) {
        let Ok(merged) = self.merge(items) else {
            // Each merges, and what landed since it was built touches none of them as far as anybody could tell.
            assert!(!self.exactly, "{items:?} were built, and do not merge");
            (self.apart, self.landed) = (self.apart + items.len(), self.landed + items.len());
            return;
        };
        let since = self.landed - self.built.get(tree).copied().unwrap_or(0);
        let as_built = merged.to_string() == tree;
        // What was built may have been built before others landed of which it holds as many.
        assert!(as_built || (!self.exactly && since > 0), "{tree} was built, {merged} landed");
        (self.tip, self.landed) = (merged, self.landed + items.len());
    }
}
