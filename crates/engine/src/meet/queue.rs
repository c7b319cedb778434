//! What people say to the queue: freeze it, let it go on, and what is urgent.

use crate::core::Decided;
use crate::{Caller, Engine, Error};
use weir_model::event::guard::Right;
use weir_model::event::queue::Class;
use weir_model::{Actor, ChangeId, Event, PersonId, Position, Refusal};
use weir_queue::Command;
use weir_queue::sim::{Recorded, Trace};

/// Records of the ledger that are held at once.
const READ_AT_ONCE: usize = 500;

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

    /// What came to the queue, and what became of it, as the whole ledger has it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn queue_trace(&self) -> Result<Trace, Error> {
        let (mut recorded, mut last) = (Recorded::default(), Position(0));
        loop {
            let records = self.log(last, READ_AT_ONCE)?;
            let Some(record) = records.last() else { return Ok(recorded.trace()) };
            last = record.position;
            for record in records {
                let event = Event::from_json(record.stream.as_str(), &record.body)?;
                recorded.take(record.at, &event);
            }
        }
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
