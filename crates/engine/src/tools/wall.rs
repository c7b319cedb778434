//! Every call of a tool goes by the same decision as every other act of an agent, and onto the same record.

use crate::{Answered, Caller, Engine, Error};
use futures::future::BoxFuture;
use std::collections::BTreeSet;
use std::time::Duration;
use weir_gateway::{Act as Asked, Call, Decide, Note, Outcome, Verdict};
use weir_model::act::{Act, Answer, Moment, Tool};
use weir_model::event::act::Event as ActEvent;
use weir_model::{Actor, SessionId};

/// The engine, as the gateway asks it.
pub(super) struct Wall(pub(super) Engine);

/// What is noticed again within so long says nothing new.
const NOTICED: Duration = Duration::from_mins(10);
/// So many different things are remembered as noticed.
const NOTICED_MAX: usize = 1_000;
/// The record keeps so much of a server's own words.
const WORDS_MAX: usize = 500;

impl Decide for Wall {
    fn decide<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            let Some(session) = call.caller.session else {
                // A person has no mandate, no taint and no budget to be judged by.
                let text = "tools of other servers are called by agents in their sessions";
                return Verdict::Refuse { text: text.to_owned() };
            };
            let answered = self.0.act(&caller(session), act(call, Moment::BeforeTool)).await;
            match answered {
                Ok(answered) if answered.ruling.answer == Answer::Allow => Verdict::Allow,
                Ok(answered) => Verdict::Refuse { text: in_words(&answered) },
                Err(Error::Refused(refusal)) => Verdict::Refuse { text: refusal.to_string() },
                Err(error @ Error::Failed(_)) => {
                    tracing::error!("a call could not be decided: {}", crate::core::chain(&error));
                    let text = "it could not be decided, so it is no; try again";
                    Verdict::Refuse { text: text.to_owned() }
                }
            }
        })
    }

    fn note(&self, note: Note) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Err(error) = self.keep(note).await {
                tracing::warn!("not recorded of a tool server: {}", crate::core::chain(&error));
            }
        })
    }
}

impl Wall {
    async fn keep(&self, note: Note) -> Result<(), Error> {
        match note {
            Note::Ended { call, outcome, .. } => self.ended(&call, &outcome).await,
            Note::Denied { call, text } => match call.caller.session {
                Some(session) => {
                    let act = act(&call, Moment::BeforeTool);
                    self.0.refuse_act(&caller(session), act, text).await
                }
                None => Ok(()),
            },
            Note::Quarantined { server, kind, name, why, seen, description } => {
                let text = serde_json::to_string_pretty(&description).unwrap_or_default();
                let text = text.chars().take(1 << 14).collect();
                let (offer, tool, description) = (kind, name, seen);
                let seen =
                    ActEvent::ToolQuarantined { server, offer, tool, description, why, text };
                self.0.record_tools(seen).await
            }
            Note::Asked { server, method } => {
                self.notice(server, format!("it asked for `{method}`, which it may not have")).await
            }
            Note::Masked { server, tool } => {
                let what = format!("its answer to `{tool}` held a secret, which was masked");
                self.notice(server, what).await
            }
            Note::Down { server, why } => self.notice(server, why).await,
        }
    }

    async fn ended(&self, call: &Call, outcome: &Outcome) -> Result<(), Error> {
        let Some(session) = call.caller.session else { return Ok(()) };
        let moment = match outcome {
            Outcome::Done { .. } => Moment::AfterTool,
            Outcome::Error { .. } | Outcome::Failed { .. } | Outcome::Cancelled => {
                Moment::ToolFailed
            }
        };
        self.0.act(&caller(session), act(call, moment)).await.map(|_| ())
    }

    async fn notice(&self, server: String, what: String) -> Result<(), Error> {
        let what: String = what.chars().take(WORDS_MAX).collect();
        let now = self.0.now();
        {
            let noticed = &self.0.0.tools.noticed;
            let mut noticed = noticed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            noticed.retain(|_, at| now.since(*at) < NOTICED);
            let key = (server.clone(), what.clone());
            if noticed.len() >= NOTICED_MAX || noticed.insert(key, now).is_some() {
                return Ok(());
            }
        }
        self.0.record_tools(ActEvent::ToolServerNoticed { server, what }).await
    }
}

/// The session itself: what it may do is decided, not assumed.
fn caller(session: SessionId) -> Caller {
    Caller { actor: Actor::Session(session), rights: BTreeSet::new(), token: None }
}

/// A call as an act. What is no tool has a name that says so, so that a rule about one is never about the other.
fn act(call: &Call, moment: Moment) -> Act {
    let name = match call.act {
        Asked::CallTool => call.tool.clone(),
        Asked::GetPrompt => format!("prompt:{}", call.tool),
        Asked::ReadResource => format!("resource:{}", call.tool),
        Asked::Complete => format!("complete:{}", call.tool),
    };
    let server = if call.server.is_empty() { "unlisted".to_owned() } else { call.server.clone() };
    let tool = Tool::Mcp { server, name, arguments: call.arguments.to_string() };
    let cwd = call.caller.worktree.as_ref().map(|tree| tree.display().to_string());
    Act {
        client: None,
        moment,
        conversation: String::new(),
        subagent: None,
        call: Some(call.id.to_string()),
        cwd: cwd.unwrap_or_default(),
        mode: None,
        tool,
    }
}

/// A refusal that the agent can act on.
fn in_words(answered: &Answered) -> String {
    let mut lines: Vec<String> = Vec::new();
    for reason in &answered.ruling.reasons {
        let hint = reason.hint.as_deref().map(|hint| format!("; {hint}")).unwrap_or_default();
        lines.push(format!("{}{hint} (`{}`)", reason.sentence, reason.policy));
    }
    if answered.ruling.answer == Answer::Ask {
        let which = answered.approval.map(|approval| format!(" `{approval}`")).unwrap_or_default();
        lines.push(format!(
            "Approval{which} was asked for. Once it is given, make exactly the same call again; until then go on with \
             something else."
        ));
    }
    lines.join("\n")
}
