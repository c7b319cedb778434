//! What of a server's lists an agent gets to see: what the registry allows and the pins approve.

use super::Shared;
use crate::decide::Note;
use crate::listed::{Listed, hides};
use crate::names;
use crate::pins::{Stands, stands};
use crate::registry::Server;
use crate::upstream::{Broken, ListOf, Upstream};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use weir_model::act::{Offer, Quarantine};

/// One tool or prompt that the registry allows, and whether it may be used.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) listed: Listed,
    /// What the agent calls it.
    pub(super) name: String,
    /// Why it may not be used.
    pub(super) quarantine: Option<Quarantine>,
}

/// The lists that were read last, by connection and kind.
#[derive(Default)]
pub(super) struct Read(Mutex<BTreeMap<(u64, Offer), Reading>>);

/// When a list was read, and what stood there.
type Reading = (Instant, Arc<Vec<Listed>>);

/// So many quarantines are noted.
const SAID_MAX: usize = 10_000;

/// A list is read again when it is this old: a server need not say that it changed.
const FRESH: Duration = Duration::from_secs(2);

impl Shared {
    /// The entries of a list of `upstream`'s; read anew if the last reading is old, or the server said that it changed.
    pub(super) async fn entries(
        &self,
        upstream: &Arc<Upstream>,
        kind: Offer,
    ) -> Result<Vec<Entry>, Broken> {
        let listed = self.listed(upstream, kind).await?;
        let server = &upstream.server;
        let allowed = match kind {
            Offer::Tool => &server.tools,
            Offer::Prompt => &server.prompts,
        };
        let mut entries = Vec::new();
        for one in listed.iter().filter(|one| allowed.allows(&one.name)) {
            let twice = listed.iter().filter(|other| other.name == one.name).count() > 1;
            let quarantine = self.quarantine(server, one, twice).await;
            let name = match server.plain_names {
                true => one.name.clone(),
                false => names::for_agent(&server.name, &one.name),
            };
            entries.push(Entry { listed: one.clone(), name, quarantine });
        }
        Ok(entries)
    }

    async fn listed(
        &self,
        upstream: &Arc<Upstream>,
        kind: Offer,
    ) -> Result<Arc<Vec<Listed>>, Broken> {
        let capability = match kind {
            Offer::Tool => "tools",
            Offer::Prompt => "prompts",
        };
        if !upstream.offers(capability) {
            return Ok(Arc::default());
        }
        let key = (upstream.id, kind);
        if !upstream.has_changed() {
            let read = self.read.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((at, listed)) = read.get(&key)
                && at.elapsed() < FRESH
            {
                return Ok(Arc::clone(listed));
            }
        }
        let entries = match upstream.list(ListOf::of(kind)).await {
            Ok(entries) => entries,
            Err(broken) => {
                upstream.stale.store(true, Ordering::Release);
                return Err(broken);
            }
        };
        // What cannot be read is no tool; the others are.
        let listed: Vec<Listed> =
            entries.iter().filter_map(|entry| Listed::read(kind, entry).ok()).collect();
        let listed = Arc::new(listed);
        let mut read = self.read.0.lock().unwrap_or_else(PoisonError::into_inner);
        read.retain(|_, (at, _)| at.elapsed() < FRESH);
        read.insert(key, (Instant::now(), Arc::clone(&listed)));
        Ok(listed)
    }

    /// Whether `listed` may not be used, and why; said once.
    async fn quarantine(
        &self,
        server: &Server,
        listed: &Listed,
        twice: bool,
    ) -> Option<Quarantine> {
        let why = if twice {
            Quarantine::Twice
        } else if listed.hides() {
            Quarantine::Hidden
        } else {
            let pins = self.pins();
            let pinned = pins.pinned(&server.name, listed.kind, &listed.name);
            match stands(pinned, listed.digest, server.pinning) {
                Stands::Approved => return None,
                Stands::First => match pins.pin(&server.name, listed).await {
                    Ok(()) => return None,
                    Err(error) => {
                        tracing::warn!("a tool's description could not be pinned: {error}");
                        Quarantine::Unapproved
                    }
                },
                Stands::Waits => Quarantine::Unapproved,
                Stands::Changed { .. } => Quarantine::Changed,
            }
        };
        let said = (server.name.clone(), listed.kind, listed.name.clone(), listed.digest);
        let is_new = {
            let mut all = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            // A server that changes for ever does not fill the record.
            all.len() < SAID_MAX && all.insert(said)
        };
        if is_new {
            self.parts
                .decide
                .note(Note::Quarantined {
                    server: server.name.clone(),
                    kind: listed.kind,
                    name: listed.name.clone(),
                    why,
                    seen: listed.digest,
                    description: listed.description.clone(),
                })
                .await;
        }
        Some(why)
    }
}

/// What is kept of a resource or a template that a server lists.
const RESOURCE_MEMBERS: [&str; 8] =
    ["uri", "uriTemplate", "name", "title", "description", "mimeType", "size", "annotations"];

/// A resource, or a template of resources, as the agent sees it; `None` where the registry does not allow it.
pub(super) fn resource(server: &Server, member: &str, entry: &Value) -> Option<Map<String, Value>> {
    let uri = entry.get(member)?.as_str()?;
    entry.get("name")?.as_str()?;
    if !server.resources.allows(uri) || hides(entry) {
        return None;
    }
    let kept = |member: &str| Some((member.to_owned(), entry.get(member)?.clone()));
    Some(RESOURCE_MEMBERS.into_iter().filter_map(kept).collect())
}
