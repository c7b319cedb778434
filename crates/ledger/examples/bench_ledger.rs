//! How fast the ledger is, on both stores, beside raw inserts on the same disk in the same run.
//!
//! `cargo run --release --example bench_ledger` prints a Markdown table, in under three minutes. Records bear
//! an event of 300 bytes; every append is one record, expects its stream's version where one writer knows
//! it, and is answered only when it is durable.

use std::io::BufReader;
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};
use weir_ledger::{
    Append, Ledger, NewRecord, PostgresStore, Signer, Snapshot, SqliteStore, Store, Stream, verify,
    verify_store,
};
use weir_model::{Position, Timestamp};
use weir_testkit::Cluster;

/// How long each rate is measured.
const MEASURE_FOR: Duration = Duration::from_secs(4);

/// For the start of a large ledger.
const RECORDS: u64 = 1_000_000;

/// The folds of a ledger of a million records: some 30 bytes a record, and as much again.
const SNAPSHOT_BYTES: usize = 64 << 20;

/// Records that came after the snapshot.
const TAIL: u64 = 5_000;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    println!("| store | what | writers | a second | p50 | p99 |");
    println!("|---|---|---:|---:|---:|---:|");
    raw_sqlite(folder.path());
    let open = |name: &str| -> Box<dyn Store> {
        Box::new(SqliteStore::open(&folder.path().join(name)).expect("opened"))
    };
    appends("SQLite", &open);
    large("SQLite", &open, Some(&folder.path().join("large")));

    let cluster = Cluster::start(&[
        "fsync=on",
        "max_connections=50",
        "shared_buffers=256MB",
        "max_wal_size=4GB",
    ]);
    let url = cluster.url();
    raw_postgres(&url, 1);
    raw_postgres(&url, 16);
    let open = |name: &str| -> Box<dyn Store> {
        Box::new(PostgresStore::open(&url, name).expect("opened"))
    };
    appends("PostgreSQL", &open);
    large("PostgreSQL", &open, None);
}

fn signer() -> Signer {
    // One that stays the same while a ledger is opened again.
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
        .parse()
        .expect("a key")
}

fn event(n: u64) -> String {
    format!(r#"{{"kind":"bench.v1","n":{n},"text":"{}"}}"#, "x".repeat(260))
}

fn record(n: u64) -> NewRecord {
    let at = Timestamp::from_millis(1_800_000_000_000);
    NewRecord { stream: Stream::known("work"), at, by: "S12".into(), body: event(n) }
}

/// Appends a second and their latencies, with so many who each wait for their own before the next.
fn appends(store: &str, open: &dyn Fn(&str) -> Box<dyn Store>) {
    for writers in [1, 16, 256] {
        let (ledger, _) =
            Ledger::open(open(&format!("appends_{writers}")), signer()).expect("opened");
        measure(store, "ledger, durable appends", writers, || {
            let ledger = ledger.clone();
            move |n| {
                let append = Append { records: vec![record(n)], ..Append::default() };
                ledger.append_wait(append).expect("appended");
            }
        });
    }
}

/// The least that durability costs here: one row, one commit.
fn raw_sqlite(folder: &Path) {
    let db = rusqlite::Connection::open(folder.join("raw.db")).expect("opened");
    db.pragma_update(None, "journal_mode", "WAL").expect("set");
    db.pragma_update(None, "synchronous", "FULL").expect("set");
    db.execute_batch("CREATE TABLE records (position INTEGER PRIMARY KEY, line TEXT, hash BLOB)")
        .expect("made");
    let db = std::sync::Mutex::new(db);
    measure("SQLite", "baseline: raw inserts, `synchronous=FULL`", 1, || {
        |n| {
            let db = db.lock().expect("sound");
            let mut insert = db
                .prepare_cached("INSERT INTO records (line, hash) VALUES (?, ?)")
                .expect("prepared");
            insert.execute(rusqlite::params![event(n), [7u8; 32]]).expect("inserted");
        }
    });
}

fn raw_postgres(url: &str, writers: usize) {
    let connect = || postgres::Client::connect(url, postgres::NoTls).expect("connected");
    connect()
        .batch_execute("CREATE TABLE IF NOT EXISTS raw (position bigserial PRIMARY KEY, line text, hash bytea)")
        .expect("made");
    measure("PostgreSQL", "baseline: raw `INSERT`s, a connection each", writers, || {
        let mut client = connect();
        let insert =
            client.prepare("INSERT INTO raw (line, hash) VALUES ($1, $2)").expect("prepared");
        move |n| {
            client.execute(&insert, &[&event(n), &&[7u8; 32][..]]).expect("inserted");
        }
    });
}

fn measure<W: FnMut(u64) + Send>(store: &str, what: &str, writers: usize, writer: impl Fn() -> W) {
    let barrier = Barrier::new(writers);
    let (mut waits, span) = std::thread::scope(|threads| {
        let running: Vec<_> = (0..writers)
            .map(|_| {
                let (mut write, barrier) = (writer(), &barrier);
                threads.spawn(move || {
                    barrier.wait();
                    let (start, mut waits) = (Instant::now(), Vec::new());
                    while start.elapsed() < MEASURE_FOR {
                        let since = Instant::now();
                        write(waits.len() as u64);
                        waits.push(since.elapsed());
                    }
                    (waits, start.elapsed())
                })
            })
            .collect();
        let done: Vec<_> =
            running.into_iter().map(|thread| thread.join().expect("no panic")).collect();
        let span = done.iter().map(|(_, span)| *span).max().unwrap_or_default();
        (done.into_iter().flat_map(|(waits, _)| waits).collect::<Vec<_>>(), span)
    });
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    let rate = waits.len() as f64 / span.as_secs_f64();
    println!(
        "| {store} | {what} | {writers} | {rate:.0} | {:.2} ms | {:.2} ms |",
        at(0.5),
        at(0.99)
    );
}

/// A ledger of a million records: how it is filled, started, exported and verified.
fn large(store: &str, open: &dyn Fn(&str) -> Box<dyn Store>, folder: Option<&Path>) {
    let row = |what: &str, took: Duration| {
        let (rate, took) = (RECORDS as f64 / took.as_secs_f64(), took.as_secs_f64() * 1000.0);
        // How fast a start goes has no rate: it does not read every record.
        let rate = if what.contains("start with") { "-".into() } else { format!("{rate:.0}") };
        println!("| {store} | {what} | | {rate} | {took:.0} ms in all | |");
    };
    let (ledger, _) = Ledger::open(open("large"), signer()).expect("opened");
    let since = Instant::now();
    for batch in 0..RECORDS / 500 {
        let records = (0..500).map(|n| record(batch * 500 + n)).collect();
        ledger.append(Append { records, ..Append::default() }, |result| {
            result.expect("appended");
        });
        if batch % 20 == 0 {
            // No faster than it is written, so that the queue stays small.
            ledger
                .wait_past(Position((batch * 500).saturating_sub(20_000)), Duration::from_secs(60));
        }
    }
    ledger.wait_past(Position(RECORDS - 1), Duration::from_secs(60));
    row("fill with 1,000,000 records, 500 an append", since.elapsed());
    ledger.put_snapshot("folds", Position(RECORDS - TAIL), &vec![7; SNAPSHOT_BYTES]).expect("put");
    drop(ledger);

    let since = Instant::now();
    let (ledger, opened) = Ledger::open(open("large"), signer()).expect("opened");
    assert_eq!(opened.head, Position(RECORDS));
    row("start with 1,000,000 records: open alone", since.elapsed());
    let Ok(Snapshot::Whole { at, bytes }) = ledger.snapshot("folds") else { panic!("no snapshot") };
    let read = replay(&ledger, at);
    assert_eq!((bytes.len(), read), (SNAPSHOT_BYTES, TAIL));
    row("start with a snapshot: opened, 64 MiB checked, 5,000 records read", since.elapsed());
    let since = Instant::now();
    assert_eq!(replay(&ledger, Position(0)), RECORDS);
    row("start anew: every record read", since.elapsed());

    let file = tempfile::NamedTempFile::new().expect("a file");
    let since = Instant::now();
    ledger.export(&mut file.as_file()).expect("exported");
    row("export", since.elapsed());
    let since = Instant::now();
    verify(BufReader::new(file.reopen().expect("opened")), ledger.key()).expect("sound");
    row("verify the export", since.elapsed());
    if let Some(folder) = folder {
        let since = Instant::now();
        verify_store(folder, ledger.key()).expect("sound");
        row("verify the store itself", since.elapsed());
    }
}

fn replay(ledger: &Ledger, mut after: Position) -> u64 {
    let mut read = 0;
    loop {
        let page = ledger.read(after, 1000).expect("read");
        let Some(last) = page.last() else { return read };
        after = last.position;
        read += page.len() as u64;
    }
}
