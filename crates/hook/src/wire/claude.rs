//! Claude Code: hooks that fail closed, and Weir's tools.

use super::plan::{NAME, Put, item, member};
use super::{HOOK_TIMEOUT_S, Scope, Wiring};
use crate::dialect::moment;
use serde_json::{Value, json};
use weir_model::act::{Client, Moment};

/// What is listened to; whatever has a yes or a no first.
const EVENTS: &[&str] = &[
    "PreToolUse",
    "PermissionRequest",
    "UserPromptSubmit",
    "ConfigChange",
    "PostToolUse",
    "PostToolUseFailure",
    "SessionStart",
    "SessionEnd",
    "SubagentStart",
    "SubagentStop",
    "Stop",
];

pub(super) fn puts(wiring: &Wiring) -> Vec<Put> {
    let settings = wiring.nearest(
        // Not `settings.json`, which is committed.
        ".claude/settings.local.json",
        ".claude/settings.json",
        "/etc/claude-code/managed-settings.d/weir.json",
    );
    let mut puts: Vec<Put> = EVENTS
        .iter()
        .map(|event| item(&settings, &["hooks", event], group(wiring, Client::Claude, event)))
        .collect();
    let mut server = json!({"type": "http", "url": wiring.mcp});
    server["headers"] = json!({"Authorization": format!("Bearer ${{{}}}", wiring.token_env)});
    match wiring.scope {
        Scope::Worktree => {
            let file = format!("{}/.mcp.json", wiring.worktree.trim_end_matches('/'));
            puts.push(member(&file, &["mcpServers", NAME], server));
            puts.push(item(&settings, &["enabledMcpjsonServers"], NAME.into()));
        }
        // A managed list of servers would shut out all others.
        Scope::User | Scope::Managed => {
            puts.push(member(&wiring.at_home(".claude.json"), &["mcpServers", NAME], server));
        }
    }
    puts
}

/// One group of hooks in the shape that Claude Code began.
fn group(wiring: &Wiring, client: Client, event: &str) -> Value {
    let mut hook = json!({
        "type": "command",
        "command": wiring.command(client, event),
        "timeout": HOOK_TIMEOUT_S,
    });
    let moment = moment(client, event);
    if moment.is_some_and(Moment::is_decided) {
        hook["onFailure"] = "block".into();
    }
    let mut group = json!({"hooks": [hook]});
    if is_of_tools(moment) {
        group["matcher"] = "*".into();
    }
    group
}

/// Whether an event is about tools, so that it has a matcher.
pub(super) fn is_of_tools(moment: Option<Moment>) -> bool {
    match moment {
        Some(Moment::BeforeTool | Moment::Permission | Moment::AfterTool | Moment::ToolFailed) => {
            true
        }
        Some(
            Moment::Prompt
            | Moment::SessionStart
            | Moment::SessionEnd
            | Moment::SubagentStart
            | Moment::SubagentEnd
            | Moment::Stop
            | Moment::Configure
            | Moment::Other,
        )
        | None => false,
    }
}
