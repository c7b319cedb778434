//! Several things of a kind, one a line: the id first, what people wrote last.

use super::{short, who};
use crate::page::Page;
use crate::table::{Cell, Look, Table};
use weir_model::event::queue::Class;
use weir_server::wire::{
    Change, ChangeState, Landing, List, LogEntry, NotBelieved, Outcome, Queue, Runner, Session,
    Task, TaskState, Wait, Whose,
};

/// Tasks, one a line.
pub(crate) fn tasks(page: &mut Page, tasks: &[Task], otherwise: &str) {
    let mut table = Table::new(&["task", "state", "since", "owner", "title"]);
    for task in tasks {
        let state = Cell::new(task.state.word(), task_look(task.state));
        let owner = task.hold.as_ref().map(|hold| who(&hold.session)).unwrap_or_default();
        let since = task.since.map(|at| page.ago(at)).unwrap_or_default();
        table.row([strong(task.id), state, dim(since), owner.into(), task.title.as_str().into()]);
    }
    page.table(&table, otherwise);
}

/// Changes, one a line.
pub(crate) fn changes(page: &mut Page, changes: &[Change], otherwise: &str) {
    let mut table = Table::new(&["change", "task", "state", "since", "title"]);
    for change in changes {
        let state = Cell::new(change.state.word(), change_look(change.state));
        let since = change.since.map(|at| page.ago(at)).unwrap_or_default();
        let id =
            change.revisions.last().map_or_else(|| change.id.to_string(), |r| r.id.to_string());
        table.row([
            strong(id),
            change.task.into(),
            state,
            dim(since),
            change.title.as_str().into(),
        ]);
    }
    page.table(&table, otherwise);
}

/// Sessions, one a line.
pub(crate) fn sessions(page: &mut Page, sessions: &[Session], otherwise: &str) {
    let mut table = Table::new(&["session", "state", "ends", "task", "person", "agent"]);
    for session in sessions {
        let state = match (&session.ended, session.alive) {
            (_, true) => Cell::new("alive", Look::Good),
            (Some(_), false) => dim("ended"),
            (None, false) => dim("expired"),
        };
        let ends = if session.alive { page.ago(session.expires_at) } else { String::new() };
        let task = session.task.map(|task| task.to_string()).unwrap_or_default();
        table.row([
            strong(session.id),
            state,
            dim(ends),
            task.into(),
            who(&session.person).into(),
            session.agent.as_str().into(),
        ]);
    }
    page.table(&table, otherwise);
}

/// Landings, one a line.
pub(crate) fn landings(page: &mut Page, landings: &[Landing], otherwise: &str) {
    let mut table = Table::new(&["landing", "revision", "commit", "when", "title"]);
    for landing in landings {
        let when = landing.at.map(|at| page.ago(at)).unwrap_or_default();
        let when = match landing.progress.as_str() {
            "landed" => when,
            other => format!("{other} {when}"),
        };
        table.row([
            strong(landing.id),
            super::list(&landing.revisions).into(),
            short(&landing.to).into(),
            dim(when),
            landing.title.as_str().into(),
        ]);
    }
    page.table(&table, otherwise);
}

/// The queue: whether it lands anything, what is tested, and what waits.
pub(crate) fn queue(page: &mut Page, queue: &Queue) {
    if let Some(frozen) = &queue.frozen {
        let since = page.ago(frozen.since);
        let reason = crate::words::line(&frozen.reason);
        page.line(format!("Frozen by {} {since}: {reason}. Nothing lands.", who(&frozen.by)));
    }
    if let Some(candidate) = queue.trunk_red {
        page.line(format!("The trunk itself fails, as {candidate} shows: nobody is sent back."));
    }
    for NotBelieved { check, passed, failed } in &queue.not_believed {
        let check = crate::words::line(check);
        page.line(format!(
            "{check} looks at more than its `paths`: it passed {passed} and fails {failed}. It now runs on every change."
        ));
    }
    let mut table =
        Table::new(&["candidate", "state", "checks", "by", "runs", "revisions", "built because"]);
    for candidate in &queue.testing {
        let (done, all) = (candidate.results.len(), candidate.checks.len());
        let look = match candidate.outcome {
            Outcome::Testing => Look::Strong,
            Outcome::Passed | Outcome::Landed => Look::Good,
            Outcome::Failed | Outcome::Ejected => Look::Bad,
            Outcome::Dropped => Look::Dim,
        };
        table.row([
            strong(candidate.id),
            Cell::new(candidate.outcome.word(), look),
            format!("{done} of {all}").into(),
            match &candidate.runner {
                Some(runner) => runner.name.as_str().into(),
                None if candidate.waits_for_runner => dim("waits for a runner"),
                None => "".into(),
            },
            candidate.runs.into(),
            super::list(&candidate.revisions).into(),
            candidate.built_because.as_str().into(),
        ]);
    }
    page.table(&table, "nothing is under test");
    if !queue.runners.is_empty() {
        page.line("");
        runners(page, &queue.runners);
    }
    page.line("");
    let mut table =
        Table::new(&["waits", "class", "since", "lands", "chance", "part of", "because", "title"]);
    for waiting in &queue.waiting {
        let (since, lands) = (page.ago(waiting.since), waiting.lands.map(|at| page.ago(at)));
        let chance = waiting.chance.map(|chance| format!("{:.0} %", chance * 100.0));
        table.row([
            strong(waiting.revision),
            class_word(waiting.class).into(),
            dim(since),
            lands.unwrap_or_default().into(),
            chance.unwrap_or_default().into(),
            super::list(&waiting.part_of).into(),
            waiting.because.as_deref().unwrap_or_default().into(),
            waiting.title.as_str().into(),
        ]);
    }
    page.table(&table, "nothing waits");
}

/// Runners, and what each runs, since when.
pub(crate) fn runners(page: &mut Page, runners: &[Runner]) {
    let mut table = Table::new(&["runner", "token", "since", "places", "runs", "environment"]);
    for runner in runners {
        let run = |run: &weir_server::wire::RunnerRun| {
            let check = run.check.as_deref().map(|check| format!(" {check}")).unwrap_or_default();
            format!("{}{check} {}", run.candidate, page.ago(run.since))
        };
        let runs: Vec<String> = runner.runs.iter().map(run).collect();
        table.row([
            strong(&runner.name),
            format!("{} {}", runner.token, runner.label).into(),
            dim(page.ago(runner.since)),
            format!("{} of {}", runs.len(), runner.places).into(),
            runs.join(", ").into(),
            runner.environment.as_str().into(),
        ]);
    }
    page.table(&table, "no runner is here");
}

fn class_word(class: Class) -> &'static str {
    match class {
        Class::Express => "express",
        Class::High => "high",
        Class::Normal => "normal",
        Class::Low => "low",
    }
}

/// What waits, for whom, since when.
pub(crate) fn waits(page: &mut Page, waits: &[Wait], otherwise: &str) {
    let mut table = Table::new(&["waits", "for", "since", "what", "title"]);
    for wait in waits {
        let (whose, look) = match wait.whose {
            Whose::You => ("you", Look::Wait),
            Whose::Person => ("a person", Look::Plain),
            Whose::Agent => ("an agent", Look::Plain),
            Whose::Gate => ("the gate", Look::Plain),
            Whose::Task => ("a task", Look::Dim),
        };
        let since = wait.since.map(|at| page.ago(at)).unwrap_or_default();
        table.row([
            strong(&wait.subject),
            Cell::new(whose, look),
            dim(since),
            wait.waits_for.as_str().into(),
            wait.title.as_str().into(),
        ]);
    }
    page.table(&table, otherwise);
}

/// Events, one a line, oldest first.
pub(crate) fn events<'e>(page: &mut Page, events: impl Iterator<Item = &'e LogEntry>) {
    let mut table = Table::new(&[]);
    for event in events {
        let at = page.ago(event.at);
        table.row([strong(event.position), dim(at), event.sentence.as_str().into()]);
    }
    page.table(&table, "nothing happened yet");
}

/// Says how many there are beside the ones shown.
pub(crate) fn rest<T>(page: &mut Page, list: &List<T>) {
    let shown = u64::try_from(list.items.len()).unwrap_or(u64::MAX);
    if list.total > shown {
        page.line(Look::Dim.paint(&format!("  and {} more", list.total - shown)));
    }
}

fn task_look(state: TaskState) -> Look {
    match state {
        TaskState::Ready => Look::Wait,
        TaskState::Claimed | TaskState::Submitted => Look::Strong,
        TaskState::Done => Look::Good,
        TaskState::Blocked | TaskState::Withdrawn => Look::Dim,
    }
}

fn change_look(state: ChangeState) -> Look {
    match state {
        ChangeState::InReview => Look::Wait,
        ChangeState::Queued | ChangeState::Testing => Look::Strong,
        ChangeState::Returned => Look::Bad,
        ChangeState::Landed => Look::Good,
        ChangeState::Abandoned => Look::Dim,
    }
}

pub(super) fn strong(id: impl ToString) -> Cell {
    Cell::new(id, Look::Strong)
}

pub(super) fn dim(text: impl ToString) -> Cell {
    Cell::new(text, Look::Dim)
}
