//! The editor's side of the Agent Client Protocol: JSON-RPC, one message a line, on the agent's stdin and stdout.

use super::process::{Running, collect, joined};
use super::{Ended, Person, Run, Start};
use serde_json::{Value, json};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// What the client asked the person in the editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The title of the tool call that it asked about.
    pub title: String,
    /// Whether the person said yes.
    pub allowed: bool,
}

/// An agent on the other end of the pipes.
struct Agent<'a> {
    stdin: ChildStdin,
    lines: Receiver<String>,
    person: Person,
    end: Instant,
    asked: u64,
    heard: Vec<String>,
    questions: Vec<Question>,
    tree: &'a Path,
}

/// How long an agent has for ending by itself once its stdin is closed.
const FAREWELL: Duration = Duration::from_secs(2);

pub(super) fn prompt(
    run: &Run<'_>,
    start: &Start,
    mode: Option<&str>,
    prompt: &str,
) -> io::Result<Ended> {
    let mut running = Running::start(run, start, Stdio::piped())?;
    let missing = || io::Error::other("the agent has no stdin or stdout");
    let stdin = running.child.stdin.take().ok_or_else(missing)?;
    let stdout = running.child.stdout.take().ok_or_else(missing)?;
    let err = collect(running.child.stderr.take());
    let (sender, lines) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let mut agent = Agent {
        stdin,
        lines,
        person: run.person,
        end: Instant::now() + run.patience,
        asked: 0,
        heard: Vec::new(),
        questions: Vec::new(),
        tree: &run.place.tree,
    };
    let answered = agent.talk(run, mode, prompt);
    let Agent { stdin, mut heard, questions, lines, .. } = agent;
    drop((stdin, lines));
    running.wait(FAREWELL)?;
    drop(running);
    let _ = reader.join();
    let code = match answered {
        Ok(()) => 0,
        Err(why) => {
            heard.push(why.to_string());
            1
        }
    };
    Ok(Ended { code: Some(code), out: heard.join("\n"), err: joined(err), questions })
}

impl Agent<'_> {
    fn talk(&mut self, run: &Run<'_>, mode: Option<&str>, prompt: &str) -> io::Result<()> {
        let files = json!({"readTextFile": true, "writeTextFile": true});
        self.ask(
            "initialize",
            json!({"protocolVersion": 1,
            "clientInfo": {"name": "weir-clients", "version": "1"},
            "clientCapabilities": {"fs": files, "terminal": false}}),
        )?;
        let servers = run.tool_servers.iter().map(|server| {
            let headers = server.headers().into_iter();
            let headers = headers.map(|(name, value)| json!({"name": name, "value": value}));
            let headers: Vec<Value> = headers.collect();
            json!({"type": "http", "name": server.name, "url": server.url, "headers": headers})
        });
        let servers: Vec<Value> = servers.collect();
        let tree = run.place.tree.to_string_lossy();
        let opened = self.ask("session/new", json!({"cwd": tree, "mcpServers": servers}))?;
        let session = opened.get("sessionId").cloned().unwrap_or_default();
        if let Some(mode) = mode {
            self.ask("session/set_mode", json!({"sessionId": session, "modeId": mode}))?;
        }
        let text = json!([{"type": "text", "text": prompt}]);
        self.ask("session/prompt", json!({"sessionId": session, "prompt": text}))?;
        Ok(())
    }

    /// Asks, and serves what the agent asks meanwhile, until it answers.
    fn ask(&mut self, method: &str, params: Value) -> io::Result<Value> {
        self.asked += 1;
        let id = self.asked;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))?;
        loop {
            let left = self.end.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).map_err(|error| match error {
                RecvTimeoutError::Timeout => io::Error::other(format!("no answer to `{method}`")),
                RecvTimeoutError::Disconnected => {
                    io::Error::other(format!("the agent ended before it answered `{method}`"))
                }
            })?;
            self.heard.push(line.clone());
            // Some agents print words among the messages.
            let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
            if message.get("method").is_some() {
                self.serve(&message)?;
            } else if message.get("id") == Some(&json!(id)) {
                return match message.get("error") {
                    Some(error) => Err(io::Error::other(format!("`{method}`: {error}"))),
                    None => Ok(message.get("result").cloned().unwrap_or_default()),
                };
            }
        }
    }

    fn serve(&mut self, message: &Value) -> io::Result<()> {
        let Some(id) = message.get("id") else { return Ok(()) };
        let params = message.get("params").cloned().unwrap_or_default();
        let text = |key: &str| params.get(key).and_then(Value::as_str).unwrap_or_default();
        let answered = match message.get("method").and_then(Value::as_str).unwrap_or_default() {
            "session/request_permission" => Ok(json!({"outcome": self.decide(&params)})),
            "fs/read_text_file" => self.read(text("path")).map(|text| json!({"content": text})),
            "fs/write_text_file" => {
                std::fs::write(self.tree.join(text("path")), text("content")).map(|()| json!({}))
            }
            unknown => Err(io::Error::other(format!("`{unknown}` is not offered"))),
        };
        let mut answer = json!({"jsonrpc": "2.0", "id": id});
        match answered {
            Ok(result) => answer["result"] = result,
            Err(error) => {
                answer["error"] = json!({"code": -32000, "message": error.to_string()});
            }
        }
        self.send(&answer)
    }

    /// A file that is not there is empty: Gemini CLI asks before it writes a new file, and takes an error, whatever
    /// it says, for the end of the tool.
    fn read(&self, path: &str) -> io::Result<String> {
        match std::fs::read_to_string(self.tree.join(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            read => read,
        }
    }

    fn decide(&mut self, params: &Value) -> Value {
        let wanted = match self.person {
            Person::Allows => "allow_once",
            Person::Rejects => "reject_once",
        };
        let options = params.get("options").and_then(Value::as_array);
        let chosen = options
            .into_iter()
            .flatten()
            .find(|option| option.get("kind").and_then(Value::as_str) == Some(wanted))
            .and_then(|option| option.get("optionId"));
        let title = params.pointer("/toolCall/title").and_then(Value::as_str).unwrap_or_default();
        let allowed = chosen.is_some() && self.person == Person::Allows;
        self.questions.push(Question { title: title.to_owned(), allowed });
        match chosen {
            Some(option) => json!({"outcome": "selected", "optionId": option}),
            None => json!({"outcome": "cancelled"}),
        }
    }

    fn send(&mut self, message: &Value) -> io::Result<()> {
        writeln!(self.stdin, "{message}")?;
        self.stdin.flush()
    }
}
