//! What is known about authority, folded from events.

use crate::Session;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_model::event::guard::{Event, Right, Role, TokenKind};
use weir_model::{Digest, PersonId, SessionId, Timestamp, TokenId};

/// People, their tokens and links, and sessions: all that was ever known, so that every id that was
/// printed can be shown. Built by [`evolve`] and by nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    pub(crate) space: Option<String>,
    pub(crate) people: BTreeMap<PersonId, Person>,
    pub(crate) tokens: BTreeMap<TokenId, Token>,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    /// Whom a secret stands for. Secrets that ended stay, so that their bearers hear why.
    pub(crate) secrets: BTreeMap<Digest, Holder>,
    pub(crate) links: BTreeMap<Digest, Link>,
}

/// A person, present or gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// How people call them; unique among those present, whatever its case.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they left the space.
    pub removed: bool,
}

/// A token, live or not. Its hash is kept where it cannot be shown by mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Which.
    pub id: TokenId,
    /// Whose.
    pub person: PersonId,
    /// What its owner calls it.
    pub label: String,
    /// Where it is used.
    pub usage: TokenKind,
    /// The most it may do; the role may allow less.
    pub rights: BTreeSet<Right>,
    /// The instant it ends.
    pub expires_at: Timestamp,
    /// Whether it was revoked, by somebody or with its person.
    pub revoked: bool,
}

/// Whom a secret stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Holder {
    Token(TokenId),
    Session(SessionId),
}

/// A link to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) person: PersonId,
    pub(crate) expires_at: Timestamp,
    pub(crate) used: bool,
}

impl Guard {
    /// The name of the space, once it is open.
    pub fn space(&self) -> Option<&str> {
        self.space.as_deref()
    }

    /// Everybody, those who left included, in the order in which they joined.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// A person, present or gone.
    pub fn person(&self, person: PersonId) -> Option<&Person> {
        self.people.get(&person)
    }

    /// The person present who is called `name`, whatever its case.
    pub fn person_named(&self, name: &str) -> Option<&Person> {
        let name = name.to_lowercase();
        self.present().find(|person| person.name.to_lowercase() == name)
    }

    /// Every token, in the order of issue.
    pub fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.tokens.values()
    }

    /// A token, live or not.
    pub fn token(&self, token: TokenId) -> Option<&Token> {
        self.tokens.get(&token)
    }

    /// Every session, in the order of opening.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values()
    }

    /// A session, alive or not.
    pub fn session(&self, session: SessionId) -> Option<&Session> {
        self.sessions.get(&session)
    }

    pub(crate) fn present(&self) -> impl Iterator<Item = &Person> {
        self.people.values().filter(|person| !person.removed)
    }
}

/// Folds one fact in. Never refuses: what happened, happened.
///
/// # Panics
/// When an id comes back, which [`crate::decide`] never lets happen.
pub fn evolve(guard: &mut Guard, event: &Event) {
    match event {
        Event::SpaceOpened { name } => guard.space = Some(name.clone()),
        Event::PersonAdded { person, name, role } => {
            let new = Person { id: *person, name: name.clone(), role: *role, removed: false };
            assert!(guard.people.insert(*person, new).is_none(), "a person's id never comes back");
        }
        Event::RoleChanged { person, role } => {
            if let Some(person) = guard.people.get_mut(person) {
                person.role = *role;
            }
        }
        Event::PersonRemoved { person } => forget(guard, *person),
        Event::TokenIssued { token, person, label, usage, rights, hash, expires_at } => {
            let new = Token {
                id: *token,
                person: *person,
                label: label.clone(),
                usage: *usage,
                rights: rights.iter().copied().collect(),
                expires_at: *expires_at,
                revoked: false,
            };
            assert!(guard.tokens.insert(*token, new).is_none(), "a token's id never comes back");
            guard.secrets.insert(*hash, Holder::Token(*token));
        }
        Event::TokenRevoked { token } => {
            if let Some(token) = guard.tokens.get_mut(token) {
                token.revoked = true;
            }
        }
        Event::SignInOffered { person, hash, expires_at } => {
            // Used links are kept so long as somebody may ask why theirs does not work again.
            guard.links.retain(|_, link| link.person != *person || !link.used);
            let link = Link { person: *person, expires_at: *expires_at, used: false };
            guard.links.insert(*hash, link);
        }
        Event::SignInRedeemed { hash } => {
            if let Some(link) = guard.links.get_mut(hash) {
                link.used = true;
            }
        }
        Event::SessionOpened { session, agent, person, parent, mandate, hash, expires_at } => {
            let new = Session {
                id: *session,
                agent: agent.clone(),
                person: *person,
                parent: *parent,
                children: Vec::new(),
                mandate: mandate.clone(),
                expires_at: *expires_at,
                ended: None,
            };
            let old = guard.sessions.insert(*session, new);
            assert!(old.is_none(), "a session's id never comes back");
            if let Some(parent) = parent.and_then(|parent| guard.sessions.get_mut(&parent)) {
                parent.children.push(*session);
            }
            guard.secrets.insert(*hash, Holder::Session(*session));
        }
        Event::SessionEnded { session, why } => {
            if let Some(session) = guard.sessions.get_mut(session) {
                session.ended.get_or_insert_with(|| why.clone());
            }
        }
        // Kept for those who look into the ledger; no rule depends on it.
        Event::PushRefused { .. } | Event::RecordsLost { .. } => {}
    }
}

/// A person left. Their sessions were ended by events of their own before this one.
fn forget(guard: &mut Guard, person: PersonId) {
    if let Some(person) = guard.people.get_mut(&person) {
        person.removed = true;
    }
    for token in guard.tokens.values_mut().filter(|token| token.person == person) {
        token.revoked = true;
    }
    guard.links.retain(|_, link| link.person != person);
}
