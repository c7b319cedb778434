//! What each client does with a hook: whether a refusal holds for every kind of attempt and reaches the model, and
//! whether the client goes on when the hook breaks. The hook is a script of this test's own, so what is seen here is
//! the client's own doing; a new version that behaves otherwise shows here first.
//!
//! What is expected stands in `docs/agents.md`. Ignored where nobody asks for it, for the clients must be installed:
//! `cargo xtask test --clients`.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "hooks/own.rs"]
mod own;
mod support;

use own::{Hook, OwnHook, REASON};
use std::time::Instant;
use weir_clients::drive::{Client, Mode};
use weir_clients::table::{Cells, Table};
use weir_clients::trial::{Attempt, Held, Seen, Trial};
use weir_clients::{Place, Programs, enclosure, suite};

/// What each client does with a hook of the test's own.
const TABLE: Table = Table { name: "hooks", columns: &Hook::NAMES };

/// What was seen, and what went otherwise than the script.
type Account = (Cells, Vec<String>);

#[test]
#[ignore = "needs the agent clients: cargo xtask test --clients"]
fn each_client_does_with_a_hook_what_the_page_says() {
    let name = "each_client_does_with_a_hook_what_the_page_says";
    let Some(programs) = suite::enclosed(name) else { return };
    let mut seen = Cells::new();
    let mut faults = Vec::new();
    std::thread::scope(|scope| {
        // A client runs once at a time: what lies below `/etc` is for all runs of it.
        let programs = &programs;
        let threads = Client::ALL.map(|client| scope.spawn(move || of_client(programs, client)));
        for thread in threads {
            let (cells, more) = thread.join().unwrap();
            seen.extend(cells);
            faults.extend(more);
        }
    });
    faults.extend(TABLE.faults(&seen));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn of_client(programs: &Programs, client: Client) -> Account {
    let (mut cells, mut faults) = Account::default();
    for mode in Mode::ALL {
        for hook in Hook::ALL {
            // Over the protocol a client has the same hooks, and in opencode a plugin decides: once is enough to
            // see that it is so.
            let is_once = mode == Mode::Acp || client == Client::OpenCode;
            if is_once && !matches!(hook, Hook::Refuses | Hook::Missing) {
                continue;
            }
            let name = format!("{} {}, the hook {}", client.name(), mode.name(), hook.name());
            let attempts = attempts(client, mode, hook);
            let Some(held) = hold(programs, client, mode, hook, &attempts, &name) else { continue };
            cells.insert((client, mode, hook.name()), cell(hook, &attempts, &held));
            faults.extend(held.faults.iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    (cells, faults)
}

/// All kinds of attempts where the hook refuses them, as far as the client makes them; one where it is broken.
fn attempts(client: Client, mode: Mode, hook: Hook) -> Vec<Attempt> {
    let delegates = |attempt: &Attempt| *attempt != Attempt::SubAgent || client.delegates(mode);
    match hook {
        Hook::Refuses => Attempt::ALL.into_iter().filter(delegates).collect(),
        Hook::ExitsOne | Hook::Missing | Hook::Killed | Hook::Hangs | Hook::Babbles => {
            vec![Attempt::Command]
        }
    }
}

/// What the table says of it.
fn cell(hook: Hook, attempts: &[Attempt], held: &Held) -> String {
    let seen: Vec<(Attempt, Seen)> =
        attempts.iter().map(|attempt| (*attempt, held.seen(*attempt))).collect();
    let happened = seen.iter().filter(|(_, seen)| seen.happened).count();
    let is_untold = |seen: &Seen| !seen.told.as_deref().unwrap_or_default().contains(REASON);
    let untold = seen.iter().filter(|(_, seen)| is_untold(seen)).count();
    if hook != Hook::Refuses {
        return if happened == 0 { "closed" } else { "**open**" }.to_owned();
    }
    match (happened, untold) {
        (0, 0) => "all held, the model is told".to_owned(),
        (all, _) if all == seen.len() => "**not asked**".to_owned(),
        (_, _) => {
            let words = seen.iter().map(|(attempt, seen)| {
                let held = if seen.happened { "happened" } else { "held" };
                let told = if is_untold(seen) { "not told" } else { "told" };
                format!("{}: {held}, {told}", attempt.name())
            });
            words.collect::<Vec<_>>().join("; ")
        }
    }
}

/// None if it is not selected, or cannot be held on this machine.
fn hold(
    programs: &Programs,
    client: Client,
    mode: Mode,
    hook: Hook,
    attempts: &[Attempt],
    name: &str,
) -> Option<Held> {
    if !suite::is_selected(name) {
        return None;
    }
    if client == Client::Codex && !enclosure::has_own_etc() {
        eprintln!("{name}: left out, for its hooks are written below `/etc`");
        return None;
    }
    let started = Instant::now();
    let place = Place::below(&std::env::temp_dir()).unwrap();
    support::repository(&place);
    let trial = Trial::attempting(client, mode, attempts, &place);
    let held = trial.hold(programs, &OwnHook { hook }, place).unwrap();
    eprintln!("{name}: {:.1} s", started.elapsed().as_secs_f64());
    if !held.faults.is_empty() {
        eprintln!("{held:#?}");
    }
    Some(held)
}
