//! What comes first: words, then what is known of code.
//!
//! A file's score adds up how well its best chunk and its whole speak of the question, how far the question names the
//! file, and what it defines of what the question names; tests, examples and what programs made step back.

use super::asked::{Asked, Likeness, Role, Symbol};
use super::gather::{Gathered, Scored, gather};
use super::meaning::NearTerm;
use super::place::{Named, Place};
use super::segment::{Defined, Segment, Shape};
use super::{BlobNo, Found, Hit, ViewOf, Why, words};
use crate::fact::Kind;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How much each thing counts. The defaults were chosen on the development half of a public benchmark
/// (`docs/benchmarks.md`, Retrieval), each alone, in steps that a reader can remember.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each stands beside what it weighs, below")]
pub struct Weights {
    // BM25.
    pub k1: f32,
    pub b: f32,
    /// A word in the name of a definition, beside one in the text.
    pub defined: f32,
    /// A whole identifier, beside a plain word.
    pub whole: f32,
    /// Two words of the question joined in one identifier, beside a plain word.
    pub joined: f32,
    /// A word that means about the same, in place of one of the question; less the less near it is
    pub near: f32,
    // A file's score: its best chunk has 1.0, and
    /// the file as a whole
    pub file: f32,
    /// a question whose words all stand in its name
    pub name: f32,
    /// the same, in the name of the folder around it
    pub folder: f32,
    /// a symbol of the question that is defined here
    pub definition: f32,
    /// a definition whose name is made of the question's words
    pub parts: f32,
    // What steps back keeps this share.
    pub test: f32,
    pub example: f32,
    pub legacy: f32,
    pub declaration: f32,
    pub vendored: f32,
    pub generated: f32,
    pub prose: f32,
    pub data: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            k1: 2.0,
            b: 0.5,
            defined: 2.0,
            whole: 1.0,
            joined: 0.25,
            near: 0.75,
            file: 0.5,
            name: 2.0,
            folder: 0.4,
            definition: 2.0,
            parts: 0.5,
            test: 0.4,
            example: 0.4,
            legacy: 0.4,
            declaration: 0.7,
            vendored: 0.3,
            generated: 0.3,
            prose: 0.5,
            data: 0.4,
        }
    }
}

/// Files beyond so many are ranked by their words alone.
const CANDIDATES_MAX: usize = 400;

/// More places of a file than these are not named.
const MORE_MAX: usize = 3;

pub(super) fn found(
    segments: &[Arc<Segment>],
    (asked, mut near): (&Asked, Vec<NearTerm>),
    view: &dyn ViewOf,
    weights: &Weights,
    files_max: usize,
) -> Found {
    let defining = Defining::of(segments, asked, view);
    // Who names something that there is means that, and nothing like it.
    if defining.is_named() {
        near.clear();
    }
    let near = near.as_slice();
    let mut gathered = gather(segments, asked, near, view.blobs(), weights);
    let best = gathered.blobs.iter().fold(f32::MIN_POSITIVE, |best, blob| best.max(blob.best()));
    let whole = gathered.blobs.iter().fold(f32::MIN_POSITIVE, |best, blob| best.max(blob.whole));
    let by_words = |blob: &Scored| {
        (blob.best() / best + weights.file * blob.whole / whole) / (1.0 + weights.file)
    };
    let all = gathered.blobs.len();
    if all > CANDIDATES_MAX {
        // What defines a symbol of the question stays, however little it speaks of the rest.
        gathered.blobs.sort_by(|a, b| {
            let rank =
                |blob: &Scored| by_words(blob) + if defining.has(blob.blob) { 1.0 } else { 0.0 };
            rank(b).total_cmp(&rank(a)).then(a.blob.cmp(&b.blob))
        });
        gathered.blobs.truncate(CANDIDATES_MAX);
    }
    let ranked =
        Ranked { segments, asked, near, gathered: &gathered, defining: &defining, weights };
    let mut hits: Vec<Hit> = gathered
        .blobs
        .iter()
        .flat_map(|blob| view.paths(BlobNo(blob.blob)).into_iter().map(move |path| (blob, path)))
        .map(|(blob, path)| ranked.hit(blob, &path, by_words(blob)))
        .collect();
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.path.cmp(&b.path)));
    let cut = hits.len().saturating_sub(files_max) + (all - gathered.blobs.len());
    hits.truncate(files_max);
    let unknown = asked.terms.iter().zip(&gathered.rarity);
    let unknown = unknown.filter(|(term, rare)| **rare == 0.0 && term.role != Role::Joined);
    let unknown: BTreeSet<String> = unknown.map(|(term, _)| term.word.clone()).collect();
    Found { hits, cut, unknown: unknown.into_iter().collect(), left_aside: asked.left_aside }
}

struct Ranked<'a> {
    segments: &'a [Arc<Segment>],
    asked: &'a Asked,
    near: &'a [NearTerm],
    gathered: &'a Gathered,
    defining: &'a Defining<'a>,
    weights: &'a Weights,
}

impl Ranked<'_> {
    fn hit(&self, scored: &Scored, path: &str, by_words: f32) -> Hit {
        let named = Named::of(path);
        let (names, words_of_name) = self.names(&named);
        let (defines, defined_in, names_defined) = self.defines(scored, &named);
        let parts = self.parts(scored);
        let mut score = by_words
            + self.weights.name * names
            + self.weights.definition * defines
            + self.weights.parts * parts;
        score *= self.standing(scored, path);
        let mut chunks = scored.chunks.clone();
        chunks.sort_by_key(|(chunk, _)| Reverse(defined_in == Some(*chunk)));
        chunks.sort_by(|a, b| {
            let rank = |(chunk, score): &(u32, f32)| {
                if defined_in == Some(*chunk) { f32::MAX } else { *score }
            };
            rank(b).total_cmp(&rank(a))
        });
        let mut lines = chunks.iter().filter_map(|(chunk, _)| {
            Some(self.segments.get(scored.segment)?.chunks.get(*chunk as usize)?.lines)
        });
        let first = lines.next().unwrap_or(crate::fact::Lines { first: 1, last: 1 });
        Hit {
            blob: BlobNo(scored.blob),
            path: path.to_owned(),
            lines: first,
            more: lines.take(MORE_MAX).collect(),
            score,
            why: Why {
                defines: names_defined,
                words: self.words(scored),
                near: self.near_words(scored),
                named: words_of_name,
            },
        }
    }

    fn words(&self, scored: &Scored) -> Vec<String> {
        let terms = self.asked.terms.iter().enumerate();
        terms
            .filter(|(at, term)| {
                *at < 64 && scored.terms >> at & 1 == 1 && term.role != Role::Joined
            })
            .map(|(_, term)| term.word.clone())
            .collect()
    }

    fn near_words(&self, scored: &Scored) -> Vec<String> {
        let stands = |bits: u64, at: usize| at < 64 && bits >> at & 1 == 1;
        let near = self.near.iter().enumerate();
        let in_place =
            near.filter(|(at, term)| stands(scored.near, *at) && !stands(scored.terms, term.of));
        in_place.map(|(_, term)| term.word.clone()).collect()
    }

    /// How far the question names the file: the share of its words, by how rare they are, that stand in the file's
    /// name, and how much of the name that is.
    fn names(&self, named: &Named) -> (f32, Vec<String>) {
        let (mut all, mut own, mut around) = (0.0, 0.0, 0.0);
        let mut words = Vec::new();
        let mut met = BTreeSet::new();
        for (term, rare) in self.asked.terms.iter().zip(&self.gathered.rarity) {
            match term.role {
                Role::Word => {
                    all += rare;
                    if let Some(part) = named.own.iter().find(|part| alike(part, &term.text)) {
                        own += rare;
                        met.insert(part.as_str());
                        words.push(term.word.clone());
                    } else if named.around.iter().any(|part| alike(part, &term.text)) {
                        around += rare;
                        words.push(term.word.clone());
                    }
                }
                Role::Whole | Role::Joined => {}
            }
        }
        if all == 0.0 {
            return (0.0, words);
        }
        let met_of_name = met.len() as f32 / named.own.len().max(1) as f32;
        let own = own / all * (0.5 + 0.5 * met_of_name);
        (own + self.weights.folder * around / all, words)
    }

    /// What of the question's symbols is defined here: how much that tells, the chunk of the strongest, the names.
    fn defines(&self, scored: &Scored, named: &Named) -> (f32, Option<u32>, Vec<String>) {
        let Some(segment) = self.segments.get(scored.segment) else {
            return (0.0, None, Vec::new());
        };
        let (mut all, mut strongest, mut names) = (0.0, (0.0, None), Vec::new());
        for symbol in &self.defining.symbols {
            let best = symbol
                .places
                .iter()
                .filter(|(blob, _)| *blob == scored.blob)
                .filter_map(|(_, number)| segment.definitions.get(*number as usize))
                .map(|definition| {
                    (strength(definition, symbol.symbol, segment, named), definition.chunk)
                })
                .max_by(|a, b| a.0.total_cmp(&b.0));
            // A file that is called so is what is meant as much as what it defines.
            let is_called_so =
                symbol.symbol.likeness >= Likeness::Certain && named.whole == symbol.whole;
            let (strength, chunk) = match best {
                Some((strength, chunk)) => (strength, Some(chunk)),
                None if is_called_so => (1.0, None),
                None => continue,
            };
            let told = strength * symbol.weight();
            all += told;
            if told > strongest.0 {
                strongest = (told, chunk);
            }
            if symbol.symbol.likeness > Likeness::Plain {
                names.push(symbol.symbol.name.clone());
            }
        }
        (all, strongest.1, names)
    }

    /// How far the best definition's name is made of the question's words.
    fn parts(&self, scored: &Scored) -> f32 {
        let Some(segment) = self.segments.get(scored.segment) else { return 0.0 };
        let words: Vec<(u32, f32)> = (self.asked.terms.iter().zip(&self.gathered.rarity))
            .zip(&self.gathered.numbers)
            .filter(|((term, _), _)| term.role == Role::Word)
            .filter_map(|((_, rare), numbers)| Some(((*numbers.get(scored.segment)?)?, *rare)))
            .collect();
        let all: f32 = (self.asked.terms.iter().zip(&self.gathered.rarity))
            .filter(|(term, _)| term.role == Role::Word)
            .map(|(_, rare)| rare)
            .sum();
        let Some(blob) = segment.blobs.get(scored.local as usize).filter(|_| all > 0.0) else {
            return 0.0;
        };
        let within = blob.definitions.start as usize..blob.definitions.end as usize;
        let definitions = segment.definitions.get(within).unwrap_or_default();
        definitions
            .iter()
            .map(|definition| {
                let parts = segment.parts(definition);
                let met = words.iter().filter(|(term, _)| parts.contains(term));
                let (count, rare) =
                    met.fold((0, 0.0), |(count, sum), (_, rare)| (count + 1, sum + rare));
                of_kind(definition.kind) * rare / all * count as f32 / parts.len().max(1) as f32
            })
            .fold(0.0, f32::max)
    }

    /// What share of its score a file keeps.
    fn standing(&self, scored: &Scored, path: &str) -> f32 {
        let weights = self.weights;
        let place = match Place::of(path) {
            Place::Source => 1.0,
            Place::Test if self.asked.wants_tests => weights.test.sqrt(),
            Place::Test => weights.test,
            Place::Example => weights.example,
            Place::Legacy => weights.legacy,
            Place::Declaration => weights.declaration,
            Place::Vendored => weights.vendored,
            Place::Generated => weights.generated,
            Place::Prose => weights.prose,
            Place::Data => weights.data,
        };
        let blob = self
            .segments
            .get(scored.segment)
            .and_then(|segment| segment.blobs.get(scored.local as usize));
        let shape = match blob.map_or(Shape::Plain, |blob| blob.shape) {
            Shape::Plain => 1.0,
            Shape::Generated if Place::of(path) == Place::Generated => 1.0,
            Shape::Generated => weights.generated,
        };
        place * shape
    }
}

/// Whether two stems are of one word: the same, or one begins the other and little is left.
fn alike(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    short == long || (short.len() >= 3 && long.starts_with(short))
}

/// The definitions of a question's symbols that a view sees.
struct Defining<'a> {
    symbols: Vec<DefinedSymbol<'a>>,
}

struct DefinedSymbol<'a> {
    symbol: &'a Symbol,
    /// Blobs, and the definitions in their segments.
    places: Vec<(u32, u32)>,
    /// How many blobs define it.
    blobs: usize,
    /// Its name as one term.
    whole: String,
}

impl<'a> Defining<'a> {
    fn of(segments: &[Arc<Segment>], asked: &'a Asked, view: &dyn ViewOf) -> Self {
        let symbols = asked.symbols.iter().map(|symbol| {
            let mut places = Vec::new();
            for segment in segments {
                for number in segment.named(&symbol.name) {
                    let definition = segment.definitions.get(*number as usize);
                    let chunk = definition
                        .and_then(|definition| segment.chunks.get(definition.chunk as usize));
                    let blob = chunk
                        .map(|chunk| segment.number_of(chunk.blob))
                        .filter(|blob| view.blobs().contains(*blob));
                    places.extend(blob.map(|blob| (blob, *number)));
                }
            }
            let blobs = places.iter().map(|(blob, _)| blob).collect::<BTreeSet<_>>().len();
            let whole = words::whole(&words::parts(&symbol.name));
            DefinedSymbol { symbol, places, blobs, whole }
        });
        Self { symbols: symbols.collect() }
    }

    /// Whether the question names, as nothing but a name is written, what is defined.
    fn is_named(&self) -> bool {
        let mut symbols = self.symbols.iter();
        symbols.any(|one| one.symbol.likeness >= Likeness::Certain && one.blobs > 0)
    }

    fn has(&self, blob: u32) -> bool {
        self.symbols.iter().any(|symbol| {
            symbol.symbol.likeness > Likeness::Plain
                && symbol.places.iter().any(|(place, _)| *place == blob)
        })
    }
}

impl DefinedSymbol<'_> {
    /// What many files define tells little of any of them.
    fn weight(&self) -> f32 {
        let likeness = match self.symbol.likeness {
            Likeness::Plain => 0.15,
            Likeness::Capital => 0.4,
            Likeness::Certain => 0.7,
            Likeness::All => 2.0,
        };
        likeness / (1.0 + (self.blobs.max(1) as f32).ln() * 0.5)
    }
}

/// How much a definition is what one means who says its name.
fn strength(definition: &Defined, symbol: &Symbol, segment: &Segment, named: &Named) -> f32 {
    let lines = definition.lines.last - definition.lines.first + 1;
    let mut strength = match definition.kind {
        // It only says where the module is.
        Kind::Module if lines == 1 => 0.2,
        kind => of_kind(kind),
    };
    if *definition.name != *symbol.name {
        strength *= 0.6;
    }
    if definition.is_inner {
        strength *= 0.7;
    }
    if !definition.exported {
        strength *= 0.9;
    }
    if named.whole == words::whole(&words::parts(&symbol.name)) {
        strength *= 1.5;
    }
    if let Some(qualifier) = &symbol.qualifier {
        let around = segment.definitions.iter().any(|other| {
            other.name.eq_ignore_ascii_case(qualifier)
                && other.lines.first <= definition.lines.first
                && definition.lines.last <= other.lines.last
                && segment.chunks.get(other.chunk as usize).map(|chunk| chunk.blob)
                    == segment.chunks.get(definition.chunk as usize).map(|chunk| chunk.blob)
        });
        strength *= if around { 1.5 } else { 1.0 };
    }
    strength * (1.0 + 0.1 * (lines as f32).ln())
}

fn of_kind(kind: Kind) -> f32 {
    match kind {
        Kind::Class
        | Kind::Struct
        | Kind::Enum
        | Kind::Interface
        | Kind::Trait
        | Kind::Type
        | Kind::Table => 1.0,
        Kind::Function | Kind::Macro => 0.9,
        Kind::Module => 0.6,
        Kind::Method => 0.7,
        Kind::Implementation | Kind::Constant => 0.5,
        Kind::Variable | Kind::Field | Kind::Variant => 0.3,
    }
}
