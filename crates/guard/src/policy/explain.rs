//! Explanations: which policy, by which facts, and what would change the answer.

mod flips;

use super::bundle::Bundle;
use super::judge::{all_effects, in_words, judge, ruling};
use super::question::{Asker, Question};
use super::rule::{Kind, Rule};
use super::scope::Scope;
use super::words::printable;
use serde::Serialize;
use weir_model::act::{Act, Answer, Effect, Ruling};

/// Why an act got its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The answer and its grounds.
    pub ruling: Ruling,
    /// Each effect, as policies saw it.
    pub effects: Vec<Explained>,
    /// The smallest changes of facts that change the answer, the most telling first.
    pub changes: Vec<Change>,
}

/// One effect of the act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Its place in the act's list.
    pub effect: usize,
    /// What it is: to read `src/main.rs`.
    pub asks: String,
    /// What it gets by itself.
    pub answer: Answer,
    /// The policies that matched: those that forbid, or else those that permit.
    pub matched: Vec<Matched>,
    /// The facts that these policies look at.
    pub facts: Vec<Fact>,
}

/// A policy that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matched {
    /// Its name.
    pub policy: String,
    /// What it answers.
    pub answer: Answer,
    /// Whether it is only recorded.
    pub shadow: bool,
    /// Its layer, file and line: `default paths.cedar:3`.
    pub place: String,
    /// Its text.
    pub text: String,
}

/// A fact and its value: `resource.secret` and `true`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fact {
    /// As policies spell it.
    pub name: String,
    /// As readers can see it.
    pub value: String,
}

/// What, were it so, would change the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What would have to be so.
    pub what: String,
    /// What the act would get.
    pub answer: Answer,
}

/// Explains what [`ruling`] says of the same act. Every change that it names was tried, by judging again.
pub fn explain(bundle: &Bundle, scope: &Scope, act: &Act, effects: &[Effect]) -> Explanation {
    let ruled = ruling(bundle, scope, act, effects);
    let all = all_effects(act, effects);
    let asker = Asker::new(scope, act, &all);
    let explained = all.iter().enumerate().map(|(at, effect)| {
        let question = asker.question(scope, act, effect);
        explained(bundle, at, &question)
    });
    Explanation {
        effects: explained.collect(),
        changes: flips::changes(bundle, scope, act, &all, ruled.answer),
        ruling: ruled,
    }
}

fn explained(bundle: &Bundle, at: usize, question: &Question) -> Explained {
    let verdict = judge(bundle, question);
    let failed = verdict.failed.iter().map(|(rule, _)| *rule);
    let mut rules: Vec<&Rule> = verdict.forbids.iter().copied().chain(failed).collect();
    if rules.iter().all(|rule| rule.shadow) {
        rules.extend(&verdict.permits);
    }
    rules.sort_by_key(|rule| (std::cmp::Reverse(rule.answer()), rule.shadow));
    let mut facts: Vec<Fact> = rules
        .iter()
        .filter(|rule| rule.kind != Kind::Permit)
        .flat_map(|rule| facts(rule, question))
        .collect();
    facts.sort();
    facts.dedup();
    let matched = rules.iter().map(|rule| Matched {
        policy: rule.name.clone(),
        answer: rule.answer(),
        shadow: rule.shadow,
        place: format!("{} {}:{}", rule.layer, rule.file, rule.line),
        text: rule.text.clone(),
    });
    let matched = matched.collect();
    Explained { effect: at, asks: in_words(question), answer: verdict.answer(), matched, facts }
}

/// The facts that a policy's text names.
fn facts(rule: &Rule, question: &Question) -> Vec<Fact> {
    let sides = [
        ("principal.", &question.principal.attributes),
        ("resource.", &question.resource.attributes),
        ("context.", &question.context),
    ];
    let mut found = Vec::new();
    for (side, attributes) in sides {
        for after in rule.text.split(side).skip(1) {
            let name = after.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
            let value = name.and_then(|name| attributes.iter().find(|(key, _)| *key == name));
            found.extend(value.map(|(key, value)| Fact {
                name: format!("{side}{key}"),
                value: printable(&value.to_string()),
            }));
        }
    }
    found
}
