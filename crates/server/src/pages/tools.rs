//! The tool servers on `/agents`: which there are, how they do, and what they say of themselves that waits for a person.

use super::door::{Filled, Page};
use super::parts::{lasting, more, time, words};
use super::shell::carry;
use crate::door::Door;
use crate::wire::{ToolApproval, ToolOffer, ToolServer, ToolServers};
use axum::response::Redirect;
use maud::{Markup, html};
use weir_model::Timestamp;

/// How many of each list stand on the page.
const SHOWN: usize = 50;

pub(super) fn servers(door: &Door, tools: &ToolServers, now: Timestamp) -> Markup {
    let waits: Vec<_> = tools.offers.iter().filter(|offer| offer.why.is_some()).collect();
    html! {
        h2 { "Tool servers" span.n { (tools.servers.len()) } }
        @if let Some(fault) = &tools.fault { p { "Not in force: " (words(fault)) } }
        @if tools.servers.is_empty() && waits.is_empty() {
            p.none { "None. " code { ".weir/tools.toml" } " on the trunk lists which agents may use." }
        } @else {
            ul.cards {
                @for offer in waits.iter().take(SHOWN) { li { (quarantined(door, offer, now)) } }
                @for server in tools.servers.iter().take(SHOWN) { li { (server_card(server, tools, now)) } }
            }
            (more(tools.servers.len().min(SHOWN), tools.servers.len() as u64))
        }
    }
}

fn quarantined(door: &Door, offer: &ToolOffer, now: Timestamp) -> Markup {
    html! {
        div.line {
            b { (offer.name) }
            span.soft { (offer.kind.as_str()) " of " (offer.server) }
            @if let Some(since) = offer.since { span.soft { "waits for " (lasting(since, now)) } }
        }
        p { (words(offer.why.as_deref().unwrap_or_default())) }
        @if let Some(text) = &offer.text {
            // Open: nobody is to approve what they would first have to unfold.
            details open { summary { "What it says of itself" } pre { (text) } }
        }
        @if offer.can_be_approved { (form(door, offer)) }
    }
}

/// The form with which a person approves the very description that the page shows.
fn form(door: &Door, offer: &ToolOffer) -> Markup {
    html! {
        form.in method="post" action="/act/tool" {
            (carry(door))
            input type="hidden" name="server" value=(offer.server);
            input type="hidden" name="kind" value=(offer.kind.as_str());
            input type="hidden" name="name" value=(offer.name);
            input type="hidden" name="description" value=(offer.description);
            div.acts { button.main { "Approve exactly this" } }
        }
    }
}

/// `POST /act/tool`
pub(super) async fn approve(Filled { door, form }: Filled<ToolApproval>) -> Result<Redirect, Page> {
    let ToolApproval { server, kind, name, description } = form;
    door.engine().approve_tool(&door.caller, (&server, kind, &name), description).await?;
    Ok(Redirect::to("/agents"))
}

fn server_card(server: &ToolServer, tools: &ToolServers, now: Timestamp) -> Markup {
    let approved =
        tools.offers.iter().filter(|offer| offer.server == server.name && offer.why.is_none());
    html! {
        div.line { b { (server.name) } span.soft { (approved.count()) " approved" } }
        pre.act { (server.reached) }
        @if let (Some(noticed), Some(at)) = (&server.noticed, server.noticed_at) {
            p.soft { (words(noticed)) " " (time(at, now)) }
        }
    }
}
