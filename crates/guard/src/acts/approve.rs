//! Approvals: a person lets one act happen. Bound to its exact arguments, counted, and over at an instant.

use super::habit::Asking;
use super::{Acts, habit};
use crate::{Caller, Guard};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use weir_model::act::Subagent;
use weir_model::event::act::Event;
use weir_model::event::guard::Right;
use weir_model::{
    Actor, ApprovalId, Context, Digest, PersonId, Position, Refusal, SessionId, Timestamp,
};

/// How long a request waits for a person: a working day and a night.
pub(super) const WAIT: Duration = Duration::from_hours(24);
/// How long a grant holds when the person says nothing else: an agent tries again within minutes.
pub const GRANT: Duration = Duration::from_hours(1);
/// No grant holds longer: what is needed for longer is a rule.
pub const GRANT_MAX: Duration = Duration::from_hours(24);
/// No grant allows more: what is needed more often is a rule.
pub const USES_MAX: u32 = 100;
/// More open requests than this of one session are no longer read by anybody.
pub(super) const WAITING_MAX: usize = 20;
/// Answered requests that are kept in memory; the ledger has them all.
const KEPT_MAX: usize = 2_000;

/// A request to a person, answered or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Which.
    pub id: ApprovalId,
    /// Who wants to act.
    pub session: SessionId,
    /// The sub-agent that wants to, when it is one.
    pub subagent: Option<String>,
    /// The exact arguments it is bound to.
    pub exactly: Digest,
    /// The decision that asked: its record shows what is asked for.
    pub decision: Position,
    /// The act in one line, the policy that asks, and why.
    pub asking: Asking,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it ends unanswered.
    pub expires_at: Timestamp,
    /// How it stands.
    pub state: State,
}

/// How a request stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody answered yet.
    Waiting,
    /// A person let it happen.
    Granted(Grant),
    /// A person refused.
    Refused {
        /// Who.
        person: PersonId,
        /// Why, in words for the agent.
        why: String,
    },
}

/// A person's yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who gave it.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
    /// How often the act may still happen.
    pub uses_left: u32,
    /// When what is left of it ends.
    pub expires_at: Timestamp,
}

impl Approval {
    /// Whether it still waits for a person at `now`.
    pub fn is_waiting(&self, now: Timestamp) -> bool {
        self.state == State::Waiting && now < self.expires_at
    }

    /// Counts a use. A sub-agent, and a session below, get it only narrowed: one use, and it is over.
    pub(super) fn used(&mut self, subagent: Option<&Subagent>, session: SessionId) {
        let is_narrowed =
            session != self.session || subagent.map(|s| s.id.as_str()) != self.subagent.as_deref();
        if let State::Granted(grant) = &mut self.state {
            grant.uses_left = if is_narrowed { 0 } else { grant.uses_left.saturating_sub(1) };
        }
    }

    /// Whether an act of `session`'s lineage, by `subagent`, is what this is about. Downward only: what a child or
    /// a sub-agent was granted is of no use to its parent or its siblings.
    fn covers(&self, lineage: &[SessionId], subagent: Option<&str>) -> bool {
        let same = lineage.first() == Some(&self.session);
        match &self.subagent {
            Some(own) => same && subagent == Some(own),
            None => lineage.contains(&self.session),
        }
    }
}

impl Acts {
    /// A request, answered or not.
    pub fn approval(&self, approval: ApprovalId) -> Option<&Approval> {
        self.approvals.get(&approval)
    }

    /// All requests that are kept, oldest first.
    pub fn approvals(&self) -> impl Iterator<Item = &Approval> {
        self.approvals.values()
    }

    /// What waits for a person at `now`, oldest first.
    pub fn waiting(&self, now: Timestamp) -> impl Iterator<Item = &Approval> {
        self.approvals.values().filter(move |approval| approval.is_waiting(now))
    }

    pub(super) fn waiting_of(&self, session: SessionId, now: Timestamp) -> usize {
        self.waiting(now).filter(|approval| approval.session == session).count()
    }

    /// The request that speaks of exactly this act: a grant before a refusal before one that waits.
    pub(super) fn approval_for(
        &self,
        lineage: &[SessionId],
        subagent: Option<&str>,
        exactly: Digest,
        now: Timestamp,
    ) -> Option<(ApprovalId, State)> {
        let about = |approval: &&Approval| {
            approval.exactly == exactly && approval.covers(lineage, subagent)
        };
        let live = |approval: &&Approval| match &approval.state {
            State::Granted(grant) => grant.uses_left > 0 && now < grant.expires_at,
            State::Waiting | State::Refused { .. } => now < approval.expires_at,
        };
        let rank = |approval: &&Approval| match &approval.state {
            State::Granted(_) => 0,
            // One's own request only: a parent's that waits is not what a child asked.
            State::Refused { .. } => 1,
            State::Waiting => 2,
        };
        let is_own = |approval: &&Approval| {
            matches!(approval.state, State::Granted(_))
                || (lineage.first() == Some(&approval.session)
                    && approval.subagent.as_deref() == subagent)
        };
        let found = self.approvals.values().filter(about).filter(live).filter(is_own);
        // Of two alike the newer: a person may have refused, and then thought again.
        let best = found.min_by_key(|approval| (rank(approval), std::cmp::Reverse(approval.id)))?;
        Some((best.id, best.state.clone()))
    }

    /// Lets an act happen `uses` times, until `length` from now.
    ///
    /// # Errors
    /// `approval.unknown`, `approval.answered`, `approval.expired`, `approval.too_wide`,
    /// `approval.not_a_person`, and what [`Guard::require`] refuses.
    pub fn give(
        &self,
        guard: &Guard,
        caller: &Caller,
        (approval, uses, length): (ApprovalId, u32, Duration),
        ctx: &Context,
    ) -> Result<Vec<Event>, Refusal> {
        let person = answering(guard, caller)?;
        self.open_request(approval, ctx.now)?;
        if uses == 0 || uses > USES_MAX || length.is_zero() || length > GRANT_MAX {
            let sentence = "a grant is for 1 to 100 uses and for at most 24 hours";
            return Err(Refusal::new("approval.too_wide", sentence)
                .hint("what is needed more often is a rule: `weir guard proposals`"));
        }
        let expires_at = ctx.now + length;
        Ok(vec![Event::ApprovalGiven { approval, person, uses, expires_at }])
    }

    /// Refuses an act, with words for the agent.
    ///
    /// # Errors
    /// `approval.unknown`, `approval.answered`, `approval.expired`, `approval.not_a_person`, and what
    /// [`Guard::require`] refuses.
    pub fn refuse(
        &self,
        guard: &Guard,
        caller: &Caller,
        (approval, why): (ApprovalId, String),
        ctx: &Context,
    ) -> Result<Vec<Event>, Refusal> {
        let person = answering(guard, caller)?;
        self.open_request(approval, ctx.now)?;
        let why = if why.trim().is_empty() { "no reason was given".to_owned() } else { why };
        Ok(vec![Event::ApprovalRefused { approval, person, why }])
    }

    fn open_request(&self, approval: ApprovalId, now: Timestamp) -> Result<&Approval, Refusal> {
        let Some(found) = self.approvals.get(&approval) else {
            let sentence = format!("there is no request `{approval}`");
            return Err(Refusal::new("approval.unknown", sentence)
                .hint("see what waits: `weir approval list`"));
        };
        match &found.state {
            State::Waiting if now < found.expires_at => Ok(found),
            State::Waiting => {
                let sentence = format!("request `{approval}` ended at {}", found.expires_at);
                Err(Refusal::new("approval.expired", sentence)
                    .hint("the agent asks again when it tries again"))
            }
            State::Granted(_) | State::Refused { .. } => {
                let sentence = format!("request `{approval}` was answered already");
                Err(Refusal::new("approval.answered", sentence))
            }
        }
    }
}

/// The person who answers: agents never do.
fn answering(guard: &Guard, caller: &Caller) -> Result<PersonId, Refusal> {
    match caller.actor {
        Actor::Person(person) => {
            guard.require(caller, Right::Approve)?;
            Ok(person)
        }
        Actor::Session(_) | Actor::Weir => {
            Err(Refusal::new("approval.not_a_person", "only a person may answer a request"))
        }
    }
}

pub(super) fn evolve(acts: &mut Acts, at: Timestamp, event: &Event) {
    match event {
        Event::ApprovalAsked { approval, session, subagent, exactly, decision, expires_at } => {
            let asking = acts.asking.take().unwrap_or_default();
            habit::asked(acts, &asking, *approval, at);
            let new = Approval {
                asking,
                id: *approval,
                session: *session,
                subagent: subagent.clone(),
                exactly: *exactly,
                decision: *decision,
                asked_at: at,
                expires_at: *expires_at,
                state: State::Waiting,
            };
            assert!(acts.last_approval < *approval, "the id of a request never comes back");
            acts.last_approval = *approval;
            acts.approvals.insert(*approval, new);
            forget_old(acts, at);
        }
        Event::ApprovalGiven { approval, person, uses, expires_at } => {
            if let Some(request) = acts.approvals.get_mut(approval) {
                let (person, uses_left, expires_at) = (*person, *uses, *expires_at);
                request.state = State::Granted(Grant { person, at, uses_left, expires_at });
            }
            habit::answered(acts, *approval, true, at);
        }
        Event::ApprovalRefused { approval, person, why } => {
            if let Some(request) = acts.approvals.get_mut(approval) {
                request.state = State::Refused { person: *person, why: why.clone() };
            }
            habit::answered(acts, *approval, false, at);
        }
        Event::ClientAttached { .. }
        | Event::ClientDetached { .. }
        | Event::HookChecked { .. }
        | Event::ActDecided { .. }
        | Event::ActsLooked { .. }
        | Event::ActsAlone { .. }
        | Event::ActFinished { .. }
        | Event::SessionTainted { .. }
        | Event::SessionCleared { .. }
        | Event::BreakerTripped { .. }
        | Event::Paused { .. }
        | Event::Resumed { .. }
        | Event::PolicySet { .. }
        | Event::ToolPinned { .. }
        | Event::ToolQuarantined { .. }
        | Event::ToolServerNoticed { .. }
        | Event::SpendCounted { .. }
        | Event::Unguarded { .. } => {}
    }
}

/// Forgets the oldest requests that can let nothing happen any more.
fn forget_old(acts: &mut Acts, now: Timestamp) {
    let dead = |approval: &Approval| match &approval.state {
        State::Granted(grant) => grant.uses_left == 0 || grant.expires_at <= now,
        State::Waiting | State::Refused { .. } => approval.expires_at <= now,
    };
    while acts.approvals.len() > KEPT_MAX {
        let Some(old) = acts.approvals.values().find(|approval| dead(approval)).map(|a| a.id)
        else {
            return;
        };
        acts.approvals.remove(&old);
    }
}
