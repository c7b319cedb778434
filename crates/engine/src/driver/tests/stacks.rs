//! Changes that build upon changes that have not landed: they land together, or as far as they pass, and go back together.

use super::*;
use weir_model::Refusal;

/// Claims a task that waits for another, to build upon that one's change, and brings a file upon `commit`.
async fn push_upon(
    field: &Field,
    first: Brought,
    upon: CommitId,
    path: &str,
    text: &str,
) -> Result<Brought, Refusal> {
    field.repository.git(&["checkout", "-q", "--detach", &upon.to_string()]);
    let commit: CommitId =
        field.repository.commit(path, &[(path, text)]).parse().expect("a commit");
    let engine = &field.engine;
    let paths = PathSet::new([path]).expect("a pattern");
    let length = Some(Lease::minutes(8 * 60));
    let new = NewSession { agent: "agent".into(), paths: Some(paths.clone()), length };
    let agent = agent(engine.open_session(&field.owner, new).await.expect("opened").session);
    let new = NewTask { paths, after: vec![first.task], ..task(path) };
    let task = engine.create_task(&field.owner, new).await.expect("cut");
    let ask = |stacked| Ask { task: Some(task), stacked, ..Ask::default() };
    let refused = |error| match error {
        crate::Error::Refused(refusal) => refusal,
        crate::Error::Failed(failure) => panic!("{failure}"),
    };
    let blocked = engine.claim_task(&agent, ask(false)).await.map(drop).map_err(refused);
    assert_eq!(blocked.expect_err("it waits").code, "task.blocked");
    engine.claim_task(&agent, ask(true)).await.map_err(refused)?;
    let asked = Asked { target: "refs/for/main".into(), new: Some(commit), pack_bytes: 100 };
    match engine.judge_push(&agent, &asked, engine.trunk().objects()).await.map_err(refused)? {
        Verdict::Enter(judged) => {
            let revision = engine.record_push(&agent, judged).await.expect("recorded").revision;
            Ok(Brought { task, revision, commit })
        }
        Verdict::Entered(reply) => panic!("{reply:?} entered before"),
    }
}

fn bring_upon(field: &Field, first: Brought, path: &str, text: &str) -> Brought {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let brought = runtime.block_on(push_upon(field, first, first.commit, path, text));
    brought.unwrap_or_else(|refusal| panic!("not let in: {refusal}"))
}

fn field(store: &MemoryStore) -> Field {
    let rules = "[[check]]\nname = \"test\"\nrun = \"! grep -rq bad . --include=*.rs\"\n[queue]\nworkers = 3\n";
    Field::with(store.clone(), rules)
}

fn state(field: &Field, change: Brought) -> String {
    field.engine.read(|folds| {
        match &folds.review.change(change.revision.change).expect("known").state {
            weir_review::State::Returned(repair) => repair.code.clone(),
            weir_review::State::Open => "open".into(),
            weir_review::State::Landed(landing) => format!("landed {landing}"),
            weir_review::State::Abandoned => "abandoned".into(),
        }
    })
}

fn at_work(field: &Field) -> Drive {
    let mut drive = drive(field, "the one at work");
    drive.hold_lease().expect("free");
    drive
}

#[test]
fn a_stack_lands_as_far_as_it_passes() {
    let store = MemoryStore::default();
    let field = field(&store);
    let first = bring(&field, "first.rs", "fine\n");
    let second = bring_upon(&field, first, "second.rs", "fine\n");
    let third = bring_upon(&field, second, "third.rs", "bad\n");
    let fourth = bring_upon(&field, third, "fourth.rs", "fine\n");
    let mut drive = at_work(&field);
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &[first, second]);
    assert_eq!(state(&field, third), "check.failed");
    assert_eq!(state(&field, fourth), "stack.below_left");
}

#[test]
fn what_is_rejected_takes_with_it_what_builds_upon_it() {
    let store = MemoryStore::default();
    let field = field(&store);
    let first = bring(&field, "first.rs", "fine\n");
    let second = bring_upon(&field, first, "second.rs", "fine\n");
    let third = bring_upon(&field, second, "third.rs", "fine\n");
    let other = bring(&field, "other.rs", "fine\n");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let rejected = field.engine.reject(&field.owner, first.revision, "not so".into());
    runtime.block_on(rejected).expect("rejected");
    let mut drive = at_work(&field);
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &[other]);
    let states = [first, second, third].map(|change| state(&field, change));
    assert_eq!(states, ["review.rejected", "stack.below_left", "stack.below_left"]);
    // Nobody can build upon it until it was brought again.
    let agent = runtime.block_on(field.session());
    let ask = Ask { task: Some(second.task), stacked: true, ..Ask::default() };
    let refused = runtime.block_on(field.engine.claim_task(&agent, ask));
    assert_eq!(code(&refused.map(drop)), "task.blocked");
}

/// It is judged by what it adds to what is below it, and must contain that.
#[test]
fn what_does_not_contain_what_is_below_it_is_refused() {
    let store = MemoryStore::default();
    let field = field(&store);
    let first = bring(&field, "first.rs", "fine\n");
    let tip = field.engine.trunk().tip().expect("a tip");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let refused = runtime.block_on(push_upon(&field, first, tip, "second.rs", "fine\n"));
    let refusal = refused.map(drop).expect_err("it does not contain the first");
    assert_eq!(refusal.code, "stack.not_upon");
    assert!(refusal.hint.expect("what to do").contains("refs/weir/changes/C1/1"));
}
