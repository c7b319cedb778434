//! What a server offers: a tool or a prompt as it lists it, what of that the agent gets to see, and its digest.

use crate::canonical;
use serde_json::{Map, Value, json};
use weir_model::Digest;
use weir_model::act::Offer;

/// What is kept of a listing. All else (icons, `_meta`, what nobody knows yet) is dropped: it is neither pinned nor shown.
fn members(kind: Offer) -> &'static [&'static str] {
    match kind {
        Offer::Tool => {
            &["name", "title", "description", "inputSchema", "outputSchema", "annotations"]
        }
        Offer::Prompt => &["name", "title", "description", "arguments"],
    }
}

/// A tool or prompt, as its server describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// What it is.
    pub kind: Offer,
    /// What its server calls it.
    pub name: String,
    /// The description that is pinned: name, texts, schemas, annotations.
    pub description: Value,
    /// The SHA-256 of the description's canonical JSON (RFC 8785).
    pub digest: Digest,
}

/// No honest name is longer.
const NAME_MAX: usize = 256;

impl Listed {
    /// Reads one entry of a list; says what is wrong with it.
    pub(crate) fn read(kind: Offer, entry: &Value) -> Result<Self, String> {
        let Value::Object(entry) = entry else { return Err("an entry is no object".to_owned()) };
        let name = match entry.get("name") {
            Some(Value::String(name)) if (1..=NAME_MAX).contains(&name.len()) => name.clone(),
            _ => return Err("an entry has no name, or an endless one".to_owned()),
        };
        let kept = |member: &&str| Some(((*member).to_owned(), entry.get(*member)?.clone()));
        let description: Map<String, Value> = members(kind).iter().filter_map(kept).collect();
        for member in ["title", "description"] {
            if !matches!(description.get(member), None | Some(Value::String(_))) {
                return Err(format!("its `{member}` is no text"));
            }
        }
        if kind == Offer::Tool {
            let input = description.get("inputSchema");
            if input.and_then(|schema| schema.get("type")) != Some(&json!("object")) {
                return Err("its `inputSchema` describes no object".to_owned());
            }
            if !matches!(description.get("outputSchema"), None | Some(Value::Object(_))) {
                return Err("its `outputSchema` is no schema".to_owned());
            }
        }
        let arguments = description.get("arguments");
        if !matches!(arguments, None | Some(Value::Array(_))) {
            return Err("its `arguments` are no list".to_owned());
        }
        let description = Value::Object(description);
        let digest = Digest::of(&canonical::bytes(&description));
        Ok(Self { kind, name, description, digest })
    }

    /// Whether any of its texts holds characters that a person who reads it does not see.
    pub(crate) fn hides(&self) -> bool {
        hides(&self.description)
    }

    /// The description as the agent sees it: under the name that it calls it by, and with all four hints. A hint that
    /// is missing is the worst: it may change things, destroy, do more when repeated, and reach anything.
    pub(crate) fn shown(&self, name: &str) -> Value {
        let mut shown = self.description.clone();
        shown["name"] = json!(name);
        if self.kind == Offer::Tool {
            let said = self.description.get("annotations");
            let hint = |name: &str, worst: bool| {
                said.and_then(|said| said.get(name)).and_then(Value::as_bool).unwrap_or(worst)
            };
            let mut hints = json!({
                "readOnlyHint": hint("readOnlyHint", false),
                "destructiveHint": hint("destructiveHint", true),
                "idempotentHint": hint("idempotentHint", false),
                "openWorldHint": hint("openWorldHint", true),
            });
            if let Some(title) = said.and_then(|said| said.get("title")).and_then(Value::as_str) {
                hints["title"] = json!(title);
            }
            shown["annotations"] = hints;
        }
        shown
    }
}

/// Whether any text in `value` does.
pub(crate) fn hides(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().any(is_hidden),
        Value::Array(items) => items.iter().any(hides),
        Value::Object(members) => {
            members.iter().any(|(name, member)| name.chars().any(is_hidden) || hides(member))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Controls, what turns the direction of writing, what has no width, and the tag characters in which a whole text can
/// be hidden. The joiners of scripts and emoji (U+200C, U+200D) and variation selectors U+FE0E, U+FE0F are honest.
fn is_hidden(c: char) -> bool {
    let plain = matches!(c, '\n' | '\t' | '\r');
    (c.is_control() && !plain)
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0d}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tool(more: Value) -> Value {
        let mut tool =
            json!({"name": "read", "description": "Reads.", "inputSchema": {"type": "object"}});
        if let (Value::Object(tool), Value::Object(more)) = (&mut tool, more) {
            tool.extend(more);
        }
        tool
    }

    fn digest(more: Value) -> Digest {
        Listed::read(Offer::Tool, &tool(more)).expect("well formed").digest
    }

    #[test]
    fn the_digest_is_of_what_the_agent_reads_and_of_nothing_else() {
        let plain = digest(json!({}));
        for same in [json!({"_meta": {"a": 1}}), json!({"icons": []}), json!({"name": "read"})] {
            assert_eq!(digest(same.clone()), plain, "{same}");
        }
        for other in [
            json!({"description": "Reads. "}),
            json!({"title": "Read"}),
            json!({"inputSchema": {"type": "object", "properties": {"to": {}}}}),
            json!({"outputSchema": {"type": "object"}}),
            json!({"annotations": {"readOnlyHint": true}}),
            json!({"name": "read2"}),
        ] {
            assert_ne!(digest(other.clone()), plain, "{other}");
        }
    }

    #[test]
    fn every_tool_is_annotated_and_silence_is_the_worst() {
        let read =
            |more| Listed::read(Offer::Tool, &tool(more)).expect("well formed").shown("s__read");
        let worst = json!({
            "readOnlyHint": false, "destructiveHint": true, "idempotentHint": false, "openWorldHint": true,
        });
        for silent in
            [json!({}), json!({"annotations": {"readOnlyHint": "yes"}}), json!({"annotations": 1})]
        {
            let shown = read(silent);
            assert_eq!((&shown["annotations"], &shown["name"]), (&worst, &json!("s__read")));
        }
        let mild = json!({
            "title": "Read", "readOnlyHint": true, "destructiveHint": false,
            "idempotentHint": true, "openWorldHint": false,
        });
        assert_eq!(read(json!({"annotations": mild.clone()}))["annotations"], mild);
    }

    #[test]
    fn what_is_no_tool_is_not_taken_for_one() {
        let rows = [
            json!(1),
            json!({}),
            tool(json!({"name": ""})),
            tool(json!({"name": "x".repeat(257)})),
            tool(json!({"description": 1})),
            tool(json!({"inputSchema": {"type": "string"}})),
            tool(json!({"inputSchema": null})),
            tool(json!({"outputSchema": true})),
        ];
        for row in rows {
            assert!(Listed::read(Offer::Tool, &row).is_err(), "{row}");
        }
    }

    #[test]
    fn a_text_that_people_cannot_see_is_noticed() {
        let hides = |text: &str| {
            Listed::read(Offer::Tool, &tool(json!({"description": text}))).expect("read").hides()
        };
        for text in ["a\u{200b}b", "a\u{202e}b", "\u{e0041}", "\u{1b}[8m", "\u{feff}"] {
            assert!(hides(text), "{text:?}");
        }
        for text in ["Reads.\n\tReally.", "Größe 👩‍🚀", "日本語", "می‌خواهم"] {
            assert!(!hides(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_order_of_members_is_no_change(a in ".*", b in any::<i32>()) {
            let b = f64::from(b) / 64.0;
            let one = format!(r#"{{"name":"n","inputSchema":{{"type":"object","x":{b:?}}},"title":{}}}"#, json!(a));
            let other = format!(r#"{{"title":{},"inputSchema":{{"x":{b:e},"type":"object"}},"name":"n"}}"#, json!(a));
            let read = |text: &str| {
                let value: Value = serde_json::from_str(text).expect("JSON");
                Listed::read(Offer::Tool, &value).expect("a tool").digest
            };
            prop_assert_eq!(read(&one), read(&other));
        }
    }
}
