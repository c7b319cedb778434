//! Tries to break what the queue promises: stories as tables, and a property over any order of commands.

#[path = "promises/any_order.rs"]
mod any_order;
#[path = "promises/audits.rs"]
mod audits;
#[path = "promises/live.rs"]
mod live;
#[path = "promises/runners.rs"]
mod runners;
#[path = "promises/whole.rs"]
mod whole;
#[path = "promises/words.rs"]
mod words;

use weir_model::Timestamp;
use weir_queue::{Command, PLACE_KEPT, Queue, decide, evolve};
use words::{check, command, tell};

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
    assert_eq!(carry(&words("landed L1")), "landed L1");
    // It may still tell something, but never land.
    assert_eq!(carry(&words("pass Q2 test")), "finished Q2 test, dropped Q2");
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
