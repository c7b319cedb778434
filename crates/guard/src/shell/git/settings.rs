//! Git's settings, for one call or for good.

use weir_model::act::{Extent, GitOperation, WriteHow};

use super::fields::{is_option, values};
use crate::shell::marks::is_unknown;
use crate::shell::walk::{Stream, Walk};

impl Walk<'_> {
    /// A setting, for one call or for good.
    pub(super) fn git_setting(&mut self, key: &str, value: &str, kept: bool) {
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

    pub(super) fn git_config(&mut self, fields: &[String], operands: &[&str]) {
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
}
