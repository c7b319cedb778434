//! Runs a process tree until it ends, its time is up, or it is cancelled.

use crate::output::{Kept, Output};
use crate::tree::{self, MARK};
use crate::watchdog::Watchdog;
use crate::{Cancel, Program, Spec};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use std::ffi::OsStr;
use std::io::{self, PipeReader, Read as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code. As in a shell, 127 means that there was no such program.
    Exited(i32),
    /// By a signal that we did not send.
    Signalled(i32),
    /// By us: its time was up.
    TimedOut,
    /// By us: somebody threw the switch.
    Cancelled,
}

/// Which walls were in force around a run, from the weakest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Limits on time and output, an environment of its own, and an end to the whole tree; no walls.
    Limits,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub how: Ended,
    /// What it wrote, within the limit.
    pub output: Output,
    /// How long it took, on the wall clock.
    pub elapsed: Duration,
    /// Which walls were in force.
    pub tier: Tier,
}

/// Why nothing was run, or why we lost sight of it. Its tree is gone all the same.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There is no such directory to start in, or we may not enter it.
    #[error("could not start in `{dir}`")]
    Dir {
        /// Where it should have started.
        dir: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system refused a process, a pipe or a thread.
    #[error("could not {doing}")]
    System {
        /// What we were doing.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

pub(crate) fn failed(doing: &'static str) -> impl FnOnce(io::Error) -> Failure {
    move |source| Failure::System { doing, source }
}

/// How long a pipe may stay open after every process we can find was killed. Past that it is held by
/// one that we cannot see (or that the kernel cannot end), and we do not wait for it.
const PIPE_GRACE: Duration = Duration::from_secs(1);

/// What the threads that wait tell the one that decides.
enum News {
    Wrote(Vec<u8>),
    PipeClosed,
    Exited,
    /// The switch was thrown; the switch itself is what counts.
    Woken,
}

/// How many pieces of output (64 KiB each) may wait for us: a flood fills the pipe, not our memory.
const NEWS_MAX: usize = 16;

/// Runs `spec` and waits for its end. Whatever of it is still alive then is killed.
///
/// # Errors
/// Only when it could not be started or watched: how it ended, however badly, is an [`Outcome`].
pub fn run(spec: &Spec, cancel: &Cancel) -> Result<Outcome, Failure> {
    let started = Instant::now();
    let (news, told) = sync_channel(NEWS_MAX);
    let mark = tree::new_mark();
    let (child, pipe) = start(spec, &mark)?;
    let mut running = Running::new(child, mark)?;

    let _listener = cancel.listen({
        let news = news.clone();
        // A full channel means that we are about to look up anyway.
        move || drop(news.try_send(News::Woken))
    });
    watch_pipe(pipe, news.clone())?;
    watch_exit(running.pid, news)?;
    drop(running.release()?);

    let mut heard = Heard { kept: Kept::within(spec.output_limit_bytes), closed: false };
    let stopped = wait(&told, &mut heard, cancel, started.checked_add(spec.time_limit));
    let status = running.end()?;
    drain(&told, &mut heard);

    let how = stopped.unwrap_or_else(|| ended(status));
    Ok(Outcome { how, output: heard.kept.finish(), elapsed: started.elapsed(), tier: Tier::Limits })
}

/// Starts the process with nothing to read, and one pipe for both of its outputs: so what was written is read in the
/// order in which it was written.
fn start(spec: &Spec, mark: &str) -> Result<(Child, PipeReader), Failure> {
    let (reader, writer) = io::pipe().map_err(failed("open a pipe"))?;
    let errors = writer.try_clone().map_err(failed("open a pipe"))?;
    let mut command = gated(spec, mark, "</dev/null")?;
    command.stdout(writer).stderr(errors);
    let child = command.spawn().map_err(failed("start a shell"))?;
    Ok((child, reader))
}

/// The process behind a gate: a shell that waits for a word on stdin before it becomes the program. So there is no
/// instant at which it runs and nobody would kill it if we died. `stdin` is what the program itself then reads; if
/// empty, what comes through the gate after that word.
pub(crate) fn gated(spec: &Spec, mark: &str, stdin: &str) -> Result<Command, Failure> {
    let gate = format!(r#"read -r word || exit 125; exec "$@" {stdin}"#);
    std::fs::read_dir(&spec.dir)
        .map_err(|source| Failure::Dir { dir: spec.dir.clone(), source })?;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &gate, "weir-run"]);
    match &spec.program {
        Program::Exec { program, args } => command.arg(program).args(args),
        Program::Shell(line) => command.args([OsStr::new("/bin/sh"), OsStr::new("-c"), line]),
    };
    command.current_dir(&spec.dir).env_clear().envs(&spec.env).env(MARK, mark);
    command.stdin(Stdio::piped()).process_group(0);
    Ok(command)
}

/// A process tree that must not outlive this value.
pub(crate) struct Running {
    pub(crate) child: Child,
    pid: Pid,
    mark: String,
    ended: bool,
    watchdog: Option<Watchdog>,
}

impl Running {
    pub(crate) fn new(child: Child, mark: String) -> Result<Self, Failure> {
        let pid = Pid::from_child(&child);
        let mut running = Self { child, pid, mark, ended: false, watchdog: None };
        // On failure `running` is dropped, and the gate with it.
        let watchdog = Watchdog::over(pid, &running.mark).map_err(failed("start a watchdog"))?;
        running.watchdog = Some(watchdog);
        Ok(running)
    }

    /// Lets it through the gate, and gives what it reads from then on.
    pub(crate) fn release(&mut self) -> Result<Option<ChildStdin>, Failure> {
        let Some(mut gate) = self.child.stdin.take() else { return Ok(None) };
        match gate.write_all(b"go\n") {
            Ok(()) => Ok(Some(gate)),
            // Something killed it at the gate: how it ended will tell.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(None),
            Err(error) => Err(failed("open the gate")(error)),
        }
    }

    /// Kills what is left of the tree and only then buries its root, whose number held the group's.
    pub(crate) fn end(&mut self) -> Result<ExitStatus, Failure> {
        self.ended = true;
        tree::kill(self.pid, &self.mark);
        let status = self.child.wait().map_err(failed("wait for the process"))?;
        self.watchdog = None;
        Ok(status)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.end();
        }
    }
}

fn watch_pipe(mut pipe: PipeReader, news: SyncSender<News>) -> Result<(), Failure> {
    let body = move || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => break,
                // Nobody listens any more: the run gave up on whoever still holds the pipe.
                Ok(n) if news.send(News::Wrote(buffer[..n].to_vec())).is_err() => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        let _ = news.send(News::PipeClosed);
    };
    spawn("weir-run-output", body)
}

fn watch_exit(pid: Pid, news: SyncSender<News>) -> Result<(), Failure> {
    let body = move || {
        // It is left unburied: until then its number, and so its group's, is nobody else's.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
        let _ = news.send(News::Exited);
    };
    spawn("weir-run-exit", body)
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(body);
    thread.map(drop).map_err(failed("start a thread"))
}

/// What came through the pipe, and whether more can come.
struct Heard {
    kept: Kept,
    closed: bool,
}

/// Collects output until there is a reason to end. `None`: it ended by itself.
fn wait(
    told: &Receiver<News>,
    heard: &mut Heard,
    cancel: &Cancel,
    deadline: Option<Instant>,
) -> Option<Ended> {
    loop {
        match receive(told, deadline) {
            Ok(News::Wrote(bytes)) => heard.kept.push(&bytes),
            // A process may close its outputs and work on.
            Ok(News::PipeClosed) => heard.closed = true,
            Ok(News::Woken) => {}
            Ok(News::Exited) | Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => return Some(Ended::TimedOut),
        }
        if cancel.is_cancelled() {
            return Some(Ended::Cancelled);
        }
        // A process that never stops writing never lets the receiver run dry.
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Some(Ended::TimedOut);
        }
    }
}

/// Collects what was still in the pipe when the tree was killed.
fn drain(told: &Receiver<News>, heard: &mut Heard) {
    let deadline = Instant::now() + PIPE_GRACE;
    while !heard.closed && Instant::now() < deadline {
        match receive(told, Some(deadline)) {
            Ok(News::Wrote(bytes)) => heard.kept.push(&bytes),
            Ok(News::PipeClosed) | Err(_) => heard.closed = true,
            Ok(News::Exited | News::Woken) => {}
        }
    }
}

fn receive(told: &Receiver<News>, deadline: Option<Instant>) -> Result<News, RecvTimeoutError> {
    match deadline {
        Some(deadline) => told.recv_timeout(deadline.saturating_duration_since(Instant::now())),
        None => told.recv().map_err(|_| RecvTimeoutError::Disconnected),
    }
}

fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exited(code),
        (None, Some(signal)) => Ended::Signalled(signal),
        // Unix knows no third way; if it ever does, it was no success.
        (None, None) => Ended::Exited(-1),
    }
}
