//! Programs that work on tables, lists of values and templates.

use weir_model::act::{Extent, RunKind, WriteHow};

use crate::shell::marks::shown;
use crate::shell::tables::Spec;
use crate::shell::walk::{Stream, Walk};

impl Walk<'_> {
    /// `mlr`: verbs over tables. Its language can run programs and write files; where a program holds words for
    /// that, it is not understood.
    pub(super) fn miller(&mut self, arguments: &[String]) {
        self.runs("mlr", RunKind::Known);
        let in_place = arguments.iter().any(|field| field == "-I");
        let code = ["put", "filter", "split", "tee", "case", "summary", "nothing"];
        let mut before = "";
        for field in arguments {
            let writes = matches!(before, "tee" | "--ofmt-file");
            let runs = ["system", "exec", "|", ">", "tee", "emit", "dump", "ENV", "hostname"];
            let is_code = field.contains(['$', '@', '(', '{']) || field.contains("system");
            if is_code
                && runs.iter().any(|word| field.contains(word))
                && field.contains(['(', '>', '|', '['])
            {
                let compares = !["system", "exec", "|", "tee", "emit", "dump", "ENV"]
                    .iter()
                    .any(|word| field.contains(word))
                    && !field.contains("> \"")
                    && !field.contains(">>");
                if !compares {
                    self.opaque("what a program of `mlr` runs or writes is not known");
                }
            } else if matches!(before, "-f" | "-s")
                && !field.starts_with('-')
                && field.contains('/')
            {
                self.reads(field, Extent::One);
            } else if writes {
                self.writes(field, WriteHow::Change, Extent::One);
            } else if !field.starts_with('-')
                && !code.contains(&field.as_str())
                && field.contains(['.', '/', '~'])
            {
                if in_place {
                    self.writes(field, WriteHow::Change, Extent::One);
                } else {
                    self.reads(field, Extent::One);
                }
            }
            before = field;
        }
        if arguments.iter().any(|field| field == "split") {
            self.writes(".", WriteHow::Change, Extent::One);
        }
    }

    /// `plutil`: questions read, everything else changes its files, or the one behind `-o`.
    pub(super) fn property_list(&mut self, arguments: &[String]) {
        self.runs("plutil", RunKind::Known);
        let to =
            arguments.iter().position(|field| field == "-o").and_then(|at| arguments.get(at + 1));
        let asks = arguments.first().is_some_and(|first| {
            matches!(&first[..], "-p" | "-lint" | "-type" | "-extract" | "-help")
        });
        if let Some(to) = to {
            self.writes(to, WriteHow::Change, Extent::One);
        }
        let words = arguments.iter().skip(usize::from(!asks) + 1);
        for field in words.filter(|field| !field.starts_with('-') && Some(*field) != to) {
            if asks || to.is_some() {
                self.reads(field, Extent::One);
            } else {
                self.writes(field, WriteHow::Change, Extent::One);
            }
        }
    }

    /// `dasel put` and `dasel delete` change the file that others only read.
    pub(super) fn changes_in_place(&mut self, arguments: &[String]) {
        let file = arguments.iter().position(|field| matches!(&field[..], "-f" | "--file"));
        let file = file.and_then(|at| arguments.get(at + 1));
        if let (Some("put" | "delete"), Some(file)) = (arguments.first().map(String::as_str), file)
        {
            self.writes(file, WriteHow::Change, Extent::One);
        }
    }

    /// Two programs are called `tilt`. The one of Ruby renders a template, which is code of the project's; a file is
    /// no word of the other's.
    pub(super) fn tilts(&mut self, arguments: &[String], stdin: &Stream) -> Option<Stream> {
        let spec = Spec::read(
            "tilt | project i* | -lvVh -t: -y:i -D: --list --version --type: --layout:i --vars:!",
        );
        let sorted = spec.sort(arguments);
        let is_template = |word: &String| word == "-" || word.contains(['.', '/']);
        let renders = match &sorted.operands[..] {
            [] => !sorted.options.is_empty(),
            words => words.iter().all(is_template),
        };
        if !renders || !sorted.strange.is_empty() {
            return None;
        }
        if sorted.operands.iter().any(|word| word == "-") && *stdin != Stream::None {
            self.opaque("a template is rendered that is known only when it runs");
        }
        Some(self.by(&spec, "tilt", arguments, stdin))
    }

    /// A theme of Hugo's by an import path is fetched, and somebody's.
    pub(super) fn themes(&mut self, arguments: &[String]) {
        for (at, field) in arguments.iter().enumerate() {
            let theme = match field.split_once('=') {
                Some(("--theme" | "-t", theme)) => theme,
                None if matches!(&field[..], "--theme" | "-t") => {
                    arguments.get(at + 1).map_or("", String::as_str)
                }
                _ => continue,
            };
            let is_import = |part: &str| {
                part.split_once('/')
                    .is_some_and(|(host, _)| host.contains('.') && !host.starts_with('.'))
            };
            if theme.split(',').any(is_import) {
                self.opaque(&format!("`hugo` builds with somebody's theme: `{}`", shown(theme)));
            }
        }
    }
}
