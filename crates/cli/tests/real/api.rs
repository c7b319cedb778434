//! The HTTP API, as a client that may be cut off at any moment sees it.

use serde_json::Value;
use std::time::Duration;
use ureq::Agent;

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It was done, or read.
    Done(Value),
    /// It was refused: the code, and all that was said.
    Refused(String, Value),
    /// No answer, or one that says that something failed: it may have been done, or not.
    Unknown(String),
}

/// A client with one token.
#[derive(Clone)]
pub(crate) struct Api {
    agent: Agent,
    base: String,
    token: String,
}

/// Longer than anything takes that is not stuck.
const PATIENCE: Duration = Duration::from_secs(30);

impl Api {
    pub(crate) fn new(base: &str, token: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false);
        let agent = config.timeout_global(Some(PATIENCE)).proxy(None).build().new_agent();
        Self { agent, base: base.to_owned(), token: token.to_owned() }
    }

    /// The same server, as somebody else.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.read(path).map_or_else(Answer::Unknown, |(status, text)| answer(status, &text))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let sent = request.send_json(body).and_then(|mut response| {
            Ok((response.status().as_u16(), response.body_mut().read_to_string()?))
        });
        match sent {
            Ok((status, text)) => answer(status, &text),
            Err(error) => Answer::Unknown(error.to_string()),
        }
    }

    /// A body that is not JSON.
    pub(crate) fn bytes(&self, path: &str) -> Vec<u8> {
        let request = self.agent.get(format!("{}{path}", self.base));
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let mut response = request.call().expect("the server answers");
        assert_eq!(response.status().as_u16(), 200, "{path}");
        let body = response.body_mut().with_config().limit(1 << 30);
        body.read_to_vec().expect("the answer is whole")
    }

    fn read(&self, path: &str) -> Result<(u16, String), String> {
        let request = self.agent.get(format!("{}{path}", self.base));
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let mut response = request.call().map_err(|error| error.to_string())?;
        let body = response.body_mut().with_config().limit(1 << 28).read_to_string();
        Ok((response.status().as_u16(), body.map_err(|error| error.to_string())?))
    }

    /// Reads what must be there.
    pub(crate) fn must(&self, path: &str) -> Value {
        match self.get(path) {
            Answer::Done(value) => value,
            other => panic!("GET {path}: {other:?}"),
        }
    }

    /// Does what must be possible.
    pub(crate) fn must_post(&self, path: &str, body: &Value) -> Value {
        match self.post(path, body) {
            Answer::Done(value) => value,
            other => panic!("POST {path} {body}: {other:?}"),
        }
    }

    /// The whole log, oldest first, and its end.
    pub(crate) fn log(&self) -> Vec<Value> {
        let (mut entries, mut after) = (Vec::new(), "E0".to_owned());
        loop {
            let mut page = self.must(&format!("/v1/log?after={after}&limit=500"));
            if let Value::Array(items) = page["items"].take() {
                entries.extend(items);
            }
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => return entries,
            }
        }
    }
}

fn answer(status: u16, text: &str) -> Answer {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return Answer::Unknown(format!("{status}: {text}"));
    };
    match (status, value["code"].as_str()) {
        (200..300, _) => Answer::Done(value),
        (500.., _) | (_, None) => Answer::Unknown(value.to_string()),
        (_, Some(code)) => Answer::Refused(code.to_owned(), value),
    }
}

/// The number in an id: 12 in `T12`, `E12` or `#12`.
pub(crate) fn number(id: &Value) -> u64 {
    let text = id.as_str().unwrap_or_default();
    text.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0)
}

/// A text of an answer that must be there.
pub(crate) fn text(value: &Value, field: &str) -> String {
    let found = value[field].as_str();
    found.unwrap_or_else(|| panic!("`{field}` is missing in {value}")).to_owned()
}
