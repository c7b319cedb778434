//! GitHub Copilot CLI, observed at 1.0.102: camel case, flat answers, and a denial on every failure but a late one.

use crate::fields::{Fields, Object};
use crate::patch;
use crate::reply::{Reply, Said};
use crate::tool::{Call, quoted};
use serde_json::{Map, Value};
use weir_model::Refusal;
use weir_model::act::{Act, Answer, Client, Moment, Subagent, Tool};

/// The server that comes with the client. Its name has dashes, as the mark between server and tool has.
const BUILT_IN_SERVER: &str = "github-mcp-server";

pub(super) fn moment(event: &str) -> Option<Moment> {
    Some(match event {
        "preToolUse" => Moment::BeforeTool,
        "permissionRequest" => Moment::Permission,
        "userPromptSubmitted" => Moment::Prompt,
        "postToolUse" => Moment::AfterTool,
        "postToolUseFailure" => Moment::ToolFailed,
        "sessionStart" => Moment::SessionStart,
        "sessionEnd" => Moment::SessionEnd,
        "subagentStart" => Moment::SubagentStart,
        "subagentStop" => Moment::SubagentEnd,
        "agentStop" => Moment::Stop,
        "errorOccurred" | "notification" | "preCompact" | "userPromptTransformed" => Moment::Other,
        _ => return None,
    })
}

pub(super) fn read(moment: Moment, all: &Fields<'_>) -> Result<Act, Refusal> {
    let tool = match moment {
        Moment::BeforeTool | Moment::Permission | Moment::AfterTool | Moment::ToolFailed => {
            tool(all)?
        }
        Moment::Prompt => Tool::Prompt { text: all.need("prompt")?.to_owned() },
        Moment::SessionStart
        | Moment::SessionEnd
        | Moment::SubagentStart
        | Moment::SubagentEnd
        | Moment::Stop
        | Moment::Configure
        | Moment::Other => Tool::None,
    };
    // A sub-agent has a session of its own and tells whose child it is.
    let session = all.need("sessionId")?;
    let kind = all.text("agentType")?.map(str::to_owned);
    Ok(Act {
        client: Some(Client::Copilot),
        moment,
        conversation: all.text("parentAgentId")?.unwrap_or(session).to_owned(),
        subagent: all.text("agentId")?.map(|id| Subagent { id: id.to_owned(), kind }),
        call: None,
        cwd: all.text("cwd")?.unwrap_or_default().to_owned(),
        mode: None,
        tool,
    })
}

fn tool(all: &Fields<'_>) -> Result<Tool, Refusal> {
    let name = all.need("toolName")?;
    let whose = format!("the arguments of `{}`", name.escape_debug());
    let key = if all.of.contains_key("toolArgs") { "toolArgs" } else { "toolInput" };
    if name == "apply_patch"
        && let Some(Value::String(text)) = all.of.get(key)
    {
        return Ok(patch::files(text).unwrap_or_else(|| Tool::Unknown {
            name: name.to_owned(),
            arguments: Value::String(text.clone()).to_string(),
        }));
    }
    let args = args(all, key, &whose)?;
    let call = Call { name, args: Fields { of: &args, whose: &whose } };
    match name {
        "bash" => call.shell(&["command"]),
        "view" | "show_file" => call.read(&["path"]),
        "glob" => call.glob("pattern", &["path"]),
        "rg" | "grep" => call.grep(&["path", "paths"], &["glob"]),
        "create" => call.write(&["path"], &["file_text"]),
        "edit" | "str_replace" => edit(&call),
        "str_replace_editor" => match call.args.need("command")? {
            "view" => call.read(&["path"]),
            "create" => call.write(&["path"], &["file_text"]),
            _ => edit(&call),
        },
        "apply_patch" => {
            let text = call.args.need_any(&["patch", "input"])?;
            Ok(patch::files(text).unwrap_or_else(|| call.unknown()))
        }
        "web_fetch" | "fetch" => call.page(&["url"]),
        "web_search" => call.search(&["query"]),
        "task" => call.subagent(&["agent_type"], &["prompt"]),
        "read_bash"
        | "stop_bash"
        | "list_bash"
        | "list_agents"
        | "read_agent"
        | "write_agent"
        | "skill"
        | "sql"
        | "session_store_sql"
        | "fetch_copilot_cli_documentation"
        | "report_intent"
        | "update_todo"
        | "ask_user"
        | "exit_plan_mode"
        | "task_complete" => Ok(call.inward()),
        _ => Ok(server_and_tool(name).map_or_else(|| call.unknown(), |(s, t)| call.mcp(s, t))),
    }
}

/// An edit: of two texts, of a text put in, or, where the client asks its user, a diff.
fn edit(call: &Call<'_>) -> Result<Tool, Refusal> {
    if call.args.of.contains_key("diff") {
        return call.write(&["file_path", "path"], &["diff"]);
    }
    call.edit(
        &["path", "file_path"],
        &["old_str", "old_string"],
        &["new_str", "new_string", "insert_text"],
    )
}

/// `server/tool` where it asks its user, `server-tool` elsewhere. Where a server's name has a dash of its own
/// nobody can tell them apart, so the first one counts.
fn server_and_tool(name: &str) -> Option<(&str, &str)> {
    if let Some(tool) = name.strip_prefix(BUILT_IN_SERVER).and_then(|rest| rest.strip_prefix('-')) {
        return Some((BUILT_IN_SERVER, tool));
    }
    name.split_once('/')
        .or_else(|| name.split_once('-'))
        .filter(|(s, t)| !s.is_empty() && !t.is_empty())
}

/// The arguments, which are an object or JSON in a text.
fn args(all: &Fields<'_>, key: &str, whose: &str) -> Result<Object, Refusal> {
    match all.of.get(key) {
        Some(Value::String(text)) => quoted(text, whose),
        _ => Ok(all.object(key)?.ok_or_else(|| all.missing("toolArgs"))?.clone()),
    }
}

pub(super) fn answer(said: &Said<'_>) -> Reply {
    let mut whole = Map::new();
    let refused = said.answer != Answer::Allow;
    match said.moment {
        Moment::BeforeTool => {
            // Headless and in editors an `ask` was observed to be a denial with other words, so ours are given.
            let decision = match (refused, said.words.vouched) {
                (true, _) => Some("deny"),
                (false, true) => Some("allow"),
                (false, false) => None,
            };
            if let Some(decision) = decision {
                whole.insert("permissionDecision".into(), decision.into());
                whole.insert("permissionDecisionReason".into(), said.reason.as_str().into());
            }
            if let (false, Some(input)) = (refused, &said.words.updated_input) {
                whole.insert("modifiedArgs".into(), Value::Object(input.clone()));
            }
        }
        Moment::Permission => {
            if refused {
                whole.insert("behavior".into(), "deny".into());
                whole.insert("message".into(), said.reason.as_str().into());
            } else if said.words.vouched {
                whole.insert("behavior".into(), "allow".into());
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
    if let (
        Moment::BeforeTool | Moment::Prompt | Moment::AfterTool | Moment::SessionStart,
        Some(context),
    ) = (said.moment, &said.words.context)
    {
        whole.insert("additionalContext".into(), context.as_str().into());
    }
    if whole.is_empty() { Reply::silent() } else { Reply::json(&Value::Object(whole)) }
}
