//! The space's folder: one process at a time, and secrets that only its user can read.

use crate::Error;
use crate::error::io_failed;
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use weir_git::Source;
use weir_model::Refusal;

/// The folder, locked for as long as this lives.
pub(crate) struct Home {
    folder: PathBuf,
    _lock: File,
}

impl Home {
    /// Makes the folder if need be, and locks it.
    pub(crate) fn take(folder: &Path) -> Result<Self, Error> {
        make_private(folder)?;
        let doing = io_failed(format!("find `{}`", folder.display()));
        let folder = folder.canonicalize().map_err(doing)?;
        make_private(&folder.join("private"))?;
        let path = folder.join("lock");
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let lock = options.open(&path).map_err(io_failed(format!("open `{}`", path.display())))?;
        // The system gives the lock back when the process dies, however it dies.
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(in_use(&folder).into());
        }
        // What an earlier run announced is no longer so.
        let _ = fs::remove_file(folder.join("server.json"));
        Ok(Self { folder, _lock: lock })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn private(&self) -> PathBuf {
        self.folder.join("private")
    }

    /// Says where the running server is.
    pub(crate) fn announce(&self, url: &str) -> Result<(), Error> {
        let text = serde_json::json!({
            "url": url,
            "pid": std::process::id(),
            "version": env!("CARGO_PKG_VERSION"),
        });
        self.write_private(&self.folder.join("server.json"), &text.to_string())
    }

    /// A file that only its user may read. Refuses one that others can.
    pub(crate) fn read_private(&self, path: &Path) -> Result<Option<String>, Error> {
        let doing = || io_failed(format!("read `{}`", path.display()));
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(doing()(error)),
        };
        if file.metadata().map_err(doing())?.permissions().mode() & 0o077 != 0 {
            let sentence = format!("`{}` can be read by others", path.display());
            return Err(Refusal::new("secret.exposed", sentence)
                .hint(format!("delete it; Weir makes another: `rm {}`", path.display()))
                .into());
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(doing())?;
        Ok(Some(text))
    }

    /// Writes a file whole or not at all, for its user alone.
    pub(crate) fn write_private(&self, path: &Path, text: &str) -> Result<(), Error> {
        write_private(path, text)
    }
}

/// Writes a file whole or not at all, for its user alone.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(path: &Path, text: &str) -> Result<(), Error> {
    let doing = || io_failed(format!("write `{}`", path.display()));
    let draft = path.with_extension("draft");
    let _ = fs::remove_file(&draft);
    let mut options = OpenOptions::new();
    let mut file = options.create_new(true).write(true).mode(0o600).open(&draft).map_err(doing())?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(doing())?;
    fs::rename(&draft, path).map_err(doing())
}

fn in_use(folder: &Path) -> Refusal {
    let announced = fs::read_to_string(folder.join("server.json")).ok();
    let known: Option<serde_json::Value> =
        announced.and_then(|text| serde_json::from_str(&text).ok());
    let url = known.as_ref().and_then(|known| known.get("url")?.as_str());
    let refusal = Refusal::new("space.in_use", "Weir is already running for this repository");
    match url {
        Some(url) => refusal.hint(format!("it is at {url}")),
        None => refusal.hint("it is just starting; try again in a moment"),
    }
}

/// Where trees are made: outside of the repository, for tools climb to parent folders (a workspace, a
/// `node_modules`) and pass over paths with `.git` in them.
///
/// `space` is the name of the space's key: unlike the repository's path, no two spaces ever share it.
pub(crate) fn trees_for(space: &str) -> Result<PathBuf, Error> {
    let cache =
        std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    let folder = cache.unwrap_or_else(std::env::temp_dir).join(space);
    make_private(&folder)?;
    folder.canonicalize().map_err(io_failed("find the folder for trees"))
}

/// Makes a folder for its user alone, if it is not there.
pub(crate) fn make_private(folder: &Path) -> Result<(), Error> {
    let doing = io_failed(format!("make `{}`", folder.display()));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(doing)
}

/// What the owner is called: as git calls them, or as the system does.
pub(crate) fn user_name(source: &Source) -> String {
    let from_git = weir_git::user_name(source);
    let from_system = || std::env::var("USER").ok();
    let name = from_git.or_else(from_system).unwrap_or_else(|| "owner".into());
    let clean: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    if clean.trim().is_empty() { "owner".into() } else { clean.trim().to_owned() }
}
