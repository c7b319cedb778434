//! A space on a real repository: opened, found again, locked, and left without a trace in the user's checkout.

use std::path::Path;
use weir_engine::{Ask, Caller, Error, NewTask, Options, Space};
use weir_model::event::guard::Right;
use weir_model::{Actor, PathSet, PersonId};
use weir_testkit::Repository;

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
    let new = NewTask {
        title: "say hello".into(),
        text: String::new(),
        paths: PathSet::everything(),
        after: vec![],
        key: Some("hello".into()),
    };
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
