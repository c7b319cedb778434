//! An act and its answer: what the policies ruled, and above it what the session's past, a person's grant or a
//! person's pause say.

use super::breaker::Trip;
use super::{Acts, State, approve, breaker, record};
use weir_model::act::{Act, Answer, Effect, Reason, Ruling, Taint};
use weir_model::event::act::Event;
use weir_model::{ApprovalId, Context, Digest, Position, SessionId};

/// An act to be decided, and all that was found about it.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The session that acts, its parent, and so on up.
    pub lineage: &'a [SessionId],
    /// The person who answers for it.
    pub person: weir_model::PersonId,
    /// What is asked, whole.
    pub act: &'a Act,
    /// What it comes to.
    pub effects: &'a [Effect],
    /// What the policies say.
    pub ruling: &'a Ruling,
    /// What was known of who acts, as the policy room writes it.
    pub scope: &'a str,
    /// The policies that judged.
    pub bundle: Digest,
    /// What the session will carry once it did this.
    pub meets: &'a [(Taint, String)],
    /// Where the record of the decision will stand.
    pub position: Position,
}

/// What an act is answered, and what to record before it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The answer and its grounds.
    pub ruling: Ruling,
    /// The request that waits for a person, or the grant that let it pass.
    pub approval: Option<ApprovalId>,
    /// To be durable before the answer is given. None for a look that was allowed: it is recorded in a batch.
    pub events: Vec<Event>,
}

impl Acts {
    /// Answers an act. A denial is final; a question is answered by a grant if one fits exactly.
    pub fn decide(&self, question: &Question<'_>, ctx: &Context) -> Decision {
        let Some(session) = question.lineage.first().copied() else {
            let reason = rule("session.needed", Answer::Deny, "no session acts here", None);
            return Decision {
                ruling: Ruling::because(reason),
                approval: None,
                events: Vec::new(),
            };
        };
        let exactly = record::exactly(question.act);
        let mut ruling = question.ruling.clone();
        if let Some(pause) = self.pause_over(question.lineage, question.person) {
            ruling = ruling.and(Ruling::because(pause));
        }
        let trip = self.trip(session, exactly, question, ctx);
        if let Some(held) = trip.as_ref().map_or_else(
            || breaker::held(self.session(session), question),
            |trip| breaker::answer(trip, question),
        ) {
            ruling = ruling.and(Ruling::because(held));
        }
        let mut decision = Decision { ruling, approval: None, events: Vec::new() };
        let mut asked = None;
        if decision.ruling.answer == Answer::Ask {
            asked = self.settle(&mut decision, question, session, exactly, ctx);
        }
        let is_allowed = decision.ruling.answer == Answer::Allow;
        let new_taints: Vec<_> = question
            .meets
            .iter()
            .filter(|(taint, _)| is_allowed && !self.carries(session, *taint))
            .cloned()
            .collect();
        let is_quiet = is_allowed
            && decision.approval.is_none()
            && decision.ruling.shadow.is_empty()
            && new_taints.is_empty()
            && trip.is_none()
            && record::is_look(&question.act.tool, question.effects);
        if is_quiet {
            return decision;
        }
        decision.events.push(Event::ActDecided {
            session,
            act: record::for_record(question.act),
            exactly,
            effects: question.effects.to_vec(),
            scope: question.scope.to_owned(),
            bundle: question.bundle,
            ruling: decision.ruling.clone(),
            approval: decision.approval.filter(|_| is_allowed),
        });
        decision.events.extend(asked);
        let tainted = |(taint, why)| Event::SessionTainted { session, taint, why };
        decision.events.extend(new_taints.into_iter().map(tainted));
        if let Some(Trip { step, why }) = trip {
            decision.events.push(Event::BreakerTripped { session, step, why });
        }
        decision
    }

    /// A question: a grant answers it, a request that waits already, a person's refusal; or it becomes a request.
    fn settle(
        &self,
        decision: &mut Decision,
        question: &Question<'_>,
        session: SessionId,
        exactly: Digest,
        ctx: &Context,
    ) -> Option<Event> {
        let subagent = question.act.subagent.as_ref().map(|subagent| subagent.id.clone());
        let found = self.approval_for(question.lineage, subagent.as_deref(), exactly, ctx.now);
        if let Some((approval, state)) = found {
            decision.approval = Some(approval);
            match state {
                State::Granted(_) => {
                    decision.ruling.answer = Answer::Allow;
                    decision.ruling.reasons.clear();
                }
                State::Refused { why, .. } => {
                    let sentence = format!("a person refused `{approval}`: {why}");
                    let hint = "do it another way, as they say, or go on with other work";
                    let reason = rule("approval.refused", Answer::Deny, &sentence, Some(hint));
                    decision.ruling = std::mem::replace(&mut decision.ruling, Ruling::allow())
                        .and(Ruling::because(reason));
                }
                State::Waiting => {}
            }
            return None;
        }
        if self.waiting_of(session, ctx.now) >= approve::WAITING_MAX {
            let sentence = "too many of this session's requests wait for a person already";
            let hint = "wait until some are answered: `weir approval list`";
            let reason = rule("approval.too_many", Answer::Deny, sentence, Some(hint));
            decision.ruling = std::mem::replace(&mut decision.ruling, Ruling::allow())
                .and(Ruling::because(reason));
            return None;
        }
        let approval = self.last_approval.next();
        decision.approval = Some(approval);
        let expires_at = ctx.now + approve::WAIT;
        let decision = question.position;
        Some(Event::ApprovalAsked { approval, session, subagent, exactly, decision, expires_at })
    }

    pub(crate) fn carries(&self, session: SessionId, taint: Taint) -> bool {
        self.session(session).is_some_and(|doing| doing.taints.contains_key(&taint))
    }
}

/// A reason of ours, beside those of policies.
pub(super) fn rule(name: &str, answer: Answer, sentence: &str, hint: Option<&str>) -> Reason {
    let (policy, sentence) = (name.to_owned(), sentence.to_owned());
    Reason { policy, answer, sentence, hint: hint.map(str::to_owned), effect: None }
}
