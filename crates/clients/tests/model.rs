//! The scripted model and the tool server, asked by a small client of the test's own.

#![allow(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use weir_clients::model::{Model, Script, Step, Turn, Watcher};
use weir_clients::tool_server::ToolServer;

fn post(url: &str, body: &Value) -> String {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let agent: ureq::Agent = config.into();
    let mut response = agent.post(url).send(body.to_string()).unwrap();
    response.body_mut().read_to_string().unwrap()
}

/// The documents of a stream of events.
fn documents(stream: &str) -> Vec<Value> {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

/// How one API offers a shell, brings a result, and shows a call and a last word in a stream.
struct Api {
    path: &'static str,
    first: Value,
    /// Where in the documents of the stream the call's id and its arguments stand.
    call: fn(&[Value]) -> (String, Value),
    second: fn(&str, &str) -> Value,
    last: fn(&[Value]) -> String,
}

fn apis() -> Vec<Api> {
    let schema = json!({"type": "object", "properties": {"command": {"type": "string"}}});
    vec![
        Api {
            path: "/v1/messages",
            first: json!({"model": "m", "stream": true, "system": "be",
                "messages": [{"role": "user", "content": "go"}],
                "tools": [{"name": "Bash", "input_schema": schema}]}),
            call: |stream| {
                let block = &stream[1]["content_block"];
                let partial = stream[2]["delta"]["partial_json"].as_str().unwrap();
                assert_eq!(block["name"], "Bash");
                (block["id"].as_str().unwrap().into(), serde_json::from_str(partial).unwrap())
            },
            second: |id, text| {
                json!({"model": "m", "stream": true, "tools": [{"name": "Bash"}],
                    "messages": [{"role": "user", "content": "go"},
                        {"role": "assistant", "content": [{"type": "tool_use", "id": id}]},
                        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": id,
                            "content": [{"type": "text", "text": text}]}]}]})
            },
            last: |stream| stream[2]["delta"]["text"].as_str().unwrap().into(),
        },
        Api {
            path: "/v1/responses",
            first: json!({"model": "m", "stream": true, "instructions": "be",
                "input": [{"role": "user", "content": [{"type": "input_text", "text": "go"}]}],
                "tools": [{"type": "function", "name": "shell_command", "parameters": schema}]}),
            call: |stream| {
                let item = &stream[2]["item"];
                assert_eq!(stream[2]["type"], "response.output_item.done");
                let arguments = item["arguments"].as_str().unwrap();
                let id = item["call_id"].as_str().unwrap();
                (id.into(), serde_json::from_str(arguments).unwrap())
            },
            second: |id, text| {
                json!({"model": "m", "stream": true,
                    "input": [{"role": "user", "content": "go"},
                        {"type": "function_call", "call_id": id, "name": "shell_command"},
                        {"type": "function_call_output", "call_id": id, "output": text}],
                    "tools": [{"type": "function", "name": "shell_command"}]})
            },
            last: |stream| stream[2]["delta"].as_str().unwrap().into(),
        },
        Api {
            path: "/v1/chat/completions",
            first: json!({"model": "m", "stream": true,
                "messages": [{"role": "system", "content": "be"}, {"role": "user", "content": "go"}],
                "tools": [{"type": "function",
                    "function": {"name": "bash", "parameters": schema}}]}),
            call: |stream| {
                let call = &stream[1]["choices"][0]["delta"]["tool_calls"][0];
                let arguments = call["function"]["arguments"].as_str().unwrap();
                (call["id"].as_str().unwrap().into(), serde_json::from_str(arguments).unwrap())
            },
            second: |id, text| {
                json!({"model": "m", "stream": true,
                    "messages": [{"role": "user", "content": "go"},
                        {"role": "assistant", "tool_calls": [{"id": id}]},
                        {"role": "tool", "tool_call_id": id, "content": text}],
                    "tools": [{"type": "function", "function": {"name": "bash"}}]})
            },
            last: |stream| stream[0]["choices"][0]["delta"]["content"].as_str().unwrap().into(),
        },
        Api {
            path: "/v1beta/models/m:streamGenerateContent?alt=sse",
            first: json!({"systemInstruction": {"parts": [{"text": "be"}]},
                "contents": [{"role": "user", "parts": [{"text": "go"}]}],
                "tools": [{"functionDeclarations": [
                    {"name": "run_shell_command", "parametersJsonSchema": schema}]}]}),
            call: |stream| {
                let call = &stream[0]["candidates"][0]["content"]["parts"][0]["functionCall"];
                (call["id"].as_str().unwrap().into(), call["args"].clone())
            },
            second: |id, text| {
                // One client drops the id of a call.
                let _ = id;
                json!({"contents": [{"role": "user", "parts": [{"text": "go"}]},
                        {"role": "user", "parts": [{"functionResponse":
                            {"name": "run_shell_command", "response": {"output": text}}}]}],
                    "tools": [{"functionDeclarations": [{"name": "run_shell_command"}]}]})
            },
            last: |stream| {
                let part = &stream[0]["candidates"][0]["content"]["parts"][0];
                part["text"].as_str().unwrap().into()
            },
        },
    ]
}

#[test]
fn each_api_calls_a_tool_hears_its_result_and_ends() {
    for api in apis() {
        let turns = [Turn::from(Step::Shell("ls -l".into())), Turn::say("done")];
        let model = Model::start(Script::new(turns)).unwrap();
        let url = format!("{}{}", model.url(), api.path);

        let (id, arguments) = (api.call)(&documents(&post(&url, &api.first)));
        assert_eq!(arguments, json!({"command": "ls -l"}), "{}", api.path);
        assert_eq!(model.calls()[0].result, None);

        let last = (api.last)(&documents(&post(&url, &(api.second)(&id, "total 0"))));
        assert_eq!(last, "done", "{}", api.path);
        assert_eq!(model.calls()[0].told(), "total 0", "{}", api.path);
        assert_eq!((model.turns_left(), model.faults()), (0, vec![]), "{}", api.path);

        let beyond = post(&url, &(api.second)(&id, "total 0"));
        assert!(beyond.contains("the script has ended"), "{}: {beyond}", api.path);
    }
}

#[test]
fn a_question_in_passing_takes_no_turn() {
    let model = Model::start(Script::new([Turn::say("turn")])).unwrap();
    let ask = json!({"model": "m", "messages": [{"role": "user", "content": "a title?"}],
        "response_format": {"json_schema": {"schema": {"type": "object",
            "properties": {"title": {"type": "string"}}}}}});
    let said = post(&format!("{}/v1/chat/completions", model.url()), &ask);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["choices"][0]["message"]["content"], r#"{"title":"ok"}"#);
    assert_eq!(model.turns_left(), 1);
}

#[test]
fn a_deferred_tool_is_looked_up_before_it_is_called() {
    let note = Step::Mcp("probe".into(), "note".into(), json!({"text": "t"}));
    let model = Model::start(Script::new([Turn::from(note)])).unwrap();
    let url = format!("{}/v1/responses", model.url());
    let search = json!({"type": "tool_search"});
    let first = json!({"model": "m", "stream": false, "tools": [search],
        "input": [{"role": "user", "content": "go"}]});
    let said: Value = serde_json::from_str(&post(&url, &first)).unwrap();
    assert_eq!(said["output"][0]["type"], "tool_search_call");
    let id = &said["output"][0]["call_id"];
    let found = json!({"type": "namespace", "name": "mcp__probe__",
        "tools": [{"type": "function", "name": "note", "parameters": {}}]});
    let second = json!({"model": "m", "stream": false, "tools": [search],
        "input": [{"role": "user", "content": "go"},
            {"type": "tool_search_output", "call_id": id, "tools": [found]}]});
    let said: Value = serde_json::from_str(&post(&url, &second)).unwrap();
    assert_eq!(said["output"][0]["name"], "note");
    assert_eq!(said["output"][0]["namespace"], "mcp__probe__");
    assert_eq!(model.calls().len(), 1, "the look-up is no call of the script's");
}

#[test]
fn a_watcher_is_told_of_a_turn_before_it_is_said() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&told);
    let watcher =
        Watcher::new(move |lane, turn| keep.lock().unwrap().push(format!("{lane} {turn}")));
    let model = Model::watched(Script::new([Turn::say("a"), Turn::say("b")]), watcher).unwrap();
    let ask = json!({"model": "m", "messages": [{"role": "user", "content": "go"}],
        "tools": [{"name": "Bash"}]});
    for said in [["main 0"].as_slice(), &["main 0", "main 1"]] {
        post(&format!("{}/v1/messages", model.url()), &ask);
        assert_eq!(*told.lock().unwrap(), said);
    }
}

#[test]
fn what_goes_otherwise_than_the_script_is_told() {
    let turns = [Turn::from(Step::Own("fly".into(), json!({})))];
    let model = Model::start(Script::new(turns)).unwrap();
    let ask = json!({"model": "m", "messages": [{"role": "user", "content": "go"}],
        "tools": [{"name": "Bash"}]});
    let said = post(&format!("{}/v1/messages", model.url()), &ask);
    assert!(said.contains("offers no tool"), "{said}");
    post(&format!("{}/v1/elsewhere", model.url()), &ask);
    let faults = model.faults();
    assert!(faults[0].contains("it offers Bash"), "{faults:?}");
    assert!(faults[1].contains("/v1/elsewhere"), "{faults:?}");
}

#[test]
fn the_tool_server_remembers_its_calls() {
    let server = ToolServer::start().unwrap();
    let call = |method: &str, params: Value| {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let agent = ureq::Agent::new_with_defaults();
        let mut said = agent.post(server.url()).send_json(message).unwrap();
        let said: Value = serde_json::from_str(&said.body_mut().read_to_string().unwrap()).unwrap();
        said
    };
    assert_eq!(call("initialize", json!({}))["result"]["serverInfo"]["name"], "probe");
    assert_eq!(call("tools/list", json!({}))["result"]["tools"][1]["name"], "wipe");
    let said = call("tools/call", json!({"name": "wipe", "arguments": {"text": "a"}}));
    assert_eq!(said["result"]["content"][0]["text"], "wipe done");
    assert_eq!(call("server/discover", json!({}))["error"]["code"], -32601);
    assert_eq!(server.calls(), [("wipe".to_owned(), json!({"text": "a"}))]);
}

/// Any JSON, small.
fn anything() -> impl Strategy<Value = Value> {
    let keys = "(role|content|type|tools|input|text|parts|messages|name|contents|[a-z]{1,3})";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        Just(json!("user")),
        Just(json!("tool_result")),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((keys, inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

#[test]
fn no_body_stops_the_server() {
    let model = Model::start(Script::new([])).unwrap();
    proptest!(ProptestConfig::with_cases(64), |(body in anything())| {
        for api in apis() {
            post(&format!("{}{}", model.url(), api.path), &body);
        }
        let ask = json!({"model": "m", "messages": [{"role": "user", "content": "?"}]});
        let said = post(&format!("{}/v1/messages", model.url()), &ask);
        prop_assert!(said.contains("\"ok\""), "{}", said);
    });
}
