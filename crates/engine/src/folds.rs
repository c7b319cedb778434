//! The folds: what every pillar knows, as of one place in the ledger.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_flow::Flow;
use weir_guard::Guard;
use weir_guard::acts::Acts;
use weir_ledger::{Stream, Version};
use weir_model::{Event, Position, Timestamp};
use weir_queue::Queue;
use weir_review::Review;
use weir_work::Work;

/// What every pillar knows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Folds {
    /// People, tokens, sessions.
    pub guard: Guard,
    /// What agents do, and what waits for people.
    pub acts: Acts,
    /// Tasks and claims.
    pub work: Work,
    /// Changes and approvals.
    pub review: Review,
    /// The queue and its landings.
    pub queue: Queue,
    /// Stages and waits.
    pub flow: Flow,
    /// The last record that is taken in: what is decided on these folds stands after it.
    pub position: Position,
}

impl Folds {
    /// Takes a fact in, in every pillar that folds it.
    pub fn take(&mut self, at: Timestamp, position: Position, event: &Event) {
        self.position = position;
        match event {
            Event::Guard(event) => weir_guard::evolve(&mut self.guard, event),
            Event::Act(event) => {
                weir_guard::acts::evolve(&mut self.acts, at, position, event);
            }
            Event::Work(event) => weir_work::evolve(&mut self.work, event),
            Event::Review(event) => weir_review::evolve(&mut self.review, event),
            Event::Queue(event) => weir_queue::evolve(&mut self.queue, at, event),
        }
        weir_flow::evolve(&mut self.flow, at, event);
    }
}

/// Folds, and where in the ledger they stand.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) folds: Folds,
    pub(crate) position: Position,
    pub(crate) versions: BTreeMap<String, u64>,
    pub(crate) last: Timestamp,
}

impl Standing {
    /// Takes the next record's fact in.
    pub(crate) fn take(&mut self, at: Timestamp, event: &Event) {
        self.position = self.position.next();
        *self.versions.entry(event.stream().to_owned()).or_default() += 1;
        self.last = self.last.max(at);
        self.folds.take(at, self.position, event);
    }

    /// Takes in the facts of the records from `first` on. Idempotent: what was taken in before is passed over.
    pub(crate) fn take_all(&mut self, first: Position, facts: &[(Timestamp, Event)]) {
        for (position, (at, event)) in (first.0..).zip(facts) {
            if position == self.position.0 + 1 {
                self.take(*at, event);
            }
        }
    }

    /// What a decision taken on these folds rests on: every stream, for any pillar may have been asked.
    pub(crate) fn expectations(&self) -> Vec<(Stream, Version)> {
        let version = |name: &str| Version(self.version(name));
        Event::STREAMS.into_iter().map(|name| (Stream::known(name), version(name))).collect()
    }

    /// How many facts of a stream are taken in.
    pub(crate) fn version(&self, stream: &str) -> u64 {
        self.versions.get(stream).copied().unwrap_or(0)
    }
}
