//! The program `weir-hook`: what `weir attach` writes into a client's settings.

use crate::event::{Carried, DEADLINE, Event};
use crate::post::{loopback, post};
use crate::speaker::Speaking;
use rustix::fs::MemfdFlags;
use std::ffi::OsString;
use std::io::{Seek as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use weir_hook::Reply;
use weir_model::act::Client;

/// What this program is called, beside `weir`.
pub const NAME: &str = "weir-hook";

/// Runs the hook from the process's own arguments: `hook CLIENT EVENT [--attended]`, as `weir` takes them.
pub fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let words: Option<Vec<&str>> = args.iter().map(|word| word.to_str()).collect();
    let (client, event, attended) = match words.as_deref() {
        Some(["hook", client, event]) => (*client, *event, false),
        Some(["hook", client, event, "--attended"]) => (*client, *event, true),
        // Help, a global option, a mistake: `weir` knows what to say.
        _ => return ended_by(instead(&args, None)),
    };
    let Ok(client) = client.parse::<Client>() else { return ended_by(instead(&args, None)) };
    let event = match Event::read(client, event, attended) {
        Ok(event) => event,
        Err(why) => return end(&weir_hook::refuse(client, event, &why)),
    };
    end(&match carry(&event) {
        Ok(Some(reply)) => reply,
        Ok(None) => event.refuse(&instead(&args, Some(&event.payload))),
        Err(why) => event.refuse(&why),
    })
}

/// Asks the server; `None` when that takes more than is in here, or nobody answers: `weir` may reach somebody, or
/// decide alone.
fn carry(event: &Event) -> Result<Option<Reply>, String> {
    let speaking = Speaking::find(event.client)?;
    let leave = speaking.leave();
    let speaker = speaking.speaker;
    let brings = leave.as_ref().is_some_and(|leave| leave.waits().is_some());
    let address = loopback(&speaker.url).filter(|_| !brings && event.transcript().is_none());
    let Some(address) = address else { return Ok(None) };
    let path = event.path(None, leave.as_ref());
    let Ok((is_success, body)) = post(address, (&path, &speaker.token), &event.payload, DEADLINE)
    else {
        return Ok(None);
    };
    let carried = Carried::read(&speaker.url, is_success, &body);
    if let Some(leave) = leave {
        match &carried {
            Ok(Carried { leave: Some(text), .. }) => leave.keep(text),
            Ok(_) => {}
            // Whom the server turns away is not let in behind its back.
            Err(_) => leave.forget(),
        }
    }
    carried.map(|carried| Some(carried.reply()))
}

/// Becomes `weir` with the same words, and what was read of the event; comes back only to say why it could not.
fn instead(args: &[OsString], payload: Option<&[u8]>) -> String {
    let run = || -> std::io::Result<()> {
        let mut weir = Command::new(beside()?);
        weir.args(args);
        if let Some(payload) = payload {
            let file = rustix::fs::memfd_create("event", MemfdFlags::CLOEXEC)?;
            let mut file = std::fs::File::from(file);
            file.write_all(payload)?;
            file.rewind()?;
            weir.stdin(Stdio::from(file));
        }
        Err(weir.exec())
    };
    let error = run().err().map(|error| error.to_string()).unwrap_or_default();
    format!(
        "Weir cannot be asked, for its program is not beside this one ({error}), so nothing is allowed"
    )
}

/// The program `weir`.
fn beside() -> std::io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.parent().unwrap_or(Path::new("/")).join("weir"))
}

fn ended_by(why: String) -> ExitCode {
    // Status 2 blocks in every client that knows a status.
    let _ = writeln!(std::io::stderr(), "error: {why}");
    ExitCode::from(2)
}

/// Says it, and ends as the client expects.
pub fn end(reply: &Reply) -> ExitCode {
    // A client that does not read what it is told must still see the status.
    let _ = std::io::stderr().write_all(reply.stderr.as_bytes());
    let mut out = std::io::stdout();
    let said = out.write_all(reply.stdout.as_bytes()).and_then(|()| out.flush());
    // An answer that was not heard is none: status 2 blocks.
    if said.is_err() && !reply.stdout.is_empty() { ExitCode::from(2) } else { reply.exit.into() }
}
