//! Claude Code, and its adapter `claude-agent-acp`.

use super::{Client, Driver, Run, Start};
use serde_json::{Map, Value, json};
use std::ffi::OsString;
use std::io;

pub(super) struct Claude;

impl Driver for Claude {
    fn configure(&self, run: &Run<'_>) -> io::Result<()> {
        let servers: Map<String, Value> = run
            .tool_servers
            .iter()
            .map(|at| {
                (
                    at.name.clone(),
                    json!({"type": "http", "url": at.url, "headers": at.header_object()}),
                )
            })
            .collect();
        // The user's own servers stand in the file that also remembers what it asked before.
        let state = json!({"mcpServers": servers, "hasCompletedOnboarding": true});
        run.place.write_at_home(".claude.json", &state.to_string())
    }

    fn environment(&self, run: &Run<'_>) -> Vec<(&'static str, OsString)> {
        vec![
            ("ANTHROPIC_BASE_URL", run.model.url().into()),
            ("ANTHROPIC_API_KEY", "dummy".into()),
            ("DISABLE_AUTOUPDATER", "1".into()),
            ("DISABLE_TELEMETRY", "1".into()),
            ("DISABLE_ERROR_REPORTING", "1".into()),
            // Otherwise only the names of MCP tools are in the prompt.
            ("ENABLE_TOOL_SEARCH", "false".into()),
        ]
    }

    fn headless(&self, run: &Run<'_>, prompt: &str) -> Start {
        let mut arguments: Vec<String> =
            ["-p", prompt, "--output-format", "stream-json", "--verbose", "--allowedTools"]
                .map(str::to_owned)
                .to_vec();
        arguments.extend(["Bash", "Read", "Edit", "Write", "Agent"].map(str::to_owned));
        arguments.extend(run.tool_servers.iter().map(|at| format!("mcp__{}", at.name)));
        // The executable itself; what the package calls `claude` is put there by an install script.
        let program = Client::Claude.program(run.programs);
        Start { program, arguments }
    }

    fn acp(&self, run: &Run<'_>) -> Start {
        let script = run.programs.of("@agentclientprotocol/claude-agent-acp", "dist/index.js");
        let arguments = vec![script.to_string_lossy().into_owned()];
        Start { program: run.programs.node(), arguments }
    }

    fn acp_mode(&self) -> Option<&'static str> {
        // It starts in a mode in which a model judges, and there is none that could.
        Some("default")
    }
}
