//! Where we stand: the repository, the server it belongs to, and as whom we may speak.

use crate::client::Client;
use crate::error::CommandError;
use crate::servers::Servers;
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use weir_courier::{SessionFile, read_private};
use weir_model::Refusal;

/// The folder a command was started in, and the server it asked for.
#[derive(Debug)]
pub(crate) struct Here {
    pub(crate) dir: PathBuf,
    server: Option<String>,
}

/// The repository around a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    /// The git directory of this work tree.
    pub(crate) git_dir: PathBuf,
    /// The git directory that all its work trees share.
    pub(crate) common_dir: PathBuf,
}

/// The file in which a running server says where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) pid: i32,
    #[serde(default)]
    pub(crate) version: String,
}

impl Here {
    /// The current folder.
    ///
    /// # Errors
    /// When it is gone.
    pub(crate) fn new(server: Option<String>) -> Result<Self, CommandError> {
        let dir = std::env::current_dir()
            .map_err(CommandError::doing("find the folder this was started in"))?;
        Ok(Self { dir, server })
    }

    /// A client of the server this place belongs to, with the best credentials it has.
    ///
    /// # Errors
    /// `server.unknown` when there is none, and refusals of files that others can read.
    pub(crate) fn client(&self) -> Result<Client, CommandError> {
        if let Some(name) = &self.server {
            let stored = Servers::read()?.get(name)?;
            return Ok(Client::new(&stored.url, Some(stored.token)));
        }
        if let Some(url) = variable("WEIR_URL") {
            let token = match variable("WEIR_TOKEN") {
                Some(token) => Some(token),
                None => Servers::read()?.token_of(&url),
            };
            return Ok(Client::new(&url, token));
        }
        let repository = self.repository().ok();
        if let Some(file) = repository.as_ref().map(Repository::session).transpose()?.flatten() {
            return Ok(Client::new(&file.url, Some(file.token)));
        }
        if let Some(running) = repository.as_ref().map(Repository::running).transpose()?.flatten() {
            let token = match variable("WEIR_TOKEN") {
                Some(token) => Some(token),
                None => repository.as_ref().map(Repository::owner_token).transpose()?.flatten(),
            };
            return Ok(Client::new(&running.url, token));
        }
        match Servers::read()?.only() {
            Some(stored) => Ok(Client::new(&stored.url, Some(stored.token))),
            None => {
                Err(nobody(repository.is_some_and(|repository| repository.home().exists())).into())
            }
        }
    }

    /// The repository around this folder.
    ///
    /// # Errors
    /// `repo.not_found` outside of one.
    pub(crate) fn repository(&self) -> Result<Repository, CommandError> {
        let ask = ["rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir"];
        let output = Command::new("git")
            .current_dir(&self.dir)
            .args(ask)
            .output()
            .map_err(CommandError::doing("run git"))?;
        let mut lines = output.stdout.split(|byte| *byte == b'\n').map(path);
        match (output.status.success(), lines.next(), lines.next()) {
            (true, Some(git_dir), Some(common_dir)) => Ok(Repository { git_dir, common_dir }),
            _ => Err(not_found(&self.dir).into()),
        }
    }
}

fn path(bytes: &[u8]) -> PathBuf {
    OsString::from_vec(bytes.to_vec()).into()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Nobody to ask. Where Weir has been before, the server has only to be started.
fn nobody(was_here: bool) -> Refusal {
    if was_here {
        return Refusal::new(NOT_RUNNING, "no Weir server runs for this repository")
            .hint("start it with `weir up`");
    }
    Refusal::new("server.unknown", "no Weir server is known here")
        .hint("start one in a git repository with `weir up`, or sign in: `weir sign-in URL`")
}

/// The code of a server that is known and does not run.
pub(crate) const NOT_RUNNING: &str = "server.not_running";

fn not_found(dir: &Path) -> Refusal {
    let sentence = format!("`{}` is in no git repository", dir.display());
    Refusal::new("repo.not_found", sentence)
        .hint("go into a git repository, or make one: `git init && git add . && git commit`")
}

impl Repository {
    /// Where Weir keeps what belongs to this repository.
    pub(crate) fn home(&self) -> PathBuf {
        self.common_dir.join("weir")
    }

    /// The session whose worktree this is.
    pub(crate) fn session(&self) -> Result<Option<SessionFile>, CommandError> {
        read_private(&self.git_dir.join(SessionFile::NAME))?
            .map(|(path, text)| json(&path, &text))
            .transpose()
    }

    /// The server that runs for this repository, or did when it last wrote.
    pub(crate) fn running(&self) -> Result<Option<Running>, CommandError> {
        let path = self.home().join("server.json");
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let running: Running = json(&path, &text)?;
                // One that was killed could not take its word back, and its port may be another's by now, who
                // must not be shown our token.
                let pid = Pid::from_raw(running.pid);
                let lives = pid.is_some_and(|pid| test_kill_process(pid).is_ok());
                Ok(lives.then_some(running))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(CommandError::failed(format!("read `{}`", path.display()), error)),
        }
    }

    /// The token of the repository's owner, for whoever may read their files.
    pub(crate) fn owner_token(&self) -> Result<Option<String>, CommandError> {
        let file = read_private(&self.home().join("private").join("owner.token"))?;
        Ok(file.map(|(_, text)| text.trim().to_owned()))
    }
}

fn json<T: for<'de> Deserialize<'de>>(path: &Path, text: &str) -> Result<T, CommandError> {
    serde_json::from_str(text)
        .map_err(CommandError::doing(format!("understand `{}`", path.display())))
}
