//! People: who is in the space, and that it never loses its last owner.

use crate::caller::rights_of;
use crate::{Caller, Guard, name, session};
use weir_model::event::guard::{Event, Right, Role};
use weir_model::{Actor, PersonId, Refusal};

pub(crate) fn open_space(
    guard: &Guard,
    space: String,
    owner: String,
    caller: &Caller,
) -> Result<Vec<Event>, Refusal> {
    if let Some(space) = guard.space() {
        let sentence = format!("the space `{space}` is already open");
        return Err(Refusal::new("space.already_open", sentence).hint("sign in to it"));
    }
    if caller.actor != Actor::Weir {
        let sentence = "only Weir itself opens a space";
        return Err(Refusal::new("space.not_yours", sentence).hint("start it with `weir up`"));
    }
    let name = name::checked("the name of a space", space)?;
    let owner = checked(owner)?;
    let first = PersonId::default().next();
    Ok(vec![
        Event::SpaceOpened { name },
        Event::PersonAdded { person: first, name: owner, role: Role::Owner },
    ])
}

pub(crate) fn add(
    guard: &Guard,
    name: String,
    role: Role,
    caller: &Caller,
) -> Result<Vec<Event>, Refusal> {
    guard.require(caller, Right::Admin)?;
    guard.require_all(caller, &rights_of(role))?;
    let name = checked(name)?;
    if let Some(other) = guard.person_named(&name) {
        let sentence = format!("`{}` is called `{}` already", other.id, other.name);
        return Err(Refusal::new("person.name_taken", sentence).hint("choose another name"));
    }
    let last = guard.people.last_key_value().map(|(person, _)| *person);
    Ok(vec![Event::PersonAdded { person: last.unwrap_or_default().next(), name, role }])
}

pub(crate) fn set_role(
    guard: &Guard,
    person: PersonId,
    role: Role,
    caller: &Caller,
) -> Result<Vec<Event>, Refusal> {
    guard.require(caller, Right::Admin)?;
    guard.require_all(caller, &rights_of(role))?;
    let known = guard.present_person(person)?;
    if known.role == role {
        return Ok(Vec::new());
    }
    if role != Role::Owner {
        keep_an_owner(guard, person)?;
    }
    // Their agents act on their right to claim.
    let mut events = if rights_of(role).contains(&Right::Claim) {
        Vec::new()
    } else {
        session::end_all_of(guard, person, &format!("`{}` became {role}", known.name))
    };
    events.push(Event::RoleChanged { person, role });
    Ok(events)
}

pub(crate) fn remove(
    guard: &Guard,
    person: PersonId,
    caller: &Caller,
) -> Result<Vec<Event>, Refusal> {
    guard.require(caller, Right::Admin)?;
    if guard.person(person).is_some_and(|known| known.removed) {
        return Ok(Vec::new());
    }
    let known = guard.present_person(person)?;
    keep_an_owner(guard, person)?;
    let mut events = session::end_all_of(guard, person, &format!("`{}` left", known.name));
    events.push(Event::PersonRemoved { person });
    Ok(events)
}

fn keep_an_owner(guard: &Guard, leaving: PersonId) -> Result<(), Refusal> {
    let mut owners = guard.present().filter(|person| person.role == Role::Owner);
    let only = owners.next().filter(|owner| owner.id == leaving && owners.next().is_none());
    match only {
        Some(owner) => {
            let sentence = format!("`{}` is the last owner of this space", owner.name);
            Err(Refusal::new("person.last_owner", sentence).hint("make somebody else owner first"))
        }
        None => Ok(()),
    }
}

/// Doors take a name or an id for a person, so a name that reads as an id would be somebody else.
fn checked(name: String) -> Result<String, Refusal> {
    if name.parse::<PersonId>().is_ok() {
        let sentence = format!("`{name}` reads as an id");
        return Err(Refusal::new("name.malformed", sentence).hint("choose another"));
    }
    name::checked("a person's name", name)
}
