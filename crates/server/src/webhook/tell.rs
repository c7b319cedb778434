//! What is told of a record: what the inbox shows of it, no more.

use crate::see::See;
use crate::weir::Weir;
use crate::wire::{Approval, Who};
use serde::Serialize;
use std::time::Duration;
use weir_ledger::Record;
use weir_model::event::act::Event as ActEvent;
use weir_model::{Event, Position, Timestamp};

/// An event, as it is posted.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    /// Its place in the ledger: the same whenever it is posted again.
    id: Position,
    event: &'static str,
    at: Timestamp,
    space: String,
    sentence: String,
    /// Where a person looks, and answers.
    link: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<Who>,
    /// The request as it stands now.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<Approval>,
    #[serde(skip)]
    pub(super) age: Duration,
}

impl Told {
    /// What is told of a record; nothing of most.
    pub(super) fn of(weir: &Weir, record: &Record) -> Option<Self> {
        let event = act(record)?;
        let name = name(&event)?;
        let (now, outlook) = (weir.engine.now(), weir.engine.outlook());
        Some(weir.engine.read(|folds| {
            let see = See { folds, now, outlook: &outlook };
            let approval = approval(&event).and_then(|id| folds.acts.approval(id));
            let session = event.session().or(approval.map(|approval| approval.session));
            let page = match (approval, session) {
                (Some(approval), _) => format!("/show/{}", approval.id),
                (None, Some(session)) => format!("/show/{session}"),
                (None, None) => "/agents".to_owned(),
            };
            Self {
                id: record.position,
                event: name,
                at: record.at,
                space: folds.guard.space().unwrap_or_default().to_owned(),
                sentence: see.entry(record).sentence,
                link: format!("{}{page}", weir.place.base),
                agent: session.map(|session| see.session_as_who(session)),
                approval: approval.map(|approval| see.approval(approval)),
                age: now.since(record.at),
            }
        }))
    }

    /// Whether a record is one to be told of.
    pub(super) fn is_told(record: &Record) -> bool {
        act(record).as_ref().and_then(name).is_some()
    }

    pub(super) fn id(&self) -> String {
        self.id.to_string()
    }

    pub(super) fn event(&self) -> &'static str {
        self.event
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain data")
    }
}

fn act(record: &Record) -> Option<ActEvent> {
    if record.stream.as_str() != "act" {
        return None;
    }
    match Event::from_json("act", &record.body).ok()? {
        Event::Act(event) => Some(event),
        Event::Guard(_) | Event::Work(_) | Event::Review(_) | Event::Queue(_) => None,
    }
}

/// What a receiver knows the kind by: stable, whatever the version of its shape in the ledger.
fn name(event: &ActEvent) -> Option<&'static str> {
    match event {
        ActEvent::ApprovalAsked { .. } => Some("approval.asked"),
        ActEvent::ApprovalGiven { .. } => Some("approval.given"),
        ActEvent::ApprovalRefused { .. } => Some("approval.refused"),
        ActEvent::BreakerTripped { .. } => Some("breaker.tripped"),
        ActEvent::ToolQuarantined { .. } => Some("tool.quarantined"),
        ActEvent::Unguarded { .. } => Some("session.unguarded"),
        ActEvent::ClientAttached { .. }
        | ActEvent::ClientDetached { .. }
        | ActEvent::HookChecked { .. }
        | ActEvent::ActDecided { .. }
        | ActEvent::ActsLooked { .. }
        | ActEvent::ActsAlone { .. }
        | ActEvent::ActFinished { .. }
        | ActEvent::SessionTainted { .. }
        | ActEvent::SessionCleared { .. }
        | ActEvent::Paused { .. }
        | ActEvent::Resumed { .. }
        | ActEvent::PolicySet { .. }
        | ActEvent::ToolPinned { .. }
        | ActEvent::SpendCounted { .. }
        | ActEvent::ToolServerNoticed { .. } => None,
    }
}

fn approval(event: &ActEvent) -> Option<weir_model::ApprovalId> {
    let (ActEvent::ApprovalAsked { approval, .. }
    | ActEvent::ApprovalGiven { approval, .. }
    | ActEvent::ApprovalRefused { approval, .. }) = event
    else {
        return None;
    };
    Some(*approval)
}
