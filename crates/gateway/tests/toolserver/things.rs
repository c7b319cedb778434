//! What an honest server has: the tools, prompts and resources that the official conformance suite calls for, and a few
//! that tell tests what the server sees.

use crate::{Say, Server};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(crate) type Answered = Result<Value, (i64, String)>;

/// One red pixel.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
/// Silence.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

pub(crate) fn capabilities() -> Value {
    json!({
        "tools": {"listChanged": true}, "prompts": {}, "resources": {}, "completions": {}, "logging": {},
    })
}

pub(crate) fn tool(name: &str, description: &str, properties: Value) -> Value {
    json!({
        "name": name, "description": description,
        "inputSchema": {"type": "object", "properties": properties},
    })
}

pub(crate) fn tools() -> Vec<Value> {
    let mut echo = tool("echo", "Says it back.", json!({"text": {"type": "string"}}));
    echo["annotations"] = json!({"readOnlyHint": true, "openWorldHint": false});
    let mirrored = json!({"region": {"type": "string", "x-mcp-header": "Region"}});
    vec![
        echo,
        tool("environment", "Where it runs, and with which variables.", json!({})),
        tool("count", "How often it was asked to count.", json!({})),
        tool("mirrored", "An argument that stands in a header, too.", mirrored),
        tool("test_simple_text", "Gives a text.", json!({})),
        tool("test_image_content", "Gives an image.", json!({})),
        tool("test_audio_content", "Gives a sound.", json!({})),
        tool("test_embedded_resource", "Gives a resource.", json!({})),
        tool("test_multiple_content_types", "Gives several things.", json!({})),
        tool("test_tool_with_logging", "Writes a log while it works.", json!({})),
        tool("test_logging_tool", "Writes a log while it works.", json!({})),
        tool("test_error_handling", "Always fails.", json!({})),
        tool("test_tool_with_progress", "Tells how far it is.", json!({})),
        schema_tool(),
    ]
}

/// A tool whose schema uses what JSON Schema 2020-12 has; it must arrive as it is.
fn schema_tool() -> Value {
    json!({
        "name": "json_schema_2020_12_tool",
        "description": "Tool with JSON Schema 2020-12 features for conformance testing (SEP-1613, SEP-2106)",
        "inputSchema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "$defs": {
                "address": {
                    "$anchor": "addressDef",
                    "type": "object",
                    "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
                },
            },
            "properties": {
                "name": {"type": "string"},
                "address": {"$ref": "#/$defs/address"},
                "contactMethod": {"type": "string", "enum": ["phone", "email"]},
                "phone": {"type": "string"},
                "email": {"type": "string"},
            },
            "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
            "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
            "then": {"required": ["phone"]},
            "else": {"required": ["email"]},
            "additionalProperties": false,
        },
    })
}

fn text(text: impl Into<String>) -> Value {
    json!({"content": [{"type": "text", "text": text.into()}]})
}

pub(crate) fn call(server: &Server, name: &str, params: &Value, say: &Say) -> Option<Answered> {
    let image = json!({"type": "image", "data": PNG, "mimeType": "image/png"});
    let pause = || std::thread::sleep(Duration::from_millis(50));
    let result = match name {
        "echo" => text(params["arguments"]["text"].as_str().unwrap_or_default()),
        "mirrored" => text(params["arguments"]["region"].as_str().unwrap_or_default()),
        "count" => text((server.counted.fetch_add(1, Ordering::SeqCst) + 1).to_string()),
        "environment" => {
            let names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
            let dir = std::env::current_dir().unwrap_or_default();
            let mut result = text("see the structure");
            result["structuredContent"] =
                json!({"names": names, "dir": dir, "pid": std::process::id()});
            result
        }
        "test_simple_text" => text("This is a simple text response for testing."),
        "test_image_content" => json!({"content": [image]}),
        "test_audio_content" => {
            json!({"content": [{"type": "audio", "data": WAV, "mimeType": "audio/wav"}]})
        }
        "test_embedded_resource" => json!({"content": [{"type": "resource", "resource": {
            "uri": "test://embedded-resource", "mimeType": "text/plain",
            "text": "This is an embedded resource content.",
        }}]}),
        "test_multiple_content_types" => json!({"content": [
            {"type": "text", "text": "Multiple content types test:"},
            image,
            {"type": "resource", "resource": {
                "uri": "test://mixed-content-resource", "mimeType": "application/json",
                "text": "{\"test\":\"data\",\"value\":123}",
            }},
        ]}),
        "test_tool_with_logging" | "test_logging_tool" => {
            let newer = params["_meta"]["io.modelcontextprotocol/protocolVersion"].is_string();
            let wanted = params["_meta"]["io.modelcontextprotocol/logLevel"].is_string();
            for line in
                ["Tool execution started", "Tool processing data", "Tool execution completed"]
            {
                if wanted || !newer {
                    let params = json!({"level": "info", "data": line});
                    say(
                        json!({"jsonrpc": "2.0", "method": "notifications/message", "params": params}),
                    );
                }
                pause();
            }
            text("The log was written.")
        }
        "test_error_handling" => {
            let mut failed = text("This tool intentionally returns an error for testing");
            failed["isError"] = json!(true);
            failed
        }
        "test_tool_with_progress" => {
            for done in [0, 50, 100] {
                let token = &params["_meta"]["progressToken"];
                if !token.is_null() {
                    let params = json!({"progressToken": token, "progress": done, "total": 100});
                    say(
                        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params}),
                    );
                }
                pause();
            }
            text("All was done.")
        }
        "json_schema_2020_12_tool" => text(params["arguments"].to_string()),
        _ => return None,
    };
    Some(Ok(result))
}

pub(crate) fn prompts() -> Vec<Value> {
    let arg = |name: &str| json!({"name": name, "description": "For tests.", "required": true});
    vec![
        json!({"name": "test_simple_prompt", "description": "A plain prompt."}),
        json!({
            "name": "test_prompt_with_arguments", "description": "A prompt with arguments.",
            "arguments": [arg("arg1"), arg("arg2")],
        }),
        json!({
            "name": "test_prompt_with_embedded_resource", "description": "A prompt with a resource.",
            "arguments": [arg("resourceUri")],
        }),
        json!({"name": "test_prompt_with_image", "description": "A prompt with an image."}),
        json!({"name": "test_input_required_result_prompt", "description": "A prompt that asks first."}),
    ]
}

pub(crate) fn prompt(params: &Value) -> Answered {
    let user = |content: Value| json!({"role": "user", "content": content});
    let words = |text: &str| user(json!({"type": "text", "text": text}));
    let arg = |name: &str| params["arguments"][name].as_str().unwrap_or_default();
    let messages = match params["name"].as_str().unwrap_or_default() {
        "test_simple_prompt" => vec![words("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => {
            let (one, two) = (arg("arg1"), arg("arg2"));
            vec![words(&format!("Prompt with arguments: arg1='{one}', arg2='{two}'"))]
        }
        "test_prompt_with_embedded_resource" => vec![
            user(json!({"type": "resource", "resource": {
                "uri": arg("resourceUri"), "mimeType": "text/plain",
                "text": "Embedded resource content for testing.",
            }})),
            words("Please process the embedded resource above."),
        ],
        "test_prompt_with_image" => vec![
            user(json!({"type": "image", "data": PNG, "mimeType": "image/png"})),
            words("Please analyze the image above."),
        ],
        other => return Err((-32602, format!("Unknown prompt: {other}"))),
    };
    Ok(json!({"messages": messages}))
}

pub(crate) fn resources() -> Vec<Value> {
    let one = |uri: &str, kind: &str| json!({"uri": uri, "name": uri, "description": "For tests.", "mimeType": kind});
    vec![one("test://static-text", "text/plain"), one("test://static-binary", "image/png")]
}

pub(crate) fn templates() -> Vec<Value> {
    vec![json!({
        "uriTemplate": "test://template/{id}/data", "name": "template", "description": "For tests.",
        "mimeType": "application/json",
    })]
}

pub(crate) fn read(uri: &str) -> Answered {
    let id = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data"));
    let content = match (uri, id) {
        ("test://static-text", _) => json!({
            "uri": uri, "mimeType": "text/plain",
            "text": "This is the content of the static text resource.",
        }),
        ("test://static-binary", _) => json!({"uri": uri, "mimeType": "image/png", "blob": PNG}),
        (_, Some(id)) => {
            let data =
                json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
            json!({"uri": uri, "mimeType": "application/json", "text": data.to_string()})
        }
        (_, None) => return Err((-32002, "Resource not found".to_owned())),
    };
    Ok(json!({"contents": [content]}))
}
