//! What search is measured against.

use crate::FILES;
use crate::corpus::Corpus;
use std::collections::BTreeMap;
use std::process::Command;

/// BM25 (k1 1.2, b 0.75) over whole files. Terms are words in lower case, identifiers also cut at `_` and capitals;
/// there are no stems, no stop words, and paths count for nothing.
pub(crate) fn bm25(corpus: &Corpus, query: &str) -> Vec<String> {
    let texts: Vec<BTreeMap<String, f64>> =
        corpus.files.iter().map(|(_, text)| counts(text)).collect();
    let lengths: Vec<f64> = texts.iter().map(|counts| counts.values().sum()).collect();
    let typical = lengths.iter().sum::<f64>() / lengths.len().max(1) as f64;
    let mut scores = vec![0.0; texts.len()];
    for term in counts(query).keys() {
        let with = texts.iter().filter(|counts| counts.contains_key(term)).count() as f64;
        let rare = (1.0 + (texts.len() as f64 - with + 0.5) / (with + 0.5)).ln();
        for ((score, counts), length) in scores.iter_mut().zip(&texts).zip(&lengths) {
            let count = counts.get(term).copied().unwrap_or_default();
            *score += rare * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / typical));
        }
    }
    best(corpus.files.iter().map(|(path, _)| path.clone()).zip(scores))
}

fn counts(text: &str) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    for word in
        text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
    {
        let mut parts = vec![String::new()];
        let mut was_small = false;
        for c in word.chars() {
            if c == '_' || (c.is_uppercase() && was_small) {
                parts.push(String::new());
            }
            was_small = !c.is_uppercase();
            parts
                .last_mut()
                .filter(|_| c != '_')
                .into_iter()
                .for_each(|part| part.extend(c.to_lowercase()));
        }
        parts.retain(|part| !part.is_empty());
        if parts.len() > 1 {
            parts.push(word.to_lowercase());
        }
        parts.into_iter().for_each(|part| *counts.entry(part).or_default() += 1.0);
    }
    counts
}

/// What `rg` finds, word by word: files with more of the question's words first, among them those with more matches.
/// Words are taken in any case and anywhere in a line; those of one and two letters, and `the`, `how`, `and`, `for`,
/// `are`, `with`, `from`, are left out.
pub(crate) fn ripgrep(corpus: &Corpus, query: &str) -> Vec<String> {
    const LEFT_OUT: &[&str] = &["the", "how", "and", "for", "are", "with", "from"];
    let mut met: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let words: Vec<&str> = query.split_whitespace().collect();
    let is_alone = words.len() == 1;
    for word in words.iter().filter(|word| is_alone || word.len() > 2 && !LEFT_OUT.contains(word)) {
        let mut rg = Command::new("rg");
        rg.args(["--count-matches", "--with-filename", "--no-messages", "--no-ignore", "--hidden"]);
        rg.args(["--ignore-case", "--fixed-strings", "-e", word, "."]).current_dir(&corpus.folder);
        let out = rg
            .output()
            .map(|out| String::from_utf8_lossy(&out.stdout).into_owned())
            .unwrap_or_default();
        for (path, count) in out.lines().filter_map(|line| line.rsplit_once(':')) {
            let path = path.strip_prefix("./").unwrap_or(path);
            let entry = met.entry(path.to_owned()).or_default();
            *entry = (entry.0 + 1, entry.1 + count.parse().unwrap_or(0));
        }
    }
    best(
        met.into_iter().map(|(path, (words, matches))| (path, words as f64 * 1e9 + matches as f64)),
    )
}

pub(crate) fn ripgrep_is_there() -> bool {
    Command::new("rg").arg("--version").output().is_ok_and(|out| out.status.success())
}

fn best(scored: impl Iterator<Item = (String, f64)>) -> Vec<String> {
    let mut scored: Vec<(String, f64)> = scored.filter(|(_, score)| *score > 0.0).collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    scored.into_iter().take(FILES).map(|(path, _)| path).collect()
}
