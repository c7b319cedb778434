//! Arbitrary commands by arbitrary callers, and the promises that must hold after each of them.

use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use weir_guard::{Caller, Command, Guard, decide, evolve, rights_of};
use weir_model::event::Mandate;
use weir_model::event::guard::{Event, Right, Role, TokenKind};
use weir_model::{
    Actor, Context, Digest, Lease, PathSet, PersonId, SessionId, TaskId, Timestamp, TokenId,
};

/// One step: after how many minutes, showing which of the secrets that work (none: Weir), asking what.
type Step = (u8, Option<prop::sample::Index>, Ask);

/// What is asked: something arbitrary, or something that has a chance.
#[derive(Debug, Clone)]
enum Ask {
    Any(Command),
    /// A session for a child, whose mandate begins with this many of its parent's layers.
    Delegate {
        kept: usize,
        more: Mandate,
        hash: Digest,
        lease: Lease,
    },
    /// The end of one of the sessions there are.
    End(prop::sample::Index),
}

impl Ask {
    fn command(self, guard: &Guard, caller: &Caller) -> Command {
        match self {
            Self::Any(command) => command,
            Self::Delegate { kept, more, hash, lease } => {
                let parent = match caller.actor {
                    Actor::Session(session) => guard.session(session),
                    Actor::Person(_) | Actor::Weir => None,
                };
                let mut mandate = more;
                let above = parent.map(|parent| parent.mandate.paths.clone()).unwrap_or_default();
                mandate.paths.splice(0..0, above.into_iter().take(kept));
                let parent = parent.map(|parent| parent.id);
                Command::OpenSession { agent: "a".into(), parent, mandate, hash, lease }
            }
            Self::End(index) => {
                let all: Vec<SessionId> = guard.sessions().map(|session| session.id).collect();
                let session = if all.is_empty() { SessionId(0) } else { *index.get(&all) };
                Command::EndSession { session, why: "done".into() }
            }
        }
    }
}

/// Few of everything, so that commands meet each other.
fn secret(number: u8) -> Digest {
    Digest::of(&[number])
}

const SECRETS: u8 = 40;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let delegate = (prop_oneof![4 => Just(9), 1 => 0usize..3], mandate(), hash(), lease());
    let ask = prop_oneof![
        2 => command().prop_map(Ask::Any),
        2 => delegate.prop_map(|(kept, more, hash, lease)| Ask::Delegate { kept, more, hash, lease }),
        1 => any::<prop::sample::Index>().prop_map(Ask::End),
    ];
    let caller = prop::option::weighted(0.9, any::<prop::sample::Index>());
    prop::collection::vec((0u8..10, caller, ask), 1..60)
}

fn hash() -> impl Strategy<Value = Digest> + Clone {
    (0..SECRETS).prop_map(secret)
}

fn lease() -> impl Strategy<Value = Lease> + Clone {
    (1u64..120).prop_map(Lease::minutes)
}

fn command() -> impl Strategy<Value = Command> {
    let person = || (0u64..5).prop_map(PersonId);
    let role = prop_oneof![Just(Role::Owner), Just(Role::Member), Just(Role::Auditor)];
    let session = || (0u64..8).prop_map(SessionId);
    let name = || prop_oneof![5 => "[a-c]", 1 => ".{0,3}"];
    let rights =
        || prop::sample::subsequence(rights_of(Role::Owner).into_iter().collect::<Vec<_>>(), 0..=5);
    let usage = prop_oneof![Just(TokenKind::Named), Just(TokenKind::Browser)];
    prop_oneof![
        1 => (name(), name()).prop_map(|(name, owner)| Command::OpenSpace { name, owner }),
        2 => (name(), role.clone()).prop_map(|(name, role)| Command::AddPerson { name, role }),
        1 => (person(), role).prop_map(|(person, role)| Command::SetRole { person, role }),
        1 => person().prop_map(|person| Command::RemovePerson { person }),
        4 => (person(), name(), usage, rights(), hash(), lease()).prop_map(
            |(person, label, usage, rights, hash, lease)| Command::IssueToken {
                person, label, usage, rights, hash, lease
            }
        ),
        1 => (0u64..8).prop_map(|token| Command::RevokeToken { token: TokenId(token) }),
        2 => (person(), hash(), lease())
            .prop_map(|(person, hash, lease)| Command::OfferSignIn { person, hash, lease }),
        2 => (hash(), hash(), lease())
            .prop_map(|(hash, browser, lease)| Command::RedeemSignIn { hash, browser, lease }),
        8 => (prop::option::of(session()), mandate(), hash(), lease()).prop_map(
            |(parent, mandate, hash, lease)| Command::OpenSession {
                agent: "a".into(), parent, mandate, hash, lease
            }
        ),
        1 => (session(), name()).prop_map(|(session, why)| Command::EndSession { session, why }),
        1 => (prop::option::of(session()), ".{0,9}").prop_map(|(session, target)| {
            let (code, sentence) = ("push.empty".into(), "no".into());
            Command::RecordRefusedPush { session, task: Some(TaskId(1)), target, code, sentence }
        }),
    ]
}

/// Layers that often begin alike, so that delegation often succeeds. Compiling a pattern is slow: once.
static LAYERS: LazyLock<Vec<PathSet>> = LazyLock::new(|| {
    ["**", "a/**", "a/b", "b/"].map(|layer| PathSet::new([layer]).expect(layer)).into()
});

fn mandate() -> impl Strategy<Value = Mandate> {
    let layer = prop::sample::select(LAYERS.as_slice());
    (prop::collection::vec(layer, 0..4), 0u64..4)
        .prop_map(|(paths, push_bytes_max)| Mandate { paths, push_bytes_max })
}

/// Everything that happened, with the time of each event.
struct History {
    guard: Guard,
    events: Vec<(Timestamp, Event)>,
    now: Timestamp,
}

/// Plays `steps` on a space that is open, and calls `look` after each.
fn play(
    steps: Vec<Step>,
    mut look: impl FnMut(&History) -> Result<(), TestCaseError>,
) -> Result<History, TestCaseError> {
    let mut history =
        History { guard: Guard::default(), events: Vec::new(), now: Timestamp::default() };
    let open = Command::OpenSpace { name: "demo".into(), owner: "a".into() };
    // The first owner's own token, so that callers other than Weir succeed from the start.
    let token = Command::IssueToken {
        person: PersonId(1),
        label: "laptop".into(),
        usage: TokenKind::Named,
        rights: rights_of(Role::Owner).into_iter().collect(),
        hash: secret(0),
        lease: Lease::minutes(600),
    };
    let start = [(0, None, Ask::Any(open)), (0, None, Ask::Any(token))];
    for (minutes, shown, ask) in start.into_iter().chain(steps) {
        history.now = history.now + std::time::Duration::from_secs(u64::from(minutes) * 60);
        let let_in = (0..SECRETS)
            .filter_map(|number| history.guard.authenticate(&secret(number), history.now).ok());
        let working: Vec<Caller> = let_in.collect();
        let caller = match shown {
            Some(index) if !working.is_empty() => index.get(&working).clone(),
            Some(_) | None => Caller::weir(),
        };
        let command = ask.command(&history.guard, &caller);
        let ctx = Context { now: history.now, by: caller.actor };
        if let Ok(events) = decide(&history.guard, command, &caller, &ctx) {
            for event in events {
                evolve(&mut history.guard, &event);
                history.events.push((history.now, event));
            }
        }
        look(&history)?;
    }
    Ok(history)
}

/// Paths of which each layer above allows some and forbids some.
const PATHS: [&str; 5] = ["a/b", "a/c", "b/a", "c", "a/b/c"];

fn allows(mandate: &Mandate, path: &str) -> bool {
    mandate.paths.iter().all(|layer| layer.contains(path.into()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_mandate_is_never_widened_by_delegation(steps in steps()) {
        let history = play(steps, |_| Ok(()))?;
        for child in history.guard.sessions() {
            let Some(parent) = child.parent else { continue };
            let parent = history.guard.session(parent).expect("parents are known");
            prop_assert!(child.expires_at <= parent.expires_at);
            prop_assert!(child.mandate.push_bytes_max <= parent.mandate.push_bytes_max);
            prop_assert_eq!(child.person, parent.person);
            for path in PATHS {
                prop_assert!(allows(&parent.mandate, path) || !allows(&child.mandate, path));
            }
        }
    }

    #[test]
    fn a_child_is_dead_when_its_parent_is(steps in steps()) {
        play(steps, |history| {
            for child in history.guard.sessions() {
                let Some(parent) = child.parent else { continue };
                if history.guard.session_alive(child.id, history.now).is_ok() {
                    prop_assert!(history.guard.session_alive(parent, history.now).is_ok());
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn no_author_and_no_agent_approves(steps in steps(), made_by in prop::collection::btree_set(1u64..5, 0..4)) {
        let authors: BTreeSet<PersonId> = made_by.into_iter().map(PersonId).collect();
        play(steps, |history| {
            for number in 0..SECRETS {
                let Ok(caller) = history.guard.authenticate(&secret(number), history.now) else { continue };
                let Ok(approver) = history.guard.may_approve(&caller, &authors) else { continue };
                prop_assert_eq!(caller.actor, Actor::Person(approver));
                prop_assert!(!authors.contains(&approver));
                let role = history.guard.person(approver).expect("approvers are known").role;
                prop_assert!(rights_of(role).contains(&Right::Approve));
            }
            prop_assert!(history.guard.may_approve(&Caller::weir(), &authors).is_err());
            for session in history.guard.sessions() {
                // Even a caller that claims every right.
                let rights = rights_of(Role::Owner);
                let agent = Caller { actor: Actor::Session(session.id), rights, token: None };
                prop_assert!(history.guard.may_approve(&agent, &authors).is_err());
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_secret_works_until_it_ends_and_never_after(steps in steps()) {
        play(steps, |history| {
            for number in 0..SECRETS {
                let let_in = history.guard.authenticate(&secret(number), history.now);
                // Told from the events alone, without the guard's own state.
                prop_assert_eq!(let_in.is_ok(), works(&history.events, secret(number), history.now));
            }
            Ok(())
        })?;
    }

    #[test]
    fn who_was_let_in_is_let_out_when_the_secret_ends(steps in steps()) {
        let mut let_in = std::collections::BTreeMap::new();
        play(steps, |history| {
            for number in 0..SECRETS {
                match history.guard.authenticate(&secret(number), history.now) {
                    Ok(caller) => {
                        let_in.insert(number, caller);
                    }
                    Err(_) => {
                        let Some(caller) = let_in.get(&number) else { continue };
                        prop_assert!(speak(history, caller).is_err());
                    }
                }
            }
            let_in.values().try_for_each(|caller| {
                let valid = history.guard.still_valid(caller, history.now).is_ok();
                prop_assert_eq!(speak(history, caller).is_ok(), valid);
                Ok(())
            })
        })?;
    }

    #[test]
    fn nobody_hands_out_a_right_they_do_not_hold(steps in steps()) {
        play(steps, |history| {
            for number in 0..SECRETS {
                let Ok(caller) = history.guard.authenticate(&secret(number), history.now) else { continue };
                let person = match caller.actor {
                    Actor::Person(person) => person,
                    Actor::Session(_) | Actor::Weir => PersonId(1),
                };
                for right in rights_of(Role::Owner).difference(&caller.rights) {
                    prop_assert!(history.guard.require(&caller, *right).is_err());
                    let wish = Command::IssueToken {
                        person,
                        label: "x".into(),
                        usage: TokenKind::Named,
                        rights: vec![*right],
                        hash: secret(SECRETS),
                        lease: Lease::minutes(1),
                    };
                    let ctx = Context { now: history.now, by: caller.actor };
                    prop_assert!(decide(&history.guard, wish, &caller, &ctx).is_err());
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_state_is_what_its_events_say(steps in steps()) {
        let history = play(steps, |_| Ok(()))?;
        let mut replayed = Guard::default();
        for (_, event) in &history.events {
            let stored = weir_model::Event::from(event.clone()).to_json();
            match weir_model::Event::from_json("guard", &stored).expect("stored") {
                weir_model::Event::Guard(event) => evolve(&mut replayed, &event),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert_eq!(&replayed, &history.guard);
        let snapshot = serde_json::to_string(&history.guard).expect("plain data");
        let restored: Guard = serde_json::from_str(&snapshot).expect("just written");
        prop_assert_eq!(&restored, &history.guard);
        let owners = history.guard.people().filter(|p| !p.removed && p.role == Role::Owner);
        prop_assert!(owners.count() > 0, "a space keeps an owner");
    }
}

/// What every caller may do who is still valid: put a refusal of its own on record.
fn speak(history: &History, caller: &Caller) -> Result<Vec<Event>, weir_model::Refusal> {
    let session = match caller.actor {
        Actor::Session(session) => Some(session),
        Actor::Person(_) | Actor::Weir => None,
    };
    let (code, sentence) = ("push.empty".into(), "no".into());
    let wish =
        Command::RecordRefusedPush { session, task: None, target: "x".into(), code, sentence };
    let ctx = Context { now: history.now, by: caller.actor };
    decide(&history.guard, wish, caller, &ctx)
}

/// Whether the secret with `hash` should let somebody in at `now`.
fn works(events: &[(Timestamp, Event)], hash: Digest, now: Timestamp) -> bool {
    let mut until = None;
    for (_, event) in events {
        match event {
            Event::TokenIssued { token, person, hash: of, expires_at, .. } if *of == hash => {
                until = Some((Some(*token), None, *person, *expires_at));
            }
            Event::SessionOpened { session, person, hash: of, expires_at, .. } if *of == hash => {
                until = Some((None, Some(*session), *person, *expires_at));
            }
            Event::TokenRevoked { token } if until.is_some_and(|u| u.0 == Some(*token)) => {
                return false;
            }
            Event::SessionEnded { session, .. } if until.is_some_and(|u| u.1 == Some(*session)) => {
                return false;
            }
            Event::PersonRemoved { person } if until.is_some_and(|u| u.2 == *person) => {
                return false;
            }
            _ => {}
        }
    }
    until.is_some_and(|(_, _, _, expires_at)| now < expires_at)
}
