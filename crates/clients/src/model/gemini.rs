//! Gemini generateContent: `POST …/models/MODEL:generateContent` and `:streamGenerateContent`.

use super::answer::{Answer, TOKENS_IN, TOKENS_OUT, Written, event};
use super::ask::{Ask, Kind, Offer, ToolResult, is_by, items, text_at, text_of};
use serde_json::{Value, json};

/// The path says which model, and whether the answer is streamed.
pub(crate) fn read(path: &str, body: &Value) -> Ask {
    let model = path.rsplit('/').next().and_then(|last| last.split(':').next());
    let mut ask = Ask {
        model: model.unwrap_or_default().to_owned(),
        stream: path.contains(":streamGenerateContent"),
        ..Ask::default()
    };
    let system = body.get("systemInstruction").or_else(|| body.get("system_instruction"));
    ask.system = system.map(text_of).unwrap_or_default();
    for declared in items(body, "tools").flat_map(|tool| items(tool, "functionDeclarations")) {
        let schema = declared.get("parametersJsonSchema").or_else(|| declared.get("parameters"));
        ask.offers.push(Offer {
            name: text_at(declared, "name").to_owned(),
            namespace: None,
            kind: Kind::Function,
            schema: schema.cloned().unwrap_or_default(),
        });
    }
    for content in items(body, "contents") {
        let mut said = Vec::new();
        for part in items(content, "parts") {
            match part.get("functionResponse") {
                Some(response) => ask.results.push(result(response)),
                None => said.push(text_of(part)),
            }
        }
        if is_by(content, &["user"]) {
            ask.users.push(said.join("\n"));
        }
    }
    let generation = body.get("generationConfig").cloned().unwrap_or_default();
    let schema = generation.get("responseJsonSchema").or_else(|| generation.get("responseSchema"));
    let is_json = text_at(&generation, "responseMimeType") == "application/json";
    ask.schema = schema.cloned().or_else(|| is_json.then(|| json!({"type": "object"})));
    ask
}

fn result(response: &Value) -> ToolResult {
    ToolResult {
        call: text_at(response, "id").to_owned(),
        tool: text_at(response, "name").to_owned(),
        text: text_of(response.get("response").unwrap_or(&Value::Null)),
    }
}

pub(crate) fn write(answer: &Answer) -> Written {
    let mut parts: Vec<Value> =
        answer.says().map(|text| json!({"text": text})).into_iter().collect();
    parts.extend(answer.calls.iter().map(|call| {
        let (name, args) = (&call.offer.name, &call.arguments);
        json!({"functionCall": {"id": call.id, "name": name, "args": args}})
    }));
    let content = json!({"role": "model", "parts": parts});
    let whole = json!({
        "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": TOKENS_IN, "candidatesTokenCount": TOKENS_OUT,
            "totalTokenCount": TOKENS_IN + TOKENS_OUT},
        "modelVersion": answer.model, "responseId": format!("resp-{}", answer.number)});
    Written { events: vec![event(None, &whole)], whole }
}
