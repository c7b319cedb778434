//! Taints: what a session carries on from what it met.

use crate::Caller;
use crate::acts::Acts;
use weir_model::act::{Effect, Taint, Tool};
use weir_model::event::act::Event;
use weir_model::event::guard::Right;
use weir_model::{Actor, Refusal, SessionId};

/// What a session carries once it did this. Which paths hold secrets, and which hosts and tool servers are trusted,
/// the policy room knows.
pub fn met(
    tool: &Tool,
    effects: &[Effect],
    is_secret: impl Fn(&str) -> bool,
    is_trusted: impl Fn(&str) -> bool,
) -> Vec<(Taint, String)> {
    let mut met = Vec::new();
    let mut add = |taint, why: String| {
        if !met.iter().any(|(known, _)| *known == taint) {
            met.push((taint, why));
        }
    };
    for effect in effects {
        match effect {
            Effect::Reads { path, .. } if is_secret(path) => {
                add(Taint::Secrets, format!("it read `{path}`"));
            }
            Effect::Sends { host, .. } if !is_trusted(host) => {
                add(Taint::Untrusted, format!("it read what `{host}` answered"));
            }
            Effect::Calls { server, name } if !is_trusted(server) => {
                add(Taint::Untrusted, format!("it read what `{name}` of `{server}` answered"));
            }
            Effect::Reads { .. }
            | Effect::Sends { .. }
            | Effect::Calls { .. }
            | Effect::Writes { .. }
            | Effect::Runs { .. }
            | Effect::Git { .. }
            | Effect::Installs { .. }
            | Effect::Spawns { .. }
            | Effect::Prompts
            | Effect::Controls { .. }
            | Effect::Opaque { .. } => {}
        }
    }
    if let Tool::Web { query: Some(_), url: None } = tool {
        add(Taint::Untrusted, "it searched the web".to_owned());
    }
    met
}

impl Acts {
    /// A person clears a session of what it carries: they looked at what it met.
    ///
    /// # Errors
    /// `taint.none`, `taint.not_a_person`, and what [`crate::Guard::require`] refuses.
    pub fn clear(
        &self,
        guard: &crate::Guard,
        caller: &Caller,
        (session, taint, why): (SessionId, Taint, String),
    ) -> Result<Vec<Event>, Refusal> {
        let Actor::Person(person) = caller.actor else {
            let sentence = "only a person may clear a session of what it carries";
            return Err(Refusal::new("taint.not_a_person", sentence));
        };
        guard.require(caller, Right::Approve)?;
        if !self.session(session).is_some_and(|doing| doing.taints.contains_key(&taint)) {
            let sentence = format!("session `{session}` does not carry `{taint}`");
            return Err(Refusal::new("taint.none", sentence));
        }
        Ok(vec![Event::SessionCleared { session, taint, person, why }])
    }
}
