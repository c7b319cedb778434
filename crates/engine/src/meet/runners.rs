//! Runners: they ask for runs that this server has no worker for, and tell what came of them. The queue decides what they get
//! and whether what they tell counts; git and the bodies are asked here.

use crate::check::{self, Facts, Machine, Ran};
use crate::core::Decided;
use crate::{Caller, Engine, Error, Folds};
use weir_ledger::LedgerError;
use weir_model::config::Check;
use weir_model::event::guard::Right;
use weir_model::event::queue::{Event as QueueEvent, Runner};
use weir_model::{
    CandidateId, Context, Digest, Event, FencingToken, Lease, Refusal, Timestamp, TokenId,
};
use weir_queue::{CheckResult, Command, Held, RunnerCommand};

/// For so long a run is a runner's that says nothing else.
const LEASE: Lease = Lease::minutes(1);

/// The log of a check that could not be run because no runner came to its end.
pub(crate) const NO_RUNNER: &str =
    "No runner finished this run: several took it, and each was lost or could not run it.\n";

/// What a runner says of itself when it asks for a run.
#[derive(Debug, Clone)]
pub struct Asking {
    /// What it calls itself.
    pub name: String,
    /// What its verdicts depend on of the machine: they hold for others that say the same.
    pub environment: String,
    /// How many runs it takes at once.
    pub places: u32,
    /// For how long a run is its own without renewing.
    pub lease: Option<Lease>,
    /// The leases that it knows it has.
    pub holds: Vec<FencingToken>,
    /// What it knows of its machine.
    pub facts: Facts,
}

/// What a runner is to do.
#[derive(Debug, Clone)]
pub struct Order {
    /// What it names when it speaks of this run.
    pub held: Held,
    /// Until when it is its own, unless it renews that.
    pub until: Timestamp,
    /// The ref that names the commit.
    pub name: String,
    /// The commit to check out.
    pub commit: String,
    /// Its tree.
    pub tree: String,
    /// The checks to run, in this order, until one does not pass: what is known already need not be run.
    pub checks: Vec<Check>,
}

/// What came of a check.
#[derive(Debug, Clone)]
pub struct Report {
    /// The check.
    pub check: String,
    /// What it did.
    pub ran: Ran,
    /// What is there of what it says that it depends on.
    pub facts: Facts,
}

impl Engine {
    /// A run for a runner, if one waits.
    ///
    /// # Errors
    /// `right.*`; `runner.*`; failures of git and the ledger.
    pub async fn take_run(&self, caller: &Caller, asking: &Asking) -> Result<Option<Order>, Error> {
        let runner = self.runner(caller, &asking.name)?;
        loop {
            let take = |now| RunnerCommand::Take {
                runner: runner.clone(),
                environment: asking.environment.clone(),
                places: asking.places,
                holds: asking.holds.clone(),
                length: asking.lease.unwrap_or(LEASE),
                now,
            };
            let taken = self.tell_queue(caller, take, |_, events| taken(events)).await?;
            let Some((held, until)) = taken else { return Ok(None) };
            match self.take_over(caller, &runner, held, asking).await {
                // It was withdrawn just now: there may be another.
                Err(Error::Refused(_)) => continue,
                done => done?,
            }
            if let Some(order) = self.read(|folds| order(folds, held, until)) {
                return Ok(Some(order));
            }
        }
    }

    /// More time for a run; until when it is the runner's then.
    ///
    /// # Errors
    /// `right.*`; `run.*`: it is the runner's no more, or nobody asks what it would tell.
    pub async fn renew_run(
        &self,
        caller: &Caller,
        name: &str,
        held: Held,
        lease: Option<Lease>,
    ) -> Result<Timestamp, Error> {
        let runner = self.runner(caller, name)?;
        let (length, asks) = (lease.unwrap_or(LEASE), runner.clone());
        let renew = move |now| RunnerCommand::Renew { runner: asks.clone(), held, length, now };
        let until = |folds: &Folds, events: &[QueueEvent]| {
            let renewed = events.iter().find_map(|event| match event {
                QueueEvent::RunRenewed { until, .. } => Some(*until),
                _ => None,
            });
            let mut taken = folds.queue.taken();
            let known =
                || taken.find_map(|(_, _, it)| (it.lease == held.lease).then_some(it.until));
            renewed.or_else(known).unwrap_or_default()
        };
        self.tell_queue(caller, renew, until).await
    }

    /// A check of a run that a runner holds has ended. On a thread that may wait for a disk.
    ///
    /// # Errors
    /// `right.*`; `run.*`: it is the runner's no more, or nobody asks; that is recorded, and changes nothing else.
    pub fn report_run(
        &self,
        caller: &Caller,
        name: &str,
        held: Held,
        report: &Report,
    ) -> Result<(), Error> {
        let runner = self.runner(caller, name)?;
        let told = self.take_report(caller, &runner, held, report);
        if let Err(Error::Refused(refusal)) = &told
            && matches!(&*refusal.code, "run.lease_lost" | "run.over")
        {
            let (check, code) = (report.check.clone(), refusal.code.to_string());
            let record = |_| {
                let (runner, check, code) = (runner.clone(), check.clone(), code.clone());
                RunnerCommand::RecordRefused { runner, held, check, code }
            };
            self.tell_queue_blocking(caller, record)?;
        }
        told
    }

    /// A runner cannot run what it holds.
    ///
    /// # Errors
    /// `right.*`; `run.*`: it is the runner's no more.
    pub async fn return_run(
        &self,
        caller: &Caller,
        name: &str,
        held: Held,
        said: String,
    ) -> Result<(), Error> {
        let runner = self.runner(caller, name)?;
        let back = move |now| {
            let (runner, said) = (runner.clone(), said.clone());
            RunnerCommand::Return { runner, held, said, now }
        };
        self.tell_queue(caller, back, |_, _| ()).await
    }

    /// A runner goes, and gives back what it holds.
    ///
    /// # Errors
    /// `right.*`.
    pub async fn leave_runner(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        let runner = self.runner(caller, name)?;
        let leave = move |_| RunnerCommand::Leave { runner: runner.clone() };
        self.tell_queue(caller, leave, |_, _| ()).await
    }

    /// Whether this caller may take runs, before anything is held in memory for somebody who may not.
    ///
    /// # Errors
    /// `right.*`.
    pub fn may_run(&self, caller: &Caller) -> Result<(), Refusal> {
        let now = self.now();
        self.read(|folds| may_run(folds, caller, now))
    }

    /// Whether this runner is here.
    pub fn has_runner(&self, caller: &Caller, name: &str) -> bool {
        let Ok(runner) = runner_of(caller, name) else { return false };
        self.read(|folds| folds.queue.runners().any(|seen| seen.runner == runner))
    }

    /// How many facts about the queue are known: whoever waits for a run asks again when there are more.
    pub fn queue_version(&self) -> u64 {
        self.0.core.read(|standing| standing.version("queue"))
    }

    /// Keeps the output of a check.
    pub(crate) fn keep_log(&self, log: &[u8]) -> Result<Digest, Error> {
        match self.ledger().put_body(log) {
            // The same output was erased on purpose; its digest still tells it from others.
            Err(LedgerError::BodyErased(digest)) => Ok(digest),
            kept => Ok(kept?),
        }
    }

    /// Who asks, if they may.
    fn runner(&self, caller: &Caller, name: &str) -> Result<Runner, Refusal> {
        self.may_run(caller)?;
        runner_of(caller, name)
    }

    /// Takes over what has passed on exactly what a check looks at, in this runner's environment and no other.
    async fn take_over(
        &self,
        caller: &Caller,
        runner: &Runner,
        held: Held,
        asking: &Asking,
    ) -> Result<(), Error> {
        let known = self.read(|folds| folds.queue.candidate(held.candidate).cloned());
        // The tip itself is tested for what it is, whatever was said of it.
        let Some(known) = known.filter(|known| !known.steps.is_empty()) else { return Ok(()) };
        let (environment, facts) = (asking.environment.clone(), asking.facts.clone());
        let machine = Machine::Of { environment, facts };
        let (engine, checks) = (self.clone(), known.checks.clone());
        let asked = tokio::task::spawn_blocking(move || {
            check::keys(engine.0.trunk.objects(), known.tree.parse()?, &known.checks, &machine)
        });
        let failed = |_| crate::Failure::Other("what checks look at could not be read".into());
        let keys = asked.await.map_err(failed)??;
        let keys: Vec<Digest> = keys.into_iter().map_while(|key| key).collect();
        for result in self.read(|folds| folds.queue.proven(&checks, &keys)) {
            let report = |now| {
                let (runner, result) = (runner.clone(), result.clone());
                RunnerCommand::Report { runner, held, result, now }
            };
            self.tell_queue(caller, report, |_, _| ()).await?;
        }
        Ok(())
    }

    fn take_report(
        &self,
        caller: &Caller,
        runner: &Runner,
        held: Held,
        report: &Report,
    ) -> Result<(), Error> {
        let now = self.now();
        let (tree, check, environment, proven) = self.read(|folds| {
            may_run(folds, caller, now)?;
            let (known, holding) = folds.queue.held(runner, held, now)?;
            let check = known.next_check(held.run).filter(|check| check.name == report.check);
            let check = check.ok_or_else(|| {
                let sentence = format!("check `{}` is not the one that runs", report.check);
                Refusal::new("candidate.wrong_check", sentence)
            })?;
            let proven = folds.queue.has_passed_in(Some(&holding.environment));
            Ok::<_, Refusal>((
                known.tree.clone(),
                check.clone(),
                holding.environment.clone(),
                proven,
            ))
        })?;
        check::require_bounded(&check, &report.ran.log)?;
        let machine = Machine::Of { environment, facts: report.facts.clone() };
        let objects = self.0.trunk.objects();
        let keys = check::keys(objects, tree.parse()?, std::slice::from_ref(&check), &machine)?;
        let key = keys.into_iter().flatten().next().ok_or_else(|| {
            let sentence = format!("what check `{}` depends on is not told", check.name);
            Refusal::new("run.no_facts", sentence).hint("tell each item of its `toolchain`")
        })?;
        let result: CheckResult =
            report.ran.result(&check, key, self.keep_log(&report.ran.log)?, proven);
        let report = |now| {
            let (runner, result) = (runner.clone(), result.clone());
            RunnerCommand::Report { runner, held, result, now }
        };
        self.tell_queue_blocking(caller, report)
    }

    async fn tell_queue<T>(
        &self,
        caller: &Caller,
        command: impl Fn(Timestamp) -> RunnerCommand,
        reply: impl Fn(&Folds, &[QueueEvent]) -> T,
    ) -> Result<T, Error> {
        self.run(caller, |folds, ctx| decide(folds, ctx, caller, &command, &reply)).await
    }

    fn tell_queue_blocking(
        &self,
        caller: &Caller,
        command: impl Fn(Timestamp) -> RunnerCommand,
    ) -> Result<(), Error> {
        self.0.core.run_blocking(caller.actor, None, |folds, ctx| {
            folds.guard.still_valid(caller, ctx.now)?;
            decide(folds, ctx, caller, &command, &|_: &Folds, _: &[QueueEvent]| ())
        })
    }
}

fn decide<T>(
    folds: &Folds,
    ctx: &Context,
    caller: &Caller,
    command: &impl Fn(Timestamp) -> RunnerCommand,
    reply: &impl Fn(&Folds, &[QueueEvent]) -> T,
) -> Result<Decided<T>, Refusal> {
    may_run(folds, caller, ctx.now)?;
    let decided = weir_queue::decide(&folds.queue, Command::Runner(command(ctx.now)))?;
    let reply = reply(folds, &decided);
    Ok(Decided::new(decided.into_iter().map(Event::from).collect(), reply))
}

fn may_run(folds: &Folds, caller: &Caller, now: Timestamp) -> Result<(), Refusal> {
    folds.guard.still_valid(caller, now)?;
    folds.guard.require(caller, Right::Run)
}

/// Who asks: by the token that was shown, and, of several that show it, by name.
fn runner_of(caller: &Caller, name: &str) -> Result<Runner, Refusal> {
    let none = || Refusal::new("runner.no_token", "a runner shows a token of its own");
    let token: TokenId = caller.token.ok_or_else(none)?;
    Ok(Runner { token, name: name.to_owned() })
}

fn taken(events: &[QueueEvent]) -> Option<(Held, Timestamp)> {
    events.iter().find_map(|event| match event {
        QueueEvent::RunTaken { candidate, run, lease, until, .. } => {
            Some((Held { candidate: *candidate, run: *run, lease: *lease }, *until))
        }
        _ => None,
    })
}

/// What is left to do of a run; nothing if all of it was known.
fn order(folds: &Folds, held: Held, until: Timestamp) -> Option<Order> {
    let known = folds.queue.candidate(held.candidate)?;
    known.next_check(held.run)?;
    let done = known.run(held.run)?.results.len();
    let checks = known.checks.iter().skip(done).map(check::for_runner).collect();
    let (name, commit) = (ref_of(known.id), known.commit.clone());
    Some(Order { held, until, name, commit, tree: known.tree.clone(), checks })
}

/// The ref by which what is tested can be fetched.
pub(crate) fn ref_of(candidate: CandidateId) -> String {
    format!("refs/weir/candidates/{candidate}")
}
