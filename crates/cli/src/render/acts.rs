//! Agents at work, and what waits for a person's yes.

use super::lists::{dim, strong};
use super::who;
use crate::page::Page;
use crate::table::Table;
use weir_server::wire::{Agents, Approval};

/// Requests, one a line.
pub(crate) fn approvals(page: &mut Page, approvals: &[Approval], otherwise: &str) {
    let mut table = Table::new(&["request", "state", "agent", "asked", "what", "why"]);
    for one in approvals {
        table.row([
            strong(one.id),
            one.state.as_str().into(),
            who(&one.agent).into(),
            dim(page.ago(one.asked_at)),
            one.what.as_str().into(),
            one.why.as_str().into(),
        ]);
    }
    page.table(&table, otherwise);
}

/// One request, whole.
pub(crate) fn approval(page: &mut Page, one: &Approval) {
    page.heading(format!("{}  {}", one.id, one.what));
    let answered = one.answered_by.as_ref().map(who).unwrap_or_default();
    page.pairs([
        ("state", one.state.clone()),
        ("agent", who(&one.agent)),
        ("sub-agent", one.subagent.clone().unwrap_or_default()),
        ("answered for by", who(&one.person)),
        ("why", format!("{} ({})", one.why, one.policy)),
        ("asked", page.ago(one.asked_at)),
        ("ends", page.ago(one.expires_at)),
        ("answered by", answered),
        ("uses left", one.uses_left.map(|left| left.to_string()).unwrap_or_default()),
        ("they said", one.comment.clone().unwrap_or_default()),
        ("decision", one.decision.to_string()),
    ]);
    for effect in &one.effects {
        page.line(format!("  - {effect}"));
    }
    if let Some(act) = &one.act {
        page.block(&serde_json::to_string_pretty(act).unwrap_or_default());
    }
}

/// What every agent is doing.
pub(crate) fn agents(page: &mut Page, agents: &Agents) {
    for held in &agents.held {
        let since = page.ago(held.since);
        page.line(format!("{} held by {} {since}: {}", held.who, who(&held.by), held.why));
    }
    let mut table = Table::new(&[
        "session", "agent", "state", "client", "task", "seen", "allowed", "asked", "denied",
        "tokens", "last",
    ]);
    for agent in &agents.agents {
        let last = agent.last.as_ref().map(|last| last.what.clone()).unwrap_or_default();
        table.row([
            strong(agent.session),
            agent.agent.as_str().into(),
            agent.state.as_str().into(),
            agent.client.clone().unwrap_or_default().into(),
            agent.task.clone().unwrap_or_default().into(),
            dim(page.ago(agent.seen_at)),
            agent.allowed.to_string().into(),
            agent.asked.to_string().into(),
            agent.denied.to_string().into(),
            agent.tokens.to_string().into(),
            last.into(),
        ]);
    }
    page.table(&table, "no agent is at work");
    for agent in agents.agents.iter().filter(|agent| agent.alone > 0) {
        let (session, alone) = (agent.session, agent.alone);
        page.line(format!("  {session}  {alone} of its acts its hook decided alone, without Weir"));
    }
    for agent in &agents.agents {
        for refused in &agent.refused {
            let (decision, when) = (refused.decision, page.ago(refused.at));
            let (answer, what, why) = (&refused.answer, &refused.what, &refused.why);
            page.line(format!("  {}  {decision}  {answer}  {when}  {what}: {why}", agent.session));
        }
    }
}
