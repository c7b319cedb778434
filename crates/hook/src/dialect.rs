//! One file a client: its events, its tools, its answers.

mod antigravity;
mod claude;
mod codex;
mod copilot;
mod cursor;
mod gemini;
mod opencode;

use crate::fields::Fields;
use crate::reply::{Reply, Said};
use weir_model::Refusal;
use weir_model::act::{Act, Client, Moment};

/// What an event stands for, by the client's own name for it.
pub(crate) fn moment(client: Client, event: &str) -> Option<Moment> {
    match client {
        Client::Claude => claude::moment(event),
        Client::Codex => codex::moment(event),
        Client::Gemini => gemini::moment(event),
        Client::Antigravity => antigravity::moment(event),
        Client::Cursor => cursor::moment(event),
        Client::Copilot => copilot::moment(event),
        Client::OpenCode => opencode::moment(event),
    }
}

/// The act that a payload tells.
pub(crate) fn read(client: Client, moment: Moment, all: &Fields<'_>) -> Result<Act, Refusal> {
    match client {
        Client::Claude => claude::read(moment, all),
        Client::Codex => codex::read(moment, all),
        Client::Gemini => gemini::read(moment, all),
        Client::Antigravity => antigravity::read(moment, all),
        Client::Cursor => cursor::read(moment, all),
        Client::Copilot => copilot::read(moment, all),
        Client::OpenCode => opencode::read(moment, all),
    }
}

/// An answer, in the client's words.
pub(crate) fn answer(client: Client, said: &Said<'_>) -> Reply {
    match client {
        Client::Claude => claude::answer(said),
        Client::Codex => codex::answer(said),
        Client::Gemini => gemini::answer(said),
        Client::Antigravity => antigravity::answer(said),
        Client::Cursor => cursor::answer(said),
        Client::Copilot => copilot::answer(said),
        Client::OpenCode => opencode::answer(said),
    }
}

/// A denial that does not rest on the shape of an answer where the client blocks by exit status and tells why.
pub(crate) fn refuse(client: Client, said: &Said<'_>) -> Reply {
    match (client, said.moment) {
        // Claude Code ignores status 2 when it asks for permission, and its settings are kept by a shape.
        (Client::Claude, Moment::Permission | Moment::Configure) => claude::answer(said),
        // Gemini CLI and Codex tell the model what stood on standard error, too.
        (Client::Claude | Client::Codex | Client::Gemini, _) => Reply::blocked(&said.reason),
        // Copilot blocks on every status, but tells the model only the number.
        (Client::Antigravity | Client::Cursor | Client::Copilot | Client::OpenCode, _) => {
            answer(client, said)
        }
    }
}

/// Something went wrong at an event that nobody waits for.
pub(crate) fn note(client: Client, sentence: &str) -> Reply {
    match client {
        // Status 1 is a warning to these.
        Client::Claude | Client::Codex | Client::Gemini | Client::Copilot | Client::Cursor => {
            Reply { stdout: String::new(), stderr: format!("{sentence}\n"), exit: 1 }
        }
        // Our plugin takes every other status for a refusal, and Antigravity's way is not known.
        Client::OpenCode | Client::Antigravity => {
            Reply { stdout: "{}\n".into(), stderr: format!("{sentence}\n"), exit: 0 }
        }
    }
}
