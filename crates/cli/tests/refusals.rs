//! What Weir does not take on is refused in words that help, with nothing changed.

mod support;

use std::os::unix::fs::PermissionsExt as _;
use support::{Repo, git, snapshot};

#[track_caller]
fn refused(repo: &Repo, args: &[&str], code: &str, exit: i32) {
    let before = snapshot(&repo.dir);
    let args: Vec<&str> = args.iter().chain(&["--json"]).copied().collect();
    let refusal = repo.weir(&args).expect(exit).refusal();
    assert_eq!(refusal["code"], code, "{refusal:#}");
    assert!(refusal["hint"].is_string(), "a refusal says what to do next: {refusal:#}");
    assert!(snapshot(&repo.dir) == before, "`weir {}` changed something", args.join(" "));
}

#[test]
fn a_folder_that_is_no_repository() {
    let repo = Repo::none();
    for command in [&["up"][..], &["init"], &["down"], &["submit"]] {
        refused(&repo, command, "repo.not_found", 4);
    }
    for command in [&["status"][..], &["log"], &["task", "list"], &["show", "T1"]] {
        refused(&repo, command, "server.unknown", 4);
    }
}

#[test]
fn a_repository_without_commits() {
    let repo = Repo::empty();
    refused(&repo, &["up"], "repo.no_commits", 3);
    refused(&repo, &["up", "--detach"], "repo.no_commits", 3);
    refused(&repo, &["init"], "repo.no_commits", 3);
}

#[test]
fn a_trunk_that_is_not_there() {
    let repo = Repo::new();
    refused(&repo, &["up", "--trunk", "no-such"], "trunk.unknown", 4);
    refused(&repo, &["init", "--trunk", "no-such"], "trunk.unknown", 4);
}

#[test]
fn a_shallow_clone() {
    let repo = Repo::new();
    repo.commit_more();
    let url = format!("file://{}", repo.dir.display());
    git(&repo.beside(""), &["clone", "--quiet", "--depth", "1", &url, "shallow"]);
    let clone = repo.beside("shallow");
    let before = snapshot(&clone);
    let refusal = repo.weir_in(&clone, &["up", "--json"], &[]).expect(3).refusal();
    assert_eq!(refusal["code"], "repo.shallow");
    assert!(snapshot(&clone) == before);
}

impl Repo {
    fn commit_more(&self) {
        self.write("docs/b.md", "b\n");
        self.commit("More");
    }
}

#[test]
fn a_bare_repository_has_nothing_to_write_into() {
    let repo = Repo::new();
    git(&repo.beside(""), &["clone", "--quiet", "--bare", "river", "bare"]);
    let refusal = repo.weir_in(&repo.beside("bare"), &["init", "--json"], &[]).expect(3).refusal();
    assert_eq!(refusal["code"], "repo.bare");
}

#[test]
fn malformed_configuration_names_its_line() {
    let repo = Repo::new();
    repo.write("weir.toml", "trunk = \"main\"\n\n[review]\napprovals = \"many\"\n");
    repo.commit("Break the configuration");
    let refusal = repo.weir(&["up", "--json"]).expect(3).refusal();
    assert_eq!(refusal["code"], "config.malformed");
    let sentence = refusal["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("line 4"), "{sentence}");
}

#[test]
fn what_exists_is_not_overwritten() {
    let repo = Repo::new();
    repo.weir(&["init"]).expect(0);
    assert!(repo.dir.join("weir.toml").is_file() && repo.dir.join(".weir/README.md").is_file());
    refused(&repo, &["init"], "init.exists", 3);
    let printed = repo.weir(&["init", "--print"]).expect(0).out;
    let written = std::fs::read_to_string(repo.dir.join("weir.toml")).expect("written");
    assert_eq!(printed, written);
    let other = Repo::new();
    other.write(".weir/README.md", "mine\n");
    refused(&other, &["init"], "init.exists", 3);
}

#[test]
fn a_command_line_that_cannot_be_read() {
    let repo = Repo::none();
    let refusal = repo.weir(&["tusk", "--json"]).expect(2).refusal();
    assert_eq!(refusal["code"], "usage.malformed");
    let words = repo.weir(&["task", "claim", "C1"]).expect(2);
    assert!(words.err.contains("`C1` is not a task"), "{words:#?}");
    let help = repo.weir(&["help", "exit-codes"]).expect(0);
    assert!(help.out.contains("6  looked at, and it does not hold"), "{help:#?}");
    assert_eq!(repo.weir(&["--version"]).expect(0).out, "weir 0.1.0\n");
}

#[test]
fn no_server_is_another_ending_than_no_answer() {
    let repo = Repo::new();
    let nobody = [("WEIR_URL", "http://127.0.0.1:9"), ("WEIR_TOKEN", "weir_p_x")];
    let refusal = repo.weir_in(&repo.dir, &["status", "--json"], &nobody).expect(5).refusal();
    assert_eq!(refusal["code"], "server.unreachable");
    // One that was killed: what it said about itself is not believed, and its port gets no token.
    let home = repo.dir.join(".git/weir");
    std::fs::create_dir(&home).expect("made");
    let dead = r#"{"url":"http://127.0.0.1:9","pid":2147483646,"version":"0"}"#;
    std::fs::write(home.join("server.json"), dead).expect("written");
    refused(&repo, &["status"], "server.not_running", 5);
}

#[test]
fn a_secret_that_others_can_read_is_not_used() {
    let repo = Repo::new();
    let path = repo.dir.join(".git/weir-session.json");
    let session = r#"{"url":"http://127.0.0.1:9","token":"weir_s_x","session":"S1","task":"T1"}"#;
    std::fs::write(&path, session).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("set");
    refused(&repo, &["status"], "file.not_private", 3);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
    refused(&repo, &["status"], "server.unreachable", 5);
}

#[test]
fn a_token_is_not_sent_in_the_clear() {
    let repo = Repo::none();
    let sign_in = ["sign-in", "http://weir.example", "--token", "x"];
    refused(&repo, &sign_in, "server.not_private", 3);
    refused(&repo, &["sign-in", "weir.example", "--token", "x"], "server.malformed", 3);
    refused(&repo, &["--server", "team", "status"], "server.unknown", 4);
    refused(&repo, &["sign-out", "team"], "server.unknown", 4);
}

#[test]
fn every_shell_gets_its_completions() {
    let repo = Repo::none();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(
            repo.weir(&["completions", shell]).expect(0).out.contains("sign-in-link"),
            "{shell}"
        );
    }
    assert_eq!(repo.json(&["completions", "fish"])["shell"], "fish");
}
