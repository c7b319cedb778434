//! One message over streamable HTTP, in both eras of the protocol.
//!
//! Before 2026-07-28 a version is agreed on by `initialize`, and a session id may come with it; since then each
//! message names its version, and headers repeat its method and name.

use super::message::{Message, header_value};
use crate::client::{Client, Events};
use crate::error::CommandError;
use serde_json::Value;
use std::io::Read as _;
use std::sync::{Mutex, PoisonError};

/// The endpoint, and what was agreed on with it.
pub(crate) struct Transport {
    client: Client,
    agreed: Mutex<Agreed>,
}

#[derive(Debug, Clone, Default)]
struct Agreed {
    version: Option<String>,
    session: Option<String>,
}

/// What a server may say when it has nothing to say: "accepted", for a notification.
const ACCEPTED: u16 = 202;

impl Transport {
    /// A bridge to the server of `client`.
    pub(crate) fn new(client: Client) -> Self {
        Self { client, agreed: Mutex::default() }
    }

    /// Whether messages can go side by side.
    pub(crate) fn is_agreed(&self) -> bool {
        self.agreed().version.is_some()
    }

    /// Sends one message and gives each message that comes back to `answer`. A failure is an answer too: whoever
    /// waits must not wait for ever.
    pub(crate) fn carry(
        &self,
        message: &Message,
        answer: impl Fn(&str) -> Result<(), CommandError>,
    ) {
        let told = match self.exchange(message, &answer) {
            Ok(true) => Ok(()),
            Ok(false) => match message.failed("the server did not answer") {
                Some(failed) => answer(&failed),
                None => Ok(()),
            },
            Err(error) => {
                let sentence = error.shown().map(|shown| shown.sentence).unwrap_or_default();
                match message.failed(&sentence) {
                    Some(failed) => answer(&failed),
                    None => Ok(()),
                }
            }
        };
        // When stdout is closed the client is gone, and stdin ends with it.
        drop(told);
    }

    /// Whether what was asked for came back.
    fn exchange(
        &self,
        message: &Message,
        answer: &impl Fn(&str) -> Result<(), CommandError>,
    ) -> Result<bool, CommandError> {
        let response = self.client.exchange("/mcp", &self.headers(message), &message.text)?;
        let header = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        if let Some(session) = header("mcp-session-id") {
            self.agreed().session = Some(session);
        }
        let status = response.status();
        if status.as_u16() == ACCEPTED {
            return Ok(!message.wants_answer());
        }
        let is_stream =
            header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
        let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
        if is_stream {
            let mut answered = false;
            for event in Events::new(Box::new(body)) {
                let event = event?;
                if !event.data.is_empty() {
                    answered |= self.take(message, &event.data);
                    answer(&event.data)?;
                }
            }
            return Ok(answered || !message.wants_answer());
        }
        let mut text = String::new();
        body.read_to_string(&mut text).map_err(CommandError::doing("read what the server says"))?;
        let is_message =
            serde_json::from_str::<Value>(&text).is_ok_and(|value| value.get("jsonrpc").is_some());
        if is_message {
            let answered = self.take(message, &text);
            answer(text.trim())?;
            return Ok(answered || !message.wants_answer());
        }
        match message.failed(&refused(status.as_u16(), &text)) {
            Some(failed) => answer(&failed).map(|()| true),
            None => Ok(true),
        }
    }

    fn headers(&self, message: &Message) -> Vec<(&'static str, String)> {
        let agreed = self.agreed().clone();
        let mut headers = Vec::new();
        if let Some(version) = message.version.clone().or(agreed.version) {
            headers.push(("MCP-Protocol-Version", version));
        }
        if let Some(session) = agreed.session {
            headers.push(("Mcp-Session-Id", session));
        }
        if message.version.is_some() {
            if let Some(method) = &message.method {
                headers.push(("Mcp-Method", header_value(method)));
            }
            if let Some(name) = &message.name {
                headers.push(("Mcp-Name", header_value(name)));
            }
        }
        headers
    }

    /// Whether `text` answers `message`; notes the version that an answer agrees on.
    fn take(&self, message: &Message, text: &str) -> bool {
        let Ok(value) = serde_json::from_str::<Value>(text) else { return false };
        let is_answer = value.get("result").is_some() || value.get("error").is_some();
        let agreed = match message.method.as_deref() {
            Some("initialize") => {
                value.pointer("/result/protocolVersion").and_then(Value::as_str).map(str::to_owned)
            }
            Some(_) | None => None,
        };
        if agreed.is_some() {
            self.agreed().version = agreed;
        }
        is_answer
    }

    fn agreed(&self) -> std::sync::MutexGuard<'_, Agreed> {
        self.agreed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands in an answer that is no message: the sentence and the hint of a refusal.
fn refused(status: u16, text: &str) -> String {
    match serde_json::from_str::<weir_server::wire::Refused>(text) {
        Ok(refused) => match refused.hint {
            Some(hint) => format!("{} ({}); {hint}", refused.sentence, refused.code),
            None => format!("{} ({})", refused.sentence, refused.code),
        },
        Err(_) => format!("the server answers {status}"),
    }
}
