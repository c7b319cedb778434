//! An MCP server that does nothing but remember what it was called with.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use serde_json::{Value, json};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The tools it offers. They are marked as harmless, for some client refuses all others unattended.
pub const TOOLS: [&str; 2] = ["note", "wipe"];

/// The revision of the protocol it speaks, to whomever asks for another, too.
const PROTOCOL: &str = "2025-06-18";

/// An MCP server over streamable HTTP on the loopback; it stops when it is dropped.
#[derive(Debug)]
pub struct ToolServer {
    url: String,
    calls: Calls,
    runtime: Option<Runtime>,
}

type Calls = Arc<Mutex<Vec<(String, Value)>>>;

impl ToolServer {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// When no port or no thread can be had.
    pub fn start() -> io::Result<Self> {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let url = format!("http://{}/mcp", listener.local_addr()?);
        let calls = Calls::default();
        let router = Router::new().route("/mcp", routing::post(serve));
        let router = router.with_state(Arc::clone(&calls));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, calls, runtime: Some(runtime) })
    }

    /// Its endpoint.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The tools that were called, each with its arguments.
    pub fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for ToolServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(State(calls): State<Calls>, Json(message): Json<Value>) -> Response {
    let Some(id) = message.get("id") else {
        return StatusCode::ACCEPTED.into_response();
    };
    let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let result = match text("/method") {
        "initialize" => json!({"protocolVersion": PROTOCOL, "capabilities": {"tools": {}},
            "serverInfo": {"name": "probe", "version": "1"}}),
        "ping" => json!({}),
        "tools/list" => json!({"tools": TOOLS.map(tool)}),
        "tools/call" => {
            let name = text("/params/name").to_owned();
            let arguments = message.pointer("/params/arguments").cloned().unwrap_or_default();
            let said = format!("{name} done");
            calls.lock().unwrap_or_else(PoisonError::into_inner).push((name, arguments));
            json!({"content": [{"type": "text", "text": said}]})
        }
        unknown => {
            let error = json!({"code": -32601, "message": format!("no method `{unknown}`")});
            return Json(json!({"jsonrpc": "2.0", "id": id, "error": error})).into_response();
        }
    };
    Json(json!({"jsonrpc": "2.0", "id": id, "result": result})).into_response()
}

fn tool(name: &str) -> Value {
    let text = json!({"type": "string", "description": "any text"});
    json!({"name": name, "description": format!("{name} a text"),
        "inputSchema": {"type": "object", "properties": {"text": text}, "required": ["text"]},
        "annotations": {"readOnlyHint": true, "destructiveHint": false, "openWorldHint": false}})
}
