//! What kills the tree when we cannot: a tiny process that outlives us by a moment.
//!
//! The kernel can signal a child when its parent dies, but only that one child and only if asked
//! between `fork` and `exec`, which Rust calls unsafe. So a shell waits on a pipe that we hold: a word
//! on it means the run is over; its end without a word means that we died.

use crate::tree::MARK;
use rustix::process::Pid;
use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

/// Kills the group, then three times over whatever carries the mark, for what was forked meanwhile.
const SCRIPT: &str = r#"
read -r word && exit 0
kill -KILL -- "-$1"
for sweep in 1 2 3; do
    for file in $(grep -laF -e "$2" /proc/[0-9]*/environ); do
        pid=${file#/proc/}; kill -KILL "${pid%/environ}"
    done
done
"#;

pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// Watches over the process group of `root` and all who carry `mark`.
    pub(crate) fn over(root: Pid, mark: &str) -> io::Result<Self> {
        use std::os::unix::process::CommandExt as _;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "weir-watchdog"]);
        command.arg(root.as_raw_nonzero().to_string()).arg(format!("{MARK}={mark}"));
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Its own group, so that a Ctrl-C meant for us does not take it down first.
        command.process_group(0);
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Watchdog {
    /// Sends it home: there is nothing left to watch.
    fn drop(&mut self) {
        if let Some(mut pipe) = self.0.stdin.take() {
            // If it is gone, all the better.
            let _ = pipe.write_all(b"done\n");
        }
        let _ = self.0.wait();
    }
}
