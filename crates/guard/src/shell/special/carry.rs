//! Links, copies, moves: what is carried from one place to another.

use weir_model::act::{Extent, RunKind, WriteHow};

use crate::shell::marks::is_pattern;
use crate::shell::tables::Spec;
use crate::shell::walk::Walk;

impl Walk<'_> {
    pub(super) fn links(&mut self, arguments: &[String]) {
        let spec = Spec::read(
            "ln | x* | -bfFhiLnPrsTv -S: -t: --symbolic --force --interactive --logical --no-dereference --physical --relative --suffix: \
             --target-directory: --no-target-directory --verbose --backup?",
        );
        let sorted = spec.sort(arguments);
        self.runs("ln", RunKind::Known);
        for strange in &sorted.strange {
            self.strange("ln", strange);
        }
        let mut operands = sorted.operands.clone();
        let target = match sorted.value(&["-t", "--target-directory"]) {
            Some(folder) => folder.to_owned(),
            None if operands.len() > 1 => operands.pop().unwrap_or_default(),
            None => ".".to_owned(),
        };
        let symbolic = sorted.has(&["-s", "--symbolic"]);
        for source in &operands {
            // A symbolic link tells where it leads from the folder that it is in.
            let from = if symbolic && !source.starts_with('/') && target.contains('/') {
                let folder = target.rsplit_once('/').map_or("", |(folder, _)| folder);
                format!("{folder}/{source}")
            } else {
                source.clone()
            };
            self.reads(&from, Extent::One);
            let (real, at) = (self.paths(&from), self.paths(&target));
            if let ([real], [at]) = (&real[..], &at[..]) {
                let (real, at) = (real.clone(), at.clone());
                let base = source.rsplit('/').next().unwrap_or(source);
                self.writes(&target, WriteHow::Link, Extent::One);
                for link in [at.clone(), format!("{at}/{base}")] {
                    self.remember(&real, &link);
                    if link != real {
                        self.state.links.insert(link, real.clone());
                    }
                }
            } else {
                self.writes(&target, WriteHow::Link, Extent::One);
            }
        }
    }

    /// Copies and moves: sources are read (and gone, when they are moved), the target is written, or what has
    /// their names in it when it is a folder.
    pub(super) fn carries(&mut self, name: &str, arguments: &[String]) {
        let spec = Spec::read(
            "cp | x* | -abcCdDfFhHiIlLnNPpRrsTuvxXZ -S: -t: -m: -o: -g: --archive --attributes-only --backup? --copy-contents --force \
             --interactive --link --dereference --no-clobber --no-dereference --preserve? --no-preserve: --parents --recursive --reflink? \
             --remove-destination --sparse: --strip-trailing-slashes --symbolic-link --suffix: --target-directory: --no-target-directory \
             --update? --verbose --one-file-system --mode: --owner: --group: --directory --compare --strip --debug --exchange --no-copy",
        );
        let sorted = spec.sort(arguments);
        self.runs(name.trim_start_matches('g'), RunKind::Known);
        for strange in &sorted.strange {
            self.strange(name, strange);
        }
        let mut sources = sorted.operands.clone();
        if name.ends_with("install") && sorted.has(&["-d", "-D", "--directory"]) {
            sources.iter().for_each(|folder| self.writes(folder, WriteHow::Change, Extent::One));
            return;
        }
        let named = sorted.value(&["-t", "--target-directory"]).map(str::to_owned);
        let into = named.is_some();
        let Some(target) = named.or_else(|| sources.pop()) else { return };
        let moves = name.ends_with("mv");
        let tree = moves || sorted.has(&["-r", "-R", "-a", "--recursive", "--archive"]);
        let extent = if tree { Extent::Tree } else { Extent::One };
        let how = if sorted.has(&["-s", "--symbolic-link", "-l", "--link"]) && !moves {
            WriteHow::Link
        } else {
            WriteHow::Change
        };
        let paths = self.paths(&target);
        let is_folder = into
            || sources.len() > 1
            || target.ends_with(['/', '.'])
            || paths.iter().any(|path| self.is_folder(path));
        for source in &sources {
            self.reads(source, extent);
            if moves {
                self.leaves(source, &target);
            }
            let base = source.trim_end_matches('/').rsplit('/').next().unwrap_or(source).to_owned();
            let to = if is_folder {
                format!("{}/{base}", target.trim_end_matches('/'))
            } else {
                target.clone()
            };
            let texts: Vec<_> =
                self.paths(source).iter().map(|path| self.state.texts.get(path).cloned()).collect();
            self.writes(&to, how, extent);
            let (from, at) = (self.paths(source), self.paths(&to));
            if let ([from], [at]) = (&from[..], &at[..]) {
                self.remember(from, at);
                if let Some(Some(text)) = texts.into_iter().next() {
                    self.state.texts.insert(at.clone(), text);
                }
                if how == WriteHow::Link && from != at {
                    self.state.links.insert(at.clone(), from.clone());
                }
            }
        }
    }

    /// What is moved is gone from its place: one thing is deleted there, however much it holds, for what it holds
    /// lives on at the target. Several things that stay in the work tree are a change of it.
    fn leaves(&mut self, source: &str, target: &str) {
        let paths = self.paths(target);
        let stays = !paths.is_empty() && paths.iter().all(|path| self.is_in_tree(path));
        if !is_pattern(source) {
            self.writes(source, WriteHow::Delete, Extent::One);
        } else if !stays {
            self.writes(source, WriteHow::Delete, Extent::Tree);
        }
        self.writes(source, WriteHow::Change, Extent::Tree);
    }

    fn is_folder(&self, path: &str) -> bool {
        matches!(
            path,
            "/tmp" | "/etc" | "/usr" | "/var" | "/root" | "/home" | "/" | "/opt" | "/srv" | "/mnt"
        ) || path == self.place.home
            || path == self.place.tree
            || self.place.files.thing(path) == Some(crate::shell::Thing::Folder)
    }

    fn remember(&mut self, from: &str, to: &str) {
        let program = self.state.copies.get(from).cloned().or_else(|| {
            let folders = ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/"];
            let base = folders.iter().find_map(|folder| from.strip_prefix(folder))?;
            Some(crate::shell::program::plain_name(base).to_owned())
        });
        if let Some(program) = program {
            self.state.copies.insert(to.to_owned(), program);
        }
    }

    pub(super) fn dd(&mut self, arguments: &[String]) {
        self.runs("dd", RunKind::Known);
        for field in arguments {
            match field.split_once('=') {
                Some(("if", path)) => self.reads(path, Extent::One),
                Some(("of", path)) => self.writes(path, WriteHow::Change, Extent::One),
                Some((
                    "bs" | "ibs" | "obs" | "cbs" | "count" | "skip" | "seek" | "status" | "conv"
                    | "iflag" | "oflag",
                    _,
                )) => {}
                _ if matches!(&field[..], "--help" | "--version") => {}
                _ => self.strange("dd", field),
            }
        }
    }
}
