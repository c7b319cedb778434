//! Servers behind an address.

use crate::support::{House, Served, TOKEN};
use serde_json::json;
use std::time::{Duration, Instant};
use weir_gateway::Answer;

#[tokio::test]
async fn tools_over_http_work_in_every_revision() {
    for args in [vec![], vec!["--speaks", "2025-11-25"], vec!["--speaks", "2025-06-18"]] {
        let served = Served::new(&args);
        let house = House::new(&served.registry(""));
        assert!(
            house.tools().await.contains(&"fix__echo".to_owned()),
            "{args:?} {}",
            house.notes()
        );
        assert_eq!(house.text("fix__echo", json!({"text": "hello"})).await, "hello", "{args:?}");
        // Progress makes the server answer with a stream.
        let (sender, mut happenings) = tokio::sync::mpsc::channel(8);
        let manner = weir_gateway::Manner {
            sink: Some(weir_gateway::Sink(sender)),
            ..weir_gateway::Manner::default()
        };
        let tool = "fix__test_tool_with_progress";
        let answer = house.gateway.call(&house.me, tool, serde_json::Map::new(), manner).await;
        assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
        assert_eq!(happenings.recv_many(&mut Vec::new(), 8).await, 3);
    }
}

#[tokio::test]
async fn arguments_that_a_header_repeats_are_repeated() {
    let served = Served::new(&[]);
    let house = House::new(&served.registry(""));
    assert_eq!(house.text("fix__mirrored", json!({"region": "eu-1"})).await, "eu-1");
}

#[tokio::test]
async fn a_secret_goes_into_the_header_and_is_masked_on_the_way_back() {
    let served = Served::new(&["--lies"]);
    let house =
        House::new(&served.registry("headers = { Authorization = \"Bearer {secret:token}\" }"));
    let said = format!("{:?}", house.call("fix__leak", json!({})).await);
    assert!(said.contains("[secret]") && !said.contains(TOKEN), "{said}");
}

#[tokio::test]
async fn a_server_over_http_is_held_to_its_limits() {
    let short = "time_limit = \"1500ms\"\noutput_limit = 100000";
    let rows = [
        ("hang", "did not answer within"),
        ("huge", "more than 100000 bytes"),
        ("flood", "it floods"),
        ("wrong_id", "did not answer within"),
        ("no_result", "its `content` is text"),
        ("ask_person", "does not allow it"),
    ];
    for (tool, words) in rows {
        let served = Served::new(&["--lies"]);
        let house = House::new(&served.registry(short));
        let started = Instant::now();
        let refused = house.refused(&format!("fix__{tool}"), json!({})).await;
        assert!(refused.contains(words), "{tool}: {refused}");
        assert!(started.elapsed() < Duration::from_secs(8), "{tool} took {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_server_that_drips_redirects_or_is_not_there_is_told_so() {
    let short = "time_limit = \"1500ms\"";
    for (lie, words) in [
        ("drip", "did not answer within"),
        ("redirect", "error 307"),
        ("mute", "did not answer within"),
    ] {
        let served = Served::new(&["--lie", lie]);
        let house = House::new(&served.registry(short));
        let refused = house.refused("fix__echo", json!({})).await;
        assert!(refused.contains(words), "{lie}: {refused}");
    }
    let nobody = "[[server]]\nname = \"fix\"\nurl = \"http://127.0.0.1:9/\"\ntools = [\"*\"]\n";
    let refused = House::new(nobody).refused("fix__echo", json!({})).await;
    assert!(refused.contains("could not be reached"), "{refused}");
}

#[tokio::test]
async fn a_server_over_http_gets_no_model() {
    let served = Served::new(&["--lies", "--speaks", "2025-11-25"]);
    let house = House::new(&served.registry(""));
    let told = house.text("fix__ask_model", json!({})).await;
    assert!(told.contains("-32601"), "{told}");
}
