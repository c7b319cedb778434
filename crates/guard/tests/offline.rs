//! Without a server: what a leave is good for, what is decided by it, and how the ledger hears of that.

use proptest::prelude::*;
use weir_guard::acts::{Acts, evolve};
use weir_guard::offline::{Kept, LEAVE, Leave, Open, may_have_leave, record};
use weir_guard::policy::{Bundle, Enforcement, Scope};
use weir_guard::shell::NoFiles;
use weir_model::act::{Act, Answer, Client, Moment, Taint, Tool};
use weir_model::event::act::{Event, Reach, Step};
use weir_model::{PathSet, PersonId, Position, SessionId, Timestamp};

const SESSION: SessionId = SessionId(1);
const START: i64 = 1_790_000_000_000;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(START + minutes * 60_000)
}

fn scope() -> Scope {
    Scope {
        session: "S1".to_owned(),
        agent: "builder".to_owned(),
        person: "ada".to_owned(),
        worktree: Some("/w".to_owned()),
        home: "/home/ada".to_owned(),
        mandate: vec![PathSet::everything()],
        ..Scope::default()
    }
}

fn text(scope: Scope, bundle: &Bundle) -> String {
    Leave::new((SESSION, Client::Claude), scope, bundle, (at(0), at(0) + LEAVE)).to_text()
}

fn open(scope: Scope, bundle: &Bundle) -> Open {
    Leave::open(&text(scope, bundle), (SESSION, Client::Claude), at(1)).expect("it counts")
}

fn shell(command: &str) -> Act {
    Act {
        client: Some(Client::Claude),
        moment: Moment::BeforeTool,
        conversation: "c".to_owned(),
        subagent: None,
        call: None,
        cwd: "/w".to_owned(),
        mode: None,
        tool: Tool::Shell { command: command.to_owned() },
    }
}

fn answer(kept: &Kept) -> Answer {
    kept.alone.ruling.answer
}

#[test]
fn a_leave_counts_for_one_hook_and_for_its_time() {
    let whole = text(scope(), &Bundle::shipped());
    let (claude, codex) = (Client::Claude, Client::Codex);
    let rows = [
        (whole.clone(), SESSION, claude, 0, "counts"),
        (whole.clone(), SESSION, claude, 59, "counts"),
        // A leave has ended at the instant it names.
        (whole.clone(), SESSION, claude, 60, "leave.expired"),
        (whole.clone(), SESSION, claude, 600_000, "leave.expired"),
        // A clock that was set back does not make an old one young.
        (whole.clone(), SESSION, claude, -2, "leave.early"),
        (whole.clone(), SessionId(2), claude, 1, "leave.foreign"),
        (whole.clone(), SESSION, codex, 1, "leave.foreign"),
        (String::new(), SESSION, claude, 1, "leave.malformed"),
        ("weir leave\n{}\n".to_owned(), SESSION, claude, 1, "leave.malformed"),
        (whole.replace("\"form\":1", "\"form\":2"), SESSION, claude, 1, "leave.malformed"),
        (
            whole.replace("\"form\":1", "\"form\":1,\"more\":1"),
            SESSION,
            claude,
            1,
            "leave.malformed",
        ),
        // The policies carry their digest: what was left out of them is missed.
        (whole.replacen("secret_read", "secret_look", 1), SESSION, claude, 1, "bundle.malformed"),
        (whole.replacen("weir leave", "weir/river", 1), SESSION, claude, 1, "leave.malformed"),
    ];
    for (text, session, client, now, expected) in rows {
        let opened = Leave::open(&text, (session, client), at(now));
        let found = opened.map_or_else(|refusal| refusal.code.to_string(), |_| "counts".to_owned());
        assert_eq!(found, expected, "{session} {client} {now}m");
    }
}

#[test]
fn alone_only_what_needs_nobody_is_allowed() {
    let open = open(scope(), &Bundle::shipped());
    let online = |command: &str| {
        let (scope, act) = (scope(), shell(command));
        let effects =
            weir_guard::effects::of(&act, &weir_guard::effects::place(&scope, &act.cwd, &NoFiles));
        weir_guard::policy::ruling(&Bundle::shipped(), &scope, &act, &effects).answer
    };
    for (command, asked) in [
        ("git status", Answer::Allow),
        ("cargo test", Answer::Allow),
        ("echo x > src/a.rs", Answer::Allow),
        ("npm install left-pad", Answer::Ask),
        ("echo x > .claude/settings.json", Answer::Ask),
        ("curl -d @a https://example.org/", Answer::Ask),
        ("git push --force origin main", Answer::Deny),
        ("cat .env", Answer::Deny),
    ] {
        assert_eq!(online(command), asked, "the row means something else: {command}");
        let kept = open.decide(&[], &shell(command), &NoFiles, at(2));
        let alone = if asked == Answer::Allow { Answer::Allow } else { Answer::Deny };
        assert_eq!(answer(&kept), alone, "{command}");
        if alone == Answer::Deny {
            let reasons = &kept.alone.ruling.reasons;
            assert!(reasons.len() > 1 && reasons.iter().all(|r| r.answer == Answer::Deny));
            let last = reasons.last().expect("a reason");
            assert!(last.sentence.contains("cannot be asked"), "{}", last.sentence);
        }
    }
}

#[test]
fn shadow_and_the_repositorys_own_policies_hold_alone_too() {
    let shadow = Scope { enforcement: Enforcement::Shadow, ..scope() };
    let kept = open(shadow, &Bundle::shipped()).decide(&[], &shell("cat .env"), &NoFiles, at(2));
    assert_eq!(answer(&kept), Answer::Allow);
    let no_make = "@id(\"no_make\")\nforbid (principal, action == Action::\"run\", resource)\nwhen { resource.name == \"make\" };\n";
    let own = Bundle::parse(&[("own.cedar".to_owned(), no_make.to_owned())], &[]).expect("valid");
    let kept = open(scope(), &own).decide(&[], &shell("make"), &NoFiles, at(2));
    assert_eq!(kept.alone.ruling.reasons[0].policy, "repository.no_make");
}

#[test]
fn what_was_met_alone_is_carried_on() {
    // Where reading secrets is not denied, the session carries them from then on.
    let lax = Bundle::parse(&[("secrets.cedar".to_owned(), String::new())], &[]).expect("valid");
    let open = open(scope(), &lax);
    let fetch = shell("curl https://example.org/");
    let before = open.decide(&[], &fetch, &NoFiles, at(2));
    assert_eq!(answer(&before), Answer::Allow);
    let secret = open.decide(&[], &shell("cat .env"), &NoFiles, at(3));
    assert_eq!(answer(&secret), Answer::Allow);
    let after = open.decide(&[before.clone(), secret], &fetch, &NoFiles, at(4));
    assert_eq!(answer(&after), Answer::Deny);
    assert_eq!(after.alone.ruling.reasons[0].policy, "default.way_out_by_address");
    // What was denied was not met.
    let strict = self::open(scope(), &Bundle::shipped());
    let denied = strict.decide(&[], &shell("cat .env"), &NoFiles, at(3));
    assert_eq!(answer(&strict.decide(&[denied], &fetch, &NoFiles, at(4))), Answer::Allow);
}

/// A list of some acts, as a hook keeps it.
fn list(open: &Open, commands: &[&str]) -> String {
    let mut before: Vec<Kept> = Vec::new();
    for (command, minute) in commands.iter().zip(2..) {
        before.push(open.decide(&before, &shell(command), &NoFiles, at(minute)));
    }
    before.iter().map(|kept| kept.to_line() + "\n").collect()
}

fn take(acts: &mut Acts, events: &[Event]) {
    for (event, position) in events.iter().zip(1..) {
        let json = serde_json::to_string(event).expect("written");
        let read: Event = serde_json::from_str(&json).expect("read");
        evolve(acts, at(90), Position(position), &read);
    }
}

#[test]
fn what_was_decided_alone_goes_on_record_once() {
    let lax = Bundle::parse(&[("secrets.cedar".to_owned(), String::new())], &[]).expect("valid");
    let open = open(scope(), &lax);
    let short = list(&open, &["ls", "cat .env", "npm install left-pad"]);
    let mut acts = Acts::default();
    let events = record(&acts, SESSION, &short);
    let decided = |events: &[Event]| -> usize {
        let of = |event: &Event| match event {
            Event::ActsAlone { acts, .. } => acts.len(),
            _ => 0,
        };
        events.iter().map(of).sum()
    };
    assert_eq!(decided(&events), 3);
    assert!(matches!(events.last(), Some(Event::SessionTainted { taint: Taint::Secrets, .. })));
    take(&mut acts, &events);
    let doing = acts.session(SESSION).expect("heard of");
    assert_eq!((doing.alone, doing.allowed, doing.denied), (3, 2, 1));
    assert_eq!(doing.refused.len(), 1);
    // The answer was lost, and the hook tells it again; meanwhile it had decided one more.
    assert_eq!(record(&acts, SESSION, &short), []);
    let longer = list(&open, &["ls", "cat .env", "npm install left-pad", "git status"]);
    let more = record(&acts, SESSION, &longer);
    assert_eq!((decided(&more), more.len()), (1, 1), "{more:?}");
    // Another list is another.
    assert_eq!(decided(&record(&acts, SESSION, &list(&open, &["pwd"]))), 1);
}

#[test]
fn a_long_list_fits_into_records_and_loses_nothing() {
    const LONG: usize = 300;
    let open = open(scope(), &Bundle::shipped());
    let line = |nth: usize| {
        let command = format!("echo {nth} {}", "x".repeat(3_000));
        open.decide(&[], &shell(&command), &NoFiles, at(2)).to_line() + "\n"
    };
    let list: String = (0..LONG).map(line).collect();
    let events = record(&Acts::default(), SESSION, &list);
    assert!(events.len() > 1);
    let total: usize = events
        .iter()
        .map(|event| {
            assert!(serde_json::to_string(event).expect("written").len() < 1 << 20);
            match event {
                Event::ActsAlone { acts, .. } => acts.len(),
                _ => 0,
            }
        })
        .sum();
    assert_eq!(total, LONG);
}

#[test]
fn a_list_that_somebody_else_wrote_is_told_as_such() {
    let open = open(scope(), &Bundle::shipped());
    let mut list = list(&open, &["ls"]);
    list.push_str("{}\nnot json\n");
    let events = record(&Acts::default(), SESSION, &list);
    assert!(matches!(&events[0], Event::ActsAlone { acts, .. } if acts.len() == 1));
    assert!(matches!(&events[1], Event::Unguarded { why, .. } if why.starts_with("2 of")));
    assert_eq!(record(&Acts::default(), SESSION, ""), []);
}

#[test]
fn whoever_is_held_gets_no_leave() {
    let (child, parent, person) = (SessionId(2), SESSION, PersonId(1));
    let lineage = [child, parent];
    let tripped = |session, step| Event::BreakerTripped { session, step, why: String::new() };
    let paused = |reach| Event::Paused { reach, person, why: String::new() };
    for (event, may) in [
        (None, true),
        (Some(tripped(child, Step::Told)), true),
        (Some(tripped(child, Step::Asked)), false),
        (Some(tripped(parent, Step::Stopped)), false),
        (Some(paused(Reach::Session(parent))), false),
        (Some(paused(Reach::Person(person))), false),
        (Some(paused(Reach::Person(PersonId(2)))), true),
        (Some(paused(Reach::All)), false),
    ] {
        let mut acts = Acts::default();
        take(&mut acts, event.as_slice());
        assert_eq!(may_have_leave(&acts, &lineage, person), may, "{event:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(leave in ".{0,200}", list in "(?s).{0,400}", minute in -10i64..100) {
        let whose = (SESSION, Client::Claude);
        prop_assert!(Leave::open(&leave, whose, at(minute)).is_err());
        let headed = format!("weir leave\n{leave}\n");
        prop_assert!(Leave::open(&headed, whose, at(minute)).is_err());
        let _ = record(&Acts::default(), SESSION, &list);
    }
}

/// Whatever the command, nothing is allowed alone that the server would not allow.
#[test]
fn alone_is_never_wider() {
    let (bundle, scope) = (Bundle::shipped(), scope());
    let open = open(scope.clone(), &bundle);
    let word = proptest::sample::select(vec![
        "ls",
        "rm -rf",
        "/",
        "git",
        "push",
        "-f",
        ".env",
        "|",
        "curl",
        "x.sh",
        "npm i",
        "$(",
        ")",
        "&&",
        ">",
        "~/.ssh/id_rsa",
    ]);
    proptest!(|(words in proptest::collection::vec(word, 1..6))| {
        let act = shell(&words.join(" "));
        let place = weir_guard::effects::place(&scope, &act.cwd, &NoFiles);
        let effects = weir_guard::effects::of(&act, &place);
        let online = weir_guard::policy::ruling(&bundle, &scope, &act, &effects).answer;
        let alone = answer(&open.decide(&[], &act, &NoFiles, at(2)));
        prop_assert_eq!(alone == Answer::Allow, online == Answer::Allow);
    });
}
