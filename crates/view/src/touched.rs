//! What somebody's edits touch: derived from the bytes, so it holds for an agent that announces nothing.

#[cfg(test)]
mod tests;

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
    /// Its file is not as it was, and the text of one state is gone from git: its body may be another.
    Unsure,
    /// Its head is not as it was: who uses it may have to change.
    Reshaped,
    /// It is gone, and one that is the same but for its name is there.
    Renamed,
    /// It is gone.
    Removed,
}

impl Touch {
    /// As it is told: `changed Retry::next`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Unsure => "may have changed",
            Self::Reshaped => "reshaped",
            Self::Renamed => "renamed",
            Self::Removed => "removed",
        }
    }

    /// Whether who uses it may have to change.
    pub fn breaks(self) -> bool {
        match self {
            Self::Reshaped | Self::Renamed | Self::Removed => true,
            Self::Added | Self::Changed | Self::Unsure => false,
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
    /// What it is called now, where it was renamed.
    pub now: Option<String>,
}

impl Touched {
    /// As it is told: `renamed pause to rest`.
    pub fn told(&self) -> String {
        let now = self.now.as_deref().map(|name| format!(" to {name}")).unwrap_or_default();
        format!("{} {}{now}", self.touch.name(), self.name)
    }

    /// The last part of its name.
    pub fn last_name(&self) -> &str {
        self.name.rsplit([':', '.']).next().unwrap_or(&self.name)
    }
}

/// What is touched, by file. A file in which no definition is touched stands with none.
pub type Touches = BTreeMap<String, Arc<Vec<Touched>>>;

/// The definitions that differ between two views.
pub fn between(
    pool: &Pool,
    (before, after): (&View, &View),
    text: &dyn Fn(&Blob) -> Option<Arc<str>>,
) -> Touches {
    let differing = before.differing(after).into_iter();
    let all = differing.map(|path| {
        let blobs = (before.blob_at(path), after.blob_at(path));
        (path.to_str_lossy().into_owned(), Arc::new(in_file(pool, path, blobs, text)))
    });
    all.collect()
}

/// The definitions that differ between two states of a file.
pub fn in_file(
    pool: &Pool,
    path: &BStr,
    (before, after): (Option<BlobNo>, Option<BlobNo>),
    text: &dyn Fn(&Blob) -> Option<Arc<str>>,
) -> Vec<Touched> {
    let before = parts(pool, before, path, text);
    let after = parts(pool, after, path, text);
    let mut added: Vec<&String> = after.keys().filter(|name| !before.contains_key(*name)).collect();
    let path = path.to_str_lossy().into_owned();
    let touched = |name: &String, touch, now| {
        let (path, name) = (path.clone(), name.clone());
        Touched { path, name, touch, now }
    };
    let mut found = Vec::new();
    for (name, was) in &before {
        let touch = match after.get(name) {
            Some(now) if was.head != now.head => Touch::Reshaped,
            Some(now) => match (&was.own, &now.own) {
                (Some(was), Some(now)) if was == now => continue,
                (Some(_), Some(_)) => Touch::Changed,
                (None, _) | (_, None) => Touch::Unsure,
            },
            None => {
                let is_it = |other: &&String| was.is_by_name(name, &after[*other], other);
                let now = added.iter().position(is_it).map(|place| added.remove(place).clone());
                let touch = if now.is_some() { Touch::Renamed } else { Touch::Removed };
                found.push(touched(name, touch, now));
                continue;
            }
        };
        found.push(touched(name, touch, None));
    }
    found.extend(added.into_iter().map(|name| touched(name, Touch::Added, None)));
    found.sort_by(|a, b| {
        (a.touch == Touch::Removed, &a.name).cmp(&(b.touch == Touch::Removed, &b.name))
    });
    found
}

struct Part {
    head: Vec<String>,
    /// Its text without that of the definitions in it; `None` when that is gone.
    own: Option<String>,
}

impl Part {
    /// Whether it is `other` but for its name.
    fn is_by_name(&self, name: &str, other: &Self, new: &str) -> bool {
        let last = |name: &str| name.rsplit([':', '.']).next().unwrap_or(name).to_owned();
        let (old, new) = (last(name), last(new));
        let renamed = |text: &String| text.replace(&old, &new);
        let (Some(own), Some(others)) = (&self.own, &other.own) else { return false };
        !own.is_empty()
            && renamed(own) == *others
            && self.head.iter().map(renamed).eq(other.head.iter().cloned())
    }
}

/// The definitions of a blob by their names; those of the same name count as one.
fn parts(
    pool: &Pool,
    blob: Option<BlobNo>,
    path: &BStr,
    text: &dyn Fn(&Blob) -> Option<Arc<str>>,
) -> BTreeMap<String, Part> {
    let mut parts = BTreeMap::new();
    let Some((number, blob)) = blob.and_then(|number| Some((number, pool.blob(number)?))) else {
        return parts;
    };
    let text = text(&blob);
    let lines: Option<Vec<&str>> = text.as_deref().map(|text| text.lines().collect());
    let innermost = innermost(&blob, lines.as_ref().map_or(0, Vec::len));
    for nth in 0..blob.fact.definitions.len() as u32 {
        let Some(symbol) = symbol(&blob, path, At { blob: number, nth }) else { continue };
        let own = lines.as_ref().map(|lines| {
            let own = (symbol.lines.first..=symbol.lines.last)
                .filter(|line| innermost.get(*line as usize) == Some(&Some(nth)));
            let own = own.filter_map(|line| lines.get(line.checked_sub(1)? as usize).copied());
            own.collect::<Vec<&str>>().join("\n")
        });
        let part = parts
            .entry(symbol.qualified)
            .or_insert_with(|| Part { head: Vec::new(), own: own.is_some().then(String::new) });
        part.head.push(symbol.signature);
        if let (Some(all), Some(own)) = (&mut part.own, own) {
            all.push_str(&own);
        }
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
