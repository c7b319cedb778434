//! Policies looked at by people: why a decision fell so, whether a change passes its tests, what it would have
//! decided, what it opens. Nothing here changes anything.

use super::decide::decided;
use crate::{Engine, Error, Failure};
use weir_guard::policy::{self, Bundle, Explanation, Finding, Outcome, Recorded, Replay, Scope};
use weir_model::act::{Act, Effect};
use weir_model::event::act::Event as ActEvent;
use weir_model::{Digest, Event, Position, Refusal, SessionId, Timestamp};

/// Files of policies, or of their tests: names and texts.
pub type Files = Vec<(String, String)>;

/// A decision, explained by the policies in force now.
#[derive(Debug, Clone)]
pub struct Explained {
    /// Who acted.
    pub session: SessionId,
    /// What was asked, as it is recorded.
    pub act: Act,
    /// What it came to.
    pub effects: Vec<Effect>,
    /// The policies that judged.
    pub bundle: Digest,
    /// Whether they are those in force now, by which it is explained.
    pub is_in_force: bool,
    /// Why.
    pub explanation: Explanation,
}

/// A recorded decision that other policies would have answered otherwise.
#[derive(Debug, Clone)]
pub struct Otherwise {
    /// Its record.
    pub decision: Position,
    /// When.
    pub at: Timestamp,
    /// Who acted.
    pub session: SessionId,
    /// What was asked.
    pub act: Act,
    /// What the policies in force say, and what the others would.
    pub changed: policy::Otherwise,
}

/// More decisions than this are not decided again in one answer.
const REPLAYED_MAX: usize = 200_000;

impl Engine {
    /// Why the act of a decision got its answer; of a batch of looks, the one at `look`.
    ///
    /// # Errors
    /// `decision.unknown` when the record is no decision; failures of the ledger.
    pub fn explain_act(&self, decision: Position, look: usize) -> Result<Explained, Error> {
        let (session, scope, act, effects, bundle) = self.recorded(decision, look)?;
        let now = self.policies();
        let explanation = policy::explain(&now, &scope, &act, &effects);
        let is_in_force = now.digest() == bundle;
        Ok(Explained { session, act, effects, bundle, is_in_force, explanation })
    }

    fn recorded(
        &self,
        decision: Position,
        look: usize,
    ) -> Result<(SessionId, Scope, Act, Vec<Effect>, Digest), Error> {
        let records = self.log(Position(decision.0.saturating_sub(1)), 1)?;
        let record = records.first().filter(|record| record.position == decision);
        let record = record.ok_or_else(|| {
            Refusal::new("decision.unknown", format!("there is no record `{decision}`"))
        })?;
        let event = Event::from_json(record.stream.as_str(), &record.body)?;
        match decided(&event)? {
            ActEvent::ActDecided { session, scope, act, effects, bundle, .. } => {
                Ok((*session, scope_of(scope)?, act.clone(), effects.clone(), *bundle))
            }
            ActEvent::ActsLooked { session, scope, bundle, looks } => {
                let found = looks.get(look).ok_or_else(|| {
                    let sentence = format!("`{decision}` has {} looks", looks.len());
                    Refusal::new("decision.unknown", sentence)
                })?;
                let (act, effects) = (found.act.clone(), found.effects.clone());
                Ok((*session, scope_of(scope)?, act, effects, *bundle))
            }
            ActEvent::ActsAlone { session, scope, bundle, acts, .. } => {
                let found = acts.get(look).ok_or_else(|| {
                    let sentence = format!("`{decision}` has {} acts", acts.len());
                    Refusal::new("decision.unknown", sentence)
                })?;
                let (act, effects) = (found.act.clone(), found.effects.clone());
                Ok((*session, scope_of(scope)?, act, effects, *bundle))
            }
            _ => Err(Refusal::new("decision.unknown", "that record is no decision").into()),
        }
    }

    /// Runs tests of policies against these files over the floor.
    ///
    /// # Errors
    /// `policy.malformed` with file, line and column.
    pub fn test_policies(&self, files: &Files, tests: &Files) -> Result<Vec<Outcome>, Error> {
        crate::policies::test(&self.0.policies.parse(files)?, tests)
    }

    /// What other policies would have decided of what was asked since `since`.
    ///
    /// # Errors
    /// `policy.malformed`; failures of the ledger.
    pub fn replay_policies(
        &self,
        files: &Files,
        since: Timestamp,
    ) -> Result<(usize, Vec<Otherwise>), Error> {
        let (old, new) = (self.policies(), self.0.policies.parse(files)?);
        let (mut count, mut changed) = (0, Vec::new());
        let mut after = Position(0);
        loop {
            let records = self.log(after, 10_000)?;
            let Some(last) = records.last() else { return Ok((count, changed)) };
            after = last.position;
            for record in records.iter().filter(|record| record.at >= since) {
                if record.stream.as_str() != "act" || count >= REPLAYED_MAX {
                    continue;
                }
                let event = Event::from_json(record.stream.as_str(), &record.body)?;
                let Event::Act(event) = event else { continue };
                for (session, recorded) in decisions(event)? {
                    count += 1;
                    let Replay { changed: others, .. } = policy::replay(&old, &new, [&recorded]);
                    changed.extend(others.into_iter().map(|changed| Otherwise {
                        decision: record.position,
                        at: record.at,
                        session,
                        act: recorded.act.clone(),
                        changed,
                    }));
                }
            }
        }
    }

    /// What these policies mean, alone and against those in force.
    ///
    /// # Errors
    /// `policy.malformed` with file, line and column.
    pub fn analyze_policies(&self, files: &Files) -> Result<Vec<Finding>, Error> {
        let new: Bundle = self.0.policies.parse(files)?;
        Ok(policy::analyze(&self.policies(), &new))
    }
}

/// The decisions in one event.
fn decisions(event: ActEvent) -> Result<Vec<(SessionId, Recorded)>, Error> {
    Ok(match event {
        ActEvent::ActDecided { session, scope, act, effects, .. } => {
            vec![(session, Recorded { scope: scope_of(&scope)?, act, effects })]
        }
        ActEvent::ActsLooked { session, scope, looks, .. } => {
            let scope = scope_of(&scope)?;
            let recorded = |look: weir_model::event::act::Look| {
                (session, Recorded { scope: scope.clone(), act: look.act, effects: look.effects })
            };
            looks.into_iter().map(recorded).collect()
        }
        ActEvent::ActsAlone { session, scope, acts, .. } => {
            let scope = scope_of(&scope)?;
            let recorded = |alone: weir_model::event::act::Alone| {
                (session, Recorded { scope: scope.clone(), act: alone.act, effects: alone.effects })
            };
            acts.into_iter().map(recorded).collect()
        }
        _ => Vec::new(),
    })
}

fn scope_of(text: &str) -> Result<Scope, Error> {
    serde_json::from_str(text).map_err(|error| {
        Failure::Other(format!("what was known of who acted cannot be read: {error}")).into()
    })
}
