//! Acts: people answer agents, hold them and let them go; clients are wired to sessions.

mod decide;
mod files;
mod guard;
mod looks;
mod mounts;
mod offline;
mod prove;
mod scope;
#[cfg(test)]
mod tests;

pub use decide::Answered;
pub use files::Disk;
pub use guard::{Explained, Files, Otherwise};
pub(crate) use looks::Looks;
pub(crate) use mounts::Mounts;
pub use offline::Holds;
pub(crate) use offline::Leaves;
pub use prove::Proved;

use crate::core::Decided;
use crate::{Caller, Engine, Error, Folds};
use weir_model::act::{Client, Taint};
use weir_model::event::act::{Event as ActEvent, Reach};
use weir_model::{ApprovalId, Context, Event, Lease, Refusal, SessionId};

impl Engine {
    /// Lets an act happen `uses` times within `length`; an hour unless said.
    ///
    /// # Errors
    /// `approval.*`, `right.*`.
    pub async fn give_approval(
        &self,
        caller: &Caller,
        approval: ApprovalId,
        uses: u32,
        length: Option<Lease>,
    ) -> Result<(), Error> {
        let length = length.map_or(weir_guard::acts::GRANT, Lease::length);
        self.run_acts(caller, |folds, ctx| {
            folds.acts.give(&folds.guard, caller, (approval, uses, length), ctx)
        })
        .await
    }

    /// Refuses an act, with words for the agent.
    ///
    /// # Errors
    /// `approval.*`, `right.*`.
    pub async fn refuse_approval(
        &self,
        caller: &Caller,
        approval: ApprovalId,
        why: String,
    ) -> Result<(), Error> {
        self.run_acts(caller, |folds, ctx| {
            folds.acts.refuse(&folds.guard, caller, (approval, why.clone()), ctx)
        })
        .await
    }

    /// Stops agents from their next act on.
    ///
    /// # Errors
    /// `pause.*`, `session.unknown`, `right.*`.
    pub async fn pause(&self, caller: &Caller, reach: Reach, why: String) -> Result<(), Error> {
        self.run_acts(caller, |folds, _| {
            folds.acts.pause(&folds.guard, caller, (reach, why.clone()))
        })
        .await
    }

    /// Lets agents go on.
    ///
    /// # Errors
    /// `pause.*`, `session.unknown`, `right.*`.
    pub async fn resume(&self, caller: &Caller, reach: Reach) -> Result<(), Error> {
        self.run_acts(caller, |folds, _| folds.acts.resume(&folds.guard, caller, reach)).await
    }

    /// Clears a session of what it carries.
    ///
    /// # Errors
    /// `taint.*`, `right.*`.
    pub async fn clear_taint(
        &self,
        caller: &Caller,
        session: SessionId,
        taint: Taint,
        why: String,
    ) -> Result<(), Error> {
        self.run_acts(caller, |folds, _| {
            folds.acts.clear(&folds.guard, caller, (session, taint, why.clone()))
        })
        .await
    }

    /// A client tells what a conversation of the session that calls has cost so far.
    ///
    /// # Errors
    /// `session.*` when the caller is no session or may not act.
    pub async fn count_spend(
        &self,
        caller: &Caller,
        conversation: &str,
        tokens: u64,
    ) -> Result<(), Error> {
        let session = crate::meet::sessions::asking_session(caller)?;
        let conversation: String = conversation.chars().take(200).collect();
        self.run_acts(caller, |folds, _| {
            let known = folds.acts.session(session);
            let is_new = known.is_none_or(|known| known.spends(&conversation, tokens));
            let conversation = conversation.clone();
            let counted = ActEvent::SpendCounted { session, conversation, tokens };
            Ok(if is_new { vec![counted] } else { Vec::new() })
        })
        .await
    }

    /// A client was wired to a session.
    ///
    /// # Errors
    /// `session.*`, `right.*`.
    pub async fn attach(
        &self,
        caller: &Caller,
        session: SessionId,
        client: Client,
        version: String,
        worktree: String,
    ) -> Result<(), Error> {
        self.run_acts(caller, |folds, ctx| {
            folds.guard.may_manage(caller, session)?;
            folds.guard.session_alive(session, ctx.now)?;
            let (version, worktree) = (version.clone(), worktree.clone());
            Ok(vec![ActEvent::ClientAttached { session, client, version, worktree }])
        })
        .await
    }

    /// A client's wiring was undone.
    ///
    /// # Errors
    /// `session.unknown`, `right.*`.
    pub async fn detach(
        &self,
        caller: &Caller,
        session: SessionId,
        client: Client,
    ) -> Result<(), Error> {
        self.run_acts(caller, |folds, _| {
            folds.guard.may_manage(caller, session)?;
            Ok(vec![ActEvent::ClientDetached { session, client }])
        })
        .await
    }

    /// What a canary, or a look at the wiring, showed of a client's hook.
    ///
    /// # Errors
    /// `session.*`, `right.*`.
    pub async fn hook_checked(
        &self,
        caller: &Caller,
        session: SessionId,
        (client, version): (Client, String),
        (holds, found): (bool, String),
    ) -> Result<(), Error> {
        self.run_acts(caller, |folds, ctx| {
            folds.guard.may_manage(caller, session)?;
            folds.guard.session_alive(session, ctx.now)?;
            let (version, found) = (version.clone(), found.clone());
            Ok(vec![ActEvent::HookChecked { session, client, version, holds, found }])
        })
        .await
    }

    async fn run_acts(
        &self,
        caller: &Caller,
        decide: impl Fn(&Folds, &Context) -> Result<Vec<ActEvent>, Refusal>,
    ) -> Result<(), Error> {
        self.run(caller, |folds, ctx| {
            let events = decide(folds, ctx)?;
            Ok(Decided::new(events.into_iter().map(Event::from).collect(), ()))
        })
        .await
    }
}
