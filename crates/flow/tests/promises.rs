//! Tries to break what flow promises: one stage a task, and a start that stays put.

use weir_flow::{Flow, Stage, evolve};
use weir_model::event::work::{Event as Work, Hold};
use weir_model::event::{queue, review};
use weir_model::{
    CandidateId, ChangeId, Event, FencingToken, LandingId, PathSet, PersonId, RevisionId,
    SessionId, TaskId, Timestamp,
};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn created(task: u64, after: &[u64]) -> Event {
    Event::Work(Work::TaskCreated {
        task: TaskId(task),
        title: format!("t{task}"),
        text: String::new(),
        paths: PathSet::everything(),
        after: after.iter().copied().map(TaskId).collect(),
        person: PersonId(1),
        key: None,
    })
}

fn hold(until: i64) -> Hold {
    Hold { session: SessionId(1), token: FencingToken(1), expires_at: at(until) }
}

#[test]
fn a_change_is_followed_to_the_trunk() {
    let (task, revision) = (TaskId(1), RevisionId { change: ChangeId(1), number: 1 });
    let (candidate, landing) = (CandidateId(1), LandingId(1));
    let text = String::new;
    let way: Vec<(Event, Option<Stage>)> = vec![
        (created(1, &[]), Some(Stage::Ready)),
        (
            Work::TaskClaimed { task, hold: hold(1000) }.into(),
            Some(Stage::Working { session: SessionId(1), until: at(1000), repair: false }),
        ),
        (
            review::Event::RevisionSubmitted {
                revision,
                task,
                session: SessionId(1),
                person: PersonId(1),
                token: FencingToken(1),
                trunk: text(),
                commit: text(),
                base: text(),
                title: text(),
                paths: vec![],
                approvals_needed: 1,
                below: None,
            }
            .into(),
            Some(Stage::Review { revision, needed: 1, given: 0 }),
        ),
        (
            review::Event::RevisionApproved { revision, person: PersonId(2) }.into(),
            Some(Stage::Review { revision, needed: 1, given: 1 }),
        ),
        (
            queue::Event::RevisionQueued { revision, task, commit: text(), below: None }.into(),
            Some(Stage::Queued { revision }),
        ),
        (
            queue::Event::CandidateBuilt {
                candidate,
                onto: text(),
                steps: vec![queue::Step { revision, tree: text() }],
                commit: text(),
                tree: text(),
                why: text(),
            }
            .into(),
            Some(Stage::Testing { candidate }),
        ),
        (
            queue::Event::LandingStarted {
                landing,
                candidate,
                revisions: vec![revision],
                from: text(),
                to: text(),
                tree: text(),
                why: text(),
            }
            .into(),
            Some(Stage::Landing { landing }),
        ),
        (
            queue::Event::LandingLost { landing, actual: text() }.into(),
            Some(Stage::Queued { revision }),
        ),
        (Work::TaskDone { task, landing }.into(), None),
    ];
    let mut flow = Flow::default();
    for (time, (event, expected)) in way.into_iter().enumerate() {
        evolve(&mut flow, at(time as i64), &event);
        assert_eq!(flow.line(task, at(5)).map(|line| line.stage), expected, "after {event:?}");
    }
}

#[test]
fn a_landing_keeps_its_time_when_its_task_is_long_done() {
    let (landing, candidate) = (LandingId(1), CandidateId(1));
    let text = String::new;
    let (from, to, tree) = (text(), text(), text());
    let mut flow = Flow::default();
    assert_eq!(flow.landing_since(landing), None);
    let started = queue::Event::LandingStarted {
        landing,
        candidate,
        revisions: vec![],
        from,
        to,
        tree,
        why: text(),
    };
    evolve(&mut flow, at(1), &started.into());
    assert_eq!(flow.landing_since(landing), Some(at(1)));
    evolve(&mut flow, at(2), &queue::Event::LandingFinished { landing }.into());
    evolve(&mut flow, at(3), &Work::TaskDone { task: TaskId(1), landing }.into());
    assert_eq!(flow.landing_since(landing), Some(at(2)));
}

#[test]
fn a_wait_begins_once_and_a_claim_that_ran_out_waits_for_an_agent() {
    let mut flow = Flow::default();
    evolve(&mut flow, at(1), &created(1, &[]));
    evolve(&mut flow, at(2), &created(2, &[1]));
    let task = TaskId(1);
    evolve(&mut flow, at(3), &Work::TaskClaimed { task, hold: hold(10) }.into());
    evolve(&mut flow, at(4), &Work::ClaimRenewed { task, hold: hold(20) }.into());
    let line = flow.line(task, at(19)).expect("unfinished");
    assert_eq!(line.since, at(3));
    let line = flow.line(task, at(20)).expect("unfinished");
    assert_eq!((line.stage, line.since), (Stage::Ready, at(20)));

    let blocked = flow.line(TaskId(2), at(20)).expect("unfinished");
    assert_eq!(blocked.stage, Stage::Blocked { on: [task].into() });
    evolve(&mut flow, at(30), &Work::TaskDone { task, landing: LandingId(1) }.into());
    let line = flow.line(TaskId(2), at(31)).expect("unfinished");
    assert_eq!((line.stage, line.since), (Stage::Ready, at(30)));
    assert_eq!(flow.lines(at(31)).count(), 1);
}

/// Several candidates at once: a change waits for its checks from the first that holds it to the last.
#[test]
fn what_is_part_of_several_candidates_is_under_test_once() {
    let change = |number| RevisionId { change: ChangeId(number), number: 1 };
    let (one, other) = (change(1), change(2));
    let text = String::new;
    let mut flow = Flow::default();
    for (number, revision) in [(1, one), (2, other)] {
        evolve(&mut flow, at(0), &created(number, &[]));
        let (task, change) = (TaskId(number), revision.change);
        evolve(&mut flow, at(1), &Work::TaskSubmitted { task, change }.into());
        let queued = queue::Event::RevisionQueued { revision, task, commit: text(), below: None };
        evolve(&mut flow, at(2), &queued.into());
    }
    let built = |number, revisions: &[RevisionId]| {
        let step = |revision: &RevisionId| queue::Step { revision: *revision, tree: text() };
        let (candidate, steps) = (CandidateId(number), revisions.iter().map(step).collect());
        queue::Event::CandidateBuilt {
            candidate,
            onto: text(),
            steps,
            commit: text(),
            tree: text(),
            why: text(),
        }
    };
    let stage = |flow: &Flow, task| {
        let line = flow.line(TaskId(task), at(100)).expect("unfinished");
        (line.stage, line.since)
    };
    let testing = |number| Stage::Testing { candidate: CandidateId(number) };
    evolve(&mut flow, at(3), &built(1, &[one]).into());
    evolve(&mut flow, at(4), &built(2, &[one, other]).into());
    assert_eq!(stage(&flow, 1), (testing(1), at(3)));
    assert_eq!(stage(&flow, 2), (testing(2), at(4)));
    let why = queue::Dropped::Unneeded;
    let drop = |number| queue::Event::CandidateDropped { candidate: CandidateId(number), why };
    evolve(&mut flow, at(5), &drop(1).into());
    assert_eq!(stage(&flow, 1), (testing(2), at(3)));
    evolve(&mut flow, at(6), &drop(2).into());
    assert_eq!(stage(&flow, 1), (Stage::Queued { revision: one }, at(6)));
    assert_eq!(stage(&flow, 2), (Stage::Queued { revision: other }, at(6)));
}
