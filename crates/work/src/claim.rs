//! Claims: who owns which task, and until when.

use crate::{Event, State, Work};
use weir_model::event::work::Hold;
use weir_model::{Context, Lease, Refusal, SessionId, TaskId, Timestamp};

pub(crate) fn claim(
    work: &Work,
    task: TaskId,
    session: SessionId,
    lease: Lease,
    stacked: bool,
    ctx: &Context,
) -> Result<Vec<Event>, Refusal> {
    let known = work.known(task)?;
    let expires_at = ctx.now + lease;
    let hold = match known.state {
        // A lease has ended at the instant it names.
        State::Claimed(hold) if ctx.now < hold.expires_at => {
            if hold.session != session {
                return Err(held(task, &hold));
            }
            // Asking twice renews: an owner whose reply was lost must be able to ask again. And never
            // shortens: a late copy of an old request changes nothing.
            let expires_at = expires_at.max(hold.expires_at);
            return Ok(vec![Event::ClaimRenewed { task, hold: Hold { expires_at, ..hold } }]);
        }
        State::Open | State::Claimed(_) => {
            Hold { session, token: work.last_token.next(), expires_at }
        }
        State::Submitted(_) | State::Done(_) | State::Withdrawn => {
            return Err(past(task, known.state));
        }
    };
    if let Some(first) = known.waits_for.first()
        && !(stacked && work.may_build_upon(task).is_some())
    {
        let sentence = format!("task `{task}` waits for `{first}`");
        let hint = match work.may_build_upon(task) {
            Some(_) => format!("build upon its change: `weir task claim {task} --stacked`"),
            None => "take another: `weir task next`".to_owned(),
        };
        return Err(Refusal::new("task.blocked", sentence).hint(hint));
    }
    if let Some(other) = work.held_by(session).filter(|other| *other != task) {
        let live = work.task(other).and_then(|other| other.state.hold());
        if live.is_some_and(|hold| ctx.now < hold.expires_at) {
            let sentence = format!("session `{session}` already holds task `{other}`");
            return Err(Refusal::new("claim.one_at_a_time", sentence)
                .hint(format!("bring it, or give it back: `weir task release {other}`")));
        }
    }
    Ok(vec![Event::TaskClaimed { task, hold }])
}

pub(crate) fn release(
    work: &Work,
    task: TaskId,
    session: SessionId,
) -> Result<Vec<Event>, Refusal> {
    match work.known(task)?.state {
        State::Claimed(hold) if hold.session == session => {
            Ok(vec![Event::ClaimReleased { task, session }])
        }
        State::Claimed(hold) => Err(held(task, &hold)),
        // A release whose reply was lost may be repeated.
        State::Open => Ok(Vec::new()),
        state @ (State::Submitted(_) | State::Done(_) | State::Withdrawn) => Err(past(task, state)),
    }
}

pub(crate) fn give_back(
    work: &Work,
    task: TaskId,
    owner: Option<SessionId>,
    lease: Lease,
    ctx: &Context,
) -> Result<Vec<Event>, Refusal> {
    work.submitted(task)?;
    // An owner who holds another task by now cannot hold this one too: it goes to whoever is next.
    let free = owner.filter(|session| work.held_by(*session).is_none());
    let hold = free.map(|session| Hold {
        session,
        token: work.last_token.next(),
        expires_at: ctx.now + lease,
    });
    Ok(vec![Event::TaskReturned { task, hold }])
}

pub(crate) fn live(
    work: &Work,
    task: TaskId,
    session: SessionId,
    now: Timestamp,
) -> Result<Hold, Refusal> {
    match work.known(task)?.state {
        State::Claimed(hold) if hold.session != session => Err(held(task, &hold)),
        State::Claimed(hold) if now < hold.expires_at => Ok(hold),
        State::Claimed(hold) => {
            let sentence = format!("the claim on task `{task}` ended at {}", hold.expires_at);
            Err(Refusal::new("claim.expired", sentence)
                .hint(format!("claim it again, if nobody has: `weir task claim {task}`")))
        }
        State::Open => {
            let sentence = format!("session `{session}` does not hold task `{task}`");
            Err(Refusal::new("claim.none", sentence)
                .hint(format!("claim it first: `weir task claim {task}`")))
        }
        state @ (State::Submitted(_) | State::Done(_) | State::Withdrawn) => Err(past(task, state)),
    }
}

fn held(task: TaskId, hold: &Hold) -> Refusal {
    Refusal::new("claim.held", format!("task `{task}` is held by `{}`", hold.session))
        .hint(format!("wait until {}, or take another: `weir task next`", hold.expires_at))
}

fn past(task: TaskId, state: State) -> Refusal {
    match state {
        State::Submitted(change) => {
            let sentence = format!("task `{task}` is with the gate, as change `{change}`");
            Refusal::new("task.submitted", sentence)
                .hint(format!("see how it does: `weir show {change}`"))
        }
        State::Done(landing) => {
            let sentence = format!("task `{task}` is done: it landed as `{landing}`");
            Refusal::new("task.done", sentence).hint("take another: `weir task next`")
        }
        State::Withdrawn => Refusal::new("task.withdrawn", format!("task `{task}` is withdrawn"))
            .hint("take another: `weir task next`"),
        State::Open | State::Claimed(_) => {
            unreachable!("open and claimed tasks are not past claiming")
        }
    }
}
