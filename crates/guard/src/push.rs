//! The git boundary: whether a push may enter, by facts alone. Nothing that lands goes around it.
//!
//! Every refusal names its rule, who can lift it, and what to do next; git prints it to whoever pushed.
//! Deliberately absent: git (the facts come from outside), the claim and its fencing token (the room
//! `work`), and secrets ([`crate::secrets`]).

mod checkout;

use bstr::{BStr, ByteSlice as _};
use weir_model::event::Mandate;
use weir_model::{PathSet, Refusal, config};

/// What a push asks for.
#[derive(Debug, Clone, Copy)]
pub struct Push<'a> {
    /// The branch that changes land on.
    pub trunk: &'a str,
    /// The ref that was asked for, shown lossily where it is not UTF-8.
    pub target: &'a str,
    /// Whether it would delete that ref.
    pub delete: bool,
    /// How many commits it brings that the trunk has not.
    pub commits: usize,
    /// How large it is, in bytes as git sends it.
    pub pack_bytes: u64,
    /// Whether it shares a commit with the trunk.
    pub base_is_on_trunk: bool,
    /// Every path that any of its commits changes, for what a later commit takes back is in the history
    /// still; and every path that differs between the tip and the merge of the push onto it. The second is
    /// not among the first where a merge commit takes an older state of a file from one of its parents.
    pub changed: &'a [Changed<'a>],
}

/// A path that a push changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed<'a> {
    /// The path, in whatever bytes git keeps.
    pub path: &'a BStr,
    /// What it becomes; `None` when it goes away.
    pub new: Option<Entry<'a>>,
}

/// What a path is, in a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A file, executable or not.
    File {
        /// Its size.
        bytes: u64,
    },
    /// A symbolic link.
    Link {
        /// Where it points.
        target: &'a BStr,
    },
    /// A submodule: a commit of another repository.
    Submodule,
}

/// How much a push may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest push, in bytes as git sends it.
    pub bytes_max: u64,
    /// The largest single file, in bytes.
    pub file_bytes_max: u64,
    /// The most commits.
    pub commits_max: usize,
}

/// A task of an agent has a handful. A thousand is an import, which a person should bring.
pub const COMMITS_MAX: usize = 1000;

impl Limits {
    /// What the repository allows, and the mandate at most.
    pub fn new(config: &config::Push, mandate: &Mandate) -> Self {
        Self {
            bytes_max: config.bytes_max.min(mandate.push_bytes_max),
            file_bytes_max: config.file_bytes_max,
            commits_max: COMMITS_MAX,
        }
    }
}

/// Refusals list at most this many paths or patterns, and say how many more there are.
const SHOWN_MAX: usize = 5;

/// Whether the push may enter. Every one of `layers` (those of the mandate, and the task's own paths) must
/// allow every path; `task` are the task's paths, which alone can name what is protected.
///
/// # Errors
/// `push.wrong_ref`, `push.deletes`, `push.empty`, `push.unrelated`, `push.too_many_commits`,
/// `push.too_large`, `push.unsafe_path`, `push.unsafe_link`, `push.protected_path`,
/// `push.outside_mandate`, `push.file_too_large`: the first that applies, in this order.
pub fn judge(
    push: &Push<'_>,
    layers: &[&PathSet],
    limits: &Limits,
    task: &PathSet,
) -> Result<(), Refusal> {
    the_ref(push)?;
    the_commits(push, limits)?;
    for changed in push.changed {
        checkout::is_safe(changed)?;
    }
    nothing_protected(push, task)?;
    inside_every_layer(push, layers)?;
    no_file_too_large(push, limits)
}

fn the_ref(push: &Push<'_>) -> Result<(), Refusal> {
    let trunk = push.trunk;
    let target = push.target.escape_debug();
    let hint = format!("`git push weir HEAD:refs/for/{trunk}`");
    if push.target.strip_prefix("refs/for/") != Some(trunk) {
        let sentence = format!("`{target}` is not a ref to push to; changes enter at one only");
        return Err(Refusal::new("push.wrong_ref", sentence).hint(hint));
    }
    if push.delete {
        let sentence = format!("`{target}` cannot be deleted: it is an entrance, not a branch");
        return Err(Refusal::new("push.deletes", sentence).hint(hint));
    }
    Ok(())
}

fn the_commits(push: &Push<'_>, limits: &Limits) -> Result<(), Refusal> {
    let trunk = push.trunk;
    if push.commits == 0 || push.changed.is_empty() {
        let sentence = format!("this push changes nothing that `{trunk}` has not");
        return Err(Refusal::new("push.empty", sentence)
            .hint("commit your work first: `git status` shows what is not committed"));
    }
    if !push.base_is_on_trunk {
        let sentence = format!("this push shares no commit with `{trunk}`");
        return Err(Refusal::new("push.unrelated", sentence).hint(format!(
            "put your commits on it: `git fetch weir && git rebase --onto weir/{trunk} --root`"
        )));
    }
    if push.commits > limits.commits_max {
        let (commits, max) = (push.commits, limits.commits_max);
        let sentence = format!("this push brings {commits} commits, the most is {max}");
        return Err(Refusal::new("push.too_many_commits", sentence)
            .hint(format!("squash them: `git rebase -i weir/{trunk}`")));
    }
    if push.pack_bytes > limits.bytes_max {
        let (bytes, max) = (push.pack_bytes, limits.bytes_max);
        let sentence = format!("this push has {bytes} bytes, the most is {max}");
        return Err(Refusal::new("push.too_large", sentence).hint(
            "take large files out of every commit; an owner can raise `bytes_max` under `[push]` in \
             `weir.toml`, and whoever opened the session its mandate",
        ));
    }
    Ok(())
}

/// Weir's own rules are changed by a task that says so, and never by one that merely says `**`.
fn nothing_protected(push: &Push<'_>, task: &PathSet) -> Result<(), Refusal> {
    let mut hidden = push.changed.iter().map(|changed| changed.path);
    match hidden.find(|path| is_protected(path) && !is_named(path, task)) {
        Some(path) => {
            let path = shown(path);
            let sentence = format!("{path} sets Weir's own rules, and this task does not name it");
            Err(Refusal::new("push.protected_path", sentence).hint(format!(
                "take it out of your commits; a person can cut a task whose paths name {path}"
            )))
        }
        None => Ok(()),
    }
}

/// Whatever the case: on many machines `WEIR.TOML` is the same file.
fn is_protected(path: &BStr) -> bool {
    let first = path.split(|byte| *byte == b'/').next().unwrap_or_default();
    path.eq_ignore_ascii_case(b"weir.toml") || first.eq_ignore_ascii_case(b".weir")
}

fn is_named(path: &BStr, task: &PathSet) -> bool {
    let explicit = |pattern: &&String| pattern.starts_with(".weir/");
    let contains = |pattern: &String| {
        PathSet::new([pattern.as_str()]).is_ok_and(|pattern| pattern.contains(path))
    };
    task.names(path) || task.patterns().iter().filter(explicit).any(contains)
}

fn inside_every_layer(push: &Push<'_>, layers: &[&PathSet]) -> Result<(), Refusal> {
    // Without a layer nothing was granted.
    let allowed = |path| !layers.is_empty() && layers.iter().all(|layer| layer.contains(path));
    let outside: Vec<_> =
        push.changed.iter().map(|changed| changed.path).filter(|path| !allowed(path)).collect();
    if outside.is_empty() {
        return Ok(());
    }
    let verb = if outside.len() == 1 { "is" } else { "are" };
    let paths = some_of(outside.iter().map(|path| shown(path)));
    let mut layers = layers.to_vec();
    layers.dedup();
    let within = layers.iter().map(|layer| patterns_in_words(layer)).collect::<Vec<_>>();
    let sentence =
        format!("{paths} {verb} outside what you may touch: {}", within.join(", within "));
    Err(Refusal::new("push.outside_mandate", sentence).hint(
        "take these files out of your commits; the person who cut the task can cut a new one with \
         wider paths",
    ))
}

fn no_file_too_large(push: &Push<'_>, limits: &Limits) -> Result<(), Refusal> {
    for changed in push.changed {
        let Some(Entry::File { bytes }) = changed.new else { continue };
        let (path, max) = (shown(changed.path), limits.file_bytes_max);
        if bytes > max {
            let sentence = format!("{path} has {bytes} bytes, the most for one file is {max}");
            return Err(Refusal::new("push.file_too_large", sentence).hint(
                "take it out of every commit, or keep it in Git LFS; an owner can raise \
                 `file_bytes_max` under `[push]` in `weir.toml`",
            ));
        }
    }
    Ok(())
}

fn patterns_in_words(layer: &PathSet) -> String {
    match layer.patterns() {
        [] => "nothing".to_owned(),
        patterns => some_of(patterns.iter().map(|pattern| format!("`{}`", pattern.escape_debug()))),
    }
}

/// `a`, `b` and 3 more
fn some_of(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(SHOWN_MAX);
    let listed = all.take(SHOWN_MAX).collect::<Vec<_>>().join(", ");
    if more == 0 { listed } else { format!("{listed} and {more} more") }
}

fn shown(path: &BStr) -> String {
    format!("`{}`", printable(path))
}

/// A path for a terminal: no control characters, and not endless.
pub(crate) fn printable(path: &BStr) -> String {
    const CHARS_MAX: usize = 200;
    let text = path.to_str_lossy();
    let mut chars = text.chars().flat_map(char::escape_debug);
    let mut printable: String = chars.by_ref().take(CHARS_MAX).collect();
    if chars.next().is_some() {
        printable.push('…');
    }
    printable
}
