//! What the tests of the binary share: a repository of their own, and the real binary run in it.

#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod field;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A repository in a temporary folder, which goes with this, and so does the server that was started for it.
pub(crate) struct Repo {
    folder: tempfile::TempDir,
    pub(crate) dir: PathBuf,
}

/// How a run of the binary ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Repo {
    /// A folder that is no repository.
    pub(crate) fn none() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().canonicalize().expect("it exists").join("river");
        std::fs::create_dir(&dir).expect("made");
        Self { folder, dir }
    }

    /// A repository without commits.
    pub(crate) fn empty() -> Self {
        let repo = Self::none();
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        repo.git(&["config", "user.name", "ann"]);
        repo.git(&["config", "user.email", "ann@river.example"]);
        repo
    }

    /// A repository with one commit, and a check that passes when `ok` is there.
    pub(crate) fn new() -> Self {
        let repo = Self::empty();
        repo.write("Makefile", "check:\n\ttest -f ok\n");
        repo.write("ok", "");
        repo.write("docs/a.md", "a\n");
        repo.commit("Begin");
        repo
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.dir.join(name);
        std::fs::create_dir_all(path.parent().expect("below the repository")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git(&self.dir, args)
    }

    /// Runs the binary in the repository.
    pub(crate) fn weir(&self, args: &[&str]) -> Ran {
        self.weir_in(&self.dir, args, &[])
    }

    /// Runs the binary with `--json`; the document on stdout.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().chain(&["--json"]).copied().collect();
        self.weir(&args).expect(0).document()
    }

    /// Runs the binary somewhere, with some variables set.
    pub(crate) fn weir_in(&self, dir: &Path, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        let output = self.command(dir, args, variables).output().expect("the binary runs");
        Ran::new(&output)
    }

    /// The binary, in a world of its own.
    pub(crate) fn command(&self, dir: &Path, args: &[&str], variables: &[(&str, &str)]) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_weir")), dir, args, variables)
    }

    /// What a client runs at an event.
    pub(crate) fn hook(&self, client: &str, event: &str, variables: &[(&str, &str)]) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_weir-hook"));
        self.command_of(program, &self.dir, &["hook", client, event], variables)
    }

    pub(crate) fn command_of(
        &self,
        program: &Path,
        dir: &Path,
        args: &[&str],
        variables: &[(&str, &str)],
    ) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(dir).stdin(Stdio::null());
        for name in ["WEIR_URL", "WEIR_TOKEN", "WEIR_SERVER", "WEIR_STORE", "NO_COLOR"] {
            command.env_remove(name);
        }
        isolate(&mut command);
        command
            .env("XDG_CACHE_HOME", self.folder.path().join("cache"))
            .env("XDG_CONFIG_HOME", self.folder.path().join("config"))
            .envs(variables.iter().copied());
        command
    }

    /// Where the tests put what belongs to nobody.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the server in the background, on any free port, and gives what it printed.
    pub(crate) fn up(&self) -> Value {
        self.json(&["up", "--detach", "--listen", "127.0.0.1:0"])
    }
}

impl Drop for Repo {
    fn drop(&mut self) {
        if self.dir.join(".git/weir/server.json").exists() {
            self.weir(&["down"]);
        }
    }
}

impl Ran {
    pub(crate) fn new(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The refusal on stderr, which must be the only thing that was said.
    #[track_caller]
    pub(crate) fn refusal(&self) -> Value {
        assert_eq!(self.out, "", "a refusal leaves stdout to nobody");
        serde_json::from_str(&self.err).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(args).current_dir(dir).stdin(Stdio::null());
    for (key, value) in [("NAME", "ann"), ("EMAIL", "ann@river.example")] {
        command.env(format!("GIT_AUTHOR_{key}"), value).env(format!("GIT_COMMITTER_{key}"), value);
    }
    let output = isolate(&mut command).output().expect("git runs");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn isolate(command: &mut Command) -> &mut Command {
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CEILING_DIRECTORIES", std::env::temp_dir())
        .env_remove("GIT_DIR")
}

/// A text in a document.
#[track_caller]
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no {pointer} in {value:#}")).to_owned()
}

/// Every file below `dir`, with what it holds.
pub(crate) fn snapshot(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => open.push(path),
                false => files.push((path.clone(), std::fs::read(&path).expect("a file"))),
            }
        }
    }
    files.sort();
    files
}
