//! What every page has around it.

use super::assets::{ICON_NAME, SCRIPT_NAME, STYLE_NAME};
use super::parts::{id_link, words};
use crate::door::Door;
use crate::see::short;
use crate::wire::{Refused, Space};
use maud::{DOCTYPE, Markup, html};
use weir_model::Position;

/// A page for somebody who is signed in.
pub(super) fn page(door: &Door, space: &Space, at: Position, title: &str, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-head=(at) {
            (head(title))
            body {
                a.skip href="#main" { "Skip to what is going on" }
                header { div {
                    (brand())
                    span.where {
                        b { (space.name) } " · " (space.trunk)
                        @if let Some(tip) = &space.tip { " at " code { (short(tip)) } }
                    }
                    nav {
                        a href="/agents" { "Agents" }
                        a href="/queue" { "Queue" }
                        a href="/view" { "Code" }
                        span #live role="status" aria-live="polite" {}
                        a.you href={ "/show/" (space.you.id) } title=(space.you.name) { (space.you.name) }
                        form method="post" action="/sign-out" {
                            (carry(door))
                            button.link { "Sign out" }
                        }
                    }
                } }
                main #main { (main) }
                footer { "Weir " (space.version) " · " a href="/openapi.json" { "API" } }
            }
        }
    }
}

/// A page for somebody we do not know (yet).
pub(super) fn bare(title: &str, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title))
            body {
                header { div { (brand()) } }
                main #main { (main) }
            }
        }
    }
}

/// A refusal or a failure: its three parts, unchanged.
pub(super) fn problem(refused: &Refused) -> Markup {
    bare(
        "Not done",
        &html! {
            div.card.narrow {
                h2 { "That was not done" }
                div.in {
                    p { (words(&refused.sentence)) }
                    @if let Some(hint) = &refused.hint { p.soft { (words(hint)) } }
                    p.faint { code { (refused.code) } }
                    p { a href="/" { "What is going on" } }
                }
            }
        },
    )
}

/// What a form must carry, so that no other page can send it.
pub(super) fn carry(door: &Door) -> Markup {
    html! { input type="hidden" name="form" value=(door.form_token()); }
}

/// A link back to where one can see what became of it.
pub(super) fn seen_at(id: &str) -> Markup {
    html! { p { "See " (id_link(id)) " or " a href="/" { "what is going on" } "." } }
}

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) " · Weir" }
            link rel="icon" href={ "/assets/" (*ICON_NAME) };
            link rel="stylesheet" href={ "/assets/" (*STYLE_NAME) };
            script type="module" src={ "/assets/" (*SCRIPT_NAME) } {}
        }
    }
}

fn brand() -> Markup {
    html! {
        a.brand href="/" {
            // A wall across a river, and what its crest lets through.
            svg width="20" height="20" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.8"
                stroke-linecap="round" aria-hidden="true" {
                path d="M2 5.5c2-1.6 3.4-1.6 5.3 0s3.400 1.600 5.300 0 3.400-1.600 5.400 0" {}
                path d="M2 10h16" stroke-width="2.600" {}
                path d="M6 14v2M10 13.500v3.500M14 14v2" {}
            }
            "weir"
        }
    }
}
