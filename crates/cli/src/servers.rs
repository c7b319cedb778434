//! The servers that somebody signed in to, by name: `$XDG_CONFIG_HOME/weir/servers.toml`, mode 0600.

use crate::error::CommandError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use weir_courier::read_private;
use weir_model::Refusal;

/// All stored servers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Servers {
    #[serde(default, rename = "server")]
    by_name: BTreeMap<String, Stored>,
}

/// One server, and the token to speak to it with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) url: String,
    pub(crate) token: String,
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Where they are stored; `None` for somebody without a home.
pub(crate) fn path() -> Option<PathBuf> {
    let absolute =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let config = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))?;
    Some(config.join("weir").join("servers.toml"))
}

impl Servers {
    /// What is stored; nothing when there is no file.
    ///
    /// # Errors
    /// When the file cannot be read or understood, or others can read it.
    pub(crate) fn read() -> Result<Self, CommandError> {
        match path().map(|path| read_private(&path)).transpose()?.flatten() {
            None => Ok(Self::default()),
            Some((path, text)) => toml::from_str(&text)
                .map_err(CommandError::doing(format!("understand `{}`", path.display()))),
        }
    }

    /// Writes them all, in one step: a reader sees the old file or the new one.
    ///
    /// # Errors
    /// When there is no home to write to, or the disk refuses.
    pub(crate) fn write(&self) -> Result<PathBuf, CommandError> {
        let path = path().ok_or_else(|| {
            Refusal::new("servers.no_home", "there is no folder to remember servers in")
                .hint("set `HOME`, or pass `WEIR_URL` and `WEIR_TOKEN`")
        })?;
        let doing = || CommandError::doing(format!("write `{}`", path.display()));
        let folder = path.parent().unwrap_or(&path);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(doing())?;
        let text = toml::to_string(self)
            .map_err(CommandError::doing(format!("write `{}`", path.display())))?;
        let new = path.with_extension(format!("toml.{}", std::process::id()));
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&new, &path))
            .map_err(doing())?;
        Ok(path)
    }

    /// The server of that name.
    ///
    /// # Errors
    /// `server.unknown`
    pub(crate) fn get(&self, name: &str) -> Result<Stored, Refusal> {
        self.by_name.get(name).cloned().ok_or_else(|| {
            let known: Vec<_> = self.by_name.keys().map(|name| format!("`{name}`")).collect();
            let hint = match known.as_slice() {
                [] => "store one: `weir sign-in URL`".to_owned(),
                known => format!("stored are {}", known.join(", ")),
            };
            Refusal::new("server.unknown", format!("no server is stored as `{name}`")).hint(hint)
        })
    }

    /// The server, if exactly one is stored.
    pub(crate) fn only(&self) -> Option<Stored> {
        let mut all = self.by_name.values();
        all.next().filter(|_| all.next().is_none()).cloned()
    }

    /// The token stored for the server at `url`.
    pub(crate) fn token_of(&self, url: &str) -> Option<String> {
        let same = |stored: &&Stored| stored.url.trim_end_matches('/') == url.trim_end_matches('/');
        self.by_name.values().find(same).map(|stored| stored.token.clone())
    }

    /// Stores a server under a name, in the place of what was there.
    pub(crate) fn put(&mut self, name: String, stored: Stored) {
        self.by_name.insert(name, stored);
    }

    /// Forgets a server.
    ///
    /// # Errors
    /// `server.unknown`
    pub(crate) fn remove(&mut self, name: &str) -> Result<Stored, Refusal> {
        let stored = self.get(name)?;
        self.by_name.remove(name);
        Ok(stored)
    }
}
