//! Samples of what agents did: every kind of event, and every word that can stand in one.

use super::{PERSON, SESSION, at, digest};
use weir_model::act::{
    Act, Answer, Client, Effect, Extent, FileChange, GitOperation, Moment, Offer, Quarantine,
    Reason, Ruling, RunKind, Subagent, Taint, Tool, WriteHow,
};
use weir_model::event::act::{Alone, Event, Look, Reach, Step};
use weir_model::{ApprovalId, PersonId, Position, SessionId};

const APPROVAL: ApprovalId = ApprovalId(6);

fn told(moment: Moment, tool: Tool) -> Act {
    let (conversation, cwd) = ("c-1".into(), "/w".into());
    Act {
        client: Some(Client::Claude),
        moment,
        conversation,
        subagent: None,
        call: None,
        cwd,
        mode: None,
        tool,
    }
}

fn tools() -> Vec<Tool> {
    let change = |how, preview: &str| FileChange { path: "a".into(), how, preview: preview.into() };
    let every = [WriteHow::Change, WriteHow::Delete, WriteHow::Attributes, WriteHow::Link];
    vec![
        Tool::Shell { command: "ls -l \"ö\"\n".into() },
        Tool::Read { paths: vec!["src".into()] },
        Tool::Write { files: every.map(|how| change(how, "")).into() },
        Tool::Write { files: vec![change(WriteHow::Change, "text")] },
        Tool::Web { url: Some("https://example.org/".into()), query: None },
        Tool::Web { url: None, query: Some("words".into()) },
        Tool::Mcp { server: "s".into(), name: "t".into(), arguments: "{}".into() },
        Tool::Subagent { kind: Some("Explore".into()), prompt: "look".into() },
        Tool::Subagent { kind: None, prompt: "look".into() },
        Tool::Prompt { text: "hello".into() },
        Tool::Inward { name: "TodoWrite".into() },
        Tool::Unknown { name: "new".into(), arguments: "[]".into() },
        Tool::None,
    ]
}

const MOMENTS: [Moment; 12] = [
    Moment::BeforeTool,
    Moment::Permission,
    Moment::Prompt,
    Moment::AfterTool,
    Moment::ToolFailed,
    Moment::SessionStart,
    Moment::SessionEnd,
    Moment::SubagentStart,
    Moment::SubagentEnd,
    Moment::Stop,
    Moment::Configure,
    Moment::Other,
];

fn effects() -> Vec<Effect> {
    let path = || "/w/a".to_owned();
    let git = |operation| Effect::Git { operation };
    let push = |refs, force, delete| {
        git(GitOperation::Push { remote: "weir".into(), refs, force, delete })
    };
    let run = |kind| Effect::Runs { program: "make".into(), kind };
    vec![
        Effect::Reads { path: path(), extent: Extent::One },
        Effect::Reads { path: path(), extent: Extent::Many },
        Effect::Writes { path: path(), how: WriteHow::Delete, extent: Extent::Tree },
        run(RunKind::Known),
        run(RunKind::Project),
        run(RunKind::Foreign),
        Effect::Sends { host: "example.org".into(), carries: true },
        git(GitOperation::Look),
        git(GitOperation::Record),
        git(GitOperation::Discard),
        git(GitOperation::Rewrite),
        git(GitOperation::Drop),
        git(GitOperation::Fetch { remote: "origin".into() }),
        push(vec!["refs/for/main".into()], false, false),
        push(vec![], true, true),
        git(GitOperation::SkipHooks),
        git(GitOperation::Configure { key: "core.hooksPath".into() }),
        Effect::Installs {
            manager: "npm".into(),
            packages: vec!["left-pad".into()],
            locked: false,
        },
        Effect::Calls { server: "s".into(), name: "t".into() },
        Effect::Spawns { kind: "Explore".into() },
        Effect::Prompts,
        Effect::Controls { what: "sudo".into() },
        Effect::Opaque { why: "it does not parse".into() },
    ]
}

fn reason(answer: Answer, hint: Option<&str>, effect: Option<usize>) -> Reason {
    let (policy, sentence) = ("default.secrets".into(), "it is a secret".into());
    Reason { policy, answer, sentence, hint: hint.map(str::to_owned), effect }
}

fn decided(act: Act, effects: Vec<Effect>, ruling: Ruling, approval: Option<ApprovalId>) -> Event {
    Event::ActDecided {
        session: SESSION,
        act,
        exactly: digest("an act"),
        effects,
        scope: "{\"session\":\"S12\"}".into(),
        bundle: digest("policies"),
        ruling,
        approval,
    }
}

pub(super) fn act() -> Vec<Event> {
    let (session, approval, person, exactly) = (SESSION, APPROVAL, PERSON, digest("an act"));
    let mut events = vec![
        Event::ClientAttached {
            session,
            client: Client::Claude,
            version: "2.1.330".into(),
            worktree: "/w".into(),
        },
        Event::ClientDetached { session, client: Client::Codex },
        Event::HookChecked {
            session,
            client: Client::Gemini,
            version: "0.61.0".into(),
            holds: false,
            found: "the hook is gone".into(),
        },
    ];
    let full = Act {
        subagent: Some(Subagent { id: "a1".into(), kind: Some("Explore".into()) }),
        call: Some("toolu_1".into()),
        mode: Some("bypassPermissions".into()),
        ..told(Moment::BeforeTool, Tool::None)
    };
    let shadow = vec![reason(Answer::Deny, None, Some(0))];
    let ask = Ruling::because(reason(Answer::Ask, Some("ask for it"), Some(1)));
    events.push(decided(full, effects(), Ruling { shadow, ..ask }, None));
    let bare = Act {
        subagent: Some(Subagent { id: "a2".into(), kind: None }),
        ..told(Moment::Other, Tool::None)
    };
    events.push(decided(bare, vec![], Ruling::allow(), Some(approval)));
    for client in Client::ALL {
        let act = Act { client: Some(client), ..told(Moment::BeforeTool, Tool::None) };
        let deny = Ruling::because(reason(Answer::Deny, None, None));
        events.push(decided(act, vec![], deny, None));
    }
    let gateway = Act { client: None, ..told(Moment::BeforeTool, Tool::None) };
    events.push(decided(gateway, vec![], Ruling::allow(), None));
    for moment in MOMENTS {
        events.push(decided(told(moment, Tool::None), vec![], Ruling::allow(), None));
    }
    for tool in tools() {
        events.push(decided(told(Moment::BeforeTool, tool), vec![], Ruling::allow(), None));
    }
    let look = Look { at: at(5), act: told(Moment::BeforeTool, Tool::None), effects: vec![] };
    events.push(Event::ActsLooked {
        session,
        scope: "{}".into(),
        bundle: digest("policies"),
        looks: vec![look],
    });
    events.push(Event::ActsAlone {
        session,
        scope: "{}".into(),
        bundle: digest("policies"),
        list: digest("a line"),
        told: 1,
        acts: vec![Alone {
            at: at(5),
            act: told(Moment::BeforeTool, Tool::None),
            exactly,
            effects: vec![],
            ruling: Ruling::because(reason(Answer::Deny, None, None)),
        }],
    });
    let finished = |call: Option<&str>, failed, undecided| Event::ActFinished {
        session,
        exactly,
        call: call.map(str::to_owned),
        failed,
        undecided,
    };
    let asked = |subagent: Option<&str>| Event::ApprovalAsked {
        approval,
        session,
        subagent: subagent.map(str::to_owned),
        exactly,
        decision: Position(31),
        expires_at: at(60_000),
    };
    let tainted = |taint| Event::SessionTainted { session, taint, why: "it read `.env`".into() };
    let tripped = |step| Event::BreakerTripped { session, step, why: "the same failed".into() };
    let reaches = [Reach::Session(SessionId(12)), Reach::Person(PersonId(2)), Reach::All];
    events.extend([finished(Some("toolu_1"), true, false), finished(None, false, true)]);
    events.extend([asked(Some("a1")), asked(None)]);
    events.push(Event::ApprovalGiven { approval, person, uses: 1, expires_at: at(60_000) });
    events.push(Event::ApprovalRefused { approval, person, why: "use the mirror".into() });
    events.extend([tainted(Taint::Untrusted), tainted(Taint::Secrets)]);
    events.push(Event::SessionCleared {
        session,
        taint: Taint::Untrusted,
        person,
        why: "it was our own page".into(),
    });
    events.extend([Step::Told, Step::Asked, Step::Stopped].map(tripped));
    events.extend(reaches.map(|reach| Event::Paused { reach, person, why: "lunch".into() }));
    events.extend(reaches.map(|reach| Event::Resumed { reach, person }));
    events.push(Event::PolicySet {
        bundle: digest("policies"),
        commit: String::new(),
        policies: 40,
    });
    let (server, tool, description) = ("s", "t", digest("a description"));
    let pinned = |person| Event::ToolPinned {
        server: server.into(),
        offer: Offer::Tool,
        tool: tool.into(),
        description,
        person,
    };
    events.extend([pinned(Some(person)), pinned(None)]);
    let quarantined = |(offer, why)| Event::ToolQuarantined {
        server: server.into(),
        offer,
        tool: tool.into(),
        description,
        why,
        text: "t: does things".into(),
    };
    let whys = [
        (Offer::Tool, Quarantine::Changed),
        (Offer::Prompt, Quarantine::Unapproved),
        (Offer::Tool, Quarantine::Hidden),
        (Offer::Tool, Quarantine::Twice),
    ];
    events.extend(whys.map(quarantined));
    events.push(Event::ToolServerNoticed { server: server.into(), what: "it died".into() });
    let conversation = "c-1".into();
    events.push(Event::SpendCounted { session, conversation, tokens: 1_234_567 });
    events.push(Event::Unguarded { session, why: "it pushed, and no hook told of it".into() });
    events
}
