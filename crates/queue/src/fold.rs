//! The state of the queue, and how facts change it.

mod known;

use crate::audit::Audits;
use crate::candidate::{Candidate, CheckResult, Outcome, Run, RunState};
use crate::landing::{Landing, Progress};
use crate::past::Past;
use crate::runner::{self, Holding, Seen};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use weir_model::config::Check;
use weir_model::event::queue::{Class, Dropped, Event, GateSource, Verdict};
use weir_model::{
    CandidateId, ChangeId, Digest, FencingToken, LandingId, PersonId, Refusal, RevisionId, TaskId,
    Timestamp,
};

/// The queue of a trunk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    trunk: String,
    tip: Option<String>,
    gate: Option<Gate>,
    waiting: Vec<Entry>,
    testing: BTreeSet<CandidateId>,
    /// Candidates that can no longer land, and came to a verdict about a revision that waits.
    spoken: BTreeSet<CandidateId>,
    landing: Option<LandingId>,
    candidates: BTreeMap<CandidateId, Candidate>,
    landings: BTreeMap<LandingId, Landing>,
    /// What checks have passed on, and as part of which candidate; the latest last.
    proofs: VecDeque<(Digest, CandidateId)>,
    /// The commit that passed the gate's checks, if the trunk is known to have stood at one.
    proven: Option<String>,
    frozen: Option<Freeze>,
    classes: BTreeMap<ChangeId, Class>,
    /// The places of changes that are under repair.
    places: BTreeMap<ChangeId, Place>,
    past: Past,
    /// In the order in which they came.
    #[serde(default)]
    pub(crate) runners: Vec<Seen>,
    #[serde(default)]
    pub(crate) last_lease: FencingToken,
    #[serde(default)]
    pub(crate) audits: Audits,
}

/// What every candidate must pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The checks, in the order they run.
    pub checks: Vec<Check>,
    /// How many people must approve a revision.
    pub approvals_needed: u32,
    /// Where this was read.
    pub source: GateSource,
}

/// A revision that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The revision.
    pub revision: RevisionId,
    /// Its task.
    pub task: TaskId,
    /// Its commit.
    pub commit: String,
    /// Since when it counts as waiting: when it came, or, if it is a repair in time, when the revision before it did.
    pub since: Timestamp,
    /// How urgent it is.
    pub class: Class,
    /// The revision below it in its stack, which it cannot land without.
    pub below: Option<RevisionId>,
}

/// What a class is worth: as if a change had come so much sooner or later. So nobody waits for ever.
const CLASS_MS: i64 = 60 * 60 * 1000;

impl Entry {
    /// Its place among all: the smaller, the sooner.
    pub fn rank(&self) -> (bool, i64) {
        let since = self.since.as_millis();
        match self.class {
            Class::Express => (false, since),
            Class::High => (true, since - CLASS_MS),
            Class::Normal => (true, since),
            Class::Low => (true, since + CLASS_MS),
        }
    }
}

/// Nothing lands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// Who said so.
    pub person: PersonId,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    since: Timestamp,
    until: Timestamp,
}

/// Whether the tip passes the gate's checks by itself. A change that fails on a tip that fails is not to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TipState {
    /// It does.
    Proven,
    /// Nobody knows yet.
    Unknown,
    /// The candidate that is the tip itself has not come to an end.
    Open(CandidateId),
    /// It does not, as this candidate showed.
    Red(CandidateId),
}

/// How long the place of a change under repair is kept: what an agent needs to mend a thing and push again.
pub const PLACE_KEPT: Duration = Duration::from_secs(4 * 60 * 60);

/// So many verdicts are kept: some weeks of a busy trunk.
const PROOFS_MAX: usize = 10_000;

/// Takes a fact in, with the time it happened.
pub fn evolve(queue: &mut Queue, at: Timestamp, event: &Event) {
    match event {
        Event::GateSet { trunk, checks, approvals_needed, source } => {
            queue.trunk.clone_from(trunk);
            if queue.gate.as_ref().is_none_or(|gate| gate.checks != *checks) {
                queue.proven = None;
                queue.forget_verdicts();
            }
            queue.gate = Some(Gate {
                checks: checks.clone(),
                approvals_needed: *approvals_needed,
                source: source.clone(),
            });
            queue.audit_gate();
        }
        Event::TrunkMoved { trunk, from: _, to } => {
            queue.doubt();
            queue.trunk.clone_from(trunk);
            queue.tip = Some(to.clone());
        }
        Event::RevisionQueued { revision, task, commit, below } => {
            let kept = queue.places.remove(&revision.change);
            let since = kept.filter(|place| at < place.until).map_or(at, |place| place.since);
            let class = queue.classes.get(&revision.change).copied().unwrap_or_default();
            let (revision, task, commit) = (*revision, *task, commit.clone());
            let entry = Entry { revision, task, commit, since, class, below: *below };
            let place = queue.waiting.partition_point(|other| other.rank() <= entry.rank());
            queue.waiting.insert(place, entry);
        }
        Event::RevisionDequeued { revision } => {
            queue.leave(*revision);
            queue.forget_idle();
        }
        Event::CandidateBuilt { candidate, steps, tree, .. } => {
            let checks = queue.checks();
            let last = steps.last().map_or(tree, |step| &step.tree);
            assert!(last == tree, "what is tested is what the last step gave");
            let built = Candidate::built(event, checks, at);
            let before = built.and_then(|built| queue.candidates.insert(*candidate, built));
            assert!(before.is_none(), "a candidate's id never comes back");
            queue.testing.insert(*candidate);
            queue.prove();
        }
        Event::CandidateRepeated { candidate, run, why: _ } => {
            let known = queue.candidate_mut(*candidate);
            known.runs.push(Run::begun(at));
            assert!(known.runs.len() == *run as usize, "runs are counted");
        }
        Event::RunStopped { candidate, run, why } => {
            if let Some(run) = queue.run_mut(*candidate, *run) {
                run.stopped = Some(*why);
            }
        }
        Event::CheckFinished {
            candidate,
            run,
            check,
            verdict,
            exit_code,
            elapsed_ms,
            log,
            key,
            taken_from,
        } => {
            if taken_from.is_none() && *verdict == Verdict::Passed {
                queue.proofs.push_back((*key, *candidate));
                queue.proofs.drain(..queue.proofs.len().saturating_sub(PROOFS_MAX));
            }
            if let Some(run) = queue.run_mut(*candidate, *run) {
                run.results.push(CheckResult {
                    check: check.clone(),
                    verdict: *verdict,
                    exit_code: *exit_code,
                    elapsed_ms: *elapsed_ms,
                    log: *log,
                    key: *key,
                    taken_from: *taken_from,
                });
            }
            if let Some(known) = queue.candidates.get(candidate) {
                queue.past.see_run(known, *run, at);
            }
            queue.audit(*candidate, check, key);
            queue.prove();
        }
        Event::RunnerSeen { runner, environment, places, until } => {
            let (runner, environment) = (runner.clone(), environment.clone());
            let (places, since, until) = (*places, at, *until);
            queue.saw(at, Seen { runner, environment, places, since, until });
        }
        Event::RunnerLeft { runner } => queue.runners.retain(|seen| seen.runner != *runner),
        Event::RunOffered { candidate, run } => {
            queue.put(*candidate, *run, at, runner::Place::Offered);
        }
        Event::RunRecalled { candidate, run } => {
            queue.put(*candidate, *run, at, runner::Place::Here);
        }
        Event::RunTaken { candidate, run, runner, environment, lease, until } => {
            let (runner, environment) = (runner.clone(), environment.clone());
            let holding = Holding { runner, environment, lease: *lease, until: *until };
            queue.hand_out(*candidate, *run, at, holding);
        }
        Event::RunRenewed { candidate, run, lease: _, until } => {
            queue.renew(*candidate, *run, at, *until);
        }
        Event::RunReturned { candidate, run, lease: _, why, said: _ } => {
            queue.take_back(*candidate, *run, at, *why);
        }
        // Kept for those who look into the ledger; no rule depends on it.
        Event::ReportRefused { .. } => {}
        Event::CandidateDropped { candidate, why } => {
            queue.close(*candidate, Outcome::Dropped(*why));
        }
        Event::RevisionEjected { revision, candidate, code, why: _ } => {
            if let Some(entry) = queue.leave(*revision) {
                let place = Place { since: entry.since, until: at + PLACE_KEPT };
                queue.places.insert(revision.change, place);
            }
            if let Some(candidate) = candidate {
                queue.past.see_change(false);
                queue.close(*candidate, Outcome::Ejected(code.clone()));
            }
            queue.forget_idle();
        }
        Event::QueueFrozen { person, reason } => {
            let (person, reason) = (*person, reason.clone());
            queue.frozen = Some(Freeze { person, reason, since: at });
        }
        Event::QueueThawed { person: _ } => queue.frozen = None,
        Event::ClassSet { change, class, person: _, reason: _ } => {
            queue.classes.insert(*change, *class);
            let of_change = queue.waiting.iter_mut().filter(|it| it.revision.change == *change);
            of_change.for_each(|entry| entry.class = *class);
            queue.waiting.sort_by_key(Entry::rank);
        }
        Event::LandingStarted { landing, candidate, revisions, from, to, tree, why } => {
            assert!(queue.tip.as_ref() == Some(from), "a landing starts from the tip");
            queue.landing = Some(*landing);
            let known = queue.candidate_mut(*candidate);
            assert!(known.tree == *tree && known.at() == from, "what lands is what was tested");
            queue.landings.insert(
                *landing,
                Landing {
                    id: *landing,
                    candidate: *candidate,
                    revisions: revisions.clone(),
                    from: from.clone(),
                    to: to.clone(),
                    tree: tree.clone(),
                    why: why.clone(),
                    progress: Progress::Started,
                },
            );
        }
        Event::LandingFinished { landing } => {
            queue.doubt();
            let known = queue.end_landing(*landing, Progress::Landed);
            queue.tip = Some(known.to.clone());
            queue.proven = Some(known.to.clone());
            queue.close(known.candidate, Outcome::Landed(*landing));
            for revision in &known.revisions {
                queue.leave(*revision);
                queue.classes.remove(&revision.change);
                queue.past.see_change(true);
            }
            for candidate in queue.testing.iter().chain(&queue.spoken) {
                if let Some(known_too) = queue.candidates.get_mut(candidate) {
                    known_too.forget(&known.revisions);
                }
            }
            queue.forget_idle();
            for open in queue.testing.clone() {
                let open = queue.candidate_mut(open);
                if let Some(landed) = open.after(&known.from, &known.revisions, &known.tree) {
                    open.go_on_from(&known.to, landed);
                }
            }
        }
        Event::LandingLost { landing, actual: _ } => {
            let known = queue.end_landing(*landing, Progress::Lost);
            queue.close(known.candidate, Outcome::Dropped(Dropped::TrunkMoved));
        }
    }
}

impl Queue {
    pub(crate) fn require(&self, revision: RevisionId) -> Result<&Entry, Refusal> {
        self.entry(revision).map(|(_, entry)| entry).ok_or_else(|| {
            Refusal::new("queue.not_waiting", format!("revision `{revision}` does not wait"))
        })
    }

    pub(crate) fn require_not_landing(&self, revision: RevisionId) -> Result<(), Refusal> {
        let landing = self.landing_under_way();
        if landing.is_none_or(|landing| !landing.revisions.contains(&revision)) {
            return Ok(());
        }
        let sentence = format!("revision `{revision}` is landing");
        Err(Refusal::new("landing.under_way", sentence).hint("cut a task that undoes it"))
    }

    pub(crate) fn require_no_landing(&self) -> Result<(), Refusal> {
        if self.landing.is_none() {
            return Ok(());
        }
        let sentence = "a landing is under way: its end says where the trunk stands";
        Err(Refusal::new("landing.under_way", sentence))
    }

    pub(crate) fn under_test(&self, candidate: CandidateId) -> Result<&Candidate, Refusal> {
        let landing = self.landing_under_way().is_some_and(|known| known.candidate == candidate);
        let known = self.testing().find(|known| known.id == candidate && !landing);
        known.ok_or_else(|| not_under_test(candidate))
    }

    pub(crate) fn under_way(&self, landing: LandingId) -> Result<&Landing, Refusal> {
        self.landing_under_way().filter(|known| known.id == landing).ok_or_else(|| {
            let sentence = format!("landing `{landing}` is not under way");
            Refusal::new("landing.not_under_way", sentence)
        })
    }

    /// How many runs ended so of what holds this revision.
    pub(crate) fn count_with(&self, revision: RevisionId, state: RunState) -> usize {
        let with = self.evidence().filter(|known| known.has(revision));
        with.map(|known| known.count(state)).sum()
    }

    pub(crate) fn drop_all(&self, why: Dropped) -> impl Iterator<Item = Event> + '_ {
        self.testing.iter().map(move |open| Event::CandidateDropped { candidate: *open, why })
    }

    /// The tip passed by itself.
    fn prove(&mut self) {
        if self.standing(&[]).is_some_and(Candidate::has_passed) {
            self.proven.clone_from(&self.tip);
        }
    }

    /// What failed on a tip that is not known to pass says nothing about anything once the trunk stands elsewhere.
    fn doubt(&mut self) {
        if self.tip_state() != TipState::Proven {
            self.spoken.clear();
        }
    }

    /// Other checks count now.
    pub(crate) fn forget_verdicts(&mut self) {
        self.spoken.clear();
    }

    /// Forgets what says something only about revisions that no longer wait.
    fn forget_idle(&mut self) {
        let waiting: BTreeSet<RevisionId> = self.waiting.iter().map(|it| it.revision).collect();
        let candidates = &self.candidates;
        let speaks = |candidate: &CandidateId| {
            let left = candidates.get(candidate).map_or(&[][..], Candidate::left);
            left.iter().any(|revision| waiting.contains(revision))
        };
        self.spoken.retain(speaks);
    }

    fn leave(&mut self, revision: RevisionId) -> Option<Entry> {
        let place = self.waiting.iter().position(|entry| entry.revision == revision)?;
        Some(self.waiting.remove(place))
    }

    fn candidate_mut(&mut self, candidate: CandidateId) -> &mut Candidate {
        self.candidates.get_mut(&candidate).expect("an event names a candidate that was built")
    }

    pub(crate) fn run_mut(&mut self, candidate: CandidateId, run: u32) -> Option<&mut Run> {
        let place = (run as usize).checked_sub(1)?;
        self.candidate_mut(candidate).runs.get_mut(place)
    }

    fn close(&mut self, candidate: CandidateId, outcome: Outcome) {
        self.testing.remove(&candidate);
        let known = self.candidate_mut(candidate);
        if let Outcome::Dropped(why) = outcome {
            for place in 0..known.runs.len() {
                if known.state_of(&known.runs[place]) == RunState::Running {
                    known.runs[place].stopped = Some(why);
                }
            }
        }
        known.outcome = outcome;
        if known.speaks() {
            self.spoken.insert(candidate);
        }
    }

    fn end_landing(&mut self, landing: LandingId, progress: Progress) -> Landing {
        assert!(self.landing == Some(landing), "a landing ends once");
        self.landing = None;
        let known = self.landings.get_mut(&landing).expect("a landing that ends was started");
        known.progress = progress;
        known.clone()
    }
}

pub(crate) fn not_under_test(candidate: CandidateId) -> Refusal {
    let sentence = format!("candidate `{candidate}` is not under test");
    Refusal::new("candidate.not_under_test", sentence)
}
