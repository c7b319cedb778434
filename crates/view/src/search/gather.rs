//! How well chunks and whole files speak of a question's words: BM25 over what a view holds, and over nothing else.

use super::asked::{Asked, Role};
use super::meaning::NearTerm;
use super::rank::Weights;
use super::segment::Segment;
use roaring::RoaringBitmap;
use std::sync::Arc;

/// What the postings say.
pub(super) struct Gathered {
    /// For each term of the question, how rare it is in the view; 0.0 if it stands nowhere.
    pub(super) rarity: Vec<f32>,
    /// The blobs with some term.
    pub(super) blobs: Vec<Scored>,
    /// For each term and segment, its number there.
    pub(super) numbers: Vec<Vec<Option<u32>>>,
}

/// A blob with some term of the question.
#[derive(Debug, Clone)]
pub(super) struct Scored {
    pub(super) segment: usize,
    /// Its number within the segment.
    pub(super) local: u32,
    /// Its number in the index.
    pub(super) blob: u32,
    /// How well the whole of it speaks of the question.
    pub(super) whole: f32,
    /// Its chunks that have some term, each with how well it speaks of the question.
    pub(super) chunks: Vec<(u32, f32)>,
    /// Which terms stand in it, one bit each.
    pub(super) terms: u64,
    /// Which words that mean about the same as one of them.
    pub(super) near: u64,
}

impl Scored {
    /// Its best chunk's score.
    pub(super) fn best(&self) -> f32 {
        self.chunks.iter().fold(0.0, |best, (_, score)| best.max(*score))
    }
}

/// How often a word of the view stands in a chunk or blob, weighed.
struct Place {
    chunk: u32,
    blob: u32,
    weight: f32,
}

pub(super) fn gather(
    segments: &[Arc<Segment>],
    asked: &Asked,
    near: &[NearTerm],
    view: &RoaringBitmap,
    weights: &Weights,
) -> Gathered {
    let extent = Extent::of(segments, view);
    let numbers_of = |text: &str| -> Vec<Option<u32>> {
        segments.iter().map(|segment| segment.number(text)).collect()
    };
    let numbers: Vec<Vec<Option<u32>>> =
        asked.terms.iter().map(|term| numbers_of(&term.text)).collect();
    let mut tables: Vec<Table> = segments.iter().map(|segment| Table::of(segment)).collect();
    let mut rarity = vec![0.0; asked.terms.len()];
    for (at, term) in asked.terms.iter().enumerate() {
        let places = extent.places(segments, numbers.get(at), weights);
        let Some(rare) = Rarity::of(&places, &extent) else { continue };
        if let Some(place) = rarity.get_mut(at) {
            *place = rare.of_chunks;
        }
        let role = match term.role {
            Role::Word => 1.0,
            Role::Whole => weights.whole,
            Role::Joined => weights.joined,
        };
        for ((table, places), segment) in tables.iter_mut().zip(&places).zip(segments) {
            table.add(segment, places, Bit::Term(at), &rare.times(role), &extent, weights);
        }
    }
    for (at, term) in near.iter().enumerate() {
        let places = extent.places(segments, Some(&numbers_of(&term.text)), weights);
        let Some(rare) = Rarity::of(&places, &extent) else { continue };
        // It says no more than the word for which it stands.
        let own = rarity.get(term.of).copied().filter(|own| *own > 0.0);
        let most = own.map_or(1.0, |own| (own / rare.of_chunks).min(1.0));
        let rare = rare.times(weights.near * term.nearness * most);
        for ((table, places), segment) in tables.iter_mut().zip(&places).zip(segments) {
            table.add(segment, places, Bit::Near(at, term.of), &rare, &extent, weights);
        }
    }
    let mut blobs = Vec::new();
    for (number, (segment, table)) in segments.iter().zip(tables).enumerate() {
        table.into_blobs(segment, number, &mut blobs);
    }
    Gathered { rarity, blobs, numbers }
}

/// What a term is to the answer: by its place, and of which term of the question it tells.
#[derive(Clone, Copy)]
enum Bit {
    /// One of the question.
    Term(usize),
    /// One that means about the same as that of the question.
    Near(usize, usize),
}

/// How much a term tells.
struct Rarity {
    of_chunks: f32,
    of_files: f32,
}

impl Rarity {
    /// `None` if it stands nowhere.
    fn of(places: &[Vec<Place>], extent: &Extent) -> Option<Self> {
        let chunks: usize = places.iter().map(Vec::len).sum();
        let blobs: usize =
            places.iter().map(|places| places.chunk_by(|a, b| a.blob == b.blob).count()).sum();
        (chunks > 0).then(|| Self {
            of_chunks: inverse_frequency(extent.chunks, chunks),
            of_files: inverse_frequency(extent.blobs, blobs),
        })
    }

    fn times(&self, weight: f32) -> Self {
        Self { of_chunks: weight * self.of_chunks, of_files: weight * self.of_files }
    }
}

/// Robertson's and Spärck Jones's weight of a term that stands in `with` of `all`, as Lucene keeps it above zero.
fn inverse_frequency(all: u32, with: usize) -> f32 {
    let (all, with) = (all as f32, with as f32);
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}

/// BM25's saturation: the second time tells less than the first, and less in a long text.
fn saturated(count: f32, terms: f32, typical: f32, weights: &Weights) -> f32 {
    let length = 1.0 - weights.b + weights.b * terms / typical.max(1.0);
    count * (weights.k1 + 1.0) / (count + weights.k1 * length)
}

/// How large what is seen is.
struct Extent {
    chunks: u32,
    blobs: u32,
    terms: u64,
    /// For each segment, which of its blobs are seen.
    seen: Vec<Vec<u64>>,
}

impl Extent {
    fn of(segments: &[Arc<Segment>], view: &RoaringBitmap) -> Self {
        let mut extent =
            Self { chunks: 0, blobs: 0, terms: 0, seen: Vec::with_capacity(segments.len()) };
        for segment in segments {
            let mut seen = vec![0u64; segment.blobs.len().div_ceil(64)];
            for local in segment.seen(view) {
                let local = local as usize;
                if let (Some(word), Some(blob)) =
                    (seen.get_mut(local / 64), segment.blobs.get(local))
                {
                    *word |= 1 << (local % 64);
                    extent.blobs += 1;
                    extent.chunks += blob.chunks.end - blob.chunks.start;
                    extent.terms += u64::from(blob.terms);
                }
            }
            extent.seen.push(seen);
        }
        extent
    }

    /// Where a term stands, segment by segment.
    fn places(
        &self,
        segments: &[Arc<Segment>],
        numbers: Option<&Vec<Option<u32>>>,
        weights: &Weights,
    ) -> Vec<Vec<Place>> {
        let numbers = numbers.into_iter().flatten();
        let of = |((segment, number), seen): ((&Arc<Segment>, &Option<u32>), &Vec<u64>)| {
            number.map_or(Vec::new(), |number| places(segment, number, seen, weights))
        };
        segments.iter().zip(numbers).zip(&self.seen).map(of).collect()
    }

    fn terms_a_chunk(&self) -> f32 {
        self.terms as f32 / self.chunks.max(1) as f32
    }

    fn terms_a_blob(&self) -> f32 {
        self.terms as f32 / self.blobs.max(1) as f32
    }
}

/// Where a term stands, in what is seen of a segment.
fn places(segment: &Segment, number: u32, seen: &[u64], weights: &Weights) -> Vec<Place> {
    segment
        .postings(number)
        .filter_map(|posting| {
            let blob = segment.chunks.get(posting.chunk as usize)?.blob;
            let is_seen = seen.get(blob as usize / 64)? >> (blob % 64) & 1 == 1;
            let weight = posting.count as f32 + weights.defined * posting.defined as f32;
            is_seen.then_some(Place { chunk: posting.chunk, blob, weight })
        })
        .collect()
}

/// The scores of a segment, dense.
struct Table {
    chunks: Vec<f32>,
    blobs: Vec<f32>,
    /// Which terms of the question each blob has, one bit each.
    terms: Vec<u64>,
    /// And which words that mean about the same.
    near: Vec<u64>,
    /// Of which terms each chunk and each blob has told, by the word itself or by one that means about the same.
    told_by_chunks: Vec<u64>,
    told_by_blobs: Vec<u64>,
}

impl Table {
    fn of(segment: &Segment) -> Self {
        let (chunks, blobs) = (segment.chunks.len(), segment.blobs.len());
        Self {
            chunks: vec![0.0; chunks],
            blobs: vec![0.0; blobs],
            terms: vec![0; blobs],
            near: vec![0; blobs],
            told_by_chunks: vec![0; chunks],
            told_by_blobs: vec![0; blobs],
        }
    }

    /// Adds what a term tells. One that means about the same as a term of the question stands in its place: where the
    /// term itself is, or a nearer one, it tells nothing.
    fn add(
        &mut self,
        segment: &Segment,
        places: &[Place],
        bit: Bit,
        rare: &Rarity,
        extent: &Extent,
        weights: &Weights,
    ) {
        let of = match bit {
            Bit::Term(at) => at,
            Bit::Near(_, of) => of,
        };
        let mask = 1u64 << of.min(63);
        for of_blob in places.chunk_by(|a, b| a.blob == b.blob) {
            let mut in_all = 0.0;
            for place in of_blob {
                in_all += place.weight;
                let at = place.chunk as usize;
                let terms = segment.chunks.get(at).map_or(0, |chunk| chunk.terms) as f32;
                if let (Some(score), Some(told)) =
                    (self.chunks.get_mut(at), self.told_by_chunks.get_mut(at))
                    && *told & mask == 0
                {
                    *score += rare.of_chunks
                        * saturated(place.weight, terms, extent.terms_a_chunk(), weights);
                    *told |= mask;
                }
            }
            let Some(blob) = of_blob.first().map(|place| place.blob as usize) else { continue };
            let terms = segment.blobs.get(blob).map_or(0, |blob| blob.terms) as f32;
            let (bits, at) = match bit {
                Bit::Term(at) => (self.terms.get_mut(blob), at),
                Bit::Near(at, _) => (self.near.get_mut(blob), at),
            };
            bits.into_iter().for_each(|bits| *bits |= 1 << at.min(63));
            if let (Some(score), Some(told)) =
                (self.blobs.get_mut(blob), self.told_by_blobs.get_mut(blob))
                && *told & mask == 0
            {
                *score += rare.of_files * saturated(in_all, terms, extent.terms_a_blob(), weights);
                *told |= mask;
            }
        }
    }

    fn into_blobs(self, segment: &Segment, number: usize, blobs: &mut Vec<Scored>) {
        let bits = self.terms.iter().zip(&self.near);
        for (local, (whole, (terms, near))) in self.blobs.iter().zip(bits).enumerate() {
            let Some(blob) = segment.blobs.get(local).filter(|_| terms | near != 0) else {
                continue;
            };
            let within = self
                .chunks
                .get(blob.chunks.start as usize..blob.chunks.end as usize)
                .unwrap_or_default();
            let chunks = within
                .iter()
                .enumerate()
                .filter(|(_, score)| **score > 0.0)
                .map(|(at, score)| (blob.chunks.start + at as u32, *score))
                .collect();
            let local = local as u32;
            blobs.push(Scored {
                segment: number,
                local,
                blob: segment.number_of(local),
                whole: *whole,
                chunks,
                terms: *terms,
                near: *near,
            });
        }
    }
}
