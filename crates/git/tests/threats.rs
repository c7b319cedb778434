//! T17 of `docs/threat-model.md`: git as a way to have code run. What an agent can write in a clone (configuration,
//! hooks, attributes, the pointer to its repository) runs nothing of ours and leads nothing of ours elsewhere.

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use support::{Repo, git_in, try_git};
use weir_git::{
    Chained, Checkout, Merged, Merger, Remote, Trunk, Worktree, WorktreeSpec, inspect, user_name,
};

/// Every way in which a repository names a program that git runs on the commands that we know.
const TRAPS: [&str; 17] = [
    "core.fsmonitor",
    "core.sshCommand",
    "core.gitProxy",
    "core.askPass",
    "core.editor",
    "core.pager",
    "core.alternateRefsCommand",
    "credential.helper",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.evil.process",
    "gpg.program",
    "merge.evil.driver",
    "merge.tool",
];

const HOOKS: [&str; 8] = [
    "pre-commit",
    "pre-push",
    "post-checkout",
    "post-index-change",
    "post-update",
    "pre-receive",
    "reference-transaction",
    "update",
];

const ATTRIBUTES: &str = "* filter=evil diff=evil merge=evil\n";

/// Sets every trap in a git folder; what springs leaves a file in `traps`.
fn trap(git_dir: &Path, traps: &Path) {
    let program = |name: &str| {
        let path = traps.join(format!("{name}.sh"));
        let text = format!("#!/bin/sh\necho >'{}'\nexit 1\n", traps.join(name).display());
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
        path
    };
    fs::create_dir_all(traps.join("hooks")).expect("made");
    for key in TRAPS {
        let value = program(key).display().to_string();
        git_in(git_dir, &["config", "--file", "config", key, &value]);
    }
    for hook in HOOKS {
        let path = program(&format!("hook-{hook}"));
        for folder in [git_dir.join("hooks"), traps.join("hooks")] {
            fs::create_dir_all(&folder).expect("made");
            fs::copy(&path, folder.join(hook)).expect("copied");
        }
    }
    let hooks = traps.join("hooks").display().to_string();
    for (key, value) in [("core.hooksPath", hooks.as_str()), ("filter.evil.required", "true")] {
        git_in(git_dir, &["config", "--file", "config", key, value]);
    }
    fs::create_dir_all(git_dir.join("info")).expect("made");
    fs::write(git_dir.join("info/attributes"), ATTRIBUTES).expect("written");
}

fn sprung(traps: &Path) -> Vec<String> {
    let files = fs::read_dir(traps).expect("a folder");
    let names = files.filter_map(|file| file.expect("a file").file_name().into_string().ok());
    let mut names: Vec<String> =
        names.filter(|name| !name.ends_with(".sh") && name != "hooks").collect();
    names.sort();
    names
}

fn spec(repo: &Repo, token: &str) -> WorktreeSpec {
    let remote = Remote { url: "http://127.0.0.1:9/git".to_owned(), token: Some(token.to_owned()) };
    let branch = "T1-fix".to_owned();
    WorktreeSpec { branch, at: repo.head(), remote, person: None, config: Vec::new() }
}

fn clone_of(repo: &Repo, trunk: &Trunk) -> PathBuf {
    let folder = repo.root.path().join("sessions/T1-S1");
    Worktree::create(trunk, &folder, &spec(repo, "first")).expect("made");
    folder
}

#[test]
fn t17_nothing_that_an_agent_configures_runs() {
    let lines = |first: &str, last: &str| format!("{first}\n2\n3\n4\n5\n6\n7\n{last}\n");
    let repo = Repo::with(&[("a", &lines("1", "8")), (".gitattributes", ATTRIBUTES)]);
    let theirs = repo.commit("theirs", &[("a", &lines("1", "theirs"))]);
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let ours = repo.commit("ours", &[("a", &lines("ours", "8"))]);
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let trunk = repo.trunk();
    let folder = clone_of(&repo, &trunk);
    let traps = repo.root.path().join("traps");
    // The agent has its own clone, and the one in which the user let it work. What is below `.git/weir` is Weir's own:
    // who writes there is the user, as far as this wall can tell.
    for git_dir in [&folder.join(".git"), &repo.dir.join(".git")] {
        trap(git_dir, &traps);
    }
    // The traps are good: a git that is not told otherwise steps into them.
    fs::write(folder.join("a"), "b\n").expect("written");
    for line in [&["status"][..], &["update-ref", "refs/heads/x", "HEAD"]] {
        try_git(&folder, line);
    }
    let live = sprung(&traps);
    for trap in ["core.fsmonitor", "filter.evil.process", "hook-reference-transaction"] {
        assert!(live.iter().any(|name| name == trap), "{trap} is no trap: {live:?}");
    }
    for name in live {
        fs::remove_file(traps.join(name)).expect("removed");
    }

    Worktree::renew(&trunk, &folder, &spec(&repo, "second")).expect("renewed");
    for dir in [&folder, &repo.dir] {
        let source = inspect(dir, Some(if dir == &folder { "T1-fix" } else { "main" }));
        user_name(&source.expect("found"));
    }
    let source = inspect(&repo.dir, None).expect("found");
    let trunk = Trunk::open_or_create(&source, &source.home(), "main").expect("opened again");
    let start = trunk.tip().expect("a tip");
    trunk.create_ref("refs/weir/changes/C1/1", theirs).expect("made");
    let merged = trunk.merge(ours, theirs);
    assert!(matches!(merged, Ok(Merged::Clean { .. })), "{merged:?}");
    let chained = Merger::new(trunk.objects()).chain(ours, &[theirs]);
    assert!(matches!(chained, Ok(Chained::Clean { .. })), "{chained:?}");
    trunk.land(start, ours).expect("landed");
    Checkout::clean(&trunk, &repo.root.path().join("out"), ours).expect("checked out");
    let second = repo.root.path().join("sessions/T2-S2");
    let at = WorktreeSpec { at: ours, ..spec(&repo, "x") };
    Worktree::create(&trunk, &second, &at).expect("made");
    assert_eq!(sprung(&traps), Vec::<String>::new());
}

#[test]
fn t17_a_pointer_that_was_tampered_with_leads_us_nowhere() {
    let repo = Repo::with(&[("a", "a\n")]);
    let other = Repo::with(&[("b", "b\n")]);
    let trunk = repo.trunk();
    let folder = clone_of(&repo, &trunk);
    let before = other.fingerprint();
    let elsewhere = other.dir.join(".git");

    // Another repository's settings would be read in place of its own.
    fs::write(folder.join(".git/commondir"), elsewhere.display().to_string()).expect("written");
    Worktree::renew(&trunk, &folder, &spec(&repo, "second")).expect("renewed");
    let settings = fs::read_to_string(folder.join(".git/weir.config")).expect("there");
    assert!(settings.contains("second"), "in its own folder: {settings}");

    // The token would be written into another's folder.
    for pointer in ["link", "file"] {
        fs::rename(folder.join(".git"), folder.join("aside")).expect("moved");
        match pointer {
            "link" => symlink(&elsewhere, folder.join(".git")).expect("a link"),
            _ => fs::write(folder.join(".git"), format!("gitdir: {}\n", elsewhere.display()))
                .expect("written"),
        }
        let refused = Worktree::renew(&trunk, &folder, &spec(&repo, "third")).expect_err(pointer);
        assert_eq!(refused.refusal().expect("a refusal").code, "worktree.gone", "{pointer}");
        fs::remove_file(folder.join(".git")).expect("removed");
        fs::rename(folder.join("aside"), folder.join(".git")).expect("moved");
    }
    assert_eq!(other.fingerprint(), before);
}
