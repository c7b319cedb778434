//! The door of the model: HTTP on the loopback.

use super::answer::{Answer, Called, Written, sample};
use super::ask::Ask;
use super::record::{Call, Record};
use super::script::{Next, Script, Turn};
use super::step::{Step, Unsaid};
use super::watch::Watcher;
use super::{anthropic, chat, gemini, responses};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// What a conversation gets that goes on after its last turn.
const EXHAUSTED: &str = "[the script has ended]";

/// A model server; it stops when it is dropped.
#[derive(Debug)]
pub struct Model {
    url: String,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

#[derive(Debug)]
struct Shared {
    script: Mutex<Script>,
    record: Mutex<Record>,
    watcher: Watcher,
}

/// The APIs, told apart by the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Api {
    Anthropic,
    Responses,
    Chat,
    Gemini,
}

impl Model {
    /// Starts a server on a free port of the loopback.
    ///
    /// # Errors
    /// When no port or no thread can be had.
    pub fn start(script: Script) -> io::Result<Self> {
        Self::watched(script, Watcher::default())
    }

    /// Starts a server that tells `watcher` of every turn before it says it.
    ///
    /// # Errors
    /// When no port or no thread can be had.
    pub fn watched(script: Script, watcher: Watcher) -> io::Result<Self> {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let url = format!("http://{}", listener.local_addr()?);
        let record = Mutex::new(Record::default());
        let shared = Arc::new(Shared { script: Mutex::new(script), record, watcher });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        // Whole conversations with all tools in them are larger than the usual limit.
        let router = router.layer(axum::extract::DefaultBodyLimit::disable());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, shared, runtime: Some(runtime) })
    }

    /// Where it listens, without a path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The tool calls it made, in order, each with what the client sent back.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.record).calls.clone()
    }

    /// What went otherwise than the script: steps that the client has no tool for, requests beyond the last turn
    /// or at unknown paths.
    pub fn faults(&self) -> Vec<String> {
        lock(&self.shared.record).faults.clone()
    }

    /// The last user message of every request.
    pub fn prompts(&self) -> Vec<String> {
        lock(&self.shared.record).prompts.clone()
    }

    /// How many turns nobody asked for.
    pub fn turns_left(&self) -> usize {
        lock(&self.shared.script).left()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // Without waiting: a client that was killed leaves its connection open.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let (path, query) = (uri.path(), uri.query().unwrap_or_default());
    let api = if method == Method::POST { api_of(path) } else { None };
    let Some(api) = api else {
        return beside(&shared, &method, path);
    };
    let body: Value = match serde_json::from_slice(&body) {
        Ok(body) => body,
        Err(error) => {
            lock(&shared.record).faults.push(format!("{path}: a body that is no JSON: {error}"));
            return (StatusCode::BAD_REQUEST, error.to_string()).into_response();
        }
    };
    let ask = match api {
        Api::Anthropic => anthropic::read(&body),
        Api::Responses => responses::read(&body),
        Api::Chat => chat::read(&body),
        Api::Gemini => gemini::read(path, &body),
    };
    let (answer, turn) = shared.say(&ask);
    if let Some((lane, turn)) = turn {
        shared.watcher.tell(&lane, turn);
    }
    let Written { whole, events } = match api {
        Api::Anthropic => anthropic::write(&answer),
        Api::Responses => responses::write(&answer),
        Api::Chat => chat::write(&answer),
        Api::Gemini => gemini::write(&answer),
    };
    if !ask.stream {
        axum::Json(whole).into_response()
    } else if api == Api::Gemini && !query.contains("alt=sse") {
        axum::Json(json!([whole])).into_response()
    } else {
        ([(header::CONTENT_TYPE, "text/event-stream")], Body::from(events.concat())).into_response()
    }
}

fn api_of(path: &str) -> Option<Api> {
    let ends = |end: &str| path.ends_with(end);
    match () {
        () if ends("/messages") => Some(Api::Anthropic),
        () if ends("/responses") => Some(Api::Responses),
        () if ends("/chat/completions") => Some(Api::Chat),
        () if ends(":generateContent") || ends(":streamGenerateContent") => Some(Api::Gemini),
        () => None,
    }
}

/// What clients ask beside the model: how many tokens, which models, whether anybody is there.
fn beside(shared: &Shared, method: &Method, path: &str) -> Response {
    if path.ends_with("/count_tokens") || path.ends_with(":countTokens") {
        axum::Json(json!({"input_tokens": 100, "totalTokens": 100})).into_response()
    } else if path.ends_with("/models") {
        let model = json!({"id": "scripted", "object": "model", "type": "model", "created": 0,
            "owned_by": "nobody", "display_name": "scripted", "created_at": "2025-01-01T00:00:00Z"});
        axum::Json(json!({"object": "list", "data": [model], "has_more": false, "models": []}))
            .into_response()
    } else if method == Method::HEAD || path == "/" {
        StatusCode::OK.into_response()
    } else {
        lock(&shared.record).faults.push(format!("{method} {path}: nobody answers there"));
        (StatusCode::NOT_FOUND, "not scripted").into_response()
    }
}

impl Shared {
    /// The answer to one request, and the turn that it is. The whole answer is one critical section, so that two sub-agents that ask at
    /// once take different turns.
    fn say(&self, ask: &Ask) -> (Answer, Option<(String, usize)>) {
        let mut script = lock(&self.script);
        let mut record = lock(&self.record);
        record.prompts.extend(ask.users.last().cloned());
        record.note(&ask.results);
        let mut answer =
            Answer { number: record.prompts.len(), model: ask.model.clone(), ..Answer::default() };
        if ask.offers.is_empty() {
            let words = ask.schema.as_ref().map(|schema| sample(schema).to_string());
            answer.text = words.unwrap_or_else(|| "ok".to_owned());
            return (answer, None);
        }
        let is_moot = |turn: &Turn| turn.steps.iter().any(|step| step.is_moot(&ask.offers));
        let mut next = script.next(ask);
        while matches!(&next, Next::Turn(_, _, turn) if is_moot(turn)) {
            next = script.next(ask);
        }
        match next {
            Next::Turn(lane, turn, said) => {
                match put(&said, ask, &lane, turn, &mut answer, &mut record) {
                    Ok(()) if answer.is_look_up() => script.put_back(&lane),
                    Ok(()) => return (answer, Some((lane, turn))),
                    Err(why) => {
                        answer.text = format!("[{why}]");
                        record.faults.push(why);
                    }
                }
            }
            Next::Exhausted(_) => answer.text = EXHAUSTED.to_owned(),
            Next::Nobody => record.faults.push("a conversation that no lane is for".to_owned()),
        }
        (answer, None)
    }
}

/// Puts a turn into an answer. A step whose tool must be looked up first makes the look-up the whole answer.
fn put(
    said: &Turn,
    ask: &Ask,
    lane: &str,
    turn: usize,
    answer: &mut Answer,
    record: &mut Record,
) -> Result<(), String> {
    let mut calls = Vec::new();
    for (index, step) in said.steps.iter().enumerate() {
        let id = format!("call_{:04}_{index}", answer.number);
        let joined = (*step == Step::Join).then(|| Step::join(&record.agents(lane)));
        match joined.as_ref().unwrap_or(step).call(&ask.offers) {
            Ok((offer, arguments)) => calls.push(Called { id, offer, arguments }),
            Err(Unsaid::LookUp(offer, arguments)) => {
                if !record.looked_up.insert((lane.to_owned(), turn)) {
                    return Err(format!("{step:?} was looked up and not found"));
                }
                answer.calls = vec![Called { id, offer, arguments }];
                return Ok(());
            }
            Err(Unsaid::NotOffered(why)) => return Err(why),
        }
    }
    record.calls.extend(calls.iter().map(|called| Call::new(lane, turn, called)));
    answer.text.clone_from(&said.say);
    answer.calls = calls;
    Ok(())
}

/// A test that panicked while it held the record has said so already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
