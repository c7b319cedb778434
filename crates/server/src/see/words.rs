//! Events in words: the sentence that `weir log` and the page show beside a fact.
//!
//! Ids stand in backticks, so that a page can link them; nothing secret is in an event, so nothing secret is here.

pub(crate) mod acts;

use super::See;
use super::queue::{dropped, short, source};
use std::fmt::Display;
use weir_ledger::Record;
use weir_model::event::queue::{Class, Verdict};
use weir_model::event::{guard, queue, review, work};
use weir_model::{Actor, Event, RevisionId, Timestamp};

/// What a record says; its kind when this version cannot read it.
pub(crate) fn of_record(see: &See<'_>, record: &Record) -> String {
    match Event::from_json(record.stream.as_str(), &record.body) {
        Ok(Event::Guard(event)) => of_guard(see, &event),
        Ok(Event::Act(event)) => acts::of_act(see, &event),
        Ok(Event::Work(event)) => of_work(see, &event),
        Ok(Event::Review(event)) => of_review(see, &event),
        Ok(Event::Queue(event)) => of_queue(see, &event),
        Err(refusal) => refusal.sentence,
    }
}

fn of_guard(see: &See<'_>, event: &guard::Event) -> String {
    use guard::Event;
    let person = |id: &weir_model::PersonId| see.called(Actor::Person(*id));
    match event {
        Event::SpaceOpened { name } => format!("the space {name} began"),
        Event::PersonAdded { person, name, role } => {
            format!("{name} (`{person}`) joined as {role}")
        }
        Event::RoleChanged { person: who, role } => format!("{} became {role}", person(who)),
        Event::PersonRemoved { person: who } => format!("{} left the space", person(who)),
        Event::TokenIssued { token, person: who, label, expires_at, .. } => {
            format!(
                "token `{token}` ({label}) was issued to {} until {}",
                person(who),
                moment(*expires_at)
            )
        }
        Event::TokenRevoked { token } => format!("token `{token}` was revoked"),
        Event::SignInOffered { person: who, expires_at, .. } => {
            format!("a link to sign in was made for {}, until {}", person(who), moment(*expires_at))
        }
        Event::SignInRedeemed { .. } => "a link to sign in was used".to_owned(),
        Event::SessionOpened { session, agent, person: who, parent, expires_at, .. } => {
            let parent = parent.map(|parent| format!(" from `{parent}`")).unwrap_or_default();
            let (answers, until) = (person(who), moment(*expires_at));
            format!(
                "session `{session}` of {agent} began{parent}; {answers} answers for it, until {until}"
            )
        }
        Event::SessionEnded { session, why } => format!("session `{session}` ended: {why}"),
        Event::PushRefused { session, task, target, code, sentence } => {
            let by = session.map(|session| format!(" by `{session}`")).unwrap_or_default();
            let task = task.map(|task| format!(" for `{task}`")).unwrap_or_default();
            format!("a push{by}{task} to {target} was refused ({code}): {sentence}")
        }
        Event::RecordsLost { left, marked, .. } if left < marked => {
            format!(
                "the disk had lost acknowledged records, {} to {marked}; the space went on from `{left}`",
                left.next()
            )
        }
        Event::RecordsLost { left, marked, .. } => {
            format!(
                "`{marked}` was acknowledged in another history; the space went on from `{left}`"
            )
        }
    }
}

fn of_work(see: &See<'_>, event: &work::Event) -> String {
    use work::Event;
    let session = |id: &weir_model::SessionId| see.called(Actor::Session(*id));
    let person = |id: &weir_model::PersonId| see.called(Actor::Person(*id));
    match event {
        Event::TaskCreated { task, title, person: who, .. } => {
            format!("{} cut task `{task}`: {title}", person(who))
        }
        Event::TaskClaimed { task, hold } => {
            let (who, until) = (session(&hold.session), moment(hold.expires_at));
            format!("{who} claimed `{task}` under {} until {until}", hold.token)
        }
        Event::ClaimRenewed { task, hold } => {
            format!("{} renewed `{task}` until {}", session(&hold.session), moment(hold.expires_at))
        }
        Event::ClaimReleased { task, session: who } => {
            format!("{} gave `{task}` back", session(who))
        }
        Event::TaskSubmitted { task, change } => {
            format!("the gate has `{task}`, as change `{change}`")
        }
        Event::TaskReturned { task, hold: Some(hold) } => {
            let (who, until) = (session(&hold.session), moment(hold.expires_at));
            format!("`{task}` went back to {who} for repair, until {until}")
        }
        Event::TaskReturned { task, hold: None } => {
            format!("`{task}` came back, and waits for an agent")
        }
        Event::TaskDone { task, landing } => format!("`{task}` is done: it landed as `{landing}`"),
        Event::TaskWithdrawn { task, person: who } => {
            format!("{} withdrew `{task}`", person(who))
        }
    }
}

fn of_review(see: &See<'_>, event: &review::Event) -> String {
    use review::Event;
    let person = |id: &weir_model::PersonId| see.called(Actor::Person(*id));
    match event {
        Event::RevisionSubmitted { revision, task, session, title, commit, paths, .. } => {
            let who = see.called(Actor::Session(*session));
            let (commit, files) = (short(commit), count(paths.len(), "file"));
            format!("{who} brought `{revision}` for `{task}`: {title} (`{commit}`, {files})")
        }
        Event::RevisionApproved { revision, person: who } => {
            format!("{} approved `{revision}`", person(who))
        }
        Event::RevisionRejected { revision, person: who, comment } => {
            format!("{} sent `{revision}` back: {}", person(who), first_line(comment))
        }
        Event::RepairAsked { revision, repair } => {
            format!("`{revision}` needs repair ({}): {}", repair.code, repair.sentence)
        }
        Event::ChangeLanded { revision, landing } => {
            format!("`{revision}` is on the trunk, as `{landing}`")
        }
        Event::ChangeAbandoned { revision } => format!("`{revision}` was abandoned"),
    }
}

fn of_queue(see: &See<'_>, event: &queue::Event) -> String {
    use queue::Event;
    match event {
        Event::GateSet { trunk, checks, approvals_needed, source: from } => {
            let checks = count(checks.len(), "check");
            let approvals = count(*approvals_needed as usize, "approval");
            format!("the gate of {trunk} asks for {checks} and {approvals}: {}", source(from))
        }
        Event::TrunkMoved { trunk, from, to } => {
            let from = from.as_ref().map(|from| format!(" from `{}`", short(from)));
            format!("{trunk} moved{} to `{}`", from.unwrap_or_default(), short(to))
        }
        Event::RevisionQueued { revision, .. } => format!("`{revision}` waits for its turn"),
        Event::RevisionDequeued { revision } => format!("`{revision}` left the queue"),
        Event::CandidateBuilt { candidate, steps, onto, why, .. } => {
            if steps.is_empty() {
                return format!("`{candidate}` is the tip itself, `{}`: {why}", short(onto));
            }
            let merged = listed(steps.iter().map(|step| step.revision));
            format!("`{candidate}` was built, {merged} merged onto `{}`: {why}", short(onto))
        }
        Event::CandidateRepeated { candidate, run, why } => {
            format!("`{candidate}` is run a {} time: {why}", ordinal(*run))
        }
        Event::RunStopped { candidate, run, why } => {
            format!("the {} run of `{candidate}` was stopped: {}", ordinal(*run), dropped(*why))
        }
        Event::RunnerSeen { runner, environment, places, .. } => {
            let runs = count(*places as usize, "run");
            format!("runner {} takes {runs} at once, on {environment}", runner_word(runner))
        }
        Event::RunnerLeft { runner } => format!("runner {} left", runner_word(runner)),
        Event::RunOffered { candidate, run } => {
            format!("the {} run of `{candidate}` waits for a runner", ordinal(*run))
        }
        Event::RunRecalled { candidate, run } => {
            format!("no runner took the {} run of `{candidate}`: it runs here", ordinal(*run))
        }
        Event::RunTaken { candidate, run, runner, lease, until, .. } => {
            let (who, run, until) = (runner_word(runner), ordinal(*run), moment(*until));
            format!("runner {who} took the {run} run of `{candidate}` under {lease} until {until}")
        }
        Event::RunRenewed { candidate, run, lease, until } => {
            let (run, until) = (ordinal(*run), moment(*until));
            format!("the {run} run of `{candidate}` goes on under {lease} until {until}")
        }
        Event::RunReturned { candidate, run, lease, why, said } => {
            let said =
                if said.is_empty() { String::new() } else { format!(": {}", first_line(said)) };
            let (run, why) = (ordinal(*run), returned_word(*why));
            format!("the {run} run of `{candidate}` came back from under {lease}, {why}{said}")
        }
        Event::ReportRefused { candidate, run, runner, lease, check, code } => {
            let (who, run) = (runner_word(runner), ordinal(*run));
            format!(
                "runner {who} told of check {check} in the {run} run of `{candidate}` under {lease}, too late ({code}):                  it changed nothing"
            )
        }
        Event::QueueFrozen { person, reason } => {
            let who = see.called(Actor::Person(*person));
            format!("{who} froze the queue: {}", first_line(reason))
        }
        Event::QueueThawed { person } => {
            format!("{} let the queue go on", see.called(Actor::Person(*person)))
        }
        Event::ClassSet { change, class, person, reason } => {
            let who = see.called(Actor::Person(*person));
            format!("{who} made `{change}` {}: {}", class_word(*class), first_line(reason))
        }
        Event::CheckFinished {
            candidate,
            check,
            verdict,
            exit_code,
            elapsed_ms,
            taken_from,
            ..
        } => {
            let exit =
                exit_code.filter(|code| *code != 0).map(|code| format!(", exit code {code}"));
            let (how, exit) = (verdict_word(*verdict), exit.unwrap_or_default());
            match taken_from {
                Some(from) => format!(
                    "check {check} of `{candidate}` {how}, as in `{from}`: all that it looks at is the same"
                ),
                None => {
                    format!(
                        "check {check} of `{candidate}` {how} in {}{exit}",
                        seconds(*elapsed_ms)
                    )
                }
            }
        }
        Event::CandidateDropped { candidate, why } => {
            format!("`{candidate}` was given up: {}", dropped(*why))
        }
        Event::RevisionEjected { revision, candidate, code, why } => {
            let by = candidate.map(|candidate| format!(" by `{candidate}`")).unwrap_or_default();
            format!("`{revision}` was ejected{by} ({code}): {why}")
        }
        Event::LandingStarted { landing, candidate, to, why, .. } => {
            format!("`{landing}` began, the trunk goes to `{candidate}`, `{}`: {why}", short(to))
        }
        Event::LandingFinished { landing } => {
            let title = see.folds.queue.landing(*landing).map(|known| {
                let revisions = known.revisions.iter().copied();
                format!(": {} ({})", see.titles(revisions.clone()), listed(revisions))
            });
            format!("`{landing}` landed{}", title.unwrap_or_default())
        }
        Event::LandingLost { landing, actual } => {
            format!("`{landing}` was lost: the trunk stood at `{}`", short(actual))
        }
    }
}

impl See<'_> {
    /// A name and its id: `ann (P1)`, the id in backticks.
    pub(crate) fn called(&self, actor: Actor) -> String {
        let who = self.actor(actor);
        if who.name == who.id {
            format!("`{}`", who.id)
        } else {
            format!("{} (`{}`)", who.name, who.id)
        }
    }
}

/// A time to the minute: `2026-11-22 14:05 UTC`. The event beside the sentence has it exactly.
fn moment(at: Timestamp) -> String {
    let exact = at.to_string();
    let (day, time) = exact.split_once('T').unwrap_or((&exact, ""));
    format!("{day} {} UTC", time.get(..5).unwrap_or(time))
}

/// How a check ended, in a word or two.
pub(crate) fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::TimedOut => "timed out",
        Verdict::Broken => "could not be run",
    }
}

/// A length of time as a person says it: `0.4 s`, `12 s`, `3 min 20 s`.
pub(crate) fn seconds(millis: u64) -> String {
    match millis {
        0..100 => "under 0.1 s".to_owned(),
        100..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        10_000..60_000 => format!("{} s", millis / 1000),
        60_000.. => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
    }
}

/// A runner and its token: `build-1 (K2)`, the token in backticks.
fn runner_word(runner: &queue::Runner) -> String {
    format!("{} (`{}`)", runner.name, runner.token)
}

/// Why a run came back.
fn returned_word(why: queue::Returned) -> &'static str {
    match why {
        queue::Returned::Expired => "which had ended",
        queue::Returned::Unable => "for it could not be run there",
        queue::Returned::Stopping => "for the runner stops",
        queue::Returned::Unheard => "of which the runner had not heard",
    }
}

/// `second`, `3rd`, …
fn ordinal(number: u32) -> String {
    match number {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        more => format!("{more}th"),
    }
}

/// How urgent a change is, in a word.
pub(crate) fn class_word(class: Class) -> &'static str {
    match class {
        Class::Express => "express",
        Class::High => "high",
        Class::Normal => "normal",
        Class::Low => "low",
    }
}

/// Revisions, each as a link: `C1.1`, `C2.1`.
fn listed(revisions: impl Iterator<Item = RevisionId>) -> String {
    revisions.map(|revision| format!("`{revision}`")).collect::<Vec<_>>().join(", ")
}

/// `1 file`, `3 files`, `no files`.
pub(crate) fn count(number: usize, what: impl Display) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    }
}

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default()
}
