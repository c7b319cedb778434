//! Who asks, and what they may do: a role, narrowed by the secret that was shown.

use crate::state::Holder;
use crate::{Guard, Person, Token};
use std::collections::BTreeSet;
use weir_model::event::guard::{Right, Role};
use weir_model::{Actor, Digest, PersonId, Refusal, Timestamp, TokenId};

/// Who asks, as [`Guard::authenticate`] established it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// What the secret that was shown allows.
    pub rights: BTreeSet<Right>,
    /// The token that was shown, if it was one of a person.
    pub token: Option<TokenId>,
}

impl Caller {
    /// Weir itself: the first start, and what runs in the background. It may do everything but approve
    /// and answer for a session, for it is nobody.
    pub fn weir() -> Self {
        Self { actor: Actor::Weir, rights: RIGHTS.into(), token: None }
    }
}

/// Every right that people have by their role.
pub(crate) const RIGHTS: [Right; 5] =
    [Right::Read, Right::Task, Right::Claim, Right::Approve, Right::Admin];

/// What `role` may do.
pub fn rights_of(role: Role) -> BTreeSet<Right> {
    RIGHTS.into_iter().filter(|right| role_allows(role, *right)).collect()
}

fn role_allows(role: Role, right: Right) -> bool {
    match role {
        Role::Owner => true,
        Role::Member => match right {
            Right::Read | Right::Task | Right::Claim | Right::Approve => true,
            Right::Admin | Right::Run => false,
        },
        Role::Auditor => match right {
            Right::Read => true,
            Right::Task | Right::Claim | Right::Approve | Right::Admin | Right::Run => false,
        },
    }
}

/// An agent sees, claims and delegates. It cuts no tasks, approves nothing and manages nobody.
fn agent_allows(right: Right) -> bool {
    match right {
        Right::Read | Right::Claim => true,
        Right::Task | Right::Approve | Right::Admin | Right::Run => false,
    }
}

impl Guard {
    /// Whom the secret with this hash stands for, at `now`.
    ///
    /// # Errors
    /// `token.unknown`, `token.revoked`, `token.expired`, `session.ended`, `session.expired`, `person.removed`.
    pub fn authenticate(&self, hash: &Digest, now: Timestamp) -> Result<Caller, Refusal> {
        match self.secrets.get(hash) {
            Some(Holder::Token(token)) => {
                let token = self.live_token(*token, now)?;
                let role = self.present_person(token.person)?.role;
                let rights = token.rights.iter().filter(|right| role_allows(role, **right));
                let rights = rights.copied().collect();
                Ok(Caller { actor: Actor::Person(token.person), rights, token: Some(token.id) })
            }
            Some(Holder::Session(session)) => {
                let session = self.session_alive(*session, now)?;
                let role = self.present_person(session.person)?.role;
                let rights = rights_of(role).into_iter().filter(|right| agent_allows(*right));
                let actor = Actor::Session(session.id);
                Ok(Caller { actor, rights: rights.collect(), token: None })
            }
            None => Err(Refusal::new("token.unknown", "no token and no session has this secret")
                .hint("sign in again, or ask an owner for a token")),
        }
    }

    /// Whether `caller` still stands as it did when it was let in: its token or session is live.
    ///
    /// # Errors
    /// As [`Guard::authenticate`].
    pub fn still_valid(&self, caller: &Caller, now: Timestamp) -> Result<(), Refusal> {
        match caller.actor {
            Actor::Weir => {}
            Actor::Person(person) => {
                self.present_person(person)?;
                if let Some(token) = caller.token {
                    self.live_token(token, now)?;
                }
            }
            Actor::Session(session) => {
                self.session_alive(session, now)?;
            }
        }
        Ok(())
    }

    /// Whether `caller` has `right`, both by the secret that was shown and by the role as it is now.
    ///
    /// # Errors
    /// `right.not_for_agents`, `right.not_in_role`, `right.not_in_token`, `person.removed`.
    pub fn require(&self, caller: &Caller, right: Right) -> Result<(), Refusal> {
        match caller.actor {
            Actor::Weir => {}
            Actor::Session(session) => {
                let person = self.session(session).map(|session| session.person);
                let person = self.present_person(person.unwrap_or_default())?;
                if !agent_allows(right) {
                    let sentence = format!("an agent may not {}", in_words(right));
                    return Err(Refusal::new("right.not_for_agents", sentence)
                        .hint(format!("ask `{}`, who answers for it", person.name)));
                }
                self.require_role(person, right)?;
            }
            Actor::Person(person) => self.require_role(self.present_person(person)?, right)?,
        }
        if !caller.rights.contains(&right) {
            let sentence = format!("this token may not {}", in_words(right));
            let hint = match right {
                Right::Run => "an owner issues one that may: `weir runner token NAME`".to_owned(),
                Right::Read | Right::Task | Right::Claim | Right::Approve | Right::Admin => {
                    format!("use one that was issued with the right `{right}`, or sign in")
                }
            };
            return Err(Refusal::new("right.not_in_token", sentence).hint(hint));
        }
        Ok(())
    }

    /// Whether `caller` may fetch commits: whoever reads, and runners, which could test nothing otherwise.
    ///
    /// # Errors
    /// As [`Guard::require`] of [`Right::Read`].
    pub fn require_fetch(&self, caller: &Caller) -> Result<(), Refusal> {
        match self.require(caller, Right::Run) {
            Ok(()) => Ok(()),
            Err(_) => self.require(caller, Right::Read),
        }
    }

    pub(crate) fn require_role(&self, person: &Person, right: Right) -> Result<(), Refusal> {
        if role_allows(person.role, right) {
            return Ok(());
        }
        let (name, role) = (&person.name, person.role);
        let sentence = format!("`{name}` is here as {role}, and may not {}", in_words(right));
        Err(Refusal::new("right.not_in_role", sentence)
            .hint(format!("an owner can do it, or change the role: {}", self.owners_in_words())))
    }

    /// Whether `caller` has every right its person has: it speaks for the whole person, and may hand out
    /// secrets in their name. A narrow token may not, or a leaked one would outlive its own end.
    pub(crate) fn speaks_for_whole_person(&self, caller: &Caller) -> bool {
        match caller.actor {
            Actor::Weir => true,
            Actor::Person(person) => self
                .person(person)
                .is_some_and(|person| caller.rights.is_superset(&rights_of(person.role))),
            Actor::Session(_) => false,
        }
    }

    /// Refuses to hand out what the caller does not hold.
    pub(crate) fn require_all(
        &self,
        caller: &Caller,
        rights: &BTreeSet<Right>,
    ) -> Result<(), Refusal> {
        rights.iter().try_for_each(|right| self.require(caller, *right))
    }

    pub(crate) fn present_person(&self, person: PersonId) -> Result<&Person, Refusal> {
        match self.person(person) {
            Some(known) if !known.removed => Ok(known),
            Some(gone) => {
                let sentence = format!("`{}` is no longer in this space", gone.name);
                Err(Refusal::new("person.removed", sentence)
                    .hint(format!("an owner can let them in again: {}", self.owners_in_words())))
            }
            None => Err(Refusal::new("person.unknown", format!("there is no person `{person}`"))
                .hint("name one who is in this space")),
        }
    }

    pub(crate) fn live_token(&self, token: TokenId, now: Timestamp) -> Result<&Token, Refusal> {
        let Some(known) = self.token(token) else {
            return Err(Refusal::new("token.unknown", format!("there is no token `{token}`")));
        };
        let person = self.present_person(known.person)?;
        if known.revoked {
            return Err(Refusal::new("token.revoked", format!("token `{token}` was revoked"))
                .hint(format!("`{}` can issue another, or sign in again", person.name)));
        }
        // It has ended at the instant it names.
        if known.expires_at <= now {
            let sentence = format!("token `{token}` ended at {}", known.expires_at);
            return Err(Refusal::new("token.expired", sentence)
                .hint(format!("`{}` can issue another, or sign in again", person.name)));
        }
        Ok(known)
    }

    /// `ann`, `bob`: whom to ask.
    pub(crate) fn owners_in_words(&self) -> String {
        let owners = self.present().filter(|person| person.role == Role::Owner).take(3);
        owners.map(|owner| format!("`{}`", owner.name)).collect::<Vec<_>>().join(", ")
    }
}

fn in_words(right: Right) -> &'static str {
    match right {
        Right::Read => "read",
        Right::Task => "create or withdraw tasks",
        Right::Claim => "open sessions or claim tasks",
        Right::Approve => "approve or reject",
        Right::Admin => "manage people, tokens and sessions of others",
        Right::Run => "take runs of checks",
    }
}
