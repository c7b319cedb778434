//! Approvals: the guard says whose work it is not, review binds the approval, and the queue takes what has enough.

use crate::core::Decided;
use crate::meet::stack;
use crate::{Caller, Engine, Error, Failure, Folds};
use std::collections::BTreeSet;
use weir_guard::push::COMMITS_MAX;
use weir_model::event::guard::Right;
use weir_model::{Actor, Event, PersonId, Refusal, RevisionId, TaskId};
use weir_review::{Command, Revision};

impl Engine {
    /// Approves a revision; with the last approval it needs, it waits to be tested.
    ///
    /// # Errors
    /// `approval.*` when it is the caller's own work or the caller is an agent; `revision.*`, `change.*`.
    pub async fn approve(&self, caller: &Caller, revision: RevisionId) -> Result<(), Error> {
        let engine = self.clone();
        let carried = tokio::task::spawn_blocking(move || engine.carried(revision)).await;
        let carried = carried.unwrap_or_else(|_| {
            Err(Failure::Other("a revision could not be looked through".into()).into())
        })?;
        self.run(caller, |folds, _| {
            let change = folds.review.change(revision.change);
            let authors = folds.review.authors(revision.change, &carried);
            let person = folds.guard.may_approve(caller, &authors)?;
            let command = Command::Approve { revision, person };
            let approved = weir_review::decide(&folds.review, command)?;
            let mut events: Vec<Event> = approved.into_iter().map(Event::from).collect();
            let task = change.map(|change| change.task).unwrap_or_default();
            if let Some(known) = folds.review.revision(revision)
                && !events.is_empty()
            {
                let approvals = known.approvals.len() + 1;
                events.extend(enqueue(folds, task, known, approvals)?);
            }
            Ok(Decided::new(events, ()))
        })
        .await
    }

    /// The commits that would land with a revision, its own among them: it may be built on what others brought, and
    /// who answers for that may approve neither.
    ///
    /// # Errors
    /// Failures of git.
    pub fn carried(&self, revision: RevisionId) -> Result<BTreeSet<String>, Error> {
        let known = self.read(|folds| folds.review.revision(revision).map(|r| r.commit.clone()));
        let Some(commit) = known else { return Ok(BTreeSet::new()) };
        let (trunk, commit) = (&self.0.trunk, commit.parse()?);
        // A push brings no more; and those of before the trunk's tip have landed.
        let listed = trunk.objects().commits(Some(trunk.tip()?), commit, COMMITS_MAX)?;
        Ok(listed.commits.iter().map(|commit| commit.id.to_string()).collect())
    }

    /// Sends a revision back to its owner, saying what is asked for.
    ///
    /// # Errors
    /// `right.*`, `revision.*`, `change.*`, `review.no_comment`.
    pub async fn reject(
        &self,
        caller: &Caller,
        revision: RevisionId,
        comment: String,
    ) -> Result<(), Error> {
        let lease = self.rules().sessions.claim;
        self.run(caller, |folds, ctx| {
            folds.guard.require(caller, Right::Approve)?;
            let person = match caller.actor {
                Actor::Person(person) => person,
                Actor::Session(_) | Actor::Weir => PersonId::default(),
            };
            let command = Command::Reject { revision, person, comment: comment.clone() };
            let rejected = weir_review::decide(&folds.review, command)?;
            let dequeue = weir_queue::Command::Dequeue { revision };
            let dequeued = weir_queue::decide(&folds.queue, dequeue)?;
            let mut events: Vec<Event> = dequeued.into_iter().map(Event::from).collect();
            events.extend(stack::fall(folds, revision, lease, ctx)?);
            events.extend(rejected.into_iter().map(Event::from));
            if let Some(change) = folds.review.change(revision.change) {
                let owner = alive(folds, change.latest(), ctx.now);
                let give_back = weir_work::Command::Return { task: change.task, owner, lease };
                let returned = weir_work::decide(&folds.work, give_back, ctx)?;
                events.extend(returned.into_iter().map(Event::from));
            }
            Ok(Decided::new(events, ()))
        })
        .await?;
        self.stop_idle_tests();
        Ok(())
    }
}

/// Lets a revision wait to be tested if it has the approvals it needs.
pub(crate) fn enqueue(
    folds: &Folds,
    task: TaskId,
    revision: &Revision,
    approvals: usize,
) -> Result<Vec<Event>, Refusal> {
    if approvals < revision.approvals_needed as usize {
        return Ok(Vec::new());
    }
    let commit = revision.commit.clone();
    let (revision, below) = (revision.id, revision.below);
    let command = weir_queue::Command::Enqueue { revision, task, commit, below };
    let events = weir_queue::decide(&folds.queue, command)?;
    Ok(events.into_iter().map(Event::from).collect())
}

/// The session that brought a revision, if it can still repair it.
pub(crate) fn alive(
    folds: &Folds,
    revision: &Revision,
    now: weir_model::Timestamp,
) -> Option<weir_model::SessionId> {
    folds.guard.session_alive(revision.session, now).ok().map(|session| session.id)
}

#[cfg(test)]
mod tests {
    use crate::meet::push::{Asked, Verdict};
    use crate::testing::{Field, MemoryStore, code, person};
    use crate::{Ask, Caller};
    use weir_git::CommitId;
    use weir_model::event::guard::Role;
    use weir_model::{Lease, RevisionId};

    async fn bring(field: &Field, by: &Caller, commit: CommitId) -> RevisionId {
        let engine = &field.engine;
        let agent = field.session_of(by, Lease::minutes(60)).await.expect("opened");
        let ask = Ask { task: Some(field.task("one").await.expect("cut")), ..Ask::default() };
        engine.claim_task(&agent, ask).await.expect("claimed");
        let asked = Asked { target: "refs/for/main".into(), new: Some(commit), pack_bytes: 100 };
        match engine.judge_push(&agent, &asked, engine.trunk().objects()).await {
            Ok(Verdict::Enter(judged)) => {
                engine.record_push(&agent, judged).await.expect("recorded").revision
            }
            other => panic!("{}", code(&other.map(|_| ()))),
        }
    }

    #[tokio::test]
    async fn nobody_approves_what_is_built_on_their_own_work() {
        let field = Field::on(MemoryStore::default());
        let engine = &field.engine;
        let add = async |name: &str| {
            person(engine.add_person(&field.owner, name.into(), Role::Member).await.expect("added"))
        };
        let (ann, bob, carl) = (add("ann").await, add("bob").await, add("carl").await);
        let beneath = field.commit("one", "of ann's agent");
        let on_top = field.repository.commit("two", &[("two", "of bob's agent")]);
        bring(&field, &ann, beneath).await;
        let both = bring(&field, &bob, on_top.parse().expect("a commit")).await;
        let approves = async |who: &Caller| code(&engine.approve(who, both).await);
        assert_eq!(approves(&bob).await, "approval.own_work");
        assert_eq!(approves(&ann).await, "approval.own_work", "hers would land with it");
        assert_eq!(approves(&carl).await, "ok");
    }
}
