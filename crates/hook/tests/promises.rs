//! Tries to break what the crate promises.

#[path = "payloads/blocks.rs"]
mod blocks;

use blocks::all;
use proptest::prelude::*;
use serde_json::Value;
use weir_hook::{Reply, Words, answer, moment, read, refuse};
use weir_model::act::{Answer, Client, Moment, Reason, Ruling};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_mangled_payload_makes_it_panic(
        which in any::<prop::sample::Index>(),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..40, any::<u8>()), 0..4),
        end in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let blocks = all();
        let block = which.get(&blocks);
        let mut bytes = block.payload.as_bytes().to_vec();
        for (at, length, byte) in cuts {
            let start = at.index(bytes.len().max(1)).min(bytes.len());
            let stop = (start + length).min(bytes.len());
            bytes.splice(start..stop, [byte]);
        }
        if let Some(end) = end {
            bytes.truncate(end.index(bytes.len() + 1));
        }
        for client in Client::ALL {
            let _ = read(client, block.event, &bytes);
        }
    }

    #[test]
    fn no_truncated_payload_is_an_act(which in any::<prop::sample::Index>(), end in any::<prop::sample::Index>()) {
        let blocks = all();
        let block = which.get(&blocks);
        let bytes = &block.payload.as_bytes()[..end.index(block.payload.len())];
        prop_assert!(read(block.client, block.event, bytes).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>(), event in ".{0,12}") {
        for client in Client::ALL {
            let _ = read(client, &event, &bytes);
        }
    }

    #[test]
    fn whatever_is_said_a_denial_stays_one(sentence in "\\PC{0,200}", attended: bool, vouched: bool) {
        let words = Words { text: Some(sentence.clone()), attended, vouched, ..Words::default() };
        for (client, event) in decided() {
            for reply in [refuse(client, event, &sentence), answer(client, event, &ruling(Answer::Deny), &words)] {
                prop_assert!(is_closed(client, event, &reply), "{client} {event}: {reply:?}");
            }
        }
    }
}

/// The events at which a client waits for a yes or a no.
fn decided() -> Vec<(Client, &'static str)> {
    vec![
        (Client::Claude, "PreToolUse"),
        (Client::Claude, "PermissionRequest"),
        (Client::Claude, "UserPromptSubmit"),
        (Client::Claude, "ConfigChange"),
        (Client::Codex, "PreToolUse"),
        (Client::Codex, "PermissionRequest"),
        (Client::Codex, "UserPromptSubmit"),
        (Client::Gemini, "BeforeTool"),
        (Client::Gemini, "BeforeAgent"),
        (Client::Antigravity, "PreToolUse"),
        (Client::Cursor, "preToolUse"),
        (Client::Cursor, "beforeShellExecution"),
        (Client::Cursor, "beforeMCPExecution"),
        (Client::Cursor, "beforeReadFile"),
        (Client::Cursor, "beforeSubmitPrompt"),
        (Client::Copilot, "preToolUse"),
        (Client::Copilot, "permissionRequest"),
        (Client::Copilot, "userPromptSubmitted"),
        (Client::OpenCode, "tool.execute.before"),
        (Client::OpenCode, "chat.message"),
    ]
}

fn ruling(answer: Answer) -> Ruling {
    Ruling::because(Reason {
        policy: "default.outside".into(),
        answer,
        sentence: "it writes outside the worktree".into(),
        hint: Some("write below `/w`".into()),
        effect: None,
    })
}

/// Reads a reply as the client was observed, or is documented, to read it: does the act not happen?
fn is_closed(client: Client, event: &str, reply: &Reply) -> bool {
    let said: Value = serde_json::from_str(&reply.stdout).unwrap_or(Value::Null);
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    let specific = &said["hookSpecificOutput"];
    // Codex wants a word on standard error with its status 2.
    let blocked = reply.exit == 2 && !reply.stderr.trim().is_empty() && reply.stdout.is_empty();
    match (client, moment(client, event)) {
        (Client::Claude | Client::Codex, Some(Moment::BeforeTool)) => {
            let decision = specific["permissionDecision"] == "deny"
                && specific["hookEventName"] == event
                && text(&specific["permissionDecisionReason"]);
            blocked || (reply.exit == 0 && decision)
        }
        (Client::Claude | Client::Codex, Some(Moment::Permission)) => {
            let denied = specific["decision"]["behavior"] == "deny"
                && specific["hookEventName"] == event
                && text(&specific["decision"]["message"]);
            (blocked && client == Client::Codex) || (reply.exit == 0 && denied)
        }
        (Client::Claude | Client::Codex, _) => {
            let told = said["decision"] == "block" && text(&said["reason"]);
            (blocked && event != "ConfigChange") || (reply.exit == 0 && told)
        }
        (Client::Gemini, _) => {
            blocked || (reply.exit == 0 && said["decision"] == "deny" && text(&said["reason"]))
        }
        (Client::Antigravity, _) => {
            reply.exit == 0 && said["decision"] == "deny" && text(&said["reason"])
        }
        (Client::Cursor, Some(Moment::Prompt)) => said["continue"] == false,
        (Client::Cursor, _) => said["permission"] == "deny" && text(&said["agent_message"]),
        (Client::Copilot, Some(Moment::BeforeTool)) => {
            said["permissionDecision"] == "deny" && text(&said["permissionDecisionReason"])
        }
        (Client::Copilot, Some(Moment::Permission)) => said["behavior"] == "deny",
        (Client::Copilot, _) => said["decision"] == "block" && text(&said["reason"]),
        (Client::OpenCode, _) => text(&said["deny"]) && said.get("allow").is_none(),
    }
}

#[test]
fn a_question_that_nobody_can_answer_at_the_client_is_a_denial_that_says_what_to_wait_for() {
    let words = Words { approval: Some("A12".into()), ..Words::default() };
    for (client, event) in decided() {
        let reply = answer(client, event, &ruling(Answer::Ask), &words);
        assert!(is_closed(client, event, &reply), "{client} {event}: {reply:?}");
        let said = format!("{}{}", reply.stdout, reply.stderr);
        for words in ["outside the worktree", "write below `/w`", "`A12`", "exactly the same call"]
        {
            assert!(said.contains(words), "{client} {event}: {said}");
        }
    }
}

#[test]
fn an_event_that_nobody_knows_is_closed_and_one_that_nobody_waits_for_is_a_note() {
    for client in Client::ALL {
        let unknown = refuse(client, "somethingNew", "no");
        let known = decided().into_iter().find(|(of, _)| *of == client).expect("one event each");
        assert!(
            is_closed(client, known.1, &unknown)
                || unknown.exit == 2
                || unknown.stdout.contains("deny")
        );
    }
    for (client, event) in [
        (Client::Claude, "PostToolUse"),
        (Client::Claude, "SessionEnd"),
        (Client::Codex, "Stop"),
        (Client::Gemini, "AfterTool"),
        (Client::Copilot, "sessionEnd"),
        (Client::Cursor, "stop"),
        (Client::OpenCode, "session.idle"),
        (Client::Antigravity, "PostToolUse"),
    ] {
        let note = refuse(client, event, "the server is gone");
        assert!(note.exit < 2 && note.stderr.contains("the server is gone"), "{client}: {note:?}");
        assert!(!note.stdout.contains("deny"), "{client}: {note:?}");
    }
}

#[test]
fn an_allowed_act_is_left_to_the_client_unless_somebody_vouched_for_it() {
    let told = |client, event, words: &Words| answer(client, event, &Ruling::allow(), words).stdout;
    let plain = Words::default();
    for (client, event) in decided() {
        let reply = answer(client, event, &Ruling::allow(), &plain);
        assert_eq!(reply.exit, 0, "{client} {event}");
        assert!(!is_closed(client, event, &reply), "{client} {event}: {reply:?}");
    }
    for client in [Client::Claude, Client::Codex] {
        assert_eq!(told(client, "PreToolUse", &plain), "");
        assert_eq!(told(client, "PermissionRequest", &plain), "");
    }
    let vouched = Words { vouched: true, ..Words::default() };
    assert!(
        told(Client::Claude, "PreToolUse", &vouched).contains(r#""permissionDecision":"allow""#)
    );
    assert!(told(Client::Claude, "PermissionRequest", &vouched).contains(r#""behavior":"allow""#));
    // A bare yes is an error to Codex, and an error lets the tool run with a complaint.
    assert_eq!(told(Client::Codex, "PreToolUse", &vouched), "");
    assert!(told(Client::Codex, "PermissionRequest", &vouched).contains(r#""behavior":"allow""#));
}

#[test]
fn a_person_at_the_client_is_asked_there_where_the_client_can() {
    let words = Words { attended: true, approval: Some("A1".into()), ..Words::default() };
    let asked = |client, event| {
        let reply = answer(client, event, &ruling(Answer::Ask), &words);
        (!is_closed(client, event, &reply), reply.stdout)
    };
    for (client, event, pause) in [
        (Client::Claude, "PreToolUse", r#""permissionDecision":"ask""#),
        (Client::Cursor, "beforeShellExecution", r#""permission":"ask""#),
        (Client::Cursor, "beforeMCPExecution", r#""permission":"ask""#),
        (Client::Antigravity, "PreToolUse", r#""decision":"force_ask""#),
    ] {
        let (open, said) = asked(client, event);
        assert!(open && said.contains(pause), "{client} {event}: {said}");
    }
    for (client, event) in [
        (Client::Codex, "PreToolUse"),
        (Client::Gemini, "BeforeTool"),
        (Client::Copilot, "preToolUse"),
        (Client::Cursor, "preToolUse"),
        (Client::OpenCode, "tool.execute.before"),
    ] {
        assert!(!asked(client, event).0, "{client} {event}");
    }
    // The client asks by itself here; saying nothing is the pause.
    assert_eq!(asked(Client::Claude, "PermissionRequest").1, "");
}

#[test]
fn other_arguments_are_given_only_where_the_client_takes_them() {
    let input = serde_json::from_str(r#"{"command":"ls"}"#).expect("an object");
    let words = Words { updated_input: Some(input), ..Words::default() };
    for (client, event, taken) in [
        (Client::Claude, "PreToolUse", r#""updatedInput":{"command":"ls"}"#),
        (Client::Codex, "PreToolUse", r#""updatedInput":{"command":"ls"}"#),
        (Client::Gemini, "BeforeTool", r#""tool_input":{"command":"ls"}"#),
        (Client::Copilot, "preToolUse", r#""modifiedArgs":{"command":"ls"}"#),
        (Client::Cursor, "preToolUse", r#""updated_input":{"command":"ls"}"#),
        (Client::OpenCode, "tool.execute.before", r#""args":{"command":"ls"}"#),
    ] {
        let said = answer(client, event, &Ruling::allow(), &words).stdout;
        assert!(said.contains(taken), "{client}: {said}");
    }
    for (client, event) in
        [(Client::Antigravity, "PreToolUse"), (Client::Cursor, "beforeShellExecution")]
    {
        let reply = answer(client, event, &Ruling::allow(), &words);
        assert!(is_closed(client, event, &reply), "{client}: {reply:?}");
    }
}

#[test]
fn context_is_said_where_the_model_gets_to_see_it() {
    let words = Words { context: Some("mind the weir".into()), ..Words::default() };
    for (client, event, has_place) in [
        (Client::Claude, "SessionStart", true),
        (Client::Claude, "PreToolUse", true),
        (Client::Claude, "SessionEnd", false),
        (Client::Codex, "SessionStart", true),
        (Client::Codex, "UserPromptSubmit", true),
        (Client::Gemini, "SessionStart", true),
        (Client::Gemini, "BeforeTool", false),
        (Client::Gemini, "AfterTool", true),
        (Client::Copilot, "sessionStart", true),
        (Client::Cursor, "sessionStart", true),
        (Client::OpenCode, "tool.execute.after", true),
        (Client::Antigravity, "PreToolUse", false),
    ] {
        let said = answer(client, event, &Ruling::allow(), &words).stdout;
        assert_eq!(said.contains("mind the weir"), has_place, "{client} {event}: {said}");
    }
}

#[test]
fn a_reason_cannot_repaint_a_terminal_and_has_an_end() {
    let text = format!("\u{1b}[2Jdone\u{202e}txt{}", "x".repeat(100_000));
    let reply = refuse(Client::Claude, "PreToolUse", &text);
    assert!(!reply.stderr.contains('\u{1b}') && !reply.stderr.contains('\u{202e}'));
    assert!(reply.stderr.chars().count() < 9_000);
}
