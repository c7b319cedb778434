//! Tries to break what work promises: tables that read as stories, and properties over any order of commands.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;
use weir_model::event::work::{Event, Hold};
use weir_model::{
    Actor, ChangeId, Context, FencingToken, LandingId, Lease, PathSet, PersonId, SessionId, TaskId,
    Timestamp,
};
use weir_work::{Command, State, Work, decide, evolve};

fn at(minutes: u64) -> Context {
    Context { now: Timestamp::from_millis(0) + Duration::from_secs(60 * minutes), by: Actor::Weir }
}

fn lease(text: &str) -> Lease {
    text.parse().expect("a lease")
}

/// Runs a story, one `minute command | outcome` a line.
fn check(story: &str) {
    let mut work = Work::default();
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (asked, expected) = line.split_once('|').expect("a line has a bar");
        let words: Vec<&str> = asked.split_whitespace().collect();
        let ctx = at(words[0].trim_end_matches('m').parse().expect("minutes"));
        let told = match decide(&work, command(&words[1..]), &ctx) {
            Ok(events) => {
                events.iter().for_each(|event| evolve(&mut work, event));
                events.iter().map(tell).collect::<Vec<_>>().join(", ")
            }
            Err(refusal) => format!("refused {}", refusal.code),
        };
        assert_eq!(told, expected.trim(), "in `{line}`");
    }
}

fn command(words: &[&str]) -> Command {
    let task = |word: &str| word.parse::<TaskId>().expect("a task");
    let session = |word: &str| word.parse::<SessionId>().expect("a session");
    match words {
        ["create", after @ ..] => Command::Create {
            title: "something".into(),
            text: String::new(),
            paths: PathSet::everything(),
            after: after.iter().map(|word| task(word)).collect(),
            person: PersonId(1),
            key: None,
        },
        ["claim", t, s] => Command::Claim {
            task: task(t),
            session: session(s),
            lease: lease("30m"),
            stacked: false,
        },
        ["claim", t, s, l] => {
            Command::Claim { task: task(t), session: session(s), lease: lease(l), stacked: false }
        }
        ["release", t, s] => Command::Release { task: task(t), session: session(s) },
        ["submit", t, s] => {
            Command::Submit { task: task(t), session: session(s), change: ChangeId(1) }
        }
        ["return", t] => Command::Return { task: task(t), owner: None, lease: lease("30m") },
        ["return", t, s] => {
            Command::Return { task: task(t), owner: Some(session(s)), lease: lease("30m") }
        }
        ["finish", t] => Command::Finish { task: task(t), landing: LandingId(1) },
        ["withdraw", t] => Command::Withdraw { task: task(t), person: PersonId(1) },
        other => panic!("no such command: {other:?}"),
    }
}

fn tell(event: &Event) -> String {
    let until = |hold: &Hold| {
        let minutes = hold.expires_at.as_millis() / 60_000;
        format!("{} {} until {minutes}m", hold.session, hold.token)
    };
    match event {
        Event::TaskCreated { task, .. } => format!("created {task}"),
        Event::TaskClaimed { task, hold } => format!("claimed {task} {}", until(hold)),
        Event::ClaimRenewed { task, hold } => format!("renewed {task} {}", until(hold)),
        Event::ClaimReleased { task, session } => format!("released {task} {session}"),
        Event::TaskSubmitted { task, change } => format!("submitted {task} {change}"),
        Event::TaskReturned { task, hold: Some(hold) } => {
            format!("returned {task} {}", until(hold))
        }
        Event::TaskReturned { task, hold: None } => format!("returned {task}"),
        Event::TaskDone { task, landing } => format!("done {task} {landing}"),
        Event::TaskWithdrawn { task, .. } => format!("withdrawn {task}"),
    }
}

#[test]
fn a_task_has_one_owner() {
    check(
        "
         0m  create           | created T1
         0m  claim T1 S1      | claimed T1 S1 #1 until 30m
         5m  claim T1 S2      | refused claim.held
        10m  claim T1 S1 20m  | renewed T1 S1 #1 until 30m
        20m  claim T1 S1      | renewed T1 S1 #1 until 50m
        50m  claim T1 S2 40m  | claimed T1 S2 #2 until 90m
        51m  submit T1 S1     | refused claim.held
        52m  release T1 S1    | refused claim.held
        53m  release T1 S2    | released T1 S2
        53m  release T1 S2    |
        54m  claim T1 S1      | claimed T1 S1 #3 until 84m
        ",
    );
}

#[test]
fn an_expired_owner_may_not_submit_but_may_ask_again() {
    check(
        "
         0m  create        | created T1
         0m  claim T1 S1   | claimed T1 S1 #1 until 30m
        30m  submit T1 S1  | refused claim.expired
        31m  claim T1 S1   | claimed T1 S1 #2 until 61m
        32m  submit T1 S1  | submitted T1 C1
        33m  submit T1 S1  | refused task.submitted
        ",
    );
}

#[test]
fn the_gate_has_what_was_submitted() {
    check(
        "
         0m  create          | created T1
         0m  create          | created T2
         0m  claim T1 S1     | claimed T1 S1 #1 until 30m
         1m  submit T1 S1    | submitted T1 C1
         2m  claim T1 S2     | refused task.submitted
        90m  return T1 S1    | returned T1 S1 #2 until 120m
        91m  claim T1 S2     | refused claim.held
        92m  submit T1 S1    | submitted T1 C1
        93m  claim T2 S1     | claimed T2 S1 #3 until 123m
        94m  return T1 S1    | returned T1
        95m  claim T1 S2     | claimed T1 S2 #4 until 125m
        96m  submit T1 S2    | submitted T1 C1
        97m  finish T1       | done T1 L1
        98m  claim T1 S2     | refused task.done
        98m  withdraw T1     | refused task.done
        99m  finish T1       | refused task.not_submitted
        ",
    );
}

#[test]
fn a_task_waits_for_what_it_comes_after() {
    check(
        "
         0m  create          | created T1
         0m  create T1       | created T2
         0m  create T7       | refused task.unknown
         1m  claim T2 S1     | refused task.blocked
         2m  withdraw T1     | refused task.has_followers
         3m  claim T1 S1     | claimed T1 S1 #1 until 33m
         3m  claim T2 S1     | refused task.blocked
         4m  submit T1 S1    | submitted T1 C1
         5m  finish T1       | done T1 L1
         6m  claim T2 S1     | claimed T2 S1 #2 until 36m
         7m  withdraw T2     | withdrawn T2
         8m  claim T2 S2     | refused task.withdrawn
         9m  create T2       | refused task.withdrawn
        10m  claim T9 S2     | refused task.unknown
        ",
    );
}

#[test]
fn a_session_holds_one_task_at_a_time() {
    check(
        "
         0m  create       | created T1
         0m  create       | created T2
         0m  claim T1 S1  | claimed T1 S1 #1 until 30m
         1m  claim T2 S1  | refused claim.one_at_a_time
        30m  claim T2 S1  | claimed T2 S1 #2 until 60m
        ",
    );
}

#[test]
fn a_claim_that_is_lost_takes_no_other_with_it() {
    check(
        "
         0m  create        | created T1
         0m  create        | created T2
         0m  create        | created T3
         0m  claim T1 S1   | claimed T1 S1 #1 until 30m
        30m  claim T2 S1   | claimed T2 S1 #2 until 60m
        31m  claim T1 S2   | claimed T1 S2 #3 until 61m
        32m  claim T3 S1   | refused claim.one_at_a_time
        33m  claim T2 S3   | refused claim.held
        34m  submit T2 S1  | submitted T2 C1
        35m  claim T3 S1   | claimed T3 S1 #4 until 65m
        ",
    );
}

#[test]
fn a_key_makes_asking_twice_safe_and_bad_tasks_are_refused() {
    let ask = |title: &str, paths: &[&str], key: Option<&str>| Command::Create {
        title: title.into(),
        text: String::new(),
        paths: PathSet::new(paths.iter().copied()).expect("patterns"),
        after: vec![],
        person: PersonId(1),
        key: key.map(Into::into),
    };
    let mut work = Work::default();
    let events = decide(&work, ask("one", &["**"], Some("k")), &at(0)).expect("new");
    evolve(&mut work, &events[0]);
    assert_eq!(decide(&work, ask("one", &["**"], Some("k")), &at(0)).expect("again"), vec![]);
    assert_eq!(work.by_key("k"), Some(TaskId(1)));
    for (command, code) in [
        (ask(" ", &["**"], None), "task.bad_title"),
        (ask("two\nlines", &["**"], None), "task.bad_title"),
        (ask("one", &[], None), "task.no_paths"),
        (ask("one", &["**"], Some("")), "task.bad_key"),
    ] {
        assert_eq!(decide(&work, command, &at(0)).expect_err(code).code, code);
    }
}

fn any_command() -> impl Strategy<Value = Command> {
    let task = (1u64..6).prop_map(TaskId);
    let session = (1u64..4).prop_map(SessionId);
    let lease = (1u64..60).prop_map(Lease::minutes);
    let create = proptest::collection::vec(1u64..6, 0..3).prop_map(|after| Command::Create {
        title: "t".into(),
        text: String::new(),
        paths: PathSet::everything(),
        after: after.into_iter().map(TaskId).collect(),
        person: PersonId(1),
        key: None,
    });
    let claim = (task.clone(), session.clone(), lease.clone())
        .prop_map(|(task, session, lease)| Command::Claim { task, session, lease, stacked: false });
    let release = (task.clone(), session.clone())
        .prop_map(|(task, session)| Command::Release { task, session });
    let submit = (task.clone(), session.clone()).prop_map(|(task, session)| Command::Submit {
        task,
        session,
        change: ChangeId(1),
    });
    let give_back = (task.clone(), proptest::option::of(session), lease)
        .prop_map(|(task, owner, lease)| Command::Return { task, owner, lease });
    let finish = task.clone().prop_map(|task| Command::Finish { task, landing: LandingId(1) });
    let withdraw = task.prop_map(|task| Command::Withdraw { task, person: PersonId(1) });
    prop_oneof![2 => create, 4 => claim, 1 => release, 2 => submit, 1 => give_back, 1 => finish, 1 => withdraw]
}

proptest! {
    /// Whatever is asked in whatever order: a live claim is never taken from its owner, tokens only grow, a
    /// submission is made only under a live claim, and the indexes say what the tasks say.
    #[test]
    fn no_order_of_commands_makes_two_owners(
        commands in proptest::collection::vec((any_command(), 0u64..40), 1..60)
    ) {
        let mut work = Work::default();
        let mut now = 0;
        let mut last = FencingToken(0);
        let mut live: BTreeMap<TaskId, Hold> = BTreeMap::new();
        for (command, pause) in commands {
            now += pause;
            let ctx = at(now);
            let submitter = match &command {
                Command::Submit { session, .. } => Some(*session),
                _ => None,
            };
            let Ok(events) = decide(&work, command, &ctx) else { continue };
            for event in events {
                evolve(&mut work, &event);
                match event {
                    Event::TaskClaimed { task, hold } | Event::TaskReturned { task, hold: Some(hold) } => {
                        prop_assert!(last < hold.token);
                        last = hold.token;
                        let before = live.insert(task, hold);
                        prop_assert!(before.is_none_or(|old| old.expires_at <= ctx.now));
                    }
                    Event::ClaimRenewed { task, hold } => {
                        let before = live.insert(task, hold).expect("renewed what was held");
                        prop_assert_eq!(before.token, hold.token);
                        prop_assert!(ctx.now < before.expires_at && before.expires_at <= hold.expires_at);
                    }
                    Event::TaskSubmitted { task, .. } => {
                        let hold = live.remove(&task).expect("submitted under a claim");
                        prop_assert_eq!(Some(hold.session), submitter);
                        prop_assert!(ctx.now < hold.expires_at);
                    }
                    Event::ClaimReleased { task, .. } | Event::TaskWithdrawn { task, .. } => {
                        live.remove(&task);
                    }
                    Event::TaskReturned { hold: None, .. }
                    | Event::TaskCreated { .. }
                    | Event::TaskDone { .. } => {}
                }
            }
            for session in (1..4).map(SessionId) {
                let live = |task: &weir_work::Task| {
                    task.state.hold().is_some_and(|h| h.session == session && ctx.now < h.expires_at)
                };
                let held: Vec<_> = work.tasks().filter(|task| live(task)).map(|t| t.id).collect();
                prop_assert!(held.len() <= 1, "{} holds {:?}", session, held);
                if let [task] = held[..] {
                    prop_assert_eq!(work.held_by(session), Some(task));
                }
            }
            let is_ready = |task: &&weir_work::Task| {
                let free = match task.state {
                    State::Open => true,
                    State::Claimed(hold) => hold.expires_at <= ctx.now,
                    State::Submitted(_) | State::Done(_) | State::Withdrawn => false,
                };
                free && task.waits_for.is_empty()
            };
            let expected: Vec<_> = work.tasks().filter(is_ready).map(|task| task.id).collect();
            let ready: Vec<_> = work.ready(ctx.now).map(|task| task.id).collect();
            prop_assert_eq!(ready, expected, "oldest first, and none left out");
            for ready in work.ready(ctx.now) {
                prop_assert!(ready.waits_for.is_empty());
                let done = |id: &TaskId| {
                    work.task(*id).is_some_and(|task| matches!(task.state, State::Done(_)))
                };
                let all_done = ready.after.iter().all(done);
                prop_assert!(all_done);
                let (task, session, lease) = (ready.id, SessionId(99), Lease::minutes(1));
                let claimed = decide(&work, Command::Claim { task, session, lease, stacked: false }, &ctx);
                prop_assert!(claimed.is_ok());
            }
        }
    }
}
