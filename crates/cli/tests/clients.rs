//! Real agent clients against the real server.
//!
//! Ignored where nobody asks for it, for the clients must be installed: `cargo xtask test --clients`.

#[path = "clients/attached.rs"]
mod attached;
#[path = "clients/boundary.rs"]
mod boundary;
#[path = "clients/space.rs"]
mod space;
mod support;

use std::time::Instant;
use weir_clients::drive::{Client, Mode};
use weir_clients::table::{Cells, Table};
use weir_clients::{Programs, suite};

/// What each client does once `weir attach` wired it; every test fills its columns.
const TABLE: Table = Table {
    name: "attached",
    columns: &[
        COMMAND, WRITE, TOOL_CALL, SUB_AGENT, APPROVED, NO_SERVER, NO_HOOK, NOTICED, BOUNDARY,
    ],
};

const COMMAND: &str = "command";
const WRITE: &str = "write";
const TOOL_CALL: &str = "MCP call";
const SUB_AGENT: &str = "sub-agent's command";
const APPROVED: &str = "once a person said yes";
const NO_SERVER: &str = "no server";
const NO_HOOK: &str = "no hook program";
const NOTICED: &str = "that is noticed";
const BOUNDARY: &str = "pushed without hooks";

/// What a trial showed.
#[derive(Default)]
struct Shown {
    /// For the table, each with its column.
    cells: Vec<(&'static str, String)>,
    /// What went otherwise than it must, whatever the table says.
    faults: Vec<String>,
}

/// Holds a trial with every client, driven in every way, and fails with all that went otherwise.
fn with_each(test: &str, trial: impl Fn(&Programs, Client, Mode) -> Shown) {
    let Some(programs) = suite::enclosed(test) else { return };
    let (mut seen, mut faults) = (Cells::new(), Vec::new());
    for client in Client::ALL {
        for mode in Mode::ALL {
            let name = format!("{} {}", client.name(), mode.name());
            if !suite::is_selected(&name) {
                continue;
            }
            let started = Instant::now();
            let Shown { cells, faults: found } = trial(&programs, client, mode);
            eprintln!("{name}: {:.1} s", started.elapsed().as_secs_f64());
            faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
            seen.extend(cells.into_iter().map(|(column, cell)| ((client, mode, column), cell)));
        }
    }
    faults.extend(TABLE.faults(&seen));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
