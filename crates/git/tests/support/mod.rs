//! Real repositories in temporary folders, independent of the machine's git configuration.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

pub mod http;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use weir_git::{CommitId, Draft, Person, Signature, Trunk, inspect};
use weir_model::Timestamp;

/// A repository with its folder, gone when dropped.
pub struct Repo {
    pub root: TempDir,
    pub dir: PathBuf,
}

impl Repo {
    /// An empty repository on the branch `main`.
    pub fn empty() -> Self {
        let root = TempDir::new().expect("a temporary folder");
        let dir = root.path().join("repo");
        fs::create_dir(&dir).expect("a folder");
        let repo = Self { root, dir };
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        repo
    }

    /// A repository with one commit that adds `files`.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let repo = Self::empty();
        repo.commit("first", files);
        repo
    }

    pub fn write(&self, path: &str, text: &str) {
        self.write_bytes(path.as_bytes(), text.as_bytes());
    }

    pub fn write_bytes(&self, path: &[u8], bytes: &[u8]) {
        let path = self.dir.join(OsStr::from_bytes(path));
        fs::create_dir_all(path.parent().expect("inside the repository")).expect("folders");
        fs::write(path, bytes).expect("a file");
    }

    pub fn commit(&self, message: &str, files: &[(&str, &str)]) -> CommitId {
        files.iter().for_each(|(path, text)| self.write(path, text));
        self.commit_all(message)
    }

    pub fn commit_all(&self, message: &str) -> CommitId {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.head()
    }

    pub fn head(&self) -> CommitId {
        self.rev("HEAD")
    }

    pub fn rev(&self, rev: &str) -> CommitId {
        self.git(&["rev-parse", "--verify", rev]).parse().expect("a commit")
    }

    pub fn git(&self, args: &[&str]) -> String {
        git_in(&self.dir, args)
    }

    pub fn trunk(&self) -> Trunk {
        let source = inspect(&self.dir, None).expect("a good repository");
        Trunk::open_or_create(&source, &source.home(), &source.trunk.name).expect("a trunk")
    }

    /// Everything below the repository that is the user's: paths and bytes, without Weir's own.
    pub fn fingerprint(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut list = Vec::new();
        walk(&self.dir, &mut list);
        list.retain(|(path, _)| {
            !path.to_string_lossy().contains("/weir/") && !path.to_string_lossy().ends_with("/weir")
        });
        list.sort();
        list
    }
}

fn walk(dir: &Path, list: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry")) {
        let path = entry.path();
        if entry.file_type().expect("a kind").is_dir() {
            walk(&path, list);
        } else {
            list.push((path.clone(), fs::read(&path).unwrap_or_default()));
        }
    }
}

/// A git that knows nothing of this machine's users.
pub fn git_command(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir).env_clear();
    command.env("PATH", std::env::var_os("PATH").expect("a PATH")).env("HOME", "/nonexistent");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{role}_NAME"), "Ada")
            .env(format!("GIT_{role}_EMAIL"), "ada@x.test");
        command.env(format!("GIT_{role}_DATE"), "1700000000 +0000");
    }
    command.args(["-c", "protocol.file.allow=always", "-c", "commit.gpgSign=false"]);
    command
}

pub fn git_in(dir: &Path, args: &[&str]) -> String {
    let output = try_git(dir, args);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {args:?}: {error}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

pub fn try_git(dir: &Path, args: &[&str]) -> Output {
    git_command(dir).args(args).output().expect("git runs")
}

pub fn draft(message: &str) -> Draft {
    let person = Person { name: "Weir".to_owned(), email: "weir@x.test".to_owned() };
    let at = Timestamp::from_millis(1_700_000_000_000);
    let signature = Signature { person, at };
    Draft { message: message.to_owned(), author: signature.clone(), committer: signature }
}
