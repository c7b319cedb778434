//! A tool that runs a project's code stays in the project: nothing that it is given leads it elsewhere.

use weir_model::act::{Extent, RunKind, WriteHow};

use crate::shell::marks::{is_unknown, shown};
use crate::shell::walk::Walk;

impl Walk<'_> {
    /// `go run`: packages and files of the work tree are the project's; an import path fetches somebody's program.
    pub(super) fn go_run(&mut self, rest: &[String]) {
        let target = rest.iter().find(|field| !field.starts_with('-')).map_or(".", String::as_str);
        let first = target.split('/').next().unwrap_or(target);
        let is_file = target.ends_with(".go") || target.starts_with(['.', '/', '~']);
        if !is_file && first.contains('.') {
            self.runs(target, RunKind::Foreign);
            self.install("go", &[target.to_owned()], &[]);
            return;
        }
        self.runs("go", RunKind::Project);
        self.stays_all("go", rest);
    }

    /// Arguments of a tool that runs a project's code: none of them may send it to another place.
    pub(in crate::shell) fn stays_all(&mut self, name: &str, arguments: &[String]) {
        let mut before = "";
        for field in arguments {
            match field.split_once('=') {
                Some((option, value)) if option.starts_with('-') => self.stays(name, option, value),
                Some(_) => {}
                None if field.starts_with('-') => {}
                None => self.stays(name, before, field),
            }
            before = field;
        }
    }

    /// The same for the options before a command that is looked at by itself.
    pub(super) fn stays_options(&mut self, name: &str, arguments: &[String]) {
        let begin = arguments.iter().take_while(|field| field.starts_with('-')).count();
        self.stays_all(name, &arguments[..(begin + 1).min(arguments.len())]);
    }

    /// What one option, or none, is given.
    pub(in crate::shell) fn stays(&mut self, name: &str, option: &str, value: &str) {
        const PREFIXES: [&str; 6] =
            ["--base", "--baseURL", "--base-url", "--baseurl", "--public-path", "-run"];
        // What the machine itself brings is as trusted as its programs.
        const MACHINE: [&str; 9] = [
            "/usr/",
            "/opt/",
            "/nix/",
            "/lib/",
            "/lib64/",
            "/bin/",
            "/Library/",
            "/System/",
            "/Applications/",
        ];
        let leads =
            |part: &str| part.starts_with(['/', '~']) || part.starts_with("../") || part == "..";
        if PREFIXES.contains(&option) || is_unknown(value) {
            return;
        }
        for part in value.split(',').filter(|part| leads(part)) {
            // A shell leaves a `~` behind `=` alone; most tools do not.
            let paths = match part.strip_prefix('~') {
                Some(rest) => vec![format!("{}{rest}", self.place.home)],
                None => self.paths(part),
            };
            let of_machine = |path: &String| MACHINE.iter().any(|folder| path.starts_with(folder));
            if paths.iter().all(|path| self.is_in_tree(path) || of_machine(path)) {
                continue;
            }
            // A temporary folder takes what is written, and nothing is run from there.
            let temporary =
                paths.iter().all(|path| path.starts_with("/tmp/") || path.starts_with("/var/tmp/"));
            let bare = option.trim_start_matches('-').to_ascii_lowercase();
            if bare == "o"
                || ["out", "report", "log", "result", "dest"].iter().any(|word| bare.contains(word))
            {
                paths.iter().for_each(|path| self.writes(path, WriteHow::Change, Extent::Tree));
            } else if !temporary || option.is_empty() || !bare.contains("cache") {
                self.opaque(&format!("`{name}` works at another place: `{}`", shown(part)));
            }
        }
    }
}
