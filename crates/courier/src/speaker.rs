//! As whom the hook speaks, and to which server.

use crate::leave::LeaveFolder;
use crate::private::read_private;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use weir_model::act::Client;
use weir_model::{Digest, SessionId, TaskId};

/// As whom the hook speaks, and to which server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speaker {
    /// Where the server is.
    pub url: String,
    /// The session's token.
    pub token: String,
    /// The session, as it was attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The server's public key, as it was when the client was attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// The file that Weir puts into a worktree it makes for a session: whoever works there speaks as it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionFile {
    /// Where the server is.
    pub url: String,
    /// The session's token.
    pub token: String,
    /// The session.
    pub session: SessionId,
    /// What it works on.
    pub task: Option<TaskId>,
}

impl SessionFile {
    /// Its name, in the git directory of a worktree.
    pub const NAME: &str = "weir-session.json";
}

/// The speaker, and what `weir attach` kept for this client here, if it is of the same server.
#[derive(Debug)]
pub struct Speaking {
    /// As whom to speak.
    pub speaker: Speaker,
    /// What was kept.
    pub kept: Option<Attached>,
}

/// What `weir attach` kept for a client in a worktree.
#[derive(Debug)]
pub struct Attached {
    client: Client,
    worktree: PathBuf,
    /// As whom it was attached.
    pub speaker: Speaker,
}

impl Speaking {
    /// Of a client, from the variables `WEIR_URL` and `WEIR_TOKEN`, the session file of the worktree around this
    /// folder, or what was kept: the first there is.
    ///
    /// # Errors
    /// In words, when there is none.
    pub fn find(client: Client) -> Result<Self, String> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let kept = Attached::around(client);
        let speaker =
            if let (Some(url), Some(token)) = (variable("WEIR_URL"), variable("WEIR_TOKEN")) {
                Some(Speaker { url, token, session: None, key: None })
            } else {
                // An agent could write the session file of its worktree: it may say as whom to speak, never to whom.
                let file = session_file()
                    .filter(|file| kept.as_ref().is_none_or(|kept| kept.speaker.url == file.url));
                let file = file.map(|SessionFile { url, token, .. }| Speaker {
                    url,
                    token,
                    session: None,
                    key: None,
                });
                file.or_else(|| kept.as_ref().map(|kept| kept.speaker.clone()))
            };
        let speaker = speaker.ok_or_else(|| {
            format!("no Weir session is known here; a person attaches one: `weir attach {client}`")
        })?;
        // That another server cannot be reached says nothing of ours.
        let same = |kept: &Attached| {
            kept.speaker.url.trim_end_matches('/') == speaker.url.trim_end_matches('/')
        };
        Ok(Self { kept: kept.filter(same), speaker })
    }

    /// What the hook has for when the server is gone.
    pub fn leave(&self) -> Option<LeaveFolder> {
        let kept = self.kept.as_ref()?;
        LeaveFolder::of(kept.client, &kept.worktree, kept.speaker.session?)
    }
}

impl Attached {
    /// What is kept for the client in this folder: for the worktree around it.
    fn around(client: Client) -> Option<Self> {
        let folder = config_folder()?.join("attached");
        let here = std::env::current_dir().ok()?;
        here.ancestors().find_map(|worktree| {
            let path = folder.join(speaker_name(client, worktree));
            let (_, text) = read_private(&path).ok()??;
            let speaker = serde_json::from_str(&text).ok()?;
            Some(Self { client, worktree: worktree.to_owned(), speaker })
        })
    }
}

/// Weir's own folder of settings.
pub fn config_folder() -> Option<PathBuf> {
    let named =
        std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Some(named.or_else(|| Some(std::env::home_dir()?.join(".config")))?.join("weir"))
}

/// The session file of the worktree around this folder; no process is started for it.
fn session_file() -> Option<SessionFile> {
    let here = std::env::current_dir().ok()?;
    let git = here.ancestors().map(|folder| folder.join(".git")).find(|git| git.exists())?;
    let (_, text) = read_private(&git_dir(&git)?.join(SessionFile::NAME)).ok()??;
    serde_json::from_str(&text).ok()
}

/// `.git` is a folder, or a file that names one.
pub fn git_dir(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_owned());
    }
    let text = std::fs::read_to_string(git).ok()?;
    let named = text.strip_prefix("gitdir:")?.trim();
    Some(git.parent()?.join(named))
}

/// The file that says as whom the hooks of a client in a worktree speak.
pub fn speaker_name(client: Client, worktree: &Path) -> String {
    format!("{client}-{}.json", key_of(worktree))
}

/// Short, and the same for the same folder.
pub fn key_of(worktree: &Path) -> String {
    let digest = Digest::of(worktree.as_os_str().as_encoded_bytes()).to_string();
    digest.get(..16).unwrap_or(&digest).to_owned()
}
