//! The walk through a command: every branch is taken, nothing is run, and what it comes to is written down.

mod branch;
mod redirect;

use std::collections::BTreeSet;
use std::rc::Rc;

use weir_model::act::{Effect, RunKind};

use super::marks::{LIVE, SOME, UNKNOWN, is_unknown, shown};
use super::state::State;
use super::syntax::{Assign, Kind, Node, Value, Word};
use super::{Place, TEXT_MAX, grammar, poison};

/// How many steps (commands, words, rounds of a loop) are followed before a command does too much to follow.
const STEPS_MAX: usize = 8_000;

/// How many bytes the values of variables may come to, all uses together.
const VALUES_MAX: usize = 4 << 20;

/// The longest value of a variable that is kept.
const VALUE_MAX: usize = 64 << 10;

/// How deeply shells, functions and wrappers may call each other.
const CALLS_MAX: usize = 20;

/// How many rounds of a loop over known words are walked one by one.
const ROUNDS_MAX: usize = 16;

/// What a command writes to its output, or finds on its input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stream {
    /// Nobody said: the terminal, or nothing.
    None,
    /// This text.
    Text(String),
    /// These paths, one a line.
    Paths(Vec<String>),
    /// Something that is known only when it runs.
    Unknown,
}

/// The walk and what it found.
pub(super) struct Walk<'a> {
    pub(super) place: Place<'a>,
    pub(super) state: State,
    /// The state when the last command failed, where that differs from the state behind it.
    pub(super) failed: Option<State>,
    /// The file that the input comes from, when it is one.
    pub(super) input: Option<String>,
    found: Vec<Effect>,
    seen: BTreeSet<Effect>,
    steps: usize,
    values: usize,
    depth: usize,
}

impl<'a> Walk<'a> {
    /// All effects of a command.
    pub(super) fn over(command: &str, place: &Place<'a>) -> Vec<Effect> {
        let mut walk = Self {
            place: *place,
            state: State::new(place.cwd),
            failed: None,
            input: None,
            found: Vec::new(),
            seen: BTreeSet::new(),
            steps: STEPS_MAX,
            values: VALUES_MAX,
            depth: 0,
        };
        if command.len() > TEXT_MAX {
            walk.opaque("the command is longer than Weir reads");
            return walk.found;
        }
        if let Some(char) = super::plain::hidden(command) {
            walk.opaque(&format!(
                "a character that cannot be seen, U+{:04X}, is in the command",
                char as u32
            ));
            if matches!(char, UNKNOWN | LIVE | '\0') {
                return walk.found;
            }
        }
        walk.script(command, &Stream::None);
        walk.found
    }

    /// Writes an effect down.
    pub(super) fn find(&mut self, effect: Effect) {
        if self.found.len() < STEPS_MAX && self.seen.insert(effect.clone()) {
            self.found.push(effect);
        }
    }

    /// How much was found.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// Whether code of the project runs by what was found since then.
    pub(super) fn ran_project_since(&self, count: usize) -> bool {
        let found = self.found.get(count..).unwrap_or(&[]);
        found.iter().any(|effect| {
            matches!(effect, Effect::Runs { kind: RunKind::Project, .. } | Effect::Installs { .. })
        })
    }

    /// Writes down that something is not understood.
    pub(super) fn opaque(&mut self, why: &str) {
        self.find(Effect::Opaque { why: why.to_owned() });
    }

    /// Writes down that a program runs.
    pub(super) fn runs(&mut self, program: &str, kind: RunKind) {
        self.find(Effect::Runs { program: program.to_owned(), kind });
    }

    /// Writes down that this machine or other processes are changed.
    pub(super) fn controls(&mut self, what: &str) {
        self.find(Effect::Controls { what: what.to_owned() });
    }

    /// Takes one of the steps that are left.
    pub(super) fn spend(&mut self) -> bool {
        self.spend_many(1)
    }

    fn spend_many(&mut self, steps: usize) -> bool {
        if self.steps < steps {
            self.opaque("it does more than can be followed");
            self.steps = 0;
            return false;
        }
        self.steps -= steps;
        true
    }

    /// The state, for a branch that may not happen.
    fn branch(&mut self) -> State {
        let size = self.state.variables.len() + self.state.texts.len() + self.state.links.len();
        self.spend_many(size / 16);
        self.state.clone()
    }

    /// Sets a variable.
    pub(super) fn set(&mut self, name: &str, values: Vec<String>) {
        let size: usize = values.iter().map(String::len).sum();
        let known = size <= VALUE_MAX && self.values >= size;
        self.values = self.values.saturating_sub(size);
        let values = if known { values } else { vec![UNKNOWN.to_string()] };
        self.state.variables.insert(name.to_owned(), values);
    }

    /// Walks through the text of a script.
    pub(super) fn script(&mut self, text: &str, stdin: &Stream) -> Stream {
        if !self.spend_many(1 + text.len() / 2048) || self.depth >= CALLS_MAX {
            self.opaque("shells are nested too deeply");
            return Stream::Unknown;
        }
        self.depth += 1;
        let output = match grammar::read(text, self.depth) {
            Ok(node) => self.run(&node, stdin),
            Err(fault) => {
                self.opaque(&format!("a command cannot be read: {fault}"));
                Stream::Unknown
            }
        };
        self.depth -= 1;
        output
    }

    /// Walks in a shell of its own, which leaves nothing behind here.
    pub(super) fn apart<T>(&mut self, walk: impl FnOnce(&mut Self) -> T) -> T {
        let (before, failed) = (self.branch(), self.failed.take());
        let result = walk(self);
        self.state = before;
        self.failed = failed;
        result
    }

    /// What is found in a shell of its own, without writing it down here.
    pub(super) fn found_by(&mut self, walk: impl FnOnce(&mut Self)) -> Vec<Effect> {
        let (found, seen) = (std::mem::take(&mut self.found), std::mem::take(&mut self.seen));
        self.apart(walk);
        self.seen = seen;
        std::mem::replace(&mut self.found, found)
    }

    /// What a substituted command writes.
    pub(super) fn output(&mut self, node: &Node) -> Stream {
        self.apart(|walk| walk.run(node, &Stream::None))
    }

    /// A command at the other end of a pipe that has a name.
    pub(super) fn aside(&mut self, node: &Node) {
        self.apart(|walk| walk.run(node, &Stream::Unknown));
    }

    /// Walks through a command.
    pub(super) fn run(&mut self, node: &Node, stdin: &Stream) -> Stream {
        if !self.spend() {
            return Stream::Unknown;
        }
        let before = self.input.take();
        let (stdin, target) = self.redirects(&node.redirects, stdin);
        let output = self.kind(&node.kind, &stdin);
        self.input = before;
        let Some(targets) = target else { return output };
        let text: Option<Rc<str>> = match output {
            Stream::Text(text) => Some(text.into()),
            Stream::None | Stream::Paths(_) | Stream::Unknown => None,
        };
        for path in targets {
            self.state.texts.insert(path, text.clone());
        }
        Stream::Text(String::new())
    }

    fn kind(&mut self, kind: &Kind, stdin: &Stream) -> Stream {
        match kind {
            Kind::Simple { assigns, words } => self.simple(assigns, words, stdin),
            Kind::Pipeline(nodes) => self.pipeline(nodes, stdin),
            Kind::AndOr(nodes) => self.and_or(nodes, stdin),
            Kind::List(nodes) => self.list(nodes, stdin),
            Kind::Subshell(node) => self.apart(|walk| walk.run(node, stdin)),
            Kind::Group(node) => self.run(node, stdin),
            Kind::If { arms, otherwise } => self.choice(arms, otherwise.as_deref(), stdin),
            Kind::While { condition, body } => {
                self.rounds(stdin, |walk, stdin| {
                    walk.run(condition, stdin);
                    walk.run(body, stdin);
                });
                Stream::Unknown
            }
            Kind::Count(parts, body) => {
                self.arithmetic(parts);
                self.rounds(stdin, |walk, stdin| {
                    walk.run(body, stdin);
                });
                Stream::Unknown
            }
            Kind::For { name, words, body } => self.over_words(name, words.as_deref(), body, stdin),
            Kind::Case(word, arms) => {
                self.text(word);
                let start = self.branch();
                let mut after = start.clone();
                for (patterns, body) in arms {
                    self.state = start.clone();
                    for pattern in patterns {
                        self.text(pattern);
                    }
                    self.run(body, stdin);
                    let state = std::mem::replace(&mut self.state, State::new(""));
                    after = after.or(state);
                }
                self.state = after;
                Stream::Unknown
            }
            Kind::Function(name, body) => {
                self.state.functions.insert(name.clone(), vec![Rc::clone(body)]);
                Stream::Text(String::new())
            }
            Kind::Test(words) => {
                for word in words {
                    self.arithmetic(word);
                }
                Stream::Text(String::new())
            }
            Kind::Arithmetic(parts) => {
                self.arithmetic(parts);
                Stream::Text(String::new())
            }
        }
    }

    fn simple(&mut self, assigns: &[Assign], words: &[Word], stdin: &Stream) -> Stream {
        let fields = self.fields(words);
        let mut kept = Vec::new();
        for assign in assigns {
            kept.push((assign.name.clone(), self.state.variables.get(&assign.name).cloned()));
            self.assign(assign);
        }
        if fields.is_empty() {
            return Stream::Text(String::new());
        }
        self.failed = None;
        let output = self.call(&fields, stdin);
        // `declare -a x=(...)` is read as an assignment, and stays.
        if !matches!(&fields[0][..], "declare" | "typeset" | "local" | "export" | "readonly") {
            for (name, value) in kept {
                match value {
                    Some(value) => self.state.variables.insert(name, value),
                    None => self.state.variables.remove(&name),
                };
            }
        }
        output
    }

    fn assign(&mut self, assign: &Assign) {
        let mut values = match &assign.value {
            Value::One(word) => vec![self.text(word)],
            Value::Many(words) => self.fields(words),
        };
        if assign.index.as_ref().is_some_and(|index| !index.is_empty()) {
            let index = assign.index.clone().unwrap_or_default();
            self.arithmetic(&index);
            values = vec![UNKNOWN.to_string()];
        } else if assign.appends {
            let mut before = self.variable(&assign.name);
            match (&assign.value, before.len()) {
                (Value::One(_), 1) => before[0].push_str(&values[0]),
                _ => before.extend(values),
            }
            values = before;
        }
        poison::assigned(self, &assign.name, &values.join(" "));
        self.set(&assign.name, values);
    }

    /// Calls what the first field names.
    pub(super) fn call(&mut self, fields: &[String], stdin: &Stream) -> Stream {
        let [name, arguments @ ..] = fields else { return Stream::Unknown };
        if !self.spend() {
            return Stream::Unknown;
        }
        if self.depth >= CALLS_MAX {
            self.opaque("commands call each other too deeply");
            return Stream::Unknown;
        }
        self.depth += 1;
        let output = self.called(name, arguments, stdin);
        self.depth -= 1;
        output
    }

    fn called(&mut self, name: &str, arguments: &[String], stdin: &Stream) -> Stream {
        if let Some(bodies) = self.state.functions.get(name).cloned() {
            let before = std::mem::replace(&mut self.state.arguments, arguments.to_vec());
            let mut output = Stream::Unknown;
            for body in &bodies {
                output = self.run(body, stdin);
            }
            self.state.arguments = before;
            self.state.ended = false;
            return if bodies.len() == 1 { output } else { Stream::Unknown };
        }
        if let Some(alias) = self.state.aliases.remove(name) {
            // An alias may count or not: both are walked.
            let quoted = arguments.iter().map(|field| format!(" {}", super::plain::quoted(field)));
            self.script(&(alias.clone() + &quoted.collect::<String>()), stdin);
            let output = self.called(name, arguments, stdin);
            self.state.aliases.insert(name.to_owned(), alias);
            return output;
        }
        if is_unknown(name) || name.contains(LIVE) && !matches!(name, "\u{10fffe}[") {
            self.opaque(&format!("the program `{}` is known only when it runs", shown(name)));
            return Stream::Unknown;
        }
        if name.starts_with(['!', '=', '%']) {
            self.opaque(&format!("`{}` is expanded by some shells", shown(name)));
            return Stream::Unknown;
        }
        self.program(name, arguments, stdin)
    }
}

/// A number or a name that a program writes, without blanks and slashes.
pub(super) fn some() -> Stream {
    Stream::Text(SOME.to_owned())
}
