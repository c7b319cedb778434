//! Sessions: one run of one agent under one mandate, for which one person answers. Delegation only narrows.

use crate::token::unused;
use crate::{Caller, Guard, name};
use serde::{Deserialize, Serialize};
use weir_model::event::Mandate;
use weir_model::event::guard::{Event, Right};
use weir_model::{Actor, Digest, PersonId, Refusal, SessionId, Timestamp};

/// How deep sessions may spawn sessions: a lead, its workers, their helpers, and one more.
pub const DEPTH_MAX: usize = 4;
/// How many children one session may ever have; a fleet larger than this wants a person.
pub const CHILDREN_MAX: usize = 100;
/// A mandate's layers: one a generation, and room for a task's own.
const LAYERS_MAX: usize = 16;

/// A session, alive or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// What the agent is called.
    pub agent: String,
    /// The person who answers for it: who opened it, or who answers for its parent.
    pub person: PersonId,
    /// The session that spawned it, if one did.
    pub parent: Option<SessionId>,
    /// The sessions it spawned.
    pub children: Vec<SessionId>,
    /// What it may do.
    pub mandate: Mandate,
    /// The instant it ends by itself.
    pub expires_at: Timestamp,
    /// Why it was ended, if it was.
    pub ended: Option<String>,
}

/// A session as it was asked for.
pub(crate) struct Wish {
    pub(crate) agent: String,
    pub(crate) parent: Option<SessionId>,
    pub(crate) mandate: Mandate,
    pub(crate) hash: Digest,
}

impl Guard {
    /// The session, if it may act at `now`: neither it nor an ancestor has ended, and its person is here.
    ///
    /// # Errors
    /// `session.unknown`, `session.ended`, `session.expired`, `person.removed`.
    pub fn session_alive(&self, session: SessionId, now: Timestamp) -> Result<&Session, Refusal> {
        let Some(alive) = self.session(session) else {
            let sentence = format!("there is no session `{session}`");
            return Err(Refusal::new("session.unknown", sentence));
        };
        let person = self.present_person(alive.person)?;
        let hint = || format!("`{}`, who answers for it, can open another", person.name);
        for elder in self.lineage(alive) {
            let whose = if elder.id == session { "session" } else { "its parent session" };
            let what = format!("{whose} `{}`", elder.id);
            if let Some(why) = &elder.ended {
                let sentence = format!("{what} was ended: {why}");
                return Err(Refusal::new("session.ended", sentence).hint(hint()));
            }
            if elder.expires_at <= now {
                let sentence = format!("{what} ended at {}", elder.expires_at);
                return Err(Refusal::new("session.expired", sentence).hint(hint()));
            }
        }
        Ok(alive)
    }

    /// The person who answers for a session, however deep it is.
    pub fn root_person(&self, session: SessionId) -> Option<PersonId> {
        self.session(session).map(|session| session.person)
    }

    /// Whether `caller` may manage the session as a person: how its client is wired, what it is told.
    ///
    /// # Errors
    /// `session.unknown`, `session.not_a_person`, and what [`Guard::require`] refuses.
    pub fn may_manage(&self, caller: &Caller, session: SessionId) -> Result<(), Refusal> {
        let Some(known) = self.session(session) else {
            let sentence = format!("there is no session `{session}`");
            return Err(Refusal::new("session.unknown", sentence));
        };
        match caller.actor {
            Actor::Session(_) => {
                let sentence = "an agent does not manage how it is guarded";
                Err(Refusal::new("session.not_a_person", sentence)
                    .hint(format!("ask {}", person_in_words(self, known.person))))
            }
            Actor::Person(person) if person == known.person => self.require(caller, Right::Claim),
            Actor::Person(_) | Actor::Weir => self.require(caller, Right::Admin),
        }
    }

    /// The session, its parent, and so on up; empty when there is none by that id.
    pub fn lineage_of(&self, session: SessionId) -> Vec<SessionId> {
        let session = self.session(session);
        session
            .map(|session| self.lineage(session).map(|elder| elder.id).collect())
            .unwrap_or_default()
    }

    /// The session itself, its parent, and so on up.
    fn lineage<'a>(&'a self, session: &'a Session) -> impl Iterator<Item = &'a Session> {
        std::iter::successors(Some(session), |session| self.session(session.parent?))
    }
}

pub(crate) fn open(
    guard: &Guard,
    wish: Wish,
    expires_at: Timestamp,
    caller: &Caller,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    let Wish { agent, parent, mandate, hash } = wish;
    guard.require(caller, Right::Claim)?;
    let (person, expires_at) = match caller.actor {
        Actor::Weir => {
            let sentence = "a session needs a person who answers for it";
            return Err(Refusal::new("session.nobody_answers", sentence)
                .hint("let a person, or a session of theirs, open it"));
        }
        Actor::Person(_) if parent.is_some() => return Err(not_its_parent()),
        Actor::Person(person) => (person, expires_at),
        Actor::Session(own) if parent != Some(own) => return Err(not_its_parent()),
        Actor::Session(own) => {
            let parent = guard.session_alive(own, now)?;
            may_delegate(guard, parent, &mandate)?;
            // Cut rather than refused: a child that asks for the usual length would always ask too much.
            (parent.person, expires_at.min(parent.expires_at))
        }
    };
    if !(1..=LAYERS_MAX).contains(&mandate.paths.len()) {
        let sentence = format!("a mandate has 1 to {LAYERS_MAX} layers of paths");
        return Err(Refusal::new("mandate.malformed", sentence)
            .hint("for every path there is, say so: `**`"));
    }
    let agent = name::checked("an agent's name", agent)?;
    unused(guard, &hash)?;
    let last = guard.sessions.last_key_value().map(|(session, _)| *session);
    let session = last.unwrap_or_default().next();
    Ok(vec![Event::SessionOpened { session, agent, person, parent, mandate, hash, expires_at }])
}

fn not_its_parent() -> Refusal {
    Refusal::new("session.not_its_parent", "a session is spawned by its parent and by nobody else")
        .hint("open it with the parent's own token, or as a person without a parent")
}

/// A child gets its parent's layers, in order, and more on top: what any layer forbids stays forbidden.
fn may_delegate(guard: &Guard, parent: &Session, mandate: &Mandate) -> Result<(), Refusal> {
    let id = parent.id;
    let ask = || format!("ask {} for a session of its own", person_in_words(guard, parent.person));
    if guard.lineage(parent).count() >= DEPTH_MAX {
        let sentence = format!("session `{id}` is {DEPTH_MAX} deep, and may not spawn another");
        return Err(Refusal::new("session.too_deep", sentence).hint(ask()));
    }
    if parent.children.len() >= CHILDREN_MAX {
        let sentence = format!("session `{id}` has spawned {CHILDREN_MAX} sessions, the most");
        return Err(Refusal::new("session.too_many_children", sentence).hint(ask()));
    }
    if !mandate.paths.starts_with(&parent.mandate.paths) {
        let sentence = format!("the mandate leaves out a layer of `{id}`'s own");
        return Err(Refusal::new("mandate.widened", sentence)
            .hint("begin with the layers of the parent and add to them"));
    }
    let bytes_max = parent.mandate.push_bytes_max;
    if mandate.push_bytes_max > bytes_max {
        let sentence = format!("session `{id}` may push {bytes_max} bytes, so its child no more");
        return Err(
            Refusal::new("mandate.widened", sentence).hint(format!("ask for at most {bytes_max}"))
        );
    }
    Ok(())
}

/// Ends `session` and all below it, children first: at no point does a child outlive its parent.
pub(crate) fn end(
    guard: &Guard,
    session: SessionId,
    why: String,
    caller: &Caller,
) -> Result<Vec<Event>, Refusal> {
    let Some(known) = guard.session(session) else {
        let sentence = format!("there is no session `{session}`");
        return Err(Refusal::new("session.unknown", sentence));
    };
    match caller.actor {
        Actor::Session(own) if guard.lineage(known).any(|elder| elder.id == own) => {}
        Actor::Session(_) => {
            let sentence = format!("session `{session}` is neither yours nor spawned by you");
            return Err(Refusal::new("session.not_yours", sentence)
                .hint(format!("ask {}", person_in_words(guard, known.person))));
        }
        Actor::Person(person) if person == known.person => guard.require(caller, Right::Claim)?,
        Actor::Person(_) | Actor::Weir => guard.require(caller, Right::Admin)?,
    }
    let why = name::reason(why)?;
    let mut events = Vec::new();
    end_below(guard, known, &why, &mut events);
    Ok(events)
}

/// Ends everything `person` answers for.
pub(crate) fn end_all_of(guard: &Guard, person: PersonId, why: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let roots = guard.sessions().filter(|session| session.parent.is_none());
    for root in roots.filter(|session| session.person == person) {
        end_below(guard, root, why, &mut events);
    }
    events
}

/// No deeper than [`DEPTH_MAX`].
fn end_below(guard: &Guard, session: &Session, why: &str, events: &mut Vec<Event>) {
    // What was ended was ended with all below it.
    if session.ended.is_some() {
        return;
    }
    for child in session.children.iter().filter_map(|child| guard.session(*child)) {
        end_below(guard, child, why, events);
    }
    events.push(Event::SessionEnded { session: session.id, why: why.to_owned() });
}

/// Whether `caller` may put something on record about `session`.
pub(crate) fn may_speak_for(
    guard: &Guard,
    session: Option<SessionId>,
    caller: &Caller,
) -> Result<(), Refusal> {
    let may = match caller.actor {
        Actor::Weir => true,
        Actor::Person(person) => {
            session.is_none_or(|session| guard.root_person(session) == Some(person))
        }
        Actor::Session(own) => session == Some(own),
    };
    if may {
        return Ok(());
    }
    Err(Refusal::new("session.not_yours", "a push is recorded for the session that made it"))
}

fn person_in_words(guard: &Guard, person: PersonId) -> String {
    let name = guard.person(person).map_or_else(|| person.to_string(), |known| known.name.clone());
    format!("`{name}`, who answers for it,")
}
