//! `/queue`: what is tested upon what, what waits and for what, and what was decided. `/queue/C1`: the same of one change,
//! with every decision about it and its reason.

use super::door::{Page, PageDoor};
use super::now::{checks, events, landings, waiting_row};
use super::parts::{coming, id_link, lasting, more, tag, words};
use super::shell;
use crate::api::{look, queue as api};
use crate::door::Named;
use crate::see::words::class_word;
use crate::wire::{Candidate, Explained, LogEntry, Outcome, Queue, Waiting};
use maud::{Markup, html};
use weir_model::event::queue::Class;
use weir_model::{ChangeId, RevisionId, Timestamp};

/// Rows of what waits.
const SHOWN: usize = 100;
/// Revisions of a candidate.
const CHAIN_SHOWN: usize = 16;
/// Candidates of a change, the newest first.
const CANDIDATES_SHOWN: usize = 20;
/// So far back in the log is looked for decisions, and so many are shown.
const LOOKED_BACK: usize = 300;
const DECISIONS_SHOWN: usize = 40;

/// `GET /queue`
pub(super) async fn page(PageDoor(door): PageDoor) -> Result<Markup, Page> {
    let status = look::now(&door).await?;
    let mut decisions = crate::api::events::latest(&door, LOOKED_BACK).await?;
    decisions.retain(|entry| entry.stream == "queue");
    decisions.truncate(DECISIONS_SHOWN);
    let (queue, now) = (&status.queue, status.now);
    let main = html! {
        div.grid {
            div.side {
                section.card #lanes data-live { (lanes(queue)) }
                section.card #waiting data-live { (waiting(queue, now)) }
            }
            div.side {
                section.card #trunk data-live { (trunk(queue)) }
                section.card #landings data-live { (landings(&status.landings, status.counts.landings, now)) }
                section.card #events data-live { (events(&decisions, now)) }
            }
        }
    };
    Ok(shell::page(&door, &status.space, status.position, "Queue", &main))
}

/// `GET /queue/{change}`
pub(super) async fn change(
    PageDoor(door): PageDoor,
    change: Result<Named<ChangeId>, crate::reply::Problem>,
) -> Result<Markup, Page> {
    let Named(change) = change?;
    let position = door.position();
    let explained = api::explained(&door, change).await?;
    let (space, now) = door.read(|see| Ok((see.space(&door.weir.place, &door.caller), see.now)))?;
    let Explained { change: known, waiting, candidates, decisions } = &explained;
    let id = known.id.to_string();
    let main = html! {
        div.head #head data-live {
            div.line { span.soft { "Change" } (id_link(&id)) (tag(known.state.word())) }
            h1 { (known.title) }
        }
        div.grid {
            div.side {
                section.card #place data-live { (place(&explained, waiting.as_ref(), now)) }
                section.card #decisions data-live { (decided(decisions, now)) }
            }
            div.side { section.card #lanes data-live { (tested(candidates)) } }
        }
    };
    Ok(shell::page(&door, &space, position, &format!("{id} in the queue"), &main))
}

fn lanes(queue: &Queue) -> Markup {
    html! {
        h2 { "Lanes" span.n { (queue.testing.len()) " under test" } }
        @if queue.testing.is_empty() {
            p.none {
                @if queue.checks.is_empty() { "Nothing is checked: no change is tested before it lands." }
                @else { "Nothing is under test." }
            }
        } @else {
            ul.cards { @for candidate in &queue.testing { li { (lane(candidate)) } } }
        }
    }
}

/// A candidate: the tip, and what was merged onto it one after another.
fn lane(candidate: &Candidate) -> Markup {
    html! {
        div.line {
            (id_link(&candidate.id.to_string()))
            (tag(candidate.outcome.word()))
            @if candidate.runs > 1 { span.soft { "run " (candidate.runs) " times" } }
            @if let Some(runner) = &candidate.runner { span.soft { "by " (runner.name) " (" (runner.token) ")" } }
            @if candidate.waits_for_runner { span.soft { "waits for a runner" } }
            @if let Some(why) = &candidate.why { span.soft { (why) } }
            @if let Some(landing) = candidate.landing { span.soft { "as " (id_link(&landing.to_string())) } }
        }
        ol.chain aria-label="The tip, and what was merged onto it" {
            li { a.id href={ "/show/" (candidate.onto) } { (crate::see::short(&candidate.onto)) } }
            @for revision in candidate.revisions.iter().take(CHAIN_SHOWN) { li { (in_queue(*revision)) } }
            @if candidate.revisions.len() > CHAIN_SHOWN {
                li.soft { "and " (candidate.revisions.len() - CHAIN_SHOWN) " more" }
            }
        }
        @if !candidate.checks.is_empty() { (checks(candidate)) }
        p.soft { (words(&candidate.built_because)) }
    }
}

/// A revision, and where it is told why its change is where it is.
fn in_queue(revision: RevisionId) -> Markup {
    html! { a.id href={ "/queue/" (revision.change) } { (revision) } }
}

fn waiting(queue: &Queue, now: Timestamp) -> Markup {
    html! {
        h2 { "Waiting" span.n { (queue.waiting_total) } }
        @if queue.waiting.is_empty() { p.none { "Nothing waits." } }
        ul.rows { @for waiting in queue.waiting.iter().take(SHOWN) { (waiting_row(waiting, now)) } }
        (more(queue.waiting.len().min(SHOWN), queue.waiting_total))
    }
}

fn trunk(queue: &Queue) -> Markup {
    html! {
        h2 { "The trunk" }
        div.in {
            p {
                b { (queue.trunk) }
                @if let Some(tip) = &queue.tip { " at " (id_link(tip)) }
            }
            (super::now::held(queue))
            @if let Some(from) = &queue.checks_from {
                p.faint { "Checks: " (words(from)) }
            }
            @if !queue.checks.is_empty() {
                ul.checks {
                    @for check in &queue.checks {
                        li { span.mark { "·" } (check.name) span.end { code { (check.run) } } }
                    }
                }
            }
        }
    }
}

/// Where a change is, and what it waits for.
fn place(explained: &Explained, waiting: Option<&Waiting>, now: Timestamp) -> Markup {
    let known = &explained.change;
    html! {
        h2 { "Where it is" }
        div.in {
            @if let Some(waiting) = waiting {
                @if let Some(because) = &waiting.because { p { (words(because)) } }
                dl {
                    dt { "Waits as" } dd { (id_link(&waiting.revision.to_string())) " for " (id_link(&waiting.task.to_string())) }
                    dt { "Since" } dd { (lasting(waiting.since, now)) }
                    dt { "Class" } dd { @if waiting.class == Class::Normal { "normal" } @else { (tag(class_word(waiting.class))) } }
                    @if let Some(chance) = waiting.chance {
                        dt { "Chance to land as it is" } dd { (format!("{:.0} %", chance * 100.0)) }
                    }
                    @if let Some(lands) = waiting.lands { dt { "Expected to land" } dd { (coming(lands, now)) } }
                }
            } @else if let Some(repair) = &known.repair {
                p { "It came back: " (words(&repair.sentence)) }
                p { (words(&repair.hint)) }
            } @else if let Some(landing) = known.landing {
                p { "It landed as " (id_link(&landing.to_string())) "." }
            } @else {
                p.soft { "It is not in the queue: " (known.state.word().replace('_', " ")) "." }
            }
        }
    }
}

/// Every decision, oldest first: as a story.
fn decided(decisions: &[LogEntry], now: Timestamp) -> Markup {
    html! {
        h2 { "Every decision" span.n { (decisions.len()) } }
        @if decisions.is_empty() { p.none { "The queue has decided nothing about it yet." } }
        ol.log { (super::now::log(decisions, now)) }
    }
}

fn tested(candidates: &[Candidate]) -> Markup {
    // What may still land before what is settled, and of each the newest first.
    let is_open = |one: &&Candidate| {
        matches!(one.outcome, Outcome::Testing | Outcome::Passed | Outcome::Failed)
    };
    let (open, settled): (Vec<&Candidate>, Vec<&Candidate>) = candidates.iter().partition(is_open);
    let all = open.into_iter().rev().chain(settled.into_iter().rev());
    html! {
        h2 { "Candidates" span.n { (candidates.len()) } }
        @if candidates.is_empty() { p.none { "It was not tested yet." } }
        ul.cards { @for candidate in all.take(CANDIDATES_SHOWN) { li { (lane(candidate)) } } }
        (more(candidates.len().min(CANDIDATES_SHOWN), candidates.len() as u64))
    }
}
