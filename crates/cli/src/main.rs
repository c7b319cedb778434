//! The binary `weir`: everything a person or an agent can ask of Weir, from a terminal.
//!
//! Promise: data goes to stdout and words go to stderr; `--json` makes every command print JSON; a refusal is
//! shown with its three parts unchanged; the exit code says what kind of ending it was ([`exit::Exit`]).
//! Deliberately absent: rules. A command parses, calls the HTTP API and shows; only `up` opens a space.

mod ago;
mod args;
mod client;
mod commands;
mod error;
mod exit;
mod here;
mod page;
#[cfg(test)]
mod reference;
mod render;
mod servers;
mod table;
mod tree;
mod ui;
mod words;

use args::Args;
use clap::Parser as _;
use error::CommandError;
use exit::Exit;
use here::Here;
use rustix::process::Signal;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use ui::{Form, Ui};

fn main() -> ExitCode {
    outlive_files_that_are_full();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error).into(),
    };
    let form = if args.json { Form::Json } else { Form::People };
    let mut ui = Ui::stdio(form, args.quiet);
    let ended =
        Here::new(args.server.clone()).and_then(|here| commands::run(&mut ui, &here, args.command));
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => {
            let exit = error.exit();
            ui.error(&error);
            exit.into()
        }
    }
}

/// A file that may grow no further (`ulimit -f`) is a failure like a full disk, told to whoever asked. Left alone, its
/// signal ends the process in the middle of the write; once somebody listens to it, the write fails instead.
fn outlive_files_that_are_full() {
    let listener = Arc::new(AtomicBool::new(false));
    // Without it, Weir ends there as any program does.
    let _ = signal_hook::flag::register(Signal::XFSZ.as_raw(), listener);
}

/// What clap says when it cannot read the command line, or is asked for help.
fn usage(error: &clap::Error) -> Exit {
    let asked = !error.use_stderr();
    let wants_json = std::env::args_os().any(|arg| arg == "--json");
    if wants_json && !asked {
        Ui::stdio(Form::Json, false).error(&CommandError::usage(error));
    } else {
        // A closed pipe is all that can go wrong here, and then nobody is left to tell.
        let _ = error.print();
    }
    if asked { Exit::Ok } else { Exit::Usage }
}
