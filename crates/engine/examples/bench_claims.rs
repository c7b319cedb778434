//! A storm of claims on one space: 10,000 tasks, more and more workers, a durable store on a real disk.
//!
//! `cargo xtask bench claims` prints a Markdown table. A worker takes the next ready task, again and again, each
//! time in a fresh session, until none is left; a tenth of the tasks come after another and are never ready. Every
//! storm is counted a second time from the ledger alone. Beside it, in the same run and on the same disk, the
//! usual way to do it: a table, one `UPDATE … RETURNING` a claim, one durable transaction each.

#[path = "bench_claims/baseline.rs"]
mod baseline;
#[path = "bench_claims/table.rs"]
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use table::{Row, print, print_marks};
use weir_engine::{Ask, Caller, Engine, Error, NewSession, NewTask, Options, Space};
use weir_model::event::guard::Right;
use weir_model::event::work::Event as Work;
use weir_model::{Actor, Event, FencingToken, Lease, PathSet, PersonId, Position, TaskId};
use weir_testkit::Repository;

const TASKS: usize = 10_000;
/// Every tenth task comes after the one before it.
const BLOCKED_EVERY: usize = 10;
const WORKERS: [usize; 4] = [8, 32, 128, 512];
/// How many single operations a latency at 10,000 items is taken from.
const SINGLES: usize = 500;

#[tokio::main]
async fn main() {
    let folder = on_disk();
    let mut rows = Vec::new();
    for workers in WORKERS {
        rows.push(storm(folder.path(), workers).await);
        rows.push(baseline::storm(folder.path(), workers, TASKS, BLOCKED_EVERY));
    }
    print(&rows);
    marks(folder.path()).await;
}

/// Beside this program, where the disk is one: a temporary folder may be memory.
fn on_disk() -> tempfile::TempDir {
    let own = std::env::current_exe().expect("this program");
    tempfile::tempdir_in(own.parent().expect("a folder")).expect("a folder")
}

/// A space with all tasks cut, and who may claim them.
struct Field {
    space: Space,
    owner: Caller,
    _repository: Repository,
}

impl Field {
    fn engine(&self) -> &Engine {
        self.space.engine()
    }

    async fn plant(folder: &Path, name: &str) -> (Self, Duration) {
        let repository = Repository::with(&[("README.md", "a field\n")]);
        let home: PathBuf = folder.join(name);
        let options = Options {
            home: Some(home.join("weir")),
            trees: Some(home.join("trees")),
            drive: false,
            ..Options::here(repository.path())
        };
        let (space, found) = Space::open(&options).expect("opens");
        let owner = person(found.owner);
        let field = Self { space, owner, _repository: repository };
        let began = Instant::now();
        // In waves, so that what a task comes after is there.
        let (first, later): (Vec<_>, Vec<_>) = (1..=TASKS).partition(|n| n % BLOCKED_EVERY != 0);
        field.cut(first, |_| vec![]).await;
        field.cut(later, |n| vec![TaskId(n as u64 % 1000 + 1)]).await;
        (field, began.elapsed())
    }

    async fn cut(&self, which: Vec<usize>, after: impl Fn(usize) -> Vec<TaskId>) {
        let jobs = which.into_iter().map(|n| (n, after(n)));
        in_parallel(jobs, 256, |(n, after)| {
            let (engine, owner) = (self.engine().clone(), self.owner.clone());
            async move {
                engine.create_task(&owner, task(n, after)).await.expect("created");
            }
        })
        .await;
    }

    async fn sessions(&self, count: usize) -> Vec<Caller> {
        let opened = in_parallel(0..count, 256, |n| {
            let (engine, owner) = (self.engine().clone(), self.owner.clone());
            async move {
                let new = NewSession { agent: format!("agent {n}"), paths: None, length: None };
                let opened = engine.open_session(&owner, new).await.expect("opened");
                agent(opened.session)
            }
        });
        opened.await
    }
}

fn person(person: PersonId) -> Caller {
    let rights = [Right::Read, Right::Task, Right::Claim, Right::Approve, Right::Admin];
    Caller { actor: Actor::Person(person), rights: rights.into(), token: None }
}

fn agent(session: weir_model::SessionId) -> Caller {
    let rights = [Right::Read, Right::Claim];
    Caller { actor: Actor::Session(session), rights: rights.into(), token: None }
}

fn task(n: usize, after: Vec<TaskId>) -> NewTask {
    NewTask {
        title: format!("task number {n}"),
        text:
            "as long as a short brief is, which says what is wanted and how to see that it is done"
                .into(),
        paths: PathSet::new([format!("src/{}/**", n % 100), "docs/".to_owned()]).expect("patterns"),
        after,
        key: None,
    }
}

/// Runs jobs, at most so many at a time, and gives what came of them in no particular order.
async fn in_parallel<J, T, F>(
    jobs: impl IntoIterator<Item = J>,
    width: usize,
    run: impl Fn(J) -> F,
) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let (mut running, mut done) = (tokio::task::JoinSet::new(), Vec::new());
    for job in jobs {
        if running.len() >= width {
            done.extend(running.join_next().await.map(|one| one.expect("no panic")));
        }
        running.spawn(run(job));
    }
    done.extend(running.join_all().await);
    done
}

/// What a worker saw: the claims it won with how long each took, and how many ended in an error.
#[derive(Default)]
struct Seen {
    claims: Vec<(TaskId, FencingToken)>,
    waits: Vec<Duration>,
    errors: usize,
}

async fn storm(folder: &Path, workers: usize) -> Row {
    let (field, _) = Field::plant(folder, &format!("storm-{workers}")).await;
    // One more than there are tasks for each, so that everybody runs until nothing is left.
    let ready = TASKS - TASKS / BLOCKED_EVERY;
    let mut sessions = field.sessions(ready + workers).await.into_iter();
    let sessions = Arc::new(std::sync::Mutex::new(sessions.by_ref().collect::<Vec<_>>()));
    let start = field.engine().read_at(|position, _| position);
    let began = Instant::now();
    let seen =
        in_parallel(0..workers, workers, |_| work(field.engine().clone(), Arc::clone(&sessions)));
    let seen = seen.await;
    let took = began.elapsed();
    let errors = seen.iter().map(|seen| seen.errors).sum();
    let mut won: Vec<_> = seen.iter().flat_map(|seen| seen.claims.clone()).collect();
    let waits = seen.into_iter().flat_map(|seen| seen.waits).collect();
    assert_eq!(won.len(), ready, "every ready task found its worker");
    let doubles = doubles(field.engine(), start, &mut won);
    Row { what: "Weir".into(), workers, claims: won.len(), took, waits, doubles, errors }
}

async fn work(engine: Engine, sessions: Arc<std::sync::Mutex<Vec<Caller>>>) -> Seen {
    let mut seen = Seen::default();
    loop {
        let caller = sessions.lock().expect("sound").pop().expect("sessions for everybody");
        let began = Instant::now();
        match engine.claim_task(&caller, Ask::default()).await {
            Ok(claim) => {
                seen.waits.push(began.elapsed());
                seen.claims.push((claim.task, claim.token));
            }
            Err(Error::Refused(refusal)) if refusal.code == "task.none_ready" => return seen,
            Err(_) => seen.errors += 1,
        }
    }
}

/// Tasks that were given away twice, by the ledger alone; and that it says the same as the workers.
fn doubles(engine: &Engine, start: Position, won: &mut [(TaskId, FencingToken)]) -> usize {
    let (mut grants, mut tokens): (BTreeMap<TaskId, usize>, BTreeSet<_>) = Default::default();
    let (mut granted, mut position) = (Vec::new(), start);
    loop {
        let records = engine.log(position, 10_000).expect("read");
        let Some(last) = records.last() else { break };
        position = last.position;
        for record in &records {
            let event = Event::from_json(record.stream.as_str(), &record.body).expect("an event");
            if let Event::Work(Work::TaskClaimed { task, hold }) = event {
                *grants.entry(task).or_default() += 1;
                assert!(tokens.insert(hold.token), "a fencing token came back");
                assert!(task.0 as usize <= TASKS - TASKS / BLOCKED_EVERY, "{task} is not ready");
                granted.push((task, hold.token));
            }
        }
    }
    granted.sort();
    won.sort();
    assert_eq!(granted, won, "the ledger and the workers tell the same");
    grants.values().filter(|grants| **grants > 1).count()
}

/// What an agent waits for, at 10,000 items, beside what others have published.
async fn marks(folder: &Path) {
    let (field, planted) = Field::plant(folder, "marks").await;
    let engine = field.engine().clone();
    let list = || {
        let now = engine.now();
        let lines: Vec<_> = engine.read(|folds| {
            let ready = folds.work.ready(now);
            ready.map(|task| serde_json::json!({ "task": task.id, "title": task.title })).collect()
        });
        let text = serde_json::to_string(&lines).expect("plain data");
        assert!(text.len() > TASKS);
    };
    let listed: Vec<_> = (0..50).map(|_| timed(list)).collect();

    let mut created = Vec::new();
    for n in 0..SINGLES {
        let began = Instant::now();
        engine.create_task(&field.owner, task(n, vec![])).await.expect("created");
        created.push(began.elapsed());
    }
    let caller = field.sessions(1).await.remove(0);
    let lease = Some(Lease::minutes(60));
    let ask = || Ask { task: Some(TaskId(1)), lease, ..Ask::default() };
    let (mut renewed, mut released, mut claimed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..SINGLES {
        let began = Instant::now();
        engine.claim_task(&caller, ask()).await.expect("claimed");
        claimed.push(began.elapsed());
        let began = Instant::now();
        engine.claim_task(&caller, ask()).await.expect("renewed");
        renewed.push(began.elapsed());
        let began = Instant::now();
        engine.release_task(&caller, TaskId(1)).await.expect("released");
        released.push(began.elapsed());
    }
    print_marks(&[
        ("list what is ready, as JSON", listed, "30"),
        ("create a task, durably, one by one", created, "2.5"),
        ("create a task, durably, 256 at once", vec![planted / TASKS as u32], "2.5"),
        ("claim a task by name", claimed, "18"),
        ("renew a claim", renewed, "18"),
        ("give a task back", released, "18"),
    ]);
}

fn timed(run: impl Fn()) -> Duration {
    let began = Instant::now();
    run();
    began.elapsed()
}
