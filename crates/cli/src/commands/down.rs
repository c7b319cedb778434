//! `weir down`

use crate::error::CommandError;
use crate::here::Here;
use crate::ui::Ui;
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

#[derive(Serialize)]
struct Down {
    stopped: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// The server lets what is under way finish for ten seconds, and then writes a snapshot.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn run(ui: &mut Ui, here: &Here) -> Result<(), CommandError> {
    let repository = here.repository()?;
    let home = repository.home();
    // While somebody holds the lock, what stands in `server.json` is about them: the process that is asked to end
    // is the server, and no other that got its number.
    let running = if is_locked(&home) { repository.running()? } else { None };
    let pid = running.as_ref().and_then(|running| Pid::from_raw(running.pid));
    let Some((running, pid)) = running.zip(pid) else {
        let nothing = Down { stopped: false, url: None };
        return ui.answer(&nothing, |_, page| page.line("Nothing runs for this repository."));
    };
    let url = running.url;
    kill_process(pid, Signal::TERM)
        .map_err(CommandError::doing(format!("ask process {} to end", running.pid)))?;
    let started = Instant::now();
    while is_locked(&home) {
        if started.elapsed() > PATIENCE {
            let sentence = format!("process {} is still there", running.pid);
            return Err(CommandError::failed("stop the server", sentence));
        }
        ui.progress(format_args!("waiting for {url} to end"));
        std::thread::sleep(Duration::from_millis(20));
    }
    let down = Down { stopped: true, url: Some(url) };
    ui.answer(&down, |down, page| {
        page.line(format!("Stopped {}.", down.url.as_deref().unwrap_or_default()));
    })
}

/// Whether a server holds the folder.
fn is_locked(home: &Path) -> bool {
    let Ok(lock) = File::open(home.join("lock")) else { return false };
    // Taken for an instant only, and shared, so that two who look do not see each other.
    flock(&lock, FlockOperation::NonBlockingLockShared).is_err()
}
