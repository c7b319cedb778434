//! Commands and events as words: a story is a table, one `command | outcome` a line.

use weir_model::config::Check;
use weir_model::event::queue::{Class, Dropped, Event, GateSource, Runner, Step, Verdict};
use weir_model::{
    CandidateId, ChangeId, Digest, LandingId, Lease, PathSet, PersonId, RevisionId, TaskId,
    Timestamp, TokenId,
};
use weir_queue::plan::Price;
use weir_queue::{
    Apart, Ask, Cause, CheckResult, Command, Culprit, Gate, Held, Looked, Next, Queue,
    RunnerCommand, decide, evolve, next,
};

pub(crate) fn gate(names: &[&str]) -> Gate {
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

/// The same, of checks that each promise to look at some paths only.
pub(crate) fn promises(names: &[&str]) -> Gate {
    let mut gate = gate(names);
    for check in &mut gate.checks {
        check.paths = Some(PathSet::new(["src/**"]).expect("paths"));
    }
    gate
}

pub(crate) fn result(check: &str, verdict: Verdict) -> CheckResult {
    let log = Digest::of(b"");
    // `test=x` is the check `test` on files that are called x.
    let (exit_code, taken_from, key) = (None, None, Digest::of(check.as_bytes()));
    let check = check.split('=').next().unwrap_or_default().into();
    CheckResult { check, verdict, exit_code, elapsed_ms: 1, log, key, taken_from }
}

pub(crate) fn revision(change: u64) -> RevisionId {
    RevisionId { change: ChangeId(change), number: 1 }
}

pub(crate) fn revisions(words: &str) -> Vec<RevisionId> {
    let each = words.split('+').map(|word| word.parse::<ChangeId>().expect("a change"));
    each.map(|change| revision(change.0)).collect()
}

/// The tree of a chain is named after what it holds: as in git, the same merges give the same tree.
pub(crate) fn steps(onto: &str, revisions: &[RevisionId]) -> Vec<Step> {
    let mut tree = format!("tree({onto})");
    let step = |revision: &RevisionId| {
        tree = format!("{tree}+{}", revision.change);
        Step { revision: *revision, tree: tree.clone() }
    };
    revisions.iter().map(step).collect()
}

/// The run of a candidate that goes on.
pub(crate) fn run(queue: &Queue, candidate: CandidateId) -> u32 {
    let runs = queue.candidate(candidate).map_or(0, |known| known.runs.len());
    u32::try_from(runs).expect("few")
}

pub(crate) fn command(queue: &Queue, words: &[&str]) -> Command {
    let change = |word: &str| revision(word.parse::<ChangeId>().expect("a change").0);
    let candidate = |word: &str| word.parse::<CandidateId>().expect("a candidate");
    let landing = |word: &str| word.parse::<LandingId>().expect("a landing");
    match words {
        ["promise", names @ ..] => Command::SetGate { trunk: "main".into(), gate: promises(names) },
        ["gate", names @ ..] => Command::SetGate { trunk: "main".into(), gate: gate(names) },
        ["trunk", tip] => Command::SeeTrunk { trunk: "main".into(), tip: (*tip).into() },
        ["enqueue", c] => {
            let (revision, task, commit) = (change(c), TaskId(1), (*c).into());
            Command::Enqueue { revision, task, commit, below: None }
        }
        ["enqueue", c, "on", below] => {
            let (revision, task, commit) = (change(c), TaskId(1), (*c).into());
            Command::Enqueue { revision, task, commit, below: Some(change(below)) }
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
        ["conflict", c] => {
            let code = "merge.conflict".into();
            Command::Refuse { revision: change(c), code, why: String::new() }
        }
        ["land", q, to] => {
            let (to, why) = ((*to).to_owned(), String::new());
            Command::StartLanding { candidate: candidate(q), to, why }
        }
        ["eject", c, "by", q, rest @ ..] => Command::Eject(Culprit {
            revision: change(c),
            failing: candidate(q),
            passing: rest.iter().skip_while(|word| **word != "past").nth(1).map(|it| candidate(it)),
            cause: match rest.iter().skip_while(|word| **word != "with").nth(1) {
                Some(with) => Cause::Interaction { with: revisions(with) },
                None => Cause::Content,
            },
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
        [who @ ("r1" | "r2"), does, rest @ ..] => of_runner(queue, who, does, rest),
        ["offer", q] => {
            let candidate = candidate(q);
            let run = run(queue, candidate);
            Command::Runner(RunnerCommand::Offer { candidate, run })
        }
        ["recall", q] => {
            let candidate = candidate(q);
            let run = run(queue, candidate);
            Command::Runner(RunnerCommand::Recall { candidate, run })
        }
        ["expire", q, at] => {
            let candidate = candidate(q);
            let run = run(queue, candidate);
            Command::Runner(RunnerCommand::Expire { candidate, run, now: second(at) })
        }
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

/// `r1 takes 0s #1`, which knows that it holds that; `r1 renews Q1 #1 5s`, `r1 returns Q1 #1 5s`, `r1 passes Q1 #1 test 5s`.
fn of_runner(queue: &Queue, who: &str, does: &str, rest: &[&str]) -> Command {
    let runner = Runner { token: TokenId(1), name: who.into() };
    let held = |q: &str, lease: &str| {
        let candidate = q.parse().expect("a candidate");
        Held { candidate, run: run(queue, candidate), lease: lease.parse().expect("a lease") }
    };
    let length = Lease::minutes(1);
    Command::Runner(match (does, rest) {
        ("takes", [at, holds @ ..]) => RunnerCommand::Take {
            runner,
            environment: who.into(),
            places: 2,
            holds: holds.iter().map(|lease| lease.parse().expect("a lease")).collect(),
            length,
            now: second(at),
        },
        ("renews", [q, lease, at]) => {
            RunnerCommand::Renew { runner, held: held(q, lease), length, now: second(at) }
        }
        ("returns", [q, lease, at]) => {
            let (held, said) = (held(q, lease), "no room".into());
            RunnerCommand::Return { runner, held, said, now: second(at) }
        }
        (how @ ("passes" | "fails"), [q, lease, check, at]) => {
            let verdict = if how == "passes" { Verdict::Passed } else { Verdict::Failed };
            let (held, result) = (held(q, lease), result(check, verdict));
            RunnerCommand::Report { runner, held, result, now: second(at) }
        }
        ("refused", [q, lease, check]) => {
            let (held, check) = (held(q, lease), (*check).to_owned());
            RunnerCommand::RecordRefused { runner, held, check, code: "run.lease_lost".into() }
        }
        ("leaves", []) => RunnerCommand::Leave { runner },
        other => panic!("no such command of a runner: {other:?}"),
    })
}

fn second(word: &str) -> Timestamp {
    let seconds: i64 = word.trim_end_matches('s').parse().expect("seconds");
    Timestamp::from_millis(seconds * 1000)
}

fn named(revisions: impl Iterator<Item = RevisionId>) -> String {
    revisions.map(|revision| revision.change.to_string()).collect::<Vec<_>>().join("+")
}

pub(crate) fn tell(event: &Event) -> String {
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
        Event::RunnerSeen { runner, places, .. } => format!("saw {} for {places}", runner.name),
        Event::RunnerLeft { runner } => format!("{} left", runner.name),
        Event::RunOffered { candidate, run } => format!("offered {candidate} {run}"),
        Event::RunRecalled { candidate, run } => format!("recalled {candidate} {run}"),
        Event::RunTaken { candidate, run, runner, lease, until, .. } => {
            let until = until.as_millis() / 1000;
            format!("{} took {candidate} {run} by {lease} until {until}s", runner.name)
        }
        Event::RunRenewed { lease, until, .. } => {
            format!("renewed {lease} until {}s", until.as_millis() / 1000)
        }
        Event::RunReturned { lease, why, .. } => format!("back {lease} {why:?}"),
        Event::ReportRefused { lease, check, .. } => format!("refused {check} by {lease}"),
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
        Next::Eject(Culprit { revision, failing, passing, cause, .. }) => {
            let past = passing.map(|passing| format!(" past {passing}")).unwrap_or_default();
            let with = match cause {
                Cause::Content => String::new(),
                Cause::Interaction { with } => format!(" with {}", named(with.iter().copied())),
            };
            format!("eject {} by {failing}{past}{with}", revision.change)
        }
        Next::Stop(candidate) => format!("stop {candidate}"),
        Next::Repeat(candidate, _) => format!("repeat {candidate}"),
        Next::Start(revisions, _) if revisions.is_empty() => "start tip".into(),
        Next::Start(revisions, _) => format!("start {}", named(revisions.iter().copied())),
    }
}

/// Runs a story, one `command | outcome` a line, a second after the other. `next` asks what three workers do, `next C3 behind
/// C1` when these two do not merge, `next of 1` what one does; `look test lint at C1` says that no other check looks at it;
/// `wait 5m` lets time pass.
pub(crate) fn check(story: &str) {
    let (mut queue, mut now, mut price) = (Queue::default(), 0, Price::default());
    let (mut looked, mut checks) = (Looked::new(), Vec::new());
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        now += 1000;
        let at = Timestamp::from_millis(now);
        let (asked, expected) = line.split_once('|').expect("a line has a bar");
        let words: Vec<&str> = asked.split_whitespace().collect();
        let mut ask = |workers: u32, apart: Apart| {
            let ask = Ask { now: at, workers, apart: &apart, looked: &looked, price };
            let Some((next, plan)) = next(&queue, &ask) else { return String::new() };
            price = plan.price;
            next.iter().map(tell_next).collect::<Vec<_>>().join(", ")
        };
        let told = match words.as_slice() {
            ["next"] => ask(3, Apart::new()),
            ["next", "of", workers] => ask(workers.parse().expect("a number"), Apart::new()),
            ["next", one, "behind", other] => {
                ask(3, [(revisions(other)[0], revisions(one)[0])].into())
            }
            ["look", names @ .., "at", change] => {
                let place = |name: &&str| {
                    let known = checks.iter().position(|check| check == name);
                    known.unwrap_or_else(|| {
                        checks.push((*name).to_owned());
                        checks.len() - 1
                    })
                };
                let places = names.iter().map(place).collect();
                looked.insert(revisions(change)[0], places);
                String::new()
            }
            ["believed"] => {
                let checks = queue.checks().into_iter().filter(|check| check.paths.is_some());
                checks.map(|check| check.name).collect::<Vec<_>>().join(" ")
            }
            ["wait", minutes] => {
                let minutes: i64 = minutes.trim_end_matches('m').parse().expect("minutes");
                now += minutes * 60_000;
                String::new()
            }
            words => match decide(&queue, command(&queue, words)) {
                Ok(events) => {
                    events.iter().for_each(|event| evolve(&mut queue, at, event));
                    events.iter().map(tell).collect::<Vec<_>>().join(", ")
                }
                Err(refusal) => format!("refused {}", refusal.code),
            },
        };
        assert_eq!(told, expected.trim(), "in `{line}`");
    }
}
