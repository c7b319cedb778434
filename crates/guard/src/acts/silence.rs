//! Silence: a client is attached, so that its hooks are expected, and yet nothing that it did was ever told of.
//!
//! The rule is no more than that. A hook that tells of some acts and not of others is seen when the others end, or not
//! at all: which act made which line of a change, nobody can tell.

use super::Acts;
use weir_model::act::{Act, Client};
use weir_model::event::act::Event;
use weir_model::{Refusal, SessionId};

/// The conversation that `weir doctor` tells its canary in: that a hook can be asked is no proof that its client does.
pub const CANARY: &str = "weir-doctor";

/// Whether an act tells of a client at work: a hook told of it. A call that came by the tool gateway did not need one.
pub(super) fn tells(act: &Act) -> bool {
    act.client.is_some() && act.conversation != CANARY
}

impl Acts {
    /// The client that is attached to a session, if not one act was told of since it was.
    pub fn silent_client(&self, session: SessionId) -> Option<Client> {
        let doing = self.session(session).filter(|doing| !doing.told)?;
        doing.client.as_ref().map(|(client, _)| *client)
    }

    /// What goes on record when a session brings a change all the same; nothing when it is known to be unguarded.
    pub fn brought_in_silence(&self, session: SessionId) -> Option<Event> {
        let client = self.silent_client(session)?;
        let is_known = self.session(session).is_some_and(|doing| doing.unguarded.is_some());
        let why = format!(
            "it brought a change, and the hook of {} had told of nothing that it did",
            client.title()
        );
        (!is_known).then_some(Event::Unguarded { session, why })
    }
}

/// What its push is told where that is not taken.
pub fn silent(session: SessionId, client: Client) -> Refusal {
    let sentence = format!(
        "{} is attached to session `{session}`, and its hook has told of nothing that it did",
        client.title()
    );
    Refusal::new("push.unguarded", sentence).hint(format!(
        "a person runs `weir doctor`, which shows whether the hook is asked, and starts the client anew; or takes it \
         off: `weir detach {client}`"
    ))
}
