//! A process that is held: a server on pipes, which lives until it is let go.

use crate::run::{Failure, Running, failed, gated};
use crate::{Spec, tree};
use std::io;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Stdio};

/// A process tree that lives until it ends or this is dropped. Then the whole tree is gone, also where we die.
pub struct Held(Running);

/// What a held process reads and writes.
pub struct Pipes {
    /// What it reads.
    pub stdin: ChildStdin,
    /// What it writes.
    pub stdout: ChildStdout,
    /// What it complains of.
    pub stderr: ChildStderr,
}

/// Starts `spec` and holds it. Its limits on time and output do not count here: who reads its pipes, keeps them.
///
/// # Errors
/// When it could not be started. A program that is not there is one that ends at once, with code 127.
pub fn hold(spec: &Spec) -> Result<(Held, Pipes), Failure> {
    let mark = tree::new_mark();
    let mut command = gated(spec, &mark, "")?;
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().map_err(failed("start a shell"))?;
    let mut running = Running::new(child, mark)?;
    let stdin = running.release()?;
    let pipes = stdin.zip(running.child.stdout.take()).zip(running.child.stderr.take());
    let no_pipes = || failed("open the gate")(io::ErrorKind::BrokenPipe.into());
    let ((stdin, stdout), stderr) = pipes.ok_or_else(no_pipes)?;
    Ok((Held(running), Pipes { stdin, stdout, stderr }))
}

impl Held {
    /// Kills what is left of the tree, and waits until it is gone.
    pub fn let_go(self) {
        drop(self.0);
    }
}
