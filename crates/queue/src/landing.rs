//! Landings: the one step of the queue that everybody sees, recorded before it is taken.

use crate::{Event, Queue};
use serde::{Deserialize, Serialize};
use weir_model::{CandidateId, LandingId, Refusal, RevisionId};

/// A move of the trunk to a tested candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landing {
    /// Its id.
    pub id: LandingId,
    /// The candidate.
    pub candidate: CandidateId,
    /// The revision.
    pub revision: RevisionId,
    /// Where the trunk stood.
    pub from: String,
    /// Where it goes: the candidate's commit.
    pub to: String,
    /// The tree that was tested.
    pub tree: String,
    /// How far it is.
    pub progress: Progress,
}

/// How far a landing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Recorded; the trunk may or may not have moved.
    Started,
    /// The trunk moved.
    Landed,
    /// The trunk stood elsewhere; nothing moved.
    Lost,
}

impl Landing {
    pub(crate) fn new(
        id: LandingId,
        candidate: CandidateId,
        revision: RevisionId,
        from: &str,
        to: &str,
        tree: &str,
    ) -> Self {
        let (from, to, tree) = (from.to_owned(), to.to_owned(), tree.to_owned());
        Self { id, candidate, revision, from, to, tree, progress: Progress::Started }
    }
}

pub(crate) fn start(queue: &Queue, candidate: CandidateId) -> Result<Vec<Event>, Refusal> {
    let known = queue.under_test(candidate)?;
    if !known.has_passed() {
        let sentence = format!("candidate `{candidate}` has not passed its checks");
        return Err(Refusal::new("landing.unproven", sentence));
    }
    if queue.tip() != Some(known.onto.as_str()) {
        let sentence = format!("candidate `{candidate}` was not tested on the tip");
        return Err(Refusal::new("candidate.not_on_tip", sentence));
    }
    let last = queue.landings().next_back().map_or(LandingId(0), |landing| landing.id);
    Ok(vec![Event::LandingStarted {
        landing: last.next(),
        candidate,
        from: known.onto.clone(),
        to: known.commit.clone(),
        tree: known.tree.clone(),
    }])
}
