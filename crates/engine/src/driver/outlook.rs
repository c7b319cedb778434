//! What is next: the queue's planner is told what only the driver knows, and everybody else what it expects.

use super::{Drive, gate};
use std::time::Duration;
use weir_model::RevisionId;
use weir_queue::{Ask, Next};

impl Drive {
    /// What to do next, and after how long that is another question though nothing has happened.
    pub(super) fn plan(&mut self) -> (Vec<Next>, Option<Duration>) {
        self.look();
        let now = self.engine.now();
        let workers = self.engine.workers(now);
        let Self { apart, looked, price, .. } = &*self;
        let ask = Ask { now, workers, apart, looked, price: *price };
        let planned = self.read(|folds| weir_queue::next(&folds.queue, &ask));
        let Some((next, plan)) = planned else { return (Vec::new(), None) };
        self.price = plan.price;
        let outlook = self.read(|folds| weir_queue::outlook(&folds.queue, &plan));
        self.engine.0.outlook.drive(Some(outlook));
        let wake = plan.wake_ms.map(|wake| {
            let now = u64::try_from(now.as_millis()).unwrap_or(0);
            Duration::from_millis(wake.saturating_sub(now))
        });
        (next, wake)
    }

    /// Finds out which checks look at what waits. Of what has landed it is remembered.
    fn look(&mut self) {
        let checks = self.read(|folds| folds.queue.checks());
        if self.looked_for != checks {
            self.looked.clear();
            self.looked_for = checks;
        }
        let (known, checks) = (&self.looked, &self.looked_for);
        let new = self.read(|folds| {
            let paths: Option<Vec<_>> = checks.iter().map(|check| check.paths.as_ref()).collect();
            // A check that does not say what it looks at looks at everything.
            let paths = paths.filter(|paths| !paths.is_empty())?;
            let looks = |revision: RevisionId| {
                let changed = &folds.review.revision(revision)?.paths;
                gate::looked(&paths, changed).map(|looked| (revision, looked))
            };
            let waiting = folds.queue.waiting().iter().map(|entry| entry.revision);
            let new = waiting.filter(|one| !known.contains_key(one));
            Some(new.filter_map(looks).collect::<Vec<_>>())
        });
        self.looked.extend(new.unwrap_or_default());
    }
}
