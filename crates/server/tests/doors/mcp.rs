//! MCP: both eras, the tools and their hints, and refusals that an agent can act on.

use crate::support::{Answer, House, request};
use axum::body::Body;
use axum::http::{Method, header};
use serde_json::{Value, json};

async fn say(house: &House, token: &str, version: &str, message: &Value) -> Answer {
    let mut request = request(Method::POST, "/mcp")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .header("mcp-protocol-version", version);
    if version >= "2026" {
        let method = message["method"].as_str().unwrap_or_default();
        request = request.header("mcp-method", method);
        if let Some(name) = message["params"]["name"].as_str() {
            request = request.header("mcp-name", name);
        }
    }
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    house.send(request.body(Body::from(message.to_string())).expect("a request")).await
}

/// A message of the stateless era carries in itself what used to be agreed on at the beginning.
fn message(version: &str, method: &str, mut params: Value) -> Value {
    if version >= "2026" {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
    }
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

async fn call(house: &House, token: &str, version: &str, tool: &str, arguments: Value) -> Value {
    let params = json!({"name": tool, "arguments": arguments});
    let answer = say(house, token, version, &message(version, "tools/call", params)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let result = answer.json()["result"].clone();
    assert!(result.is_object(), "{}", answer.text);
    result
}

const ERAS: [&str; 2] = ["2025-11-25", "2026-07-28"];

#[tokio::test]
async fn nobody_gets_in_without_a_token() {
    let house = House::new();
    for token in ["", "weir_s_wrong"] {
        let answer = say(&house, token, ERAS[0], &message(ERAS[0], "tools/list", json!({}))).await;
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
}

/// Not as one whose token is unknown: clients answer a 401 by asking for another sign-in, and hide why.
#[tokio::test]
async fn an_ended_session_is_told_why() {
    let house = House::new();
    let agent = house.agent("claude").await;
    house.post("/v1/sessions/S1/end", json!({"why": "enough"})).await;
    for era in ERAS {
        let answer = say(&house, &agent, era, &message(era, "tools/list", json!({}))).await;
        assert_eq!(answer.status, 403);
        assert!(answer.header("www-authenticate").is_empty());
        assert_eq!(answer.json()["code"], json!("session.ended"));
        assert!(answer.text.contains("enough"), "{}", answer.text);
    }
}

#[tokio::test]
async fn the_older_era_is_greeted() {
    let house = House::new();
    let agent = house.agent("claude").await;
    for version in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let params = json!({
            "protocolVersion": version,
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        });
        let answer = say(&house, &agent, version, &message(version, "initialize", params)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let result = &answer.json()["result"];
        assert_eq!(result["protocolVersion"], json!(version));
        assert_eq!(result["serverInfo"]["name"], json!("weir"));
        assert!(result["instructions"].as_str().expect("words").contains("task_claim"));
        assert!(answer.header("mcp-session-id").is_empty(), "no session is kept");
    }
}

#[tokio::test]
async fn the_newer_era_discovers() {
    let house = House::new();
    let agent = house.agent("claude").await;
    let answer =
        say(&house, &agent, ERAS[1], &message(ERAS[1], "server/discover", json!({}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let result = &answer.json()["result"];
    let versions = result["supportedVersions"].as_array().expect("versions");
    for era in ERAS {
        assert!(versions.contains(&json!(era)), "{result}");
    }
}

#[tokio::test]
async fn a_result_says_that_it_is_complete_where_the_era_asks() {
    let house = House::new();
    let agent = house.agent("claude").await;
    for (era, word) in [(ERAS[0], Value::Null), (ERAS[1], json!("complete"))] {
        let list = say(&house, &agent, era, &message(era, "tools/list", json!({}))).await;
        assert_eq!(list.json()["result"]["resultType"], word, "{era}");
        assert_eq!(call(&house, &agent, era, "task_list", json!({})).await["resultType"], word);
    }
}

/// Some clients refuse a tool that is neither read-only nor both harmless and closed to the world.
#[tokio::test]
async fn every_tool_says_what_it_may_change() {
    let house = House::new();
    let agent = house.agent("claude").await;
    for era in ERAS {
        let answer = say(&house, &agent, era, &message(era, "tools/list", json!({}))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let list = answer.json()["result"]["tools"].clone();
        let tools = list.as_array().expect("tools");
        let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
        let expected = [
            "task_list",
            "task_claim",
            "task_release",
            "change_status",
            "show",
            "view_search",
            "view_symbol",
            "view_outline",
            "view_impact",
            "view_who",
            "view_map",
            "approval_status",
        ];
        assert_eq!(names, expected);
        for tool in tools {
            let hints = &tool["annotations"];
            for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
                assert!(hints[hint].is_boolean(), "{} {hint}", tool["name"]);
            }
            let harmless = hints["destructiveHint"] == false && hints["openWorldHint"] == false;
            assert!(hints["readOnlyHint"] == true || harmless, "{}", tool["name"]);
            assert_eq!(tool["inputSchema"]["type"], json!("object"));
            assert_eq!(tool["outputSchema"]["type"], json!("object"));
            let text = tool.to_string();
            assert!(!text.contains("#/components/"), "a reference leads nowhere: {text}");
        }
    }
}

#[tokio::test]
async fn an_agent_goes_the_way_by_tools_alone() {
    for era in ERAS {
        let house = House::new();
        let agent = house.agent("claude").await;
        let task = house.task("Say hello").await;
        let list = call(&house, &agent, era, "task_list", json!({})).await;
        assert_eq!(list["structuredContent"]["items"][0]["id"], json!(task));
        let claim = call(&house, &agent, era, "task_claim", json!({})).await;
        let claim = &claim["structuredContent"];
        assert_eq!(claim["task"], json!(task));
        for field in ["worktree", "branch", "submit", "expires_at"] {
            assert!(claim[field].is_string(), "{field}: {claim}");
        }
        let none = call(&house, &agent, era, "change_status", json!({})).await;
        assert_eq!(none["isError"], json!(true));
        assert_eq!(refused(&none), "change.none");
        let shown = call(&house, &agent, era, "show", json!({"id": task})).await;
        assert_eq!(shown["structuredContent"]["thing"]["state"], json!("claimed"));
        let back = call(&house, &agent, era, "task_release", json!({"task": task})).await;
        assert_eq!(back["structuredContent"], json!({"done": true}));
    }
}

#[tokio::test]
async fn one_tool_searches_by_words_and_by_what_is_written() {
    let house = House::new();
    let agent = house.agent("claude").await;
    let asked = [
        (json!({"what": "one"}), "/hits/0/path"),
        (json!({"what": "one", "as": "text", "paths": "src/**"}), "/files/0/path"),
        (json!({"what": "^O.e$", "as": "regex", "ignore_case": true}), "/files/0/path"),
    ];
    for (arguments, place) in asked {
        let found = call(&house, &agent, ERAS[1], "view_search", arguments).await;
        let found = &found["structuredContent"];
        assert_eq!(found.pointer(place), Some(&json!("src/lib.txt")), "{found}");
        assert!(found["envelope"]["commit"].is_string(), "{found}");
    }
    let wrong = json!({"what": "(", "as": "regex"});
    let wrong = call(&house, &agent, ERAS[1], "view_search", wrong).await;
    assert_eq!(refused(&wrong), "view.pattern_wrong");
    let wrong =
        call(&house, &agent, ERAS[1], "view_search", json!({"what": "x", "as": "glob"})).await;
    assert_eq!(refused(&wrong), "request.malformed");
}

/// Has an agent ask to install a package, and gives the session's own words to its client.
async fn ask_for(house: &House, agent: &str, package: &str) -> String {
    let payload = json!({"session_id": "c1", "cwd": house.folder.path(), "tool_name": "Bash",
        "hook_event_name": "PreToolUse", "tool_use_id": "t",
        "tool_input": {"command": format!("npm install {package}")}});
    let answer =
        house.ask(agent, Method::POST, "/v1/hook/claude?event=PreToolUse", Some(payload)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

fn states(list: &Value) -> Vec<(&str, &str)> {
    let items = list["structuredContent"]["items"].as_array().expect("a list").iter();
    items.filter_map(|one| Some((one["id"].as_str()?, one["state"].as_str()?))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sees_what_a_person_answered_and_answers_nothing_itself() {
    for era in ERAS {
        let house = House::new();
        let (agent, other) = (house.agent("claude").await, house.agent("codex").await);
        for session in ["S1", "S2"] {
            let attach =
                json!({"client": "claude", "version": "1", "worktree": house.folder.path()});
            house.post(&format!("/v1/sessions/{session}/attach"), attach).await;
        }
        for package in ["left-pad", "right-pad"] {
            ask_for(&house, &agent, package).await;
        }
        ask_for(&house, &other, "up-pad").await;
        let status = call(&house, &agent, era, "approval_status", json!({})).await;
        assert_eq!(states(&status), [("A2", "waiting"), ("A1", "waiting")], "its own only");
        let foreign = call(&house, &agent, era, "approval_status", json!({"approval": "A3"})).await;
        assert_eq!(refused(&foreign), "approval.unknown");

        // A person's tools are not listed for an agent, and refuse one that knows them by name.
        for answer in ["allow", "refuse"] {
            let arguments = json!({"approval": "A1", "answer": answer});
            let no = call(&house, &agent, era, "approval_answer", arguments).await;
            assert_eq!(refused(&no), "approval.not_a_person");
        }

        let owner = house.owner.clone();
        let list = call(&house, &owner, era, "approval_list", json!({})).await;
        assert_eq!(list["structuredContent"]["total"], 3);
        let one = call(&house, &owner, era, "approval_list", json!({"approval": "A1"})).await;
        let effects = one["structuredContent"]["items"][0]["effects"].to_string();
        assert!(effects.contains("left-pad"), "what it comes to: {effects}");
        let allow = json!({"approval": "A1", "answer": "allow", "uses": 2, "length": "30m"});
        let given = call(&house, &owner, era, "approval_answer", allow).await;
        assert_eq!(given["structuredContent"]["state"], "granted");
        let refuse = json!({"approval": "A2", "answer": "refuse", "why": "use the other"});
        call(&house, &owner, era, "approval_answer", refuse).await;

        let status = call(&house, &agent, era, "approval_status", json!({})).await;
        assert_eq!(states(&status), [("A2", "refused"), ("A1", "granted")]);
        let items = &status["structuredContent"]["items"];
        assert_eq!(
            (&items[0]["comment"], &items[1]["uses_left"]),
            (&json!("use the other"), &json!(2))
        );
        assert!(!ask_for(&house, &agent, "left-pad").await.contains("deny"));
        let status = call(&house, &agent, era, "approval_status", json!({"approval": "A1"})).await;
        assert_eq!(status["structuredContent"]["items"][0]["uses_left"], 1);

        let again = json!({"approval": "A2", "answer": "allow"});
        refused(&call(&house, &owner, era, "approval_answer", again).await);
        let stray = json!({"approval": "A3", "answer": "refuse", "uses": 2});
        let stray = call(&house, &owner, era, "approval_answer", stray).await;
        assert_eq!(refused(&stray), "request.malformed");
    }
}

#[tokio::test]
async fn a_person_is_offered_what_an_agent_is_not() {
    let house = House::new();
    let owner = house.owner.clone();
    for era in ERAS {
        let answer = say(&house, &owner, era, &message(era, "tools/list", json!({}))).await;
        let list = answer.json()["result"]["tools"].clone();
        let tools = list.as_array().expect("tools");
        let hint = |name: &str, hint: &str| {
            let tool = tools.iter().find(|tool| tool["name"] == name);
            tool.unwrap_or_else(|| panic!("{name} in {list}"))["annotations"][hint].clone()
        };
        assert_eq!(hint("approval_list", "readOnlyHint"), true);
        assert_eq!(hint("approval_answer", "readOnlyHint"), false);
        assert_eq!(hint("approval_answer", "destructiveHint"), true);
        assert!(!tools.iter().any(|tool| tool["name"] == "approval_status"));
    }
}

#[tokio::test]
async fn a_refusal_is_a_result_that_says_what_to_do() {
    let house = House::new();
    let agent = house.agent("claude").await;
    let rows = [
        ("task_claim", json!({"task": "T9"}), "task.unknown"),
        ("task_claim", json!({}), "task.none_ready"),
        ("task_claim", json!({"task": 9}), "request.malformed"),
        ("task_claim", json!({"id": "T9"}), "request.malformed"),
        ("task_release", json!({}), "request.malformed"),
        ("show", json!({"id": "what"}), "id.unknown"),
        ("change_status", json!({"change": "C9"}), "change.unknown"),
    ];
    for (tool, arguments, code) in rows {
        let result = call(&house, &agent, ERAS[0], tool, arguments.clone()).await;
        assert_eq!(result["isError"], json!(true), "{tool} {arguments}");
        assert_eq!(refused(&result), code, "{tool} {arguments}");
    }
}

/// What an agent is told to do next is a tool that it has, with the arguments that it takes.
#[tokio::test]
async fn a_hint_names_tools_and_no_commands() {
    let house = House::new();
    let (agent, other) = (house.agent("claude").await, house.agent("codex").await);
    let (task, rest) = (house.task("Say hello").await, json!({}));
    call(&house, &agent, ERAS[0], "task_claim", json!({"task": task})).await;
    let rows = [
        (&other, "task_claim", json!({"task": task}), "or take another: `task_claim`"),
        (&other, "task_claim", rest.clone(), r#"wait for: `task_list` with `{"which":"open"}`"#),
        (&other, "task_claim", json!({"task": "T9"}), "list the tasks: `task_list`"),
        (&other, "show", json!({"id": "C9"}), r#"there is: `task_list` with `{"which":"open"}`"#),
    ];
    for (token, tool, arguments, hint) in rows {
        let result = call(&house, token, ERAS[0], tool, arguments.clone()).await;
        refused(&result);
        let said = result["content"][0]["text"].as_str().expect("text");
        assert!(said.ends_with(hint), "{tool} {arguments}: {said}");
        assert!(!said.contains("`weir "), "{said}");
    }
    let open = call(&house, &other, ERAS[0], "task_list", json!({"which": "open"})).await;
    assert_eq!(open["structuredContent"]["items"][0]["id"], json!(task));
    let ready = call(&house, &other, ERAS[0], "task_list", rest).await;
    assert_eq!(ready["structuredContent"]["total"], json!(0));
}

#[tokio::test]
async fn an_unknown_tool_and_a_broken_message_are_errors() {
    let house = House::new();
    let agent = house.agent("claude").await;
    let params = json!({"name": "task_steal", "arguments": {}});
    let answer = say(&house, &agent, ERAS[0], &message(ERAS[0], "tools/call", params)).await;
    assert!(answer.json()["error"].is_object(), "{}", answer.text);
    let answer = say(&house, &agent, ERAS[0], &json!("what")).await;
    assert!(answer.status.is_client_error(), "{} {}", answer.status, answer.text);
}

/// The code of a refused call. It comes as words alone, for some clients hold structure, and text that reads as JSON,
/// against the tool's schema.
fn refused(result: &Value) -> String {
    assert_eq!(result["isError"], json!(true), "{result}");
    assert!(result.get("structuredContent").is_none(), "{result}");
    let text = result["content"][0]["text"].as_str().expect("text");
    serde_json::from_str::<Value>(text).expect_err("words are no JSON");
    let (code, words) =
        text.strip_prefix("error[").and_then(|text| text.split_once("]: ")).expect(text);
    assert!(!words.is_empty(), "{text}");
    code.to_owned()
}
