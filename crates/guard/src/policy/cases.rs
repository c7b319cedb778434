//! Tests of policies, as a repository keeps them in `.weir/policy/tests/`: what is done, by whom, and what it
//! must get. They gate every change of a policy.

use super::bundle::Bundle;
use super::judge::ruling;
use super::scope::{Scope, Spent};
use super::short::effect_in_short;
use super::source::{Fault, File};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use toml::Spanned;
use weir_model::PathSet;
use weir_model::act::{Act, Answer, Client, Effect, Moment, Subagent, Taint, Tool};

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The file it stands in.
    pub file: String,
    /// The line it begins at.
    pub line: u32,
    /// What it is called.
    pub name: String,
    /// Whether it got what it expects.
    pub passed: bool,
    /// What it got, and what it expects, when it did not.
    pub sentence: String,
    /// What it got.
    pub answer: Answer,
    /// The policies that said so.
    pub policies: Vec<String>,
}

/// Turns a command line into effects, for cases that are written as `command`.
pub type Analyse<'a> = &'a dyn Fn(&Act, &Scope) -> Vec<Effect>;

/// Runs the cases of one file.
///
/// # Errors
/// What cannot be read, with line and column.
pub fn test(
    bundle: &Bundle,
    file: &str,
    text: &str,
    analyse: Analyse<'_>,
) -> Result<Vec<Outcome>, Vec<Fault>> {
    let file = File { name: file, text };
    let cases: Cases = toml::from_str(text).map_err(|error| {
        vec![file.fault(error.span().map_or(0, |span| span.start), error.message())]
    })?;
    let (mut outcomes, mut faults) = (Vec::new(), Vec::new());
    for case in &cases.case {
        let at = case.span().start;
        match case.get_ref().run(bundle, &cases.scope, file, analyse) {
            Ok(ran) => outcomes.push(ran.outcome(file, at)),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(outcomes) } else { Err(faults) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// What all cases of the file share.
    #[serde(default)]
    scope: Facts,
    #[serde(default)]
    case: Vec<Spanned<Case>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: Option<String>,
    /// Effects in short form.
    #[serde(default)]
    does: Vec<Spanned<String>>,
    /// A command line, in place of effects.
    command: Option<Spanned<String>>,
    expect: Answer,
    /// A policy that must be among those that said so.
    policy: Option<Spanned<String>>,
    #[serde(default)]
    scope: Facts,
}

/// Who acts: what is not said is an ordinary session of an agent that may touch everything in its worktree.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    agent: Option<String>,
    person: Option<String>,
    client: Option<Client>,
    mode: Option<String>,
    subagent: Option<String>,
    depth: Option<usize>,
    worktree: Option<String>,
    home: Option<String>,
    mandate: Option<PathSet>,
    taints: Option<BTreeSet<Taint>>,
    trunk: Option<String>,
    protected: Option<Vec<String>>,
    entrances: Option<BTreeSet<String>>,
    tools: Option<BTreeSet<String>>,
    tokens: Option<u64>,
    cents: Option<u64>,
}

impl Facts {
    fn onto(&self, scope: &mut Scope, act: &mut Act) {
        fn set<T: Clone>(to: &mut T, from: &Option<T>) {
            if let Some(value) = from {
                to.clone_from(value);
            }
        }
        set(&mut scope.agent, &self.agent);
        set(&mut scope.person, &self.person);
        act.client = self.client.or(act.client);
        set(&mut scope.home, &self.home);
        set(&mut scope.taints, &self.taints);
        set(&mut scope.trunk, &self.trunk);
        set(&mut scope.protected, &self.protected);
        set(&mut scope.entrances, &self.entrances);
        set(&mut scope.tools, &self.tools);
        let Spent { tokens, cents } = &mut scope.spent;
        set(tokens, &self.tokens);
        set(cents, &self.cents);
        if let Some(worktree) = &self.worktree {
            // An empty one says that there is none.
            scope.worktree = (!worktree.is_empty()).then(|| worktree.clone());
            act.cwd.clone_from(worktree);
        }
        if let Some(mandate) = &self.mandate {
            scope.mandate = vec![mandate.clone()];
        }
        if let Some(depth) = self.depth {
            scope.parents = (0..depth.min(100)).map(|n| format!("S{n}")).collect();
        }
        if let Some(mode) = &self.mode {
            act.mode = Some(mode.clone());
        }
        if let Some(kind) = &self.subagent {
            let kind = Some(kind.clone()).filter(|kind| !kind.is_empty());
            act.subagent = Some(Subagent { id: "sub-agent".to_owned(), kind });
        }
    }
}

fn ordinary() -> (Scope, Act) {
    let scope = Scope {
        session: "S100".to_owned(),
        agent: "agent".to_owned(),
        person: "person".to_owned(),
        worktree: Some("/worktree".to_owned()),
        home: "/home/agent".to_owned(),
        mandate: vec![PathSet::everything()],
        ..Scope::default()
    };
    let act = Act {
        client: Some(Client::Claude),
        moment: Moment::BeforeTool,
        conversation: "test".to_owned(),
        subagent: None,
        call: None,
        cwd: "/worktree".to_owned(),
        mode: None,
        tool: Tool::None,
    };
    (scope, act)
}

struct Ran<'c> {
    case: &'c Case,
    ruling: weir_model::act::Ruling,
}

impl Case {
    fn run(
        &self,
        bundle: &Bundle,
        shared: &Facts,
        file: File<'_>,
        analyse: Analyse<'_>,
    ) -> Result<Ran<'_>, Fault> {
        let (mut scope, mut act) = ordinary();
        shared.onto(&mut scope, &mut act);
        self.scope.onto(&mut scope, &mut act);
        if let Some(policy) = &self.policy
            && bundle.rule(policy.get_ref()).is_none()
            && !policy.get_ref().starts_with("weir.")
        {
            let sentence = format!("no policy is called `{}`", policy.get_ref().escape_debug());
            return Err(file.fault(policy.span().start, sentence));
        }
        let mut effects = Vec::new();
        for does in &self.does {
            let short = effect_in_short(does.get_ref(), &scope)
                .map_err(|why| file.fault(does.span().start, why))?;
            if let (Some(arguments), Effect::Calls { server, name }) =
                (short.arguments, &short.effect)
            {
                let (server, name) = (server.clone(), name.clone());
                act.tool = Tool::Mcp { server, name, arguments };
            }
            effects.push(short.effect);
        }
        if let Some(command) = &self.command {
            act.tool = Tool::Shell { command: command.get_ref().clone() };
            effects.extend(analyse(&act, &scope));
        } else if self.does.is_empty() {
            let at = self.policy.as_ref().map_or(0, |policy| policy.span().start);
            return Err(file.fault(at, "a case needs `does` or `command`"));
        }
        Ok(Ran { case: self, ruling: ruling(bundle, &scope, &act, &effects) })
    }

    fn title(&self) -> String {
        match (&self.name, &self.command) {
            (Some(name), _) => name.clone(),
            (None, Some(command)) => command.get_ref().clone(),
            (None, None) => {
                self.does.iter().map(|does| does.get_ref().as_str()).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

impl Ran<'_> {
    fn outcome(self, file: File<'_>, at: usize) -> Outcome {
        let Self { case, ruling } = self;
        let mut policies: Vec<_> =
            ruling.reasons.iter().map(|reason| reason.policy.clone()).collect();
        policies.dedup();
        let expected = case.policy.as_ref().map(|policy| policy.get_ref());
        let passed = ruling.answer == case.expect
            && expected.is_none_or(|expected| policies.contains(expected));
        let by = |policies: &[String]| match policies {
            [] => String::new(),
            policies => format!(" by `{}`", policies.join("`, `")),
        };
        let got = format!("{}{}", ruling.answer, by(&policies));
        let sentence = if passed {
            got
        } else {
            let wanted: Vec<String> = expected.cloned().into_iter().collect();
            format!("it got {got}, and expects {}{}", case.expect, by(&wanted))
        };
        let line = file.fault(at, "").line;
        let (file, name) = (file.name.to_owned(), case.title());
        Outcome { file, line, name, passed, sentence, answer: ruling.answer, policies }
    }
}
