//! `/view`: the code as everybody sees it. Who is where, what is found by words, and what a symbol's change would reach.

use super::door::{Page, PageDoor};
use super::parts::{id_link, tag};
use super::shell;
use crate::wire::view::{Defined, SearchHit, UsedAt};
use crate::wire::{ImpactAnswer, SearchAnswer};
use axum::extract::Query;
use maud::{Markup, html};
use serde::Deserialize;
use weir_engine::Where;
use weir_engine::view::{AlsoHere, Envelope};

/// How many of each list stand on the page.
const SHOWN: usize = 50;
/// Room for an answer on a page.
const TOKENS: usize = 6_000;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Looking {
    #[serde(default)]
    q: String,
}

/// `GET /view`
pub(super) async fn page(
    PageDoor(door): PageDoor,
    Query(Looking { q }): Query<Looking>,
) -> Result<Markup, Page> {
    let space = door.read(|see| Ok(see.space(&door.weir.place, &door.caller)))?;
    let engine = door.engine();
    let asked = q.trim().to_owned();
    let (here, envelope) = engine.view_who(&door.caller, String::new()).await?;
    let (found, impact) = match asked.is_empty() {
        true => (None, None),
        false => {
            let question = asked.clone();
            let found = engine.view_search(&door.caller, Where::Tip, question, Some(TOKENS)).await;
            let impact =
                engine.view_impact(&door.caller, Where::Tip, asked.clone(), Some(TOKENS)).await?;
            // A question that cannot be searched may still name a path.
            (found.ok(), Some(impact).filter(|impact| !impact.of.is_empty()))
        }
    };
    let main = html! {
        div.grid {
            div.side {
                section.card { (form(&asked)) }
                @if let Some(impact) = &impact { section.card { (reaches(impact)) } }
                @if let Some(found) = &found { section.card { (hits(found)) } }
            }
            div.side {
                section.card #here data-live { (who(&here)) }
                section.card { (seen(&envelope)) }
            }
        }
    };
    Ok(shell::page(&door, &space, door.position(), "Code", &main))
}

fn form(asked: &str) -> Markup {
    html! {
        h2 { "Look for" }
        form.in method="get" action="/view" {
            label { "Words, a symbol, or a path"
                input name="q" value=(asked) placeholder="where do we retry failed pushes" maxlength="400";
            }
            div.acts { button.main { "Look" } }
        }
    }
}

fn hits(found: &SearchAnswer) -> Markup {
    html! {
        h2 { "Found" span.n { (found.hits.len()) } }
        @if found.hits.is_empty() {
            p.none { "Nothing on the trunk speaks of it." }
        } @else {
            ul.cards { @for hit in found.hits.iter().take(SHOWN) { li { (piece(hit)) } } }
        }
        @if !found.unknown.is_empty() { p.none { "Stands nowhere: " (found.unknown.join(", ")) } }
        @if let Some(cut) = &found.envelope.cut { p.none { (cut) } }
    }
}

fn piece(hit: &SearchHit) -> Markup {
    html! {
        div.line {
            b { (hit.path) } span.soft { (hit.first) "–" (hit.last) }
            @for name in &hit.defines { code { (name) } }
        }
        @if let Some(text) = &hit.text { details { summary { "Its text" } pre { (text) } } }
    }
}

fn reaches(impact: &ImpactAnswer) -> Markup {
    html! {
        h2 { "What a change would reach" }
        ul.cards {
            @for one in impact.of.iter().take(SHOWN) { li { (definition(one)) } }
        }
        @for (what, uses) in [("Used", &impact.users), ("Tests", &impact.tests)] {
            div.group {
                h3 { (what) " " span.n { (uses.len()) } }
                @if uses.is_empty() { p.none { "None is known." } }
                ul.cards { @for used in uses.iter().take(SHOWN) { li { (use_line(used)) } } }
            }
        }
        div.in {
          @if impact.same_name > 0 {
            p.soft { (impact.same_name) " other definitions have the same name: uses by name only may be theirs." }
        }
        @if !impact.owners.is_empty() { p { "Owners: " (impact.owners.join(", ")) } }
        @if !impact.changes.is_empty() {
            p { "Open changes: " @for change in &impact.changes { (id_link(change)) " " } }
          }
        }
    }
}

fn definition(one: &Defined) -> Markup {
    html! {
        div.line { (tag(&one.kind)) b { (one.name) } span.soft { (one.path) ":" (one.first) } }
        pre.act { (one.signature) }
    }
}

fn use_line(used: &UsedAt) -> Markup {
    html! {
        div.line {
            code { (used.path) ":" (used.line) }
            @if let Some(within) = &used.within { span { "in " (within) } }
            span.soft { (used.role) ", by " (used.how) }
        }
    }
}

fn who(here: &[AlsoHere]) -> Markup {
    html! {
        h2 { "Who is where" span.n { (here.len()) } }
        @if here.is_empty() {
            p.none { "No agent has an edit in its worktree." }
        } @else {
            ul.cards { @for one in here.iter().take(SHOWN) { li {
                div.line {
                    b { (one.agent) } (id_link(&one.session))
                    @if let Some(task) = &one.task { (id_link(task)) }
                    span.soft { (one.path) }
                }
                @if !one.symbols.is_empty() { p.soft { (one.symbols.join(", ")) } }
            } } }
            @if here.len() > SHOWN { p.soft { (here.len() - SHOWN) " more" } }
        }
    }
}

fn seen(envelope: &Envelope) -> Markup {
    html! {
        h2 { "Seen at" }
        div.in {
          p { code { (envelope.commit.get(..10).unwrap_or(&envelope.commit)) } }
          @for one in &envelope.not_covered {
            p.soft { "Not covered (" (one.why) "): " (one.files) " files, such as " (one.such_as.join(", ")) }
          }
        }
    }
}
