//! What others are changing, beside what an answer shows, and what they break of it.

use super::seeing::{Broken, Everyone};
use crate::Engine;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_model::SessionId;
use weir_view::answer::{AlsoHere, Breaks, Envelope};
use weir_view::fact::Role;
use weir_view::graph::How;
use weir_view::touched::{Touch, Touched};

/// Sessions other than the one that asks, with what each touches.
pub(super) struct Others {
    engine: Engine,
    me: Option<SessionId>,
    everyone: Arc<Everyone>,
    met: RefCell<BTreeMap<SessionId, Option<Who>>>,
}

/// Whom it is told of; `None` once a session has ended.
#[derive(Clone)]
struct Who {
    agent: String,
    task: Option<String>,
}

/// What is told, by whom it is of and of which file.
type Told = BTreeMap<(SessionId, String), AlsoHere>;

impl Others {
    pub(super) fn of_everyone(engine: &Engine, me: Option<SessionId>) -> Self {
        let everyone = engine.0.seeing.everyone();
        Self { engine: engine.clone(), me, everyone, met: RefCell::default() }
    }

    /// Tells an answer that shows these definitions of these files, and was asked for `name`.
    pub(super) fn tell(&self, envelope: &mut Envelope, shown: &[(&str, &str)], name: &str) {
        envelope.also_here = self.of_named(shown, name);
        envelope.late = self.late();
    }

    /// Who touches one of these files; of its definitions, those that were named are told first.
    pub(super) fn of(&self, shown: &[(&str, &str)]) -> Vec<AlsoHere> {
        self.of_named(shown, "")
    }

    /// Who touches one of these files, or breaks what is called `name`.
    fn of_named(&self, shown: &[(&str, &str)], name: &str) -> Vec<AlsoHere> {
        let mut paths: Vec<&str> = shown.iter().map(|(path, _)| *path).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut told = Told::new();
        for (session, lies) in self.others() {
            // Most touch little, and an answer may show much.
            let both: Vec<&str> = match lies.touches.len() < paths.len() {
                true => {
                    let touched = lies.touches.keys().map(String::as_str);
                    touched.filter(|path| paths.binary_search(path).is_ok()).collect()
                }
                false => {
                    let shown = paths.iter().copied();
                    shown.filter(|path| lies.touches.contains_key(*path)).collect()
                }
            };
            both.into_iter().for_each(|path| self.note(&mut told, *session, path, shown));
        }
        let name = last(name);
        let is_shown = |path: &str, name: &str| {
            shown.iter().any(|(at, it)| *at == path && (it.is_empty() || *it == name))
        };
        let is_meant = |one: &Broken| {
            let (touched, used) = (&one.it.touched, &one.it.used);
            touched.last_name() == name
                || is_shown(&touched.path, &touched.name)
                || is_shown(&used.path, used.within.as_deref().unwrap_or_default())
        };
        self.note_breaks(&mut told, shown, is_meant);
        told.into_values().collect()
    }

    /// Whether somebody touches this path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.others().any(|(_, lies)| lies.touches.contains_key(path))
    }

    pub(super) fn all(&self) -> Vec<AlsoHere> {
        let mut told = Told::new();
        for (session, lies) in self.others() {
            lies.touches.keys().for_each(|path| self.note(&mut told, *session, path, &[]));
        }
        self.note_breaks(&mut told, &[], |_| true);
        told.into_values().collect()
    }

    /// Who touches something of this name, and nothing else of theirs.
    pub(super) fn named(&self, name: &str) -> Vec<AlsoHere> {
        let mut told = Told::new();
        let is_it = |one: &Touched| one.last_name() == last(name);
        for (session, lies) in self.others() {
            for (path, touched) in lies.touches.iter().filter(|(_, all)| all.iter().any(is_it)) {
                self.note(&mut told, *session, path, &[]);
                if let Some(here) = told.get_mut(&(*session, path.clone())) {
                    here.symbols =
                        touched.iter().filter(|one| is_it(one)).map(Touched::told).collect();
                }
            }
        }
        self.note_breaks(&mut told, &[], |one| is_it(&one.it.touched));
        told.into_values().collect()
    }

    /// Whose edits may be seen late, and why.
    pub(super) fn late(&self) -> Vec<String> {
        let late = self.others().filter_map(|(session, lies)| Some((session, lies.late?)));
        late.filter(|(session, _)| self.who(**session).is_some())
            .map(|(session, late)| {
                format!("{session} is looked at every second or less: {}", late.why())
            })
            .collect()
    }

    fn others(&self) -> impl Iterator<Item = (&SessionId, &Arc<super::seeing::Lies>)> {
        self.everyone.lies.iter().filter(|(session, _)| Some(**session) != self.me)
    }

    fn who(&self, session: SessionId) -> Option<Who> {
        let mut met = self.met.borrow_mut();
        let meet = || {
            let now = self.engine.now();
            self.engine.read(|folds| {
                let agent = folds.guard.session_alive(session, now).ok()?.agent.clone();
                Some(Who { agent, task: folds.work.held_by(session).map(|task| task.to_string()) })
            })
        };
        met.entry(session).or_insert_with(meet).clone()
    }

    fn note(&self, told: &mut Told, session: SessionId, path: &str, shown: &[(&str, &str)]) {
        let key = (session, path.to_owned());
        if told.contains_key(&key) {
            return;
        }
        let Some(Who { agent, task }) = self.who(session) else { return };
        let touched = self.everyone.lies.get(&session).and_then(|lies| lies.touches.get(path));
        let all = touched.map_or(&[][..], |all| all.as_slice());
        let named = |one: &&Touched| shown.contains(&(path, one.name.as_str()));
        let (first, rest): (Vec<&Touched>, Vec<&Touched>) = all.iter().partition(named);
        let symbols = first.into_iter().chain(rest).map(Touched::told).collect();
        let (session, path) = (session.to_string(), path.to_owned());
        told.insert(key, AlsoHere { session, agent, task, path, symbols, breaks: Vec::new() });
    }

    /// What is broken between the one that asks and others; between any two, when a person asks.
    fn note_breaks(
        &self,
        told: &mut Told,
        shown: &[(&str, &str)],
        is_meant: impl Fn(&Broken) -> bool,
    ) {
        for one in self.everyone.breaks.iter().filter(|one| is_meant(one)) {
            let (of, path) = match self.me {
                Some(me) if me == one.used_by => (one.by, &one.it.touched.path),
                Some(me) if me != one.by => continue,
                Some(_) | None => (one.used_by, &one.it.used.path),
            };
            let (Some(by), Some(used_by)) = (self.name(one.by), self.name(one.used_by)) else {
                continue;
            };
            self.note(told, of, path, shown);
            if let Some(here) = told.get_mut(&(of, path.clone())) {
                here.breaks.push(broken(one, &by, &used_by));
            }
        }
    }

    /// As a sentence calls a session; `None` when it has ended.
    fn name(&self, session: SessionId) -> Option<String> {
        if Some(session) == self.me {
            return Some("you".to_owned());
        }
        let Who { agent, task } = self.who(session)?;
        let task = task.map(|task| format!(", {task}")).unwrap_or_default();
        Some(format!("{session} ({agent}{task})"))
    }
}

fn broken(one: &Broken, by: &str, used_by: &str) -> Breaks {
    let Broken { it, .. } = one;
    let (touched, used) = (&it.touched, &it.used);
    let verb = match used.role {
        Role::Call => "call",
        Role::Type => "name",
        Role::Mention => "use",
    };
    let verb = if used_by == "you" { verb.to_owned() } else { format!("{verb}s") };
    let now = touched.now.as_deref().map(|name| format!(" to `{name}`")).unwrap_or_default();
    let what = match touched.touch {
        Touch::Reshaped => "changed the head of",
        Touch::Added | Touch::Changed | Touch::Unsure | Touch::Renamed | Touch::Removed => {
            touched.touch.name()
        }
    };
    let known = match used.how {
        How::Compiler | How::Import => "",
        How::Name => " (by name alone)",
    };
    let (name, defined_in) = (&touched.name, &touched.path);
    let (path, line) = (&used.path, used.line);
    let how = match used.how {
        How::Compiler => "compiler",
        How::Import => "import",
        How::Name => "name",
    };
    Breaks {
        sentence: format!(
            "{by} {what} `{name}`{now} in {defined_in}; {used_by} {verb} it in an edit at {path}:{line}{known}"
        ),
        by: one.by.to_string(),
        touch: touched.touch.name().to_owned(),
        symbol: name.clone(),
        defined_in: defined_in.clone(),
        used_by: one.used_by.to_string(),
        path: path.clone(),
        line,
        how: how.to_owned(),
    }
}

/// The last part of a name.
fn last(name: &str) -> &str {
    name.rsplit([':', '.']).next().unwrap_or(name)
}
