//! What people say to the queue: freeze it, let it go on, and what is urgent.

use crate::core::Decided;
use crate::{Caller, Engine, Error};
use weir_model::event::guard::Right;
use weir_model::event::queue::Class;
use weir_model::{Actor, ChangeId, Event, PersonId, Refusal};
use weir_queue::Command;

impl Engine {
    /// Nothing lands until the thaw. Testing goes on, so that a thaw lands what has passed.
    ///
    /// # Errors
    /// `right.*`; `queue.no_reason`.
    pub async fn freeze(&self, caller: &Caller, reason: String) -> Result<(), Error> {
        let freeze = |person| Command::Freeze { person, reason: reason.clone() };
        self.say_to_queue(caller, freeze).await
    }

    /// What has passed lands again.
    ///
    /// # Errors
    /// `right.*`.
    pub async fn thaw(&self, caller: &Caller) -> Result<(), Error> {
        self.say_to_queue(caller, |person| Command::Thaw { person }).await
    }

    /// A change is more or less urgent than others, from now on and when it comes back from repair.
    ///
    /// # Errors
    /// `right.*`; `change.*`; `queue.no_reason`.
    pub async fn set_class(
        &self,
        caller: &Caller,
        change: ChangeId,
        class: Class,
        reason: String,
    ) -> Result<(), Error> {
        self.read(|folds| match folds.review.change(change) {
            Some(known) if known.is_open() => Ok(()),
            Some(_) => Err(Refusal::new("change.closed", format!("change `{change}` is closed"))),
            None => Err(Refusal::new("change.unknown", format!("there is no change `{change}`"))
                .hint("list what is going on: `weir status`")),
        })?;
        let set = |person| Command::SetClass { change, class, person, reason: reason.clone() };
        self.say_to_queue(caller, set).await
    }

    async fn say_to_queue(
        &self,
        caller: &Caller,
        command: impl Fn(PersonId) -> Command,
    ) -> Result<(), Error> {
        self.run(caller, |folds, _| {
            folds.guard.require(caller, Right::Approve)?;
            let Actor::Person(person) = caller.actor else {
                return Err(Refusal::new("person.needed", "only a person can do this"));
            };
            let decided = weir_queue::decide(&folds.queue, command(person))?;
            Ok(Decided::new(decided.into_iter().map(Event::from).collect(), ()))
        })
        .await
    }
}
