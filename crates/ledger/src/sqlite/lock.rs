//! The lock: one process at a time writes a ledger.
//!
//! The system gives the lock back when the process ends, however it ends.

use crate::store::StoreError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;

/// The last child of a process that was just killed has its locks until it became another program.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// Takes the lock of the ledger in `folder`, or says who has it.
pub(super) fn take(folder: &Path) -> Result<File, StoreError> {
    let doing = "lock the ledger";
    let path = folder.join("ledger.lock");
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let mut file = open.map_err(StoreError::io(doing))?;
    match try_for(LOCK_PATIENCE, || file.try_lock()) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let told = file.read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
            let holder = told.then(|| format!("process {}", holder.trim()));
            return Err(StoreError::InUse { place: folder.display().to_string(), holder });
        }
        Err(TryLockError::Error(error)) => return Err(StoreError::io(doing)(error)),
    }
    // Who holds it, for the sentence above. Only advice: the lock itself is the system's.
    let mut note = || -> std::io::Result<()> {
        file.set_len(0)?;
        file.rewind()?;
        write!(file, "{}", std::process::id())
    };
    note().map_err(StoreError::io(doing))?;
    Ok(file)
}

fn try_for(
    patience: Duration,
    try_lock: impl Fn() -> Result<(), TryLockError>,
) -> Result<(), TryLockError> {
    let begun = std::time::Instant::now();
    loop {
        match try_lock() {
            Err(TryLockError::WouldBlock) if begun.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(20));
            }
            locked => return locked,
        }
    }
}
