//! Pushed objects, apart from the trunk's until somebody accepts them.
//!
//! Git itself takes in the pack (`index-pack --strict`) and checks that nothing is missing
//! (`rev-list`): both meet bytes from outside, and git has met the worst of them.

use crate::error::io_failed;
use crate::git::{git, not_cut_off, not_started, said};
use crate::push::too_large;
use crate::trunk::{lend_objects, lock, sync_dir};
use crate::weigh::weigh;
use crate::{Error, Objects, Push, Trunk};
use bstr::ByteSlice as _;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Child;
use weir_model::Refusal;

/// The objects of one push. Dropping it without [`Quarantine::accept`] removes every trace of them.
pub struct Quarantine {
    dir: TempDir,
    /// Tells whoever cleans up that we are alive.
    _alive: File,
    objects: Objects,
    trunk: Trunk,
}

/// Old tools wrote these, histories are full of them, and nothing comes of them.
const TOLERATED: &str = "--strict=zeroPaddedFilemode=warn,badTimezone=warn,missingSpaceBeforeDate=warn,\
                         missingSpaceBeforeEmail=warn,missingEmail=warn,badEmail=warn";

/// The most that git may hold of one object, 256 MiB: a kilobyte of a pack can spell gigabytes. One thread, so that
/// it does not hold one for each processor.
const OBJECT_BYTES_MAX: &str = "268435456";

/// Files from here on, 16 MiB, it does not hold at all, unless they were sent as the difference to another.
const STREAMED_BYTES: &str = "16m";

impl Quarantine {
    /// Takes in the pack of `push` from `body`, at most `max_bytes` of it, and checks that every
    /// object is sound and that none is missing. If the client goes, so does everything; if this fails,
    /// the client is heard out.
    ///
    /// # Errors
    /// `push.too_large`, `push.bad_pack`, `push.incomplete`; failures of the disk or of the client.
    pub async fn take<R: AsyncRead + Unpin>(
        trunk: &Trunk,
        push: &Push,
        body: &mut R,
        max_bytes: u64,
    ) -> Result<Self, Error> {
        let taken = Self::take_in(trunk, push, body, max_bytes).await;
        if taken.is_err() {
            hear_out(body, max_bytes).await;
        }
        taken
    }

    async fn take_in<R: AsyncRead + Unpin>(
        trunk: &Trunk,
        push: &Push,
        body: &mut R,
        max_bytes: u64,
    ) -> Result<Self, Error> {
        let (dir, alive) = prepare(trunk)?;
        if push.has_pack() {
            index(dir.path(), body, max_bytes).await?;
        }
        let objects = Objects::open(dir.path())?;
        let (at, weighed) = (dir.path().to_owned(), objects.clone());
        let weighed = tokio::task::spawn_blocking(move || weigh(&at, &weighed)).await;
        weighed.map_err(|error| io_failed("look at a push")(io::Error::other(error)))??;
        let quarantine = Self { dir, _alive: alive, objects, trunk: trunk.clone() };
        quarantine.check_connected(push).await?;
        Ok(quarantine)
    }

    /// The pushed objects and the trunk's, to be read.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Moves the objects into the trunk, durably, where no ref names them yet. Whoever accepts records
    /// it next, and then creates the ref: a crash in between leaves objects that nobody sees.
    pub fn accept(self) -> Result<(), Error> {
        let doing = || io_failed("move pushed objects into the trunk");
        let from = self.dir.path().join("objects/pack");
        let to = self.trunk.dir().join("objects/pack");
        let mut names = Vec::new();
        for entry in fs::read_dir(&from).map_err(doing())? {
            names.push(entry.map_err(doing())?.file_name());
        }
        // A reader takes an index for a promise that the pack is there: it goes last.
        names.sort_by_key(|name| name.as_encoded_bytes().ends_with(b".idx"));
        for name in names {
            // Git made the bytes durable when it wrote them; the names follow.
            fs::rename(from.join(&name), to.join(&name)).map_err(doing())?;
        }
        sync_dir(&to)
    }

    /// Walks from the pushed tips to what the trunk's refs reach, and wants every object there.
    async fn check_connected(&self, push: &Push) -> Result<(), Error> {
        let doing = "check that a push is complete";
        let tips = push.updates.iter().filter_map(|update| update.new);
        let tips: String = tips.map(|tip| format!("{tip}\n")).collect();
        if tips.is_empty() {
            return Ok(());
        }
        let mut command = self.trunk.git();
        command.env("GIT_ALLOC_LIMIT", OBJECT_BYTES_MAX);
        command.env("GIT_OBJECT_DIRECTORY", self.dir.path().join("objects"));
        command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", self.trunk.dir().join("objects"));
        command.args(["rev-list", "--objects", "--quiet", "--stdin", "--not", "--all"]);
        let mut child = spawn(command, doing)?;
        let mut said_to_us = Vec::new();
        let mut stdin = child.stdin.take();
        let mut stderr = child.stderr.take();
        let talk = async {
            if let Some(mut stdin) = stdin.take() {
                // An early end shows in its exit code.
                let _ = stdin.write_all(tips.as_bytes()).await;
            }
        };
        let hear = read_end(&mut stderr, &mut said_to_us);
        let ((), ()) = tokio::join!(talk, hear);
        let status = child.wait().await.map_err(io_failed(doing))?;
        if status.success() {
            return Ok(());
        }
        not_cut_off(status, doing)?;
        let sentence = format!("objects are missing from this push: {}", reason(&said_to_us));
        let refusal = Refusal::new("push.incomplete", sentence);
        Err(refusal.hint("run `git fsck`, and push from a complete clone").into())
    }
}

/// A bare repository of its own that sees the trunk's objects, so that git and gix read it like any.
fn prepare(trunk: &Trunk) -> Result<(TempDir, File), Error> {
    let doing = || io_failed("make room for a push");
    let incoming = incoming(trunk.home());
    fs::create_dir_all(&incoming).map_err(doing())?;
    // Whoever cleans up holds this too: it sees no quarantine before that is marked as alive.
    let _alone = lock(&trunk.home().join("trunk.lock"))?;
    let dir = tempfile::Builder::new().prefix("push-").tempdir_in(&incoming).map_err(doing())?;
    let alive = File::create(dir.path().join("alive")).map_err(doing())?;
    alive.lock().map_err(doing())?;
    for folder in ["objects/info", "objects/pack", "refs"] {
        fs::create_dir_all(dir.path().join(folder)).map_err(doing())?;
    }
    fs::write(dir.path().join("HEAD"), "ref: refs/heads/none\n").map_err(doing())?;
    let config = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";
    fs::write(dir.path().join("config"), config).map_err(doing())?;
    lend_objects(dir.path(), trunk.dir())?;
    Ok((dir, alive))
}

fn incoming(home: &Path) -> PathBuf {
    home.join("incoming")
}

/// Removes quarantines whose process died; the lock of a living one cannot be had. To be called by
/// whoever holds the lock of the home.
pub(crate) fn remove_dead(home: &Path) {
    let Ok(entries) = fs::read_dir(incoming(home)) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let lives = File::open(path.join("alive")).is_ok_and(|alive| alive.try_lock().is_err());
        if !lives {
            // A git that outlived its process may still be writing into it: then the next start finds it again.
            let _ = fs::remove_dir_all(&path);
        }
    }
}

async fn index<R: AsyncRead + Unpin>(
    dir: &Path,
    body: &mut R,
    max_bytes: u64,
) -> Result<(), Error> {
    let doing = "take in a push";
    let mut command = git(dir);
    command.env("GIT_ALLOC_LIMIT", OBJECT_BYTES_MAX);
    command.arg("-c").arg(format!("core.bigFileThreshold={STREAMED_BYTES}"));
    command.args(["index-pack", "--stdin", "--fix-thin", "--threads=1", TOLERATED]);
    command.arg(format!("--max-input-size={max_bytes}"));
    let mut child = spawn(command, doing)?;
    let mut said_to_us = Vec::new();
    let (mut stdin, mut stderr) = (child.stdin.take(), child.stderr.take());
    let feed = async {
        let Some(mut stdin) = stdin.take() else { return Ok(()) };
        feed(body, &mut stdin, max_bytes).await
    };
    let hear = read_end(&mut stderr, &mut said_to_us);
    // When feeding ends, for whatever reason, git's stdin closes, and git with it.
    let (fed, ()) = tokio::join!(feed, hear);
    fed?;
    let status = child.wait().await.map_err(io_failed(doing))?;
    if status.success() {
        return Ok(());
    }
    not_cut_off(status, doing)?;
    let too_much = ["exceeds maximum allowed size", "attempting to allocate"];
    if too_much.iter().any(|words| said_to_us.contains_str(words)) {
        return Err(too_large().into());
    }
    // Ours to mend, not the client's.
    let failure = said(doing, &said_to_us);
    let trouble = ["unable to create", "unable to write", "Read-only file system"];
    if failure.is_full() || trouble.iter().any(|words| said_to_us.contains_str(words)) {
        return Err(failure);
    }
    let sentence = format!("this push was not understood: {}", reason(&said_to_us));
    let refusal = Refusal::new("push.bad_pack", sentence);
    Err(refusal.hint("run `git fsck`, mend what it names, and push again").into())
}

/// Hands the pack over as it comes. That git stopped listening is no failure here: its words tell why.
async fn feed<R: AsyncRead + Unpin>(
    body: &mut R,
    stdin: &mut tokio::process::ChildStdin,
    max_bytes: u64,
) -> Result<(), Error> {
    let mut buffer = vec![0; 64 * 1024];
    let mut total = 0u64;
    loop {
        let n = match body.read(&mut buffer).await {
            Ok(0) => return Ok(()),
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                return Err(too_large().into());
            }
            Err(error) => return Err(io_failed("read a push")(error)),
        };
        total += n as u64;
        if total > max_bytes {
            return Err(too_large().into());
        }
        if stdin.write_all(&buffer[..n]).await.is_err() {
            return Ok(());
        }
    }
}

/// Reads on, and away, at most `max_bytes`: a client that is still sending does not listen, and would not come to hear
/// why its push was refused.
pub async fn hear_out<R: AsyncRead + Unpin>(body: &mut R, max_bytes: u64) {
    // If that fails, nobody is there to answer.
    let _ = tokio::io::copy(&mut body.take(max_bytes), &mut tokio::io::sink()).await;
}

/// Started so that it ends when we do, also when we are dropped in the middle.
pub(crate) fn spawn(mut command: Command, doing: &str) -> Result<Child, Error> {
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut command = tokio::process::Command::from(command);
    command.kill_on_drop(true).spawn().map_err(|source| not_started(source, doing))
}

/// Reads all that git says to stderr and keeps a bounded part.
pub(crate) async fn read_end(from: &mut Option<tokio::process::ChildStderr>, into: &mut Vec<u8>) {
    const SAID_MAX: u64 = 64 * 1024;
    if let Some(from) = from {
        // What git could not say is not worth a failure of its own.
        let _ = from.take(SAID_MAX).read_to_end(into).await;
        let _ = tokio::io::copy(from, &mut tokio::io::sink()).await;
    }
}

/// The line of git's words that says why.
fn reason(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let told =
        |prefix: &str| text.lines().find_map(|line| line.strip_prefix(prefix).map(str::to_owned));
    told("error: ").or_else(|| told("fatal: ")).unwrap_or_else(|| "git gave no reason".to_owned())
}
