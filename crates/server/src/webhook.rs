//! A webhook: what waits for a person, and what was answered, is posted to an address that an operator named.
//!
//! Promise: an event is posted after its record is durable, in order, until somebody says that it arrived; so it may
//! come twice, under the same id. Nothing waits for it: it follows the ledger as a reader does. It tells no more than
//! the inbox shows. Deliberately absent: addresses from a repository, for agents write there; and answers, for what an
//! address says back is nobody's yes.

mod signature;
mod tell;

use crate::weir::Weir;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tell::Told;
use tokio_util::sync::CancellationToken;
use ureq::http::Uri;
use weir_engine::Engine;
use weir_ledger::Record;
use weir_model::{Digest, Position, Refusal};

/// Where events are posted, and how.
#[derive(Clone)]
pub struct Webhook {
    url: String,
    secret: Vec<u8>,
    /// Where is written down how far it came.
    place: PathBuf,
    after: Option<Position>,
    pace: Pace,
}

/// How long to wait for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// For an answer.
    pub answer: Duration,
    /// After the first failure; twice as long after each further one.
    pub first: Duration,
    /// Never longer.
    pub longest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let (answer, first) = (Duration::from_secs(10), Duration::from_secs(1));
        Self { answer, first, longest: Duration::from_mins(5) }
    }
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither the secret, nor the address: that of a chat room is a secret itself.
        f.debug_struct("Webhook").field("place", &self.place).finish_non_exhaustive()
    }
}

/// A shorter secret can be guessed from a signature.
const SECRET_BYTES_MIN: usize = 16;
/// What nobody took for a day is no news: a request ends unanswered in that time.
const NEWS: Duration = Duration::from_hours(24);
/// Records read at once.
const BATCH: usize = 500;

impl Webhook {
    /// A webhook at `url`, signed with `secret`; how far it came stands in a file in `folder`. A new one begins with
    /// what happens from now on.
    ///
    /// # Errors
    /// `webhook.address`, `webhook.secret`, `webhook.place`.
    pub fn new(url: &str, secret: &str, folder: &Path) -> Result<Self, Refusal> {
        check_address(url)?;
        let secret = secret.trim_end_matches(['\r', '\n']).as_bytes().to_vec();
        if secret.len() < SECRET_BYTES_MIN {
            let sentence = format!("the webhook's secret has less than {SECRET_BYTES_MIN} bytes");
            return Err(Refusal::new("webhook.secret", sentence)
                .hint("`openssl rand -hex 32 > FILE && chmod 600 FILE` makes one"));
        }
        let name = Digest::of(url.as_bytes()).to_string();
        let place = folder.join(format!("webhook-{}", name.get(..16).unwrap_or(&name)));
        let after = match std::fs::read_to_string(&place) {
            Ok(text) => {
                Some(text.trim().parse().map_err(|_| unreadable(&place, "it is no place"))?)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(unreadable(&place, &error.to_string())),
        };
        Ok(Self { url: url.to_owned(), secret, place, after, pace: Pace::default() })
    }

    /// The same, at another pace.
    #[must_use]
    pub fn at(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }
}

/// What is told is for nobody on the way.
fn check_address(url: &str) -> Result<(), Refusal> {
    let bad = |why: &str| {
        let sentence = format!("the webhook's address cannot be used: {why}");
        Err(Refusal::new("webhook.address", sentence)
            .hint("name one like `https://example.org/weir`"))
    };
    let Ok(uri) = url.parse::<Uri>() else { return bad("it is no URL") };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = is_loopback(host);
    match uri.scheme_str() {
        Some("https") if !host.is_empty() => Ok(()),
        Some("http") if is_here => Ok(()),
        Some("http") => bad("what is told would travel in the clear"),
        _ => bad("it is neither `https` nor `http` on this machine"),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

fn unreadable(place: &Path, why: &str) -> Refusal {
    let sentence =
        format!("how far the webhook came cannot be read in `{}`: {why}", place.display());
    Refusal::new("webhook.place", sentence)
        .hint("remove the file to begin with what happens from now on")
}

/// Posts what happens to `webhook` until `closing` is cancelled. `base` is the public address that it points to.
pub async fn post(engine: Engine, base: &str, webhook: Webhook, closing: CancellationToken) {
    let weir = Weir::new(engine, base, closing.clone());
    let mut poster = Poster { weir, agent: agent(&webhook), webhook, told: Position(0) };
    tokio::select! {
        () = poster.run() => {}
        () = closing.cancelled() => {}
    }
}

fn agent(webhook: &Webhook) -> ureq::Agent {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        // An address that sends elsewhere is not the one that was named.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(webhook.pace.answer));
    let uri: Option<Uri> = webhook.url.parse().ok();
    if uri.is_some_and(|uri| is_loopback(uri.host().unwrap_or_default().trim_matches(['[', ']']))) {
        config = config.proxy(None);
    }
    config.build().new_agent()
}

struct Poster {
    weir: Weir,
    agent: ureq::Agent,
    webhook: Webhook,
    /// The last record that was looked at.
    told: Position,
}

impl Poster {
    async fn run(&mut self) {
        let mut head = self.weir.engine.head();
        let now = *head.borrow();
        self.told = match self.webhook.after {
            Some(after) => after.min(now),
            None => {
                // What happens while this is down is told when it is up again.
                self.remember(now).await;
                now
            }
        };
        loop {
            let to = *head.borrow_and_update();
            self.catch_up(to).await;
            if head.changed().await.is_err() {
                return;
            }
        }
    }

    async fn catch_up(&mut self, head: Position) {
        let mut wait = Wait::of(self.webhook.pace);
        while self.told < head {
            let (engine, after) = (self.weir.engine.clone(), self.told);
            let read = tokio::task::spawn_blocking(move || engine.log(after, BATCH)).await;
            let records = match read {
                Ok(Ok(records)) if !records.is_empty() => records,
                Ok(Ok(_)) => return,
                Ok(Err(_)) | Err(_) => {
                    tracing::error!("the webhook cannot read the ledger");
                    wait.once().await;
                    continue;
                }
            };
            for record in records.iter().take_while(|record| record.position <= head) {
                self.tell(record).await;
                self.told = record.position;
            }
        }
    }

    /// Posts a record until it was taken, if it is one to be told of.
    async fn tell(&mut self, record: &Record) {
        let mut wait = Wait::of(self.webhook.pace);
        let mut failed = false;
        // Told as it stands when it is sent: a request that was answered meanwhile is not shown as waiting.
        while let Some(told) = Told::of(&self.weir, record) {
            if told.age >= NEWS {
                let id = record.position;
                tracing::warn!(%id, "the webhook gives up on an event that nobody took for a day");
                break;
            }
            match self.send(&told).await {
                Ok(()) => break,
                Err(why) => {
                    // Once an event, or a receiver that is gone for the night fills the log.
                    if !failed {
                        tracing::warn!(id = %record.position, why, "the webhook is tried again");
                    }
                    failed = true;
                    wait.once().await;
                }
            }
        }
        if Told::is_told(record) {
            self.remember(record.position).await;
        }
    }

    async fn send(&self, told: &Told) -> Result<(), String> {
        let body = told.to_json();
        let at = self.weir.engine.now().as_millis().div_euclid(1000);
        let signed = signature::header(&self.webhook.secret, at, &body);
        let request = self
            .agent
            .post(&self.webhook.url)
            .header("Content-Type", "application/json")
            .header("Weir-Id", told.id())
            .header("Weir-Event", told.event())
            .header("Weir-Signature", signed);
        let sent = tokio::task::spawn_blocking(move || request.send(body.as_bytes())).await;
        let sent = sent.map_err(|_| "it could not be sent".to_owned())?;
        // Its words may hold the address.
        let response = sent.map_err(|error| match error {
            ureq::Error::Timeout(_) => "nobody answered in time".to_owned(),
            _ => "it cannot be reached".to_owned(),
        })?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(format!("it answered {status}")) }
    }

    async fn remember(&self, position: Position) {
        let place = self.webhook.place.clone();
        let kept = tokio::task::spawn_blocking(move || write(&place, &position.to_string())).await;
        if !matches!(kept, Ok(Ok(()))) {
            tracing::warn!(
                "how far the webhook came could not be written down: what it told may be told again"
            );
        }
    }
}

/// Writes a file whole or not at all.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let draft = path.with_extension("draft");
    std::fs::write(&draft, text)?;
    std::fs::rename(&draft, path)
}

/// How long to wait before the next try: twice as long each time.
struct Wait {
    next: Duration,
    longest: Duration,
}

impl Wait {
    fn of(pace: Pace) -> Self {
        Self { next: pace.first, longest: pace.longest }
    }

    async fn once(&mut self) {
        tokio::time::sleep(self.step()).await;
    }

    fn step(&mut self) -> Duration {
        let now = self.next;
        self.next = (now * 2).min(self.longest);
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_that_keeps_a_secret_is_one() {
        for url in [
            "https://example.org/x?a=b",
            "http://127.0.0.1:8080/",
            "http://[::1]/",
            "http://localhost/x",
        ] {
            assert!(check_address(url).is_ok(), "{url}");
        }
        for url in [
            "http://example.org/",
            "ftp://example.org/",
            "example.org",
            "https://",
            "",
            "http://127.0.0.1.x/",
        ] {
            let refusal = check_address(url).expect_err(url);
            assert_eq!(refusal.code, "webhook.address", "{url}");
            assert!(!refusal.sentence.contains("example.org"), "it is not repeated");
        }
    }

    #[test]
    fn a_secret_is_long_and_a_place_can_be_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = |secret: &str| Webhook::new("https://example.org/", secret, folder.path());
        assert_eq!(made("short\n").expect_err("short").code, "webhook.secret");
        let webhook = made("0123456789abcdef\n").expect("long enough");
        assert_eq!((webhook.after, webhook.secret.len()), (None, 16));
        assert!(!format!("{webhook:?}").contains("example.org"));
        write(&webhook.place, "E31").expect("written");
        assert_eq!(made("0123456789abcdef").expect("made").after, Some(Position(31)));
        write(&webhook.place, "what").expect("written");
        assert_eq!(made("0123456789abcdef").expect_err("unreadable").code, "webhook.place");
    }

    #[test]
    fn waits_double_and_end_at_the_longest() {
        let seconds = Duration::from_secs;
        let pace = Pace { answer: seconds(1), first: seconds(1), longest: seconds(5) };
        let mut wait = Wait::of(pace);
        let waited: Vec<u64> = (0..5).map(|_| wait.step().as_secs()).collect();
        assert_eq!(waited, [1, 2, 4, 5, 5]);
    }
}
