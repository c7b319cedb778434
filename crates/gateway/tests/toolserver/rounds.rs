//! Tools and prompts that ask the client something before they answer, in the rounds of the stateless revision.

use crate::things::{Answered, tool};
use serde_json::{Value, json};

const NAMES: [&str; 9] = [
    "elicitation",
    "sampling",
    "list_roots",
    "request_state",
    "multiple_inputs",
    "multi_round",
    "tampered_state",
    "capabilities",
    "state_only",
];

pub(crate) fn tools() -> Vec<Value> {
    let named = |name: &&str| {
        tool(&format!("test_input_required_result_{name}"), "Asks before it answers.", json!({}))
    };
    let mut tools: Vec<Value> = NAMES.iter().map(named).collect();
    tools.push(tool("test_streaming_elicitation", "Asks before it answers.", json!({})));
    tools.push(tool(
        "test_missing_capability",
        "Needs a client that can be asked for samples.",
        json!({}),
    ));
    tools
}

fn elicit(message: &str, field: &str, kind: &str) -> Value {
    json!({"method": "elicitation/create", "params": {
        "message": message,
        "requestedSchema": {
            "type": "object", "properties": {(field): {"type": kind}}, "required": [field],
        },
    }})
}

fn sample(text: &str, tokens: u64) -> Value {
    json!({"method": "sampling/createMessage", "params": {
        "messages": [{"role": "user", "content": {"type": "text", "text": text}}], "maxTokens": tokens,
    }})
}

fn asks(requests: Value, state: Option<&str>) -> Value {
    let mut result = json!({"resultType": "input_required", "inputRequests": requests});
    if let Some(state) = state {
        result["requestState"] = json!(state);
    }
    result
}

fn text(text: String) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

pub(crate) fn call(name: &str, params: &Value) -> Option<Answered> {
    let can = |what: &str| {
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"].get(what).is_some()
    };
    if name == "test_missing_capability" {
        return Some(match can("sampling") {
            true => Ok(text("It can.".to_owned())),
            false => Err((-32021, "Missing required client capability".to_owned())),
        });
    }
    let name = match name {
        "test_streaming_elicitation" => "elicitation",
        name => name.strip_prefix("test_input_required_result_")?,
    };
    let given = &params["inputResponses"];
    let state = params["requestState"].as_str();
    let roots = json!({"method": "roots/list", "params": {}});
    Some(Ok(match name {
        "elicitation" => match given["user_name"]["content"]["name"].as_str() {
            Some(name) => text(format!("Hello, {name}!")),
            None => {
                asks(json!({"user_name": elicit("What is your name?", "name", "string")}), None)
            }
        },
        "sampling" => match given.get("capital_question") {
            Some(answer) => text(answer["content"]["text"].as_str().unwrap_or("Paris").to_owned()),
            None => asks(
                json!({"capital_question": sample("What is the capital of France?", 100)}),
                None,
            ),
        },
        "list_roots" => match given.get("client_roots") {
            Some(roots) => text(roots["roots"].to_string()),
            None => asks(json!({"client_roots": roots}), None),
        },
        "request_state" => match (given.get("confirm"), state) {
            (Some(_), Some("the state")) => text("state-ok".to_owned()),
            _ => asks(
                json!({"confirm": elicit("Please confirm", "ok", "boolean")}),
                Some("the state"),
            ),
        },
        "tampered_state" => match state {
            None => asks(
                json!({"confirm": elicit("Please confirm", "ok", "boolean")}),
                Some("sealed:7b1e"),
            ),
            Some("sealed:7b1e") => text("state-ok".to_owned()),
            Some(_) => return Some(Err((-32602, "the state was tampered with".to_owned()))),
        },
        "multiple_inputs" => {
            let all = ["user_name", "greeting", "client_roots"];
            if all.iter().all(|key| given.get(key).is_some()) {
                text("All were given.".to_owned())
            } else {
                let requests = json!({
                    "user_name": elicit("What is your name?", "name", "string"),
                    "greeting": sample("Generate a greeting", 50),
                    "client_roots": roots,
                });
                asks(requests, Some("the state"))
            }
        }
        "multi_round" => match (given.get("step1"), given.get("step2"), state) {
            (_, Some(_), Some("round 2")) => text("Both were given.".to_owned()),
            (Some(_), _, Some("round 1")) => {
                let step = elicit("Step 2: What is your favorite color?", "color", "string");
                asks(json!({"step2": step}), Some("round 2"))
            }
            _ => {
                let step = elicit("Step 1: What is your name?", "name", "string");
                asks(json!({"step1": step}), Some("round 1"))
            }
        },
        "capabilities" => {
            // Asks only for what the client can give.
            let mut requests = json!({});
            if can("elicitation") {
                requests["user_name"] = elicit("What is your name?", "name", "string");
            }
            if can("sampling") {
                requests["greeting"] = sample("Generate a greeting", 50);
            }
            if can("roots") {
                requests["client_roots"] = roots;
            }
            let nothing = requests.as_object().is_none_or(serde_json::Map::is_empty);
            if nothing { text("You can give nothing.".to_owned()) } else { asks(requests, None) }
        }
        "state_only" => match state {
            Some(_) => text("state-ok".to_owned()),
            None => json!({"resultType": "input_required", "requestState": "the state"}),
        },
        _ => return None,
    }))
}

pub(crate) fn prompt(params: &Value) -> Option<Answered> {
    if params["name"] != "test_input_required_result_prompt" {
        return None;
    }
    let context = params["inputResponses"]["user_context"]["content"]["context"].as_str();
    Some(Ok(match context {
        Some(context) => json!({"messages": [
            {"role": "user", "content": {"type": "text", "text": format!("In this context: {context}")}},
        ]}),
        None => {
            let ask = elicit("What context should the prompt use?", "context", "string");
            asks(json!({"user_context": ask}), None)
        }
    }))
}
