//! T30 of `docs/threat-model.md`: no act without its record, and no record that is lost with who acted.

use crate::testing::{Field, MemoryStore};
use weir_model::act::{Act, Answer, Client, FileChange, Moment, Tool, WriteHow};
use weir_model::event::act::Event as ActEvent;
use weir_model::{Actor, Event, Position};

/// A write that no policy minds, told by a client.
fn write(moment: Moment, name: &str) -> Act {
    let path = std::env::temp_dir().join(name).display().to_string();
    let file = FileChange { path, how: WriteHow::Change, preview: String::new() };
    Act {
        client: Some(Client::Claude),
        moment,
        conversation: "c".to_owned(),
        subagent: None,
        call: Some(name.to_owned()),
        cwd: "/".to_owned(),
        mode: None,
        tool: Tool::Write { files: vec![file] },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t30_what_cannot_be_recorded_is_not_allowed() {
    let store = MemoryStore::default();
    let field = Field::on(store.clone());
    let session = field.session().await;
    let before = field.engine.read(|folds| folds.position);
    store.fill(1);
    field.engine.act(&session, write(Moment::BeforeTool, "a")).await.expect_err("no room");
    assert_eq!(field.engine.read(|folds| folds.position), before, "and nothing is known of it");
    let answered = field.engine.act(&session, write(Moment::BeforeTool, "a")).await;
    let answered = answered.expect("there is room again");
    assert_eq!((answered.ruling.answer, answered.decision), (Answer::Allow, Some(before.next())));
}

/// The answer was given, and then everything ended at once: the client, and the server without a goodbye.
#[tokio::test(flavor = "multi_thread")]
async fn t30_who_is_killed_leaves_what_it_was_allowed() {
    let store = MemoryStore::default();
    let field = Field::on(store.clone());
    let session = field.session().await;
    let Actor::Session(id) = session.actor else { panic!("no agent: {session:?}") };
    let allowed = field.engine.act(&session, write(Moment::BeforeTool, "a")).await;
    let decision = allowed.expect("decided").decision.expect("on record");
    let field = field.restart(store);
    let folds = field.replayed();
    let doing = folds.acts.session(id).expect("known");
    let last = doing.last.as_ref().expect("its last act");
    assert_eq!((last.decision, last.answer, doing.failed), (decision, Answer::Allow, 0));
    let before = Position(decision.0 - 1);
    let record = field.engine.log(before, 1).expect("read").remove(0);
    let event = Event::from_json(record.stream.as_str(), &record.body).expect("an event");
    let Event::Act(ActEvent::ActDecided { act, effects, .. }) = event else {
        panic!("no decision: {event:?}")
    };
    assert_eq!((act.call.as_deref(), effects.len()), (Some("a"), 1), "what, and what it came to");
}
