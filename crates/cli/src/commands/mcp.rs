//! `weir mcp`: a bridge from stdin and stdout to the server's MCP endpoint.
//!
//! It carries messages and knows as little of them as the transport demands: which header repeats what, which
//! version was agreed on, and that a message with an id wants an answer whatever happens.

mod message;
mod transport;

use crate::error::CommandError;
use crate::here::Here;
use message::Message;
use std::io::{BufRead as _, Write as _};
use std::sync::{Mutex, PoisonError};
use transport::Transport;

/// Nothing to choose: the server and the session are found as for every command.
#[derive(Debug, clap::Args)]
pub(crate) struct McpArgs {}

pub(crate) fn run(here: &Here, _: &McpArgs) -> Result<(), CommandError> {
    let transport = Transport::new(here.client()?);
    let stdout = Mutex::new(std::io::stdout());
    std::thread::scope(|scope| {
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(CommandError::doing("read stdin"))?;
            if line.trim().is_empty() {
                continue;
            }
            let message = match Message::read(&line) {
                Ok(message) => message,
                Err(answer) => {
                    write(&stdout, &answer)?;
                    continue;
                }
            };
            let carry = {
                let (transport, stdout) = (&transport, &stdout);
                move || transport.carry(&message, |answer| write(stdout, answer))
            };
            if transport.is_agreed() {
                // A tool that waits must not keep another from being cancelled.
                scope.spawn(carry);
            } else {
                // Until a version is agreed on, what follows depends on what came before.
                carry();
            }
        }
        Ok(())
    })
}

/// Writes one message to its line.
fn write(stdout: &Mutex<std::io::Stdout>, message: &str) -> Result<(), CommandError> {
    let mut stdout = stdout.lock().unwrap_or_else(PoisonError::into_inner);
    // A line break inside would end the message; JSON carries none but between its parts.
    let line = message.replace(['\r', '\n'], " ");
    writeln!(stdout, "{line}")?;
    Ok(stdout.flush()?)
}
