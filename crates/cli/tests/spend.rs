//! What agents spend, from a client's transcript to where people and policies see it.

mod support;

use serde_json::json;
use std::io::Write as _;
use std::process::Stdio;
use support::{Ran, Repo, text};

#[test]
fn what_the_transcript_tells_at_the_end_of_a_turn_is_seen_and_judged() {
    let repo = Repo::new();
    repo.write(
        ".weir/policy/budget.cedar",
        "@id(\"budget\")\n@answer(\"ask\")\n@reason(\"this session has spent its budget\")\n\
         forbid (principal, action == Action::\"run\", resource)\n\
         when { principal.tokens > 100000 && principal.cents > 20 };\n",
    );
    repo.write("weir.toml", "[guard]\ncents_per_million_tokens = 300\n");
    repo.commit("Keep a budget");
    repo.up();
    let opened = repo.json(&["session", "open", "ada"]);
    let (url, secret) = (text(&opened, "/url"), text(&opened, "/secret"));
    let variables = [("WEIR_URL", url.as_str()), ("WEIR_TOKEN", secret.as_str())];
    let transcript = repo.beside("transcript.jsonl");
    let hook = |event: &str, tool: serde_json::Value| {
        let mut payload = json!({ "session_id": "c-1", "hook_event_name": event, "cwd": repo.dir,
            "transcript_path": transcript });
        payload.as_object_mut().expect("an object").extend(tool.as_object().cloned().expect("one"));
        let mut command = repo.hook("claude", event, &variables);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("started");
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(payload.to_string().as_bytes()).expect("it reads");
        drop(stdin);
        Ran::new(&child.wait_with_output().expect("it ends"))
    };
    let make = || {
        let tool = json!({ "tool_name": "Bash", "tool_input": { "command": "make check" } });
        hook("PreToolUse", tool).out
    };
    let tokens = || repo.json(&["agents"])["agents"][0]["tokens"].clone();
    // Without a transcript, nothing is told; it is no fault.
    assert_eq!(hook("Stop", json!({})).code, 0);
    assert!(!make().contains("budget"));
    let message = |id: &str, input: u64| {
        json!({ "type": "assistant", "message": { "id": id,
            "usage": { "input_tokens": input, "output_tokens": 500, "cache_read_input_tokens": 9_000_000 } } })
    };
    let lines = format!("{}\n{}\n", message("m1", 60_000), message("m2", 70_000));
    std::fs::write(&transcript, lines).expect("written");
    assert_eq!(hook("Stop", json!({})).code, 0);
    assert_eq!(tokens(), 131_000);
    let answer = make();
    assert!(answer.contains("has spent its budget"), "{answer}");
    // The same again is no news, and a transcript that shrank takes nothing back.
    std::fs::write(&transcript, message("m1", 10).to_string()).expect("written");
    assert_eq!(hook("SessionEnd", json!({ "reason": "exit" })).code, 0);
    assert_eq!(tokens(), 131_000);
    let log = repo.json(&["log", "-n", "200"]);
    let told = log["items"].as_array().expect("entries").iter();
    assert_eq!(told.filter(|entry| entry["kind"] == "spend.counted.v1").count(), 1);
}
