//! What the queue's own history says about what comes: how often a change passes, how often a run fails by chance, how
//! long one takes. What is latest counts most; a queue that has seen nothing begins as others are.

use crate::RunState;
use crate::candidate::Candidate;
use crate::plan::Length;
use serde::{Deserialize, Serialize};
use weir_model::Timestamp;

/// What history says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Past {
    good: Share,
    flakes: Share,
    length: Mean,
}

/// How much the latest hundred count for, against all before them: the weight of each, upon the next.
const KEPT: f64 = 0.99;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Share {
    of: f64,
    all: f64,
}

impl Share {
    fn see(&mut self, is: bool) {
        self.of = self.of * KEPT + f64::from(u8::from(is));
        self.all = self.all * KEPT + 1.0;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Mean {
    weight: f64,
    sum: f64,
    squares: f64,
}

impl Default for Past {
    /// Nine of ten changes pass, and one run of fifty fails by chance; the first run says how long they take.
    fn default() -> Self {
        let minute = 60_000.0;
        let weight = 0.01;
        Self {
            good: Share { of: 9.0, all: 10.0 },
            flakes: Share { of: 1.0, all: 50.0 },
            length: Mean { weight, sum: weight * minute, squares: weight * minute * minute },
        }
    }
}

impl Past {
    /// The chance that a change passes.
    pub fn success(&self) -> f64 {
        self.good.of / self.good.all
    }

    /// The chance that a run of a good candidate fails.
    pub fn flake(&self) -> f64 {
        self.flakes.of / self.flakes.all
    }

    /// How long a run takes.
    pub fn length(&self) -> Length {
        let Mean { weight, sum, squares } = self.length;
        let mean_ms = sum / weight;
        Length { mean_ms, sd_ms: (squares / weight - mean_ms * mean_ms).max(0.0).sqrt() }
    }

    /// A change landed, or was shown to be at fault.
    pub(crate) fn see_change(&mut self, is_good: bool) {
        self.good.see(is_good);
    }

    /// A run of a candidate ended. Only of one that passes is it known that a failure was chance.
    pub(crate) fn see_run(&mut self, known: &Candidate, run: u32, at: Timestamp) {
        let Some(ended) = known.run(run) else { return };
        match known.state_of(ended) {
            RunState::Passed => {
                if known.count(RunState::Passed) == 1 {
                    (0..known.count(RunState::Failed)).for_each(|_| self.flakes.see(true));
                }
                self.flakes.see(false);
                if ended.results.iter().any(|result| result.taken_from.is_none()) {
                    self.see_length(at.since(ended.since).as_secs_f64() * 1000.0);
                }
            }
            RunState::Failed if known.has_passed() => self.flakes.see(true),
            RunState::Failed | RunState::Void | RunState::Stopped | RunState::Running => {}
        }
    }

    fn see_length(&mut self, took_ms: f64) {
        let Mean { weight, sum, squares } = &mut self.length;
        *weight = *weight * KEPT + 1.0;
        *sum = *sum * KEPT + took_ms;
        *squares = *squares * KEPT + took_ms * took_ms;
    }
}
