//! The uses that are worth having, each with what stands before it and what stands around it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use super::extract::KEPT_MAX;
use super::gather::{Gathered, Used, Weight};
use super::settle::{NAME_BYTES_MAX, Settled, name, place};
use super::{Kind, Use};

/// The longest path before a name that is kept.
const QUALIFIER_BYTES_MAX: usize = 128;

/// The uses that are worth having, in order, each with the innermost definition around it.
pub(super) fn uses(
    settled: &mut Settled,
    gathered: &mut Gathered,
    names: &BTreeMap<usize, usize>,
    spans: &[Range<usize>],
    bytes: &[u8],
) {
    let mut used = std::mem::take(&mut gathered.uses);
    // A name found twice is kept as the question that knew more of it.
    used.sort_by_key(|used| {
        let before = used.qualifier.as_ref().map_or(0, |before| before.len());
        (used.name.start, used.weight, Reverse(before))
    });
    used.dedup_by_key(|used| used.name.start);
    let mut imported = gathered.import_spans.iter().peekable();
    let mut imports_end = 0;
    let known: HashSet<&str> = settled
        .definitions
        .iter()
        .map(|definition| definition.name.as_str())
        .chain(
            gathered
                .imports
                .iter()
                .filter_map(|import| import.alias.as_deref().or(import.name.as_deref())),
        )
        .collect();
    let bound = Bound::of(settled, gathered, spans);
    let mut around = Around::of(spans);
    let mut kept: Vec<Use> = Vec::new();
    for used in used {
        let at = used.name.start;
        while let Some(span) = imported.next_if(|span| span.start <= at) {
            imports_end = imports_end.max(span.end);
        }
        let within = around.at(at).last().copied();
        if at < imports_end
            || gathered.labels.contains(&at)
            || names.range(..=at).next_back().is_some_and(|(_, end)| at < *end)
            || used.name.len() > NAME_BYTES_MAX
        {
            continue;
        }
        let Some(made) = made(&used, &bound, &around.open, &known, bytes) else { continue };
        let made = Use { within: place(within), ..made };
        // Twice in a line says no more than once.
        let said = kept.iter().rev().take_while(|last| last.line == made.line).take(64);
        if said.into_iter().any(|last| *last == made) {
            continue;
        }
        if kept.len() >= KEPT_MAX {
            settled.cut = true;
            break;
        }
        kept.push(made);
    }
    settled.uses = kept;
}

/// The definitions around a place, found for one place after the other.
struct Around<'a> {
    spans: &'a [Range<usize>],
    open: Vec<usize>,
    ahead: usize,
}

impl<'a> Around<'a> {
    fn of(spans: &'a [Range<usize>]) -> Self {
        Self { spans, open: Vec::new(), ahead: 0 }
    }

    /// The definitions around a byte, outermost first. No byte before one that was asked for may be asked for.
    fn at(&mut self, at: usize) -> &[usize] {
        let Self { spans, open, ahead } = self;
        while *ahead < spans.len() && spans[*ahead].start <= at {
            while open.last().is_some_and(|&last| spans[last].end < spans[*ahead].end) {
                open.pop();
            }
            open.push(*ahead);
            *ahead += 1;
        }
        while open.last().is_some_and(|&last| spans[last].end <= at) {
            open.pop();
        }
        open
    }
}

/// Where names are bound that mean nothing outside of it.
#[derive(Default)]
struct Bound<'a> {
    /// The functions in which each is.
    within: HashMap<&'a str, HashSet<usize>>,
    /// Those that are bound in no function that has a name.
    somewhere: HashSet<&'a str>,
}

impl<'a> Bound<'a> {
    fn of(settled: &Settled, gathered: &'a Gathered, spans: &[Range<usize>]) -> Self {
        let places = gathered.bound.iter();
        let mut places: Vec<(usize, &String)> =
            places.flat_map(|(name, all)| all.iter().map(move |at| (*at, name))).collect();
        places.sort_unstable();
        let (mut around, mut bound) = (Around::of(spans), Self::default());
        let is_function =
            |at: &&usize| matches!(settled.definitions[**at].kind, Kind::Function | Kind::Method);
        for (at, name) in places {
            match around.at(at).iter().rev().find(is_function) {
                Some(scope) => drop(bound.within.entry(name).or_default().insert(*scope)),
                None => drop(bound.somewhere.insert(name)),
            }
        }
        bound
    }

    /// Whether a name is bound in one of these.
    fn in_any(&self, name: &str, scopes: &[usize]) -> bool {
        let within = self.within.get(name);
        within.is_some_and(|within| scopes.iter().any(|scope| within.contains(scope)))
    }
}

/// A use, if it is worth having.
fn made(
    used: &Used,
    bound: &Bound<'_>,
    around: &[usize],
    known: &HashSet<&str>,
    bytes: &[u8],
) -> Option<Use> {
    let name = name(bytes, &used.name);
    let name = name.trim_start_matches(['@', '$', ':', '#']);
    let plain = name.chars().all(|letter| letter.is_alphanumeric() || "_$?!".contains(letter));
    if !plain
        || !name.starts_with(|first: char| first.is_alphabetic() || first == '_' || first == '$')
    {
        return None;
    }
    // A parameter, or what is bound in the same function, is that and nothing else.
    if used.qualifier.is_none() && bound.in_any(name, around) {
        return None;
    }
    let here = bound.somewhere.contains(name);
    let capital = name.starts_with(char::is_uppercase);
    let worth = match used.weight {
        Weight::Call | Weight::Mention => true,
        Weight::Type => !(here && used.qualifier.is_none()),
        Weight::Argument => !here,
        Weight::Word => !here && (capital || known.contains(name)),
    };
    let itself = matches!(name, "self" | "this" | "super" | "Self" | "_" | "nil" | "null");
    (worth && !itself).then(|| Use {
        name: name.to_owned(),
        qualifier: used.qualifier.as_ref().map(|range| qualifier(bytes, range)),
        role: used.weight.role(),
        line: used.row + 1,
        within: None,
    })
}

/// A plain path, without what stands in angle brackets; empty for anything else.
fn qualifier(bytes: &[u8], range: &Range<usize>) -> String {
    if range.len() > QUALIFIER_BYTES_MAX {
        return String::new();
    }
    // Where there are only tokens, a path is longer than its last part.
    let more = bytes[..range.start]
        .iter()
        .rev()
        .take(QUALIFIER_BYTES_MAX)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"_:.".contains(byte));
    let joined = bytes[..range.start].ends_with(b"::") || bytes[..range.start].ends_with(b".");
    let start = if joined { range.start - more.count() } else { range.start };
    let text = String::from_utf8_lossy(&bytes[start..range.end]);
    let mut depth = 0usize;
    let mut path = String::new();
    let mut last = ' ';
    for letter in text.chars() {
        match letter {
            '<' => depth += 1,
            // The arrow of `a->b` closes nothing.
            '>' if last != '-' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ => path.push(letter),
        }
        last = letter;
    }
    // What begins with a dot follows something that is no path.
    let plain = !path.starts_with('.')
        && path.chars().all(|letter| letter.is_alphanumeric() || "_.:$@\\->?!".contains(letter));
    let path = path.trim_end_matches(':');
    if plain { path.to_owned() } else { String::new() }
}
