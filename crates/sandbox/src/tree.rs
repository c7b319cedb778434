//! Finding and killing every process of a run, also those that left its process group.
//!
//! A process group catches what behaves. What calls `setsid` is found by its parents or, once these
//! are gone, by the mark that every process of the run inherited in its environment. A process that
//! means to escape can wipe that mark: keeping in what wants out takes walls, not bookkeeping.

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::collections::BTreeMap;
use std::fs;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The variable that marks every process of a run.
pub(crate) const MARK: &str = "WEIR_RUN";

/// A value that no other run carries, whoever started it and whenever.
pub(crate) fn new_mark() -> String {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{run}-{}", process::id(), since.as_nanos())
}

/// More than enough: one sweep kills what it sees, a second what was forked meanwhile.
const SWEEPS_MAX: u32 = 50;
/// How long the kernel gets to bury what was killed before we look again.
const BETWEEN_SWEEPS: Duration = Duration::from_millis(5);

/// Kills the group of `root` and everything that carries `mark`, until none is left.
///
/// To be called while `root` is alive or not yet waited for, so that its number cannot have been given
/// to a stranger.
pub(crate) fn kill(root: Pid, mark: &str) {
    // It may be empty already, which is what we want.
    let _ = kill_process_group(root, Signal::KILL);
    let mark = format!("{MARK}={mark}");
    for _ in 0..SWEEPS_MAX {
        let members = members(root, mark.as_bytes());
        if members.is_empty() {
            return;
        }
        for pid in members {
            let _ = kill_process(pid, Signal::KILL);
        }
        thread::sleep(BETWEEN_SWEEPS);
    }
}

/// Every living process that descends from `root` or carries `mark`; never `root` nor ourselves.
/// Empty where there is no `/proc`: there only the process group is killed.
fn members(root: Pid, mark: &[u8]) -> Vec<Pid> {
    let living = living();
    let us = i32::try_from(process::id()).unwrap_or(0);
    let root = root.as_raw_nonzero().get();
    let descends = |mut pid: i32| {
        // Numbers are reused, so parents could run in a circle: no chain is longer than the list.
        for _ in 0..living.len() {
            match living.get(&pid) {
                Some(&parent) if parent == root => return true,
                Some(&parent) => pid = parent,
                None => return false,
            }
        }
        false
    };
    let marked = |pid: i32| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|byte| *byte == 0).any(|entry| entry == mark)
    };
    let ours = living.keys().copied().filter(|pid| *pid != us && *pid != root);
    ours.filter(|pid| descends(*pid) || marked(*pid)).filter_map(Pid::from_raw).collect()
}

/// The parent of every process that is not a zombie.
fn living() -> BTreeMap<i32, i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeMap::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: i32| Some((pid, parent(pid)?))).collect()
}

fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // `pid (name) state parent …`, where the name may hold anything, brackets and spaces included.
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let mut fields = str::from_utf8(&stat[after_name..]).ok()?.split_ascii_whitespace();
    match fields.next()? {
        "Z" | "X" => None,
        _ => fields.next()?.parse().ok(),
    }
}
