//! What agents do, decided at the moment they do it: policies judge, and this adds what a whole session knows.
//!
//! Invariants, which `tests/acts.rs` tries to break: (1) a grant lets exactly the act pass that a person saw, as
//! often as was said and no later than was said, and never upward or sideways in the spawn tree; (2) a denial is
//! never lifted by a grant; (3) a pause holds everybody below it from the next act on; (4) a taint is never lost
//! but by a person; (5) what changes something is in the events before it is allowed.
//! Deliberately absent: what a command comes to (`shell`), and which policy forbids it (`policy`).
//!
//! Reading order: [`Acts`] (what is known), [`Question`] and [`Acts::decide`] (an act and its answer), then
//! approvals, breakers, pauses, taints, and habits.

mod approve;
mod breaker;
mod decide;
mod habit;
mod pause;
mod record;
mod silence;
mod taint;
mod tools;

pub use approve::{Approval, GRANT, GRANT_MAX, Grant, State, USES_MAX};
pub use breaker::Track;
pub use decide::{Decision, Question};
pub use habit::{Asking, Habit, Proposal};
pub use record::{exactly, for_record, in_short, is_look};
pub use silence::{CANARY, silent};
pub use taint::met;
pub use tools::{Pinned, Quarantined};

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use weir_model::act::{Answer, Client, Effect, Taint, Tool};
use weir_model::event::act::{Event, Reach, Step};
use weir_model::{ApprovalId, Digest, PersonId, Position, SessionId, Timestamp};

/// What is known of agents' acts. Built by [`evolve`] and by nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acts {
    pub(crate) sessions: BTreeMap<SessionId, Doing>,
    pub(crate) approvals: BTreeMap<ApprovalId, Approval>,
    pub(crate) last_approval: ApprovalId,
    #[serde(with = "pause::as_list")]
    pub(crate) pauses: BTreeMap<Reach, Pause>,
    pub(crate) habits: BTreeMap<String, Habit>,
    /// The kind of request that the decision just taken in leads to.
    pub(crate) asking: Option<habit::Asking>,
    pub(crate) bundle: Option<InForce>,
    pub(crate) tools: BTreeMap<String, tools::Offers>,
    /// What was seen last of each tool server that it should not have done.
    pub(crate) noticed: BTreeMap<String, (Timestamp, String)>,
}

/// The policies in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// The digest of all of them.
    pub bundle: Digest,
    /// The commit that holds them; empty for those that Weir ships.
    pub commit: String,
    /// How many there are.
    pub policies: u32,
    /// Since when.
    pub since: Timestamp,
}

/// What one session is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doing {
    /// The client that is attached, with the version it tells.
    pub client: Option<(Client, String)>,
    /// Where it works, as it was attached.
    pub worktree: String,
    /// Whether a canary proved that its hook blocks, and what was seen.
    pub checked: Option<(bool, String)>,
    /// What was seen of it that no hook had told.
    pub unguarded: Option<String>,
    /// Whether an act was told of since its client was attached.
    pub(crate) told: bool,
    /// When it was last heard of.
    pub seen_at: Timestamp,
    /// What it did last, and what that was answered.
    pub last: Option<Last>,
    /// Its latest refusals and questions, newest last.
    pub refused: VecDeque<Last>,
    /// How many acts were allowed, asked and denied.
    pub allowed: u64,
    /// See `allowed`.
    pub asked: u64,
    /// See `allowed`.
    pub denied: u64,
    /// How many calls ended in failure.
    pub failed: u64,
    /// What it carries, and where that is from.
    pub taints: BTreeMap<Taint, String>,
    /// The sub-agents that were seen.
    pub subagents: BTreeSet<String>,
    /// How many tokens its conversations have cost, as its client tells.
    pub tokens: u64,
    /// See `tokens`: of each conversation.
    pub(crate) conversations: BTreeMap<String, u64>,
    /// How far a breaker went with it.
    pub breaker: Option<(Step, String)>,
    /// How many acts its hook decided by itself, for it reached no server.
    pub alone: u64,
    /// The lists of such acts that were told last, and how many lines of each.
    pub(crate) lists: VecDeque<(Digest, u32)>,
    pub(crate) track: breaker::Track,
}

/// An act, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// The decision.
    pub decision: Position,
    /// When.
    pub at: Timestamp,
    /// What was asked, in one line.
    pub what: String,
    /// What it was answered.
    pub answer: Answer,
    /// The strongest reason, when there is one.
    pub why: String,
}

/// Somebody stopped agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Who did.
    pub person: PersonId,
    /// Why, in words for the agents.
    pub why: String,
    /// Since when.
    pub since: Timestamp,
}

/// More conversations of one session than this are told apart no further.
const CONVERSATIONS_KEPT: usize = 200;
/// How many refusals a session's page shows; the ledger has them all.
const REFUSED_KEPT: usize = 20;
/// A list is told until it is told whole; one a client is kept at a time.
const LISTS_KEPT: usize = 16;
/// More sub-agents than this are counted no further; the breaker tripped long before.
const SUBAGENTS_KEPT: usize = 1_000;

impl Acts {
    /// What a session is doing, if it was ever heard of.
    pub fn session(&self, session: SessionId) -> Option<&Doing> {
        self.sessions.get(&session)
    }

    /// All sessions that were ever heard of.
    pub fn sessions(&self) -> impl Iterator<Item = (SessionId, &Doing)> {
        self.sessions.iter().map(|(session, doing)| (*session, doing))
    }

    /// What the session and its elders carry.
    pub fn taints(&self, lineage: &[SessionId]) -> BTreeSet<Taint> {
        let doing = lineage.iter().filter_map(|session| self.sessions.get(session));
        doing.flat_map(|doing| doing.taints.keys().copied()).collect()
    }

    /// The policies in force, once the engine has read them.
    pub fn in_force(&self) -> Option<&InForce> {
        self.bundle.as_ref()
    }
}

/// Folds one fact in. Never refuses: what happened, happened.
///
/// # Panics
/// When the id of a request comes back, which [`Acts::decide`] never lets happen.
pub fn evolve(acts: &mut Acts, at: Timestamp, position: Position, event: &Event) {
    if let Some(session) = event.session() {
        acts.sessions.entry(session).or_default().seen_at = at;
    }
    match event {
        Event::ClientAttached { session, client, version, worktree } => {
            let doing = acts.doing(*session);
            doing.client = Some((*client, version.clone()));
            doing.worktree.clone_from(worktree);
            doing.checked = None;
            doing.told = false;
        }
        Event::ClientDetached { session, .. } => acts.doing(*session).client = None,
        Event::HookChecked { session, holds, found, .. } => {
            acts.doing(*session).checked = Some((*holds, found.clone()));
        }
        Event::ActDecided { session, act, exactly, effects, ruling, approval, .. } => {
            if let Some(approval) = approval.and_then(|id| acts.approvals.get_mut(&id)) {
                approval.used(act.subagent.as_ref(), *session);
            }
            let what = record::in_short(&act.tool);
            acts.asking = habit::asking(ruling, effects, &what);
            let why = ruling.reasons.first().map(|reason| reason.sentence.clone());
            let last = Last {
                decision: position,
                at,
                what,
                answer: ruling.answer,
                why: why.unwrap_or_default(),
            };
            let doing = acts.doing(*session);
            doing.told |= silence::tells(act);
            doing.take_subagent(act.subagent.as_ref().map(|subagent| subagent.id.as_str()));
            doing.count(last, ruling.answer);
            let by_person = approval.is_some() || ruling.answer == Answer::Ask;
            doing.track.decided(at, *exactly, (ruling.answer, by_person), act, effects);
        }
        Event::ActsLooked { session, looks, .. } => {
            let doing = acts.doing(*session);
            for look in looks {
                doing.allowed += 1;
                doing.told |= silence::tells(&look.act);
                let exactly = record::exactly(&look.act);
                doing.track.looked(look.at, exactly);
                doing.track.answered(exactly, look.act.call.as_ref(), Answer::Allow);
                let subagent = look.act.subagent.as_ref().map(|subagent| subagent.id.as_str());
                doing.take_subagent(subagent);
            }
            if let Some(look) = looks.last() {
                let what = record::in_short(&look.act.tool);
                let (answer, why) = (Answer::Allow, String::new());
                doing.last = Some(Last { decision: position, at: look.at, what, answer, why });
            }
        }
        Event::ActsAlone { session, list, told, acts: decided, .. } => {
            let doing = acts.doing(*session);
            doing.alone += decided.len() as u64;
            doing.take_list(*list, *told);
            for alone in decided {
                let answer = alone.ruling.answer;
                let why = alone.ruling.reasons.first().map(|reason| reason.sentence.clone());
                let last = Last {
                    decision: position,
                    at: alone.at,
                    what: record::in_short(&alone.act.tool),
                    answer,
                    why: why.unwrap_or_default(),
                };
                doing.count(last, answer);
                doing.told |= silence::tells(&alone.act);
                if answer == Answer::Allow {
                    doing.track.looked(alone.at, alone.exactly);
                }
                let subagent = alone.act.subagent.as_ref();
                doing.take_subagent(subagent.map(|subagent| subagent.id.as_str()));
            }
        }
        Event::ActFinished { session, exactly, failed, undecided, .. } => {
            let doing = acts.doing(*session);
            doing.failed += u64::from(*failed);
            doing.track.finished(*exactly, *failed);
            if *undecided {
                doing.unguarded = Some("a call ended that no hook had told of".to_owned());
            }
        }
        Event::ApprovalAsked { .. }
        | Event::ApprovalGiven { .. }
        | Event::ApprovalRefused { .. } => {
            approve::evolve(acts, at, event);
        }
        Event::SessionTainted { session, taint, why } => {
            acts.doing(*session).taints.entry(*taint).or_insert_with(|| why.clone());
        }
        Event::SessionCleared { session, taint, .. } => {
            acts.doing(*session).taints.remove(taint);
        }
        Event::BreakerTripped { session, step, why } => {
            let doing = acts.doing(*session);
            doing.breaker = Some((*step, why.clone()));
        }
        Event::Paused { reach, person, why } => {
            acts.pauses.insert(*reach, Pause { person: *person, why: why.clone(), since: at });
        }
        Event::Resumed { reach, .. } => {
            acts.pauses.remove(reach);
            acts.reset_breakers(*reach);
        }
        Event::PolicySet { bundle, commit, policies } => {
            let (bundle, commit, policies) = (*bundle, commit.clone(), *policies);
            acts.bundle = Some(InForce { bundle, commit, policies, since: at });
        }
        Event::ToolPinned { .. }
        | Event::ToolQuarantined { .. }
        | Event::ToolServerNoticed { .. } => tools::evolve(acts, at, event),
        Event::SpendCounted { session, conversation, tokens } => {
            acts.doing(*session).spend(at, conversation, *tokens);
        }
        Event::Unguarded { session, why } => {
            acts.doing(*session).unguarded = Some(why.clone());
        }
    }
}

impl Acts {
    fn doing(&mut self, session: SessionId) -> &mut Doing {
        self.sessions.entry(session).or_default()
    }
}

impl Doing {
    /// Whether an act with these arguments was decided of late.
    pub fn has_decided(&self, exactly: Digest) -> bool {
        self.track.has(exactly)
    }

    /// Whether this very call was refused, so that it should never have happened.
    pub fn has_refused(&self, exactly: Digest, call: Option<&String>) -> bool {
        self.track.has_refused(exactly, call)
    }

    /// Whether a call with these arguments failed when it was last made.
    pub fn is_failing(&self, exactly: Digest) -> bool {
        self.track.fails(exactly)
    }

    /// Whether `tokens` is more than was known of this conversation.
    pub fn spends(&self, conversation: &str, tokens: u64) -> bool {
        tokens > self.conversations.get(conversation).copied().unwrap_or(0)
    }

    fn spend(&mut self, at: Timestamp, conversation: &str, tokens: u64) {
        let before = self.conversations.insert(conversation.to_owned(), tokens).unwrap_or(0);
        let more = tokens.saturating_sub(before);
        self.tokens = self.tokens.saturating_add(more);
        self.track.spent(at, more);
        if self.conversations.len() > CONVERSATIONS_KEPT {
            self.conversations.pop_first();
        }
    }

    fn count(&mut self, last: Last, answer: Answer) {
        match answer {
            Answer::Allow => self.allowed += 1,
            Answer::Ask => self.asked += 1,
            Answer::Deny => self.denied += 1,
        }
        if answer != Answer::Allow {
            self.refused.push_back(last.clone());
            if self.refused.len() > REFUSED_KEPT {
                self.refused.pop_front();
            }
        }
        self.last = Some(last);
    }

    /// How many lines of a list of acts that were decided alone are on record.
    pub(crate) fn told_of(&self, list: Digest) -> u32 {
        self.lists.iter().find(|(known, _)| *known == list).map_or(0, |(_, told)| *told)
    }

    fn take_list(&mut self, list: Digest, told: u32) {
        self.lists.retain(|(known, _)| *known != list);
        self.lists.push_back((list, told));
        if self.lists.len() > LISTS_KEPT {
            self.lists.pop_front();
        }
    }

    fn take_subagent(&mut self, subagent: Option<&str>) {
        if let Some(subagent) = subagent
            && self.subagents.len() < SUBAGENTS_KEPT
            && !self.subagents.contains(subagent)
        {
            self.subagents.insert(subagent.to_owned());
        }
    }
}

/// What a tool and its effects come to is a look, when nothing else is changed by it.
pub(crate) fn changes(tool: &Tool, effects: &[Effect]) -> bool {
    !record::is_look(tool, effects)
}
