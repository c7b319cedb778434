//! The PostgreSQL store: what both stores promise, and what only many nodes and a server can suffer.
//!
//! One test, because one server serves all its cases: each runs in a schema of its own.

mod conformance;

use conformance::{Home, all, append, expecting, one, open, second, told};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use weir_ledger::{AppendError, Ledger, PostgresStore, Store, StoreError, verify};
use weir_model::{Lease, Position};
use weir_testkit::Cluster;

struct Schema<'a> {
    url: &'a str,
    name: &'a str,
}

impl Home for Schema<'_> {
    fn store(&self) -> Box<dyn Store> {
        Box::new(PostgresStore::open(self.url, self.name).expect("opened"))
    }
}

#[test]
fn postgresql_keeps_every_promise() {
    let mut cluster = Cluster::start(&["fsync=off"]);
    let url = cluster.url();
    KILL_URL.lock().expect("sound").clone_from(&url);
    let own: [(&str, conformance::Case); 5] = [
        ("nodes_share_one_order", nodes_share_one_order),
        ("a_node_hears_of_the_appends_of_others", a_node_hears_of_the_appends_of_others),
        ("a_lease_is_had_by_one_node", a_lease_is_had_by_one_node),
        ("two_nodes_may_found_a_ledger_at_once", two_nodes_may_found_a_ledger_at_once),
        ("a_killed_connection_is_made_anew", a_killed_connection_is_made_anew),
    ];
    for (name, case) in conformance::CASES.iter().chain(&own) {
        println!("{name}");
        // A schema has at most 48 letters.
        case(&Schema { url: &url, name: &name[..name.len().min(48)] });
    }
    println!("what_is_not_ours_is_refused");
    what_is_not_ours_is_refused(&url);
    println!("a_crash_of_the_server_loses_nothing_acknowledged");
    a_crash_of_the_server_loses_nothing_acknowledged(&mut cluster);
}

fn nodes_share_one_order(home: &dyn Home) {
    let nodes = [open(home), open(home), open(home)];
    std::thread::scope(|threads| {
        for (n, node) in nodes.iter().enumerate() {
            for writer in 0..3 {
                threads.spawn(move || {
                    for turn in 0..20 {
                        append(node, one("work", &format!("{n}-{writer}-{turn}")));
                    }
                });
            }
        }
    });
    let records = all(&nodes[0]);
    let positions: Vec<_> = records.iter().map(|record| record.position.0).collect();
    assert_eq!(positions, (1..=180).collect::<Vec<_>>());
    assert!(records.iter().all(|record| record.version.0 == record.position.0));
    // Each node judges by what stands, not by what it remembers.
    assert!(nodes[0].append_wait(expecting("work", 180, one("work", "a"))).is_ok());
    let late = nodes[1].append_wait(expecting("work", 180, one("work", "b")));
    assert!(matches!(late, Err(AppendError::Conflict { actual, .. }) if actual.0 == 181));
    assert!(nodes[2].append_wait(expecting("work", 181, one("work", "c"))).is_ok());
    let mut export = Vec::new();
    nodes[1].export(&mut export).expect("exported");
    assert_eq!(verify(export.as_slice(), nodes[1].key()).expect("sound").checkpoint.size, 182);
}

fn a_node_hears_of_the_appends_of_others(home: &dyn Home) {
    let (ours, theirs) = (open(home), open(home));
    for n in 0..5 {
        // Also right after the start, when nobody listens yet.
        append(&theirs, one("work", &n.to_string()));
        assert_eq!(ours.wait_past(Position(n), Duration::from_secs(20)), Position(n + 1));
    }
    std::thread::sleep(Duration::from_millis(700)); // By now it listens.
    let mut waits: Vec<Duration> = (5..15)
        .map(|n| {
            append(&theirs, one("work", &n.to_string()));
            let since = Instant::now();
            assert_eq!(ours.wait_past(Position(n), Duration::from_secs(20)), Position(n + 1));
            since.elapsed()
        })
        .collect();
    waits.sort();
    assert!(
        waits[5] < Duration::from_millis(200),
        "hears of it at once, not by looking: {waits:?}"
    );
    assert_eq!(told(&ours), told(&theirs));
}

fn a_lease_is_had_by_one_node(home: &dyn Home) {
    let (ours, theirs) = (open(home), open(home));
    let length = Lease::minutes(1);
    let held = ours.lease("queue", "ours", second(0), length).expect("free");
    assert!(theirs.lease("queue", "theirs", second(30), length).is_err());
    let taken = theirs.lease("queue", "theirs", second(60), length).expect("ended");
    let stale = weir_ledger::Append { lease: Some(held.proof()), ..one("queue", "stale") };
    assert!(matches!(ours.append_wait(stale), Err(AppendError::LeaseLost { .. })));
    let mut fresh = weir_ledger::Append { lease: Some(taken.proof()), ..one("queue", "fresh") };
    fresh.records[0].at = second(61);
    append(&ours, fresh);
}

fn two_nodes_may_found_a_ledger_at_once(home: &dyn Home) {
    let opened: Vec<bool> = std::thread::scope(|threads| {
        let nodes: Vec<_> =
            (0..6).map(|_| threads.spawn(|| conformance::reopen(home).1.is_new)).collect();
        nodes.into_iter().map(|node| node.join().expect("no panic")).collect()
    });
    assert_eq!(opened.iter().filter(|is_new| **is_new).count(), 1);
}

fn a_killed_connection_is_made_anew(home: &dyn Home) {
    let ledger = open(home);
    append(&ledger, one("work", "a"));
    kill_connections();
    // It broke while it was idle, so nobody need notice.
    for n in 0..10 {
        append(&ledger, one("work", &n.to_string()));
    }
    assert_eq!(all(&ledger).len(), 11);
}

fn kill_connections() {
    let url = KILL_URL.lock().expect("sound").clone();
    let mut client = postgres::Client::connect(&url, postgres::NoTls).expect("connected");
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'weir-ledger'";
    client.batch_execute(kill).expect("killed");
}

static KILL_URL: Mutex<String> = Mutex::new(String::new());

fn what_is_not_ours_is_refused(url: &str) {
    let mut client = postgres::Client::connect(url, postgres::NoTls).expect("connected");
    client.batch_execute("CREATE SCHEMA theirs; CREATE TABLE theirs.things (x int)").expect("made");
    let refused =
        |schema: &str| PostgresStore::open(url, schema).err().expect("refused").to_string();
    assert!(refused("theirs").contains("tables of something else"));
    assert!(refused("a b; DROP").contains("must have a name"));
    drop(PostgresStore::open(url, "later").expect("opened"));
    client.batch_execute("UPDATE later.layout SET version = 2").expect("moved on");
    assert!(refused("later").contains("its layout is 2"));
    let error =
        PostgresStore::open("host=/nowhere user=weir password=hush", "x").err().expect("nobody");
    assert!(matches!(error, StoreError::Failed { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("hush"));
    let error = PostgresStore::open("postgres://weir:hush@[", "x").err().expect("no address");
    assert!(!format!("{error:?}").contains("hush"), "{error:?}");
}

/// The server dies under load, twice, and comes back: the ledger goes on, and every acknowledged record
/// stands where it was said to stand.
fn a_crash_of_the_server_loses_nothing_acknowledged(cluster: &mut Cluster) {
    let url = cluster.url();
    let ledger = open(&Schema { url: &url, name: "crash" });
    let (acknowledged, is_over) = (Mutex::new(BTreeMap::new()), AtomicBool::new(false));
    std::thread::scope(|threads| {
        for writer in 0..4 {
            let (ledger, acknowledged, is_over) = (ledger.clone(), &acknowledged, &is_over);
            threads.spawn(move || write_until(&ledger, writer, acknowledged, is_over));
        }
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(400));
            cluster.crash_and_restart();
        }
        std::thread::sleep(Duration::from_millis(400));
        is_over.store(true, Ordering::Relaxed);
    });
    let records = all(&ledger);
    let acknowledged = acknowledged.into_inner().expect("sound");
    assert!(acknowledged.len() > 50, "{}", acknowledged.len());
    for (at, text) in acknowledged {
        assert!(records[at as usize - 1].body.contains(&text), "E{at} is {text}");
    }
    let positions: Vec<_> = records.iter().map(|record| record.position.0).collect();
    assert_eq!(positions, (1..=records.len() as u64).collect::<Vec<_>>());
    let mut export = Vec::new();
    ledger.export(&mut export).expect("exported");
    verify(export.as_slice(), ledger.key()).expect("sound");
}

fn write_until(
    ledger: &Ledger,
    writer: u32,
    acknowledged: &Mutex<BTreeMap<u64, String>>,
    is_over: &AtomicBool,
) {
    let mut turn = 0;
    while !is_over.load(Ordering::Relaxed) {
        let text = format!("\"{writer}-{turn}\"");
        turn += 1;
        if let Ok(appended) = ledger.append_wait(one("work", text.trim_matches('"'))) {
            let before = acknowledged.lock().expect("sound").insert(appended.first.0, text);
            assert_eq!(before, None, "{} twice", appended.first);
        }
    }
}
