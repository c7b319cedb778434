//! What would change an answer: facts are changed, one at a time or two, and the act is judged again.

use super::{Change, ruling};
use crate::policy::bundle::Bundle;
use crate::policy::scope::Scope;
use bstr::BStr;
use weir_model::PathSet;
use weir_model::act::{
    Act, Answer, Effect, Extent, GitOperation, RunKind, Subagent, Taint, WriteHow,
};

/// What is judged.
#[derive(Clone)]
struct Case {
    scope: Scope,
    act: Act,
    effects: Vec<Effect>,
}

/// A change of facts.
struct Flip {
    what: String,
    to: Case,
    /// Where it changes one effect, which, so that two of them can be joined.
    at: Option<usize>,
}

/// A reader takes in so many.
const CHANGES_MAX: usize = 6;
/// Judging again costs as much as judging: an act of hundreds of effects is not tried pair by pair.
const FLIPS_MAX: usize = 60;
const PAIRED_MAX: usize = 16;

/// The smallest changes that give another answer: a milder one, or for what is allowed a stricter one.
pub(super) fn changes(
    bundle: &Bundle,
    scope: &Scope,
    act: &Act,
    effects: &[Effect],
    answer: Answer,
) -> Vec<Change> {
    let case = Case { scope: scope.clone(), act: act.clone(), effects: effects.to_vec() };
    let allowed = answer == Answer::Allow;
    let mut flips = if allowed { stricter(&case) } else { milder(&case) };
    flips.truncate(FLIPS_MAX);
    let better = |new: Answer| if allowed { new > answer } else { new < answer };
    let judged = |case: &Case| ruling(bundle, &case.scope, &case.act, &case.effects).answer;
    let mut found: Vec<Change> = Vec::new();
    let mut take = |what: String, case: &Case| {
        let answer = judged(case);
        if better(answer) {
            found.push(Change { what, answer });
        }
    };
    for flip in &flips {
        take(flip.what.clone(), &flip.to);
    }
    if found.is_empty() {
        let mut take = |what: String, case: &Case| {
            let answer = judged(case);
            if better(answer) {
                found.push(Change { what, answer });
            }
        };
        for (index, one) in flips.iter().take(PAIRED_MAX).enumerate() {
            for other in flips.iter().take(PAIRED_MAX).skip(index + 1) {
                if let Some(both) = joined(&case, one, other) {
                    take(format!("{}, and {}", one.what, other.what), &both);
                }
            }
        }
    }
    if answer == Answer::Ask {
        let what = "a person says yes to exactly this".to_owned();
        found.push(Change { what, answer: Answer::Allow });
    }
    found.sort_by_key(|change| {
        if allowed {
            std::cmp::Reverse(change.answer)
        } else {
            std::cmp::Reverse(invert(change.answer))
        }
    });
    found.truncate(CHANGES_MAX);
    found
}

/// So that the mildest stands first.
fn invert(answer: Answer) -> Answer {
    match answer {
        Answer::Allow => Answer::Deny,
        Answer::Ask => Answer::Ask,
        Answer::Deny => Answer::Allow,
    }
}

/// Two changes at once, when they are of different things.
fn joined(case: &Case, one: &Flip, other: &Flip) -> Option<Case> {
    let mut both = one.to.clone();
    match (one.at, other.at) {
        (Some(a), Some(b)) if a != b && other.to.effects.len() == case.effects.len() => {
            *both.effects.get_mut(b)? = other.to.effects.get(b)?.clone();
            (both.effects.len() == case.effects.len()).then_some(both)
        }
        (Some(_), Some(_)) => None,
        (None, Some(_)) => {
            both.effects = other.to.effects.clone();
            Some(both)
        }
        (Some(_), None) => {
            (both.scope, both.act) = (other.to.scope.clone(), other.to.act.clone());
            Some(both)
        }
        (None, None) => {
            // Only what the first left as it was.
            if one.to.act == case.act {
                both.act = other.to.act.clone();
            }
            if other.to.scope.taints != case.scope.taints {
                both.scope.taints = other.to.scope.taints.clone();
            }
            if other.to.scope.mandate != case.scope.mandate {
                both.scope.mandate = other.to.scope.mandate.clone();
            }
            if other.to.scope.tools != case.scope.tools {
                both.scope.tools = other.to.scope.tools.clone();
            }
            Some(both)
        }
    }
}

/// Changes of one case, collected.
struct Flips<'c> {
    case: &'c Case,
    found: Vec<Flip>,
}

impl Flips<'_> {
    fn scope(&mut self, what: impl Into<String>, change: impl FnOnce(&mut Scope)) {
        let mut to = self.case.clone();
        change(&mut to.scope);
        self.add(what, to, None);
    }

    fn act(&mut self, what: impl Into<String>, change: impl FnOnce(&mut Act)) {
        let mut to = self.case.clone();
        change(&mut to.act);
        self.add(what, to, None);
    }

    fn effect(&mut self, at: usize, what: impl Into<String>, effect: Effect) {
        let mut to = self.case.clone();
        if let Some(old) = to.effects.get_mut(at) {
            *old = effect;
        }
        self.add(what, to, Some(at));
    }

    fn add(&mut self, what: impl Into<String>, to: Case, at: Option<usize>) {
        self.found.push(Flip { what: what.into(), to, at });
    }
}

fn milder(case: &Case) -> Vec<Flip> {
    let mut flips = Flips { case, found: Vec::new() };
    for (at, effect) in case.effects.iter().enumerate() {
        milder_effect(&mut flips, at, effect);
    }
    let scope = &case.scope;
    let clean = "a session that has";
    if scope.taints.contains(&Taint::Untrusted) {
        flips.scope(format!("{clean} not read what outsiders wrote"), |scope| {
            scope.taints.remove(&Taint::Untrusted);
        });
    }
    if scope.taints.contains(&Taint::Secrets) {
        flips.scope(format!("{clean} not read secrets"), |scope| {
            scope.taints.remove(&Taint::Secrets);
        });
    }
    if case.act.subagent.is_some() {
        flips.act("the main agent does it, not a sub-agent", |act| act.subagent = None);
    }
    if case.act.mode.is_some() {
        flips.act("the client is in its usual mode", |act| act.mode = None);
    }
    if !scope.parents.is_empty() {
        flips.scope("a session that a person opened does it", |scope| scope.parents.clear());
    }
    if scope.worktree.is_none() && case.act.cwd.starts_with('/') {
        let cwd = case.act.cwd.clone();
        flips.scope("the session has a worktree, here", |scope| {
            scope.worktree = Some(cwd);
            scope.mandate = vec![PathSet::everything()];
        });
    }
    let paths = case.effects.iter().filter_map(|effect| match effect {
        Effect::Writes { path, .. } => below_worktree(path, scope),
        Effect::Reads { .. }
        | Effect::Runs { .. }
        | Effect::Sends { .. }
        | Effect::Git { .. }
        | Effect::Installs { .. }
        | Effect::Calls { .. }
        | Effect::Spawns { .. }
        | Effect::Prompts
        | Effect::Controls { .. }
        | Effect::Opaque { .. } => None,
    });
    if let Some(first) = paths.into_iter().next() {
        flips.scope(format!("a mandate that covers `{}`", first.escape_debug()), |scope| {
            scope.mandate = vec![PathSet::everything()];
        });
    }
    if case.effects.len() > 1 {
        for at in 0..case.effects.len() {
            let mut to = case.clone();
            to.effects.remove(at);
            flips.add(format!("without the effect at place {at}"), to, Some(at));
        }
    }
    flips.found
}

fn milder_effect(flips: &mut Flips<'_>, at: usize, effect: &Effect) {
    let scope = &flips.case.scope;
    let ordinary = ordinary_path(scope);
    match effect {
        Effect::Reads { path, extent } => {
            if *extent != Extent::One {
                let one = Effect::Reads { path: path.clone(), extent: Extent::One };
                flips.effect(at, "one file or folder, and not all in it", one);
            }
            if let Some(other) = ordinary {
                let what = format!("another path, such as `{}`", other.escape_debug());
                flips.effect(at, what, Effect::Reads { path: other, extent: Extent::One });
            }
        }
        Effect::Writes { path, how, extent } => {
            if *extent != Extent::One {
                let one = Effect::Writes { path: path.clone(), how: *how, extent: Extent::One };
                flips.effect(at, "one file or folder, and not all in it", one);
            }
            if *how == WriteHow::Delete {
                let change =
                    Effect::Writes { path: path.clone(), how: WriteHow::Change, extent: *extent };
                flips.effect(at, "it is changed, and not deleted", change);
            }
            if let Some(other) = ordinary {
                let what = format!("another path, such as `{}`", other.escape_debug());
                flips.effect(
                    at,
                    what,
                    Effect::Writes { path: other, how: *how, extent: Extent::One },
                );
            }
        }
        Effect::Runs { program, kind } if *kind != RunKind::Project => {
            let script = Effect::Runs { program: program.clone(), kind: RunKind::Project };
            flips.effect(at, "it is a script of the project", script);
        }
        Effect::Sends { host, carries } => {
            if *carries {
                let fetch = Effect::Sends { host: host.clone(), carries: false };
                flips.effect(at, "no data of ours goes out with it", fetch);
            }
            let local = Effect::Sends { host: "localhost".to_owned(), carries: *carries };
            flips.effect(at, "it stays on this machine", local);
        }
        Effect::Git { operation: GitOperation::Push { remote, refs, force, delete } } => {
            let gate = format!("refs/for/{}", scope.trunk);
            let push = |remote: &str, refs: &[String], force, delete| Effect::Git {
                operation: GitOperation::Push {
                    remote: remote.to_owned(),
                    refs: refs.to_vec(),
                    force,
                    delete,
                },
            };
            if *force {
                flips.effect(at, "it is pushed without force", push(remote, refs, false, *delete));
            }
            if let Some(entrance) = scope.entrances.iter().find(|name| !name.is_empty()) {
                let what = format!(
                    "it is pushed to Weir: `git push {} HEAD:{gate}`",
                    entrance.escape_debug()
                );
                flips.effect(at, what, push(entrance, &[gate], false, false));
            }
        }
        Effect::Installs { manager, packages, locked } => {
            if !packages.is_empty() {
                let (manager, packages) = (manager.clone(), Vec::new());
                let plain = Effect::Installs { manager, packages, locked: *locked };
                flips.effect(at, "what the manifest names is installed, and nothing new", plain);
            }
        }
        Effect::Calls { server, name } => {
            let tool = format!("{server}/{name}");
            flips.scope(format!("the space lists the tool `{}`", tool.escape_debug()), |scope| {
                scope.tools.insert(tool);
            });
        }
        Effect::Runs { .. }
        | Effect::Git { .. }
        | Effect::Spawns { .. }
        | Effect::Prompts
        | Effect::Controls { .. }
        | Effect::Opaque { .. } => {}
    }
}

fn stricter(case: &Case) -> Vec<Flip> {
    let mut flips = Flips { case, found: Vec::new() };
    let missing = |taint| !case.scope.taints.contains(&taint);
    if missing(Taint::Untrusted) {
        flips.scope("the session has read what outsiders wrote", |scope| {
            scope.taints.insert(Taint::Untrusted);
        });
    }
    if missing(Taint::Secrets) {
        flips.scope("the session has read secrets", |scope| {
            scope.taints.insert(Taint::Secrets);
        });
    }
    if case.act.subagent.is_none() {
        flips.act("a sub-agent does it", |act| {
            act.subagent = Some(Subagent { id: "sub-agent".to_owned(), kind: None });
        });
    }
    if !case.scope.mandate.is_empty() {
        flips.scope("a mandate that does not cover it", |scope| scope.mandate.clear());
    }
    if case.scope.worktree.is_some() {
        flips.scope("the session has no worktree", |scope| scope.worktree = None);
    }
    for (at, effect) in case.effects.iter().enumerate() {
        match effect {
            Effect::Sends { host, carries: false } => {
                let send = Effect::Sends { host: host.clone(), carries: true };
                flips.effect(at, "data of ours goes out with it", send);
            }
            Effect::Reads { path, extent: Extent::One } => {
                let all = Effect::Reads { path: path.clone(), extent: Extent::Tree };
                flips.effect(at, "all below it is read", all);
            }
            Effect::Writes { path, how, extent: Extent::One } => {
                let (path, how) = (path.clone(), *how);
                flips.effect(
                    at,
                    "all below it",
                    Effect::Writes { path, how, extent: Extent::Tree },
                );
            }
            Effect::Sends { .. }
            | Effect::Reads { .. }
            | Effect::Writes { .. }
            | Effect::Runs { .. }
            | Effect::Git { .. }
            | Effect::Installs { .. }
            | Effect::Calls { .. }
            | Effect::Spawns { .. }
            | Effect::Prompts
            | Effect::Controls { .. }
            | Effect::Opaque { .. } => {}
        }
    }
    flips.found
}

fn below_worktree(path: &str, scope: &Scope) -> Option<String> {
    let rest = path.strip_prefix(scope.worktree.as_deref()?)?;
    rest.strip_prefix('/').map(str::to_owned)
}

/// A file that the session may surely touch, after the patterns of its mandate.
fn ordinary_path(scope: &Scope) -> Option<String> {
    let patterns = scope.mandate.iter().flat_map(PathSet::patterns);
    let named = patterns.map(|pattern| {
        let whole = if pattern.ends_with('/') { format!("{pattern}**") } else { pattern.clone() };
        whole.replace("**", "notes").replace('*', "notes")
    });
    let fits = |name: &String| {
        scope.mandate.iter().all(|layer| layer.contains(BStr::new(name.as_bytes())))
    };
    let name = named.into_iter().find(fits)?;
    Some(format!("{}/{name}", scope.worktree.as_deref()?.trim_end_matches('/')))
}
