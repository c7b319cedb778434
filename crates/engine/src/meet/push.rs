//! A push: git brings the facts, work says whose claim it is, the guard judges, review takes the revision, and
//! only then does a ref move. The objects are durable before the record, the record before the ref: whatever
//! is killed in between, the next start finds either nothing or a record whose ref it can make.

mod facts;
mod receive;
#[cfg(test)]
mod tests;

use crate::core::Decided;
use crate::meet::sessions::asking_session;
use crate::meet::stack;
use crate::{Caller, Engine, Error, Folds};
use facts::Facts;
use weir_git::{CommitId, Objects, Reader, TreeId};
use weir_model::act::Client;
use weir_model::config::Unguarded;
use weir_model::event::Mandate;
use weir_model::event::review::Event as ReviewEvent;
use weir_model::event::work::Hold;
use weir_model::{Actor, Event, PathSet, Refusal, RevisionId, SessionId, TaskId, Timestamp};
use weir_review::Submission;

/// What a push asks for: one ref, and what it should become.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The ref, shown lossily where it is not UTF-8.
    pub(crate) target: String,
    /// The commit; none when the ref should be deleted.
    pub(crate) new: Option<CommitId>,
    /// How large the push is, in bytes as git sends it.
    pub(crate) pack_bytes: u64,
}

/// A push that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushReply {
    /// The revision it became, or was already.
    pub revision: RevisionId,
    /// Its task.
    pub task: TaskId,
    /// How many approvals it waits for.
    pub approvals_needed: u32,
    /// Its place in the queue, counted from 0, if it waits to be tested.
    pub place: Option<usize>,
}

/// A push that passed every rule, and what to record for it.
pub(crate) struct Judged {
    hold: Hold,
    submission: Submission,
}

/// What the git boundary found.
pub(crate) enum Verdict {
    /// It may enter: keep its objects, then [`Engine::record_push`].
    Enter(Judged),
    /// It has entered before: a push whose reply was lost.
    Entered(PushReply),
}

impl Engine {
    /// Judges a push by its facts, before any ref moves. A refusal is recorded.
    pub(crate) async fn judge_push(
        &self,
        caller: &Caller,
        asked: &Asked,
        objects: &Objects,
    ) -> Result<Verdict, Error> {
        match self.examine_apart(caller, asked, objects).await {
            Err(Error::Refused(refusal)) => Err(self.refuse_push(caller, asked, refusal).await),
            verdict => verdict,
        }
    }

    /// On a thread that may take its time: to look through a large push takes seconds, and meanwhile everybody else
    /// must be answered.
    async fn examine_apart(
        &self,
        caller: &Caller,
        asked: &Asked,
        objects: &Objects,
    ) -> Result<Verdict, Error> {
        let (engine, caller, asked) = (self.clone(), caller.clone(), asked.clone());
        let objects = objects.clone();
        let examined =
            tokio::task::spawn_blocking(move || engine.examine(&caller, &asked, &objects)).await;
        examined.unwrap_or_else(|_| {
            Err(crate::Failure::Other("a push could not be looked through".into()).into())
        })
    }

    /// Records a refusal, and gives it back.
    pub(crate) async fn refuse_push(
        &self,
        caller: &Caller,
        asked: &Asked,
        refusal: Refusal,
    ) -> Error {
        let session = match caller.actor {
            Actor::Session(session) => Some(session),
            Actor::Person(_) | Actor::Weir => None,
        };
        let task =
            session.and_then(|session| self.read(|folds| folds.work.last_claimed_by(session)));
        let command = weir_guard::Command::RecordRefusedPush {
            session,
            task,
            target: asked.target.clone(),
            code: refusal.code.to_string(),
            sentence: refusal.sentence.clone(),
        };
        // As Weir: what was refused may be refused because the caller is no longer anybody.
        let weir = Caller::weir();
        match self.run_guard(&weir, command, |_| ()).await {
            Ok(()) => refusal.into(),
            Err(failure) => failure,
        }
    }

    /// Records a push whose objects are durable, and moves its ref.
    pub(crate) async fn record_push(
        &self,
        caller: &Caller,
        judged: Judged,
    ) -> Result<PushReply, Error> {
        let Judged { hold, submission } = judged;
        let commit = submission.commit.clone();
        let task = submission.task;
        let run = self.run(caller, |folds, ctx| {
            // Between the judgement and this instant the claim may have ended, or gone to another.
            folds.guard.session_alive(hold.session, ctx.now)?;
            let live = folds.work.live_claim(task, hold.session, ctx.now)?;
            stack::require_still(folds, task, submission.below)?;
            let submission = Submission { token: live.token, ..submission.clone() };
            let change = folds.review.change_for(task);
            let submitted =
                weir_review::decide(&folds.review, weir_review::Command::Submit(submission))?;
            let submit = weir_work::Command::Submit { task, session: hold.session, change };
            let handed_over = weir_work::decide(&folds.work, submit, ctx)?;
            let (mut queued, mut reply) = (Vec::new(), None);
            for event in &submitted {
                if let ReviewEvent::RevisionSubmitted {
                    revision,
                    commit,
                    approvals_needed,
                    below,
                    ..
                } = event
                {
                    let (revision, commit, below) = (*revision, commit.clone(), *below);
                    reply = Some((revision, *approvals_needed));
                    if *approvals_needed == 0 {
                        let wait = weir_queue::Command::Enqueue { revision, task, commit, below };
                        queued.extend(weir_queue::decide(&folds.queue, wait)?);
                    }
                }
            }
            let mut events: Vec<Event> = submitted.into_iter().map(Event::from).collect();
            events.extend(handed_over.into_iter().map(Event::from));
            events.extend(queued.into_iter().map(Event::from));
            let nothing = || Refusal::new("change.unknown", "the push would leave no change");
            Ok(Decided::new(events, reply.ok_or_else(nothing)?))
        });
        let (revision, approvals_needed) = run.await?;
        self.keep_revision(revision, &commit)?;
        let place = self.read(|folds| folds.queue.entry(revision).map(|(place, _)| place));
        Ok(PushReply { revision, task, approvals_needed, place })
    }

    /// Makes the ref that keeps a revision alive and lets anybody fetch it.
    pub(crate) fn keep_revision(&self, revision: RevisionId, commit: &str) -> Result<(), Error> {
        let RevisionId { change, number } = revision;
        let name = format!("refs/weir/changes/{change}/{number}");
        self.0.trunk.create_ref(&name, commit.parse()?)?;
        Ok(())
    }

    /// Whether the merge of a revision, which made the one tree of the other, stays within what its session might touch.
    pub(crate) fn judge_merge(
        &self,
        revision: RevisionId,
        reader: &Reader,
        onto: CommitId,
        trees: [TreeId; 2],
    ) -> Result<(), Error> {
        let known = self.read(|folds| {
            let change = folds.review.change(revision.change)?;
            let session = folds.guard.session(folds.review.revision(revision)?.session)?;
            let paths = folds.work.task(change.task)?.paths.clone();
            Some((session.mandate.clone(), paths))
        });
        let Some((mandate, paths)) = known else { return Ok(()) };
        let facts = Facts::of_merge(reader, onto, trees)?;
        // A merge that changes nothing is no longer of use, and harms nobody.
        if facts.changed().is_empty() {
            return Ok(());
        }
        let asked =
            Asked { target: format!("refs/for/{}", self.0.trunk.name()), new: None, pack_bytes: 0 };
        Ok(self.judge_facts(&facts, &asked, &mandate, &paths)?)
    }

    fn judge_facts(
        &self,
        facts: &Facts,
        asked: &Asked,
        mandate: &Mandate,
        task: &PathSet,
    ) -> Result<(), Refusal> {
        let layers: Vec<_> = mandate.paths.iter().chain([task]).collect();
        let push = weir_guard::push::Push {
            trunk: self.0.trunk.name(),
            target: &asked.target,
            delete: facts.deletes,
            commits: facts.commits,
            pack_bytes: asked.pack_bytes,
            base_is_on_trunk: facts.base.is_some(),
            changed: &facts.changed(),
        };
        let limits = weir_guard::push::Limits::new(&self.rules().push, mandate);
        weir_guard::push::judge(&push, &layers, &limits, task)
    }

    fn examine(&self, caller: &Caller, asked: &Asked, objects: &Objects) -> Result<Verdict, Error> {
        let session = asking_session(caller)?;
        self.see_silence(session)?;
        let now = self.now();
        let trunk = self.0.trunk.name();
        let commit = asked.new.map(|commit| commit.to_string()).unwrap_or_default();
        let (hold, task, mandate) = match self.read(|folds| claim_of(folds, session, now)) {
            Ok(found) => found,
            Err(refusal) => {
                // The owner of a submitted task holds nothing; pushing the same commit again is safe.
                let again = self.read(|folds| submitted_by(folds, session, &commit));
                return match again.and_then(|task| self.entered(task, &commit)) {
                    Some(reply) => Ok(Verdict::Entered(reply)),
                    None => Err(refusal.into()),
                };
            }
        };
        let paths = self.read(|folds| folds.work.task(task).map(|task| task.paths.clone()));
        let paths = paths.unwrap_or_default();
        let tip = self.0.trunk.tip()?;
        let rules = self.rules();
        let limits = weir_guard::push::Limits::new(&rules.push, &mandate);
        let below = match self.read(|folds| stack::below(folds, task))? {
            Some((below, held)) => Some((below, held.parse::<CommitId>()?)),
            None => None,
        };
        if let (Some((below, held)), Some(new)) = (below, asked.new) {
            stack::require_upon(objects, new, below, held)?;
        }
        // What it builds upon was judged as that was brought, and lands by its own change alone.
        let from = below.map_or(tip, |(_, held)| held);
        let facts = match asked.new {
            Some(new) => Facts::gather(objects, from, new, limits.commits_max)?,
            None => Facts::of_deletion(),
        };
        self.judge_facts(&facts, asked, &mandate, &paths)?;
        let allowed = facts::allowed_secrets(&self.0.trunk, tip)?;
        weir_guard::secrets::judge(&facts.secrets(objects, &allowed, &limits)?)?;
        if let Some(new) = asked.new {
            // A gate that cannot be read must not land.
            crate::rules::committed(&objects.reader(), objects.tree(new)?)?;
            if facts.touches(crate::policies::FOLDER) {
                self.judge_policies(objects, new)?;
            }
            if facts.touches(crate::tools::FILE) {
                crate::tools::registry(objects, new)?;
            }
        }
        let person = self.read(|folds| folds.guard.root_person(session)).unwrap_or_default();
        let submission = Submission {
            task,
            session,
            person,
            token: hold.token,
            trunk: trunk.to_owned(),
            commit,
            base: facts.base.map(|base| base.to_string()).unwrap_or_default(),
            title: facts.title.clone(),
            paths: facts.shown_paths(),
            approvals_needed: self
                .read(|folds| folds.queue.gate().map_or(0, |g| g.approvals_needed)),
            below: below.map(|(below, _)| below),
        };
        Ok(Verdict::Enter(Judged { hold, submission }))
    }

    /// A client is attached, and its hook told of nothing: on record before the change is, and refused where the trunk
    /// says so.
    fn see_silence(&self, session: SessionId) -> Result<(), Error> {
        if self.silent_client(session).is_some() {
            // What it looked at may be on its way to a record.
            self.write_looks(session)?;
        }
        let Some(client) = self.silent_client(session) else { return Ok(()) };
        self.0.core.run_blocking(Actor::Weir, None, |folds, _| {
            let seen = folds.acts.brought_in_silence(session);
            Ok(Decided::new(seen.into_iter().map(Event::from).collect(), ()))
        })?;
        match self.rules().guard.unguarded {
            Unguarded::Record => Ok(()),
            Unguarded::Refuse => Err(weir_guard::acts::silent(session, client).into()),
        }
    }

    fn silent_client(&self, session: SessionId) -> Option<Client> {
        self.read(|folds| folds.acts.silent_client(session))
    }

    /// What a push of `commit` for `task` became.
    fn entered(&self, task: TaskId, commit: &str) -> Option<PushReply> {
        self.read(|folds| {
            let latest = folds.review.change_of(task)?.latest();
            (latest.commit == commit).then(|| PushReply {
                revision: latest.id,
                task,
                approvals_needed: latest.approvals_needed,
                place: folds.queue.entry(latest.id).map(|(place, _)| place),
            })
        })
    }
}

/// The claim that a push rests on, and the mandate it stays within.
fn claim_of(
    folds: &Folds,
    session: SessionId,
    now: Timestamp,
) -> Result<(Hold, TaskId, Mandate), Refusal> {
    let alive = folds.guard.session_alive(session, now)?;
    // To say who has it now, rather than that there is none.
    let last = || folds.work.last_claimed_by(session);
    let task = folds.work.held_by(session).or_else(last).ok_or_else(|| {
        let sentence = format!("session `{session}` holds no task");
        Refusal::new("claim.none", sentence).hint("claim one first: `weir task claim T1`")
    })?;
    let hold = folds.work.live_claim(task, session, now)?;
    Ok((hold, task, alive.mandate.clone()))
}

/// The task for which this session brought `commit` before.
fn submitted_by(folds: &Folds, session: SessionId, commit: &str) -> Option<TaskId> {
    let task = folds.work.last_claimed_by(session)?;
    let latest = folds.review.change_of(task)?.latest();
    (latest.session == session && latest.commit == commit).then_some(task)
}
