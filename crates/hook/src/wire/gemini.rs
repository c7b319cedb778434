//! Gemini CLI: hooks, Weir's tools, and a floor of rules, since no hook on tools runs when an editor drives it.

use super::claude::is_of_tools;
use super::plan::{MARK, NAME, Put, item, member, whole};
use super::{HOOK_TIMEOUT_S, Scope, Wiring};
use crate::dialect::moment;
use serde_json::json;
use weir_model::act::Client;

const EVENTS: &[&str] =
    &["BeforeTool", "BeforeAgent", "AfterTool", "SessionStart", "SessionEnd", "AfterAgent"];

/// What is refused whatever drives the client. Commands by how they begin: a floor, and no more.
const FLOOR: &[&str] = &[
    "git push --force",
    "git push -f",
    "git push --mirror",
    "git push --delete",
    "git config core.hooksPath",
    "sudo ",
    "rm -rf /",
    "rm -rf ~",
];

pub(super) fn puts(wiring: &Wiring) -> Vec<Put> {
    let settings = wiring.nearest(
        ".gemini/settings.json",
        ".gemini/settings.json",
        "/etc/gemini-cli/settings.json",
    );
    let mut puts = Vec::new();
    for event in EVENTS {
        let hook = json!({
            "type": "command",
            "name": NAME,
            "command": wiring.closed_command(Client::Gemini, event),
            // This client counts milliseconds.
            "timeout": HOOK_TIMEOUT_S * 1000,
        });
        let mut group = json!({"hooks": [hook]});
        if is_of_tools(moment(Client::Gemini, event)) {
            group["matcher"] = "*".into();
        }
        puts.push(item(&settings, &["hooks", event], group));
    }
    let mut server = json!({"httpUrl": wiring.mcp, "trust": true});
    server["headers"] = json!({"Authorization": format!("Bearer ${{{}}}", wiring.token_env)});
    puts.push(member(&settings, &["mcpServers", NAME], server));
    let rules = match wiring.scope {
        // Without it a user's own settings turn managed hooks off.
        Scope::Managed => {
            puts.push(member(&settings, &["hooksConfig", "enabled"], true.into()));
            "/etc/gemini-cli/policies/weir.toml".to_owned()
        }
        // Rules of a worktree are not read.
        Scope::Worktree | Scope::User => wiring.at_home(".gemini/policies/weir.toml"),
    };
    puts.push(whole(&rules, floor()));
    puts
}

fn floor() -> String {
    let commands: Vec<String> = FLOOR.iter().map(|command| format!("  {command:?},\n")).collect();
    format!(
        "# {MARK}; `weir detach gemini` takes it back.\n\
         # A floor that holds where hooks do not run. What may be done is decided by Weir's policies.\n\n\
         [[rule]]\ntoolName = \"run_shell_command\"\ncommandPrefix = [\n{}]\n\
         decision = \"deny\"\npriority = 900\n\
         denyMessage = \"Weir does not allow this, whatever drives the client.\"\n",
        commands.concat()
    )
}
