//! People and their secrets: the guard decides, the engine draws.

use crate::secret::Opens;
use crate::{Caller, Engine, Error, NewToken, Secret};
use weir_guard::Command;
use weir_model::event::guard::{Event, Role, TokenKind};
use weir_model::{Actor, Digest, Lease, PersonId, Refusal, Timestamp, TokenId};

/// A quarter: long enough for a script, short enough to notice when nobody needs it any more.
const TOKEN_LEASE: Lease = Lease::minutes(90 * 24 * 60);
/// Long enough to walk to another screen.
const SIGN_IN_LEASE: Lease = Lease::minutes(15);
/// A working day.
const BROWSER_LEASE: Lease = Lease::minutes(12 * 60);

impl Engine {
    /// Lets a person in.
    ///
    /// # Errors
    /// `right.*`, `person.*`.
    pub async fn add_person(
        &self,
        caller: &Caller,
        name: String,
        role: Role,
    ) -> Result<PersonId, Error> {
        let added = |events: &[Event]| {
            events.iter().find_map(|event| match event {
                Event::PersonAdded { person, .. } => Some(*person),
                _ => None,
            })
        };
        let person = self.run_guard(caller, Command::AddPerson { name, role }, added).await?;
        Ok(person.unwrap_or_default())
    }

    /// Changes what a person may do.
    ///
    /// # Errors
    /// `right.*`, `person.*`.
    pub async fn set_role(
        &self,
        caller: &Caller,
        person: PersonId,
        role: Role,
    ) -> Result<(), Error> {
        self.run_guard(caller, Command::SetRole { person, role }, |_| ()).await
    }

    /// Lets a person go; their tokens and sessions end with it.
    ///
    /// # Errors
    /// `right.*`, `person.*`.
    pub async fn remove_person(&self, caller: &Caller, person: PersonId) -> Result<(), Error> {
        self.run_guard(caller, Command::RemovePerson { person }, |_| ()).await
    }

    /// Issues a named token. Its secret is shown this once.
    ///
    /// # Errors
    /// `right.*`, `token.*`, `person.*`.
    pub async fn issue_token(
        &self,
        caller: &Caller,
        new: NewToken,
    ) -> Result<(TokenId, Secret), Error> {
        let person = match (new.person, caller.actor) {
            (Some(person), _) | (None, Actor::Person(person)) => person,
            (None, Actor::Weir | Actor::Session(_)) => {
                let sentence = "a token belongs to a person";
                return Err(Refusal::new("token.not_a_person", sentence).hint("name one").into());
            }
        };
        let secret = Secret::draw(&*self.0.entropy, Opens::Person)?;
        let command = token_command(self, person, &new, secret.hash());
        let token = self.run_guard(caller, command, issued).await?;
        Ok((token.map_or_else(TokenId::default, |(token, _)| token), secret))
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// `right.*`, `token.unknown`.
    pub async fn revoke_token(&self, caller: &Caller, token: TokenId) -> Result<(), Error> {
        self.run_guard(caller, Command::RevokeToken { token }, |_| ()).await
    }

    /// Makes a link to sign in with, once; tells its code and when it ends unused.
    ///
    /// # Errors
    /// `right.*`, `person.*`.
    pub async fn offer_sign_in(
        &self,
        caller: &Caller,
        person: PersonId,
    ) -> Result<(Secret, Timestamp), Error> {
        let secret = Secret::draw(&*self.0.entropy, Opens::SignIn)?;
        let command = Command::OfferSignIn { person, hash: secret.hash(), lease: SIGN_IN_LEASE };
        let offered = |events: &[Event]| {
            events.iter().find_map(|event| match event {
                Event::SignInOffered { expires_at, .. } => Some(*expires_at),
                _ => None,
            })
        };
        let expires_at = self.run_guard(caller, command, offered).await?;
        Ok((secret, expires_at.unwrap_or_default()))
    }

    /// Uses a link: tells the browser's secret and when it ends.
    ///
    /// # Errors
    /// `sign_in.*`.
    pub async fn redeem_sign_in(&self, code: &str) -> Result<(Secret, Timestamp), Error> {
        let secret = Secret::draw(&*self.0.entropy, Opens::Browser)?;
        let command = Command::RedeemSignIn {
            hash: Secret::new(code).hash(),
            browser: secret.hash(),
            lease: BROWSER_LEASE,
        };
        let issued = self.run_guard(&Caller::weir(), command, issued).await?;
        Ok((secret, issued.map_or_else(Timestamp::default, |(_, expires_at)| expires_at)))
    }

    /// Ends the token that the caller came with.
    ///
    /// # Errors
    /// `right.*`.
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), Error> {
        match caller.token {
            Some(token) => self.revoke_token(caller, token).await,
            None => Ok(()),
        }
    }
}

/// A named token as it is asked for: all that the person's role allows, unless less is named.
pub(crate) fn token_command(
    engine: &Engine,
    person: PersonId,
    new: &NewToken,
    hash: Digest,
) -> Command {
    let role = engine.read(|folds| folds.guard.person(person).map(|person| person.role));
    let whole = || role.map(weir_guard::rights_of).unwrap_or_default().into_iter().collect();
    Command::IssueToken {
        person,
        label: new.label.clone(),
        usage: TokenKind::Named,
        rights: new.rights.clone().unwrap_or_else(whole),
        hash,
        lease: new.lease.unwrap_or(TOKEN_LEASE),
    }
}

fn issued(events: &[Event]) -> Option<(TokenId, Timestamp)> {
    events.iter().find_map(|event| match event {
        Event::TokenIssued { token, expires_at, .. } => Some((*token, *expires_at)),
        _ => None,
    })
}
