//! The questions that are tried: a grid of sessions and effects, with every name that policies mention.

mod names;

use crate::policy::bundle::Bundle;
use crate::policy::judge::in_words;
use crate::policy::question::{Asker, Question};
use crate::policy::scope::{Scope, Spent};
use names::Names;
use std::collections::BTreeSet;
use weir_model::PathSet;
use weir_model::act::{
    Act, Client, Effect, Extent, GitOperation, Moment, RunKind, Subagent, Taint, Tool, WriteHow,
};

/// A question and who asks it.
pub(super) struct Sample {
    pub(super) question: Question,
    session: String,
}

impl Sample {
    /// The question in words, with what is special about who asks.
    pub(super) fn words(&self) -> String {
        let asks = in_words(&self.question);
        if self.session.is_empty() { asks } else { format!("{asks}, by {}", self.session) }
    }
}

/// What there is to try.
pub(super) struct Grid {
    sessions: Vec<(String, Scope, Act)>,
    effects: Vec<Effect>,
}

const WORKTREE: &str = "/home/agent/work";

/// One of each kind that can be told apart.
const PLACES: [&str; 38] = [
    "src/main.rs",
    "lib/other.rs",
    "",
    "target/debug/x",
    "node_modules/a/index.js",
    ".weir/policy/own.cedar",
    "weir.toml",
    ".claude/settings.json",
    ".github/workflows/ci.yml",
    ".git/config",
    ".env",
    ".env.example",
    "certs/server.pem",
    "Cargo.toml",
    "README.md",
    "~",
    "~/notes.txt",
    "~/.bashrc",
    "~/.cargo/registry/src/x/lib.rs",
    "~/.ssh",
    "~/.ssh/id_ed25519",
    "~/.ssh/config",
    "~/.aws/credentials",
    "~/.claude/settings.json",
    "/",
    "/etc",
    "/etc/hosts",
    "/etc/shadow",
    "/usr/bin/env",
    "/tmp",
    "/tmp/x",
    "/dev/null",
    "/dev/sda",
    "/proc/self/environ",
    "/proc/1/mem",
    "/run/docker.sock",
    "/srv/data",
    "/home/other/x",
];

const HOSTS: [&str; 8] = [
    "example.org",
    "localhost",
    "10.0.0.7",
    "169.254.169.254",
    "crates.io",
    "webhook.site",
    "*",
    "github.com",
];

impl Grid {
    /// For these bundles: the names that their policies mention are tried, too.
    pub(super) fn of(bundles: [&Bundle; 2]) -> Self {
        let mut names = Names::default();
        for rule in bundles.iter().flat_map(|bundle| bundle.rules()) {
            names.mine(&rule.text);
        }
        names.shorten();
        Self { sessions: sessions(&names), effects: effects(&names) }
    }

    /// Every question.
    pub(super) fn samples(&self) -> impl Iterator<Item = Sample> {
        self.sessions.iter().flat_map(|(session, scope, act)| {
            self.effects.iter().map(move |effect| {
                let asker = Asker::new(scope, act, std::slice::from_ref(effect));
                let act = called(act, effect);
                let question = asker.question(scope, &act, effect);
                Sample { question, session: session.clone() }
            })
        })
    }
}

/// A call with no arguments, so that their absence is known.
fn called(act: &Act, effect: &Effect) -> Act {
    match effect {
        Effect::Calls { server, name } => {
            let (server, name, arguments) = (server.clone(), name.clone(), "{}".to_owned());
            Act { tool: Tool::Mcp { server, name, arguments }, ..act.clone() }
        }
        Effect::Reads { .. }
        | Effect::Writes { .. }
        | Effect::Runs { .. }
        | Effect::Sends { .. }
        | Effect::Git { .. }
        | Effect::Installs { .. }
        | Effect::Spawns { .. }
        | Effect::Prompts
        | Effect::Controls { .. }
        | Effect::Opaque { .. } => act.clone(),
    }
}

type Change = fn(&mut Scope, &mut Act);

fn sessions(names: &Names) -> Vec<(String, Scope, Act)> {
    let changes: [(&str, Change); 10] = [
        ("", |_, _| {}),
        ("a session that has read what outsiders wrote", |scope, _| {
            scope.taints.insert(Taint::Untrusted);
        }),
        ("a session that has read secrets", |scope, _| {
            scope.taints.insert(Taint::Secrets);
        }),
        ("a session that has read both", |scope, _| {
            scope.taints.extend([Taint::Untrusted, Taint::Secrets]);
        }),
        ("a sub-agent", |_, act| {
            act.subagent = Some(Subagent { id: "s".to_owned(), kind: Some("Explore".to_owned()) });
        }),
        ("a session without a worktree", |scope, _| scope.worktree = None),
        ("a session that may touch everything in its worktree", |scope, _| {
            scope.mandate = vec![PathSet::everything()];
        }),
        ("a session five levels down", |scope, _| {
            scope.parents = (1..=5).map(|n| format!("S{n}")).collect();
        }),
        ("a client that skips its own permissions", |_, act| {
            act.mode = Some("bypassPermissions".to_owned());
        }),
        ("a session that has spent much", |scope, _| {
            scope.spent = Spent { tokens: 1 << 40, cents: 1 << 40 };
        }),
    ];
    let mut all: Vec<_> = changes
        .into_iter()
        .map(|(name, change)| {
            let (mut scope, mut act) = ordinary();
            change(&mut scope, &mut act);
            (name.to_owned(), scope, act)
        })
        .collect();
    for client in Client::ALL.into_iter().filter(|client| names.who.contains(client.name())) {
        let (scope, act) = ordinary();
        all.push((format!("a session of {client}"), scope, Act { client: Some(client), ..act }));
    }
    // Who is named is asked for as agent, person, session and kind at once: a policy reads one of them.
    for name in names.who.iter().filter(|name| name.parse::<Client>().is_err()) {
        let (mut scope, mut act) = ordinary();
        (scope.agent, scope.person, scope.session) = (name.clone(), name.clone(), name.clone());
        act.subagent = Some(Subagent { id: name.clone(), kind: Some(name.clone()) });
        act.mode = Some(name.clone());
        all.push((format!("`{}`", name.escape_debug()), scope, act));
    }
    all
}

fn ordinary() -> (Scope, Act) {
    let scope = Scope {
        session: "S100".to_owned(),
        agent: "agent".to_owned(),
        person: "person".to_owned(),
        worktree: Some(WORKTREE.to_owned()),
        home: "/home/agent".to_owned(),
        mandate: vec![PathSet::new(["src/**", "*.md", "*.toml"]).unwrap_or_default()],
        tools: ["listed".to_owned()].into(),
        ..Scope::default()
    };
    let act = Act {
        client: Some(Client::Claude),
        moment: Moment::BeforeTool,
        conversation: "c".to_owned(),
        subagent: None,
        call: None,
        cwd: WORKTREE.to_owned(),
        mode: None,
        tool: Tool::None,
    };
    (scope, act)
}

fn effects(names: &Names) -> Vec<Effect> {
    let mut all = places(names);
    for host in named(&HOSTS, &names.hosts) {
        all.extend([false, true].map(|carries| Effect::Sends { host: host.clone(), carries }));
    }
    for program in named(&["cargo", "thing"], &names.programs) {
        let kinds = [RunKind::Known, RunKind::Project, RunKind::Foreign];
        all.extend(kinds.map(|kind| Effect::Runs { program: program.clone(), kind }));
    }
    all.extend(git(names).into_iter().map(|operation| Effect::Git { operation }));
    for manager in named(&["npm"], &names.packages) {
        for package in named(&["left-pad"], &names.packages) {
            let (manager, packages) = (manager.clone(), vec![package]);
            all.push(Effect::Installs { manager, packages, locked: false });
        }
        let manifest =
            |locked| Effect::Installs { manager: manager.clone(), packages: vec![], locked };
        all.extend([manifest(true), manifest(false)]);
    }
    for server in named(&["listed", "other", "weir"], &names.tools) {
        for name in named(&["tool"], &names.tools) {
            all.push(Effect::Calls { server: server.clone(), name });
        }
        if let Some((server, name)) = server.split_once('/') {
            all.push(Effect::Calls { server: server.to_owned(), name: name.to_owned() });
        }
    }
    let kinds = named(&["", "Explore"], &names.kinds);
    all.extend(kinds.into_iter().map(|kind| Effect::Spawns { kind }));
    all.push(Effect::Prompts);
    let controls = named(&["kill", "sudo"], &names.controls);
    all.extend(controls.into_iter().map(|what| Effect::Controls { what }));
    all.push(Effect::Opaque { why: "eval".to_owned() });
    all
}

fn named(fixed: &[&str], names: &BTreeSet<String>) -> BTreeSet<String> {
    fixed.iter().map(|name| (*name).to_owned()).chain(names.iter().cloned()).collect()
}

fn places(names: &Names) -> Vec<Effect> {
    let mut places: BTreeSet<String> = PLACES.iter().map(|place| absolute(place)).collect();
    for name in &names.places {
        // A folder that is named, and what lies in it; a name alone may be that of a file anywhere.
        places.extend([absolute(name), absolute(&format!("{name}/x"))]);
        places.insert(absolute(&format!("src/{name}")));
    }
    let mut all = Vec::new();
    for path in places {
        for extent in [Extent::One, Extent::Many, Extent::Tree] {
            all.push(Effect::Reads { path: path.clone(), extent });
            let hows = [WriteHow::Change, WriteHow::Delete, WriteHow::Attributes, WriteHow::Link];
            all.extend(hows.map(|how| Effect::Writes { path: path.clone(), how, extent }));
        }
    }
    all
}

fn git(names: &Names) -> Vec<GitOperation> {
    use GitOperation::{Configure, Discard, Drop, Fetch, Look, Push, Record, Rewrite, SkipHooks};
    let mut all = vec![Look, Record, Discard, Rewrite, Drop, SkipHooks];
    let keys = ["user.name", "core.hookspath", "remote.origin.url", "alias.x"];
    all.extend(named(&keys, &names.settings).into_iter().map(|key| Configure { key }));
    for remote in named(&["origin", "weir", ""], &names.remotes) {
        all.push(Fetch { remote: remote.clone() });
        let mut refs: Vec<Vec<String>> = named(&["refs/for/main", "main", "topic"], &names.remotes)
            .into_iter()
            .map(|name| vec![name])
            .collect();
        refs.push(vec![]);
        for (force, delete) in [(false, false), (true, false), (false, true)] {
            all.extend(refs.iter().map(|refs| {
                let (remote, refs) = (remote.clone(), refs.clone());
                Push { remote, refs, force, delete }
            }));
        }
    }
    all
}

fn absolute(place: &str) -> String {
    match place.strip_prefix('~') {
        None if place.starts_with('/') => format!("/{}", place.trim_matches('/')),
        Some(rest) => format!("/home/agent{}", rest.trim_end_matches('/')),
        None if place.is_empty() || place == "." => WORKTREE.to_owned(),
        None => format!("{WORKTREE}/{}", place.trim_end_matches('/')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::bundle::schema;
    use crate::policy::cedar::Asked;

    /// What policies are held against is what they then see: no attribute is missing, none is of another type.
    #[test]
    fn every_question_fits_the_schema() {
        let bundle = Bundle::shipped();
        let grid = Grid::of([&bundle, &bundle]);
        let mut verbs = BTreeSet::new();
        // One in eight, in no rhythm, so that no effect is passed over in every session.
        let chosen = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61 == 0;
        for (at, sample) in (0..).zip(grid.samples()) {
            // And every verb at least once.
            if !verbs.insert(sample.question.verb) && !chosen(at) {
                continue;
            }
            if let Err(error) = Asked::held_against(&sample.question, Some(schema())) {
                panic!("{}: {}", sample.words(), error.0);
            }
        }
        assert!(verbs.len() > 20, "{verbs:?}");
    }
}
