//! Runs that runners take, on this machine or another: offered by the driver, held by one runner under a lease, told of by
//! nobody else.
//!
//! A lease has a number that never comes back, and an end. Whoever comes back late names a number that is another's by now, or
//! nobody's, and changes nothing. What a runner had found out of a run that it lost is known by what it was about, as any
//! verdict is; the run itself begins anew, for the next runner may be another kind of machine.

use crate::{Candidate, CheckResult, Queue, RunState, candidate};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use weir_model::event::queue::{Event, Returned, Runner};
use weir_model::{CandidateId, FencingToken, Lease, Refusal, Timestamp};

/// Where a run's checks are run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// By a worker of the server's.
    #[default]
    Here,
    /// Nowhere yet: it waits for a runner.
    Offered,
    /// By a runner; once the run is over, by whom it was.
    Taken(Holding),
}

/// A run in a runner's hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Whose.
    pub runner: Runner,
    /// What its verdicts depend on of the machine.
    pub environment: String,
    /// Tells this holding from every earlier and later one.
    pub lease: FencingToken,
    /// When it ends, unless renewed.
    pub until: Timestamp,
}

/// A runner that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Which.
    pub runner: Runner,
    /// What its verdicts depend on of the machine.
    pub environment: String,
    /// How many runs it takes at once.
    pub places: u32,
    /// Since when it is here.
    pub since: Timestamp,
    /// Until when it counts as here.
    pub until: Timestamp,
}

/// What a runner names when it speaks of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The candidate.
    pub candidate: CandidateId,
    /// Which of its runs.
    pub run: u32,
    /// Under which lease.
    pub lease: FencingToken,
}

/// What a runner, or the driver for want of one, asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunnerCommand {
    /// Something to run.
    Take {
        /// Who asks.
        runner: Runner,
        /// What its verdicts depend on of the machine.
        environment: String,
        /// How many runs it takes at once.
        places: u32,
        /// The leases that it knows it has. What it holds by any other, it never heard of.
        holds: Vec<FencingToken>,
        /// For how long.
        length: Lease,
        /// When.
        now: Timestamp,
    },
    /// More time.
    Renew {
        /// Who asks.
        runner: Runner,
        /// For what.
        held: Held,
        /// For how long from now.
        length: Lease,
        /// When.
        now: Timestamp,
    },
    /// A check of a run ended.
    Report {
        /// Who says so.
        runner: Runner,
        /// Of what.
        held: Held,
        /// What came out.
        result: CheckResult,
        /// When.
        now: Timestamp,
    },
    /// It cannot run it.
    Return {
        /// Who says so.
        runner: Runner,
        /// What.
        held: Held,
        /// Why, in its words.
        said: String,
        /// When.
        now: Timestamp,
    },
    /// It goes, and gives back what it holds.
    Leave {
        /// Who.
        runner: Runner,
    },
    /// Put on record that a report was refused.
    RecordRefused {
        /// Whose.
        runner: Runner,
        /// Of what.
        held: Held,
        /// Of which check.
        check: String,
        /// The refusal's code.
        code: String,
    },
    /// The driver has no worker for a run.
    Offer {
        /// The candidate.
        candidate: CandidateId,
        /// Which of its runs.
        run: u32,
    },
    /// The driver has a worker for a run that nobody took.
    Recall {
        /// The candidate.
        candidate: CandidateId,
        /// Which of its runs.
        run: u32,
    },
    /// The driver found that a lease has ended.
    Expire {
        /// The candidate.
        candidate: CandidateId,
        /// Which of its runs.
        run: u32,
        /// When.
        now: Timestamp,
    },
}

/// For so long a runner counts as here that is not heard of, if it holds nothing.
const SEEN: Duration = Duration::from_secs(5 * 60);
/// A lease is at most so long: whoever dies under it is waited for.
pub const LEASE_MAX: Duration = Duration::from_secs(10 * 60);
/// More at once are a mistake.
const PLACES_MAX: u32 = 1000;
/// The most characters of what a runner calls itself, or its environment.
const NAME_CHARS_MAX: usize = 100;
/// The most bytes of what it says.
const SAID_MAX: usize = 500;

pub(crate) fn decide(queue: &Queue, command: RunnerCommand) -> Result<Vec<Event>, Refusal> {
    match command {
        RunnerCommand::Take { runner, environment, places, holds, length, now } => {
            named("a runner's name", &runner.name)?;
            named("an environment", &environment)?;
            if !(1..=PLACES_MAX).contains(&places) {
                let sentence = format!("a runner takes 1 to {PLACES_MAX} runs at once");
                return Err(Refusal::new("runner.bad_places", sentence));
            }
            let mut events = Vec::new();
            events.extend(see(queue, &runner, &environment, places, now));
            events.extend(take(queue, runner, environment, places, &holds, until(now, length)));
            Ok(events)
        }
        RunnerCommand::Renew { runner, held, length, now } => {
            let (_, holding) = require_held(queue, &runner, held, now)?;
            let Held { candidate, run, lease } = held;
            let until = until(now, length);
            // Asked often, so that what is stopped is heard of soon; recorded seldom.
            if holding.until.since(now) * 2 > until.since(now) {
                return Ok(Vec::new());
            }
            Ok(vec![Event::RunRenewed { candidate, run, lease, until }])
        }
        RunnerCommand::Report { runner, held, result, now } => {
            require_held(queue, &runner, held, now)?;
            candidate::finish(queue, held.candidate, held.run, result)
        }
        RunnerCommand::Return { runner, held, said, now } => {
            require_held(queue, &runner, held, now)?;
            let Held { candidate, run, lease } = held;
            let (why, said) = (Returned::Unable, cut(said));
            Ok(vec![Event::RunReturned { candidate, run, lease, why, said }])
        }
        RunnerCommand::Leave { runner } => {
            let back = queue.taken().filter(|(_, _, holding)| holding.runner == runner);
            let mut events: Vec<Event> = back
                .map(|(candidate, run, holding)| {
                    returned(candidate, run, holding, Returned::Stopping)
                })
                .collect();
            if queue.runners().any(|seen| seen.runner == runner) {
                events.push(Event::RunnerLeft { runner });
            }
            Ok(events)
        }
        RunnerCommand::RecordRefused { runner, held, check, code } => {
            let Held { candidate, run, lease } = held;
            let (check, code) = (cut(check), cut(code));
            Ok(vec![Event::ReportRefused { candidate, run, runner, lease, check, code }])
        }
        RunnerCommand::Offer { candidate, run } => {
            require_at(queue, candidate, run, "with a worker", |place| *place == Place::Here)?;
            Ok(vec![Event::RunOffered { candidate, run }])
        }
        RunnerCommand::Recall { candidate, run } => {
            require_at(queue, candidate, run, "offered", |place| *place == Place::Offered)?;
            Ok(vec![Event::RunRecalled { candidate, run }])
        }
        RunnerCommand::Expire { candidate, run, now } => {
            let expired = queue.taken().find(|(held, number, holding)| {
                (*held, *number) == (candidate, run) && holding.until <= now
            });
            let Some((_, _, holding)) = expired else {
                let sentence = format!("no lease on run {run} of `{candidate}` has ended");
                return Err(Refusal::new("run.not_expired", sentence));
            };
            Ok(vec![returned(candidate, run, holding, Returned::Expired)])
        }
    }
}

/// That a runner is here, unless that is known.
fn see(
    queue: &Queue,
    runner: &Runner,
    environment: &str,
    places: u32,
    now: Timestamp,
) -> Option<Event> {
    let known = queue.runners().find(|seen| seen.runner == *runner);
    let said = known.is_some_and(|seen| {
        let same = seen.environment == environment && seen.places == places;
        same && seen.until.since(now) * 2 > SEEN
    });
    let (runner, environment, until) = (runner.clone(), environment.to_owned(), now + SEEN);
    (!said).then_some(Event::RunnerSeen { runner, environment, places, until })
}

/// What it never heard that it holds, or what has waited longest for a runner.
fn take(
    queue: &Queue,
    runner: Runner,
    environment: String,
    places: u32,
    holds: &[FencingToken],
    until: Timestamp,
) -> Vec<Event> {
    let own = queue.taken().filter(|(_, _, holding)| holding.runner == runner);
    let (known, unheard): (Vec<_>, Vec<_>) =
        own.partition(|(_, _, holding)| holds.contains(&holding.lease));
    let mut events = Vec::new();
    let (candidate, run) = match (unheard.first(), queue.offered().next()) {
        (Some((candidate, run, holding)), _) => {
            events.push(returned(*candidate, *run, holding, Returned::Unheard));
            (*candidate, *run)
        }
        (None, Some(offered)) if known.len() < places as usize => offered,
        (None, Some(_) | None) => return events,
    };
    let lease = queue.last_lease.next();
    events.push(Event::RunTaken { candidate, run, runner, environment, lease, until });
    events
}

fn returned(candidate: CandidateId, run: u32, holding: &Holding, why: Returned) -> Event {
    Event::RunReturned { candidate, run, lease: holding.lease, why, said: String::new() }
}

/// The run, if it is this runner's by this very lease, and still asked for.
fn require_held<'q>(
    queue: &'q Queue,
    runner: &Runner,
    held: Held,
    now: Timestamp,
) -> Result<(&'q Candidate, &'q Holding), Refusal> {
    let Held { candidate, run, lease } = held;
    let known = queue.candidate(candidate).and_then(|known| Some((known, known.run(run)?)));
    let Some((known, found)) = known else {
        let sentence = format!("there is no run {run} of a candidate `{candidate}`");
        return Err(Refusal::new("run.unknown", sentence));
    };
    let Place::Taken(holding) = &found.place else { return Err(lost(held)) };
    // It has ended at the instant it names.
    if holding.lease != lease || holding.runner != *runner || holding.until <= now {
        return Err(lost(held));
    }
    if known.state_of(found) != RunState::Running || queue.under_test(candidate).is_err() {
        let sentence = format!("nobody asks any more what run {run} of `{candidate}` would tell");
        return Err(Refusal::new("run.over", sentence).hint("end it, and take another"));
    }
    Ok((known, holding))
}

fn lost(held: Held) -> Refusal {
    let Held { candidate, run, lease } = held;
    let sentence = format!("lease `{lease}` on run {run} of `{candidate}` has ended");
    Refusal::new("run.lease_lost", sentence).hint("drop what came of it, and take another run")
}

fn require_at(
    queue: &Queue,
    candidate: CandidateId,
    run: u32,
    what: &str,
    is_there: impl FnOnce(&Place) -> bool,
) -> Result<(), Refusal> {
    let known = queue.under_test(candidate)?;
    let found = known.run(run).filter(|found| known.state_of(found) == RunState::Running);
    if found.is_some_and(|found| is_there(&found.place)) {
        return Ok(());
    }
    let sentence = format!("run {run} of `{candidate}` is not {what}");
    Err(Refusal::new("run.elsewhere", sentence))
}

fn until(now: Timestamp, length: Lease) -> Timestamp {
    now + length.length().min(LEASE_MAX)
}

fn named(what: &str, text: &str) -> Result<(), Refusal> {
    let length = text.chars().count();
    let plain = text.trim() == text && !text.contains(char::is_control);
    if plain && (1..=NAME_CHARS_MAX).contains(&length) {
        return Ok(());
    }
    let sentence = format!("{what} has 1 to {NAME_CHARS_MAX} plain characters");
    Err(Refusal::new("runner.bad_name", sentence).hint("choose another"))
}

fn cut(mut said: String) -> String {
    if said.len() > SAID_MAX {
        said.truncate(said.floor_char_boundary(SAID_MAX));
        said.push('…');
    }
    said
}

impl Queue {
    /// The runners that were seen and have not left, in the order in which they came; of each, until when it counts as here.
    pub fn runners(&self) -> impl Iterator<Item = &Seen> {
        self.runners.iter()
    }

    /// How many runs the runners take at once that are here.
    pub fn places(&self, now: Timestamp) -> u32 {
        let places = |seen: &Seen| if now < seen.until { seen.places } else { 0 };
        self.runners.iter().map(places).fold(0, u32::saturating_add)
    }

    /// The run that a runner speaks of, if it is its own and still asked for.
    ///
    /// # Errors
    /// `run.unknown`, `run.lease_lost`, `run.over`.
    pub fn held(
        &self,
        runner: &Runner,
        held: Held,
        now: Timestamp,
    ) -> Result<(&Candidate, &Holding), Refusal> {
        require_held(self, runner, held, now)
    }

    /// The runs that wait for a runner, oldest first.
    pub fn offered(&self) -> impl Iterator<Item = (CandidateId, u32)> + '_ {
        self.under_way_at().filter_map(|(candidate, run, place)| {
            (*place == Place::Offered).then_some((candidate, run))
        })
    }

    /// The runs in the hands of runners, oldest first.
    pub fn taken(&self) -> impl Iterator<Item = (CandidateId, u32, &Holding)> {
        self.under_way_at().filter_map(|(candidate, run, place)| match place {
            Place::Taken(holding) => Some((candidate, run, holding)),
            Place::Here | Place::Offered => None,
        })
    }

    /// The runs under way, and where.
    pub fn under_way_at(&self) -> impl Iterator<Item = (CandidateId, u32, &Place)> {
        self.testing().flat_map(|open| {
            let runs = (1..).zip(&open.runs);
            let running = runs.filter(|(_, run)| open.state_of(run) == RunState::Running);
            running.map(|(number, run)| (open.id, number, &run.place))
        })
    }

    /// Whether every check has passed, in this environment, on what the trunk stands at; none is the server's own.
    pub fn has_passed_in(&self, environment: Option<&str>) -> bool {
        let tip = self.tip();
        let landed = |landing: &&crate::Landing| {
            landing.progress == crate::Progress::Landed && Some(landing.to.as_str()) == tip
        };
        let landed = self.landings().rev().find(landed).map(|landing| landing.candidate);
        let by_itself = self.standing(&[]).map(|open| open.id);
        let mut known = landed.into_iter().chain(by_itself).filter_map(|id| self.candidate(id));
        self.tip_state() == crate::TipState::Proven
            && known.any(|known| {
                let passed = known.runs.iter().filter(|it| known.state_of(it) == RunState::Passed);
                passed.into_iter().any(|run| run.environment() == environment)
            })
    }
}

// How facts about runners change what is known.
impl Queue {
    pub(crate) fn saw(&mut self, at: Timestamp, new: Seen) {
        match self.runners.iter_mut().find(|seen| seen.runner == new.runner) {
            Some(seen) => {
                let since = if seen.until <= at { at } else { seen.since };
                *seen = Seen { since, ..new };
            }
            None => {
                // Who went without a word is not kept for ever.
                self.runners.retain(|seen| at < seen.until);
                self.runners.push(new);
            }
        }
    }

    pub(crate) fn put(&mut self, candidate: CandidateId, run: u32, at: Timestamp, place: Place) {
        if let Some(run) = self.run_mut(candidate, run) {
            (run.since, run.place) = (at, place);
        }
    }

    pub(crate) fn hand_out(
        &mut self,
        candidate: CandidateId,
        run: u32,
        at: Timestamp,
        holding: Holding,
    ) {
        assert!(self.last_lease < holding.lease, "a lease's number never comes back");
        self.last_lease = holding.lease;
        self.hear_of(&holding.runner, at);
        self.put(candidate, run, at, Place::Taken(holding));
    }

    pub(crate) fn renew(
        &mut self,
        candidate: CandidateId,
        run: u32,
        at: Timestamp,
        until: Timestamp,
    ) {
        let run = self.run_mut(candidate, run);
        if let Some(Place::Taken(holding)) = run.map(|run| &mut run.place) {
            holding.until = until;
            let runner = holding.runner.clone();
            self.hear_of(&runner, at);
        }
    }

    pub(crate) fn take_back(
        &mut self,
        candidate: CandidateId,
        run: u32,
        at: Timestamp,
        why: Returned,
    ) {
        if let Some(run) = self.run_mut(candidate, run) {
            run.lost += match why {
                Returned::Expired | Returned::Unable => 1,
                Returned::Stopping | Returned::Unheard => 0,
            };
            let results = std::mem::take(&mut run.results);
            run.before.extend(results);
        }
        self.put(candidate, run, at, Place::Offered);
    }

    /// Who is at work is here.
    fn hear_of(&mut self, runner: &Runner, at: Timestamp) {
        if let Some(seen) = self.runners.iter_mut().find(|seen| seen.runner == *runner) {
            seen.until = seen.until.max(at + SEEN);
        }
    }
}
