//! Stacks: changes that build upon changes that have not landed. What is above goes where what is below goes.

use crate::{Error, Folds};
use weir_git::{CommitId, Objects};
use weir_model::event::queue::Event as QueueEvent;
use weir_model::event::review::Repair;
use weir_model::{Context, Event, Lease, Refusal, RevisionId, TaskId};
use weir_queue::PLACE_KEPT;
use weir_review::Change;

/// What a revision came back for that is above one that left.
const BELOW_LEFT: &str = "stack.below_left";

/// What a task builds upon: the latest revision of the one unfinished task that it comes after, and its commit. Nothing, if all
/// that it comes after is done.
///
/// # Errors
/// `stack.below_left`: that is not with the gate now.
pub(crate) fn below(folds: &Folds, task: TaskId) -> Result<Option<(RevisionId, String)>, Refusal> {
    let Some(first) = folds.work.task(task).and_then(|task| task.waits_for.first().copied()) else {
        return Ok(None);
    };
    let known = folds.work.may_build_upon(task).and_then(|first| folds.review.change_of(first));
    match known.filter(|change| change.is_with_the_gate()).map(Change::latest) {
        Some(below) => Ok(Some((below.id, below.commit.clone()))),
        None => {
            let sentence =
                format!("`{task}` builds upon `{first}`, which is not with the gate now");
            let hint = "wait until its change was brought again, and rebase onto that";
            Err(Refusal::new(BELOW_LEFT, sentence).hint(hint))
        }
    }
}

/// A commit contains what it is to build upon.
///
/// # Errors
/// `stack.not_upon`: it does not.
pub(crate) fn require_upon(
    objects: &Objects,
    commit: CommitId,
    below: RevisionId,
    held: CommitId,
) -> Result<(), Error> {
    if objects.contains(commit, held)? { Ok(()) } else { Err(not_upon(below).into()) }
}

/// It was judged upon what it is to build upon now.
///
/// # Errors
/// `stack.*`: that has changed meanwhile.
pub(crate) fn require_still(
    folds: &Folds,
    task: TaskId,
    judged: Option<RevisionId>,
) -> Result<(), Refusal> {
    match below(folds, task)? {
        Some((now, _)) if judged != Some(now) => Err(not_upon(now)),
        Some(_) | None => Ok(()),
    }
}

fn not_upon(below: RevisionId) -> Refusal {
    let RevisionId { change, number } = below;
    let sentence = format!("it does not contain `{below}`, which it is to build upon");
    let fetch = format!("git fetch weir refs/weir/changes/{change}/{number}");
    Refusal::new("stack.not_upon", sentence).hint(format!("{fetch} && git rebase FETCH_HEAD"))
}

/// What follows for all that builds upon a revision that leaves without landing: it goes back with it, keeps its place, and is
/// told upon what to build.
pub(crate) fn fall(
    folds: &Folds,
    left: RevisionId,
    lease: Lease,
    ctx: &Context,
) -> Result<Vec<Event>, Refusal> {
    let mut events = Vec::new();
    let mut fallen = vec![left];
    while let Some(below) = fallen.pop() {
        let upon =
            |change: &&Change| change.is_with_the_gate() && change.latest().below == Some(below);
        for change in folds.review.changes().filter(upon) {
            let revision = change.latest().id;
            let why = format!("`{below}`, which it builds upon, went back");
            if folds.queue.entry(revision).is_some() {
                let (code, why) = (BELOW_LEFT.to_owned(), why.clone());
                let refuse = weir_queue::Command::Refuse { revision, code, why };
                // Whatever it is part of is given up already, with what it builds upon.
                let left = weir_queue::decide(&folds.queue, refuse)?.into_iter();
                let left = left.filter(|event| matches!(event, QueueEvent::RevisionEjected { .. }));
                events.extend(left.map(Event::from));
            }
            let (first, task) = (below.change, change.task);
            let repair = Repair {
                code: BELOW_LEFT.to_owned(),
                sentence: why,
                hint: format!(
                    "once `{first}` was brought again: `weir task claim {task} --stacked`, rebase, and push"
                ),
                place_until: Some(ctx.now + PLACE_KEPT),
                ..Repair::default()
            };
            let ask = weir_review::Command::AskRepair { revision, repair };
            events.extend(weir_review::decide(&folds.review, ask)?.into_iter().map(Event::from));
            // There is nothing to do until what is below was brought again: whoever then has time claims it.
            let give_back = weir_work::Command::Return { task: change.task, owner: None, lease };
            let returned = weir_work::decide(&folds.work, give_back, ctx)?;
            events.extend(returned.into_iter().map(Event::from));
            fallen.push(revision);
        }
    }
    Ok(events)
}
