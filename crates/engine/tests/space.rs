//! A space on a real repository: opened, found again, locked, and left without a trace in the user's checkout.

use std::path::Path;
use std::sync::Arc;
use weir_engine::{Ask, Caller, ClockSource, Error, NewTask, Options, Space};
use weir_model::event::guard::Right;
use weir_model::{Actor, PathSet, PersonId, Position, Timestamp};
use weir_testkit::{Repository, TurnedClock};

fn repository() -> Repository {
    Repository::with(&[("Makefile", "test:\n\ttrue\n")])
}

fn options(dir: &Path, trees: &Path) -> Options {
    Options { trees: Some(trees.to_owned()), ..Options::here(dir) }
}

fn owner(person: PersonId) -> Caller {
    let rights = [Right::Read, Right::Task, Right::Claim, Right::Approve, Right::Admin];
    Caller { actor: Actor::Person(person), rights: rights.into(), token: None }
}

fn hello() -> NewTask {
    NewTask {
        title: "say hello".into(),
        text: String::new(),
        paths: PathSet::everything(),
        after: vec![],
        key: Some("hello".into()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_is_found_again_as_it_was_left() {
    let (repo, trees) = (repository(), tempfile::tempdir().expect("a folder"));
    let before = repo.git(&["status", "--porcelain=v2", "--branch"]);
    let (space, found) = Space::open(&options(repo.path(), trees.path())).expect("opens");
    assert!(found.is_new);
    assert_eq!(found.checks.len(), 1, "the Makefile's own test is proposed");

    let held = Space::open(&options(repo.path(), trees.path())).err().expect("one at a time");
    assert!(matches!(&held, Error::Refused(refusal) if refusal.code == "space.in_use"), "{held}");

    let caller = owner(found.owner);
    let new = hello();
    let task = space.engine().create_task(&caller, new.clone()).await.expect("created");
    let again = space.engine().create_task(&caller, new).await.expect("asked twice");
    assert_eq!(task, again);
    let claim = space.engine().claim_task(&caller, Ask::default()).await.expect("claimed");
    assert_eq!(claim.task, task);
    let tree = claim.worktree.expect("a tree to work in");
    assert!(tree.join("Makefile").is_file());
    let secret = claim.secret.expect("a person opened the session");
    let agent = space.engine().authenticate(secret.reveal()).expect("the session is alive");
    assert_eq!(agent.actor, Actor::Session(claim.session));
    let position = space.engine().read_at(|position, _| position);
    drop(space);

    let (space, found) = Space::open(&options(repo.path(), trees.path())).expect("opens again");
    assert!(!found.is_new);
    assert!(space.engine().read_at(|now, _| now) >= position);
    let hold = space
        .engine()
        .read(|folds| *folds.work.task(task).expect("known").state.hold().expect("held"));
    assert_eq!((hold.session, hold.token), (claim.session, claim.token));
    space.engine().authenticate(secret.reveal()).expect("still alive");
    assert_eq!(repo.git(&["status", "--porcelain=v2", "--branch"]), before);
}

/// The clock was years ahead, and was set right while nothing ran: what was recorded stays in order, and what was
/// claimed is held for as long as it was promised, no shorter and no longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_back_between_two_starts_turns_nothing_back() {
    let (repo, trees) = (repository(), tempfile::tempdir().expect("a folder"));
    let year_2100 = Timestamp::from_millis(4_102_444_800_000);
    let clock = Some(ClockSource(Arc::new(TurnedClock::at(year_2100))));
    let ahead = Options { clock, ..options(repo.path(), trees.path()) };
    let (space, found) = Space::open(&ahead).expect("opens");
    let caller = owner(found.owner);
    let task = space.engine().create_task(&caller, hello()).await.expect("created");
    let claim = space.engine().claim_task(&caller, Ask::default()).await.expect("claimed");
    drop(space);

    let (space, _) = Space::open(&options(repo.path(), trees.path())).expect("opens again");
    let engine = space.engine();
    assert!(engine.now() >= year_2100 && engine.now() < claim.expires_at, "{}", engine.now());
    let secret = claim.secret.expect("a person opened the session");
    let agent = engine.authenticate(secret.reveal()).expect("the session is alive");
    let renewed = engine.claim_task(&agent, Ask { task: Some(task), ..Ask::default() }).await;
    assert_eq!(renewed.expect("still held").token, claim.token);
    let records = engine.log(Position(0), 1000).expect("read");
    assert!(records.is_sorted_by_key(|record| record.at), "time went back: {records:#?}");
}

#[test]
fn a_start_that_cannot_know_of_a_loss_says_so() {
    let (repo, trees) = (repository(), tempfile::tempdir().expect("a folder"));
    let notes = || {
        let (_space, found) = Space::open(&options(repo.path(), trees.path())).expect("opens");
        (found.notes, found.home.join("ledger/ledger.mark"))
    };
    let (of_new, mark) = notes();
    assert_eq!(of_new, Vec::<String>::new());
    assert_eq!(notes().0, Vec::<String>::new());
    std::fs::remove_file(mark).expect("removed");
    let (of_unmarked, _) = notes();
    assert!(of_unmarked[0].starts_with("`ledger.mark` is missing"), "{of_unmarked:?}");
}
