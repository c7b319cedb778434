//! A repository with a server, and a client in it that is a script.

use super::{Ran, Repo};
use serde_json::json;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// A repository with a server, a home of its own, and a program that calls itself `client` at `version`.
pub(crate) struct Field {
    pub(crate) repo: Repo,
    pub(crate) home: PathBuf,
    pub(crate) program: PathBuf,
}

impl Field {
    pub(crate) fn new(version: &str) -> Self {
        Self::of(Repo::new(), version)
    }

    /// The same, of a repository that was made before.
    pub(crate) fn of(repo: Repo, version: &str) -> Self {
        repo.up();
        let home = repo.beside("home");
        std::fs::create_dir(&home).expect("made");
        let program = repo.beside("client");
        let field = Self { repo, home, program };
        field.says(version);
        field
    }

    pub(crate) fn says(&self, version: &str) {
        let script = format!("#!/bin/sh\necho '{version}'\n");
        std::fs::write(&self.program, script).expect("written");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&self.program, mode).expect("set");
    }

    pub(crate) fn weir(&self, args: &[&str]) -> Ran {
        let home = self.home.display().to_string();
        self.repo.weir_in(&self.repo.dir, args, &[("HOME", &home)])
    }

    pub(crate) fn attach(&self, client: &str) -> Ran {
        let program = self.program.display().to_string();
        self.weir(&["attach", client, "--program", &program, "--json"])
    }

    /// Runs the hook as the client would.
    pub(crate) fn hook(&self, client: &str, event: &str, payload: &[u8]) -> Ran {
        self.hook_as(&[], client, event, payload)
    }

    fn hook_as(
        &self,
        variables: &[(&str, &str)],
        client: &str,
        event: &str,
        payload: &[u8],
    ) -> Ran {
        let home = self.home.display().to_string();
        let mut command = self.repo.hook(client, event, &[("HOME", &home)]);
        command.envs(variables.iter().copied());
        Self::told(&mut command, payload)
    }

    fn told(command: &mut std::process::Command, payload: &[u8]) -> Ran {
        let mut hook = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        // One that refuses early does not read on.
        let _ = hook.stdin.take().expect("piped").write_all(payload);
        Ran::new(&hook.wait_with_output().expect("it ends"))
    }

    pub(crate) fn bash(&self, command: &str) -> Ran {
        self.hook_with(&[], command)
    }

    /// The same, with some variables set.
    pub(crate) fn hook_with(&self, variables: &[(&str, &str)], command: &str) -> Ran {
        self.hook_as(variables, "claude", "PreToolUse", self.says_bash(command).as_bytes())
    }

    /// The same by another copy of the hook program.
    pub(crate) fn bash_by(&self, program: &Path, command: &str) -> Ran {
        let home = self.home.display().to_string();
        let args = ["hook", "claude", "PreToolUse"];
        let mut hook = self.repo.command_of(program, &self.repo.dir, &args, &[("HOME", &home)]);
        Self::told(&mut hook, self.says_bash(command).as_bytes())
    }

    fn says_bash(&self, command: &str) -> String {
        json!({"session_id": "c1", "cwd": self.repo.dir, "hook_event_name": "PreToolUse",
            "tool_name": "Bash", "tool_input": {"command": command}, "tool_use_id": "t1"})
        .to_string()
    }
}

/// Whether Claude Code lets the tool run after this.
pub(crate) fn may(ran: &Ran) -> bool {
    ran.code == 0 && !ran.out.contains("\"deny\"")
}

/// What its program says, and the version that it is taken for.
pub(crate) const CLAUDE: &str = "2.1.330 (Claude Code)";
