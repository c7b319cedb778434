//! The view of the code, asked by people and sessions: what lies at the trunk's tip, and in each session's worktree over
//! the commit that it stands on.

mod change;
mod compiled;
mod grep;
mod looker;
mod others;
mod past;
mod seeing;
mod texts;
mod trees;

pub(crate) use looker::Looker;
pub(crate) use seeing::Seeing;

use crate::{Engine, Error, Failure};
use bstr::{BStr, ByteSlice as _};
use others::Others;
use seeing::Base;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::RuntimeFlavor;
use weir_guard::Caller;
use weir_guard::policy::{Scope, is_secret};
use weir_model::event::guard::Right;
use weir_model::{Actor, ChangeId, Refusal, SessionId, config};
use weir_view::answer::{
    Difference, Envelope, ImpactAnswer, MapAnswer, OutlineAnswer, SearchAnswer, SymbolAnswer,
    WhoAnswer,
};
use weir_view::ask::{Asked, Budget};
use weir_view::pool::Blob;
use weir_view::search::{Embedded, Meaning};
use weir_view::since::difference;
use weir_view::tree::View;

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

/// With what to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// The commit that the asking session's worktree stands on: with the trunk since, and with the worktree.
    Base,
    /// The trunk's tip: with the worktree.
    Tip,
}

impl std::str::FromStr for Since {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        match text {
            "base" => Ok(Self::Base),
            "tip" => Ok(Self::Tip),
            other => {
                let sentence = format!("`{}` is nothing to compare with", other.escape_debug());
                Err(Refusal::new("view.since", sentence).hint("there are `base` and `tip`"))
            }
        }
    }
}

/// What is asked: a view, as it was at this moment.
struct Looked {
    base: Arc<Base>,
    view: Arc<View>,
}

impl Looked {
    fn at(base: Arc<Base>) -> Self {
        Self { view: Arc::clone(&base.view), base }
    }
}

/// Gives what differs of a name, or nothing where that was not asked for.
type Differ<'a> = &'a dyn Fn(&str) -> Vec<Difference>;

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
            also.tell(&mut answer.envelope, &shown, "");
            Ok::<_, Refusal>(answer)
        });
        Ok(found.await??)
    }

    /// What is called `name`; with what differs of it `since`.
    ///
    /// # Errors
    /// `view.empty`, `view.no_worktree`; failures of the disk.
    pub async fn view_symbol(
        &self,
        caller: &Caller,
        (from, since): (Where, Option<Since>),
        name: String,
        tokens: Option<usize>,
    ) -> Result<SymbolAnswer, Error> {
        not_empty(&name)?;
        self.compare(caller, from, since, move |asked, also, differ| {
            let mut answer = asked.symbol(&name, Budget::new(tokens));
            answer.since = differ(&name);
            let shown: Vec<(&str, &str)> =
                answer.symbols.iter().map(|one| (one.path.as_str(), one.name.as_str())).collect();
            also.tell(&mut answer.envelope, &shown, &name);
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
            also.tell(&mut answer.envelope, &shown, "");
            answer
        })
        .await
    }

    /// Who would notice a change of what is called `name`, or of the file at that path; with what differs of it `since`.
    /// Of a change by its id: of all that its latest revision touches.
    ///
    /// # Errors
    /// `view.empty`, `view.no_worktree`; failures of the disk.
    pub async fn view_impact(
        &self,
        caller: &Caller,
        (from, since): (Where, Option<Since>),
        name: String,
        tokens: Option<usize>,
    ) -> Result<ImpactAnswer, Error> {
        not_empty(&name)?;
        let change = name.trim().parse::<ChangeId>().ok();
        let is_known =
            |change: &ChangeId| self.read(|folds| folds.review.change(*change).is_some());
        if let Some(change) = change.filter(is_known) {
            return self.impact_of_change(caller, change, tokens).await;
        }
        let engine = self.clone();
        self.compare(caller, from, since, move |asked, also, differ| {
            let mut answer = asked.impact(&name, Budget::new(tokens));
            answer.since = differ(&name);
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
            also.tell(&mut answer.envelope, &shown, &name);
            let mut paths: Vec<&str> = answer.of.iter().map(|one| one.path.as_str()).collect();
            paths.push(name.trim_matches('/'));
            answer.changes = engine.open_changes(&paths);
            let past = engine.past_of(asked, &name, &mut answer.envelope);
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

    /// Who is changing what, right now, and who wrote it; of a path or a symbol, or who changes anything when `name` is
    /// empty.
    ///
    /// # Errors
    /// Failures of the disk.
    pub async fn view_who(&self, caller: &Caller, name: String) -> Result<WhoAnswer, Error> {
        let engine = self.clone();
        self.look(caller, Where::Tip, move |asked, also| {
            let mut envelope = Envelope { late: also.late(), ..asked.envelope() };
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
            let authors = match wanted {
                "" => Vec::new(),
                _ => engine.past_soon(asked, wanted, &mut envelope).authors,
            };
            WhoAnswer { here, authors, envelope }
        })
        .await
    }

    /// Whoever may not read sees nothing of what others have written, committed or not.
    fn may_look(&self, caller: &Caller) -> Result<(), Refusal> {
        let now = self.now();
        self.read(|folds| {
            folds.guard.still_valid(caller, now)?;
            folds.guard.require(caller, Right::Read)
        })
    }

    /// Answers from a view, with what others are doing meanwhile.
    async fn look<T: Send + 'static>(
        &self,
        caller: &Caller,
        from: Where,
        answer: impl FnOnce(&Asked<'_>, &Others) -> T + Send + 'static,
    ) -> Result<T, Error> {
        self.compare(caller, from, None, |asked, also, _| answer(asked, also)).await
    }

    /// The same, and what differs since another moment.
    async fn compare<T: Send + 'static>(
        &self,
        caller: &Caller,
        from: Where,
        since: Option<Since>,
        answer: impl FnOnce(&Asked<'_>, &Others, Differ<'_>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        self.may_look(caller)?;
        let (engine, session) = (self.clone(), session_of(caller));
        let look = move || {
            let own = session.map(|session| engine.own(session)).transpose()?.flatten();
            let tip = || Ok::<_, Error>(Looked::at(engine.base(engine.trunk().tip()?)?));
            let looked = match (&own, from) {
                (Some(own), Where::Mine) => {
                    Looked { base: Arc::clone(&own.base), view: Arc::clone(&own.view) }
                }
                (Some(own), Where::Base) => Looked::at(Arc::clone(&own.base)),
                (Some(_), Where::Tip) | (None, Where::Mine | Where::Base | Where::Tip) => tip()?,
            };
            let pairs = match (since, own) {
                (None, _) => Vec::new(),
                (Some(_), None) => return Err(no_worktree().into()),
                (Some(since), Some(own)) => {
                    let base = || Looked::at(Arc::clone(&own.base));
                    let mine = || Looked { view: Arc::clone(&own.view), ..base() };
                    match since {
                        Since::Base => vec![
                            (("base", base()), ("tip", tip()?)),
                            (("base", base()), ("mine", mine())),
                        ],
                        Since::Tip => vec![(("tip", tip()?), ("mine", mine()))],
                    }
                }
            };
            let differ = |name: &str| -> Vec<Difference> {
                let each = pairs.iter().map(|((from, before), (to, after))| Difference {
                    from: (*from).to_owned(),
                    from_commit: before.view.commit().to_string(),
                    to: (*to).to_owned(),
                    to_commit: after.view.commit().to_string(),
                    ..engine
                        .asked(before, |was| engine.asked(after, |now| difference(name, was, now)))
                });
                each.collect()
            };
            let others = Others::of_everyone(&engine, session);
            Ok(engine.asked(&looked, |asked| answer(asked, &others, &differ)))
        };
        // Most answers take less than it takes to wake a thread for them and to be woken by it.
        match tokio::runtime::Handle::current().runtime_flavor() {
            RuntimeFlavor::MultiThread => tokio::task::block_in_place(look),
            _ => {
                let looked = tokio::task::spawn_blocking(look).await;
                looked.map_err(|error| Failure::Other(format!("could not look: {error}")))?
            }
        }
    }

    /// A view, to be asked.
    fn asked<T>(&self, looked: &Looked, ask: impl FnOnce(&Asked<'_>) -> T) -> T {
        let text = |blob: &Blob| self.text(blob);
        let (pool, view, manifests) = (&self.0.seeing.pool, &*looked.view, &looked.base.manifests);
        let meaning: Option<&dyn Meaning> = match self.rules().view.meaning {
            config::Meaning::Embedded => Some(&Embedded),
            config::Meaning::Off => None,
        };
        let (text, compiled) = (&text, &self.shelf().indexes());
        ask(&Asked { pool, view, manifests, text, compiled, meaning })
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

/// The session that asks, if it is one.
fn session_of(caller: &Caller) -> Option<SessionId> {
    match caller.actor {
        Actor::Session(session) => Some(session),
        Actor::Person(_) | Actor::Weir => None,
    }
}

fn no_worktree() -> Refusal {
    Refusal::new("view.no_worktree", "there is no worktree of yours to compare with")
        .hint("ask from the worktree of a session, or leave out `since`")
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
