//! The live queue asks the planner: what it has seen becomes a snapshot, and the plan becomes commands.
//!
//! Exactly the tested tree lands. So here whatever a same check looks at touches; two that no check looks at both land in any
//! order, for whoever comes second is built once more on top of the first and takes its verdicts over, by proof. What the
//! planner does not know is added: pairs that git cannot merge, and whether the tip passes by itself, for until it does nobody
//! is sent back.

use crate::audit;
use crate::candidate::Culprit;
use crate::plan::{
    Attempt, Build, Cause, Eject, Forecast, Item, Learned, Level, Plan, Price, Rules, Snapshot,
    State, Step, Tip, Touch, plan,
};
use crate::{Candidate, Entry, Queue, Run, RunState, TipState};
use std::collections::{BTreeMap, BTreeSet};
use weir_model::{CandidateId, RevisionId, Timestamp};

/// Pairs of revisions that cannot stand in one candidate on this tip, as building one showed: they conflict, or the second
/// is to be tested by the checks that the first brings.
pub type Apart = BTreeSet<(RevisionId, RevisionId)>;

/// Which of the gate's checks look at what a revision changes, by their places in the gate: whoever is not here is looked at
/// by all.
pub type Looked = BTreeMap<RevisionId, BTreeSet<usize>>;

/// What the queue itself does not know.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// What time it is.
    pub now: Timestamp,
    /// How many candidates can be tested at once.
    pub workers: u32,
    /// Who cannot be merged with whom.
    pub apart: &'a Apart,
    /// What looks at what.
    pub looked: &'a Looked,
    /// What the last plan said a worker's minute is worth.
    pub price: Price,
}

/// The next thing to do, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Land a candidate that passed.
    Land(CandidateId, String),
    /// Send a revision back to its owner.
    Eject(Culprit),
    /// End what runs of a candidate.
    Stop(CandidateId),
    /// Run the checks of a candidate once more.
    Repeat(CandidateId, String),
    /// Build and test these revisions on the tip, in this order; without any, the tip itself.
    Start(Vec<RevisionId>, String),
}

/// What is expected of a revision that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// The chance that it lands as it is, where there is a plan for it.
    pub chance: Option<f64>,
    /// When it lands, if it does.
    pub lands: Option<Timestamp>,
    /// Why it waits.
    pub why: String,
}

/// What is expected of all that wait.
pub type Outlook = BTreeMap<RevisionId, Expected>;

/// What a plan expects.
pub fn outlook(queue: &Queue, plan: &Plan) -> Outlook {
    let mut why: BTreeMap<RevisionId, String> =
        plan.waits.iter().map(|(revision, wait)| (*revision, wait.to_string())).collect();
    let expected = plan.forecasts.iter().map(|forecast| {
        let Forecast { revision, chance, lands_ms } = *forecast;
        let lands = Timestamp::from_millis(i64::try_from(lands_ms).unwrap_or(i64::MAX));
        let why = why.remove(&revision).unwrap_or_else(|| "is being landed, or sent back".into());
        (revision, Expected { chance: Some(chance), lands: Some(lands), why })
    });
    let mut outlook: Outlook = expected.collect();
    for entry in queue.waiting() {
        outlook.entry(entry.revision).or_insert_with(|| {
            let below = entry.below.map(|below| format!("`{below}`")).unwrap_or_default();
            let why = format!("{below}, which it builds upon, does not wait to be tested yet");
            Expected { chance: None, lands: None, why }
        });
    }
    outlook
}

/// The chance that two changes that merge pass apart and fail together: 1 in 834 pairs of pull requests of Django that were
/// merged by people, all of whose tests were run (arXiv 2609.25396).
const CLASH: f64 = 1.0 / 834.0;

/// What to do next, most urgent first, and what is expected; nothing while it is not known where the trunk will stand.
pub fn next(queue: &Queue, ask: &Ask) -> Option<(Vec<Next>, Plan)> {
    if queue.gate().is_none() || queue.landing_under_way().is_some() {
        return None;
    }
    let running: usize = queue.testing().map(|open| open.count(RunState::Running)).sum();
    let has_worker = running < ask.workers as usize;
    let tip = tip_test(queue).or_else(|| audit::next(queue).filter(|_| has_worker));
    let held = tip_runs(queue) + u32::from(tip.is_some());
    let plan = plan(&snapshot(queue, ask, ask.workers.saturating_sub(held)));
    let mut next: Vec<Next> = tip.into_iter().collect();
    for step in &plan.steps {
        next.push(translate(queue, step));
        // After that, everything stands elsewhere.
        if let Step::Land { .. } = step {
            break;
        }
    }
    Some((next, plan))
}

/// A tip that failed so often is red, and not by chance.
const RED_FAILS_MAX: usize = 6;

/// Where something failed, and nobody knows whether that is the tip's own fault, the tip is tested.
fn tip_test(queue: &Queue) -> Option<Next> {
    let failed = |open: &Candidate| {
        !open.rest().is_empty() && !open.has_passed() && open.failure().is_some()
    };
    if !queue.testing().any(failed) {
        return None;
    }
    match queue.tip_state() {
        TipState::Proven => None,
        TipState::Unknown => {
            Some(Next::Start(Vec::new(), "do the checks pass on the tip itself?".to_owned()))
        }
        // Red by chance, it would stay so until somebody lands, and whoever is bad would wait for that.
        TipState::Open(tip) | TipState::Red(tip) => {
            let again =
                |tip: &Candidate| !tip.is_running() && tip.count(RunState::Failed) < RED_FAILS_MAX;
            let idle = queue.candidate(tip).is_some_and(again);
            let why = "the tip itself has not passed, which may be chance";
            idle.then(|| Next::Repeat(tip, why.to_owned()))
        }
    }
}

fn tip_runs(queue: &Queue) -> u32 {
    let tips = queue.testing().filter(|open| open.steps.is_empty());
    tips.map(|tip| u32::from(tip.is_running())).sum()
}

fn translate(queue: &Queue, step: &Step) -> Next {
    match step {
        Step::Land { build, items, why } => match queue.candidate(*build) {
            Some(passed) if stands(queue, passed) => Next::Land(*build, why.to_string()),
            // It passed where the trunk stood before something landed that no check of its own looks at.
            Some(_) | None => {
                let same = "nothing that its checks look at has changed";
                Next::Start(items.clone(), format!("it passed in `{build}`, and {same}"))
            }
        },
        Step::Stop { build, .. } => Next::Stop(*build),
        Step::Again { build, why } => Next::Repeat(*build, why.to_string()),
        Step::Start { items, why } => Next::Start(items.clone(), why.to_string()),
        Step::Eject(eject) => {
            let Eject { revision, failing, passing, .. } = *eject;
            let (cause, why) = (named(queue, eject), eject.to_string());
            Next::Eject(Culprit { revision, failing, passing, cause, why })
        }
    }
}

fn stands(queue: &Queue, candidate: &Candidate) -> bool {
    queue.tip() == Some(candidate.at())
}

/// Where the other one has landed since it passed, that is one of those that have.
fn named(queue: &Queue, eject: &Eject) -> Cause {
    let of_it = |known: &&Candidate| known.has(eject.revision) && known.has_passed();
    match &eject.cause {
        Cause::Interaction { with } if with.is_empty() => {
            let passed = queue.evidence().filter(of_it).max_by_key(|known| known.id);
            let with =
                passed.and_then(|passed| queue.landed_since(passed.at())).unwrap_or_default();
            Cause::Interaction { with }
        }
        cause => cause.clone(),
    }
}

fn snapshot(queue: &Queue, ask: &Ask, workers: u32) -> Snapshot {
    let past = queue.past();
    let (success, length) = (past.success(), past.length());
    let item = |entry: &Entry| Item {
        revision: entry.revision,
        class: entry.class,
        since_ms: ms(entry.since),
        after: entry.below,
        success,
        length,
        targets: targets(ask.looked, entry.revision),
    };
    let items: Vec<Item> = ready(queue).map(item).collect();
    let waiting: BTreeSet<RevisionId> = items.iter().map(|item| item.revision).collect();
    let known =
        |(one, other): &&(RevisionId, RevisionId)| waiting.contains(one) && waiting.contains(other);
    let touch = |(earlier, later): &(RevisionId, RevisionId)| Touch {
        earlier: *earlier,
        later: *later,
        level: Level::Merge,
        clash: 1.0,
    };
    Snapshot {
        now_ms: ms(ask.now),
        workers,
        frozen: queue.frozen().is_some(),
        tip: match queue.tip_state() {
            TipState::Proven => Tip::Proven,
            TipState::Unknown | TipState::Open(_) => Tip::Unknown,
            TipState::Red(_) => Tip::Red,
        },
        items,
        touches: ask.apart.iter().filter(known).map(touch).collect(),
        all_touch: Some(CLASH),
        builds: queue.evidence().filter_map(|known| build(queue, ask.looked, known)).collect(),
        learned: Learned { flake: past.flake(), ..Learned::default() },
        price: ask.price,
        rules: Rules::default(),
    }
}

/// What waits and can be built: whatever it builds upon has landed, or waits as well.
fn ready(queue: &Queue) -> impl Iterator<Item = &Entry> {
    let stacked = queue.waiting().iter().filter_map(|entry| Some((entry.revision, entry.below?)));
    let stacked: BTreeMap<RevisionId, RevisionId> = stacked.collect();
    let stands = move |entry: &&Entry| {
        let mut below = entry.below;
        let mut seen = BTreeSet::from([entry.revision]);
        while let Some(under) = below {
            if queue.has_landed(under) {
                return true;
            }
            if !seen.insert(under) || queue.entry(under).is_none() {
                return false;
            }
            below = stacked.get(&under).copied();
        }
        true
    };
    queue.waiting().iter().filter(stands)
}

/// A candidate as the planner sees it; nothing if it is the tip itself, or no run of it says anything.
fn build(queue: &Queue, looked: &Looked, candidate: &Candidate) -> Option<Build> {
    let attempt = |run: &Run| {
        let state = match candidate.state_of(run) {
            RunState::Running => State::Running,
            RunState::Passed => State::Passed,
            RunState::Failed => State::Failed,
            RunState::Void => State::Void,
            RunState::Stopped => return None,
        };
        Some(Attempt { started_ms: ms(run.since), ended_ms: None, state })
    };
    let attempts: Vec<Attempt> = candidate.runs.iter().filter_map(attempt).collect();
    let items = candidate.left().to_vec();
    if attempts.is_empty() || items.is_empty() {
        return None;
    }
    let stale = stale(queue, looked, candidate);
    let shrunk = items.len() < candidate.rest().len();
    Some(Build { id: candidate.id, items, stale, shrunk, attempts })
}

/// Those of a candidate about which its verdict no longer holds. A failure elsewhere is never held against anybody here.
fn stale(queue: &Queue, looked: &Looked, candidate: &Candidate) -> Vec<RevisionId> {
    let left = candidate.left();
    if stands(queue, candidate) {
        return Vec::new();
    }
    // What was built of the same on the tip speaks in its place, in whatever order it was merged.
    let same = |open: &Candidate| {
        let rest = open.rest();
        stands(queue, open) && rest.len() == left.len() && left.iter().all(|own| rest.contains(own))
    };
    let failed = candidate.failure().is_some() && !candidate.has_passed();
    let since = queue.landed_since(candidate.at());
    let Some(since) = since.filter(|_| !failed && !queue.testing().any(same)) else {
        return left.to_vec();
    };
    let foreign = || since.iter().filter(|landed| !candidate.has(**landed));
    let touched = |own: &&RevisionId| foreign().any(|landed| share(looked, **own, *landed));
    left.iter().filter(touched).copied().collect()
}

/// Whether a check looks at what both change.
fn share(looked: &Looked, one: RevisionId, other: RevisionId) -> bool {
    match (looked.get(&one), looked.get(&other)) {
        (Some(one), Some(other)) => !one.is_disjoint(other),
        _ => true,
    }
}

fn targets(looked: &Looked, revision: RevisionId) -> Option<Vec<u32>> {
    let checks = looked.get(&revision)?.iter();
    Some(checks.map(|check| u32::try_from(*check).unwrap_or(u32::MAX)).collect())
}

fn ms(at: Timestamp) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or(0)
}
