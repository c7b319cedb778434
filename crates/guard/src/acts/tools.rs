//! Tools of tool servers, as people know them: which descriptions were approved, and which wait.

use super::Acts;
use crate::{Caller, Guard};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_model::act::{Offer, Quarantine};
use weir_model::event::act::Event;
use weir_model::event::guard::Right;
use weir_model::{Actor, Digest, Refusal, Timestamp};

/// What one tool server offers, as far as anybody looked.
pub(crate) type Offers = BTreeMap<Offer, BTreeMap<String, Pinned>>;

/// A tool or prompt of a tool server, as a person knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// How it described itself when it was approved; none if it never was.
    pub approved: Option<Digest>,
    /// How it describes itself now, when that is something else.
    pub quarantined: Option<Quarantined>,
}

/// A description that is kept from agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Its digest: what a person approves.
    pub description: Digest,
    /// Why.
    pub why: Quarantine,
    /// The description.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
}

impl Acts {
    /// What is known of a server's tool or prompt.
    pub fn tool(&self, server: &str, offer: Offer, tool: &str) -> Option<&Pinned> {
        self.tools.get(server)?.get(&offer)?.get(tool)
    }

    /// Every tool and prompt that is known, by server, kind and name.
    pub fn tools(&self) -> impl Iterator<Item = (&str, Offer, &str, &Pinned)> {
        self.tools.iter().flat_map(|(server, offers)| {
            offers.iter().flat_map(move |(offer, tools)| {
                let named = move |(tool, pinned)| -> (&str, Offer, &str, &Pinned) {
                    let (tool, pinned): (&String, &Pinned) = (tool, pinned);
                    (server.as_str(), *offer, tool.as_str(), pinned)
                };
                tools.iter().map(named)
            })
        })
    }

    /// What was seen last of a tool server that it should not have done, and when.
    pub fn noticed(&self, server: &str) -> Option<&(Timestamp, String)> {
        self.noticed.get(server)
    }

    /// A person approves how a tool or prompt describes itself: the very description that they saw.
    ///
    /// # Errors
    /// `tool.not_a_person`, `tool.unknown`, `tool.changed`, `tool.not_approvable`, and what [`crate::Guard::require`] refuses.
    pub fn approve_tool(
        &self,
        guard: &Guard,
        caller: &Caller,
        (server, offer, tool): (&str, Offer, &str),
        seen: Digest,
    ) -> Result<Vec<Event>, Refusal> {
        guard.require(caller, Right::Approve)?;
        let Actor::Person(person) = caller.actor else {
            let sentence = "only a person may approve how a tool describes itself";
            return Err(Refusal::new("tool.not_a_person", sentence));
        };
        let known = self.tool(server, offer, tool);
        let Some(waits) = known.and_then(|known| known.quarantined.as_ref()) else {
            let (kind, tool) = (offer.as_str(), tool.escape_debug());
            let sentence = format!("no {kind} `{tool}` of `{}` waits", server.escape_debug());
            return Err(Refusal::new("tool.unknown", sentence)
                .hint("`weir tool list` shows what waits for a person"));
        };
        if !waits.why.can_be_approved() {
            return Err(Refusal::new("tool.not_approvable", waits.why.to_string())
                .hint("its server must mend that; until then nobody can use it"));
        }
        if waits.description != seen {
            let sentence = "it has changed once more since you looked";
            return Err(Refusal::new("tool.changed", sentence)
                .hint(format!("look again: `weir tool show {server} {tool}`")));
        }
        let (server, tool) = (server.to_owned(), tool.to_owned());
        let person = Some(person);
        Ok(vec![Event::ToolPinned { server, offer, tool, description: seen, person }])
    }

    fn pinned(&mut self, server: &str, offer: Offer, tool: &str) -> &mut Pinned {
        let offers = self.tools.entry(server.to_owned()).or_default();
        offers.entry(offer).or_default().entry(tool.to_owned()).or_default()
    }
}

/// Folds in what happened to tools. Other facts are none of this.
pub(super) fn evolve(acts: &mut Acts, at: Timestamp, event: &Event) {
    if let Event::ToolServerNoticed { server, what } = event {
        acts.noticed.insert(server.clone(), (at, what.clone()));
    }
    if let Event::ToolPinned { server, offer, tool, description, .. } = event {
        let approved = Some(*description);
        *acts.pinned(server, *offer, tool) = Pinned { approved, quarantined: None };
    }
    if let Event::ToolQuarantined { server, offer, tool, description, why, text } = event {
        let (description, why, text) = (*description, *why, text.clone());
        let seen = Quarantined { description, why, text, since: at };
        acts.pinned(server, *offer, tool).quarantined = Some(seen);
    }
}
