//! Programs that are steered by words, such as `kubectl delete pod x`: the first verb decides.
//!
//! A line of the table is `names | how | looks | project | controls`. *How* is any of `net` (it asks others),
//! `verbs` (a word that no list has is judged by what it means in every such program), `parameters` (its
//! options are those of an interface: of a look, they say what is looked at), `options` (an option may be the verb),
//! `nouns` (a noun that is a verb, too, may stand before the verb). A word that only looks makes a [`RunKind::Known`]; one that changes what
//! others see or holds is an [`Effect::Controls`](weir_model::act::Effect); a word that nobody knows is not
//! understood. What options do is in `options`, which looks show a secret in `secrets`.

mod options;
mod secrets;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use weir_model::act::{Extent, RunKind, WriteHow};

use super::marks::shown;
use super::walk::{Stream, Walk};
use options::{Call, Part, is_dry, runs_dry};

const WORDS: [&str; 2] = [include_str!("tables/words.txt"), include_str!("tables/clouds.txt")];

/// Verbs that look, in any program.
const LOOKS: &str = include_str!("tables/looks.txt");

/// Verbs that change, in any program.
const CHANGES: &str = include_str!("tables/changes.txt");

/// Looks that name what is looked at, and so may stand before the verb: `databases delete x` deletes.
const NOUNS: &str = "logs events outputs providers metrics limits quota quotas sizes regions zones types locations versions \
    releases checks licenses hosts tables schema schemas databases collections indexes pods services nodes jobs namespaces \
    deployments images license inventory cost costs history stats statistics dashboard config usage balance health ps port \
    tree graph template plan report status state output users members roles buckets queues topics streams clusters instances \
    volumes networks projects apps workspaces sites functions domains environments branches deploys certificates accounts";

struct Line {
    network: bool,
    /// Whether a noun that is a verb, too, may stand before the verb: `backup list`.
    nouns: bool,
    /// Whether options are verbs: `--list`, `--delete`.
    options: bool,
    verbs: bool,
    /// Whether options are the parameters of an interface.
    parameters: bool,
    looks: Vec<&'static str>,
    project: Vec<&'static str>,
    controls: Vec<&'static str>,
}

static TABLE: LazyLock<BTreeMap<&'static str, Line>> = LazyLock::new(|| {
    let mut table = BTreeMap::new();
    let lines = WORDS.iter().flat_map(|words| words.lines());
    for line in lines.filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let parts: Vec<&str> = line.split('|').collect();
        let words = |at: usize| {
            parts.get(at).map_or("", |part| part).split_whitespace().collect::<Vec<_>>()
        };
        for name in words(0) {
            let how = words(1);
            let (looks, project, controls) = (words(2), words(3), words(4));
            let line = Line {
                network: how.contains(&"net"),
                verbs: how.contains(&"verbs"),
                nouns: how.contains(&"nouns"),
                options: how.contains(&"options"),
                parameters: how.contains(&"parameters"),
                looks,
                project,
                controls,
            };
            table.insert(name, line);
        }
    }
    table
});

static VOCABULARY: LazyLock<BTreeMap<&'static str, bool>> = LazyLock::new(|| {
    let changes = CHANGES.split_whitespace().map(|word| (word, true));
    LOOKS.split_whitespace().map(|word| (word, false)).chain(changes).collect()
});

/// What a word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Looks,
    Project,
    Changes,
}

/// Runs a program that is steered by words.
pub(super) fn call(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &[String],
    _: &Stream,
) -> Option<Stream> {
    let line = TABLE.get(name)?;
    walk.steered(name, line, arguments);
    Some(Stream::Unknown)
}

impl Line {
    /// What the words of a call mean, and which one said so.
    fn meaning(&self, words: &[&str]) -> Option<(Meaning, String)> {
        // Longer phrases say more than their first words do.
        for length in (1..=words.len().min(4)).rev() {
            let phrase = words[..length].join("+");
            let found = [
                (&self.looks, Meaning::Looks),
                (&self.project, Meaning::Project),
                (&self.controls, Meaning::Changes),
            ];
            for (list, meaning) in found {
                if list.contains(&phrase.as_str()) && !stands_before(words, length - 1) {
                    return Some((meaning, words[..length].join(" ")));
                }
            }
        }
        if !self.verbs {
            return None;
        }
        for (at, word) in words.iter().enumerate().take(5) {
            if stands_before(words, at) {
                continue;
            }
            if let Some(mut changes) = verb(word) {
                let next = words.get(at + 1).and_then(|next| VOCABULARY.get(next));
                changes &= !(self.nouns && next == Some(&false));
                let meaning = if changes { Meaning::Changes } else { Meaning::Looks };
                return Some((meaning, words[..=at].join(" ")));
            }
        }
        // Nouns alone, in the plural, ask for all there are.
        let asks_for_all = (1..=3).contains(&words.len()) && words.iter().all(|w| is_plural(w));
        asks_for_all.then(|| (Meaning::Looks, words.join(" ")))
    }

    /// Whether an option of this program is a verb.
    fn is_verb(&self, option: &str) -> bool {
        let bare = option.trim_start_matches('-');
        let lists = [&self.looks, &self.project, &self.controls];
        self.options && (VOCABULARY.contains_key(bare) || lists.iter().any(|l| l.contains(&bare)))
    }
}

/// Whether the word at this place is what the changing word behind it is about.
fn stands_before(words: &[&str], at: usize) -> bool {
    let is = |list: &str, word: &str| list.split_whitespace().any(|known| known == word);
    is(NOUNS, words[at]) && words.get(at + 1).is_some_and(|next| is(CHANGES, next))
}

fn is_plural(word: &str) -> bool {
    word.len() > 3
        && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        && word.ends_with('s')
        && !word.ends_with("ss")
        && !word.ends_with("us")
}

/// Whether a word changes something, when it is a verb: alone, or as a part of `delete-object`, `ps:restart`.
fn verb(word: &str) -> Option<bool> {
    let lower = word.to_ascii_lowercase();
    if let Some(changes) = VOCABULARY.get(lower.as_str()) {
        return Some(*changes);
    }
    let mut parts = lower.split(['-', ':', '_', '.', '/']);
    let known: Vec<bool> = parts.clone().filter_map(|part| VOCABULARY.get(part).copied()).collect();
    // The first part is the verb where there is one; a change anywhere else counts, too.
    let first = parts.next().and_then(|part| VOCABULARY.get(part).copied());
    match (first, known.contains(&true)) {
        (Some(changes), _) => Some(changes),
        (None, true) => Some(true),
        (None, false) => known.first().copied(),
    }
}

impl Walk<'_> {
    fn steered(&mut self, name: &str, line: &Line, arguments: &[String]) {
        let Call { mut words, said, parts, tells } = Call::of(arguments);
        if line.options {
            let verbs = said.iter().filter(|option| line.is_verb(option));
            words.splice(0..0, verbs.map(|option| option.trim_start_matches('-')));
        }
        // Whom a question reaches is settled by the settings of whoever asks; a change is told with its way out.
        let meaning = line.meaning(&words);
        let looks = matches!(meaning, Some((Meaning::Looks, _)));
        let lands = lands(name, &words);
        let mut before: Vec<&str> = Vec::new();
        for &part in &parts {
            match part {
                Part::Word(word) if Some(word) == lands => {
                    self.writes(word, WriteHow::Change, Extent::One);
                }
                // A group of logs is called like a path, over there.
                Part::Word(_) if name == "aws" && words.first() == Some(&"logs") => {}
                Part::Word(word) => self.named(word, false),
                Part::Option(option, None) if line.is_verb(option) => {}
                Part::Option(option, given) => {
                    let unloads = before.iter().any(|word| UNLOADS.contains(word));
                    if let (true, "-f" | "--file", Some(file)) = (unloads, option, given) {
                        self.writes(file, WriteHow::Change, Extent::One);
                    }
                    self.steering(name, option, given, line.parameters && looks);
                }
            }
            if let Part::Word(word) = part {
                before.push(word);
            }
        }
        let is_plain = said.is_empty() || line.options;
        if words.is_empty() && !tells && !is_plain {
            self.opaque(&format!("what `{name} {}` does is not known", shown(said[0])));
        }
        if tells || words.is_empty() || matches!(words[..], ["help", ..]) {
            self.runs(name, RunKind::Known);
            return;
        }
        let is_dry = is_dry(&words, &parts);
        let reaches = !(is_dry && runs_dry(name)) && matches!(meaning, Some((Meaning::Changes, _)));
        match meaning {
            Some((Meaning::Looks, phrase)) => {
                self.runs(name, RunKind::Known);
                if secrets::reveals(name, line, &words, &said) || secrets::asked_for(&parts) {
                    self.controls(&format!("reveal {name} {}", shown(&phrase)));
                }
            }
            Some((Meaning::Project, _)) => {
                self.runs(name, RunKind::Project);
                self.stays_all(name, arguments);
            }
            Some((Meaning::Changes, _)) if is_dry => self.runs(name, RunKind::Known),
            Some((Meaning::Changes, phrase)) => {
                self.runs(name, RunKind::Known);
                self.controls(&format!("{name} {}", shown(&phrase)));
            }
            None => {
                self.runs(name, RunKind::Known);
                self.strange(name, words.first().copied().unwrap_or(""));
            }
        }
        if line.network && reaches {
            self.sends("*", false);
        }
    }
}

/// Words behind which `-f` names where something goes, and not where it comes from.
const UNLOADS: [&str; 4] = ["dump", "export", "pull", "download"];

/// The word that names the file in which an answer lands. The operations of AWS take no words but that one, where
/// they answer with bytes and not with a document; a few command lines beside them have such a word, too.
fn lands<'a>(name: &str, words: &[&'a str]) -> Option<&'a str> {
    const OWN: [&str; 9] =
        ["s3", "configure", "logs", "help", "history", "sso", "deploy", "emr", "ecs"];
    let lands = match (name, words) {
        ("aws" | "awslocal", [service, operation, _, ..]) => {
            !OWN.contains(service) && !matches!(*operation, "wait" | "help")
        }
        ("defaults", ["export", _, _, ..]) => true,
        ("terraform" | "tofu", ["providers", "mirror", _, ..]) => true,
        _ => false,
    };
    words.last().copied().filter(|word| lands && *word != "-")
}
