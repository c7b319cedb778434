//! Whatever is asked in whatever order.

use super::words::{command, result, revision, run, steps};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use weir_model::event::queue::{Dropped, Event, Runner, Step, Verdict};
use weir_model::{
    CandidateId, FencingToken, LandingId, Lease, RevisionId, TaskId, Timestamp, TokenId,
};
use weir_queue::{Cause, Command, Culprit, Held, Holding, Queue, RunnerCommand, decide, evolve};

proptest! {
    /// Whatever is asked in whatever order: a landing starts only from the tip, with a tree whose every check
    /// passed and which begins as the trunk does, and nothing lands twice.
    #[test]
    fn what_lands_was_tested_on_the_tip(
        asked in proptest::collection::vec((0u8..18, 1u64..5, 0u8..4), 1..120)
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
                0 if !landed.contains(&revision) => Command::Enqueue { revision, task, commit, below: None },
                0..=2 => build(tip.clone(), built(&tip, &chain), commit),
                3 if number > 3 => build(tip.clone(), Vec::new(), tip.clone()),
                3 => build(format!("t{number}"), built("t1", &[revision]), commit),
                4 | 5 => Command::Finish { candidate: testing, run: run(&queue, testing), result: result("test", verdict) },
                6 | 7 => Command::StartLanding { candidate: testing, to, why: String::new() },
                8 | 9 => Command::FinishLanding { landing },
                10 => Command::LoseLanding { landing, actual: format!("m{turn}") },
                11 if number == 1 => Command::SeeTrunk { trunk: "main".into(), tip: format!("m{turn}") },
                11 if number == 2 => Command::Repeat { candidate: testing, why: String::new() },
                11 => Command::Eject(Culprit { revision, failing: testing, passing: open.first().copied(), cause: Cause::Content, why: String::new() }),
                12 => Command::Dequeue { revision },
                // Two runners, who may name any lease, at any time: nothing that they tell of a run that is another's counts.
                13..=16 => Command::Runner(of_runner(&queue, testing, kind, number, verdict, turn)),
                _ => Command::Drop { candidate: testing, why: Dropped::Interrupted },
            };
            let told = match &command {
                Command::Runner(RunnerCommand::Report { runner, held, now, .. }) => Some((runner.clone(), *held, *now)),
                _ => None,
            };
            let holders = holders(&queue);
            let Ok(events) = decide(&queue, command) else { continue };
            // Who tells of a run holds it, by the last lease that there was on it.
            if let Some((runner, held, now)) = told {
                let holder = holders.get(&(held.candidate, held.run));
                prop_assert!(holder.is_some_and(|it| it.runner == runner && it.lease == held.lease && now < it.until));
            }
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
                    | Event::RunnerSeen { .. }
                    | Event::RunnerLeft { .. }
                    | Event::RunOffered { .. }
                    | Event::RunRecalled { .. }
                    | Event::RunTaken { .. }
                    | Event::RunRenewed { .. }
                    | Event::RunReturned { .. }
                    | Event::ReportRefused { .. }
                    | Event::QueueFrozen { .. }
                    | Event::QueueThawed { .. }
                    | Event::ClassSet { .. }
                    | Event::CheckFinished { .. }
                    | Event::CandidateDropped { .. }
                    | Event::RevisionEjected { .. }
                    | Event::LandingLost { .. } => {}
                }
            }
            // What is open stands on the tip, or tells something still; what has nothing to add is not open.
            for open in queue.testing() {
                prop_assert!(Some(open.at()) == queue.tip() || open.is_running());
                prop_assert!(!open.rest().is_empty() || open.steps.is_empty());
            }
        }
    }
}

/// Who holds which run.
fn holders(queue: &Queue) -> BTreeMap<(CandidateId, u32), Holding> {
    queue.taken().map(|(candidate, run, it)| ((candidate, run), it.clone())).collect()
}

fn of_runner(
    queue: &Queue,
    candidate: CandidateId,
    kind: u8,
    number: u64,
    verdict: Verdict,
    turn: usize,
) -> RunnerCommand {
    let runner = Runner { token: TokenId(1 + number % 2), name: "r".into() };
    // A turn is ten seconds, and a lease half a minute.
    let now = Timestamp::from_millis(turn as i64 * 10_000);
    let length = Lease::new(Duration::from_secs(30)).expect("in range");
    let run = run(queue, candidate);
    let newest = queue.taken().map(|(_, _, holding)| holding.lease).max().unwrap_or_default();
    let lease = FencingToken(newest.0.saturating_sub(number / 3));
    let held = Held { candidate, run, lease };
    match (kind, number) {
        (13, _) => RunnerCommand::Offer { candidate, run },
        (14, 1..=3) => {
            let (environment, places) = ("linux".into(), 2);
            let holds = if number == 1 { vec![lease] } else { Vec::new() };
            RunnerCommand::Take { runner, environment, places, holds, length, now }
        }
        (14, _) => RunnerCommand::Recall { candidate, run },
        (15, 1) => RunnerCommand::Renew { runner, held, length, now },
        (15, 2) => RunnerCommand::Return { runner, held, said: String::new(), now },
        (15, 3) => RunnerCommand::Expire { candidate, run, now },
        (15, _) => RunnerCommand::Leave { runner },
        (_, _) => {
            let result = result("test", verdict);
            RunnerCommand::Report { runner, held, result, now }
        }
    }
}
