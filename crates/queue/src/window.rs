//! The window: what is tested now, so that what waits lands soon and in order.
//!
//! The first that waits is tested, the second on top of it, the third on top of both, and so on, as many at once as
//! there are workers. As most changes pass, each lands as soon as its own checks have: nothing is tested twice. Where one
//! fails twice, it goes back, and what was built on it is built again without it.

use crate::candidate::{Culprit, FAILS_MIN};
use crate::{Candidate, Queue, RunState, TipState};
use std::collections::{BTreeMap, BTreeSet};
use weir_model::{CandidateId, RevisionId};

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

/// So many runs that said nothing, for the machine failed, before others need not wait for more.
const VOIDS_MAX: usize = 3;

/// Which revisions cannot be merged behind which others, as merging them showed, on this tip.
pub type Blocked = BTreeMap<RevisionId, BTreeSet<Vec<RevisionId>>>;

/// What to do next, most urgent first. After a landing or an ejection everything may look different, so it comes alone.
pub fn next(queue: &Queue, workers: usize, blocked: &Blocked) -> Vec<Next> {
    if queue.gate().is_none() || queue.landing_under_way().is_some() {
        return Vec::new();
    }
    let on_tip = |open: &&Candidate| queue.tip() == Some(open.at()) && !open.rest().is_empty();
    let passed = queue.testing().filter(on_tip).filter(|open| open.has_passed());
    let passed = passed.filter(|open| overtakes_nobody(queue, open, blocked));
    // The more land at once, the fewer wait.
    if let Some(longest) = passed.max_by_key(|open| open.rest().len())
        && queue.frozen().is_none()
    {
        let why = "it passed with all that waited longer";
        return vec![Next::Land(longest.id, why.to_owned())];
    }
    let mut plan = Plan { queue, wanted: BTreeSet::new(), begun: Vec::new() };
    for failed in queue.testing().filter(on_tip).filter(|open| is_suspect(queue, open)) {
        match plan.suspect(failed) {
            Some(culprit) => return vec![Next::Eject(culprit)],
            None => continue,
        }
    }
    plan.extend(workers, blocked);
    let Plan { wanted, begun, .. } = plan;
    let unneeded = queue.testing().filter(|open| open.is_running() && !wanted.contains(&open.id));
    unneeded.map(|open| Next::Stop(open.id)).chain(begun).collect()
}

/// Whoever comes before one of its revisions lands with it, does not merge behind it, or cannot be told from a trunk or a
/// machine that fails. Else a change would lose its place because a check failed by chance, and to one that it may then
/// not merge behind.
fn overtakes_nobody(queue: &Queue, open: &Candidate, blocked: &Blocked) -> bool {
    let rest = open.rest();
    let last = queue.waiting().iter().rposition(|entry| rest.contains(&entry.revision));
    let before = queue.waiting().iter().take(last.unwrap_or(0));
    let mut others = before.map(|entry| entry.revision).filter(|one| !rest.contains(one));
    let is_red = matches!(queue.tip_state(), TipState::Red(_));
    others.all(|one| {
        let fails =
            queue.testing().any(|open| open.has(one) && open.count(RunState::Failed) >= FAILS_MIN);
        is_blocked(blocked, &rest, one)
            || is_red && fails
            || queue.count_with(one, RunState::Void) >= VOIDS_MAX
    })
}

/// It failed, and if that is no chance, its last revision is to blame: all before it have passed together.
fn is_suspect(queue: &Queue, open: &Candidate) -> bool {
    let rest = open.rest();
    let before = rest.split_last().map_or(&[][..], |(_, before)| before);
    open.failure().is_some()
        && !open.has_passed()
        && (before.is_empty() || queue.standing(before).is_some_and(Candidate::has_passed))
}

struct Plan<'q> {
    queue: &'q Queue,
    /// What runs and should go on.
    wanted: BTreeSet<CandidateId>,
    begun: Vec<Next>,
}

impl Plan<'_> {
    /// Whom a candidate shows to be at fault; none as long as more has to be known.
    fn suspect(&mut self, failed: &Candidate) -> Option<Culprit> {
        let (rest, fails) = (failed.rest(), failed.count(RunState::Failed));
        let (culprit, before) = rest.split_last()?;
        if failed.is_running() || fails < FAILS_MIN {
            self.run(failed, "it failed once, which may be chance");
            return None;
        }
        match self.queue.tip_state() {
            TipState::Proven => Some(Culprit {
                revision: *culprit,
                failing: failed.id,
                passing: self.queue.standing(before).map(|passing| passing.id),
                why: format!("it failed {fails} times; what is tested before it passes"),
            }),
            TipState::Unknown => {
                let why = "do the checks pass on the tip itself?".to_owned();
                self.begun.push(Next::Start(Vec::new(), why));
                None
            }
            TipState::Open(tip) => {
                if let Some(tip) = self.queue.candidate(tip) {
                    self.run(tip, "the tip itself failed once, which may be chance");
                }
                None
            }
            // Nobody is to blame for a trunk that is red.
            TipState::Red(_) => None,
        }
    }

    /// Lets a candidate run on, or once more.
    fn run(&mut self, open: &Candidate, why: &str) {
        let known = Next::Repeat(open.id, why.to_owned());
        if open.is_running() {
            self.wanted.insert(open.id);
        } else if !self.begun.contains(&known) {
            self.begun.push(known);
        }
    }

    /// The first that waits, the second upon it, and so on.
    fn extend(&mut self, workers: usize, blocked: &Blocked) {
        let mut chain = Vec::new();
        for entry in self.queue.waiting() {
            if self.wanted.len() + self.begun.len() >= workers {
                return;
            }
            if is_blocked(blocked, &chain, entry.revision) {
                continue;
            }
            let longer: Vec<RevisionId> = chain.iter().copied().chain([entry.revision]).collect();
            match self.queue.standing(&longer) {
                Some(open) if open.has_passed() => {}
                // What stands before it will tell whether it is to blame; nothing is built upon it meanwhile.
                Some(open) if open.failure().is_some() => continue,
                Some(open) => self.run(open, "a check could not be run"),
                None => {
                    let why = match chain.len() {
                        0 => "it waits longest".to_owned(),
                        ahead => format!("upon {ahead} that wait longer"),
                    };
                    self.begun.push(Next::Start(longer.clone(), why));
                }
            }
            chain = longer;
        }
    }
}

/// Whether `revision` is known not to merge behind some of `chain`.
fn is_blocked(blocked: &Blocked, chain: &[RevisionId], revision: RevisionId) -> bool {
    let known = blocked.get(&revision).into_iter().flatten();
    known.into_iter().any(|behind| behind.iter().all(|one| chain.contains(one)))
}
