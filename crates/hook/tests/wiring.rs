//! Attaching, looking, detaching: for every client, in every scope, over files that people keep.

use serde_json::Value;
use std::collections::BTreeMap;
use weir_hook::moment;
use weir_hook::wire::{Drift, Existing, Kept, Scope, Wiring, attach, detach, drift, files, scopes};
use weir_model::act::Client;

/// A disk.
type Disk = BTreeMap<String, Vec<u8>>;

fn wiring(scope: Scope) -> Wiring {
    Wiring {
        program: "/opt/we ir/weir".into(),
        mcp: "http://127.0.0.1:7070/mcp".into(),
        token_env: "WEIR_TOKEN".into(),
        scope,
        home: "/home/ada".into(),
        worktree: "/home/ada/.cache/weir/w1".into(),
    }
}

fn every() -> Vec<(Client, Scope)> {
    Client::ALL
        .into_iter()
        .flat_map(|client| scopes(client).iter().map(move |scope| (client, *scope)))
        .collect()
}

fn look(disk: &Disk, paths: &[String]) -> Vec<Existing> {
    paths.iter().map(|path| (path.clone(), disk.get(path).cloned())).collect()
}

fn attached(client: Client, wiring: &Wiring, disk: &mut Disk) -> (Kept, Vec<String>) {
    let paths = files(client, wiring).expect("files");
    let attached = attach(client, wiring, &look(disk, &paths)).expect("attach");
    for edit in attached.edits {
        disk.insert(edit.path, edit.bytes.expect("attach removes nothing"));
    }
    // What is kept goes through a file.
    let kept = serde_json::to_string(&attached.kept).expect("JSON");
    (serde_json::from_str(&kept).expect("read back"), paths)
}

fn detached(kept: &Kept, paths: &[String], disk: &mut Disk) -> Vec<String> {
    let detached = detach(kept, &look(disk, paths)).expect("detach");
    for edit in detached.edits {
        match edit.bytes {
            Some(bytes) => drop(disk.insert(edit.path, bytes)),
            None => drop(disk.remove(&edit.path)),
        }
    }
    detached.notes
}

/// Files as people have them, at every place that is written to.
fn peoples_files() -> Disk {
    let mut disk = Disk::new();
    for (client, scope) in every() {
        for path in files(client, &wiring(scope)).expect("files") {
            let text = match path.as_str() {
                path if path.ends_with("requirements.toml") => {
                    "allowed_sandbox_modes = [\"read-only\"]"
                }
                path if path.ends_with(".toml") && !path.ends_with("weir.toml") => {
                    "# mine\nmodel = \"o\" # here\n\n[mcp_servers.other]\nurl = 'http://x'\n\n\n"
                }
                path if path.ends_with(".json") && client != Client::Copilot => {
                    "{\n\t// mine\n\t\"theme\": \"dark\",\n\t\"mcpServers\": { \"other\": {\"url\": \"http://x\"}, },\n\t\"hooks\": {\n\t\t\"Stop\": [{\"hooks\": [{\"type\": \"command\", \"command\": \"beep\"}]}]\n\t} // end\n}"
                }
                path if path.ends_with("mcp-config.json") => "{\"mcpServers\":{\"other\":{}}}\n",
                _ => continue,
            };
            disk.insert(path, text.as_bytes().to_vec());
        }
    }
    disk
}

#[test]
fn detaching_undoes_attaching_to_the_byte() {
    for disk in [Disk::new(), peoples_files()] {
        for (client, scope) in every() {
            let mut now = disk.clone();
            let (kept, paths) = attached(client, &wiring(scope), &mut now);
            assert_ne!(now, disk, "{client} {scope:?}");
            assert_eq!(drift(&kept, &look(&now, &paths)), [], "{client} {scope:?}");
            assert_eq!(detached(&kept, &paths, &mut now), Vec::<String>::new());
            assert_eq!(now, disk, "{client} {scope:?}");
        }
    }
}

#[test]
fn what_people_wrote_stays_as_they_wrote_it() {
    let disk = peoples_files();
    for (client, scope) in every() {
        let mut now = disk.clone();
        attached(client, &wiring(scope), &mut now);
        for (path, before) in &disk {
            let (before, now) =
                (String::from_utf8_lossy(before), String::from_utf8_lossy(&now[path]));
            for line in before
                .lines()
                .map(str::trim)
                .filter(|line| line.len() > 3 && !line.starts_with('}'))
            {
                // More may have come behind the last item of a list.
                let line = line.trim_end_matches([',', '}', ']', ' ']);
                assert!(now.contains(line), "{client} {scope:?} {path} lost `{line}`:\n{now}");
            }
        }
    }
}

#[test]
fn an_edited_file_loses_exactly_our_entries() {
    for disk in [Disk::new(), peoples_files()] {
        for (client, scope) in every() {
            let mut now = disk.clone();
            let (kept, paths) = attached(client, &wiring(scope), &mut now);
            // Others add something of theirs, as other attachments do.
            for path in &paths {
                let text = String::from_utf8(now[path].clone()).expect("text");
                let edited = match path.as_str() {
                    path if path.ends_with(".json") => text.replacen('{', "{\"added\": 1,", 1),
                    path if path.ends_with("weir.toml") => text,
                    path if path.ends_with(".toml") => format!("{text}\n[added]\nsince = true\n"),
                    _ => text,
                };
                now.insert(path.clone(), edited.into_bytes());
            }
            let drifts = drift(&kept, &look(&now, &paths));
            assert!(drifts.iter().all(|drift| !drift.is_open()), "{client} {scope:?}: {drifts:?}");
            let notes = detached(&kept, &paths, &mut now);
            assert!(
                notes.iter().all(|note| note.contains("edited since")),
                "{client} {scope:?}: {notes:?}"
            );
            for path in &paths {
                let Some(now) = now.get(path) else { continue };
                let now = String::from_utf8_lossy(now);
                assert!(
                    !now.contains("hook") || !now.contains("we ir"),
                    "{client} {scope:?} {path}:\n{now}"
                );
                assert!(!now.contains("7070"), "{client} {scope:?} {path}:\n{now}");
                assert!(
                    now.contains("added") || path.ends_with("weir.toml"),
                    "{client} {scope:?} {path}:\n{now}"
                );
                if let Some(before) = disk.get(path) {
                    let before = String::from_utf8_lossy(before);
                    assert_eq!(now.contains("beep"), before.contains("beep"), "{path}");
                    assert_eq!(
                        now.contains("// mine"),
                        before.contains("// mine"),
                        "{path}:\n{now}"
                    );
                }
            }
        }
    }
}

#[test]
fn attaching_twice_changes_nothing() {
    for (client, scope) in every() {
        let mut once = peoples_files();
        attached(client, &wiring(scope), &mut once);
        let mut twice = once.clone();
        attached(client, &wiring(scope), &mut twice);
        assert_eq!(once, twice, "{client} {scope:?}");
    }
}

#[test]
fn no_secret_is_written_and_every_hook_names_an_event_that_is_known() {
    for (client, scope) in every() {
        let mut disk = Disk::new();
        attached(client, &wiring(scope), &mut disk);
        let all: String =
            disk.values().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
        assert!(all.contains("WEIR_TOKEN") || client == Client::Antigravity, "{client} {scope:?}");
        let calls = all.matches(&format!(" hook {client} ")).count();
        assert!(calls > 1 || client == Client::OpenCode, "{client} {scope:?}");
        for event in all.split(&format!(" hook {client} ")).skip(1) {
            let event: String = event.chars().take_while(|c| c.is_alphanumeric()).collect();
            assert!(moment(client, &event).is_some(), "{client} {event}");
        }
    }
}

#[test]
fn the_program_is_quoted_for_the_shell() {
    let mut disk = Disk::new();
    attached(Client::Cursor, &wiring(Scope::User), &mut disk);
    let hooks: Value = serde_json::from_slice(&disk["/home/ada/.cursor/hooks.json"]).expect("JSON");
    assert_eq!(hooks["hooks"]["stop"][0]["command"], "'/opt/we ir/weir' hook cursor stop");
    assert_eq!(hooks["hooks"]["preToolUse"][0]["failClosed"], true);
    assert_eq!(hooks["version"], 1);
}

#[test]
fn where_a_crash_would_open_a_shell_outlives_the_program() {
    for (client, path, event) in [
        (Client::Codex, "/home/ada/.codex/hooks.json", "PreToolUse"),
        (Client::Gemini, "/home/ada/.gemini/settings.json", "BeforeTool"),
    ] {
        let mut disk = Disk::new();
        attached(client, &wiring(Scope::User), &mut disk);
        let file: Value = serde_json::from_slice(&disk[path]).expect("JSON");
        let command = file["hooks"][event][0]["hooks"][0]["command"].as_str().expect("a text");
        let program = r"'\''/opt/we ir/weir'\'' hook";
        assert!(
            command.starts_with(&format!("sh -c '{program} {client} {event} || {{")),
            "{command}"
        );
        assert!(command.ends_with("exit 2; }'"), "{command}");
        let told = file["hooks"]["SessionEnd"][0]["hooks"][0]["command"].as_str().expect("a text");
        assert!(!told.contains("exit 2"), "nobody waits for this one: {told}");
    }
}

#[test]
fn copilot_gets_no_matcher_for_one_of_a_star_silences_its_hook() {
    let mut disk = Disk::new();
    attached(Client::Copilot, &wiring(Scope::User), &mut disk);
    let hooks = String::from_utf8_lossy(&disk["/home/ada/.copilot/hooks/weir.json"]).into_owned();
    assert!(hooks.contains("preToolUse") && !hooks.contains("matcher"), "{hooks}");
}

#[test]
fn drift_is_told() {
    let wiring = wiring(Scope::Worktree);
    let settings = "/home/ada/.cache/weir/w1/.claude/settings.local.json";
    let mut disk = Disk::new();
    let (kept, paths) = attached(Client::Claude, &wiring, &mut disk);
    let edited = |edit: &dyn Fn(String) -> String| {
        let mut now = disk.clone();
        let text = String::from_utf8(now[settings].clone()).expect("text");
        now.insert(settings.into(), edit(text).into_bytes());
        drift(&kept, &look(&now, &paths))
    };
    let path = settings.to_owned();
    let missing = edited(&|text| text.replacen("\"block\"", "\"continue\"", 1));
    assert!(
        matches!(&missing[..], [Drift::Missing { entry, .. }] if entry.contains("hooks.")),
        "{missing:?}"
    );
    let disabled = edited(&|text| text.replacen('{', "{\"disableAllHooks\": true,", 1));
    let setting = "disableAllHooks".to_owned();
    assert_eq!(disabled[0], Drift::Disabled { path: path.clone(), setting });
    assert_eq!(edited(&|_| "{".into()), [Drift::Unreadable { path: path.clone() }]);
    assert_eq!(edited(&|text| text + "\n"), [Drift::Edited { path: path.clone() }]);
    let mut gone = disk.clone();
    gone.remove(settings);
    assert_eq!(drift(&kept, &look(&gone, &paths)), [Drift::Gone { path }]);
}

#[test]
fn what_stands_in_the_way_is_named_and_nothing_is_written() {
    let w = wiring(Scope::User);
    for (client, path, text, code) in [
        (
            Client::Claude,
            "/home/ada/.claude.json",
            r#"{"mcpServers": {"weir": {"url": "http://x"}}}"#,
            "attach.in_the_way",
        ),
        (
            Client::Claude,
            "/home/ada/.claude/settings.json",
            r#"{"hooks": []}"#,
            "attach.in_the_way",
        ),
        (Client::Claude, "/home/ada/.claude/settings.json", "{", "attach.unreadable"),
        (
            Client::Codex,
            "/home/ada/.codex/config.toml",
            "[mcp_servers.weir]\nurl = 'x'",
            "attach.in_the_way",
        ),
        (Client::Codex, "/home/ada/.codex/config.toml", "a = ", "attach.unreadable"),
        (Client::Codex, "/home/ada/.codex/hooks.json", "[", "attach.unreadable"),
        (
            Client::OpenCode,
            "/home/ada/.config/opencode/plugin/weir.js",
            "mine()",
            "attach.in_the_way",
        ),
    ] {
        let paths = files(client, &w).expect("files");
        let disk = Disk::from([(path.to_owned(), text.as_bytes().to_vec())]);
        let refusal = attach(client, &w, &look(&disk, &paths)).expect_err(text);
        assert_eq!(refusal.code, code, "{client}: {refusal}");
        assert!(refusal.sentence.contains(path), "{refusal}");
        assert!(refusal.hint.is_some(), "{refusal}");
    }
    let unread = attach(Client::Claude, &w, &[]).expect_err("nothing was read");
    assert_eq!(unread.code, "attach.unread");
}

#[test]
fn wiring_that_makes_no_sense_is_refused() {
    let whole = wiring(Scope::User);
    for (wrong, code) in [
        (Wiring { program: "weir".into(), ..whole.clone() }, "attach.path"),
        (Wiring { program: "/w\neir".into(), ..whole.clone() }, "attach.path"),
        (Wiring { home: String::new(), ..whole.clone() }, "attach.path"),
        (Wiring { token_env: "A B".into(), ..whole.clone() }, "attach.variable"),
        (Wiring { mcp: "file:///x".into(), ..whole.clone() }, "attach.address"),
        (Wiring { scope: Scope::Worktree, ..whole.clone() }, "attach.scope"),
    ] {
        assert_eq!(files(Client::Codex, &wrong).expect_err(code).code, code);
    }
}

#[test]
fn codex_trusts_each_hook_at_the_place_it_got() {
    let wiring = wiring(Scope::User);
    let mut disk = Disk::from([(
        "/home/ada/.codex/hooks.json".to_owned(),
        br#"{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"beep"}]}]}}"#.to_vec(),
    )]);
    attached(Client::Codex, &wiring, &mut disk);
    let config = String::from_utf8(disk["/home/ada/.codex/config.toml"].clone()).expect("text");
    let config: toml::Table = config.parse().expect("TOML");
    let state = config["hooks"]["state"].as_table().expect("a table");
    for key in ["pre_tool_use:0:0", "stop:1:0", "session_end:0:0"] {
        let key = format!("/home/ada/.codex/hooks.json:{key}");
        let hash = state[&key]["trusted_hash"].as_str().expect("a digest");
        assert!(hash.starts_with("sha256:"), "{key}");
    }
    assert_eq!(state.len(), 9);
}
