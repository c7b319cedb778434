//! Real agent clients that `weir attach` wired: what policies forbid is held in the client, with a reason that
//! reaches the model; a person's yes lets it pass once; and a hook that is gone, or a server, opens nothing where the
//! client can fail closed, and is noticed where it cannot.

use super::space::Space;
use super::{
    APPROVED, COMMAND, NO_HOOK, NO_SERVER, NOTICED, SUB_AGENT, Shown, TOOL_CALL, WRITE, with_each,
};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use weir_clients::drive::{Client, Mode, Run};
use weir_clients::model::{Call, Script, Step, Turn, Watcher};
use weir_clients::trial::{Attempt, FORBIDDEN, Held, TOOL, TOOL_SERVER, Trial, Wire};
use weir_clients::{Place, Programs};

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

/// What the table says of one forbidden command.
fn closed(happened: bool) -> String {
    if happened { "**open**" } else { "closed" }.to_owned()
}

#[test]
#[ignore = "needs the agent clients: cargo xtask test --clients"]
fn what_policies_forbid_is_held_and_the_model_is_told() {
    with_each("attached::what_policies_forbid_is_held_and_the_model_is_told", forbidden);
}

fn forbidden(programs: &Programs, client: Client, mode: Mode) -> Shown {
    let delegates = |attempt: &Attempt| *attempt != Attempt::SubAgent || client.delegates(mode);
    let attempts: Vec<Attempt> = Attempt::ALL.into_iter().filter(delegates).collect();
    let (space, place) = begin(client);
    let trial = Trial::attempting(client, mode, &attempts, &place);
    let held = trial.hold(programs, &attach(&space), place).expect("the client runs");
    let mut shown = Shown { faults: held.faults.clone(), ..Shown::default() };
    for attempt in attempts {
        let seen = held.seen(attempt);
        let (column, why) = match attempt {
            Attempt::Tool => (TOOL_CALL, "does not list"),
            Attempt::Command => (COMMAND, "outside what this session"),
            Attempt::Write => (WRITE, "outside what this session"),
            Attempt::SubAgent => (SUB_AGENT, "outside what this session"),
        };
        let is_told = seen.told.as_deref().unwrap_or_default().contains(why);
        let cell = match (seen.happened, is_told) {
            (false, true) => "held, told why",
            (false, false) => "held, not told why",
            (true, _) => "**not asked**",
        };
        shown.cells.push((column, cell.to_owned()));
        if asks_hooks(client, mode) && (seen.happened || !is_told) {
            shown.faults.push(format!("{}: {seen:?}", attempt.name()));
        }
    }
    // A refusal that the client keeps is nothing to be alarmed at.
    let agents = space.repo.json(&["agents"]);
    if asks_hooks(client, mode) && agents["agents"][0]["state"] == "unguarded" {
        shown.faults.push(format!("taken for unguarded: {}", agents["agents"][0]["why"]));
    }
    told(shown, &held)
}

#[test]
#[ignore = "needs the agent clients: cargo xtask test --clients"]
fn an_approval_lets_an_act_pass_once() {
    with_each("attached::an_approval_lets_an_act_pass_once", approved);
}

fn approved(programs: &Programs, client: Client, mode: Mode) -> Shown {
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
    let mut shown = Shown { faults: held.faults.clone(), ..Shown::default() };
    // The second of three: before it a person had not been asked, after it the yes is used up.
    let second = held.calls.get(1).map_or("", Call::told).contains("wipe done");
    let passed = held.tool_calls.len();
    let cell = match (passed, second) {
        (1, true) => "passes once".to_owned(),
        (3, true) => "**passes unasked**".to_owned(),
        (passed, _) => format!("**passes {passed} times of three**"),
    };
    shown.cells.push((APPROVED, cell));
    if asks_hooks(client, mode) && (passed != 1 || !second) {
        shown.faults.push(format!("the tool was called {passed} times: {:?}", held.calls.get(1)));
    }
    told(shown, &held)
}

#[test]
#[ignore = "needs the agent clients: cargo xtask test --clients"]
fn a_server_that_is_gone_opens_nothing() {
    with_each("attached::a_server_that_is_gone_opens_nothing", without_server);
}

fn without_server(programs: &Programs, client: Client, mode: Mode) -> Shown {
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
    let mut shown = Shown::default();
    shown.cells.push((NO_SERVER, closed(seen.happened)));
    if asks_hooks(client, mode) && seen.happened {
        shown.faults.push(format!("it acted: {seen:?}"));
    }
    told(shown, &held)
}

#[test]
#[ignore = "needs the agent clients: cargo xtask test --clients"]
fn a_hook_that_is_gone_opens_nothing_or_is_noticed() {
    with_each("attached::a_hook_that_is_gone_opens_nothing_or_is_noticed", without_hook);
}

fn without_hook(programs: &Programs, client: Client, mode: Mode) -> Shown {
    let (space, place) = begin(client);
    // Programs of its own, which can be taken away.
    let (weir, hook) = (space.repo.beside("weir"), space.repo.beside("weir-hook"));
    std::fs::copy(env!("CARGO_BIN_EXE_weir"), &weir).expect("copied");
    std::fs::copy(env!("CARGO_BIN_EXE_weir-hook"), &hook).expect("copied");
    let mut trial = Trial::attempting(client, mode, &[Attempt::Command], &place);
    trial.watcher = Watcher::new(move |_, turn| {
        if turn == 0 {
            let _ = std::fs::remove_file(&hook);
        }
    });
    let wire = Attach { space: &space, weir };
    let held = trial.hold(programs, &wire, place).expect("the client runs");
    let seen = held.seen(Attempt::Command);
    let mut shown = Shown { faults: held.faults.clone(), ..Shown::default() };
    shown.cells.push((NO_HOOK, closed(seen.happened)));
    if seen.happened == fails_closed(client, mode) {
        shown.faults.push(format!("{seen:?}"));
    }
    let environment = held.place.environment();
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_weir"));
    doctor.args(["doctor", "--json"]).current_dir(&space.repo.dir);
    let looked = doctor.env_clear().envs(environment).output().expect("it runs");
    let (is_found, is_recorded) = (!looked.status.success(), space.has_recorded("hook.checked.v1"));
    let noticed = match (is_found, is_recorded) {
        (true, true) => "by `weir doctor`, on record",
        (true, false) => "by `weir doctor`",
        (false, _) => "**no**",
    };
    shown.cells.push((NOTICED, noticed.to_owned()));
    if !(is_found && is_recorded) {
        shown.faults.push(format!("{noticed}: the doctor saw {looked:?}"));
    }
    told(shown, &held)
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

/// What went otherwise is seen best in the whole trial.
fn told(shown: Shown, held: &Held) -> Shown {
    if !shown.faults.is_empty() {
        eprintln!("{held:#?}");
    }
    shown
}
