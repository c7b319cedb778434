//! The sieve: what the conditions of a policy say of a question, as far as that is plain.
//!
//! Nearly every policy leaves nearly every question alone for a plain reason: a flag is not set, a name is another.
//! Telling that costs nanoseconds, evaluating the policy microseconds. So the conditions are read once into terms, and
//! what these can tell exactly need not be evaluated. What they cannot tell, or what could fail on the way, they do not
//! guess: that is for Cedar. `judge_by_all`, which has no sieve, is the witness.

use super::question::{Question, Thing, Value};
use cedar_policy::Policy;
use serde_json::Value as Json;

/// What the sieve knows of one policy.
#[derive(Debug, Clone, Default)]
pub(super) struct Sieve(Vec<Condition>);

/// A clause, in the order of the text, which is the order of evaluation.
#[derive(Debug, Clone)]
struct Condition {
    term: Term,
    /// `true` for `when`, `false` for `unless`.
    wanted: bool,
}

/// What can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// All conditions hold.
    Yes,
    /// One does not, and nothing before it could fail.
    No,
    /// Cedar must be asked.
    Open,
}

#[derive(Debug, Clone)]
enum Term {
    Literal(bool),
    Not(Box<Term>),
    And(Box<Term>, Box<Term>),
    Or(Box<Term>, Box<Term>),
    /// A flag.
    Flag(Name),
    /// An attribute is there.
    Has(Name),
    /// An attribute is this.
    Is(Name, Value),
    /// An attribute is one of these.
    IsOneOf(Name, Vec<String>),
    /// An attribute has this among its texts.
    Holds(Name, String),
    /// An attribute has this form; `None` stands for any letters.
    Like(Name, Vec<Option<char>>),
    /// An attribute is less than this; or no more, with `true`.
    Less(Name, i64, bool),
    /// Anything else.
    Open,
}

/// An attribute of one of the three that a question has.
#[derive(Debug, Clone)]
struct Name {
    of: Of,
    attribute: String,
}

#[derive(Debug, Clone, Copy)]
enum Of {
    Principal,
    Resource,
    Context,
}

/// Deeper conditions are left to Cedar.
const DEPTH_MAX: usize = 40;

impl Sieve {
    /// Reads the conditions of a policy.
    pub(super) fn of(policy: &Policy) -> Self {
        let open = || Self(vec![Condition { term: Term::Open, wanted: true }]);
        let Ok(json) = policy.to_json() else { return open() };
        let Some(Json::Array(conditions)) = json.get("conditions") else { return open() };
        let read = |condition: &Json| {
            let wanted = match condition.get("kind").and_then(Json::as_str) {
                Some("when") => true,
                Some("unless") => false,
                _ => return None,
            };
            Some(Condition { term: Term::of(condition.get("body")?, 0), wanted })
        };
        conditions.iter().map(read).collect::<Option<Vec<_>>>().map_or_else(open, Self)
    }

    /// What the conditions say of a question.
    pub(super) fn tells(&self, question: &Question) -> Told {
        for Condition { term, wanted } in &self.0 {
            match term.tells(question) {
                Some(told) if told == *wanted => {}
                Some(_) => return Told::No,
                None => return Told::Open,
            }
        }
        Told::Yes
    }
}

impl Term {
    fn of(json: &Json, depth: usize) -> Self {
        Self::read(json, depth).unwrap_or(Self::Open)
    }

    fn read(json: &Json, depth: usize) -> Option<Self> {
        if depth > DEPTH_MAX {
            return None;
        }
        let (operator, operands) = json.as_object()?.iter().next()?;
        let inner = |side: &str| Some(Box::new(Self::of(operands.get(side)?, depth + 1)));
        let (left, right) = (operands.get("left"), operands.get("right"));
        Some(match operator.as_str() {
            "Value" => Self::Literal(operands.as_bool()?),
            "!" => Self::Not(inner("arg")?),
            "&&" => Self::And(inner("left")?, inner("right")?),
            "||" => Self::Or(inner("left")?, inner("right")?),
            "." => Self::Flag(Name::of(json)?),
            "has" => {
                let of = Of::named(left?)?;
                Self::Has(Name { of, attribute: operands.get("attr")?.as_str()?.to_owned() })
            }
            "==" => match (Name::of(left?), literal(right?)) {
                (Some(name), Some(value)) => Self::Is(name, value),
                _ => Self::Is(Name::of(right?)?, literal(left?)?),
            },
            "!=" => Self::Not(Box::new(match (Name::of(left?), literal(right?)) {
                (Some(name), Some(value)) => Self::Is(name, value),
                _ => Self::Is(Name::of(right?)?, literal(left?)?),
            })),
            "contains" => match (Name::of(left?), literal(right?)) {
                (Some(name), Some(Value::Text(text))) => Self::Holds(name, text),
                _ => Self::IsOneOf(Name::of(right?)?, texts(left?)?),
            },
            "like" => Self::Like(Name::of(left?)?, pattern(operands.get("pattern")?)?),
            "<" => Self::less(left?, right?, false)?,
            "<=" => Self::less(left?, right?, true)?,
            ">" => Self::less(right?, left?, false)?,
            ">=" => Self::less(right?, left?, true)?,
            _ => return None,
        })
    }

    /// `left < right`, or `left <= right` where they may be equal.
    fn less(left: &Json, right: &Json, or_equal: bool) -> Option<Self> {
        match (Name::of(left), literal(left), Name::of(right), literal(right)) {
            (Some(name), _, _, Some(Value::Number(most))) => Some(Self::Less(name, most, or_equal)),
            // The literal is less than the attribute: the attribute is not less than it, or no more.
            (_, Some(Value::Number(least)), Some(name), _) => {
                Some(Self::Not(Box::new(Self::Less(name, least, !or_equal))))
            }
            _ => None,
        }
    }

    /// Whether it holds; `None` where that cannot be told.
    fn tells(&self, question: &Question) -> Option<bool> {
        match self {
            Self::Literal(told) => Some(*told),
            Self::Not(term) => term.tells(question).map(|told| !told),
            // As Cedar does: the right side counts only if the left did not decide, nor fail.
            Self::And(left, right) => match left.tells(question)? {
                false => Some(false),
                true => right.tells(question),
            },
            Self::Or(left, right) => match left.tells(question)? {
                true => Some(true),
                false => right.tells(question),
            },
            Self::Has(name) => Some(name.value(question).is_some()),
            Self::Flag(name) => match name.value(question)? {
                Value::Yes(told) => Some(*told),
                Value::Text(_) | Value::Number(_) | Value::Texts(_) => None,
            },
            Self::Is(name, value) => match (name.value(question)?, value) {
                (Value::Text(own), Value::Text(other)) => Some(own == other),
                (Value::Yes(own), Value::Yes(other)) => Some(own == other),
                (Value::Number(own), Value::Number(other)) => Some(own == other),
                _ => None,
            },
            Self::IsOneOf(name, texts) => match name.value(question)? {
                Value::Text(own) => Some(texts.contains(own)),
                Value::Yes(_) | Value::Number(_) | Value::Texts(_) => None,
            },
            Self::Holds(name, text) => match name.value(question)? {
                Value::Texts(own) => Some(own.contains(text)),
                Value::Text(_) | Value::Yes(_) | Value::Number(_) => None,
            },
            Self::Like(name, pattern) => match name.value(question)? {
                Value::Text(own) => Some(is_like(own, pattern)),
                Value::Yes(_) | Value::Number(_) | Value::Texts(_) => None,
            },
            Self::Less(name, most, or_equal) => match name.value(question)? {
                Value::Number(own) => Some(own < most || (*or_equal && own == most)),
                Value::Text(_) | Value::Yes(_) | Value::Texts(_) => None,
            },
            Self::Open => None,
        }
    }
}

impl Of {
    fn named(json: &Json) -> Option<Self> {
        match json.get("Var")?.as_str()? {
            "principal" => Some(Self::Principal),
            "resource" => Some(Self::Resource),
            "context" => Some(Self::Context),
            _ => None,
        }
    }
}

impl Name {
    fn of(json: &Json) -> Option<Self> {
        let access = json.get(".")?;
        let of = Of::named(access.get("left")?)?;
        Some(Self { of, attribute: access.get("attr")?.as_str()?.to_owned() })
    }

    fn value<'q>(&self, question: &'q Question) -> Option<&'q Value> {
        let of = |thing: &'q Thing| thing.get(&self.attribute);
        match self.of {
            Of::Principal => of(&question.principal),
            Of::Resource => of(&question.resource),
            Of::Context => {
                let mut all = question.context.iter();
                all.find(|(key, _)| *key == self.attribute).map(|(_, value)| value)
            }
        }
    }
}

fn literal(json: &Json) -> Option<Value> {
    match json.get("Value")? {
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Bool(yes) => Some(Value::Yes(*yes)),
        Json::Number(number) => Some(Value::Number(number.as_i64()?)),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

fn texts(json: &Json) -> Option<Vec<String>> {
    let text = |one: &Json| match literal(one)? {
        Value::Text(text) => Some(text),
        Value::Yes(_) | Value::Number(_) | Value::Texts(_) => None,
    };
    json.get("Set")?.as_array()?.iter().map(text).collect()
}

fn pattern(json: &Json) -> Option<Vec<Option<char>>> {
    let mut pattern = Vec::new();
    for part in json.as_array()? {
        match part {
            Json::String(word) if word == "Wildcard" => pattern.push(None),
            Json::Object(part) => {
                pattern.extend(part.get("Literal")?.as_str()?.chars().map(Some));
            }
            _ => return None,
        }
    }
    Some(pattern)
}

/// Whether `text` has the form of `pattern`. Goes back to the last wildcard only, so that its time is bounded by the
/// product of the lengths.
fn is_like(text: &str, pattern: &[Option<char>]) -> bool {
    let mut rest = text.chars();
    let mut at = 0;
    // Where to go on if what follows the last wildcard does not fit.
    let mut again: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        let before = rest.clone();
        match (pattern.get(at), rest.next()) {
            (None, None) => return true,
            (Some(None), _) => {
                at += 1;
                rest = before.clone();
                again = Some((at, before));
            }
            (Some(Some(wanted)), Some(c)) if *wanted == c => at += 1,
            _ => {
                let Some((after, mut from)) = again.take() else { return false };
                if from.next().is_none() {
                    return false;
                }
                at = after;
                rest = from.clone();
                again = Some((after, from));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::question::{Sort, Verb};
    use proptest::prelude::*;

    fn question() -> Question {
        let text = |text: &str| Value::Text(text.to_owned());
        let principal = Thing::new(
            Sort::Session,
            "S1",
            vec![
                ("agent", text("ada")),
                ("tokens", Value::Number(7)),
                ("untrusted", Value::Yes(true)),
            ],
        );
        let resource = Thing::new(
            Sort::Path,
            "a/b.rs",
            vec![("name", text("b.rs")), ("secret", Value::Yes(false))],
        );
        let refs = Value::Texts(vec!["main".to_owned()]);
        let context = vec![("effects", Value::Number(3)), ("refs", refs)];
        Question { verb: Verb::Read, principal, resource, context }
    }

    #[test]
    fn what_is_plain_is_told_and_nothing_else() {
        let rows = [
            ("", Told::Yes),
            ("when { resource.secret }", Told::No),
            ("unless { resource.secret }", Told::Yes),
            ("when { principal.untrusted } unless { resource.secret }", Told::Yes),
            ("when { principal.untrusted } when { resource.secret }", Told::No),
            ("when { principal.agent == \"ada\" && resource.name like \"*.rs\" }", Told::Yes),
            ("when { \"bob\" == principal.agent || resource.name like \"*.py\" }", Told::No),
            ("when { principal.agent != \"bob\" }", Told::Yes),
            ("when { [\"ada\", \"bob\"].contains(principal.agent) }", Told::Yes),
            ("when { context.refs.contains(\"dev\") }", Told::No),
            ("when { context has refs && context.refs.contains(\"main\") }", Told::Yes),
            ("when { context has force && context.force }", Told::No),
            ("when { principal.tokens > 7 }", Told::No),
            ("when { principal.tokens >= 7 }", Told::Yes),
            ("when { principal.tokens < 7 }", Told::No),
            ("when { 7 <= principal.tokens }", Told::Yes),
            ("when { 7 < principal.tokens }", Told::No),
            ("when { !(context.effects <= 2) }", Told::Yes),
            // What is not known here, and what could fail, is Cedar's; what is decided before that is not.
            ("when { resource in Folder::\"a\" }", Told::Open),
            ("when { resource.secret && resource in Folder::\"a\" }", Told::No),
            ("when { resource in Folder::\"a\" && resource.secret }", Told::Open),
            ("when { principal.untrusted || resource in Folder::\"a\" }", Told::Yes),
            ("when { principal.tokens + 1 > 3 }", Told::Open),
            ("when { resource.missing }", Told::Open),
            ("when { resource.name }", Told::Open),
            ("when { if principal.untrusted then true else false }", Told::Open),
        ];
        for (conditions, told) in rows {
            let text = format!("forbid (principal, action, resource) {conditions};");
            let policy: Policy = text.parse().expect("a policy");
            assert_eq!(Sieve::of(&policy).tells(&question()), told, "{conditions}");
        }
    }

    proptest! {
        #[test]
        fn a_form_is_what_cedar_says_it_is(text in "[ab*.]{0,8}", form in "[ab*.]{0,6}") {
            // A star in a pattern stands for itself when it is escaped; the other way round is left out here.
            let pattern: Vec<_> = form.chars().map(|c| (c != '*').then_some(c)).collect();
            let written = form.replace('"', "\\\"");
            let expression = format!("{text:?} like \"{written}\"");
            let expression: cedar_policy::Expression = expression.parse().expect("an expression");
            let entities = cedar_policy::Entities::empty();
            let asked = cedar_policy::Request::new(
                "A::\"a\"".parse().expect("a name"),
                "Action::\"a\"".parse().expect("a name"),
                "A::\"a\"".parse().expect("a name"),
                cedar_policy::Context::empty(),
                None,
            );
            let told = cedar_policy::eval_expression(&asked.expect("a request"), &entities, &expression);
            let wanted = cedar_policy::EvalResult::Bool(is_like(&text, &pattern));
            prop_assert_eq!(told.expect("evaluated"), wanted);
        }
    }
}
