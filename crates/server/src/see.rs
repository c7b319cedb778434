//! From the folds to the words of the API: what is known, told as it is. One function a thing, no decision.

mod act;
mod change;
mod people;
mod queue;
mod runner;
mod show;
mod status;
mod task;
mod tools;
pub(crate) mod words;

pub(crate) use queue::short;
pub(crate) use show::{names, unknown_on_disk};
pub(crate) use status::{LINES_MAX, Place};

use crate::wire::{LogEntry, Who};
use weir_engine::{Folds, Outlook};
use weir_ledger::Record;
use weir_model::{Actor, PersonId, SessionId, Timestamp};

/// The folds as of one instant, to be told about.
#[derive(Clone, Copy)]
pub(crate) struct See<'a> {
    pub(crate) folds: &'a Folds,
    pub(crate) now: Timestamp,
    /// What is expected of what waits in the queue.
    pub(crate) outlook: &'a Outlook,
}

impl See<'_> {
    /// A person by their id, whether or not they are known.
    pub(crate) fn person_as_who(&self, person: PersonId) -> Who {
        let name = self.folds.guard.person(person).map(|person| person.name.clone());
        Who { id: person.to_string(), name: name.unwrap_or_else(|| person.to_string()) }
    }

    /// A session by its id, called as its agent is.
    pub(crate) fn session_as_who(&self, session: SessionId) -> Who {
        let agent = self.folds.guard.session(session).map(|session| session.agent.clone());
        Who { id: session.to_string(), name: agent.unwrap_or_else(|| session.to_string()) }
    }

    /// Whoever asks.
    pub(crate) fn actor(&self, actor: Actor) -> Who {
        match actor {
            Actor::Weir => Who { id: "weir".to_owned(), name: "Weir".to_owned() },
            Actor::Person(person) => self.person_as_who(person),
            Actor::Session(session) => self.session_as_who(session),
        }
    }

    /// An author as the ledger spells one.
    fn author(&self, by: &str) -> Who {
        let actor = match (by.parse::<PersonId>(), by.parse::<SessionId>()) {
            (Ok(person), _) => Actor::Person(person),
            (_, Ok(session)) => Actor::Session(session),
            (Err(_), Err(_)) => Actor::Weir,
        };
        self.actor(actor)
    }

    /// A record of the ledger.
    pub(crate) fn entry(&self, record: &Record) -> LogEntry {
        let event = serde_json::from_str(&record.body).unwrap_or(serde_json::Value::Null);
        let kind = event.get("kind").and_then(|kind| kind.as_str()).unwrap_or("unknown").to_owned();
        LogEntry {
            position: record.position,
            stream: record.stream.as_str().to_owned(),
            version: record.version.0,
            at: record.at,
            by: self.author(&record.by),
            sentence: words::of_record(self, record),
            kind,
            event,
        }
    }
}
