//! Snapshots: how a space starts from the last one, and who writes the next.

use crate::Engine;
use crate::Error;
use crate::core::{Core, chain, fact};
use crate::folds::Standing;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use weir_ledger::{Ledger, Snapshot};
use weir_model::Position;

const SNAPSHOT: &str = "folds";
/// So many records replay in well under a second.
const SNAPSHOT_EVERY: u64 = 5_000;

/// The folds as the ledger has them: from the snapshot, and the records after it.
pub(crate) fn replay(ledger: &Ledger, notes: &mut Vec<String>) -> Result<Standing, Error> {
    let mut standing = match ledger.snapshot(SNAPSHOT)? {
        Snapshot::Absent => Standing::default(),
        Snapshot::Whole { at, bytes } => match serde_json::from_slice::<Standing>(&bytes) {
            Ok(standing) if standing.position == at => standing,
            // Written by another version: the ledger has it all.
            Ok(_) | Err(_) => Standing::default(),
        },
        Snapshot::Damaged { found } => {
            notes.push(format!("the snapshot is not used, and made anew: {found}"));
            Standing::default()
        }
    };
    loop {
        let records = ledger.read(standing.position, 10_000)?;
        if records.is_empty() {
            return Ok(standing);
        }
        for record in &records {
            let (at, event) = fact(record)?;
            standing.take(at, &event);
        }
    }
}

/// Writes snapshots, and takes in what other nodes append.
pub(crate) struct Keeper {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// `is_shared`: whether others may write to the same ledger.
    pub(crate) fn start(engine: Engine, is_shared: bool) -> Result<Self, Error> {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("keeper".into()).spawn(move || {
            let mut last = engine.0.core.read(|standing| standing.position);
            while !seen.load(Ordering::SeqCst) {
                let core = &engine.0.core;
                let position = core.read(|standing| standing.position);
                if !is_shared {
                    // What is written here is taken in where it is written.
                    std::thread::park_timeout(Duration::from_millis(200));
                } else if core.ledger.wait_past(position, Duration::from_millis(200)) > position
                    && let Err(error) = core.follow()
                {
                    tracing::error!(error = %chain(&error), "could not follow the ledger");
                    std::thread::sleep(Duration::from_secs(1));
                }
                engine.write_all_looks();
                if position.0 - last.0 >= SNAPSHOT_EVERY {
                    last = write_snapshot(core).unwrap_or(last);
                }
            }
            engine.write_all_looks();
            if engine.0.core.read(|standing| standing.position) > last {
                write_snapshot(&engine.0.core);
            }
        });
        let thread = thread.map_err(crate::error::io_failed("start the keeper of snapshots"))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// A snapshot is a shortcut: without one the next start replays.
fn write_snapshot(core: &Core) -> Option<Position> {
    let (position, bytes) = core.read(|standing| (standing.position, serde_json::to_vec(standing)));
    let written = bytes.map_err(|error| error.to_string()).and_then(|bytes| {
        core.ledger.put_snapshot(SNAPSHOT, position, &bytes).map_err(|error| chain(&error))
    });
    match written {
        Ok(()) => Some(position),
        Err(error) => {
            tracing::warn!(error, "could not write a snapshot");
            None
        }
    }
}
