//! The connections: one a server and session, made when first needed, ended when long unused or forgotten.

use crate::Decide;
use crate::decide::{Caller, Note, Secrets};
use crate::registry::{Server, Sharing};
use crate::upstream::{Ear, Heard, Site, Upstream};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Which connection: the server, and whose it is; empty where sessions share it.
type Key = (String, String);

/// Every connection there is.
pub(super) struct Links {
    all: Mutex<BTreeMap<Key, Arc<Link>>>,
    decide: Arc<dyn Decide>,
    secrets: Arc<dyn Secrets>,
    folder: PathBuf,
}

/// A place for a connection. Whoever makes one holds the lock, and all others wait for it.
#[derive(Default)]
struct Link {
    state: tokio::sync::Mutex<State>,
}

#[derive(Default)]
struct State {
    upstream: Option<Arc<Upstream>>,
    /// When it failed last, how often in a row, and why.
    failed: Option<(Instant, u32, String)>,
}

/// A process that nobody has used for so long is started anew when it is needed: an idle fleet costs nothing.
const IDLE_MAX: Duration = Duration::from_secs(10 * 60);
const IDLE_LOOK: Duration = Duration::from_secs(30);
/// More at once are a mistake, or an attack on this machine.
const LINKS_MAX: usize = 500;
/// The protocol has three things that a server may ask.
const ASKED_MAX: usize = 8;
/// A server that fails is tried again after a second, two, four, … at most a minute.
const AGAIN_MAX_S: u64 = 60;

impl Links {
    pub(super) fn new(decide: Arc<dyn Decide>, secrets: Arc<dyn Secrets>, folder: PathBuf) -> Self {
        Self { all: Mutex::default(), decide, secrets, folder }
    }

    /// The connection of `caller` to `server`; why there is none.
    pub(super) async fn get(
        &self,
        server: &Arc<Server>,
        caller: &Caller,
    ) -> Result<Arc<Upstream>, String> {
        let whose = match server.sharing {
            Sharing::Session => caller.key.clone(),
            Sharing::All => String::new(),
        };
        let link = {
            let mut all = self.all();
            let key = (server.name.clone(), whose);
            if all.len() >= LINKS_MAX && !all.contains_key(&key) {
                return Err(format!("{LINKS_MAX} connections to tool servers are open"));
            }
            Arc::clone(all.entry(key).or_default())
        };
        let mut state = link.state.lock().await;
        let current =
            |upstream: &&Arc<Upstream>| upstream.is_alive() && *upstream.server == **server;
        if let Some(upstream) = state.upstream.as_ref().filter(current) {
            return Ok(Arc::clone(upstream));
        }
        if let Some(old) = state.upstream.take() {
            old.close().await;
        }
        if let Some((at, times, why)) = &state.failed {
            let pause = Duration::from_secs((1 << (*times).min(6)).min(AGAIN_MAX_S));
            if at.elapsed() < pause {
                return Err(why.clone());
            }
        }
        self.open(server, caller, &link, &mut state).await
    }

    async fn open(
        &self,
        server: &Arc<Server>,
        caller: &Caller,
        link: &Arc<Link>,
        state: &mut State,
    ) -> Result<Arc<Upstream>, String> {
        let ear = self.ear(&server.name, Arc::downgrade(link));
        let site = Site { folder: &self.folder, worktree: caller.worktree.as_deref() };
        let opening = Upstream::open(Arc::clone(server), self.secrets.as_ref(), site, ear);
        match opening.await {
            Ok(upstream) => {
                let upstream = Arc::new(upstream);
                state.upstream = Some(Arc::clone(&upstream));
                state.failed = None;
                tokio::spawn(end_when_idle(Arc::downgrade(link), Arc::downgrade(&upstream)));
                Ok(upstream)
            }
            Err(broken) => {
                let why = broken.text();
                let times = state.failed.as_ref().map_or(0, |(_, times, _)| times + 1);
                state.failed = Some((Instant::now(), times, why.clone()));
                self.decide
                    .note(Note::Down { server: server.name.clone(), why: why.clone() })
                    .await;
                Err(why)
            }
        }
    }

    /// What hears a server. It is called on threads of its own.
    fn ear(&self, server: &str, link: Weak<Link>) -> Ear {
        let (decide, server) = (Arc::clone(&self.decide), server.to_owned());
        let runtime = Handle::current();
        // Said once a connection: a server that keeps on asking does not fill the record.
        let asked = Mutex::new(BTreeSet::new());
        Arc::new(move |heard| match heard {
            Heard::Changed => {
                let link = link.clone();
                runtime.spawn(async move {
                    let Some(link) = link.upgrade() else { return };
                    if let Some(upstream) = &link.state.lock().await.upstream {
                        upstream.stale.store(true, Ordering::Release);
                    }
                });
            }
            Heard::Asked(method) => {
                let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
                if asked.len() >= ASKED_MAX || !asked.insert(method.clone()) {
                    return;
                }
                let (decide, server) = (Arc::clone(&decide), server.clone());
                runtime.spawn(async move { decide.note(Note::Asked { server, method }).await });
            }
        })
    }

    /// Whose connections there are.
    pub(super) fn callers(&self) -> BTreeSet<String> {
        let all = self.all();
        all.keys().map(|(_, whose)| whose).filter(|whose| !whose.is_empty()).cloned().collect()
    }

    /// Ends every connection for which `which` says so; nothing of them is left when this returns.
    pub(super) async fn end(&self, which: impl Fn(&str, &str) -> bool) {
        let ended: Vec<Arc<Link>> = {
            let mut all = self.all();
            let (ended, kept): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut *all)
                .into_iter()
                .partition(|((server, whose), _)| which(server, whose));
            *all = kept;
            ended.into_values().collect()
        };
        for link in ended {
            let upstream = link.state.lock().await.upstream.take();
            if let Some(upstream) = upstream {
                upstream.close().await;
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Key, Arc<Link>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn end_when_idle(link: Weak<Link>, upstream: Weak<Upstream>) {
    loop {
        tokio::time::sleep(IDLE_LOOK).await;
        let (Some(link), Some(upstream)) = (link.upgrade(), upstream.upgrade()) else { return };
        // No call lasts longer than its limit.
        if upstream.idle() < IDLE_MAX.max(upstream.server.time_limit) {
            continue;
        }
        let mut state = link.state.lock().await;
        if state.upstream.as_ref().is_some_and(|current| Arc::ptr_eq(current, &upstream)) {
            state.upstream = None;
        }
        drop(state);
        upstream.close().await;
        return;
    }
}
