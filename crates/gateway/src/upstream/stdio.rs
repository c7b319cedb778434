//! A child process that speaks on its standard streams, one message a line.
//!
//! Three threads hold it: one writes, one reads, one keeps the last of what it complains of. They need no runtime, and
//! a process that reads nothing, or never stops writing, blocks none but its own.

use super::message::{self, Message};
use super::rate::Rate;
use super::{Ask, Broken, Ear, Heard};
use crate::gateway::{Happening, Sink};
use crate::mask::Mask;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::PathBuf;
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;
use tempfile::TempDir;
use tokio::sync::oneshot;
use weir_sandbox::{Held, Pipes, Spec};

/// What is started.
pub(super) struct Start<'a> {
    pub(super) program: &'a str,
    pub(super) args: &'a [String],
    pub(super) env: &'a [(String, String)],
    pub(super) dir: PathBuf,
    /// Its own folder, which goes with it.
    pub(super) own: Option<TempDir>,
    /// The largest message, in bytes.
    pub(super) limit: usize,
}

/// The process and its threads.
pub(super) struct Pipe {
    shared: Arc<Shared>,
    out: SyncSender<Vec<u8>>,
    next: AtomicU64,
}

struct Shared {
    state: Mutex<State>,
    /// The last of what it complained of.
    complaint: Mutex<Vec<u8>>,
    ear: Ear,
    mask: Mask,
    limit: usize,
}

#[derive(Default)]
struct State {
    waiting: BTreeMap<u64, Waiting>,
    /// Why it is gone.
    gone: Option<String>,
    held: Option<(Held, Option<TempDir>)>,
}

struct Waiting {
    answer: oneshot::Sender<Result<Value, Broken>>,
    sink: Option<Sink>,
}

/// How many messages may wait for a process to read them.
const UNREAD_MAX: usize = 64;
/// What is kept of its complaints: the last lines tell why it ended.
const COMPLAINT_MAX: usize = 2048;

impl Pipe {
    pub(super) fn start(start: Start<'_>, ear: Ear, mask: Mask) -> Result<Self, Broken> {
        let mut spec = Spec::exec(start.program, start.args.iter().map(OsString::from), start.dir);
        for (name, value) in start.env {
            spec = spec.env(name, value);
        }
        let (held, Pipes { stdin, stdout, stderr }) = weir_sandbox::hold(&spec)
            .map_err(|error| Broken::Gone(format!("it could not be started: {error}")))?;
        let state = State { held: Some((held, start.own)), ..State::default() };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            complaint: Mutex::default(),
            ear,
            mask,
            limit: start.limit,
        });
        let (out, unread) = sync_channel(UNREAD_MAX);
        let pipe = Self { shared: Arc::clone(&shared), out: out.clone(), next: AtomicU64::new(1) };
        let complaints = spawn("weir-tool-stderr", {
            let shared = Arc::clone(&shared);
            move || shared.keep_complaints(stderr)
        });
        let reads = spawn("weir-tool-stdout", {
            let shared = Arc::clone(&shared);
            move || shared.hear(stdout, &out)
        });
        let writes = spawn("weir-tool-stdin", move || write(stdin, &unread));
        // On failure `pipe` is dropped, and the process with it.
        complaints.and(reads).and(writes).map_err(|error| Broken::Gone(error.to_string()))?;
        Ok(pipe)
    }

    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<Value, Broken> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let mut params = ask.params;
        if ask.sink.is_some() {
            params["_meta"]["progressToken"] = json!(id);
        }
        {
            let mut state = self.shared.state();
            if let Some(why) = &state.gone {
                return Err(Broken::Gone(why.clone()));
            }
            state.waiting.insert(id, Waiting { answer, sink: ask.sink });
        }
        // Whoever stops waiting, for whatever reason, tells the server.
        let mut left = Left { pipe: self, id, may_cancel: ask.method != "initialize" };
        self.send(&message::request(id, ask.method, &params))?;
        let answer = tokio::time::timeout(ask.time_limit, answered).await;
        match answer {
            Ok(answer) => {
                left.may_cancel = false;
                answer.unwrap_or_else(|_| Err(Broken::Gone(self.why_gone())))
            }
            Err(_) => Err(Broken::Time(ask.time_limit)),
        }
    }

    pub(super) fn tell(&self, method: &str, params: &Value) {
        // If it is gone, whoever asks next is told.
        let _ = self.send(&message::notification(method, params));
    }

    pub(super) fn is_alive(&self) -> bool {
        self.shared.state().gone.is_none()
    }

    /// Ends it; nothing of its tree is left when this returns.
    pub(super) fn close(&self, why: &str) {
        self.shared.end(why);
    }

    fn send(&self, message: &Value) -> Result<(), Broken> {
        match self.out.try_send(line(message)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => {
                self.shared.end("it does not read what it is sent");
                Err(Broken::Gone(self.why_gone()))
            }
            // The process closed its input. The reader will tell how it ended.
            Err(TrySendError::Disconnected(_)) => Err(Broken::Gone(self.why_gone())),
        }
    }

    fn why_gone(&self) -> String {
        self.shared.state().gone.clone().unwrap_or_else(|| "it closed its input".to_owned())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.shared.end("nobody needs it any more");
    }
}

/// A request that nobody waits for any more once this is dropped.
struct Left<'a> {
    pipe: &'a Pipe,
    id: u64,
    may_cancel: bool,
}

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.pipe.shared.state().waiting.remove(&self.id);
        if self.may_cancel && self.pipe.is_alive() {
            let params = json!({"requestId": self.id, "reason": "nobody waits for it any more"});
            self.pipe.tell("notifications/cancelled", &params);
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the process, and tells everybody who waits why.
    fn end(&self, why: &str) {
        let (waiting, held) = {
            let mut state = self.state();
            if state.gone.is_none() {
                state.gone = Some(why.to_owned());
            }
            (std::mem::take(&mut state.waiting), state.held.take())
        };
        if let Some((held, folder)) = held {
            held.let_go();
            drop(folder);
        }
        for (_, waiting) in waiting {
            // They may have left meanwhile.
            let _ = waiting.answer.send(Err(Broken::Gone(why.to_owned())));
        }
    }

    /// Reads until the end, and ends the process where it breaks its limits.
    fn hear(&self, stdout: ChildStdout, out: &SyncSender<Vec<u8>>) {
        let mut stdout = BufReader::with_capacity(64 * 1024, stdout);
        let mut rate = Rate::new(Instant::now());
        let why = loop {
            let line = match read_line(&mut stdout, self.limit) {
                Ok(Line::Whole(line)) => line,
                Ok(Line::TooLong) => {
                    break format!("it said more than {} bytes at once", self.limit);
                }
                Ok(Line::End) => break self.ended(),
                Err(error) => break format!("it could not be heard: {error}"),
            };
            let unasked = match message::read(&line) {
                Message::Reply { id, answer } => !self.answer(id, answer),
                Message::Ask { id, method } => {
                    // A server that does not read its answers gets none.
                    let _ = out.try_send(self::line(&message::answer(&id, &method)));
                    if method != "ping" {
                        (self.ear)(Heard::Asked(method.chars().take(80).collect()));
                    }
                    true
                }
                Message::Tell { method, params } => {
                    self.told(&method, params);
                    true
                }
                // Many a server greets on its output, or logs there.
                Message::Noise(_) => true,
            };
            if unasked && !rate.allows(Instant::now()) {
                break "it floods".to_owned();
            }
        };
        self.end(&why);
    }

    /// Hands an answer to who waits for it; whether anybody does.
    fn answer(&self, id: u64, answer: Result<Value, Broken>) -> bool {
        let waiting = self.state().waiting.remove(&id);
        waiting.is_some_and(|waiting| waiting.answer.send(answer).is_ok())
    }

    fn told(&self, method: &str, params: Value) {
        match method {
            "notifications/progress" => {
                let state = self.state();
                let token = params.get("progressToken").and_then(Value::as_u64);
                let waiting = token.and_then(|token| state.waiting.get(&token));
                let sink = waiting.and_then(|waiting| waiting.sink.as_ref());
                if let (Some(sink), Some(happening)) =
                    (sink, Happening::progress(&params, &self.mask))
                {
                    sink.tell(happening);
                }
            }
            "notifications/message" => {
                let Some(happening) = Happening::log(params, &self.mask) else { return };
                let state = self.state();
                let sinks = state.waiting.values().filter_map(|waiting| waiting.sink.as_ref());
                sinks.for_each(|sink| sink.tell(happening.clone()));
            }
            "notifications/tools/list_changed" | "notifications/prompts/list_changed" => {
                (self.ear)(Heard::Changed);
            }
            _ => {}
        }
    }

    fn ended(&self) -> String {
        // What it complained of last may still be on its way.
        thread::sleep(std::time::Duration::from_millis(50));
        let complaint = self.complaint.lock().unwrap_or_else(PoisonError::into_inner);
        let complaint = String::from_utf8_lossy(&complaint);
        let complaint = self.mask.text(&complaint).unwrap_or_else(|| complaint.into_owned());
        match complaint.trim() {
            "" => "it ended".to_owned(),
            complaint => format!("it ended: {}", complaint.escape_debug()),
        }
    }

    fn keep_complaints(&self, mut stderr: ChildStderr) {
        let mut buffer = vec![0; 8 * 1024];
        loop {
            match stderr.read(&mut buffer) {
                Ok(0) => return,
                Ok(n) => {
                    let mut kept = self.complaint.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.extend_from_slice(&buffer[..n]);
                    let over = kept.len().saturating_sub(COMPLAINT_MAX);
                    kept.drain(..over);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
    End,
}

/// A line of at most `limit` bytes.
fn read_line(from: &mut impl io::BufRead, limit: usize) -> io::Result<Line> {
    let mut line = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    from.by_ref().take(most).read_until(b'\n', &mut line)?;
    Ok(match line.last() {
        None => Line::End,
        Some(b'\n') => Line::Whole(line),
        Some(_) if line.len() > limit => Line::TooLong,
        // Its last words, without an end.
        Some(_) => Line::Whole(line),
    })
}

fn line(message: &Value) -> Vec<u8> {
    let mut line = message.to_string().into_bytes();
    line.push(b'\n');
    line
}

fn write(mut stdin: ChildStdin, unread: &Receiver<Vec<u8>>) {
    while let Ok(line) = unread.recv() {
        if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(body).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_line_is_never_longer_than_its_limit(bytes in prop::collection::vec(prop::sample::select(&b"ab\n"[..]), 0..60), limit in 1usize..20) {
            let mut from = io::Cursor::new(&bytes);
            let mut read = Vec::new();
            loop {
                match read_line(&mut from, limit).expect("memory") {
                    Line::Whole(line) => {
                        prop_assert!(line.len() <= limit + 1);
                        read.extend(line);
                    }
                    Line::TooLong => return Ok(()),
                    Line::End => break,
                }
            }
            prop_assert_eq!(read, bytes);
        }
    }
}
