//! A thing on its page: its head, its parts, and what may be done with it.

use super::forms;
use super::now::checks;
use super::parts::{id_link, lasting, tag, time, words};
use crate::door::Door;
use crate::reply::Problem;
use crate::wire::{
    Body, Candidate, Change, ChangeState, Commit, Landing, LogEntry, Person, Repair, Revision,
    Session, Task, TaskState, Thing, Token, Who,
};
use maud::{Markup, html};
use weir_model::{RevisionId, Timestamp};

/// What it is, and where it stands.
pub(super) fn head(id: &str, thing: &Thing, now: Timestamp) -> Markup {
    let (kind, title, state, since) = match thing {
        Thing::Task(task) => ("Task", task.title.as_str(), Some(task.state.word()), task.since),
        Thing::Session(one) => {
            let state = if one.alive { "alive" } else { "ended" };
            ("Session", one.agent.as_str(), Some(state), None)
        }
        Thing::Change(one) => ("Change", one.title.as_str(), Some(one.state.word()), one.since),
        Thing::Revision(one) => ("Revision", one.title.as_str(), None, None),
        Thing::Person(one) => ("Person", one.name.as_str(), one.removed.then_some("ended"), None),
        Thing::Token(one) => ("Token", one.label.as_str(), one.revoked.then_some("revoked"), None),
        Thing::Candidate(one) => ("Candidate", one.title.as_str(), Some(one.outcome.word()), None),
        Thing::Landing(one) => ("Landing", one.title.as_str(), Some(one.progress.as_str()), one.at),
        Thing::Approval(one) => {
            ("Request", one.what.as_str(), Some(one.state.as_str()), Some(one.asked_at))
        }
        Thing::Event(one) => ("Event", one.kind.as_str(), None, None),
        Thing::Commit(one) => ("Commit", one.title.as_deref().unwrap_or_default(), None, None),
        Thing::Body(_) => ("Body", "", None, None),
    };
    html! {
        div.head {
            div.line { span.soft { (kind) } code { (id) } @if let Some(state) = state { (tag(state)) }
                @if let Some(since) = since { span.soft { "for " (lasting(since, now)) } } }
            @if !title.is_empty() { h1 { (title) } }
        }
    }
}

/// Its parts.
pub(super) fn body(thing: &Thing, now: Timestamp) -> Markup {
    match thing {
        Thing::Task(task) => self::task(task, now),
        Thing::Session(session) => self::session(session, now),
        Thing::Change(change) => self::change(change),
        Thing::Revision(revision) => card("What was brought", &self::revision(revision)),
        Thing::Person(person) => self::person(person),
        Thing::Token(token) => self::token(token, now),
        Thing::Candidate(candidate) => self::candidate(candidate),
        Thing::Landing(landing) => self::landing(landing),
        Thing::Approval(approval) => super::agents::approval(approval, now),
        Thing::Event(entry) => event(entry, now),
        Thing::Commit(commit) => self::commit(commit, now),
        Thing::Body(body) => self::text(body),
    }
}

/// What the caller may do with it.
pub(super) async fn acts(door: &Door, thing: &Thing) -> Result<Option<Markup>, Problem> {
    Ok(match thing {
        Thing::Task(task) => match task.state {
            TaskState::Ready | TaskState::Blocked | TaskState::Claimed | TaskState::Submitted => {
                Some(forms::withdraw_task(door, task.id))
            }
            TaskState::Done | TaskState::Withdrawn => None,
        },
        Thing::Session(session) => session.alive.then(|| forms::end(door, session.id)),
        Thing::Change(change) => match (change.state, change.revisions.last()) {
            (ChangeState::InReview | ChangeState::Queued, Some(latest)) => {
                let may = forms::may_approve(door, latest.id).await?;
                Some(forms::review(door, latest.id, may))
            }
            (
                ChangeState::InReview
                | ChangeState::Queued
                | ChangeState::Testing
                | ChangeState::Returned
                | ChangeState::Landed
                | ChangeState::Abandoned,
                _,
            ) => None,
        },
        Thing::Approval(one) => (one.state == "waiting").then(|| forms::answer(door, one.id)),
        Thing::Revision(_)
        | Thing::Person(_)
        | Thing::Token(_)
        | Thing::Candidate(_)
        | Thing::Landing(_)
        | Thing::Event(_)
        | Thing::Commit(_)
        | Thing::Body(_) => None,
    })
}

fn card(title: &str, inside: &Markup) -> Markup {
    html! { section.card { h2 { (title) } div.in { (inside) } } }
}

fn who(who: &Who) -> Markup {
    html! { (who.name) @if who.name != who.id { " " (id_link(&who.id)) } }
}

fn task(task: &Task, now: Timestamp) -> Markup {
    html! {
        (card("What to do", &html! {
            @if task.text.trim().is_empty() { p.soft { "The title says it all." } }
            @else { p.text { (task.text) } }
        }))
        (card("The task", &html! { dl {
            dt { "May touch" } dd { @for path in task.paths.patterns() { code { (path) } " " } }
            dt { "Cut by" } dd { (who(&task.person)) }
            @if !task.waits_for.is_empty() {
                dt { "Waits for" } dd { @for first in &task.waits_for { (id_link(&first.to_string())) " " } }
            }
            @if let Some(hold) = &task.hold {
                dt { "Claimed by" } dd { (who(&hold.session)) " under " code { (hold.token) } }
                dt { "The claim ends" } dd { (time(hold.expires_at, now)) }
            }
            @if let Some(change) = task.change { dt { "Its change" } dd { (id_link(&change.to_string())) } }
            @if let Some(landing) = task.landing { dt { "Landed as" } dd { (id_link(&landing.to_string())) } }
        } }))
    }
}

fn session(session: &Session, now: Timestamp) -> Markup {
    card(
        "The mandate",
        &html! { dl {
            dt { "Answered for by" } dd { (who(&session.person)) }
            @if let Some(parent) = session.parent { dt { "Spawned by" } dd { (id_link(&parent.to_string())) } }
            @for (index, layer) in session.paths.iter().enumerate() {
                dt { @if index == 0 { "May touch" } @else { "and only" } }
                dd { @for path in layer.patterns() { code { (path) } " " } }
            }
            dt { "Largest push" } dd { (session.push_bytes_max / 1_000_000) " MB" }
            dt { "Holds" } dd {
                @match session.task { Some(task) => (id_link(&task.to_string())), None => "nothing" }
            }
            dt { @if session.alive { "Ends" } @else { "Would have ended" } } dd { (time(session.expires_at, now)) }
            @if let Some(why) = &session.ended { dt { "Ended" } dd { (words(why)) } }
        } },
    )
}

fn change(change: &Change) -> Markup {
    html! {
        @if let Some(repair) = &change.repair { (self::repair(repair)) }
        p { a href={ "/queue/" (change.id) } { "Where it is in the queue, and every decision about it" } }
        @for revision in change.revisions.iter().rev() {
            (card(&format!("Revision {}", revision.id), &self::revision(revision)))
        }
    }
}

/// What its owner must do: as the owner reads it.
fn repair(repair: &Repair) -> Markup {
    html! {
        section.card.repair {
            h2 { "It came back: " code { (repair.code) } }
            div.in {
                p { (words(&repair.sentence)) }
                @if !repair.log.trim().is_empty() { pre.long { (repair.log) } }
                @if let Some(command) = &repair.reproduce { p.soft { "To see it yourself:" } pre { (command) } }
                p { (words(&repair.hint)) }
                @for counterpart in &repair.with {
                    p {
                        "Does not go with " (id_link(&counterpart.revision.to_string())) ", which is for "
                        (id_link(&counterpart.task.to_string())) ": " (counterpart.title)
                    }
                    @if !counterpart.intent.trim().is_empty() { pre.long { (counterpart.intent) } }
                    @if !counterpart.diff.is_empty() { pre.long { (counterpart.diff) } }
                    p.soft { "To see all of it:" } pre { (counterpart.see) }
                }
                @if let Some(body) = repair.body {
                    p { a href={ "/show/sha256:" (body) } { "The whole output" } }
                }
            }
        }
    }
}

/// Paths of a revision on its page.
const PATHS_SHOWN: usize = 100;

fn revision(revision: &Revision) -> Markup {
    html! { dl {
        dt { "Commit" } dd { (id_link(&revision.commit)) " on " (id_link(&revision.base)) }
        dt { "Title" } dd { (revision.title) }
        dt { "Brought by" } dd { (who(&revision.session)) " under " code { (revision.token) } }
        dt { "Answered for by" } dd { (who(&revision.person)) }
        dt { "Approvals" } dd {
            (revision.approvals.len()) " of " (revision.approvals_needed)
            @for person in &revision.approvals { ", " (who(person)) }
        }
        dt { "Fetch it" } dd {
            code { "git fetch weir refs/weir/changes/" (revision.id.change) "/" (revision.id.number) }
        }
        dt { "Touches" } dd {
            ul {
                @for path in revision.paths.iter().take(PATHS_SHOWN) { li { code { (path) } } }
                @if revision.paths.len() > PATHS_SHOWN { li.soft { "and " (revision.paths.len() - PATHS_SHOWN) " more" } }
            }
        }
    } }
}

fn person(person: &Person) -> Markup {
    card("The person", &html! { dl { dt { "Here as" } dd { (person.role) } } })
}

fn token(token: &Token, now: Timestamp) -> Markup {
    card(
        "The token",
        &html! { dl {
            dt { "Whose" } dd { (who(&token.person)) }
            dt { "May" } dd { @for right in &token.rights { (right) " " } }
            dt { "Ends" } dd { (time(token.expires_at, now)) }
        } },
    )
}

fn candidate(candidate: &Candidate) -> Markup {
    html! {
        (card("Checks", &html! {
            @if candidate.checks.is_empty() { p.soft { "The gate asks for none." } }
            (checks(candidate))
            @if let Some(why) = &candidate.why { p.soft { (why) } }
            p.soft { "Built: " (words(&candidate.built_because)) @if candidate.runs > 1 { "; run " (candidate.runs) " times" } }
        }))
        (card("What was tested", &html! { dl {
            (revisions(&candidate.revisions))
            dt { "Merged onto" } dd { (id_link(&candidate.onto)) }
            dt { "As" } dd { (id_link(&candidate.commit)) }
            dt { "Its tree" } dd { code { (candidate.tree) } }
            @if let Some(landing) = candidate.landing { dt { "Landed as" } dd { (id_link(&landing.to_string())) } }
        } }))
    }
}

fn revisions(revisions: &[RevisionId]) -> Markup {
    html! {
        dt { @if revisions.len() == 1 { "Revision" } @else { "Revisions" } }
        dd { @for revision in revisions { (id_link(&revision.to_string())) " " } }
    }
}

fn landing(landing: &Landing) -> Markup {
    card(
        "The move of the trunk",
        &html! { dl {
            (revisions(&landing.revisions))
            dt { "Tested as" } dd { (id_link(&landing.candidate.to_string())) }
            dt { "From" } dd { (id_link(&landing.from)) }
            dt { "To" } dd { (id_link(&landing.to)) }
            dt { "The tree that was tested" } dd { code { (landing.tree) } }
            dt { "Because" } dd { (words(&landing.why)) }
        } },
    )
}

fn event(entry: &LogEntry, now: Timestamp) -> Markup {
    let json = serde_json::to_string_pretty(&entry.event).unwrap_or_default();
    card(
        "What happened",
        &html! {
            p { (words(&entry.sentence)) }
            dl {
                dt { "By" } dd { (who(&entry.by)) }
                dt { "When" } dd { (time(entry.at, now)) }
                dt { "Where" } dd { (entry.stream) ", " (entry.version) }
            }
            pre.long { (json) }
        },
    )
}

fn commit(commit: &Commit, now: Timestamp) -> Markup {
    card(
        "What it was to Weir",
        &html! {
            ul {
            @for role in &commit.roles { li { (words(role)) } }
            @if commit.roles.is_empty() { li.soft { "It is on the trunk, and was there before Weir." } }
        }
        @if let (Some(author), Some(at)) = (&commit.author, commit.at) {
            p.soft { "By " (author) ", " (time(at, now)) }
        }
            pre { "git fetch weir && git show " (commit.commit) }
        },
    )
}

fn text(body: &Body) -> Markup {
    card(
        "The body",
        &html! {
            @if body.erased { p { "It was erased. Its digest stays, and the ledger still verifies." } }
            @if let Some(bytes) = body.bytes {
                p.soft {
                    (bytes) " bytes · "
                    a href={ "/v1/bodies/" (body.digest) } { "all of it" }
                }
            }
            @if let Some(text) = &body.text { pre { (text) } }
        },
    )
}
