//! A runner's own copy of the trunk: fetched over smart HTTP, and lent to the clean trees that checks run in.

use crate::error::io_failed;
use crate::git::{bare_git, git, succeed};
use crate::{CommitId, Error, Objects, Remote};
use std::fs;
use std::path::{Path, PathBuf};
use weir_model::Refusal;

/// A bare repository that holds what was fetched.
#[derive(Debug, Clone)]
pub struct Mirror {
    dir: PathBuf,
}

/// As many as git's own `gc.autoPackLimit`.
const PACKS_MAX: usize = 50;

/// Where proxies and certificates are told of, for a server on another machine.
const CARRIED: [&str; 6] =
    ["https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"];

impl Mirror {
    /// The one at `dir`, or a new one.
    ///
    /// # Errors
    /// `git.missing`, `git.too_old`; failures of the disk.
    pub fn open_or_create(dir: &Path) -> Result<Self, Error> {
        crate::git_version()?;
        let doing = || io_failed(format!("make `{}`", dir.display()));
        if !dir.join("HEAD").exists() {
            fs::create_dir_all(dir).map_err(doing())?;
            let mut init = bare_git();
            init.args(["init", "--quiet", "--bare", "--template=", "--object-format=sha1"]);
            init.env("GIT_DEFAULT_REF_FORMAT", "files").arg(dir);
            succeed(&mut init, None, "make a clone")?;
        }
        Ok(Self { dir: dir.canonicalize().map_err(doing())? })
    }

    /// The repository.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its objects, as they are now.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn objects(&self) -> Result<Objects, Error> {
        Objects::open(&self.dir)
    }

    /// Brings the commit that `remote` has under the name `name`, and keeps it under `refs/weir/runs/<place>` until the next
    /// for that place. With what is kept, little is fetched for the next.
    ///
    /// # Errors
    /// `fetch.name` for a name that is no ref; what git says, if it is not to be had; `commit.unknown` if the name stands for
    /// another commit.
    pub fn fetch(
        &self,
        remote: &Remote,
        name: &str,
        commit: CommitId,
        place: usize,
    ) -> Result<(), Error> {
        if gix::validate::reference::name(name.into()).is_err() || !name.starts_with("refs/") {
            let sentence = format!("`{}` is no ref", name.escape_default());
            return Err(Refusal::new("fetch.name", sentence).into());
        }
        let mut command = git(&self.dir);
        // A redirect would carry the token to somebody else; a line that is dead is not waited for.
        command.args(["-c", "http.followRedirects=false", "-c", "http.lowSpeedLimit=1"]);
        command.args(["-c", "http.lowSpeedTime=60", "-c", "fetch.unpackLimit=100"]);
        command.args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]);
        command.args(["--no-recurse-submodules", &remote.url]);
        command.arg(format!("+{name}:refs/weir/runs/{place}"));
        command.env("GIT_ALLOW_PROTOCOL", "http:https");
        for name in CARRIED {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if let Some(token) = &remote.token {
            // Not on the command line, which everybody on the machine can read, and in no file.
            let key = format!("http.{}.extraHeader", remote.url);
            command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", key);
            command.env("GIT_CONFIG_VALUE_0", format!("Authorization: Bearer {token}"));
        }
        succeed(&mut command, None, "fetch what is to be tested")?;
        self.objects()?.tree(commit)?;
        self.join_packs()
    }

    /// Every fetch may leave a pack, and every read looks into all of them. Safe while trees are made of them.
    fn join_packs(&self) -> Result<(), Error> {
        let entries = fs::read_dir(self.dir.join("objects/pack"));
        let entries = entries.map_err(io_failed("count the packs of a clone"))?;
        let is_pack = |name: &std::ffi::OsStr| name.as_encoded_bytes().ends_with(b".pack");
        if entries.flatten().filter(|entry| is_pack(&entry.file_name())).count() <= PACKS_MAX {
            return Ok(());
        }
        let mut command = git(&self.dir);
        command.args(["-c", "repack.writeBitmaps=false", "-c", "pack.threads=1"]);
        command.args(["repack", "--quiet", "--geometric=2", "-d", "-l", "-n"]);
        succeed(&mut command, None, "join the packs of a clone").map(drop)
    }
}
