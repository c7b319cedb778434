//! The rules as their users meet them: who asks, what for, and what comes of it.

mod table;

use table::check;

#[test]
fn a_space_begins_with_its_owner_and_keeps_one() {
    check(
        "
        0m  weir  open demo ann      | opened demo, P1 ann owner
        0m  weir  open other bob     | refused space.already_open
        1m  weir  token P1 all k1    | K1 of P1 until 1001m
        2m  k1    add bob member     | P2 bob member
        2m  k1    add BOB member     | refused person.name_taken
        2m  k1    add P7 member      | refused name.malformed
        3m  k1    role P1 member     | refused person.last_owner
        3m  k1    remove P1          | refused person.last_owner
        4m  k1    role P2 owner      | P2 is owner
        4m  k1    role P2 owner      | nothing
        5m  k1    remove P1          | P1 left
        6m  k1    add cat member     | refused person.removed
        6m  weir  remove P2          | refused person.last_owner
        6m  weir  add ann member     | P3 ann member
        ",
    );
}

#[test]
fn a_role_bounds_what_a_token_may_do() {
    check(
        "
        0m  weir  open demo ann      | opened demo, P1 ann owner
        0m  weir  add bob member     | P2 bob member
        0m  weir  add cat auditor    | P3 cat auditor
        0m  weir  token P2 all k2    | K1 of P2 until 1000m
        0m  weir  token P3 all k3    | K2 of P3 until 1000m
        1m  k2    add dan member     | refused right.not_in_role
        1m  k3    session ** 10m s1  | refused right.not_in_role
        1m  k2    session ** 10m s1  | S1 of P2 until 11m
        1m  s1    add dan member     | refused right.not_for_agents
        1m  weir  token P1 read,admin k4  | K3 of P1 until 1001m
        1m  k4    add dan member     | refused right.not_in_token
        1m  k4    role P2 owner      | refused right.not_in_token
        1m  k4    add dan auditor    | P4 dan auditor
        1m  k3    end S1             | refused right.not_in_role
        2m  weir  role P2 auditor    | S1 ended, P2 is auditor
        2m  s1    session ** 10m s2  | refused session.ended
        2m  k2    session ** 10m s2  | refused right.not_in_role
        ",
    );
}

#[test]
fn a_token_ends_when_it_says_and_when_it_is_told() {
    check(
        "
        0m  weir  open demo ann            | opened demo, P1 ann owner
        0m  weir  token P1 all k1 60m      | K1 of P1 until 60m
        1m  k1    token P1 none k2         | refused token.no_rights
        1m  k1    token P1 read,claim k2   | K2 of P1 until 1001m
        2m  k2    token P1 read k3         | refused token.too_narrow
        2m  k2    offer P1 link 15m        | refused token.too_narrow
        2m  k2    revoke K1                | refused right.not_in_token
        2m  k2    session ** 10m s1        | S1 of P1 until 12m
        3m  k1    revoke K2                | K2 revoked
        3m  k1    revoke K2                | nothing
        3m  k1    revoke K9                | refused token.unknown
        4m  k2    session ** 10m s2        | refused token.revoked
        4m  k1    token P1 read k2         | refused secret.in_use
        59m k1    add bob member           | P2 bob member
        60m k1    add cat member           | refused token.expired
        60m who   add cat member           | refused token.unknown
        ",
    );
}

/// A runner's token takes runs and fetches, and opens nothing else, whoever issued it.
#[test]
fn a_runners_token_does_one_thing() {
    check(
        "
        0m  weir  open demo ann          | opened demo, P1 ann owner
        0m  weir  add bob member         | P2 bob member
        0m  weir  token P1 all k1        | K1 of P1 until 1000m
        0m  weir  token P2 all k2        | K2 of P2 until 1000m
        1m  k1    run                    | refused right.not_in_token
        1m  k2    run                    | refused right.not_in_role
        1m  k2    token P2 run r2        | refused right.not_in_role
        1m  k1    token P2 run r2        | refused right.not_in_role
        1m  k1    token P1 run,read r1   | refused token.run_alone
        1m  k1    token P1 run r1        | K3 of P1 until 1001m
        1m  k1    token P1 claim k4      | K4 of P1 until 1001m
        1m  k4    fetch                  | refused right.not_in_token
        2m  r1    run                    | may run
        2m  r1    fetch                  | may fetch
        2m  r1    read                   | refused right.not_in_token
        2m  r1    add cat member         | refused right.not_in_token
        2m  r1    role P2 owner          | refused right.not_in_token
        2m  r1    session ** 10m s1      | refused right.not_in_token
        2m  r1    token P1 run r3        | refused token.too_narrow
        2m  r1    token P1 read r3       | refused token.too_narrow
        2m  r1    offer P1 link 15m      | refused token.too_narrow
        2m  r1    revoke K1              | refused right.not_in_token
        2m  r1    approve P2             | refused right.not_in_token
        3m  k1    session ** 10m s1      | S1 of P1 until 13m
        3m  s1    run                    | refused right.not_for_agents
        4m  k1    role P2 owner          | P2 is owner
        4m  k2    role P1 member         | P1 is member
        4m  r1    run                    | refused right.not_in_role
        4m  k2    revoke K3              | K3 revoked
        4m  r1    run                    | refused token.revoked
        ",
    );
}

#[test]
fn a_link_signs_in_once() {
    check(
        "
        0m   weir  open demo ann          | opened demo, P1 ann owner
        0m   weir  offer P1 link 15m      | link for P1 until 15m
        0m   weir  offer P1 slow 15m      | link for P1 until 15m
        1m   link  add bob member         | refused token.unknown
        2m   weir  redeem link web 120m   | redeemed, K1 of P1 until 122m
        3m   weir  redeem link web2 120m  | refused sign_in.used
        3m   weir  redeem nope web2 120m  | refused sign_in.unknown
        3m   web   add bob member         | P2 bob member
        4m   web   offer P2 hi 15m        | link for P2 until 19m
        15m  weir  redeem slow web2 120m  | refused sign_in.expired
        16m  web   remove P2              | P2 left
        16m  weir  redeem hi bobs 120m    | refused sign_in.unknown
        17m  web   revoke K1              | K1 revoked
        17m  web   add cat member         | refused token.revoked
        ",
    );
}

#[test]
fn a_child_gets_no_more_than_its_parent() {
    check(
        "
        0m   weir  open demo ann                        | opened demo, P1 ann owner
        0m   weir  token P1 all k1                      | K1 of P1 until 1000m
        0m   weir  session ** 60m s0                    | refused session.nobody_answers
        0m   k1    session src/** 60m s1 push=10        | S1 of P1 until 60m
        1m   k1    session src/** 60m s2 under=S1       | refused session.not_its_parent
        1m   s1    session src/** 60m s2                | refused session.not_its_parent
        1m   s1    session ** 60m s2 under=S1           | refused mandate.widened
        1m   s1    session src/** 60m s2 under=S1 push=11       | refused mandate.widened
        1m   s1    session src/**+src/a/** 60m s2 under=S1      | S2 of P1 until 60m under S1
        1m   s2    session src/** 9m s3 under=S2                | refused mandate.widened
        1m   s2    session src/**+src/a/** 9m s3 under=S1       | refused session.not_its_parent
        1m   s2    session src/**+src/a/** 9m s3 under=S2       | S3 of P1 until 10m under S2
        1m   s3    session src/**+src/a/** 9m s4 under=S3       | S4 of P1 until 10m under S3
        1m   s4    session src/**+src/a/** 9m s5 under=S4       | refused session.too_deep
        2m   s3    end S1                                       | refused session.not_yours
        2m   s3    end S3                                       | S4 ended, S3 ended
        2m   s3    session src/**+src/a/** 9m s6 under=S3       | refused session.ended
        3m   k1    end S1                                       | S2 ended, S1 ended
        3m   k1    end S1                                       | nothing
        3m   s2    end S2                                       | refused session.ended
        ",
    );
}

#[test]
fn a_person_who_leaves_takes_everything_along() {
    check(
        "
        0m  weir  open demo ann                   | opened demo, P1 ann owner
        0m  weir  add bob member                  | P2 bob member
        0m  weir  token P2 all k2                 | K1 of P2 until 1000m
        0m  k2    session ** 60m s1               | S1 of P2 until 60m
        0m  s1    session ** 60m s2 under=S1      | S2 of P2 until 60m under S1
        1m  weir  remove P2                       | S2 ended, S1 ended, P2 left
        1m  weir  remove P2                       | nothing
        1m  k2    session ** 60m s3               | refused person.removed
        1m  s2    session ** 60m s3 under=S2      | refused person.removed
        1m  weir  token P2 all k3                 | refused person.removed
        1m  weir  remove P9                       | refused person.unknown
        ",
    );
}

#[test]
fn nobody_approves_their_own_work_and_agents_approve_nothing() {
    check(
        "
        0m  weir  open demo ann            | opened demo, P1 ann owner
        0m  weir  add bob member           | P2 bob member
        0m  weir  add cat auditor          | P3 cat auditor
        0m  weir  token P1 all k1          | K1 of P1 until 1000m
        0m  weir  token P2 all k2          | K2 of P2 until 1000m
        0m  weir  token P2 read k3         | K3 of P2 until 1000m
        0m  weir  token P3 all k4          | K4 of P3 until 1000m
        0m  k1    session ** 60m s1        | S1 of P1 until 60m
        1m  k1    approve P1               | refused approval.own_work
        1m  k1    approve P1,P2            | refused approval.own_work
        1m  k2    approve P1               | by P2
        1m  k3    approve P1               | refused right.not_in_token
        1m  k4    approve P1               | refused right.not_in_role
        1m  s1    approve P2               | refused approval.not_a_person
        1m  weir  approve P2               | refused approval.not_a_person
        ",
    );
}

#[test]
fn a_refused_push_is_recorded_for_its_session_only() {
    check(
        "
        0m  weir  open demo ann           | opened demo, P1 ann owner
        0m  weir  add bob member          | P2 bob member
        0m  weir  token P1 all k1         | K1 of P1 until 1000m
        0m  weir  token P2 all k2         | K2 of P2 until 1000m
        0m  k1    session ** 60m s1       | S1 of P1 until 60m
        1m  s1    pushed S1 push.empty    | push refused push.empty
        1m  k1    pushed S1 push.empty    | push refused push.empty
        1m  weir  pushed S1 push.empty    | push refused push.empty
        1m  k2    pushed S1 push.empty    | refused session.not_yours
        ",
    );
}

#[test]
fn nothing_happens_before_the_space_is_open() {
    check(
        "
        0m  weir  add ann owner           | refused space.not_open
        0m  weir  offer P1 link 15m       | refused space.not_open
        ",
    );
}
