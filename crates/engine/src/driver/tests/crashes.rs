//! A process that dies at any point of a landing: the next one finds what it left, and brings ref and ledger
//! together again.

use super::super::chain::Chained;
use super::*;
use weir_git::Landed;
use weir_model::event::queue::{Dropped, Verdict as CheckVerdict};
use weir_model::{CandidateId, Digest};
use weir_queue::{CheckResult, Command, Outcome};

/// How far the process came that dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Point {
    /// The revisions are on record, and their refs are not made.
    Recorded,
    /// The candidates are built.
    Built,
    /// The checks of the last one have passed.
    Tested,
    /// Its landing is on record.
    LandingStarted,
    /// The trunk has moved.
    TrunkMoved,
}

impl Point {
    const ALL: [Self; 5] =
        [Self::Recorded, Self::Built, Self::Tested, Self::LandingStarted, Self::TrunkMoved];
}

/// What is built, each candidate by how many of the changes it holds. The last one is tested and lands.
const BUILT: [&[usize]; 4] = [&[1], &[1, 2], &[2, 1], &[1, 2, 3]];

fn changes_in(built: &[usize]) -> usize {
    built.iter().copied().max().unwrap_or(1)
}

/// Does what the driver does, up to `point`.
fn drive_up_to(point: Point, field: &Field, changes: &[Brought], built: &[usize]) {
    let trunk = field.engine.trunk();
    if point == Point::Recorded {
        for Brought { revision, commit, .. } in changes {
            assert!(trunk.delete_ref(&ref_of(*revision), *commit).expect("deleted"));
        }
        return;
    }
    let mut drive = drive(field, "the one that dies");
    drive.hold_lease().expect("free");
    drive.see_trunk().expect("seen");
    let onto = trunk.tip().expect("a tip");
    for length in built {
        let chain: Vec<RevisionId> = changes[..*length].iter().map(|it| it.revision).collect();
        let chained = drive.chain(onto, &chain).expect("merged");
        let Chained::Whole { steps, commit, tree } = chained else { panic!("no conflict") };
        let (onto, commit, tree) = (onto.to_string(), commit.to_string(), tree.to_string());
        let why = String::new();
        drive.queue(&Command::Build { onto, steps, commit, tree, why }).expect("recorded");
    }
    let candidate = CandidateId(built.len() as u64);
    let to = field.engine.read(|folds| folds.queue.candidate(candidate).cloned()).expect("built");
    let result = CheckResult {
        check: "test".into(),
        verdict: CheckVerdict::Passed,
        exit_code: Some(0),
        elapsed_ms: 1,
        log: Digest::of(b""),
        key: Digest::of(b""),
        taken_from: None,
    };
    let landing = {
        let (to, why) = (to.commit.clone(), String::new());
        Command::StartLanding { candidate, to, why }
    };
    let steps = [
        (Point::Tested, Command::Finish { candidate, run: 1, result }),
        (Point::LandingStarted, landing),
    ];
    for (_, command) in steps.iter().filter(|(at, _)| *at <= point) {
        drive.queue(command).expect("recorded");
    }
    let started = field.engine.read(|folds| folds.queue.landing_under_way().is_some());
    assert_eq!(started, point >= Point::LandingStarted);
    if point >= Point::TrunkMoved {
        let to = to.commit.parse().expect("a commit");
        assert_eq!(trunk.land(onto, to).expect("moved"), Landed::Landed);
    }
}

#[test]
fn wherever_it_dies_the_next_one_finishes() {
    for (point, built) in Point::ALL.into_iter().flat_map(|p| BUILT.map(|built| (p, built))) {
        println!("{point:?} {built:?}");
        let store = MemoryStore::default();
        let (field, changes) = brought(&store, changes_in(built));
        drive_up_to(point, &field, &changes, built);
        let field = drive_on(field, &store);
        let landings = assert_landed(&field, &changes);
        if point == Point::Recorded {
            continue;
        }
        let last = CandidateId(built.len() as u64);
        let last = field.engine.read(|folds| folds.queue.candidate(last).cloned());
        let last = last.expect("built").outcome;
        if point == Point::Built {
            assert_eq!(last, Outcome::Dropped(Dropped::Interrupted));
        } else {
            // A verdict is a fact: nothing is tested twice.
            assert_eq!(last, Outcome::Landed(landings[0]));
        }
    }
}

/// The push was recorded, and its own thread is not heard of again: the process dies before it made the ref. Until then
/// the driver, which works beside it, may come as far as the end of a landing.
#[test]
fn what_lands_has_its_ref_whoever_made_it() {
    let store = MemoryStore::default();
    let (field, changes) = brought(&store, 2);
    let trunk = field.engine.trunk();
    for Brought { revision, commit, .. } in &changes {
        assert!(trunk.delete_ref(&ref_of(*revision), *commit).expect("deleted"));
    }
    // It was at work before the push came, so it settles nothing now.
    let mut at_work = drive(&field, "the one that dies");
    at_work.hold_lease().expect("free");
    work(&mut at_work);
    drop(at_work);
    let landed = assert_landed(&field, &changes);
    let field = drive_on(field, &store);
    assert_eq!(assert_landed(&field, &changes), landed);
}

/// Somebody reached past Weir while it was dead.
#[test]
fn a_trunk_that_strangers_moved_is_where_it_goes_on_from() {
    for (point, built) in Point::ALL.into_iter().flat_map(|p| BUILT.map(|built| (p, built))) {
        println!("{point:?} {built:?}");
        let store = MemoryStore::default();
        let (field, changes) = brought(&store, changes_in(built));
        drive_up_to(point, &field, &changes, built);
        let trunk = field.engine.trunk();
        let (tip, theirs) = (trunk.tip().expect("a tip"), field.commit("theirs.txt", "hello\n"));
        assert_eq!(trunk.land(tip, theirs).expect("moved"), Landed::Landed);
        let field = drive_on(field, &store);
        let trunk = field.engine.trunk();
        let tip = trunk.tip().expect("a tip");
        assert!(trunk.objects().contains(tip, theirs).expect("read"));
        assert_landed(&field, &changes);
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
    let (field, changes) = brought(&store, 2);
    let mut frozen = drive(&field, "the frozen one");
    frozen.hold_lease().expect("free");
    frozen.see_trunk().expect("seen");
    field.clock.forward(Duration::from_secs(61));
    let tip = field.engine.trunk().tip().expect("a tip");
    let mut next = drive(&field, "the next one");
    next.hold_lease().expect("it has run out");
    assert!(frozen.turn().is_err(), "it may record nothing any more");
    assert_eq!(field.engine.trunk().tip().expect("a tip"), tip);
    drop(frozen);
    next.settle().expect("settled");
    work(&mut next);
    drop(next);
    assert_landed(&field, &changes);
}
