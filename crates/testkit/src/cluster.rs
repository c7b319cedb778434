//! A PostgreSQL server of our own: made in a temporary folder, reached by a socket in it, gone with us.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const HOW_TO_INSTALL: &str = "PostgreSQL was not found, and half of the ledger is kept on it: install its server \
                              (`apt-get install postgresql`, `brew install postgresql`), or put `initdb` on the PATH";

/// A running server, which everybody on this machine may enter who can enter its folder. Stops when dropped; the system stops it when the thread that started it dies.
#[derive(Debug)]
pub struct Cluster {
    folder: tempfile::TempDir,
    programs: PathBuf,
    user: Option<(u32, u32)>,
    settings: Vec<String>,
    server: Child,
}

impl Cluster {
    /// Starts a server with these settings, as `fsync=off`.
    pub fn start(settings: &[&str]) -> Self {
        let programs = programs().expect(HOW_TO_INSTALL);
        let folder = tempfile::Builder::new().prefix("weir-pg").tempdir().expect("a folder");
        let user = (folder.path().metadata().expect("there").uid() == 0).then(unprivileged);
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).expect("a folder of its user");
        }
        let data = folder.path().join("data");
        let made = command(&programs, user, "initdb")
            .args(["--auth=trust", "--username=weir", "--encoding=UTF8", "--locale=C", "--no-sync"])
            .arg(&data)
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let settings: Vec<_> = settings.iter().map(ToString::to_string).collect();
        let server = serve(&programs, user, folder.path(), &settings);
        let cluster = Self { folder, programs, user, settings, server };
        cluster.wait_until_ready();
        cluster
    }

    /// How to reach it.
    pub fn url(&self) -> String {
        format!("host={} user=weir dbname=postgres", self.folder.path().display())
    }

    /// As if the machine had lost power, but for its disk: no checkpoint, no goodbye; then up again.
    pub fn crash_and_restart(&mut self) {
        self.stop("immediate");
        self.server = serve(&self.programs, self.user, self.folder.path(), &self.settings);
        self.wait_until_ready();
    }

    fn stop(&mut self, mode: &str) {
        let data = self.folder.path().join("data");
        let stop = ["stop", "--silent", "--mode", mode, "--pgdata"];
        let _ = command(&self.programs, self.user, "pg_ctl").args(stop).arg(data).status();
        let _ = self.server.wait();
    }

    fn wait_until_ready(&self) {
        let until = Instant::now() + Duration::from_secs(60);
        while !self.is_ready() {
            let log = self.folder.path().join("log");
            let log = || fs::read_to_string(&log).unwrap_or_default();
            assert!(Instant::now() < until, "PostgreSQL did not start:\n{}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// As `pg_ctl` sees it: the server's own word, in a file that may still be of the one before.
    fn is_ready(&self) -> bool {
        let told = fs::read_to_string(self.folder.path().join("data/postmaster.pid"));
        let told = told.unwrap_or_default();
        let mut lines = told.lines();
        let is_ours = lines.next() == Some(&self.server.id().to_string());
        is_ours && lines.nth(6).map(str::trim) == Some("ready")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop("immediate");
    }
}

fn serve(programs: &Path, user: Option<(u32, u32)>, folder: &Path, settings: &[String]) -> Child {
    let log = fs::File::create(folder.join("log")).expect("a log");
    let mut server = command(programs, user, "postgres");
    server.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
    server.args(["-c", "listen_addresses="]);
    for setting in settings {
        server.args(["-c", setting]);
    }
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    server.spawn().expect("postgres runs")
}

/// PostgreSQL refuses to run as root, so as root we run it as somebody else.
fn command(programs: &Path, user: Option<(u32, u32)>, program: &str) -> Command {
    let program = programs.join(program);
    if !Path::new("/usr/bin/setpriv").exists() {
        assert!(user.is_none(), "as root, `setpriv` (util-linux) is needed to start PostgreSQL");
        return Command::new(program);
    }
    let mut command = Command::new("/usr/bin/setpriv");
    if let Some((uid, gid)) = user {
        command.args([format!("--reuid={uid}"), format!("--regid={gid}")]).arg("--clear-groups");
    }
    // Should we be killed, it stops as well.
    command.arg("--pdeathsig=INT").arg("--").arg(program).current_dir("/");
    command
}

fn unprivileged() -> (u32, u32) {
    let id = |flag: &str, user: &str| {
        let told = Command::new("id").args([flag, user]).output().ok()?;
        String::from_utf8(told.stdout).ok()?.trim().parse().ok()
    };
    let user = ["postgres", "nobody"]
        .into_iter()
        .find_map(|user| Some((id("-u", user)?, id("-g", user)?)));
    user.expect("a user `postgres` or `nobody`, as PostgreSQL does not run as root")
}

/// The folder of the newest server there is: one that brings `initdb`, `pg_ctl` and `postgres`.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<_> = std::env::split_paths(&path).collect();
    let mut packaged: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    packaged.sort();
    let packaged = packaged.into_iter().rev().map(|(_, folder)| folder);
    let is_whole =
        |folder: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|p| folder.join(p).exists());
    packaged.chain(on_path).find(is_whole)
}
