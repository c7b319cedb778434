//! Options of programs that are steered by words: which take a value, what they read and write, and which are plain.

use weir_model::act::{Extent, WriteHow};

use crate::shell::marks::{is_unknown, shown};
use crate::shell::walk::Walk;

/// Options that any such program may have and that run and write nothing.
const OPTIONS: &str = include_str!("../tables/options.txt");

/// Words at the end of an option that only name, count or order what is looked at.
const NAMING: &str = "id ids name names arn arns type types status state states count size limit limits number only zone zones \
    region regions version versions date time format color colour headers page pages sort order fields columns width level \
    levels days hours minutes seconds max min total filter filters linked changes tests budget";

/// Parts of an option that reach further than its last word says.
const REACHING: &str = "exec command cmd script hook plugin editor pager rsh shell eval load require external file dir path out \
    output url endpoint uri proxy cert ca token password secret secrets passwords credentials config kubeconfig insecure verify check ssl tls auth sign sandbox \
    confirm prompt protect protection lock lockfile backup rollback force delete migrate remote";

/// Options, without their dashes, whose value is written when it is a path.
const WRITTEN: [&str; 15] = [
    "o",
    "out",
    "output",
    "outfile",
    "out-file",
    "output-file",
    "output-dir",
    "out-dir",
    "outdir",
    "log-file",
    "report",
    "target-dir",
    "destination",
    "dest",
    "save",
];

/// Programs whose `--host` names a machine that is steered.
const STEERS_MACHINES: [&str; 5] =
    ["systemctl", "journalctl", "loginctl", "hostnamectl", "timedatectl"];

/// A call, taken apart as such programs read it.
#[derive(Default)]
pub(super) struct Call<'a> {
    pub(super) words: Vec<&'a str>,
    /// The options, without their values.
    pub(super) said: Vec<&'a str>,
    /// Everything, in its order.
    pub(super) parts: Vec<Part<'a>>,
    /// Whether it is only asked for its help or its version.
    pub(super) tells: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    Word(&'a str),
    Option(&'a str, Option<&'a str>),
}

impl<'a> Call<'a> {
    pub(super) fn of(arguments: &'a [String]) -> Self {
        let mut call = Self::default();
        let mut fields = arguments.iter().map(String::as_str).peekable();
        while let Some(field) = fields.next() {
            if field == "--" {
                break;
            }
            if !field.starts_with('-') || field == "-" {
                call.words.push(field);
                call.parts.push(Part::Word(field));
                continue;
            }
            let (option, value) = match field.split_once('=') {
                Some((option, value)) => (option, Some(value)),
                None => (field, None),
            };
            // Behind a word that runs something, a question is not for this program.
            let asks =
                matches!(option, "--help" | "-h" | "--version" | "-help" | "-version" | "-V");
            call.tells |= asks && call.words.len() < 2 && fields.peek().is_none();
            let next = fields.peek().copied().filter(|next| !next.starts_with('-'));
            let file = is_cluster(option) && next.is_some_and(is_file);
            let takes = value.is_none() && (takes_value(option) || file);
            call.said.push(option);
            call.parts.push(Part::Option(option, value.or(if takes { next } else { None })));
            if takes && next.is_some() {
                fields.next();
            }
        }
        call
    }
}

impl Walk<'_> {
    /// An option: a path in its value is read, or written when its name says so.
    pub(super) fn steering(
        &mut self,
        name: &str,
        option: &str,
        value: Option<&str>,
        is_parameter: bool,
    ) {
        let bare = option.trim_start_matches('-').to_ascii_lowercase();
        let runs = [
            "exec", "command", "cmd", "script", "hook", "plugin", "editor", "pager", "rsh",
            "shell", "eval", "load", "require", "external",
        ];
        let is_plain = is_listed(option)
            || is_cluster(option)
            || only_names(&bare)
            || is_settings(&bare)
            || is_parameter && !reaches(&bare);
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
        if matches!(option, "-H" | "-M" | "--host" | "--machine") && STEERS_MACHINES.contains(&name)
        {
            self.sends(value.unwrap_or("*"), true);
        }
        // Settings name programs that are run to sign in.
        if let (true, Some(value)) = (is_settings(&bare), value) {
            let paths = self.paths(value);
            let ours =
                |path: &String| self.is_in_tree(path) && !self.state.texts.contains_key(path);
            if paths.is_empty() || !paths.iter().all(ours) {
                self.opaque(&format!("`{name} {option}` may run what a file says"));
            }
        }
        // `/aws/lambda/f` is how they call it over there.
        if let Some(value) = value.filter(|_| !is_name(&bare)) {
            let writes = WRITTEN.contains(&&bare[..]) || bare.starts_with("save-");
            // Some say there in which form they answer, and not where.
            let is_form = matches!(&bare[..], "o" | "output");
            if writes && !is_form && is_unknown(value) {
                self.writes(value, WriteHow::Change, Extent::Tree);
            } else {
                self.named(value, writes);
            }
        }
    }

    /// A word that looks like a path.
    pub(super) fn named(&mut self, word: &str, writes: bool) {
        let word = word
            .strip_prefix("fileb://")
            .or_else(|| word.strip_prefix("file://"))
            .or_else(|| word.strip_prefix('@'))
            .unwrap_or(word);
        let is_path = word.starts_with(['/', '~'])
            || word.starts_with("./")
            || word.starts_with("../")
            || word.contains("/../");
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
    let names = bare.rsplit(['-', '_']).next().is_some_and(|last| is(NAMING, last));
    !reaches(bare) && (names || bare.starts_with("no-"))
}

/// Whether what an option, without its dashes, is given is the name of something over there.
fn is_name(bare: &str) -> bool {
    let last = bare.rsplit(['-', '_']).next().unwrap_or(bare);
    matches!(last, "name" | "names" | "id" | "ids" | "arn" | "arns") && !reaches(bare)
}

/// Whether an option, without its dashes, reaches further than its last word says.
fn reaches(bare: &str) -> bool {
    let is = |part: &str| REACHING.split_whitespace().any(|known| known == part);
    bare.split(['-', '_']).any(is)
}

/// Whether an option, without its dashes, names settings: those of the work tree are the project's.
fn is_settings(bare: &str) -> bool {
    matches!(bare, "kubeconfig" | "config-dir")
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

/// Whether a call says that nothing is to happen. Behind a word that hands words on, it is said to somebody else.
pub(super) fn is_dry(words: &[&str], parts: &[Part<'_>]) -> bool {
    const OPTIONS: [&str; 5] = ["--dry-run", "--dryrun", "--what-if", "--noop", "--simulate"];
    const HAND_ON: [&str; 10] =
        ["run", "exec", "execute", "ssh", "shell", "console", "eval", "invoke", "debug", "attach"];
    let says = |part: &Part<'_>| match part {
        Part::Option(option, value) => {
            OPTIONS.contains(option) && !matches!(value, Some("none" | "false" | "no" | "0"))
        }
        Part::Word(_) => false,
    };
    parts.iter().any(says) && !words.iter().any(|word| HAND_ON.contains(word))
}

/// Whether a program is known to have such an option. Others may take no notice of one that they do not know.
pub(super) fn runs_dry(name: &str) -> bool {
    const PROGRAMS: &str = "kubectl oc k kubecolor helm docker docker-compose podman rclone restic borg s5cmd azcopy aws wrangler \
        supabase firebase flux argocd eksctl istioctl cilium minikube";
    PROGRAMS.split_whitespace().any(|known| known == name)
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
