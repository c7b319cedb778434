//! The forms, and what they do: each is one call of the engine, and then a look at what became of it.

use super::door::{Filled, Page};
use super::parts::words;
use super::shell::{self, carry, seen_at};
use crate::door::{Door, Named};
use crate::reply::Problem;
use axum::response::Redirect;
use maud::{Markup, html};
use serde::Deserialize;
use weir_model::{Lease, PathSet, RevisionId, SessionId, TaskId};

type Acted = Result<Redirect, Page>;

/// The form for a new task.
pub(super) fn new_task(door: &Door, open: bool) -> Markup {
    html! {
        details #new-task open[open] {
            summary { "New task" }
            form.in method="post" action="/act/task" {
                (carry(door))
                label for="title" { "In one line" }
                input #title name="title" required maxlength="200" autocomplete="off";
                label for="text" { "What to do" }
                textarea #text name="text" {}
                label for="paths" { "What it may touch, from the root of the repository" }
                input.mono #paths name="paths" required placeholder="src/** docs/" autocomplete="off" autocapitalize="off" spellcheck="false";
                label for="after" { "After these tasks, if any" }
                input.mono #after name="after" placeholder="T1 T2" autocomplete="off" spellcheck="false";
                div.acts { button.main { "Cut the task" } }
            }
        }
    }
}

#[derive(Deserialize)]
pub(super) struct TaskForm {
    title: String,
    #[serde(default)]
    text: String,
    paths: String,
    #[serde(default)]
    after: String,
}

/// `POST /act/task`
pub(super) async fn create_task(Filled { door, form }: Filled<TaskForm>) -> Acted {
    let TaskForm { title, text, paths, after } = form;
    let paths = PathSet::new(listed(&paths))?;
    let after = listed(&after).map(str::parse).collect::<Result<Vec<TaskId>, _>>()?;
    // Browsers send line ends as mail does.
    let text = text.replace("\r\n", "\n");
    let new = weir_engine::NewTask { title, text, paths, after, key: None };
    let task = door.engine().create_task(&door.caller, new).await?;
    Ok(Redirect::to(&format!("/show/{task}")))
}

fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', '\n', '\r', '\t']).filter(|part| !part.is_empty())
}

/// `POST /act/withdraw/{task}`
pub(super) async fn withdraw(
    Named(task): Named<TaskId>,
    Filled { door, form: () }: Filled<()>,
) -> Acted {
    door.engine().withdraw_task(&door.caller, task).await?;
    Ok(Redirect::to(&format!("/show/{task}")))
}

/// The form that says a task is not wanted.
pub(super) fn withdraw_task(door: &Door, task: TaskId) -> Markup {
    html! {
        details {
            summary { "Not wanted?" }
            form.in method="post" action={ "/act/withdraw/" (task) } {
                (carry(door))
                p.soft { "Its change, if it has one, is abandoned with it." }
                div.acts { button { "Withdraw " (task) } }
            }
        }
    }
}

/// `POST /act/approve/{revision}`
pub(super) async fn approve(
    Named(revision): Named<RevisionId>,
    Filled { door, form: () }: Filled<()>,
) -> Acted {
    door.engine().approve(&door.caller, revision).await?;
    Ok(Redirect::to(&format!("/show/{}", revision.change)))
}

#[derive(Deserialize)]
pub(super) struct RejectForm {
    comment: String,
}

/// `POST /act/reject/{revision}`
pub(super) async fn reject(
    Named(revision): Named<RevisionId>,
    Filled { door, form }: Filled<RejectForm>,
) -> Acted {
    let comment = form.comment.replace("\r\n", "\n");
    door.engine().reject(&door.caller, revision, comment).await?;
    Ok(Redirect::to(&format!("/show/{}", revision.change)))
}

/// The forms with which a revision is approved or sent back.
pub(super) fn review(door: &Door, revision: RevisionId, may_approve: Result<(), String>) -> Markup {
    html! {
        h2 { "Review" }
        div.in {
            @match may_approve {
                Ok(()) => {
                    form method="post" action={ "/act/approve/" (revision) } {
                        (carry(door))
                        p.soft { "An approval binds to this revision, and to no later one." }
                        div.acts { button.main { "Approve " (revision) } }
                    }
                }
                Err(why) => { p.soft { (words(&why)) } }
            }
        }
        details {
            summary { "Send it back" }
            form.in method="post" action={ "/act/reject/" (revision) } {
                (carry(door))
                label for="comment" { "What would make it acceptable" }
                textarea #comment name="comment" required {}
                div.acts { button { "Send " (revision) " back" } }
            }
        }
    }
}

#[derive(Deserialize)]
pub(super) struct EndForm {
    #[serde(default)]
    why: String,
}

/// `POST /act/end/{session}`
pub(super) async fn end_session(
    Named(session): Named<SessionId>,
    Filled { door, form }: Filled<EndForm>,
) -> Acted {
    door.engine().end_session(&door.caller, session, form.why).await?;
    Ok(Redirect::to(&format!("/show/{session}")))
}

/// The form that ends a session.
pub(super) fn end(door: &Door, session: SessionId) -> Markup {
    html! {
        details {
            summary { "End this session" }
            form.in method="post" action={ "/act/end/" (session) } {
                (carry(door))
                p.soft { "And all that it spawned. What they hold goes back." }
                label for="why" { "Why; the agent will read it" }
                input #why name="why" required autocomplete="off";
                div.acts { button { "End " (session) } }
            }
        }
    }
}

/// The form that opens a session for an agent.
pub(super) fn new_session(door: &Door) -> Markup {
    html! {
        details #new-session {
            summary { "Attach an agent" }
            form.in method="post" action="/act/session" {
                (carry(door))
                label for="agent" { "What it is called" }
                input #agent name="agent" required placeholder="claude" autocomplete="off";
                label for="length" { "For how long" }
                input #length name="length" value="8h" required autocomplete="off";
                div.acts { button.main { "Open a session" } }
            }
        }
    }
}

#[derive(Deserialize)]
pub(super) struct SessionForm {
    agent: String,
    length: Lease,
}

/// `POST /act/session`: answers with the page itself, for the secret is shown this once.
pub(super) async fn open_session(
    Filled { door, form }: Filled<SessionForm>,
) -> Result<Markup, Page> {
    let SessionForm { agent, length } = form;
    let wish = weir_engine::NewSession { agent, paths: None, length: Some(length) };
    let opened = door.engine().open_session(&door.caller, wish).await?;
    let space = door.read(|see| Ok(see.space(&door.weir.place, &door.caller)))?;
    let (secret, mcp) = (opened.secret.reveal(), &space.mcp);
    let main = html! {
        div.card {
            h2 { "Session " (opened.session) " is open" }
            div.in {
                p {
                    "Its token is shown this once, and ends at " (opened.expires_at) ". Give it to the agent and to nobody else."
                }
                pre { (secret) }
                h3 { "Claude Code" }
                pre { "claude mcp add --transport http weir " (mcp) " --header \"Authorization: Bearer " (secret) "\"" }
                h3 { "Codex" }
                pre { "export WEIR_TOKEN=" (secret) "\ncodex mcp add weir --url " (mcp) " --bearer-token-env-var WEIR_TOKEN" }
                h3 { "Anything else" }
                pre { "export WEIR_TOKEN=" (secret) "\nweir task next" }
                (seen_at(&opened.session.to_string()))
            }
        }
    };
    Ok(shell::page(&door, &space, door.position(), "A new session", &main))
}

/// Whether the caller could approve, or why not, for the page to say it before they try.
pub(super) async fn may_approve(
    door: &Door,
    revision: RevisionId,
) -> Result<Result<(), String>, Problem> {
    let carried = door.ask_disk(move |engine| engine.carried(revision)).await?;
    door.read(|see| {
        let authors = see.folds.review.authors(revision.change, &carried);
        let may = see.folds.guard.may_approve(&door.caller, &authors);
        Ok(may.map(drop).map_err(|refusal| refusal.to_string()))
    })
}
