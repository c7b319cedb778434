//! Landings: the one step of the queue that everybody sees, recorded before it is taken.

use crate::{Event, Queue, audit};
use serde::{Deserialize, Serialize};
use weir_model::event::queue::Dropped;
use weir_model::{CandidateId, LandingId, Refusal, RevisionId};

/// A move of the trunk to a tested candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landing {
    /// Its id.
    pub id: LandingId,
    /// The candidate.
    pub candidate: CandidateId,
    /// The revisions that it brings.
    pub revisions: Vec<RevisionId>,
    /// Where the trunk stood.
    pub from: String,
    /// Where it goes: a commit on top of `from`, with the candidate's tree.
    pub to: String,
    /// The tree that was tested.
    pub tree: String,
    /// Why it landed then.
    pub why: String,
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

pub(crate) fn start(
    queue: &Queue,
    candidate: CandidateId,
    to: String,
    why: String,
) -> Result<Vec<Event>, Refusal> {
    let known = queue.under_test(candidate)?;
    queue.require_no_landing()?;
    if queue.frozen().is_some() {
        let refusal = Refusal::new("queue.frozen", "nothing lands until the thaw");
        return Err(refusal.hint("thaw it: `weir queue thaw`"));
    }
    if known.rest().is_empty() || !known.has_passed() {
        let sentence = format!("candidate `{candidate}` has not passed its checks");
        return Err(Refusal::new("landing.unproven", sentence));
    }
    if queue.gate().is_none() || queue.checks() != known.checks {
        let sentence = format!("candidate `{candidate}` passed other checks than the gate's");
        return Err(Refusal::new("landing.unproven", sentence));
    }
    if queue.tip() != Some(known.at()) {
        let sentence = format!("candidate `{candidate}` was not tested on the tip");
        return Err(Refusal::new("candidate.not_on_tip", sentence));
    }
    if known.is_on_its_tip() && known.commit != to {
        let sentence = format!("candidate `{candidate}` is `{}`, not `{to}`", known.commit);
        return Err(Refusal::new("landing.other_commit", sentence));
    }
    let last = queue.landings().next_back().map_or(LandingId(0), |landing| landing.id);
    Ok(vec![Event::LandingStarted {
        landing: last.next(),
        candidate,
        revisions: known.rest(),
        from: known.at().to_owned(),
        to,
        tree: known.tree.clone(),
        why,
    }])
}

/// The trunk moved. What was tested upon exactly this goes on from here; nothing else does.
pub(crate) fn finish(queue: &Queue, landing: LandingId) -> Result<Vec<Event>, Refusal> {
    let known = queue.under_way(landing)?;
    let others = queue.testing().filter(|open| open.id != known.candidate);
    // What runs goes on: it may be about something that no check of what landed looks at. Else it is stopped.
    let overtaken = others.filter(|open| {
        let is_done = open.left().iter().all(|own| known.revisions.contains(own));
        let goes_on = open.is_running() && !is_done || audit::goes_on(queue, open);
        !goes_on && open.after(&known.from, &known.revisions, &known.tree).is_none()
    });
    let dropped = overtaken
        .map(|open| Event::CandidateDropped { candidate: open.id, why: Dropped::Overtaken });
    Ok(dropped.chain([Event::LandingFinished { landing }]).collect())
}
