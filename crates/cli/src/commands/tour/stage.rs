//! The stage: the real server as a child process, and the real binary and git to speak to it with.

use crate::error::CommandError;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::File;
use std::io::BufReader;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use weir_model::Refusal;

/// A running server, and where things are.
pub(super) struct Stage {
    pub(super) folder: PathBuf,
    pub(super) river: PathBuf,
    /// What `weir up` printed.
    pub(super) doors: Value,
    exe: PathBuf,
    server: Option<Child>,
}

/// How one command ended.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) command: String,
    pub(super) code: Option<i32>,
    /// The document on stdout.
    pub(super) out: Value,
    /// The document on stderr: a refusal.
    pub(super) err: Value,
    said: String,
}

impl Stage {
    /// Starts the server for `river`.
    pub(super) fn open(folder: &Path, river: &Path) -> Result<Self, CommandError> {
        let doing = || CommandError::doing("start `weir up`");
        let exe = std::env::current_exe().map_err(doing())?;
        let log = File::create(folder.join("server.log")).map_err(doing())?;
        let mut command = Command::new(&exe);
        command.args(["up", "--json", "--listen", "127.0.0.1:0"]).current_dir(river);
        // A group of its own: Ctrl-C ends the tour, and the tour ends the server.
        own_world(&mut command, folder).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut server = command.spawn().map_err(doing())?;
        let first = server.stdout.take().and_then(|stdout| {
            // The one document it prints; it goes on without a reader.
            let mut documents =
                serde_json::Deserializer::from_reader(BufReader::new(stdout)).into_iter();
            documents.next()?.ok()
        });
        let mut stage = Self {
            folder: folder.to_owned(),
            river: river.to_owned(),
            doors: Value::Null,
            exe,
            server: Some(server),
        };
        match first {
            Some(doors) => {
                stage.doors = doors;
                Ok(stage)
            }
            None => {
                let said = std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
                Err(surprise(format!("the server did not start: {}", said.trim())))
            }
        }
    }

    /// Runs `weir --json` in `dir`.
    pub(super) fn weir(&self, dir: &Path, args: &[&str]) -> Result<Ran, CommandError> {
        let mut command = Command::new(&self.exe);
        command.arg("--json").args(args).current_dir(dir).stdin(Stdio::null());
        let output = own_world(&mut command, &self.folder)
            .output()
            .map_err(CommandError::doing("run this binary"))?;
        let json = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or(Value::Null);
        Ok(Ran {
            command: format!("weir {}", args.join(" ")),
            code: output.status.code(),
            out: json(&output.stdout),
            err: json(&output.stderr),
            said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }

    /// Runs `weir --json` where nothing may go wrong.
    pub(super) fn ask(&self, dir: &Path, args: &[&str]) -> Result<Value, CommandError> {
        Ok(self.weir(dir, args)?.expect(0)?.out)
    }

    /// Stops the server, with the command that a user would type.
    pub(super) fn close(&mut self) -> Result<(), CommandError> {
        if let Some(mut server) = self.server.take() {
            let down = self.weir(&self.river, &["down"]);
            let ended = end(&mut server);
            down?.expect(0)?;
            ended.map_err(CommandError::doing("stop the server"))?;
        }
        Ok(())
    }

    /// Leaves the server to itself.
    pub(super) fn leave_open(&mut self) {
        self.server.take();
    }

    /// What `weir up` said about itself.
    pub(super) fn door(&self, name: &str) -> &str {
        self.doors.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A tour that was cut short leaves nothing running.
        if let Some(mut server) = self.server.take() {
            let _ = end(&mut server);
        }
    }
}

/// Asks a child to end, and waits until it has.
fn end(child: &mut Child) -> std::io::Result<()> {
    if child.try_wait()?.is_none() {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            kill_process(pid, Signal::TERM)?;
        }
    }
    child.wait().map(drop)
}

impl Ran {
    /// This, if it ended with `code`.
    pub(super) fn expect(self, code: i32) -> Result<Self, CommandError> {
        if self.code == Some(code) {
            return Ok(self);
        }
        let Self { command, code: ended, said, .. } = self;
        let ended = ended.map_or("a signal".to_owned(), |code| code.to_string());
        Err(surprise(format!("`{command}` ended with {ended}, and not with {code}: {said}")))
    }
}

/// Something went differently from the script.
pub(super) fn surprise(sentence: impl Into<String>) -> CommandError {
    CommandError::NotPassed(
        Refusal::new("tour.surprise", sentence)
            .hint("the folder is kept: look into `server.log` and at `weir log`"),
    )
}

/// Runs git in `dir`; its words, if it succeeds.
pub(super) fn git(dir: &Path, args: &[&str]) -> Result<String, CommandError> {
    git_as(dir, "ann", args)
}

/// Runs git in `dir` as somebody.
pub(super) fn git_as(dir: &Path, who: &str, args: &[&str]) -> Result<String, CommandError> {
    let mut command = Command::new("git");
    command.args(args).current_dir(dir).stdin(Stdio::null());
    for (key, value) in [
        ("GIT_AUTHOR_NAME", who.to_owned()),
        ("GIT_COMMITTER_NAME", who.to_owned()),
        ("GIT_AUTHOR_EMAIL", format!("{who}@river.example")),
        ("GIT_COMMITTER_EMAIL", format!("{who}@river.example")),
        ("GIT_EDITOR", "true".to_owned()),
    ] {
        command.env(key, value);
    }
    let output = own_git(&mut command).output().map_err(CommandError::doing("run git"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(surprise(format!("`git {}` failed: {said}", args.join(" "))))
}

/// The tour's own world: no server, token or setting of the user's takes part in it.
fn own_world<'c>(command: &'c mut Command, folder: &Path) -> &'c mut Command {
    for name in ["WEIR_URL", "WEIR_TOKEN", "WEIR_SERVER", "WEIR_STORE"] {
        command.env_remove(name);
    }
    own_git(command)
        .env("XDG_CACHE_HOME", folder.join("trees"))
        .env("XDG_CONFIG_HOME", folder.join("config"))
}

fn own_git(command: &mut Command) -> &mut Command {
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG_COUNT"] {
        command.env_remove(name);
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
}
