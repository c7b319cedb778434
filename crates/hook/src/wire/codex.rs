//! Codex: hooks that it trusts, or that are managed, and Weir's tools.
//!
//! A hook that nobody reviewed does not run, without a word. So what a review would write is written: the digest
//! of each hook's definition, in the form in which Codex itself takes it (checked against `hooks/list` of 0.169.0).

use super::claude::is_of_tools;
use super::jsonc::Jsonc;
use super::plan::{NAME, Put, block, item};
use super::{CODEX_SESSION_END_S, Existing, HOOK_TIMEOUT_S, Scope, Wiring, block as blocks};
use crate::dialect::moment;
use crate::fields::canonical;
use serde_json::{Value, json};
use weir_model::act::Client;
use weir_model::{Digest, Refusal};

/// What is listened to, and Codex's label for it in keys.
const EVENTS: &[(&str, &str)] = &[
    ("PreToolUse", "pre_tool_use"),
    ("PermissionRequest", "permission_request"),
    ("UserPromptSubmit", "user_prompt_submit"),
    ("PostToolUse", "post_tool_use"),
    ("SessionStart", "session_start"),
    ("SessionEnd", "session_end"),
    ("SubagentStart", "subagent_start"),
    ("SubagentStop", "subagent_stop"),
    ("Stop", "stop"),
];

pub(super) fn puts(wiring: &Wiring, existing: &[Existing]) -> Result<Vec<Put>, Refusal> {
    let config = wiring.at_home(".codex/config.toml");
    let server = format!(
        "[mcp_servers.{NAME}]\nurl = {}\nbearer_token_env_var = {}\n\
         # Weir decides each call itself.\ndefault_tools_approval_mode = \"approve\"\n",
        quoted(&wiring.mcp),
        quoted(&wiring.token_env)
    );
    match wiring.scope {
        Scope::Managed => Ok(vec![
            block("/etc/codex/requirements.toml", blocks::marked(&managed(wiring))),
            block(&config, blocks::marked(&server)),
        ]),
        Scope::User | Scope::Worktree => {
            let file = wiring.at_home(".codex/hooks.json");
            let groups: Vec<(&str, &str, Value)> = EVENTS
                .iter()
                .map(|(event, label)| (*event, *label, group(wiring, event)))
                .collect();
            let mut lines = server;
            for (event, label, group) in &groups {
                let index = index(&file, event, group, existing)?;
                let key = quoted(&format!("{file}:{label}:{index}:0"));
                let digest = quoted(&digest(label, group));
                lines.push_str(&format!("\n[hooks.state.{key}]\ntrusted_hash = {digest}\n"));
            }
            let mut puts: Vec<Put> = groups
                .into_iter()
                .map(|(event, _, group)| item(&file, &["hooks", event], group))
                .collect();
            puts.push(block(&config, blocks::marked(&lines)));
            Ok(puts)
        }
    }
}

fn group(wiring: &Wiring, event: &str) -> Value {
    let hook = json!({
        "type": "command",
        "command": wiring.closed_command(Client::Codex, event),
        "timeout": timeout_s(event),
    });
    let mut group = json!({"hooks": [hook]});
    if is_of_tools(moment(Client::Codex, event)) {
        group["matcher"] = "*".into();
    }
    group
}

fn timeout_s(event: &str) -> u32 {
    if event == "SessionEnd" { CODEX_SESSION_END_S } else { HOOK_TIMEOUT_S }
}

/// The place that the group gets among those that are there, which is part of its key.
fn index(file: &str, event: &str, group: &Value, existing: &[Existing]) -> Result<usize, Refusal> {
    let bytes =
        existing.iter().find(|(known, _)| known == file).and_then(|(_, bytes)| bytes.as_deref());
    let text = String::from_utf8_lossy(bytes.unwrap_or_default());
    if text.trim().is_empty() {
        return Ok(0);
    }
    match Jsonc::read(&text, file)?.value(&["hooks", event]) {
        Some(Value::Array(groups)) => {
            Ok(groups.iter().position(|known| known == group).unwrap_or(groups.len()))
        }
        _ => Ok(0),
    }
}

/// The digest that Codex compares: of the group with all its defaults, as JSON with sorted keys.
fn digest(label: &str, group: &Value) -> String {
    let mut whole = group.clone();
    whole["event_name"] = label.into();
    whole["hooks"][0]["async"] = false.into();
    format!("sha256:{}", Digest::of(canonical(&whole).as_bytes()))
}

/// Hooks that no user can turn off: `--disable hooks` would, were the feature not pinned.
fn managed(wiring: &Wiring) -> String {
    let mut lines = "[features]\nhooks = true\n".to_owned();
    for (event, _) in EVENTS {
        let matcher =
            if is_of_tools(moment(Client::Codex, event)) { "matcher = \"*\"\n" } else { "" };
        let command = quoted(&wiring.closed_command(Client::Codex, event));
        let timeout = timeout_s(event);
        lines.push_str(&format!(
            "\n[[hooks.{event}]]\n{matcher}\n[[hooks.{event}.hooks]]\ntype = \"command\"\n\
             command = {command}\ntimeout = {timeout}\n"
        ));
    }
    lines
}

/// A text of TOML: its basic strings take what JSON's take.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_one_that_codex_lists() {
        // From `hooks/list` of the app server of 0.169.0.
        let hook = |event: &str| json!({"type": "command", "command": format!("/usr/bin/weir hook codex {event}"), "timeout": 30});
        for (label, group, listed) in [
            (
                "pre_tool_use",
                json!({"matcher": "*", "hooks": [hook("PreToolUse")]}),
                "sha256:4e0ea3b80a2ce7f481ec67c7be46a07f7e437f33eeed82233ea1d6bca1b2e652",
            ),
            (
                "session_start",
                json!({"hooks": [hook("SessionStart")]}),
                "sha256:13b4263ab0b28128c270285dbffdcd773308a2baa3e5d4e0aa7f1ae66e955285",
            ),
            (
                "stop",
                json!({"hooks": [hook("Stop")]}),
                "sha256:3e1a367e90ced037c4631dedc80ebbe7d1b2f0f43d02bf9600687f74e562e80e",
            ),
        ] {
            assert_eq!(digest(label, &group), listed, "{label}");
        }
    }
}
