//! Durable decisions a second on both stores: acts that change something, each on record before it is answered.
//!
//! `cargo xtask bench acts` prints a Markdown table. So many sessions act at once, each its next act when the last was
//! answered. An act is an edit of a file that exists: its paths are looked up on the disk, the policies that Weir
//! ships rule, and the decision is durable before the answer. In one process, without HTTP. Beside it, in the same run
//! and on the same disk: the ledger alone, given records of the same length. A session is relieved by a fresh one after
//! 150 acts, for a breaker rightly stops an agent that makes hundreds in a minute.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use weir_engine::{Caller, Engine, Found, NewSession, Options, Space, Store};
use weir_ledger::{Append, Ledger, NewRecord, PostgresStore, Signer, SqliteStore, Stream};
use weir_model::act::{Act, Answer, Client, FileChange, Moment, Tool, WriteHow};
use weir_model::event::guard::Right;
use weir_model::{Actor, PersonId, Timestamp};
use weir_testkit::{Cluster, Repository};

/// How long each rate is measured.
const MEASURE_FOR: Duration = Duration::from_secs(4);
const AT_ONCE: [usize; 3] = [1, 16, 256];
const RELIEVED_AFTER: usize = 150;

fn main() {
    // Stores are opened and closed outside of it: they block.
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    // Beside this program, where the disk is one: a temporary folder may be memory.
    let own = std::env::current_exe().expect("this program");
    let folder = tempfile::tempdir_in(own.parent().expect("a folder")).expect("a folder");
    let cluster = Cluster::start(&["fsync=on", "shared_buffers=256MB", "max_wal_size=4GB"]);
    println!("| store | what | at once | a second | p50 ms | p99 ms | bytes a record |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    for at_once in AT_ONCE {
        let name = format!("sqlite{at_once}");
        let body = acts("SQLite", folder.path(), &name, Store::Embedded, at_once, &runtime);
        let store = SqliteStore::open(&folder.path().join(format!("plain{at_once}")));
        appends("SQLite", Box::new(store.expect("opened")), at_once, body, &runtime);
    }
    for at_once in AT_ONCE {
        let (url, schema) = (cluster.url(), format!("acts{at_once}"));
        let store = Store::Postgres { url: url.clone(), schema: schema.clone() };
        let body = acts("PostgreSQL", folder.path(), &schema, store, at_once, &runtime);
        let store = PostgresStore::open(&url, &format!("plain{at_once}"));
        appends("PostgreSQL", Box::new(store.expect("opened")), at_once, body, &runtime);
    }
}

/// Acts on a new space; gives one of the records that were written.
fn acts(
    name: &str,
    folder: &Path,
    space: &str,
    store: Store,
    at_once: usize,
    runtime: &Runtime,
) -> String {
    let repository = Repository::with(&[("src/main.rs", "fn main() {}\n")]);
    let home = folder.join(space);
    let options = Options {
        home: Some(home.join("weir")),
        trees: Some(home.join("trees")),
        drive: false,
        store,
        ..Options::here(repository.path())
    };
    let (space, Found { owner, .. }) = Space::open(&options).expect("opens");
    let owner = person(owner);
    let tree = repository.path().canonicalize().expect("there").display().to_string();
    let running: Vec<_> = (0..at_once)
        .map(|n| {
            let (engine, owner, tree) = (space.engine().clone(), owner.clone(), tree.clone());
            runtime.spawn(async move { agent(&engine, &owner, &tree, n).await })
        })
        .collect();
    let mut waits = Vec::new();
    for one in running {
        waits.extend(runtime.block_on(one).expect("no panic"));
    }
    let head = space.engine().read_at(|position, _| position);
    let records = space.engine().log(weir_model::Position(head.0 - 1), 1).expect("read");
    let body = records.first().expect("the last record").body.clone();
    row(name, "acts, decided and durable", at_once, waits, body.len());
    body
}

/// One agent: how long each of its acts took.
async fn agent(engine: &Engine, owner: &Caller, tree: &str, n: usize) -> Vec<Duration> {
    let mut waits = Vec::new();
    let mut caller = session(engine, owner, tree).await;
    let (began, mut relieving) = (Instant::now(), Duration::ZERO);
    while began.elapsed() < MEASURE_FOR + relieving {
        if waits.len() % RELIEVED_AFTER == RELIEVED_AFTER - 1 {
            let since = Instant::now();
            caller = session(engine, owner, tree).await;
            relieving += since.elapsed();
        }
        let act = edit(tree, n, waits.len());
        let since = Instant::now();
        let answered = engine.act(&caller, act).await.expect("answered");
        waits.push(since.elapsed());
        assert_eq!(answered.ruling.answer, Answer::Allow, "{:?}", answered.ruling);
        assert!(answered.decision.is_some(), "an edit is on record");
    }
    waits
}

async fn session(engine: &Engine, owner: &Caller, tree: &str) -> Caller {
    let new = NewSession { agent: "claude".into(), paths: None, length: None };
    let session = engine.open_session(owner, new).await.expect("opened").session;
    let (version, tree) = ("2.1.330".to_owned(), tree.to_owned());
    engine.attach(owner, session, Client::Claude, version, tree).await.expect("attached");
    let rights = [Right::Read, Right::Claim];
    Caller { actor: Actor::Session(session), rights: rights.into(), token: None }
}

fn person(person: PersonId) -> Caller {
    let rights = [Right::Read, Right::Task, Right::Claim, Right::Approve, Right::Admin];
    Caller { actor: Actor::Person(person), rights: rights.into(), token: None }
}

/// An edit that no other act repeats, so that nothing looks like a loop.
fn edit(tree: &str, agent: usize, n: usize) -> Act {
    let preview = format!("-    let level = {n};\n+    let level = {agent};\n").repeat(4);
    let path = format!("{tree}/src/main.rs");
    Act {
        client: Some(Client::Claude),
        moment: Moment::BeforeTool,
        conversation: "c1".to_owned(),
        subagent: None,
        call: Some(format!("t{n}")),
        cwd: tree.to_owned(),
        mode: None,
        tool: Tool::Write { files: vec![FileChange { path, how: WriteHow::Change, preview }] },
    }
}

/// The ledger alone, with records of this length.
fn appends(
    name: &str,
    store: Box<dyn weir_ledger::Store>,
    at_once: usize,
    body: String,
    runtime: &Runtime,
) {
    let signer: Signer =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
            .parse()
            .expect("a key");
    let (ledger, _) = Ledger::open(store, signer).expect("opened");
    let bytes = body.len();
    let body = Arc::new(body);
    let running: Vec<_> = (0..at_once)
        .map(|_| {
            let (ledger, body) = (ledger.clone(), Arc::clone(&body));
            runtime.spawn(async move { writer(&ledger, &body).await })
        })
        .collect();
    let mut waits = Vec::new();
    for one in running {
        waits.extend(runtime.block_on(one).expect("no panic"));
    }
    row(name, "baseline: plain appends to the ledger", at_once, waits, bytes);
}

async fn writer(ledger: &Ledger, body: &str) -> Vec<Duration> {
    let (began, mut waits) = (Instant::now(), Vec::new());
    while began.elapsed() < MEASURE_FOR {
        let at = Timestamp::from_millis(1_800_000_000_000);
        let stream = Stream::known("act");
        let record = NewRecord { stream, at, by: "S12".into(), body: body.to_owned() };
        let append = Append { records: vec![record], ..Append::default() };
        let (tell, told) = tokio::sync::oneshot::channel();
        let since = Instant::now();
        ledger.append(append, move |result| {
            result.expect("appended");
            // Whoever asked waits.
            let _ = tell.send(());
        });
        told.await.expect("appended");
        waits.push(since.elapsed());
    }
    waits
}

fn row(store: &str, what: &str, at_once: usize, mut waits: Vec<Duration>, bytes: usize) {
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    let rate = waits.len() as f64 / MEASURE_FOR.as_secs_f64();
    println!(
        "| {store} | {what} | {at_once} | {rate:.0} | {:.2} | {:.2} | {bytes} |",
        at(0.5),
        at(0.99)
    );
}
