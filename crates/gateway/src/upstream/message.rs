//! One message of a server, read: what may come over the wire, and what is made of what may not.

use super::Broken;
use serde_json::{Map, Value, json};

/// What a server said.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Message {
    /// The answer to request `id`.
    Reply { id: u64, answer: Result<Value, Broken> },
    /// A request of its own.
    Ask { id: Value, method: String },
    /// A notification.
    Tell { method: String, params: Value },
    /// No message of the protocol.
    Noise(&'static str),
}

/// Reads one message.
pub(super) fn read(bytes: &[u8]) -> Message {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(message)) => sort(message),
        Ok(_) => Message::Noise("no object"),
        // Also what is nested more than 128 deep.
        Err(_) => Message::Noise("no JSON"),
    }
}

fn sort(mut message: Map<String, Value>) -> Message {
    let id = message.remove("id").filter(|id| !id.is_null());
    match (id, message.remove("method")) {
        (Some(id), Some(Value::String(method))) if id.is_number() || id.is_string() => {
            Message::Ask { id, method }
        }
        (None, Some(Value::String(method))) => {
            Message::Tell { method, params: message.remove("params").unwrap_or(Value::Null) }
        }
        (_, Some(_)) => Message::Noise("a method that is no text, or an id that is none"),
        // Ours are numbers; an answer to anything else answers nothing.
        (Some(id), None) => {
            match (id.as_u64(), message.remove("result"), message.remove("error")) {
                (Some(id), Some(result), None) => Message::Reply { id, answer: Ok(result) },
                (Some(id), None, Some(error)) => Message::Reply { id, answer: Err(broken(&error)) },
                (Some(_), _, _) => Message::Noise("an answer with neither a result nor an error"),
                (None, _, _) => Message::Noise("an answer to what was never asked"),
            }
        }
        (None, None) => Message::Noise("neither an answer nor a method"),
    }
}

/// No error needs more words.
const WORDS_MAX: usize = 2000;

fn broken(error: &Value) -> Broken {
    let code = error.get("code").and_then(Value::as_i64).unwrap_or(0);
    let message = error.get("message").and_then(Value::as_str).unwrap_or("without words");
    let message = message.chars().take(WORDS_MAX).collect();
    Broken::Error { code, message, data: error.get("data").cloned() }
}

pub(super) fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

pub(super) fn notification(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

/// What a server gets for a request of its own: an answer to a ping, and to everything else a no.
pub(super) fn answer(id: &Value, method: &str) -> Value {
    if method == "ping" {
        return json!({"jsonrpc": "2.0", "id": id, "result": {}});
    }
    let error = json!({"code": -32601, "message": "the gateway answers for no model, no person and no roots"});
    json!({"jsonrpc": "2.0", "id": id, "error": error})
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_may_come_is_told_from_what_may_not() {
        let reply = |answer| Message::Reply { id: 1, answer };
        let rows = [
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, reply(Ok(json!({})))),
            (
                r#"{"id":1,"error":{"code":-1,"message":"no"}}"#,
                reply(Err(Broken::Error { code: -1, message: "no".to_owned(), data: None })),
            ),
            (
                r#"{"id":1,"error":7}"#,
                reply(Err(Broken::Error {
                    code: 0,
                    message: "without words".to_owned(),
                    data: None,
                })),
            ),
            (
                r#"{"id":"x","method":"ping"}"#,
                Message::Ask { id: json!("x"), method: "ping".to_owned() },
            ),
            (r#"{"method":"m"}"#, Message::Tell { method: "m".to_owned(), params: Value::Null }),
            (
                r#"{"id":null,"method":"m","params":[1]}"#,
                Message::Tell { method: "m".to_owned(), params: json!([1]) },
            ),
            (
                r#"{"id":1,"result":{},"error":{}}"#,
                Message::Noise("an answer with neither a result nor an error"),
            ),
            (r#"{"id":"1","result":{}}"#, Message::Noise("an answer to what was never asked")),
            (r#"{"id":-1,"result":{}}"#, Message::Noise("an answer to what was never asked")),
            (r#"{"id":1.5,"result":{}}"#, Message::Noise("an answer to what was never asked")),
            (
                r#"{"id":[],"method":"m"}"#,
                Message::Noise("a method that is no text, or an id that is none"),
            ),
            (
                r#"{"id":1,"method":2}"#,
                Message::Noise("a method that is no text, or an id that is none"),
            ),
            ("{}", Message::Noise("neither an answer nor a method")),
            ("[]", Message::Noise("no object")),
            ("{", Message::Noise("no JSON")),
            ("starting up...", Message::Noise("no JSON")),
        ];
        for (text, expected) in rows {
            assert_eq!(read(text.as_bytes()), expected, "{text}");
        }
        let bomb = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(bomb.as_bytes()), Message::Noise("no JSON"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn no_members_make_it_panic(
            id in "(null|1|-1|\"a\"|\\[\\]|1e99|18446744073709551616)",
            method in "(null|1|\"ping\"|\\{\\})",
            rest in "(\"result\":1|\"error\":null|\"error\":\\{\"code\":\"x\"\\}|\"params\":3)",
        ) {
            let _ = read(format!("{{\"id\":{id},\"method\":{method},{rest}}}").as_bytes());
            let _ = read(format!("{{\"id\":{id},{rest}}}").as_bytes());
        }
    }
}
