//! The forms, and what they do: each is one call of the engine, and then a look at what became of it.

use super::door::{Filled, Page};
use super::parts::words;
use super::shell::{self, carry, seen_at};
use crate::door::{Door, Named};
use crate::reply::Problem;
use crate::wire::Agent;
use axum::response::Redirect;
use maud::{Markup, html};
use serde::Deserialize;
use weir_model::{ApprovalId, Lease, PathSet, RevisionId, SessionId, TaskId};

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

/// The forms with which a person answers an agent.
pub(super) fn answer(door: &Door, approval: ApprovalId) -> Markup {
    html! {
        form.in method="post" action={ "/act/allow/" (approval) } {
            (carry(door))
            div.acts {
                label { "Uses " input.small name="uses" type="number" min="1" max="100" value="1"; }
                label { "for " input.small name="length" value="1h" autocomplete="off"; }
                button.main { "Allow exactly this" }
            }
        }
        details {
            summary { "Refuse" }
            form.in method="post" action={ "/act/refuse/" (approval) } {
                (carry(door))
                label { "Why; the agent will read it" input name="why" required autocomplete="off"; }
                div.acts { button { "Refuse " (approval) } }
            }
        }
    }
}

#[derive(Deserialize)]
pub(super) struct AllowForm {
    uses: u32,
    length: Lease,
}

/// `POST /act/allow/{approval}`
pub(super) async fn allow(
    Named(approval): Named<ApprovalId>,
    Filled { door, form }: Filled<AllowForm>,
) -> Acted {
    let AllowForm { uses, length } = form;
    door.engine().give_approval(&door.caller, approval, uses, Some(length)).await?;
    Ok(Redirect::to("/agents"))
}

#[derive(Deserialize)]
pub(super) struct WhyForm {
    #[serde(default)]
    why: String,
}

/// `POST /act/refuse/{approval}`
pub(super) async fn refuse(
    Named(approval): Named<ApprovalId>,
    Filled { door, form }: Filled<WhyForm>,
) -> Acted {
    door.engine().refuse_approval(&door.caller, approval, form.why).await?;
    Ok(Redirect::to("/agents"))
}

/// The form that holds one agent, or lets it go.
pub(super) fn hold(door: &Door, agent: &Agent) -> Markup {
    let who = agent.session.to_string();
    match agent.state.as_str() {
        "paused" | "stopped" | "held" => resume(door, &who),
        _ => html! {
            details {
                summary { "Pause" }
                form.in method="post" action="/act/pause" {
                    (carry(door))
                    input type="hidden" name="who" value=(who);
                    label { "Why; the agent will read it" input name="why" required autocomplete="off"; }
                    div.acts { button { "Pause " (who) } }
                }
            }
        },
    }
}

/// The form that holds everybody.
pub(super) fn pause_all(door: &Door) -> Markup {
    html! {
        details {
            summary { "Pause all agents" }
            form.in method="post" action="/act/pause" {
                (carry(door))
                input type="hidden" name="who" value="all";
                p.soft { "From their next act on nothing is allowed, until somebody lets them go on." }
                label { "Why; the agents will read it" input name="why" required autocomplete="off"; }
                div.acts { button.main { "Pause all agents" } }
            }
        }
    }
}

/// The form that lets somebody go on.
pub(super) fn resume(door: &Door, who: &str) -> Markup {
    html! {
        form.in method="post" action="/act/resume" {
            (carry(door))
            input type="hidden" name="who" value=(who);
            div.acts { button { "Let go on" } }
        }
    }
}

#[derive(Deserialize)]
pub(super) struct HoldForm {
    who: String,
    #[serde(default)]
    why: String,
}

/// `POST /act/pause`
pub(super) async fn pause(Filled { door, form }: Filled<HoldForm>) -> Acted {
    let reach = crate::api::acts::reach(&form.who)?;
    door.engine().pause(&door.caller, reach, form.why).await?;
    Ok(Redirect::to("/agents"))
}

/// `POST /act/resume`
pub(super) async fn let_go(Filled { door, form }: Filled<HoldForm>) -> Acted {
    let reach = crate::api::acts::reach(&form.who)?;
    door.engine().resume(&door.caller, reach).await?;
    Ok(Redirect::to("/agents"))
}
