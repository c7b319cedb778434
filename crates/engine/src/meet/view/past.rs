//! What happened to the code, asked by people and sessions.

use super::{Where, not_empty};
use crate::{Engine, Error};
use std::time::{Duration, Instant};
use weir_guard::Caller;
use weir_view::answer::HistoryAnswer;
use weir_view::ask::{Asked, Budget};
use weir_view::history::Past;

/// Who asks for history waits for it so long; what was read is kept, so that the next answer reaches further.
const HISTORY: Duration = Duration::from_secs(3);
/// Who asks for something else waits no longer than this for history beside it.
const BESIDE: Duration = Duration::from_millis(250);

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
            let objects = engine.trunk().objects();
            let until = Instant::now() + HISTORY;
            let is_time_up = || Instant::now() >= until;
            let history = &engine.0.seeing.history;
            history.ask(objects, asked, &name, Budget::new(tokens), &is_time_up)
        })
        .await?
        .map_err(Error::from)
    }

    /// History, for an answer to something else: none, where it cannot be read.
    pub(super) fn past_of(&self, asked: &Asked<'_>, name: &str) -> Past {
        let until = Instant::now() + BESIDE;
        let history = &self.0.seeing.history;
        let past = history.past(self.trunk().objects(), asked, name, &|| Instant::now() >= until);
        past.unwrap_or_default()
    }
}
