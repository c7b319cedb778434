//! What the live queue does next: stories as tables.

use super::words::check;

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
        next             | start C1+C2, start C1+C2+C3+C4, start C1
        build C1 a b1    | built Q1 C1 on a
        build C1+C2 a b2 | built Q2 C1+C2 on a
        next             | start C1+C2+C3+C4
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

/// Is it the change, or what it was tested with? It is tested by itself; if it passes there, the later one of two goes.
#[test]
fn whoever_fails_goes_by_what_it_fails_with() {
    let begin = "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        enqueue C2       | queued C2
        build tip a      | built Q1  on a
        pass Q1 test     | finished Q1 test
        build C1 a b1    | built Q2 C1 on a
        build C1+C2 a b2 | built Q3 C1+C2 on a
        freeze           | frozen
        pass Q2 test     | finished Q2 test
        fail Q3 test     | finished Q3 test
        next             | start C2
        build C2 a b4    | built Q4 C2 on a";
    check(&format!(
        "{begin}
        fail Q4 test     | finished Q4 test
        eject C1 by Q3   | refused candidate.no_culprit
        eject C2 by Q3 past Q4 | refused candidate.no_culprit
        next             | eject C2 by Q4
        eject C2 by Q4   | ejected C2 check.failed, dropped Q3
        next             |
        thaw             | thawed
        next             | land Q2
        "
    ));
    check(&format!(
        "{begin}
        pass Q4 test     | finished Q4 test
        thaw             | thawed
        next             | land Q2
        land Q2 b1       | landing L1 C1 a b1
        landed L1        | dropped Q1, dropped Q4, landed L1
        next             | repeat Q3
        repeat Q3        | repeated Q3 as 2
        fail Q3 test     | finished Q3 test
        next             | repeat Q3
        repeat Q3        | repeated Q3 as 3
        fail Q3 test     | finished Q3 test
        next             | eject C2 by Q3 with C1
        eject C2 by Q3 with C1 | ejected C2 check.interaction
        "
    ));
}

/// What was built upon what has landed is the change by itself.
#[test]
fn who_fails_upon_what_landed_fails_by_itself() {
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
        next             | start tip, repeat Q1
        repeat Q1        | repeated Q1 as 2
        next             | start tip
        pass Q1 test     | finished Q1 test
        eject C1 by Q1   | refused candidate.no_culprit
        next             | land Q1
        ",
    );
}

/// Who has failed is rather bad than good: nobody waits for it to be found out. Once the tip has moved on, it is built again.
#[test]
fn who_rather_fails_is_not_waited_for() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        enqueue C2       | queued C2
        build tip a      | built Q1  on a
        pass Q1 test     | finished Q1 test
        build C1 a b1    | built Q2 C1 on a
        fail Q2 test     | finished Q2 test
        next             | start C2, repeat Q2
        build C2 a b2    | built Q3 C2 on a
        pass Q3 test     | finished Q3 test
        next             | land Q3
        land Q3 b2       | landing L1 C2 a b2
        landed L1        | dropped Q1, dropped Q2, landed L1
        next             | start C1
        build C1 b2 b3   | built Q4 C1 on b2
        fail Q4 test     | finished Q4 test
        next             | eject C1 by Q4
        eject C1 by Q4   | ejected C1 check.failed
        ",
    );
}

/// Who cannot be tested is not waited for either, for a while.
#[test]
fn who_cannot_be_tested_is_tried_again_later() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        build C1 a b1    | built Q1 C1 on a
        broken Q1 test   | finished Q1 test
        next             | repeat Q1
        repeat Q1        | repeated Q1 as 2
        broken Q1 test   | finished Q1 test
        repeat Q1        | repeated Q1 as 3
        broken Q1 test   | finished Q1 test
        repeat Q1        | repeated Q1 as 4
        broken Q1 test   | finished Q1 test
        next             |
        enqueue C2       | queued C2
        next             | start C2
        build C2 a b2    | built Q2 C2 on a
        pass Q2 test     | finished Q2 test
        next             | land Q2
        dequeue C2       | dropped Q2, dequeued C2
        wait 10m         |
        next             | repeat Q1
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
        next             | repeat Q2
        eject C1 by Q1   | refused candidate.no_culprit
        pass Q3 test     | finished Q3 test
        next             | repeat Q2, land Q3
        land Q3 b2       | landing L1 C2 a b2
        landed L1        | dropped Q1, dropped Q2, landed L1
        next             | start C1
        ",
    );
}

/// Twice may be chance as well: else whoever is bad would wait on it until somebody lands.
#[test]
fn a_tip_that_was_red_by_chance_is_found_to_pass() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        build C1 a b1    | built Q1 C1 on a
        fail Q1 test     | finished Q1 test
        repeat Q1        | repeated Q1 as 2
        fail Q1 test     | finished Q1 test
        build tip a      | built Q2  on a
        fail Q2 test     | finished Q2 test
        repeat Q2        | repeated Q2 as 2
        fail Q2 test     | finished Q2 test
        next             | repeat Q2
        repeat Q2        | repeated Q2 as 3
        next             |
        pass Q2 test     | finished Q2 test
        next             | repeat Q1
        repeat Q1        | repeated Q1 as 3
        fail Q1 test     | finished Q1 test
        next             | eject C1 by Q1
        ",
    );
}

#[test]
fn a_tip_that_fails_again_and_again_is_red() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        build C1 a b1    | built Q1 C1 on a
        fail Q1 test     | finished Q1 test
        repeat Q1        | repeated Q1 as 2
        fail Q1 test     | finished Q1 test
        build tip a      | built Q2  on a
        fail Q2 test     | finished Q2 test
        next             | repeat Q2
        repeat Q2        | repeated Q2 as 2
        fail Q2 test     | finished Q2 test
        next             | repeat Q2
        repeat Q2        | repeated Q2 as 3
        fail Q2 test     | finished Q2 test
        next             | repeat Q2
        repeat Q2        | repeated Q2 as 4
        fail Q2 test     | finished Q2 test
        next             | repeat Q2
        repeat Q2        | repeated Q2 as 5
        fail Q2 test     | finished Q2 test
        next             | repeat Q2
        repeat Q2        | repeated Q2 as 6
        fail Q2 test     | finished Q2 test
        next             |
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
        next             | start C3+C4, start C3+C4+C2+C1, start C3
        class C1 high    | class of C1
        next             | start C3+C4, start C3+C4+C1+C2, start C3
        ",
    );
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
        next C2 behind C1     | start C1, start C2, start C1+C3
        next C3 behind C1     | start C1, start C1+C2, start C3
        next C3 behind C2     | start C1, start C1+C2, start C3
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

/// No check looks at both: neither waits for the other. The second is built once more on top of the first, to land as a tree
/// of which every check has passed.
#[test]
fn who_is_looked_at_by_other_checks_waits_for_nobody() {
    let begin = "
        gate test lint   | gate of 2
        trunk a          | trunk at a
        look test at C1  |
        look lint at C2  |
        enqueue C1       | queued C1
        enqueue C2       | queued C2
        next             | start C1, start C2
        build C1 a b1    | built Q1 C1 on a
        build C2 a b2    | built Q2 C2 on a";
    check(&format!(
        "{begin}
        pass Q2 test=0   | finished Q2 test
        pass Q2 lint=2   | finished Q2 lint
        next             | land Q2
        land Q2 b2       | landing L1 C2 a b2
        landed L1        | landed L1
        next             |
        pass Q1 test=1   | finished Q1 test
        pass Q1 lint=0   | finished Q1 lint, dropped Q1
        next             | start C1
        build C1 b2 b3   | built Q3 C1 on b2
        take Q3 test=1 Q1 | finished Q3 test
        take Q3 lint=2 Q2 | finished Q3 lint
        next             | land Q3
        land Q3 b3       | landing L2 C1 b2 b3
        "
    ));
    // Also where the order is another by then.
    check(
        "
        gate test lint   | gate of 2
        trunk a          | trunk at a
        look test at C1  |
        look test at C2  |
        look lint at C3  |
        enqueue C1       | queued C1
        enqueue C2       | queued C2
        enqueue C3       | queued C3
        build C2+C1 a b1 | built Q1 C2+C1 on a
        build C3 a b2    | built Q2 C3 on a
        pass Q2 test=0   | finished Q2 test
        pass Q2 lint=3   | finished Q2 lint
        land Q2 b2       | landing L1 C3 a b2
        landed L1        | landed L1
        pass Q1 test=12  | finished Q1 test
        pass Q1 lint=0   | finished Q1 lint, dropped Q1
        next             | start C1+C2
        build C1+C2 b2 b3 | built Q3 C1+C2 on b2
        next             |
        take Q3 test=12 Q1 | finished Q3 test
        take Q3 lint=3 Q2 | finished Q3 lint
        next             | land Q3
        ",
    );
    // What failed before something landed is built on what is there now.
    check(&format!(
        "{begin}
        pass Q2 test=0   | finished Q2 test
        pass Q2 lint=2   | finished Q2 lint
        land Q2 b2       | landing L1 C2 a b2
        landed L1        | landed L1
        fail Q1 test=1   | finished Q1 test, dropped Q1
        next             | start C1
        "
    ));
    // Who is looked at by the same check is stopped, and built anew.
    check(&format!(
        "{begin}
        look test lint at C2 |
        pass Q2 test     | finished Q2 test
        pass Q2 lint     | finished Q2 lint
        land Q2 b2       | landing L1 C2 a b2
        landed L1        | landed L1
        next             | stop Q1, start C1
        stop Q1          | dropped Q1
        "
    ));
}

/// A stack lands together, or up to the longest part that passes; no part of it is built without what is below it.
#[test]
fn a_stack_lands_as_far_as_it_passes() {
    let begin = "
        gate test        | gate of 1
        trunk a          | trunk at a
        build tip a      | built Q1  on a
        pass Q1 test     | finished Q1 test
        enqueue C2 on C1 | queued C2
        next             |
        enqueue C1       | queued C1
        build C2 a b     | refused candidate.without_stack
        build C2+C1 a b  | refused candidate.without_stack
        next             | start C1, start C1+C2
        build C1 a b1    | built Q2 C1 on a
        build C1+C2 a b2 | built Q3 C1+C2 on a";
    check(&format!(
        "{begin}
        pass Q3 test     | finished Q3 test
        next             | land Q3
        land Q3 b2       | landing L1 C1+C2 a b2
        landed L1        | dropped Q1, dropped Q2, landed L1
        "
    ));
    check(&format!(
        "{begin}
        fail Q3 test     | finished Q3 test
        pass Q2 test     | finished Q2 test
        next             | land Q2
        land Q2 b1       | landing L1 C1 a b1
        landed L1        | dropped Q1, landed L1
        next             | repeat Q3
        "
    ));
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C2 on C1 | queued C2
        enqueue C1       | queued C1
        build C1 a b1    | built Q1 C1 on a
        pass Q1 test     | finished Q1 test
        land Q1 b1       | landing L1 C1 a b1
        landed L1        | landed L1
        build C2 b1 b2   | built Q2 C2 on b1
        ",
    );
}

/// Where much lands, whoever is under suspicion is always tested upon a tip that is the last no more: it goes back all the same.
#[test]
fn who_fails_upon_older_tips_goes_back() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        build tip a      | built Q1  on a
        pass Q1 test     | finished Q1 test
        enqueue C1       | queued C1
        enqueue C2       | queued C2
        build C1 a b1    | built Q2 C1 on a
        build C2 a b2    | built Q3 C2 on a
        fail Q2 test     | finished Q2 test
        eject C1 by Q2   | refused candidate.no_culprit
        repeat Q2        | repeated Q2 as 2
        pass Q3 test     | finished Q3 test
        land Q3 b2       | landing L1 C2 a b2
        landed L1        | dropped Q1, landed L1
        fail Q2 test     | finished Q2 test, dropped Q2
        next             | eject C1 by Q2
        eject C1 by Q2   | ejected C1 check.failed
        eject C1 by Q2   | refused candidate.not_under_test
        next             |
        ",
    );
}

/// What failed with others, where the trunk no longer stands, blames nobody: one that was in it has landed, and may be why.
#[test]
fn who_failed_with_one_that_landed_is_tested_again() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        build tip a      | built Q1  on a
        pass Q1 test     | finished Q1 test
        enqueue C1       | queued C1
        enqueue C2       | queued C2
        enqueue C3       | queued C3
        build C1+C2+C3 a b1 | built Q2 C1+C2+C3 on a
        build C2 a b2    | built Q3 C2 on a
        build C1 a b3    | built Q4 C1 on a
        fail Q2 test     | finished Q2 test
        repeat Q2        | repeated Q2 as 2
        fail Q2 test     | finished Q2 test
        pass Q3 test     | finished Q3 test
        pass Q4 test     | finished Q4 test
        land Q3 b2       | landing L1 C2 a b2
        landed L1        | dropped Q1, dropped Q2, dropped Q4, landed L1
        eject C3 by Q2 past Q4 | refused candidate.no_culprit
        next             | start C1, start C3
        ",
    );
}
