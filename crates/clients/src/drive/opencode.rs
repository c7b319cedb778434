//! OpenCode, which speaks the Agent Client Protocol itself.

use super::{Client, Driver, Run, Start};
use serde_json::{Map, Value, json};
use std::ffi::OsString;
use std::io;

pub(super) struct OpenCode;

impl Driver for OpenCode {
    fn configure(&self, run: &Run<'_>) -> io::Result<()> {
        let servers: Map<String, Value> = run
            .tool_servers
            .iter()
            .map(|at| (at.name.clone(), json!({"type": "remote", "url": at.url, "enabled": true, "headers": at.header_object()})))
            .collect();
        let model = json!({"name": "scripted", "tool_call": true,
            "limit": {"context": 200_000, "output": 8_000}});
        let options = json!({"baseURL": format!("{}/v1", run.model.url()), "apiKey": "dummy"});
        let provider = json!({"npm": "@ai-sdk/openai-compatible", "name": "scripted",
            "options": options, "models": {"scripted": model}});
        let settings = json!({
            "$schema": "https://opencode.ai/config.json",
            "autoupdate": false, "share": "disabled", "snapshot": false,
            "model": "scripted/scripted", "small_model": "scripted/scripted",
            "provider": {"scripted": provider}, "mcp": servers});
        run.place.write_at_home(".config/opencode/opencode.json", &format!("{settings:#}\n"))?;
        // It installs the types of its plugins at every start, and waits for that, unless they seem to be there.
        let types = json!({"dependencies": {"@opencode-ai/plugin": "1.18.33"}});
        let lock = json!({"lockfileVersion": 3, "packages": {"": types}});
        run.place.write_at_home(".config/opencode/package.json", &types.to_string())?;
        run.place.write_at_home(".config/opencode/package-lock.json", &lock.to_string())?;
        run.place.write_at_home(".config/opencode/node_modules/.keep", "")
    }

    fn environment(&self, _run: &Run<'_>) -> Vec<(&'static str, OsString)> {
        vec![
            ("OPENCODE_DISABLE_AUTOUPDATE", "1".into()),
            ("OPENCODE_DISABLE_MODELS_FETCH", "1".into()),
            ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1".into()),
            // In every other folder with settings it installs them, too. That must fail at once: without a network it
            // tries for more than a minute before it begins.
            ("npm_config_registry", "http://127.0.0.1:9/".into()),
            ("npm_config_fetch_retries", "0".into()),
        ]
    }

    fn headless(&self, run: &Run<'_>, prompt: &str) -> Start {
        let words = ["run", "--format", "json", "--model", "scripted/scripted", prompt];
        let arguments = words.map(str::to_owned).to_vec();
        Start { program: Client::OpenCode.program(run.programs), arguments }
    }

    fn acp(&self, run: &Run<'_>) -> Start {
        let program = Client::OpenCode.program(run.programs);
        Start { program, arguments: vec!["acp".to_owned()] }
    }
}
