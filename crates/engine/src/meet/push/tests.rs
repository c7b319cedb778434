//! A stale owner's push is refused in every interleaving that can be found: of everything that ends a claim or a
//! session with the two halves of a push, its judgement and its record.

mod bounds;
mod truth;

use super::{Asked, Judged, Verdict};
use crate::testing::{Field, MemoryStore, code};
use crate::{Ask, Caller, Error};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use truth::Truth;
use weir_git::CommitId;
use weir_model::event::guard::Role;
use weir_model::{Actor, Lease, Position, RevisionId, SessionId, TaskId, Timestamp};

/// Who takes part: two sessions of Ann's, a child of the first, and one of the owner's.
const CAST: usize = 4;
const COMMITS: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Claim {
        who: usize,
        minutes: u64,
    },
    Release {
        who: usize,
    },
    Judge {
        who: usize,
        commit: usize,
    },
    Record {
        who: usize,
    },
    /// The owner sends the last revision back.
    Reject,
    EndSession {
        who: usize,
    },
    /// The clock may also be set back; time for the space then stands still.
    Clock {
        minutes: i64,
    },
    Demote,
    Remove,
    Withdraw,
}

fn any_step() -> impl Strategy<Value = Step> {
    let who = 0..CAST;
    prop_oneof![
        6 => (who.clone(), 1u64..40).prop_map(|(who, minutes)| Step::Claim { who, minutes }),
        2 => who.clone().prop_map(|who| Step::Release { who }),
        8 => (who.clone(), 0..COMMITS).prop_map(|(who, commit)| Step::Judge { who, commit }),
        8 => who.clone().prop_map(|who| Step::Record { who }),
        3 => Just(Step::Reject),
        1 => who.prop_map(|who| Step::EndSession { who }),
        5 => (-15i64..25).prop_map(|minutes| Step::Clock { minutes }),
        1 => Just(Step::Demote),
        1 => Just(Step::Remove),
        1 => Just(Step::Withdraw),
    ]
}

/// One run of steps, on a task and with people and sessions of its own.
struct Run<'a> {
    field: &'a Field,
    truth: Truth,
    task: TaskId,
    ann: Caller,
    cast: Vec<Caller>,
    judged: [Option<Judged>; CAST],
    commits: Vec<CommitId>,
}

impl<'a> Run<'a> {
    async fn begin(field: &'a Field, commits: &[CommitId]) -> Self {
        static NTH: AtomicUsize = AtomicUsize::new(0);
        let name = format!("ann {}", NTH.fetch_add(1, Ordering::Relaxed));
        let engine = &field.engine;
        let begin = engine.read_at(|position, _| position);
        let ann = engine.add_person(&field.owner, name, Role::Member).await.expect("added");
        let ann = crate::testing::person(ann);
        let first = field.session_of(&ann, Lease::minutes(70)).await.expect("opened");
        let second = field.session_of(&ann, Lease::minutes(100)).await.expect("opened");
        let child = field.session_of(&first, Lease::minutes(60)).await.expect("opened");
        let cast = vec![first, second, child, field.session().await];
        let task = field.task("race").await.expect("cut");
        let truth = Truth::new(task, begin);
        let (judged, commits) = (Default::default(), commits.to_vec());
        Self { field, truth, task, ann, cast, judged, commits }
    }

    async fn step(&mut self, step: &Step) {
        let (engine, owner) = (&self.field.engine, &self.field.owner);
        // Of what is refused here the rooms have their own tests; what counts is what it does to a push.
        match *step {
            Step::Claim { who, minutes } => {
                let lease = Some(Lease::minutes(minutes));
                let ask = Ask { task: Some(self.task), lease, ..Ask::default() };
                drop(engine.claim_task(&self.cast[who], ask).await);
            }
            Step::Release { who } => {
                drop(engine.release_task(&self.cast[who], self.task).await);
            }
            Step::Judge { who, commit } => self.judge(who, commit).await,
            Step::Record { who } => self.record(who).await,
            Step::Reject => {
                if let Some(revision) = self.latest() {
                    drop(engine.reject(owner, revision, "once more".into()).await);
                }
            }
            Step::EndSession { who } => {
                let session = session_of(&self.cast[who]);
                drop(engine.end_session(owner, session, "enough".into()).await);
            }
            Step::Clock { minutes } => {
                let now = weir_model::Clock::now(&*self.field.clock).as_millis();
                self.field.clock.set(Timestamp::from_millis(now + minutes * 60_000));
            }
            Step::Demote => drop(engine.set_role(owner, self.ann_id(), Role::Auditor).await),
            Step::Remove => drop(engine.remove_person(owner, self.ann_id()).await),
            Step::Withdraw => drop(engine.withdraw_task(owner, self.task).await),
        }
    }

    async fn judge(&mut self, who: usize, commit: usize) {
        let engine = &self.field.engine;
        self.truth.follow(engine);
        let may = self.truth.owns(session_of(&self.cast[who]), engine.now());
        let new = Some(self.commits[commit]);
        let asked = Asked { target: "refs/for/main".into(), new, pack_bytes: 1000 };
        match engine.judge_push(&self.cast[who], &asked, engine.trunk().objects()).await {
            Ok(Verdict::Enter(judged)) => {
                assert!(may.is_some(), "a stale owner was let in");
                self.judged[who] = Some(judged);
            }
            Ok(Verdict::Entered(reply)) => {
                assert!(may.is_none(), "an owner was told that it had pushed already");
                assert_eq!(reply.task, self.task);
            }
            Err(error) => {
                assert!(may.is_none(), "an owner was refused: {error}");
                assert_stale(&error);
            }
        }
    }

    async fn record(&mut self, who: usize) {
        let Some(judged) = self.judged[who].take() else { return };
        let engine = &self.field.engine;
        self.truth.follow(engine);
        let may = self.truth.owns(session_of(&self.cast[who]), engine.now());
        let before = self.truth.revisions.len();
        let recorded = engine.record_push(&self.cast[who], judged).await;
        self.truth.follow(engine);
        match (&recorded, may) {
            (Ok(reply), Some(token)) => {
                let [.., (revision, under)] = self.truth.revisions[..] else {
                    panic!("an answer without a record")
                };
                assert_eq!((self.truth.revisions.len(), revision), (before + 1, reply.revision));
                assert_eq!(under, token, "recorded under another claim than the live one");
            }
            (Err(error), None) => {
                assert_eq!(self.truth.revisions.len(), before, "refused, and yet recorded");
                assert_stale(error);
            }
            (Ok(_), None) => panic!("a stale owner's push was recorded"),
            (Err(_), Some(_)) => panic!("an owner was refused: {}", code(&recorded)),
        }
    }

    fn latest(&self) -> Option<RevisionId> {
        let change = |folds: &crate::Folds| Some(folds.review.change_of(self.task)?.latest().id);
        self.field.engine.read(change)
    }

    fn ann_id(&self) -> weir_model::PersonId {
        match self.ann.actor {
            Actor::Person(person) => person,
            Actor::Session(_) | Actor::Weir => unreachable!("Ann is a person"),
        }
    }
}

fn session_of(caller: &Caller) -> SessionId {
    match caller.actor {
        Actor::Session(session) => session,
        Actor::Person(_) | Actor::Weir => unreachable!("only agents push"),
    }
}

/// A refusal that says what became of the claim, of the session, or of who answers for it.
fn assert_stale(error: &Error) {
    let Error::Refused(refusal) = error else { panic!("{error}") };
    let subject = refusal.code.split('.').next().unwrap_or_default();
    assert!(["claim", "session", "task", "person"].contains(&subject), "{refusal}");
}

/// No ref without its record, no record without its ref.
fn assert_refs(field: &Field) {
    let refs = field.engine.trunk().list_refs("refs/weir/changes/").expect("listed");
    let refs: BTreeSet<_> = refs.into_iter().map(|(name, at)| (name, at.to_string())).collect();
    let recorded: BTreeSet<_> = field.engine.read(|folds| {
        let revisions = folds.review.changes().flat_map(|change| &change.revisions);
        let of = |id: RevisionId| format!("refs/weir/changes/{}/{}", id.change, id.number);
        revisions.map(|revision| (of(revision.id), revision.commit.clone())).collect()
    });
    assert_eq!(refs, recorded);
}

fn commits(field: &Field) -> Vec<CommitId> {
    (0..COMMITS).map(|n| field.commit(&format!("src/{n}.rs"), "fn main() {}\n")).collect()
}

#[test]
fn a_stale_push_is_refused_in_every_interleaving() {
    let field = Field::on(MemoryStore::default());
    let commits = commits(&field);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let steps = proptest::collection::vec(any_step(), 1..40);
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig { cases: cases.unwrap_or(512), ..ProptestConfig::default() };
    proptest!(config, |(steps in steps)| {
        runtime.block_on(async {
            let mut run = Run::begin(&field, &commits).await;
            for step in &steps {
                run.step(step).await;
            }
        });
    });
    assert_refs(&field);
    assert!(
        field.engine.read(|folds| folds.review.changes().count()) > 20,
        "hardly anything landed"
    );
    assert_eq!(field.engine.read(Clone::clone), field.replayed());
}

/// The same, by threads instead of by a list: many claim one task and push, while claims run out under them and a
/// reviewer sends back what came.
#[test]
fn of_all_who_race_one_brings_a_revision_for_each_claim() {
    let field = Arc::new(Field::on(MemoryStore::default()));
    let commits = commits(&field);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(4).enable_time().build().expect("a runtime");
    let (task, brought) = runtime.block_on(async {
        let task = field.task("race").await.expect("cut");
        let is_over = Arc::new(AtomicBool::new(false));
        let mut racers = tokio::task::JoinSet::new();
        for n in 0..8 {
            let (field, is_over) = (Arc::clone(&field), Arc::clone(&is_over));
            let (caller, commit) = (field.session().await, commits[n % COMMITS]);
            racers.spawn(async move { race(&field, &caller, task, commit, &is_over).await });
        }
        // Time runs, and what comes is sent back, until enough came.
        for _ in 0..5_000 {
            tokio::time::sleep(Duration::from_millis(2)).await;
            field.clock.forward(Duration::from_secs(10));
            let latest = field.engine.read(|folds| Some(folds.review.change_of(task)?.latest().id));
            let Some(latest) = latest else { continue };
            drop(field.engine.reject(&field.owner, latest, "once more".into()).await);
            if latest.number >= 25 {
                break;
            }
        }
        is_over.store(true, Ordering::Relaxed);
        let brought: usize = racers.join_all().await.into_iter().sum();
        (task, brought)
    });
    let mut truth = Truth::new(task, Position(0));
    truth.follow(&field.engine);
    let tokens: BTreeSet<_> = truth.revisions.iter().map(|(_, token)| *token).collect();
    assert_eq!(tokens.len(), truth.revisions.len(), "two revisions under one claim");
    assert_eq!(truth.revisions.len(), brought, "as many as were answered");
    assert!(brought >= 25, "hardly anybody got through: {brought}");
    assert_refs(&field);
}

async fn race(
    field: &Field,
    caller: &Caller,
    task: TaskId,
    commit: CommitId,
    is_over: &AtomicBool,
) -> usize {
    let (engine, mut brought) = (&field.engine, 0);
    while !is_over.load(Ordering::Relaxed) {
        let lease = Some(Lease::minutes(1));
        drop(engine.claim_task(caller, Ask { task: Some(task), lease, ..Ask::default() }).await);
        let asked = Asked { target: "refs/for/main".into(), new: Some(commit), pack_bytes: 1000 };
        let judged = match engine.judge_push(caller, &asked, engine.trunk().objects()).await {
            Ok(Verdict::Enter(judged)) => judged,
            Ok(Verdict::Entered(_)) => continue,
            Err(error) => {
                assert_stale(&error);
                continue;
            }
        };
        tokio::task::yield_now().await;
        match engine.record_push(caller, judged).await {
            Ok(_) => brought += 1,
            Err(error) => assert_stale(&error),
        }
    }
    brought
}
