//! Programs whose effects a table can say: what their operands are, and what each option does.
//!
//! A line is `names | operands | options`. Operands: `r` is read, `R` read with all below, `w` written, `W`
//! written with all below, `d` deleted, `a` changed in its attributes, `x` only text, `n` an address that is
//! asked, `s` an address that is sent to, `c` the words of a command, `!` not understood; `*` behind one: and
//! all that follow, before the last. `~`: without operands, the folder it is in. `=`: a filter, which passes
//! paths on. `>`: writes paths below its operands to its output. `@first`: options end at the first operand;
//! `@long`: a single dash begins a long option; `@any`: options that are not listed are taken as flags. `project`, `net`, `controls`,
//! `foreign`: what kind of run it is; `i` lies inside of the work tree; `env`: it tells the environment.
//! Options: `-abc` flags; `-o:` takes a value, and behind the colon what that is (as operands; `run` a command,
//! `sh` a script for a shell; `x+r` are two values); `-i?` may have one attached; `%` below, too; `&` operands are written;
//! `^` the first operand falls away; `!` not understood; `-#` a number.
//! An option that is not listed is [`Opaque`](weir_model::act::Effect::Opaque): nobody said what it does.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use weir_model::act::{Extent, RunKind, WriteHow};

use super::marks::{BELOW, is_unknown, shown, unmarked};
use super::walk::{Stream, Walk};

/// The tables, a file a family.
const FAMILIES: [&str; 8] = [
    include_str!("tables/files.txt"),
    include_str!("tables/text.txt"),
    include_str!("tables/system.txt"),
    include_str!("tables/build.txt"),
    include_str!("tables/language.txt"),
    include_str!("tables/media.txt"),
    include_str!("tables/network.txt"),
    include_str!("tables/desktop.txt"),
];

static TABLE: LazyLock<BTreeMap<&'static str, Spec>> = LazyLock::new(|| {
    let lines = FAMILIES.iter().flat_map(|family| family.lines());
    let mut table = BTreeMap::new();
    for line in lines.filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let spec = Spec::read(line);
        for name in line.split('|').next().unwrap_or("").split_whitespace() {
            table.insert(name, spec.clone());
        }
    }
    table
});

/// What a program does with an operand or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Read,
    ReadTree,
    Write,
    WriteTree,
    Delete,
    Attributes,
    Text,
    Asked,
    Sent,
    Command,
    Script,
    /// A place inside of the work tree; anywhere else it is not understood.
    Inside,
    Strange,
}

/// What an option does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Switch {
    /// What its value is, when it takes one.
    value: Option<Role>,
    /// What the word behind its value is, when it takes two.
    second: Option<Role>,
    /// Whether the value is only there when it is attached.
    attached: bool,
    /// Whether operands count with all below.
    tree: bool,
    /// Whether operands are written.
    writes: bool,
    /// Whether the first operand falls away.
    drops: bool,
    /// Whether nobody can say what it does.
    strange: bool,
}

/// A line of a table.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    operands: Vec<Role>,
    /// What all further ones are.
    rest: Option<Role>,
    /// What the ones behind the rest are.
    last: Vec<Role>,
    here: bool,
    filter: bool,
    paths: bool,
    first: bool,
    long: bool,
    any: bool,
    numbers: bool,
    environment: bool,
    network: bool,
    controls: bool,
    kind: RunKind,
    options: BTreeMap<String, Switch>,
}

/// Arguments, sorted by what they are.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) options: Vec<(String, Option<String>, Switch)>,
    pub(super) operands: Vec<String>,
    pub(super) strange: Vec<String>,
}

impl Switch {
    /// Whether nobody can say what it does.
    pub(super) fn is_strange(self) -> bool {
        self.strange
    }
    /// What its value is.
    pub(super) fn role(self) -> Option<Role> {
        self.value
    }
}

impl Sorted {
    /// Whether this option is there.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|(name, _, _)| names.contains(&name.as_str()))
    }
    /// The value of an option, the last one given.
    pub(super) fn value(&self, names: &[&str]) -> Option<&str> {
        let of = |(name, _, _): &&(String, Option<String>, Switch)| names.contains(&name.as_str());
        self.options.iter().rev().find(of)?.1.as_deref()
    }
}

impl Spec {
    /// Reads a line; a line that says nothing sensible says that nothing is known.
    pub(super) fn read(line: &str) -> Self {
        let mut parts = line.splitn(3, '|').skip(1);
        let (what, options) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let mut spec = Self {
            operands: Vec::new(),
            rest: None,
            last: Vec::new(),
            here: false,
            filter: false,
            paths: false,
            first: false,
            long: false,
            any: false,
            numbers: false,
            environment: false,
            network: false,
            controls: false,
            kind: RunKind::Known,
            options: BTreeMap::new(),
        };
        for word in what.split_whitespace() {
            match word {
                "~" => spec.here = true,
                "=" => spec.filter = true,
                ">" => spec.paths = true,
                "@first" => spec.first = true,
                "@long" => spec.long = true,
                "@any" => spec.any = true,
                "env" => spec.environment = true,
                "net" => spec.network = true,
                "controls" => spec.controls = true,
                "project" => spec.kind = RunKind::Project,
                "foreign" => spec.kind = RunKind::Foreign,
                _ => match (role(word.trim_end_matches('*')), word.ends_with('*')) {
                    (role, true) => spec.rest = Some(role),
                    (role, false) if spec.rest.is_some() => spec.last.push(role),
                    (role, false) => spec.operands.push(role),
                },
            }
        }
        for word in options.split_whitespace() {
            spec.option(word);
        }
        spec
    }

    /// How many operands stand before the command that a wrapper runs.
    pub(super) fn before_command(&self) -> usize {
        self.operands.iter().position(|role| *role == Role::Command).unwrap_or(self.operands.len())
    }

    fn option(&mut self, word: &str) {
        if word == "-#" {
            self.numbers = true;
            return;
        }
        let end = word.find([':', '?', '%', '&', '^', '!']).unwrap_or(word.len());
        let (name, marks) = word.split_at(end);
        let mut switch = Switch::default();
        let mut rest = marks;
        if let Some(more) = rest.strip_prefix(':').or_else(|| rest.strip_prefix('?')) {
            switch.attached = rest.starts_with('?');
            let end = more.find(['%', '&', '^', '!']).unwrap_or(more.len());
            let (first, second) = match more[..end].split_once('+') {
                Some((first, second)) => (first, Some(role(second))),
                None => (&more[..end], None),
            };
            (switch.value, switch.second) = (Some(role(first)), second);
            rest = &more[end..];
        }
        switch.tree = rest.contains('%');
        switch.writes = rest.contains('&');
        switch.drops = rest.contains('^');
        switch.strange = rest.contains('!');
        // A word behind one dash that takes a value is one option, not its letters.
        let is_word = name.len() > 2 && (switch.value.is_some() || name[1..].contains('-'));
        if name.starts_with("--") || name.starts_with('+') || self.long || is_word {
            self.options.insert(name.to_owned(), switch);
        } else {
            for letter in name.trim_start_matches('-').chars() {
                self.options.insert(format!("-{letter}"), switch);
            }
        }
    }

    /// Sorts arguments as the program itself would.
    pub(super) fn sort(&self, arguments: &[String]) -> Sorted {
        let mut sorted = Sorted::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let is_option = argument.len() > 1
                && (argument.starts_with('-')
                    || argument.starts_with('+')
                        && self.options.keys().any(|name| name.starts_with('+')));
            if argument.starts_with('+') && self.options.contains_key("+") {
                continue;
            }
            if !is_option {
                sorted.operands.push(argument.clone());
                if self.first {
                    break;
                }
            } else if argument == "--" {
                break;
            } else if argument.starts_with("--") || self.long || self.has_word(argument) {
                self.sort_long(argument, &mut arguments, &mut sorted);
            } else {
                self.sort_short(argument, &mut arguments, &mut sorted);
            }
        }
        sorted.operands.extend(arguments.cloned());
        sorted
    }

    /// Whether an argument is a word behind one dash that is an option as a whole.
    fn has_word(&self, argument: &str) -> bool {
        let name = argument.split('=').next().unwrap_or(argument);
        name.len() > 2 && self.options.contains_key(name)
    }

    fn sort_long(
        &self,
        argument: &str,
        rest: &mut std::slice::Iter<'_, String>,
        sorted: &mut Sorted,
    ) {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument, None),
        };
        // A long option may be cut short as long as only one begins like that.
        let mut near =
            self.options.range(name.to_owned()..).take_while(|(long, _)| long.starts_with(name));
        let found = match (self.options.get_key_value(name), near.next(), near.next()) {
            (Some(exact), _, _) => Some(exact),
            (None, Some(only), None) if !self.long && name.len() > 2 => Some(only),
            _ => None,
        };
        match found {
            Some((name, switch)) => {
                let value = match (value, switch.value, switch.attached) {
                    (None, Some(_), false) => rest.next().cloned(),
                    (value, _, _) => value,
                };
                sorted.options.push((name.clone(), value, *switch));
                if let Some(role) = switch.second {
                    let second = Switch { value: Some(role), ..Switch::default() };
                    sorted.options.push((name.clone(), rest.next().cloned(), second));
                }
            }
            None if matches!(name, "--help" | "--version") => {}
            None if self.numbers && name[1..].bytes().all(|b| b.is_ascii_digit()) => {}
            None if self.any => {
                // Nobody listed it, and its name says that its value is run.
                let strange = self.kind == RunKind::Known && runs_its_value(name);
                sorted.options.push((
                    name.to_owned(),
                    value,
                    Switch { strange, ..Switch::default() },
                ));
            }
            None => sorted.strange.push(argument.to_owned()),
        }
    }

    fn sort_short(
        &self,
        argument: &str,
        rest: &mut std::slice::Iter<'_, String>,
        sorted: &mut Sorted,
    ) {
        let letters = &argument[1..];
        if self.numbers
            && unmarked(letters).bytes().all(|b| b.is_ascii_digit() || b"*.,k".contains(&b))
        {
            return;
        }
        for (at, letter) in letters.char_indices() {
            let name = format!("{}{letter}", &argument[..1]);
            let Some(switch) = self.options.get(&name) else {
                if !self.any {
                    sorted.strange.push(argument.to_owned());
                    return;
                }
                sorted.options.push((name, None, Switch::default()));
                continue;
            };
            let behind = &letters[at + letter.len_utf8()..];
            let attached =
                (!behind.is_empty()).then(|| behind.strip_prefix('=').unwrap_or(behind).to_owned());
            let value = match (switch.value, switch.attached, attached) {
                (None, _, _) => None,
                (Some(_), false, None) => rest.next().cloned(),
                (Some(_), _, attached) => attached,
            };
            let ends = switch.value.is_some();
            sorted.options.push((name, value, *switch));
            if ends {
                return;
            }
        }
    }
}

/// Whether a target, by its name, is for others to see.
pub(super) fn releases(target: &str) -> bool {
    ["deploy", "publish"].iter().any(|word| {
        target
            .strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '-']))
    })
}

fn is_address(field: &str) -> bool {
    ["http://", "https://", "ftp://"].iter().any(|scheme| field.starts_with(scheme))
}

/// Whether an option's name says that a program is named behind it.
fn runs_its_value(name: &str) -> bool {
    let bare = name.trim_start_matches('-').to_ascii_lowercase();
    [
        "cmd", "command", "exec", "execute", "editor", "pager", "shell", "rsh", "plugin",
        "require", "hook",
    ]
    .iter()
    .any(|word| bare.ends_with(word))
}

fn role(word: &str) -> Role {
    match word {
        "r" => Role::Read,
        "R" => Role::ReadTree,
        "w" => Role::Write,
        "W" => Role::WriteTree,
        "d" => Role::Delete,
        "a" => Role::Attributes,
        "x" | "" => Role::Text,
        "n" => Role::Asked,
        "s" => Role::Sent,
        "c" | "run" => Role::Command,
        "sh" => Role::Script,
        "i" => Role::Inside,
        _ => Role::Strange,
    }
}

/// Whether a table knows this program.
pub(super) fn is_known(name: &str) -> bool {
    TABLE.contains_key(name)
}

/// Runs a program that a table knows.
pub(super) fn call(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &[String],
    stdin: &Stream,
) -> Option<Stream> {
    let spec = TABLE.get(name)?;
    Some(walk.by(spec, name, arguments, stdin))
}

impl Walk<'_> {
    /// Runs a program by a line of a table.
    pub(super) fn by(
        &mut self,
        spec: &Spec,
        name: &str,
        arguments: &[String],
        stdin: &Stream,
    ) -> Stream {
        let sorted = spec.sort(arguments);
        self.runs(name, spec.kind);
        if spec.controls {
            self.controls(name);
        }
        if spec.environment {
            self.reads("/proc/self/environ", Extent::One);
        }
        if spec.network {
            self.sends("*", false);
        }
        for strange in &sorted.strange {
            self.opaque(&format!(
                "`{name}` has an option that Weir does not know: `{}`",
                shown(strange)
            ));
        }
        if spec.operands == [Role::Strange] && !arguments.is_empty() {
            self.opaque(&format!("what `{name}` does is not known"));
        }
        let tree = sorted.options.iter().any(|(_, _, switch)| switch.tree);
        let writes = sorted.options.iter().any(|(_, _, switch)| switch.writes);
        for (option, value, switch) in &sorted.options {
            if switch.strange {
                self.opaque(&format!("`{name} {option}` does more than Weir knows"));
            }
            if let (Some(role), Some(value)) = (switch.value, value) {
                self.act(name, role, value, false, stdin);
            }
            if let (Role::Text, Some(value), RunKind::Project) =
                (switch.value.unwrap_or(Role::Text), value, spec.kind)
            {
                self.stays(name, option, value);
            }
        }
        let dropped = usize::from(sorted.options.iter().any(|(_, _, switch)| switch.drops));
        let fixed: Vec<Role> = spec.operands.iter().copied().skip(dropped).collect();
        let count = sorted.operands.len();
        for (at, operand) in sorted.operands.iter().enumerate() {
            let from_end = count - at;
            let role = match fixed.get(at) {
                Some(role) => *role,
                None if from_end <= spec.last.len()
                    && count > fixed.len() + spec.last.len() - 1 =>
                {
                    spec.last[spec.last.len() - from_end]
                }
                None => spec.rest.or(spec.last.first().copied()).unwrap_or(Role::Text),
            };
            if role == Role::Command {
                self.call(&sorted.operands[at..], stdin);
                break;
            }
            if name == "yq"
                && ["load(", "load_str(", "eval(", "env("].iter().any(|word| operand.contains(word))
            {
                self.opaque("what an expression of `yq` loads or evaluates is not known");
            }
            if spec.kind == RunKind::Project && releases(operand) {
                self.controls(&format!("{name} {operand}"));
            }
            let role = if writes && role == Role::Read { Role::Write } else { role };
            if spec.kind == RunKind::Project {
                if at == 0 && matches!(operand.as_str(), "exec" | "execute") && count > 1 {
                    self.call(&sorted.operands[1..], stdin);
                    break;
                }
                self.stays_inside(name, operand);
            }
            self.act(name, role, operand, tree, stdin);
        }
        if spec.here && count <= fixed.len() {
            self.reads(".", if tree { Extent::Tree } else { Extent::One });
        }
        match (name, &sorted.operands[..], stdin) {
            // What goes through unchanged is still known.
            ("cat", [], Stream::Text(_) | Stream::Paths(_)) => stdin.clone(),
            ("cat", [file], _) => self.file(file),
            ("tee", targets, Stream::Text(text)) => {
                let paths: Vec<String> =
                    targets.iter().flat_map(|target| self.paths(target)).collect();
                for path in paths {
                    self.state.texts.insert(path, Some(text.as_str().into()));
                }
                stdin.clone()
            }
            _ => self.output_of(spec, &sorted, &fixed, stdin),
        }
    }

    /// A tool that runs a project's code runs that of another place when it is sent there.
    fn stays_inside(&mut self, name: &str, operand: &str) {
        let path = operand.strip_prefix('@').unwrap_or(operand);
        let leads =
            path.starts_with(['/', '~']) || path.starts_with("../") || operand.starts_with('@');
        let is_code = operand.starts_with('\\');
        if is_code || leads && !self.paths(path).iter().all(|path| self.is_in_tree(path)) {
            self.opaque(&format!("`{name}` works at another place: `{}`", shown(operand)));
        }
    }

    fn output_of(&self, spec: &Spec, sorted: &Sorted, fixed: &[Role], stdin: &Stream) -> Stream {
        if spec.filter
            && sorted.operands.len() <= fixed.len()
            && let Stream::Paths(_) = stdin
        {
            return stdin.clone();
        }
        if spec.paths {
            let operands = sorted.operands.iter().skip(fixed.len());
            let mut paths: Vec<String> =
                operands.map(|operand| format!("{operand}/{BELOW}")).collect();
            if paths.is_empty() {
                paths.push(BELOW.to_owned());
            }
            return Stream::Paths(paths);
        }
        Stream::Unknown
    }

    /// What a program does with one operand or value.
    pub(super) fn act(&mut self, name: &str, role: Role, field: &str, tree: bool, stdin: &Stream) {
        let extent = if tree { Extent::Tree } else { Extent::One };
        match role {
            // What many programs take for a file may be an address as well.
            Role::Read | Role::ReadTree if is_address(field) => self.sends(field, false),
            Role::Read => {
                // A list of arguments in a file, as linkers and compilers take it.
                if let Some(list) = field.strip_prefix('@').filter(|list| !list.is_empty()) {
                    self.reads(list, Extent::One);
                }
                self.reads(field, extent);
            }
            Role::ReadTree => self.reads(field, Extent::Tree),
            Role::Write => self.writes(field, WriteHow::Change, extent),
            // Of the work tree itself, a folder for output gets some files; what is there stays.
            Role::WriteTree if self.paths(field).iter().all(|path| path == self.place.tree) => {
                self.writes(field, WriteHow::Change, Extent::Many);
            }
            Role::WriteTree => self.writes(field, WriteHow::Change, Extent::Tree),
            Role::Delete => self.writes(field, WriteHow::Delete, extent),
            Role::Attributes => self.writes(field, WriteHow::Attributes, extent),
            Role::Text => {}
            Role::Asked => self.sends(field, false),
            Role::Sent => self.sends(field, true),
            Role::Command | Role::Script if is_unknown(field) => {
                self.opaque(&format!("`{name}` runs what is known only when it runs"));
            }
            // The value of an option is a command line, whichever way it is run.
            Role::Command | Role::Script => {
                self.apart(|walk| walk.script(&unmarked(field), stdin));
            }
            Role::Inside => {
                self.stays_inside(name, field);
                self.stays(name, "", field);
                let inside = self.paths(field).iter().all(|path| self.is_in_tree(path));
                if !inside || is_unknown(field) {
                    self.opaque(&format!(
                        "`{name}` takes `{}` from outside of the work tree",
                        shown(field)
                    ));
                }
            }
            Role::Strange => {
                self.opaque(&format!("what `{name}` does with `{}` is not known", shown(field)));
            }
        }
    }
}

#[cfg(test)]
mod tests;
