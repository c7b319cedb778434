//! Claude Code, observed at 2.1.330: payloads in snake case, answers under `hookSpecificOutput`.
//!
//! Copilot CLI and Cursor read Claude Code's settings, too, and give these payloads then. Copilot was observed to
//! honour these answers.

use crate::fields::Fields;
use crate::reply::{Reply, Said};
use crate::tool::Call;
use serde_json::{Map, Value, json};
use weir_model::Refusal;
use weir_model::act::{Act, Answer, Client, Moment, Subagent, Tool};

pub(super) fn moment(event: &str) -> Option<Moment> {
    Some(match event {
        "PreToolUse" => Moment::BeforeTool,
        "PermissionRequest" => Moment::Permission,
        "UserPromptSubmit" => Moment::Prompt,
        "PostToolUse" => Moment::AfterTool,
        "PostToolUseFailure" => Moment::ToolFailed,
        "SessionStart" => Moment::SessionStart,
        "SessionEnd" => Moment::SessionEnd,
        "SubagentStart" => Moment::SubagentStart,
        "SubagentStop" => Moment::SubagentEnd,
        "Stop" => Moment::Stop,
        "ConfigChange" => Moment::Configure,
        "PostToolBatch"
        | "Notification"
        | "UserPromptExpansion"
        | "StopFailure"
        | "PreCompact"
        | "PostCompact"
        | "PreModelSwitch"
        | "PostModelSwitch"
        | "PermissionDenied"
        | "Setup"
        | "TeammateIdle"
        | "TaskCreated"
        | "TaskCompleted"
        | "Elicitation"
        | "ElicitationResult"
        | "WorktreeRemove"
        | "InstructionsLoaded"
        | "CwdChanged"
        | "FileChanged"
        | "DirectoryAdded"
        | "MessageDisplay" => Moment::Other,
        // `WorktreeCreate` is left out: a hook on it must make the worktree itself.
        _ => return None,
    })
}

pub(super) fn read(moment: Moment, all: &Fields<'_>) -> Result<Act, Refusal> {
    act(Client::Claude, moment, all, tool)
}

/// An act told with Claude Code's names, which Codex took up. `tool` knows the client's tools.
pub(super) fn act(
    client: Client,
    moment: Moment,
    all: &Fields<'_>,
    tool: impl Fn(&Call<'_>, &Fields<'_>) -> Result<Tool, Refusal>,
) -> Result<Act, Refusal> {
    let tool = match moment {
        Moment::BeforeTool | Moment::Permission | Moment::AfterTool | Moment::ToolFailed => {
            let name = all.need("tool_name")?;
            let of = all.object("tool_input")?.ok_or_else(|| all.missing("tool_input"))?;
            let whose = format!("the input of `{}`", name.escape_debug());
            tool(&Call { name, args: Fields { of, whose: &whose } }, all)?
        }
        Moment::Prompt => Tool::Prompt { text: all.need("prompt")?.to_owned() },
        Moment::Configure => match all.text("file_path")? {
            Some(path) => crate::tool::changed(path, ""),
            None => Tool::None,
        },
        Moment::SessionStart
        | Moment::SessionEnd
        | Moment::SubagentStart
        | Moment::SubagentEnd
        | Moment::Stop
        | Moment::Other => Tool::None,
    };
    let kind = all.text("agent_type")?.map(str::to_owned);
    let subagent = all.text("agent_id")?.map(|id| Subagent { id: id.to_owned(), kind });
    Ok(Act {
        client: Some(client),
        moment,
        conversation: all.need("session_id")?.to_owned(),
        subagent,
        call: all.text("tool_use_id")?.map(str::to_owned),
        cwd: all.text("cwd")?.unwrap_or_default().to_owned(),
        mode: all.text("permission_mode")?.map(str::to_owned),
        tool,
    })
}

fn tool(call: &Call<'_>, all: &Fields<'_>) -> Result<Tool, Refusal> {
    let server = match all.object("mcp_server")? {
        Some(of) => Fields { of, whose: "`mcp_server`" }.text("name")?,
        None => None,
    };
    if let Some(tool) = call.double_underscored(server) {
        return Ok(tool);
    }
    match call.name {
        "Bash" | "Monitor" => call.shell(&["command"]),
        "Read" => call.read(&["file_path"]),
        "NotebookRead" => call.read(&["notebook_path"]),
        "LS" => call.list(&["path"]),
        "Glob" => call.glob("pattern", &["path"]),
        "Grep" => call.grep(&["path"], &["glob"]),
        "Write" => call.write(&["file_path"], &["content"]),
        "Edit" => call.edit(&["file_path"], &["old_string"], &["new_string"]),
        "MultiEdit" => call.edits(&["file_path"], "edits", &["old_string"], &["new_string"]),
        "NotebookEdit" => call.write(&["notebook_path"], &["new_source"]),
        "WebFetch" => call.page(&["url"]),
        "WebSearch" => call.search(&["query"]),
        "Task" | "Agent" => call.subagent(&["subagent_type"], &["prompt"]),
        "ReadMcpResource" | "ReadMcpResourceTool" => call.resource("resources/read"),
        "ListMcpResources" | "ListMcpResourcesTool" => call.resource("resources/list"),
        "TodoWrite" | "TodoRead" | "TaskCreate" | "TaskGet" | "TaskUpdate" | "TaskList"
        | "TaskOutput" | "TaskStop" | "BashOutput" | "KillShell" | "KillBash" | "EnterPlanMode"
        | "ExitPlanMode" | "AskUserQuestion" | "ToolSearch" | "Skill" | "SlashCommand"
        | "ListAgents" | "ReportFindings" | "ScheduleWakeup" | "CronList" | "ReadNotifications"
        | "StructuredOutput" => Ok(call.inward()),
        _ => Ok(call.unknown()),
    }
}

pub(super) fn answer(said: &Said<'_>) -> Reply {
    let mut specific = Map::new();
    let mut whole = Map::new();
    let pauses = said.answer == Answer::Ask && said.words.attended;
    match said.moment {
        Moment::BeforeTool => {
            let decision = match said.answer {
                Answer::Deny => Some("deny"),
                Answer::Ask if pauses => Some("ask"),
                Answer::Ask => Some("deny"),
                // Other arguments are taken only with a yes.
                Answer::Allow if said.words.vouched || said.words.updated_input.is_some() => {
                    Some("allow")
                }
                Answer::Allow => None,
            };
            if let Some(decision) = decision {
                specific.insert("permissionDecision".into(), decision.into());
                specific.insert("permissionDecisionReason".into(), said.reason.as_str().into());
            }
            if said.answer == Answer::Allow
                && let Some(input) = &said.words.updated_input
            {
                specific.insert("updatedInput".into(), Value::Object(input.clone()));
            }
        }
        Moment::Permission => match said.answer {
            Answer::Deny => {
                specific.insert("decision".into(), deny(&said.reason));
            }
            // The client is about to ask the person: that is the pause.
            Answer::Ask if pauses => {}
            Answer::Ask => {
                specific.insert("decision".into(), deny(&said.reason));
            }
            Answer::Allow if said.words.vouched => {
                specific.insert("decision".into(), json!({"behavior": "allow"}));
            }
            Answer::Allow => {}
        },
        Moment::Prompt | Moment::Configure | Moment::AfterTool => {
            if said.answer != Answer::Allow {
                whole.insert("decision".into(), "block".into());
                whole.insert("reason".into(), said.reason.as_str().into());
            }
        }
        Moment::SessionStart
        | Moment::ToolFailed
        | Moment::SessionEnd
        | Moment::SubagentStart
        | Moment::SubagentEnd
        | Moment::Stop
        | Moment::Other => {}
    }
    context(said, &mut specific);
    finish(said, whole, specific)
}

fn deny(reason: &str) -> Value {
    json!({"behavior": "deny", "message": reason})
}

/// Adds what the model is to know, at the events that have a place for it.
pub(super) fn context(said: &Said<'_>, specific: &mut Map<String, Value>) {
    let has_place = match said.moment {
        Moment::BeforeTool
        | Moment::Prompt
        | Moment::AfterTool
        | Moment::ToolFailed
        | Moment::SessionStart
        | Moment::SubagentStart => true,
        Moment::Permission
        | Moment::Configure
        | Moment::SessionEnd
        | Moment::SubagentEnd
        | Moment::Stop
        | Moment::Other => false,
    };
    if has_place && let Some(context) = &said.words.context {
        specific.insert("additionalContext".into(), context.as_str().into());
    }
}

/// The whole answer; nothing at all when there is nothing to say.
pub(super) fn finish(
    said: &Said<'_>,
    mut whole: Map<String, Value>,
    mut specific: Map<String, Value>,
) -> Reply {
    if !specific.is_empty() {
        specific.insert("hookEventName".into(), said.event.into());
        whole.insert("hookSpecificOutput".into(), Value::Object(specific));
    }
    if whole.is_empty() { Reply::silent() } else { Reply::json(&Value::Object(whole)) }
}
