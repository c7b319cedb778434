//! Calls over standard streams: what passes, what is refused, and what a server gets to see.

use crate::support::{House, TOKEN, caller, lives, object, soon, stdio, text};
use serde_json::json;
use weir_gateway::{Answer, Happening, Manner, Note, Outcome, Registry, Sink};
use weir_model::act::Offer;

#[tokio::test]
async fn a_tool_is_listed_under_a_name_of_its_own_and_called() {
    for speaks in ["2026-07-28", "2025-11-25", "2025-06-18"] {
        let house = House::new(&stdio(&["--speaks", speaks], ""));
        assert!(house.tools().await.contains(&"fix__echo".to_owned()), "{speaks}");
        assert_eq!(house.text("fix__echo", json!({"text": "hello"})).await, "hello", "{speaks}");
        let asked = house.judge.asked.lock().expect("lock").pop().expect("asked");
        assert_eq!((asked.server.as_str(), asked.tool.as_str()), ("fix", "echo"));
        assert_eq!(asked.arguments, json!({"text": "hello"}));
        let notes = house.judge.notes.lock().expect("lock").clone();
        let ended = notes.iter().any(|note| {
            matches!(note, Note::Ended { call, outcome: Outcome::Done { .. }, .. } if call.id == asked.id)
        });
        assert!(ended, "{notes:?}");
    }
}

#[tokio::test]
async fn only_revisions_that_the_registry_allows_are_spoken() {
    let rows = [
        ("2025-06-18", r#"protocols = ["2026-07-28"]"#, false),
        ("2025-06-18", r#"protocols = ["2025-11-25"]"#, false),
        ("2026-07-28", r#"protocols = ["2025-11-25"]"#, false),
        ("2025-06-18", r#"protocols = ["2025-06-18"]"#, true),
        ("2026-07-28", r#"protocols = ["2026-07-28"]"#, true),
    ];
    for (speaks, more, works) in rows {
        let house = House::new(&stdio(&["--speaks", speaks], more));
        assert_eq!(!house.tools().await.is_empty(), works, "{speaks} {more}");
        assert_eq!(house.notes().contains("Down"), !works, "{}", house.notes());
    }
}

#[tokio::test]
async fn what_is_not_listed_is_denied_and_never_heard_of() {
    let house = House::new(&stdio(&["--lies"], "tools = [\"echo\", \"test_*\", \"ghost\"]"));
    let tools = house.tools().await;
    assert!(tools.contains(&"fix__echo".to_owned()) && !tools.contains(&"fix__leak".to_owned()));
    for tool in ["fix__leak", "fix__ghost", "fix__", "echo", "other__echo", "", "__", "fix__ech*"] {
        let refused = house.refused(tool, json!({})).await;
        assert!(refused.starts_with("tool.unlisted"), "{tool}: {refused}");
    }
    assert_eq!(house.asked(), 0, "there was nothing to decide");
    assert_eq!(house.judge.notes.lock().expect("lock").len(), 8, "each is noted");
}

#[tokio::test]
async fn what_is_refused_never_reaches_the_server() {
    let house = House::new(&stdio(&[], ""));
    let count = async || house.text("fix__count", json!({})).await;
    assert_eq!(count().await, "1");
    for (text, words) in [("forbidden", "not that text"), ("panic", "the decision failed")] {
        let refused = house.refused("fix__count", json!({"text": text})).await;
        assert!(refused.starts_with("tool.refused") && refused.contains(words), "{refused}");
    }
    assert_eq!(count().await, "2", "the server counted no refused call");
    let large = "x".repeat(600 << 10);
    let refused = house.refused("fix__echo", json!({"text": large})).await;
    assert!(refused.contains("larger than"), "{refused}");
}

#[tokio::test]
async fn a_server_sees_a_clean_environment_and_a_folder_of_its_own() {
    let house = House::new(&stdio(&[], "env = { TOKEN = \"{secret:token}\", MODE = \"test\" }"));
    let Answer::Done(result) = house.call("fix__environment", json!({})).await else {
        panic!("no result")
    };
    let seen = &result["structuredContent"];
    let names: Vec<&str> =
        seen["names"].as_array().expect("names").iter().filter_map(|name| name.as_str()).collect();
    assert!(names.contains(&"TOKEN") && names.contains(&"MODE") && names.contains(&"PATH"));
    assert!(!names.iter().any(|name| name.starts_with("CARGO")), "{names:?}");
    let dir = std::path::PathBuf::from(seen["dir"].as_str().expect("a folder"));
    assert!(dir.starts_with(house.folder.path().canonicalize().expect("there")), "{dir:?}");
    house.gateway.close().await;
    assert!(!dir.exists(), "its folder goes with it");
}

#[tokio::test]
async fn a_secret_never_reaches_the_agent_nor_the_record() {
    let house = House::new(&stdio(&["--lies"], "env = { TOKEN = \"{secret:token}\" }"));
    let said = house.call("fix__leak", json!({})).await;
    assert!(matches!(said, Answer::Done(_)), "{said:?}");
    let said = format!("{said:?}");
    assert!(said.contains("[secret]") && !said.contains(TOKEN), "{said}");
    assert!(!said.contains("b2tlb") && !said.contains("3n+of"), "not in base64 either: {said}");
    let died = house.refused("fix__die", json!({})).await;
    assert!(died.contains("it ended: fatal: cannot go on with [secret]"), "{died}");
    assert!(
        house.notes().contains("Masked") && !house.notes().contains(TOKEN),
        "{}",
        house.notes()
    );
}

#[tokio::test]
async fn a_missing_or_guessable_secret_keeps_a_server_from_starting() {
    for (name, words) in [("gone", "there is no secret `gone`"), ("short", "shorter than 8 bytes")]
    {
        let house = House::new(&stdio(&[], &format!("env = {{ TOKEN = \"{{secret:{name}}}\" }}")));
        let refused = house.refused("fix__echo", json!({})).await;
        assert!(refused.contains(words), "{refused}");
    }
}

#[tokio::test]
async fn sessions_share_nothing_unless_the_registry_says_so() {
    for (more, expected) in [("", "1"), ("share = \"all\"", "2")] {
        let house = House::new(&stdio(&[], more));
        assert_eq!(house.text("fix__count", json!({})).await, "1");
        let other = house
            .gateway
            .call(&caller("S2"), "fix__count", object(json!({})), Manner::default())
            .await;
        assert_eq!(text(other), expected, "{more}");
    }
}

#[tokio::test]
async fn a_forgotten_session_leaves_nothing_running() {
    let house = House::new(&stdio(&["--lies"], ""));
    let Answer::Done(result) = house.call("fix__environment", json!({})).await else {
        panic!("none")
    };
    let server = result["structuredContent"]["pid"].to_string();
    let bred = house.text("fix__breed", json!({})).await;
    let runs = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    assert!(runs(&server) && soon(|| runs(&bred)).await);
    house.gateway.forget("S1".parse().expect("an id")).await;
    assert!(soon(|| !runs(&server) && !runs(&bred)).await, "something was left");
    assert_eq!(house.text("fix__echo", json!({"text": "again"})).await, "again");
}

#[tokio::test]
async fn a_new_registry_counts_at_once() {
    let house = House::new(&stdio(&[], ""));
    assert_eq!(house.text("fix__count", json!({})).await, "1");
    let same = Registry::parse(&stdio(&[], "")).expect("a registry");
    house.gateway.set_registry(same).await;
    assert_eq!(house.text("fix__count", json!({})).await, "2", "what stays the same, stays");
    let less = Registry::parse(&stdio(&[], "tools = [\"echo\"]")).expect("a registry");
    house.gateway.set_registry(less).await;
    assert!(house.refused("fix__count", json!({})).await.starts_with("tool.unlisted"));
    house.gateway.set_registry(Registry::default()).await;
    assert!(house.refused("fix__echo", json!({})).await.starts_with("tool.unlisted"));
}

#[tokio::test]
async fn progress_and_logs_come_along() {
    for speaks in ["2026-07-28", "2025-11-25"] {
        let house = House::new(&stdio(&["--speaks", speaks], ""));
        let (sender, mut happenings) = tokio::sync::mpsc::channel(64);
        let manner = || Manner {
            sink: Some(Sink(sender.clone())),
            log_level: Some("info".to_owned()),
            ..Manner::default()
        };
        let call = async |tool: &str| {
            text(house.gateway.call(&house.me, tool, object(json!({})), manner()).await)
        };
        call("fix__test_tool_with_progress").await;
        call("fix__test_tool_with_logging").await;
        let mut seen = Vec::new();
        while let Ok(happening) = happenings.try_recv() {
            seen.push(match happening {
                Happening::Progress { progress, total, .. } => format!("{progress}/{total:?}"),
                Happening::Log { level, data, .. } => format!("{level} {data}"),
            });
        }
        let expected = [
            "0/Some(100.0)",
            "50/Some(100.0)",
            "100/Some(100.0)",
            "info \"Tool execution started\"",
            "info \"Tool processing data\"",
            "info \"Tool execution completed\"",
        ];
        assert_eq!(seen, expected, "{speaks}");
    }
}

#[tokio::test]
async fn prompts_and_resources_pass_where_the_registry_lists_them() {
    let house = House::new(&stdio(
        &[],
        "prompts = [\"test_prompt*\"]\nresources = [\"test://static-*\", \"test://template/*\"]",
    ));
    let names: Vec<_> = house
        .gateway
        .list(&house.me, Offer::Prompt)
        .await
        .iter()
        .map(|prompt| prompt["name"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(names[0], "fix__test_prompt_with_arguments");
    assert!(!names.contains(&"fix__test_simple_prompt".to_owned()));
    let arguments = object(json!({"arg1": "a", "arg2": "b"}));
    let prompt = house.gateway.prompt(&house.me, &names[0], arguments, Manner::default()).await;
    assert!(format!("{prompt:?}").contains("arg1='a', arg2='b'"), "{prompt:?}");
    assert_eq!(house.gateway.resources(&house.me).await.len(), 2);
    assert_eq!(house.gateway.templates(&house.me).await.len(), 1);
    let read = async |uri: &str| house.gateway.read(&house.me, uri, Manner::default()).await;
    assert!(format!("{:?}", read("test://static-text").await).contains("static text resource"));
    assert!(
        matches!(read("test://secret").await, Answer::Refused(refusal) if refusal.code == "tool.unlisted")
    );
    assert!(matches!(read("test://static-none").await, Answer::Error { code: -32002, .. }));
    let word = json!({"name": "arg1", "value": "par"});
    let words = house.gateway.complete(&house.me, Some(Offer::Prompt), &names[0], word, None).await;
    assert!(format!("{words:?}").contains("paris"), "{words:?}");
}

#[tokio::test]
async fn whoever_gives_up_tells_the_server_and_the_record() {
    let house = House::new(&stdio(&["--lies"], ""));
    house.text("fix__echo", json!({})).await;
    let call = house.call("fix__hang", json!({}));
    let gave_up = tokio::time::timeout(std::time::Duration::from_millis(200), call).await;
    assert!(gave_up.is_err());
    assert!(soon(|| house.notes().contains("Cancelled")).await, "{}", house.notes());
    assert_eq!(house.text("fix__echo", json!({"text": "on"})).await, "on", "the server goes on");
}

#[tokio::test]
async fn the_agents_own_worktree_only_where_it_is_said() {
    let house = House::new(&stdio(&[], "dir = \"worktree\""));
    let refused = house.refused("fix__environment", json!({})).await;
    assert!(refused.contains("claim a task"), "{refused}");
    let mut other = caller("S2");
    other.worktree = Some(house.folder.path().to_owned());
    let answer =
        house.gateway.call(&other, "fix__environment", object(json!({})), Manner::default()).await;
    let here = house.folder.path().canonicalize().expect("there");
    assert!(
        format!("{answer:?}").contains(&format!("{:?}", here.display().to_string())),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_program_that_is_not_there_is_told_and_not_tried_again_at_once() {
    let house = House::new(
        "[[server]]\nname = \"fix\"\ncommand = [\"no-such-tool-server\"]\ntools = [\"*\"]\n",
    );
    let refused = house.refused("fix__echo", json!({})).await;
    assert!(refused.contains("not found"), "{refused}");
    for _ in 0..5 {
        house.refused("fix__echo", json!({})).await;
    }
    assert_eq!(house.notes().matches("Down").count(), 1, "{}", house.notes());
    assert!(!lives("no-such-tool-server"));
}
