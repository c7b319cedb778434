//! The git boundary: from the bytes of a push to git's own answer. No ref moves before everything here is decided.

use super::{Asked, PushReply, Verdict};
use crate::{Caller, Engine, Error};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};
use weir_git::{Body, Decision, Push, Quarantine};
use weir_model::{Actor, Refusal, RevisionId};

/// What a push may hold beside its pack: commands and options.
const COMMANDS_BYTES_MAX: u64 = 1 << 20;

impl Engine {
    /// Takes a push in, from the body of `POST …/git-receive-pack` as it was sent; gives the body of the answer.
    /// Refusals and failures are told in git's own output, so this always answers.
    pub async fn receive<R: AsyncRead + Unpin>(
        &self,
        caller: &Caller,
        body: R,
        encoding: Option<&str>,
    ) -> Result<Vec<u8>, Error> {
        let limit = self.push_limit(caller);
        let mut body = Body::new(body, encoding, limit.saturating_add(COMMANDS_BYTES_MAX))?;
        // A client that only asks whether it may push.
        let Some(push) = Push::read(&mut body).await? else { return Ok(Vec::new()) };
        let mut body = Counted { inner: body, bytes: 0 };
        Ok(match self.take_in(caller, &push, &mut body, limit).await {
            Ok(reply) => push.answer(&[accepted(&reply)], &self.told(&reply)),
            Err(Error::Refused(refusal)) => push.refuse(&refusal),
            Err(Error::Failed(failure)) => {
                tracing::error!(error = %crate::core::chain(&failure), "could not take a push in");
                push.refuse(&failure.told())
            }
        })
    }

    async fn take_in<R: AsyncRead + Unpin>(
        &self,
        caller: &Caller,
        push: &Push,
        body: &mut Counted<R>,
        limit: u64,
    ) -> Result<PushReply, Error> {
        let [update] = push.updates.as_slice() else {
            let refusal =
                Refusal::new("push.one_ref", "a push brings one change, and so names one ref");
            let hint = format!("`git push weir HEAD:refs/for/{}`", self.0.trunk.name());
            weir_git::hear_out(body, limit).await;
            return Err(self.refuse_push(caller, &asked(push, 0), refusal.hint(hint)).await);
        };
        debug_assert_eq!(push.updates.len(), 1);
        let taken = Quarantine::take(&self.0.trunk, push, body, limit).await;
        let quarantine = match taken.map_err(Error::from) {
            Ok(quarantine) => quarantine,
            Err(Error::Refused(refusal)) => {
                return Err(self.refuse_push(caller, &asked(push, body.bytes), refusal).await);
            }
            Err(failure) => return Err(failure),
        };
        let asked =
            Asked { target: update.name.to_string(), new: update.new, pack_bytes: body.bytes };
        match self.judge_push(caller, &asked, quarantine.objects()).await? {
            Verdict::Entered(reply) => {
                // Its record may have been made without its ref: the disk was full, or git failed.
                if let Some(commit) = update.new {
                    self.keep_revision(reply.revision, &commit.to_string())?;
                }
                Ok(reply)
            }
            Verdict::Enter(judged) => {
                quarantine.accept()?;
                match self.record_push(caller, judged).await {
                    Err(Error::Refused(refusal)) => {
                        Err(self.refuse_push(caller, &asked, refusal).await)
                    }
                    other => other,
                }
            }
        }
    }

    /// The largest pack that the caller may send.
    fn push_limit(&self, caller: &Caller) -> u64 {
        let rules = self.rules().push.bytes_max;
        let mandate = match caller.actor {
            Actor::Session(session) => {
                self.read(|folds| folds.guard.session(session).map(|s| s.mandate.push_bytes_max))
            }
            Actor::Person(_) | Actor::Weir => None,
        };
        mandate.map_or(rules, |mandate| mandate.min(rules))
    }

    /// What the pusher reads.
    fn told(&self, reply: &PushReply) -> Vec<String> {
        let PushReply { revision, task, approvals_needed, place } = reply;
        let next = match place {
            Some(0) => "it is next to be tested".to_owned(),
            Some(place) => format!("{place} before it in the queue"),
            None if *approvals_needed > 0 => {
                format!("it waits for {approvals_needed} approval(s)")
            }
            None => "it is on its way".to_owned(),
        };
        let taken = [
            format!("{revision} for task {task}: taken in, {next}"),
            format!("follow it: weir show {}", revision.change),
        ];
        taken.into_iter().chain(self.warning(*revision)).collect()
    }

    /// Whoever brings a change unseen is told that this was seen.
    fn warning(&self, revision: RevisionId) -> Option<String> {
        let client =
            self.read(|folds| folds.acts.silent_client(folds.review.revision(revision)?.session))?;
        let told = "attached, and its hook told of nothing that was done";
        Some(format!("warning: {} is {told}; a person looks with `weir doctor`", client.title()))
    }
}

fn accepted(reply: &PushReply) -> Decision {
    let (change, number) = (reply.revision.change, reply.revision.number);
    Decision::Accept { as_ref: Some(format!("refs/weir/changes/{change}/{number}")) }
}

fn asked(push: &Push, pack_bytes: u64) -> Asked {
    let names: Vec<String> = push.updates.iter().map(|update| update.name.to_string()).collect();
    Asked { target: names.join(" "), new: None, pack_bytes }
}

/// Counts what was read.
struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: AsyncRead + Unpin> AsyncRead for Counted<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        let before = out.filled().len();
        let polled = Pin::new(&mut this.inner).poll_read(cx, out);
        this.bytes += (out.filled().len() - before) as u64;
        polled
    }
}
