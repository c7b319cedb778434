//! All that was seen, shared by everybody who asks: views of commits, and of what lies in each session's worktree.

use super::past::Unread;
use super::texts::Texts;
use super::trees::Trees;
use crate::core::chain;
use crate::{Engine, Error};
use bstr::BStr;
use rustix::event::EventfdFlags;
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use weir_git::{CommitId, Events, Files, Unwatched};
use weir_model::SessionId;
use weir_view::across::{Break, Lines, Side, breaks};
use weir_view::compiled::Compiled;
use weir_view::history::History;
use weir_view::modules::Manifests;
use weir_view::pool::{Blob, Pool};
use weir_view::shelf::Shelf;
use weir_view::touched::Touches;
use weir_view::tree::{View, text_of};

/// All that was seen.
pub(crate) struct Seeing {
    pub(super) pool: Pool,
    pub(super) trees: Trees,
    /// File events; none where the system gives none.
    pub(super) events: Option<Events>,
    /// Wakes who looks in the background.
    pub(super) alarm: Option<OwnedFd>,
    bases: Mutex<Vec<(CommitId, Arc<Making>)>>,
    everyone: RwLock<Arc<Everyone>>,
    /// Held by who makes the next `everyone` of the last.
    publishing: Mutex<()>,
    texts: Texts,
    /// What compilers say.
    pub(super) shelf: OnceLock<Shelf>,
    /// What happened to it.
    pub(super) history: History,
    pub(super) unread: Unread,
    /// So many folders are watched of one worktree.
    pub(super) watches_max: usize,
}

/// A base that may be being made: who asks meanwhile waits, instead of making it again.
type Making = Mutex<Option<Arc<Base>>>;

/// A view of a commit.
pub(super) struct Base {
    pub(super) view: Arc<View>,
    pub(super) manifests: Manifests,
    /// As git names them: what a worktree is held against.
    pub(super) files: Files,
}

/// What lies in a worktree, at one moment. It never changes: the next moment has its own.
pub(super) struct Lies {
    pub(super) base: Arc<Base>,
    pub(super) view: Arc<View>,
    pub(super) touches: Touches,
    pub(super) written: Lines,
    /// Why it may be seen late.
    pub(super) late: Option<Unwatched>,
}

/// What lies in all worktrees.
#[derive(Default)]
pub(super) struct Everyone {
    pub(super) lies: BTreeMap<SessionId, Arc<Lies>>,
    pub(super) breaks: Vec<Arc<Broken>>,
}

/// What one breaks in another's edits.
pub(super) struct Broken {
    pub(super) by: SessionId,
    pub(super) used_by: SessionId,
    pub(super) it: Break,
}

/// Commits whose views are kept: the tip, and what worktrees stand on.
const BASES_MAX: usize = 64;
/// So many folders are watched of one worktree unless it is said otherwise.
pub(crate) const WATCHES_MAX: usize = 16_384;

impl Seeing {
    /// What is made of committed files is kept below `home`, and not made again at the next start.
    pub(crate) fn new(home: Option<&Path>, watches_max: Option<usize>) -> Self {
        let watches_max = watches_max.unwrap_or(WATCHES_MAX);
        let events = Events::open();
        if let Err(error) = &events {
            tracing::warn!(%error, "no file events: worktrees are looked through again and again");
        }
        let flags = EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC;
        Self {
            pool: home.map(|home| Pool::kept_in(home.join("view"))).unwrap_or_default(),
            trees: Trees::default(),
            events: events.ok(),
            alarm: rustix::event::eventfd(0, flags).ok(),
            bases: Mutex::default(),
            everyone: RwLock::default(),
            publishing: Mutex::default(),
            texts: Texts::default(),
            shelf: OnceLock::new(),
            history: History::default(),
            unread: Unread::default(),
            watches_max,
        }
    }

    /// Has the background look now.
    pub(crate) fn wake(&self) {
        if let Some(alarm) = &self.alarm {
            // Full, it wakes as well.
            let _ = rustix::io::write(alarm, &1_u64.to_ne_bytes());
        }
    }

    pub(super) fn everyone(&self) -> Arc<Everyone> {
        Arc::clone(&self.everyone.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn publish(
        &self,
        session: SessionId,
        lies: Option<&Arc<Lies>>,
        compiled: &dyn Fn() -> Vec<Arc<Compiled>>,
    ) {
        let _one = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let was = self.everyone();
        if lies.is_none() && !was.lies.contains_key(&session) {
            return;
        }
        let mut next = Everyone {
            lies: was.lies.clone(),
            breaks: (was.breaks.iter())
                .filter(|one| one.by != session && one.used_by != session)
                .cloned()
                .collect(),
        };
        match lies {
            None => drop(next.lies.remove(&session)),
            Some(lies) => {
                for (other, theirs) in was.lies.iter().filter(|(other, _)| **other != session) {
                    let mut note = |by: SessionId, one: &Lies, used_by: SessionId, two: &Lies| {
                        let found = breaks(&self.pool, (&one.side(), &two.side()), compiled);
                        let broken = |it| Arc::new(Broken { by, used_by, it });
                        next.breaks.extend(found.into_iter().map(broken));
                    };
                    note(session, lies, *other, theirs);
                    note(*other, theirs, session, lies);
                }
                next.lies.insert(session, Arc::clone(lies));
            }
        }
        *self.everyone.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }
}

impl Engine {
    /// Lets everybody see what lies in a session's worktree by now, or that it has none.
    pub(super) fn publish(&self, session: SessionId, lies: Option<&Arc<Lies>>) {
        self.0.seeing.publish(session, lies, &|| self.shelf().indexes());
    }

    /// The same of everybody, when compilers say more than before.
    pub(super) fn publish_all(&self) {
        for (session, lies) in &self.0.seeing.everyone().lies {
            self.publish(*session, Some(lies));
        }
    }
}

impl Lies {
    fn side(&self) -> Side<'_> {
        let Self { base, view, touches, written, .. } = self;
        Side { view, manifests: &base.manifests, touches, written }
    }
}

impl Engine {
    /// The view of a commit, made once.
    pub(super) fn base(&self, commit: CommitId) -> Result<Arc<Base>, Error> {
        let seeing = &self.0.seeing;
        let making = {
            let mut bases = seeing.bases.lock().unwrap_or_else(PoisonError::into_inner);
            let place = bases.iter().position(|(known, _)| *known == commit);
            let found = match place {
                Some(place) => bases.remove(place),
                None => (commit, Arc::default()),
            };
            if bases.len() >= BASES_MAX {
                bases.remove(0);
            }
            bases.push(found.clone());
            found.1
        };
        let mut made = making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(base) = made.as_ref() {
            return Ok(Arc::clone(base));
        }
        let objects = self.trunk().objects();
        let view = View::of_commit(&seeing.pool, objects, commit, &super::is_shown)?;
        let text = |path: &BStr| {
            let blob = seeing.pool.blob(view.blob_at(path)?)?;
            text_of(objects, &blob).ok()
        };
        let manifests = Manifests::read(&view, text);
        let files = view.base_files(&seeing.pool);
        let base = Arc::new(Base { view: Arc::new(view), manifests, files });
        *made = Some(Arc::clone(&base));
        Ok(base)
    }

    /// The text of a blob; `None` when git cannot give it any more.
    pub(super) fn text(&self, blob: &Blob) -> Option<Arc<str>> {
        let read = || match text_of(self.trunk().objects(), blob) {
            Ok(text) => Some(text),
            Err(error) => {
                tracing::debug!(blob = %blob.id, error = %chain(&error), "its text is gone");
                None
            }
        };
        self.0.seeing.texts.of(blob.id, read)
    }
}
