//! OpenAI Chat Completions: `POST …/chat/completions`.

use super::answer::{Answer, Called, TOKENS_IN, TOKENS_OUT, Written, event};
use super::ask::{Ask, Kind, Offer, ToolResult, items, text_at, text_of};
use serde_json::{Value, json};

pub(crate) fn read(body: &Value) -> Ask {
    let mut ask = Ask::of_body(body);
    ask.offers = items(body, "tools").filter_map(|tool| tool.get("function")).map(offer).collect();
    let mut system = Vec::new();
    for message in items(body, "messages") {
        let content = text_of(message.get("content").unwrap_or(&Value::Null));
        match text_at(message, "role") {
            "system" | "developer" => system.push(content),
            "user" => ask.users.push(content),
            "tool" => ask.results.push(ToolResult {
                call: text_at(message, "tool_call_id").to_owned(),
                tool: String::new(),
                text: content,
            }),
            _ => {}
        }
    }
    ask.system = system.join("\n");
    ask.schema = body.pointer("/response_format/json_schema/schema").cloned();
    ask
}

fn offer(function: &Value) -> Offer {
    Offer {
        name: text_at(function, "name").to_owned(),
        namespace: None,
        kind: Kind::Function,
        schema: function.get("parameters").cloned().unwrap_or_default(),
    }
}

pub(crate) fn write(answer: &Answer) -> Written {
    let calls: Vec<Value> = answer.calls.iter().enumerate().map(called).collect();
    let finish = if calls.is_empty() { "stop" } else { "tool_calls" };
    let usage = json!({"prompt_tokens": TOKENS_IN, "completion_tokens": TOKENS_OUT,
        "total_tokens": TOKENS_IN + TOKENS_OUT});
    let document = |object: &str, choices: Value| {
        json!({"id": format!("chatcmpl-{:06}", answer.number), "created": 0, "object": object,
            "model": answer.model, "choices": choices})
    };
    let mut message = json!({"role": "assistant", "content": answer.says()});
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    let choice = json!({"index": 0, "message": message, "finish_reason": finish});
    let mut whole = document("chat.completion", json!([choice]));
    whole["usage"] = usage.clone();

    let chunk = |delta: Value, finish: Option<&str>| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        event(None, &document("chat.completion.chunk", json!([choice])))
    };
    let mut events = vec![chunk(json!({"role": "assistant", "content": answer.text}), None)];
    events.extend(calls.iter().map(|call| chunk(json!({"tool_calls": [call]}), None)));
    events.push(chunk(json!({}), Some(finish)));
    let mut last = document("chat.completion.chunk", json!([]));
    last["usage"] = usage;
    events.push(event(None, &last));
    events.push("data: [DONE]\n\n".to_owned());
    Written { whole, events }
}

fn called((index, call): (usize, &Called)) -> Value {
    let arguments = call.arguments.to_string();
    json!({"index": index, "id": call.id, "type": "function",
        "function": {"name": call.offer.name, "arguments": arguments}})
}
