//! The drivers, proved with the real clients and without Weir: every kind of step is carried out, its result comes
//! back, and a person in the editor is asked.
//!
//! Ignored where nobody asks for it, for the clients must be installed: `cargo xtask test --clients`.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use serde_json::json;
use std::time::{Duration, Instant};
use weir_clients::drive::{Client, Mode, Person, Run, ToolServerAt};
use weir_clients::model::{Model, Script, Step, Turn};
use weir_clients::tool_server::ToolServer;
use weir_clients::{Place, Programs, suite};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
#[ignore = "needs the agent clients: cargo xtask test --clients"]
fn each_client_carries_out_each_kind_of_step() {
    let name = "each_client_carries_out_each_kind_of_step";
    let Some(programs) = suite::enclosed(name) else { return };
    let mut faults = Vec::new();
    for client in Client::ALL {
        for mode in Mode::ALL {
            let name = format!("{} {}", client.name(), mode.name());
            if !suite::is_selected(&name) {
                continue;
            }
            let started = Instant::now();
            let found = drive(&programs, client, mode);
            eprintln!("{name}: {:.1} s", started.elapsed().as_secs_f64());
            faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What went otherwise than the script.
fn drive(programs: &Programs, client: Client, mode: Mode) -> Vec<String> {
    let place = Place::below(&std::env::temp_dir()).unwrap();
    support::repository(&place);
    let tools = ToolServer::start().unwrap();
    let at = |name: &str| place.tree.join(name).to_string_lossy().into_owned();
    let turns = [
        Turn::from(Step::Shell("echo ran > shell.txt && cat shell.txt a.txt".into())),
        Turn::from(Step::Read(at("a.txt"))),
        Turn::from(Step::Write(at("new.txt"), "written\n".into())),
        Turn::from(Step::Edit(at("a.txt"), "hello".into(), "goodbye".into())),
        Turn::from(Step::Mcp("probe".into(), "note".into(), json!({"text": "t"}))),
    ];
    let delegate = [Turn::from(Step::Agent("MARK: make sub.txt".into())), Turn::from(Step::Join)];
    let delegates = client.delegates(mode);
    let turns = turns.into_iter().chain(delegate.into_iter().filter(|_| delegates));
    let turns = turns.chain([Turn::say("done")]);
    let sub = [Turn::from(Step::Shell("echo sub > sub.txt".into())), Turn::say("made")];
    let sub_turns = sub.len();
    let model = Model::start(Script::new(turns).with_sub_agent("MARK", sub)).unwrap();
    let servers = [ToolServerAt { name: "probe".into(), url: tools.url().into(), token: None }];
    let run = Run {
        client,
        mode,
        programs,
        place: &place,
        model: &model,
        tool_servers: &servers,
        environment: Vec::new(),
        arguments: Vec::new(),
        is_confined: true,
        person: Person::Allows,
        patience: PATIENCE,
    };
    run.configure().unwrap();
    let ended = run.prompt("Do the task.").unwrap();

    let mut faults = model.faults();
    if ended.code != Some(0) {
        faults.push(format!("ended with {:?}", ended.code));
    }
    let files = [
        ("shell.txt", "ran"),
        ("new.txt", "written"),
        ("a.txt", "goodbye"),
        ("sub.txt", if delegates { "sub" } else { "" }),
    ];
    for (name, wanted) in files {
        let text = std::fs::read_to_string(place.tree.join(name)).unwrap_or_default();
        if text.trim() != wanted {
            faults.push(format!("{name} holds {text:?}"));
        }
    }
    for (what, index, wanted) in
        [("shell", 0, "hello"), ("read", 1, "hello"), ("tool", 4, "note done")]
    {
        let calls = model.calls();
        let main: Vec<_> = calls.iter().filter(|call| call.lane == "main").collect();
        if !main.get(index).is_some_and(|call| call.told().contains(wanted)) {
            faults.push(format!("the result of {what} is {:?}", main.get(index)));
        }
    }
    if tools.calls().len() != 1 {
        faults.push(format!("the tool server saw {:?}", tools.calls()));
    }
    let left = if delegates { 0 } else { sub_turns };
    if model.turns_left() != left {
        faults.push(format!("{} turns were not asked for", model.turns_left()));
    }
    if !faults.is_empty() {
        eprintln!("{ended:#?}\n{:#?}", model.calls());
    }
    faults
}
