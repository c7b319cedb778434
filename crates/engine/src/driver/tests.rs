//! A process that dies at any point of a landing: the next one finds what it left, and brings ref and ledger
//! together again.

use super::{Drive, Stop, Turn};
use crate::Ask;
use crate::meet::push::{Asked, Verdict};
use crate::testing::{Field, MemoryStore};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use weir_git::{CommitId, Landed, Written};
use weir_model::event::queue::{Dropped, Verdict as CheckVerdict};
use weir_model::{CandidateId, Digest, LandingId, RevisionId, TaskId};
use weir_queue::{CheckResult, Command, Outcome, Progress};
use weir_work::State;

/// How far the process came that dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Point {
    /// The revision is on record, and its ref is not made.
    Recorded,
    /// The candidate is built.
    Built,
    /// Its check has passed.
    Tested,
    /// The landing is on record.
    LandingStarted,
    /// The trunk has moved.
    TrunkMoved,
}

impl Point {
    const ALL: [Self; 5] =
        [Self::Recorded, Self::Built, Self::Tested, Self::LandingStarted, Self::TrunkMoved];
}

fn drive(field: &Field, holder: &str) -> Drive {
    let stop = Stop { flag: AtomicBool::new(false), engine: field.engine.clone() };
    Drive::new(field.engine.clone(), holder.to_owned(), Arc::new(stop))
}

/// A field on which one change was brought.
fn brought(store: &MemoryStore) -> (Field, TaskId, RevisionId, CommitId) {
    let field = Field::on(store.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let commit = field.commit("src/a.rs", "fn main() {}\n");
    let (task, revision) = runtime.block_on(async {
        let (engine, agent) = (&field.engine, field.session().await);
        let task = field.task("one").await.expect("cut");
        let ask = Ask { task: Some(task), ..Ask::default() };
        engine.claim_task(&agent, ask).await.expect("claimed");
        let asked = Asked { target: "refs/for/main".into(), new: Some(commit), pack_bytes: 100 };
        let judged = engine.judge_push(&agent, &asked, engine.trunk().objects()).await;
        let Ok(Verdict::Enter(judged)) = judged else { panic!("let in") };
        (task, engine.record_push(&agent, judged).await.expect("recorded").revision)
    });
    (field, task, revision, commit)
}

/// Does what the driver does, up to `point`.
fn drive_up_to(point: Point, field: &Field, revision: RevisionId, commit: CommitId) {
    let trunk = field.engine.trunk();
    if point == Point::Recorded {
        assert!(trunk.delete_ref(&ref_of(revision), commit).expect("deleted"));
        return;
    }
    let mut drive = drive(field, "the one that dies");
    drive.hold_lease().expect("free");
    drive.see_trunk().expect("seen");
    let entry = field.engine.read(|folds| folds.queue.next().cloned()).expect("it waits");
    let (onto, draft) = (trunk.tip().expect("a tip"), drive.draft(&entry).expect("a draft"));
    let merged = trunk.write_merge(onto, commit, &draft).expect("merged");
    let Written::Commit { commit: to, tree } = merged else { panic!("no conflict") };
    let (candidate, landing) = (CandidateId(1), LandingId(1));
    let result = CheckResult {
        check: "test".into(),
        verdict: CheckVerdict::Passed,
        exit_code: Some(0),
        elapsed_ms: 1,
        log: Digest::of(b""),
    };
    let build = Command::Build {
        revision,
        onto: onto.to_string(),
        commit: to.to_string(),
        tree: tree.to_string(),
    };
    let steps = [
        (Point::Built, build),
        (Point::Tested, Command::Finish { candidate, result }),
        (Point::LandingStarted, Command::StartLanding { candidate }),
    ];
    for (_, command) in steps.iter().filter(|(at, _)| *at <= point) {
        drive.queue(command).expect("recorded");
    }
    assert_eq!(field.engine.read(|folds| folds.queue.landing_under_way().map(|l| l.id)), {
        (point >= Point::LandingStarted).then_some(landing)
    });
    if point >= Point::TrunkMoved {
        assert_eq!(trunk.land(onto, to).expect("moved"), Landed::Landed);
    }
}

/// The next process: finds what was left, and works until nothing waits.
fn drive_on(field: Field, store: &MemoryStore) -> Field {
    let field = field.restart(store.clone());
    // What the dead one held is waited for.
    field.clock.forward(Duration::from_secs(61));
    let mut drive = drive(&field, "the next one");
    drive.hold_lease().expect("it has run out");
    drive.settle().expect("settled");
    while let Turn::Done = drive.turn().expect("a turn") {}
    field
}

fn ref_of(revision: RevisionId) -> String {
    format!("refs/weir/changes/{}/{}", revision.change, revision.number)
}

/// The change is on the trunk, once, as the tree that was tested; and everything says so.
fn assert_landed(field: &Field, task: TaskId, revision: RevisionId, commit: CommitId) {
    let (engine, trunk) = (&field.engine, field.engine.trunk());
    let tip = trunk.tip().expect("a tip");
    assert_eq!(trunk.read_ref(&ref_of(revision)).expect("read"), Some(commit));
    assert!(trunk.objects().contains(tip, commit).expect("read"));
    let commits = trunk.objects().commits(None, tip, 100).expect("read").commits;
    let merges = commits.iter().filter(|commit| commit.parents.len() == 2).count();
    assert_eq!(merges, 1, "it landed once");
    engine.read(|folds| {
        assert_eq!(folds.queue.tip(), Some(tip.to_string().as_str()));
        let mut landed = folds.queue.landings().filter(|l| l.progress == Progress::Landed);
        let landing = landed.next().expect("it landed");
        assert_eq!(landed.next(), None, "it landed once");
        let to: CommitId = landing.to.parse().expect("a commit");
        assert!(trunk.objects().contains(tip, to).expect("read"), "the landing is on the trunk");
        assert_eq!(trunk.objects().tree(to).expect("read").to_string(), landing.tree);
        let candidate = folds.queue.candidate(landing.candidate).expect("known");
        assert_eq!(
            (candidate.tree.as_str(), candidate.has_passed()),
            (landing.tree.as_str(), true)
        );
        let task = folds.work.task(task).expect("known");
        assert_eq!(task.state, State::Done(landing.id));
        assert!(folds.queue.landing_under_way().is_none() && folds.queue.testing().is_none());
    });
    assert_eq!(engine.read(Clone::clone), field.replayed());
}

#[test]
fn wherever_it_dies_the_next_one_finishes() {
    for point in Point::ALL {
        println!("{point:?}");
        let store = MemoryStore::default();
        let (field, task, revision, commit) = brought(&store);
        drive_up_to(point, &field, revision, commit);
        let field = drive_on(field, &store);
        assert_landed(&field, task, revision, commit);
        let first = field.engine.read(|folds| folds.queue.candidate(CandidateId(1)).cloned());
        let interrupted = Outcome::Dropped(Dropped::Interrupted);
        match point {
            Point::Built | Point::Tested => assert_eq!(first.expect("built").outcome, interrupted),
            Point::Recorded | Point::LandingStarted | Point::TrunkMoved => {
                assert_eq!(first.expect("built").outcome, Outcome::Landed(LandingId(1)));
            }
        }
    }
}

/// The push was recorded, and its own thread is not heard of again: the process dies before it made the ref. Until then
/// the driver, which works beside it, may come as far as the end of a landing.
#[test]
fn what_lands_has_its_ref_whoever_made_it() {
    let store = MemoryStore::default();
    let (field, task, revision, commit) = brought(&store);
    let trunk = field.engine.trunk();
    assert!(trunk.delete_ref(&ref_of(revision), commit).expect("deleted"));
    // It was at work before the push came, so it settles nothing now.
    let mut at_work = drive(&field, "the one that dies");
    at_work.hold_lease().expect("free");
    while let Turn::Done = at_work.turn().expect("a turn") {}
    let landed = field.engine.read(|folds| folds.queue.landings().count());
    assert_eq!(landed, 1);
    drop(at_work);
    let field = drive_on(field, &store);
    assert_landed(&field, task, revision, commit);
}

/// Somebody reached past Weir while it was dead.
#[test]
fn a_trunk_that_strangers_moved_is_where_it_goes_on_from() {
    for point in Point::ALL {
        println!("{point:?}");
        let store = MemoryStore::default();
        let (field, task, revision, commit) = brought(&store);
        drive_up_to(point, &field, revision, commit);
        let trunk = field.engine.trunk();
        let (tip, theirs) = (trunk.tip().expect("a tip"), field.commit("theirs.txt", "hello\n"));
        assert_eq!(trunk.land(tip, theirs).expect("moved"), Landed::Landed);
        let field = drive_on(field, &store);
        assert!(
            field
                .engine
                .trunk()
                .objects()
                .contains(field.engine.trunk().tip().expect("a tip"), theirs)
                .expect("read")
        );
        assert_landed(&field, task, revision, commit);
        let lost = field.engine.read(|folds| {
            folds.queue.landings().filter(|landing| landing.progress == Progress::Lost).count()
        });
        // What had not moved was lost, and tried again; what had moved had landed.
        assert_eq!(lost, usize::from(point == Point::LandingStarted));
    }
}

/// Objects that were taken in before the process died are nobody's: no record, no ref, and pushed again they pass.
#[test]
fn what_was_taken_in_without_a_record_leaves_no_trace() {
    let store = MemoryStore::default();
    let field = Field::on(store.clone());
    let commit = field.commit("src/a.rs", "fn main() {}\n");
    let field = drive_on(field, &store);
    let trunk = field.engine.trunk();
    assert_eq!(trunk.list_refs("refs/weir/changes/").expect("listed"), vec![]);
    assert!(!trunk.objects().contains(trunk.tip().expect("a tip"), commit).expect("read"));
    assert_eq!(field.engine.read(|folds| folds.review.changes().count()), 0);
}

/// A holder that was frozen while its lease ran out and another took over records nothing, and so moves nothing.
#[test]
fn a_driver_that_lost_its_lease_lands_nothing() {
    let store = MemoryStore::default();
    let (field, task, revision, commit) = brought(&store);
    let mut frozen = drive(&field, "the frozen one");
    frozen.hold_lease().expect("free");
    frozen.see_trunk().expect("seen");
    field.clock.forward(Duration::from_secs(61));
    let tip = field.engine.trunk().tip().expect("a tip");
    let mut next = drive(&field, "the next one");
    next.hold_lease().expect("it has run out");
    assert!(frozen.turn().is_err(), "it may record nothing any more");
    assert_eq!(field.engine.trunk().tip().expect("a tip"), tip);
    next.settle().expect("settled");
    while let Turn::Done = next.turn().expect("a turn") {}
    assert_landed(&field, task, revision, commit);
}
