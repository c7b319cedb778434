//! Streamable HTTP, as little of it as a client needs: a thread a connection, one request each.

use crate::{Say, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const SESSION: &str = "the-session";

/// Serves until it is killed; the first line of its output is its address.
pub(crate) fn serve(server: &Arc<Server>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("http://{}/mcp", listener.local_addr().expect("an address"));
    for stream in listener.incoming() {
        let (Ok(stream), server) = (stream, Arc::clone(server)) else { continue };
        std::thread::spawn(move || {
            // A client may leave at any time.
            let _ = one(&server, stream);
        });
    }
}

fn one(server: &Server, stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let verb = line.split(' ').next().unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length: usize = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let header = |name: &str| headers.get(name).map(String::as_str).unwrap_or_default();
    if !header("authorization").is_empty() {
        let shown = header("authorization").trim_start_matches("Bearer ").to_owned();
        *server.shown.lock().expect("lock") = shown;
    }
    let stream = Arc::new(Mutex::new(stream));
    match server.lie.as_str() {
        "mute" => loop {
            std::thread::sleep(std::time::Duration::from_secs(60));
        },
        "redirect" => return reply(&stream, 307, "Location: http://127.0.0.1:9/elsewhere\r\n", ""),
        "drip" if message["method"] == "tools/call" => {
            let mut stream = stream.lock().expect("lock");
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
            )?;
            loop {
                stream.write_all(b": still here\n\n")?;
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
        }
        _ => {}
    }
    if verb != "POST" {
        return reply(&stream, if verb == "DELETE" { 204 } else { 405 }, "", "");
    }
    if let Err(problem) = allowed(server, &message, &header) {
        let error = json!({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32020, "message": problem}});
        return reply(&stream, 400, "Content-Type: application/json\r\n", &error.to_string());
    }
    let greets = message["method"] == "initialize";
    let newer = header("mcp-protocol-version") >= "2026";
    if !greets && !newer && header("mcp-session-id") != SESSION {
        return reply(&stream, 404, "", "");
    }
    answer(server, &message, &stream, greets)
}

/// What the stateless revision asks of every request's headers.
fn allowed<'a>(
    server: &Server,
    message: &Value,
    header: &impl Fn(&str) -> &'a str,
) -> Result<(), String> {
    let version = header("mcp-protocol-version");
    if server.speaks.as_deref().is_some_and(|speaks| speaks < "2026" && version >= "2026") {
        return Err(format!("Unsupported protocol version: {version}"));
    }
    if version < "2026" {
        return Ok(());
    }
    let method = message["method"].as_str().unwrap_or_default();
    if header("mcp-method") != method {
        return Err(format!("Mcp-Method is not {method}"));
    }
    let name = message["params"]["name"].as_str().or(message["params"]["uri"].as_str());
    if name.is_some_and(|name| header("mcp-name") != name) {
        return Err("Mcp-Name is another".to_owned());
    }
    let region = message["params"]["arguments"]["region"].as_str();
    if region.is_some_and(|region| header("mcp-param-region") != region) {
        return Err("Mcp-Param-Region is another".to_owned());
    }
    Ok(())
}

/// Answers with a document; or with events, once there is anything to say before the answer.
fn answer(
    server: &Server,
    message: &Value,
    stream: &Arc<Mutex<TcpStream>>,
    greets: bool,
) -> std::io::Result<()> {
    let session = if greets { format!("Mcp-Session-Id: {SESSION}\r\n") } else { String::new() };
    let streams = Arc::new(Mutex::new(false));
    let say: Say = {
        let (stream, streams) = (Arc::clone(stream), Arc::clone(&streams));
        Arc::new(move |said| {
            let mut streams = streams.lock().expect("lock");
            let mut stream = stream.lock().expect("lock");
            if !std::mem::replace(&mut *streams, true) {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
                let _ = stream.write_all(head.as_bytes());
            }
            if write!(stream, "event: message\ndata: {said}\n\n").is_err() {
                // Nobody listens: whoever floods, ends here.
                panic!("the client left");
            }
        })
    };
    match server.hear(message, &say) {
        None => reply(stream, 202, "", ""),
        Some(answer) if *streams.lock().expect("lock") => {
            let mut stream = stream.lock().expect("lock");
            write!(stream, "event: message\ndata: {answer}\n\n")
        }
        Some(answer) => {
            let head = format!("Content-Type: application/json\r\n{session}");
            reply(stream, 200, &head, &answer.to_string())
        }
    }
}

fn reply(stream: &Mutex<TcpStream>, status: u16, head: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let mut stream = stream.lock().expect("lock");
    write!(
        stream,
        "HTTP/1.1 {status} Said\r\n{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
