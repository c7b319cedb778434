//! The commits before a head, and which of them changed a path.

use super::Step;
use bstr::{BStr, BString};
use std::collections::HashMap;
use std::sync::Arc;
use weir_git::Commit;

/// Commits, newest first; those that join two others are not among them: what they bring was changed elsewhere.
#[derive(Debug, Default)]
pub(super) struct Line {
    commits: Vec<(Commit, Arc<Step>)>,
    /// Which of them changed what lies at a path, or below it, newest first.
    changed: HashMap<BString, Vec<u32>>,
    /// Why there are no more.
    pub(super) cut: Option<String>,
    /// Whether there are more that were not read yet.
    pub(super) is_part: bool,
}

impl Line {
    pub(super) fn of(
        commits: Vec<(Commit, Arc<Step>)>,
        cut: Option<String>,
        is_part: bool,
    ) -> Self {
        let mut changed: HashMap<BString, Vec<u32>> = HashMap::new();
        for (nth, (_, step)) in (0..).zip(&commits) {
            for file in &step.files {
                for path in with_folders(&file.path) {
                    match changed.get_mut(path) {
                        Some(all) if all.last() == Some(&nth) => {}
                        Some(all) => all.push(nth),
                        None => drop(changed.insert(path.to_owned(), vec![nth])),
                    }
                }
            }
        }
        Self { commits, changed, cut, is_part }
    }

    pub(super) fn len(&self) -> usize {
        self.commits.len()
    }

    pub(super) fn get(&self, nth: u32) -> Option<(&Commit, &Step)> {
        self.commits.get(nth as usize).map(|(commit, step)| (commit, &**step))
    }

    /// The newest commit from this one on that changed what lies at the path, or below it.
    pub(super) fn next(&self, path: &BString, from: u32) -> Option<u32> {
        let all = self.changed.get(path)?;
        all.get(all.partition_point(|nth| *nth < from)).copied()
    }

    /// All commits that changed one of these paths, newest first.
    pub(super) fn changing<'a>(&self, paths: impl Iterator<Item = &'a str>) -> Vec<u32> {
        let mut all: Vec<u32> =
            paths.filter_map(|path| self.changed.get(BStr::new(path))).flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// A path, and every folder that it lies in.
fn with_folders(path: &BString) -> impl Iterator<Item = &BStr> {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
    ends.chain([path.len()]).map(|end| BStr::new(&path[..end]))
}
