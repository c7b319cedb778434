//! What became of a file's definitions between two of its states.

use crate::fact::Fact;
use crate::symbol::qualified;
use crate::touched::Touch;
use std::collections::BTreeMap;
use weir_grammar::Language;

/// The definitions of a text by their names, as far as it matters whether they changed; those of the same name count as
/// one.
#[derive(Debug, Default)]
pub(super) struct Parts(BTreeMap<String, Part>);

#[derive(Debug, Default)]
struct Part {
    head: Vec<String>,
    /// Its text without that of the definitions in it.
    own: String,
}

/// What became of the definitions of one text in another.
pub(super) fn between(before: &Parts, after: &Parts) -> Vec<(String, Touch)> {
    let (Parts(before), Parts(after)) = (before, after);
    let touch = |(name, now): (&String, &Part)| {
        let touch = match before.get(name) {
            None => Touch::Added,
            Some(was) if was.head != now.head => Touch::Reshaped,
            Some(was) if was.own != now.own => Touch::Changed,
            Some(_) => return None,
        };
        Some((name.clone(), touch))
    };
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let gone = gone.map(|name| (name.clone(), Touch::Removed));
    after.iter().filter_map(touch).chain(gone).collect()
}

impl Parts {
    /// Of a text and what it says.
    pub(super) fn of(fact: &Fact, language: Option<Language>, text: &str) -> Self {
        let mut parts: BTreeMap<String, Part> = BTreeMap::new();
        let lines: Vec<&str> = text.lines().collect();
        let innermost = innermost(fact, lines.len());
        for (nth, found) in (0..).zip(&fact.definitions) {
            let own = (found.lines.first..=found.lines.last)
                .filter(|line| innermost.get(*line as usize) == Some(&Some(nth)));
            let own: Vec<&str> =
                own.filter_map(|line| lines.get(line.checked_sub(1)? as usize).copied()).collect();
            let part = parts.entry(qualified(fact, language, nth)).or_default();
            part.head.push(found.signature.clone());
            part.own.push_str(&own.join("\n"));
        }
        Self(parts)
    }
}

/// Of each line, from 1, the innermost definition that it belongs to.
fn innermost(fact: &Fact, lines: usize) -> Vec<Option<u32>> {
    let mut of = vec![None; lines + 1];
    // A container comes before what it contains, which then takes its lines.
    for (nth, found) in (0..).zip(&fact.definitions) {
        let (first, last) = (found.lines.first as usize, (found.lines.last as usize).min(lines));
        for line in of.iter_mut().take(last + 1).skip(first) {
            *line = Some(nth);
        }
    }
    of
}
