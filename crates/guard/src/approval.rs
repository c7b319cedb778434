//! Separation of duties: nobody approves what they, their agents or their agents' children made.

use crate::{Caller, Guard};
use std::collections::BTreeSet;
use weir_model::event::guard::Right;
use weir_model::{Actor, PersonId, Refusal};

impl Guard {
    /// The person who approves, if `caller` may approve a change whose revisions `authors` answer for.
    /// Rejecting needs less: [`Guard::require`] with [`Right::Approve`].
    ///
    /// # Errors
    /// `approval.not_a_person` for an agent or Weir itself, `approval.own_work`, and what
    /// [`Guard::require`] refuses.
    pub fn may_approve(
        &self,
        caller: &Caller,
        authors: &BTreeSet<PersonId>,
    ) -> Result<PersonId, Refusal> {
        let person = match caller.actor {
            Actor::Person(person) => person,
            Actor::Session(_) | Actor::Weir => {
                return Err(Refusal::new("approval.not_a_person", "only a person may approve")
                    .hint(self.other_approvers(authors)));
            }
        };
        self.require(caller, Right::Approve)?;
        if authors.contains(&person) {
            let sentence = "you, or an agent you answer for, made a revision of this change";
            return Err(
                Refusal::new("approval.own_work", sentence).hint(self.other_approvers(authors))
            );
        }
        Ok(person)
    }

    /// Whom to ask.
    fn other_approvers(&self, authors: &BTreeSet<PersonId>) -> String {
        let able =
            |person: &&crate::Person| crate::rights_of(person.role).contains(&Right::Approve);
        let others = self.present().filter(able).filter(|person| !authors.contains(&person.id));
        let names: Vec<_> = others.take(3).map(|person| format!("`{}`", person.name)).collect();
        if names.is_empty() {
            let owners = self.owners_in_words();
            format!("nobody here may: an owner can add a member who did not work on it ({owners})")
        } else {
            format!("ask somebody who did not work on it: {}", names.join(", "))
        }
    }
}
