//! Rulings: every effect of an act is asked, and the strictest answer holds.

use super::bundle::Bundle;
use super::cedar::Asked;
use super::question::{Asker, Question, Verb};
use super::rule::{Kind, Rule};
use super::scope::{Enforcement, Scope};
use super::sieve::Told;
use super::words::printable;
use cedar_policy::{Authorizer, Response};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use weir_model::act::{Act, Answer, Effect, Reason, Ruling, Tool};

/// What policies say about an act that has these effects.
///
/// Each effect is a question. A policy that forbids answers *ask* or *deny*, whatever permits; of what no
/// policy permits, the answer is *deny*. Of all answers the strictest holds, with every reason that gave it.
pub fn ruling(bundle: &Bundle, scope: &Scope, act: &Act, effects: &[Effect]) -> Ruling {
    ruled_by(judge, bundle, scope, act, effects)
}

/// The same ruling, found by evaluating every policy for every effect: what [`ruling`] leaves out must not matter.
/// It is the witness of that in tests, and the baseline in benches.
pub fn ruling_by_all(bundle: &Bundle, scope: &Scope, act: &Act, effects: &[Effect]) -> Ruling {
    ruled_by(judge_by_all, bundle, scope, act, effects)
}

type Judge = for<'b> fn(&'b Bundle, &Question) -> Verdict<'b>;

fn ruled_by(judge: Judge, bundle: &Bundle, scope: &Scope, act: &Act, effects: &[Effect]) -> Ruling {
    let effects = all_effects(act, effects);
    let asker = Asker::new(scope, act, &effects);
    let mut found = Found::default();
    let mut asked = BTreeSet::new();
    for (at, effect) in effects.iter().enumerate().filter(|(_, effect)| asked.insert(*effect)) {
        let question = asker.question(scope, act, effect);
        found.take(at, &question, &judge(bundle, &question), scope);
    }
    found.ruling(scope.enforcement)
}

/// What policies say about one question.
#[derive(Debug, Default)]
pub(super) struct Verdict<'b> {
    /// Those that permit, in shadow ones left out.
    pub(super) permits: Vec<&'b Rule>,
    /// Those that forbid, in shadow or not.
    pub(super) forbids: Vec<&'b Rule>,
    /// Those among them that could not be evaluated: they forbid, for they might have.
    pub(super) failed: Vec<(&'b Rule, String)>,
    /// Whether the question itself could not be asked.
    pub(super) broken: Option<String>,
}

impl Verdict<'_> {
    /// The answer.
    pub(super) fn answer(&self) -> Answer {
        let forbids = self.forbids.iter().filter(|rule| !rule.shadow).map(|rule| rule.answer());
        let failed =
            self.failed.iter().filter(|(rule, _)| !rule.shadow).map(|(rule, _)| rule.answer());
        let open = self.permits.is_empty() || self.broken.is_some();
        let nothing = open.then_some(Answer::Deny);
        forbids.chain(failed).chain(nothing).max().unwrap_or(Answer::Allow)
    }
}

static AUTHORIZER: LazyLock<Authorizer> = LazyLock::new(Authorizer::new);

/// Asks the policies that a question can meet.
pub(super) fn judge<'b>(bundle: &'b Bundle, question: &Question) -> Verdict<'b> {
    let mut verdict = Verdict::default();
    // Made when it is first needed: it costs more than all else.
    let mut made: Option<Asked> = None;
    for single in bundle.slices().of(question) {
        match single.sieve.tells(question) {
            Told::No => continue,
            Told::Yes if single.is_unscoped => {
                verdict.meet(bundle, &single.name);
                continue;
            }
            Told::Yes | Told::Open => {}
        }
        let asked = match made.take().map_or_else(|| Asked::new(question), Ok) {
            Ok(asked) => made.insert(asked),
            Err(error) => {
                verdict.broken = Some(error.0);
                return verdict;
            }
        };
        let response = AUTHORIZER.is_authorized(&asked.request, &single.set, &asked.entities);
        verdict.take(bundle, &response);
    }
    verdict.sort();
    verdict
}

fn judge_by_all<'b>(bundle: &'b Bundle, question: &Question) -> Verdict<'b> {
    let mut verdict = Verdict::default();
    match Asked::new(question) {
        Ok(asked) => {
            for set in bundle.all() {
                let response = AUTHORIZER.is_authorized(&asked.request, set, &asked.entities);
                verdict.take(bundle, &response);
            }
        }
        Err(error) => verdict.broken = Some(error.0),
    }
    verdict.sort();
    verdict
}

impl<'b> Verdict<'b> {
    /// Cedar keeps policies in an order that differs from run to run.
    fn sort(&mut self) {
        self.permits.sort_by(|a, b| a.name.cmp(&b.name));
        self.forbids.sort_by(|a, b| a.name.cmp(&b.name));
        self.failed.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    }

    /// The policy of this name applies.
    fn meet(&mut self, bundle: &'b Bundle, name: &str) {
        let Some(rule) = bundle.rule(name) else { return };
        match rule.kind {
            Kind::Permit if rule.shadow => {}
            Kind::Permit => self.permits.push(rule),
            Kind::Forbid(_) => self.forbids.push(rule),
        }
    }

    fn take(&mut self, bundle: &'b Bundle, response: &Response) {
        for id in response.diagnostics().reason() {
            self.meet(bundle, id.as_ref());
        }
        for error in response.diagnostics().errors() {
            let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
            let Some(rule) = bundle.rule(error.policy_id().as_ref()) else { continue };
            if let Kind::Forbid(_) = rule.kind {
                self.failed.push((rule, error.to_string()));
            }
        }
    }
}

/// A command line with more has something to hide.
const EFFECTS_MAX: usize = 500;

/// What analysis found, and what it may not have said: a tool that is not known has effects, too.
pub(super) fn all_effects<'e>(act: &Act, effects: &'e [Effect]) -> Cow<'e, [Effect]> {
    let missing = match &act.tool {
        Tool::Unknown { name, .. } if effects.is_empty() => {
            Some(Effect::Opaque { why: format!("the tool `{}` is not known", printable(name)) })
        }
        Tool::Mcp { server, name, .. } => {
            let call = Effect::Calls { server: server.clone(), name: name.clone() };
            (!effects.contains(&call)).then_some(call)
        }
        Tool::Unknown { .. }
        | Tool::Shell { .. }
        | Tool::Read { .. }
        | Tool::Write { .. }
        | Tool::Web { .. }
        | Tool::Subagent { .. }
        | Tool::Prompt { .. }
        | Tool::Inward { .. }
        | Tool::None => None,
    };
    let many = (effects.len() > EFFECTS_MAX)
        .then(|| Effect::Opaque { why: format!("it does more than {EFFECTS_MAX} things") });
    if missing.is_none() && many.is_none() {
        return Cow::Borrowed(effects);
    }
    let judged = effects.iter().take(EFFECTS_MAX).cloned();
    Cow::Owned(judged.chain(missing).chain(many).collect())
}

/// More reasons are not read.
const REASONS_MAX: usize = 12;

#[derive(Default)]
struct Found {
    reasons: Vec<Reason>,
    shadow: Vec<Reason>,
}

impl Found {
    fn take(&mut self, at: usize, question: &Question, verdict: &Verdict<'_>, scope: &Scope) {
        for rule in &verdict.forbids {
            let reason = because(rule, at, question, scope);
            if rule.shadow { self.shadow.push(reason) } else { self.reasons.push(reason) }
        }
        for (rule, error) in &verdict.failed {
            let sentence = format!("the policy could not be evaluated: {}", printable(error));
            let reason = Reason {
                sentence,
                hint: Some("have a person repair it: `weir guard test` shows where".to_owned()),
                ..because(rule, at, question, scope)
            };
            if rule.shadow { self.shadow.push(reason) } else { self.reasons.push(reason) }
        }
        if let Some(error) = &verdict.broken {
            self.reasons.push(Reason {
                policy: "weir.broken".to_owned(),
                answer: Answer::Deny,
                sentence: format!(
                    "the question could not be put to the policies: {}",
                    printable(error)
                ),
                hint: Some("this is a fault of Weir's: please report it".to_owned()),
                effect: Some(at),
            });
        } else if verdict.permits.is_empty() {
            self.reasons.push(Reason {
                policy: "weir.nothing_permits".to_owned(),
                answer: Answer::Deny,
                sentence: format!("no policy permits {}", in_words(question)),
                hint: Some("a person can add one to `.weir/policy/`".to_owned()),
                effect: Some(at),
            });
        }
    }

    fn ruling(mut self, enforcement: Enforcement) -> Ruling {
        let strictest = self.reasons.iter().map(|reason| reason.answer).max();
        let answer = strictest.unwrap_or(Answer::Allow);
        self.reasons.retain(|reason| reason.answer == answer);
        self.shadow.retain(|reason| reason.answer > answer);
        if enforcement == Enforcement::Shadow {
            self.shadow.append(&mut self.reasons);
            self.shadow.sort_by_key(|reason| std::cmp::Reverse(reason.answer));
            self.shadow.truncate(REASONS_MAX);
            return Ruling { shadow: self.shadow, ..Ruling::allow() };
        }
        self.reasons.truncate(REASONS_MAX);
        self.shadow.truncate(REASONS_MAX);
        Ruling { answer, reasons: self.reasons, shadow: self.shadow }
    }
}

fn because(rule: &Rule, at: usize, question: &Question, scope: &Scope) -> Reason {
    let fact = |name: &str| question.fact(name, scope);
    let sentence = match &rule.reason {
        Some(words) => words.fill(fact),
        None => format!("a policy forbids {}", in_words(question)),
    };
    Reason {
        policy: rule.name.clone(),
        answer: rule.answer(),
        sentence,
        hint: rule.hint.as_ref().map(|words| words.fill(fact)),
        effect: Some(at),
    }
}

/// What is asked: to read `src/main.rs`.
pub(super) fn in_words(question: &Question) -> String {
    let what = printable(&question.resource.id);
    match question.verb {
        Verb::Read => format!("to read `{what}`"),
        Verb::Write => format!("to write `{what}`"),
        Verb::Delete => format!("to delete `{what}`"),
        Verb::Attributes => format!("to change permissions, owner or times of `{what}`"),
        Verb::Link => format!("to make `{what}` a link"),
        Verb::Run => format!("to run `{what}`"),
        Verb::Fetch => format!("to fetch from `{what}`"),
        Verb::Send => format!("to send data to `{what}`"),
        Verb::GitLook => "to look into the repository".to_owned(),
        Verb::GitRecord => "to record in the repository".to_owned(),
        Verb::GitDiscard => "to throw uncommitted work away".to_owned(),
        Verb::GitRewrite => "to rewrite local history".to_owned(),
        Verb::GitDrop => "to drop refs or commits".to_owned(),
        Verb::GitSkipHooks => "to go around git's hooks".to_owned(),
        Verb::GitConfigure => format!("to set `{what}` in git's configuration"),
        Verb::GitFetch => format!("to fetch from the remote `{what}`"),
        Verb::GitPush => format!("to push to the remote `{what}`"),
        Verb::Install => format!("to install packages with `{what}`"),
        Verb::Call => format!("to call the tool `{what}`"),
        Verb::Spawn => format!("to start a sub-agent `{what}`"),
        Verb::Prompt => "to prompt the model".to_owned(),
        Verb::Control => format!("what `{what}` does to the machine"),
        Verb::Opaque => format!("what cannot be understood: {what}"),
    }
}
