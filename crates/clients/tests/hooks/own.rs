//! A hook of the test's own: a script for the shell, told to each client in the way it takes hooks.

use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use weir_clients::drive::{Client, Run};
use weir_clients::trial::{FORBIDDEN, Wire};

/// What the model must be told.
pub(crate) const REASON: &str = "not by this agent";

/// What the script does when a tool is about to be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hook {
    /// Refuses what is forbidden.
    Refuses,
    /// Ends with exit code 1.
    ExitsOne,
    /// There is no such program.
    Missing,
    /// Is killed by a signal.
    Killed,
    /// Does not answer in time.
    Hangs,
    /// Ends well, and says what is no answer.
    Babbles,
}

impl Hook {
    /// All of them, in the order of the table.
    pub(crate) const ALL: [Self; 6] =
        [Self::Refuses, Self::ExitsOne, Self::Missing, Self::Killed, Self::Hangs, Self::Babbles];

    /// What each does, in words: the columns of the table.
    pub(crate) const NAMES: [&str; 6] =
        ["refuses", "exits 1", "is missing", "is killed", "hangs", "answers nonsense"];

    /// What it does, in words.
    pub(crate) fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// What stands in the script once the payload was read.
    fn deed(self, answer: &Value) -> String {
        match self {
            Self::Refuses | Self::Missing => {
                format!("case $payload in *{FORBIDDEN}*) printf '%s' '{answer}' ;; esac\n")
            }
            Self::ExitsOne => "echo broken >&2; exit 1\n".to_owned(),
            Self::Killed => "kill -KILL $$\n".to_owned(),
            Self::Hangs => "exec sleep 60\n".to_owned(),
            Self::Babbles => "echo all is well\n".to_owned(),
        }
    }
}

/// The clients wait this long for the script, in seconds.
const TIMEOUT_S: u64 = 2;

/// Attaches a client to the script.
pub(crate) struct OwnHook {
    pub(crate) hook: Hook,
}

impl Wire for OwnHook {
    fn attach(&self, run: &mut Run<'_>) -> Result<(), String> {
        let script = run.place.beside("hook.sh");
        let deed = self.hook.deed(&refusal(run.client));
        let text = format!("#!/bin/sh\npayload=$(cat)\n{deed}");
        fs::write(&script, text).map_err(|error| error.to_string())?;
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&script, mode).map_err(|error| error.to_string())?;
        if self.hook == Hook::Missing {
            fs::remove_file(&script).map_err(|error| error.to_string())?;
        }
        tell(run, &script).map_err(|error| error.to_string())
    }
}

/// The refusal in the client's own words.
fn refusal(client: Client) -> Value {
    match client {
        Client::Claude | Client::Codex => json!({"hookSpecificOutput": {
            "hookEventName": "PreToolUse", "permissionDecision": "deny",
            "permissionDecisionReason": REASON}}),
        Client::Gemini => json!({"decision": "deny", "reason": REASON}),
        Client::OpenCode => json!({"deny": REASON}),
    }
}

/// Writes the client's settings so that it asks the script.
fn tell(run: &Run<'_>, script: &Path) -> std::io::Result<()> {
    let command = script.to_string_lossy();
    match run.client {
        Client::Claude => {
            let hook = json!({"type": "command", "command": command, "timeout": TIMEOUT_S,
                "onFailure": "block"});
            let settings = json!({"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [hook]}]}});
            run.place.write_at_home(".claude/settings.json", &settings.to_string())
        }
        // Its other hooks do not run until a person has looked at them.
        Client::Codex => {
            let managed = format!(
                "[features]\nhooks = true\n\n[[hooks.PreToolUse]]\nmatcher = \"*\"\n\n\
                 [[hooks.PreToolUse.hooks]]\ntype = \"command\"\ncommand = \"{command}\"\n\
                 timeout = {TIMEOUT_S}\n"
            );
            fs::create_dir_all("/etc/codex")?;
            fs::write("/etc/codex/requirements.toml", managed)
        }
        Client::Gemini => {
            let path = run.place.home().join(".gemini/settings.json");
            let mut settings: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
            let hook = json!({"type": "command", "command": command, "timeout": TIMEOUT_S * 1000});
            settings["hooks"] = json!({"BeforeTool": [{"matcher": "*", "hooks": [hook]}]});
            settings["hooksConfig"] = json!({"enabled": true});
            fs::write(path, settings.to_string())
        }
        Client::OpenCode => {
            let plugin = PLUGIN.replace("SCRIPT", &json!(command).to_string());
            run.place.write_at_home(".config/opencode/plugin/own.js", &plugin)
        }
    }
}

/// A plugin that throws on everything but a clean answer.
const PLUGIN: &str = r#"import { spawnSync } from "node:child_process"
export const Own = async () => ({
  "tool.execute.before": async (input, output) => {
    const payload = JSON.stringify({ tool: input.tool, args: output.args })
    const asked = spawnSync(SCRIPT, [], { input: payload, encoding: "utf8", timeout: 2000 })
    if (asked.error) throw asked.error
    if (asked.status !== 0) throw new Error("the hook ended with " + asked.status)
    const answer = asked.stdout ? JSON.parse(asked.stdout) : {}
    if (answer.deny) throw new Error(answer.deny)
  },
})
"#;
