//! `/v1/approvals`, `/v1/agents` and what holds agents: acts are decided here, people answer here.

use super::done;
use crate::door::{Body, Door, Named, Optional};
use crate::reply::{Problem, Reply};
use crate::see::unknown_on_disk;
use crate::wire::{
    Agents, Allowance, Approval, Attachment, Done, HookCheck, HookReply, List, Proposal, Refused,
    Whom, Words,
};
use axum::Json;
use axum::body::Bytes;
use axum::extract::Query;
use serde::Deserialize;
use utoipa::IntoParams;
use weir_engine::Holds;
use weir_model::act::Client;
use weir_model::event::act::Reach;
use weir_model::{AnyId, ApprovalId, Event, Position, Refusal, SessionId};

/// What to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listed {
    /// Also those that were answered or ended.
    #[serde(default)]
    all: bool,
}

/// Which event of the client's it is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// The event, as the client calls it.
    event: String,
    /// Whether a person sits at the client, so that it can ask them.
    #[serde(default)]
    attended: bool,
    /// How many tokens this conversation has cost so far, where the client's transcript tells it.
    #[serde(default)]
    spent: Option<u64>,
    /// What the hook has of a leave to decide without this server: `old` or `fresh`.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "fresh")]
    leave: Option<Leave>,
}

/// What a hook has of a leave.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Leave {
    Old,
    Fresh,
}

/// Answer a client's hook
///
/// The body is what the client gave its hook, unchanged; the answer is what the hook program prints and how it ends.
/// Where the client waits for a yes, the decision is on record before this answers.
#[utoipa::path(post, path = "/v1/hook/{client}", tag = "acts", params(Which,
    ("client" = String, Path, example = "claude")), request_body = String,
    responses((status = 200, body = HookReply), (status = "default", body = Refused)))]
pub(crate) async fn hook(
    door: Door,
    Named(client): Named<Client>,
    Query(which): Query<Which>,
    payload: Bytes,
) -> Reply<HookReply> {
    let Which { event, attended, spent, leave } = which;
    let said = |reply: weir_hook::Reply, leave: Option<String>| {
        let weir_hook::Reply { stdout, stderr, exit } = reply;
        Json(HookReply { stdout, stderr, exit, leave })
    };
    let act = match weir_hook::read(client, &event, &payload) {
        Ok(act) => act,
        // What cannot be read is refused in the client's own way, and told to its agent.
        Err(refusal) => {
            return Ok(said(weir_hook::refuse(client, &event, &refusal.to_string()), None));
        }
    };
    if let Some(tokens) = spent {
        door.engine().count_spend(&door.caller, &act.conversation, tokens).await?;
    }
    let answered = door.engine().act(&door.caller, act).await?;
    let holds = leave.map_or(Holds::Nothing, |leave| match leave {
        Leave::Old => Holds::Old,
        Leave::Fresh => Holds::Fresh,
    });
    // After the act, so that it knows what was met by it.
    let leave = door.engine().leave(&door.caller, client, holds).await?;
    let words = weir_hook::Words {
        context: answered.context,
        approval: answered.approval.map(|approval| approval.to_string()),
        attended,
        ..weir_hook::Words::default()
    };
    Ok(said(weir_hook::answer(client, &event, &answered.ruling, &words), leave))
}

/// Tell what a hook decided without this server
///
/// The list as the hook kept it, one act a line. Telling it twice records it once.
#[utoipa::path(post, path = "/v1/sessions/{session}/alone", tag = "acts", request_body = String,
    params(("session" = String, Path, example = "S1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn alone(
    door: Door,
    Named(session): Named<SessionId>,
    list: Bytes,
) -> Reply<Done> {
    // What is no text is no line that anybody can read, and is recorded as such.
    let list = String::from_utf8_lossy(&list).into_owned();
    door.engine().decided_alone(&door.caller, session, list).await?;
    Ok(done())
}

/// The requests that wait for a person
///
/// Oldest first; with `all`, the latest hundred, answered or not.
#[utoipa::path(get, path = "/v1/approvals", tag = "acts", params(Listed),
    responses((status = 200, body = List<Approval>), (status = "default", body = Refused)))]
pub(crate) async fn list(door: Door, Query(which): Query<Listed>) -> Reply<List<Approval>> {
    door.tell(|see| {
        let acts = &see.folds.acts;
        let mut found: Vec<_> =
            if which.all { acts.approvals().collect() } else { acts.waiting(see.now).collect() };
        let total = found.len() as u64;
        if which.all {
            found.reverse();
        }
        let items = found.into_iter().take(100).map(|one| see.approval(one)).collect();
        Ok(List { items, total })
    })
}

/// One request, with what it comes to
#[utoipa::path(get, path = "/v1/approvals/{approval}", tag = "acts",
    params(("approval" = String, Path, example = "A1")),
    responses((status = 200, body = Approval), (status = "default", body = Refused)))]
pub(crate) async fn get(door: Door, Named(approval): Named<ApprovalId>) -> Reply<Approval> {
    whole(&door, approval).await.map(Json)
}

/// A request with what its decision recorded.
pub(crate) async fn whole(door: &Door, approval: ApprovalId) -> Result<Approval, Problem> {
    let unknown = || unknown_on_disk(&AnyId::Approval(approval));
    let decision = door.read(|see| {
        see.folds.acts.approval(approval).map(|known| known.decision).ok_or_else(unknown)
    })?;
    let before = Position(decision.0.saturating_sub(1));
    let records = door.ask_disk(move |engine| engine.log(before, 1)).await?;
    let event = match records.first() {
        Some(record) => Event::from_json(record.stream.as_str(), &record.body)?,
        None => return Err(unknown().into()),
    };
    door.read(|see| {
        let known = see.folds.acts.approval(approval).ok_or_else(unknown)?;
        Ok(match &event {
            Event::Act(event) => see.approval_whole(known, event),
            Event::Guard(_) | Event::Work(_) | Event::Review(_) | Event::Queue(_) => {
                see.approval(known)
            }
        })
    })
}

/// Let an act happen
///
/// Exactly the act that was asked for, once unless said, and within an hour unless said.
#[utoipa::path(post, path = "/v1/approvals/{approval}/allow", tag = "acts",
    request_body = Option<Allowance>, params(("approval" = String, Path, example = "A1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn allow(
    door: Door,
    Named(approval): Named<ApprovalId>,
    Optional(allowance): Optional<Allowance>,
) -> Reply<Done> {
    let Allowance { uses, length } = allowance;
    door.engine().give_approval(&door.caller, approval, uses.unwrap_or(1), length).await?;
    Ok(done())
}

/// Refuse an act
///
/// The agent reads why when it tries again.
#[utoipa::path(post, path = "/v1/approvals/{approval}/refuse", tag = "acts",
    request_body = Option<Words>, params(("approval" = String, Path, example = "A1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn refuse(
    door: Door,
    Named(approval): Named<ApprovalId>,
    Optional(words): Optional<Words>,
) -> Reply<Done> {
    door.engine().refuse_approval(&door.caller, approval, words.why).await?;
    Ok(done())
}

/// What every agent is doing
///
/// Those that may act, last heard of first; who is held; what waits; what is always approved.
#[utoipa::path(get, path = "/v1/agents", tag = "acts",
    responses((status = 200, body = Agents), (status = "default", body = Refused)))]
pub(crate) async fn agents(door: Door) -> Reply<Agents> {
    door.tell(|see| Ok(see.agents()))
}

/// Pause agents
///
/// One session with its children, all of one person, or all: from the next act on, until resumed.
#[utoipa::path(post, path = "/v1/pause", tag = "acts", request_body = Whom,
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn pause(door: Door, Body(hold): Body<Whom>) -> Reply<Done> {
    door.engine().pause(&door.caller, reach(&hold.who)?, hold.why).await?;
    Ok(done())
}

/// Let agents go on
#[utoipa::path(post, path = "/v1/resume", tag = "acts", request_body = Whom,
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn resume(door: Door, Body(hold): Body<Whom>) -> Reply<Done> {
    door.engine().resume(&door.caller, reach(&hold.who)?).await?;
    Ok(done())
}

/// What is always approved, and could be a rule
#[utoipa::path(get, path = "/v1/guard/proposals", tag = "acts",
    responses((status = 200, body = List<Proposal>), (status = "default", body = Refused)))]
pub(crate) async fn proposals(door: Door) -> Reply<List<Proposal>> {
    door.tell(|see| {
        let items = see.proposals();
        Ok(List { total: items.len() as u64, items })
    })
}

/// Tell that a client was wired to a session
///
/// From then on its hooks are expected, and what it does without them is seen at later walls.
#[utoipa::path(post, path = "/v1/sessions/{session}/attach", tag = "acts", request_body = Attachment,
    params(("session" = String, Path, example = "S1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn attach(
    door: Door,
    Named(session): Named<SessionId>,
    Body(attachment): Body<Attachment>,
) -> Reply<Done> {
    let Attachment { client, version, worktree } = attachment;
    door.engine().attach(&door.caller, session, client, version, worktree).await?;
    Ok(done())
}

/// Tell that a client's wiring was undone
#[utoipa::path(post, path = "/v1/sessions/{session}/detach", tag = "acts", request_body = Attachment,
    params(("session" = String, Path, example = "S1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn detach(
    door: Door,
    Named(session): Named<SessionId>,
    Body(attachment): Body<Attachment>,
) -> Reply<Done> {
    door.engine().detach(&door.caller, session, attachment.client).await?;
    Ok(done())
}

/// Tell what a canary showed of a hook
#[utoipa::path(post, path = "/v1/sessions/{session}/checked", tag = "acts", request_body = HookCheck,
    params(("session" = String, Path, example = "S1")),
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn checked(
    door: Door,
    Named(session): Named<SessionId>,
    Body(check): Body<HookCheck>,
) -> Reply<Done> {
    let HookCheck { client, version, holds, found } = check;
    door.engine().hook_checked(&door.caller, session, (client, version), (holds, found)).await?;
    Ok(done())
}

/// Whom a word names: `S1`, `P1` or `all`.
pub(crate) fn reach(who: &str) -> Result<Reach, Refusal> {
    match who.parse::<AnyId>() {
        Ok(AnyId::Session(session)) => Ok(Reach::Session(session)),
        Ok(AnyId::Person(person)) => Ok(Reach::Person(person)),
        _ if who == "all" => Ok(Reach::All),
        _ => {
            let sentence = format!("`{}` is nobody that can be held", who.escape_debug());
            Err(Refusal::new("pause.unknown", sentence)
                .hint("name a session `S1`, a person `P1`, or `all`"))
        }
    }
}
