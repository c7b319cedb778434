//! What agents did, in words.

use super::{See, count, moment};
use weir_model::act::{Answer, Effect, Extent, GitOperation, Ruling, RunKind, WriteHow};
use weir_model::event::act::{Event, Reach, Step};
use weir_model::{Actor, PersonId, SessionId};

pub(super) fn of_act(see: &See<'_>, event: &Event) -> String {
    let session = |id: &SessionId| see.called(Actor::Session(*id));
    let person = |id: &PersonId| see.called(Actor::Person(*id));
    match event {
        Event::ClientAttached { session: who, client, version, .. } => {
            format!("{} {version} was attached for {}", client.title(), session(who))
        }
        Event::ClientDetached { session: who, client } => {
            format!("{} was detached from {}", client.title(), session(who))
        }
        Event::HookChecked { session: who, client, holds, found, .. } => {
            let how = if *holds { "holds" } else { "does not hold" };
            format!("the hook of {} for {} {how}: {found}", client.title(), session(who))
        }
        Event::ActDecided { session: who, act, ruling, approval, .. } => {
            let what = plain(&weir_guard::acts::in_short(&act.tool));
            let by = approval.map(|approval| format!(", by `{approval}`")).unwrap_or_default();
            format!("{}: {what}: {}{by}", session(who), answered(ruling))
        }
        Event::ActsLooked { session: who, looks, .. } => {
            let last = looks.last().map(|look| weir_guard::acts::in_short(&look.act.tool));
            let last = plain(&last.unwrap_or_default());
            format!("{} looked, {}: {last}", session(who), count(looks.len(), "time"))
        }
        Event::ActsAlone { session: who, acts, .. } => {
            let denied = acts.iter().filter(|act| act.ruling.answer != Answer::Allow).count();
            let last = acts.last().map(|alone| weir_guard::acts::in_short(&alone.act.tool));
            let (who, last) = (session(who), plain(&last.unwrap_or_default()));
            let acts = count(acts.len(), "act");
            format!(
                "the hook of {who} decided {acts} without Weir, {denied} denied; the last: {last}"
            )
        }
        Event::ActFinished { session: who, failed, undecided, .. } => {
            let how = if *failed { "failed" } else { "ended" };
            let around = if *undecided { ", and no hook had told of it before" } else { "" };
            format!("a call of {} {how}{around}", session(who))
        }
        Event::ApprovalAsked { approval, session: who, expires_at, .. } => {
            let until = moment(*expires_at);
            format!("`{approval}`: {} asks a person, until {until}", session(who))
        }
        Event::ApprovalGiven { approval, person: who, uses, expires_at } => {
            let (uses, until) = (count(*uses as usize, "use"), moment(*expires_at));
            format!("{} allowed `{approval}`, for {uses} until {until}", person(who))
        }
        Event::ApprovalRefused { approval, person: who, why } => {
            format!("{} refused `{approval}`: {}", person(who), plain(why))
        }
        Event::SessionTainted { session: who, taint, why } => {
            format!("{} carries `{taint}` from now on: {}", session(who), plain(why))
        }
        Event::SessionCleared { session: who, taint, person: by, why } => {
            format!("{} cleared {} of `{taint}`: {}", person(by), session(who), plain(why))
        }
        Event::BreakerTripped { session: who, step, why } => {
            let how = match step {
                Step::Told => "was told to stop repeating itself",
                Step::Asked => "needs a person to look",
                Step::Stopped => "was stopped",
            };
            format!("{} {how}: {why}", session(who))
        }
        Event::Paused { reach, person: by, why } => {
            format!("{} paused {}: {}", person(by), held(see, *reach), plain(why))
        }
        Event::Resumed { reach, person: by } => {
            format!("{} let {} go on", person(by), held(see, *reach))
        }
        Event::PolicySet { commit, policies, .. } => {
            let from = match commit.as_str() {
                "" => "those that Weir ships".to_owned(),
                commit => format!("those at `{}`", super::short(commit)),
            };
            format!("{} are in force: {from}", count(*policies as usize, "polic(y|ies)"))
                .replace("polic(y|ies)s", "policies")
                .replace("polic(y|ies)", "policy")
        }
        Event::ToolPinned { server, offer, tool, person: by, .. } => {
            let by = by.as_ref().map_or_else(|| "the registry".to_owned(), person);
            format!("{by} approved the {} {} of {}", offer.as_str(), plain(tool), plain(server))
        }
        Event::ToolQuarantined { server, offer, tool, why, .. } => {
            let (tool, server) = (plain(tool), plain(server));
            format!("the {} {tool} of {server} is quarantined: {}", offer.as_str(), why)
        }
        Event::ToolServerNoticed { server, what } => {
            format!("the tool server {}: {}", plain(server), plain(what))
        }
        Event::SpendCounted { session: who, tokens, .. } => {
            format!("{} has spent {tokens} tokens in this conversation", session(who))
        }
        Event::Unguarded { session: who, why } => {
            format!("{} acted unseen: {}", session(who), plain(why))
        }
    }
}

fn answered(ruling: &Ruling) -> String {
    let how = match ruling.answer {
        Answer::Allow => return "allowed".to_owned(),
        Answer::Ask => "a person is asked",
        Answer::Deny => "denied",
    };
    let why = ruling.reasons.first().map(|reason| plain(&reason.sentence));
    why.map_or_else(|| how.to_owned(), |why| format!("{how}: {why}"))
}

fn held(see: &See<'_>, reach: Reach) -> String {
    match reach {
        Reach::Session(session) => see.called(Actor::Session(session)),
        Reach::Person(person) => format!("the agents of {}", see.called(Actor::Person(person))),
        Reach::All => "all agents".to_owned(),
    }
}

/// What others wrote, so that its backticks are not taken for ours.
fn plain(text: &str) -> String {
    text.replace('`', "'")
}

/// What an act comes to, for the person who is asked: what is done to which path, host or repository.
pub(crate) fn effect_in_words(effect: &Effect) -> String {
    let of = |path: &str, extent: &Extent| match extent {
        Extent::One => path.to_owned(),
        Extent::Many => format!("several files in {path}"),
        Extent::Tree => format!("everything below {path}"),
    };
    match effect {
        Effect::Reads { path, extent } => format!("reads {}", of(path, extent)),
        Effect::Writes { path, how, extent } => {
            let how = match how {
                WriteHow::Change => "writes",
                WriteHow::Delete => "deletes",
                WriteHow::Attributes => "changes the permissions of",
                WriteHow::Link => "makes a link of",
            };
            format!("{how} {}", of(path, extent))
        }
        Effect::Runs { program, kind } => match kind {
            RunKind::Known => format!("runs {program}"),
            RunKind::Project => format!("runs {program}, code of this work tree"),
            RunKind::Foreign => format!("runs {program}, which is not known"),
        },
        Effect::Sends { host, carries: true } => format!("sends data to {host}"),
        Effect::Sends { host, carries: false } => format!("fetches from {host}"),
        Effect::Git { operation } => git_in_words(operation),
        Effect::Installs { manager, packages, locked } => match (packages.as_slice(), locked) {
            ([], true) => format!("installs what the lock file of {manager} says"),
            ([], false) => format!("installs what the manifest of {manager} says"),
            (packages, _) => format!("installs {} with {manager}", packages.join(", ")),
        },
        Effect::Calls { server, name } => format!("calls tool {name} of {server}"),
        Effect::Spawns { kind } if kind.is_empty() => "starts a sub-agent".to_owned(),
        Effect::Spawns { kind } => format!("starts a sub-agent, {kind}"),
        Effect::Prompts => "prompts the model".to_owned(),
        Effect::Controls { what } => format!("controls the machine: {what}"),
        Effect::Opaque { why } => format!("is not understood: {why}"),
    }
}

fn git_in_words(operation: &GitOperation) -> String {
    match operation {
        GitOperation::Look => "looks at the repository".to_owned(),
        GitOperation::Record => "commits, stages or switches".to_owned(),
        GitOperation::Discard => "throws uncommitted work away".to_owned(),
        GitOperation::Rewrite => "rewrites commits of a local branch".to_owned(),
        GitOperation::Drop => "drops refs or what only a reflog holds".to_owned(),
        GitOperation::Fetch { remote } => format!("fetches from {remote}"),
        GitOperation::Push { remote, refs, force, delete } => {
            let what = if refs.is_empty() { String::new() } else { format!(" {}", refs.join(" ")) };
            let force = if *force { ", rewriting history there" } else { "" };
            let delete = if *delete { ", deleting there" } else { "" };
            let to = if remote.is_empty() { "the configured remote" } else { remote };
            format!("pushes{what} to {to}{force}{delete}")
        }
        GitOperation::SkipHooks => "goes around git's hooks".to_owned(),
        GitOperation::Configure { key } => format!("changes git's configuration {key}"),
    }
}
