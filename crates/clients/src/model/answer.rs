//! What the model answers, before it is put into the words of an API.

use serde_json::{Value, json};

/// One message of the model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// Grows with every answer of a server: ids are made of it.
    pub(crate) number: usize,
    /// The model that was asked.
    pub(crate) model: String,
    /// What is said.
    pub(crate) text: String,
    /// What is called.
    pub(crate) calls: Vec<Called>,
}

/// One tool call.
#[derive(Debug, Clone)]
pub(crate) struct Called {
    /// Its id, by which the client sends the result.
    pub(crate) id: String,
    /// The tool as it was offered.
    pub(crate) offer: super::ask::Offer,
    /// The arguments.
    pub(crate) arguments: Value,
}

/// An answer in the words of an API: as one document, and as the events of a stream.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) whole: Value,
    pub(crate) events: Vec<String>,
}

/// Tokens that every answer claims to have cost. Not zero, for a client may divide by them.
pub(crate) const TOKENS_IN: u64 = 100;
/// See [`TOKENS_IN`].
pub(crate) const TOKENS_OUT: u64 = 20;

impl Answer {
    /// What it says, or a lone empty text: an answer without any content is an error to most clients.
    pub(crate) fn says(&self) -> Option<&str> {
        (!self.text.is_empty() || self.calls.is_empty()).then_some(self.text.as_str())
    }

    /// Whether it only looks tools up, so that the turn itself is still to come.
    pub(crate) fn is_look_up(&self) -> bool {
        self.calls.iter().any(|call| call.offer.kind == super::ask::Kind::Search)
    }
}

/// One server-sent event.
pub(crate) fn event(name: Option<&str>, data: &Value) -> String {
    let name = name.map(|name| format!("event: {name}\n")).unwrap_or_default();
    format!("{name}data: {data}\n\n")
}

/// The plainest value that fits a JSON schema, for a question that wants one.
pub(crate) fn sample(schema: &Value) -> Value {
    if let Some(first) = schema.pointer("/enum/0") {
        return first.clone();
    }
    if let Some(inner) = schema.pointer("/anyOf/0").or_else(|| schema.pointer("/oneOf/0")) {
        return sample(inner);
    }
    let kind = schema.get("type").map_or("object", |kind| {
        kind.as_str().or_else(|| kind.pointer("/0").and_then(Value::as_str)).unwrap_or("object")
    });
    match kind.to_ascii_lowercase().as_str() {
        "string" => json!("ok"),
        "boolean" => json!(false),
        "integer" | "number" => json!(0),
        "array" => json!([]),
        "null" => Value::Null,
        _ => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let sampled = properties.into_iter().flatten();
            Value::Object(sampled.map(|(name, inner)| (name.clone(), sample(inner))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_fits_its_schema() {
        let schema = json!({"type": "object", "properties": {
            "choice": {"enum": ["flash", "pro"]}, "why": {"type": "STRING"},
            "sure": {"type": ["boolean", "null"]}, "parts": {"type": "array"},
            "either": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}});
        let fits = json!({"choice": "flash", "why": "ok", "sure": false, "parts": [], "either": 0});
        assert_eq!(sample(&schema), fits);
    }
}
