//! Git in a tree that an agent may have configured: its commits are read and brought, its programs are not run.
//!
//! A tree's own configuration can name a program for almost everything that git does: `core.fsmonitor`, hooks, filters,
//! `core.sshCommand`. Whoever runs Weir's command line there may be a person, with a person's rights. What stands in
//! the user's and the system's own configuration counts as ever.

use crate::error::CommandError;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What wins over the tree's own settings.
const SETTINGS: [(&str, &str); 15] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.sshCommand", "false"),
    ("core.gitProxy", ""),
    ("core.askPass", "false"),
    ("core.pager", "cat"),
    ("credential.helper", ""),
    ("push.gpgSign", "false"),
    // Each submodule has a configuration of its own.
    ("push.recurseSubmodules", "no"),
    ("submodule.recurse", "false"),
    ("status.submoduleSummary", "false"),
    ("diff.ignoreSubmodules", "dirty"),
    ("diff.external", ""),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
];

/// Settings whose names are known only once they are read, each with what takes its place if only the tree has it.
const NAMED: [(&str, &str); 7] = [
    (".clean", ""),
    (".smudge", ""),
    (".process", ""),
    (".required", "false"),
    // These lead a push, and the token with it, to whom the tree says.
    (".proxy", ""),
    (".curloptresolve", ""),
    (".sslverify", "true"),
];

/// Selects [`NAMED`]; git tells sections and names in lower case.
const NAMED_PATTERN: &str =
    r"^(filter\..*\.(clean|smudge|process|required)|http\..*(proxy|curloptresolve|sslverify))$";

/// A tree, and how git is to be run in it.
#[derive(Debug)]
pub(crate) struct Tree {
    dir: PathBuf,
    settings: Vec<(OsString, OsString)>,
}

impl Tree {
    /// The tree around `dir`.
    ///
    /// # Errors
    /// When git cannot be run.
    pub(crate) fn at(dir: &Path) -> Result<Self, CommandError> {
        let fixed = SETTINGS.map(|(key, value)| (key.into(), value.into()));
        let mut tree = Self { dir: dir.to_owned(), settings: fixed.into() };
        let mut ask = tree.git(&[]);
        ask.args(["config", "-z", "--show-scope", "--get-regexp", NAMED_PATTERN]);
        let told = ask.output().map_err(CommandError::doing("run git"))?;
        let named = replaced(&told.stdout);
        tree.settings.extend(named);
        Ok(tree)
    }

    /// Git in this tree, with `more` settings, which are not seen in any list of processes.
    pub(crate) fn git(&self, more: &[(&str, &str)]) -> Command {
        let mut git = Command::new("git");
        git.current_dir(&self.dir)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            // Weir is reached by these two; among the others are those that start what an address names. A setting
            // would not do, for the tree can make a closer one.
            .env("GIT_ALLOW_PROTOCOL", "http:https");
        let more = more.iter().map(|(key, value)| (OsStr::new(key), OsStr::new(value)));
        let own = self.settings.iter().map(|(key, value)| (key.as_os_str(), value.as_os_str()));
        // Not with `-c`, where a name with `=` in it would end too early.
        let mut count = 0;
        for (key, value) in own.chain(more) {
            git.env(format!("GIT_CONFIG_KEY_{count}"), key);
            git.env(format!("GIT_CONFIG_VALUE_{count}"), value);
            count += 1;
        }
        git.env("GIT_CONFIG_COUNT", count.to_string());
        git
    }
}

/// What takes the place of settings that the tree makes: the user's own value, else a harmless one. `told` are triples
/// of a scope, and a key and a value with a line break between.
fn replaced(told: &[u8]) -> Vec<(OsString, OsString)> {
    let fields: Vec<&[u8]> = told.split(|byte| *byte == 0).collect();
    let told = fields.chunks_exact(2).map(|pair| {
        let (key, value) = match pair[1].iter().position(|byte| *byte == b'\n') {
            Some(at) => (&pair[1][..at], &pair[1][at + 1..]),
            None => (pair[1], &b""[..]),
        };
        (matches!(pair[0], b"local" | b"worktree"), key, value)
    });
    let told: Vec<(bool, &[u8], &[u8])> = told.collect();
    let mut settings = Vec::new();
    for (_, key, _) in told.iter().filter(|(is_of_tree, ..)| *is_of_tree) {
        let of_user = told.iter().rev().find(|(is_of_tree, other, _)| !is_of_tree && other == key);
        let harmless = NAMED.iter().find(|(end, _)| key.ends_with(end.as_bytes()));
        let value = of_user.map(|(_, _, value)| *value);
        let value = value.or_else(|| harmless.map(|(_, value)| value.as_bytes()));
        let pair = (as_os(key), as_os(value.unwrap_or_default()));
        if !settings.contains(&pair) {
            settings.push(pair);
        }
    }
    settings
}

fn as_os(bytes: &[u8]) -> OsString {
    OsStr::from_bytes(bytes).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_the_tree_names_is_replaced_by_the_users_own_or_by_nothing() {
        let told = [
            "global\0filter.lfs.clean\ngit-lfs clean",
            "local\0filter.lfs.clean\nevil",
            "local\0filter.a=b.process\nevil",
            "worktree\0filter.a=b.required\ntrue",
            "local\0http.proxy\nhttp://evil.example",
            "local\0http.https://x/.sslverify",
            "global\0http.proxy\nhttp://mine.example",
            "system\0filter.other.smudge\nmine",
            "",
        ];
        let rows: Vec<(String, String)> = replaced(told.join("\0").as_bytes())
            .into_iter()
            .map(|(key, value)| (key.to_string_lossy().into(), value.to_string_lossy().into()))
            .collect();
        let wanted = [
            ("filter.lfs.clean", "git-lfs clean"),
            ("filter.a=b.process", ""),
            ("filter.a=b.required", "false"),
            ("http.proxy", "http://mine.example"),
            ("http.https://x/.sslverify", "true"),
        ];
        assert_eq!(rows, wanted.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(told in any::<Vec<u8>>()) {
            replaced(&told);
        }
    }
}
