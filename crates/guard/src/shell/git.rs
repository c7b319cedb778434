//! Git, with all its spellings.

mod fields;
mod remote;
mod settings;

use weir_model::act::{Effect, Extent, GitOperation, RunKind, WriteHow};

use super::marks::{BELOW, is_unknown, shown};
use super::walk::{Stream, Walk};
use fields::{is_option, patterns_of, values};

/// Sub-commands that only look, whatever their options (those that write or run are looked at for all).
const LOOKS: &str = "status log diff show blame annotate grep rev-parse rev-list ls-files ls-tree cat-file describe shortlog \
    name-rev merge-base for-each-ref show-ref check-ignore check-attr diff-tree diff-index diff-files count-objects fsck \
    verify-commit verify-tag version help whatchanged cherry range-diff var merge-tree get-tar-commit-id show-branch \
    check-mailmap check-ref-format stripspace column diff-pairs request-pull verify-pack fmt-merge-msg patch-id \
    unpack-file last-modified";

/// Sub-commands that record what the repository alone can undo.
const RECORDS: &str = "add commit merge cherry-pick revert mv init notes apply am bisect rerere mktree mktag commit-tree \
    hash-object write-tree read-tree merge-file update-index sparse-checkout pack-refs pack-objects index-pack \
    commit-graph multi-pack-index maintenance stage restore switch checkout stash rm reset worktree submodule \
    branch tag format-patch archive bundle";

/// Options anywhere that run a program or write a file.
const RUNNING: [&str; 9] = [
    "--upload-pack",
    "--receive-pack",
    "--exec",
    "--open-files-in-pager",
    "--ext-diff",
    "--textconv",
    "--extcmd",
    "--tool",
    "--config-env",
];

/// Runs git.
pub(super) fn call(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &[String],
    stdin: &Stream,
) -> Option<Stream> {
    match name {
        "git" => Some(walk.git(arguments, stdin)),
        "gitk" | "tig" | "git-gui" | "gitui" | "lazygit" => {
            walk.runs(name, RunKind::Foreign);
            Some(Stream::Unknown)
        }
        name => {
            let rest = name.strip_prefix("git-")?;
            let known =
                [LOOKS, RECORDS, "push fetch pull clone remote config rebase gc reflog clean"]
                    .join(" ");
            if !known.split_whitespace().any(|word| word == rest) {
                return None;
            }
            let mut fields = vec![rest.to_owned()];
            fields.extend(arguments.iter().cloned());
            Some(walk.git(&fields, stdin))
        }
    }
}

impl Walk<'_> {
    fn git(&mut self, arguments: &[String], stdin: &Stream) -> Stream {
        self.runs("git", RunKind::Known);
        let before = self.state.folders.clone();
        let output = self.git_in(arguments, stdin);
        self.state.folders = before;
        output
    }

    /// Global options, then the sub-command.
    fn git_in(&mut self, arguments: &[String], stdin: &Stream) -> Stream {
        let mut aliases: Vec<(String, String)> = Vec::new();
        let mut rest = arguments.iter();
        let command = loop {
            let Some(field) = rest.next() else {
                self.operation(GitOperation::Look);
                return Stream::Unknown;
            };
            let (name, attached) = match field.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (&field[..], None),
            };
            let mut value =
                || attached.clone().or_else(|| rest.next().cloned()).unwrap_or_default();
            match name {
                "-C" => {
                    let folder = value();
                    self.state.folders = self.paths(&folder);
                    // What another repository holds is read there.
                    if !self.state.folders.iter().all(|folder| self.is_in_tree(folder)) {
                        self.reads(".", Extent::Tree);
                    }
                }
                "-c" => {
                    let setting = value();
                    let (key, value) = setting.split_once('=').unwrap_or((&setting, "true"));
                    match key.strip_prefix("alias.") {
                        Some(alias) => aliases.push((alias.to_owned(), value.to_owned())),
                        None => self.git_setting(key, value, false),
                    }
                }
                "--exec-path" if attached.is_none() => {
                    self.operation(GitOperation::Look);
                    return Stream::Unknown;
                }
                "--git-dir" | "--work-tree" | "--exec-path" | "--config-env" | "--namespace"
                | "--super-prefix" => {
                    let target = value();
                    let paths = self.paths(&target);
                    let inside = paths.first().is_some_and(|path| self.is_in_tree(path));
                    if matches!(name, "--exec-path" | "--config-env") || !inside {
                        self.opaque(&format!(
                            "`git {name}` leads to settings or programs of another place"
                        ));
                    }
                }
                "-p"
                | "-P"
                | "--paginate"
                | "--no-pager"
                | "--bare"
                | "--no-replace-objects"
                | "--literal-pathspecs"
                | "--glob-pathspecs"
                | "--noglob-pathspecs"
                | "--icase-pathspecs"
                | "--no-optional-locks"
                | "--no-lazy-fetch"
                | "--no-advice" => {}
                "--version" | "-v" | "--help" | "-h" | "--html-path" | "--man-path"
                | "--info-path" | "--list-cmds" => {
                    self.operation(GitOperation::Look);
                    return Stream::Unknown;
                }
                _ if name.starts_with('-') => {
                    self.opaque(&format!(
                        "`git` has an option that Weir does not know: `{}`",
                        shown(name)
                    ));
                }
                _ => break field.clone(),
            }
        };
        let fields: Vec<String> = rest.cloned().collect();
        if let Some((_, alias)) = aliases.iter().find(|(name, _)| *name == command) {
            return match alias.strip_prefix('!') {
                Some(script) => {
                    let script = script.to_owned();
                    self.words(&script, stdin)
                }
                None => {
                    let mut words: Vec<String> =
                        alias.split_whitespace().map(str::to_owned).collect();
                    words.extend(fields);
                    // An alias of an alias is not followed: git does not, either.
                    self.git_command(
                        &words.first().cloned().unwrap_or_default(),
                        words.get(1..).unwrap_or(&[]),
                    )
                }
            };
        }
        if is_unknown(&command) {
            self.opaque("a command of git is known only when it runs");
            return Stream::Unknown;
        }
        self.git_command(&command, &fields)
    }

    fn operation(&mut self, operation: GitOperation) {
        self.find(Effect::Git { operation });
    }

    fn git_command(&mut self, command: &str, fields: &[String]) -> Stream {
        for field in fields {
            let name = field.split('=').next().unwrap_or(field);
            if RUNNING.contains(&name) && !(name == "--exec" && command == "rebase") {
                self.opaque(&format!("`git {command} {name}` runs a program"));
            }
            let output = field
                .strip_prefix("--output=")
                .or_else(|| field.strip_prefix("--output-directory="));
            if let Some(file) = output {
                self.writes(file, WriteHow::Change, Extent::One);
            }
            if name == "--unsafe-paths" {
                self.opaque("`git apply --unsafe-paths` writes outside of the work tree");
            }
            let leads_out = field.starts_with(['/', '~']) || field.starts_with("../");
            if leads_out
                && matches!(
                    command,
                    "diff" | "log" | "show" | "blame" | "grep" | "add" | "shortlog"
                )
            {
                self.reads(field, Extent::Tree);
            }
            for option in [
                "--pathspec-from-file=",
                "--file=",
                "--contents=",
                "--ignore-revs-file=",
                "--exclude-from=",
            ] {
                if let Some(file) = field.strip_prefix(option) {
                    self.reads(file, Extent::One);
                }
            }
            // An address whose scheme names a program to talk to.
            if field.starts_with("ext::") || field.starts_with("fd::") {
                self.opaque("git talks to a program that an address names");
            }
        }
        let has = |names: &[&str]| fields.iter().any(|field| is_option(field, names));
        let operands: Vec<&str> =
            fields.iter().map(String::as_str).filter(|field| !field.starts_with('-')).collect();
        if has(&["--no-verify"]) || (command == "commit" && has(&["-n"])) {
            self.operation(GitOperation::SkipHooks);
        }
        match command {
            "push" => self.push(fields),
            "fetch" | "pull" | "ls-remote" | "clone" | "submodule" | "remote" | "lfs" | "svn"
            | "send-email" | "http-fetch" => {
                return self.git_remote(command, fields, &operands);
            }
            "config" => self.git_config(fields, &operands),
            "reset" => {
                if has(&["--hard", "--merge", "--keep"]) {
                    self.operation(GitOperation::Discard);
                }
                self.operation(GitOperation::Record);
            }
            "clean" if has(&["-n", "--dry-run"]) => self.operation(GitOperation::Look),
            "clean" => self.operation(GitOperation::Discard),
            "checkout" | "restore" | "switch" => self.checkout(command, fields, &operands),
            "stash" => match operands.first() {
                Some(&"drop" | &"clear") => self.operation(GitOperation::Drop),
                Some(&"list" | &"show") => self.operation(GitOperation::Look),
                _ => self.operation(GitOperation::Record),
            },
            "rm" if !has(&["--cached", "-n", "--dry-run"]) => {
                self.operation(GitOperation::Record);
                let extent = if has(&["-r"]) { Extent::Tree } else { Extent::One };
                for operand in &operands {
                    self.writes(operand, WriteHow::Delete, extent);
                }
                if has(&["-f", "--force"]) {
                    self.operation(GitOperation::Discard);
                }
            }
            "mv" => {
                self.operation(GitOperation::Record);
                for operand in &operands {
                    self.writes(operand, WriteHow::Change, Extent::Tree);
                }
            }
            "rebase" => {
                if has(&["-x", "--exec"]) {
                    self.opaque("`git rebase --exec` runs a command at every step");
                }
                self.operation(GitOperation::Rewrite);
            }
            "filter-branch" | "filter-repo" | "replace" | "fast-import" => {
                self.operation(GitOperation::Rewrite);
                if command == "filter-branch" {
                    self.opaque("`git filter-branch` runs what its filters say");
                }
            }
            "commit" => {
                let amends = has(&["--amend"]);
                self.operation(if amends { GitOperation::Rewrite } else { GitOperation::Record });
                for file in values(fields, &["-F", "--file", "-t", "--template"]) {
                    self.reads(&file, Extent::One);
                }
            }
            "branch" => {
                let moves = has(&[
                    "-M",
                    "-m",
                    "-C",
                    "-c",
                    "--move",
                    "--copy",
                    "-f",
                    "--force",
                    "-u",
                    "--set-upstream-to",
                    "--unset-upstream",
                    "--edit-description",
                ]);
                if has(&["-D", "-d", "--delete"]) {
                    self.operation(GitOperation::Drop);
                } else if has(&["-f", "--force", "-M", "-C"]) {
                    self.operation(GitOperation::Rewrite);
                } else if moves
                    || !operands.is_empty()
                        && !has(&[
                            "--list",
                            "-l",
                            "--contains",
                            "--merged",
                            "--no-merged",
                            "--points-at",
                            "--sort",
                            "--format",
                        ])
                {
                    self.operation(GitOperation::Record);
                } else {
                    self.operation(GitOperation::Look);
                }
            }
            "tag" => {
                if has(&["-d", "--delete"]) {
                    self.operation(GitOperation::Drop);
                } else if has(&["-f", "--force"]) {
                    self.operation(GitOperation::Rewrite);
                } else if operands.is_empty()
                    || has(&[
                        "-l",
                        "--list",
                        "--contains",
                        "--points-at",
                        "--merged",
                        "-v",
                        "--verify",
                    ])
                {
                    self.operation(GitOperation::Look);
                } else {
                    self.operation(GitOperation::Record);
                }
            }
            "update-ref" => {
                let drops = has(&["-d", "--stdin"]);
                self.operation(if drops { GitOperation::Drop } else { GitOperation::Rewrite });
            }
            "symbolic-ref" => {
                let changes = operands.len() > 1 || has(&["-d", "--delete"]);
                self.operation(if changes { GitOperation::Rewrite } else { GitOperation::Look });
            }
            "reflog" => match operands.first() {
                Some(&"expire" | &"delete" | &"drop") => self.operation(GitOperation::Drop),
                _ => self.operation(GitOperation::Look),
            },
            "gc" | "prune" | "prune-packed" | "repack" | "fsck-objects" => {
                let drops = has(&["--prune", "--aggressive", "-d", "-D"])
                    || command == "prune"
                    || has(&["--expire"]);
                let keeps = command == "gc" && !has(&["--prune"]) || has(&["-n", "--dry-run"]);
                self.operation(if drops && !keeps {
                    GitOperation::Drop
                } else {
                    GitOperation::Record
                });
            }
            "worktree" => match operands.first() {
                Some(&"list") | None => self.operation(GitOperation::Look),
                Some(&"remove" | &"prune") => self.operation(GitOperation::Discard),
                Some(&"add" | &"move") => {
                    self.operation(GitOperation::Record);
                    if let Some(folder) = operands.get(1) {
                        self.writes(folder, WriteHow::Change, Extent::Tree);
                    }
                }
                Some(_) => self.operation(GitOperation::Record),
            },
            "bisect" if operands.first() == Some(&"run") => {
                self.operation(GitOperation::Record);
                let at = fields
                    .iter()
                    .position(|field| field == "run")
                    .map_or(fields.len(), |at| at + 1);
                self.call(&fields[at..], &Stream::Unknown);
            }
            "difftool" | "mergetool" | "instaweb" | "daemon" | "shell" | "p4" | "cvsserver"
            | "credential" | "credential-store" | "credential-cache" | "upload-pack"
            | "receive-pack" | "web--browse" | "gui" | "upload-archive" | "sh-i18n" | "hook" => {
                self.opaque(&format!("`git {command}` runs or serves more than Weir knows"));
            }
            "grep" if fields.iter().any(|field| patterns_of(field).is_some()) => {
                self.operation(GitOperation::Look);
                fields.iter().filter_map(|field| patterns_of(field)).for_each(|file| {
                    self.reads(file, Extent::One);
                });
            }
            "grep" if has(&["-O"]) => self.opaque("`git grep -O` runs a program"),
            "apply" | "am" => {
                self.operation(GitOperation::Record);
                operands.iter().for_each(|operand| self.reads(operand, Extent::One));
            }
            "archive" | "format-patch" | "bundle" => {
                self.operation(GitOperation::Look);
                for file in values(fields, &["-o", "--output"]) {
                    self.writes(&file, WriteHow::Change, Extent::One);
                }
                if command == "archive" && has(&["--remote"]) {
                    self.sends("*", false);
                }
                if let ("bundle", Some(&"create"), Some(file)) =
                    (command, operands.first(), operands.get(1))
                {
                    self.writes(file, WriteHow::Change, Extent::One);
                }
            }
            "diff" | "grep" | "blame" | "hash-object"
                if has(&["--no-index", "-f", "--contents", "-w"]) || command == "hash-object" =>
            {
                self.operation(if command == "hash-object" {
                    GitOperation::Record
                } else {
                    GitOperation::Look
                });
                let files: Vec<String> = operands.iter().map(|field| (*field).to_owned()).collect();
                files.iter().for_each(|file| self.reads(file, Extent::Tree));
                for file in values(fields, &["-f", "--contents"]) {
                    self.reads(&file, Extent::One);
                }
            }
            "ls-files" => {
                self.operation(GitOperation::Look);
                return Stream::Paths(vec![BELOW.to_owned()]);
            }
            "rev-parse" if has(&["--show-toplevel"]) => {
                self.operation(GitOperation::Look);
                return Stream::Text(self.place.tree.to_owned());
            }
            "rev-parse" if has(&["--git-dir", "--git-common-dir"]) => {
                self.operation(GitOperation::Look);
                return Stream::Text(format!("{}/.git", self.place.tree));
            }
            "rev-parse" | "rev-list" | "merge-base" | "describe" => {
                self.operation(GitOperation::Look);
                return super::walk::some();
            }
            "diff" | "show" | "diff-tree" if has(&["--name-only"]) => {
                self.operation(GitOperation::Look);
                return Stream::Paths(vec![BELOW.to_owned()]);
            }
            _ if LOOKS.split_whitespace().any(|known| known == command) => {
                self.operation(GitOperation::Look)
            }
            _ if RECORDS.split_whitespace().any(|known| known == command) => {
                self.operation(GitOperation::Record)
            }
            _ => self.opaque(&format!("`git {command}` is no command that Weir knows")),
        }
        Stream::Unknown
    }

    fn checkout(&mut self, command: &str, fields: &[String], operands: &[&str]) {
        let has = |names: &[&str]| fields.iter().any(|field| is_option(field, names));
        let behind =
            fields.iter().position(|field| field == "--").is_some_and(|at| at + 1 < fields.len());
        let discards = match command {
            "restore" => !has(&["--staged", "-S"]) || has(&["--worktree", "-W"]),
            "switch" => has(&["-f", "--force", "--discard-changes"]),
            _ => {
                let is_path = |word: &&str| {
                    matches!(*word, "." | ":/" | "*")
                        || word.starts_with("./")
                        || super::marks::is_pattern(word)
                        || is_unknown(word)
                };
                behind
                    || has(&["-f", "--force", "--ours", "--theirs", "--pathspec-from-file"])
                    || operands.iter().any(is_path)
                    || !has(&["-b", "-B", "--orphan", "-t", "--track"]) && operands.len() > 1
                    || operands.first().is_some_and(|word| self.is_tracked_file(word))
            }
        };
        if discards {
            self.operation(GitOperation::Discard);
        } else if has(&["-B", "-C", "--force-create"]) {
            self.operation(GitOperation::Rewrite);
        } else {
            self.operation(GitOperation::Record);
        }
    }

    fn is_tracked_file(&self, word: &str) -> bool {
        self.paths(word).iter().any(|path| self.place.files.thing(path) == Some(super::Thing::File))
    }
}
