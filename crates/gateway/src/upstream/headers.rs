//! The headers of the stateless revision: what a request is, and of what, for those on the way who read no bodies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Method, name and mirrored arguments of a request.
pub(super) fn of(method: &str, params: &Value, schema: Option<&Value>) -> Vec<(String, String)> {
    let mut headers = vec![("Mcp-Method".to_owned(), method.to_owned())];
    let name = match method {
        "tools/call" | "prompts/get" => params.get("name"),
        "resources/read" => params.get("uri"),
        _ => None,
    };
    if let Some(name) = name.and_then(Value::as_str) {
        headers.push(("Mcp-Name".to_owned(), encoded(name)));
    }
    if let (Some(properties), Some(arguments)) =
        (schema.and_then(|schema| schema.get("properties")), params.get("arguments"))
    {
        mirrored(properties, arguments, 0, &mut headers);
    }
    headers
}

/// No honest schema nests deeper.
const DEPTH_MAX: usize = 32;

fn mirrored(
    properties: &Value,
    arguments: &Value,
    depth: usize,
    headers: &mut Vec<(String, String)>,
) {
    let Value::Object(properties) = properties else { return };
    if depth == DEPTH_MAX {
        return;
    }
    for (name, schema) in properties {
        let Some(argument) = arguments.get(name) else { continue };
        let header =
            schema.get("x-mcp-header").and_then(Value::as_str).filter(|name| is_token(name));
        let value = match argument {
            Value::String(text) => Some(text.clone()),
            Value::Bool(_) | Value::Number(_) => Some(argument.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        if let (Some(header), Some(value)) = (header, value) {
            headers.push((format!("Mcp-Param-{header}"), encoded(&value)));
        }
        if let Some(inner) = schema.get("properties") {
            mirrored(inner, argument, depth + 1, headers);
        }
    }
}

fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

/// A value as a header can carry it: as it is, or in base64 between marks.
fn encoded(value: &str) -> String {
    const OPEN: &str = "=?base64?";
    const CLOSE: &str = "?=";
    let plain = value.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    let edges = value.starts_with(' ') || value.ends_with(' ');
    let marked = value.starts_with(OPEN) && value.ends_with(CLOSE);
    if plain && !edges && !marked {
        return value.to_owned();
    }
    format!("{OPEN}{}{CLOSE}", STANDARD.encode(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_request_is_told_by_its_headers() {
        let schema = json!({"properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "deep": {"properties": {"n": {"type": "integer", "x-mcp-header": "N"}}},
            "bad": {"type": "string", "x-mcp-header": "no good"},
            "list": {"type": "array", "x-mcp-header": "List"},
        }});
        let params = json!({"name": "größe", "arguments": {
            "region": "eu", "deep": {"n": 3}, "bad": "x", "list": [1],
        }});
        let headers = of("tools/call", &params, Some(&schema));
        let value = |name: &str| {
            headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
        };
        assert_eq!(value("Mcp-Method"), Some("tools/call"));
        assert_eq!(value("Mcp-Name"), Some("=?base64?Z3LDtsOfZQ==?="));
        assert_eq!((value("Mcp-Param-Region"), value("Mcp-Param-N")), (Some("eu"), Some("3")));
        assert_eq!(headers.len(), 4);
        assert_eq!(of("tools/list", &json!({}), None).len(), 1);
    }

    proptest! {
        #[test]
        fn no_value_breaks_a_header(value in "(?s).*") {
            let encoded = encoded(&value);
            prop_assert!(encoded.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
        }
    }
}
