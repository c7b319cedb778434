//! What a client tells its hook, on its way to the server.

use crate::leave::LeaveFolder;
use serde::Deserialize;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::time::Duration;
use weir_hook::{PAYLOAD_MAX, Reply};
use weir_model::Refusal;
use weir_model::act::{Client, Moment};

/// For all that is asked of a server. The client's own limit is longer, also by what deciding alone takes, so that the
/// hook always speaks first.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// An event of a client, whole.
#[derive(Debug)]
pub struct Event {
    /// The client.
    pub client: Client,
    /// The event, as the client calls it.
    pub name: String,
    /// Whether a person sits at the client, so that it can ask them itself.
    pub attended: bool,
    /// What the client says of it.
    pub payload: Vec<u8>,
}

/// What the server answers.
#[derive(Debug, Deserialize)]
pub struct Carried {
    stdout: String,
    stderr: String,
    exit: u8,
    /// What is kept for when no server answers: a signed text, or an empty one when nothing is to be kept.
    #[serde(default)]
    pub leave: Option<String>,
}

impl Event {
    /// Reads what the client says from stdin.
    ///
    /// # Errors
    /// In words: at a terminal, too large, or broken off.
    pub fn read(client: Client, name: &str, attended: bool) -> Result<Self, String> {
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
        Ok(Self { client, name: name.to_owned(), attended, payload })
    }

    /// The path of the API that takes it, with what the server is to know besides.
    pub fn path(&self, spent: Option<u64>, leave: Option<&LeaveFolder>) -> String {
        let plain = |c: &char| c.is_ascii_alphanumeric() || "._-".contains(*c);
        let event: String = self.name.chars().filter(plain).collect();
        let mut path = format!("/v1/hook/{}?event={event}", self.client);
        if self.attended {
            path.push_str("&attended=true");
        }
        if let Some(tokens) = spent {
            let _ = write!(path, "&spent={tokens}");
        }
        if let Some(holds) = leave.and_then(LeaveFolder::holds) {
            let _ = write!(path, "&leave={holds}");
        }
        path
    }

    /// Where what the conversation has cost can be counted. Only when a turn is over: nobody waits for an answer then.
    pub fn transcript(&self) -> Option<PathBuf> {
        match weir_hook::moment(self.client, &self.name)? {
            Moment::Stop | Moment::SessionEnd => {
                weir_hook::transcript(&self.payload).map(PathBuf::from)
            }
            _ => None,
        }
    }

    /// A refusal in the client's words.
    pub fn refuse(&self, why: &str) -> Reply {
        weir_hook::refuse(self.client, &self.name, why)
    }
}

impl Carried {
    /// Reads what the server at `url` said. What it says of the leave is done by the caller.
    ///
    /// # Errors
    /// In words, when it is a refusal, or no answer.
    pub fn read(url: &str, is_success: bool, body: &[u8]) -> Result<Self, String> {
        if is_success {
            let odd = "Weir's answer cannot be understood, so nothing is allowed";
            return serde_json::from_slice(body).map_err(|_| odd.to_owned());
        }
        Err(match serde_json::from_slice::<Refusal>(body) {
            Ok(refusal) => {
                let hint = refusal.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
                format!("{}{hint} (`{}`)", refusal.sentence, refusal.code)
            }
            Err(_) => {
                format!("what runs at {url} does not speak like Weir, so nothing is allowed")
            }
        })
    }

    /// What the client is to hear.
    pub fn reply(self) -> Reply {
        let Self { stdout, stderr, exit, .. } = self;
        Reply { stdout, stderr, exit }
    }
}
