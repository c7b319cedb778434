//! What differs between two views, of one thing that is asked about: its definitions, and who uses it.

use crate::answer::{Difference, Differs, UsedAt};
use crate::ask::{Asked, defined, used_at};
use crate::symbol::Symbol;
use crate::touched::Touch;
use std::collections::BTreeMap;

/// So many of each are told.
const EACH_MAX: usize = 50;
/// So many definitions are followed to who uses them: a name that more have is no question about one thing.
const FOLLOWED_MAX: usize = 20;

/// What differs of what is called `name`, or defined at that path, from `before` to `after`.
pub fn difference(name: &str, before: &Asked<'_>, after: &Asked<'_>) -> Difference {
    let (was, now) = (before.meant(name), after.meant(name));
    let (used_before, used_after) = (users(before, &was), users(after, &now));
    let only = |these: &BTreeMap<Who, UsedAt>, those: &BTreeMap<Who, UsedAt>| {
        let all = these.iter().filter(|(who, _)| !those.contains_key(*who));
        all.map(|(_, used)| used.clone()).collect::<Vec<UsedAt>>()
    };
    let mut told = Difference {
        definitions: definitions((before, &was), (after, &now)),
        users_added: only(&used_after, &used_before),
        users_gone: only(&used_before, &used_after),
        ..Difference::default()
    };
    let most = [told.definitions.len(), told.users_added.len(), told.users_gone.len()];
    if most.iter().any(|found| *found > EACH_MAX) || was.len().max(now.len()) > FOLLOWED_MAX {
        told.cut = Some(format!(
            "at most {EACH_MAX} of each are told, and who uses the first {FOLLOWED_MAX} definitions: ask more narrowly"
        ));
    }
    told.definitions.truncate(EACH_MAX);
    told.users_added.truncate(EACH_MAX);
    told.users_gone.truncate(EACH_MAX);
    told
}

/// Who uses something: a file, and what stands around the use. Lines come and go with what is written above them.
type Who = (String, Option<String>);

fn users(asked: &Asked<'_>, of: &[Symbol]) -> BTreeMap<Who, UsedAt> {
    let graph = asked.graph();
    let mut all = BTreeMap::new();
    for (path, at) in of.iter().take(FOLLOWED_MAX).filter_map(|symbol| symbol.at.as_ref()) {
        // What is known best comes first.
        for edge in graph.users(path.as_ref(), *at) {
            let who = (edge.path.clone(), edge.within.clone());
            all.entry(who).or_insert_with(|| used_at(edge));
        }
    }
    all
}

fn definitions(
    (before, was): (&Asked<'_>, &[Symbol]),
    (after, now): (&Asked<'_>, &[Symbol]),
) -> Vec<Differs> {
    let key = |symbol: &Symbol| (symbol.path.clone(), symbol.qualified.clone());
    let (mut gone, mut found) = (by(was, key), Vec::new());
    for (key, now) in by(now, key) {
        let mut was = gone.remove(&key).unwrap_or_default().into_iter();
        for now in now {
            let Some(was) = was.next() else {
                found.push((Touch::Added, None, Some(now)));
                continue;
            };
            if let Some(touch) = touch((before, was), (after, now)) {
                found.push((touch, Some(was), Some(now)));
            }
        }
        found.extend(was.map(|was| (Touch::Removed, Some(was), None)));
    }
    found.extend(gone.into_values().flatten().map(|was| (Touch::Removed, Some(was), None)));
    let told = |(touch, was, now): (Touch, Option<&Symbol>, Option<&Symbol>)| Differs {
        touch: touch.name().to_owned(),
        was: was.map(defined),
        now: now.map(defined),
    };
    found.into_iter().map(told).collect()
}

/// How a definition was touched that is there before and after.
fn touch(
    (before, was): (&Asked<'_>, &Symbol),
    (after, now): (&Asked<'_>, &Symbol),
) -> Option<Touch> {
    if was.at.is_some() && was.at == now.at {
        return None; // The same bytes: nobody need read them.
    }
    if was.signature != now.signature {
        return Some(Touch::Reshaped);
    }
    match (before.code(was), after.code(now)) {
        (Some(was), Some(now)) => (was != now).then_some(Touch::Changed),
        (None, _) | (_, None) => Some(Touch::Unsure),
    }
}

fn by<K: Ord>(all: &[Symbol], key: impl Fn(&Symbol) -> K) -> BTreeMap<K, Vec<&Symbol>> {
    let mut grouped: BTreeMap<K, Vec<&Symbol>> = BTreeMap::new();
    for symbol in all {
        grouped.entry(key(symbol)).or_default().push(symbol);
    }
    grouped
}
