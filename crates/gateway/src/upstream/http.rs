//! Streamable HTTP: a request is a post, its answer a document or a stream of events.
//!
//! Each exchange has a thread while it lasts, and an end: the client under it counts the whole of it, from the name to
//! the last byte, against the time limit. Redirects are not followed, for the headers hold secrets.

use super::message::{self, Message};
use super::rate::Rate;
use super::sse::Events;
use super::{Ask, Broken, Ear, Heard, headers};
use crate::gateway::{Happening, Sink};
use crate::mask::Mask;
use crate::registry::Speaks;
use serde_json::{Value, json};
use std::io::Read as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use ureq::http::Response;
use ureq::{Agent, Body};

/// A server behind an address. Cheap to clone: an exchange takes one along.
#[derive(Clone)]
pub(super) struct Http(Arc<Shared>);

struct Shared {
    agent: Agent,
    url: String,
    headers: Vec<(String, String)>,
    mask: Mask,
    limit: usize,
    ear: Ear,
    next: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    speaks: Option<Speaks>,
    session: Option<String>,
    gone: bool,
}

/// How long a notification, or the end of a session, may take.
const ASIDE: Duration = Duration::from_secs(5);

impl Http {
    pub(super) fn new(
        url: &str,
        headers: &[(String, String)],
        mask: &Mask,
        limit: usize,
        ear: &Ear,
    ) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // An answer of the server's own choice of way would carry the headers there.
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(Arc::new(Shared {
            agent: Agent::new_with_config(config),
            url: url.to_owned(),
            headers: headers.to_vec(),
            mask: mask.clone(),
            limit,
            ear: Arc::clone(ear),
            next: AtomicU64::new(1),
            state: Mutex::default(),
        }))
    }

    pub(super) fn speak(&self, speaks: Speaks) {
        self.0.state().speaks = Some(speaks);
    }

    pub(super) fn is_alive(&self) -> bool {
        !self.0.state().gone
    }

    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<Value, Broken> {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        let mut params = ask.params;
        if ask.sink.is_some() {
            params["_meta"]["progressToken"] = json!(id);
        }
        let named = match self.0.state().speaks {
            Some(speaks) if !speaks.is_legacy() => headers::of(ask.method, &params, ask.schema),
            Some(_) | None => Vec::new(),
        };
        let left = Arc::new(AtomicBool::new(false));
        let _leaving = Leaving(Arc::clone(&left));
        let exchange = Exchange {
            http: Arc::clone(&self.0),
            id,
            body: message::request(id, ask.method, &params),
            named,
            greets: ask.method == "initialize",
            sink: ask.sink,
            time_limit: ask.time_limit,
            left,
        };
        let exchanged = tokio::task::spawn_blocking(move || exchange.run()).await;
        exchanged.unwrap_or_else(|_| Err(Broken::Gone("the exchange broke off".to_owned())))
    }

    pub(super) async fn tell(&self, method: &str, params: &Value) {
        let (shared, body) = (Arc::clone(&self.0), message::notification(method, params));
        // Nobody waits for an answer to it.
        let _ = tokio::task::spawn_blocking(move || shared.post(&body, &[], ASIDE).map(drop)).await;
    }

    /// Ends the session, where there is one.
    pub(super) async fn close(&self) {
        let session = {
            let mut state = self.0.state();
            state.gone = true;
            state.session.take()
        };
        let Some(session) = session else { return };
        let shared = Arc::clone(&self.0);
        let end = move || {
            let mut request = shared.agent.delete(&shared.url).config();
            request = request.timeout_global(Some(ASIDE));
            let mut request = request.build().header("Mcp-Session-Id", session);
            for (name, value) in &shared.headers {
                request = request.header(name, value);
            }
            request.call().map(drop)
        };
        let _ = tokio::task::spawn_blocking(end).await;
    }
}

/// Tells the thread of an exchange that nobody waits any more.
struct Leaving(Arc<AtomicBool>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(
        &self,
        body: &Value,
        named: &[(String, String)],
        time_limit: Duration,
    ) -> Result<Response<Body>, Broken> {
        let request = self.agent.post(&self.url).config().timeout_global(Some(time_limit)).build();
        let mut request = request
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream");
        let (speaks, session) = {
            let state = self.state();
            (state.speaks, state.session.clone())
        };
        let greets = body.get("method").is_some_and(|method| method == "initialize");
        if let Some(speaks) = speaks.filter(|_| !greets) {
            request = request.header("MCP-Protocol-Version", speaks.as_str());
        }
        if let Some(session) = session.filter(|_| !greets) {
            request = request.header("Mcp-Session-Id", session);
        }
        for (name, value) in self.headers.iter().chain(named) {
            request = request.header(name, value);
        }
        request.send(body.to_string().as_bytes()).map_err(|error| match error {
            ureq::Error::Timeout(_) => Broken::Time(time_limit),
            error => Broken::Gone(format!("it could not be reached: {error}")),
        })
    }
}

/// One request and its answer, on a thread that may wait.
struct Exchange {
    http: Arc<Shared>,
    id: u64,
    body: Value,
    named: Vec<(String, String)>,
    greets: bool,
    sink: Option<Sink>,
    time_limit: Duration,
    left: Arc<AtomicBool>,
}

impl Exchange {
    fn run(self) -> Result<Value, Broken> {
        let mut response = self.http.post(&self.body, &self.named, self.time_limit)?;
        let status = response.status().as_u16();
        if !(200..300).contains(&status) {
            return Err(self.refused(status, &mut response));
        }
        if self.greets {
            let session = response.headers().get("mcp-session-id");
            let session = session.and_then(|id| id.to_str().ok()).filter(|id| id.len() <= 1024);
            self.http.state().session = session.map(str::to_owned);
        }
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("text/event-stream") {
            self.stream(&mut response)
        } else if kind.eq_ignore_ascii_case("application/json") {
            self.document(&mut response)
        } else {
            Err(Broken::Unfit("it answered with neither JSON nor events".to_owned()))
        }
    }

    /// An answer that is none. The server may have said why.
    fn refused(&self, status: u16, response: &mut Response<Body>) -> Broken {
        let has_session = self.http.state().session.is_some();
        if status == 404 && has_session {
            self.http.state().gone = true;
            return Broken::Gone("it ended the session".to_owned());
        }
        let mut said = Vec::new();
        let most = u64::try_from(self.http.limit).unwrap_or(u64::MAX);
        // What cannot be read says nothing.
        let _ = response.body_mut().as_reader().take(most).read_to_end(&mut said);
        let message: Value = serde_json::from_slice(&said).unwrap_or_default();
        match message.get("error").map(|error| {
            message::read(json!({"id": self.id, "error": error}).to_string().as_bytes())
        }) {
            Some(Message::Reply { answer: Err(broken), .. }) => broken,
            _ => Broken::Error {
                code: i64::from(status),
                message: "an error of HTTP".to_owned(),
                data: None,
            },
        }
    }

    fn document(&self, response: &mut Response<Body>) -> Result<Value, Broken> {
        let mut document = Vec::new();
        let most = u64::try_from(self.http.limit).unwrap_or(u64::MAX).saturating_add(1);
        let read = response.body_mut().as_reader().take(most).read_to_end(&mut document);
        read.map_err(|error| self.broke_off(&error))?;
        if document.len() > self.http.limit {
            return Err(self.too_long());
        }
        match message::read(&document) {
            Message::Reply { id, answer } if id == self.id => answer,
            Message::Noise(what) => Err(Broken::Unfit(what.to_owned())),
            Message::Reply { .. } | Message::Ask { .. } | Message::Tell { .. } => {
                Err(Broken::Unfit("an answer to another request".to_owned()))
            }
        }
    }

    fn stream(&self, response: &mut Response<Body>) -> Result<Value, Broken> {
        let mut reader = response.body_mut().as_reader();
        let (mut events, mut rate) = (Events::default(), Rate::new(Instant::now()));
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let n = match reader.read(&mut buffer) {
                Ok(0) => return Err(Broken::Unfit("its answer ends before its result".to_owned())),
                Ok(n) => n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.broke_off(&error)),
            };
            let mut complete = Vec::new();
            events.push(&buffer[..n], |data| complete.push(data));
            for data in complete {
                if let Some(answer) = self.event(&data) {
                    return answer;
                }
                if !rate.allows(Instant::now()) {
                    return Err(Broken::Unfit("it floods".to_owned()));
                }
            }
            if events.held() > self.http.limit {
                return Err(self.too_long());
            }
            if self.left.load(Ordering::Acquire) {
                // To end the stream is to cancel, from 2026-07-28 on; before, it takes a word.
                self.cancel();
                return Err(Broken::Gone("nobody waits for it any more".to_owned()));
            }
        }
    }

    /// What an event is to this request: its answer, or something on the way.
    fn event(&self, data: &[u8]) -> Option<Result<Value, Broken>> {
        if data.len() > self.http.limit {
            return Some(Err(self.too_long()));
        }
        match message::read(data) {
            Message::Reply { id, answer } if id == self.id => return Some(answer),
            Message::Ask { id, method } => {
                // It is told no, and goes on or not; either way the time runs.
                let _ = self.http.post(&message::answer(&id, &method), &[], ASIDE);
                if method != "ping" {
                    (self.http.ear)(Heard::Asked(method.chars().take(80).collect()));
                }
            }
            Message::Tell { method, params } => self.told(&method, params),
            Message::Reply { .. } | Message::Noise(_) => {}
        }
        None
    }

    fn told(&self, method: &str, params: Value) {
        let mask = &self.http.mask;
        let happening = match method {
            "notifications/progress" => {
                let token = params.get("progressToken").and_then(Value::as_u64);
                token
                    .filter(|token| *token == self.id)
                    .and_then(|_| Happening::progress(&params, mask))
            }
            "notifications/message" => Happening::log(params, mask),
            "notifications/tools/list_changed" | "notifications/prompts/list_changed" => {
                (self.http.ear)(Heard::Changed);
                None
            }
            _ => None,
        };
        if let (Some(sink), Some(happening)) = (&self.sink, happening) {
            sink.tell(happening);
        }
    }

    fn cancel(&self) {
        if self.http.state().speaks.is_some_and(Speaks::is_legacy) {
            let params = json!({"requestId": self.id, "reason": "nobody waits for it any more"});
            let cancelled = message::notification("notifications/cancelled", &params);
            let _ = self.http.post(&cancelled, &[], ASIDE);
        }
    }

    fn broke_off(&self, error: &std::io::Error) -> Broken {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
        match (inner, error.kind()) {
            (Some(ureq::Error::Timeout(_)), _) | (_, std::io::ErrorKind::TimedOut) => {
                Broken::Time(self.time_limit)
            }
            _ => Broken::Unfit(format!("its answer broke off: {error}")),
        }
    }

    fn too_long(&self) -> Broken {
        Broken::Unfit(format!("it said more than {} bytes at once", self.http.limit))
    }
}
