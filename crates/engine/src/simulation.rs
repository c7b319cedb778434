//! Many callers at once, a clock that jumps, a disk that fills: what readers see is what the ledger says, what was
//! acknowledged stays, and what failed did not happen.

use crate::testing::{Field, MemoryStore, agent, code, task};
use crate::{Ask, Caller, Error, NewSession, NewToken};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use weir_model::event::guard::Role;
use weir_model::event::work::Event as Work;
use weir_model::{Clock as _, Event, FencingToken, Lease, Position, TaskId, Timestamp};

#[derive(Debug, Clone)]
enum Command {
    Create,
    ClaimNext {
        minutes: u64,
    },
    Claim {
        nth: u64,
        minutes: u64,
    },
    Release {
        nth: u64,
    },
    Withdraw {
        nth: u64,
    },
    SpawnSession,
    EndSession,
    AddPerson,
    IssueToken,
    /// What happens to everybody.
    Clock {
        minutes: i64,
    },
    FillDisk {
        commits: u32,
    },
}

fn any_ask() -> impl Strategy<Value = Command> {
    let (nth, minutes) = (1u64..12, 1u64..60);
    prop_oneof![
        4 => Just(Command::Create),
        4 => minutes.clone().prop_map(|minutes| Command::ClaimNext { minutes }),
        4 => (nth.clone(), minutes).prop_map(|(nth, minutes)| Command::Claim { nth, minutes }),
        2 => nth.clone().prop_map(|nth| Command::Release { nth }),
        1 => nth.prop_map(|nth| Command::Withdraw { nth }),
        1 => Just(Command::SpawnSession),
        1 => Just(Command::EndSession),
        1 => Just(Command::AddPerson),
        1 => Just(Command::IssueToken),
        2 => (-30i64..60).prop_map(|minutes| Command::Clock { minutes }),
        1 => (1u32..4).prop_map(|commits| Command::FillDisk { commits }),
    ]
}

/// What one caller was told.
#[derive(Default)]
struct Told {
    created: Vec<(TaskId, String)>,
    failed: Vec<String>,
    claimed: Vec<(TaskId, FencingToken)>,
}

/// One caller, one command after the other.
async fn call(field: Arc<Field>, store: MemoryStore, script: Vec<Command>) -> Told {
    static NTH: AtomicUsize = AtomicUsize::new(0);
    let unique = || format!("number {}", NTH.fetch_add(1, Ordering::Relaxed));
    let (engine, owner) = (&field.engine, &field.owner);
    let (mut told, mut caller) = (Told::default(), owner.clone());
    let length = Lease::minutes(120);
    for ask in script {
        let claim = |task, minutes| {
            let ask = Ask { task, lease: Some(Lease::minutes(minutes)), ..Ask::default() };
            engine.claim_task(&caller, ask)
        };
        match ask {
            Command::Create => {
                let title = unique();
                match engine.create_task(owner, task(&title)).await {
                    Ok(task) => told.created.push((task, title)),
                    Err(Error::Failed(_)) => told.failed.push(title),
                    Err(Error::Refused(refusal)) => panic!("an owner may: {refusal}"),
                }
            }
            Command::ClaimNext { .. } | Command::Claim { .. } | Command::EndSession
                if caller == *owner =>
            {
                if let Ok(session) = field.session_of(owner, length).await {
                    caller = session;
                }
            }
            Command::ClaimNext { minutes } => {
                let claimed = claim(None, minutes).await;
                told.claimed.extend(claimed.map(|claim| (claim.task, claim.token)));
            }
            Command::Claim { nth, minutes } => {
                let claimed = claim(Some(TaskId(nth)), minutes).await;
                told.claimed.extend(claimed.map(|claim| (claim.task, claim.token)));
            }
            Command::Release { nth } => drop(engine.release_task(&caller, TaskId(nth)).await),
            Command::Withdraw { nth } => drop(engine.withdraw_task(owner, TaskId(nth)).await),
            Command::SpawnSession => {
                let new = NewSession { agent: unique(), paths: None, length: None };
                if let Ok(opened) = engine.open_session(&caller, new).await {
                    caller = agent(opened.session);
                }
            }
            Command::EndSession => {
                let weir_model::Actor::Session(session) = caller.actor else { continue };
                drop(engine.end_session(owner, session, "enough".into()).await);
                caller = owner.clone();
            }
            Command::AddPerson => drop(engine.add_person(owner, unique(), Role::Member).await),
            Command::IssueToken => {
                let new = NewToken { label: unique(), ..NewToken::default() };
                drop(engine.issue_token(owner, new).await);
            }
            Command::Clock { minutes } => {
                let now = field.clock.now().as_millis() + minutes * 60_000;
                field.clock.set(Timestamp::from_millis(now));
            }
            Command::FillDisk { commits } => store.fill(commits),
        }
    }
    told
}

/// All that was told is so, nothing else is, and every reader of the ledger comes to the same.
fn assert_sound(field: &Field, told: &[Told]) {
    let folds = field.engine.read(Clone::clone);
    assert_eq!(folds, field.replayed(), "what readers see is not what the ledger says");
    for (task, title) in told.iter().flat_map(|told| &told.created) {
        let known = folds.work.task(*task).expect("what was acknowledged is there");
        assert_eq!(&known.title, title);
    }
    let titles: BTreeSet<_> = folds.work.tasks().map(|task| task.title.as_str()).collect();
    for title in told.iter().flat_map(|told| &told.failed) {
        assert!(!titles.contains(title.as_str()), "`{title}` failed, and yet it is there");
    }
    let (mut grants, mut last) = (BTreeSet::new(), Timestamp::default());
    let mut position = Position(0);
    while let Some(record) = field.engine.log(position, 1).expect("read").pop() {
        assert!(last <= record.at, "time went back at {}", record.position);
        (last, position) = (record.at, record.position);
        let event = Event::from_json(record.stream.as_str(), &record.body).expect("an event");
        if let Event::Work(Work::TaskClaimed { task, hold }) = event {
            assert!(grants.insert((task, hold.token)), "granted twice");
        }
    }
    for claim in told.iter().flat_map(|told| &told.claimed) {
        assert!(grants.contains(claim), "{claim:?} was told and is not on record");
    }
    let snapshot = serde_json::to_vec(&folds).expect("plain data");
    let read: crate::Folds = serde_json::from_slice(&snapshot).expect("as it was written");
    assert_eq!(read, folds, "a snapshot says something else than what it was made of");
}

fn threads() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(4).enable_time().build().expect("a runtime")
}

#[test]
fn whatever_is_asked_at_once_the_ledger_says_what_readers_see() {
    let runtime = threads();
    let script = proptest::collection::vec(any_ask(), 1..25);
    let scripts = proptest::collection::vec(script, 2..10);
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig { cases: cases.unwrap_or(24), ..ProptestConfig::default() };
    proptest!(config, |(scripts in scripts)| {
        let store = MemoryStore::default();
        let field = Arc::new(Field::on(store.clone()));
        let told = runtime.block_on(async {
            let calls = scripts.iter().cloned();
            let calls: JoinSet<Told> =
                calls.map(|script| call(Arc::clone(&field), store.clone(), script)).collect();
            // Nobody waits for ever, whatever failed meanwhile.
            let all = tokio::time::timeout(Duration::from_secs(60), calls.join_all()).await;
            let mut told = all.expect("everybody was answered");
            // And with space on the disk again, all goes on as before.
            store.fill(0);
            let task = field.task("afterwards").await.expect("there is space");
            told.push(Told { created: vec![(task, "afterwards".into())], ..Told::default() });
            told
        });
        assert_sound(&field, &told);
    });
}

#[test]
fn of_all_who_claim_a_task_at_once_one_wins() {
    const TASKS: u64 = 40;
    const CLAIMERS: usize = 64;
    let field = Arc::new(Field::on(MemoryStore::default()));
    threads().block_on(async {
        for n in 1..=TASKS {
            field.task(&format!("task {n}")).await.expect("cut");
        }
        for n in 1..=TASKS {
            let mut callers = JoinSet::new();
            for _ in 0..CLAIMERS {
                let caller = field.session().await;
                let field = Arc::clone(&field);
                let ask = Ask { task: Some(TaskId(n)), ..Ask::default() };
                callers.spawn(async move { code(&field.engine.claim_task(&caller, ask).await) });
            }
            let answers = callers.join_all().await;
            let won = answers.iter().filter(|answer| *answer == "ok").count();
            let lost = answers.iter().filter(|answer| *answer == "claim.held").count();
            assert_eq!((won, lost), (1, CLAIMERS - 1), "{answers:?}");
        }
    });
    assert_sound(&field, &[]);
}

/// The disk is full just as one of two claims is written. The other was not refused for a claim that never came
/// to be: it is decided again, and wins.
#[test]
fn a_refusal_waits_for_what_it_rests_on() {
    let store = MemoryStore::default();
    let field = Arc::new(Field::on(store.clone()));
    threads().block_on(async {
        let task = field.task("one").await.expect("cut");
        let (first, second) = (field.session().await, field.session().await);
        store.hold();
        store.fill(1);
        let claim = |caller: Caller| {
            let field = Arc::clone(&field);
            let ask = Ask { task: Some(task), ..Ask::default() };
            tokio::spawn(async move { code(&field.engine.claim_task(&caller, ask).await) })
        };
        let first = claim(first);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let second = claim(second);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!second.is_finished(), "answered from what may yet be lost");
        store.let_go();
        assert!(first.await.expect("no panic").starts_with("failed: could not record it"));
        assert_eq!(second.await.expect("no panic"), "ok");
    });
    assert_sound(&field, &[]);
}

#[test]
fn readers_see_nothing_that_may_yet_be_lost() {
    let store = MemoryStore::default();
    let field = Arc::new(Field::on(store.clone()));
    threads().block_on(async {
        store.hold();
        store.fill(1);
        let cutting = Arc::clone(&field);
        let cut = tokio::spawn(async move { code(&cutting.task("one").await) });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(field.engine.read(|folds| folds.work.tasks().count()), 0);
        store.let_go();
        assert!(cut.await.expect("no panic").starts_with("failed:"));
        assert_eq!(field.engine.read(|folds| folds.work.tasks().count()), 0);
        assert_eq!(field.task("two").await.expect("there is space"), TaskId(1));
    });
    assert_sound(&field, &[]);
}
