//! Programs that are steered by words, such as `kubectl delete pod x`: the first verb decides.
//!
//! A line of the table is `names | how | looks | project | controls`. *How* is any of `net` (it asks others),
//! `verbs` (a word that no list has is judged by what it means in every such program), `strict` (options that
//! no list has are not understood). A word that only looks makes a [`RunKind::Known`]; one that changes what
//! others see or holds is an [`Effect::Controls`](weir_model::act::Effect); a word that nobody knows is not
//! understood.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use weir_model::act::{Extent, RunKind, WriteHow};

use super::marks::{is_unknown, shown};
use super::walk::{Stream, Walk};

const WORDS: [&str; 2] = [include_str!("tables/words.txt"), include_str!("tables/clouds.txt")];

/// Verbs that look, in any program.
const LOOKS: &str = include_str!("tables/looks.txt");

/// Verbs that change, in any program.
const CHANGES: &str = include_str!("tables/changes.txt");

/// Options that any such program may have and that run and write nothing.
const OPTIONS: &str = include_str!("tables/options.txt");

/// Looks that name what is looked at, and so may stand before the verb: `databases delete x` deletes.
const NOUNS: &str = "logs events outputs providers metrics limits quota quotas sizes regions zones types locations versions \
    releases checks licenses hosts tables schema schemas databases collections indexes pods services nodes jobs namespaces \
    deployments images license inventory cost costs history stats statistics dashboard config usage balance health ps port \
    tree graph template plan report status state output users members roles buckets queues topics streams clusters instances \
    volumes networks projects apps workspaces sites functions domains environments branches deploys certificates accounts";

/// Words at the end of an option that only name, count or order what is looked at.
const NAMING: &str = "id ids name names arn arns type types status state states count size limit limits number only zone zones \
    region regions version versions date time format color colour headers page pages sort order fields columns width level \
    levels days hours minutes seconds max min total filter filters linked changes tests budget";

/// Parts of an option that reach further than its last word says.
const REACHING: &str = "exec command cmd script hook plugin editor pager rsh shell eval load require external file dir path out \
    output url endpoint uri proxy cert ca token password secret config kubeconfig insecure verify check ssl tls auth sign sandbox \
    confirm prompt protect protection lock lockfile backup rollback force delete migrate remote";

struct Line {
    network: bool,
    /// Whether a noun that is a verb, too, may stand before the verb: `backup list`.
    nouns: bool,
    /// Whether options are verbs: `--list`, `--delete`.
    options: bool,
    verbs: bool,
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

/// Phrases that print a secret, by program.
static REVEALS: LazyLock<BTreeMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut table = BTreeMap::new();
    let lines = include_str!("tables/reveals.txt").lines().filter(|line| !line.starts_with('#'));
    for (names, phrases) in lines.filter_map(|line| line.split_once('|')) {
        for name in names.split_whitespace() {
            table.insert(name, phrases.split_whitespace().collect());
        }
    }
    table
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
        // A noun alone, in the plural, asks for all there are.
        match words {
            [noun] if is_plural(noun) => Some((Meaning::Looks, (*noun).to_owned())),
            _ => None,
        }
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

/// Whether what is looked at is a secret itself: by the phrase, or by a noun before the verb or in it. Names of
/// secrets are none: a `list-…` and a phrase that a table lists tell only those.
fn reveals(name: &str, line: &Line, words: &[&str], said: &[&str]) -> bool {
    let phrase = |length: usize| words[..length.min(words.len())].join("+");
    let listed = |list: &[&str]| (1..=4).any(|length| list.contains(&phrase(length).as_str()));
    if REVEALS.get(name).is_some_and(|phrases| listed(phrases))
        || said.contains(&"--with-decryption")
    {
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

/// `kubectl get secret x -o yaml`: the form of the output tells the values, too.
fn is_value_of_secret(words: &[&str], said: &[&str]) -> bool {
    let of_secret = |word: &&str| matches!(word.split('/').next(), Some("secret" | "secrets"));
    words.first() == Some(&"get")
        && words.iter().skip(1).any(of_secret)
        && said
            .iter()
            .any(|option| option.starts_with("-o") || matches!(*option, "--output" | "--template"))
}

impl Walk<'_> {
    fn steered(&mut self, name: &str, line: &Line, arguments: &[String]) {
        let mut words: Vec<&str> = Vec::new();
        let mut said: Vec<&str> = Vec::new();
        let mut fields = arguments.iter().peekable();
        let mut tells = false;
        while let Some(field) = fields.next() {
            if field == "--" {
                break;
            }
            if !field.starts_with('-') || field == "-" {
                words.push(field);
                self.named(field, false);
                continue;
            }
            let (option, value) = match field.split_once('=') {
                Some((option, value)) => (option, Some(value)),
                None => (field.as_str(), None),
            };
            said.push(option);
            // Behind a word that runs something, a question is not for this program.
            let asks =
                matches!(option, "--help" | "-h" | "--version" | "-help" | "-version" | "-V");
            tells |= asks && words.len() < 2 && fields.peek().is_none();
            let next =
                fields.peek().map(|next| next.as_str()).filter(|next| !next.starts_with('-'));
            let file = is_cluster(option) && next.is_some_and(is_file);
            let takes = value.is_none() && (takes_value(option) || file);
            let given = value.or(if takes { next } else { None });
            let unloads =
                words.iter().any(|word| matches!(*word, "dump" | "export" | "pull" | "download"));
            if let (true, "-f" | "--file", Some(file)) = (unloads, option, given) {
                self.writes(file, WriteHow::Change, Extent::One);
            }
            self.steering(name, option, given);
            if matches!(option, "-H" | "-M" | "--host" | "--machine")
                && matches!(
                    name,
                    "systemctl" | "journalctl" | "loginctl" | "hostnamectl" | "timedatectl"
                )
            {
                self.sends(given.unwrap_or("*"), true);
            }
            if takes && next.is_some() {
                fields.next();
            }
        }
        if line.options {
            let bare = said.iter().map(|option| option.trim_start_matches('-'));
            words.splice(0..0, bare.filter(|option| VOCABULARY.contains_key(option)));
        }
        let is_plain = said.is_empty() || line.options;
        if words.is_empty() && !tells && !is_plain {
            self.opaque(&format!("what `{name} {}` does is not known", shown(said[0])));
        }
        if tells || words.is_empty() || matches!(words[..], ["help", ..]) {
            self.runs(name, RunKind::Known);
            return;
        }
        // Whom a question reaches is settled by the settings of whoever asks; a change is told with its way out.
        let meaning = line.meaning(&words);
        let changes = matches!(meaning, Some((Meaning::Changes, _)));
        match meaning {
            Some((Meaning::Looks, phrase)) => {
                self.runs(name, RunKind::Known);
                if reveals(name, line, &words, &said) {
                    self.controls(&format!("reveal {name} {}", shown(&phrase)));
                }
            }
            Some((Meaning::Project, _)) => {
                self.runs(name, RunKind::Project);
                self.stays_all(name, arguments);
            }
            Some((Meaning::Changes, _)) if said.iter().any(|option| is_dry(option)) => {
                self.runs(name, RunKind::Known)
            }
            Some((Meaning::Changes, phrase)) => {
                self.runs(name, RunKind::Known);
                self.controls(&format!("{name} {}", shown(&phrase)));
            }
            None => {
                self.runs(name, RunKind::Known);
                self.strange(name, words.first().copied().unwrap_or(""));
            }
        }
        if line.network && changes {
            self.sends("*", false);
        }
    }

    /// An option: a path in its value is read, or written when its name says so.
    fn steering(&mut self, name: &str, option: &str, value: Option<&str>) {
        let bare = option.trim_start_matches('-').to_ascii_lowercase();
        let runs = [
            "exec", "command", "cmd", "script", "hook", "plugin", "editor", "pager", "rsh",
            "shell", "eval", "load", "require", "external",
        ];
        let is_plain = is_listed(option) || is_cluster(option) || only_names(&bare);
        if value.is_some_and(|value| value.contains("exec:") || value.starts_with("ext::")) {
            self.opaque(&format!("`{name} {option}` names a program"));
        }
        if !is_plain && runs.iter().any(|word| bare.split(['-', '_']).any(|part| part == *word)) {
            self.opaque(&format!("`{name} {option}` may run what it is told"));
        } else if !is_plain {
            self.opaque(&format!(
                "`{name}` has an option that Weir does not know: `{}`",
                shown(option)
            ));
        }
        // Settings of a cluster name programs that are run to sign in.
        if let ("kubeconfig", Some(value)) = (&bare[..], value) {
            let paths = self.paths(value);
            let ours =
                |path: &String| self.is_in_tree(path) && !self.state.texts.contains_key(path);
            if !paths.iter().all(ours) {
                self.opaque(&format!("`{name} {option}` may run what a file says"));
            }
        }
        if let Some(value) = value {
            let writes = matches!(
                &bare[..],
                "o" | "out"
                    | "output"
                    | "outfile"
                    | "out-file"
                    | "output-file"
                    | "output-dir"
                    | "out-dir"
                    | "log-file"
                    | "report"
                    | "target-dir"
                    | "destination"
                    | "dest"
                    | "save"
            ) || bare.starts_with("save-");
            self.named(value, writes);
        }
    }

    /// A word that looks like a path.
    fn named(&mut self, word: &str, writes: bool) {
        let word = word
            .strip_prefix("fileb://")
            .or_else(|| word.strip_prefix("file://"))
            .or_else(|| word.strip_prefix('@'))
            .unwrap_or(word);
        let is_path =
            word.starts_with(['/', '~']) || word.starts_with("./") || word.starts_with("../");
        if !is_path || is_unknown(word) {
            return;
        }
        if writes {
            self.writes(word, WriteHow::Change, Extent::Tree);
        } else {
            self.reads(word, Extent::Tree);
        }
    }
}

/// Whether an option is listed, behind one dash or two.
fn is_listed(option: &str) -> bool {
    let bare = option.trim_start_matches('-');
    OPTIONS.split_whitespace().any(|known| known.trim_start_matches('-') == bare)
}

/// Whether an option, without its dashes, only names, counts or orders what is looked at, or switches off something
/// that protects nobody.
fn only_names(bare: &str) -> bool {
    let is = |list: &str, part: &str| list.split_whitespace().any(|known| known == part);
    let reaches = bare.split(['-', '_']).any(|part| is(REACHING, part));
    let names = bare.rsplit(['-', '_']).next().is_some_and(|last| is(NAMING, last));
    !reaches && (names || bare.starts_with("no-"))
}

/// Whether a word can only be a file: behind a letter, it is what that letter takes.
fn is_file(word: &str) -> bool {
    ["/", "~", "./", "../"].iter().any(|begin| word.starts_with(begin))
        || [".yaml", ".yml", ".json", ".toml"].iter().any(|end| word.ends_with(end))
}

/// Whether an option is one letter, or a few behind one dash.
fn is_cluster(option: &str) -> bool {
    let letters = option.strip_prefix('-').unwrap_or("");
    (1..=5).contains(&letters.len())
        && letters.bytes().all(|b| b.is_ascii_alphabetic())
        && !matches!(letters, "exec" | "eval" | "load" | "shell")
}

/// Whether an option says that nothing is to happen.
fn is_dry(option: &str) -> bool {
    matches!(option, "--dry-run" | "--dryrun" | "--what-if" | "--noop" | "--simulate")
}

/// Whether an option is one that takes the next word: most that are spelled out do, the common flags do not.
fn takes_value(option: &str) -> bool {
    const FLAGS: &str = "--all --help --version --verbose --quiet --json --yaml --force --yes --no-color --debug --dry-run --watch --follow \
        --recursive --wide --all-namespaces --no-headers --show-labels --interactive --tail-x --prune --wait --no-wait --detach --rm --tty \
        --no-trunc --no-cache --pull-x --auto-approve --check --diff --long --raw --pretty --web --draft --fill --no-pager --full --plain --upgrade \
        --reconfigure --no-input --non-interactive --table --color --compact --short --local --remote --stdin --human-readable --summarize --include-deleted \
        --no-paginate --no-verify-ssl --no-sign-request --delete --purge --ignore-not-found --server-side --client --cluster-x --show-events --previous \
        --ignore-unused --latest --size --no-stream --digests --tree --list --show --global --system --user --now --reverse --failed --show-all \
        --no-legend --merge --squash --admin --rebase --stat --name-only --porcelain --cached --offline --no-progress --insecure --csv --no-emoji --stream --paginate --slurp --silent --exit-code --strict";
    if option.starts_with("--no-") {
        return false;
    }
    if option.len() > 2 && !option.starts_with("--") {
        return !is_cluster(option) && takes_value(&format!("-{option}"));
    }
    match option.as_bytes() {
        [b'-', letter] => !b"adefFhHiIklLqrRsStuvVwxXyYAbBTzZ".contains(letter),
        [b'-', b'-', ..] => !FLAGS.split_whitespace().any(|known| known == option),
        _ => true,
    }
}
