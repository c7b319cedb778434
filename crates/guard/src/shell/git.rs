//! Git, with all its spellings.

use weir_model::act::{Effect, Extent, GitOperation, RunKind, WriteHow};

use super::marks::{BELOW, is_unknown, shown};
use super::walk::{Stream, Walk};

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

    /// A setting, for one call or for good.
    fn git_setting(&mut self, key: &str, value: &str, kept: bool) {
        let lower = key.to_ascii_lowercase();
        if lower == "core.hookspath" {
            self.operation(GitOperation::SkipHooks);
        }
        let dull = [
            "color.",
            "user.",
            "core.quotepath",
            "core.pager=cat",
            "advice.",
            "diff.renam",
            "log.",
            "init.defaultbranch",
            "core.autocrlf",
            "core.safecrlf",
            "commit.gpgsign",
            "tag.gpgsign",
            "gc.auto",
            "fetch.prune",
            "pull.rebase",
            "pull.ff",
            "merge.conflictstyle",
            "rebase.autostash",
            "rebase.autosquash",
            "diff.context",
            "core.longpaths",
            "core.filemode",
            "column.",
            "status.",
            "grep.",
            "diff.mnemonicprefix",
            "diff.noprefix",
            "diff.algorithm",
            "diff.colormoved",
            "blame.",
            "core.abbrev",
            "maintenance.auto",
            "push.default",
            "push.autosetupremote",
            "protocol.version",
            "branch.autosetup",
            "rerere.",
            "transfer.fsckobjects",
            "http.lowspeed",
            "http.postbuffer",
            "submodule.recurse",
            "merge.ff",
            "help.autocorrect",
            "feature.",
            "index.",
            "pack.",
            "core.preloadindex",
            "core.untrackedcache",
            "checkout.defaultremote",
        ];
        let pager = lower == "core.pager" || lower.starts_with("pager.");
        let editor = matches!(&lower[..], "core.editor" | "sequence.editor");
        let harmless_value = matches!(
            value,
            "cat" | "less" | "true" | "false" | "" | ":" | "vim" | "vi" | "nano" | "code --wait"
        );
        let is_dull =
            dull.iter().any(|dull| lower.starts_with(dull)) || (pager || editor) && harmless_value;
        if is_dull && !is_unknown(key) {
            if kept {
                self.operation(GitOperation::Record);
            }
            return;
        }
        self.operation(GitOperation::Configure { key: key.to_owned() });
        if (pager || editor) && !kept {
            let value = value.to_owned();
            self.apart(|walk| walk.words(&value, &Stream::Unknown));
        }
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

    fn push(&mut self, fields: &[String]) {
        let takes = [
            "-o",
            "--push-option",
            "--repo",
            "--exec",
            "--receive-pack",
            "--recurse-submodules",
            "--signed",
        ];
        let (mut operands, mut force, mut delete, mut all) = (Vec::new(), false, false, Vec::new());
        let mut rest = fields.iter();
        let mut remote = String::new();
        while let Some(field) = rest.next() {
            let name = field.split('=').next().unwrap_or(field);
            if field == "--" {
                operands.extend(rest.by_ref().cloned());
            } else if takes.contains(&name)
                && !field.contains('=')
                && name != "--signed"
                && name != "--recurse-submodules"
            {
                let value = rest.next().cloned().unwrap_or_default();
                if name == "--repo" {
                    remote = value;
                }
            } else if is_option(
                field,
                &["-f", "--force", "--force-with-lease", "--force-if-includes", "--mirror"],
            ) || name.len() > 4 && "--force-with-lease".starts_with(name)
            {
                force = true;
                if name == "--mirror" {
                    (delete, all) = (true, vec!["refs/*".to_owned()]);
                }
            } else if field.starts_with("--") {
                match name {
                    "--delete" => delete = true,
                    "--prune" => (delete, all) = (true, vec!["refs/*".to_owned()]),
                    "--all" | "--branches" => all = vec!["refs/heads/*".to_owned()],
                    "--tags" => all.push("refs/tags/*".to_owned()),
                    "--repo" => {
                        remote = field.split_once('=').map_or("", |(_, value)| value).to_owned()
                    }
                    "--dry-run"
                    | "--verbose"
                    | "--quiet"
                    | "--progress"
                    | "--no-progress"
                    | "--porcelain"
                    | "--set-upstream"
                    | "--follow-tags"
                    | "--no-follow-tags"
                    | "--atomic"
                    | "--no-atomic"
                    | "--thin"
                    | "--no-thin"
                    | "--no-verify"
                    | "--verify"
                    | "--ipv4"
                    | "--ipv6"
                    | "--signed"
                    | "--no-signed"
                    | "--push-option"
                    | "--recurse-submodules"
                    | "--no-recurse-submodules"
                    | "--no-force-with-lease"
                    | "--exec"
                    | "--receive-pack" => {}
                    _ => self.opaque(&format!(
                        "`git push` has an option that Weir does not know: `{}`",
                        shown(name)
                    )),
                }
            } else if field.starts_with('-') {
                force |= field.contains('f');
                delete |= field.contains('d');
                if field.ends_with('o') {
                    rest.next();
                }
            } else {
                operands.push(field.clone());
            }
        }
        if remote.is_empty() && !operands.is_empty() {
            remote = operands.remove(0);
        }
        let mut refs = all;
        for operand in &operands {
            let plus = operand.strip_prefix('+');
            force |= plus.is_some();
            let spec = plus.unwrap_or(operand);
            let target = match spec.split_once(':') {
                Some(("", target)) if !target.is_empty() => {
                    delete = true;
                    target
                }
                Some((_, target)) => target,
                None => spec,
            };
            refs.push(shown(target));
        }
        if is_unknown(&remote) || operands.iter().any(|operand| is_unknown(operand)) {
            self.opaque("where is pushed is known only when it runs");
        }
        self.operation(GitOperation::Push { remote: shown(&remote), refs, force, delete });
        // A remote by its name is told by the operation; where an address leads is told beside it.
        if remote.contains(':') {
            self.sends(&remote, true);
        }
    }

    fn git_remote(&mut self, command: &str, fields: &[String], operands: &[&str]) -> Stream {
        let action = operands.first().copied().unwrap_or("");
        match (command, action) {
            ("remote", "" | "show" | "get-url") => self.operation(GitOperation::Look),
            ("remote", "update" | "prune") => self.fetches("origin"),
            ("remote", _) => {
                let key = format!("remote {}", operands.join(" "));
                self.operation(GitOperation::Configure { key });
            }
            ("submodule", "" | "status" | "summary") => self.operation(GitOperation::Look),
            ("submodule", "foreach") => {
                let text = fields
                    .iter()
                    .filter(|field| !matches!(&field[..], "foreach" | "--recursive" | "--quiet"))
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(" ");
                self.words(&text, &Stream::Unknown);
            }
            ("submodule", "update" | "init" | "sync") => self.fetches("origin"),
            ("submodule" | "lfs" | "svn" | "send-email" | "http-fetch", _) => {
                if command == "lfs" && matches!(action, "ls-files" | "status" | "env" | "version") {
                    self.operation(GitOperation::Look);
                } else if command == "lfs" && matches!(action, "pull" | "fetch") {
                    self.fetches("origin");
                } else {
                    self.operation(GitOperation::Configure { key: format!("{command} {action}") });
                }
            }
            ("clone", _) => {
                let takes = [
                    "-b",
                    "--branch",
                    "--depth",
                    "-o",
                    "--origin",
                    "-j",
                    "--jobs",
                    "--filter",
                    "-c",
                    "--config",
                    "--template",
                    "--reference",
                    "--shallow-since",
                    "-u",
                    "--upload-pack",
                    "--separate-git-dir",
                ];
                let mut words = Vec::new();
                let mut rest = fields.iter();
                while let Some(field) = rest.next() {
                    let name = field.split('=').next().unwrap_or(field);
                    if matches!(name, "-c" | "--config" | "--template" | "-u" | "--upload-pack") {
                        self.opaque(&format!("`git clone {name}` can run what it is told"));
                    }
                    if takes.contains(&name) && !field.contains('=') {
                        rest.next();
                    } else if !field.starts_with('-') {
                        words.push(field.clone());
                    }
                }
                let source = words.first().cloned().unwrap_or_default();
                self.fetches(&source);
                let folder = words.get(1).cloned().unwrap_or_else(|| {
                    source
                        .trim_end_matches('/')
                        .rsplit(['/', ':'])
                        .next()
                        .unwrap_or(".")
                        .trim_end_matches(".git")
                        .to_owned()
                });
                self.writes(&folder, WriteHow::Change, Extent::Tree);
            }
            _ => {
                self.fetches(if action.is_empty() { "origin" } else { action });
                if command == "pull" {
                    self.operation(GitOperation::Record);
                    if fields.iter().any(|field| field.starts_with("--rebase") || field == "-r") {
                        self.operation(GitOperation::Rewrite);
                    }
                }
                if fields
                    .iter()
                    .any(|field| is_option(field, &["-f", "--force"]) || field.starts_with('+'))
                    && command != "ls-remote"
                {
                    self.operation(GitOperation::Rewrite);
                }
            }
        }
        Stream::Unknown
    }

    fn fetches(&mut self, remote: &str) {
        self.operation(GitOperation::Fetch { remote: shown(remote) });
        let is_address = remote.contains(':');
        if is_address {
            self.sends(remote, false);
        } else if remote.contains('/') {
            self.reads(remote, Extent::Tree);
        }
    }

    fn git_config(&mut self, fields: &[String], operands: &[&str]) {
        let has = |names: &[&str]| fields.iter().any(|field| is_option(field, names));
        let first = operands.first().copied().unwrap_or("");
        let looks = has(&[
            "--get",
            "--get-all",
            "--get-regexp",
            "--list",
            "-l",
            "--get-urlmatch",
            "--get-color",
            "--show-origin",
        ]) || matches!(first, "get" | "list")
            || operands.len() == 1
                && !has(&["--unset", "--unset-all", "-e", "--edit", "--remove-section", "--add"]);
        if has(&["-e", "--edit"]) || first == "edit" {
            self.opaque("an editor is opened on the settings of git");
        }
        for file in values(fields, &["-f", "--file"]) {
            if looks {
                self.reads(&file, Extent::One);
            } else {
                self.writes(&file, WriteHow::Change, Extent::One);
            }
        }
        if looks {
            self.operation(GitOperation::Look);
            return;
        }
        let named: Vec<&str> = operands
            .iter()
            .copied()
            .filter(|word| {
                !matches!(*word, "set" | "unset" | "add" | "remove-section" | "rename-section")
            })
            .collect();
        let key = named.iter().find(|word| word.contains('.')).copied().unwrap_or(first);
        let value = named.iter().skip_while(|word| **word != key).nth(1).copied().unwrap_or("");
        if has(&["--global", "--system"]) {
            let file = if has(&["--system"]) {
                "/etc/gitconfig".to_owned()
            } else {
                format!("{}/.gitconfig", self.place.home)
            };
            self.writes(&file, WriteHow::Change, Extent::One);
        }
        if key.starts_with("alias.") {
            self.operation(GitOperation::Configure { key: key.to_owned() });
        } else {
            self.git_setting(key, value, true);
        }
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

/// Whether a field is one of these options: exactly, with a value attached, as one of several letters behind
/// one dash, or cut short as git allows.
fn is_option(field: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        if let Some(letter) = name.strip_prefix('-').filter(|rest| rest.len() == 1) {
            return field.starts_with('-')
                && !field.starts_with("--")
                && field[1..].contains(letter);
        }
        let given = field.split('=').next().unwrap_or(field);
        given == *name || given.len() > 4 && given.starts_with("--") && name.starts_with(given)
    })
}

/// The file of patterns that `git grep` is given behind other letters: `-nf/etc/passwd`.
fn patterns_of(field: &str) -> Option<&str> {
    let letters = field.strip_prefix('-').filter(|letters| !letters.starts_with(['-', 'f']))?;
    let (before, file) = letters.split_once('f')?;
    (!file.is_empty() && before.bytes().all(|b| b"aIivwEGPFnhHlLcopqz".contains(&b)))
        .then_some(file)
}

/// The values of an option that is given with a space, an equals sign or attached.
fn values(fields: &[String], names: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = fields.iter();
    while let Some(field) = rest.next() {
        for name in names {
            if field == name {
                found.extend(rest.next().cloned());
                break;
            }
            let attached =
                field.strip_prefix(name).filter(|_| name.len() == 2 || field.contains('='));
            if let Some(value) = attached {
                found.push(value.trim_start_matches('=').to_owned());
                break;
            }
        }
    }
    found
}
