//! Anthropic Messages: `POST …/v1/messages`.

use super::answer::{Answer, Called, TOKENS_IN, TOKENS_OUT, Written, event};
use super::ask::{Ask, Kind, Offer, ToolResult, is_by, items, text_at, text_of};
use serde_json::{Value, json};

pub(crate) fn read(body: &Value) -> Ask {
    let mut ask = Ask::of_body(body);
    ask.system = text_of(body.get("system").unwrap_or(&Value::Null));
    ask.offers = items(body, "tools").map(offer).collect();
    for message in items(body, "messages").filter(|message| is_by(message, &["user"])) {
        let mut said = Vec::new();
        match message.get("content") {
            Some(Value::Array(parts)) => {
                for part in parts {
                    match text_at(part, "type") {
                        "tool_result" => ask.results.push(result(part)),
                        _ => said.push(text_of(part)),
                    }
                }
            }
            content => said.extend(content.map(text_of)),
        }
        ask.users.push(said.join("\n"));
    }
    let format = body.pointer("/output_config/format").or_else(|| body.get("output_format"));
    ask.schema = format.and_then(|format| format.get("schema")).cloned();
    ask
}

fn offer(tool: &Value) -> Offer {
    // A tool of the provider's own has no name, only a type.
    let name = [text_at(tool, "name"), text_at(tool, "type")].into_iter().find(|s| !s.is_empty());
    let schema = tool.get("input_schema").cloned().unwrap_or_default();
    let name = name.unwrap_or_default().to_owned();
    let kind = if name == "ToolSearch" { Kind::Search } else { Kind::Function };
    Offer { name, namespace: None, kind, schema }
}

fn result(part: &Value) -> ToolResult {
    ToolResult {
        call: text_at(part, "tool_use_id").to_owned(),
        tool: String::new(),
        text: text_of(part.get("content").unwrap_or(&Value::Null)),
    }
}

pub(crate) fn write(answer: &Answer) -> Written {
    let mut content: Vec<Value> =
        answer.says().map(|text| json!({"type": "text", "text": text})).into_iter().collect();
    content.extend(answer.calls.iter().map(|call| {
        let Called { id, offer, arguments } = call;
        json!({"type": "tool_use", "id": id, "name": offer.name, "input": arguments})
    }));
    let stop = if answer.calls.is_empty() { "end_turn" } else { "tool_use" };
    let usage = json!({"input_tokens": TOKENS_IN, "output_tokens": TOKENS_OUT,
        "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0});
    let message = |content: Value, stop: Value| {
        json!({"id": format!("msg_{:06}", answer.number), "type": "message", "role": "assistant",
            "model": answer.model, "content": content, "stop_reason": stop, "stop_sequence": null,
            "usage": usage})
    };
    let named = |data: Value| event(Some(text_at(&data, "type")), &data);
    let begun = message(json!([]), Value::Null);
    let mut events = vec![named(json!({"type": "message_start", "message": begun}))];
    for (index, block) in content.iter().enumerate() {
        let (empty, delta) = in_parts(block);
        for mut data in [
            json!({"type": "content_block_start", "content_block": empty}),
            json!({"type": "content_block_delta", "delta": delta}),
            json!({"type": "content_block_stop"}),
        ] {
            data["index"] = json!(index);
            events.push(named(data));
        }
    }
    let delta = json!({"stop_reason": stop, "stop_sequence": null});
    events.push(named(json!({"type": "message_delta", "delta": delta, "usage": usage})));
    events.push(named(json!({"type": "message_stop"})));
    Written { whole: message(json!(content), json!(stop)), events }
}

/// A block as a stream begins it, and what is then added.
fn in_parts(block: &Value) -> (Value, Value) {
    let mut empty = block.clone();
    let delta = match text_at(block, "type") {
        "text" => {
            empty["text"] = json!("");
            json!({"type": "text_delta", "text": block["text"]})
        }
        _ => {
            empty["input"] = json!({});
            json!({"type": "input_json_delta", "partial_json": block["input"].to_string()})
        }
    };
    (empty, delta)
}
