//! What stands in the code by its very characters.

use super::Where;
use crate::{Engine, Error};
use std::time::{Duration, Instant};
use weir_guard::Caller;
use weir_model::Refusal;
use weir_view::answer::GrepAnswer;
use weir_view::ask::Budget;
use weir_view::grep::Grep;
use weir_view::pool::Blob;
use weir_view::tree::bytes_of;

/// So long is looked at most. What was not looked at then is said; who wants more names paths.
const TIME: Duration = Duration::from_secs(3);

impl Engine {
    /// Where an exact text or a regular expression stands.
    ///
    /// # Errors
    /// `view.pattern_*` for what cannot be looked for, `paths.malformed`, `view.paths_empty`; failures of the disk.
    pub async fn view_grep(
        &self,
        caller: &Caller,
        from: Where,
        grep: Grep,
        tokens: Option<usize>,
    ) -> Result<GrepAnswer, Error> {
        let objects = self.trunk().objects().clone();
        let found = self.look(caller, from, move |asked, also| {
            let bytes = |blob: &Blob| bytes_of(&objects, blob).ok();
            let until = Instant::now() + TIME;
            let goes_on = || Instant::now() < until;
            let mut answer = asked.grep(&grep, &bytes, &goes_on, Budget::new(tokens))?;
            let shown: Vec<(&str, &str)> =
                answer.files.iter().map(|file| (file.path.as_str(), "")).collect();
            also.tell(&mut answer.envelope, &shown, "");
            Ok::<_, Refusal>(answer)
        });
        Ok(found.await??)
    }
}
