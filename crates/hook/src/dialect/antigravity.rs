//! Antigravity CLI: camel case, a call under `toolCall`, a flat `decision`; without one it asks its user.
//!
//! Read in documentation and in others' notes (1.1.2 and 1.4.3), not observed here: it cannot be had from a
//! package registry.

use crate::fields::Fields;
use crate::reply::{Reply, Said};
use crate::tool::Call;
use serde_json::{Map, Value, json};
use weir_model::Refusal;
use weir_model::act::{Act, Answer, Client, Moment, Tool};

pub(super) fn moment(event: &str) -> Option<Moment> {
    Some(match event {
        "PreToolUse" => Moment::BeforeTool,
        "PostToolUse" => Moment::AfterTool,
        "Stop" => Moment::Stop,
        "PreInvocation" | "PostInvocation" => Moment::Other,
        _ => return None,
    })
}

pub(super) fn read(moment: Moment, all: &Fields<'_>) -> Result<Act, Refusal> {
    let workspace = all.texts("workspacePaths")?.into_iter().next().unwrap_or_default();
    let mut cwd = workspace;
    let tool = match moment {
        Moment::BeforeTool | Moment::AfterTool => {
            let of = all.object("toolCall")?.ok_or_else(|| all.missing("toolCall"))?;
            let call = Fields { of, whose: "`toolCall`" };
            let name = call.need("name")?;
            let empty = Map::new();
            let whose = format!("the arguments of `{}`", name.escape_debug());
            let args = Fields { of: call.object("args")?.unwrap_or(&empty), whose: &whose };
            if let Some(folder) = args.text("Cwd")? {
                cwd = crate::tool::below(&cwd, folder);
            }
            tool(&Call { name, args })?
        }
        Moment::Permission
        | Moment::Prompt
        | Moment::ToolFailed
        | Moment::SessionStart
        | Moment::SessionEnd
        | Moment::SubagentStart
        | Moment::SubagentEnd
        | Moment::Stop
        | Moment::Configure
        | Moment::Other => Tool::None,
    };
    let call = all.of.get("stepIdx").filter(|step| !step.is_null()).map(Value::to_string);
    Ok(Act {
        client: Some(Client::Antigravity),
        moment,
        conversation: all.need("conversationId")?.to_owned(),
        subagent: None,
        call,
        cwd,
        mode: None,
        tool,
    })
}

fn tool(call: &Call<'_>) -> Result<Tool, Refusal> {
    if let Some(tool) = call.double_underscored(None) {
        return Ok(tool);
    }
    if let Some((server, name)) =
        call.name.strip_prefix("mcp_").and_then(|rest| rest.split_once('_'))
    {
        return Ok(call.mcp(server, name));
    }
    match call.name {
        "run_command" => call.shell(&["CommandLine"]),
        "view_file" | "view_file_outline" => call.read(&["AbsolutePath"]),
        "view_code_item" => call.read(&["File"]),
        "list_dir" => call.list(&["DirectoryPath"]),
        "grep_search" => call.list(&["SearchPath"]),
        "find_by_name" => call.list(&["SearchDirectory"]),
        "write_to_file" => call.write(&["TargetFile"], &["CodeContent"]),
        "replace_file_content" => {
            call.edit(&["TargetFile"], &["TargetContent"], &["ReplacementContent"])
        }
        "multi_replace_file_content" => call.edits(
            &["TargetFile"],
            "ReplacementChunks",
            &["TargetContent"],
            &["ReplacementContent"],
        ),
        "read_url_content" => call.page(&["Url"]),
        "search_web" => call.search(&["query"]),
        "task_boundary" | "notify_user" | "command_status" => Ok(call.inward()),
        _ => Ok(call.unknown()),
    }
}

pub(super) fn answer(said: &Said<'_>) -> Reply {
    if said.moment != Moment::BeforeTool {
        return Reply::json(&json!({}));
    }
    let decision = match said.answer {
        Answer::Deny => "deny",
        // Plain `ask` passes whatever the user once allowed for good.
        Answer::Ask if said.words.attended => "force_ask",
        Answer::Ask => "deny",
        Answer::Allow if said.words.updated_input.is_some() => return no_rewrite(),
        Answer::Allow if said.words.vouched => "auto_approve",
        Answer::Allow => "allow",
    };
    let mut whole = Map::from_iter([("decision".to_owned(), Value::from(decision))]);
    if said.answer != Answer::Allow {
        whole.insert("reason".into(), said.reason.as_str().into());
    }
    Reply::json(&Value::Object(whole))
}

/// Other arguments cannot be handed over, so the call as it was made may not happen.
fn no_rewrite() -> Reply {
    let reason = "allowed only with other arguments, which this client cannot be given";
    Reply::json(&json!({"decision": "deny", "reason": reason}))
}
