//! Two nodes on one PostgreSQL ledger: whoever asks either of them, there is one order, one owner, one answer.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use weir_engine::{Ask, Caller, Engine, Error, Folds, NewSession, NewTask, Options, Space, Store};
use weir_model::event::guard::Right;
use weir_model::{Actor, PathSet, PersonId, SessionId, TaskId};
use weir_testkit::{Cluster, Repository};

const TASKS: usize = 25;
const CLAIMERS: usize = 4;

fn open(repository: &Repository, folder: &Path, name: &str, url: &str) -> (Space, PersonId) {
    let home = folder.join(name);
    let options = Options {
        trees: Some(home.join("trees")),
        home: Some(home),
        drive: false,
        store: Store::Postgres { url: url.to_owned(), schema: "space".into() },
        ..Options::here(repository.path())
    };
    let (space, found) = Space::open(&options).expect("opens");
    (space, found.owner)
}

fn owner(person: PersonId) -> Caller {
    let rights = [Right::Read, Right::Task, Right::Claim, Right::Approve, Right::Admin];
    Caller { actor: Actor::Person(person), rights: rights.into(), token: None }
}

fn agent(session: SessionId) -> Caller {
    Caller {
        actor: Actor::Session(session),
        rights: [Right::Read, Right::Claim].into(),
        token: None,
    }
}

fn task(key: &str) -> NewTask {
    let (text, after, key) = (String::new(), vec![], Some(key.to_owned()));
    NewTask { title: "one".into(), text, paths: PathSet::everything(), after, key }
}

async fn session(engine: &Engine, owner: &Caller) -> Caller {
    let new = NewSession { agent: "agent".into(), paths: None, length: None };
    agent(engine.open_session(owner, new).await.expect("opened").session)
}

/// Waits until this node has taken in what that one recorded.
fn until<T>(engine: &Engine, is_there: impl Fn(&Folds) -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = engine.read(&is_there) {
            return found;
        }
        assert!(Instant::now() < until, "it never heard of it");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn two_nodes_come_to_the_same() {
    let cluster = Cluster::start(&["fsync=off"]);
    let repository = Repository::with(&[("README.md", "two nodes\n")]);
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, person) = open(&repository, folder.path(), "ours", &cluster.url());
    // Nodes of one space sign with one key.
    std::fs::create_dir_all(folder.path().join("theirs/private")).expect("a folder");
    let key = |node: &str| folder.path().join(node).join("private/ledger.key");
    std::fs::copy(key("ours"), key("theirs")).expect("copied");
    let (theirs, same) = open(&repository, folder.path(), "theirs", &cluster.url());
    assert_eq!(person, same, "one space has one first owner");
    let (nodes, owner) = ([ours.engine().clone(), theirs.engine().clone()], owner(person));

    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(4).enable_time().build().expect("a runtime");
    // The node that did not write it, and writes nothing itself, goes by it as well.
    let first = runtime.block_on(nodes[0].create_task(&owner, task("first"))).expect("cut");
    until(&nodes[1], |folds| folds.work.task(first).map(drop));
    runtime.block_on(async {
        let agent = session(&nodes[1], &owner).await;
        let ask = Ask { task: Some(first), ..Ask::default() };
        nodes[1].claim_task(&agent, ask).await.expect("nobody has it");
    });
    let held = until(&nodes[0], |folds| folds.work.task(first)?.state.hold().copied());
    let refused = runtime.block_on(async {
        let ask = Ask { task: Some(first), ..Ask::default() };
        let caller = session_known_to(&nodes[0], &nodes[1], &owner).await;
        nodes[0].claim_task(&caller, ask).await.expect_err("held")
    });
    assert!(
        matches!(&refused, Error::Refused(refusal) if refusal.code == "claim.held"),
        "{refused}"
    );

    let tasks = runtime.block_on(cut_on_both(&nodes, &owner));
    let wins = runtime.block_on(claim_on_both(&nodes, &owner, &tasks));
    assert_eq!(wins.len(), TASKS, "every task has an owner");
    assert!(wins.values().all(|wins| *wins == 1), "one owner: {wins:?}");

    let last = nodes.iter().map(|node| node.ledger().head()).max().expect("two");
    let folds: Vec<Folds> = nodes
        .iter()
        .map(|node| {
            until(node, |_| (node.read_at(|position, _| position) >= last).then_some(()));
            node.read(Clone::clone)
        })
        .collect();
    assert_eq!(folds[0], folds[1]);
    assert_eq!(folds[0].work.tasks().count(), TASKS + 1, "asked on both, cut once");
    assert_eq!(folds[0].work.task(first).and_then(|task| task.state.hold()), Some(&held));
    drop((ours, theirs));

    // And one that comes later reads the same from the ledger.
    let (later, _) = open(&repository, folder.path(), "ours", &cluster.url());
    assert_eq!(later.engine().read(Clone::clone), folds[0]);
    drop(later);
}

/// A session opened on one node, once the other knows it.
async fn session_known_to(node: &Engine, opened_on: &Engine, owner: &Caller) -> Caller {
    let caller = session(opened_on, owner).await;
    let Actor::Session(session) = caller.actor else { unreachable!("an agent's") };
    tokio::task::block_in_place(|| until(node, |folds| folds.guard.session(session).map(drop)));
    caller
}

/// Every task is asked for on both nodes at once, under one key.
async fn cut_on_both(nodes: &[Engine; 2], owner: &Caller) -> Vec<TaskId> {
    let mut cutting = JoinSet::new();
    for n in 0..TASKS * 2 {
        let (node, owner) = (nodes[n % 2].clone(), owner.clone());
        cutting.spawn(async move {
            let key = format!("key {}", n / 2);
            (n / 2, node.create_task(&owner, task(&key)).await.expect("cut"))
        });
    }
    let mut cut = BTreeMap::new();
    for (n, task) in cutting.join_all().await {
        let before = cut.insert(n, task);
        assert!(before.is_none_or(|before| before == task), "one key, two tasks");
    }
    cut.into_values().collect()
}

/// Every task is claimed by many on both nodes at once: how often each was won.
async fn claim_on_both(
    nodes: &[Engine; 2],
    owner: &Caller,
    tasks: &[TaskId],
) -> BTreeMap<TaskId, usize> {
    let mut callers = Vec::new();
    for n in 0..tasks.len() * CLAIMERS {
        let other = &nodes[(n + 1) % 2];
        callers.push(session_known_to(&nodes[n % 2], other, owner).await);
    }
    let mut claiming = JoinSet::new();
    for (n, caller) in callers.into_iter().enumerate() {
        let (node, task) = (nodes[n % 2].clone(), tasks[n / CLAIMERS]);
        claiming.spawn(async move {
            let ask = Ask { task: Some(task), ..Ask::default() };
            (task, node.claim_task(&caller, ask).await.map(|claim| claim.session))
        });
    }
    let mut wins = BTreeMap::new();
    for (task, outcome) in claiming.join_all().await {
        match outcome {
            Ok(_) => *wins.entry(task).or_default() += 1,
            Err(Error::Refused(refusal)) => assert_eq!(refusal.code, "claim.held", "{refusal}"),
            Err(Error::Failed(failure)) => panic!("{failure}"),
        }
    }
    wins
}
