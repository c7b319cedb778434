//! Real agent clients that `weir attach` wired: what policies forbid is held in the client, with a reason that
//! reaches the model; a person's yes lets it pass once; and a hook that is gone, or a server, opens nothing where the
//! client can fail closed, and is noticed where it cannot.

use super::space::Space;
use super::with_each;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use weir_clients::Place;
use weir_clients::drive::{Client, Mode, Run};
use weir_clients::model::{Call, Script, Step, Turn, Watcher};
use weir_clients::trial::{Attempt, FORBIDDEN, Held, TOOL, TOOL_SERVER, Trial, Wire};

/// `weir attach`, by this program, for the worktree of the place.
struct Attach<'s> {
    space: &'s Space,
    weir: PathBuf,
}

impl Wire for Attach<'_> {
    fn attach(&self, run: &mut Run<'_>) -> Result<(), String> {
        let mut attach = Command::new(&self.weir);
        attach.args(["attach", run.client.name(), "--json", "--dir"]).arg(&run.place.tree);
        attach.arg("--program").arg(run.client.program(run.programs));
        attach.env_clear().envs(run.whole_environment());
        attach.current_dir(&self.space.repo.dir).stdin(Stdio::null());
        let done = attach.output().map_err(|error| error.to_string())?;
        let told: Value = serde_json::from_slice(&done.stdout)
            .map_err(|_| String::from_utf8_lossy(&done.stderr).into_owned())?;
        for pair in told["environment"].as_array().into_iter().flatten() {
            if let (Some(name), Some(value)) = (pair[0].as_str(), pair[1].as_str()) {
                run.environment.push((name.to_owned(), value.into()));
            }
        }
        Ok(())
    }
}

/// Over the protocol, Gemini CLI asks no hook before it calls a tool.
fn asks_hooks(client: Client, mode: Mode) -> bool {
    (client, mode) != (Client::Gemini, Mode::Acp)
}

/// Whether the client stays closed when the program of its hook is gone: by a switch of its own, or because what is
/// wired asks a shell to block when the program cannot be run.
fn fails_closed(client: Client, mode: Mode) -> bool {
    asks_hooks(client, mode)
}

#[test]
#[ignore = "needs the agent clients: cargo xtask test --clients"]
fn what_policies_forbid_is_held_and_the_model_is_told() {
    with_each(
        "attached::what_policies_forbid_is_held_and_the_model_is_told",
        |programs, client, mode| {
            if !asks_hooks(client, mode) {
                return Vec::new();
            }
            let delegates =
                |attempt: &Attempt| *attempt != Attempt::SubAgent || client.delegates(mode);
            let attempts: Vec<Attempt> = Attempt::ALL.into_iter().filter(delegates).collect();
            let (space, place) = begin(client);
            let trial = Trial::attempting(client, mode, &attempts, &place);
            let held = trial.hold(programs, &attach(&space), place).expect("the client runs");
            let mut faults = held.faults.clone();
            for attempt in attempts {
                let seen = held.seen(attempt);
                let why = match attempt {
                    Attempt::Tool => "does not list",
                    Attempt::Command | Attempt::Write | Attempt::SubAgent => {
                        "outside what this session"
                    }
                };
                if seen.happened || !seen.told.as_deref().unwrap_or_default().contains(why) {
                    faults.push(format!("{}: {seen:?}", attempt.name()));
                }
            }
            shown(faults, &held)
        },
    );
}

#[test]
#[ignore = "needs the agent clients: cargo xtask test --clients"]
fn an_approval_lets_an_act_pass_once() {
    with_each("attached::an_approval_lets_an_act_pass_once", |programs, client, mode| {
        if !asks_hooks(client, mode) {
            return Vec::new();
        }
        let (space, place) = begin(client);
        let space = Arc::new(space);
        let call =
            || Turn::from(Step::Mcp(TOOL_SERVER.into(), TOOL.into(), json!({"text": FORBIDDEN})));
        let script = Script::new([call(), call(), call(), Turn::say("done")]);
        let mut trial = Trial::saying(client, mode, script);
        let asked = Arc::clone(&space);
        trial.watcher = Watcher::new(move |_, turn| {
            if turn == 1 {
                allow_all(&asked);
            }
        });
        let held = trial.hold(programs, &attach(&space), place).expect("the client runs");
        let mut faults = held.faults.clone();
        if held.tool_calls.len() != 1 {
            faults.push(format!("the tool was called {} times", held.tool_calls.len()));
        }
        if !held.calls.get(1).map_or("", Call::told).contains("wipe done") {
            faults.push(format!("allowed, it was told {:?}", held.calls.get(1)));
        }
        shown(faults, &held)
    });
}

#[test]
#[ignore = "needs the agent clients: cargo xtask test --clients"]
fn a_server_that_is_gone_opens_nothing() {
    with_each("attached::a_server_that_is_gone_opens_nothing", |programs, client, mode| {
        if !asks_hooks(client, mode) {
            return Vec::new();
        }
        let (space, place) = begin(client);
        let space = Arc::new(space);
        let mut trial = Trial::attempting(client, mode, &[Attempt::Command], &place);
        let server = Arc::clone(&space);
        trial.watcher = Watcher::new(move |_, turn| {
            if turn == 0 {
                server.repo.weir(&["down"]);
            }
        });
        let held = trial.hold(programs, &attach(&space), place).expect("the client runs");
        let seen = held.seen(Attempt::Command);
        let faults = if seen.happened { vec![format!("it acted: {seen:?}")] } else { Vec::new() };
        shown(faults, &held)
    });
}

#[test]
#[ignore = "needs the agent clients: cargo xtask test --clients"]
fn a_hook_that_is_gone_opens_nothing_or_is_noticed() {
    with_each(
        "attached::a_hook_that_is_gone_opens_nothing_or_is_noticed",
        |programs, client, mode| {
            let (space, place) = begin(client);
            // A program of its own, which can be taken away.
            let weir = space.repo.beside("weir");
            std::fs::copy(env!("CARGO_BIN_EXE_weir"), &weir).expect("copied");
            let mut trial = Trial::attempting(client, mode, &[Attempt::Command], &place);
            let gone = weir.clone();
            trial.watcher = Watcher::new(move |_, turn| {
                if turn == 0 {
                    let _ = std::fs::remove_file(&gone);
                }
            });
            let wire = Attach { space: &space, weir };
            let held = trial.hold(programs, &wire, place).expect("the client runs");
            let seen = held.seen(Attempt::Command);
            let mut faults = held.faults.clone();
            if seen.happened == fails_closed(client, mode) {
                faults.push(format!("{seen:?}"));
            }
            let environment = held.place.environment();
            let mut doctor = Command::new(env!("CARGO_BIN_EXE_weir"));
            doctor.args(["doctor", "--json"]).current_dir(&space.repo.dir);
            let looked = doctor.env_clear().envs(environment).output().expect("it runs");
            if looked.status.success() {
                faults.push(format!("the doctor found nothing: {looked:?}"));
            }
            if !space.has_recorded("hook.checked.v1") {
                faults.push("what the doctor found is not recorded".to_owned());
            }
            shown(faults, &held)
        },
    );
}

fn begin(client: Client) -> (Space, Place) {
    let space = Space::of(client.name());
    let place = space.place();
    (space, place)
}

fn attach(space: &Space) -> Attach<'_> {
    Attach { space, weir: PathBuf::from(env!("CARGO_BIN_EXE_weir")) }
}

/// Says yes to everything that waits.
fn allow_all(space: &Space) {
    let waiting = space.repo.json(&["approval", "list"]);
    for one in waiting["items"].as_array().into_iter().flatten() {
        space.repo.json(&["approval", "allow", one["id"].as_str().unwrap_or_default()]);
    }
}

fn shown(faults: Vec<String>, held: &Held) -> Vec<String> {
    if !faults.is_empty() {
        eprintln!("{held:#?}");
    }
    faults
}
