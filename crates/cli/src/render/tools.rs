//! Tool servers, and what they say of themselves.

use super::lists::{dim, strong};
use crate::page::Page;
use crate::table::Table;
use weir_server::wire::{ToolOffer, ToolServers};

/// The servers, then what waits for a person.
pub(crate) fn tool_servers(page: &mut Page, found: &ToolServers) {
    if let Some(fault) = &found.fault {
        page.line(format!("The registry on the trunk is not in force: {fault}"));
    }
    let mut table = Table::new(&["server", "reached", "tools", "secrets", "noticed"]);
    for server in &found.servers {
        let noticed = server.noticed.as_deref().unwrap_or_default();
        let when = server.noticed_at.map(|at| page.ago(at)).unwrap_or_default();
        table.row([
            strong(&server.name),
            server.reached.as_str().into(),
            server.tools.join(" ").into(),
            server.secrets.join(" ").into(),
            format!("{noticed} {when}").trim().to_owned().into(),
        ]);
    }
    page.table(&table, "no tool server is listed: `.weir/tools.toml` on the trunk names them");
    let mut table = Table::new(&["waits", "of", "since", "digest", "why"]);
    for offer in found.offers.iter().filter(|offer| offer.why.is_some()) {
        let digest = offer.description.to_string();
        let hex = digest.rsplit(':').next().unwrap_or_default();
        table.row([
            strong(&offer.name),
            offer.server.as_str().into(),
            dim(offer.since.map(|since| page.ago(since)).unwrap_or_default()),
            hex.chars().take(12).collect::<String>().into(),
            offer.why.clone().unwrap_or_default().into(),
        ]);
    }
    page.table(&table, "no description waits for a person");
}

/// One tool or prompt.
pub(crate) fn tool_offer(page: &mut Page, offer: &ToolOffer) {
    page.heading(format!("{} of {}", offer.name, offer.server));
    page.pairs([
        ("kind", offer.kind.as_str().to_owned()),
        ("state", offer.state.clone()),
        ("why", offer.why.clone().unwrap_or_default()),
        ("since", offer.since.map(|since| page.ago(since)).unwrap_or_default()),
        ("digest", offer.description.to_string()),
    ]);
    if let Some(text) = &offer.text {
        page.block(text);
    }
}
