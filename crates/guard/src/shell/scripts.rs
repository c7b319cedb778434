//! Shells: what they read, from where.

use weir_model::act::RunKind;

use super::marks::{UNKNOWN, is_unknown};
use super::tables::Spec;
use super::walk::{Stream, Walk};

/// Programs that read commands in the grammar of a shell.
const SHELLS: [&str; 16] = [
    "sh", "bash", "dash", "zsh", "ksh", "ksh93", "mksh", "ash", "rbash", "rzsh", "posh", "yash",
    "bosh", "oksh", "fish", "hush",
];

/// Programs that are shells with a grammar of their own.
const OTHER_SHELLS: [&str; 8] =
    ["csh", "tcsh", "nu", "elvish", "xonsh", "pwsh", "powershell", "cmd"];

/// Runs a shell.
pub(super) fn call(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &[String],
    stdin: &Stream,
) -> Option<Stream> {
    match name {
        "source" | "." => Some(walk.source(arguments, stdin)),
        _ if SHELLS.contains(&name) => Some(walk.shell(name, arguments, stdin)),
        _ if OTHER_SHELLS.contains(&name) => {
            walk.runs(name, RunKind::Foreign);
            Some(Stream::Unknown)
        }
        _ => None,
    }
}

impl Walk<'_> {
    fn shell(&mut self, name: &str, arguments: &[String], stdin: &Stream) -> Stream {
        let spec = Spec::read(
            "sh | @first c | -abcefhiklmnprstuvxBCDEHPT -o: -O: --norc --noprofile --posix --login --restricted --verbose --rcfile:! \
             --init-file:! --noediting --interactive --no-rcs --command --help --version + +abefhkmnptuvxBCEHPT +o: +O:",
        );
        let sorted = spec.sort(arguments);
        for (option, value, switch) in &sorted.options {
            if switch.is_strange() {
                self.opaque(&format!(
                    "`{name} {option}` runs `{}`",
                    value.as_deref().unwrap_or("")
                ));
            }
        }
        for strange in &sorted.strange {
            self.opaque(&format!("`{name}` has an option that Weir does not know: `{strange}`"));
        }
        if matches!(arguments, [only] if only == "--version" || only == "--help") {
            self.runs(name, RunKind::Known);
            return Stream::Unknown;
        }
        if sorted.has(&["-c", "--command"]) {
            let [text, rest @ ..] = &sorted.operands[..] else {
                self.opaque("a shell gets no command");
                return Stream::Unknown;
            };
            let arguments: Vec<String> = rest.iter().skip(1).cloned().collect();
            return self.apart(|walk| {
                walk.state.arguments = arguments;
                walk.state.aliases.clear();
                walk.words(text, stdin)
            });
        }
        if let (Some(file), false) = (sorted.operands.first(), sorted.has(&["-s"])) {
            if sorted.has(&["-n"]) {
                self.runs(name, RunKind::Known);
                self.reads(file, weir_model::act::Extent::One);
                return Stream::Unknown;
            }
            return self.script_file(file, &sorted.operands[1..], stdin);
        }
        self.reads_commands(name, stdin)
    }

    /// A shell that reads commands from its input.
    fn reads_commands(&mut self, name: &str, stdin: &Stream) -> Stream {
        if let Some(file) = self.input.clone()
            && let Stream::Unknown = stdin
        {
            return self.script_file(&file, &[], &Stream::Unknown);
        }
        match stdin {
            Stream::Text(text) => {
                let text = text.clone();
                self.apart(|walk| walk.words(&text, &Stream::Unknown))
            }
            Stream::None => {
                self.runs(name, RunKind::Foreign);
                self.opaque("a shell is opened that waits for commands");
                Stream::Unknown
            }
            Stream::Paths(_) | Stream::Unknown => {
                self.runs(name, RunKind::Foreign);
                self.opaque("a shell runs what another program writes");
                Stream::Unknown
            }
        }
    }

    /// A script by its file.
    pub(super) fn script_file(
        &mut self,
        file: &str,
        arguments: &[String],
        stdin: &Stream,
    ) -> Stream {
        let paths = self.paths(file);
        match &paths[..] {
            [path] if !is_unknown(file) => self.run_file(&path.clone(), arguments, stdin),
            _ => {
                self.opaque("a script runs that is known only when it runs");
                Stream::Unknown
            }
        }
    }

    fn source(&mut self, arguments: &[String], stdin: &Stream) -> Stream {
        let Some((file, rest)) = arguments.split_first() else { return Stream::Unknown };
        // A file in the folder may stand for the name alone.
        let paths = self.paths(file);
        let [path] = &paths[..] else {
            self.opaque("a shell reads commands that are known only when it runs");
            return Stream::Unknown;
        };
        let path = path.clone();
        match self.state.texts.get(&path).cloned() {
            Some(Some(text)) => {
                if !rest.is_empty() {
                    self.state.arguments = rest.to_vec();
                }
                self.script(&text, stdin)
            }
            Some(None) => {
                self.opaque("a shell reads a file that this command writes first");
                Stream::Unknown
            }
            None => {
                let output = self.run_file(&path, rest, stdin);
                // It may set whatever the shell knows: of what this command set, nothing is certain.
                for value in self.state.variables.values_mut() {
                    *value = vec![UNKNOWN.to_string()];
                }
                output
            }
        }
    }
}
