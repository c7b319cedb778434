//! Looks that show a secret: what is looked at is one, or holds some.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::options::Part;
use super::{Line, VOCABULARY};

/// Options that ask for the values, where a look tells only names without them.
const ASKED: [&str; 8] = [
    "--with-decryption",
    "--include-value",
    "--include-values",
    "--show-values",
    "--show-secrets",
    "--include-credentials",
    "--reveal",
    "--unmask",
];

/// Phrases that print a secret, by program.
static REVEALS: LazyLock<BTreeMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut table = BTreeMap::new();
    let lines = include_str!("../tables/reveals.txt").lines().filter(|line| !line.starts_with('#'));
    for (names, phrases) in lines.filter_map(|line| line.split_once('|')) {
        for name in names.split_whitespace() {
            table.insert(name, phrases.split_whitespace().collect());
        }
    }
    table
});

/// Whether what is looked at is a secret itself: by the phrase, or by a noun before the verb or in it. Names of
/// secrets are none: a `list-…` and a phrase that a table lists tell only those.
pub(super) fn reveals(name: &str, line: &Line, words: &[&str], said: &[&str]) -> bool {
    let phrase = |length: usize| words[..length.min(words.len())].join("+");
    let listed = |list: &[&str]| (1..=4).any(|length| list.contains(&phrase(length).as_str()));
    if REVEALS.get(name).is_some_and(|phrases| listed(phrases))
        || said.iter().any(|option| ASKED.contains(option))
    {
        return true;
    }
    // The values of an output are hidden where they must be, unless one is asked for by its name.
    let output = words.iter().position(|word| matches!(*word, "output" | "outputs"));
    if output.is_some_and(|at| words[at + 1..].iter().any(|word| sounds_secret(word))) {
        return true;
    }
    let told = line.looks.iter().filter(|known| known.contains('+'));
    if told.copied().any(|known| (2..=4).any(|length| known == phrase(length))) {
        return false;
    }
    const SECRETS: &str = "token tokens password passwords passwd passphrase credential credentials secret secrets keys \
        api-key root-key private-key access-key admin-key query-key account-key primary-key connection-string";
    // A list tells the names of these, and the values of the others.
    const NAMED: &str = "secret secrets token tokens password passwords";
    let looks = |word: &&str| VOCABULARY.get(*word) == Some(&false);
    let verb = words.iter().take(5).rposition(looks).unwrap_or(words.len());
    let lists = words.get(verb).is_some_and(|verb| matches!(*verb, "list" | "ls"));
    words.iter().take(verb.saturating_add(1).min(5)).any(|word| {
        let lower = word.to_ascii_lowercase();
        let names_only =
            lower.starts_with("describe-") || lower.starts_with("list-") && name != "az";
        let parts: Vec<&str> = lower.split(['-', ':', '_', '.']).collect();
        let has = |secret: &str| match secret.split_once('-') {
            None => parts.contains(&secret),
            Some(_) => lower.contains(secret),
        };
        let is_named = lists && NAMED.split_whitespace().any(has);
        !names_only && !is_named && SECRETS.split_whitespace().any(has)
    }) || is_value_of_secret(words, said)
}

/// Whether something is called like a secret.
fn sounds_secret(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    ["password", "passwd", "secret", "token", "credential", "private_key", "private-key", "api_key"]
        .iter()
        .any(|part| lower.contains(part))
}

/// What a machine is told at its start, scripts and keys, when it is asked for by its name.
pub(super) fn asked_for(parts: &[Part<'_>]) -> bool {
    parts.iter().any(|part| matches!(part, Part::Option("--attribute", Some("userData"))))
}

/// `kubectl get secret x -o yaml`: the form of the output tells the values, too.
fn is_value_of_secret(words: &[&str], said: &[&str]) -> bool {
    let of_secret = |word: &&str| matches!(word.split('/').next(), Some("secret" | "secrets"));
    words.first() == Some(&"get")
        && words.iter().skip(1).any(of_secret)
        && said
            .iter()
            .any(|option| option.starts_with("-o") || matches!(*option, "--output" | "--template"))
}
