//! Claims about one action, as statements in SMT-LIB.

use crate::policy::bundle::{Bundle, schema};
use crate::policy::cedar::action_uid;
use crate::policy::question::Verb;
use crate::policy::rule::{Kind, Rule};
use crate::policy::slice::meets;
use cedar_policy::{Policy, PolicySet, RequestEnv};
use cedar_policy_symcc::err::Error;
use cedar_policy_symcc::solver::WriterSolver;
use cedar_policy_symcc::{
    CedarSymCompiler, CompiledPolicy, CompiledPolicySet, WellFormedAsserts, always_denies_asserts,
    implies_asserts, matches_implies_asserts, never_errors_asserts, never_matches_asserts,
};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use weir_model::act::Answer;

/// Statements that must not be satisfiable, or why they cannot be made.
pub(super) type Claimed = Result<Vec<String>, String>;

/// An action, and the policies that questions about it meet.
pub(super) struct Action<'b> {
    bundle: &'b Bundle,
    verb: Verb,
    env: RequestEnv,
}

impl<'b> Action<'b> {
    pub(super) fn of(bundle: &'b Bundle, verb: Verb) -> Result<Self, String> {
        let mut all = schema().request_envs();
        let env = all.find(|env| action_uid(verb).is_some_and(|uid| uid == env.action()));
        let env = env.ok_or_else(|| format!("the schema has no action `{}`", verb.word()))?;
        Ok(Self { bundle, verb, env })
    }

    /// Everything is denied; or, given a policy that permits, everything that it permits is.
    pub(super) fn denies_always(&self, permit: Option<&Rule>) -> Claimed {
        let set = self.compiled(|rule| match rule.kind {
            Kind::Permit => permit.is_none_or(|permit| permit.name == rule.name),
            Kind::Forbid(answer) => answer == Answer::Deny,
        })?;
        statement(&always_denies_asserts(&set))
    }

    /// The policy matches nothing, and does not fail where it would then count.
    pub(super) fn never_matches(&self, rule: &Rule) -> Claimed {
        let policy = self.policy(rule)?;
        let mut statements = statement(&never_matches_asserts(&policy))?;
        if rule.kind != Kind::Permit {
            statements.extend(statement(&never_errors_asserts(&policy))?);
        }
        Ok(statements)
    }

    /// Wherever one policy matches, the other does.
    pub(super) fn implies(&self, rule: &Rule, other: &Rule) -> Claimed {
        let (policy, other) = (self.policy(rule)?, self.policy(other)?);
        let mut statements = statement(&matches_implies_asserts(&policy, &other))?;
        statements.extend(statement(&never_errors_asserts(&policy))?);
        Ok(statements)
    }

    /// What is answered less than this strictly here was so answered there.
    pub(super) fn open_only_where(&self, there: &Action<'_>, strictness: Answer) -> Claimed {
        let counts = |rule: &Rule| match rule.kind {
            Kind::Permit => true,
            Kind::Forbid(answer) => answer >= strictness,
        };
        statement(&implies_asserts(&self.compiled(counts)?, &there.compiled(counts)?))
    }

    pub(super) fn forbids_never_fail(&self) -> Claimed {
        let mut statements = Vec::new();
        for rule in self.rules().filter(|rule| rule.kind != Kind::Permit) {
            statements.extend(statement(&never_errors_asserts(&self.policy(rule)?))?);
        }
        Ok(statements)
    }

    /// The policies that hold.
    fn rules(&self) -> impl Iterator<Item = &'b Rule> {
        let is_met =
            |rule: &&Rule| self.bundle.policy(rule).is_some_and(|policy| meets(policy, self.verb));
        self.bundle.rules().filter(|rule| !rule.shadow).filter(is_met)
    }

    fn policy(&self, rule: &Rule) -> Result<CompiledPolicy, String> {
        let policy = self.found(rule)?;
        CompiledPolicy::compile(policy, &self.env, schema()).map_err(in_words)
    }

    fn found(&self, rule: &Rule) -> Result<&'b Policy, String> {
        self.bundle.policy(rule).ok_or_else(|| format!("there is no policy `{}`", rule.name))
    }

    fn compiled(&self, counts: impl Fn(&Rule) -> bool) -> Result<CompiledPolicySet, String> {
        let mut set = PolicySet::new();
        for rule in self.rules().filter(|rule| counts(rule)) {
            set.add(self.found(rule)?.clone()).map_err(|error| error.to_string())?;
        }
        CompiledPolicySet::compile(&set, &self.env, schema()).map_err(in_words)
    }
}

/// The statement that all of these hold. None is needed where the compiler itself sees that they cannot.
fn statement(asserts: &WellFormedAsserts<'_>) -> Claimed {
    let mut writer = CedarSymCompiler::new(WriterSolver { w: Vec::new() }).map_err(in_words)?;
    let written = at_once(writer.check_unsat(asserts));
    match written {
        Some(Ok(true)) => Ok(Vec::new()),
        Some(Ok(false)) => Err("by the schema alone it could be otherwise".to_owned()),
        Some(Err(Error::SolverUnknown)) => {
            let text = String::from_utf8(std::mem::take(&mut writer.solver_mut().w));
            text.map(|text| vec![text]).map_err(|error| error.to_string())
        }
        Some(Err(error)) => Err(in_words(error)),
        None => Err("the compiler waits for something".to_owned()),
    }
}

/// What comes of a future that waits for nobody: it writes into memory.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

fn in_words(error: Error) -> String {
    let words = format!("it cannot be put to a solver: {error}");
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}
