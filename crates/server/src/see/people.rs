//! People, tokens, sessions.

use super::See;
use crate::wire::{Person, Session, Token};

impl See<'_> {
    /// A person.
    pub(crate) fn person(&self, person: &weir_guard::Person) -> Person {
        Person {
            id: person.id,
            name: person.name.clone(),
            role: person.role,
            removed: person.removed,
        }
    }

    /// A token, without its secret: nobody has that any more.
    pub(crate) fn token(&self, token: &weir_guard::Token) -> Token {
        Token {
            id: token.id,
            person: self.person_as_who(token.person),
            label: token.label.clone(),
            usage: token.usage,
            rights: token.rights.iter().copied().collect(),
            expires_at: token.expires_at,
            revoked: token.revoked,
        }
    }

    /// A session.
    pub(crate) fn session(&self, session: &weir_guard::Session) -> Session {
        Session {
            id: session.id,
            agent: session.agent.clone(),
            person: self.person_as_who(session.person),
            parent: session.parent,
            children: session.children.clone(),
            paths: session.mandate.paths.clone(),
            push_bytes_max: session.mandate.push_bytes_max,
            task: self.folds.work.held_by(session.id),
            alive: self.is_alive(session),
            expires_at: session.expires_at,
            ended: session.ended.clone(),
        }
    }

    /// Whether a session may act now.
    pub(crate) fn is_alive(&self, session: &weir_guard::Session) -> bool {
        self.folds.guard.session_alive(session.id, self.now).is_ok()
    }
}
