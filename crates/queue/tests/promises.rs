//! Tries to break what the queue promises: stories as tables, and a property over any order of commands.

use proptest::prelude::*;
use std::collections::BTreeSet;
use weir_model::config::Check;
use weir_model::event::queue::{Dropped, Event, GateSource, Verdict};
use weir_model::{CandidateId, ChangeId, Digest, LandingId, RevisionId, TaskId};
use weir_queue::{CheckResult, Command, Gate, Queue, decide, evolve};

fn gate(names: &[&str]) -> Gate {
    let check = |name: &&str| Check {
        name: (*name).into(),
        run: "true".into(),
        time_limit: Check::default_time_limit(),
        output_limit: Check::default_output_limit(),
    };
    Gate {
        checks: names.iter().map(check).collect(),
        approvals_needed: 0,
        source: GateSource::Detected("x".into()),
    }
}

fn result(check: &str, verdict: Verdict) -> CheckResult {
    let log = Digest::of(b"");
    CheckResult { check: check.into(), verdict, exit_code: None, elapsed_ms: 1, log }
}

fn revision(change: u64) -> RevisionId {
    RevisionId { change: ChangeId(change), number: 1 }
}

fn command(words: &[&str]) -> Command {
    let change = |word: &str| revision(word.parse::<ChangeId>().expect("a change").0);
    let candidate = |word: &str| word.parse::<CandidateId>().expect("a candidate");
    let landing = |word: &str| word.parse::<LandingId>().expect("a landing");
    match words {
        ["gate", names @ ..] => Command::SetGate { trunk: "main".into(), gate: gate(names) },
        ["trunk", tip] => Command::SeeTrunk { trunk: "main".into(), tip: (*tip).into() },
        ["enqueue", c] => {
            Command::Enqueue { revision: change(c), task: TaskId(1), commit: (*c).into() }
        }
        ["dequeue", c] => Command::Dequeue { revision: change(c) },
        ["build", c, onto, commit] => Command::Build {
            revision: change(c),
            onto: (*onto).into(),
            commit: (*commit).into(),
            tree: format!("tree-{commit}"),
        },
        ["conflict", c] => Command::Refuse { revision: change(c), code: "merge.conflict".into() },
        [kind, q, check] => {
            let verdict = match *kind {
                "pass" => Verdict::Passed,
                "fail" => Verdict::Failed,
                "timeout" => Verdict::TimedOut,
                "broken" => Verdict::Broken,
                "lose" => {
                    let (landing, actual) = (landing(q), (*check).into());
                    return Command::LoseLanding { landing, actual };
                }
                other => panic!("no such command: {other}"),
            };
            Command::Finish { candidate: candidate(q), result: result(check, verdict) }
        }
        ["drop", q] => Command::Drop { candidate: candidate(q), why: Dropped::Interrupted },
        ["land", q] => Command::StartLanding { candidate: candidate(q) },
        ["landed", l] => Command::FinishLanding { landing: landing(l) },
        other => panic!("no such command: {other:?}"),
    }
}

fn tell(event: &Event) -> String {
    match event {
        Event::GateSet { checks, .. } => format!("gate of {}", checks.len()),
        Event::TrunkMoved { to, .. } => format!("trunk at {to}"),
        Event::RevisionQueued { revision, .. } => format!("queued {revision}"),
        Event::RevisionDequeued { revision } => format!("dequeued {revision}"),
        Event::CandidateBuilt { candidate, revision, onto, .. } => {
            format!("built {candidate} {revision} on {onto}")
        }
        Event::CheckFinished { candidate, check, .. } => format!("finished {candidate} {check}"),
        Event::CandidateDropped { candidate, .. } => format!("dropped {candidate}"),
        Event::RevisionEjected { revision, code, .. } => format!("ejected {revision} {code}"),
        Event::LandingStarted { landing, from, to, .. } => format!("landing {landing} {from} {to}"),
        Event::LandingFinished { landing } => format!("landed {landing}"),
        Event::LandingLost { landing, .. } => format!("lost {landing}"),
    }
}

/// Runs a story, one `command | outcome` a line.
fn check(story: &str) {
    let mut queue = Queue::default();
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (asked, expected) = line.split_once('|').expect("a line has a bar");
        let words: Vec<&str> = asked.split_whitespace().collect();
        let told = match decide(&queue, command(&words)) {
            Ok(events) => {
                events.iter().for_each(|event| evolve(&mut queue, event));
                events.iter().map(tell).collect::<Vec<_>>().join(", ")
            }
            Err(refusal) => format!("refused {}", refusal.code),
        };
        assert_eq!(told, expected.trim(), "in `{line}`");
    }
}

#[test]
fn nothing_lands_unproven() {
    check(
        "
        gate test lint   | gate of 2
        gate test lint   |
        trunk a          | trunk at a
        trunk a          |
        enqueue C1       | queued C1.1
        enqueue C1       |
        enqueue C2       | queued C2.1
        build C2 a b     | refused queue.not_next
        build C1 z b     | refused candidate.not_on_tip
        build C1 a b     | built Q1 C1.1 on a
        build C1 a b     | refused queue.not_next
        land Q1          | refused landing.unproven
        pass Q1 lint     | refused candidate.wrong_check
        pass Q1 test     | finished Q1 test
        land Q1          | refused landing.unproven
        pass Q1 lint     | finished Q1 lint
        pass Q1 lint     | refused candidate.wrong_check
        land Q1          | landing L1 a b
        land Q1          | refused candidate.not_under_test
        trunk z          | refused landing.under_way
        dequeue C1       | refused landing.under_way
        landed L1        | landed L1
        landed L1        | refused landing.not_under_way
        build C2 a c     | refused candidate.not_on_tip
        build C2 b c     | built Q2 C2.1 on b
        fail Q2 test     | finished Q2 test, ejected C2.1 check.failed
        land Q2          | refused candidate.not_under_test
        ",
    );
}

#[test]
fn a_check_that_cannot_be_run_does_not_hold_the_queue_up_for_ever() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1.1
        build C1 a b     | built Q1 C1.1 on a
        broken Q1 test   | finished Q1 test, dropped Q1
        build C1 a b     | built Q2 C1.1 on a
        broken Q2 test   | finished Q2 test, dropped Q2
        build C1 a b     | built Q3 C1.1 on a
        broken Q3 test   | finished Q3 test, ejected C1.1 check.broken
        ",
    );
}

#[test]
fn only_what_speaks_about_the_change_ejects_it() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1.1
        build C1 a b     | built Q1 C1.1 on a
        broken Q1 test   | finished Q1 test, dropped Q1
        build C1 a b     | built Q2 C1.1 on a
        drop Q2          | dropped Q2
        build C1 a b     | built Q3 C1.1 on a
        trunk x          | dropped Q3, trunk at x
        build C1 x c     | built Q4 C1.1 on x
        pass Q4 test     | finished Q4 test
        land Q4          | landing L1 x c
        lose L1 y        | lost L1, trunk at y
        build C1 y d     | built Q5 C1.1 on y
        timeout Q5 test  | finished Q5 test, ejected C1.1 check.timed_out
        enqueue C2       | queued C2.1
        conflict C2      | ejected C2.1 merge.conflict
        enqueue C3       | queued C3.1
        build C3 y e     | built Q6 C3.1 on y
        dequeue C3       | dropped Q6, dequeued C3.1
        dequeue C3       |
        ",
    );
}

proptest! {
    /// Whatever is asked in whatever order: a landing starts only from the tip, with a tree whose every check
    /// passed, and nothing lands twice.
    #[test]
    fn what_lands_was_tested_on_the_tip(
        steps in proptest::collection::vec((0u8..12, 1u64..5, 0u8..4), 1..80)
    ) {
        let mut queue = Queue::default();
        let mut passed: BTreeSet<String> = BTreeSet::new();
        let mut landed: BTreeSet<RevisionId> = BTreeSet::new();
        for event in [command(&["gate", "test"]), command(&["trunk", "t0"])]
            .into_iter().flat_map(|command| decide(&queue, command).expect("a fresh queue")).collect::<Vec<_>>() {
            evolve(&mut queue, &event);
        }
        for (turn, (kind, number, verdict)) in steps.into_iter().enumerate() {
            let revision = revision(number);
            let tip = queue.tip().unwrap_or_default().to_owned();
            let next = queue.next().map_or(revision, |entry| entry.revision);
            let testing = queue.testing().map_or(CandidateId(number), |known| known.id);
            let landing = queue.landing_under_way().map_or(LandingId(number), |known| known.id);
            let verdict = match verdict {
                0 | 1 => Verdict::Passed,
                2 => Verdict::Failed,
                _ => Verdict::Broken,
            };
            let (task, commit, tree) = (TaskId(1), format!("c{turn}"), format!("tree{turn}"));
            let command = match kind {
                0 if !landed.contains(&revision) => Command::Enqueue { revision, task, commit },
                0 | 1 => Command::Build { revision: next, onto: tip.clone(), commit, tree },
                2 => Command::Build { revision, onto: format!("t{number}"), commit, tree },
                3 | 4 => Command::Finish { candidate: testing, result: result("test", verdict) },
                5 | 6 => Command::StartLanding { candidate: testing },
                7 => Command::FinishLanding { landing },
                8 => Command::LoseLanding { landing, actual: format!("m{turn}") },
                9 => Command::SeeTrunk { trunk: "main".into(), tip: format!("m{turn}") },
                10 => Command::Dequeue { revision },
                _ => Command::Drop { candidate: testing, why: Dropped::Interrupted },
            };
            let Ok(events) = decide(&queue, command) else { continue };
            for event in events {
                evolve(&mut queue, &event);
                match event {
                    Event::CheckFinished { candidate, verdict: Verdict::Passed, .. } => {
                        passed.insert(queue.candidate(candidate).expect("known").tree.clone());
                    }
                    Event::LandingStarted { from, tree, .. } => {
                        prop_assert_eq!(&from, &tip);
                        prop_assert!(passed.contains(&tree));
                    }
                    Event::LandingFinished { landing } => {
                        let known = queue.landing(landing).expect("known");
                        prop_assert_eq!(queue.tip(), Some(known.to.as_str()));
                        prop_assert!(landed.insert(known.revision));
                    }
                    Event::GateSet { .. }
                    | Event::TrunkMoved { .. }
                    | Event::RevisionQueued { .. }
                    | Event::RevisionDequeued { .. }
                    | Event::CandidateBuilt { .. }
                    | Event::CheckFinished { .. }
                    | Event::CandidateDropped { .. }
                    | Event::RevisionEjected { .. }
                    | Event::LandingLost { .. } => {}
                }
            }
        }
    }
}
