//! What is expected of what waits in the queue: as its driver has it, or, where another process drives, as we would have it.

use crate::Engine;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use weir_model::Timestamp;
use weir_queue::plan::Price;
use weir_queue::{Apart, Ask, Looked, Outlook};

/// What is known.
#[derive(Default)]
pub(crate) struct Known(Mutex<Option<(Arc<Outlook>, Good)>>);

/// How long it is good for.
#[derive(Clone, Copy)]
enum Good {
    /// Until the driver has planned anew.
    Driven,
    /// Until then.
    Until(Timestamp),
}

/// Whoever does not drive plans for those who ask at most so often.
const KEPT: Duration = Duration::from_secs(2);

impl Known {
    /// The driver of this process has planned; or, with nothing, drives no more.
    pub(crate) fn drive(&self, outlook: Option<Outlook>) {
        self.keep(outlook.map(|outlook| (Arc::new(outlook), Good::Driven)));
    }

    fn keep(&self, known: Option<(Arc<Outlook>, Good)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

impl Engine {
    /// How many candidates can be tested at once: by the server's own workers, and by the runners that are here.
    pub(crate) fn workers(&self, now: Timestamp) -> u32 {
        let own = self.rules().queue.workers;
        self.read(|folds| folds.queue.places(now)).saturating_add(own)
    }

    /// What is expected of what waits in the queue, and why it waits.
    pub fn outlook(&self) -> Arc<Outlook> {
        let known = &self.0.outlook;
        let now = self.now();
        match &*known.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((outlook, Good::Driven)) => return Arc::clone(outlook),
            Some((outlook, Good::Until(end))) if now < *end => return Arc::clone(outlook),
            Some((_, Good::Until(_))) | None => {}
        }
        let apart = Apart::new();
        let workers = self.workers(now);
        let (looked, price) = (Looked::new(), Price::default());
        let ask = Ask { now, workers, apart: &apart, looked: &looked, price };
        let planned = self.read(|folds| {
            let (_, plan) = weir_queue::next(&folds.queue, &ask)?;
            Some(weir_queue::outlook(&folds.queue, &plan))
        });
        let outlook = Arc::new(planned.unwrap_or_default());
        known.keep(Some((Arc::clone(&outlook), Good::Until(now + KEPT))));
        outlook
    }
}
