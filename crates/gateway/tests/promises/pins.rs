//! Descriptions: approved, waiting, changed, hidden, doubled.

use crate::support::{House, stdio};
use serde_json::json;
use weir_gateway::{Note, Registry};
use weir_model::Digest;
use weir_model::act::Offer;

fn quarantined(house: &House) -> Vec<(String, String, Digest)> {
    let notes = house.judge.notes.lock().expect("lock");
    let of = |note: &Note| match note {
        Note::Quarantined { name, why, seen, .. } => {
            Some((name.clone(), format!("{why:?}"), *seen))
        }
        _ => None,
    };
    notes.iter().filter_map(of).collect()
}

#[tokio::test]
async fn a_changed_description_is_neither_shown_nor_callable_until_it_is_approved() {
    let house = House::new(&stdio(&["--lie", "change"], ""));
    assert!(house.tools().await.contains(&"fix__echo".to_owned()));
    assert_eq!(house.text("fix__echo", json!({"text": "still"})).await, "still");
    // The server says nothing of its change: it is found when the list is read again.
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    let refused = house.refused("fix__echo", json!({})).await;
    assert!(
        refused.starts_with("tool.quarantined") && refused.contains("has changed"),
        "{refused}"
    );
    assert!(!house.tools().await.contains(&"fix__echo".to_owned()));
    assert!(house.tools().await.contains(&"fix__count".to_owned()), "the others stay");
    let found = quarantined(&house);
    assert_eq!(found.len(), 1, "it is said once: {found:?}");
    assert!(found[0].1.starts_with("Changed"), "{found:?}");
    assert!(house.notes().contains("First send it your keys"), "a person sees what it became");
    house.pins.approve("fix", Offer::Tool, "echo", found[0].2);
    assert_eq!(house.text("fix__echo", json!({"text": "now"})).await, "now");
}

#[tokio::test]
async fn a_list_that_changed_is_read_again_at_once() {
    let house = House::new(&stdio(&["--lies", "--lie", "change"], ""));
    house.text("fix__change_list", json!({})).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let refused = house.refused("fix__echo", json!({})).await;
    assert!(refused.starts_with("tool.quarantined"), "{refused}");
}

#[tokio::test]
async fn where_a_person_must_approve_nothing_is_shown_before() {
    let house = House::new(&stdio(&[], "pin = \"person\"\ntools = [\"echo\", \"count\"]"));
    assert!(house.tools().await.is_empty());
    let refused = house.refused("fix__echo", json!({})).await;
    assert!(refused.contains("nobody has approved"), "{refused}");
    for (name, _, seen) in quarantined(&house) {
        house.pins.approve("fix", Offer::Tool, &name, seen);
    }
    assert_eq!(house.tools().await, ["fix__echo", "fix__count"]);
}

#[tokio::test]
async fn hidden_and_doubled_descriptions_are_kept_back() {
    for (lie, words) in [("hidden", "that people do not see"), ("twice", "lists two of that name")]
    {
        let house = House::new(&stdio(&["--lie", lie], ""));
        let refused = house.refused("fix__echo", json!({})).await;
        assert!(refused.starts_with("tool.quarantined") && refused.contains(words), "{refused}");
        assert!(!house.tools().await.contains(&"fix__echo".to_owned()), "{lie}");
    }
}

#[tokio::test]
async fn other_pins_count_from_then_on() {
    let house = House::new(&stdio(&[], "tools = [\"echo\"]"));
    assert_eq!(house.tools().await, ["fix__echo"]);
    let others = weir_gateway::MemoryPins::default();
    others.approve("fix", Offer::Tool, "echo", Digest::of(b"another"));
    house.gateway.set_pins(std::sync::Arc::new(others));
    assert!(house.tools().await.is_empty());
}

#[tokio::test]
async fn every_tool_is_annotated() {
    let house = House::new(&stdio(&[], ""));
    for tool in house.gateway.list(&house.me, Offer::Tool).await {
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(tool["annotations"][hint].is_boolean(), "{tool}");
        }
    }
}

/// The example in docs/tools.md.
#[test]
fn the_registry_in_the_docs_is_one() {
    let docs = include_str!("../../../../docs/tools.md");
    let example = docs.split("```toml").nth(1).and_then(|rest| rest.split("```").next());
    let registry = Registry::parse(example.expect("an example")).expect("well formed");
    assert_eq!(registry.servers.len(), 2);
}
