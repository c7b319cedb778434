//! What of a folder may not be as it was last seen.

use super::rules::RULES;
use bstr::{BStr, BString, ByteSlice as _};
use std::collections::{BTreeMap, BTreeSet};

/// Paths, each with all that is below it; or the whole folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    whole: bool,
    paths: BTreeSet<BString>,
}

/// Beyond so many paths, one walk over everything costs less than the way to each.
const PATHS_MAX: usize = 256;

impl Marks {
    /// The whole folder.
    pub fn whole() -> Self {
        Self { whole: true, paths: BTreeSet::new() }
    }

    /// Whether nothing is marked.
    pub fn is_empty(&self) -> bool {
        !self.whole && self.paths.is_empty()
    }

    /// Whether everything is marked.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Marks everything.
    pub fn add_whole(&mut self) {
        *self = Self::whole();
    }

    /// Marks a path, and what is below it. Where rules of what is ignored change, all that they are for is marked.
    pub fn add(&mut self, path: BString) {
        let (folder, name) = path.rsplit_once_str("/").unwrap_or((&[][..], path.as_slice()));
        let path = if name == RULES.as_bytes() { BString::from(folder) } else { path };
        if self.whole || self.covers(path.as_ref()) {
            return;
        }
        if path.is_empty() || self.paths.len() >= PATHS_MAX {
            self.add_whole();
        } else {
            self.paths.insert(path);
        }
    }

    /// Marks all that is marked in `other`.
    pub fn add_all(&mut self, other: Self) {
        match other.whole {
            true => self.add_whole(),
            false => other.paths.into_iter().for_each(|path| self.add(path)),
        }
    }

    /// Whether a path is marked, by itself or by what it is in.
    pub fn covers(&self, path: &BStr) -> bool {
        self.whole || ways(path).any(|way| self.paths.contains(way))
    }

    /// The folders that lead to what is marked.
    pub(super) fn on_the_way(&self) -> BTreeSet<&BStr> {
        self.paths.iter().flat_map(|path| ways(path.as_ref())).collect()
    }

    /// Takes what is marked out of a map by paths.
    pub(super) fn take<T>(&self, from: &mut BTreeMap<BString, T>) -> BTreeMap<BString, T> {
        if self.whole {
            return std::mem::take(from);
        }
        let paths: Vec<BString> =
            self.entries_of(from).into_iter().map(|(path, _)| path.clone()).collect();
        paths.into_iter().filter_map(|path| from.remove_entry(&path)).collect()
    }

    /// The same out of a set.
    pub(super) fn take_paths(&self, from: &mut BTreeSet<BString>) -> BTreeSet<BString> {
        if self.whole {
            return std::mem::take(from);
        }
        let covered = from.iter().filter(|path| self.covers((*path).as_ref()));
        let covered: Vec<BString> = covered.cloned().collect();
        covered.into_iter().filter_map(|path| from.take(&path)).collect()
    }

    /// What is marked of a map, in its order.
    pub(super) fn entries_of<'a, T>(
        &self,
        all: &'a BTreeMap<BString, T>,
    ) -> Vec<(&'a BString, &'a T)> {
        if self.whole {
            return all.iter().collect();
        }
        let mut found = Vec::new();
        for mark in &self.paths {
            let starts = all.range::<BString, _>(mark..);
            let starts = starts.take_while(|(path, _)| path.starts_with(mark));
            found.extend(
                starts.filter(|(path, _)| matches!(path.get(mark.len()), None | Some(b'/'))),
            );
        }
        // `a-b` is before `a/b`, and a mark may lie below another.
        found.sort_unstable_by_key(|(path, _)| *path);
        found.dedup_by_key(|(path, _)| *path);
        found
    }
}

/// A path and every folder around it, the top one first.
fn ways(path: &BStr) -> impl Iterator<Item = &BStr> {
    path.find_iter("/").chain(std::iter::once(path.len())).map(|end| path[..end].as_bstr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_holds_for_what_is_below_it() {
        let mut marks = Marks::default();
        assert!(marks.is_empty());
        marks.add("src/a".into());
        marks.add("docs/.gitignore".into());
        for (path, is_covered) in [
            ("src/a", true),
            ("src/a/b/c.rs", true),
            ("src/ab", false),
            ("src", false),
            ("docs/x", true),
            ("a", false),
        ] {
            assert_eq!(marks.covers(path.into()), is_covered, "{path}");
        }
        let ways: Vec<String> = marks.on_the_way().iter().map(ToString::to_string).collect();
        assert_eq!(ways, ["docs", "src", "src/a"]);
        let files = ["docs/x", "src/a", "src/a-b", "src/a/b", "src/a/c/d", "src/ab", "z"];
        let mut files: BTreeMap<BString, ()> =
            files.into_iter().map(|path| (path.into(), ())).collect();
        let found = marks.entries_of(&files).into_iter();
        let found: Vec<String> = found.map(|(path, ())| path.to_string()).collect();
        assert_eq!(found, ["docs/x", "src/a", "src/a/b", "src/a/c/d"]);
        assert_eq!(marks.take(&mut files).len(), 4);
        assert_eq!(files.len(), 3);
        marks.add(".gitignore".into());
        assert!(marks.is_whole() && marks.covers("z".into()));
    }

    #[test]
    fn more_marks_than_are_worth_it_are_everything() {
        let mut marks = Marks::default();
        (0..300).for_each(|number| marks.add(format!("f{number}").into()));
        assert!(marks.is_whole());
    }
}
