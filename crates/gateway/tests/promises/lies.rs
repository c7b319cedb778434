//! Servers that lie, hang, flood or change: each costs its limits and nothing else.

use crate::support::{House, soon, stdio};
use serde_json::json;
use std::time::{Duration, Instant};
use weir_gateway::Answer;

const SHORT: &str = "time_limit = \"1500ms\"\noutput_limit = 100000";

#[tokio::test]
async fn whatever_a_tool_does_the_call_ends_with_a_reason() {
    let rows = [
        ("hang", "did not answer within 1.5s"),
        ("huge", "more than 100000 bytes at once"),
        ("endless", "more than 100000 bytes at once"),
        ("flood", "it floods"),
        ("garbage", "it floods"),
        ("wrong_id", "did not answer within"),
        ("no_result", "its `content` is text"),
        ("die", "it ended: fatal"),
        ("ask_person", "which the registry does not allow it"),
    ];
    for (tool, words) in rows {
        let house = House::new(&stdio(&["--lies"], SHORT));
        let started = Instant::now();
        let refused = house.refused(&format!("fix__{tool}"), json!({})).await;
        assert!(refused.starts_with("tool.failed") && refused.contains(words), "{tool}: {refused}");
        assert!(started.elapsed() < Duration::from_secs(8), "{tool} took {:?}", started.elapsed());
        assert!(house.notes().contains("Failed"), "{tool}: {}", house.notes());
    }
}

#[tokio::test]
async fn a_server_that_was_ended_is_started_anew() {
    let house = House::new(&stdio(&["--lies"], SHORT));
    house.refused("fix__huge", json!({})).await;
    assert_eq!(house.text("fix__echo", json!({"text": "new"})).await, "new");
}

#[tokio::test]
async fn a_server_may_say_a_little_nonsense() {
    let house = House::new(&stdio(&["--lies", "--lie", "noisy"], SHORT));
    assert_eq!(house.text("fix__noise", json!({})).await, "after the noise");
}

#[tokio::test]
async fn a_server_gets_no_model_and_no_person() {
    let house = House::new(&stdio(&["--lies"], ""));
    let told = house.text("fix__ask_model", json!({})).await;
    assert!(told.contains("-32601") && told.contains("answers for no model"), "{told}");
    assert!(soon(|| house.notes().contains("sampling/createMessage")).await, "{}", house.notes());
}

#[tokio::test]
async fn a_server_that_cannot_be_greeted_is_down() {
    for (lie, words) in [("mute", "did not answer within"), ("pages", "more than 50 pages")] {
        let house = House::new(&stdio(&["--lie", lie], SHORT));
        assert!(house.tools().await.is_empty(), "{lie}");
        let refused = house.refused("fix__echo", json!({})).await;
        assert!(refused.contains(words), "{lie}: {refused}");
        assert!(house.notes().contains("Down"), "{lie}: {}", house.notes());
    }
    let house = House::new(&stdio(&["--lie", "revision"], "protocols = [\"2025-11-25\"]"));
    let refused = house.refused("fix__echo", json!({})).await;
    assert!(refused.contains("it speaks `1999-01-01`"), "{refused}");
}

#[tokio::test]
async fn a_server_that_dies_of_the_newer_greeting_gets_the_older_one() {
    let house = House::new(&stdio(&["--lie", "fragile"], ""));
    assert_eq!(house.text("fix__echo", json!({"text": "well"})).await, "well");
}

#[tokio::test]
async fn what_a_client_cannot_read_is_still_an_answer_here() {
    // Kinds of content are the door's business: it knows the client's revision.
    let house = House::new(&stdio(&["--lies"], ""));
    assert!(matches!(house.call("fix__bad_content", json!({})).await, Answer::Done(_)));
}

#[tokio::test]
async fn a_flood_of_calls_is_bounded() {
    let house = House::new(&stdio(&["--lies"], "time_limit = \"3s\""));
    house.text("fix__echo", json!({})).await;
    let calls = (0..40).map(|_| house.call("fix__hang", json!({})));
    let answers = futures::future::join_all(calls).await;
    let busy = answers
        .iter()
        .filter(|answer| matches!(answer, Answer::Refused(refusal) if refusal.code == "tool.busy"));
    assert_eq!(busy.count(), 8);
}
