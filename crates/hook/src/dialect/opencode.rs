//! opencode, observed at 1.18.33. It has no hook programs: our own plugin runs one for each event, and throws
//! unless it is told, in so many words, that the tool may run. So payload and answer are ours.

use crate::fields::Fields;
use crate::patch;
use crate::reply::{Reply, Said};
use crate::tool::{Call, below};
use serde_json::{Map, Value};
use weir_model::Refusal;
use weir_model::act::{Act, Answer, Client, Moment, Subagent, Tool};

pub(super) fn moment(event: &str) -> Option<Moment> {
    Some(match event {
        "tool.execute.before" => Moment::BeforeTool,
        "tool.execute.after" => Moment::AfterTool,
        "chat.message" => Moment::Prompt,
        "session.created" => Moment::SessionStart,
        "session.deleted" => Moment::SessionEnd,
        "session.idle" => Moment::Stop,
        "session.error" | "permission.asked" | "permission.replied" => Moment::Other,
        _ => return None,
    })
}

pub(super) fn read(moment: Moment, all: &Fields<'_>) -> Result<Act, Refusal> {
    let mut cwd = all.text("directory")?.unwrap_or_default().to_owned();
    let tool = match moment {
        Moment::BeforeTool | Moment::AfterTool | Moment::ToolFailed | Moment::Permission => {
            let name = all.need("tool")?;
            let of = all.object("args")?.ok_or_else(|| all.missing("args"))?;
            let whose = format!("the arguments of `{}`", name.escape_debug());
            let call = Call { name, args: Fields { of, whose: &whose } };
            if let (Some(folder), "bash") = (call.args.text("workdir")?, name) {
                cwd = below(&cwd, folder);
            }
            tool(&call, &all.texts("servers")?)?
        }
        Moment::Prompt => Tool::Prompt { text: all.text("text")?.unwrap_or_default().to_owned() },
        Moment::SessionStart
        | Moment::SessionEnd
        | Moment::SubagentStart
        | Moment::SubagentEnd
        | Moment::Stop
        | Moment::Configure
        | Moment::Other => Tool::None,
    };
    // A sub-agent has a session of its own; the plugin remembers whose child it is.
    let session = all.need("sessionID")?;
    let (parent, kind) = (all.text("parentID")?, all.text("agent")?.map(str::to_owned));
    Ok(Act {
        client: Some(Client::OpenCode),
        moment,
        conversation: parent.unwrap_or(session).to_owned(),
        subagent: parent.map(|_| Subagent { id: session.to_owned(), kind }),
        call: all.text("callID")?.map(str::to_owned),
        cwd,
        mode: None,
        tool,
    })
}

fn tool(call: &Call<'_>, servers: &[String]) -> Result<Tool, Refusal> {
    match call.name {
        "bash" => call.shell(&["command"]),
        "read" => call.read(&["filePath"]),
        "list" => call.list(&["path"]),
        "glob" => call.glob("pattern", &["path"]),
        "grep" => call.grep(&["path"], &["include"]),
        "write" => call.write(&["filePath"], &["content"]),
        "edit" => call.edit(&["filePath"], &["oldString"], &["newString"]),
        "multiedit" => call.edits(&["filePath"], "edits", &["oldString"], &["newString"]),
        "patch" | "apply_patch" => {
            Ok(patch::files(call.args.need("patchText")?).unwrap_or_else(|| call.unknown()))
        }
        "webfetch" => call.page(&["url"]),
        "websearch" | "codesearch" => call.search(&["query"]),
        "task" => call.subagent(&["subagent_type"], &["prompt"]),
        "read_mcp_resource" => call.resource("resources/read"),
        "list_mcp_resources" | "list_mcp_resource_templates" => call.resource("resources/list"),
        "todowrite" | "todoread" | "skill" | "question" | "plan_enter" | "plan_exit" | "lsp"
        | "invalid" => Ok(call.inward()),
        _ => Ok(server_and_tool(call.name, servers)
            .map_or_else(|| call.unknown(), |(server, name)| call.mcp(server, name))),
    }
}

/// `server_tool`, by the longest name of a server that fits; every other character of it became an underscore. A
/// tool of no known server came with a plugin, and nobody knows what it does.
fn server_and_tool<'a>(name: &'a str, servers: &'a [String]) -> Option<(&'a str, &'a str)> {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let fits = servers.iter().filter_map(|server| {
        let spelled: String = server.chars().map(plain).collect();
        let tool = name.strip_prefix(&spelled)?.strip_prefix('_')?;
        (!tool.is_empty()).then_some((server.as_str(), tool))
    });
    fits.max_by_key(|(server, _)| server.len())
}

pub(super) fn answer(said: &Said<'_>) -> Reply {
    let mut whole = Map::new();
    match said.answer {
        Answer::Deny | Answer::Ask => {
            whole.insert("deny".into(), said.reason.as_str().into());
        }
        Answer::Allow => {
            whole.insert("allow".into(), true.into());
            if let (Moment::BeforeTool, Some(input)) = (said.moment, &said.words.updated_input) {
                whole.insert("args".into(), Value::Object(input.clone()));
            }
        }
    }
    if let (Moment::AfterTool, Some(context)) = (said.moment, &said.words.context) {
        whole.insert("context".into(), context.as_str().into());
    }
    Reply::json(&Value::Object(whole))
}
