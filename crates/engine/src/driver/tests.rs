//! What the driver's tests share: changes that were brought to a field, and a driver that is turned by hand.

mod crashes;
mod runners;
mod several;
mod stacks;

use super::{Drive, Stop, Turn};
use crate::meet::push::{Asked, Verdict};
use crate::testing::{Field, MemoryStore, agent, code, task};
use crate::{Ask, NewSession, NewTask};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::Notify;
use weir_git::CommitId;
use weir_model::{LandingId, Lease, PathSet, RevisionId, TaskId};
use weir_queue::Progress;
use weir_work::State;

/// A change that was brought.
#[derive(Clone, Copy)]
struct Brought {
    task: TaskId,
    revision: RevisionId,
    commit: CommitId,
}

fn drive(field: &Field, holder: &str) -> Drive {
    let (flag, bell) = (AtomicBool::new(false), Notify::new());
    let stop = Stop { flag, bell, engine: field.engine.clone() };
    Drive::new(field.engine.clone(), holder.to_owned(), Arc::new(stop))
}

/// Works until nothing is left to do, waiting for the checks that run.
fn work(drive: &mut Drive) {
    loop {
        match drive.turn().expect("a turn") {
            Turn::Done | Turn::Anew => {}
            Turn::Idle | Turn::IdleFor(_) | Turn::Pause(_) if drive.jobs.wait() => {}
            Turn::Idle | Turn::IdleFor(_) | Turn::Pause(_) => return,
        }
    }
}

/// Brings one change, a file, from the tip of the trunk.
fn bring(field: &Field, path: &str, text: &str) -> Brought {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let commit = field.commit(path, text);
    runtime.block_on(async {
        let engine = &field.engine;
        // The rules of the trunk change only by the hand of who may touch them by name.
        let paths = PathSet::new(["**", path]).expect("patterns");
        let length = Some(Lease::minutes(8 * 60));
        let new = NewSession { agent: "agent".into(), paths: Some(paths.clone()), length };
        let agent = agent(engine.open_session(&field.owner, new).await.expect("opened").session);
        let new = NewTask { paths, ..task(path) };
        let task = engine.create_task(&field.owner, new).await.expect("cut");
        let ask = Ask { task: Some(task), ..Ask::default() };
        engine.claim_task(&agent, ask).await.expect("claimed");
        let asked = Asked { target: "refs/for/main".into(), new: Some(commit), pack_bytes: 100 };
        let judged = engine.judge_push(&agent, &asked, engine.trunk().objects()).await;
        let judged = match judged {
            Ok(Verdict::Enter(judged)) => judged,
            other => panic!("not let in: {}", code(&other.map(|_| ()))),
        };
        let revision = engine.record_push(&agent, judged).await.expect("recorded").revision;
        Brought { task, revision, commit }
    })
}

/// A field on which so many changes were brought, none of which knows of another.
fn brought(store: &MemoryStore, changes: usize) -> (Field, Vec<Brought>) {
    let field = Field::on(store.clone());
    let each = |number| bring(&field, &format!("src/{number}.rs"), "fn main() {}\n");
    let brought = (1..=changes).map(each).collect();
    (field, brought)
}

/// The next process: finds what was left, and works until nothing waits.
fn drive_on(field: Field, store: &MemoryStore) -> Field {
    let field = field.restart(store.clone());
    // What the dead one held is waited for.
    field.clock.forward(Duration::from_secs(61));
    let mut drive = drive(&field, "the next one");
    drive.hold_lease().expect("it has run out");
    drive.settle().expect("settled");
    work(&mut drive);
    drop(drive);
    field
}

fn ref_of(revision: RevisionId) -> String {
    format!("refs/weir/changes/{}/{}", revision.change, revision.number)
}

/// The changes are on the trunk, each once, as trees that were tested; and everything says so. Gives the landings.
fn assert_landed(field: &Field, changes: &[Brought]) -> Vec<LandingId> {
    let (engine, trunk) = (&field.engine, field.engine.trunk());
    let tip = trunk.tip().expect("a tip");
    let landings: Vec<_> = engine.read(|folds| {
        assert_eq!(folds.queue.tip(), Some(tip.to_string().as_str()));
        assert!(folds.queue.landing_under_way().is_none());
        assert_eq!(folds.queue.testing().count(), 0);
        let landed = folds.queue.landings().filter(|l| l.progress == Progress::Landed);
        landed.cloned().collect()
    });
    let mut left: Vec<RevisionId> = changes.iter().map(|change| change.revision).collect();
    for landing in &landings {
        let to: CommitId = landing.to.parse().expect("a commit");
        assert!(trunk.objects().contains(tip, to).expect("read"), "the landing is on the trunk");
        assert_eq!(trunk.objects().tree(to).expect("read").to_string(), landing.tree);
        let commit = trunk.objects().commit(to).expect("read");
        assert_eq!(commit.parents[0].to_string(), landing.from);
        assert_eq!(commit.parents.len(), 1 + landing.revisions.len());
        let message = commit.message.to_string();
        for revision in &landing.revisions {
            assert!(message.contains(&format!("\nWeir-Change: {revision}\n")), "{message}");
            let change = changes.iter().find(|change| change.revision == *revision);
            let change = change.expect("one that was brought");
            assert!(message.contains(&format!("\nWeir-Task: {}\n", change.task)), "{message}");
            assert!(commit.parents.contains(&change.commit));
            assert!(left.contains(revision), "it landed once");
            left.retain(|one| one != revision);
            assert_eq!(trunk.read_ref(&ref_of(*revision)).expect("read"), Some(change.commit));
            engine.read(|folds| {
                let task = folds.work.task(change.task).expect("known");
                assert_eq!(task.state, State::Done(landing.id));
            });
        }
        engine.read(|folds| {
            let candidate = folds.queue.candidate(landing.candidate).expect("known");
            let proven = (candidate.tree.as_str(), candidate.has_passed());
            assert_eq!(proven, (landing.tree.as_str(), true));
        });
    }
    assert_eq!(left, [], "all landed");
    assert_eq!(engine.read(Clone::clone), field.replayed());
    landings.iter().map(|landing| landing.id).collect()
}
