//! `/v1/people`, `/v1/tokens`, `/v1/sign-in-links`: who is here, and with what they show it.

use super::done;
use crate::door::{Body, Door, Named, Optional};
use crate::reply::{Problem, Reply};
use crate::wire::{
    Done, IssuedToken, List, NewPerson, NewRole, NewSignIn, NewToken, Person, Refused, SignInLink,
    Token,
};
use axum::Json;
use axum::http::StatusCode;
use weir_model::{Actor, PersonId, Refusal, TokenId};

/// The people
///
/// Those who left included, in the order in which they joined.
#[utoipa::path(get, path = "/v1/people", tag = "people",
    responses((status = 200, body = List<Person>), (status = "default", body = Refused)))]
pub(crate) async fn list(door: Door) -> Reply<List<Person>> {
    door.tell(|see| {
        let items: Vec<_> = see.folds.guard.people().map(|person| see.person(person)).collect();
        let total = items.len() as u64;
        Ok(List { items, total })
    })
}

/// Let a person in
#[utoipa::path(post, path = "/v1/people", tag = "people", request_body = NewPerson,
    responses((status = 201, body = Person), (status = "default", body = Refused)))]
pub(crate) async fn add(
    door: Door,
    Body(new): Body<NewPerson>,
) -> Result<(StatusCode, Json<Person>), Problem> {
    let person = door.engine().add_person(&door.caller, new.name, new.role).await?;
    let added = door.read(|see| {
        let known = see.folds.guard.person(person);
        known
            .map(|known| see.person(known))
            .ok_or_else(|| Refusal::new("person.unknown", format!("there is no person `{person}`")))
    })?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Change what a person may do
#[utoipa::path(put, path = "/v1/people/{person}/role", tag = "people", request_body = NewRole,
    params(("person" = String, Path, example = "P1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn set_role(
    door: Door,
    Named(person): Named<PersonId>,
    Body(new): Body<NewRole>,
) -> Reply<Done> {
    door.engine().set_role(&door.caller, person, new.role).await?;
    Ok(done())
}

/// Let a person go
///
/// Their tokens and the sessions of their agents end with them.
#[utoipa::path(delete, path = "/v1/people/{person}", tag = "people",
    params(("person" = String, Path, example = "P1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn remove(door: Door, Named(person): Named<PersonId>) -> Reply<Done> {
    door.engine().remove_person(&door.caller, person).await?;
    Ok(done())
}

/// The tokens
///
/// Without their secrets, which nobody has but their owners. In the order of issue.
#[utoipa::path(get, path = "/v1/tokens", tag = "people",
    responses((status = 200, body = List<Token>), (status = "default", body = Refused)))]
pub(crate) async fn list_tokens(door: Door) -> Reply<List<Token>> {
    door.tell(|see| {
        let items: Vec<_> = see.folds.guard.tokens().map(|token| see.token(token)).collect();
        let total = items.len() as u64;
        Ok(List { items, total })
    })
}

/// Issue a token
///
/// Its secret stands in the answer, and nowhere else ever again.
#[utoipa::path(post, path = "/v1/tokens", tag = "people", request_body = NewToken,
    responses((status = 201, body = IssuedToken), (status = "default", body = Refused)))]
pub(crate) async fn issue_token(
    door: Door,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<IssuedToken>), Problem> {
    let NewToken { person, label, rights, lease } = new;
    let wish = weir_engine::NewToken { person, label, rights, lease };
    let (token, secret) = door.engine().issue_token(&door.caller, wish).await?;
    let secret = secret.reveal().to_owned();
    Ok((StatusCode::CREATED, Json(IssuedToken { token, secret })))
}

/// Revoke a token
#[utoipa::path(delete, path = "/v1/tokens/{token}", tag = "people",
    params(("token" = String, Path, example = "K1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn revoke_token(door: Door, Named(token): Named<TokenId>) -> Reply<Done> {
    door.engine().revoke_token(&door.caller, token).await?;
    Ok(done())
}

/// Make a link to sign in
///
/// It works once, in a browser, for a short time.
#[utoipa::path(post, path = "/v1/sign-in-links", tag = "people", request_body = Option<NewSignIn>,
    responses((status = 201, body = SignInLink), (status = "default", body = Refused)))]
pub(crate) async fn offer_sign_in(
    door: Door,
    Optional(new): Optional<NewSignIn>,
) -> Result<(StatusCode, Json<SignInLink>), Problem> {
    let own = match door.caller.actor {
        Actor::Person(person) => Some(person),
        Actor::Session(_) | Actor::Weir => None,
    };
    let person = new.person.or(own).ok_or_else(|| {
        Refusal::new("sign_in.no_person", "only people sign in, and none is named")
            .hint("name one: `{\"person\":\"P1\"}`")
    })?;
    let (code, expires_at) = door.engine().offer_sign_in(&door.caller, person).await?;
    let url = format!("{}/sign-in/{}", door.weir.place.base, code.reveal());
    Ok((StatusCode::CREATED, Json(SignInLink { url, expires_at })))
}
