//! The server's process: started, waited for, killed.

use super::api::{Answer, Api};
use super::place::Place;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A running server. Dropped, it is killed.
pub(crate) struct Server {
    child: Child,
    started: Instant,
    base: String,
    token: PathBuf,
    log: PathBuf,
}

/// Far longer than any start takes, on a machine that does something else as well.
const START: Duration = Duration::from_secs(60);

impl Server {
    pub(crate) fn start(mut command: Command, place: &Place) -> Self {
        let log = File::options().create(true).append(true).open(place.log()).expect("a log");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        // A group of its own: what is meant for it must not reach the test.
        command.process_group(0);
        let started = Instant::now();
        let child = command.spawn().expect("the program starts");
        let token = place.home().join("private/owner.token");
        Self { child, started, base: place.base(), token, log: place.log() }
    }

    /// Waits for the first answer; gives it, how long it took from the start of the process, and the owner's client.
    ///
    /// # Panics
    /// When the server ends by itself, or does not answer.
    pub(crate) fn answer(&mut self) -> (Value, Duration, Api) {
        loop {
            if let Ok(token) = std::fs::read_to_string(&self.token) {
                let api = Api::new(&self.base, token.trim());
                match api.get("/v1/status") {
                    Answer::Done(status) => return (status, self.started.elapsed(), api),
                    Answer::Refused(code, said) => {
                        // The very first start writes its token before it can be told from one of an older space.
                        panic!("the owner was refused with {code}: {said}")
                    }
                    Answer::Unknown(_) => {}
                }
            }
            if let Some(status) = self.child.try_wait().expect("our own child") {
                panic!("the server ended by itself, {status}: {}", self.said());
            }
            assert!(self.started.elapsed() < START, "the server does not answer: {}", self.said());
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn said(&self) -> String {
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        said.chars().skip(said.chars().count().saturating_sub(3000)).collect()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Ends the process in the middle of whatever it does.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
    }

    /// As [`Server::kill`], and everything it had started with it: git, checks and those who watch over them.
    pub(crate) fn kill_family(mut self) {
        let family = descendants(self.pid());
        self.child.kill().expect("our own child");
        for pid in family {
            // It may have ended by itself.
            let _ = kill_process(pid, Signal::KILL);
        }
        self.child.wait().expect("our own child");
    }

    /// Asks it to end, and waits until it did.
    pub(crate) fn stop(mut self) -> ExitStatus {
        kill_process(self.pid(), Signal::TERM).expect("our own child");
        let asked = Instant::now();
        while asked.elapsed() < START {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                return status;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("the server does not end when asked to: {}", self.said());
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(mut self) -> ExitStatus {
        self.child.wait().expect("our own child")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already, in most cases.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All processes below `root`, as `/proc` tells it; none where there is no `/proc`.
fn descendants(root: Pid) -> Vec<Pid> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // `pid (name) state parent …`, and the name may hold anything.
        let Some((head, rest)) = stat.rsplit_once(") ") else { continue };
        let pid = head.split(' ').next().and_then(|pid| pid.parse().ok());
        let parent = rest.split(' ').nth(1).and_then(|parent| parent.parse().ok());
        if let (Some(pid), Some(parent)) = (pid, parent) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let (mut found, mut next) = (Vec::new(), vec![root.as_raw_nonzero().get()]);
    while let Some(pid) = next.pop() {
        let below = children.remove(&pid).unwrap_or_default();
        found.extend(below.iter().copied().filter_map(Pid::from_raw));
        next.extend(below);
    }
    found
}
