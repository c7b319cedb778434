//! The truth of a history: what comes when, what is bad, who touches whom, who clashes, what flakes.

use crate::plan::Level;
use std::collections::BTreeMap;

/// One change of a history.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// When it comes.
    pub arrives_ms: u64,
    /// How long a build of it takes.
    pub length_ms: u64,
    /// Whether it is bad by itself.
    pub is_bad: bool,
    /// The chance to be good that history gives it: right on average, and told before the truth is.
    pub success: f64,
}

/// One that a change touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// Which.
    pub other: usize,
    /// What says so.
    pub level: Level,
    /// Whether they pass apart and fail together.
    pub clashes: bool,
}

/// From what numbers a history is made up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Names the history: the same seed and numbers make the same.
    pub seed: u64,
    /// How many changes.
    pub changes: usize,
    /// How many come in an hour, at any time alike (Poisson).
    pub per_hour: f64,
    /// The share of bad ones.
    pub bad: f64,
    /// How much the chance of being bad differs from change to change: it is drawn from a beta distribution with
    /// this concentration. Infinite: history knows nothing but the mean.
    pub concentration: f64,
    /// The chance that a run of a good build fails.
    pub flake: f64,
    /// The chance that two changes touch, if no more than [`Shape::REACH`] changes came between them.
    pub touching: f64,
    /// The chance that two that touch pass apart and fail together.
    pub clash: f64,
    /// Mean length of a build; they are lognormal.
    pub length_ms: f64,
    /// Standard deviation of lengths, as a share of the mean.
    pub length_cv: f64,
}

impl Shape {
    /// Changes further apart than this do not touch: neither waits when the other does.
    pub const REACH: usize = 2000;
    /// Changes that come further apart than this do not clash: the author of the later one wrote it upon the other, and
    /// saw how it did. Real pairs are counted so, too: those of which one landed while the other was written.
    pub const WRITTEN_MS: u64 = 60 * 60 * 1000;
}

/// A history, with its truth.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// The changes, as they come.
    pub changes: Vec<Change>,
    /// By change, whom it touches, ascending.
    pub touches: Vec<Vec<Touched>>,
    /// The chance that a run of a good build fails.
    pub flake: f64,
    /// The chance that two that touch clash.
    pub clash: f64,
    seed: u64,
}

impl World {
    /// Makes a history up.
    pub fn new(shape: &Shape) -> Self {
        let mut chance = Chance(mix(shape.seed, 1));
        let mut clock = 0.0;
        let changes: Vec<Change> = (0..shape.changes)
            .map(|_| {
                clock += -chance.unit().ln() * 3_600_000.0 / shape.per_hour;
                let risk = chance.risk(shape.bad, shape.concentration);
                Change {
                    arrives_ms: clock as u64,
                    length_ms: chance.lognormal(shape.length_ms, shape.length_cv).max(1000.0)
                        as u64,
                    is_bad: chance.unit() < risk,
                    success: 1.0 - risk,
                }
            })
            .collect();
        let mut touches = vec![Vec::new(); changes.len()];
        let mut pairs = Chance(mix(shape.seed, 2));
        for later in 0..changes.len() {
            // From one that touches to the next in one draw: the pairs are too many for a draw each.
            let mut earlier = later.saturating_sub(Shape::REACH) as f64;
            loop {
                if shape.touching < 1.0 {
                    earlier += (pairs.unit().ln() / (1.0 - shape.touching).ln()).floor();
                }
                if earlier >= later as f64 || shape.touching <= 0.0 {
                    break;
                }
                let apart_ms = changes[later].arrives_ms - changes[earlier as usize].arrives_ms;
                let clashes = pairs.unit() < shape.clash && apart_ms < Shape::WRITTEN_MS;
                let level = Level::Symbols;
                touches[earlier as usize].push(Touched { other: later, level, clashes });
                touches[later].push(Touched { other: earlier as usize, level, clashes });
                earlier += 1.0;
            }
        }
        touches.iter_mut().for_each(|row: &mut Vec<Touched>| row.sort_unstable());
        Self { changes, touches, flake: shape.flake, clash: shape.clash, seed: shape.seed }
    }

    /// A recorded history: its changes, the pairs that touch, at which level, and whether they clash, and what is assumed of flakes
    /// and of clashes.
    pub fn recorded(
        seed: u64,
        changes: Vec<Change>,
        pairs: &[(usize, usize, Level, bool)],
        flake: f64,
        clash: f64,
    ) -> Self {
        let mut touches = vec![Vec::new(); changes.len()];
        for (one, other, level, clashes) in pairs.iter().copied().filter(|pair| pair.0 != pair.1) {
            touches[one].push(Touched { other, level, clashes });
            touches[other].push(Touched { other: one, level, clashes });
        }
        for row in &mut touches {
            row.sort_unstable();
            row.dedup_by_key(|touched| touched.other);
        }
        Self { changes, touches, flake, clash, seed }
    }

    /// Whether two touch.
    pub fn touch(&self, one: usize, other: usize) -> bool {
        self.touches[one].binary_search_by_key(&other, |known| known.other).is_ok()
    }

    /// Whether a tree is good that holds these, on top of what landed.
    pub fn is_good(&self, landed: &[bool], items: &[usize]) -> bool {
        items.iter().all(|item| {
            let with = |other: usize| landed[other] || items.contains(&other);
            let clash = self.touches[*item].iter().any(|t| t.clashes && with(t.other));
            !self.changes[*item].is_bad && !clash
        })
    }

    /// Whether a run of a good tree flakes: the `nth` of that tree.
    pub fn flakes(&self, tree: u64, nth: u64) -> bool {
        Chance(mix(mix(self.seed, tree), nth)).unit() < self.flake
    }
}

/// How often each tree ran.
#[derive(Debug, Clone, Default)]
pub(super) struct Runs(BTreeMap<u64, u64>);

impl Runs {
    pub(super) fn next(&mut self, tree: u64) -> u64 {
        let count = self.0.entry(tree).or_default();
        *count += 1;
        *count
    }
}

/// The number of a tree's name (FNV-1a).
pub(super) fn named(tree: &str) -> u64 {
    let step = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    tree.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// A number that depends on both evenly (the finaliser of MurmurHash3, twice).
pub(super) fn mix(one: u64, other: u64) -> u64 {
    let mut word = one ^ other.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
    for _ in 0..2 {
        word = (word ^ (word >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        word = (word ^ (word >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        word ^= word >> 33;
    }
    word
}

/// Numbers that look random and are the same every time.
struct Chance(u64);

impl Chance {
    /// Above 0, at most 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        ((mix(self.0, 4) >> 11) as f64 + 1.0) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.unit(), self.unit());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }

    fn lognormal(&mut self, mean: f64, cv: f64) -> f64 {
        let variance = (1.0 + cv * cv).ln();
        (mean.ln() - variance / 2.0 + variance.sqrt() * self.normal()).exp()
    }

    /// From a gamma distribution of this shape and scale 1 (Marsaglia and Tsang 2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * self.unit().powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.unit().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    fn risk(&mut self, mean: f64, concentration: f64) -> f64 {
        if !concentration.is_finite() || mean <= 0.0 {
            return mean;
        }
        let bad = self.gamma(mean * concentration);
        let good = self.gamma((1.0 - mean) * concentration);
        // Both may be too small for a number.
        if bad + good > 0.0 { bad / (bad + good) } else { mean }
    }
}
