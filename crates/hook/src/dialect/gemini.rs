//! Gemini CLI, observed at 0.61.0: snake case, a flat `decision`, and no pause.

use super::claude;
use crate::fields::Fields;
use crate::reply::{Reply, Said};
use crate::tool::{Call, below};
use serde_json::{Map, Value};
use weir_model::Refusal;
use weir_model::act::{Act, Answer, Client, Moment, Tool};

pub(super) fn moment(event: &str) -> Option<Moment> {
    Some(match event {
        "BeforeTool" => Moment::BeforeTool,
        "BeforeAgent" => Moment::Prompt,
        "AfterTool" => Moment::AfterTool,
        "SessionStart" => Moment::SessionStart,
        "SessionEnd" => Moment::SessionEnd,
        "AfterAgent" => Moment::Stop,
        "BeforeModel" | "AfterModel" | "BeforeToolSelection" | "Notification" | "PreCompress" => {
            Moment::Other
        }
        _ => return None,
    })
}

pub(super) fn read(moment: Moment, all: &Fields<'_>) -> Result<Act, Refusal> {
    let mut act = claude::act(Client::Gemini, moment, all, tool)?;
    // A command may ask for a folder of its own.
    if let (Tool::Shell { .. }, Some(of)) = (&act.tool, all.object("tool_input")?) {
        let input = Fields { of, whose: "the input of `run_shell_command`" };
        if let Some(folder) = input.any(&["dir_path", "directory"])? {
            act.cwd = below(&act.cwd, folder);
        }
    }
    Ok(act)
}

fn tool(call: &Call<'_>, all: &Fields<'_>) -> Result<Tool, Refusal> {
    if let Some(of) = all.object("mcp_context")? {
        let mcp = Fields { of, whose: "`mcp_context`" };
        return Ok(call.mcp(mcp.need("server_name")?, mcp.need("tool_name")?));
    }
    if let Some((server, name)) =
        call.name.strip_prefix("mcp_").and_then(|rest| rest.split_once('_'))
    {
        return Ok(call.mcp(server, name));
    }
    match call.name {
        "run_shell_command" => call.shell(&["command"]),
        "read_file" => call.read(&["file_path", "absolute_path"]),
        "list_directory" => call.list(&["dir_path", "path"]),
        "glob" => call.glob("pattern", &["dir_path", "path"]),
        "grep_search" | "search_file_content" => {
            call.grep(&["dir_path", "path"], &["include_pattern", "include"])
        }
        "write_file" => call.write(&["file_path"], &["content"]),
        "replace" => call.edit(&["file_path"], &["old_string"], &["new_string"]),
        "web_fetch" => web_fetch(call),
        "google_web_search" => call.search(&["query"]),
        "invoke_agent" | "delegate_to_agent" => {
            call.subagent(&["agent_name"], &["prompt", "objective", "query"])
        }
        "write_todos"
        | "update_topic"
        | "enter_plan_mode"
        | "exit_plan_mode"
        | "ask_user"
        | "complete_task"
        | "activate_skill"
        | "get_internal_docs"
        | "list_background_processes"
        | "read_background_output"
        | "list_mcp_resources"
        | "tracker_create_task"
        | "tracker_get_task"
        | "tracker_list_tasks"
        | "tracker_update_task"
        | "tracker_add_dependency"
        | "tracker_visualize" => Ok(call.inward()),
        _ => Ok(call.unknown()),
    }
}

/// A page, named by its address or somewhere in a prompt. Several are more than one act can say.
fn web_fetch(call: &Call<'_>) -> Result<Tool, Refusal> {
    if let Some(url) = call.args.text("url")? {
        return Ok(Tool::Web { url: Some(url.to_owned()), query: None });
    }
    let prompt = call.args.need("prompt")?;
    let lower = prompt.to_ascii_lowercase();
    let (mut starts, schemes) = (lower.match_indices("http"), lower.matches("://").count());
    match (starts.next(), starts.next(), schemes) {
        (Some((start, _)), None, 1) => {
            let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`');
            let url = prompt[start..].split(ends).next().unwrap_or_default();
            Ok(Tool::Web { url: Some(url.to_owned()), query: None })
        }
        _ => Ok(call.unknown()),
    }
}

pub(super) fn answer(said: &Said<'_>) -> Reply {
    let (mut specific, mut whole) = (Map::new(), Map::new());
    match said.moment {
        Moment::BeforeTool | Moment::Prompt | Moment::AfterTool => {
            if said.answer != Answer::Allow {
                whole.insert("decision".into(), "deny".into());
                whole.insert("reason".into(), said.reason.as_str().into());
            }
        }
        Moment::Permission
        | Moment::ToolFailed
        | Moment::SessionStart
        | Moment::SessionEnd
        | Moment::SubagentStart
        | Moment::SubagentEnd
        | Moment::Stop
        | Moment::Configure
        | Moment::Other => {}
    }
    if said.moment == Moment::BeforeTool {
        // The client lays these over the model's own, so a key that is to go must be set to null.
        if let (Answer::Allow, Some(input)) = (said.answer, &said.words.updated_input) {
            specific.insert("tool_input".into(), Value::Object(input.clone()));
        }
    } else {
        // What is said before a tool does not reach the model.
        claude::context(said, &mut specific);
    }
    claude::finish(said, whole, specific)
}
