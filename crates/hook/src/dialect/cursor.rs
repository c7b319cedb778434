//! Cursor: snake case, a flat `permission`, one event for every tool and one more for some of them.
//!
//! Read in documentation and in its published SDK (1.0.18), not observed here: it has no offline mode. A pause is
//! kept only before shell commands and MCP calls; `preToolUse` takes an `ask` and lets the tool run.

use crate::fields::{Fields, Object};
use crate::reply::{Reply, Said};
use crate::tool::{Call, quoted};
use serde_json::{Map, Value, json};
use weir_model::Refusal;
use weir_model::act::{Act, Answer, Client, Moment, Subagent, Tool};

pub(super) fn moment(event: &str) -> Option<Moment> {
    Some(match event {
        "preToolUse"
        | "beforeShellExecution"
        | "beforeMCPExecution"
        | "beforeReadFile"
        | "beforeTabFileRead" => Moment::BeforeTool,
        "beforeSubmitPrompt" => Moment::Prompt,
        "postToolUse"
        | "afterShellExecution"
        | "afterMCPExecution"
        | "afterFileEdit"
        | "afterTabFileEdit" => Moment::AfterTool,
        "postToolUseFailure" => Moment::ToolFailed,
        "sessionStart" => Moment::SessionStart,
        "sessionEnd" => Moment::SessionEnd,
        "subagentStart" => Moment::SubagentStart,
        "subagentStop" => Moment::SubagentEnd,
        "stop" => Moment::Stop,
        "preCompact" | "afterAgentResponse" | "afterAgentThought" | "workspaceOpen" => {
            Moment::Other
        }
        _ => return None,
    })
}

pub(super) fn read(moment: Moment, all: &Fields<'_>) -> Result<Act, Refusal> {
    let root = || -> Result<String, Refusal> {
        Ok(all.texts("workspace_roots")?.into_iter().next().unwrap_or_default())
    };
    let mut cwd = match all.text("cwd")? {
        Some(cwd) if !cwd.is_empty() => cwd.to_owned(),
        _ => root()?,
    };
    let tool = match moment {
        Moment::BeforeTool | Moment::AfterTool | Moment::ToolFailed => tool(all, &mut cwd)?,
        Moment::Prompt => Tool::Prompt { text: all.need("prompt")?.to_owned() },
        Moment::Permission
        | Moment::SessionStart
        | Moment::SessionEnd
        | Moment::SubagentStart
        | Moment::SubagentEnd
        | Moment::Stop
        | Moment::Configure
        | Moment::Other => Tool::None,
    };
    let kind = all.text("subagent_type")?.map(str::to_owned);
    let parent = all.text("parent_conversation_id")?;
    Ok(Act {
        client: Some(Client::Cursor),
        moment,
        conversation: parent.map_or_else(|| all.need("conversation_id"), Ok)?.to_owned(),
        subagent: all.text("subagent_id")?.map(|id| Subagent { id: id.to_owned(), kind }),
        call: all.any(&["tool_use_id", "tool_call_id"])?.map(str::to_owned),
        cwd,
        mode: None,
        tool,
    })
}

/// What is called: by its name, or by what the events of one kind of tool tell.
fn tool(all: &Fields<'_>, cwd: &mut String) -> Result<Tool, Refusal> {
    let Some(name) = all.text("tool_name")? else {
        let call = Call { name: "", args: *all };
        return if all.of.contains_key("command") {
            call.shell(&["command"])
        } else if all.of.contains_key("edits") {
            call.edits(&["file_path"], "edits", &["old_string"], &["new_string"])
        } else {
            read_with_attachments(&call)
        };
    };
    let whose = format!("the input of `{}`", name.escape_debug());
    let input = input(all, &whose)?;
    let call = Call { name, args: Fields { of: &input, whose: &whose } };
    // An MCP call tells where its server is, and not what it is called.
    if let Some(server) = all.any(&["url", "command"])? {
        return Ok(call.mcp(server, name));
    }
    if let Some(name) = name.strip_prefix("MCP:") {
        return Ok(call.mcp("", name));
    }
    match name {
        "Shell" => {
            if let Some(folder) = call.args.any(&["working_directory", "cwd"])? {
                *cwd = crate::tool::below(cwd, folder);
            }
            call.shell(&["command"])
        }
        "Read" => call.read(&["file_path", "path", "target_file"]),
        "Grep" => call.grep(&["path"], &["glob"]),
        "Glob" => call.glob("glob_pattern", &["target_directory"]),
        "LS" => call.list(&["path", "target_directory"]),
        "Write" => call.write(&["file_path", "path"], &["content", "contents"]),
        "StrReplace" | "Edit" => {
            call.edit(&["file_path", "path"], &["old_string"], &["new_string"])
        }
        "Delete" => {
            let path = call.args.need_any(&["file_path", "path", "target_file"])?.to_owned();
            Ok(crate::tool::deleted(path))
        }
        "WebFetch" => call.page(&["url"]),
        "WebSearch" => call.search(&["search_term", "query"]),
        "Task" => call.subagent(&["subagent_type"], &["prompt", "task"]),
        "TodoWrite" | "AskQuestion" | "SwitchMode" | "ReadLints" => Ok(call.inward()),
        _ => Ok(call.unknown()),
    }
}

/// A file that is read, and those that came with it.
fn read_with_attachments(call: &Call<'_>) -> Result<Tool, Refusal> {
    let mut paths = vec![call.args.need("file_path")?.to_owned()];
    for attachment in call.args.list("attachments")? {
        if let Value::Object(of) = attachment {
            let attachment = Fields { of, whose: "an attachment" };
            paths.extend(attachment.any(&["file_path", "filePath"])?.map(str::to_owned));
        }
    }
    Ok(Tool::Read { paths })
}

/// The arguments, which one event gives as an object and another as JSON in a text.
fn input(all: &Fields<'_>, whose: &str) -> Result<Object, Refusal> {
    match all.of.get("tool_input") {
        Some(Value::String(text)) => quoted(text, whose),
        _ => Ok(all.object("tool_input")?.ok_or_else(|| all.missing("tool_input"))?.clone()),
    }
}

pub(super) fn answer(said: &Said<'_>) -> Reply {
    let mut whole = Map::new();
    let refused = said.answer != Answer::Allow;
    match said.moment {
        Moment::BeforeTool => {
            let can_pause = matches!(said.event, "beforeShellExecution" | "beforeMCPExecution");
            let input = said.words.updated_input.as_ref().filter(|_| !refused);
            let can_rewrite = said.event == "preToolUse";
            let permission = match said.answer {
                Answer::Deny => "deny",
                Answer::Ask if can_pause && said.words.attended => "ask",
                Answer::Ask => "deny",
                Answer::Allow if input.is_some() && !can_rewrite => "deny",
                Answer::Allow => "allow",
            };
            whole.insert("permission".into(), permission.into());
            if let (Some(input), true) = (input, can_rewrite) {
                whole.insert("updated_input".into(), Value::Object(input.clone()));
            }
            if permission != "allow" {
                whole.insert("user_message".into(), said.reason.as_str().into());
                whole.insert("agent_message".into(), said.reason.as_str().into());
            }
        }
        Moment::Prompt => {
            whole.insert("continue".into(), (!refused).into());
            if refused {
                whole.insert("user_message".into(), said.reason.as_str().into());
            }
        }
        Moment::SubagentStart => {
            whole.insert("permission".into(), if refused { "deny" } else { "allow" }.into());
        }
        Moment::SessionStart | Moment::AfterTool => {
            if let Some(context) = &said.words.context {
                whole.insert("additional_context".into(), context.as_str().into());
            }
        }
        Moment::Permission
        | Moment::ToolFailed
        | Moment::SessionEnd
        | Moment::SubagentEnd
        | Moment::Stop
        | Moment::Configure
        | Moment::Other => {}
    }
    Reply::json(&json!(whole))
}
