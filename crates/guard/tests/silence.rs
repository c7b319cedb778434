//! A client that is attached and tells of nothing: seen when it brings a change.

use weir_guard::acts::{Acts, CANARY, evolve, silent};
use weir_model::act::{Act, Client, Moment, Ruling, Tool};
use weir_model::event::act::{Alone, Event, Look};
use weir_model::{Digest, Position, SessionId, Timestamp};

const SESSION: SessionId = SessionId(1);

fn act(conversation: &str, client: Option<Client>) -> Act {
    Act {
        client,
        moment: Moment::BeforeTool,
        conversation: conversation.to_owned(),
        subagent: None,
        call: None,
        cwd: "/w".to_owned(),
        mode: None,
        tool: Tool::Shell { command: "ls".to_owned() },
    }
}

fn event(word: &str) -> Event {
    let (session, at, exactly) = (SESSION, Timestamp::default(), Digest::of(b"ls"));
    let (scope, bundle, effects) = (String::new(), Digest::of(b""), Vec::new());
    let conversation = if word.ends_with("canary") { CANARY } else { "c1" };
    // What comes by the tool gateway no client told of.
    let client = (word != "gateway").then_some(Client::Claude);
    let act = act(conversation, client);
    match word {
        "attach" => Event::ClientAttached {
            session,
            client: Client::Claude,
            version: "1".to_owned(),
            worktree: "/w".to_owned(),
        },
        "detach" => Event::ClientDetached { session, client: Client::Claude },
        "decide" | "canary" | "gateway" => Event::ActDecided {
            session,
            act,
            exactly,
            effects,
            scope,
            bundle,
            ruling: Ruling::allow(),
            approval: None,
        },
        "look" | "look-at-canary" => {
            Event::ActsLooked { session, scope, bundle, looks: vec![Look { at, act, effects }] }
        }
        "alone" => Event::ActsAlone {
            session,
            scope,
            bundle,
            list: exactly,
            told: 1,
            acts: vec![Alone { at, act, exactly, effects, ruling: Ruling::allow() }],
        },
        // A call that ended without having begun is no act that was told of.
        "end" => {
            Event::ActFinished { session, exactly, call: None, failed: false, undecided: true }
        }
        "other" => Event::Unguarded { session, why: "something else".to_owned() },
        word => panic!("{word}"),
    }
}

#[test]
fn only_a_client_that_tells_of_nothing_is_silent() {
    for row in [
        "                          | heard",
        "decide                    | heard",
        "attach                    | silent, recorded",
        "attach decide             | heard",
        "attach look               | heard",
        "attach alone              | heard",
        "attach canary             | silent, recorded",
        "attach look-at-canary     | silent, recorded",
        "attach gateway            | silent, recorded",
        "attach canary decide      | heard",
        "attach decide canary      | heard",
        "attach end                | silent, known",
        "attach other              | silent, known",
        "attach detach             | heard",
        "decide attach             | silent, recorded",
        "attach decide detach attach | silent, recorded",
    ] {
        let (events, expected) = row.split_once('|').expect(row);
        let mut acts = Acts::default();
        for (word, position) in events.split_whitespace().zip(1..) {
            evolve(&mut acts, Timestamp::default(), Position(position), &event(word));
        }
        let record = acts.brought_in_silence(SESSION);
        let found = match (acts.silent_client(SESSION), &record) {
            (None, None) => "heard",
            (Some(Client::Claude), Some(Event::Unguarded { .. })) => "silent, recorded",
            (Some(Client::Claude), None) => "silent, known",
            other => panic!("{row}: {other:?}"),
        };
        assert_eq!(found, expected.trim(), "{row}");
        // Recorded once.
        if let Some(record) = record {
            evolve(&mut acts, Timestamp::default(), Position(99), &record);
            assert_eq!(acts.brought_in_silence(SESSION), None, "{row}");
        }
    }
}

#[test]
fn its_push_is_told_who_can_help() {
    let refusal = silent(SESSION, Client::Codex);
    assert_eq!(refusal.code, "push.unguarded");
    assert!(refusal.sentence.contains("Codex") && refusal.sentence.contains("`S1`"));
    let hint = refusal.hint.expect("a hint");
    assert!(hint.contains("`weir doctor`") && hint.contains("`weir detach codex`"), "{hint}");
}
