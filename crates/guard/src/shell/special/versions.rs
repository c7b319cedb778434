//! Systems that keep versions: what they do without being told everything.

use crate::shell::tables::Spec;
use crate::shell::walk::Walk;

/// Options that their recording commands share, so that words which are values are not taken for paths.
const OPTIONS: &str = "x | @any x* | -m: --message: -l: --logfile: -F: --file: -r: --revision: --rev: -R: --repository: --cwd: \
    --tool: --at-op: --at-operation: --config: --color: --author: -u: --user: -d: --date: -i --interactive --stdin --no-edit \
    --edit --editor --list";

impl Walk<'_> {
    /// Where no message is given an editor opens, and where no path is, one to choose: it waits for a person, who may
    /// run anything in it.
    pub(super) fn waits_for_an_editor(&mut self, name: &str, arguments: &[String]) {
        let sorted = Spec::read(OPTIONS).sort(arguments);
        let Some((verb, paths)) = sorted.operands.split_first() else { return };
        if sorted.has(&["--help", "-h"]) {
            return;
        }
        let message = match name {
            "jj" => sorted.has(&["-m", "--message", "--stdin", "--no-edit"]),
            "bzr" | "brz" => sorted.has(&["-m", "--message", "-F", "--file"]),
            _ => sorted.has(&["-m", "--message", "-l", "--logfile"]),
        };
        let chooses = sorted.has(&["-i", "--interactive", "--edit", "--editor"]);
        let waits = match (name, &verb[..]) {
            (_, "commit" | "ci" | "record") | ("jj", "describe" | "desc") => !message || chooses,
            ("jj", "split") => !message || chooses || paths.is_empty(),
            ("jj", "resolve") => {
                !sorted.has(&["--list"]) && !arguments.iter().any(|field| field == "-l")
            }
            ("jj", "diffedit" | "arrange") | (_, "split" | "histedit" | "metaedit") => true,
            _ => false,
        };
        if waits {
            self.opaque(&format!("`{name} {verb}` opens an editor and waits for a person"));
        }
    }
}
