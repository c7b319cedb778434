//! Breakers: an agent that repeats itself, fans out or races is told, then a person is asked, then it is stopped.

use super::decide::rule;
use super::{Acts, Doing, Question, changes};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use weir_model::act::{Act, Answer, Effect, Reason, Tool};
use weir_model::event::act::Step;
use weir_model::{Context, Digest, SessionId, Timestamp};

/// How many of the latest acts are looked back at.
const WINDOW: usize = PERIOD_MAX * (ROUNDS[2] + 1);
/// The same call failed this often in a row: told, asked, stopped.
const FAILURES: [usize; 3] = [3, 6, 10];
/// The same acts came round this often with nothing else between them, whatever came of them. To test again after
/// each edit is no loop: the edits differ.
const ROUNDS: [usize; 3] = [6, 12, 24];
/// The most acts that one round of a loop has.
const PERIOD_MAX: usize = 4;
/// This many acts in a row were refused.
const REFUSALS: [usize; 3] = [8, 15, 30];
/// This many sub-agents were started within [`SPAWN_TIME`].
const SPAWNS: [usize; 3] = [16, 32, 64];
/// See [`SPAWNS`].
const SPAWN_TIME: Duration = Duration::from_mins(10);
/// This many acts within [`RATE_TIME`]: several a second for a minute is no work but a loop.
const RATES: [usize; 3] = [240, 480, 960];
/// See [`RATES`].
const RATE_TIME: Duration = Duration::from_mins(1);

/// This many tokens, in thousands, within [`SPEND_TIME`]: many times what one agent that works can read and write.
const SPENDS: [usize; 3] = [2_000, 4_000, 8_000];
/// See [`SPENDS`].
const SPEND_TIME: Duration = Duration::from_mins(10);
/// So many counts are kept apart.
const SPENDS_KEPT: usize = 200;

/// What a breaker remembers of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// The latest acts, oldest first.
    latest: VecDeque<Digest>,
    /// The latest acts that a person was asked for.
    by_person: VecDeque<Digest>,
    /// How often in a row a call with these arguments failed.
    failures: BTreeMap<Digest, usize>,
    /// How many acts in a row were refused.
    refusals: usize,
    /// The latest acts that were refused and not allowed since, each with what the client calls the call.
    #[serde(default)]
    refused: VecDeque<(Digest, Option<String>)>,
    /// When sub-agents were started.
    spawns: VecDeque<Timestamp>,
    /// When tokens were told of, and how many.
    spends: VecDeque<(Timestamp, u64)>,
    /// How many acts there were in the minute that began at the instant beside it.
    minute: Option<(Timestamp, usize)>,
}

/// A breaker that trips now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trip {
    pub(super) step: Step,
    pub(super) why: String,
}

impl Track {
    pub(super) fn decided(
        &mut self,
        at: Timestamp,
        exactly: Digest,
        (answer, by_person): (Answer, bool),
        act: &Act,
        effects: &[Effect],
    ) {
        self.answered(exactly, act.call.as_ref(), answer);
        if by_person {
            // A person stands in between: they see how often they are asked.
            self.count(at);
            self.by_person.push_back(exactly);
            if self.by_person.len() > WINDOW {
                self.by_person.pop_front();
            }
        } else {
            self.looked(at, exactly);
        }
        match answer {
            Answer::Allow => self.refusals = 0,
            // Who waits for a person does no wrong by asking again.
            Answer::Ask => {}
            Answer::Deny => self.refusals += 1,
        }
        let spawns = matches!(act.tool, Tool::Subagent { .. })
            || effects.iter().any(|effect| matches!(effect, Effect::Spawns { .. }));
        if spawns && answer == Answer::Allow {
            self.spawns.push_back(at);
            while self.spawns.len() > SPAWNS[2] + 1 {
                self.spawns.pop_front();
            }
        }
    }

    /// What was said last of a call counts.
    pub(super) fn answered(&mut self, exactly: Digest, call: Option<&String>, answer: Answer) {
        self.refused.retain(|(refused, known)| *refused != exactly || is_other(known, call));
        if answer == Answer::Deny {
            self.refused.push_back((exactly, call.cloned()));
            if self.refused.len() > WINDOW {
                self.refused.pop_front();
            }
        }
    }

    pub(super) fn looked(&mut self, at: Timestamp, exactly: Digest) {
        self.latest.push_back(exactly);
        if self.latest.len() > WINDOW {
            self.latest.pop_front();
        }
        self.count(at);
    }

    fn count(&mut self, at: Timestamp) {
        self.minute = Some(match self.minute {
            Some((since, count)) if at.since(since) < RATE_TIME => (since, count + 1),
            Some(_) | None => (at, 1),
        });
    }

    pub(super) fn spent(&mut self, at: Timestamp, tokens: u64) {
        self.spends.push_back((at, tokens));
        while self.spends.len() > SPENDS_KEPT {
            self.spends.pop_front();
        }
    }

    pub(super) fn finished(&mut self, exactly: Digest, failed: bool) {
        if failed {
            *self.failures.entry(exactly).or_default() += 1;
            if self.failures.len() > WINDOW {
                self.failures.pop_first();
            }
        } else {
            self.failures.remove(&exactly);
        }
    }

    pub(super) fn has(&self, exactly: Digest) -> bool {
        self.latest.contains(&exactly) || self.by_person.contains(&exactly)
    }

    /// Whether the last that was said of this very call is no.
    pub(super) fn has_refused(&self, exactly: Digest, call: Option<&String>) -> bool {
        self.refused.iter().any(|(refused, known)| *refused == exactly && !is_other(known, call))
    }

    pub(super) fn fails(&self, exactly: Digest) -> bool {
        self.failures.contains_key(&exactly)
    }

    /// How often the latest acts, ending with `exactly`, went round in one loop of a few acts.
    fn rounds(&self, exactly: Digest) -> usize {
        let acts: Vec<_> = self.latest.iter().copied().chain([exactly]).rev().collect();
        let rounds = |period: usize| {
            let pairs = acts.iter().zip(acts.iter().skip(period));
            pairs.take_while(|(now, before)| now == before).count() / period + 1
        };
        (1..=PERIOD_MAX).map(rounds).max().unwrap_or(1)
    }

    /// How far each count went, the furthest first.
    fn worst(&self, exactly: Digest, (spawns, asks): (bool, bool), now: Timestamp) -> Option<Trip> {
        let failures = self.failures.get(&exactly).copied().unwrap_or(0);
        let rounds = if asks { 0 } else { self.rounds(exactly) };
        let recent = self.spawns.iter().filter(|at| now.since(**at) < SPAWN_TIME).count();
        let spawned = if spawns { recent + 1 } else { 0 };
        let rate = match self.minute {
            Some((since, count)) if now.since(since) < RATE_TIME => count + 1,
            Some(_) | None => 1,
        };
        let spends = self.spends.iter().filter(|(at, _)| now.since(*at) < SPEND_TIME);
        let spent = spends.fold(0_u64, |sum, (_, tokens)| sum.saturating_add(*tokens)) / 1_000;
        let spent = usize::try_from(spent).unwrap_or(usize::MAX);
        let counts = [
            (failures, FAILURES, format!("this very call failed {failures} times in a row")),
            (
                rounds,
                ROUNDS,
                format!("the same acts came round {rounds} times with nothing between"),
            ),
            (
                self.refusals,
                REFUSALS,
                format!("the last {} acts in a row were refused", self.refusals),
            ),
            (spawned, SPAWNS, format!("{spawned} sub-agents were started within ten minutes")),
            (rate, RATES, format!("{rate} acts within a minute")),
            (spent, SPENDS, format!("{spent} thousand tokens were spent within ten minutes")),
        ];
        let step = |count: usize, [told, asked, stopped]: [usize; 3]| match count {
            count if count >= stopped => Some(Step::Stopped),
            count if count >= asked => Some(Step::Asked),
            count if count >= told => Some(Step::Told),
            _ => None,
        };
        let trips = counts
            .into_iter()
            .filter_map(|(count, limits, why)| Some(Trip { step: step(count, limits)?, why }));
        trips.max_by_key(|trip| trip.step)
    }
}

/// Whether two calls are told apart by what the client calls them; not every client names its calls.
fn is_other(one: &Option<String>, another: Option<&String>) -> bool {
    one.as_ref().zip(another).is_some_and(|(one, another)| one != another)
}

impl Acts {
    /// The breaker that this act trips, if it goes further than one did before.
    pub(super) fn trip(
        &self,
        session: SessionId,
        exactly: Digest,
        question: &Question<'_>,
        ctx: &Context,
    ) -> Option<Trip> {
        let doing = self.session(session)?;
        let spawns = matches!(question.act.tool, Tool::Subagent { .. });
        let asks = question.ruling.answer == Answer::Ask;
        let worst = doing.track.worst(exactly, (spawns, asks), ctx.now)?;
        let before = doing.breaker.as_ref().map(|(step, _)| *step);
        (before < Some(worst.step)).then_some(worst)
    }
}

/// What the act that trips a breaker is answered.
pub(super) fn answer(trip: &Trip, question: &Question<'_>) -> Option<Reason> {
    match trip.step {
        Step::Told => {
            let sentence = format!("{}: it will not go otherwise this time", trip.why);
            let hint =
                "stop, think what is different from what you believe, and try something else";
            Some(rule("breaker.told", Answer::Deny, &sentence, Some(hint)))
        }
        Step::Asked => asks(&trip.why, question),
        Step::Stopped => Some(stops(&trip.why)),
    }
}

/// What a breaker that tripped before says to a further act.
pub(super) fn held(doing: Option<&Doing>, question: &Question<'_>) -> Option<Reason> {
    let (step, why) = doing?.breaker.as_ref()?;
    match step {
        // Said once; what counts from here on are the next limits.
        Step::Told => None,
        Step::Asked => asks(why, question),
        Step::Stopped => Some(stops(why)),
    }
}

fn asks(why: &str, question: &Question<'_>) -> Option<Reason> {
    if !changes(&question.act.tool, question.effects) {
        return None;
    }
    let sentence = format!("{why}: a person must look before anything else is changed");
    let hint = "say what you are trying to do; a person resumes the session";
    Some(rule("breaker.asked", Answer::Ask, &sentence, Some(hint)))
}

fn stops(why: &str) -> Reason {
    let sentence = format!("{why}: this session is stopped");
    let hint = "stop here and say so; a person resumes it with `weir resume`";
    rule("breaker.stopped", Answer::Deny, &sentence, Some(hint))
}
