//! `weir hook`: the event of a client on its way to the server, with all that can be needed.
//!
//! What `weir attach` writes into settings is the small program beside this one, `weir-hook`
//! ([`weir_courier::program`]), which becomes this when the server stands behind TLS or does not answer, when a list of
//! acts is to be brought or a transcript to be counted.
//!
//! Promise: the same as the small program's: whatever goes wrong is a refusal in the client's words.
//! Deliberately absent: decisions. What is decided when there is no server stands apart, in `alone`.

pub(crate) mod alone;

use crate::client::is_loopback;
use crate::exit::Exit;
use alone::{Alone, Unbrought};
use std::fs::File;
use std::io::BufReader;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use weir_courier::{Carried, DEADLINE, Event, Speaker, Speaking};
use weir_hook::Reply;
use weir_model::act::Client;

/// What a client's hook runs: it takes the event from stdin, asks Weir, and answers in the client's words
///
/// `weir attach` writes the small program `weir-hook` into the client's settings, which takes the same words; nobody
/// types them. The session is the first of: the variables `WEIR_URL` and `WEIR_TOKEN`; the session file of the
/// worktree; what `weir attach` kept for the client. Where Weir cannot be asked, nothing is allowed; or, where
/// `weir.toml` says `offline = "bundle"`, what the last signed policies allow without asking.
#[derive(Debug, clap::Args)]
pub(crate) struct HookArgs {
    /// The client
    client: Client,
    /// The event, as the client calls it
    event: String,
    /// A person sits at the client, so that it can ask them itself
    #[arg(long)]
    attended: bool,
}

/// Reading a longer one would take seconds.
const TRANSCRIPT_BYTES_MAX: u64 = 256 << 20;

pub(crate) fn run(args: &HookArgs) -> Exit {
    let reply = match Event::read(args.client, &args.event, args.attended) {
        Ok(event) => ask(&event).unwrap_or_else(|why| event.refuse(&why)),
        Err(why) => weir_hook::refuse(args.client, &args.event, &why),
    };
    let ended = weir_courier::program::end(&reply);
    if ended == ExitCode::SUCCESS { Exit::Ok } else { Exit::Usage }
}

fn ask(event: &Event) -> Result<Reply, String> {
    let started = Instant::now();
    let speaking = Speaking::find(event.client)?;
    let alone = speaking.leave().map(Alone::new);
    let key = speaking.kept.and_then(|kept| kept.speaker.key).unwrap_or_default();
    let speaker = speaking.speaker;
    let path = event.path(spent(event), alone.as_ref().map(Alone::folder));
    let brought = alone.as_ref().map_or(Ok(()), |alone| alone.bring(&speaker));
    let asked = match brought {
        Ok(()) => {
            let left = DEADLINE.saturating_sub(started.elapsed());
            exchange(&speaker, (&path, &event.payload), left)
        }
        Err(Unbrought::Unreachable(error)) => Err(No::Unreachable(error)),
        Err(Unbrought::Kept(why)) => Err(No::Said(why)),
    };
    match (asked, alone) {
        (Ok(carried), alone) => {
            if let (Some(alone), Some(leave)) = (alone, &carried.leave) {
                alone.folder().keep(leave);
            }
            Ok(carried.reply())
        }
        (Err(No::Said(why)), alone) => {
            // Whom the server turns away is not let in behind its back.
            if let Some(alone) = alone {
                alone.folder().forget();
            }
            Err(why)
        }
        (Err(No::Unreachable(error)), alone) => {
            let why = format!(
                "Weir at {} cannot be asked ({error}), so nothing is allowed; a person starts it with `weir up`",
                speaker.url
            );
            let Some(alone) = alone else { return Err(why) };
            match alone.answer(&key, event) {
                Ok(Some(reply)) => Ok(reply),
                Ok(None) => Err(why),
                Err(reason) => Err(format!("{why}. Without it nothing can be decided: {reason}")),
            }
        }
    }
}

/// Why there is no answer.
enum No {
    /// Somebody is there, and it is no.
    Said(String),
    /// Nobody is.
    Unreachable(ureq::Error),
}

/// An answer has room for what every policy of an organization says.
const REPLY_BYTES_MAX: u64 = 16 << 20;

fn exchange(
    speaker: &Speaker,
    (path, payload): (&str, &[u8]),
    left: Duration,
) -> Result<Carried, No> {
    let url = speaker.url.trim_end_matches('/');
    let request = agent(url, left)
        .post(format!("{url}{path}"))
        .header("Authorization", format!("Bearer {}", speaker.token))
        .header("Content-Type", "application/json");
    let mut response = request.send(payload).map_err(No::Unreachable)?;
    let body = response.body_mut().with_config().limit(REPLY_BYTES_MAX).read_to_vec();
    let body = body.map_err(No::Unreachable)?;
    Carried::read(url, response.status().is_success(), &body).map_err(No::Said)
}

fn agent(url: &str, deadline: Duration) -> ureq::Agent {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(deadline));
    if is_loopback(url) {
        // A proxy in the environment is the agent's to set.
        config = config.proxy(None);
    }
    config.build().new_agent()
}

/// What the conversation has cost so far.
fn spent(event: &Event) -> Option<u64> {
    let path = event.transcript()?;
    // Opening a pipe would wait for its writer.
    let found = std::fs::metadata(&path).ok()?;
    if !found.is_file() || found.len() > TRANSCRIPT_BYTES_MAX {
        return None;
    }
    weir_hook::spent(event.client, BufReader::new(File::open(path).ok()?))
}
