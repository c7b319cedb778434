//! The usual way: a table of tasks in SQLite, and one durable transaction a claim.

use crate::table::Row;
use rusqlite::{Connection, params};
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// What is left after this long is left.
const AT_MOST: Duration = Duration::from_secs(10);

const CLAIM: &str = "UPDATE tasks SET owner = ?1, token = token + 1 WHERE id = \
                     (SELECT id FROM tasks WHERE owner IS NULL AND after IS NULL ORDER BY id LIMIT 1) \
                     RETURNING id";

/// So many workers, each with a connection of its own, claim until nothing is ready.
pub(crate) fn storm(folder: &Path, workers: usize, tasks: usize, blocked_every: usize) -> Row {
    let file = folder.join(format!("baseline-{workers}.db"));
    plant(&file, tasks, blocked_every);
    let barrier = Barrier::new(workers + 1);
    let (seen, took) = std::thread::scope(|threads| {
        let running: Vec<_> = (0..workers)
            .map(|worker| {
                let (barrier, file) = (&barrier, &file);
                threads.spawn(move || {
                    let db = connect(file);
                    barrier.wait();
                    work(&db, worker as i64)
                })
            })
            .collect();
        barrier.wait();
        let began = Instant::now();
        let seen: Vec<_> =
            running.into_iter().map(|thread| thread.join().expect("no panic")).collect();
        (seen, began.elapsed())
    });
    let errors = seen.iter().map(|(_, errors)| errors).sum();
    let waits: Vec<Duration> = seen.into_iter().flat_map(|(waits, _)| waits).collect();
    let doubles = connect(&file)
        .query_row("SELECT count(*) FROM tasks WHERE token > 1", [], |row| row.get::<_, i64>(0))
        .expect("counted") as usize;
    let what = "baseline: `UPDATE … RETURNING` on a table".into();
    Row { what, workers, claims: waits.len(), took, waits, doubles, errors }
}

fn connect(file: &Path) -> Connection {
    let db = Connection::open(file).expect("opened");
    db.busy_timeout(Duration::from_secs(5)).expect("set");
    db.pragma_update(None, "journal_mode", "WAL").expect("set");
    db.pragma_update(None, "synchronous", "FULL").expect("set");
    db
}

fn plant(file: &Path, tasks: usize, blocked_every: usize) {
    let mut db = connect(file);
    db.execute_batch(
        "CREATE TABLE tasks (id INTEGER PRIMARY KEY, title TEXT, text TEXT, after INTEGER, owner INTEGER, \
         token INTEGER NOT NULL DEFAULT 0); \
         CREATE INDEX ready ON tasks (id) WHERE owner IS NULL AND after IS NULL;",
    )
    .expect("made");
    let planting = db.transaction().expect("begun");
    for n in 0..tasks as i64 {
        let after = (n % blocked_every as i64 == 0).then_some(n + 1);
        let row = params![n, format!("task number {n}"), "x".repeat(90), after];
        let insert = "INSERT INTO tasks (id, title, text, after) VALUES (?1, ?2, ?3, ?4)";
        planting.execute(insert, row).expect("inserted");
    }
    planting.commit().expect("planted");
}

/// How long each claim took, and how many times the database would not.
fn work(db: &Connection, worker: i64) -> (Vec<Duration>, usize) {
    let mut claim = db.prepare(CLAIM).expect("prepared");
    let (began, mut waits, mut errors) = (Instant::now(), Vec::new(), 0);
    while began.elapsed() < AT_MOST {
        let since = Instant::now();
        let mut rows = claim.query([worker]).expect("bound");
        match rows.next() {
            Ok(Some(_)) => {
                // The change is made once the statement has come to its end.
                if rows.next().is_ok() { waits.push(since.elapsed()) } else { errors += 1 }
            }
            Ok(None) => break,
            Err(_) => errors += 1,
        }
    }
    (waits, errors)
}
