//! What the bridge reads of a JSON-RPC message, and what it says when the server cannot.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// One message from the client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    /// As it came.
    pub(crate) text: String,
    /// Its method; none for an answer of the client.
    pub(crate) method: Option<String>,
    /// Its id: whoever sent it waits for an answer.
    id: Option<Value>,
    /// The protocol version it names in `_meta`, as messages do since 2026-07-28.
    pub(crate) version: Option<String>,
    /// What the `Mcp-Name` header repeats.
    pub(crate) name: Option<String>,
}

/// The key under which a message names its protocol version.
const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";

impl Message {
    /// Reads a line of the client; what is no message is answered with an error to send back.
    pub(crate) fn read(line: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(line)
            .map_err(|error| error_answer(&Value::Null, -32700, &format!("not JSON: {error}")))?;
        let Some(object) = value.as_object() else {
            return Err(error_answer(&Value::Null, -32600, "a message is one JSON object"));
        };
        let text_at = |path: &str| value.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let method = text_at("/method");
        // The specification's table: which parameter a method is told apart by.
        let name = match method.as_deref() {
            Some("tools/call" | "prompts/get") => text_at("/params/name"),
            Some("resources/read" | "resources/subscribe" | "resources/unsubscribe") => {
                text_at("/params/uri")
            }
            Some("tasks/get" | "tasks/cancel" | "tasks/update" | "tasks/result") => {
                text_at("/params/taskId")
            }
            Some(_) | None => None,
        };
        let meta = value.pointer("/params/_meta").and_then(|meta| meta.get(VERSION_KEY));
        Ok(Self {
            method,
            id: object.get("id").filter(|id| !id.is_null()).cloned(),
            version: meta.and_then(Value::as_str).map(str::to_owned),
            name,
            text: line.to_owned(),
        })
    }

    /// Whether its sender waits for an answer.
    pub(crate) fn wants_answer(&self) -> bool {
        self.method.is_some() && self.id.is_some()
    }

    /// The answer when none came from the server.
    pub(crate) fn failed(&self, sentence: &str) -> Option<String> {
        let id = self.id.as_ref().filter(|_| self.wants_answer())?;
        Some(error_answer(id, -32000, sentence))
    }
}

fn error_answer(id: &Value, code: i32, message: &str) -> String {
    let error = serde_json::json!({ "code": code, "message": message });
    serde_json::json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string()
}

/// A header value that carries any text: as it is, or in the specification's Base64 form.
pub(crate) fn header_value(text: &str) -> String {
    let plain = text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        && text.trim() == text
        && !text.is_empty()
        && !text.starts_with("=?base64?");
    if plain { text.to_owned() } else { format!("=?base64?{}?=", STANDARD.encode(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn headers_repeat_what_the_message_says() {
        let rows = [
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, Some("tools/list"), None, None),
            (
                r#"{"id":1,"method":"tools/call","params":{"name":"claim","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#,
                Some("tools/call"),
                Some("claim"),
                Some("2026-07-28"),
            ),
            (
                r#"{"id":2,"method":"resources/read","params":{"uri":"weir://status"}}"#,
                Some("resources/read"),
                Some("weir://status"),
                None,
            ),
            (r#"{"id":3,"result":{}}"#, None, None, None),
        ];
        for (line, method, name, version) in rows {
            let message = Message::read(line).expect(line);
            assert_eq!(message.method.as_deref(), method);
            assert_eq!(message.name.as_deref(), name);
            assert_eq!(message.version.as_deref(), version);
        }
    }

    #[test]
    fn only_who_waits_is_answered() {
        let rows = [
            (r#"{"id":7,"method":"tools/list"}"#, true),
            (r#"{"method":"notifications/initialized"}"#, false),
            (r#"{"id":7,"result":{}}"#, false),
        ];
        for (line, waits) in rows {
            let message = Message::read(line).expect(line);
            assert_eq!(message.failed("x").is_some(), waits, "{line}");
        }
        assert!(Message::read("{").expect_err("no JSON").contains("-32700"));
        assert!(Message::read("[]").expect_err("no object").contains("-32600"));
    }

    #[test]
    fn a_header_carries_any_text() {
        let rows = [
            ("claim", "claim"),
            ("größe", "=?base64?Z3LDtsOfZQ==?="),
            (" a", "=?base64?IGE=?="),
            ("", "=?base64??="),
            ("abc\n", "=?base64?YWJjCg==?="),
        ];
        for (text, expected) in rows {
            assert_eq!(header_value(text), expected);
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in ".*") {
            let _ = Message::read(&line);
        }

        #[test]
        fn a_header_never_breaks_its_line(text in "(?s).*") {
            prop_assert!(header_value(&text).bytes().all(|byte| (0x20..0x7f).contains(&byte)));
        }
    }
}
