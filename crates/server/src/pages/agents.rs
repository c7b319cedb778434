//! `/agents`: what every agent is doing, what it was refused and why, what waits for a person, who is held.

use super::door::{Page, PageDoor};
use super::parts::{id_link, lasting, more, tag, time, words};
use super::{forms, shell};
use crate::door::Door;
use crate::wire::{Agent, Agents, Approval, Doing, Held, Proposal};
use maud::{Markup, html};
use weir_model::Timestamp;

/// How many of each list stand on the page.
const SHOWN: usize = 50;

/// `GET /agents`
pub(super) async fn page(PageDoor(door): PageDoor) -> Result<Markup, Page> {
    let now = door.engine().now();
    let (space, agents, waiting, tools) = door.read(|see| {
        let waiting: Vec<_> = see.folds.acts.waiting(see.now).map(|a| see.approval(a)).collect();
        let tools = see.tool_servers(door.engine());
        Ok((see.space(&door.weir.place, &door.caller), see.agents(), waiting, tools))
    })?;
    let main = html! {
        div.grid {
            div.side {
                section.card #approvals data-live { (inbox(&door, &waiting, now)) }
                section.card #agents data-live { (list(&door, &agents, now)) }
            }
            div.side {
                section.card #held data-live { (held(&door, &agents.held, now)) }
                section.card { (forms::pause_all(&door)) }
                section.card #tools data-live { (super::tools::servers(&door, &tools, now)) }
                section.card #habits data-live { (habits(&agents)) }
            }
        }
    };
    Ok(shell::page(&door, &space, door.position(), "Agents", &main))
}

fn inbox(door: &Door, waiting: &[Approval], now: Timestamp) -> Markup {
    html! {
        h2 { "Waits for a person" span.n { (waiting.len()) } }
        @if waiting.is_empty() {
            p.none { "No agent waits for a yes or a no." }
        } @else {
            ul.cards {
                @for one in waiting.iter().take(SHOWN) {
                    li {
                        div.line {
                            (id_link(&one.id.to_string()))
                            b { (one.agent.name) } (id_link(&one.agent.id))
                            span.soft { "for " (lasting(one.asked_at, now)) }
                        }
                        pre.act { (one.what) }
                        p.soft { (words(&one.why)) " (" code { (one.policy) } ")" }
                        (forms::answer(door, one.id))
                    }
                }
            }
            (more(waiting.len().min(SHOWN), waiting.len() as u64))
        }
    }
}

fn list(door: &Door, agents: &Agents, now: Timestamp) -> Markup {
    html! {
        h2 { "Agents" span.n { (agents.agents.len()) } }
        @if agents.agents.is_empty() {
            p.none { "No agent is at work. " code { "weir attach claude" } " wires one to Weir." }
        } @else {
            ul.cards { @for agent in agents.agents.iter().take(SHOWN) { li { (one(door, agent, now)) } } }
            (more(agents.agents.len().min(SHOWN), agents.agents.len() as u64))
        }
    }
}

fn one(door: &Door, agent: &Agent, now: Timestamp) -> Markup {
    html! {
        div.line {
            (id_link(&agent.session.to_string()))
            b { (agent.agent) }
            (tag(&agent.state))
            @if let Some(task) = &agent.task { (id_link(task)) }
            span.soft { (agent.client.as_deref().unwrap_or("no client attached")) " · for " (agent.person.name) }
        }
        @if let Some(why) = &agent.why { p { (words(why)) } }
        @if let Some(last) = &agent.last { (act(last, now)) }
        p.faint {
            (agent.allowed) " allowed · " (agent.asked) " asked · " (agent.denied) " denied · " (agent.failed) " failed"
            @if agent.tokens > 0 { " · " (in_thousands(agent.tokens)) " tokens" }
            @if agent.alone > 0 { " · " (agent.alone) " decided by its hook, without Weir" }
            @if agent.subagents > 0 { " · " (agent.subagents) " sub-agents" }
        }
        @for taint in &agent.taints { p.soft { "Carries " (words(taint)) } }
        @if !agent.refused.is_empty() {
            details {
                summary { "Refused or asked" }
                @for refused in &agent.refused { (act(refused, now)) }
            }
        }
        (forms::hold(door, agent))
    }
}

/// `840`, `12 k`, `3.4 M`.
fn in_thousands(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{} k", count / 1_000),
        _ => format!("{}.{} M", count / 1_000_000, count / 100_000 % 10),
    }
}

fn act(act: &Doing, now: Timestamp) -> Markup {
    html! {
        div.line {
            (id_link(&act.decision.to_string()))
            (tag(match act.answer.as_str() { "allow" => "allowed", "ask" => "asked", _ => "denied" }))
            (time(act.at, now))
        }
        pre.act { (act.what) }
        @if !act.why.is_empty() { p.soft { (words(&act.why)) } }
    }
}

fn held(door: &Door, held: &[Held], now: Timestamp) -> Markup {
    html! {
        h2 { "Held" span.n { (held.len()) } }
        @if held.is_empty() { p.none { "Nobody is held." } }
        @else {
            ul.cards {
                @for one in held {
                    li {
                        div.line {
                            @if one.who == "all" { b { "all agents" } } @else { (id_link(&one.who)) }
                            span.soft { "by " (one.by.name) " for " (lasting(one.since, now)) }
                        }
                        p { (one.why) }
                        (forms::resume(door, &one.who))
                    }
                }
            }
        }
    }
}

fn habits(agents: &Agents) -> Markup {
    html! {
        h2 { "Always approved" }
        @if agents.answered > 0 {
            p.none { (agents.given) " of " (agents.answered) " requests were answered with yes." }
        }
        @if agents.proposals.is_empty() {
            p.none { "What people always approve is proposed here as a rule." }
        } @else {
            ul.cards { @for proposal in &agents.proposals { li { (habit(proposal)) } } }
        }
    }
}

fn habit(proposal: &Proposal) -> Markup {
    html! {
        p { (words(&proposal.what)) }
        p.soft {
            "Approved " (proposal.given) " times and never refused, after "
            (crate::see::words::seconds(proposal.answer_ms)) " on average; "
            code { (proposal.policy) } " asks."
        }
        p.faint { @for id in &proposal.evidence { (id_link(&id.to_string())) " " } }
    }
}

/// One request, whole: what the agent would do, and what that comes to.
pub(super) fn approval(approval: &Approval, now: Timestamp) -> Markup {
    html! {
        section.card {
            h2 { "What is asked for" }
            div.in {
                p { (words(&approval.why)) " (" code { (approval.policy) } ")" }
                @if !approval.effects.is_empty() {
                    h3 { "What it comes to" }
                    ul { @for effect in &approval.effects { li { (effect) } } }
                }
                h3 { "What the agent would do" }
                pre { (approval.what) }
                @if let Some(act) = &approval.act {
                    details {
                        summary { "Letter by letter" }
                        pre { (serde_json::to_string_pretty(act).unwrap_or_default()) }
                    }
                }
                dl {
                    dt { "Asked by" } dd { (approval.agent.name) " " (id_link(&approval.agent.id))
                        @if let Some(subagent) = &approval.subagent { ", its sub-agent " code { (subagent) } } }
                    dt { "Answered for by" } dd { (approval.person.name) " " (id_link(&approval.person.id)) }
                    dt { "Ends" } dd { (time(approval.expires_at, now)) }
                    @if let Some(by) = &approval.answered_by { dt { "Answered by" } dd { (by.name) " " (id_link(&by.id)) } }
                    @if let Some(left) = approval.uses_left { dt { "Uses left" } dd { (left) } }
                    @if let Some(comment) = &approval.comment { dt { "They said" } dd { (comment) } }
                }
            }
        }
    }
}
