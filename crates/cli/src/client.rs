//! The HTTP API, as a command calls it.
//!
//! A refusal of the server comes back as the same refusal. Deliberately absent: retries. Whether asking twice is
//! safe is the command's to know, and a person at a terminal can press the up arrow.

mod events;

pub(crate) use events::Events;

use crate::error::CommandError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Read;
use std::time::Duration;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};
use weir_model::{Position, Refusal};
use weir_server::wire::Refused;

/// A server, and the token to speak to it with.
pub(crate) struct Client {
    url: String,
    token: Option<String>,
    agent: Agent,
}

/// A server on this machine answers at once; over an ocean, a connection takes a second.
const CONNECT: Duration = Duration::from_secs(10);

/// A claim makes a worktree before it answers; of a large repository that takes a while.
const ANSWER: Duration = Duration::from_secs(120);

/// Three heartbeats of the server: then the line is dead.
const SILENCE: Duration = Duration::from_secs(45);

/// No answer but an export is larger, and an export is not read into memory.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

impl Client {
    /// A client of the server at `url`.
    pub(crate) fn new(url: &str, token: Option<String>) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            // The API never redirects; what does is not Weir, and must not get the token.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_per_read(Some(SILENCE.max(ANSWER)))
            .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&url) {
            // A proxy that the environment names does not reach our own loopback.
            config = config.proxy(None);
        }
        Self { url, token, agent: config.build().new_agent() }
    }

    /// Where the server is, without a slash at its end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The token, for git and for the session file.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// `GET`
    ///
    /// # Errors
    /// The server's refusal, or that it cannot be reached or understood.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CommandError> {
        let request = self.authorized(self.agent.get(self.at(path)));
        self.read(request.header("Accept", "application/json").call())
    }

    /// `POST` with a JSON body
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) fn post<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, CommandError> {
        self.read(self.authorized(self.agent.post(self.at(path))).send_json(body))
    }

    /// `POST` of bytes
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) fn send<T: DeserializeOwned>(
        &self,
        path: &str,
        bytes: &[u8],
    ) -> Result<T, CommandError> {
        let request = self.authorized(self.agent.post(self.at(path)));
        self.read(request.header("Content-Type", "application/octet-stream").send(bytes))
    }

    /// `PUT` with a JSON body
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) fn put<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, CommandError> {
        self.read(self.authorized(self.agent.put(self.at(path))).send_json(body))
    }

    /// `DELETE`
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, CommandError> {
        self.read(self.authorized(self.agent.delete(self.at(path))).call())
    }

    /// `GET` of something that is too long to hold, or is no JSON.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) fn stream(&self, path: &str) -> Result<impl Read + use<>, CommandError> {
        let request = self.authorized(self.agent.get(self.at(path)));
        let response = self.accept(request.call())?;
        Ok(response.into_body().into_with_config().limit(u64::MAX).reader())
    }

    /// The events from now on, or after `last`.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) fn events(&self, last: Option<Position>) -> Result<Events, CommandError> {
        let mut request = self
            .authorized(self.agent.get(self.at("/v1/events")))
            .header("Accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last.to_string());
        }
        let request = request.config().timeout_per_read(Some(SILENCE)).build();
        let response = self.accept(request.call())?;
        let body = response.into_body().into_with_config().limit(u64::MAX).reader();
        Ok(Events::new(Box::new(body)))
    }

    /// `POST` of raw JSON with headers of its own; the whole response, whatever it says.
    ///
    /// # Errors
    /// That the server cannot be reached.
    pub(crate) fn exchange(
        &self,
        path: &str,
        headers: &[(&str, String)],
        body: &str,
    ) -> Result<Response<Body>, CommandError> {
        let mut request = self
            .authorized(self.agent.post(self.at(path)))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, value.as_str());
        }
        // A tool that waits for a landing is silent for as long as the checks run.
        let request = request.config().timeout_per_read(None).build();
        request.send(body).map_err(|error| self.failed(error))
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn authorized<S>(&self, request: ureq::RequestBuilder<S>) -> ureq::RequestBuilder<S> {
        match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    fn read<T: DeserializeOwned>(
        &self,
        response: Result<Response<Body>, ureq::Error>,
    ) -> Result<T, CommandError> {
        let response = self.accept(response)?;
        let body = response.into_body().into_with_config().limit(ANSWER_BYTES_MAX);
        body.read_json().map_err(|error| match error {
            ureq::Error::Json(_) => self.not_weir("its answer is not what this version knows"),
            other => self.failed(other),
        })
    }

    /// The response, if the server did what was asked.
    fn accept(
        &self,
        response: Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, CommandError> {
        let response = response.map_err(|error| self.failed(error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.into_body().into_with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        match body.ok().and_then(|body| serde_json::from_slice::<Refused>(&body).ok()) {
            Some(refused) => Err(said_no(status, refused)),
            None => Err(self.not_weir(&format!("it answers {status}"))),
        }
    }

    fn not_weir(&self, why: &str) -> CommandError {
        let sentence = format!("what runs at {} does not speak like Weir: {why}", self.url);
        Refusal::new("server.not_weir", sentence)
            .hint("check the address, and that both ends are of the same version")
            .into()
    }

    fn failed(&self, error: ureq::Error) -> CommandError {
        let url = self.url.clone();
        match error {
            ureq::Error::Io(_)
            | ureq::Error::Timeout(_)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::ConnectProxyFailed(_) => {
                CommandError::Unreachable { url, source: Box::new(error) }
            }
            other => CommandError::failed(format!("ask the server at {url}"), other),
        }
    }
}

fn said_no(status: StatusCode, refused: Refused) -> CommandError {
    let Refused { code, sentence, hint } = refused;
    let refusal = Refusal { code: code.into(), sentence, hint };
    match status.is_server_error() {
        true => CommandError::ServerFailed(refusal),
        false => CommandError::Refused(refusal),
    }
}

/// Whether a URL points at this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    let Ok(uri) = url.parse::<ureq::http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_apart() {
        for url in ["http://127.0.0.1:7747", "http://[::1]:1/", "http://localhost/x"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://192.168.0.1",
            "https://weir.example",
            "http://127.0.0.1@weir.example",
            "",
            "http://127.0.0.1.x",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn nobody_at_home_is_said_with_what_to_do() {
        // Port 9 of the loopback: nothing of ours ever listens there.
        let client = Client::new("http://127.0.0.1:9/", None);
        let error = client.get::<Refused>("/v1/space").expect_err("nobody answers");
        assert_eq!(error.exit(), crate::exit::Exit::Unreachable);
        let shown = error.shown().expect("shown");
        assert_eq!(shown.hint.as_deref(), Some("start it with `weir up`"));
    }
}
