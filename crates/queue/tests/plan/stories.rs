//! Stories as tables: what waits and what was built, and what is done about it.

use weir_model::{CandidateId, ChangeId, RevisionId};
use weir_queue::plan::{
    Attempt, Build, Cause, Class, Item, Learned, Length, Level, Price, Rules, Snapshot, State,
    Step, Tip, Touch, plan,
};

fn revision(word: &str) -> RevisionId {
    RevisionId { change: ChangeId(word.parse().expect("a fact")), number: 1 }
}

/// One line a fact:
/// `workers 3` · `wait 1 2 express:3 risky:4 doubted:5` · `stack 1 2` (2 on 1) · `touch 1 2` · `merge 1 2` · `frozen` ·
/// `Q1 1 2: fail run` (its runs) · `Q1 1 2 !1: pass` (its verdict no longer holds for 1).
fn snapshot(facts: &str) -> Snapshot {
    let mut snapshot = Snapshot {
        now_ms: 10_000_000,
        workers: 1,
        frozen: false,
        tip: Tip::Proven,
        items: Vec::new(),
        touches: Vec::new(),
        all_touch: None,
        builds: Vec::new(),
        learned: Learned { flake: 0.05, drift: 0.002 },
        price: Price { lambda: 0.05 },
        rules: Rules::default(),
    };
    for fact in facts.split(';').map(str::trim).filter(|fact| !fact.is_empty()) {
        let words: Vec<&str> = fact.split_whitespace().collect();
        match words.as_slice() {
            ["workers", count] => snapshot.workers = count.parse().expect("a fact"),
            ["frozen"] => snapshot.frozen = true,
            ["wait", items @ ..] => items.iter().for_each(|item| wait(&mut snapshot, item)),
            ["stack", below, above] => {
                let above = revision(above);
                let item = snapshot.items.iter_mut().find(|item| item.revision == above);
                item.expect("a fact").after = Some(revision(below));
            }
            [level @ ("touch" | "merge"), one, other] => snapshot.touches.push(Touch {
                earlier: revision(one),
                later: revision(other),
                level: if *level == "merge" { Level::Merge } else { Level::Symbols },
                clash: 0.001,
            }),
            _ => snapshot.builds.push(build(fact)),
        }
    }
    snapshot
}

fn wait(snapshot: &mut Snapshot, word: &str) {
    let (class, number) = match word.split_once(':') {
        Some(("express", number)) => (Class::Express, number),
        Some(("risky" | "doubted", number)) => (Class::Normal, number),
        _ => (Class::Normal, word),
    };
    snapshot.items.push(Item {
        revision: revision(number),
        class,
        since_ms: 9_000_000 + snapshot.items.len() as u64,
        after: None,
        success: match word.split_once(':') {
            Some(("risky", _)) => 0.6,
            Some(("doubted", _)) => 0.4,
            _ => 0.95,
        },
        length: Length { mean_ms: 600_000.0, sd_ms: 0.0 },
        targets: None,
    });
}

fn build(fact: &str) -> Build {
    let (what, runs) = fact.split_once(':').expect("a fact");
    let (id, items) = what.split_once(' ').expect("a fact");
    let run = |word: &str| match word {
        "run" => State::Running,
        "pass" => State::Passed,
        "fail" => State::Failed,
        "void" => State::Void,
        other => panic!("no run ends as `{other}`"),
    };
    let attempt = |word| {
        let state = run(word);
        let ended_ms = (state != State::Running).then_some(9_950_000);
        Attempt { started_ms: 9_900_000, ended_ms, state }
    };
    let (stale, items): (Vec<&str>, Vec<&str>) =
        items.split_whitespace().partition(|item| item.starts_with('!'));
    Build {
        id: id.parse::<CandidateId>().expect("a fact"),
        items: items.into_iter().map(revision).collect(),
        stale: stale.into_iter().map(|item| revision(&item[1..])).collect(),
        shrunk: false,
        attempts: runs.split_whitespace().map(attempt).collect(),
    }
}

fn told(step: &Step) -> String {
    let list = |items: &[RevisionId]| {
        items.iter().map(|item| item.change.0.to_string()).collect::<Vec<_>>().join(" ")
    };
    match step {
        Step::Start { items, .. } => format!("start {}", list(items)),
        Step::Again { build, .. } => format!("again {build}"),
        Step::Stop { build, .. } => format!("stop {build}"),
        Step::Land { items, .. } => format!("land {}", list(items)),
        Step::Eject(eject) => match &eject.cause {
            Cause::Content => format!("eject {}", eject.revision.change.0),
            Cause::Interaction { with } => {
                format!("eject {} with {}", eject.revision.change.0, list(with))
            }
        },
    }
}

/// Each row: facts `|` the steps of the plan.
fn check(table: &str) {
    for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (facts, expected) = row.split_once('|').expect("a fact");
        let decided = plan(&snapshot(facts));
        let steps: Vec<String> = decided.steps.iter().map(told).collect();
        let waits: Vec<String> =
            decided.waits.iter().map(|(item, wait)| format!("{item}: {wait}")).collect();
        assert_eq!(
            steps.join("; "),
            expected.trim(),
            "{facts}\nsteps {:#?}\n{waits:#?}",
            decided.steps
        );
    }
}

#[test]
fn few_workers_batch_and_many_build_each() {
    check(
        "
        workers 1; wait 1 2 3                              | start 1 2 3
        workers 2; wait 1 2 3 4                            | start 1 2; start 3 4
        workers 3; wait 1 2 3                              | start 1; start 2; start 3
        workers 2; wait 1 2; touch 1 2                     | start 1; start 1 2
        workers 1; wait 1 risky:2 3                        | start 1
        workers 1; wait 1 2; merge 1 2                     | start 1
        workers 0; wait 1 2                                |
        workers 3; wait 1 2; stack 1 2                     | start 1; start 1 2
        workers 1; wait 1 2 express:3; touch 1 3           | start 3 1 2
        ",
    );
}

#[test]
fn what_passed_lands_with_all_before_it_that_touches_it() {
    check(
        "
        wait 1; Q1 1: pass                                 | land 1
        wait 1; frozen; Q1 1: pass                         |
        wait 1; Q1 1: fail pass                            | land 1
        wait 1 2; touch 1 2; Q1 1: run; Q2 2: pass         |
        wait 1 2; Q1 1: run; Q2 2: pass                    | land 2
        wait 1 2; touch 1 2; Q1 1: run; Q2 1 2: pass       | land 1 2
        wait 1 2; touch 1 2; Q1 1: pass; Q2 2: pass        | land 1
        wait 1 2; touch 1 2; Q1 1: pass; Q2 1 2: pass      | land 1 2
        wait 2; Q1 2 !2: pass                              | start 2
        wait 2; Q1 1 2: pass                               | start 2
        ",
    );
}

#[test]
fn early_landing_needs_every_outcome_to_have_passed() {
    check(
        "
        workers 2; wait 1 2 3; touch 1 2; touch 2 3; Q1 1: run; Q2 1 2: run; Q3 3: pass |
        workers 2; wait 1 2 3; touch 1 2; touch 2 3; Q1 1: run; Q2 1 2: run; Q3 3: pass; Q4 2 3: pass | land 3
        ",
    );
}

#[test]
fn nobody_is_ejected_for_a_failure_that_was_not_repeated() {
    check(
        "
        wait 1; Q1 1: fail                                 | again Q1
        wait 1; Q1 1: fail fail                            | again Q1
        wait 1; Q1 1: fail fail fail                       | eject 1
        wait 1; Q1 1: void                                 | again Q1
        wait 1; Q1 1: void void void void                  |
        wait 1; Q1 1: fail fail fail void                  | eject 1
        wait 1; Q1 1: fail fail fail run                   |
        ",
    );
}

#[test]
fn a_culprit_is_found_by_the_shortest_prefix_that_fails() {
    check(
        "
        wait 1 2 3 4; Q1 1 2 3 4: fail                     | start 1 2
        wait 1 2 3 4; Q1 1 2 3 4: fail; Q2 1 2: pass       | land 1 2
        wait 3 4; Q1 3 4: fail                             | start 3
        wait 3 4 5; Q1 3 4: fail; Q2 3 4 5: fail fail fail fail | start 3
        wait 3 4; Q1 3 4: fail; Q2 3: fail                 | start 4
        wait 3 4; Q1 3 4: fail fail; Q2 3: fail; Q3 4: pass | eject 3; land 4
        wait 1 2; touch 1 2; Q1 1: pass; Q2 2: pass; Q3 1 2: fail fail fail | eject 2 with 1; land 1
        ",
    );
}

#[test]
fn who_is_doubted_stands_behind_others_until_it_has_passed() {
    check(
        "
        workers 3; wait doubted:1 2; touch 1 2             | start 2; start 2 1
        workers 2; wait 2 doubted:1; touch 1 2; Q1 2: run; Q2 2 1: run |
        workers 3; wait 2 doubted:1 3; touch 1 2; touch 1 3; Q1 2: run; Q2 2 1: run | start 3
        wait doubted:1 3; touch 1 3; Q1 1: pass; Q2 3: run |
        workers 3; wait doubted:1 3; touch 1 3; Q1 1: pass; Q2 3: run | start 3 1; again Q2
        ",
    );
}

#[test]
fn one_fault_in_two_failures_leaves_the_others_as_they_were() {
    let chances = |facts: &str| {
        let told = plan(&snapshot(facts)).forecasts;
        let of = |number: &str| {
            told.iter().find(|told| told.revision == revision(number)).map_or(0.0, |t| t.chance)
        };
        ["1", "2", "3"].map(of)
    };
    let [one, two, three] = chances("wait 1 2 3; Q1 1 2: fail");
    assert!(one < 0.7 && two < 0.7 && three > 0.9, "{one} {two} {three}");
    let [one, two, three] = chances("wait 1 2 3; Q1 1 2: fail; Q2 2 3: fail");
    assert!(one > 0.9 && two < 0.3 && three > 0.9, "{one} {two} {three}");
}
