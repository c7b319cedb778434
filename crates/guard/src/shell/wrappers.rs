//! Programs that run another: the inner command is walked as if it stood alone.

use weir_model::act::{Extent, RunKind};

use super::marks::{LIVE, UNKNOWN, is_unknown, unmarked};
use super::plain::quoted;
use super::poison;
use super::tables::Spec;
use super::walk::{Stream, Walk};

/// Wrappers that a line can say; they leave no trace of their own.
const PLAIN: &str = include_str!("tables/wrappers.txt");

/// What the `sem` that is no wrapper is asked.
const SEM_LOOKS: [&str; 7] = ["diff", "blame", "log", "impact", "entities", "context", "--version"];

/// Runs a wrapper.
pub(super) fn call(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &[String],
    stdin: &Stream,
) -> Option<Stream> {
    Some(match name {
        "env" => walk.environment(arguments, stdin),
        "command" if arguments.first().is_some_and(|first| matches!(&first[..], "-v" | "-V")) => {
            walk.runs("command", RunKind::Known);
            match arguments.get(1) {
                Some(name) if !is_unknown(name) => Stream::Text(name.clone()),
                _ => Stream::Unknown,
            }
        }
        "command" | "builtin" | "exec" | "noglob" | "nocorrect" | "-" => {
            let spec = Spec::read("x | @first c | -a: -clp");
            let sorted = spec.sort(arguments);
            if sorted.operands.is_empty() {
                return Some(Stream::Text(String::new()));
            }
            let output = walk.call(&sorted.operands, stdin);
            if name == "exec" {
                walk.state.ended = true;
            }
            output
        }
        "sudo" | "doas" | "pkexec" | "run0" | "gosu" | "su-exec" => {
            walk.controls("sudo");
            let spec = Spec::read(
                "x | @first c | -AbEeHiKklnPSsVv -u: -g: -h: -p: -C: -D: -R: -r: -t: -T: -U: --user: --group: \
                 --preserve-env? --login --shell --non-interactive --stdin --chdir: --background --set-home",
            );
            let skips = usize::from(matches!(name, "gosu" | "su-exec"));
            let operands = spec.sort(arguments).operands;
            if operands.len() > skips {
                walk.environment(&operands[skips..], stdin)
            } else {
                Stream::Unknown
            }
        }
        "su" | "runuser" | "sg" | "newgrp" => {
            walk.controls("su");
            let spec = Spec::read(
                "x | x* | -c:sh --command:sh -lmpfP -s: --shell: -g: -G: -u: --login --user: --pty",
            );
            for (_, value, _) in spec
                .sort(arguments)
                .options
                .iter()
                .filter(|(name, ..)| name == "-c" || name == "--command")
            {
                walk.words(value.as_deref().unwrap_or(""), stdin);
            }
            Stream::Unknown
        }
        "eval" => walk.words(&arguments.join(" "), stdin),
        "watch" | "entr" | "chronic" | "hyperfine" | "unbuffer" | "rlwrap" => {
            walk.watched(name, arguments, stdin)
        }
        "script" => {
            let spec = Spec::read(
                "script | w* | -c:sh --command:sh -aefq -t? -T:w -I:w -O:w -B:w -E: -o: --quiet --append --flush --return",
            );
            if !spec.sort(arguments).has(&["-c", "--command"]) {
                walk.opaque("`script` opens a shell");
            }
            walk.by(&spec, name, arguments, stdin)
        }
        "xcrun" => {
            let spec = Spec::read(
                "x | @first c | -rlnkv -f: -t: --run --log --verbose --no-cache --kill-cache --sdk:i --toolchain:i --find: \
                 --show-sdk-path --show-sdk-version --show-sdk-build-version --show-sdk-platform-path \
                 --show-sdk-platform-version --show-toolchain-path",
            );
            let sorted = spec.sort(arguments);
            walk.runs(name, RunKind::Known);
            walk.said(name, &sorted, stdin);
            sorted.strange.iter().for_each(|strange| walk.strange(name, strange));
            if sorted.operands.is_empty() {
                Stream::Unknown
            } else {
                walk.call(&sorted.operands, stdin)
            }
        }
        "xargs" => walk.xargs(arguments, stdin),
        // Two programs have this name. Of the one that looks at code in the history of git, no word is a program's.
        "sem"
            if arguments.first().is_some_and(|first| SEM_LOOKS.contains(&&first[..]))
                && !arguments.iter().any(|field| field.contains(|c| ";&|`$()<>\n".contains(c))) =>
        {
            walk.by(&Spec::read("sem | @any x r* |"), name, arguments, stdin)
        }
        "parallel" | "sem" | "rush" => walk.parallel(arguments, stdin),
        "flock" => {
            let spec = Spec::read(
                "x | @first x c | -esxnuoF -w: -E: --timeout: --nonblock --exclusive --shared --close --verbose",
            );
            let operands = spec.sort(arguments).operands;
            match &operands[..] {
                [_, option, command, ..] if option == "-c" || option == "--command" => {
                    walk.words(command, stdin)
                }
                [_, command @ ..] if !command.is_empty() => walk.call(command, stdin),
                _ => Stream::Unknown,
            }
        }
        "ssh" | "autossh" | "mosh" | "sshpass" => walk.remote(name, arguments),
        name if name.starts_with("ld-linux") || name.starts_with("ld-musl") || name == "ld.so" => {
            let spec = Spec::read(
                "x | @first c | --library-path:! --preload:! --inhibit-rpath: --argv0: --list --verify --inhibit-cache --audit:!",
            );
            let sorted = spec.sort(arguments);
            if sorted
                .options
                .iter()
                .any(|(name, ..)| matches!(&name[..], "--library-path" | "--preload" | "--audit"))
            {
                walk.opaque("a program runs with libraries of another place");
            }
            if sorted.operands.is_empty() {
                Stream::Unknown
            } else {
                walk.call(&sorted.operands, stdin)
            }
        }
        name => {
            let line = PLAIN.lines().find(|line| {
                !line.starts_with('#')
                    && line
                        .split('|')
                        .next()
                        .unwrap_or("")
                        .split_whitespace()
                        .any(|known| known == name)
            })?;
            return walk.wrapped(
                &Spec::read(line),
                name,
                arguments,
                stdin,
                line.contains(" controls "),
            );
        }
    })
}

impl Walk<'_> {
    fn wrapped(
        &mut self,
        spec: &Spec,
        name: &str,
        arguments: &[String],
        stdin: &Stream,
        controls: bool,
    ) -> Option<Stream> {
        let sorted = spec.sort(arguments);
        if controls {
            self.controls(name);
        }
        for strange in &sorted.strange {
            self.opaque(&format!("`{name}` has an option that Weir does not know: `{strange}`"));
        }
        self.said(name, &sorted, stdin);
        let skipped = spec.before_command();
        match sorted.operands.get(skipped..) {
            Some(command) if !command.is_empty() => Some(self.environment(command, stdin)),
            _ => {
                self.runs(name, RunKind::Known);
                Some(Stream::Unknown)
            }
        }
    }

    /// `env`, and `sudo`: options, assignments, and the command.
    pub(super) fn environment(&mut self, arguments: &[String], stdin: &Stream) -> Stream {
        let spec = Spec::read(
            "env | @first c | -i0v -u: -C: -S: -a: --ignore-environment --null --unset: --chdir: --split-string: \
             --argv0: --debug --block-signal? --default-signal? --ignore-signal?",
        );
        // Without options of its own, everything from the first word on is the command's.
        let sorted = match arguments.first() {
            Some(first) if first == "-" => spec.sort(&arguments[1..]),
            _ => spec.sort(arguments),
        };
        for strange in &sorted.strange {
            self.opaque(&format!("`env` has an option that Weir does not know: `{strange}`"));
        }
        let before = (self.state.variables.clone(), self.state.folders.clone());
        if let Some(folder) = sorted.value(&["-C", "--chdir"]) {
            self.state.folders = self.paths(folder);
        }
        let mut fields = Vec::new();
        if let Some(text) = sorted.value(&["-S", "--split-string"]) {
            fields.extend(
                unmarked(text)
                    .split_whitespace()
                    .map(|word| word.trim_matches(['"', '\'']).to_owned()),
            );
            if text.contains(['\\', '$', '"', '\'']) {
                self.opaque("`env -S` splits words in a way of its own");
            }
        }
        fields.extend(sorted.operands.iter().cloned());
        let count = fields.iter().take_while(|field| is_assignment(field)).count();
        for field in &fields[..count] {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            poison::assigned(self, name, value);
            self.set(name, vec![value.to_owned()]);
        }
        let output = match &fields[count..] {
            [] => {
                self.runs("env", RunKind::Known);
                self.reads("/proc/self/environ", Extent::One);
                Stream::Unknown
            }
            command => self.call(command, stdin),
        };
        (self.state.variables, self.state.folders) = before;
        output
    }

    /// Words that a shell reads once more.
    pub(super) fn words(&mut self, text: &str, stdin: &Stream) -> Stream {
        if is_unknown(text) {
            self.opaque("a shell reads a command that is known only when it runs");
        }
        // What the walk marked is text again for the second reader, except what nobody knows.
        self.script(&text.chars().filter(|c| *c != LIVE).collect::<String>(), stdin)
    }

    fn watched(&mut self, name: &str, arguments: &[String], stdin: &Stream) -> Stream {
        let spec = Spec::read(
            "x | @first c | -n: -i: -bcdegtprRxsuwNzA -L: -w: -m: -M: -r: -p: -S: --interval: --differences? --no-title --exec --color \
             --errexit --beep --precise --warmup: --runs: --prepare:run --cleanup:run --export-json:w --export-markdown:w --shell:! \
             --setup:run --show-output --ignore-failure",
        );
        let sorted = spec.sort(arguments);
        for strange in &sorted.strange {
            self.opaque(&format!("`{name}` has an option that Weir does not know: `{strange}`"));
        }
        self.said(name, &sorted, stdin);
        match (name, &sorted.operands[..]) {
            (_, []) => {
                self.opaque(&format!("`{name}` runs nothing that is named"));
                Stream::Unknown
            }
            ("watch", operands) => self.words(&operands.join(" "), stdin),
            ("hyperfine", operands) => {
                for operand in operands {
                    self.words(operand, stdin);
                }
                Stream::Unknown
            }
            (_, operands) => self.call(operands, stdin),
        }
    }

    fn xargs(&mut self, arguments: &[String], stdin: &Stream) -> Stream {
        let spec = Spec::read(
            "x | @first c | -0rtpxo -a:r -d: -E: -e? -I: -i? -L: -l? -n: -P: -s: -J: -R: --null --no-run-if-empty --verbose --interactive \
             --arg-file:r --delimiter: --eof? --replace? --max-lines? --max-args: --max-procs: --max-chars: \
             --exit --open-tty --process-slot-var: --show-limits",
        );
        let sorted = spec.sort(arguments);
        for strange in &sorted.strange {
            self.opaque(&format!("`xargs` has an option that Weir does not know: `{strange}`"));
        }
        self.said("xargs", &sorted, stdin);
        let items: Vec<String> = match stdin {
            _ if sorted.has(&["-a", "--arg-file"]) => vec![UNKNOWN.to_string()],
            Stream::Paths(paths) => paths.clone(),
            Stream::Text(text) => text
                .split(['\n', ' ', '\t', '\0'])
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect(),
            Stream::None | Stream::Unknown => vec![UNKNOWN.to_string()],
        };
        let mut command = sorted.operands;
        if command.is_empty() {
            command.push("echo".to_owned());
        }
        let hole = sorted
            .options
            .iter()
            .find(|(name, ..)| matches!(&name[..], "-I" | "-i" | "--replace" | "-J"));
        match hole {
            Some((_, hole, _)) => {
                let hole = hole.as_deref().filter(|hole| !hole.is_empty()).unwrap_or("{}");
                for item in items.iter().take(16) {
                    let fields: Vec<String> =
                        command.iter().map(|field| unbraced(field, hole, item)).collect();
                    self.call(&fields, &Stream::Unknown);
                }
            }
            None => {
                command.extend(items);
                self.call(&command, &Stream::Unknown);
            }
        }
        Stream::Unknown
    }

    fn parallel(&mut self, arguments: &[String], stdin: &Stream) -> Stream {
        let spec = Spec::read(
            "x | @first c | -j: -k0q -a:r -N: -n: -X --jobs: --keep-order --null --halt: --bar --eta --progress --will-cite --dry-run --tag \
             --timeout: --arg-file:r --no-notice --colsep: --verbose -v --line-buffer",
        );
        let sorted = spec.sort(arguments);
        for strange in &sorted.strange {
            self.opaque(&format!("`parallel` has an option that Weir does not know: `{strange}`"));
        }
        let end = sorted
            .operands
            .iter()
            .position(|field| field.starts_with("::"))
            .unwrap_or(sorted.operands.len());
        let (command, values) = sorted.operands.split_at(end);
        let items: Vec<String> = match (values, stdin) {
            ([_, items @ ..], _) => items.to_vec(),
            ([], Stream::Paths(paths)) => paths.clone(),
            ([], _) => vec![UNKNOWN.to_string()],
        };
        for item in items.iter().take(16) {
            let mut text = command.join(" ");
            if command.is_empty() {
                text.clone_from(item);
            } else if text.contains("{}") {
                text = text.replace("{}", item);
            } else if text.contains("{.}") || text.contains("{/") {
                self.opaque("`parallel` makes names that are known only when it runs");
            } else {
                text = format!(
                    "{text} {}",
                    if is_unknown(item) { item.clone() } else { quoted(item) }
                );
            }
            self.words(&text, &Stream::Unknown);
        }
        Stream::Unknown
    }

    fn remote(&mut self, name: &str, arguments: &[String]) -> Stream {
        let spec = Spec::read(
            "x | @first n c | -46AaCfGgKkMNnqsTtVvXxYy -B: -b: -c: -D: -E:w -e: -F:r -I:! -i:x -J: -L: -l: -m: -O: -o: -p: -Q: -R: -S: \
             -W: -w: -d: --server:! --ssh:! -P:",
        );
        let sorted = spec.sort(arguments);
        for option in sorted.options.iter().filter(|(name, ..)| name == "-o") {
            let value = option.1.as_deref().unwrap_or("").to_ascii_lowercase();
            if value.contains("command") || value.contains("include") || value.contains("pkcs11") {
                self.opaque("`ssh -o` runs a command");
            }
        }
        if sorted.has(&["-I", "--server", "--ssh"]) || !sorted.strange.is_empty() {
            self.opaque(&format!("`{name}` does more than Weir knows"));
        }
        if sorted.has(&["-G", "-Q", "-V"]) {
            self.runs(name, RunKind::Known);
            return Stream::Unknown;
        }
        if let Some(file) = sorted.value(&["-E"]) {
            self.writes(file, weir_model::act::WriteHow::Change, Extent::One);
        }
        self.runs(name, RunKind::Foreign);
        let host =
            if name == "sshpass" { Some("*") } else { sorted.operands.first().map(String::as_str) };
        self.sends(host.unwrap_or("*"), true);
        Stream::Unknown
    }

    /// What the options of a wrapper do.
    pub(super) fn said(&mut self, name: &str, sorted: &super::tables::Sorted, stdin: &Stream) {
        for (option, value, switch) in &sorted.options {
            if switch.is_strange() {
                self.opaque(&format!("`{name} {option}` does more than Weir knows"));
            }
            if let (Some(role), Some(value)) = (switch.role(), value) {
                self.act(name, role, value, false, stdin);
            }
        }
    }
}

/// Puts an item where a hole is. A hole alone keeps the item's marks; inside of other text they go on, too.
fn unbraced(field: &str, hole: &str, item: &str) -> String {
    if field.contains(hole) { field.replace(hole, item) } else { field.to_owned() }
}

fn is_assignment(field: &str) -> bool {
    field.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with('-')
            && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
    })
}
