//! One thing at length: its title, what is known of it, and what its owner must do.

use super::{list, paths, who};
use crate::page::Page;
use crate::table::{Cell, Look, Table};
use weir_model::event::queue::Verdict;
use weir_server::wire::{
    Candidate, Change, CheckResult, Landing, Outcome, Person, Repair, Revision, Session, Task,
};

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
fn repair(page: &mut Page, repair: &Repair) {
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
        ("tested with", super::list(&repair.beside)),
        (
            "place kept",
            repair.place_until.map(|at| format!("ends {}", page.ago(at))).unwrap_or_default(),
        ),
        ("next", repair.hint.clone()),
    ]);
    for counterpart in &repair.with {
        page.heading(format!(
            "{}: {}",
            counterpart.revision,
            crate::words::line(&counterpart.title)
        ));
        if !counterpart.intent.trim().is_empty() {
            page.block(&counterpart.intent);
        }
        page.line("");
        page.block(&counterpart.diff);
        page.pairs([
            ("task", counterpart.task.to_string()),
            ("all of it", counterpart.see.clone()),
        ]);
    }
}

/// A candidate, at length.
pub(crate) fn candidate(page: &mut Page, candidate: &Candidate) {
    page.heading(format!("{}  {}", candidate.id, candidate.title));
    page.pairs([
        ("state", candidate.outcome.word().to_owned()),
        ("why", candidate.why.clone().unwrap_or_default()),
        ("revisions", super::list(&candidate.revisions)),
        ("built because", candidate.built_because.clone()),
        ("runs", candidate.runs.to_string()),
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
    let took = match result.taken_from {
        Some(from) => format!("as in {from}"),
        None => format!("{}ms", result.elapsed_ms),
    };
    [
        result.check.as_str().into(),
        verdict,
        took.into(),
        Cell::new(format!("sha256:{}", result.log), Look::Dim),
    ]
}

/// A landing, at length.
pub(crate) fn landing(page: &mut Page, landing: &Landing) {
    page.heading(format!("{}  {}", landing.id, landing.title));
    page.pairs([
        ("state", landing.progress.clone()),
        ("when", landing.at.map(|at| page.ago(at)).unwrap_or_default()),
        ("revisions", super::list(&landing.revisions)),
        ("candidate", landing.candidate.to_string()),
        ("from", landing.from.clone()),
        ("to", landing.to.clone()),
        ("tree", landing.tree.clone()),
        ("because", landing.why.clone()),
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

/// A person, at length.
pub(crate) fn person(page: &mut Page, person: &Person) {
    page.heading(format!("{}  {}", person.id, person.name));
    let role = if person.removed { "gone".to_owned() } else { person.role.to_string() };
    page.pairs([("role", role)]);
}
