//! How each thing looks, on an imagined afternoon.

use crate::page::Page;
use crate::ui::{Form, Ui};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::{Arc, Mutex};
use weir_model::Timestamp;
use weir_server::wire::{Candidate, Change, Session, Task, Wait};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("one thread").write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("one thread").clone()).expect("UTF-8")
    }
}

fn noon() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().expect("a time")
}

fn shown<T: DeserializeOwned + serde::Serialize>(
    value: Value,
    show: impl FnOnce(&T, &mut Page),
) -> String {
    let value: T = serde_json::from_value(value).expect("as the API says it");
    let (out, err) = (Kept::default(), Kept::default());
    let mut ui = Ui::test(Form::People, Box::new(out.clone()), Box::new(err.clone()), noon);
    ui.answer(&value, show).expect("memory does not fail");
    assert_eq!(err.text(), "", "an answer is data, and data goes to stdout");
    out.text()
}

fn ada() -> Value {
    json!({ "id": "S1", "name": "ada" })
}

fn ann() -> Value {
    json!({ "id": "P1", "name": "ann" })
}

fn task() -> Value {
    json!({
        "id": "T1", "title": "Parse dates\u{1b}[2J", "text": "As ISO 8601.\n\nAnd nothing else.",
        "paths": ["src/date/**", "docs/"], "after": [], "waits_for": [], "person": ann(),
        "state": "claimed", "since": "2026-11-22T11:55:00Z",
        "hold": { "session": ada(), "token": "#3", "expires_at": "2026-11-22T12:25:00Z" },
    })
}

fn revision() -> Value {
    json!({
        "id": "C1.2", "commit": "4bd5bc9eb1a0", "base": "1762e2c001c0", "title": "Parse dates",
        "paths": ["src/date/iso.rs"], "session": ada(), "person": ann(), "token": "#3",
        "trunk": "main", "approvals_needed": 1, "approvals": [],
    })
}

fn change() -> Value {
    json!({
        "id": "C1", "task": "T1", "title": "Parse dates", "state": "returned",
        "since": "2026-11-22T11:59:30Z", "revisions": [revision()],
        "repair": {
            "code": "check.failed", "sentence": "check `test` failed with exit code 1",
            "log": "iso.rs: expected 4 digits\r\n1 failed", "reproduce": "sh check.sh",
            "hint": "mend it and push again",
        },
    })
}

#[test]
fn a_task_at_length() {
    insta::assert_snapshot!(shown::<Task>(task(), |task, page| super::task(page, task)));
}

#[test]
fn a_change_that_came_back() {
    insta::assert_snapshot!(shown::<Change>(change(), |change, page| super::change(page, change)));
}

#[test]
fn a_candidate_under_test() {
    let candidate = json!({
        "id": "Q7", "revisions": ["C1.2", "C3.1"], "title": "Parse dates, and 1 more", "onto": "1762e2c001c0",
        "commit": "94fe07bf", "tree": "4215c066", "outcome": "testing", "built_because": "it waits longest", "runs": 1,
        "checks": [
            { "name": "lint", "run": "make lint", "time_limit": "5m" },
            { "name": "test", "run": "make test", "time_limit": "30m" },
        ],
        "results": [{
            "check": "lint", "verdict": "passed", "exit_code": 0, "elapsed_ms": 812,
            "log": "ab".repeat(32),
        }],
    });
    let show = |candidate: &Candidate, page: &mut Page| super::candidate(page, candidate);
    insta::assert_snapshot!(shown::<Candidate>(candidate, show));
}

#[test]
fn lists_align() {
    let second = json!({
        "id": "T12", "title": "Write it down", "text": "", "paths": ["docs/"], "after": ["T1"],
        "waits_for": ["T1"], "person": ann(), "state": "blocked",
    });
    let tasks =
        shown::<Vec<Task>>(json!([task(), second]), |all, page| super::tasks(page, all, ""));
    insta::assert_snapshot!("list_of_tasks", tasks);
    let none = shown::<Vec<Task>>(json!([]), |all, page| super::tasks(page, all, "no tasks"));
    assert_eq!(none, "  no tasks\n");
    let changes =
        shown::<Vec<Change>>(json!([change()]), |all, page| super::changes(page, all, ""));
    insta::assert_snapshot!("list_of_changes", changes);
    let sessions = json!([
        { "id": "S2", "agent": "ben", "person": ann(), "children": [], "paths": [["**"]],
          "push_bytes_max": 1, "alive": true, "expires_at": "2026-11-22T20:00:00Z", "task": "T2" },
        { "id": "S1", "agent": "ada", "person": ann(), "children": [], "paths": [["**"]],
          "push_bytes_max": 1, "alive": false, "expires_at": "2026-11-22T20:00:00Z", "ended": "x" },
    ]);
    let show = |all: &Vec<Session>, page: &mut Page| super::sessions(page, all, "");
    insta::assert_snapshot!("list_of_sessions", shown::<Vec<Session>>(sessions, show));
    let waits = json!([{
        "subject": "C1.2", "title": "Parse dates", "stage": "review", "waits_for": "an approval",
        "whose": "you", "since": "2026-11-20T12:00:00Z",
    }]);
    let show = |all: &Vec<Wait>, page: &mut Page| super::waits(page, all, "");
    insta::assert_snapshot!("list_of_waits", shown::<Vec<Wait>>(waits, show));
}

#[test]
fn programs_get_one_document_and_no_words() {
    let value: Task = serde_json::from_value(task()).expect("as the API says it");
    let (out, err) = (Kept::default(), Kept::default());
    let mut ui = Ui::test(Form::Json, Box::new(out.clone()), Box::new(err.clone()), noon);
    ui.status(format_args!("words"));
    ui.warn(format_args!("words"));
    ui.progress(format_args!("words"));
    ui.answer(&value, |_, _| panic!("no page for programs")).expect("memory does not fail");
    let read: Task = serde_json::from_str(&out.text()).expect("one document");
    assert_eq!(read, value);
    assert_eq!(err.text(), "");
}

#[test]
fn an_error_is_shown_in_its_three_parts() {
    let refusal = weir_model::Refusal::new("claim.held", "task `T1` is held by `S2`").hint("wait");
    let error = crate::error::CommandError::from(refusal.clone());
    for form in [Form::People, Form::Json] {
        let (out, err) = (Kept::default(), Kept::default());
        let mut ui = Ui::test(form, Box::new(out.clone()), Box::new(err.clone()), noon);
        ui.error(&error);
        assert_eq!(out.text(), "");
        match form {
            Form::People => {
                let expected = "error[claim.held]: task `T1` is held by `S2`\nhint: wait\n";
                assert_eq!(err.text(), expected);
            }
            Form::Json => {
                let read: weir_model::Refusal = serde_json::from_str(&err.text()).expect("JSON");
                assert_eq!(read, refusal);
            }
        }
    }
}
