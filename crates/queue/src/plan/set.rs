//! Sets of places in the queue, as bits: unions and inclusions of hundreds of builds in microseconds.

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Set {
    words: Vec<u64>,
}

impl Set {
    pub(super) fn new(places: usize) -> Self {
        Self { words: vec![0; places.div_ceil(64)] }
    }

    /// All places below `end`.
    pub(super) fn below(places: usize, end: usize) -> Self {
        let mut set = Self { words: vec![u64::MAX; places.div_ceil(64)] };
        set.cut(end);
        set
    }

    pub(super) fn insert(&mut self, place: usize) {
        self.words[place / 64] |= 1 << (place % 64);
    }

    pub(super) fn remove(&mut self, place: usize) {
        self.words[place / 64] &= !(1 << (place % 64));
    }

    pub(super) fn has(&self, place: usize) -> bool {
        self.words[place / 64] & (1 << (place % 64)) != 0
    }

    /// Leaves only places below `end`.
    pub(super) fn cut(&mut self, end: usize) {
        for (index, word) in self.words.iter_mut().enumerate() {
            let kept = end.saturating_sub(index * 64);
            if kept < 64 {
                *word &= (1 << kept) - 1;
            }
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        let words = self.words.iter().zip(&other.words).map(|(word, other)| word & !other);
        Self { words: words.collect() }
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(word, other)| word & other != 0)
    }

    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).all(|(word, other)| word & !other == 0)
    }

    /// Whether the same of `these` are in both.
    pub(super) fn agrees(&self, other: &Self, these: &Self) -> bool {
        let words = self.words.iter().zip(&other.words).zip(&these.words);
        words.into_iter().all(|((word, other), these)| (word ^ other) & these == 0)
    }

    /// How many are in both.
    pub(super) fn common(&self, other: &Self) -> usize {
        let words = self.words.iter().zip(&other.words);
        words.map(|(word, other)| (word & other).count_ones() as usize).sum()
    }

    /// How many are not in `other`: 0, 1, or 2 for more; and the last of those.
    pub(super) fn missing_in(&self, other: &Self) -> (usize, usize) {
        let (mut count, mut last) = (0, 0);
        for (index, (word, other)) in self.words.iter().zip(&other.words).enumerate() {
            let missing = word & !other;
            if missing != 0 {
                count += missing.count_ones() as usize;
                last = index * 64 + missing.trailing_zeros() as usize;
                if count > 1 {
                    return (2, last);
                }
            }
        }
        (count, last)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(super) fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The places, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words
            .iter()
            .enumerate()
            .flat_map(|(index, word)| Bits { word: *word, base: index * 64 })
    }

    /// The places that are not in `other`, ascending.
    pub(super) fn iter_without<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = usize> + 'a {
        let words = self.words.iter().zip(&other.words).map(|(word, other)| word & !other);
        words.enumerate().flat_map(|(index, word)| Bits { word, base: index * 64 })
    }
}

struct Bits {
    word: u64,
    base: usize,
}

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.word == 0 {
            return None;
        }
        let bit = self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        Some(self.base + bit)
    }
}
