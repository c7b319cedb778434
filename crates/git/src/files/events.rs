//! File events of many folders, from one queue of the kernel.
//!
//! A write is in the queue before it returns to whoever wrote. So who empties the queue and then looks at what it marks
//! has seen every write that came before: that is why the queue is read here and not by a thread that tells of it later.
//! What is written through a mapping of a file into memory is not told; nor is what another machine writes on a shared
//! disk, so folders on such disks are not watched.

use bstr::BString;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The queue. A folder that is watched goes by a number that its owner chose.
#[derive(Debug)]
pub struct Events {
    queue: OwnedFd,
    watched: Mutex<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    /// What each watch of the kernel's is for: two may work in one folder.
    places: HashMap<i32, Vec<(u64, BString)>>,
    folders: HashMap<u64, Folder>,
}

#[derive(Debug)]
struct Folder {
    root: PathBuf,
    watches: BTreeMap<BString, i32>,
}

/// What the queue tells of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// What is at this path may be otherwise.
    Path(BString),
    /// Anything may be otherwise.
    Whole,
    /// It was moved away or removed.
    Gone,
}

/// Why a folder is not watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwatched {
    /// It has more folders than may be watched of one.
    TooMany,
    /// The system gives no more watches: `fs.inotify.max_user_watches`.
    Exhausted,
    /// The system tells no file events: `fs.inotify.max_user_instances`.
    Nothing,
    /// Its disk does not tell what others write.
    Remote,
}

impl Unwatched {
    /// As it is told.
    pub fn why(self) -> &'static str {
        match self {
            Self::TooMany => "it has more folders than may be watched of one",
            Self::Exhausted => "the system gives no more watches (fs.inotify.max_user_watches)",
            Self::Nothing => "the system tells no file events (fs.inotify.max_user_instances)",
            Self::Remote => "its disk tells no file events",
        }
    }
}

const WANTED: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::EXCL_UNLINK)
    .union(WatchFlags::DONT_FOLLOW)
    .union(WatchFlags::ONLYDIR);
/// Some hundred events at a time.
const BUFFER_BYTES: usize = 32 << 10;

impl Events {
    /// An empty queue.
    ///
    /// # Errors
    /// When the system gives none: `fs.inotify.max_user_instances`.
    pub fn open() -> std::io::Result<Self> {
        let queue = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        Ok(Self { queue, watched: Mutex::default() })
    }

    /// Watches these folders below `root`, those that it does not watch yet, at most `most` of them in all. Gives those
    /// that are new: what was written there before now was not told.
    ///
    /// # Errors
    /// When they cannot all be watched; then none of them is any more.
    pub fn watch<'a>(
        &self,
        number: u64,
        root: &Path,
        folders: impl Iterator<Item = &'a BString>,
        most: usize,
    ) -> Result<Vec<BString>, Unwatched> {
        let mut watched = self.lock();
        let known = watched.folders.contains_key(&number);
        if !known && is_remote(root) {
            return Err(Unwatched::Remote);
        }
        let mut new = Vec::new();
        for path in folders {
            match self.add(&mut watched, number, root, path, most) {
                Ok(is_new) => new.extend(is_new.then(|| path.clone())),
                Err(unwatched) => {
                    self.drop_all(&mut watched, number);
                    return Err(unwatched);
                }
            }
        }
        Ok(new)
    }

    /// Ends all watches of a folder.
    pub fn forget(&self, number: u64) {
        self.drop_all(&mut self.lock(), number);
    }

    /// How many folders are watched.
    pub fn len(&self) -> usize {
        self.lock().places.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Empties the queue. On return all that was written before is told, whoever emptied it: whoever else does waits.
    pub fn drain(&self, mut told: impl FnMut(u64, Told)) {
        let mut watched = self.lock();
        let mut buffer = [MaybeUninit::uninit(); BUFFER_BYTES];
        let mut reader = Reader::new(&self.queue, &mut buffer);
        loop {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                // Empty; what else may be wrong with it would be so the next time.
                Err(_) => return,
            };
            let (what, watch) = (event.events(), event.wd());
            if what.contains(ReadFlags::QUEUE_OVERFLOW) {
                watched.folders.keys().for_each(|number| told(*number, Told::Whole));
                continue;
            }
            let name = event.file_name().map(|name| BString::from(name.to_bytes()));
            let places = watched.places.get(&watch).cloned().unwrap_or_default();
            if what.contains(ReadFlags::IGNORED) {
                watched.lose(watch);
                continue;
            }
            let is_self = what.intersects(ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF);
            for (number, folder) in places {
                match &name {
                    Some(name) => {
                        let path = join(&folder, name);
                        if what.contains(ReadFlags::MOVED_FROM | ReadFlags::ISDIR) {
                            // What was watched below goes by a name that is no longer so.
                            self.drop_below(&mut watched, number, &path);
                        }
                        told(number, Told::Path(path));
                    }
                    None if is_self && folder.is_empty() => told(number, Told::Gone),
                    None => {}
                }
            }
        }
    }

    fn add(
        &self,
        watched: &mut Watched,
        number: u64,
        root: &Path,
        path: &BString,
        most: usize,
    ) -> Result<bool, Unwatched> {
        let fresh = || Folder { root: root.to_owned(), watches: BTreeMap::new() };
        let folder = watched.folders.entry(number).or_insert_with(fresh);
        if folder.watches.contains_key(path) {
            return Ok(false);
        }
        if folder.watches.len() >= most {
            return Err(Unwatched::TooMany);
        }
        let at = folder.root.join(OsStr::from_bytes(path));
        match inotify::add_watch(&self.queue, &at, WANTED) {
            Ok(watch) => {
                folder.watches.insert(path.clone(), watch);
                watched.places.entry(watch).or_default().push((number, path.clone()));
                Ok(true)
            }
            Err(Errno::NOSPC | Errno::NOMEM) => Err(Unwatched::Exhausted),
            // It went meanwhile, or is nobody's to read: there is nothing to be seen in it either.
            Err(_) => Ok(false),
        }
    }

    fn drop_all(&self, watched: &mut Watched, number: u64) {
        let Some(folder) = watched.folders.remove(&number) else { return };
        for (path, watch) in folder.watches {
            self.drop_place(watched, number, &path, watch);
        }
    }

    fn drop_below(&self, watched: &mut Watched, number: u64, path: &BString) {
        let Some(folder) = watched.folders.get_mut(&number) else { return };
        let is_below =
            |at: &BString| at.starts_with(path) && matches!(at.get(path.len()), None | Some(b'/'));
        let below: Vec<BString> =
            folder.watches.keys().filter(|at| is_below(at)).cloned().collect();
        let lost: Vec<(BString, i32)> =
            below.into_iter().filter_map(|at| folder.watches.remove_entry(&at)).collect();
        for (path, watch) in lost {
            self.drop_place(watched, number, &path, watch);
        }
    }

    fn drop_place(&self, watched: &mut Watched, number: u64, path: &BString, watch: i32) {
        let Some(places) = watched.places.get_mut(&watch) else { return };
        places.retain(|(of, at)| *of != number || at != path);
        if places.is_empty() {
            watched.places.remove(&watch);
            // It may have ended by itself.
            let _ = inotify::remove_watch(&self.queue, watch);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsFd for Events {
    /// Readable when something may be told.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }
}

impl Watched {
    /// A watch has ended by itself.
    fn lose(&mut self, watch: i32) {
        for (number, path) in self.places.remove(&watch).unwrap_or_default() {
            if let Some(folder) = self.folders.get_mut(&number)
                && folder.watches.get(&path) == Some(&watch)
            {
                folder.watches.remove(&path);
            }
        }
    }
}

fn join(folder: &BString, name: &BString) -> BString {
    match folder.is_empty() {
        true => name.clone(),
        false => bstr::join(b"/", [folder, name]).into(),
    }
}

/// Disks of other machines, and of programs, by the numbers of statfs(2): NFS, SMB, CIFS, 9P, Ceph, AFS, FUSE.
const REMOTE: [i64; 8] =
    [0x6969, 0x517B, 0xFE53_4D42, 0xFF53_4D42, 0x0102_1997, 0x00C3_6400, 0x5346_414F, 0x6573_5546];

fn is_remote(root: &Path) -> bool {
    rustix::fs::statfs(root).is_ok_and(|disk| REMOTE.contains(&(disk.f_type & 0xFFFF_FFFF)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn told(events: &Events) -> Vec<(u64, Told)> {
        let mut all = Vec::new();
        events.drain(|number, told| {
            if all.last() != Some(&(number, told.clone())) {
                all.push((number, told));
            }
        });
        all
    }

    fn path(path: &str) -> Told {
        Told::Path(path.into())
    }

    #[test]
    fn a_write_is_told_when_it_has_returned() {
        let place = tempfile::tempdir().expect("a folder");
        let root = place.path();
        fs::create_dir_all(root.join("a/b")).expect("made");
        fs::create_dir(root.join("target")).expect("made");
        let events = Events::open().expect("opened");
        let folders: Vec<BString> = ["", "a", "a/b"].map(BString::from).into();
        let watch = || events.watch(1, root, folders.iter(), 10).expect("watched");
        assert_eq!(watch(), folders);
        assert_eq!(watch(), Vec::<BString>::new());
        assert_eq!(told(&events), []);
        fs::write(root.join("a/b/x.rs"), "x").expect("written");
        fs::write(root.join("target/y.o"), "not watched").expect("written");
        assert_eq!(told(&events), [(1, path("a/b/x.rs"))]);
        fs::create_dir(root.join("c")).expect("made");
        assert_eq!(told(&events), [(1, path("c"))]);

        // By its new name from now on, once it is watched again.
        fs::rename(root.join("a"), root.join("d")).expect("moved");
        assert_eq!(told(&events), [(1, path("a")), (1, path("d"))]);
        fs::write(root.join("d/b/x.rs"), "y").expect("written");
        assert_eq!(told(&events), []);
        let moved: Vec<BString> = ["d", "d/b"].map(BString::from).into();
        assert_eq!(events.watch(1, root, moved.iter(), 10), Ok(moved.clone()));
        fs::write(root.join("d/b/x.rs"), "z").expect("written");
        assert_eq!(told(&events), [(1, path("d/b/x.rs"))]);

        events.forget(1);
        assert!(events.is_empty());
        fs::write(root.join("d/b/x.rs"), "w").expect("written");
        assert_eq!(told(&events), []);
    }

    #[test]
    fn two_may_work_in_one_folder_and_it_may_go() {
        let place = tempfile::tempdir().expect("a folder");
        let root = place.path().join("tree");
        fs::create_dir_all(root.join("a")).expect("made");
        let events = Events::open().expect("opened");
        let folders: Vec<BString> = ["", "a"].map(BString::from).into();
        for number in [1, 2] {
            events.watch(number, &root, folders.iter(), 10).expect("watched");
        }
        fs::write(root.join("a/x"), "x").expect("written");
        assert_eq!(told(&events)[..2], [(1, path("a/x")), (2, path("a/x"))]);
        events.forget(2);
        fs::write(root.join("a/y"), "x").expect("written");
        assert_eq!(told(&events), [(1, path("a/y"))]);
        fs::remove_dir_all(&root).expect("removed");
        assert!(told(&events).contains(&(1, Told::Gone)));
        assert!(events.is_empty());
    }

    #[test]
    fn there_is_a_bound_to_what_is_watched_of_one() {
        let place = tempfile::tempdir().expect("a folder");
        let root = place.path();
        fs::create_dir_all(root.join("a/b")).expect("made");
        let events = Events::open().expect("opened");
        let folders: Vec<BString> = ["", "a", "a/b"].map(BString::from).into();
        assert_eq!(events.watch(1, root, folders.iter(), 2), Err(Unwatched::TooMany));
        assert!(events.is_empty(), "what cannot be watched whole is not watched");
        assert_eq!(events.watch(1, root, folders.iter(), 0), Err(Unwatched::TooMany));
    }
}
