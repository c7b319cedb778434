//! Proofs: what an analysis tried is claimed of every question there can be, and put to a solver.
//!
//! Cedar's symbolic compiler turns a claim into statements in SMT-LIB. It holds where none of them can be satisfied:
//! then no session, act, place or host, however odd, shows the contrary. That one can be satisfied disproves nothing:
//! the schema's facts are free then, while Weir tells some of them from one path and they never come together.
//! Texts go out of here and answers come back: the solver is a process, and belongs to the engine.
//!
//! Weir is stricter than Cedar where a policy cannot be evaluated: one that forbids, then forbids. Wherever a claim
//! rests on what a policy that forbids does *not* match, it claims as well that the policy never fails.

mod compile;

use super::analyze::{Finding, What};
use super::bundle::Bundle;
use super::question::Verb;
use super::rule::{Kind, Rule};
use compile::{Action, Claimed};
use std::collections::BTreeSet;
use weir_model::act::Answer;

/// Something that may hold of every question there can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    what: What,
    about: String,
    /// Of a policy that is shadowed: by which.
    by: Option<String>,
    /// Statements in SMT-LIB, each after a `(reset)`: the claim holds when none of them can be satisfied.
    pub statements: Vec<String>,
    /// Why it cannot be claimed at all, when it cannot.
    pub given_up: Option<String>,
}

/// More statements than these are not made: a solver takes milliseconds for most, and seconds for some.
const STATEMENTS_MAX: usize = 2_000;

/// What there is to prove: that what an analysis found in what it tried is so always, and that what it did not find
/// to be wider is wider nowhere.
pub fn claims(old: &Bundle, new: &Bundle, findings: &[Finding]) -> Vec<Claim> {
    // The compiler recurses as deep as a policy is nested, as the parser does.
    stacker::grow(super::bundle::STACK_BYTES, || {
        let found = findings.iter().filter(|finding| !finding.proved);
        let mut claims: Vec<Claim> = found.flat_map(|finding| of_finding(new, finding)).collect();
        let is_wider = |verb: Verb| {
            let mut found = findings.iter();
            found.any(|finding| finding.what == What::Wider && finding.about == verb.word())
        };
        let changed = Verb::ALL.iter().copied().filter(|verb| differs(old, new, *verb));
        claims.extend(changed.filter(|verb| !is_wider(*verb)).map(|verb| no_wider(old, new, verb)));
        let mut left = STATEMENTS_MAX;
        for claim in &mut claims {
            match left.checked_sub(claim.statements.len()) {
                Some(rest) => left = rest,
                None => claim.give_up("there are too many claims"),
            }
        }
        claims
    })
}

/// The findings, with what was proved, from each claim and whether it holds; else why that is not known.
pub fn proved(mut findings: Vec<Finding>, tried: Vec<(Claim, Result<(), String>)>) -> Vec<Finding> {
    for finding in &mut findings {
        let about = tried.iter().filter(|(claim, holds)| {
            holds.is_ok() && claim.what == finding.what && claim.about == finding.about
        });
        let held: Vec<&Claim> = about.map(|(claim, _)| claim).collect();
        finding.proved |= !held.is_empty();
        let by: Vec<String> = held.iter().filter_map(|claim| claim.by.clone()).collect();
        if !by.is_empty() {
            finding.sentence = format!("wherever it matches, `{}` is as strict", by.join("`, `"));
            finding.by = by;
        }
    }
    let of_change = tried.into_iter().filter(|(claim, _)| claim.what == What::NotWider);
    findings.extend(of_change.map(|(claim, holds)| not_wider(claim.about, holds)));
    findings.sort();
    findings
}

fn not_wider(about: String, holds: Result<(), String>) -> Finding {
    let proved = holds.is_ok();
    let sentence = match holds {
        Ok(()) => format!(
            "`{about}` got no wider: what is allowed was allowed, and what is asked was not denied"
        ),
        Err(why) => format!("`{about}` got no wider in what was tried; there is no proof: {why}"),
    };
    Finding { what: What::NotWider, about, sentence, example: None, proved, by: Vec::new() }
}

/// Whether policies that hold differ for an action.
fn differs(old: &Bundle, new: &Bundle, verb: Verb) -> bool {
    let texts = |bundle: &Bundle| -> BTreeSet<(String, bool)> {
        let met = bundle.rules().filter(|rule| !rule.shadow && is_met(bundle, rule, verb));
        met.map(|rule| (rule.text.clone(), rule.kind == Kind::Permit)).collect()
    };
    texts(old) != texts(new)
}

fn is_met(bundle: &Bundle, rule: &Rule, verb: Verb) -> bool {
    bundle.policy(rule).is_some_and(|policy| super::slice::meets(policy, verb))
}

/// The claims that would make a finding sure.
fn of_finding(new: &Bundle, finding: &Finding) -> Vec<Claim> {
    let about = &finding.about;
    let rule = || new.rule(about).ok_or_else(|| format!("there is no policy `{about}`"));
    let claim = |statements| Claim::new(finding.what, about.clone(), None, statements);
    match finding.what {
        What::AlwaysDenies => {
            let verb = Verb::ALL.iter().copied().find(|verb| verb.word() == about);
            let verb = verb.ok_or_else(|| format!("there is no action `{about}`"));
            vec![claim(verb.and_then(|verb| Action::of(new, verb)?.denies_always(None)))]
        }
        What::NeverMatches => {
            vec![claim(
                rule().and_then(|rule| each(new, rule, |action| action.never_matches(rule))),
            )]
        }
        What::Contradicts => vec![claim(
            rule().and_then(|rule| each(new, rule, |action| action.denies_always(Some(rule)))),
        )],
        What::Shadowed => {
            let by = |by: &String| {
                let statements = rule().and_then(|rule| {
                    let other = new.rule(by).ok_or_else(|| format!("there is no policy `{by}`"))?;
                    each(new, rule, |action| action.implies(rule, other))
                });
                Claim::new(What::Shadowed, about.clone(), Some(by.clone()), statements)
            };
            finding.by.iter().map(by).collect()
        }
        // An example shows these.
        What::Wider | What::Stricter | What::NotWider => Vec::new(),
    }
}

/// What has to be claimed for every action that a policy is about.
fn each(bundle: &Bundle, rule: &Rule, claim: impl Fn(&Action<'_>) -> Claimed) -> Claimed {
    let mut statements = Vec::new();
    for verb in Verb::ALL.iter().copied().filter(|verb| is_met(bundle, rule, *verb)) {
        statements.extend(claim(&Action::of(bundle, verb)?)?);
    }
    Ok(statements)
}

fn no_wider(old: &Bundle, new: &Bundle, verb: Verb) -> Claim {
    let statements = || {
        let (before, now) = (Action::of(old, verb)?, Action::of(new, verb)?);
        let mut statements = before.forbids_never_fail()?;
        for strictness in [Answer::Ask, Answer::Deny] {
            statements.extend(now.open_only_where(&before, strictness)?);
        }
        Ok(statements)
    };
    Claim::new(What::NotWider, verb.word().to_owned(), None, statements())
}

impl Claim {
    fn new(what: What, about: String, by: Option<String>, statements: Claimed) -> Self {
        match statements {
            Ok(statements) => Self { what, about, by, statements, given_up: None },
            Err(why) => Self { what, about, by, statements: Vec::new(), given_up: Some(why) },
        }
    }

    fn give_up(&mut self, why: &str) {
        self.statements.clear();
        self.given_up = Some(why.to_owned());
    }
}
