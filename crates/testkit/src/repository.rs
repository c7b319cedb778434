//! Sample repositories, made by real git with nobody's settings.

use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A repository in a temporary folder, on branch `main`; gone when dropped.
#[derive(Debug)]
pub struct Repository(TempDir);

impl Repository {
    /// A repository without commits.
    pub fn empty() -> Self {
        let repository = Self(tempfile::tempdir().expect("a temporary folder"));
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }

    /// A repository with one commit of these files.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let repository = Self::empty();
        repository.commit("begin", files);
        repository
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs git in it; gives what it printed, trimmed.
    pub fn git(&self, args: &[&str]) -> String {
        git(self.path(), args)
    }

    /// Writes files and commits everything; gives the commit's name.
    pub fn commit(&self, message: &str, files: &[(&str, &str)]) -> String {
        for (name, text) in files {
            let path = self.path().join(name);
            let parent = path.parent().expect("a file lies in a folder");
            std::fs::create_dir_all(parent).expect("the folder can be made");
            std::fs::write(path, text).expect("the file can be written");
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }
}

/// Runs git in `dir`; gives what it printed, trimmed.
///
/// # Panics
/// When git fails: a test that goes on would test something else.
pub fn git(dir: &Path, args: &[&str]) -> String {
    let done = try_git(dir, args);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "git {args:?} in {}: {said}", dir.display());
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// Runs git in `dir`, whatever comes of it.
pub fn try_git(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.current_dir(dir).args(args);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.env("GIT_TERMINAL_PROMPT", "0");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Ada");
        command.env(format!("GIT_{role}_EMAIL"), "ada@example.org");
    }
    command.output().expect("git runs")
}
