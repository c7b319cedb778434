//! What comes of a call, and what happens while it lasts.

use crate::mask::Mask;
use serde_json::{Map, Value};
use tokio::sync::mpsc::Sender;
use weir_model::Refusal;

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The server's result, in the protocol's own shape, without secrets.
    Done(Map<String, Value>),
    /// An error of the server's.
    Error {
        /// The code of JSON-RPC.
        code: i64,
        /// Its words, without secrets.
        message: String,
        /// What it adds to them, without secrets.
        data: Option<Value>,
    },
    /// It did not happen, or nobody knows how it ended: the agent reads why, and what to do. `tool.unlisted`,
    /// `tool.quarantined`, `tool.refused`, `tool.failed`, `tool.busy`.
    Refused(Refusal),
}

/// How a call is made, beyond what is called.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// Who wants to hear of progress and logs.
    pub sink: Option<Sink>,
    /// From which level on the client wants logs, in the stateless revision.
    pub log_level: Option<String>,
    /// What the client can be asked for (`clientCapabilities`). Passed on only to servers that `may_ask`.
    pub capabilities: Option<Value>,
    /// The client's answers to what the server asked before (`inputResponses`, `requestState`), passed on unread to
    /// servers that `may_ask`.
    pub answers: Map<String, Value>,
}

/// Something on the way to the answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// So much is done.
    Progress {
        /// How much.
        progress: f64,
        /// Of how much, where that is known.
        total: Option<f64>,
        /// In words.
        message: Option<String>,
    },
    /// A line of the server's log.
    Log {
        /// `debug` to `emergency`.
        level: String,
        /// Who speaks.
        logger: Option<String>,
        /// What it says.
        data: Value,
    },
}

impl Happening {
    pub(crate) fn progress(params: &Value, mask: &Mask) -> Option<Self> {
        let message = params.get("message").and_then(Value::as_str);
        Some(Self::Progress {
            progress: params.get("progress").and_then(Value::as_f64)?,
            total: params.get("total").and_then(Value::as_f64),
            message: message.map(|text| mask.text(text).unwrap_or_else(|| text.to_owned())),
        })
    }

    pub(crate) fn log(mut params: Value, mask: &Mask) -> Option<Self> {
        mask.value(&mut params);
        let level = params.get("level").and_then(Value::as_str)?;
        Some(Self::Log {
            level: LEVELS.into_iter().find(|known| *known == level)?.to_owned(),
            logger: params.get("logger").and_then(Value::as_str).map(str::to_owned),
            data: params.get("data").cloned()?,
        })
    }

    /// Whether it is a line of the log below `least`.
    pub fn is_log_below(&self, least: &str) -> bool {
        let rank = |level: &str| LEVELS.iter().position(|known| *known == level);
        matches!(self, Self::Log { level, .. } if rank(level) < rank(least))
    }
}

/// The levels of a log, the least first.
pub(crate) const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// Where happenings go. What nobody fetches is dropped: a server cannot fill our memory by its progress.
#[derive(Debug, Clone)]
pub struct Sink(pub Sender<Happening>);

impl Sink {
    pub(crate) fn tell(&self, happening: Happening) {
        let _ = self.0.try_send(happening);
    }
}
