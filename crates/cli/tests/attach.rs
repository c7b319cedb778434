//! Clients are wired to Weir and taken off to the byte; the hook program answers as each client needs it, and is
//! closed when nobody can be asked. The client here is a script that tells a version; real ones have a suite of
//! their own.

mod support;

use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use support::field::{CLAUDE, Field, may};
use support::{snapshot, text};

#[test]
fn a_client_is_attached_held_proved_and_taken_off_to_the_byte() {
    let field = Field::new(CLAUDE);
    field.repo.write(".claude/settings.local.json", "{\n  // mine\n  \"model\": \"opus\"\n}\n");
    let before = snapshot(&field.repo.dir.join(".claude"));
    let attached = field.attach("claude").expect(0).document();
    assert_eq!(attached["version"], "2.1.330");
    assert!(attached["limits"].as_array().is_some_and(|limits| limits.len() > 2));
    assert_ne!(snapshot(&field.repo.dir.join(".claude")), before);
    for file in attached["files"].as_array().expect("files") {
        let written = std::fs::read_to_string(file.as_str().expect("a path")).expect("written");
        assert!(!written.contains("weir_s_"), "no secret stands in settings: {written}");
    }
    assert_eq!(text(&field.attach("claude").expect(3).refusal(), "/code"), "attach.twice");

    assert!(may(&field.bash("git status")));
    let refused = field.bash("git push --force origin main");
    assert!(!may(&refused) && refused.out.len() + refused.err.len() > 40, "{refused:#?}");
    let agents = field.repo.json(&["agents"]);
    assert_eq!(agents["agents"][0]["client"], "Claude Code 2.1.330");
    assert_eq!(agents["agents"][0]["denied"], 1);
    let decision = text(&agents, "/agents/0/refused/0/decision");
    let explained = field.repo.json(&["guard", "explain", &decision]);
    assert_eq!(explained["answer"], "deny");
    assert!(explained["grounds"].as_array().is_some_and(|grounds| !grounds.is_empty()));

    let proved = field.weir(&["doctor", "--json"]).expect(0).document();
    assert_eq!(proved[0]["holds"], true, "{proved:#}");

    field.weir(&["detach", "claude"]).expect(0);
    assert_eq!(snapshot(&field.repo.dir.join(".claude")), before, "to the byte");
    assert_eq!(
        text(&field.weir(&["detach", "claude", "--json"]).expect(3).refusal(), "/code"),
        "attach.none"
    );
    assert!(!may(&field.bash("ls")), "without a session nothing is allowed");
}

#[test]
fn a_client_is_attached_in_a_worktree_that_git_made() {
    let field = Field::new(CLAUDE);
    let tree = field.repo.beside("tree").display().to_string();
    field.repo.git(&["worktree", "add", "--quiet", "--detach", &tree]);
    let program = field.program.display().to_string();
    let attach = ["attach", "claude", "--program", &program, "--dir", &tree, "--json"];
    let attached = field.weir(&attach).expect(0).document();
    assert_eq!(text(&attached, "/worktree"), tree);
}

#[test]
fn a_yes_lets_exactly_that_pass_once_through_the_hook() {
    let field = Field::new(CLAUDE);
    field.attach("claude").expect(0);
    let command = "npm install left-pad";
    assert!(!may(&field.bash(command)));
    let waiting = field.repo.json(&["approval", "list"]);
    assert_eq!(waiting["items"][0]["what"], command);
    field.repo.weir(&["approval", "allow", "A1"]).expect(0);
    assert!(!may(&field.bash("npm install right-pad")));
    assert!(may(&field.bash(command)));
    assert!(!may(&field.bash(command)));
    let shown = field.repo.json(&["show", "A1"]);
    assert_eq!(shown["thing"]["state"], "used");
}

#[test]
fn a_pause_holds_from_the_next_act_on_and_survives_a_restart() {
    let field = Field::new(CLAUDE);
    let session = text(&field.attach("claude").expect(0).document(), "/session");
    let url = text(&field.repo.json(&["up"]), "/url");
    assert!(may(&field.bash("ls")));
    field.repo.weir(&["pause", &session, "--why", "a look first"]).expect(0);
    assert!(!may(&field.bash("ls")));
    field.repo.weir(&["down"]).expect(0);
    assert!(!may(&field.bash("ls")), "nobody can be asked");
    let address = url.trim_start_matches("http://");
    field.repo.weir(&["up", "--detach", "--listen", address]).expect(0);
    let held = field.bash("ls");
    assert!(!may(&held) && (held.out.clone() + &held.err).contains("a look first"), "{held:#?}");
    field.repo.weir(&["resume", &session]).expect(0);
    assert!(may(&field.bash("ls")));
}

#[test]
fn the_hook_is_closed_on_everything_that_goes_wrong() {
    let field = Field::new(CLAUDE);
    field.attach("claude").expect(0);
    let huge = vec![b' '; 17 << 20];
    let deep = "[".repeat(100_000);
    let payloads: [&[u8]; 7] =
        [b"", b"{", b"null", b"\xff\xfe", b"{\"session_id\":1}", deep.as_bytes(), &huge];
    for payload in payloads {
        let ran = field.hook("claude", "PreToolUse", payload);
        assert!(!may(&ran), "{} bytes: {ran:#?}", payload.len());
    }
    for (client, event) in [("cline", "PreToolUse"), ("claude", "NoSuchEvent"), ("claude", "")] {
        assert_eq!(field.hook(client, event, b"{}").code, 2, "{client} {event}");
    }
    field.repo.weir(&["down"]).expect(0);
    let alone = field.bash("ls");
    assert!(!may(&alone) && alone.err.contains("weir up"), "{alone:#?}");
}

#[test]
fn the_hook_program_without_weir_beside_it_carries_and_allows_nothing_by_itself() {
    let field = Field::new(CLAUDE);
    field.attach("claude").expect(0);
    let hook = field.repo.beside("weir-hook");
    std::fs::copy(env!("CARGO_BIN_EXE_weir-hook"), &hook).expect("copied");
    assert!(may(&field.bash_by(&hook, "ls")), "a server on this machine it asks itself");
    assert!(!may(&field.bash_by(&hook, "git push -f origin main")));
    field.repo.weir(&["down"]).expect(0);
    let alone = field.bash_by(&hook, "ls");
    assert!(!may(&alone) && alone.err.contains("not beside this one"), "{alone:#?}");
}

#[test]
fn an_agent_cannot_send_its_hook_to_a_server_of_its_own() {
    let field = Field::new(CLAUDE);
    field.attach("claude").expect(0);
    let file = field.repo.dir.join(".git/weir-session.json");
    let fake = json!({"url": "http://127.0.0.1:1", "token": "x", "session": "S1", "task": null});
    std::fs::write(&file, fake.to_string()).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("set");
    assert!(may(&field.bash("ls")), "it asks the server that was attached");
    assert!(!may(&field.bash("git push -f origin main")));
}

#[test]
fn a_version_that_cannot_be_held_is_refused_and_drift_is_seen() {
    let field = Field::new("2.1.200 (Claude Code)");
    let refused: Value = field.attach("claude").expect(3).refusal();
    assert_eq!(refused["code"], "client.too_old");
    assert!(!field.repo.dir.join(".claude").exists(), "nothing was written");
    field.says(CLAUDE);
    let attached = field.attach("claude").expect(0).document();
    let settings = text(&attached, "/files/0");
    std::fs::write(&settings, "{}").expect("written");
    let found = field.weir(&["doctor", "--json"]).expect(6).document();
    assert_eq!(found[0]["holds"], false, "{found:#}");
    let agents = field.repo.json(&["agents"]);
    assert_eq!(agents["agents"][0]["state"], "unguarded");
}

#[test]
fn every_client_can_be_attached_and_taken_off() {
    let field = Field::new("9.9.9");
    field.repo.write("README", "x\n");
    let worktree = || {
        let ours = field.repo.dir.join(".git");
        let files = snapshot(&field.repo.dir).into_iter();
        files.filter(|(path, _)| !path.starts_with(&ours)).collect::<Vec<_>>()
    };
    let (tree, home) = (worktree(), snapshot(&field.home));
    for client in ["claude", "codex", "gemini", "antigravity", "cursor", "copilot", "opencode"] {
        field.attach(client).expect(0);
        assert!(worktree() != tree || snapshot(&field.home) != home, "{client} wrote something");
        let found = field.weir(&["doctor", client, "--json"]).expect(0).document();
        assert_eq!(found[0]["holds"], true, "{client}: {found:#}");
        field.weir(&["detach", client]).expect(0);
        assert_eq!(worktree(), tree, "{client}");
        assert_eq!(snapshot(&field.home), home, "{client}");
    }
}
