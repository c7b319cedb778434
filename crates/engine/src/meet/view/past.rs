//! What happened to the code, asked by people and sessions. Who asks for something else does not wait for it: what is
//! not read yet is read by a thread of its own, and the answer says so.

use super::{Where, not_empty};
use crate::core::chain;
use crate::{Engine, Error};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use weir_git::CommitId;
use weir_guard::Caller;
use weir_view::answer::{Envelope, HistoryAnswer};
use weir_view::ask::{Asked, Budget};
use weir_view::history::{Followed, Past, Source, followed};

/// Who asks for history waits for it so long; what was read is kept, so that the next answer reaches further.
const HISTORY: Duration = Duration::from_secs(3);
/// Who asks who knows something waits no longer than this for history beside it.
const BESIDE: Duration = Duration::from_millis(250);
/// So long is read for what somebody asked, before it is the turn of what another did.
const TURN: Duration = Duration::from_secs(10);
/// More are not remembered: what was asked long ago is forgotten first.
const UNREAD_MAX: usize = 64;
/// Whoever waits for an answer goes before who reads ahead.
const NICE: i32 = 10;

/// What is asked of history.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Of {
    /// What happened to these.
    These(Vec<Followed>),
    /// What changes when these paths do.
    Paths(BTreeSet<String>),
}

/// What was asked, and is not read yet.
#[derive(Default)]
pub(super) struct Unread(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    asked: VecDeque<(CommitId, Of)>,
    is_read: bool,
    is_over: bool,
}

impl Unread {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing is read any more.
    pub(super) fn end(&self) {
        let mut waiting = self.waiting();
        waiting.is_over = true;
        waiting.asked.clear();
    }

    fn is_over(&self) -> bool {
        self.waiting().is_over
    }
}

impl Engine {
    /// Which commits changed what is called `name`, or what lies at that path, who wrote it, and what changes with it.
    ///
    /// # Errors
    /// `view.empty`; failures of the disk.
    pub async fn view_history(
        &self,
        caller: &Caller,
        from: Where,
        name: String,
        tokens: Option<usize>,
    ) -> Result<HistoryAnswer, Error> {
        not_empty(&name)?;
        let engine = self.clone();
        self.look(caller, from, move |asked, _| {
            let until = Instant::now() + HISTORY;
            let is_time_up = || Instant::now() >= until;
            let source = Source::Git(engine.trunk().objects(), &is_time_up);
            engine.0.seeing.history.ask(source, asked, &name, Budget::new(tokens))
        })
        .await?
        .map_err(Error::from)
    }

    /// History, for an answer to something else, which does not wait for it; the envelope says how far it was looked at.
    pub(super) fn past_of(&self, asked: &Asked<'_>, name: &str, envelope: &mut Envelope) -> Past {
        self.past_from(Source::Kept, asked, name, envelope)
    }

    /// The same for who waits a little.
    pub(super) fn past_soon(&self, asked: &Asked<'_>, name: &str, envelope: &mut Envelope) -> Past {
        let until = Instant::now() + BESIDE;
        let is_time_up = || Instant::now() >= until;
        self.past_from(Source::Git(self.trunk().objects(), &is_time_up), asked, name, envelope)
    }

    fn past_from(
        &self,
        source: Source<'_>,
        asked: &Asked<'_>,
        name: &str,
        envelope: &mut Envelope,
    ) -> Past {
        let (head, these) = (asked.view.commit(), followed(asked, name));
        let past = self.0.seeing.history.past(source, head, &these);
        self.tell_past(head, past, Of::These(these), envelope)
    }

    /// What changes when these files do, and is not among them.
    pub(super) fn together_with(
        &self,
        asked: &Asked<'_>,
        paths: &BTreeSet<String>,
        envelope: &mut Envelope,
    ) -> Past {
        let head = asked.view.commit();
        let past = self.0.seeing.history.together(Source::Kept, head, paths);
        self.tell_past(head, past, Of::Paths(paths.clone()), envelope)
    }

    fn tell_past(
        &self,
        head: CommitId,
        past: Result<Past, weir_git::Error>,
        of: Of,
        envelope: &mut Envelope,
    ) -> Past {
        let past = past.unwrap_or_else(|error| {
            let cut = Some(format!("history cannot be read: {}", chain(&error)));
            Past { cut, ..Past::default() }
        });
        envelope.history.clone_from(&past.cut);
        if past.is_unread {
            self.read_later(head, of);
        }
        past
    }

    fn read_later(&self, head: CommitId, of: Of) {
        let mut waiting = self.0.seeing.unread.waiting();
        let Waiting { asked, is_read, is_over } = &mut *waiting;
        let one = (head, of);
        if *is_over || asked.contains(&one) {
            return;
        }
        asked.push_back(one);
        if asked.len() > UNREAD_MAX {
            asked.pop_front();
        }
        if *is_read {
            return;
        }
        let engine = self.clone();
        let thread = std::thread::Builder::new().name("history".into());
        match thread.spawn(move || engine.read_unread()) {
            Ok(_) => *is_read = true,
            Err(error) => tracing::warn!(%error, "history is not read ahead"),
        }
    }

    /// Reads what was asked last first: who asked it may still be there.
    fn read_unread(&self) {
        // A thread that may not be nice reads all the same.
        let _ = rustix::process::setpriority_process(None, NICE);
        let seeing = &self.0.seeing;
        loop {
            let (head, of) = {
                let mut waiting = seeing.unread.waiting();
                let Some(next) = waiting.asked.pop_back() else {
                    waiting.is_read = false;
                    return;
                };
                next
            };
            let until = Instant::now() + TURN;
            let is_time_up = || Instant::now() >= until || seeing.unread.is_over();
            let source = Source::Git(self.trunk().objects(), &is_time_up);
            let read = match &of {
                Of::These(these) => seeing.history.past(source, head, these).map(drop),
                Of::Paths(paths) => seeing.history.together(source, head, paths).map(drop),
            };
            if let Err(error) = read {
                tracing::debug!(error = %chain(&error), ?of, "history was not read");
            }
        }
    }
}
