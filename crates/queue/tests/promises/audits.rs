//! Checks that promise to look at some paths only, and are held to it.

use super::words::check;

#[test]
fn a_check_that_fails_on_what_it_was_said_to_pass_is_not_believed_any_more() {
    check(
        "
        promise test lint | gate of 2
        trunk a           | trunk at a
        enqueue C1        | queued C1
        build C1 a b      | built Q1 C1 on a
        pass Q1 test=x    | finished Q1 test
        pass Q1 lint=x    | finished Q1 lint
        land Q1 b         | landing L1 C1 a b
        landed L1         | landed L1
        next              |
        enqueue C2        | queued C2
        build C2 b c      | built Q2 C2 on b
        take Q2 test=x Q1 | finished Q2 test
        pass Q2 lint=y    | finished Q2 lint
        land Q2 c         | landing L2 C2 b c
        landed L2         | landed L2
        next of 0         |
        next              | start tip
        build tip c       | built Q3  on c
        next              |
        fail Q3 test=x    | finished Q3 test
        next              | repeat Q3
        believed          | test lint
        enqueue C3        | queued C3
        build C3 c d      | built Q4 C3 on c
        take Q4 test=x Q1 | finished Q4 test
        pass Q4 lint=z    | finished Q4 lint
        land Q4 d         | landing L3 C3 c d
        landed L3         | landed L3
        next              | repeat Q3
        repeat Q3         | repeated Q3 as 2
        fail Q3 test=x    | finished Q3 test, dropped Q3
        believed          | lint
        next              | start tip
        promise test lint |
        believed          | lint
        promise lint      | gate of 1
        promise test lint | gate of 2
        believed          | test lint
        ",
    );
}

#[test]
fn where_it_is_the_tip_that_fails_the_trunk_is_red() {
    check(
        "
        promise test      | gate of 1
        trunk a           | trunk at a
        enqueue C1        | queued C1
        build C1 a b      | built Q1 C1 on a
        pass Q1 test=x    | finished Q1 test
        land Q1 b         | landing L1 C1 a b
        landed L1         | landed L1
        enqueue C2        | queued C2
        build C2 b c      | built Q2 C2 on b
        take Q2 test=x Q1 | finished Q2 test
        land Q2 c         | landing L2 C2 b c
        landed L2         | landed L2
        build tip c       | built Q3  on c
        fail Q3 test=x    | finished Q3 test
        repeat Q3         | repeated Q3 as 2
        fail Q3 test=x    | finished Q3 test
        believed          |
        next              |
        enqueue C3        | queued C3
        build C3 c d      | built Q4 C3 on c
        fail Q4 test=y    | finished Q4 test
        repeat Q4         | repeated Q4 as 2
        fail Q4 test=y    | finished Q4 test
        eject C3 by Q4    | refused candidate.no_culprit
        ",
    );
}

#[test]
fn what_fails_once_and_then_passes_was_chance() {
    check(
        "
        promise test      | gate of 1
        trunk a           | trunk at a
        enqueue C1        | queued C1
        build C1 a b      | built Q1 C1 on a
        pass Q1 test=x    | finished Q1 test
        land Q1 b         | landing L1 C1 a b
        landed L1         | landed L1
        enqueue C2        | queued C2
        build C2 b c      | built Q2 C2 on b
        take Q2 test=x Q1 | finished Q2 test
        land Q2 c         | landing L2 C2 b c
        landed L2         | landed L2
        next              | start tip
        build tip c       | built Q3  on c
        fail Q3 test=x    | finished Q3 test
        next              | repeat Q3
        repeat Q3         | repeated Q3 as 2
        pass Q3 test=x    | finished Q3 test, dropped Q3
        next              |
        believed          | test
        ",
    );
}

#[test]
fn who_promises_nothing_is_not_tested_again() {
    check(
        "
        gate test         | gate of 1
        trunk a           | trunk at a
        enqueue C1        | queued C1
        build C1 a b      | built Q1 C1 on a
        pass Q1 test=x    | finished Q1 test
        land Q1 b         | landing L1 C1 a b
        landed L1         | landed L1
        enqueue C2        | queued C2
        build C2 b c      | built Q2 C2 on b
        take Q2 test=x Q1 | finished Q2 test
        land Q2 c         | landing L2 C2 b c
        landed L2         | landed L2
        next              |
        build tip c       | built Q3  on c
        fail Q3 test=x    | finished Q3 test
        next              |
        ",
    );
}
