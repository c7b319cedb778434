//! A repository, and everything a server of its own needs: folders and a port that nobody else uses.

use super::server::Server;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU16, Ordering};
use tempfile::TempDir;

/// A folder with a repository in it and a server beside it.
pub(crate) struct Place {
    /// The program under test.
    bin: PathBuf,
    /// The user's repository.
    pub(crate) repo: PathBuf,
    /// Where it listens, the same after every restart.
    pub(crate) port: u16,
    root: TempDir,
}

impl Place {
    /// A place around an empty repository on branch `main`.
    pub(crate) fn new(bin: &Path) -> Self {
        let place = Self::without_repository(bin);
        place.git(&["init", "-q", "-b", "main"]);
        place.git(&["config", "user.name", "Ada"]);
        place.git(&["config", "user.email", "ada@example.org"]);
        place
    }

    /// A place with a folder, which is no repository.
    pub(crate) fn without_repository(bin: &Path) -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        // Git prints and stores real paths.
        let repo = root.path().canonicalize().expect("it is there").join("pool");
        std::fs::create_dir_all(&repo).expect("a folder");
        std::fs::create_dir_all(root.path().join("home")).expect("a folder");
        Self { bin: bin.to_owned(), repo, port: free_port(), root }
    }

    /// Writes files and commits all.
    pub(crate) fn commit(&self, message: &str, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = self.repo.join(name);
            std::fs::create_dir_all(path.parent().expect("in a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    /// Runs git in the repository; gives what it printed.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        git(&self.repo, args)
    }

    /// Where Weir keeps what is its own.
    pub(crate) fn home(&self) -> PathBuf {
        let dir = self.git(&["rev-parse", "--path-format=absolute", "--git-common-dir"]);
        PathBuf::from(dir).join("weir")
    }

    pub(crate) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The end of what the server said, in all its runs.
    pub(crate) fn said(&self) -> String {
        let said = std::fs::read_to_string(self.log()).unwrap_or_default();
        said.chars().skip(said.chars().count().saturating_sub(3000)).collect()
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.root.path().join("server.log")
    }

    /// Where it keeps trees.
    pub(crate) fn cache(&self) -> PathBuf {
        self.root.path().join("cache")
    }

    /// A folder beside the repository, for whatever a test needs.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The program with these arguments, in nobody's environment but ours.
    pub(crate) fn weir(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.bin);
        self.prepare(&mut command);
        command.args(args);
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.weir(args).output().expect("the program runs")
    }

    /// The folder and the environment of the program.
    pub(crate) fn prepare(&self, command: &mut Command) {
        let foreign = std::env::vars_os().map(|(name, _)| name);
        for name in foreign.filter(|name| {
            let name = name.to_string_lossy();
            ["WEIR_", "GIT_", "XDG_"].iter().any(|start| name.starts_with(start))
        }) {
            command.env_remove(name);
        }
        command.current_dir(&self.repo).env("HOME", self.root.path().join("home"));
        command.env("XDG_CACHE_HOME", self.cache()).env("NO_COLOR", "1");
        command.env("XDG_STATE_HOME", self.root.path().join("state"));
        command.env("XDG_RUNTIME_DIR", self.root.path().join("run"));
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    }

    /// Starts the server.
    pub(crate) fn up(&self) -> Server {
        self.up_with(&[])
    }

    /// Starts the server with more arguments.
    pub(crate) fn up_with(&self, more: &[&str]) -> Server {
        let listen = format!("127.0.0.1:{}", self.port);
        let mut command = self.weir(&["up", "--listen", &listen]);
        command.args(more);
        Server::start(command, self)
    }
}

impl Drop for Place {
    /// After a failure everything stays where it is, to be looked at.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("kept: {}", self.root.path().display());
            self.root.disable_cleanup(true);
        }
    }
}

/// Below the ports that the system hands out for outgoing connections: between a kill and the next start one of
/// those could take it. Tests run in processes of their own, so where to begin looking comes from the process's id.
fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 1000).unwrap_or(0) * 12;
    for _ in 0..12_000 {
        let port = 20_000 + (start + TAKEN.fetch_add(1, Ordering::SeqCst)) % 12_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}

/// Runs git with nobody's settings; gives what it printed, trimmed.
pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let done = try_git(dir, args);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "git {args:?} in {}: {said}", dir.display());
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// Runs git with nobody's settings, whatever comes of it.
pub(crate) fn try_git(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.current_dir(dir).args(args);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Ada");
        command.env(format!("GIT_{role}_EMAIL"), "ada@example.org");
    }
    command.output().expect("git runs")
}
