//! Runs in the hands of runners: stories as tables.

use super::words::check;

/// What is offered is one runner's at a time; each check that it tells of counts, and the last one lands the change.
#[test]
fn a_run_is_one_runners() {
    check(
        "
        gate test lint   | gate of 2
        trunk a          | trunk at a
        enqueue C1       | queued C1
        build C1 a b     | built Q1 C1 on a
        r1 takes 0s      | saw r1 for 2
        offer Q1         | offered Q1 1
        offer Q1         | refused run.elsewhere
        r1 takes 1s      | r1 took Q1 1 by #1 until 61s
        r2 takes 2s      | saw r2 for 2
        pass Q1 test     | refused run.elsewhere
        recall Q1        | refused run.elsewhere
        r2 passes Q1 #1 test 3s | refused run.lease_lost
        r1 passes Q1 #2 test 3s | refused run.lease_lost
        r1 passes Q1 #1 lint 3s | refused candidate.wrong_check
        r1 passes Q1 #1 test 3s | finished Q1 test
        land Q1 b        | refused landing.unproven
        r1 passes Q1 #1 lint 4s | finished Q1 lint
        r1 passes Q1 #1 lint 4s | refused run.over
        r1 renews Q1 #1 5s | refused run.over
        land Q1 b        | landing L1 C1 a b
        ",
    );
}

/// Asked often, recorded once half of it has passed, and over at the instant it names.
#[test]
fn a_lease_is_renewed_or_ends() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        build C1 a b     | built Q1 C1 on a
        offer Q1         | offered Q1 1
        r1 takes 0s      | saw r1 for 2, r1 took Q1 1 by #1 until 60s
        r1 renews Q1 #1 20s |
        r2 renews Q1 #1 20s | refused run.lease_lost
        r1 renews Q1 #1 40s | renewed #1 until 100s
        expire Q1 99s    | refused run.not_expired
        r1 renews Q1 #1 100s | refused run.lease_lost
        r1 passes Q1 #1 test 100s | refused run.lease_lost
        r1 refused Q1 #1 test | refused test by #1
        expire Q1 100s   | back #1 Expired
        expire Q1 100s   | refused run.not_expired
        r2 takes 101s    | saw r2 for 2, r2 took Q1 1 by #2 until 161s
        r1 passes Q1 #1 test 102s | refused run.lease_lost
        r1 fails Q1 #1 test 102s | refused run.lease_lost
        r1 returns Q1 #1 102s | refused run.lease_lost
        r2 passes Q1 #2 test 103s | finished Q1 test
        land Q1 b        | landing L1 C1 a b
        ",
    );
}

/// Whoever asks again, and does not know what it holds, never heard the answer: it gets the same run by another number.
#[test]
fn an_answer_that_was_lost_is_given_again() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        enqueue C2       | queued C2
        build C1 a b     | built Q1 C1 on a
        build C1+C2 a c  | built Q2 C1+C2 on a
        offer Q1         | offered Q1 1
        offer Q2         | offered Q2 1
        r1 takes 0s      | saw r1 for 2, r1 took Q1 1 by #1 until 60s
        r1 takes 1s      | back #1 Unheard, r1 took Q1 1 by #2 until 61s
        r1 passes Q1 #1 test 2s | refused run.lease_lost
        r1 takes 2s #2   | r1 took Q2 1 by #3 until 62s
        r1 takes 2s #2 #3 |
        r1 leaves        | back #2 Stopping, back #3 Stopping, r1 left
        r1 leaves        |
        recall Q2        | recalled Q2 1
        pass Q2 test     | finished Q2 test
        r2 takes 3s      | saw r2 for 2, r2 took Q1 1 by #4 until 63s
        ",
    );
}

/// A run that comes back begins anew. What had passed by then is proof of what it was about, and of nothing else.
#[test]
fn what_a_lost_runner_had_found_out_is_proof() {
    check(
        "
        gate test lint   | gate of 2
        trunk a          | trunk at a
        enqueue C1       | queued C1
        build C1 a b     | built Q1 C1 on a
        offer Q1         | offered Q1 1
        r1 takes 0s      | saw r1 for 2, r1 took Q1 1 by #1 until 60s
        r1 passes Q1 #1 test=x 1s | finished Q1 test
        r1 returns Q1 #1 2s | back #1 Unable
        recall Q1        | recalled Q1 1
        pass Q1 lint     | refused candidate.wrong_check
        take Q1 test=y Q1 | refused candidate.no_proof
        take Q1 test=x Q1 | finished Q1 test
        fail Q1 lint     | finished Q1 lint
        ",
    );
}

/// What is stopped, overtaken or withdrawn is told to nobody, and nobody's telling of it counts.
#[test]
fn nobody_is_asked_about_what_is_over() {
    check(
        "
        gate test        | gate of 1
        trunk a          | trunk at a
        enqueue C1       | queued C1
        build C1 a b     | built Q1 C1 on a
        offer Q1         | offered Q1 1
        r1 takes 0s      | saw r1 for 2, r1 took Q1 1 by #1 until 60s
        dequeue C1       | dropped Q1, dequeued C1
        r1 renews Q1 #1 1s | refused run.over
        r1 fails Q1 #1 test 1s | refused run.over
        r1 fails Q7 #1 test 1s | refused run.unknown
        r1 takes 2s      |
        enqueue C1       | queued C1
        build C1 a c     | built Q2 C1 on a
        offer Q2         | offered Q2 1
        dequeue C1       | dropped Q2, dequeued C1
        r1 takes 3s      |
        offer Q2         | refused candidate.not_under_test
        ",
    );
}
