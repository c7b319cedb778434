//! Tool servers, as the API and the pages tell of them.

use super::See;
use crate::wire::{ToolOffer, ToolServer, ToolServers};
use std::collections::BTreeSet;
use weir_engine::Engine;
use weir_gateway::{Server, Start};
use weir_guard::acts::Pinned;
use weir_model::act::Offer;

impl See<'_> {
    /// The tool servers of `engine`, and what is known of their tools.
    pub(crate) fn tool_servers(&self, engine: &Engine) -> ToolServers {
        let registry = engine.tool_servers();
        let servers = registry.servers.iter().map(|server| self.tool_server(server)).collect();
        let known = self.folds.acts.tools();
        let mut offers: Vec<_> = known
            .filter_map(|(server, kind, name, pinned)| offer(server, kind, name, pinned))
            .collect();
        // What waits for a person comes first; the rest is in order already.
        offers.sort_by_key(|offer| offer.why.is_none());
        ToolServers { servers, fault: engine.tool_servers_fault(), offers }
    }

    fn tool_server(&self, server: &Server) -> ToolServer {
        let (reached, templates) = match &server.start {
            Start::Stdio { program, args, env, .. } => {
                let words = std::iter::once(program).chain(args).map(String::as_str);
                (words.collect::<Vec<_>>().join(" "), env)
            }
            Start::Http { url, headers } => (url.clone(), headers),
        };
        let secrets: BTreeSet<_> =
            templates.values().flat_map(|template| template.secrets()).collect();
        let noticed = self.folds.acts.noticed(&server.name);
        ToolServer {
            name: server.name.clone(),
            reached,
            protocols: server.speaks.iter().map(|speaks| speaks.as_str().to_owned()).collect(),
            tools: server.tools.patterns().to_vec(),
            prompts: server.prompts.patterns().to_vec(),
            resources: server.resources.patterns().to_vec(),
            secrets: secrets.into_iter().map(str::to_owned).collect(),
            noticed: noticed.map(|(_, what)| what.clone()),
            noticed_at: noticed.map(|(at, _)| *at),
        }
    }
}

fn offer(server: &str, kind: Offer, name: &str, pinned: &Pinned) -> Option<ToolOffer> {
    let waits = pinned.quarantined.as_ref();
    let description = waits.map(|waits| waits.description).or(pinned.approved)?;
    Some(ToolOffer {
        server: server.to_owned(),
        kind,
        name: name.to_owned(),
        state: if waits.is_some() { "quarantined" } else { "approved" }.to_owned(),
        description,
        why: waits.map(|waits| waits.why.to_string()),
        can_be_approved: waits.is_some_and(|waits| waits.why.can_be_approved()),
        text: waits.map(|waits| waits.text.clone()),
        since: waits.map(|waits| waits.since),
    })
}
