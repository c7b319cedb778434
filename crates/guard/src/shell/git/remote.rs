//! What git brings in and sends out: remotes, and what a push does to theirs.

use weir_model::act::{Extent, GitOperation, WriteHow};

use super::fields::is_option;
use crate::shell::marks::{is_unknown, shown};
use crate::shell::walk::{Stream, Walk};

impl Walk<'_> {
    pub(super) fn push(&mut self, fields: &[String]) {
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

    pub(super) fn git_remote(
        &mut self,
        command: &str,
        fields: &[String],
        operands: &[&str],
    ) -> Stream {
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
}
