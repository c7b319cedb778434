//! `weir doctor`: whether what was attached still stands, and whether the hook really blocks.

use super::attach::{Memory, all_remembered, bring, existing, version};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::here::Here;
use crate::ui::Ui;
use serde::Serialize;
use serde_json::json;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use weir_courier::LeaveFolder;
use weir_hook::wire::{self, Drift};
use weir_model::act::Client as Agent;
use weir_server::wire::{Done, HookCheck};

/// Prove that attached clients are held: a canary goes through the hook and must be refused
///
/// Looks at every client that was attached on this machine: whether its settings still hold what `weir attach` wrote,
/// whether its version is still one that can be held, and whether the hook refuses what no policy of a sound space
/// allows. What is found is put on record.
#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    /// Only this client
    client: Option<Agent>,
}

/// What was found of one client.
#[derive(Serialize)]
struct Found {
    client: Agent,
    version: String,
    session: String,
    worktree: PathBuf,
    holds: bool,
    found: Vec<String>,
}

pub(crate) fn run(ui: &mut Ui, here: &Here, args: &DoctorArgs) -> Result<Exit, CommandError> {
    let memories = all_remembered()?;
    let asked = |memory: &Memory| args.client.is_none_or(|client| client == memory.kept.client);
    let mut all = Vec::new();
    for memory in memories.into_iter().filter(asked) {
        let folder = LeaveFolder::of(memory.kept.client, &memory.worktree, memory.session);
        if let (Some(folder), Ok(weir)) = (folder, here.client()) {
            bring(ui, &folder, &weir);
        }
        let found = look(&memory)?;
        let path = format!("/v1/sessions/{}/checked", memory.session);
        let check = HookCheck {
            client: found.client,
            version: found.version.clone(),
            holds: found.holds,
            found: found.found.join("; "),
        };
        if let Err(error) = here.client().and_then(|weir| weir.post::<_, Done>(&path, &check)) {
            ui.status(format_args!("What was found is not on record: {error}."));
        }
        all.push(found);
    }
    let holds = all.iter().all(|found| found.holds);
    ui.answer(&all, |all, page| {
        if all.is_empty() {
            page.line("No client is attached here: `weir attach claude`.");
        }
        for found in all {
            let how = if found.holds { "holds" } else { "DOES NOT HOLD" };
            let (title, version) = (found.client.title(), &found.version);
            page.heading(format!("{title} {version}, {}: {how}", found.session));
            page.line(format!("  {}", found.worktree.display()));
            found.found.iter().for_each(|line| page.line(format!("  - {line}")));
        }
    })?;
    Ok(if holds { Exit::Ok } else { Exit::NotPassed })
}

fn look(memory: &Memory) -> Result<Found, CommandError> {
    let client = memory.kept.client;
    let (mut holds, mut found) = (true, Vec::new());
    let existing = existing(&wire::files(client, &memory.kept.wiring)?)?;
    for drift in wire::drift(&memory.kept, &existing) {
        holds &= !drift.is_open();
        found.push(in_words(&drift));
    }
    let told = match version(client, &memory.program) {
        Ok(version) => {
            found.extend(version.note.clone());
            if version.to_string() != memory.version {
                found.push(format!("it was attached at version {}", memory.version));
            }
            version.to_string()
        }
        Err(error) => {
            holds = false;
            found.push(format!("its version cannot be told: {error}"));
            memory.version.clone()
        }
    };
    match canary(memory) {
        Ok(words) => found.push(words),
        Err(words) => {
            holds = false;
            found.push(words);
        }
    }
    let (session, worktree) = (memory.session.to_string(), memory.worktree.clone());
    Ok(Found { client, version: told, session, worktree, holds, found })
}

fn in_words(drift: &Drift) -> String {
    match drift {
        Drift::Gone { path } => format!("`{path}` is gone, and its hooks with it"),
        Drift::Missing { path, entry } => format!("{entry} is not in `{path}` any more"),
        Drift::Disabled { path, setting } => format!("`{path}` turns hooks off: `{setting}`"),
        Drift::Unreadable { path } => {
            format!("`{path}` cannot be read, and nobody knows what the client makes of it")
        }
        Drift::Edited { path } => format!("`{path}` was edited; what Weir wrote still stands"),
    }
}

/// What no sound space lets an agent do; it names nothing that exists.
const CANARY: &str = "git push --force https://canary.invalid/weir.git HEAD:refs/heads/main";

/// Sends the canary through the very command that the client's settings name.
fn canary(memory: &Memory) -> Result<String, String> {
    let client = memory.kept.client;
    let (event, payload) = said_by(client, &memory.worktree.display().to_string());
    let failed = |error: std::io::Error| format!("the hook cannot be run: {error}");
    let mut hook = Command::new(&memory.kept.wiring.program)
        .args(["hook", client.name(), event])
        .current_dir(&memory.worktree)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = hook.stdin.take() {
        // One that does not listen ends on its own, and is judged by what it says.
        let _ = stdin.write_all(payload.as_bytes());
    }
    let ended = hook.wait_with_output().map_err(failed)?;
    let (out, error) =
        (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    let said = format!("{out}{error}");
    let denies =
        out.contains("deny") || out.contains("\"block\"") || ended.status.code() == Some(2);
    if !denies {
        return Err(format!("the canary got through: the hook said `{}`", said.trim()));
    }
    // A refusal because nobody could be asked is closed, and yet no proof that policies are asked.
    if said.contains("cannot be asked") || said.contains("no Weir session") {
        return Err(
            "the hook is closed, for it cannot ask Weir: nothing at all is allowed".to_owned()
        );
    }
    Ok("the canary was refused by the server's policies".to_owned())
}

/// A forbidden command, as the client tells it to its hook.
fn said_by(client: Agent, worktree: &str) -> (&'static str, String) {
    let session = weir_guard::acts::CANARY;
    let (event, payload) = match client {
        Agent::Claude | Agent::Codex => (
            "PreToolUse",
            json!({"session_id": session, "cwd": worktree, "hook_event_name": "PreToolUse",
                "tool_name": "Bash", "tool_input": {"command": CANARY}, "tool_use_id": session}),
        ),
        Agent::Gemini => (
            "BeforeTool",
            json!({"session_id": session, "cwd": worktree, "hook_event_name": "BeforeTool",
                "tool_name": "run_shell_command", "tool_input": {"command": CANARY}}),
        ),
        Agent::Antigravity => (
            "PreToolUse",
            json!({"conversationId": session, "workspacePaths": [worktree],
                "toolCall": {"name": "run_command", "args": {"CommandLine": CANARY, "Cwd": worktree}}}),
        ),
        Agent::Cursor => (
            "beforeShellExecution",
            json!({"conversation_id": session, "hook_event_name": "beforeShellExecution",
                "command": CANARY, "cwd": worktree, "workspace_roots": [worktree]}),
        ),
        Agent::Copilot => (
            "preToolUse",
            json!({"sessionId": session, "cwd": worktree, "toolName": "bash",
                "toolArgs": {"command": CANARY}}),
        ),
        Agent::OpenCode => (
            "tool.execute.before",
            json!({"sessionID": session, "callID": session, "directory": worktree, "tool": "bash",
                "args": {"command": CANARY}}),
        ),
    };
    (event, payload.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_model::act::{Moment, Tool};

    #[test]
    fn every_client_would_say_the_canary_like_this() {
        for client in Agent::ALL {
            let (event, payload) = said_by(client, "/w");
            let act = weir_hook::read(client, event, payload.as_bytes())
                .unwrap_or_else(|no| panic!("{client}: {no}"));
            assert_eq!(act.moment, Moment::BeforeTool, "{client}");
            assert_eq!(act.tool, Tool::Shell { command: CANARY.to_owned() }, "{client}");
        }
    }
}
