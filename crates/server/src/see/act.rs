//! What agents do and what waits for people, as the API and the pages tell it.

use super::See;
use super::words::acts::effect_in_words;
use crate::wire::{Agent, Agents, Approval, Doing, Held, Proposal};
use weir_guard::acts::{self, State};
use weir_model::SessionId;
use weir_model::act::Taint;
use weir_model::event::act::{Event, Reach, Step};

/// How many agents one answer tells of.
const AGENTS_MAX: usize = 500;

impl See<'_> {
    /// A request, in short.
    pub(crate) fn approval(&self, approval: &acts::Approval) -> Approval {
        let session = self.folds.guard.session(approval.session);
        let person = session.map(|session| session.person).unwrap_or_default();
        let (state, answered_by, uses_left, comment, expires_at) = match &approval.state {
            State::Waiting if self.now < approval.expires_at => {
                ("waiting", None, None, None, approval.expires_at)
            }
            State::Waiting => ("expired", None, None, None, approval.expires_at),
            State::Granted(grant) => {
                let state = match grant.uses_left {
                    0 => "used",
                    _ if grant.expires_at <= self.now => "expired",
                    _ => "granted",
                };
                (state, Some(grant.person), Some(grant.uses_left), None, grant.expires_at)
            }
            State::Refused { person, why } => {
                ("refused", Some(*person), None, Some(why.clone()), approval.expires_at)
            }
        };
        Approval {
            id: approval.id,
            state: state.to_owned(),
            agent: self.session_as_who(approval.session),
            subagent: approval.subagent.clone(),
            person: self.person_as_who(person),
            what: approval.asking.line.clone(),
            why: approval.asking.why.clone(),
            policy: approval.asking.policy.clone(),
            decision: approval.decision,
            asked_at: approval.asked_at,
            expires_at,
            answered_by: answered_by.map(|person| self.person_as_who(person)),
            uses_left,
            comment,
            effects: Vec::new(),
            act: None,
        }
    }

    /// A request with what its decision recorded: what a person must see before they answer.
    pub(crate) fn approval_whole(&self, approval: &acts::Approval, decision: &Event) -> Approval {
        let mut shown = self.approval(approval);
        if let Event::ActDecided { act, effects, .. } = decision {
            shown.effects = effects.iter().map(effect_in_words).collect();
            shown.act = serde_json::to_value(&act.tool).ok();
        }
        shown
    }

    /// All agents, who is held, what waits.
    pub(crate) fn agents(&self) -> Agents {
        let folds = self.folds;
        let alive = |session: &SessionId| folds.guard.session_alive(*session, self.now).is_ok();
        let mut agents: Vec<_> = folds
            .guard
            .sessions()
            .map(|session| session.id)
            .filter(alive)
            .filter_map(|session| self.agent(session))
            .collect();
        agents.sort_by(|a, b| b.seen_at.cmp(&a.seen_at).then(b.session.cmp(&a.session)));
        agents.truncate(AGENTS_MAX);
        let held = folds.acts.pauses().map(|(reach, pause)| Held {
            who: match reach {
                Reach::Session(session) => session.to_string(),
                Reach::Person(person) => person.to_string(),
                Reach::All => "all".to_owned(),
            },
            by: self.person_as_who(pause.person),
            why: pause.why.clone(),
            since: pause.since,
        });
        let (answered, given) = folds.acts.answered();
        let waiting = folds.acts.waiting(self.now).count() as u64;
        Agents {
            agents,
            held: held.collect(),
            waiting,
            answered,
            given,
            proposals: self.proposals(),
        }
    }

    /// What is always approved.
    pub(crate) fn proposals(&self) -> Vec<Proposal> {
        let proposals = self.folds.acts.proposals().into_iter();
        let told = proposals.map(|acts::Proposal { policy, what, given, answer_ms, evidence }| {
            Proposal { policy, what, given, answer_ms, evidence }
        });
        told.collect()
    }

    /// What one agent is doing.
    pub(crate) fn agent(&self, session: SessionId) -> Option<Agent> {
        let known = self.folds.guard.session(session)?;
        let nothing = acts::Doing::default();
        let doing = self.folds.acts.session(session).unwrap_or(&nothing);
        let (state, why) = self.how_it_is(known, doing);
        let taint = |(taint, why): (&Taint, &String)| format!("{taint}: {why}");
        Some(Agent {
            session,
            agent: known.agent.clone(),
            person: self.person_as_who(known.person),
            task: self.folds.work.held_by(session).map(|task| task.to_string()),
            client: doing.client.as_ref().map(|(client, version)| {
                format!("{} {version}", client.title()).trim_end().to_owned()
            }),
            state: state.to_owned(),
            why,
            last: doing.last.as_ref().map(act_in_short),
            refused: doing.refused.iter().rev().map(act_in_short).collect(),
            taints: doing.taints.iter().map(taint).collect(),
            allowed: doing.allowed,
            asked: doing.asked,
            denied: doing.denied,
            failed: doing.failed,
            subagents: doing.subagents.len() as u64,
            tokens: doing.tokens,
            alone: doing.alone,
            seen_at: doing.seen_at,
        })
    }

    fn how_it_is(
        &self,
        known: &weir_guard::Session,
        doing: &acts::Doing,
    ) -> (&'static str, Option<String>) {
        let lineage = self.folds.guard.lineage_of(known.id);
        if let Some(pause) = self.folds.acts.is_paused(&lineage, known.person) {
            return ("paused", Some(pause.why.clone()));
        }
        match &doing.breaker {
            Some((Step::Stopped, why)) => return ("stopped", Some(why.clone())),
            Some((Step::Asked, why)) => return ("held", Some(why.clone())),
            Some((Step::Told, _)) | None => {}
        }
        if let Some(why) = &doing.unguarded {
            return ("unguarded", Some(why.clone()));
        }
        match &doing.checked {
            Some((false, found)) => ("unguarded", Some(found.clone())),
            Some((true, _)) | None if doing.client.is_some() || doing.last.is_some() => {
                ("working", None)
            }
            Some((true, _)) | None => ("unattached", None),
        }
    }
}

fn act_in_short(last: &acts::Last) -> Doing {
    Doing {
        decision: last.decision,
        at: last.at,
        what: last.what.clone(),
        answer: last.answer.to_string(),
        why: last.why.clone(),
    }
}
