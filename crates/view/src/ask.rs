//! Asking a view, within a budget of tokens: what every answer leaves out, it says.

use crate::answer::{
    Defined, Envelope, FileOutline, ImpactAnswer, NotCovered, OutlineAnswer, SearchAnswer,
    SearchHit, SymbolAnswer, UsedAt, Users,
};
use crate::compiled::Compiled;
use crate::fact::{Lines, Role};
use crate::graph::{Count, Edge, Graph, How};
use crate::modules::Manifests;
use crate::pool::{Blob, Pool};
use crate::search::{Meaning, Query};
use crate::symbol::{SYMBOLS_MAX, Symbol, alike, outline, symbols};
use crate::tree::{Seen, View};
use bstr::{BStr, ByteSlice as _};
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_model::Refusal;

use serde::Serialize;

/// A view that is asked, with what belongs to it.
pub struct Asked<'a> {
    /// The blobs.
    pub pool: &'a Pool,
    /// Which of them lie where.
    pub view: &'a View,
    /// What its parts are called.
    pub manifests: &'a Manifests,
    /// The text of a blob; `None` when git, which had it, has it no more.
    pub text: &'a dyn Fn(&Blob) -> Option<Arc<str>>,
    /// What compilers' indexes say, the newest first.
    pub compiled: &'a [Arc<Compiled>],
    /// What words mean, if search goes by it.
    pub meaning: Option<&'a dyn Meaning>,
}

/// Room for an answer.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    left: usize,
}

impl Budget {
    /// What an answer may take unless it says otherwise: a page or three.
    pub const DEFAULT: usize = 2_000;
    /// More is never given at once.
    pub const MAX: usize = 50_000;

    /// So many tokens, of about four characters each.
    pub fn new(tokens: Option<usize>) -> Self {
        Self { left: tokens.unwrap_or(Self::DEFAULT).clamp(100, Self::MAX) * 4 }
    }

    /// Whether there is room for so many characters more; then it is taken.
    pub fn takes(&mut self, characters: usize) -> bool {
        let fits = characters <= self.left;
        if fits {
            self.left -= characters;
        }
        fits
    }
}

/// So many files are found at most.
const HITS_MAX: usize = 30;
/// So many uses are followed to what they mean for an answer about symbols; about one of them, `impact` follows all.
const FOLLOWED_MAX: usize = 2_000;
/// Why a file is not covered of which git has lost the text.
const NO_TEXT: &str = "no_text";
/// So many hops an impact is followed.
const HOPS: usize = 3;
/// So many uses of names are followed for an impact, each held against each definition that is asked about: a hundredth of
/// a second. A name that many things have is no question about one thing.
const REACHED_MAX: usize = 20_000;

impl Asked<'_> {
    pub(crate) fn graph(&self) -> Graph<'_> {
        Graph::new(self.pool, self.view, self.manifests).told_by(self.compiled)
    }

    /// What every answer of this view says of itself.
    pub fn envelope(&self) -> Envelope {
        let Seen { commit, dirty } = self.view.seen();
        let mut not_covered: Vec<NotCovered> = self
            .view
            .uncovered(self.pool)
            .into_iter()
            .map(|(why, (files, such_as))| NotCovered { why: why.to_owned(), files, such_as })
            .collect();
        if self.view.unread() > 0 {
            let (why, files) = ("unread".to_owned(), self.view.unread());
            not_covered.push(NotCovered { why, files, such_as: Vec::new() });
        }
        let mut envelope = Envelope { commit, dirty, not_covered, ..Envelope::default() };
        // Without it names resolve that would lead elsewhere, or do not.
        envelope.leaves_out(NO_TEXT, self.manifests.unread());
        envelope
    }

    /// The pieces that speak of what is asked.
    ///
    /// # Errors
    /// A question without words, or without end.
    pub fn search(&self, question: &str, mut budget: Budget) -> Result<SearchAnswer, Refusal> {
        let query = Query { text: question, files_max: HITS_MAX, meaning: self.meaning };
        let found = self.pool.index().search(&query, self.view)?;
        let mut envelope = self.envelope();
        let (all, mut hits) = (found.hits.len(), Vec::new());
        let mut lost = Vec::new();
        for hit in found.hits {
            if !budget.takes(hit.path.len() + 60) {
                break;
            }
            let text = self.pool.blob(hit.blob.0).and_then(|blob| self.excerpt(&blob, hit.lines));
            if text.is_none() {
                lost.push(hit.path.clone());
            }
            let text = text.filter(|text| budget.takes(text.len()));
            hits.push(SearchHit {
                path: hit.path,
                first: hit.lines.first,
                last: hit.lines.last,
                defines: hit.why.defines,
                words: hit.why.words,
                near: hit.why.near,
                score: hit.score,
                text,
            });
        }
        let more = all - hits.len() + found.cut;
        if more > 0 {
            envelope.cut = Some(format!(
                "{more} more files have words of the question: ask for more tokens, or more narrowly"
            ));
        }
        envelope.leaves_out(NO_TEXT, &lost);
        Ok(SearchAnswer { hits, unknown: found.unknown, envelope })
    }

    /// What is called `name`.
    pub fn symbol(&self, name: &str, mut budget: Budget) -> SymbolAnswer {
        let found = symbols(self.pool, self.view, name);
        let mut envelope = self.envelope();
        let alike = if found.is_empty() { alike(self.pool, self.view, name) } else { Vec::new() };
        let mut shown = Vec::new();
        let all = found.len();
        let (mut lost, mut is_cut) = (BTreeSet::new(), false);
        // All of them have the same name, and each use of it is held against each of them.
        let uses = found.first().map_or(0, |symbol| self.uses_of(&symbol.name));
        let (mut followed, graph) = (0, self.graph());
        for symbol in found.into_iter().take(SYMBOLS_MAX) {
            let mut one = defined(&symbol);
            if !budget.takes(one.signature.len() + one.path.len() + 80) {
                break;
            }
            followed += uses;
            one.users = Some(match followed <= FOLLOWED_MAX {
                true => users_of(&graph, &symbol),
                false => Users { not_followed: uses as u32, ..Users::default() },
            });
            match self.code(&symbol) {
                Some(code) if budget.takes(code.len()) => one.code = Some(code),
                Some(_) => is_cut = true,
                None => drop(lost.insert(one.path.clone())),
            }
            shown.push(one);
        }
        if shown.len() < all {
            envelope.cut = Some(format!("{} of {all} definitions are shown", shown.len()));
        } else if is_cut {
            envelope.cut = Some("the text of some is left out: ask for more tokens".to_owned());
        }
        envelope.leaves_out(NO_TEXT, &lost.into_iter().collect::<Vec<_>>());
        SymbolAnswer { symbols: shown, alike, since: Vec::new(), envelope }
    }

    /// What the files at `path`, or below it, define.
    pub fn outline(&self, path: &str, mut budget: Budget) -> OutlineAnswer {
        let mut envelope = self.envelope();
        let wanted = path.trim_matches('/');
        let is_wanted = |found: &str| {
            wanted.is_empty()
                || wanted == "."
                || found == wanted
                || found.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('/'))
        };
        let files: Vec<(String, u32)> = self
            .view
            .files()
            .map(|(path, blob)| (path.to_str_lossy().into_owned(), blob))
            .filter(|(path, _)| is_wanted(path))
            .collect();
        let (all, mut shown) = (files.len(), Vec::new());
        let mut left_out = 0;
        for (path, blob) in files {
            let Some(blob) = self.pool.blob(blob) else { continue };
            if !budget.takes(path.len() + 20) {
                break;
            }
            let mut symbols = Vec::new();
            for symbol in outline(self.pool, self.view, BStr::new(path.as_str())) {
                if budget.takes(symbol.signature.len() + 20) {
                    symbols.push(defined(&symbol));
                } else {
                    left_out += 1;
                }
            }
            shown.push(FileOutline { path, lines: blob.fact.lines, symbols });
        }
        if shown.len() < all || left_out > 0 {
            let files = shown.len();
            envelope.cut = Some(format!(
                "{files} of {all} files are shown, and {left_out} of their definitions left out: ask for a path below, or \
                 for more tokens"
            ));
        }
        OutlineAnswer { files: shown, envelope }
    }

    /// What is meant by `name`: what is called so, or what the file at that path lets others use.
    pub fn meant(&self, name: &str) -> Vec<Symbol> {
        let path = name.trim_matches('/');
        match self.view.blob_at(BStr::new(path)) {
            Some(_) => {
                let all = outline(self.pool, self.view, BStr::new(path));
                all.into_iter().filter(|symbol| symbol.exported).collect()
            }
            None => symbols(self.pool, self.view, name),
        }
    }

    /// Who would notice a change of what is called `name`, or of all that the file at that path defines.
    pub fn impact(&self, name: &str, budget: Budget) -> ImpactAnswer {
        let path = name.trim_matches('/');
        let is_path = self.view.blob_at(BStr::new(path)).is_some();
        let of = self.meant(name);
        let alike =
            if of.is_empty() && !is_path { alike(self.pool, self.view, name) } else { Vec::new() };
        let same_name = match (is_path, of.first()) {
            (false, Some(first)) => {
                let all = symbols(self.pool, self.view, &first.name).len();
                (all - of.len().min(all)) as u32
            }
            _ => 0,
        };
        let mut paths: BTreeSet<String> = of.iter().map(|symbol| symbol.path.clone()).collect();
        paths.extend(is_path.then(|| path.to_owned()));
        let answer = self.reach(&of, &paths, is_path, budget);
        ImpactAnswer { same_name, alike, ..answer }
    }

    /// Who would notice a change of these definitions, which stand in the files at `paths`. Of whole files, what stays
    /// within them is no impact.
    pub fn reach(
        &self,
        of: &[Symbol],
        paths: &BTreeSet<String>,
        whole: bool,
        mut budget: Budget,
    ) -> ImpactAnswer {
        let mut envelope = self.envelope();
        let graph = self.graph();
        let own: BTreeSet<&str> = of.iter().map(|symbol| symbol.path.as_str()).collect();
        let mut direct: Vec<Edge> = Vec::new();
        let (mut left, mut asked) = (REACHED_MAX, 0);
        for symbol in of.iter().take(SYMBOLS_MAX) {
            let Some((path, at)) = &symbol.at else { continue };
            // The first is followed however many use it.
            let uses = self.uses_of(&symbol.name);
            if uses > left && asked > 0 {
                break;
            }
            left = left.saturating_sub(uses);
            asked += 1;
            let edges = graph.users(path.as_ref(), *at);
            direct.extend(edges.into_iter().filter(|edge| !whole || !own.contains(&*edge.path)));
        }
        // What is known by its name alone may be each of those that have it, and is told once.
        let key = |edge: &Edge| (edge.path.clone(), edge.line, edge.within.clone());
        direct.sort_by_cached_key(|edge| (key(edge), edge.how));
        direct.dedup_by_key(|edge| key(edge));
        direct.sort_by(|a, b| (a.how, &a.path, a.line).cmp(&(b.how, &b.path, b.line)));
        let (through, reached, is_whole) = self.follow(&graph, &direct, &own, left);
        let (tests, users): (Vec<Edge>, Vec<Edge>) =
            direct.into_iter().partition(|edge| edge.is_test);
        let tests = tests.into_iter().chain(reached).collect::<Vec<_>>();
        let (all_users, all_tests) = (users.len(), tests.len());
        let mut shown = |edges: Vec<Edge>| -> Vec<UsedAt> {
            let fits = |edge: &Edge| budget.takes(edge.path.len() + 60);
            let mut budgeted = Vec::new();
            let mut fits = fits;
            for edge in edges {
                if !fits(&edge) {
                    break;
                }
                budgeted.push(used_at(edge));
            }
            budgeted
        };
        let (users, tests) = (shown(users), shown(tests));
        if users.len() < all_users || tests.len() < all_tests {
            envelope.cut = Some(format!(
                "{} of {all_users} users and {} of {all_tests} tests are shown: ask for more tokens",
                users.len(),
                tests.len()
            ));
        }
        let mut cut: Vec<String> = envelope.cut.take().into_iter().collect();
        if asked < of.len() {
            let all = of.len();
            cut.push(format!("who uses the first {asked} of {all} definitions: name one of them"));
        }
        if !is_whole {
            cut.push("not all that use it through others: too much does".to_owned());
        }
        envelope.cut = (!cut.is_empty()).then(|| cut.join("; "));
        let (owners, lost) = self.owners(paths);
        envelope.leaves_out(NO_TEXT, lost.as_slice());
        ImpactAnswer {
            owners,
            of: of.iter().map(defined).collect(),
            users,
            through,
            tests,
            changes: Vec::new(),
            authors: Vec::new(),
            together: Vec::new(),
            touches: Vec::new(),
            meets: Vec::new(),
            same_name: 0,
            alike: Vec::new(),
            since: Vec::new(),
            envelope,
        }
    }

    /// Files that use it through others, the tests among them, and whether those are all. Only along edges whose names
    /// resolve, and until so many uses were followed.
    fn follow(
        &self,
        graph: &Graph<'_>,
        direct: &[Edge],
        own: &BTreeSet<&str>,
        mut left: usize,
    ) -> (Vec<String>, Vec<Edge>, bool) {
        let mut is_whole = true;
        let mut files: BTreeSet<String> = BTreeSet::new();
        let mut tests = Vec::new();
        let mut seen: BTreeSet<crate::pool::At> = BTreeSet::new();
        let resolved = |edge: &&Edge| edge.how != How::Name;
        let mut edge_of: Vec<Edge> = direct.iter().filter(resolved).cloned().collect();
        let met: BTreeSet<&str> = direct.iter().map(|edge| edge.path.as_str()).collect();
        for _ in 1..HOPS {
            let mut next = Vec::new();
            for edge in &edge_of {
                let Some(at) = edge.from.filter(|at| seen.insert(*at)) else { continue };
                let uses = self.pool.blob(at.blob).map_or(0, |blob| {
                    let around = blob.fact.definitions.get(at.nth as usize);
                    around.map_or(0, |around| self.uses_of(&around.name))
                });
                if uses > left {
                    is_whole = false;
                    continue;
                }
                left -= uses;
                for further in graph.resolved(BStr::new(edge.path.as_str()), at) {
                    if !met.contains(&*further.path) && !own.contains(&*further.path) {
                        match further.is_test {
                            true => tests.push(further.clone()),
                            false => drop(files.insert(further.path.clone())),
                        }
                    }
                    next.push(further);
                }
            }
            edge_of = next;
        }
        tests.dedup_by(|a, b| (&a.path, a.line) == (&b.path, b.line));
        (files.into_iter().collect(), tests, is_whole)
    }

    /// Who owns these files, by the last rule of `CODEOWNERS` that matches each; and that file, when its text is gone.
    fn owners(&self, paths: &BTreeSet<String>) -> (Vec<String>, Option<&'static str>) {
        let files = ["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"];
        let found = files.into_iter().find_map(|file| {
            let blob = self.view.blob_at(BStr::new(file))?;
            Some((file, self.pool.blob(blob)?))
        });
        let Some((file, blob)) = found else { return (Vec::new(), None) };
        let Some(text) = (self.text)(&blob) else { return (Vec::new(), Some(file)) };
        let rules = crate::owners::rules(&text);
        let mut owners = BTreeSet::new();
        for path in paths {
            owners.extend(crate::owners::of(&rules, path).iter().cloned());
        }
        (owners.into_iter().collect(), None)
    }

    /// How many uses of a name the view has.
    fn uses_of(&self, name: &str) -> usize {
        let held = self.view.held();
        self.pool.used(name).iter().filter(|used| held.contains(used.blob)).count()
    }

    pub(crate) fn code(&self, symbol: &Symbol) -> Option<String> {
        let blob = symbol.at.as_ref().and_then(|(_, at)| self.pool.blob(at.blob));
        self.excerpt(&blob?, symbol.lines)
    }

    /// These lines of a blob; `None` when its text is gone.
    pub fn excerpt(&self, blob: &Arc<Blob>, lines: Lines) -> Option<String> {
        let text = (self.text)(blob)?;
        let count = (lines.last.saturating_sub(lines.first) + 1) as usize;
        let wanted = text.lines().skip(lines.first.saturating_sub(1) as usize).take(count);
        Some(wanted.collect::<Vec<_>>().join("\n"))
    }
}

/// How many uses are known, and how.
fn users_of(graph: &Graph<'_>, symbol: &Symbol) -> Users {
    let Some((path, at)) = &symbol.at else { return Users::default() };
    let Count { compiler, import, name, refuted } = graph.count(path.as_ref(), *at);
    Users { compiler, import, name, refuted, ..Users::default() }
}

/// As it is shown.
pub fn defined(symbol: &Symbol) -> Defined {
    Defined {
        kind: word(&symbol.kind),
        name: symbol.qualified.clone(),
        path: symbol.path.clone(),
        first: symbol.lines.first,
        last: symbol.lines.last,
        signature: symbol.signature.clone(),
        users: None,
        code: None,
    }
}

pub(crate) fn used_at(edge: Edge) -> UsedAt {
    let Edge { how, path, line, within, role, .. } = edge;
    let role = match role {
        Role::Call => "call",
        Role::Type => "type",
        Role::Mention => "mention",
    };
    UsedAt { how: word(&how), path, line, within, role: role.to_owned() }
}

/// The name that a value has in JSON.
fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
