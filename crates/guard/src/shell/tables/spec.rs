//! A line of a table: what the operands of a program are and what its options do, and how it sorts its arguments.

use std::collections::BTreeMap;

use weir_model::act::RunKind;

use crate::shell::marks::unmarked;

/// What a program does with an operand or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Role {
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
    /// A name out of the program's own list. One that leads to a file is code of somebody's.
    Name,
    /// A question to DNS: a name or a server, or the type or class of a record.
    Question,
    Strange,
}

/// What an option does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::shell) struct Switch {
    /// What its value is, when it takes one.
    pub(super) value: Option<Role>,
    /// What the word behind its value is, when it takes two.
    pub(super) second: Option<Role>,
    /// Whether the value is only there when it is attached.
    pub(super) attached: bool,
    /// Whether operands count with all below.
    pub(super) tree: bool,
    /// Whether operands are written.
    pub(super) writes: bool,
    /// Whether the first operand falls away.
    pub(super) drops: bool,
    /// Whether nobody can say what it does.
    pub(super) strange: bool,
}

/// A line of a table.
#[derive(Debug, Clone)]
pub(in crate::shell) struct Spec {
    pub(super) operands: Vec<Role>,
    /// What all further ones are.
    pub(super) rest: Option<Role>,
    /// What the ones behind the rest are.
    pub(super) last: Vec<Role>,
    pub(super) here: bool,
    pub(super) filter: bool,
    pub(super) paths: bool,
    pub(super) first: bool,
    pub(super) long: bool,
    pub(super) any: bool,
    pub(super) numbers: bool,
    pub(super) environment: bool,
    pub(super) network: bool,
    pub(super) controls: bool,
    pub(super) kind: RunKind,
    pub(super) options: BTreeMap<String, Switch>,
}

/// Arguments, sorted by what they are.
#[derive(Debug, Default)]
pub(in crate::shell) struct Sorted {
    pub(in crate::shell) options: Vec<(String, Option<String>, Switch)>,
    pub(in crate::shell) operands: Vec<String>,
    pub(in crate::shell) strange: Vec<String>,
}

impl Switch {
    /// Whether nobody can say what it does.
    pub(in crate::shell) fn is_strange(self) -> bool {
        self.strange
    }
    /// What its value is.
    pub(in crate::shell) fn role(self) -> Option<Role> {
        self.value
    }
}

impl Sorted {
    /// Whether this option is there.
    pub(in crate::shell) fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|(name, _, _)| names.contains(&name.as_str()))
    }
    /// The value of an option, the last one given.
    pub(in crate::shell) fn value(&self, names: &[&str]) -> Option<&str> {
        let of = |(name, _, _): &&(String, Option<String>, Switch)| names.contains(&name.as_str());
        self.options.iter().rev().find(of)?.1.as_deref()
    }
}

impl Spec {
    /// Reads a line; a line that says nothing sensible says that nothing is known.
    pub(in crate::shell) fn read(line: &str) -> Self {
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
    pub(in crate::shell) fn before_command(&self) -> usize {
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
    pub(in crate::shell) fn sort(&self, arguments: &[String]) -> Sorted {
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
        "p" => Role::Name,
        "q" => Role::Question,
        _ => Role::Strange,
    }
}
