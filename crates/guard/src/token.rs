//! Tokens and links to sign in: how a person proves who they are. Nobody hands out what they do not hold.

use crate::caller::{RIGHTS, rights_of};
use crate::{Caller, Guard, name};
use std::collections::BTreeSet;
use weir_model::event::guard::{Event, Right, TokenKind};
use weir_model::{Actor, Digest, Lease, PersonId, Refusal, Timestamp, TokenId};

/// A token as it was asked for.
pub(crate) struct Wish {
    pub(crate) person: PersonId,
    pub(crate) label: String,
    pub(crate) usage: TokenKind,
    pub(crate) rights: Vec<Right>,
    pub(crate) hash: Digest,
}

pub(crate) fn issue(
    guard: &Guard,
    wish: Wish,
    expires_at: Timestamp,
    caller: &Caller,
) -> Result<Vec<Event>, Refusal> {
    let Wish { person, label, usage, rights, hash } = wish;
    may_hand_out(guard, person, caller)?;
    let rights: BTreeSet<Right> = rights.into_iter().collect();
    if rights.is_empty() {
        return Err(Refusal::new("token.no_rights", "a token without a right opens nothing")
            .hint("name at least one: `read`, `task`, `claim`, `approve`, `admin`, `run`"));
    }
    let owner = guard.present_person(person)?;
    if rights.contains(&Right::Run) {
        // Nobody has this one themselves: what a runner shows opens nothing but that.
        if rights.len() > 1 {
            return Err(Refusal::new("token.run_alone", "a runner's token may do nothing else")
                .hint("issue another for the rest"));
        }
        guard.require(caller, Right::Admin)?;
        guard.require_role(owner, Right::Run)?;
    } else {
        guard.require_all(caller, &rights)?;
    }
    let label = name::checked("a token's label", label)?;
    unused(guard, &hash)?;
    let (token, rights) = (next(guard), rights.into_iter().collect());
    Ok(vec![Event::TokenIssued { token, person, label, usage, rights, hash, expires_at }])
}

pub(crate) fn revoke(
    guard: &Guard,
    token: TokenId,
    caller: &Caller,
) -> Result<Vec<Event>, Refusal> {
    let known = guard.token(token);
    // Whoever may not revoke it does not learn from the refusal whether it exists.
    let own = known.is_some_and(|known| caller.actor == Actor::Person(known.person));
    let signing_out = known.is_some() && caller.token == Some(token);
    if !(signing_out || own && guard.speaks_for_whole_person(caller)) {
        guard.require(caller, Right::Admin)?;
    }
    match known {
        Some(known) if known.revoked => Ok(Vec::new()),
        Some(_) => Ok(vec![Event::TokenRevoked { token }]),
        None => Err(Refusal::new("token.unknown", format!("there is no token `{token}`"))),
    }
}

pub(crate) fn offer(
    guard: &Guard,
    person: PersonId,
    hash: Digest,
    expires_at: Timestamp,
    caller: &Caller,
) -> Result<Vec<Event>, Refusal> {
    may_hand_out(guard, person, caller)?;
    let known = guard.present_person(person)?;
    // A browser gets all that the role allows.
    guard.require_all(caller, &rights_of(known.role))?;
    unused(guard, &hash)?;
    Ok(vec![Event::SignInOffered { person, hash, expires_at }])
}

pub(crate) fn redeem(
    guard: &Guard,
    hash: Digest,
    browser: Digest,
    now: Timestamp,
    lease: Lease,
) -> Result<Vec<Event>, Refusal> {
    let again = "make a new one: `weir up` prints it, or an owner does";
    let refused = |code, sentence: &str| Err(Refusal::new(code, sentence).hint(again));
    let Some(link) = guard.links.get(&hash) else {
        return refused("sign_in.unknown", "this link to sign in is not known here");
    };
    if link.used {
        return refused("sign_in.used", "this link to sign in was used; it works once");
    }
    if link.expires_at <= now {
        return refused("sign_in.expired", "this link to sign in has ended");
    }
    guard.present_person(link.person)?;
    unused(guard, &browser)?;
    let issued = Event::TokenIssued {
        token: next(guard),
        person: link.person,
        label: "browser".to_owned(),
        usage: TokenKind::Browser,
        // The role alone decides, also when it changes while the browser stays signed in.
        rights: RIGHTS.into(),
        hash: browser,
        expires_at: now + lease,
    };
    Ok(vec![Event::SignInRedeemed { hash }, issued])
}

/// For oneself, or as an owner for another; and never by a token that is less than its person, for what
/// it hands out would go on when it is revoked.
fn may_hand_out(guard: &Guard, person: PersonId, caller: &Caller) -> Result<(), Refusal> {
    if caller.actor != Actor::Person(person) {
        guard.require(caller, Right::Admin)?;
    }
    if !guard.speaks_for_whole_person(caller) {
        let sentence = "a token with less than its person's rights may not hand out others";
        return Err(
            Refusal::new("token.too_narrow", sentence).hint("sign in, and issue it from there")
        );
    }
    Ok(())
}

/// One secret stands for one thing. A second use of a hash is a broken random source, or an attack.
pub(crate) fn unused(guard: &Guard, hash: &Digest) -> Result<(), Refusal> {
    if guard.secrets.contains_key(hash) || guard.links.contains_key(hash) {
        return Err(Refusal::new("secret.in_use", "this secret is in use already")
            .hint("make another: every secret must be random"));
    }
    Ok(())
}

fn next(guard: &Guard) -> TokenId {
    guard.tokens.last_key_value().map(|(token, _)| *token).unwrap_or_default().next()
}
