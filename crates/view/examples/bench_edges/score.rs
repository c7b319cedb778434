//! Edges held against an index: which are right, which are not, which are missed.

use bstr::BStr;
use std::collections::{BTreeMap, BTreeSet};
use weir_view::compiled::{Compiled, Taken, Verdict, place};
use weir_view::fact::{Kind, Role};
use weir_view::graph::{Graph, How};
use weir_view::modules::Manifests;
use weir_view::pool::{At, Pool};
use weir_view::tree::View;

/// Edges that are known in one way.
#[derive(Debug, Clone, Copy, Default)]
struct Tier {
    right: usize,
    wrong: usize,
    unknown: usize,
}

/// Where a symbol is defined: file, line, what it is to us, and its name.
type Defined = (String, u32, Option<At>, String);

/// How true the edges of a project are.
#[derive(Debug, Default)]
pub(crate) struct Score {
    files: usize,
    /// Symbols that both know.
    symbols: usize,
    /// Symbols of the index that are no definition of ours, and how often they are used.
    unplaced: (usize, usize),
    /// Uses that the index has.
    truth: usize,
    import: Tier,
    name: Tier,
    classes: BTreeMap<String, Vec<String>>,
    missed: BTreeMap<String, Vec<String>>,
}

impl Tier {
    fn all(self) -> usize {
        self.right + self.wrong + self.unknown
    }

    fn shown(self) -> String {
        let Self { right, wrong, unknown } = self;
        let share = |of: usize| match of {
            0 => "-".to_owned(),
            of => format!("{:.3}", right as f64 / of as f64),
        };
        format!(
            "{} | {right} | {wrong} | {unknown} | {} | {}",
            self.all(),
            share(self.all()),
            share(right + wrong)
        )
    }

    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.unknown += other.unknown;
    }
}

impl Score {
    pub(crate) const HEAD: &'static str = "\
| project | | files | symbols | uses | import tier: edges | right | wrong | unknown | precision | of judged | recall \
| name tier: edges | right | wrong | unknown | precision | of judged | recall of both |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|";

    pub(crate) fn row(&self, project: &str, label: &str) -> String {
        let recall = |found: usize| found as f64 / self.truth.max(1) as f64;
        format!(
            "| {project} | {label} | {} | {} | {} | {} | {:.3} | {} | {:.3} |",
            self.files,
            self.symbols,
            self.truth,
            self.import.shown(),
            recall(self.import.right),
            self.name.shown(),
            recall(self.import.right + self.name.right),
        )
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.files += other.files;
        self.symbols += other.symbols;
        self.truth += other.truth;
        self.import.add(other.import);
        self.name.add(other.name);
    }

    /// The classes of edges that are not right, and of uses that are missed, the most frequent first.
    pub(crate) fn tell(&self, examples: usize) {
        if examples == 0 {
            return;
        }
        let (symbols, uses) = self.unplaced;
        println!("  {symbols} symbols of the index, used {uses} times, are no definitions of ours");
        for (title, classes) in [("not right", &self.classes), ("missed", &self.missed)] {
            let mut classes: Vec<_> = classes.iter().collect();
            classes.sort_by_key(|(_, found)| std::cmp::Reverse(found.len()));
            for (class, found) in classes.into_iter().take(12) {
                println!("  {title}: {} × {class}", found.len());
                // From all over, not only of the first file.
                let step = (found.len() / examples).max(1);
                found.iter().step_by(step).take(examples).for_each(|one| println!("      {one}"));
            }
        }
    }
}

pub(crate) fn score(
    pool: &Pool,
    view: &View,
    manifests: &Manifests,
    compiled: &Compiled,
    taken: Taken,
    source: &dyn Fn(&str, u32) -> String,
) -> Score {
    let mut score = Score { files: taken.files as usize, ..Score::default() };
    if taken.unknown + taken.otherwise > 0 {
        println!(
            "  {} documents are not in the commit, {} are otherwise there",
            taken.unknown, taken.otherwise
        );
    }
    let graph = Graph::new(pool, view, manifests);
    // Each symbol: what it is to us, and the lines in which it is defined.
    let mut symbols: BTreeMap<u32, Vec<Defined>> = BTreeMap::new();
    for (path, number) in view.files() {
        let Some(blob) = pool.blob(number).filter(|blob| compiled.covers(blob.id)) else {
            continue;
        };
        for (symbol, name, line) in compiled.defined(blob.id) {
            let at = place(&blob.fact, name, line).map(|nth| At { blob: number, nth });
            let defined = (path.to_string(), line, at, name.to_owned());
            symbols.entry(symbol).or_default().push(defined);
        }
    }
    for (symbol, places) in &symbols {
        let symbol = BTreeSet::from([*symbol]);
        let symbol_name = places.first().map(|(.., name)| name.as_str());
        let own: BTreeSet<(String, u32)> =
            places.iter().map(|(path, line, ..)| (path.clone(), *line)).collect();
        let mut truth = BTreeSet::new();
        for (blob, line) in compiled.uses_of(&symbol) {
            let numbers = pool.numbers(blob, compiled.language(blob));
            for path in numbers.into_iter().flat_map(|number| view.paths_of(number)) {
                truth.insert((path.to_string(), line));
            }
        }
        // A second definition of the same name is a definition, whatever the index calls it.
        let again = |(path, line): &(String, u32)| {
            let text = source(path, *line);
            let text = text.trim_start_matches("async ");
            ["def ", "class "].iter().any(|word| {
                let rest = text.strip_prefix(word).unwrap_or_default();
                symbol_name.is_some_and(|name| rest.starts_with(name))
            })
        };
        let truth: BTreeSet<_> = truth.difference(&own).filter(|at| !again(at)).cloned().collect();
        let targets: Vec<&Defined> = places.iter().filter(|(_, _, at, _)| at.is_some()).collect();
        if targets.is_empty() {
            score.unplaced.0 += 1;
            score.unplaced.1 += truth.len();
            continue;
        }
        score.symbols += 1;
        score.truth += truth.len();
        let mut found: BTreeMap<(String, u32), FoundEdge> = BTreeMap::new();
        for (path, _, at, _) in targets {
            let Some(at) = at else { continue };
            let Some(blob) = pool.blob(at.blob) else { continue };
            let definition = &blob.fact.definitions[at.nth as usize];
            for edge in graph.users(BStr::new(path.as_str()), *at) {
                let key = (edge.path, edge.line);
                let how =
                    (edge.how, edge.role, path.clone(), definition.kind, definition.name.clone());
                if !own.contains(&key) && found.get(&key).is_none_or(|known| how.0 < known.0) {
                    found.insert(key, how);
                }
            }
        }
        let mut known = BTreeSet::new();
        for (key, (how, role, target, kind, name)) in found {
            let Some(blob) = view
                .blob_at(BStr::new(key.0.as_str()))
                .and_then(|number| pool.blob(number))
                .filter(|blob| compiled.covers(blob.id))
            else {
                continue;
            };
            let tier = if how == How::Name { &mut score.name } else { &mut score.import };
            let verdict = match truth.contains(&key) {
                true => Verdict::Confirmed,
                false => compiled.says(blob.id, key.1, &name, &symbol),
            };
            match verdict {
                Verdict::Confirmed => tier.right += 1,
                Verdict::Refuted => tier.wrong += 1,
                Verdict::Silent => tier.unknown += 1,
            }
            if how != How::Name && verdict != Verdict::Confirmed {
                let near = if key.0 == target { "in its own file" } else { "in another file" };
                let class = format!("{verdict:?} {kind:?} as {role:?} {near}");
                let line = source(&key.0, key.1);
                let told = format!("{name} of {target} at {}:{}: {line}", key.0, key.1);
                score.classes.entry(class).or_default().push(told);
            }
            if how != How::Name && verdict == Verdict::Confirmed {
                known.insert(key);
            }
        }
        for key in truth.difference(&known) {
            let Some((path, _, Some(at), _)) = places.iter().find(|(_, _, at, _)| at.is_some())
            else {
                continue;
            };
            let Some(blob) = pool.blob(at.blob) else { continue };
            let definition = &blob.fact.definitions[at.nth as usize];
            let near = if key.0 == *path { "in its own file" } else { "in another file" };
            let class = format!("{:?} {near}", definition.kind);
            let line = source(&key.0, key.1);
            let told = format!("{} of {path} at {}:{}: {line}", definition.name, key.0, key.1);
            score.missed.entry(class).or_default().push(told);
        }
    }
    score
}

/// How it is known, how the name is used, and of what: path, kind and name.
type FoundEdge = (How, Role, String, Kind, String);
