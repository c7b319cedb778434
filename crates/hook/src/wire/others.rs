//! Antigravity, Cursor and Copilot.

use super::plan::{NAME, Put, item, member};
use super::{HOOK_TIMEOUT_S, Wiring};
use crate::dialect::moment;
use serde_json::{Value, json};
use weir_model::act::{Client, Moment};

/// Antigravity: hooks under a name of ours. How its tool servers are told a token without writing it down is not
/// known, so they are left out.
pub(super) fn antigravity(wiring: &Wiring) -> Vec<Put> {
    let file = wiring.nearest(".agents/hooks.json", ".gemini/config/hooks.json", "");
    let event = |event: &str| {
        let command = wiring.command(Client::Antigravity, event);
        json!([{"matcher": "*", "hooks": [
            {"type": "command", "command": command, "timeout": HOOK_TIMEOUT_S},
        ]}])
    };
    let hooks = json!({"PreToolUse": event("PreToolUse"), "PostToolUse": event("PostToolUse")});
    vec![member(&file, &[NAME], hooks)]
}

/// Cursor: each hook asked to fail closed, and Weir's tools.
pub(super) fn cursor(wiring: &Wiring) -> Vec<Put> {
    let hooks =
        wiring.nearest(".cursor/hooks.json", ".cursor/hooks.json", "/etc/cursor/hooks.json");
    let mcp =
        wiring.nearest(".cursor/mcp.json", ".cursor/mcp.json", &wiring.at_home(".cursor/mcp.json"));
    let mut puts = vec![member(&hooks, &["version"], 1.into())];
    for event in [
        "preToolUse",
        "beforeShellExecution",
        "beforeMCPExecution",
        "beforeReadFile",
        "beforeSubmitPrompt",
        "postToolUse",
        "postToolUseFailure",
        "sessionStart",
        "sessionEnd",
        "subagentStart",
        "subagentStop",
        "stop",
    ] {
        let mut hook = json!({
            "command": wiring.command(Client::Cursor, event),
            "timeout": HOOK_TIMEOUT_S,
        });
        if moment(Client::Cursor, event).is_some_and(Moment::is_decided) {
            hook["failClosed"] = true.into();
        }
        puts.push(item(&hooks, &["hooks", event], hook));
    }
    let authorization = format!("Bearer ${{env:{}}}", wiring.token_env);
    let server = json!({"url": wiring.mcp, "headers": {"Authorization": authorization}});
    puts.push(member(&mcp, &["mcpServers", NAME], server));
    puts
}

/// Copilot: hooks in a file of our own, and Weir's tools.
pub(super) fn copilot(wiring: &Wiring) -> Vec<Put> {
    let hooks = wiring.nearest(
        ".github/hooks/weir.json",
        ".copilot/hooks/weir.json",
        "/etc/github-copilot/policy.d/weir.json",
    );
    let mut puts = vec![member(&hooks, &["version"], 1.into())];
    for event in [
        "preToolUse",
        "permissionRequest",
        "userPromptSubmitted",
        "postToolUse",
        "postToolUseFailure",
        "sessionStart",
        "sessionEnd",
        "subagentStart",
        "subagentStop",
        "agentStop",
    ] {
        puts.push(item(&hooks, &["hooks", event], copilot_hook(wiring, event)));
    }
    let authorization = format!("Bearer ${{{}}}", wiring.token_env);
    let server = json!({
        "type": "http",
        "url": wiring.mcp,
        "headers": {"Authorization": authorization},
        "tools": ["*"],
    });
    puts.push(member(&wiring.at_home(".copilot/mcp-config.json"), &["mcpServers", NAME], server));
    puts
}

/// Without a matcher: one of `*` was observed to silence the hook.
fn copilot_hook(wiring: &Wiring, event: &str) -> Value {
    json!({
        "type": "command",
        "bash": wiring.command(Client::Copilot, event),
        "timeoutSec": HOOK_TIMEOUT_S,
    })
}
