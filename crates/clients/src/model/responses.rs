//! OpenAI Responses: `POST …/responses`.

use super::answer::{Answer, Called, TOKENS_IN, TOKENS_OUT, Written, event};
use super::ask::{Ask, Kind, Offer, ToolResult, is_by, items, text_at, text_of};
use serde_json::{Value, json};

pub(crate) fn read(body: &Value) -> Ask {
    let mut ask = Ask::of_body(body);
    let mut system = vec![text_of(body.get("instructions").unwrap_or(&Value::Null))];
    items(body, "tools").for_each(|tool| offer(tool, None, &mut ask.offers));
    if let Some(prompt) = body.get("input").and_then(Value::as_str) {
        ask.users.push(prompt.to_owned());
    }
    for item in items(body, "input") {
        let content = text_of(item.get("content").unwrap_or(&Value::Null));
        if is_by(item, &["system", "developer"]) {
            system.push(content);
        } else if is_by(item, &["user"]) {
            ask.users.push(content);
        }
        let kind = text_at(item, "type");
        if kind == "tool_search_output" {
            items(item, "tools").for_each(|tool| offer(tool, None, &mut ask.offers));
        } else if kind.ends_with("_call_output") {
            ask.results.push(ToolResult {
                call: text_at(item, "call_id").to_owned(),
                tool: String::new(),
                text: text_of(item.get("output").unwrap_or(&Value::Null)),
            });
        }
    }
    ask.system = system.join("\n");
    ask.schema = body.pointer("/text/format/schema").cloned();
    ask
}

/// Tools stand alone or in a namespace, which is a group of tools under one name.
fn offer(tool: &Value, namespace: Option<&str>, offers: &mut Vec<Offer>) {
    let kind = match text_at(tool, "type") {
        "namespace" => {
            let name = text_at(tool, "name");
            return items(tool, "tools").for_each(|tool| offer(tool, Some(name), offers));
        }
        "custom" => Kind::FreeText,
        "tool_search" => Kind::Search,
        _ => Kind::Function,
    };
    let named = [text_at(tool, "name"), text_at(tool, "type")].into_iter().find(|s| !s.is_empty());
    let offer = Offer {
        name: named.unwrap_or_default().to_owned(),
        namespace: namespace.map(str::to_owned),
        kind,
        schema: tool.get("parameters").cloned().unwrap_or_default(),
    };
    if !offers.contains(&offer) {
        offers.push(offer);
    }
}

pub(crate) fn write(answer: &Answer) -> Written {
    let mut output: Vec<Value> =
        answer.says().map(|text| spoken(answer, text)).into_iter().collect();
    output.extend(answer.calls.iter().map(called));
    let usage = json!({"input_tokens": TOKENS_IN, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": TOKENS_OUT, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": TOKENS_IN + TOKENS_OUT});
    let response = |status: &str, output: &[Value], usage: Value| {
        json!({"id": format!("resp_{:06}", answer.number), "object": "response", "created_at": 0,
            "status": status, "model": answer.model, "output": output, "usage": usage,
            "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "error": null})
    };
    let whole = response("completed", &output, usage);
    let begun = response("in_progress", &[], Value::Null);
    let mut stream = vec![json!({"type": "response.created", "response": begun})];
    for (index, item) in output.iter().enumerate() {
        let mut begun = item.clone();
        begun["status"] = json!("in_progress");
        let added = "response.output_item.added";
        stream.push(json!({"type": added, "output_index": index, "item": begun}));
        if let Some(text) = item.pointer("/content/0/text") {
            stream.push(json!({"type": "response.output_text.delta", "item_id": item["id"],
                "output_index": index, "content_index": 0, "delta": text}));
        }
        let done = "response.output_item.done";
        stream.push(json!({"type": done, "output_index": index, "item": item}));
    }
    stream.push(json!({"type": "response.completed", "response": whole}));
    let numbered = stream.into_iter().enumerate().map(|(number, mut data)| {
        data["sequence_number"] = json!(number);
        event(Some(text_at(&data, "type")), &data)
    });
    Written { events: numbered.collect(), whole }
}

fn spoken(answer: &Answer, text: &str) -> Value {
    let text = json!({"type": "output_text", "text": text, "annotations": []});
    json!({"type": "message", "id": format!("msg_{:06}", answer.number), "role": "assistant",
        "status": "completed", "content": [text]})
}

fn called(call: &Called) -> Value {
    let Called { id, offer, arguments } = call;
    let mut item = json!({"id": format!("fc_{id}"), "call_id": id, "status": "completed"});
    match offer.kind {
        Kind::Function => {
            item["type"] = json!("function_call");
            item["name"] = json!(offer.name);
            item["arguments"] = json!(arguments.to_string());
            if let Some(namespace) = &offer.namespace {
                item["namespace"] = json!(namespace);
            }
        }
        Kind::FreeText => {
            item["type"] = json!("custom_tool_call");
            item["name"] = json!(offer.name);
            item["input"] = json!(text_at(arguments, "input"));
        }
        Kind::Search => {
            item["type"] = json!("tool_search_call");
            item["execution"] = json!("client");
            item["arguments"] = arguments.clone();
        }
    }
    item
}
