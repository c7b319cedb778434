//! A client is attached, and its hook is never asked: seen at the git boundary.

mod support;

use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use support::field::{CLAUDE, Field, may};
use support::{Ran, Repo, git, text};

/// A space with a rule about unguarded changes, a client attached, and a task claimed by its session.
fn field(rule: &str) -> (Field, PathBuf) {
    let repo = Repo::new();
    repo.write("weir.toml", rule);
    repo.commit("Say how agents are guarded");
    let field = Field::of(repo, CLAUDE);
    let attached = field.attach("claude").expect(0).document();
    field.repo.weir(&["task", "create", "Say b", "--paths", "docs/**"]).expect(0);
    let variable = |at: usize| text(&attached, &format!("/environment/{at}/1"));
    let (url, token) = (variable(0), variable(1));
    let session = [("WEIR_URL", url.as_str()), ("WEIR_TOKEN", token.as_str())];
    let claim = field.repo.weir_in(&field.repo.dir, &["task", "claim", "T1", "--json"], &session);
    let worktree = PathBuf::from(text(&claim.expect(0).document(), "/worktree"));
    std::fs::write(worktree.join("docs/b.md"), "b\n").expect("written");
    git(&worktree, &["add", "--all"]);
    git(&worktree, &["commit", "--quiet", "--message", "Say b"]);
    (field, worktree)
}

fn push(worktree: &PathBuf) -> Ran {
    let mut push = Command::new("git");
    push.args(["push", "weir", "HEAD:refs/for/main"]).current_dir(worktree);
    Ran::new(&push.env("GIT_CONFIG_NOSYSTEM", "1").output().expect("git runs"))
}

/// How often the session was put on record as unguarded.
fn recorded(field: &Field) -> usize {
    let log = field.repo.json(&["log", "--limit", "100"]);
    let is_unguarded = |event: &&Value| event["kind"] == "session.unguarded.v1";
    log["items"].as_array().expect("a list").iter().filter(is_unguarded).count()
}

#[test]
fn a_change_that_was_brought_in_silence_is_taken_and_shown() {
    let (field, worktree) = field("");
    field.weir(&["doctor", "--json"]).expect(0);
    let pushed = push(&worktree).expect(0);
    assert!(
        pushed.err.contains("C1.1") && pushed.err.contains("warning: Claude Code"),
        "{pushed:?}"
    );
    let agents = field.repo.json(&["agents"]);
    assert_eq!(agents["agents"][0]["state"], "unguarded", "{agents:#}");
    assert!(text(&agents, "/agents/0/why").contains("had told of nothing"));
    push(&worktree);
    assert_eq!(recorded(&field), 1, "once");
}

#[test]
fn it_is_refused_where_the_trunk_says_so_until_the_hook_is_heard() {
    let (field, worktree) = field("[guard]\nunguarded = \"refuse\"\n");
    for _ in 0..2 {
        let refused = push(&worktree);
        assert_ne!(refused.code, 0);
        assert!(refused.err.contains("push.unguarded"), "{refused:#?}");
        assert!(refused.err.contains("weir doctor"), "{refused:#?}");
    }
    assert_eq!(recorded(&field), 1);
    assert!(may(&field.bash("ls")));
    let pushed = push(&worktree).expect(0);
    assert!(!pushed.err.contains("warning"), "{pushed:#?}");
}

#[test]
fn nobody_is_expected_to_tell_of_anything_without_a_client() {
    let (field, worktree) = field("[guard]\nunguarded = \"refuse\"\n");
    field.weir(&["detach", "claude"]).expect(0);
    assert!(!push(&worktree).expect(0).err.contains("warning"));
    assert_eq!(recorded(&field), 0);
}
