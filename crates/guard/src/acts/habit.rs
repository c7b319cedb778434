//! Fatigue: what people always approve is no longer looked at, so it is proposed as a rule, with its evidence.

use super::Acts;
use serde::{Deserialize, Serialize};
use weir_model::act::{Answer, Effect, GitOperation, Ruling, WriteHow};
use weir_model::{ApprovalId, Timestamp};

/// Approved this often, and never refused, an act is a habit.
const GIVEN_MIN: u32 = 5;
/// How many requests are named as evidence.
const EVIDENCE_MAX: usize = 20;

/// How one kind of request was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habit {
    /// The policy that asks.
    pub policy: String,
    /// What is asked for, in words.
    pub what: String,
    /// How often a person said yes.
    pub given: u32,
    /// How often a person said no.
    pub refused: u32,
    /// How long they took for it together, in milliseconds.
    pub answered_in_ms: u64,
    /// The latest requests of the kind.
    pub evidence: Vec<ApprovalId>,
    /// Those that wait, with the instant they were asked.
    pub(super) open: Vec<(ApprovalId, Timestamp)>,
}

/// A rule that would spare people a question they always answer alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The policy that asks today.
    pub policy: String,
    /// What is asked for, in words.
    pub what: String,
    /// How often a person said yes; nobody ever said no.
    pub given: u32,
    /// How long they took on average, in milliseconds: the shorter, the less they looked.
    pub answer_ms: u64,
    /// The requests that show it.
    pub evidence: Vec<ApprovalId>,
}

impl Acts {
    /// What is always approved, most often first.
    pub fn proposals(&self) -> Vec<Proposal> {
        let habits = self.habits.values();
        let mut proposals: Vec<_> = habits
            .filter(|habit| habit.given >= GIVEN_MIN && habit.refused == 0)
            .map(|habit| Proposal {
                policy: habit.policy.clone(),
                what: habit.what.clone(),
                given: habit.given,
                answer_ms: habit.answered_in_ms / u64::from(habit.given.max(1)),
                evidence: habit.evidence.clone(),
            })
            .collect();
        proposals.sort_by(|a, b| b.given.cmp(&a.given).then_with(|| a.what.cmp(&b.what)));
        proposals
    }

    /// How often people were asked, and how often they said yes.
    pub fn answered(&self) -> (u64, u64) {
        let count = |(given, all): (u64, u64), habit: &Habit| {
            let (yes, no) = (u64::from(habit.given), u64::from(habit.refused));
            (given + yes, all + yes + no)
        };
        let (given, all) = self.habits.values().fold((0, 0), count);
        (all, given)
    }
}

/// What a decision asks a person, until the request itself is taken in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    /// The policy that asks.
    pub policy: String,
    /// Why, as it says.
    pub why: String,
    /// The act, in one line.
    pub line: String,
    kind: String,
}

/// What a person is asked, if one is.
pub(super) fn asking(ruling: &Ruling, effects: &[Effect], line: &str) -> Option<Asking> {
    let reason = ruling.reasons.first().filter(|reason| reason.answer == Answer::Ask)?;
    let effect = reason.effect.and_then(|place| effects.get(place));
    let kind = effect.map_or_else(|| "something else".to_owned(), shape);
    let (policy, why) = (reason.policy.clone(), reason.sentence.clone());
    Some(Asking { policy, why, line: line.to_owned(), kind })
}

/// Remembers under which kind a request is counted.
pub(super) fn asked(acts: &mut Acts, asking: &Asking, approval: ApprovalId, at: Timestamp) {
    let Asking { policy, kind, .. } = asking;
    let habit = acts.habits.entry(format!("{policy}: {kind}")).or_default();
    (habit.policy, habit.what) = (policy.clone(), kind.clone());
    habit.open.push((approval, at));
    if habit.open.len() > EVIDENCE_MAX {
        habit.open.remove(0);
    }
}

pub(super) fn answered(acts: &mut Acts, approval: ApprovalId, is_given: bool, at: Timestamp) {
    for habit in acts.habits.values_mut() {
        let Some(place) = habit.open.iter().position(|(open, _)| *open == approval) else {
            continue;
        };
        let (_, asked_at) = habit.open.remove(place);
        if is_given {
            habit.given += 1;
            let waited = at.since(asked_at).as_millis();
            habit.answered_in_ms += u64::try_from(waited).unwrap_or(u64::MAX);
            habit.evidence.push(approval);
            if habit.evidence.len() > EVIDENCE_MAX {
                habit.evidence.remove(0);
            }
        } else {
            habit.refused += 1;
        }
        return;
    }
}

/// What kind of thing an effect is, so that two of a kind are counted together.
fn shape(effect: &Effect) -> String {
    let folder = |path: &str| {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("`{folder}/`")
    };
    match effect {
        Effect::Reads { path, .. } => format!("read in {}", folder(path)),
        Effect::Writes { path, how, .. } => {
            let how = match how {
                WriteHow::Change => "write in",
                WriteHow::Delete => "delete in",
                WriteHow::Attributes => "change permissions in",
                WriteHow::Link => "link in",
            };
            format!("{how} {}", folder(path))
        }
        Effect::Runs { program, .. } => format!("run `{program}`"),
        Effect::Sends { host, .. } => format!("reach `{host}`"),
        Effect::Git { operation } => match operation {
            GitOperation::Look => "look with git".to_owned(),
            GitOperation::Record => "commit".to_owned(),
            GitOperation::Discard => "throw work away".to_owned(),
            GitOperation::Rewrite => "rewrite commits".to_owned(),
            GitOperation::Drop => "drop refs".to_owned(),
            GitOperation::Fetch { remote } => format!("fetch from `{remote}`"),
            GitOperation::Push { remote, .. } => format!("push to `{remote}`"),
            GitOperation::SkipHooks => "go around hooks".to_owned(),
            GitOperation::Configure { key } => format!("configure `{key}`"),
        },
        Effect::Installs { manager, packages, .. } => {
            format!("install with `{manager}`: {}", packages.join(" "))
        }
        Effect::Calls { server, name } => format!("call `{name}` of `{server}`"),
        Effect::Spawns { kind } => format!("start a sub-agent `{kind}`"),
        Effect::Prompts => "prompt".to_owned(),
        Effect::Controls { what } => format!("`{what}`"),
        Effect::Opaque { why } => format!("what is not understood ({why})"),
    }
}
