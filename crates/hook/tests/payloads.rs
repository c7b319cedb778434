//! What real clients told their hooks, and the act that each payload becomes.
//!
//! Each file in `payloads/` holds blocks of three lines: event, payload, act. A client that changes its ways gets
//! new blocks; the old ones stay as long as its old versions are attached.

#[path = "payloads/blocks.rs"]
mod blocks;

use blocks::{Block, all};
use weir_hook::read;

#[test]
fn every_payload_becomes_its_act() {
    let mut wrong = Vec::new();
    for Block { client, event, payload, act } in all() {
        let told = match read(client, event, payload.as_bytes()) {
            Ok(told) => serde_json::to_string(&told).expect("an act is JSON"),
            Err(refusal) => format!("{}: {refusal}", refusal.code),
        };
        if told != act {
            wrong.push(format!(
                "{client} {event}\n  {payload}\n  told     {told}\n  expected {act}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_essential_is_missed_by_name_and_what_is_not_is_passed_over() {
    use weir_model::act::Client;
    let whole =
        r#"{"session_id":"s","tool_name":"Bash","tool_input":{"command":"ls","new":{}},"new":[1]}"#;
    assert!(read(Client::Claude, "PreToolUse", whole.as_bytes()).is_ok());
    for (client, event, payload, code, words) in [
        (Client::Claude, "PreToolUse", "{}", "hook.missing", "no `tool_name`"),
        (
            Client::Claude,
            "PreToolUse",
            r#"{"tool_name":"Bash"}"#,
            "hook.missing",
            "no `tool_input`",
        ),
        (
            Client::Claude,
            "PreToolUse",
            r#"{"tool_name":"Bash","tool_input":{"command":"ls"}}"#,
            "hook.missing",
            "no `session_id`",
        ),
        (
            Client::Claude,
            "PreToolUse",
            r#"{"session_id":"s","tool_name":"Bash","tool_input":{}}"#,
            "hook.missing",
            "the input of `Bash` has no `command`",
        ),
        (
            Client::Codex,
            "PreToolUse",
            r#"{"session_id":"s","tool_name":"Bash","tool_input":{"command":["ls"]}}"#,
            "hook.malformed",
            "`command` in the input of `Bash` is not a text",
        ),
        (Client::Gemini, "BeforeTool", r#"{"session_id":"#, "hook.malformed", "EOF"),
        (
            Client::Gemini,
            "BeforeTool",
            r#"{"session_id":"s","session_id":"t"}"#,
            "hook.malformed",
            "the key `session_id` stands twice",
        ),
        (Client::Claude, "PreToolUsed", "{}", "hook.event_unknown", "no event `PreToolUsed`"),
        (
            Client::Claude,
            "PostToolUse",
            r#"{"hook_event_name":"PreToolUse"}"#,
            "hook.event_mismatch",
            "is one of `PreToolUse`",
        ),
        (
            Client::OpenCode,
            "tool.execute.before",
            r#"{"tool":"bash"}"#,
            "hook.missing",
            "no `args`",
        ),
        (Client::Copilot, "preToolUse", r#"{"sessionId":"s"}"#, "hook.missing", "no `toolName`"),
        (
            Client::Copilot,
            "preToolUse",
            r#"{"sessionId":"s","toolName":"bash","toolArgs":"{\"command\":\"a\",\"command\":\"b\"}"}"#,
            "hook.malformed",
            "the key `command` stands twice",
        ),
        (Client::Antigravity, "PreToolUse", "{}", "hook.missing", "no `toolCall`"),
        (Client::Cursor, "preToolUse", "{}", "hook.missing", "no `file_path`"),
    ] {
        let refusal = read(client, event, payload.as_bytes()).expect_err(payload);
        assert_eq!(refusal.code, code, "{payload}: {refusal}");
        assert!(refusal.sentence.contains(words), "{payload}: {refusal}");
        assert!(refusal.hint.is_some(), "{payload}");
    }
}

#[test]
fn a_payload_that_is_too_large_is_refused_and_one_of_ten_megabytes_is_read() {
    use weir_model::act::{Client, Tool};
    let command = |bytes: usize| {
        let text = "x".repeat(bytes);
        format!(r#"{{"session_id":"s","tool_name":"Bash","tool_input":{{"command":"{text}"}}}}"#)
    };
    let act = read(Client::Claude, "PreToolUse", command(10_000_000).as_bytes()).expect("ten");
    assert!(matches!(act.tool, Tool::Shell { command } if command.len() == 10_000_000));
    let large = command(weir_hook::PAYLOAD_MAX);
    let refusal = read(Client::Claude, "PreToolUse", large.as_bytes()).expect_err("sixteen");
    assert_eq!(refusal.code, "hook.too_large");
}
