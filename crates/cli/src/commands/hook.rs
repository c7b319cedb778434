//! `weir hook`: what a client runs at each event. Small and quick, and it never says yes by mistake.
//!
//! Promise: whatever goes wrong here (no server, no credentials, a payload that is too large, an answer that is no
//! answer, too little time) is said to the client as a refusal in its own words, wherever it waits for a yes or a no.
//! Deliberately absent: decisions. The server reads the payload and answers; this carries both. What it does when there
//! is no server stands apart, in `alone`.

pub(crate) mod alone;

use crate::client::is_loopback;
use crate::exit::Exit;
use crate::here::{SessionFile, read_private};
use alone::{Alone, Unbrought};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use weir_hook::{PAYLOAD_MAX, Reply};
use weir_model::act::{Client, Moment};
use weir_model::{Digest, SessionId};
use weir_server::wire::HookReply;

/// What a client's hook runs: it takes the event from stdin, asks Weir, and answers in the client's words
///
/// `weir attach` writes this into the client's settings; nobody types it. The session is the first of: the variables
/// `WEIR_URL` and `WEIR_TOKEN`; the session file of the worktree; what `weir attach` kept for the client. Where Weir
/// cannot be asked, nothing is allowed; or, where `weir.toml` says `offline = "bundle"`, what the last signed policies
/// allow without asking.
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

/// For all that is asked of a server. The client's own limit is longer, also by what deciding alone takes, so that this
/// always speaks first.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Reading a longer one would take seconds.
const TRANSCRIPT_BYTES_MAX: u64 = 256 << 20;

/// Whether this process was started as a hook: then nothing else is set up.
pub(crate) fn is_asked() -> bool {
    let mut args = std::env::args_os().skip(1);
    args.next().is_some_and(|word| word == "hook")
        && !args.any(|word| word == "--help" || word == "-h")
}

/// Runs the hook from the process's own arguments.
pub(crate) fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(2).collect();
    let attended = args.iter().any(|word| word == "--attended");
    let words: Vec<String> = args
        .iter()
        .filter(|word| *word != "--attended")
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let (name, event) = match words.as_slice() {
        [client, event] => (client.as_str(), event.as_str()),
        _ => {
            // Status 2 blocks in every client that knows a status.
            let _ = writeln!(std::io::stderr(), "error: usage: weir hook <CLIENT> <EVENT>");
            return ExitCode::from(2);
        }
    };
    let client: Client = match name.parse() {
        Ok(client) => client,
        Err(refusal) => {
            let _ = writeln!(std::io::stderr(), "error: {refusal}");
            return ExitCode::from(2);
        }
    };
    end(&answer(client, event, attended))
}

/// The same, when the command line was read in full: with a global option before it.
pub(crate) fn run(args: &HookArgs) -> Exit {
    let reply = answer(args.client, &args.event, args.attended);
    if end(&reply) == ExitCode::SUCCESS { Exit::Ok } else { Exit::Usage }
}

fn end(reply: &Reply) -> ExitCode {
    // A client that does not read what it is told must still see the status.
    let _ = std::io::stderr().write_all(reply.stderr.as_bytes());
    let mut out = std::io::stdout();
    let said = out.write_all(reply.stdout.as_bytes()).and_then(|()| out.flush());
    // An answer that was not heard is none: status 2 blocks.
    if said.is_err() && !reply.stdout.is_empty() { ExitCode::from(2) } else { reply.exit.into() }
}

fn answer(client: Client, event: &str, attended: bool) -> Reply {
    match ask(client, event, attended) {
        Ok(HookReply { stdout, stderr, exit, .. }) => Reply { stdout, stderr, exit },
        Err(why) => weir_hook::refuse(client, event, &why),
    }
}

fn ask(client: Client, event: &str, attended: bool) -> Result<HookReply, String> {
    let payload = payload()?;
    let started = Instant::now();
    let Speaking { speaker, kept } = Speaking::find(client)?;
    let alone = kept.as_ref().and_then(|kept| Some((kept.alone()?, kept)));
    let tokens = spent(client, event, &payload);
    let event: String =
        event.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
    let mut query = format!("event={event}");
    if attended {
        query.push_str("&attended=true");
    }
    if let Some(tokens) = tokens {
        let _ = write!(query, "&spent={tokens}");
    }
    if let Some(holds) = alone.as_ref().and_then(|(alone, _)| alone.holds()) {
        let _ = write!(query, "&leave={holds}");
    }
    let brought = alone.as_ref().map_or(Ok(()), |(alone, kept)| alone.bring(&kept.speaker));
    let asked = match brought {
        Ok(()) => {
            let left = DEADLINE.saturating_sub(started.elapsed());
            exchange(&speaker, (&format!("/v1/hook/{client}?{query}"), &payload), left)
        }
        Err(Unbrought::Unreachable(error)) => Err(No::Unreachable(error)),
        Err(Unbrought::Kept(why)) => Err(No::Said(why)),
    };
    match (asked, alone) {
        (Ok(reply), alone) => {
            if let (Some((alone, _)), Some(leave)) = (alone, &reply.leave) {
                alone.keep(leave);
            }
            Ok(reply)
        }
        (Err(No::Said(why)), alone) => {
            // Whom the server turns away is not let in behind its back.
            if let Some((alone, _)) = alone {
                alone.forget();
            }
            Err(why)
        }
        (Err(No::Unreachable(error)), alone) => {
            let why = format!(
                "Weir at {} cannot be asked ({error}), so nothing is allowed; a person starts it with `weir up`",
                speaker.url
            );
            let Some((alone, kept)) = alone else { return Err(why) };
            let key = kept.speaker.key.as_deref().unwrap_or_default();
            match alone.answer(key, (client, &event, &payload)) {
                Ok(Some(Reply { stdout, stderr, exit })) => {
                    Ok(HookReply { stdout, stderr, exit, leave: None })
                }
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
) -> Result<HookReply, No> {
    let url = speaker.url.trim_end_matches('/');
    let request = agent(url, left)
        .post(format!("{url}{path}"))
        .header("Authorization", format!("Bearer {}", speaker.token))
        .header("Content-Type", "application/json");
    let mut response = request.send(payload).map_err(No::Unreachable)?;
    let status = response.status();
    let body = response.body_mut().with_config().limit(REPLY_BYTES_MAX).read_to_vec();
    let body = body.map_err(No::Unreachable)?;
    let said = |why: String| Err(No::Said(why));
    if status.is_success() {
        let reply = serde_json::from_slice(&body);
        let odd = "Weir's answer cannot be understood, so nothing is allowed";
        return reply.or_else(|_| said(odd.to_owned()));
    }
    match serde_json::from_slice::<weir_server::wire::Refused>(&body).ok() {
        Some(refused) => {
            let hint = refused.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            said(format!("{}{hint} (`{}`)", refused.sentence, refused.code))
        }
        None => said(format!("what runs at {url} does not speak like Weir, so nothing is allowed")),
    }
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

/// What the conversation has cost so far. Asked when a turn is over: nobody waits for an answer then.
fn spent(client: Client, event: &str, payload: &[u8]) -> Option<u64> {
    match weir_hook::moment(client, event)? {
        Moment::Stop | Moment::SessionEnd => {}
        _ => return None,
    }
    let path = weir_hook::transcript(payload)?;
    // Opening a pipe would wait for its writer.
    let found = std::fs::metadata(&path).ok()?;
    if !found.is_file() || found.len() > TRANSCRIPT_BYTES_MAX {
        return None;
    }
    weir_hook::spent(client, BufReader::new(File::open(path).ok()?))
}

/// What the client says, whole.
fn payload() -> Result<Vec<u8>, String> {
    let mut payload = Vec::new();
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err("a hook takes the client's event from stdin".to_owned());
    }
    let limit = PAYLOAD_MAX as u64 + 1;
    let read = stdin.lock().take(limit).read_to_end(&mut payload);
    read.map_err(|error| format!("the client's event could not be read: {error}"))?;
    if payload.len() > PAYLOAD_MAX {
        return Err(format!(
            "the client's event has more than {PAYLOAD_MAX} bytes; do it in smaller steps"
        ));
    }
    Ok(payload)
}

/// As whom the hook speaks, and to which server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Speaker {
    pub(crate) url: String,
    pub(crate) token: String,
    /// The session, as it was attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<SessionId>,
    /// The server's public key, as it was when the client was attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
}

/// The speaker, and what `weir attach` kept for this client here, if it is of the same server.
struct Speaking {
    speaker: Speaker,
    kept: Option<Attached>,
}

/// What `weir attach` kept for a client in a worktree.
struct Attached {
    client: Client,
    worktree: PathBuf,
    speaker: Speaker,
}

impl Speaking {
    fn find(client: Client) -> Result<Self, String> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let kept = kept(client);
        let speaker =
            if let (Some(url), Some(token)) = (variable("WEIR_URL"), variable("WEIR_TOKEN")) {
                Some(Speaker { url, token, session: None, key: None })
            } else {
                // An agent could write the session file of its worktree: it may say as whom to speak, never to whom.
                let file = session_file()
                    .filter(|file| kept.as_ref().is_none_or(|kept| kept.speaker.url == file.url));
                let file = file.map(|SessionFile { url, token, .. }| Speaker {
                    url,
                    token,
                    session: None,
                    key: None,
                });
                file.or_else(|| kept.as_ref().map(|kept| kept.speaker.clone()))
            };
        let speaker = speaker.ok_or_else(|| {
            format!("no Weir session is known here; a person attaches one: `weir attach {client}`")
        })?;
        // That another server cannot be reached says nothing of ours.
        let same = |kept: &Attached| {
            kept.speaker.url.trim_end_matches('/') == speaker.url.trim_end_matches('/')
        };
        Ok(Self { kept: kept.filter(same), speaker })
    }
}

impl Attached {
    /// What the hook has for when the server is gone.
    fn alone(&self) -> Option<Alone> {
        Alone::of(self.client, &self.worktree, self.speaker.session?)
    }
}

/// What is kept for the client in this folder: for the worktree around it.
fn kept(client: Client) -> Option<Attached> {
    let folder = config_folder()?.join("attached");
    let here = std::env::current_dir().ok()?;
    here.ancestors().find_map(|worktree| {
        let path = folder.join(speaker_name(client, worktree));
        let (_, text) = read_private(&path).ok()??;
        let speaker = serde_json::from_str(&text).ok()?;
        Some(Attached { client, worktree: worktree.to_owned(), speaker })
    })
}

/// Weir's own folder of settings.
pub(crate) fn config_folder() -> Option<PathBuf> {
    let named =
        std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Some(named.or_else(|| Some(std::env::home_dir()?.join(".config")))?.join("weir"))
}

/// The session file of the worktree around this folder; no process is started for it.
fn session_file() -> Option<SessionFile> {
    let here = std::env::current_dir().ok()?;
    let git = here.ancestors().map(|folder| folder.join(".git")).find(|git| git.exists())?;
    let (_, text) = read_private(&git_dir(&git)?.join("weir-session.json")).ok()??;
    serde_json::from_str(&text).ok()
}

/// `.git` is a folder, or a file that names one.
pub(super) fn git_dir(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_owned());
    }
    let text = std::fs::read_to_string(git).ok()?;
    let named = text.strip_prefix("gitdir:")?.trim();
    Some(git.parent()?.join(named))
}

/// The file that says as whom the hooks of a client in a worktree speak.
pub(crate) fn speaker_name(client: Client, worktree: &Path) -> String {
    format!("{client}-{}.json", key_of(worktree))
}

/// Short, and the same for the same folder.
pub(crate) fn key_of(worktree: &Path) -> String {
    let digest = Digest::of(worktree.as_os_str().as_encoded_bytes()).to_string();
    digest.get(..16).unwrap_or(&digest).to_owned()
}
