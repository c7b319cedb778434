//! The nearest words of each word, as the table that is linked in.

/// A word has so many at most.
const NEAR_MAX: usize = 10;

/// Below this, words have little more in common than being words of code.
const NEARNESS_MIN: f32 = 0.6;

/// So many words are held against all others at once: what fits a cache.
const AT_ONCE: usize = 64;

pub(crate) fn table(tokens: &[(String, Vec<i8>)]) -> Vec<u8> {
    let is_word =
        |text: &str| text.len() >= 3 && text.bytes().all(|byte| byte.is_ascii_lowercase());
    let mut kept: Vec<&(String, Vec<i8>)> =
        tokens.iter().filter(|(text, _)| is_word(text)).collect();
    kept.sort();
    let words: Vec<&str> = kept.iter().map(|(text, _)| text.as_str()).collect();
    let mut vectors: Vec<Vec<f32>> = kept.iter().map(|(_, vector)| unit(vector)).collect();
    centre(&mut vectors);
    let text = words.join("\n");
    let mut table = Vec::new();
    table.extend((words.len() as u32).to_le_bytes());
    table.extend((text.len() as u32).to_le_bytes());
    table.extend(text.as_bytes());
    for first in (0..words.len()).step_by(AT_ONCE) {
        let last = (first + AT_ONCE).min(words.len());
        let mut near: Vec<Vec<(f32, usize)>> = vec![Vec::new(); last - first];
        for (other, vector) in vectors.iter().enumerate() {
            for (found, own) in near.iter_mut().zip(first..last) {
                let nearness = dot(&vectors[own], vector);
                if nearness >= NEARNESS_MIN && is_another(words[own], words[other]) {
                    found.push((nearness, other));
                }
            }
        }
        near.into_iter().for_each(|found| write(found, &mut table));
    }
    table
}

/// A word that another begins with is found as a part of it: search takes identifiers and endings apart.
fn is_another(one: &str, other: &str) -> bool {
    !one.starts_with(other) && !other.starts_with(one)
}

fn write(mut found: Vec<(f32, usize)>, table: &mut Vec<u8>) {
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    found.truncate(NEAR_MAX);
    table.push(found.len() as u8);
    for (nearness, word) in found {
        table.extend((word as u16).to_le_bytes());
        table.push((nearness * 255.0).round().min(255.0) as u8);
    }
}

fn unit(vector: &[i8]) -> Vec<f32> {
    let mut vector: Vec<f32> = vector.iter().map(|number| f32::from(*number)).collect();
    scale(&mut vector);
    vector
}

fn scale(vector: &mut [f32]) {
    let length = vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|number| *number /= length as f32);
    }
}

/// Takes from each what all have in common.
fn centre(vectors: &mut [Vec<f32>]) {
    let count = vectors.len().max(1) as f64;
    let dimensions = vectors.first().map_or(0, Vec::len);
    let sum = |at: usize| vectors.iter().map(|vector| f64::from(vector[at])).sum::<f64>();
    let mean: Vec<f32> = (0..dimensions).map(|at| (sum(at) / count) as f32).collect();
    for vector in vectors {
        vector.iter_mut().zip(&mean).for_each(|(number, mean)| *number -= mean);
        scale(vector);
    }
}

/// In eight sums, so that the compiler may take eight at once; always in the same order, so that it is always the same.
fn dot(one: &[f32], other: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    for (one, other) in one.chunks_exact(8).zip(other.chunks_exact(8)) {
        for ((sum, one), other) in sums.iter_mut().zip(one).zip(other) {
            *sum += one * other;
        }
    }
    sums.iter().sum()
}
