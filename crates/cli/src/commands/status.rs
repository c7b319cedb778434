//! `weir status`

use crate::error::CommandError;
use crate::here::Here;
use crate::page::Page;
use crate::render;
use crate::table::Look;
use crate::ui::{Form, Ui};
use weir_server::wire::{Counts, Queue, Status};

/// Tell what is going on, what waits for whom, and since when
#[derive(Debug, clap::Args)]
pub(crate) struct StatusArgs {
    /// Tell again whenever something happens, until it is stopped
    #[arg(long, short)]
    watch: bool,
}

pub(crate) fn run(ui: &mut Ui, here: &Here, args: &StatusArgs) -> Result<(), CommandError> {
    let weir = here.client()?;
    if !args.watch {
        let status: Status = weir.get("/v1/status")?;
        return ui.answer(&status, show);
    }
    // Listening before reading, so that nothing falls in between.
    let mut events = weir.events(None)?;
    loop {
        let status: Status = weir.get("/v1/status")?;
        if ui.form() == Form::People {
            ui.clear_screen()?;
        }
        ui.item(&status, show)?;
        match events.next() {
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
            None => events = weir.events(None)?,
        }
    }
}

fn show(status: &Status, page: &mut Page) {
    let space = &status.space;
    let tip = space.tip.as_deref().map(|tip| format!(" at {}", render::short(tip)));
    page.heading(format!("{} on {}{}", space.name, space.trunk, tip.unwrap_or_default()));
    page.line(format!("  {}", Look::Dim.paint(&counts(&status.counts))));
    page.heading("Waits");
    render::waits(page, &status.waits, "nothing waits");
    let shown = u64::try_from(status.waits.len()).unwrap_or(u64::MAX);
    if status.waits_total > shown {
        page.line(format!("  and {} more", status.waits_total - shown));
    }
    page.heading("Gate and queue");
    queue(page, &status.queue);
    if !status.tasks.is_empty() {
        page.heading("Tasks");
        render::tasks(page, &status.tasks, "");
    }
    if !status.changes.is_empty() {
        page.heading("Changes");
        render::changes(page, &status.changes, "");
    }
    if !status.sessions.is_empty() {
        page.heading("Sessions");
        render::sessions(page, &status.sessions, "");
    }
    if !status.landings.is_empty() {
        page.heading("Landed");
        render::landings(page, &status.landings, "");
    }
}

/// How much there is, in one line, without what there is none of.
fn counts(counts: &Counts) -> String {
    let said = [
        (counts.tasks_ready, "ready"),
        (counts.tasks_blocked, "blocked"),
        (counts.tasks_claimed, "claimed"),
        (counts.tasks_submitted, "submitted"),
        (counts.tasks_done, "done"),
        (counts.tasks_withdrawn, "withdrawn"),
    ];
    let said = said.into_iter().filter(|(count, _)| *count > 0);
    let tasks: Vec<_> = said.map(|(count, word)| format!("{count} {word}")).collect();
    let tasks = if tasks.is_empty() { "none".to_owned() } else { tasks.join(", ") };
    format!("tasks: {tasks} · sessions alive: {}", counts.sessions_alive)
}

fn queue(page: &mut Page, queue: &Queue) {
    let checks: Vec<_> = queue.checks.iter().map(|check| check.name.as_str()).collect();
    let checks = if checks.is_empty() { "none: nothing is tested" } else { &checks.join(", ") };
    let testing = queue.testing.iter().map(|candidate| {
        let (done, all) = (candidate.results.len(), candidate.checks.len());
        let revisions = render::list(&candidate.revisions);
        format!("{} for {revisions}, {done} of {all} checks done", candidate.id)
    });
    let testing = testing.collect::<Vec<_>>().join("; ");
    let waiting: Vec<_> = queue.waiting.iter().map(|each| each.revision.to_string()).collect();
    page.pairs([
        ("checks", checks.to_owned()),
        ("read from", queue.checks_from.clone().unwrap_or_default()),
        ("approvals", queue.approvals_needed.to_string()),
        ("testing", testing),
        (
            "trunk",
            queue
                .trunk_red
                .map(|id| format!("red: it fails by itself, see {id}"))
                .unwrap_or_default(),
        ),
        ("queue", if waiting.is_empty() { "empty".to_owned() } else { waiting.join(" ") }),
    ]);
}
