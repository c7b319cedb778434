//! Sessions: the guard opens and ends them; what an ended one held goes back to work.

use crate::core::Decided;
use crate::secret::Opens;
use crate::{Caller, Engine, Error, Folds, NewSession, Opened, Secret};
use weir_guard::Command;
use weir_model::event::Mandate;
use weir_model::event::guard::Event as GuardEvent;
use weir_model::{Actor, Digest, Event, Lease, PathSet, Refusal, SessionId};

impl Engine {
    /// Opens a session: for a person's agent, or as a child of the session that asks.
    ///
    /// # Errors
    /// `right.*`, `session.*`, `mandate.*`.
    pub async fn open_session(&self, caller: &Caller, new: NewSession) -> Result<Opened, Error> {
        let secret = Secret::draw(&*self.0.entropy, Opens::Session)?;
        let wish = self.wish(new.agent, new.paths, new.length, secret.hash());
        let (session, expires_at) = self
            .run(caller, |folds, ctx| {
                let events =
                    weir_guard::decide(&folds.guard, wish.command(folds, caller), caller, ctx)?;
                let opened = opened(&events);
                Ok(Decided::new(events.into_iter().map(Event::from).collect(), opened))
            })
            .await?;
        Ok(Opened { session, secret, expires_at })
    }

    /// Ends a session and its children; the tasks they hold are free at once.
    ///
    /// # Errors
    /// `right.*`, `session.unknown`.
    pub async fn end_session(
        &self,
        caller: &Caller,
        session: SessionId,
        why: String,
    ) -> Result<(), Error> {
        self.run_guard(caller, Command::EndSession { session, why }, |_| ()).await
    }

    pub(crate) fn wish(
        &self,
        agent: String,
        paths: Option<PathSet>,
        length: Option<Lease>,
        hash: Digest,
    ) -> Wish {
        let rules = self.rules();
        let lease = length.unwrap_or(rules.sessions.length);
        Wish { agent, paths, lease, hash, push_bytes_max: rules.push.bytes_max }
    }
}

/// A session as it was asked for, before it is known who spawns it.
pub(crate) struct Wish {
    agent: String,
    paths: Option<PathSet>,
    lease: Lease,
    hash: Digest,
    push_bytes_max: u64,
}

impl Wish {
    /// A person's agent gets one layer of paths; a child its parent's layers and one more.
    pub(crate) fn command(&self, folds: &Folds, caller: &Caller) -> Command {
        let parent = match caller.actor {
            Actor::Session(session) => Some(session),
            Actor::Person(_) | Actor::Weir => None,
        };
        let inherited = parent.and_then(|parent| folds.guard.session(parent)).map(|p| &p.mandate);
        let own = self.paths.clone().unwrap_or_else(PathSet::everything);
        let mandate = match inherited {
            Some(mandate) => Mandate {
                paths: mandate.paths.iter().cloned().chain([own]).collect(),
                push_bytes_max: mandate.push_bytes_max.min(self.push_bytes_max),
            },
            None => Mandate { paths: vec![own], push_bytes_max: self.push_bytes_max },
        };
        let (agent, hash, lease) = (self.agent.clone(), self.hash, self.lease);
        Command::OpenSession { agent, parent, mandate, hash, lease }
    }
}

/// What a decision to open a session opened.
pub(crate) fn opened(events: &[GuardEvent]) -> (SessionId, weir_model::Timestamp) {
    let opened = events.iter().find_map(|event| match event {
        GuardEvent::SessionOpened { session, expires_at, .. } => Some((*session, *expires_at)),
        _ => None,
    });
    opened.unwrap_or_default()
}

/// The session that asks, or a refusal for anybody else.
pub(crate) fn asking_session(caller: &Caller) -> Result<SessionId, Refusal> {
    match caller.actor {
        Actor::Session(session) => Ok(session),
        Actor::Person(_) | Actor::Weir => {
            Err(Refusal::new("session.needed", "only an agent in its session can do this")
                .hint("claim a task first: `weir task claim T1` prints the session's token"))
        }
    }
}
