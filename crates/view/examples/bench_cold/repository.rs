//! The repositories that are measured: cloned from where they are public, or from a mirror nearby.

#![allow(dead_code, reason = "each bench uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;
use weir_git::{CommitId, Objects, Trunk, inspect};

/// What the benches take.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) mirrors: Option<PathBuf>,
    pub(crate) cache: Option<PathBuf>,
    pub(crate) only: Option<String>,
    pub(crate) worktrees: Option<usize>,
    /// What a process of its own is to measure.
    pub(crate) one: Vec<String>,
}

impl Options {
    pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("`{argument}` of what?"));
            match argument.as_str() {
                "--mirrors" => options.mirrors = Some(value()?.into()),
                "--cache" => options.cache = Some(value()?.into()),
                "--only" => options.only = Some(value()?),
                "--worktrees" => {
                    let count = value()?;
                    let parsed = count.parse().map_err(|_| format!("`{count}` is no number"))?;
                    options.worktrees = Some(parsed);
                }
                "--one" => {
                    options.one = arguments.by_ref().collect();
                }
                other => return Err(format!("no option is called `{other}`")),
            }
        }
        Ok(options)
    }

    /// Where to put the clones.
    pub(crate) fn place(&self) -> Result<(PathBuf, Option<tempfile::TempDir>), String> {
        match &self.cache {
            Some(cache) => {
                std::fs::create_dir_all(cache).map_err(|why| why.to_string())?;
                let cache = cache.canonicalize().map_err(|why| why.to_string())?;
                Ok((cache, None))
            }
            None => {
                let folder = tempfile::tempdir().map_err(|why| why.to_string())?;
                Ok((folder.path().to_owned(), Some(folder)))
            }
        }
    }
}

/// A clone with its files beside it.
pub(crate) struct Repository {
    pub(crate) name: String,
    pub(crate) root: PathBuf,
    pub(crate) tip: CommitId,
    trunk: Trunk,
}

impl Repository {
    /// Clones `owner/name`, unless it was cloned before.
    pub(crate) fn get(full: &str, options: &Options, place: &Path) -> Result<Self, String> {
        let (owner, name) = full.split_once('/').ok_or_else(|| format!("`{full}`"))?;
        let root = place.join(name);
        if !root.is_dir() {
            let mut clone = Command::new("git");
            clone.args(["clone", "--quiet"]);
            match &options.mirrors {
                Some(mirrors) => {
                    let mirror = mirrors.join(format!("{owner}+{name}")).join("repo");
                    clone.arg("--shared").arg(mirror);
                }
                None => {
                    clone.arg(format!("https://github.com/{full}"));
                }
            }
            done(clone.arg(&root))?;
        }
        Self::open(name, &root)
    }

    pub(crate) fn open(name: &str, root: &Path) -> Result<Self, String> {
        let tip = git(root, &["rev-parse", "HEAD"])?;
        let tip = tip.parse().map_err(|why| format!("{why:?}"))?;
        let source = inspect(root, None).map_err(|why| why.to_string())?;
        let home = root.join(".git/weir");
        let trunk = Trunk::open_or_create(&source, &home, &source.trunk.name)
            .map_err(|why| why.to_string())?;
        Ok(Self { name: name.to_owned(), root: root.to_owned(), tip, trunk })
    }

    pub(crate) fn objects(&self) -> &Objects {
        self.trunk.objects()
    }

    /// Has the trunk know a commit.
    pub(crate) fn keep(&self, commit: CommitId) -> Result<(), String> {
        self.trunk.keep(commit).map_err(|why| why.to_string())
    }
}

pub(crate) fn git(root: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("git");
    done(command.arg("-C").arg(root).args(arguments))
}

fn done(command: &mut Command) -> Result<String, String> {
    let out = command.output().map_err(|why| format!("{command:?}: {why}"))?;
    match out.status.success() {
        true => Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned()),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&out.stderr).trim())),
    }
}

/// The most memory that this process had resident, and what it has now, in MiB.
pub(crate) fn memory() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(name));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kib.unwrap_or_default() / 1_024
    };
    (of("VmHWM:"), of("VmRSS:"))
}
