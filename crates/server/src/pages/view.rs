//! `/view`: the code as everybody sees it. Who is where, what is found by words, and what a symbol's change would reach.

use super::door::{Page, PageDoor};
use super::parts::{id_link, tag, words};
use super::shell;
use crate::door::Door;
use crate::wire::view::{Defined, GrepFile, SearchHit, UsedAt};
use crate::wire::{GrepAnswer, ImpactAnswer, SearchAnswer, WhoAnswer};
use axum::extract::Query;
use maud::{Markup, html};
use serde::Deserialize;
use weir_engine::view::{AlsoHere, Envelope};
use weir_engine::{Error, Grep, Where, Written};
use weir_model::Refusal;

/// How many of each list stand on the page.
const SHOWN: usize = 50;
/// Room for an answer on a page.
const TOKENS: usize = 6_000;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Looking {
    #[serde(default)]
    q: String,
    #[serde(default, rename = "as")]
    written: As,
}

/// How it is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum As {
    #[default]
    Words,
    Text,
    Regex,
}

/// What came of it.
#[derive(Default)]
struct Seen {
    found: Option<SearchAnswer>,
    impact: Option<ImpactAnswer>,
    grepped: Option<Result<GrepAnswer, Refusal>>,
}

/// `GET /view`
pub(super) async fn page(
    PageDoor(door): PageDoor,
    Query(looking): Query<Looking>,
) -> Result<Markup, Page> {
    let space = door.read(|see| Ok(see.space(&door.weir.place, &door.caller)))?;
    let WhoAnswer { here, envelope, .. } =
        door.engine().view_who(&door.caller, String::new()).await?;
    let Seen { found, impact, grepped } = look(&door, &looking).await?;
    let main = html! {
        div.grid {
            div.side {
                section.card { (form(&looking)) }
                @if let Some(impact) = &impact { section.card { (reaches(impact)) } }
                @if let Some(found) = &found { section.card { (hits(found)) } }
                @if let Some(grepped) = &grepped { section.card { (stands(grepped)) } }
            }
            div.side {
                section.card #here data-live { (who(&here)) }
                section.card { (seen(&envelope)) }
            }
        }
    };
    Ok(shell::page(&door, &space, door.position(), "Code", &main))
}

async fn look(door: &Door, looking: &Looking) -> Result<Seen, Page> {
    let engine = door.engine();
    let asked = looking.q.trim().to_owned();
    if asked.is_empty() {
        return Ok(Seen::default());
    }
    let written = match looking.written {
        As::Words => {
            let question = asked.clone();
            let found = engine.view_search(&door.caller, Where::Tip, question, Some(TOKENS)).await;
            let impact =
                engine.view_impact(&door.caller, (Where::Tip, None), asked, Some(TOKENS)).await?;
            // A question that cannot be searched may still name a path.
            let (found, impact) = (found.ok(), Some(impact));
            let impact =
                impact.filter(|impact| !impact.of.is_empty() || !impact.touches.is_empty());
            return Ok(Seen { found, impact, grepped: None });
        }
        As::Text => Written::Exact,
        As::Regex => Written::Regex,
    };
    // Spaces around it may be what is looked for.
    let pattern = looking.q.clone();
    let grep = Grep { pattern, written, any_case: false, paths: None, context: 1 };
    let grepped = match engine.view_grep(&door.caller, Where::Tip, grep, Some(TOKENS)).await {
        Ok(answer) => Ok(answer),
        Err(Error::Refused(refusal)) => Err(refusal),
        Err(failed @ Error::Failed(_)) => return Err(failed.into()),
    };
    Ok(Seen { grepped: Some(grepped), ..Seen::default() })
}

fn form(looking: &Looking) -> Markup {
    let choices = [
        ("words", "words, a symbol or a path", As::Words),
        ("text", "a text, exactly as written", As::Text),
        ("regex", "a regular expression", As::Regex),
    ];
    html! {
        h2 { "Look for" }
        form.in method="get" action="/view" {
            label { "What"
                input name="q" value=(looking.q) placeholder="where do we retry failed pushes" maxlength="400";
            }
            label { "It is"
                select name="as" {
                    @for (value, name, choice) in choices {
                        option value=(value) selected[choice == looking.written] { (name) }
                    }
                }
            }
            div.acts { button.main { "Look" } }
        }
    }
}

fn stands(grepped: &Result<GrepAnswer, Refusal>) -> Markup {
    html! {
        h2 { "Stands in" @if let Ok(found) = grepped { span.n { (found.files.len()) } } }
        @match grepped {
            Err(refusal) => {
                p.none { (words(&refusal.sentence)) }
                @if let Some(hint) = &refusal.hint { p.none { (words(hint)) } }
            }
            Ok(found) => {
                @if found.files.is_empty() { p.none { "It stands nowhere on the trunk." } }
                ul.cards { @for file in &found.files { li { (lines(file)) } } }
                (left_out(&found.envelope))
            }
        }
    }
}

fn lines(file: &GrepFile) -> Markup {
    html! {
        div.line {
            b { (file.path) }
            span.soft { (file.matches.len()) @if file.more { " and more" } }
        }
        pre.act { (file.text) }
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
        (left_out(&found.envelope))
    }
}

/// What an answer leaves out by itself; what is so of the whole view stands beside it.
fn left_out(envelope: &Envelope) -> Markup {
    let of_all = ["in_part", "too_costly", "too_long", "unread"];
    html! {
        @if let Some(cut) = &envelope.cut { p.none { "Left out: " (cut) } }
        @if let Some(history) = &envelope.history { p.none { "History: " (history) } }
        @for one in envelope.not_covered.iter().filter(|one| !of_all.contains(&&*one.why)) {
            p.none { "Not covered, " (one.told()) }
        }
    }
}

fn piece(hit: &SearchHit) -> Markup {
    html! {
        div.line {
            b { (hit.path) } span.soft { (hit.first) "–" (hit.last) }
            @for name in &hit.defines { code { (name) } }
            @if !hit.near.is_empty() { span.soft { "says " (hit.near.join(", ")) } }
        }
        @if let Some(text) = &hit.text { details { summary { "Its text" } pre { (text) } } }
    }
}

fn reaches(impact: &ImpactAnswer) -> Markup {
    html! {
        h2 { "What a change would reach" }
        @if !impact.touches.is_empty() {
            div.group {
                h3 { "Touched " span.n { (impact.touches.len()) } }
                ul.cards { @for one in impact.touches.iter().take(SHOWN) { li { (one) } } }
            }
        }
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
        div.in { (beside(impact)) }
        (left_out(&impact.envelope))
    }
}

/// Who answers for it, and what goes with it.
fn beside(impact: &ImpactAnswer) -> Markup {
    let with = match impact.touches.is_empty() {
        true => "Changes with it: ",
        false => "Usually changes with these, and does not here: ",
    };
    html! {
        @if impact.same_name > 0 {
            p.soft { (impact.same_name) " other definitions have the same name: uses by name only may be theirs." }
        }
        @if !impact.owners.is_empty() { p { "Owners: " (impact.owners.join(", ")) } }
        @if !impact.authors.is_empty() {
            p { "Written by: " @for (nth, author) in impact.authors.iter().enumerate() {
                @if nth > 0 { ", " } (author.name) span.soft { " " (author.percent) " %" }
            } }
        }
        @if !impact.together.is_empty() {
            p { (with) @for (nth, file) in impact.together.iter().enumerate() {
                @if nth > 0 { ", " } (file.path) span.soft { " " (file.times) " of " (file.of) " times" }
            } }
        }
        @if !impact.changes.is_empty() {
            p { "Open changes: " @for change in &impact.changes { (id_link(change)) " " } }
        }
        @for other in &impact.meets {
            p { (id_link(&other.change)) " touches the same: " (other.touches.join(", ")) }
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
                @for broken in &one.breaks { p { (broken.sentence) } }
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
            p.soft { "Not covered, " (one.told()) }
          }
          @for late in &envelope.late { p.soft { (late) } }
        }
    }
}
