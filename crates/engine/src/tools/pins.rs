//! Which descriptions were approved: the ledger says it.

use crate::Engine;
use futures::future::BoxFuture;
use weir_gateway::{Listed, Pins};
use weir_model::Digest;
use weir_model::act::Offer;
use weir_model::event::act::Event as ActEvent;

/// The pins of a space.
pub(super) struct Recorded(pub(super) Engine);

impl Pins for Recorded {
    fn pinned(&self, server: &str, offer: Offer, name: &str) -> Option<Digest> {
        self.0.read(|folds| folds.acts.tool(server, offer, name)?.approved)
    }

    fn pin<'a>(&'a self, server: &'a str, listed: &'a Listed) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let pinned = ActEvent::ToolPinned {
                server: server.to_owned(),
                offer: listed.kind,
                tool: listed.name.clone(),
                description: listed.digest,
                person: None,
            };
            self.0.record_tools(pinned).await.map_err(|error| crate::core::chain(&error))
        })
    }
}
