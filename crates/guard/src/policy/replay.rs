//! Replays: what a change of policies would have decided otherwise, of what was really asked.

use super::bundle::Bundle;
use super::judge::ruling;
use super::scope::Scope;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_model::act::{Act, Answer, Effect, Ruling};

/// A decision as it was recorded: all that it rested on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// What was known of who acted.
    pub scope: Scope,
    /// What was about to be done.
    pub act: Act,
    /// What it came to.
    pub effects: Vec<Effect>,
}

/// What a replay found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Replay {
    /// How many decisions were made again.
    pub decided: usize,
    /// Those that come out otherwise.
    pub changed: Vec<Otherwise>,
}

/// A decision that comes out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Otherwise {
    /// Its place among those that were recorded.
    pub at: usize,
    /// What the old policies say.
    pub old: Ruling,
    /// What the new ones say.
    pub new: Ruling,
}

/// Decides again, by the old policies and by the new ones.
pub fn replay<'r>(
    old: &Bundle,
    new: &Bundle,
    recorded: impl IntoIterator<Item = &'r Recorded>,
) -> Replay {
    let mut replay = Replay::default();
    for (at, Recorded { scope, act, effects }) in recorded.into_iter().enumerate() {
        replay.decided += 1;
        let ruled = |bundle| ruling(bundle, scope, act, effects);
        let (old, new) = (ruled(old), ruled(new));
        if old.answer != new.answer {
            replay.changed.push(Otherwise { at, old, new });
        }
    }
    replay
}

impl Replay {
    /// How many went from which answer to which.
    pub fn counts(&self) -> BTreeMap<(Answer, Answer), usize> {
        let mut counts = BTreeMap::new();
        for change in &self.changed {
            *counts.entry((change.old.answer, change.new.answer)).or_default() += 1;
        }
        counts
    }
}
