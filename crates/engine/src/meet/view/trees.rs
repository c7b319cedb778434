//! The worktrees of sessions, each looked at where something marked it, and nowhere else.
//!
//! A session's own worktree is exact: what was written before it asks is in the answer. Others' are as they were last
//! looked at, which the background does within milliseconds of a file event (see `looker`).

use super::seeing::{Base, Lies};
use crate::{Engine, Error};
use bstr::BString;
use std::collections::{BTreeSet, HashMap};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};
use weir_git::{CommitId, Edits, Glance, Marks, Stance, Told, Unwatched};
use weir_model::SessionId;
use weir_model::act::{Act, Tool};
use weir_view::across::{Written, written};
use weir_view::pool::BlobNo;
use weir_view::touched::{Touched, in_file};

/// The worktrees that are looked at.
#[derive(Default)]
pub(super) struct Trees {
    all: RwLock<Vec<Arc<Tree>>>,
    last: AtomicU64,
}

/// A session's worktree.
pub(super) struct Tree {
    pub(super) session: SessionId,
    root: PathBuf,
    /// What file events call it.
    number: u64,
    /// What is to be looked at.
    marks: Mutex<Marks>,
    known: Mutex<Known>,
}

/// What was seen of a worktree. Who looks holds it until what they see is published.
#[derive(Default)]
struct Known {
    glance: Glance,
    stands: Stands,
    /// The edits of which `lies` was made.
    edits: Edits,
    lies: Option<Arc<Lies>>,
    files: HashMap<BString, Derived>,
    watch: Watch,
    /// When the last look began, and how long it took.
    looked: Option<(Instant, Duration)>,
}

#[derive(Default)]
enum Stands {
    #[default]
    Unknown,
    /// It is no repository of ours.
    Nowhere(Option<Stance>, CommitId),
    On(Option<Stance>, CommitId, Arc<Base>),
}

#[derive(Default)]
enum Watch {
    #[default]
    New,
    On,
    /// Since when, and why.
    Off(Instant, Unwatched),
}

impl Watch {
    fn late(&self) -> Option<Unwatched> {
        match self {
            Self::Off(_, why) => Some(*why),
            Self::New | Self::On => None,
        }
    }
}

/// What follows from the two states of a file.
struct Derived {
    blobs: (Option<BlobNo>, Option<BlobNo>),
    touched: Arc<Vec<Touched>>,
    written: Arc<Vec<Written>>,
}

/// What cannot be watched is tried again after this.
const AGAIN: Duration = Duration::from_secs(60);
/// A worktree without file events is looked through this often, and not for more than a twentieth of the time.
const LOOKED_THROUGH: Duration = Duration::from_secs(1);
/// Folders that come while they are looked at are followed so many times; the rest is left to their own events.
const ROUNDS_MAX: usize = 8;

impl Trees {
    pub(super) fn all(&self) -> Vec<Arc<Tree>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn find(&self, is_it: impl Fn(&Tree) -> bool) -> Option<Arc<Tree>> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|tree| is_it(tree)).cloned()
    }

    /// The session's worktree at `root`, and the one it had elsewhere before.
    fn take(&self, session: SessionId, root: &Path) -> (Arc<Tree>, Option<Arc<Tree>>) {
        if let Some(tree) = self.find(|tree| tree.session == session && tree.root == root) {
            return (tree, None);
        }
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        let place = all.iter().position(|tree| tree.session == session);
        if let Some(tree) = place.map(|place| &all[place]).filter(|tree| tree.root == root) {
            return (Arc::clone(tree), None);
        }
        let before = place.map(|place| all.remove(place));
        let tree = Arc::new(Tree {
            session,
            root: root.to_owned(),
            number: self.last.fetch_add(1, Ordering::Relaxed),
            marks: Mutex::new(Marks::whole()),
            known: Mutex::default(),
        });
        all.push(Arc::clone(&tree));
        (tree, before)
    }

    fn remove(&self, tree: &Arc<Tree>) {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| !Arc::ptr_eq(one, tree));
    }
}

impl Tree {
    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_marked(&self) -> bool {
        !self.marks().is_empty()
    }

    /// Whether it is time to look through a worktree whose events are not told.
    pub(super) fn is_due(&self) -> bool {
        // Somebody looks right now.
        let Ok(known) = self.known.try_lock() else { return false };
        matches!(known.watch, Watch::Off(..))
            && known.looked.is_none_or(|(at, took)| at.elapsed() >= LOOKED_THROUGH.max(took * 20))
    }
}

impl Engine {
    /// What lies in a session's own worktree, with all that was written there before now; `None` when it has none that
    /// stands on the trunk.
    pub(super) fn own(&self, session: SessionId) -> Result<Option<Arc<Lies>>, Error> {
        let asked = Instant::now();
        let Some(folder) = self.folder_of(session) else { return Ok(None) };
        let tree = self.tree_at(session, &folder);
        self.hear(true);
        self.look_into(&tree, Some(asked))
    }

    /// Takes in what file events tell. On return, all that was written before is marked.
    pub(super) fn hear(&self, wake: bool) {
        let seeing = &self.0.seeing;
        let Some(events) = &seeing.events else { return };
        let mut is_marked = false;
        events.drain(|number, told| {
            let Some(tree) = seeing.trees.find(|tree| tree.number == number) else { return };
            is_marked = true;
            match told {
                Told::Path(path) => tree.marks().add(path),
                Told::Whole | Told::Gone => tree.marks().add_whole(),
            }
        });
        if wake && is_marked {
            seeing.wake();
        }
    }

    /// Meets sessions that have come, and leaves those that have ended, or whose worktrees are gone.
    pub(super) fn meet_sessions(&self) {
        let now = self.now();
        let alive: BTreeSet<SessionId> = self.read(|folds| {
            let alive = folds.guard.sessions().map(|session| session.id);
            alive.filter(|session| folds.guard.session_alive(*session, now).is_ok()).collect()
        });
        let at: Vec<(SessionId, PathBuf)> =
            alive.into_iter().filter_map(|one| Some((one, self.folder_of(one)?))).collect();
        for (session, folder) in &at {
            self.tree_at(*session, folder);
        }
        for tree in self.0.seeing.trees.all() {
            if !at.iter().any(|(session, folder)| (*session, folder) == (tree.session, &tree.root))
            {
                self.0.seeing.trees.remove(&tree);
                self.part_from(&tree);
            }
        }
    }

    /// Looks at what is marked of a worktree; gives what lies in it, which everybody sees from now on. Where no events
    /// are told all of it is looked at, unless somebody has begun to since `asked`.
    pub(super) fn look_into(
        &self,
        tree: &Tree,
        asked: Option<Instant>,
    ) -> Result<Option<Arc<Lies>>, Error> {
        let mut known = tree.known();
        let known = &mut *known;
        let Some(base) = self.stands(tree, known)? else {
            known.lies = None;
            self.publish(tree.session, None);
            return Ok(None);
        };
        if let Watch::Off(since, _) = known.watch {
            let has_begun = |asked| known.looked.is_some_and(|(begun, _)| begun >= asked);
            if asked.is_some_and(|asked| !has_begun(asked)) {
                tree.marks().add_whole();
            }
            if since.elapsed() > AGAIN {
                known.watch = Watch::New;
                tree.marks().add_whole();
            }
        }
        let marks = std::mem::take(&mut *tree.marks());
        if marks.is_empty() {
            return Ok(known.lies.clone());
        }
        let begun = Instant::now();
        if let Err(error) = self.look_at(tree, known, &base, marks) {
            tree.marks().add_whole();
            known.lies = None;
            self.publish(tree.session, None);
            return Err(error);
        }
        let mut edits = known.glance.edits().clone();
        edits.changed.retain(|path, _| super::is_shown(path.as_ref()));
        let is_same = |lies: &Arc<Lies>| {
            Arc::ptr_eq(&lies.base, &base)
                && lies.late == known.watch.late()
                && known.edits == edits
        };
        if !known.lies.as_ref().is_some_and(is_same) {
            let lies = Arc::new(self.lies(known, base, &edits));
            self.publish(tree.session, Some(&lies));
            (known.lies, known.edits) = (Some(lies), edits);
        }
        known.looked = Some((begun, begun.elapsed()));
        Ok(known.lies.clone())
    }

    /// A session's client has done something. Where file events tell nothing, what it may have written is marked.
    pub(crate) fn may_have_written(&self, session: SessionId, act: &Act) {
        let seeing = &self.0.seeing;
        let Some(tree) = seeing.trees.find(|tree| tree.session == session) else { return };
        let is_told =
            tree.known.try_lock().is_ok_and(|known| !matches!(known.watch, Watch::Off(..)));
        match &act.tool {
            Tool::Write { files } => {
                let mut marks = tree.marks();
                for file in files {
                    let path = Path::new(&act.cwd).join(&file.path);
                    if let Ok(path) = path.strip_prefix(&tree.root) {
                        marks.add(path.as_os_str().as_bytes().into());
                    } else if !is_told {
                        // By another name of the folder.
                        marks.add_whole();
                    }
                }
            }
            Tool::Shell { .. } | Tool::Mcp { .. } | Tool::Unknown { .. } if !is_told => {
                tree.marks().add_whole();
            }
            Tool::Shell { .. }
            | Tool::Mcp { .. }
            | Tool::Unknown { .. }
            | Tool::Subagent { .. }
            | Tool::Read { .. }
            | Tool::Web { .. }
            | Tool::Prompt { .. }
            | Tool::Inward { .. }
            | Tool::None => return,
        }
        seeing.wake();
    }

    fn tree_at(&self, session: SessionId, folder: &Path) -> Arc<Tree> {
        let (tree, before) = self.0.seeing.trees.take(session, folder);
        if let Some(before) = before {
            self.part_from(&before);
        }
        tree
    }

    fn part_from(&self, tree: &Tree) {
        if let Some(events) = &self.0.seeing.events {
            events.forget(tree.number);
        }
        self.publish(tree.session, None);
    }

    /// What a worktree stands on. All of it is marked when that is another commit than before.
    fn stands(&self, tree: &Tree, known: &mut Known) -> Result<Option<Arc<Base>>, Error> {
        let (tip, stance) = (self.trunk().tip()?, Stance::of(&tree.root));
        let was = match &known.stands {
            Stands::On(stood, trunk, base)
                if stood.is_some() && (stood, *trunk) == (&stance, tip) =>
            {
                return Ok(Some(Arc::clone(base)));
            }
            Stands::Nowhere(stood, trunk) if (stood, *trunk) == (&stance, tip) => return Ok(None),
            Stands::On(_, _, base) => Some(Arc::clone(base)),
            Stands::Unknown | Stands::Nowhere(..) => None,
        };
        let Some(commit) = weir_git::base_of(&tree.root, tip) else {
            known.stands = Stands::Nowhere(stance, tip);
            return Ok(None);
        };
        let base = match was.filter(|base| base.view.commit() == commit) {
            Some(base) => base,
            None => {
                let base = self.base(commit)?;
                tree.marks().add_whole();
                base
            }
        };
        known.stands = Stands::On(stance, tip, Arc::clone(&base));
        Ok(Some(base))
    }

    /// Looks, and watches what was looked through: what was not watched before is looked at again, for nobody told what
    /// was written in it meanwhile.
    fn look_at(
        &self,
        tree: &Tree,
        known: &mut Known,
        base: &Base,
        mut marks: Marks,
    ) -> Result<(), Error> {
        let seeing = &self.0.seeing;
        for _ in 0..ROUNDS_MAX {
            let folders = known.glance.look(&tree.root, &base.files, &marks)?;
            if matches!(known.watch, Watch::Off(..)) {
                return Ok(());
            }
            let most = seeing.watches_max;
            let new = match &seeing.events {
                Some(events) => events.watch(tree.number, &tree.root, folders.iter(), most),
                None => Err(Unwatched::Nothing),
            };
            match new {
                Ok(new) if new.is_empty() => return Ok(()),
                Ok(new) => {
                    known.watch = Watch::On;
                    marks = Marks::default();
                    new.into_iter().for_each(|folder| marks.add(folder));
                }
                Err(unwatched) => {
                    let (session, why) = (tree.session, unwatched.why());
                    tracing::warn!(%session, why, "a worktree is not watched, but looked through");
                    known.watch = Watch::Off(Instant::now(), unwatched);
                    return Ok(());
                }
            }
        }
        tree.marks().add_all(marks);
        Ok(())
    }

    fn lies(&self, known: &mut Known, base: Arc<Base>, edits: &Edits) -> Lies {
        let pool = &self.0.seeing.pool;
        let view = Arc::new(base.view.with(pool, edits));
        let text = |blob: &weir_view::pool::Blob| self.text(blob);
        let mut files = HashMap::new();
        for path in view.touched() {
            let blobs = (view.base_blob_at(path), view.blob_at(path));
            let was = known.files.remove(path).filter(|was| was.blobs == blobs);
            let derived = was.unwrap_or_else(|| Derived {
                blobs,
                touched: Arc::new(in_file(pool, path, blobs, &text)),
                written: Arc::new(written(pool, blobs, &text)),
            });
            files.insert(path.to_owned(), derived);
        }
        known.files = files;
        let files = || known.files.iter().map(|(path, derived)| (path.to_string(), derived));
        let touches = files().map(|(path, it)| (path, Arc::clone(&it.touched))).collect();
        let written = files().map(|(path, it)| (path, Arc::clone(&it.written))).collect();
        Lies { base, view, touches, written, late: known.watch.late() }
    }
}
