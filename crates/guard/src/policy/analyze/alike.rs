//! Questions that no policy can tell apart: they get one verdict, so that only the first of them is judged.
//!
//! A policy reads a few facts: attributes, each by its name, and whether somebody or something is what it names, or
//! in it. Questions about one action that agree in all that its policies read are alike. What is read in a way that is
//! not known here counts as read whole.

use super::Sample;
use crate::policy::bundle::Bundle;
use crate::policy::question::{Question, Sort, Thing, Value, Verb};
use crate::policy::slice::meets;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Puts samples that are alike together: the first of each kind, and how many there are. In the order of the first.
pub(super) fn together(
    samples: impl Iterator<Item = Sample>,
    bundles: [&Bundle; 2],
) -> Vec<(Sample, usize)> {
    let readings = Readings::of(bundles);
    let mut places = BTreeMap::new();
    let mut kinds: Vec<(Sample, usize)> = Vec::new();
    for sample in samples {
        let place = *places.entry(readings.seen(&sample.question)).or_insert(kinds.len());
        match kinds.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => kinds.push((sample, 1)),
        }
    }
    kinds
}

/// What the policies of each action read.
struct Readings(BTreeMap<Verb, Reading>);

#[derive(Default)]
struct Reading {
    principal: Parts,
    resource: Parts,
    context: Parts,
}

/// What is read of one of the three.
#[derive(Default)]
struct Parts {
    attributes: BTreeSet<String>,
    /// Types and ids that it is compared with.
    names: BTreeSet<(String, String)>,
    whole: bool,
}

/// All of a question that its policies see.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    verb: Verb,
    principal: SeenThing,
    resource: SeenThing,
    context: Vec<(&'static str, Value)>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct SeenThing {
    attributes: Vec<(&'static str, Value)>,
    /// Those names that it is, or is in.
    names: Vec<(Sort, String)>,
    /// When all of it is read: its own name and its tags.
    whole: Option<(String, Vec<(String, String)>)>,
}

impl Readings {
    fn of(bundles: [&Bundle; 2]) -> Self {
        let sets = bundles.iter().flat_map(|bundle| bundle.all());
        let policies: Vec<_> = sets.flat_map(cedar_policy::PolicySet::policies).collect();
        let reading = |verb: &Verb| {
            let mut reading = Reading::default();
            for policy in policies.iter().filter(|policy| meets(policy, *verb)) {
                match policy.to_json() {
                    Ok(json) => reading.policy(&json),
                    Err(_) => reading.everything(),
                }
            }
            (*verb, reading)
        };
        Self(Verb::ALL.iter().map(reading).collect())
    }

    fn seen(&self, question: &Question) -> Seen {
        let Question { verb, principal, resource, context } = question;
        let nothing = Reading::default();
        let reading = self.0.get(verb).unwrap_or(&nothing);
        Seen {
            verb: *verb,
            principal: reading.principal.of_thing(principal),
            resource: reading.resource.of_thing(resource),
            context: reading.context.of(context),
        }
    }
}

impl Parts {
    fn of(&self, attributes: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
        let is_read = |key: &str| self.whole || self.attributes.contains(key);
        attributes.iter().filter(|(key, _)| is_read(key)).cloned().collect()
    }

    fn of_thing(&self, thing: &Thing) -> SeenThing {
        let own = std::iter::once((thing.sort, thing.id.as_str()));
        let above = thing.parents.iter().map(|(sort, id)| (*sort, id.as_str()));
        let is_read = |sort: Sort, id: &str| {
            let mut named = self.names.iter();
            self.whole || named.any(|(of, name)| of == sort.word() && name == id)
        };
        let names = own.chain(above).filter(|(sort, id)| is_read(*sort, id));
        SeenThing {
            attributes: self.of(&thing.attributes),
            names: names.map(|(sort, id)| (sort, id.to_owned())).collect(),
            whole: self.whole.then(|| (thing.id.clone(), thing.tags.clone())),
        }
    }
}

impl Reading {
    /// A policy, in Cedar's JSON: scopes, then conditions.
    fn policy(&mut self, policy: &Json) {
        for part in ["principal", "resource"] {
            if let Some(scope) = policy.get(part) {
                self.names(part, scope);
            }
        }
        if let Some(conditions) = policy.get("conditions") {
            self.expression(conditions);
        }
    }

    fn expression(&mut self, expression: &Json) {
        match expression {
            Json::Object(fields) => {
                for (operator, operands) in fields {
                    self.operation(operator, operands);
                }
            }
            Json::Array(parts) => parts.iter().for_each(|part| self.expression(part)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    fn operation(&mut self, operator: &str, operands: &Json) {
        let left = operands.get("left").and_then(|left| left.get("Var")).and_then(Json::as_str);
        match (operator, left) {
            ("Var", _) => match operands.as_str() {
                Some(variable) => self.part(variable, |part| part.whole = true),
                None => self.everything(),
            },
            ("." | "has", Some(variable)) => match operands.get("attr").and_then(Json::as_str) {
                Some(attribute) => self.part(variable, |part| {
                    part.attributes.insert(attribute.to_owned());
                }),
                None => self.expression(operands),
            },
            ("==" | "in", Some(variable)) => match operands.get("right") {
                Some(right) if is_literal(right) => self.names(variable, right),
                Some(_) | None => self.expression(operands),
            },
            // Of which type something is, its action tells; what it is in is read as above.
            ("is", Some(variable)) => match operands.get("in") {
                Some(within) if is_literal(within) => self.names(variable, within),
                Some(_) => self.expression(operands),
                None => {}
            },
            _ => self.expression(operands),
        }
    }

    /// All names in `json` are compared with that variable.
    fn names(&mut self, variable: &str, json: &Json) {
        let mut found = BTreeSet::new();
        entities(json, &mut found);
        self.part(variable, |part| part.names.append(&mut found));
    }

    fn part(&mut self, variable: &str, take: impl FnOnce(&mut Parts)) {
        match variable {
            "principal" => take(&mut self.principal),
            "resource" => take(&mut self.resource),
            "context" => take(&mut self.context),
            // Questions about one action have the same.
            "action" => {}
            _ => self.everything(),
        }
    }

    fn everything(&mut self) {
        for part in [&mut self.principal, &mut self.resource, &mut self.context] {
            part.whole = true;
        }
    }
}

/// A name, or a list of names, and nothing that is read of the question.
fn is_literal(json: &Json) -> bool {
    let only =
        |key: &str| json.as_object().filter(|all| all.len() == 1).and_then(|all| all.get(key));
    only("Value").is_some()
        || only("Set").and_then(Json::as_array).is_some_and(|all| all.iter().all(is_literal))
}

/// Every `{"type": …, "id": …}` below.
fn entities(json: &Json, found: &mut BTreeSet<(String, String)>) {
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
    if let (Some(sort), Some(id)) = (text("type"), text("id")) {
        found.insert((sort, id));
    }
    match json {
        Json::Object(fields) => fields.values().for_each(|value| entities(value, found)),
        Json::Array(values) => values.iter().for_each(|value| entities(value, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::grid::Grid;
    use super::*;
    use crate::policy::judge::judge;

    /// Policies that read in every way there is.
    const ODD: &str = r#"
        @id("a") forbid (principal in Agent::"mallory", action, resource in Folder::"src/gen");
        @id("b") forbid (principal, action == Action::"read", resource)
        when { resource == Path::"src/main.rs" && principal in [Person::"ann", Person::"bob"] };
        @id("c") forbid (principal, action in Action::"change", resource)
        unless { resource is Path in Folder::"lib" || principal.mode like "plan*" };
        @id("d") forbid (principal, action == Action::"call", resource)
        when { resource.hasTag("path") && resource.getTag("path") like "/srv/*" };
        @id("e") forbid (principal, action == Action::"git_push", resource)
        when { context.refs.contains("refs/heads/topic") || (if context.force then resource.weir else false) };
        @id("f") forbid (principal, action, resource)
        when { [principal.agent, principal.person].contains("eve") && context has secrets && principal.depth > 3 };
        @id("g") forbid (principal, action == Action::"run", resource)
        when { [resource].contains(Program::"thing") || principal.cents * 2 > principal.tokens + 7 };
        @id("h") @shadow("true") permit (principal == Session::"S100", action, resource);
    "#;

    /// Judged one by one, those that were put together come to the same.
    #[test]
    fn what_is_put_together_is_ruled_alike() {
        let shipped = Bundle::shipped();
        let odd = Bundle::parse(&[("odd.cedar".to_owned(), ODD.to_owned())], &[]).expect("valid");
        let readings = Readings::of([&shipped, &odd]);
        let grid = Grid::of([&shipped, &odd]);
        let mut firsts: BTreeMap<Seen, String> = BTreeMap::new();
        let (mut all, mut kinds) = (0, 0);
        // Every seventh, so that every session and every effect comes by.
        for sample in grid.samples().step_by(7) {
            let verdict = format!("{:?}", judge(&odd, &sample.question));
            all += 1;
            let first = firsts.entry(readings.seen(&sample.question)).or_insert_with(|| {
                kinds += 1;
                verdict.clone()
            });
            assert_eq!(*first, verdict, "{}", sample.words());
        }
        assert!(kinds < all, "{kinds} kinds of {all}");
        let count = grid.samples().count();
        let together = together(grid.samples(), [&shipped, &shipped]);
        assert_eq!(together.iter().map(|(_, alike)| alike).sum::<usize>(), count, "none is lost");
        assert!(together.len() * 4 < count, "{} kinds of {count}", together.len());
    }
}
