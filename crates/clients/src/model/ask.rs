//! What a request asks of the model, whichever API it speaks.

use serde_json::Value;

/// One request, read.
#[derive(Debug, Default)]
pub(crate) struct Ask {
    /// The model it names.
    pub(crate) model: String,
    /// Whether the answer is to be a stream of events.
    pub(crate) stream: bool,
    /// The instructions.
    pub(crate) system: String,
    /// The messages of the user, without tool results.
    pub(crate) users: Vec<String>,
    /// The tools that the model may call.
    pub(crate) offers: Vec<Offer>,
    /// The results of tools that it called before, in the order in which they stand.
    pub(crate) results: Vec<ToolResult>,
    /// The JSON schema that the answer must follow, if it must follow one.
    pub(crate) schema: Option<Value>,
}

/// A tool that the client offers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Offer {
    /// What the client calls it; of a tool in a namespace, only its last part.
    pub(crate) name: String,
    /// The group it stands in, where the API has groups.
    pub(crate) namespace: Option<String>,
    /// How it is called.
    pub(crate) kind: Kind,
    /// The JSON schema of its arguments.
    pub(crate) schema: Value,
}

/// How a tool is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// With a JSON object.
    #[default]
    Function,
    /// With plain text.
    FreeText,
    /// It looks other tools up, which are offered from then on.
    Search,
}

/// What the client sent back for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToolResult {
    /// The id that the call had; empty where the client dropped it.
    pub(crate) call: String,
    /// The tool's name, where it is repeated.
    pub(crate) tool: String,
    /// What the model is told.
    pub(crate) text: String,
}

impl Ask {
    /// Whether the instructions or a user message contain `mark`.
    pub(crate) fn says(&self, mark: &str) -> bool {
        self.system.contains(mark) || self.users.iter().any(|text| text.contains(mark))
    }

    /// What it says of the model to use and of streaming, in the APIs that say so in the body.
    pub(crate) fn of_body(body: &Value) -> Self {
        let stream = body.get("stream").and_then(Value::as_bool).unwrap_or_default();
        Self { model: text_at(body, "model").to_owned(), stream, ..Self::default() }
    }
}

/// The text of a message's content, in any of the four APIs: a text, a part with a text, or a list of parts.
pub(crate) fn text_of(content: &Value) -> String {
    match content {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(text_of).collect::<Vec<_>>().join("\n"),
        Value::Object(part) => {
            let inner = ["text", "output", "content", "parts", "error"];
            match inner.iter().find_map(|key| part.get(*key)) {
                Some(inner) => text_of(inner),
                None => content.to_string(),
            }
        }
        Value::Bool(_) | Value::Number(_) => content.to_string(),
    }
}

/// The items of an array; none for anything else.
pub(crate) fn items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// A text of an object; empty for anything else.
pub(crate) fn text_at<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a message is of this role.
pub(crate) fn is_by(message: &Value, roles: &[&str]) -> bool {
    roles.contains(&text_at(message, "role"))
}
