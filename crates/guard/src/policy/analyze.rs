//! Analysis: what a set of policies, or a change of it, means beyond single acts.
//!
//! Questions are tried: places, hosts, tools, sessions of every kind that the schema tells apart, and every name
//! that a policy mentions. What is found has happened, and comes with its example. What is not found is *not
//! proved* absent; that is for a solver, to which [`super::claims`] puts it.

mod alike;
mod grid;

use super::bundle::Bundle;
use super::judge::{Verdict, judge};
use super::question::Verb;
use super::rule::{Kind, Rule};
use grid::{Grid, Sample};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use weir_model::act::Answer;

/// Something that whoever changes policies should know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What kind.
    pub what: What,
    /// What it is about: a policy's name, or an action's.
    pub about: String,
    /// What is so.
    pub sentence: String,
    /// A question that shows it, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// Whether it holds of every question there is. Else, of those that were tried.
    pub proved: bool,
    /// Of a policy that is shadowed: those that are as strict wherever it matches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
}

/// Kinds of findings, what opens a wall first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The new policies allow what the old ones did not, or ask where those denied.
    Wider,
    /// The new policies deny what the old ones did not, or ask where those allowed.
    Stricter,
    /// Nothing of a kind is ever allowed.
    AlwaysDenies,
    /// A policy permits what others always deny.
    Contradicts,
    /// A policy never matches.
    NeverMatches,
    /// Wherever a policy matches, another answers as strictly.
    Shadowed,
    /// The new policies open nothing that the old ones did not. Told where a proof was asked for.
    NotWider,
}

/// What there is to know of `new`, alone and against what held before.
pub fn analyze(old: &Bundle, new: &Bundle) -> Vec<Finding> {
    let grid = Grid::of([old, new]);
    let mut seen = Seen::default();
    let mut moved: BTreeMap<(What, Verb, String), Moved> = BTreeMap::new();
    for (sample, alike) in alike::together(grid.samples(), [old, new]) {
        let verdict = judge(new, &sample.question);
        seen.take(&sample, &verdict);
        if old.digest() == new.digest() {
            continue;
        }
        let before = judge(old, &sample.question);
        let (from, to) = (before.answer(), verdict.answer());
        if from != to {
            let what = if to < from { What::Wider } else { What::Stricter };
            let by = deciding(if to < from { &before } else { &verdict });
            let moved = moved.entry((what, sample.question.verb, by));
            moved.or_insert_with(|| Moved { from, to, example: sample.words(), count: 0 }).count +=
                alike;
        }
    }
    let mut findings: Vec<Finding> =
        moved.into_iter().map(|(key, moved)| moved.finding(key)).collect();
    findings.extend(seen.findings(new));
    findings.sort();
    findings
}

/// Questions of one kind whose answer moved.
struct Moved {
    from: Answer,
    to: Answer,
    example: String,
    count: usize,
}

impl Moved {
    fn finding(self, (what, verb, by): (What, Verb, String)) -> Finding {
        let Self { from, to, example, count } = self;
        let which = if what == What::Wider { "where the old policies had" } else { "by the new" };
        let sentence = format!(
            "`{}` goes from {from} to {to} for {count} of the questions tried, {which} `{by}`",
            verb.word()
        );
        let about = verb.word().to_owned();
        // The example is a proof: it was judged.
        Finding { what, about, sentence, example: Some(example), proved: true, by: Vec::new() }
    }
}

fn deciding(verdict: &Verdict<'_>) -> String {
    let answer = verdict.answer();
    let rules = verdict.forbids.iter().filter(|rule| !rule.shadow && rule.answer() == answer);
    rules.map(|rule| rule.name.clone()).next().unwrap_or_else(|| "weir.nothing_permits".to_owned())
}

/// What was seen of each policy and each action.
#[derive(Default)]
struct Seen<'b> {
    /// By policy: whether it matched, and whether it ever counted.
    rules: BTreeMap<&'b str, Record>,
    /// By action: how many kinds of questions, and how many of them were denied.
    verbs: BTreeMap<Verb, (usize, usize)>,
}

#[derive(Default)]
struct Record {
    matched: usize,
    /// For a policy that forbids: matches where no other was as strict. For one that permits: matches that
    /// were not denied.
    counted: usize,
    example: String,
    /// Who was as strict, wherever it matched; `None` before the first match.
    covered_by: Option<BTreeSet<String>>,
}

impl<'b> Seen<'b> {
    fn take(&mut self, sample: &Sample, verdict: &Verdict<'b>) {
        let verb = self.verbs.entry(sample.question.verb).or_default();
        verb.0 += 1;
        verb.1 += usize::from(verdict.answer() == Answer::Deny);
        let forbids: Vec<&Rule> =
            verdict.forbids.iter().copied().filter(|rule| !rule.shadow).collect();
        for rule in &verdict.permits {
            let record = self.rules.entry(&rule.name).or_default();
            record.see(sample, verdict.answer() != Answer::Deny);
        }
        for rule in &verdict.forbids {
            let as_strict = forbids
                .iter()
                .filter(|other| other.name != rule.name && other.answer() >= rule.answer())
                .map(|other| other.name.clone());
            let as_strict: BTreeSet<String> = as_strict.collect();
            let record = self.rules.entry(&rule.name).or_default();
            record.see(sample, as_strict.is_empty());
            record.covered_by = Some(match record.covered_by.take() {
                Some(covered) => covered.intersection(&as_strict).cloned().collect(),
                None => as_strict,
            });
        }
    }

    fn findings(&self, bundle: &Bundle) -> Vec<Finding> {
        let mut findings = Vec::new();
        for rule in bundle.rules() {
            let about = rule.name.clone();
            let place = format!("{}:{}", rule.file, rule.line);
            let warning = bundle.warnings().iter().find(|fault| {
                fault.file == rule.file && fault.line >= rule.line && fault.line <= rule.last_line()
            });
            let found = |what, sentence, example, proved| Finding {
                what,
                about: about.clone(),
                sentence,
                example,
                proved,
                by: Vec::new(),
            };
            match (self.rules.get(rule.name.as_str()), warning) {
                (_, Some(warning)) => {
                    let sentence =
                        format!("the policy at {place} looks wrong: {}", warning.sentence);
                    findings.push(found(What::NeverMatches, sentence, None, true));
                }
                (None, None) => {
                    let sentence = format!("the policy at {place} matched nothing that was tried");
                    findings.push(found(What::NeverMatches, sentence, None, false));
                }
                (Some(record), None) if record.counted == 0 => {
                    let example = Some(record.example.clone());
                    match (rule.kind, &record.covered_by) {
                        (Kind::Permit, _) => {
                            let sentence = format!(
                                "all that the policy at {place} permits is denied by others"
                            );
                            findings.push(found(What::Contradicts, sentence, example, false));
                        }
                        (Kind::Forbid(_), Some(covered)) if !covered.is_empty() => {
                            let by: Vec<_> = covered.iter().cloned().collect();
                            let sentence = format!(
                                "wherever the policy at {place} matches, `{}` is as strict",
                                by.join("`, `")
                            );
                            let shadowed = found(What::Shadowed, sentence, example, false);
                            findings.push(Finding { by, ..shadowed });
                        }
                        // Several others share what it forbids: none of them alone stands before it.
                        (Kind::Forbid(_), Some(_) | None) => {}
                    }
                }
                (Some(_), None) => {}
            }
        }
        for (verb, (asked, denied)) in &self.verbs {
            if asked == denied {
                findings.push(Finding {
                    what: What::AlwaysDenies,
                    about: verb.word().to_owned(),
                    sentence: format!("`{}` is denied whatever it is about", verb.word()),
                    example: None,
                    proved: false,
                    by: Vec::new(),
                });
            }
        }
        findings
    }
}

impl Record {
    fn see(&mut self, sample: &Sample, counts: bool) {
        if self.matched == 0 {
            self.example = sample.words();
        }
        self.matched += 1;
        self.counted += usize::from(counts);
    }
}
