//! A place of its own for one run of a client: a home, a folder for temporary files, an environment from nothing.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The place of one run; it goes when it is dropped.
#[derive(Debug)]
pub struct Place {
    root: TempDir,
    /// Where the client works.
    pub tree: PathBuf,
}

/// Programs that an agent's commands may need; nothing that a developer's machine adds.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

impl Place {
    /// A place below `parent`, with an empty folder to work in.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn below(parent: &Path) -> io::Result<Self> {
        fs::create_dir_all(parent)?;
        let root = tempfile::Builder::new().prefix("run-").tempdir_in(parent)?;
        let tree = root.path().join("tree");
        for folder in ["home", "tmp", "tree"] {
            fs::create_dir(root.path().join(folder))?;
        }
        Ok(Self { root, tree })
    }

    /// The client's home.
    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// A path beside home and tree, which neither the client nor git looks at.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file below home, with the folders to it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_at_home(&self, path: &str, text: &str) -> io::Result<()> {
        let path = self.home().join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)
    }

    /// The environment that every program of the run starts with. Proxies lead nowhere, for the machine on which
    /// no network can be taken away.
    pub fn environment(&self) -> Vec<(String, OsString)> {
        let home = self.home();
        let at_home = |path: &str| home.join(path).into_os_string();
        let nowhere = "http://127.0.0.1:9";
        let mut variables: Vec<(&str, OsString)> = vec![
            ("PATH", PATH.into()),
            ("HOME", home.clone().into()),
            ("TMPDIR", self.root.path().join("tmp").into()),
            ("XDG_CONFIG_HOME", at_home(".config")),
            ("XDG_DATA_HOME", at_home(".local/share")),
            ("XDG_STATE_HOME", at_home(".local/state")),
            ("XDG_CACHE_HOME", at_home(".cache")),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("NO_PROXY", "127.0.0.1,localhost".into()),
            ("no_proxy", "127.0.0.1,localhost".into()),
        ];
        let plain = [
            ("LANG", "C.UTF-8"),
            ("TERM", "dumb"),
            ("NO_COLOR", "1"),
            ("USER", "agent"),
            ("SHELL", "/bin/bash"),
            ("CI", "1"),
        ];
        variables.extend(plain.map(|(name, value)| (name, OsString::from(value))));
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
            variables.push((name, nowhere.into()));
        }
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
