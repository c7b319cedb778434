//! `/mcp/tools`: the tools of another server, in both eras, through the same door as Weir's own.

use crate::support::{Answer, House, request};
use axum::body::Body;
use axum::http::{Method, header};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use weir_gateway::{Call, Decide, Gateway, MemoryPins, Note, Parts, Registry, Secrets, Verdict};
use weir_model::SessionId;

/// Refuses the text `forbidden`, and remembers who asked.
#[derive(Default)]
struct Judge(Mutex<Vec<Option<SessionId>>>);

impl Decide for Judge {
    fn decide<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Verdict> {
        self.0.lock().expect("lock").push(call.caller.session);
        let verdict = match call.arguments["text"].as_str() {
            Some("forbidden") => Verdict::Refuse { text: "not that text".to_owned() },
            Some(_) | None => Verdict::Allow,
        };
        Box::pin(async { verdict })
    }

    fn note(&self, _: Note) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

impl Secrets for Judge {
    fn secret<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Option<String>> {
        Box::pin(async { None })
    }
}

/// The fixture of the gateway's own tests, which a build of the workspace puts beside the tests.
fn fixture() -> PathBuf {
    let own = std::env::current_exe().expect("this test");
    let built = own.parent().and_then(|deps| deps.parent()).expect("a target folder");
    let program = built.join("weir-toolserver");
    assert!(program.is_file(), "`weir-toolserver` is not built: test the whole workspace");
    program
}

fn house() -> (House, Arc<Judge>) {
    let judge = Arc::new(Judge::default());
    let registry = format!(
        "[[server]]\nname = \"fix\"\ncommand = [{:?}, \"--lies\"]\ntools = [\"*\"]\nprompts = [\"*\"]\n\
         resources = [\"test://*\"]\n",
        fixture().display().to_string()
    );
    let house = House::behind(|folder| {
        let parts = Parts {
            decide: Arc::clone(&judge) as _,
            secrets: Arc::clone(&judge) as _,
            pins: Arc::new(MemoryPins::default()),
            folder: folder.join("tools"),
        };
        Gateway::new(Registry::parse(&registry).expect("a registry"), parts)
    });
    (house, judge)
}

async fn say(house: &House, token: &str, version: &str, method: &str, mut params: Value) -> Answer {
    let mut request = request(Method::POST, "/mcp/tools")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .header("mcp-protocol-version", version);
    if version >= "2026" {
        request = request.header("mcp-method", method);
        if let Some(name) = params["name"].as_str().or(params["uri"].as_str()) {
            request = request.header("mcp-name", name);
        }
        params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(version);
        params["_meta"]["io.modelcontextprotocol/clientInfo"] =
            json!({"name": "t", "version": "1"});
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
    }
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    house.send(request.body(Body::from(message.to_string())).expect("a request")).await
}

const ERAS: [&str; 2] = ["2025-11-25", "2026-07-28"];

#[tokio::test]
async fn the_tools_of_another_server_are_called_in_both_eras() {
    let (house, judge) = house();
    let agent = house.agent("claude").await;
    for era in ERAS {
        let list = say(&house, &agent, era, "tools/list", json!({})).await.json()["result"].clone();
        let complete = if era >= "2026" { json!("complete") } else { Value::Null };
        assert_eq!(list["resultType"], complete, "{era}");
        let tools = list["tools"].as_array().expect("tools");
        let echo = tools.iter().find(|tool| tool["name"] == "fix__echo").expect("listed");
        assert_eq!(echo["annotations"]["destructiveHint"], json!(true));
        let call = async |name: &str, text: &str| {
            let params = json!({"name": name, "arguments": {"text": text}});
            say(&house, &agent, era, "tools/call", params).await.json()
        };
        let said = call("fix__echo", "hello").await;
        assert_eq!(said["result"]["content"][0]["text"], json!("hello"), "{era} {said}");
        assert_eq!(said["result"]["resultType"], complete, "{era}");
        let refused = call("fix__echo", "forbidden").await;
        assert_eq!(refused["result"]["isError"], json!(true));
        assert_eq!(
            refused["result"]["content"][0]["text"],
            json!("error[tool.refused]: not that text")
        );
        assert_eq!(call("fix__nothing", "").await["error"]["code"], json!(-32602));
        let hologram = call("fix__bad_content", "").await;
        assert_eq!(hologram["error"]["code"], json!(-32603), "{hologram}");
    }
    let session = "S1".parse::<SessionId>().expect("an id");
    assert!(judge.0.lock().expect("lock").iter().all(|who| *who == Some(session)));
}

#[tokio::test]
async fn prompts_and_resources_come_along() {
    let (house, _) = house();
    let agent = house.agent("claude").await;
    for era in ERAS {
        let ask = async |method: &str, params: Value| {
            say(&house, &agent, era, method, params).await.json()
        };
        let prompts = ask("prompts/list", json!({})).await;
        assert!(prompts.to_string().contains("fix__test_simple_prompt"), "{prompts}");
        let prompt = ask("prompts/get", json!({"name": "fix__test_simple_prompt"})).await;
        assert!(prompt.to_string().contains("This is a simple prompt"), "{prompt}");
        let read = ask("resources/read", json!({"uri": "test://static-text"})).await;
        assert!(read.to_string().contains("static text resource"), "{read}");
        let none = ask("resources/read", json!({"uri": "file:///etc/passwd"})).await;
        let code = if era >= "2026" { -32602 } else { -32002 };
        assert_eq!(none["error"]["code"], json!(code), "{none}");
    }
}

#[tokio::test]
async fn what_happens_meanwhile_comes_in_the_answers_stream() {
    let (house, _) = house();
    let agent = house.agent("claude").await;
    for era in ERAS {
        let params = json!({
            "name": "fix__test_tool_with_progress", "arguments": {}, "_meta": {"progressToken": "p"},
        });
        let answer = say(&house, &agent, era, "tools/call", params).await;
        assert_eq!(answer.header("content-type"), "text/event-stream", "{}", answer.text);
        assert_eq!(answer.text.matches("notifications/progress").count(), 3, "{}", answer.text);
        assert!(answer.text.contains("All was done."), "{}", answer.text);
    }
}

#[tokio::test]
async fn it_is_behind_the_same_door() {
    let (house, judge) = house();
    for token in ["", "weir_s_wrong"] {
        let answer = say(&house, token, ERAS[0], "tools/list", json!({})).await;
        assert_eq!(answer.status, 401);
    }
    assert!(judge.0.lock().expect("lock").is_empty());
    let without = House::new();
    let agent = without.agent("claude").await;
    assert_eq!(say(&without, &agent, ERAS[0], "tools/list", json!({})).await.status, 404);
}
