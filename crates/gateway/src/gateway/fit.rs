//! What of a server's answer is passed on: results that the request can have, errors that speak of the call.

use crate::decide::Act;
use crate::registry::Server;
use crate::upstream::{Broken, Replied, kind_of};
use serde_json::{Map, Value};

/// An error as the agent gets it: with a code that says something of the call. Others would steer its client: to another
/// revision, to a sign-in, to a question for the person.
pub(super) fn passed(
    code: i64,
    message: String,
    data: Option<Value>,
    server: &Server,
) -> (i64, String, Option<Value>) {
    match code {
        // Malformed arguments, no such resource, an error inside.
        -32602 | -32002 | -32603 => (code, message, data),
        // It needs a client that can be asked.
        -32021 if server.may_ask => (code, message, data),
        _ => (-32603, format!("error {code}: {message}"), None),
    }
}

/// The record keeps so much of an error's words.
pub(super) const WORDS_MAX: usize = 500;

/// The first words of a result.
pub(super) fn words(result: &Map<String, Value>) -> String {
    let content = result.get("content").and_then(Value::as_array);
    let text = content.and_then(|content| content.first()?.get("text")?.as_str());
    text.unwrap_or("without words").chars().take(WORDS_MAX).collect()
}

/// Only what a request of this kind can be answered with; what is passed on holds nothing else.
pub(super) fn fit(mut replied: Replied, act: Act, server: &Server) -> Result<Replied, Broken> {
    let result = &mut replied.result;
    // Instructions to clients, and whatever comes next.
    result.remove("_meta");
    match result.get("resultType").and_then(Value::as_str) {
        None | Some("complete") => {}
        Some("input_required") if server.may_ask => return Ok(replied),
        Some("input_required") => {
            return Err(Broken::Unfit(
                "it asks the person something, which the registry does not allow it".to_owned(),
            ));
        }
        Some(_) => return Err(Broken::Unfit("it answers with what is no result".to_owned())),
    }
    result.remove("resultType");
    let member = match act {
        Act::CallTool => "content",
        Act::GetPrompt => "messages",
        Act::ReadResource => "contents",
        Act::Complete => match result.get("completion") {
            Some(Value::Object(_)) => return Ok(replied),
            Some(_) | None => return Err(Broken::Unfit("no `completion`".to_owned())),
        },
    };
    match result.get(member) {
        Some(Value::Array(_)) => Ok(replied),
        Some(other) => Err(Broken::Unfit(format!("its `{member}` is {}", kind_of(other)))),
        None => Err(Broken::Unfit(format!("it has no `{member}`"))),
    }
}
