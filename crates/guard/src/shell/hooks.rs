//! Code that tools write for the shell that calls them: `eval "$(direnv hook bash)"`.
//!
//! It is the tool's own, as known as the tool is, and sets up the shell: what it comes to is that the tool runs. Only
//! the forms that are listed count; any other word makes it a command whose output nobody knows.

use std::sync::LazyLock;

use weir_model::act::RunKind;

use super::marks::is_unknown;
use super::walk::{Stream, Walk};

pub(super) const SHELLS: [&str; 13] = [
    "bash",
    "zsh",
    "fish",
    "sh",
    "ksh",
    "tcsh",
    "elvish",
    "nu",
    "nushell",
    "pwsh",
    "powershell",
    "posix",
    "xonsh",
];

struct Line {
    names: Vec<&'static str>,
    phrases: Vec<Vec<&'static str>>,
    options: Vec<&'static str>,
}

static TABLE: LazyLock<Vec<Line>> = LazyLock::new(|| {
    let lines = include_str!("tables/hooks.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            let mut parts = line.split('|').map(|part| part.split_whitespace().collect::<Vec<_>>());
            let mut next = || parts.next().unwrap_or_default();
            let (names, phrases, options) = (next(), next(), next());
            let phrases = phrases.iter().map(|phrase| phrase.split('+').collect()).collect();
            Line { names, phrases, options }
        })
        .collect()
});

/// Runs a tool that is asked for code for the shell.
pub(super) fn call(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &[String],
    _: &Stream,
) -> Option<Stream> {
    let lines = TABLE.iter().filter(|line| line.names.contains(&name));
    lines.into_iter().find(|line| line.writes_code(arguments))?;
    walk.runs(name, RunKind::Known);
    Some(Stream::Text(String::new()))
}

impl Line {
    fn writes_code(&self, arguments: &[String]) -> bool {
        let asks = |phrase: &[&str]| {
            let (words, rest) = arguments.split_at(phrase.len().min(arguments.len()));
            words.iter().map(String::as_str).eq(phrase.iter().copied())
                && rest.iter().all(|field| self.allows(field))
        };
        match &self.phrases[..] {
            [] => !arguments.is_empty() && asks(&[]),
            phrases => phrases.iter().any(|phrase| asks(phrase)),
        }
    }

    fn allows(&self, field: &str) -> bool {
        let option = field.split('=').next().unwrap_or(field);
        SHELLS.contains(&field) || self.options.contains(&option) && !is_unknown(field)
    }
}
