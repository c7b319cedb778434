//! Tries to break what the queue promises: stories as tables, and a property over any order of commands.

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use weir_model::config::Check;
use weir_model::event::queue::{Class, Dropped, Event, GateSource, Step, Verdict};
use weir_model::{
    CandidateId, ChangeId, Digest, LandingId, PersonId, RevisionId, TaskId, Timestamp,
};
use weir_queue::{
    Blocked, CheckResult, Command, Culprit, Gate, Next, PLACE_KEPT, Queue, decide, evolve, next,
};

fn gate(names: &[&str]) -> Gate {
    let check = |name: &&str| Check {
        name: (*name).into(),
        run: "true".into(),
        time_limit: Check::default_time_limit(),
        output_limit: Check::default_output_limit(),
        paths: None,
        toolchain: Vec::new(),
    };
    Gate {
        checks: names.iter().map(check).collect(),
        approvals_needed: 0,
        source: GateSource::Detected("x".into()),
    }
}

fn result(check: &str, verdict: Verdict) -> CheckResult {
    let log = Digest::of(b"");
    // `test=x` is the check `test` on files that are called x.
    let (exit_code, taken_from, key) = (None, None, Digest::of(check.as_bytes()));
    let check = check.split('=').next().unwrap_or_default().into();
    CheckResult { check, verdict, exit_code, elapsed_ms: 1, log, key, taken_from }
}

fn revision(change: u64) -> RevisionId {
    RevisionId { change: ChangeId(change), number: 1 }
}

fn revisions(words: &str) -> Vec<RevisionId> {
    let each = words.split('+').map(|word| word.parse::<ChangeId>().expect("a change"));
    each.map(|change| revision(change.0)).collect()
}

/// The tree of a chain is named after what it holds: as in git, the same merges give the same tree.
fn steps(onto: &str, revisions: &[RevisionId]) -> Vec<Step> {
    let mut tree = format!("tree({onto})");
    let step = |revision: &RevisionId| {
        tree = format!("{tree}+{}", revision.change);
        Step { revision: *revision, tree: tree.clone() }
    };
    revisions.iter().map(step).collect()
}

/// The run of a candidate that goes on.
fn run(queue: &Queue, candidate: CandidateId) -> u32 {
    let runs = queue.candidate(candidate).map_or(0, |known| known.runs.len());
    u32::try_from(runs).expect("few")
}

fn command(queue: &Queue, words: &[&str]) -> Command {
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
        ["build", "tip", onto] => Command::Build {
            onto: (*onto).into(),
            steps: Vec::new(),
            commit: (*onto).into(),
            tree: format!("tree({onto})"),
            why: String::new(),
        },
        ["build", chain, onto, commit] => {
            let steps = steps(onto, &revisions(chain));
            let tree = steps.last().expect("one").tree.clone();
            let (onto, commit, why) = ((*onto).into(), (*commit).into(), String::new());
            Command::Build { onto, steps, commit, tree, why }
        }
        ["take", q, check, from] => {
            let (taken_from, candidate) = (Some(candidate(from)), candidate(q));
            let result = CheckResult { taken_from, ..result(check, Verdict::Passed) };
            Command::Finish { candidate, run: run(queue, candidate), result }
        }
        ["repeat", q] => Command::Repeat { candidate: candidate(q), why: String::new() },
        ["conflict", c] => Command::Refuse { revision: change(c), code: "merge.conflict".into() },
        ["land", q, to] => {
            let (to, why) = ((*to).to_owned(), String::new());
            Command::StartLanding { candidate: candidate(q), to, why }
        }
        ["eject", c, "by", q, rest @ ..] => Command::Eject(Culprit {
            revision: change(c),
            failing: candidate(q),
            passing: rest.last().map(|passing| candidate(passing)),
            why: String::new(),
        }),
        ["stop", q] => Command::Stop { candidate: candidate(q), why: Dropped::Unneeded },
        ["drop", q] => Command::Drop { candidate: candidate(q), why: Dropped::Interrupted },
        ["class", c, how] => Command::SetClass {
            change: change(c).change,
            class: match *how {
                "express" => Class::Express,
                "high" => Class::High,
                "low" => Class::Low,
                other => panic!("no such class: {other}"),
            },
            person: PersonId(1),
            reason: "why".into(),
        },
        ["freeze"] => Command::Freeze { person: PersonId(1), reason: "a release".into() },
        ["thaw"] => Command::Thaw { person: PersonId(1) },
        ["landed", l] => Command::FinishLanding { landing: landing(l) },
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
            let (candidate, result) = (candidate(q), result(check, verdict));
            Command::Finish { candidate, run: run(queue, candidate), result }
        }
        other => panic!("no such command: {other:?}"),
    }
}

fn named(revisions: impl Iterator<Item = RevisionId>) -> String {
    revisions.map(|revision| revision.change.to_string()).collect::<Vec<_>>().join("+")
}

fn tell(event: &Event) -> String {
    match event {
        Event::GateSet { checks, .. } => format!("gate of {}", checks.len()),
        Event::TrunkMoved { to, .. } => format!("trunk at {to}"),
        Event::RevisionQueued { revision, .. } => format!("queued {}", revision.change),
        Event::RevisionDequeued { revision } => format!("dequeued {}", revision.change),
        Event::CandidateBuilt { candidate, steps, onto, .. } => {
            let revisions = named(steps.iter().map(|step| step.revision));
            format!("built {candidate} {revisions} on {onto}")
        }
        Event::CandidateRepeated { candidate, run, .. } => format!("repeated {candidate} as {run}"),
        Event::RunStopped { candidate, run, .. } => format!("stopped {candidate} {run}"),
        Event::CheckFinished { candidate, check, .. } => format!("finished {candidate} {check}"),
        Event::QueueFrozen { .. } => "frozen".into(),
        Event::QueueThawed { .. } => "thawed".into(),
        Event::ClassSet { change, .. } => format!("class of {change}"),
        Event::CandidateDropped { candidate, .. } => format!("dropped {candidate}"),
        Event::RevisionEjected { revision, code, .. } => {
            format!("ejected {} {code}", revision.change)
        }
        Event::LandingStarted { landing, revisions, from, to, .. } => {
            format!("landing {landing} {} {from} {to}", named(revisions.iter().copied()))
        }
        Event::LandingFinished { landing } => format!("landed {landing}"),
        Event::LandingLost { landing, .. } => format!("lost {landing}"),
    }
}

fn tell_next(next: &Next) -> String {
    match next {
        Next::Land(candidate, _) => format!("land {candidate}"),
        Next::Eject(Culprit { revision, failing, passing, .. }) => {
            let past = passing.map(|passing| format!(" past {passing}")).unwrap_or_default();
            format!("eject {} by {failing}{past}", revision.change)
        }
        Next::Stop(candidate) => format!("stop {candidate}"),
        Next::Repeat(candidate, _) => format!("repeat {candidate}"),
        Next::Start(revisions, _) if revisions.is_empty() => "start tip".into(),
        Next::Start(revisions, _) => format!("start {}", named(revisions.iter().copied())),
    }
}

/// Runs a story, one `command | outcome` a line. `next` asks the window of three workers, `next C3 behind C1` when these two
/// do not merge.
fn check(story: &str) {
    let mut queue = Queue::default();
    let story = story.lines().map(str::trim).filter(|line| !line.is_empty());
    for (at, line) in story.enumerate() {
        let at = Timestamp::from_millis(at as i64);
        let (asked, expected) = line.split_once('|').expect("a line has a bar");
        let words: Vec<&str> = asked.split_whitespace().collect();
        let blocked = match words.as_slice() {
            ["next"] => Some(Blocked::new()),
            ["next", one, "behind", other] => {
                Some([(revisions(one)[0], [revisions(other)].into())].into())
            }
            _ => None,
        };
        let told = if let Some(blocked) = blocked {
            next(&queue, 3, &blocked).iter().map(tell_next).collect::<Vec<_>>().join(", ")
        } else {
            match decide(&queue, command(&queue, &words)) {
                Ok(events) => {
                    events.iter().for_each(|event| evolve(&mut queue, at, event));
                    events.iter().map(tell).collect::<Vec<_>>().join(", ")
                }
                Err(refusal) => format!("refused {}", refusal.code),
            }
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
        build C1 a b     | refused queue.not_waiting
        enqueue C1       | queued C1
        enqueue C1       |
        build C1 a b     | refused candidate.not_on_tip
        trunk a          | trunk at a
        trunk a          |
        enqueue C2       | queued C2
        build C1 z b     | refused candidate.not_on_tip
        build C1+C1 a b  | refused candidate.twice
        build C1 a b     | built Q1 C1 on a
        build C1 a b     | refused candidate.known
        land Q1 b        | refused landing.unproven
        pass Q1 lint     | refused candidate.wrong_check
        pass Q1 test     | finished Q1 test
        land Q1 b        | refused landing.unproven
        pass Q1 lint     | finished Q1 lint
        pass Q1 lint     | refused candidate.wrong_check
        land Q1 c        | refused landing.other_commit
        land Q1 b        | landing L1 C1 a b
        land Q1 b        | refused candidate.not_under_test
        trunk z          | refused landing.under_way
        build C2 a c     | refused landing.under_way
        dequeue C1       | refused landing.under_way
        landed L1        | landed L1
        landed L1        | refused landing.not_under_way
        build C2 a c     | refused candidate.not_on_tip
        build C2 b c     | built Q2 C2 on b
        eject C2 by Q2   | refused candidate.no_culprit
        fail Q2 test     | finished Q2 test
        land Q2 c        | refused landing.unproven
        eject C2 by Q2   | refused candidate.no_culprit
        repeat Q2        | repeated Q2 as 2
        fail Q2 test     | finished Q2 test
        eject C1 by Q2   | refused candidate.no_culprit
        eject C2 by Q2   | ejected C2 check.failed
        land Q2 c        | refused candidate.not_under_test
        ",
    );
}

/// Three are tested at once. What was tested upon what has landed goes on; its own commit does not lie on the trunk, its
/// tree does.
#[test]
fn what_was_tested_upon_what_landed_need_not_be_tested_again() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        next             |
        enqueue C1       | queued C1
        enqueue C2       | queued C2
        enqueue C3       | queued C3
        enqueue C4       | queued C4
        next             | start C1, start C1+C2, start C1+C2+C3
        build C1 a b1    | built Q1 C1 on a
        build C1+C2 a b2 | built Q2 C1+C2 on a
        next             | start C1+C2+C3
        build C1+C2+C3 a b3 | built Q3 C1+C2+C3 on a
        next             |
        pass Q1 test     | finished Q1 test
        next             | land Q1
        land Q1 b1       | landing L1 C1 a b1
        next             |
        landed L1        | landed L1
        next             | start C2+C3+C4
        land Q2 b2       | refused landing.unproven
        pass Q3 test     | finished Q3 test
        next             | land Q3
        land Q3 x        | landing L2 C2+C3 b1 x
        landed L2        | dropped Q2, landed L2
        next             | start C4
        ",
    );
}

/// The tree must be the same by hash, whatever the revisions are called.
#[test]
fn what_landed_as_another_tree_is_not_what_was_tested_upon() {
    let mut queue = Queue::default();
    let mut carry = |ask: &dyn Fn(&Queue) -> Command| {
        let events = decide(&queue, ask(&queue)).expect("allowed");
        events.iter().for_each(|event| evolve(&mut queue, Timestamp::default(), event));
        events.iter().map(tell).collect::<Vec<_>>().join(", ")
    };
    let words = |line: &'static str| {
        move |queue: &Queue| command(queue, &line.split_whitespace().collect::<Vec<_>>())
    };
    for line in ["gate test", "trunk a", "enqueue C1", "enqueue C2", "build C1 a b"] {
        carry(&words(line));
    }
    carry(&|queue| {
        let built = command(queue, &["build", "C1+C2", "a", "c"]);
        let Command::Build { onto, mut steps, commit, tree, why } = built else {
            unreachable!("a build")
        };
        steps[0].tree = "another".into();
        Command::Build { onto, steps, commit, tree, why }
    });
    carry(&words("pass Q1 test"));
    carry(&words("land Q1 b"));
    assert_eq!(carry(&words("landed L1")), "dropped Q2, landed L1");
}

#[test]
fn whoever_fails_behind_others_goes_once_they_have_passed() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        enqueue C2       | queued C2
        enqueue C3       | queued C3
        build C1 a b1    | built Q1 C1 on a
        build C1+C2 a b2 | built Q2 C1+C2 on a
        build C1+C2+C3 a b3 | built Q3 C1+C2+C3 on a
        fail Q2 test     | finished Q2 test
        next             | stop Q3, start C1+C3
        stop Q3          | dropped Q3
        build C1+C3 a b4 | built Q4 C1+C3 on a
        freeze           | frozen
        pass Q1 test     | finished Q1 test
        next             | repeat Q2
        repeat Q2        | repeated Q2 as 2
        fail Q2 test     | finished Q2 test
        eject C2 by Q2 past Q4 | refused candidate.no_culprit
        eject C2 by Q2   | refused candidate.no_culprit
        eject C2 by Q2 past Q1 | refused candidate.no_culprit
        next             | start tip
        build tip a      | built Q5  on a
        next             |
        pass Q5 test     | finished Q5 test
        next             | eject C2 by Q2 past Q1
        eject C2 by Q2 past Q1 | ejected C2 check.failed
        thaw             | thawed
        next             | land Q1
        land Q1 b1       | landing L1 C1 a b1
        landed L1        | dropped Q5, landed L1
        next             |
        pass Q4 test     | finished Q4 test
        next             | land Q4
        ",
    );
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        enqueue C2       | queued C2
        build C1 a b1    | built Q1 C1 on a
        build C1+C2 a b2 | built Q2 C1+C2 on a
        fail Q2 test     | finished Q2 test
        pass Q1 test     | finished Q1 test
        land Q1 b1       | landing L1 C1 a b1
        landed L1        | landed L1
        next             | repeat Q2
        repeat Q2        | repeated Q2 as 2
        timeout Q2 test  | finished Q2 test
        next             | eject C2 by Q2
        eject C2 by Q2   | ejected C2 check.timed_out
        next             |
        ",
    );
}

/// What passes on the second try lands: one failure may be chance.
#[test]
fn a_failure_that_does_not_repeat_sends_nobody_back() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        build C1 a b1    | built Q1 C1 on a
        fail Q1 test     | finished Q1 test
        next             | repeat Q1
        repeat Q1        | repeated Q1 as 2
        next             |
        pass Q1 test     | finished Q1 test
        eject C1 by Q1   | refused candidate.no_culprit
        next             | land Q1
        ",
    );
}

/// Nobody loses a place to chance: who waits longer and failed once is waited for; who cannot be tested is not for ever.
#[test]
fn nobody_is_overtaken_for_one_failure() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        enqueue C2       | queued C2
        build C1 a b1    | built Q1 C1 on a
        fail Q1 test     | finished Q1 test
        next             | repeat Q1, start C2
        repeat Q1        | repeated Q1 as 2
        build C2 a b2    | built Q2 C2 on a
        pass Q2 test     | finished Q2 test
        next             |
        broken Q1 test   | finished Q1 test
        next             | repeat Q1
        repeat Q1        | repeated Q1 as 3
        broken Q1 test   | finished Q1 test
        repeat Q1        | repeated Q1 as 4
        next             |
        broken Q1 test   | finished Q1 test
        next             | land Q2
        ",
    );
}

/// A trunk that fails by itself is nobody's fault. Who mends it lands.
#[test]
fn on_a_red_trunk_nobody_is_sent_back() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        enqueue C2       | queued C2
        build C1 a b1    | built Q1 C1 on a
        fail Q1 test     | finished Q1 test
        repeat Q1        | repeated Q1 as 2
        fail Q1 test     | finished Q1 test
        next             | start tip, start C2
        build tip a      | built Q2  on a
        build C2 a b2    | built Q3 C2 on a
        land Q2 a        | refused landing.unproven
        fail Q2 test     | finished Q2 test
        next             | repeat Q2
        repeat Q2        | repeated Q2 as 2
        next             |
        fail Q2 test     | finished Q2 test
        next             |
        eject C1 by Q1   | refused candidate.no_culprit
        pass Q3 test     | finished Q3 test
        next             | land Q3
        land Q3 b2       | landing L1 C2 a b2
        landed L1        | dropped Q1, dropped Q2, landed L1
        next             | start C1
        ",
    );
}

/// Testing goes on, so that a thaw lands what has passed.
#[test]
fn nothing_lands_while_the_queue_is_frozen() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        freeze           | frozen
        freeze           |
        enqueue C1       | queued C1
        build C1 a b1    | built Q1 C1 on a
        pass Q1 test     | finished Q1 test
        next             |
        land Q1 b1       | refused queue.frozen
        enqueue C2       | queued C2
        next             | start C1+C2
        thaw             | thawed
        thaw             |
        next             | land Q1
        ",
    );
}

/// `test=x` is the check `test` on files that are called x.
#[test]
fn a_verdict_is_taken_over_by_proof_alone() {
    check(
        "
        gate test lint   | gate of 2
        trunk a          | trunk at a
        enqueue C1       | queued C1
        enqueue C2       | queued C2
        build C1 a b     | built Q1 C1 on a
        build C2 a c     | built Q2 C2 on a
        pass Q1 test=x   | finished Q1 test
        take Q2 test=y Q1 | refused candidate.no_proof
        take Q2 test=x Q2 | refused candidate.no_proof
        take Q2 test=x Q1 | finished Q2 test
        fail Q1 lint=x   | finished Q1 lint
        take Q2 lint=x Q1 | refused candidate.no_proof
        pass Q2 lint=y   | finished Q2 lint
        land Q2 c        | landing L1 C2 a c
        ",
    );
}

/// Express goes first; the others as if they had come sooner or later.
#[test]
fn what_is_urgent_goes_first() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        enqueue C2       | queued C2
        enqueue C3       | queued C3
        class C3 express | class of C3
        class C3 express |
        next             | start C3, start C3+C1, start C3+C1+C2
        class C1 low     | class of C1
        next             | start C3, start C3+C2, start C3+C2+C1
        class C4 express | class of C4
        enqueue C4       | queued C4
        next             | start C3, start C3+C4, start C3+C4+C2
        class C1 high    | class of C1
        next             | start C3, start C3+C4, start C3+C4+C1
        ",
    );
}

/// A change that comes back repaired in time stands where it stood; later, at the end.
#[test]
fn a_repair_keeps_its_place_for_a_while() {
    let kept = i64::try_from(PLACE_KEPT.as_millis()).expect("hours");
    for (back, order) in [(kept + 9, [1, 2]), (kept + 10, [2, 1])] {
        let mut queue = Queue::default();
        let mut carry = |at: i64, line: &str| {
            let asked = command(&queue, &line.split_whitespace().collect::<Vec<_>>());
            for event in decide(&queue, asked).expect("allowed") {
                evolve(&mut queue, Timestamp::from_millis(at), &event);
            }
        };
        for (at, line) in [(1, "enqueue C1"), (2, "enqueue C2"), (10, "conflict C1")] {
            carry(at, line);
        }
        carry(back, "enqueue C1");
        let waiting = queue.waiting().iter().map(|entry| entry.revision.change.0);
        assert_eq!(waiting.collect::<Vec<_>>(), order);
    }
}

#[test]
fn who_does_not_merge_behind_another_waits_for_it() {
    check(
        "
        gate test             | gate of 1
        trunk a               | trunk at a
        enqueue C1            | queued C1
        enqueue C2            | queued C2
        enqueue C3            | queued C3
        next C2 behind C1     | start C1, start C1+C3
        next C3 behind C1+C2  | start C1, start C1+C2
        next C2 behind C3     | start C1, start C1+C2, start C1+C2+C3
        ",
    );
}

/// A check that cannot be run says nothing about the change: it is tried again for as long as it takes.
#[test]
fn only_what_speaks_about_the_change_ejects_it() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        build C1 a b     | built Q1 C1 on a
        broken Q1 test   | finished Q1 test
        next             | repeat Q1
        repeat Q1        | repeated Q1 as 2
        broken Q1 test   | finished Q1 test
        eject C1 by Q1   | refused candidate.no_culprit
        repeat Q1        | repeated Q1 as 3
        drop Q1          | dropped Q1
        build C1 a b     | built Q2 C1 on a
        fail Q2 test     | finished Q2 test
        repeat Q2        | repeated Q2 as 2
        stop Q2          | stopped Q2 2
        build C1 a b     | refused candidate.known
        trunk x          | dropped Q2, trunk at x
        build C1 x c     | built Q3 C1 on x
        pass Q3 test     | finished Q3 test
        gate lint        | dropped Q3, gate of 1
        gate test        | gate of 1
        build C1 x c     | built Q4 C1 on x
        pass Q4 test     | finished Q4 test
        land Q4 c        | landing L1 C1 x c
        lose L1 y        | lost L1, trunk at y
        enqueue C3       | queued C3
        build C1 y d     | built Q5 C1 on y
        build C1+C3 y e  | built Q6 C1+C3 on y
        dequeue C3       | dropped Q6, dequeued C3
        dequeue C3       |
        enqueue C2       | queued C2
        build C1+C2 y e  | built Q7 C1+C2 on y
        conflict C2      | ejected C2 merge.conflict, dropped Q7
        ",
    );
}

proptest! {
    /// Whatever is asked in whatever order: a landing starts only from the tip, with a tree whose every check
    /// passed and which begins as the trunk does, and nothing lands twice.
    #[test]
    fn what_lands_was_tested_on_the_tip(
        asked in proptest::collection::vec((0u8..14, 1u64..5, 0u8..4), 1..120)
    ) {
        let mut queue = Queue::default();
        let mut passed: BTreeSet<String> = BTreeSet::new();
        let mut landed: BTreeSet<RevisionId> = BTreeSet::new();
        // What every commit that the trunk ever stood at holds.
        let mut trees: BTreeMap<String, String> = BTreeMap::from([("t0".into(), "tree(t0)".into())]);
        for line in [["gate", "test"], ["trunk", "t0"]] {
            for event in decide(&queue, command(&queue, &line)).expect("a fresh queue") {
                evolve(&mut queue, Timestamp::default(), &event);
            }
        }
        for (turn, (kind, number, verdict)) in asked.into_iter().enumerate() {
            let revision = revision(number);
            let tip = queue.tip().unwrap_or_default().to_owned();
            let open: Vec<CandidateId> = queue.testing().map(|known| known.id).collect();
            let testing = open.get(number as usize % open.len().max(1)).copied().unwrap_or(CandidateId(number));
            let landing = queue.landing_under_way().map_or(LandingId(number), |known| known.id);
            let verdict = match verdict {
                0 | 1 => Verdict::Passed,
                2 => Verdict::Failed,
                _ => Verdict::Broken,
            };
            let (task, commit) = (TaskId(1), format!("c{turn}"));
            let mut chain: Vec<RevisionId> = queue.waiting().iter().map(|entry| entry.revision).collect();
            chain.truncate(number as usize);
            let to = queue.candidate(testing).filter(|known| known.is_on_its_tip()).map_or(commit.clone(), |known| known.commit.clone());
            let built = |onto: &str, chain: &[RevisionId]| {
                let tree = trees.get(onto).cloned().unwrap_or_default();
                let mut steps = steps("", chain);
                steps.iter_mut().for_each(|step| step.tree = step.tree.replace("tree()", &tree));
                steps
            };
            let build = |onto: String, steps: Vec<Step>, commit: String| {
                let tree = steps.last().map_or_else(|| trees.get(&onto).cloned().unwrap_or_default(), |step| step.tree.clone());
                Command::Build { onto, steps, commit, tree, why: String::new() }
            };
            let command = match kind {
                0 if !landed.contains(&revision) => Command::Enqueue { revision, task, commit },
                0..=2 => build(tip.clone(), built(&tip, &chain), commit),
                3 if number > 3 => build(tip.clone(), Vec::new(), tip.clone()),
                3 => build(format!("t{number}"), built("t1", &[revision]), commit),
                4 | 5 => Command::Finish { candidate: testing, run: run(&queue, testing), result: result("test", verdict) },
                6 | 7 => Command::StartLanding { candidate: testing, to, why: String::new() },
                8 | 9 => Command::FinishLanding { landing },
                10 => Command::LoseLanding { landing, actual: format!("m{turn}") },
                11 if number == 1 => Command::SeeTrunk { trunk: "main".into(), tip: format!("m{turn}") },
                11 if number == 2 => Command::Repeat { candidate: testing, why: String::new() },
                11 => Command::Eject(Culprit { revision, failing: testing, passing: open.first().copied(), why: String::new() }),
                12 => Command::Dequeue { revision },
                _ => Command::Drop { candidate: testing, why: Dropped::Interrupted },
            };
            let Ok(events) = decide(&queue, command) else { continue };
            for event in events {
                evolve(&mut queue, Timestamp::from_millis(turn as i64), &event);
                match event {
                    Event::CheckFinished { candidate, verdict: Verdict::Passed, .. } => {
                        passed.insert(queue.candidate(candidate).expect("known").tree.clone());
                    }
                    Event::TrunkMoved { to, .. } => {
                        trees.insert(to.clone(), format!("tree({to})"));
                    }
                    Event::LandingStarted { from, to, tree, revisions, .. } => {
                        prop_assert_eq!(&from, &tip);
                        prop_assert!(passed.contains(&tree));
                        let brought: String = revisions.iter().map(|one| format!("+{}", one.change)).collect();
                        prop_assert_eq!(&tree, &format!("{}{brought}", trees[&from]));
                        trees.insert(to, tree);
                    }
                    Event::LandingFinished { landing } => {
                        let known = queue.landing(landing).expect("known");
                        prop_assert_eq!(queue.tip(), Some(known.to.as_str()));
                        for revision in &known.revisions {
                            prop_assert!(landed.insert(*revision));
                        }
                    }
                    Event::GateSet { .. }
                    | Event::RevisionQueued { .. }
                    | Event::RevisionDequeued { .. }
                    | Event::CandidateBuilt { .. }
                    | Event::CandidateRepeated { .. }
                    | Event::RunStopped { .. }
                    | Event::QueueFrozen { .. }
                    | Event::QueueThawed { .. }
                    | Event::ClassSet { .. }
                    | Event::CheckFinished { .. }
                    | Event::CandidateDropped { .. }
                    | Event::RevisionEjected { .. }
                    | Event::LandingLost { .. } => {}
                }
            }
            // What is open stands on the tip; what has nothing to add is not open.
            for open in queue.testing() {
                prop_assert_eq!(Some(open.at()), queue.tip());
                prop_assert!(!open.rest().is_empty() || open.steps.is_empty());
            }
        }
    }
}
