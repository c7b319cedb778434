//! An act is decided: the disk says where its paths lead, the guard what it comes to and what policies say, the
//! session's past is added, and all that is recorded before anybody hears the answer.

use super::files::Disk;
use crate::core::Decided;
use crate::meet::sessions::asking_session;
use crate::{Caller, Engine, Error, Failure, Folds};
use std::sync::Arc;
use weir_guard::acts::{self, Question};
use weir_guard::policy::{self, Bundle};
use weir_model::act::{Act, Answer, Effect, Moment, Reason, Ruling, Taint, Tool};
use weir_model::event::act::{Event as ActEvent, Look};
use weir_model::{ApprovalId, Event, Position, Refusal, SessionId};

/// What an act was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The answer and its grounds.
    pub ruling: Ruling,
    /// The request that waits for a person, or the grant that let it pass.
    pub approval: Option<ApprovalId>,
    /// Its record; none for a look that was allowed, which is recorded in a batch.
    pub decision: Option<Position>,
    /// What an agent should know as its session begins.
    pub context: Option<String>,
}

impl Answered {
    fn silent() -> Self {
        Self { ruling: Ruling::allow(), approval: None, decision: None, context: None }
    }
}

/// An act, and all that was found out about it.
struct Found {
    scope_text: String,
    bundle: Arc<Bundle>,
    effects: Vec<Effect>,
    ruling: Ruling,
    meets: Vec<(Taint, String)>,
}

impl Engine {
    /// Answers what a client tells of the session that calls. Where the client waits for a yes, the decision is
    /// durable before it gets one; what only looks is recorded in batches.
    ///
    /// # Errors
    /// `session.*` when the caller is no session or may not act; failures of the ledger, and then nothing is allowed.
    pub async fn act(&self, caller: &Caller, act: Act) -> Result<Answered, Error> {
        let session = asking_session(caller)?;
        match act.moment {
            moment if moment.is_decided() => self.decide_act(caller, session, act, None).await,
            Moment::AfterTool => self.finish_act(caller, session, &act, false).await,
            Moment::ToolFailed => self.finish_act(caller, session, &act, true).await,
            Moment::SessionStart => {
                let context = self.read(|folds| welcome(folds, session));
                Ok(Answered { context: Some(context), ..Answered::silent() })
            }
            Moment::SessionEnd | Moment::Stop => {
                self.write_looks(session)?;
                Ok(Answered::silent())
            }
            Moment::BeforeTool
            | Moment::Permission
            | Moment::Prompt
            | Moment::Configure
            | Moment::SubagentStart
            | Moment::SubagentEnd
            | Moment::Other => Ok(Answered::silent()),
        }
    }

    /// Records that an act was refused by a wall that had nothing to decide: what it asks for is not there.
    pub(crate) async fn refuse_act(
        &self,
        caller: &Caller,
        act: Act,
        sentence: String,
    ) -> Result<(), Error> {
        let session = asking_session(caller)?;
        let (policy, answer) = ("tool.denied".to_owned(), Answer::Deny);
        let reason = Reason { policy, answer, sentence, hint: None, effect: None };
        self.decide_act(caller, session, act, Some(Ruling::because(reason))).await.map(drop)
    }

    /// Decides by the policies, unless the ruling is `given`.
    async fn decide_act(
        &self,
        caller: &Caller,
        session: SessionId,
        act: Act,
        given: Option<Ruling>,
    ) -> Result<Answered, Error> {
        let act = Arc::new(act);
        let found = Arc::new(if is_short(&act) && self.0.mounts.are_all_here() {
            // Handing it to another thread and back would take as long again.
            self.find_out(session, &act, given)?
        } else {
            let (engine, act) = (self.clone(), Arc::clone(&act));
            let found =
                tokio::task::spawn_blocking(move || engine.find_out(session, &act, given)).await;
            let lost = |_| Failure::Other("an act could not be looked at".into());
            found.map_err(lost)??
        });
        let answered = self
            .run(caller, |folds, ctx| {
                let lineage = folds.guard.lineage_of(session);
                let person = folds.guard.root_person(session).unwrap_or_default();
                let question = Question {
                    lineage: &lineage,
                    person,
                    act: &act,
                    effects: &found.effects,
                    ruling: &found.ruling,
                    scope: &found.scope_text,
                    bundle: found.bundle.digest(),
                    meets: &found.meets,
                    position: folds.position.next(),
                };
                let decision = folds.acts.decide(&question, ctx);
                let (ruling, approval) = (decision.ruling, decision.approval);
                let recorded = (!decision.events.is_empty()).then(|| folds.position.next());
                let answered = Answered { ruling, approval, decision: recorded, context: None };
                Ok(Decided::new(decision.events.into_iter().map(Event::from).collect(), answered))
            })
            .await?;
        if answered.decision.is_none() && answered.ruling.answer == Answer::Allow {
            let (at, effects) = (self.now(), found.effects.clone());
            let look = Look { at, act: acts::for_record(&act), effects };
            self.keep_look(session, &found.scope_text, found.bundle.digest(), look)?;
        }
        Ok(answered)
    }

    fn find_out(
        &self,
        session: SessionId,
        act: &Act,
        given: Option<Ruling>,
    ) -> Result<Found, Error> {
        let mut scope = self.scope_of(session, self.now())?;
        if act.client.is_none() {
            // What a client calls by the name of one of these may be a server of the agent's own.
            let servers = self.tool_servers();
            scope.tools.extend(servers.servers.iter().map(|server| server.name.clone()));
        }
        let bundle = self.policies();
        let tree = scope.worktree.clone().unwrap_or_default();
        let disk = Disk { tree: &tree };
        let effects =
            weir_guard::effects::of(act, &weir_guard::effects::place(&scope, &act.cwd, &disk));
        let ruling = given.unwrap_or_else(|| policy::ruling(&bundle, &scope, act, &effects));
        let meets = acts::met(
            &act.tool,
            &effects,
            |path| policy::is_secret(path, &scope),
            |host| policy::is_trusted(host, &scope),
        );
        let scope_text = serde_json::to_string(&scope)
            .map_err(|error| Failure::Other(format!("a scope could not be written: {error}")))?;
        Ok(Found { scope_text, bundle, effects, ruling, meets })
    }

    /// A call came to an end. What was only looked at and went well needs no record of its own.
    async fn finish_act(
        &self,
        caller: &Caller,
        session: SessionId,
        act: &Act,
        failed: bool,
    ) -> Result<Answered, Error> {
        self.may_have_written(session, act);
        let exactly = acts::exactly(act);
        let is_kept = self.is_kept_look(session, exactly);
        let call = act.call.clone();
        self.run(caller, |folds, _| {
            let doing = folds.acts.session(session);
            let is_decided = is_kept || doing.is_some_and(|doing| doing.has_decided(exactly));
            // Without a client attached nobody promised that its hooks are complete.
            let undecided = !is_decided && doing.is_some_and(|doing| doing.client.is_some());
            // A client may tell of a call that it did not make as one that failed; what went well was made.
            let refused = !failed
                && !is_kept
                && doing.is_some_and(|doing| doing.has_refused(exactly, call.as_ref()));
            let recovers = doing.is_some_and(|doing| doing.is_failing(exactly));
            if !failed && !undecided && !refused && (is_kept || !recovers) {
                return Ok(Decided::new(Vec::new(), ()));
            }
            let call = call.clone();
            let finished = ActEvent::ActFinished { session, exactly, call, failed, undecided };
            let why = "a call happened that had been refused".to_owned();
            let open = refused.then_some(ActEvent::Unguarded { session, why });
            let events = std::iter::once(finished).chain(open).map(Event::from).collect();
            Ok(Decided::new(events, ()))
        })
        .await?;
        Ok(Answered::silent())
    }
}

/// Whether what is to be understood of an act is soon understood.
fn is_short(act: &Act) -> bool {
    const SHORT: usize = 2_000;
    const FEW: usize = 20;
    match &act.tool {
        Tool::Shell { command, .. } => command.len() <= SHORT,
        Tool::Read { paths } => paths.len() <= FEW,
        Tool::Write { files } => files.len() <= FEW,
        Tool::Web { .. } | Tool::Subagent { .. } | Tool::Prompt { .. } => true,
        Tool::Inward { .. } | Tool::None => true,
        Tool::Mcp { arguments, .. } | Tool::Unknown { arguments, .. } => arguments.len() <= SHORT,
    }
}

/// What an agent should know as its session begins.
fn welcome(folds: &Folds, session: SessionId) -> String {
    let task = folds.work.held_by(session).and_then(|task| folds.work.task(task));
    let task = task.map_or_else(
        || "It holds no task yet.".to_owned(),
        |task| {
            let paths = task.paths.patterns().join(" ");
            format!("It holds task {}, \"{}\", which may touch: {paths}.", task.id, task.title)
        },
    );
    format!(
        "This is Weir session {session}. {task} What you do is decided by policies when you do it; a refusal says \
         why and what to do next. Where a person must say yes first, go on with something else and make exactly the \
         same call again later."
    )
}

/// Asking for a decision's record gives its facts back.
pub(crate) fn decided(event: &Event) -> Result<&ActEvent, Refusal> {
    match event {
        Event::Act(
            event @ (ActEvent::ActDecided { .. }
            | ActEvent::ActsLooked { .. }
            | ActEvent::ActsAlone { .. }),
        ) => Ok(event),
        Event::Act(_) | Event::Guard(_) | Event::Work(_) | Event::Review(_) | Event::Queue(_) => {
            Err(Refusal::new("decision.unknown", "that record is no decision about an act")
                .hint("`weir agents` and `weir log` show decisions: pass the `E…` beside one"))
        }
    }
}
