//! Tasks and claims: the guard says who may, work says what follows; withdrawing reaches review and the queue.

use crate::core::Decided;
use crate::meet::sessions::opened;
use crate::secret::Opens;
use crate::{Ask, Caller, Claim, Engine, Error, Folds, NewTask, Secret};
use weir_model::event::guard::Right;
use weir_model::event::work::{Event as WorkEvent, Hold};
use weir_model::{Actor, Context, Event, PersonId, Refusal, SessionId, TaskId};
use weir_work::{Command, State};

impl Engine {
    /// Cuts a task. Asked again under the same key, tells the task that was cut.
    ///
    /// # Errors
    /// `right.*`, `task.*`.
    pub async fn create_task(&self, caller: &Caller, new: NewTask) -> Result<TaskId, Error> {
        self.run(caller, |folds, ctx| {
            folds.guard.require(caller, Right::Task)?;
            let person = asking_person(folds, caller)?;
            let NewTask { title, text, paths, after, key } = new.clone();
            let command = Command::Create { title, text, paths, after, person, key };
            let events = weir_work::decide(&folds.work, command, ctx)?;
            let made = events.iter().find_map(|event| match event {
                WorkEvent::TaskCreated { task, .. } => Some(*task),
                _ => None,
            });
            let known = || new.key.as_deref().and_then(|key| folds.work.by_key(key));
            let task = made.or_else(known).unwrap_or_default();
            Ok(Decided::new(events.into_iter().map(Event::from).collect(), task))
        })
        .await
    }

    /// Claims a task, or renews the claim one holds. A person claims for an agent: that opens its session.
    ///
    /// # Errors
    /// `right.*`, `task.*`, `claim.*`, `session.*`; `task.none_ready` when none was named and none is ready.
    pub async fn claim_task(&self, caller: &Caller, ask: Ask) -> Result<Claim, Error> {
        let secret = match caller.actor {
            Actor::Person(_) => Some(Secret::draw(&*self.0.entropy, Opens::Session)?),
            Actor::Session(_) | Actor::Weir => None,
        };
        let agent = ask.agent.clone().unwrap_or_else(|| "agent".to_owned());
        let hash = secret.as_ref().map(Secret::hash).unwrap_or(weir_model::Digest::of(b""));
        let wish = self.wish(agent, None, None, hash);
        let lease = ask.lease.unwrap_or(self.rules().sessions.claim);
        let (task, hold) = self
            .run(caller, |folds, ctx| {
                folds.guard.require(caller, Right::Claim)?;
                let mut events: Vec<Event> = Vec::new();
                let session = match caller.actor {
                    Actor::Session(session) => session,
                    Actor::Person(_) | Actor::Weir => {
                        let command = wish.command(folds, caller);
                        let guard = weir_guard::decide(&folds.guard, command, caller, ctx)?;
                        let (session, _) = opened(&guard);
                        events.extend(guard.into_iter().map(Event::from));
                        session
                    }
                };
                let task = wanted(folds, ask.task, session, ctx)?;
                let stacked = ask.stacked;
                let command = Command::Claim { task, session, lease, stacked };
                let claimed = weir_work::decide(&folds.work, command, ctx)?;
                let hold = claimed.iter().find_map(|event| match event {
                    WorkEvent::TaskClaimed { hold, .. } | WorkEvent::ClaimRenewed { hold, .. } => {
                        Some(*hold)
                    }
                    _ => None,
                });
                let nothing = || Refusal::new("claim.none", format!("`{task}` was not claimed"));
                let hold = hold.ok_or_else(nothing)?;
                events.extend(claimed.into_iter().map(Event::from));
                Ok(Decided::new(events, (task, hold)))
            })
            .await?;
        let bearer = secret.clone().or(ask.bearer);
        self.equip(task, hold, secret, bearer).await
    }

    /// Gives a task back.
    ///
    /// # Errors
    /// `claim.*`, `task.*`; `right.*` when a person gives back what an agent of somebody else holds.
    pub async fn release_task(&self, caller: &Caller, task: TaskId) -> Result<(), Error> {
        self.run(caller, |folds, ctx| {
            let holder =
                folds.work.task(task).and_then(|task| task.state.hold()).map(|h| h.session);
            let session = match (caller.actor, holder) {
                (Actor::Session(session), _) => session,
                (Actor::Person(person), Some(holder)) => {
                    let owner = folds.guard.root_person(holder);
                    let right = if owner == Some(person) { Right::Claim } else { Right::Admin };
                    folds.guard.require(caller, right)?;
                    holder
                }
                (Actor::Person(_) | Actor::Weir, holder) => holder.unwrap_or_default(),
            };
            let command = Command::Release { task, session };
            let events = weir_work::decide(&folds.work, command, ctx)?;
            Ok(Decided::new(events.into_iter().map(Event::from).collect(), ()))
        })
        .await
    }

    /// Withdraws a task; what it has in review or in the queue goes with it.
    ///
    /// # Errors
    /// `right.*`, `task.*`; `landing.under_way` when it is too late.
    pub async fn withdraw_task(&self, caller: &Caller, task: TaskId) -> Result<(), Error> {
        self.run(caller, |folds, ctx| {
            folds.guard.require(caller, Right::Task)?;
            let person = asking_person(folds, caller)?;
            let command = Command::Withdraw { task, person };
            let withdrawn = weir_work::decide(&folds.work, command, ctx)?;
            let mut events: Vec<Event> = Vec::new();
            let change = folds.review.change_of(task).filter(|change| change.is_open());
            if let Some(change) = change {
                let revision = change.latest().id;
                let dequeue = weir_queue::Command::Dequeue { revision };
                events.extend(
                    weir_queue::decide(&folds.queue, dequeue)?.into_iter().map(Event::from),
                );
                let abandon = weir_review::Command::Abandon { change: change.id };
                let abandoned = weir_review::decide(&folds.review, abandon)?;
                events.extend(abandoned.into_iter().map(Event::from));
            }
            events.extend(withdrawn.into_iter().map(Event::from));
            Ok(Decided::new(events, ()))
        })
        .await?;
        self.stop_idle_tests();
        Ok(())
    }

    /// All that an owner needs to begin: the task's text, and a tree to work in.
    async fn equip(
        &self,
        task: TaskId,
        hold: Hold,
        secret: Option<Secret>,
        bearer: Option<Secret>,
    ) -> Result<Claim, Error> {
        let known = self.read(|folds| folds.work.task(task).cloned());
        let unknown = || Refusal::new("task.unknown", format!("there is no task `{task}`"));
        let known = known.ok_or_else(unknown)?;
        let branch = format!("weir/{task}");
        let worktree = match bearer {
            Some(bearer) => Some(self.make_tree(task, hold.session, &branch, bearer).await?),
            None => None,
        };
        Ok(Claim {
            task,
            title: known.title,
            text: known.text,
            paths: known.paths,
            session: hold.session,
            token: hold.token,
            expires_at: hold.expires_at,
            secret,
            worktree,
            branch,
            submit: format!("git push weir HEAD:refs/for/{}", self.0.trunk.name()),
        })
    }
}

/// The task that was named, the one the session holds, or the oldest that is ready.
fn wanted(
    folds: &Folds,
    named: Option<TaskId>,
    session: SessionId,
    ctx: &Context,
) -> Result<TaskId, Refusal> {
    let held = || {
        let task = folds.work.task(folds.work.held_by(session)?)?;
        matches!(task.state, State::Claimed(hold) if ctx.now < hold.expires_at).then_some(task.id)
    };
    let oldest = || folds.work.ready(ctx.now).next().map(|task| task.id);
    named.or_else(held).or_else(oldest).ok_or_else(|| {
        Refusal::new("task.none_ready", "no task is ready to be claimed")
            .hint("see what the others wait for: `weir status`")
    })
}

/// The person who asks, or who answers for the session that asks.
fn asking_person(folds: &Folds, caller: &Caller) -> Result<PersonId, Refusal> {
    let person = match caller.actor {
        Actor::Person(person) => Some(person),
        Actor::Session(session) => folds.guard.root_person(session),
        Actor::Weir => None,
    };
    person.ok_or_else(|| Refusal::new("person.needed", "only a person can do this"))
}
