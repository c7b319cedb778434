//! Codex, and its adapter `codex-acp`.

use super::{Client, Driver, Run, Start};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io;

pub(super) struct Codex;

impl Driver for Codex {
    fn configure(&self, run: &Run<'_>) -> io::Result<()> {
        let mut config = format!(
            r#"model = "gpt-5.5-codex"
model_provider = "scripted"
sandbox_mode = "{}"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.scripted]
name = "scripted"
base_url = "{}/v1"
env_key = "SCRIPTED_API_KEY"
wire_api = "responses"
request_max_retries = 1
stream_max_retries = 1
"#,
            if run.is_confined { "workspace-write" } else { "danger-full-access" },
            run.model.url()
        );
        for at in run.tool_servers {
            let _ = write!(config, "\n[mcp_servers.{}]\nurl = \"{}\"\n", at.name, at.url);
            for (name, value) in at.headers() {
                let _ = writeln!(config, "http_headers = {{ \"{name}\" = \"{value}\" }}");
            }
        }
        run.place.write_at_home(".codex/config.toml", &config)
    }

    fn environment(&self, _run: &Run<'_>) -> Vec<(&'static str, OsString)> {
        vec![("SCRIPTED_API_KEY", "dummy".into())]
    }

    fn headless(&self, run: &Run<'_>, prompt: &str) -> Start {
        let script = Client::Codex.program(run.programs);
        let script = script.to_string_lossy();
        let words = [&script, "exec", "--json", "--color", "never", prompt];
        Start { program: run.programs.node(), arguments: words.map(str::to_owned).to_vec() }
    }

    fn acp(&self, run: &Run<'_>) -> Start {
        let script = run.programs.of("@agentclientprotocol/codex-acp", "dist/index.js");
        let arguments = vec![script.to_string_lossy().into_owned()];
        Start { program: run.programs.node(), arguments }
    }
}
