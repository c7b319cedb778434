//! A space with a running server, and sessions that are attached as users attach them.

use std::io::{Error, Result};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) struct Field {
    bin: PathBuf,
    place: tempfile::TempDir,
    worktrees: Vec<PathBuf>,
    server: Child,
}

impl Field {
    /// Starts a server on a new space, and attaches so many sessions, each in a clone of its own.
    pub(crate) fn plant(bin: &Path, sessions: usize) -> Result<Self> {
        // Beside this program, where the disk is one: a temporary folder may be memory.
        let own = std::env::current_exe()?;
        let beside = own.parent().ok_or_else(|| Error::other("this program is nowhere"))?;
        let place = tempfile::tempdir_in(beside)?;
        let repo = place.path().join("repo");
        std::fs::create_dir_all(repo.join("src"))?;
        std::fs::write(repo.join("src/main.rs"), "fn main() {}\n")?;
        for arguments in [
            &["init", "-q", "-b", "main"][..],
            &["config", "user.name", "Ada"],
            &["config", "user.email", "ada@example.org"],
            &["add", "--all"],
            &["commit", "-q", "-m", "begin"],
        ] {
            run(Command::new("git").args(arguments).current_dir(&repo))?;
        }
        let client = place.path().join("client");
        std::fs::write(&client, "#!/bin/sh\necho '2.1.330 (Claude Code)'\n")?;
        std::fs::set_permissions(&client, std::fs::Permissions::from_mode(0o755))?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut up = Command::new(bin);
        isolated(&mut up, place.path());
        up.current_dir(&repo).args(["up", "--quiet", "--listen", &address.to_string()]);
        up.stdin(Stdio::null()).stdout(Stdio::null());
        let server = up.spawn()?;
        let mut field = Self { bin: bin.to_owned(), place, worktrees: Vec::new(), server };
        let began = Instant::now();
        // It listens a moment before it says where.
        let announced = repo.join(".git/weir/server.json");
        while TcpStream::connect(address).is_err() || !announced.exists() {
            if began.elapsed() > Duration::from_secs(30) {
                return Err(Error::other("the server does not answer"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        for n in 0..sessions {
            let tree = field.place.path().join(format!("tree{n}"));
            let clone = ["clone", "-q", "--shared", "."];
            run(Command::new("git").args(clone).arg(&tree).current_dir(&repo))?;
            let mut attach = Command::new(bin);
            isolated(&mut attach, field.place.path());
            attach.args(["attach", "claude", "--quiet", "--program"]).arg(&client);
            run(attach.arg("--dir").arg(&tree).current_dir(&repo))?;
            field.worktrees.push(tree.canonicalize()?);
        }
        Ok(field)
    }

    /// Where a session works.
    pub(crate) fn worktree(&self, session: usize) -> &Path {
        &self.worktrees[session]
    }

    /// A program, started as the session's client starts its hook.
    pub(crate) fn command(&self, program: impl AsRef<Path>, session: usize) -> Command {
        let mut command = Command::new(program.as_ref());
        isolated(&mut command, self.place.path());
        command.current_dir(self.worktree(session));
        command
    }

    /// The hook of a session's client: what `weir attach` wrote into its settings.
    pub(crate) fn hook(&self, session: usize) -> Command {
        self.hook_of(&self.bin.with_file_name("weir-hook"), session)
    }

    /// The same by the large program, which carries what the small one does not.
    pub(crate) fn large_hook(&self, session: usize) -> Command {
        self.hook_of(&self.bin, session)
    }

    fn hook_of(&self, program: &Path, session: usize) -> Command {
        let mut command = self.command(program, session);
        command.args(["hook", "claude", "PreToolUse"]);
        command
    }

    pub(crate) fn stop(mut self) -> Result<()> {
        run(Command::new("kill").arg(self.server.id().to_string()))?;
        self.server.wait().map(drop)
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        // Ended already, unless something failed.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn isolated(command: &mut Command, home: &Path) {
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
}

fn run(command: &mut Command) -> Result<()> {
    let done = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    match done.success() {
        true => Ok(()),
        false => Err(Error::other(format!("{command:?} ended with {done}"))),
    }
}
