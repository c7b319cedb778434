//! Codex, observed at 0.169.0: Claude Code's names, a schema that takes no other key, and no pause.
//!
//! An answer that is not understood lets the tool run, so only these are given: a denial with a reason, other
//! arguments with a yes, and context.

use super::claude;
use crate::fields::Fields;
use crate::patch;
use crate::reply::{Reply, Said};
use crate::tool::Call;
use serde_json::{Map, Value, json};
use weir_model::Refusal;
use weir_model::act::{Act, Answer, Client, Moment, Tool};

pub(super) fn moment(event: &str) -> Option<Moment> {
    Some(match event {
        "PreToolUse" => Moment::BeforeTool,
        "PermissionRequest" => Moment::Permission,
        "UserPromptSubmit" => Moment::Prompt,
        "PostToolUse" => Moment::AfterTool,
        "SessionStart" => Moment::SessionStart,
        "SessionEnd" => Moment::SessionEnd,
        "SubagentStart" => Moment::SubagentStart,
        "SubagentStop" => Moment::SubagentEnd,
        "Stop" => Moment::Stop,
        "PreCompact" | "PostCompact" | "StopFailure" | "Interrupt" | "PreModelRequest"
        | "PostModelRequest" => Moment::Other,
        _ => return None,
    })
}

pub(super) fn read(moment: Moment, all: &Fields<'_>) -> Result<Act, Refusal> {
    claude::act(Client::Codex, moment, all, tool)
}

fn tool(call: &Call<'_>, _: &Fields<'_>) -> Result<Tool, Refusal> {
    if let Some(tool) = call.double_underscored(None) {
        return Ok(tool);
    }
    // Those about sub-agents come with the name of their group before their own.
    match call.name.strip_prefix("multi_agent_v1").unwrap_or(call.name) {
        // Every way to run a command comes under this name; its folder comes as `cwd`.
        "Bash" => call.shell(&["command"]),
        "apply_patch" => {
            Ok(patch::files(call.args.need("command")?).unwrap_or_else(|| call.unknown()))
        }
        "view_image" => call.read(&["path"]),
        "web_search" => call.search(&["query"]),
        "spawn_agent" | "send_input" => call.subagent(&["agent_type"], &["message", "prompt"]),
        "read_mcp_resource" => call.resource("resources/read"),
        "list_mcp_resources" | "list_mcp_resource_templates" => call.resource("resources/list"),
        "update_plan" | "tool_search" | "request_user_input" | "create_goal" | "get_goal"
        | "update_goal" | "wait_agent" | "close_agent" | "resume_agent" | "list_agents" => {
            Ok(call.inward())
        }
        _ => Ok(call.unknown()),
    }
}

pub(super) fn answer(said: &Said<'_>) -> Reply {
    let (mut specific, mut whole) = (Map::new(), Map::new());
    let refused = said.answer != Answer::Allow;
    match said.moment {
        Moment::BeforeTool => {
            if refused {
                specific.insert("permissionDecision".into(), "deny".into());
                specific.insert("permissionDecisionReason".into(), said.reason.as_str().into());
            } else if let Some(input) = &said.words.updated_input {
                specific.insert("permissionDecision".into(), "allow".into());
                specific.insert("updatedInput".into(), Value::Object(input.clone()));
            }
        }
        Moment::Permission => {
            if refused {
                let decision = json!({"behavior": "deny", "message": said.reason});
                specific.insert("decision".into(), decision);
            } else if said.words.vouched {
                specific.insert("decision".into(), json!({"behavior": "allow"}));
            }
        }
        Moment::Prompt | Moment::AfterTool => {
            if refused {
                whole.insert("decision".into(), "block".into());
                whole.insert("reason".into(), said.reason.as_str().into());
            }
        }
        Moment::Configure
        | Moment::ToolFailed
        | Moment::SessionStart
        | Moment::SessionEnd
        | Moment::SubagentStart
        | Moment::SubagentEnd
        | Moment::Stop
        | Moment::Other => {}
    }
    claude::context(said, &mut specific);
    claude::finish(said, whole, specific)
}
