//! Reading: what a client's hook was given, as an [`Act`].

use crate::dialect;
use crate::fields::{Fields, object};
use weir_model::Refusal;
use weir_model::act::{Act, Client, Moment};

/// The most bytes of a payload that are read: 16 MiB. A file written by a tool stands in its payload whole.
pub const PAYLOAD_MAX: usize = 16 * 1024 * 1024;

/// The moment that a client's name of an event stands for; `None` for a name that is not known.
pub fn moment(client: Client, event: &str) -> Option<Moment> {
    dialect::moment(client, event)
}

/// The act that `payload` tells, given to the hook of `client` for `event`.
///
/// Unknown fields are passed over. Refuses an unknown event, a payload that names another event, one larger than
/// [`PAYLOAD_MAX`], one that is not a single JSON object with unambiguous keys, and one without what the act
/// rests on.
pub fn read(client: Client, event: &str, payload: &[u8]) -> Result<Act, Refusal> {
    let shown: String = event.escape_debug().take(60).collect();
    let Some(moment) = moment(client, event) else {
        let sentence = format!("{} has no event `{shown}`", client.title());
        return Err(Refusal::new("hook.event_unknown", sentence)
            .hint(format!("write the hooks again: `weir attach {client}`")));
    };
    let whose = format!("the `{shown}` payload of {}", client.title());
    if payload.len() > PAYLOAD_MAX {
        let (bytes, max) = (payload.len(), PAYLOAD_MAX);
        return Err(Refusal::new(
            "hook.too_large",
            format!("{whose} has {bytes} bytes; the most that is read is {max}"),
        )
        .hint("do it in smaller steps"));
    }
    let object = object(payload, &whose)?;
    let fields = Fields { of: &object, whose: &whose };
    if let Some(told) = fields.any(&["hook_event_name", "hookEventName", "hookName", "event"])?
        && told != event
    {
        let told: String = told.escape_debug().take(60).collect();
        return Err(Refusal::new("hook.event_mismatch", format!("{whose} is one of `{told}`"))
            .hint(format!("write the hooks again: `weir attach {client}`")));
    }
    dialect::read(client, moment, &fields)
}
