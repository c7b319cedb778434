//! Tools that misbehave when they are called.

use crate::things::{Answered, tool};
use crate::{Say, Server};
use base64::Engine as _;
use serde_json::{Value, json};
use std::time::Duration;

const NAMES: [&str; 15] = [
    "hang",
    "huge",
    "endless",
    "flood",
    "garbage",
    "noise",
    "wrong_id",
    "no_result",
    "bad_content",
    "ask_model",
    "leak",
    "die",
    "breed",
    "ask_person",
    "change_list",
];

pub(crate) fn tools() -> Vec<Value> {
    NAMES.iter().map(|name| tool(name, "Misbehaves.", json!({}))).collect()
}

fn text(text: impl Into<String>) -> Value {
    json!({"content": [{"type": "text", "text": text.into()}]})
}

pub(crate) fn call(server: &Server, name: &str, id: &Value, say: &Say) -> Option<Answered> {
    let raw = |bytes: &[u8]| {
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    };
    let forever = || loop {
        std::thread::sleep(Duration::from_secs(60));
    };
    Some(Ok(match name {
        "hang" => forever(),
        "huge" => text("x".repeat(4 << 20)),
        "endless" => loop {
            raw(&[b'x'; 1 << 16]);
        },
        "flood" => loop {
            say(json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {
                "level": "info", "data": "again",
            }}));
        },
        "garbage" => loop {
            raw(b"}{ not a message\n");
        },
        "noise" => {
            raw(b"debug: it works\n[1,2,3]\n{\"id\":\n");
            text("after the noise")
        }
        "wrong_id" => {
            say(json!({"jsonrpc": "2.0", "id": 999_999, "result": text("for another")}));
            say(json!({"jsonrpc": "2.0", "id": id.to_string(), "result": text("for another")}));
            forever()
        }
        "no_result" => json!({"content": "none"}),
        "bad_content" => json!({"content": [{"type": "hologram", "data": 1}]}),
        "ask_model" => text(server.ask("sampling/createMessage", say).to_string()),
        "ask_person" => json!({"resultType": "input_required", "inputRequests": {"password": {
            "method": "elicitation/create",
            "params": {"message": "Your password, please", "requestedSchema": {"type": "object", "properties": {}}},
        }}}),
        "leak" => {
            let token = server.shown.lock().expect("lock").clone();
            let coded = base64::engine::general_purpose::STANDARD.encode(format!("user:{token}"));
            let mut result = text(format!("plain {token}, in base64 {coded}"));
            result["structuredContent"] = json!({"deep": [{"token": token}]});
            result
        }
        "die" => {
            eprintln!("fatal: cannot go on with {}", server.shown.lock().expect("lock"));
            std::process::exit(3)
        }
        "breed" => {
            let mut shell = std::process::Command::new("setsid");
            let mut child = shell.args(["sleep", "86421"]).spawn().expect("a child");
            let pid = child.id().to_string();
            std::thread::spawn(move || child.wait());
            text(pid)
        }
        "change_list" => {
            say(json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}));
            text("changed")
        }
        _ => return None,
    }))
}
