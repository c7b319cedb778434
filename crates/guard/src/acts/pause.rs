//! Pauses: a person stops one session, all of one person's, or everybody, from the next act on.

use super::decide::rule;
use super::{Acts, Pause};
use crate::{Caller, Guard};
use weir_model::act::{Answer, Reason};
use weir_model::event::act::{Event, Reach};
use weir_model::event::guard::Right;
use weir_model::{Actor, PersonId, Refusal, SessionId};

impl Acts {
    /// Who is held, by whom and why.
    pub fn pauses(&self) -> impl Iterator<Item = (Reach, &Pause)> {
        self.pauses.iter().map(|(reach, pause)| (*reach, pause))
    }

    /// Whether a pause holds the session of this lineage.
    pub fn is_paused(&self, lineage: &[SessionId], person: PersonId) -> Option<&Pause> {
        let sessions = lineage.iter().map(|session| Reach::Session(*session));
        let mut above = sessions.chain([Reach::Person(person), Reach::All]);
        above.find_map(|reach| self.pauses.get(&reach))
    }

    pub(super) fn pause_over(&self, lineage: &[SessionId], person: PersonId) -> Option<Reason> {
        let pause = self.is_paused(lineage, person)?;
        let sentence = format!("a person paused this session: {}", pause.why);
        let hint = "stop here and say so; a person resumes it with `weir resume`";
        Some(rule("paused", Answer::Deny, &sentence, Some(hint)))
    }

    /// Stops agents.
    ///
    /// # Errors
    /// `session.unknown`, `pause.not_a_person`, `pause.not_yours`, and what [`Guard::require`] refuses.
    pub fn pause(
        &self,
        guard: &Guard,
        caller: &Caller,
        (reach, why): (Reach, String),
    ) -> Result<Vec<Event>, Refusal> {
        let person = may_hold(guard, caller, reach)?;
        let why = if why.trim().is_empty() { "no reason was given".to_owned() } else { why };
        Ok(vec![Event::Paused { reach, person, why }])
    }

    /// Lets agents go on, and gives their breakers another try.
    ///
    /// # Errors
    /// `pause.none`, and what [`Acts::pause`] refuses.
    pub fn resume(
        &self,
        guard: &Guard,
        caller: &Caller,
        reach: Reach,
    ) -> Result<Vec<Event>, Refusal> {
        let person = may_hold(guard, caller, reach)?;
        let is_tripped = match reach {
            Reach::Session(session) => {
                self.session(session).is_some_and(|doing| doing.breaker.is_some())
            }
            Reach::Person(_) | Reach::All => false,
        };
        if !self.pauses.contains_key(&reach) && !is_tripped {
            return Err(Refusal::new("pause.none", "nothing is paused there")
                .hint("`weir agents` shows what is"));
        }
        Ok(vec![Event::Resumed { reach, person }])
    }

    pub(super) fn reset_breakers(&mut self, reach: Reach) {
        if let Reach::Session(session) = reach
            && let Some(doing) = self.sessions.get_mut(&session)
        {
            doing.breaker = None;
            doing.track = super::breaker::Track::default();
        }
    }
}

/// One's own agents, with the right to open them; others' and everybody, with the right to manage.
fn may_hold(guard: &Guard, caller: &Caller, reach: Reach) -> Result<PersonId, Refusal> {
    let Actor::Person(person) = caller.actor else {
        return Err(Refusal::new("pause.not_a_person", "only a person may pause or resume agents"));
    };
    let of = match reach {
        Reach::Session(session) => match guard.session(session) {
            Some(session) => Some(session.person),
            None => {
                let sentence = format!("there is no session `{session}`");
                return Err(Refusal::new("session.unknown", sentence));
            }
        },
        Reach::Person(person) => Some(person),
        Reach::All => None,
    };
    let right = if of == Some(person) { Right::Claim } else { Right::Admin };
    guard.require(caller, right)?;
    Ok(person)
}

/// A map whose keys are no strings, as a list of pairs.
pub(super) mod as_list {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    pub(crate) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_seq(map)
    }

    pub(crate) fn deserialize<'de, K, V, D>(input: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(input)?.into_iter().collect())
    }
}
