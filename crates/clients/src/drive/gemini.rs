//! Gemini CLI, which speaks the Agent Client Protocol itself.

use super::{Client, Driver, Run, Start};
use serde_json::{Map, Value, json};
use std::ffi::OsString;
use std::io;

pub(super) struct Gemini;

impl Driver for Gemini {
    fn configure(&self, run: &Run<'_>) -> io::Result<()> {
        let servers: Map<String, Value> = run
            .tool_servers
            .iter()
            .map(|at| (at.name.clone(), json!({"httpUrl": at.url, "headers": at.header_object()})))
            .collect();
        let settings = json!({
            "security": {"auth": {"selectedType": "gemini-api-key"},
                "folderTrust": {"enabled": false}},
            "privacy": {"usageStatisticsEnabled": false},
            "general": {"disableAutoUpdate": true, "enableAutoUpdate": false},
            "mcpServers": servers});
        run.place.write_at_home(".gemini/settings.json", &format!("{settings:#}\n"))
    }

    fn environment(&self, run: &Run<'_>) -> Vec<(&'static str, OsString)> {
        vec![
            ("GEMINI_API_KEY", "dummy".into()),
            ("GOOGLE_GEMINI_BASE_URL", run.model.url().into()),
            ("GEMINI_TELEMETRY_ENABLED", "false".into()),
            // It starts itself again with more memory, and would be waited for twice.
            ("GEMINI_CLI_NO_RELAUNCH", "true".into()),
        ]
    }

    fn headless(&self, run: &Run<'_>, prompt: &str) -> Start {
        self.start(run, &["-p", prompt, "-o", "stream-json", "--approval-mode", "yolo"])
    }

    fn acp(&self, run: &Run<'_>) -> Start {
        self.start(run, &["--acp"])
    }
}

impl Gemini {
    fn start(&self, run: &Run<'_>, words: &[&str]) -> Start {
        let script = Client::Gemini.program(run.programs);
        let script = script.to_string_lossy().into_owned();
        let words = words.iter().map(|word| (*word).to_owned());
        let arguments = std::iter::once(script).chain(words).collect();
        Start { program: run.programs.node(), arguments }
    }
}
