//! Programs that work on tables and lists of values.

use weir_model::act::{Extent, RunKind, WriteHow};

use crate::shell::walk::Walk;

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
}
