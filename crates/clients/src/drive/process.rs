//! Starting a client and being rid of it, with everything it started.

use super::{Ended, Run, Start};
use std::io::{self, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A client that runs. When this is dropped, its whole process group is killed.
pub(super) struct Running {
    pub(super) child: Child,
}

/// How often a running client is looked after.
const LOOK: Duration = Duration::from_millis(20);

impl Running {
    pub(super) fn start(run: &Run<'_>, start: &Start, stdin: Stdio) -> io::Result<Self> {
        let mut command = Command::new(&start.program);
        command.args(&start.arguments).current_dir(&run.place.tree);
        command.env_clear().envs(run.whole_environment());
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let child = command.spawn().map_err(|error| {
            io::Error::new(error.kind(), format!("`{}`: {error}", start.program.display()))
        })?;
        Ok(Self { child })
    }

    /// Its exit code; none when it had to be killed after `patience`.
    pub(super) fn wait(&mut self, patience: Duration) -> io::Result<Option<i32>> {
        let end = Instant::now() + patience;
        loop {
            match self.child.try_wait()? {
                Some(status) => return Ok(status.code()),
                None if Instant::now() >= end => {
                    self.kill();
                    return Ok(None);
                }
                None => thread::sleep(LOOK),
            }
        }
    }

    fn kill(&mut self) {
        // The group and not the child alone: clients start servers and shells.
        let group = format!("-{}", self.child.id());
        let kill =
            Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        if !kill.is_ok_and(|status| status.success()) {
            // It is gone, or there is no `kill`: then at least the child itself.
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(super) fn to_its_end(run: &Run<'_>, start: &Start) -> io::Result<Ended> {
    let mut running = Running::start(run, start, Stdio::null())?;
    let out = collect(running.child.stdout.take());
    let err = collect(running.child.stderr.take());
    let code = running.wait(run.patience)?;
    drop(running); // What it left behind holds the pipes open.
    Ok(Ended { code, out: joined(out), err: joined(err), questions: Vec::new() })
}

/// Reads a stream to its end, beside.
pub(super) fn collect(stream: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // What was read before an error is still worth showing.
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

pub(super) fn joined(reader: JoinHandle<String>) -> String {
    reader.join().unwrap_or_default()
}
