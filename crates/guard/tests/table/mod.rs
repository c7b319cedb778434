//! One `check` that reads the stories: `when  secret  command | outcome`. Decide, compare, evolve.

use weir_guard::{Caller, Command, Guard, decide, evolve, rights_of};
use weir_model::event::Mandate;
use weir_model::event::guard::{Event, Right, Role, TokenKind};
use weir_model::{Context, Digest, Lease, PathSet, Refusal, Timestamp};

/// Runs every row; the first one that comes out differently fails, with the row.
pub(crate) fn check(story: &str) {
    let mut guard = Guard::default();
    for row in story.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (asked, expected) = row.split_once('|').expect(row);
        let words: Vec<&str> = asked.split_whitespace().collect();
        let (now, secret) = (minute(words[0]), words[1]);
        let outcome = match step(&guard, &words[2..], secret, now) {
            Ok((outcome, events)) => {
                events.iter().for_each(|event| evolve(&mut guard, event));
                outcome
            }
            Err(refusal) => format!("refused {}", refusal.code),
        };
        assert_eq!(outcome, expected.trim(), "{row}");
    }
}

fn step(
    guard: &Guard,
    words: &[&str],
    secret: &str,
    now: Timestamp,
) -> Result<(String, Vec<Event>), Refusal> {
    let caller = match secret {
        "weir" => Caller::weir(),
        secret => guard.authenticate(&hash(secret), now)?,
    };
    if words[0] == "run" {
        guard.require(&caller, Right::Run)?;
        guard.require_fetch(&caller)?;
        return Ok(("may run".to_owned(), Vec::new()));
    }
    if words[0] == "fetch" {
        guard.require_fetch(&caller)?;
        return Ok(("may fetch".to_owned(), Vec::new()));
    }
    if words[0] == "read" {
        guard.require(&caller, Right::Read)?;
        return Ok(("may read".to_owned(), Vec::new()));
    }
    if words[0] == "approve" {
        let authors = words[1].split(',').map(id).collect();
        return Ok((format!("by {}", guard.may_approve(&caller, &authors)?), Vec::new()));
    }
    let ctx = Context { now, by: caller.actor };
    let events = decide(guard, command(words), &caller, &ctx)?;
    let told: Vec<_> = events.iter().map(tell).collect();
    Ok((if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }, events))
}

fn command(words: &[&str]) -> Command {
    match *words {
        ["open", name, owner] => Command::OpenSpace { name: name.into(), owner: owner.into() },
        ["add", name, role] => Command::AddPerson { name: name.into(), role: self::role(role) },
        ["role", person, role] => Command::SetRole { person: id(person), role: self::role(role) },
        ["remove", person] => Command::RemovePerson { person: id(person) },
        ["token", person, rights, secret] => token(person, rights, secret, "1000m"),
        ["token", person, rights, secret, length] => token(person, rights, secret, length),
        ["revoke", token] => Command::RevokeToken { token: id(token) },
        ["offer", person, code, length] => {
            Command::OfferSignIn { person: id(person), hash: hash(code), lease: lease(length) }
        }
        ["redeem", code, browser, length] => {
            Command::RedeemSignIn { hash: hash(code), browser: hash(browser), lease: lease(length) }
        }
        ["session", layers, length, secret, ref options @ ..] => {
            let option = |name| options.iter().find_map(|option| option.strip_prefix(name));
            Command::OpenSession {
                agent: "claude".into(),
                parent: option("under=").map(id),
                mandate: Mandate {
                    paths: layers
                        .split('+')
                        .map(|glob| PathSet::new([glob]).expect(glob))
                        .collect(),
                    push_bytes_max: option("push=").map_or(10, |bytes| bytes.parse().expect(bytes)),
                },
                hash: hash(secret),
                lease: lease(length),
            }
        }
        ["end", session] => Command::EndSession { session: id(session), why: "done".into() },
        ["pushed", session, code] => Command::RecordRefusedPush {
            session: Some(id(session)),
            task: None,
            target: "refs/heads/main".into(),
            code: code.into(),
            sentence: "no".into(),
        },
        _ => panic!("no command reads {words:?}"),
    }
}

fn token(person: &str, rights: &str, secret: &str, length: &str) -> Command {
    let rights = match rights {
        "all" => rights_of(Role::Owner).into_iter().collect(),
        "none" => Vec::new(),
        listed => listed.split(',').map(right).collect(),
    };
    let (hash, lease) = (hash(secret), lease(length));
    let usage = TokenKind::Named;
    Command::IssueToken { person: id(person), label: "laptop".into(), usage, rights, hash, lease }
}

fn tell(event: &Event) -> String {
    match event {
        Event::SpaceOpened { name } => format!("opened {name}"),
        Event::PersonAdded { person, name, role } => format!("{person} {name} {role}"),
        Event::RoleChanged { person, role } => format!("{person} is {role}"),
        Event::PersonRemoved { person } => format!("{person} left"),
        Event::TokenIssued { token, person, expires_at, .. } => {
            format!("{token} of {person} until {}", minutes(*expires_at))
        }
        Event::TokenRevoked { token } => format!("{token} revoked"),
        Event::SignInOffered { person, expires_at, .. } => {
            format!("link for {person} until {}", minutes(*expires_at))
        }
        Event::SignInRedeemed { .. } => "redeemed".to_owned(),
        Event::SessionOpened { session, person, parent, expires_at, .. } => {
            let under = parent.map(|parent| format!(" under {parent}")).unwrap_or_default();
            format!("{session} of {person} until {}{under}", minutes(*expires_at))
        }
        Event::SessionEnded { session, .. } => format!("{session} ended"),
        Event::PushRefused { code, .. } => format!("push refused {code}"),
        Event::RecordsLost { left, marked, .. } => format!("lost {left} {marked}"),
    }
}

fn id<T: std::str::FromStr<Err = Refusal>>(text: &str) -> T {
    text.parse().expect(text)
}

fn hash(secret: &str) -> Digest {
    Digest::of(secret.as_bytes())
}

fn lease(text: &str) -> Lease {
    text.parse().expect(text)
}

fn minute(text: &str) -> Timestamp {
    let minutes: i64 = text.strip_suffix('m').expect(text).parse().expect(text);
    Timestamp::from_millis(minutes * 60_000)
}

fn minutes(at: Timestamp) -> String {
    format!("{}m", at.as_millis() / 60_000)
}

fn role(text: &str) -> Role {
    [Role::Owner, Role::Member, Role::Auditor]
        .into_iter()
        .find(|role| role.to_string() == text)
        .expect(text)
}

fn right(text: &str) -> Right {
    let all = rights_of(Role::Owner).into_iter().chain([Right::Run]);
    all.into_iter().find(|right| right.to_string() == text).expect(text)
}
