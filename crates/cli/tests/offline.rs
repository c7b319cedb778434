//! The hook when its server is gone: closed, or by the last signed policies, as the trunk's `weir.toml` says.

mod support;

use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use support::field::{CLAUDE, Field, may};
use support::{Repo, text};

/// A space whose trunk lets hooks decide by signed policies, with Claude Code attached; and where its server listens.
fn field() -> (Field, String) {
    let repo = Repo::new();
    repo.write("weir.toml", "[guard]\noffline = \"bundle\"\n");
    repo.commit("Let hooks decide for an hour");
    let field = Field::of(repo, CLAUDE);
    field.attach("claude").expect(0);
    let url = text(&field.repo.json(&["up"]), "/url");
    (field, url.trim_start_matches("http://").to_owned())
}

impl Field {
    /// What the hook keeps, by its name there.
    fn kept(&self, name: &str) -> Option<PathBuf> {
        let attached = self.repo.beside("config").join("weir/attached");
        let folders = std::fs::read_dir(attached).expect("attached").flatten();
        let mut kept = folders
            .map(|folder| folder.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "alone"));
        kept.next().map(|folder| folder.join(name)).filter(|path| path.exists())
    }

    fn leave(&self) -> String {
        std::fs::read_to_string(self.kept("leave").expect("a leave")).expect("read")
    }

    /// Kills the server as a power cut would.
    fn kill(&self) {
        let file = self.repo.dir.join(".git/weir/server.json");
        let running: Value =
            serde_json::from_slice(&std::fs::read(file).expect("it runs")).expect("JSON");
        let pid = running["pid"].to_string();
        assert!(Command::new("kill").args(["-9", &pid]).status().expect("run").success());
        while Command::new("kill").args(["-0", &pid]).output().expect("run").status.success() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

#[test]
fn a_hook_without_a_server_decides_by_what_was_signed_and_tells_of_it_later() {
    let (field, address) = field();
    assert!(field.kept("leave").is_none(), "before the first act nothing is known");
    assert!(may(&field.bash("ls")));
    let leave = field.kept("leave").expect("a leave");
    let mode = std::fs::metadata(&leave).expect("there").permissions().mode();
    assert_eq!(mode & 0o077, 0, "nobody else reads it");

    field.kill();
    assert!(may(&field.bash("git status")));
    assert!(may(&field.bash("echo x > src.txt")));
    for command in ["npm install left-pad", "git push --force origin main", "cat .env"] {
        let refused = field.bash(command);
        assert!(!may(&refused), "{command}: {refused:#?}");
        assert!((refused.out + &refused.err).contains("cannot be asked"), "{command}");
    }
    assert!(field.kept("list").is_some());

    field.repo.weir(&["up", "--detach", "--listen", &address]).expect(0);
    assert!(may(&field.bash("ls")));
    assert!(field.kept("list").is_none(), "it was brought");
    let agents = field.repo.json(&["agents"]);
    assert_eq!(agents["agents"][0]["alone"], 5, "{agents:#}");
    assert_eq!(agents["agents"][0]["denied"], 3);
    let decision = text(&agents, "/agents/0/refused/0/decision");
    let explained = field.repo.json(&["guard", "explain", &decision, "--look", "2"]);
    assert_eq!(explained["answer"], "ask", "{explained:#}");
    let shown = field.repo.weir(&["agents"]).expect(0);
    assert!(shown.out.contains("5 of its acts its hook decided alone"), "{}", shown.out);
    field.repo.weir(&["down"]).expect(0);
}

#[test]
fn what_is_not_ours_or_was_changed_is_no_leave() {
    let (field, _) = field();
    let (other, _) = self::field();
    assert!(may(&field.bash("ls")) && may(&other.bash("ls")));
    let dead = [("WEIR_URL", "http://127.0.0.1:1"), ("WEIR_TOKEN", "weir_s_x")];
    let elsewhere = field.hook_with(&dead, "ls");
    assert!(!may(&elsewhere), "another server that is gone says nothing of ours: {elsewhere:#?}");
    field.kill();
    assert!(may(&field.bash("ls")), "the leave itself is good");
    let (path, ours) = (field.kept("leave").expect("a leave"), field.leave());
    let write = |text: &str| std::fs::write(&path, text).expect("written");
    let changed = ours.replacen("\"agent\":\"claude\"", "\"agent\":\"cloude\"", 1);
    assert_ne!(changed, ours);
    for text in [changed.as_str(), &other.leave(), "", "{}", &ours[..ours.len() / 2]] {
        write(text);
        let refused = field.bash("ls");
        assert!(!may(&refused), "{text}: {refused:#?}");
    }
    write(&ours);
    assert!(may(&field.bash("ls")));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("set");
    assert!(!may(&field.bash("ls")), "others can read it");
    std::fs::remove_file(&path).expect("removed");
    assert!(!may(&field.bash("ls")));
    // What was decided before is told all the same, by a person who takes the client off.
    assert!(field.kept("list").is_some());
    field.repo.up();
    field.weir(&["detach", "claude"]).expect(0);
    assert!(field.kept("list").is_none());
    assert_eq!(field.repo.json(&["agents"])["agents"][0]["alone"], 2);
}

#[test]
fn a_leave_follows_what_becomes_of_the_session() {
    let (field, _) = field();
    assert!(may(&field.bash("ls")));
    let before = field.leave();
    assert!(may(&field.bash("ls")));
    assert_eq!(field.leave(), before, "nothing changed, and nothing is written");
    assert!(may(&field.bash("curl https://example.org/")));
    let after = field.leave();
    assert!(after.contains("\"untrusted\"") && after != before, "it knows what was met");

    field.repo.weir(&["pause", "S1", "--why", "a look first"]).expect(0);
    assert!(!may(&field.bash("ls")));
    assert!(field.kept("leave").is_none(), "whoever is held has no leave");
    field.repo.weir(&["resume", "S1"]).expect(0);
    assert!(may(&field.bash("ls")) && field.kept("leave").is_some());

    field.repo.weir(&["session", "end", "S1"]).expect(0);
    assert!(!may(&field.bash("ls")));
    assert!(field.kept("leave").is_none(), "nor has whoever was turned away");
    field.kill();
    assert!(!may(&field.bash("ls")));
}

#[test]
fn the_trunk_takes_the_leave_back_and_by_default_there_is_none() {
    let (field, address) = field();
    assert!(may(&field.bash("ls")) && field.kept("leave").is_some());
    field.repo.weir(&["down"]).expect(0);
    field.repo.write("weir.toml", "");
    field.repo.commit("Be closed again");
    field.repo.weir(&["up", "--detach", "--listen", &address]).expect(0);
    assert!(may(&field.bash("ls")));
    assert!(field.kept("leave").is_none());
    field.kill();
    assert!(!may(&field.bash("ls")));
}
