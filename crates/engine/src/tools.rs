//! The tool servers: `.weir/tools.toml` as it stands on the trunk, and the gateway before them. Read from the trunk and
//! never from a work tree, so that no agent names the servers that it is given.
//!
//! The engine brings what the gateway deliberately lacks: decisions and the record ([`wall`]), which descriptions were
//! approved ([`pins`]), and the values of secrets ([`secrets`]).

mod pins;
mod secrets;
mod wall;

pub use secrets::{SECRETS, check_name as check_secret_name};

use crate::core::{Decided, chain};
use crate::{Caller, Engine, Error, Failure};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use weir_gateway::{Gateway, Parts, Registry};
use weir_git::{BStr, Blob, CommitId, Objects};
use weir_model::act::Offer;
use weir_model::event::act::Event as ActEvent;
use weir_model::{Actor, Digest, Event, Refusal, SessionId, Timestamp};

/// Where a repository keeps its registry of tool servers.
pub(crate) const FILE: &str = ".weir/tools.toml";
/// A megabyte of servers is no registry.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The registry in force, and what is remembered beside the ledger.
pub(crate) struct Tools {
    current: RwLock<Current>,
    /// Where secrets are kept, and where servers get folders of their own.
    home: PathBuf,
    /// When each thing was noticed last, so that a server that always fails does not fill the ledger.
    noticed: Mutex<BTreeMap<(String, String), Timestamp>>,
}

#[derive(Clone, Default)]
struct Current {
    registry: Arc<Registry>,
    /// Why what stands on the trunk is not in force, when it is not.
    fault: Option<String>,
}

impl Tools {
    /// No servers yet. `home` is the space's own folder.
    pub(crate) fn new(home: PathBuf) -> Self {
        Self { current: RwLock::default(), home, noticed: Mutex::default() }
    }

    fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Engine {
    /// The tool servers in force.
    pub fn tool_servers(&self) -> Arc<Registry> {
        self.0.tools.current().registry
    }

    /// Why the registry on the trunk is not in force, when it is not.
    pub fn tool_servers_fault(&self) -> Option<String> {
        self.0.tools.current().fault
    }

    /// Takes the registry at `tip` into force. What does not parse changes nothing: the old one stays.
    pub(crate) fn read_tool_servers(&self, tip: CommitId) {
        let read = registry(self.trunk().objects(), tip);
        let mut current = self.0.tools.current.write().unwrap_or_else(PoisonError::into_inner);
        match read {
            // Whoever compares by address sees that nothing changed.
            Ok(same) if same == *current.registry => current.fault = None,
            Ok(registry) => *current = Current { registry: Arc::new(registry), fault: None },
            Err(error) => {
                let fault = chain(&error);
                tracing::error!(%tip, fault, "the tool servers on the trunk are not in force");
                current.fault = Some(fault);
            }
        }
    }

    /// The gateway before the tool servers of this space: it follows the trunk, and what a session started there ends
    /// with the session. Lives in a tokio runtime, until the runtime ends or [`Gateway::close`].
    ///
    /// # Errors
    /// When the folder for servers cannot be made.
    pub fn gateway(&self) -> Result<Gateway, Error> {
        let folder = self.0.tools.home.join("tools");
        crate::space::make_private(&folder)?;
        let parts = Parts {
            decide: Arc::new(wall::Wall(self.clone())),
            secrets: Arc::new(secrets::Kept(self.0.tools.home.clone())),
            pins: Arc::new(pins::Recorded(self.clone())),
            folder,
        };
        let registry = self.tool_servers();
        let gateway = Gateway::new(Registry::clone(&registry), parts);
        tokio::spawn(follow(self.clone(), gateway.clone(), registry));
        Ok(gateway)
    }

    /// Who calls a tool, as the gateway knows callers.
    pub fn tool_caller(&self, caller: &Caller) -> weir_gateway::Caller {
        let key = match caller.actor {
            Actor::Session(session) => {
                let worktree = self.tree_of(session).map(PathBuf::from);
                return weir_gateway::Caller { worktree, ..weir_gateway::Caller::session(session) };
            }
            Actor::Person(person) => person.to_string(),
            Actor::Weir => "weir".to_owned(),
        };
        weir_gateway::Caller { session: None, key, worktree: None }
    }

    /// A person approves how a tool or prompt describes itself: the very description that they saw.
    ///
    /// # Errors
    /// `tool.*`, `right.*`.
    pub async fn approve_tool(
        &self,
        caller: &Caller,
        (server, offer, tool): (&str, Offer, &str),
        seen: Digest,
    ) -> Result<(), Error> {
        self.run(caller, |folds, _| {
            let named = (server, offer, tool);
            let events = folds.acts.approve_tool(&folds.guard, caller, named, seen)?;
            Ok(Decided::new(events.into_iter().map(Event::from).collect(), ()))
        })
        .await
    }

    /// Records facts about tool servers: nobody decides on them.
    async fn record_tools(&self, event: ActEvent) -> Result<(), Error> {
        let engine = self.clone();
        let recorded = tokio::task::spawn_blocking(move || {
            engine.0.core.run_blocking(Actor::Weir, None, |folds, _| {
                let known = is_known(folds, &event);
                let events = if known { Vec::new() } else { vec![event.clone().into()] };
                Ok(Decided::new(events, ()))
            })
        });
        recorded.await.map_err(|_| Failure::Other("a fact could not be recorded".into()))?
    }
}

/// Whether the ledger says so already.
fn is_known(folds: &crate::Folds, event: &ActEvent) -> bool {
    match event {
        ActEvent::ToolPinned { server, offer, tool, description, .. } => {
            let known = folds.acts.tool(server, *offer, tool);
            known.and_then(|known| known.approved) == Some(*description)
        }
        ActEvent::ToolQuarantined { server, offer, tool, description, why, .. } => {
            let known = folds.acts.tool(server, *offer, tool);
            let waits = known.and_then(|known| known.quarantined.as_ref());
            waits.is_some_and(|seen| seen.description == *description && seen.why == *why)
        }
        _ => false,
    }
}

/// Has the gateway follow the trunk and the sessions, for as long as the engine records anything.
async fn follow(engine: Engine, gateway: Gateway, mut registry: Arc<Registry>) {
    let mut head = engine.head();
    loop {
        head.mark_unchanged();
        let now = engine.tool_servers();
        if !Arc::ptr_eq(&now, &registry) {
            gateway.set_registry(Registry::clone(&now)).await;
            registry = now;
        }
        for caller in gateway.callers() {
            let Ok(session) = caller.parse::<SessionId>() else { continue };
            let now = engine.now();
            if engine.read(|folds| folds.guard.session_alive(session, now).is_err()) {
                gateway.forget(session).await;
            }
        }
        if head.changed().await.is_err() {
            return;
        }
    }
}

/// The registry at `commit`; none listed where there is no file.
///
/// # Errors
/// `tools.malformed`, naming line and column; failures of git.
pub(crate) fn registry(objects: &Objects, commit: CommitId) -> Result<Registry, Error> {
    let malformed = |what: String| Refusal::new("tools.malformed", format!("`{FILE}` {what}"));
    match objects.file(commit, BStr::new(FILE), FILE_BYTES_MAX)? {
        None => Ok(Registry::default()),
        Some(Blob::TooLarge { size }) => {
            Err(malformed(format!("has {size} bytes, more than {FILE_BYTES_MAX}")).into())
        }
        Some(Blob::Whole(bytes)) => {
            let text = String::from_utf8(bytes).map_err(|_| malformed("is not UTF-8".into()))?;
            Ok(Registry::parse(&text)?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Field, MemoryStore, code};
    use weir_model::act::Quarantine;

    #[tokio::test]
    async fn a_registry_that_does_not_parse_changes_nothing() {
        let field = Field::on(MemoryStore::default());
        let list = |text: &str| {
            let commit = field.commit(FILE, text);
            field.engine.trunk().keep(commit).expect("kept");
            field.engine.read_tool_servers(commit);
            let servers = field.engine.tool_servers();
            let names = servers.servers.iter().map(|server| server.name.clone());
            (names.collect::<Vec<_>>(), field.engine.tool_servers_fault())
        };
        let good = "[[server]]\nname = \"a\"\ncommand = [\"a\"]\n";
        assert_eq!(list(good), (vec!["a".to_owned()], None));
        let (servers, fault) = list("[[server]]\nname = \"B\"\ncommand = [\"b\"]\n");
        assert_eq!(servers, ["a"], "the old one stays");
        assert!(fault.is_some_and(|fault| fault.contains("line 2, column 8")));
        assert_eq!(list(&good.replace("\"a\"", "\"c\"")), (vec!["c".to_owned()], None));
    }

    #[tokio::test]
    async fn a_person_approves_the_very_description_that_they_saw() {
        let field = Field::on(MemoryStore::default());
        let session = field.session().await;
        let (seen, other) = (Digest::of(b"seen"), Digest::of(b"other"));
        let quarantined = |tool: &str, why| ActEvent::ToolQuarantined {
            server: "s".to_owned(),
            offer: Offer::Tool,
            tool: tool.to_owned(),
            description: seen,
            why,
            text: "does things".to_owned(),
        };
        for (tool, why) in [("t", Quarantine::Changed), ("h", Quarantine::Hidden)] {
            field.engine.record_tools(quarantined(tool, why)).await.expect("recorded");
        }
        let before = field.engine.read(|folds| folds.position);
        let again = quarantined("t", Quarantine::Changed);
        field.engine.record_tools(again).await.expect("known");
        assert_eq!(field.engine.read(|folds| folds.position), before, "it is said once");
        let (owner, agent) = (&field.owner, &session);
        let rows = [
            (agent, "t", Offer::Tool, seen, "right.not_for_agents"),
            (owner, "t", Offer::Tool, other, "tool.changed"),
            (owner, "t", Offer::Prompt, seen, "tool.unknown"),
            (owner, "u", Offer::Tool, seen, "tool.unknown"),
            (owner, "h", Offer::Tool, seen, "tool.not_approvable"),
            (owner, "t", Offer::Tool, seen, "ok"),
            (owner, "t", Offer::Tool, seen, "tool.unknown"),
        ];
        for (who, tool, offer, digest, expected) in rows {
            let answered = field.engine.approve_tool(who, ("s", offer, tool), digest).await;
            assert_eq!(code(&answered), expected, "{tool} {offer:?}");
        }
        let pinned = field.replayed().acts.tool("s", Offer::Tool, "t").cloned().expect("known");
        assert_eq!((pinned.approved, pinned.quarantined), (Some(seen), None));
    }
}
