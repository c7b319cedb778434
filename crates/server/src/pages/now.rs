//! `/`: what is going on. What waits for whom and since when comes first, for that is where work is lost.

use super::door::{Page, PageDoor};
use super::parts::{coming, id_link, lasting, more, tag, time, words};
use super::{forms, shell};
use crate::api::look;
use crate::see::words::{class_word, seconds, verdict_word};
use crate::wire::{
    Candidate, Change, Counts, Landing, LogEntry, Queue, Session, Status, Task, Wait, Waiting,
    Whose,
};
use maud::{Markup, html};
use weir_model::Timestamp;
use weir_model::event::queue::{Class, Verdict};

/// How many of each list stand on the page.
const SHOWN: usize = 25;

/// `GET /`
pub(super) async fn page(PageDoor(door): PageDoor) -> Result<Markup, Page> {
    let status = look::now(&door).await?;
    let now = status.now;
    let is_new = status.counts.tasks() == 0;
    let main = html! {
        div #way data-live { (way(&status.counts)) }
        @if is_new { (first_steps(&status)) }
        div.grid {
            div.side {
                section.card #waits data-live { (waits(&status)) }
                section.card #tasks data-live { (tasks(&status.tasks, status.counts.open(), now)) }
                section.card { (forms::new_task(&door, is_new)) }
                section.card #changes data-live { (changes(&status.changes, status.counts.changes_open, now)) }
                section.card #events data-live { (events(&status.events, now)) }
            }
            div.side {
                section.card #queue data-live { (queue(&status.queue, now)) }
                section.card #sessions data-live { (sessions(&status.sessions, status.counts.sessions_alive, now)) }
                section.card { (forms::new_session(&door)) }
                section.card #landings data-live { (landings(&status.landings, status.counts.landings, now)) }
            }
        }
    };
    Ok(shell::page(&door, &status.space, status.position, "Now", &main))
}

impl Counts {
    fn tasks(&self) -> u64 {
        self.open() + self.tasks_done + self.tasks_withdrawn
    }

    fn open(&self) -> u64 {
        self.tasks_ready + self.tasks_blocked + self.tasks_claimed + self.tasks_submitted
    }
}

/// How much stands at each step of the way.
fn way(counts: &Counts) -> Markup {
    let steps = [
        ("blocked", counts.tasks_blocked),
        ("ready", counts.tasks_ready),
        ("claimed", counts.tasks_claimed),
        ("submitted", counts.tasks_submitted),
        ("landed", counts.tasks_done),
    ];
    html! {
        ol.way aria-label="Tasks at each step" {
            @for (name, number) in steps {
                li.zero[number == 0] { b { (number) } span { (name) } }
            }
        }
    }
}

fn first_steps(status: &Status) -> Markup {
    html! {
        section.card.first {
            h2 { "First steps" }
            div.in {
                ol.steps {
                    li {
                        "Cut a task, and say what it may touch: below, or in a terminal."
                        pre { "weir task create \"Say how long a build took\" --paths 'src/**'" }
                    }
                    li {
                        "Attach an agent. Open a session for it here, or let the command line do all at once: "
                        "a session, a worktree, a token."
                        pre { "weir task claim T1 --agent claude" }
                    }
                    li {
                        "The agent commits, and brings its change with a plain push. The gate tests it, "
                        "and it lands as exactly what was tested on " b { (status.space.trunk) } "."
                        pre { "git push weir HEAD:refs/for/" (status.space.trunk) }
                    }
                }
            }
        }
    }
}

fn waits(status: &Status) -> Markup {
    let groups = [
        (Whose::You, "For you", "group you"),
        (Whose::Person, "For other people", "group"),
        (Whose::Agent, "For agents", "group"),
        (Whose::Gate, "For the gate", "group"),
        (Whose::Task, "For other tasks", "group"),
    ];
    html! {
        h2 { "Waiting" span.n { (status.waits_total) } }
        @if status.waits.is_empty() { p.none { "Nothing waits." } }
        @for (whose, title, class) in groups {
            @let rows: Vec<&Wait> = status.waits.iter().filter(|wait| wait.whose == whose).collect();
            @if !rows.is_empty() {
                div class=(class) {
                    @let total = status.waits_by.get(&whose).copied().unwrap_or_default();
                    h3 { (title) " " span.n { (total) } }
                    ul.rows {
                        @for wait in &rows { (wait_row(wait, status.now)) }
                    }
                    (more(rows.len(), total))
                }
            }
        }
    }
}

fn wait_row(wait: &Wait, now: Timestamp) -> Markup {
    html! {
        li {
            (id_link(&wait.subject))
            span.what {
                span.title { (wait.title) }
                span.sub { "waits for " (words(&wait.waits_for)) }
            }
            span.end {
                (tag(&wait.stage)) " "
                @if let Some(since) = wait.since { (lasting(since, now)) }
            }
        }
    }
}

fn tasks(tasks: &[Task], total: u64, now: Timestamp) -> Markup {
    html! {
        h2 { "Tasks" span.n { (total) " open" } }
        @if tasks.is_empty() { p.none { "No task is open." } }
        ul.rows {
            @for task in tasks.iter().take(SHOWN) {
                li {
                    (id_link(&task.id.to_string()))
                    span.what {
                        span.title { (task.title) }
                        span.sub {
                            code { (task.paths) }
                            @if let Some(hold) = task.hold.as_ref().filter(|_| task.state.word() == "claimed") {
                                " · " (hold.session.name) " " (id_link(&hold.session.id))
                                ", until " (time(hold.expires_at, now))
                            }
                            @if let Some(change) = task.change { " · " (id_link(&change.to_string())) }
                        }
                    }
                    span.end { (tag(task.state.word())) }
                }
            }
        }
        (more(tasks.len().min(SHOWN), total))
    }
}

fn changes(changes: &[Change], total: u64, now: Timestamp) -> Markup {
    html! {
        h2 { "Changes" span.n { (total) " open" } }
        @if changes.is_empty() { p.none { "No change is on its way." } }
        ul.rows {
            @for change in changes.iter().take(SHOWN) {
                li {
                    (id_link(&change.id.to_string()))
                    span.what {
                        span.title { (change.title) }
                        span.sub {
                            @if let Some(latest) = change.revisions.last() {
                                (id_link(&latest.id.to_string())) " by " (latest.session.name)
                                " for " (id_link(&change.task.to_string()))
                            }
                            @if let Some(repair) = &change.repair { " · " (words(&repair.sentence)) }
                        }
                    }
                    span.end {
                        (tag(change.state.word())) " "
                        @if let Some(since) = change.since { (lasting(since, now)) }
                    }
                }
            }
        }
        (more(changes.len().min(SHOWN), total))
    }
}

fn queue(queue: &Queue, now: Timestamp) -> Markup {
    html! {
        h2 { a href="/queue" { "The gate" } span.n { (queue.waiting_total) " in the queue" } }
        div.in {
            (held(queue))
            @for candidate in queue.testing.iter().take(SHOWN) {
                p { (id_link(&candidate.id.to_string())) " " (candidate.title) }
                (checks(candidate))
            }
            @if queue.testing.is_empty() {
                p.soft {
                    @if queue.checks.is_empty() { "Nothing is checked: no change is tested before it lands." }
                    @else { "Nothing is under test." }
                }
                @if !queue.checks.is_empty() {
                    ul.checks {
                        @for check in &queue.checks {
                            li { span.mark { "·" } (check.name) span.end { code { (check.run) } } }
                        }
                    }
                }
            }
            @if let Some(from) = &queue.checks_from {
                p.faint {
                    "Checks: " (words(from)) "; "
                    (queue.approvals_needed) @if queue.approvals_needed == 1 { " approval" } @else { " approvals" }
                }
            }
        }
        ul.rows {
            @for waiting in queue.waiting.iter().take(SHOWN) { (waiting_row(waiting, now)) }
        }
        (more(queue.waiting.len().min(SHOWN), queue.waiting_total))
    }
}

/// Why nothing lands, or nobody goes back.
pub(super) fn held(queue: &Queue) -> Markup {
    html! {
        @if let Some(frozen) = &queue.frozen {
            p.soft {
                "Frozen by " (frozen.by.name) " " (id_link(&frozen.by.id)) ": " (frozen.reason)
                ". Nothing lands until the thaw; testing goes on."
            }
        }
        @if let Some(candidate) = &queue.trunk_red {
            p.soft {
                "The trunk itself fails, as " (id_link(&candidate.to_string()))
                " shows: nobody is sent back for failing on it."
            }
        }
        @for one in &queue.not_believed {
            p.soft {
                (one.check) " looks at more than its " code { "paths" } ": it passed "
                (id_link(&one.passed.to_string())) " and fails " (id_link(&one.failed.to_string()))
                ". It now runs on every change."
            }
        }
    }
}

/// A revision that waits, on every page.
pub(super) fn waiting_row(waiting: &Waiting, now: Timestamp) -> Markup {
    html! {
        li {
            (id_link(&waiting.revision.to_string()))
            span.what {
                span.title { (waiting.title) }
                @if let Some(because) = &waiting.because { span.sub { (words(because)) } }
                span.sub {
                    @if !waiting.part_of.is_empty() {
                        "part of " @for id in &waiting.part_of { (id_link(&id.to_string())) " " } "· "
                    }
                    a href={ "/queue/" (waiting.revision.change) } { "every decision" }
                }
            }
            span.end {
                @if waiting.class != Class::Normal { (tag(class_word(waiting.class))) " " }
                @if let Some(chance) = waiting.chance { (format!("{:.0} %", chance * 100.0)) " " }
                @if let Some(lands) = waiting.lands.filter(|lands| *lands > now) {
                    "lands " (coming(lands, now)) " · "
                }
                (lasting(waiting.since, now))
            }
        }
    }
}

/// The checks of a candidate: those that ended, the one that runs, those to come.
pub(super) fn checks(candidate: &Candidate) -> Markup {
    let runs = candidate.outcome.word() == "testing";
    html! {
        ul.checks {
            @for (index, check) in candidate.checks.iter().enumerate() {
                @match candidate.results.get(index) {
                    Some(result) => {
                        @let (class, mark) = if result.verdict == Verdict::Passed { ("passed", "✓") } else { ("failed", "✗") };
                        li class=(class) {
                            span.mark aria-hidden="true" { (mark) }
                            (check.name) " " (verdict_word(result.verdict))
                            span.end {
                                a href={ "/show/sha256:" (result.log) } { "output" } " · "
                                @match result.taken_from {
                                    Some(from) => { "as in " (id_link(&from.to_string())) }
                                    None => { (seconds(result.elapsed_ms)) }
                                }
                            }
                        }
                    }
                    None => {
                        @let now = runs && index == candidate.results.len();
                        li.runs[now] {
                            span.mark aria-hidden="true" { @if now { "●" } @else { "·" } }
                            (check.name) @if now { " runs" }
                            span.end { code { (check.run) } }
                        }
                    }
                }
            }
        }
    }
}

fn sessions(sessions: &[Session], total: u64, now: Timestamp) -> Markup {
    html! {
        h2 { "Agents" span.n { (total) " alive" } }
        @if sessions.is_empty() { p.none { "No agent is here." } }
        ul.rows {
            @for session in sessions.iter().take(SHOWN) {
                li {
                    (id_link(&session.id.to_string()))
                    span.what {
                        span.title { (session.agent) }
                        span.sub {
                            "of " (session.person.name)
                            @if let Some(task) = session.task { " · holds " (id_link(&task.to_string())) }
                        }
                    }
                    span.end { "ends " (time(session.expires_at, now)) }
                }
            }
        }
        (more(sessions.len().min(SHOWN), total))
    }
}

pub(super) fn landings(landings: &[Landing], total: u64, now: Timestamp) -> Markup {
    html! {
        h2 { "Landed" span.n { (total) } }
        @if landings.is_empty() { p.none { "Nothing has landed yet." } }
        ul.rows {
            @for landing in landings {
                li {
                    (id_link(&landing.id.to_string()))
                    span.what {
                        span.title { (landing.title) }
                        span.sub {
                            @for revision in &landing.revisions { (id_link(&revision.to_string())) " " }
                            "as " (id_link(&landing.to))
                        }
                    }
                    span.end {
                        @if landing.progress != "landed" { (tag(&landing.progress)) " " }
                        @if let Some(at) = landing.at { (time(at, now)) }
                    }
                }
            }
        }
        (more(landings.len(), total))
    }
}

/// Events, as they stand on every page.
pub(super) fn events(events: &[LogEntry], now: Timestamp) -> Markup {
    html! {
        h2 { "What happened" }
        @if events.is_empty() { p.none { "Nothing." } }
        ul.log { (log(events, now)) }
    }
}

/// Events, one a row.
pub(super) fn log(events: &[LogEntry], now: Timestamp) -> Markup {
    html! {
        @for event in events {
            li {
                (id_link(&event.position.to_string()))
                span { (words(&event.sentence)) }
                (time(event.at, now))
            }
        }
    }
}
