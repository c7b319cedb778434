//! How the things of the API look in a terminal: shared by every command that shows them.

use crate::page::Page;
use crate::table::{Cell, Look, Table};
use weir_model::PathSet;
use weir_model::event::queue::Verdict;
use weir_server::wire::{
    Candidate, Change, ChangeState, CheckResult, Landing, List, LogEntry, Outcome, Person, Repair,
    Revision, Session, Task, TaskState, Wait, Who, Whose,
};

/// A person or an agent: `ann (P1)`; Weir itself has a name only.
pub(crate) fn who(who: &Who) -> String {
    if who.id == who.name { who.name.clone() } else { format!("{} ({})", who.name, who.id) }
}

/// The start of a commit's name, as long as git prints it.
pub(crate) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// Several things in a row.
pub(crate) fn list<T: ToString>(things: &[T]) -> String {
    things.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Which paths: the patterns in a row.
pub(crate) fn paths(paths: &PathSet) -> String {
    if paths.is_empty() { "nothing".to_owned() } else { paths.patterns().join(" ") }
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

fn strong(id: impl ToString) -> Cell {
    Cell::new(id, Look::Strong)
}

fn dim(text: impl ToString) -> Cell {
    Cell::new(text, Look::Dim)
}

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
        table.row([
            strong(landing.id),
            landing.revision.into(),
            short(&landing.to).into(),
            dim(when),
            landing.title.as_str().into(),
        ]);
    }
    page.table(&table, otherwise);
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

/// A task, at length.
pub(crate) fn task(page: &mut Page, task: &Task) {
    page.heading(format!("{}  {}", task.id, task.title));
    let hold = task.hold.as_ref().map(|hold| {
        let ends = page.ago(hold.expires_at);
        format!("{} under {}, ends {ends}", who(&hold.session), hold.token)
    });
    let since = task.since.map(|at| format!(", {}", page.ago(at))).unwrap_or_default();
    page.pairs([
        ("state", format!("{}{since}", task.state.word())),
        ("owner", hold.unwrap_or_default()),
        ("paths", paths(&task.paths)),
        ("after", list(&task.after)),
        ("waits for", list(&task.waits_for)),
        ("change", task.change.map(|id| id.to_string()).unwrap_or_default()),
        ("landing", task.landing.map(|id| id.to_string()).unwrap_or_default()),
        ("cut by", who(&task.person)),
    ]);
    if !task.text.trim().is_empty() {
        page.line("");
        page.block(&task.text);
    }
}

/// A change, at length, with what its owner must do if it came back.
pub(crate) fn change(page: &mut Page, change: &Change) {
    page.heading(format!("{}  {}", change.id, change.title));
    let since = change.since.map(|at| format!(", {}", page.ago(at))).unwrap_or_default();
    page.pairs([
        ("state", format!("{}{since}", change.state.word())),
        ("task", change.task.to_string()),
        ("place", change.place.map(|place| (place + 1).to_string()).unwrap_or_default()),
        ("landing", change.landing.map(|id| id.to_string()).unwrap_or_default()),
    ]);
    for each in change.revisions.iter().rev() {
        revision(page, each);
    }
    if let Some(contract) = &change.repair {
        repair(page, contract);
    }
}

/// A revision, at length.
pub(crate) fn revision(page: &mut Page, revision: &Revision) {
    page.heading(format!("{}  {}", revision.id, revision.title));
    let approvals = match (revision.approvals_needed, revision.approvals.as_slice()) {
        (0, []) => String::new(),
        (needed, given) => {
            let names: Vec<_> = given.iter().map(who).collect();
            format!("{} of {needed}  {}", given.len(), names.join(", ")).trim_end().to_owned()
        }
    };
    page.pairs([
        ("commit", revision.commit.clone()),
        ("grew from", revision.base.clone()),
        ("brought by", format!("{} under {}", who(&revision.session), revision.token)),
        ("answers for it", who(&revision.person)),
        ("for", revision.trunk.clone()),
        ("touches", revision.paths.join(" ")),
        ("approvals", approvals),
    ]);
}

/// What the owner of a change must do.
pub(crate) fn repair(page: &mut Page, repair: &Repair) {
    page.heading(format!("Repair: {}", repair.code));
    page.line(format!("  {}", crate::words::line(&repair.sentence)));
    if !repair.log.trim().is_empty() {
        page.line("");
        page.block(&repair.log);
        page.line("");
    }
    page.pairs([
        ("reproduce", repair.reproduce.clone().unwrap_or_default()),
        ("whole log", repair.body.map(|digest| format!("sha256:{digest}")).unwrap_or_default()),
        ("next", repair.hint.clone()),
    ]);
}

/// A candidate, at length.
pub(crate) fn candidate(page: &mut Page, candidate: &Candidate) {
    page.heading(format!("{}  {}", candidate.id, candidate.title));
    page.pairs([
        ("state", candidate.outcome.word().to_owned()),
        ("why", candidate.why.clone().unwrap_or_default()),
        ("revision", candidate.revision.to_string()),
        ("onto", candidate.onto.clone()),
        ("commit", candidate.commit.clone()),
        ("tree", candidate.tree.clone()),
        ("landing", candidate.landing.map(|id| id.to_string()).unwrap_or_default()),
    ]);
    page.line("");
    let mut table = Table::new(&["check", "came out", "took", "log"]);
    for check in &candidate.checks {
        let result = candidate.results.iter().find(|result| result.check == check.name);
        match result {
            Some(result) => table.row(check_row(result)),
            None if candidate.outcome == Outcome::Testing => {
                table.row([check.name.as_str().into(), "not yet".into(), "".into(), "".into()]);
            }
            None => table.row([check.name.as_str().into(), "not run".into(), "".into(), "".into()]),
        }
    }
    page.table(&table, "no checks: nothing is tested");
}

fn check_row(result: &CheckResult) -> [Cell; 4] {
    let verdict = match (result.verdict, result.exit_code) {
        (Verdict::Passed, _) => Cell::new("passed", Look::Good),
        (Verdict::Failed, Some(code)) => Cell::new(format!("failed with {code}"), Look::Bad),
        (Verdict::Failed, None) => Cell::new("failed", Look::Bad),
        (Verdict::TimedOut, _) => Cell::new("timed out", Look::Bad),
        (Verdict::Broken, _) => Cell::new("could not run", Look::Wait),
    };
    let took = format!("{}ms", result.elapsed_ms);
    [result.check.as_str().into(), verdict, took.into(), dim(format!("sha256:{}", result.log))]
}

/// A landing, at length.
pub(crate) fn landing(page: &mut Page, landing: &Landing) {
    page.heading(format!("{}  {}", landing.id, landing.title));
    page.pairs([
        ("state", landing.progress.clone()),
        ("when", landing.at.map(|at| page.ago(at)).unwrap_or_default()),
        ("revision", landing.revision.to_string()),
        ("candidate", landing.candidate.to_string()),
        ("from", landing.from.clone()),
        ("to", landing.to.clone()),
        ("tree", landing.tree.clone()),
    ]);
}

/// A session, at length.
pub(crate) fn session(page: &mut Page, session: &Session) {
    page.heading(format!("{}  {}", session.id, session.agent));
    let state = match (&session.ended, session.alive) {
        (_, true) => format!("alive, ends {}", page.ago(session.expires_at)),
        (Some(why), false) => format!("ended: {why}"),
        (None, false) => format!("expired {}", page.ago(session.expires_at)),
    };
    let layers: Vec<_> = session.paths.iter().map(paths).collect();
    page.pairs([
        ("state", state),
        ("answers for it", who(&session.person)),
        ("task", session.task.map(|id| id.to_string()).unwrap_or_default()),
        ("may touch", layers.join("  and within that  ")),
        ("parent", session.parent.map(|id| id.to_string()).unwrap_or_default()),
        ("children", list(&session.children)),
    ]);
}

/// Says how many there are beside the ones shown.
pub(crate) fn rest<T>(page: &mut Page, list: &List<T>) {
    let shown = u64::try_from(list.items.len()).unwrap_or(u64::MAX);
    if list.total > shown {
        page.line(Look::Dim.paint(&format!("  and {} more", list.total - shown)));
    }
}

/// A person, at length.
pub(crate) fn person(page: &mut Page, person: &Person) {
    page.heading(format!("{}  {}", person.id, person.name));
    let role = if person.removed { "gone".to_owned() } else { person.role.to_string() };
    page.pairs([("role", role)]);
}

#[cfg(test)]
mod tests;
