//! The view of the code, asked by people and sessions: what lies at the trunk's tip, and in each session's worktree over
//! the commit that it stands on.

mod compiled;
mod grep;
mod others;
mod past;

use crate::{Engine, Error, Failure};
use bstr::{BStr, ByteSlice as _};
use others::{Other, Others};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use weir_git::{CommitId, Edits, Glance};
use weir_guard::Caller;
use weir_guard::policy::{Scope, is_secret};
use weir_model::{Actor, Refusal, SessionId, config};
use weir_view::answer::{
    AlsoHere, Envelope, ImpactAnswer, MapAnswer, OutlineAnswer, SearchAnswer, SymbolAnswer,
};
use weir_view::ask::{Asked, Budget};
use weir_view::history::History;
use weir_view::modules::Manifests;
use weir_view::pool::{Blob, Pool};
use weir_view::search::{Embedded, Meaning};
use weir_view::shelf::Shelf;
use weir_view::touched::{Touched, touched};
use weir_view::tree::{View, text_of};

/// All that was read, shared by everybody who asks.
#[derive(Default)]
pub(crate) struct Seeing {
    pool: Pool,
    bases: Mutex<Vec<(CommitId, Arc<Base>)>>,
    worktrees: Mutex<HashMap<SessionId, Arc<Mutex<Option<Worktree>>>>>,
    /// What compilers say.
    shelf: OnceLock<Shelf>,
    /// What happened to it.
    history: History,
}

impl Seeing {
    /// What is made of committed files is kept below this folder, and not made again at the next start.
    pub(crate) fn kept_in(home: &Path) -> Self {
        Self { pool: Pool::kept_in(home.join("view")), ..Self::default() }
    }
}

/// A view of a commit.
struct Base {
    view: View,
    manifests: Manifests,
}

/// A session's worktree, as it was last looked at.
struct Worktree {
    lies: Arc<Lies>,
    glance: Glance,
    looked_at: Instant,
}

/// What lies in a worktree.
struct Lies {
    base: Arc<Base>,
    view: Arc<View>,
    touched: Touches,
}

/// What a worktree touches, by file.
type Touches = Arc<BTreeMap<String, Vec<Touched>>>;

/// Nobody waits longer for what others do: beyond it they are told of as they were last seen.
const OTHERS: Duration = Duration::from_millis(150);
/// Commits whose views are kept: the tip, and what worktrees stand on.
const BASES_MAX: usize = 64;
/// A worktree is not looked at again within this: an answer that is asked for at once is of the same moment.
const LOOK: Duration = Duration::from_millis(100);

/// From where to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// The worktree of the session that asks; the trunk, for whoever has none.
    Mine,
    /// The trunk's tip.
    Tip,
    /// The commit that the asking session's worktree stands on.
    Base,
}

impl std::str::FromStr for Where {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        match text {
            "" | "mine" => Ok(Self::Mine),
            "tip" => Ok(Self::Tip),
            "base" => Ok(Self::Base),
            other => {
                let sentence = format!("`{}` is no place to look from", other.escape_debug());
                Err(Refusal::new("view.place", sentence).hint("there are `mine`, `tip` and `base`"))
            }
        }
    }
}

/// What is asked: a view, as it was at this moment.
struct Looked {
    base: Arc<Base>,
    view: Arc<View>,
}

impl Engine {
    /// The pieces of the code that speak of what is asked.
    ///
    /// # Errors
    /// `view.query_empty`, `view.query_*` for a question without words or without end; failures of the disk.
    pub async fn view_search(
        &self,
        caller: &Caller,
        from: Where,
        question: String,
        tokens: Option<usize>,
    ) -> Result<SearchAnswer, Error> {
        let found = self.look(caller, from, move |asked, also| {
            let mut answer = asked.search(&question, Budget::new(tokens))?;
            let shown: Vec<(&str, &str)> =
                answer.hits.iter().map(|hit| (hit.path.as_str(), "")).collect();
            answer.envelope.also_here = also.of(&shown);
            Ok::<_, Refusal>(answer)
        });
        Ok(found.await??)
    }

    /// What is called `name`.
    ///
    /// # Errors
    /// `view.empty`; failures of the disk.
    pub async fn view_symbol(
        &self,
        caller: &Caller,
        from: Where,
        name: String,
        tokens: Option<usize>,
    ) -> Result<SymbolAnswer, Error> {
        not_empty(&name)?;
        self.look(caller, from, move |asked, also| {
            let mut answer = asked.symbol(&name, Budget::new(tokens));
            let shown: Vec<(&str, &str)> =
                answer.symbols.iter().map(|one| (one.path.as_str(), one.name.as_str())).collect();
            answer.envelope.also_here = also.of(&shown);
            answer
        })
        .await
    }

    /// What the files at `path`, or below it, define.
    ///
    /// # Errors
    /// Failures of the disk.
    pub async fn view_outline(
        &self,
        caller: &Caller,
        from: Where,
        path: String,
        tokens: Option<usize>,
    ) -> Result<OutlineAnswer, Error> {
        self.look(caller, from, move |asked, also| {
            let mut answer = asked.outline(&path, Budget::new(tokens));
            let shown: Vec<(&str, &str)> =
                answer.files.iter().map(|file| (file.path.as_str(), "")).collect();
            answer.envelope.also_here = also.of(&shown);
            answer
        })
        .await
    }

    /// Who would notice a change of what is called `name`, or of the file at that path.
    ///
    /// # Errors
    /// `view.empty`; failures of the disk.
    pub async fn view_impact(
        &self,
        caller: &Caller,
        from: Where,
        name: String,
        tokens: Option<usize>,
    ) -> Result<ImpactAnswer, Error> {
        not_empty(&name)?;
        let engine = self.clone();
        self.look(caller, from, move |asked, also| {
            let mut answer = asked.impact(&name, Budget::new(tokens));
            let mut shown: Vec<(&str, &str)> =
                answer.of.iter().map(|one| (one.path.as_str(), one.name.as_str())).collect();
            // Whoever changes a user of it would notice first.
            shown.extend(
                answer
                    .users
                    .iter()
                    .filter(|used| used.how != "name")
                    .map(|used| (used.path.as_str(), used.within.as_deref().unwrap_or_default())),
            );
            answer.envelope.also_here = also.of(&shown);
            let mut paths: Vec<&str> = answer.of.iter().map(|one| one.path.as_str()).collect();
            paths.push(name.trim_matches('/'));
            answer.changes = engine.open_changes(&paths);
            let past = engine.past_of(asked, &name);
            (answer.authors, answer.together) = (past.authors, past.together);
            answer
        })
        .await
    }

    /// The repository on a page; `near` names paths, or parts of them, that matter to the work at hand.
    ///
    /// # Errors
    /// Failures of the disk.
    pub async fn view_map(
        &self,
        caller: &Caller,
        from: Where,
        near: Vec<String>,
        tokens: Option<usize>,
    ) -> Result<MapAnswer, Error> {
        self.look(caller, from, move |asked, _| asked.map(&near, Budget::new(tokens))).await
    }

    /// Who is changing what, right now; of a path or a symbol, or of everything when `name` is empty.
    ///
    /// # Errors
    /// Failures of the disk.
    pub async fn view_who(
        &self,
        caller: &Caller,
        name: String,
    ) -> Result<(Vec<AlsoHere>, Envelope), Error> {
        self.look(caller, Where::Tip, move |asked, also| {
            let wanted = name.trim_matches('/');
            let here = match wanted {
                "" => also.all(),
                path if also.has(path) => also.of(&[(path, "")]),
                _ => {
                    let found = weir_view::symbol::symbols(asked.pool, asked.view, wanted);
                    let of: Vec<(&str, &str)> = found
                        .iter()
                        .map(|one| (one.path.as_str(), one.qualified.as_str()))
                        .collect();
                    match of.is_empty() {
                        // New in a worktree, and nowhere else.
                        true => also.named(wanted),
                        false => also.of(&of),
                    }
                }
            };
            (here, asked.envelope())
        })
        .await
    }

    /// Answers from a view, with what others are doing meanwhile.
    async fn look<T: Send + 'static>(
        &self,
        caller: &Caller,
        from: Where,
        answer: impl FnOnce(&Asked<'_>, &Others) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let session = match caller.actor {
            Actor::Session(session) => Some(session),
            Actor::Person(_) | Actor::Weir => None,
        };
        let engine = self.clone();
        let meaning: Option<&dyn Meaning> = match self.rules().view.meaning {
            config::Meaning::Embedded => Some(&Embedded),
            config::Meaning::Off => None,
        };
        let looked = tokio::task::spawn_blocking(move || {
            let Looked { base, view } = engine.see(session, from)?;
            let others = engine.others(session);
            let objects = engine.trunk().objects().clone();
            let text = |blob: &Blob| text_of(&objects, blob).unwrap_or_default();
            let pool = &engine.0.seeing.pool;
            let (manifests, compiled) = (&base.manifests, engine.shelf().indexes());
            let (text, compiled) = (&text, &compiled);
            let asked = Asked { pool, view: &view, manifests, text, compiled, meaning };
            Ok(answer(&asked, &others))
        });
        looked.await.map_err(|error| Failure::Other(format!("could not look: {error}")))?
    }

    fn see(&self, session: Option<SessionId>, from: Where) -> Result<Looked, Error> {
        let own = session.filter(|_| from != Where::Tip).map(|session| self.worktree_of(session));
        match (own.transpose()?.flatten(), from) {
            (Some(lies), Where::Mine) => {
                Ok(Looked { base: Arc::clone(&lies.base), view: Arc::clone(&lies.view) })
            }
            (Some(lies), Where::Base | Where::Tip) => {
                let base = Arc::clone(&lies.base);
                let view = Arc::new(base.view.clone());
                Ok(Looked { base, view })
            }
            (None, _) => {
                let base = self.base(self.trunk().tip()?)?;
                let view = Arc::new(base.view.clone());
                Ok(Looked { base, view })
            }
        }
    }

    /// The view of a commit, made once.
    fn base(&self, commit: CommitId) -> Result<Arc<Base>, Error> {
        let seeing = &self.0.seeing;
        {
            let mut bases = seeing.bases.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = bases.iter().position(|(known, _)| *known == commit) {
                let found = bases.remove(place);
                let base = Arc::clone(&found.1);
                bases.push(found);
                return Ok(base);
            }
        }
        let objects = self.trunk().objects();
        let view = View::of_commit(&seeing.pool, objects, commit, &is_shown)?;
        let text = |path: &BStr| {
            let blob = seeing.pool.blob(view.blob_at(path)?)?;
            text_of(objects, &blob).ok()
        };
        let manifests = Manifests::read(&view, text);
        let base = Arc::new(Base { view, manifests });
        let mut bases = seeing.bases.lock().unwrap_or_else(PoisonError::into_inner);
        if bases.len() >= BASES_MAX {
            bases.remove(0);
        }
        bases.push((commit, Arc::clone(&base)));
        Ok(base)
    }

    /// What a session's worktree holds; `None` when it has none that stands on the trunk.
    fn worktree_of(&self, session: SessionId) -> Result<Option<Arc<Lies>>, Error> {
        let Some(folder) = self.folder_of(session) else { return Ok(None) };
        let seeing = &self.0.seeing;
        let slot = {
            let mut all = seeing.worktrees.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(session).or_default())
        };
        // Who asks while somebody looks gets what they see.
        let mut known = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref().filter(|known| known.looked_at.elapsed() < LOOK) {
            return Ok(Some(Arc::clone(&known.lies)));
        }
        let Some(commit) = weir_git::base_of(&folder, self.trunk().tip()?) else {
            return Ok(None);
        };
        let base = self.base(commit)?;
        let mut glance = known.take().map(|known| known.glance).unwrap_or_default();
        let files = base.view.base_files(&seeing.pool);
        let mut edits = glance.look(&folder, &files)?;
        hide(&mut edits);
        let view = Arc::new(base.view.with(&seeing.pool, &edits));
        let objects = self.trunk().objects();
        let text = |blob: &Blob| text_of(objects, blob).unwrap_or_default();
        let touched = Arc::new(touched(&seeing.pool, &view, &text));
        let lies = Arc::new(Lies { base, view, touched });
        *known = Some(Worktree { lies: Arc::clone(&lies), glance, looked_at: Instant::now() });
        Ok(Some(lies))
    }

    /// What a worktree touches: looked at anew if there is time, else as it was last seen.
    fn known_of(&self, session: SessionId, anew: bool) -> Result<Option<Touches>, Error> {
        if anew {
            return Ok(self.worktree_of(session)?.map(|lies| Arc::clone(&lies.touched)));
        }
        let all = self.0.seeing.worktrees.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(&session).map(Arc::clone);
        drop(all);
        Ok(known.and_then(|slot| {
            let known = slot.lock().unwrap_or_else(PoisonError::into_inner);
            known.as_ref().map(|known| Arc::clone(&known.lies.touched))
        }))
    }

    /// Where a session works: in the tree that Weir made for its task, or where its client was attached.
    fn folder_of(&self, session: SessionId) -> Option<PathBuf> {
        let (task, attached) = self.read(|folds| {
            let attached = folds.acts.session(session).map(|doing| doing.worktree.clone());
            (folds.work.held_by(session), attached)
        });
        let made = task.map(|task| self.worktrees().join(format!("{task}-{session}")));
        let attached = attached.filter(|folder| !folder.is_empty()).map(PathBuf::from);
        made.filter(|folder| folder.is_dir())
            .or_else(|| attached.filter(|folder| folder.is_absolute() && folder.is_dir()))
    }

    /// What everybody else is changing.
    fn others(&self, me: Option<SessionId>) -> Others {
        let now = self.now();
        let alive: Vec<(SessionId, String, Option<String>)> = self.read(|folds| {
            let alive = folds.guard.sessions().filter(|session| {
                Some(session.id) != me && folds.guard.session_alive(session.id, now).is_ok()
            });
            let told = |session: &weir_guard::Session| {
                let task = folds.work.held_by(session.id).map(|task| task.to_string());
                (session.id, session.agent.clone(), task)
            };
            alive.map(told).collect()
        });
        {
            // Whoever has ended is nowhere any more.
            let mut known = self.0.seeing.worktrees.lock().unwrap_or_else(PoisonError::into_inner);
            known.retain(|known, _| {
                Some(*known) == me || alive.iter().any(|(session, ..)| session == known)
            });
        }
        let mut all = Vec::new();
        let until = Instant::now() + OTHERS;
        for (session, agent, task) in alive {
            match self.known_of(session, Instant::now() < until) {
                Ok(Some(touched)) => {
                    all.push(Other { session: session.to_string(), agent, task, touched });
                }
                Ok(None) => {}
                // Somebody else's folder that cannot be read is no reason to answer nothing.
                Err(error) => {
                    tracing::debug!(%session, error = %crate::core::chain(&error), "not looked at");
                }
            }
        }
        Others(all)
    }

    /// Open changes that touch one of these paths.
    fn open_changes(&self, paths: &[&str]) -> Vec<String> {
        self.read(|folds| {
            let open = folds.review.changes().filter(|change| change.is_open());
            let touches = open.filter(|change| {
                change.latest().paths.iter().any(|path| paths.contains(&path.as_str()))
            });
            touches.map(|change| change.id.to_string()).collect()
        })
    }
}

fn not_empty(name: &str) -> Result<(), Refusal> {
    match name.trim().is_empty() {
        true => Err(Refusal::new("view.empty", "nothing was asked for")
            .hint("name a symbol, `Retry::next`, or a path, `src/retry.rs`")),
        false => Ok(()),
    }
}

/// Files that hold secrets are nobody's to see through here: no policy is asked before an answer.
fn is_shown(path: &BStr) -> bool {
    let scope = Scope { worktree: Some("/tree".to_owned()), ..Scope::default() };
    !is_secret(&format!("/tree/{}", path.to_str_lossy()), &scope)
}

fn hide(edits: &mut Edits) {
    edits.changed.retain(|path, _| is_shown(path.as_ref()));
}
