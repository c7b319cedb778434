//! Bodies and snapshots of the SQLite store, a file each.
//!
//! A file is written beside its place, synced, then renamed into it, and the folder synced: at any crash it
//! is there whole or not at all. An erased body leaves an empty file `<digest>.erased`, written before the
//! body goes, so that no crash turns "erased" into "never there".

use crate::store::{Body, StoreError};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use weir_model::Digest;

pub(super) struct Blobs {
    bodies: PathBuf,
    snapshots: PathBuf,
    drafts: PathBuf,
    draft: AtomicU64,
    /// A body is not put while one is being erased: or its bytes might come back behind their own trace.
    erasing: RwLock<()>,
}

impl Blobs {
    /// The folders, made where missing, and how many half-written files were swept away.
    pub(super) fn open(folder: &Path) -> Result<(Self, usize), StoreError> {
        let [bodies, snapshots, drafts] =
            ["bodies", "snapshots", "drafts"].map(|name| folder.join(name));
        let mut swept = 0;
        let mut open = || -> io::Result<()> {
            for folder in [&bodies, &snapshots, &drafts] {
                fs::create_dir_all(folder)?;
            }
            for draft in fs::read_dir(&drafts)? {
                fs::remove_file(draft?.path())?;
                swept += 1;
            }
            sync_folder_of(&bodies)
        };
        open().map_err(StoreError::io("open the folder of bodies"))?;
        Ok((
            Self { bodies, snapshots, drafts, draft: AtomicU64::new(0), erasing: RwLock::new(()) },
            swept,
        ))
    }

    /// Does anything stand here that a ledger has left?
    pub(super) fn has_any(&self) -> Result<bool, StoreError> {
        let any = |folder: &Path| Ok(fs::read_dir(folder)?.next().is_some());
        let found = any(&self.bodies).and_then(|found| Ok(found || any(&self.snapshots)?));
        found.map_err(StoreError::io("open the folder of bodies"))
    }

    pub(super) fn put_snapshot(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.write(&self.snapshots.join(file_name(name)), bytes)
            .map_err(StoreError::io("keep a snapshot"))
    }

    pub(super) fn snapshot(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        read(&self.snapshots.join(file_name(name))).map_err(StoreError::io("read a snapshot"))
    }

    pub(super) fn put_body(&self, digest: &Digest, bytes: &[u8]) -> Result<bool, StoreError> {
        let (body, erased) = self.places(digest);
        let _shared = self.erasing.read().unwrap_or_else(PoisonError::into_inner);
        let put = || -> io::Result<bool> {
            if erased.try_exists()? {
                return Ok(false);
            }
            // Written anew even where it stands: what stands may be damaged, and this heals it.
            if read(&body)?.is_none_or(|kept| kept != bytes) {
                self.write(&body, bytes)?;
            }
            Ok(true)
        };
        put().map_err(StoreError::io("keep a body"))
    }

    pub(super) fn body(&self, digest: &Digest) -> Result<Option<Body>, StoreError> {
        let (body, erased) = self.places(digest);
        let get = || -> io::Result<Option<Body>> {
            if erased.try_exists()? {
                return Ok(Some(Body::Erased));
            }
            Ok(read(&body)?.map(Body::Kept))
        };
        get().map_err(StoreError::io("read a body"))
    }

    pub(super) fn erase_body(&self, digest: &Digest) -> Result<(), StoreError> {
        let (body, erased) = self.places(digest);
        let _alone = self.erasing.write().unwrap_or_else(PoisonError::into_inner);
        let erase = || -> io::Result<()> {
            self.write(&erased, &[])?;
            match fs::remove_file(&body) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            sync_folder_of(&body)
        };
        erase().map_err(StoreError::io("erase a body"))
    }

    /// Where a body stands, and where it says that it was erased: spread over 256 folders.
    fn places(&self, digest: &Digest) -> (PathBuf, PathBuf) {
        let name = digest.to_string();
        let folder = self.bodies.join(&name[..2]);
        (folder.join(&name), folder.join(format!("{name}.erased")))
    }

    fn write(&self, place: &Path, bytes: &[u8]) -> io::Result<()> {
        let number = self.draft.fetch_add(1, Ordering::Relaxed);
        let draft = self.drafts.join(number.to_string());
        let written = || -> io::Result<()> {
            let mut file = File::create(&draft)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            if let Some(folder) = place.parent().filter(|folder| !folder.exists()) {
                fs::create_dir_all(folder)?;
                sync_folder_of(folder)?;
            }
            fs::rename(&draft, place)?;
            sync_folder_of(place)
        };
        written().inspect_err(|_| {
            let _ = fs::remove_file(&draft); // On a full disk, give the space back.
        })
    }
}

/// A snapshot's name may be anything; a file's may not.
fn file_name(name: &str) -> String {
    Digest::of(name.as_bytes()).to_string()
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a new or renamed file's name itself durable.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        Some(_) | None => File::open(".")?.sync_all(),
    }
}
