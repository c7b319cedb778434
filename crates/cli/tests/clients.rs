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
use weir_clients::{Programs, suite};

/// Holds a trial with every client, driven in every way, and fails with all that went otherwise.
fn with_each(test: &str, trial: impl Fn(&Programs, Client, Mode) -> Vec<String>) {
    let Some(programs) = suite::enclosed(test) else { return };
    let mut faults = Vec::new();
    for client in Client::ALL {
        for mode in Mode::ALL {
            let name = format!("{} {}", client.name(), mode.name());
            if !suite::is_selected(&name) {
                continue;
            }
            let started = Instant::now();
            let found = trial(&programs, client, mode);
            eprintln!("{name}: {:.1} s", started.elapsed().as_secs_f64());
            faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
