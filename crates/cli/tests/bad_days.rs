//! Odd repositories and bad days, through the real binary: what works carries a change to the trunk, and what cannot
//! be is refused with nothing lost.

mod support;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use support::{Repo, git, text};

/// Carries a change to the trunk: a task, a claim, a commit, a push, a landing.
#[track_caller]
fn carries_a_change(repo: &Repo) {
    repo.up();
    repo.weir(&["task", "create", "Add a note", "--paths", "note.txt"]).expect(0);
    let claim = repo.json(&["task", "claim", "T1", "--agent", "ada"]);
    let tree = PathBuf::from(text(&claim, "/worktree"));
    std::fs::write(tree.join("note.txt"), "noted\n").expect("written");
    git(&tree, &["add", "note.txt"]);
    git(&tree, &["commit", "--quiet", "--message", "Add a note"]);
    repo.weir_in(&tree, &["submit", "--wait", "--json"], &[]).expect(0);
    let change = repo.json(&["show", "C1"]);
    assert_eq!(change["thing"]["state"], "landed", "{change:#}");
    repo.weir(&["down"]).expect(0);
}

#[test]
fn a_detached_head() {
    let repo = Repo::new();
    repo.git(&["checkout", "--quiet", "--detach"]);
    carries_a_change(&repo);
    assert_eq!(repo.git(&["status", "--porcelain"]).trim(), "");
}

#[test]
fn a_bare_repository() {
    let mut repo = Repo::new();
    git(&repo.beside(""), &["clone", "--quiet", "--bare", "river", "bare"]);
    repo.dir = repo.beside("bare");
    carries_a_change(&repo);
}

#[test]
fn a_submodule_and_pointers_of_large_files() {
    let (repo, other) = (Repo::new(), Repo::new());
    let source = other.dir.to_str().expect("UTF-8").to_owned();
    repo.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        &source,
        "vendor/other",
    ]);
    repo.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    repo.write(
        "model.bin",
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n",
    );
    repo.commit("Others' things");
    carries_a_change(&repo);
}

#[test]
fn file_names_that_are_no_text() {
    let repo = Repo::new();
    let name = OsStr::from_bytes(b"caf\xe9 \x01\xff.txt");
    std::fs::write(repo.dir.join(name), "odd\n").expect("written");
    repo.commit("An odd name");
    carries_a_change(&repo);
}

/// Without a check, so that only git has to move its 200 MB about.
#[test]
fn a_blob_of_two_hundred_megabytes() {
    let repo = Repo::empty();
    repo.write("a.txt", "a\n");
    let large = std::fs::File::create(repo.dir.join("large.img")).expect("made");
    large.set_len(200_000_000).expect("grown");
    repo.commit("Something large");
    carries_a_change(&repo);
}

/// The next start says what it found, exits with a failure, and leaves the ledger as it was.
#[track_caller]
fn is_refused_and_left_alone(repo: &Repo, ledger: &Path) {
    let before = std::fs::read(ledger).expect("read");
    let ran = repo.weir(&["up"]);
    assert!(matches!(ran.code, 1 | 3), "{ran:#?}");
    assert!(ran.err.contains("error"), "{ran:#?}");
    assert!(std::fs::read(ledger).expect("read") == before, "the ledger was changed");
}

fn with_a_ledger() -> (Repo, PathBuf) {
    let repo = Repo::new();
    repo.up();
    repo.weir(&["task", "create", "Something", "--paths", "**"]).expect(0);
    repo.weir(&["down"]).expect(0);
    let ledger = repo.dir.join(".git/weir/ledger/ledger.db");
    (repo, ledger)
}

#[test]
fn a_ledger_that_was_overwritten() {
    let (repo, ledger) = with_a_ledger();
    let mut bytes = std::fs::read(&ledger).expect("read");
    bytes.iter_mut().skip(100).take(2000).for_each(|byte| *byte ^= 0xff);
    std::fs::write(&ledger, bytes).expect("written");
    is_refused_and_left_alone(&repo, &ledger);
}

#[test]
fn a_ledger_that_was_cut() {
    let (repo, ledger) = with_a_ledger();
    let file = std::fs::File::options().write(true).open(&ledger).expect("opened");
    file.set_len(file.metadata().expect("known").len() / 2).expect("cut");
    is_refused_and_left_alone(&repo, &ledger);
}

#[test]
fn a_ledger_whose_key_is_gone() {
    let (repo, ledger) = with_a_ledger();
    std::fs::remove_file(repo.dir.join(".git/weir/private/ledger.key")).expect("removed");
    is_refused_and_left_alone(&repo, &ledger);
    assert!(!repo.dir.join(".git/weir/private/ledger.key").exists(), "a new key was made");
}

/// The server is killed, and then its disk spoils a byte of the log of its ledger.
#[test]
fn a_ledger_that_lost_its_end() {
    let (repo, ledger) = with_a_ledger();
    repo.up();
    for title in ["One", "Two", "Three"] {
        repo.weir(&["task", "create", title, "--paths", "**"]).expect(0);
    }
    let before = told(&repo);
    kill(&repo);
    let log = ledger.with_file_name("ledger.db-wal");
    let mut bytes = std::fs::read(&log).expect("it was not closed");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&log, bytes).expect("written");

    is_refused_and_left_alone(&repo, &log);
    let said = repo.weir(&["up"]).expect(1).err;
    assert!(said.contains("the ledger lost records"), "{said}");
    let (_, left) = said.split_once("`weir up --accept-loss ").expect("it says how to go on");
    let left = left.split('`').next().expect("a place").to_owned();
    repo.weir(&["up", "--accept-loss", "E1"]).expect(1);
    is_refused_and_left_alone(&repo, &log);

    repo.json(&["up", "--detach", "--listen", "127.0.0.1:0", "--accept-loss", &left]);
    let after = told(&repo);
    let lost = after.iter().position(|(_, said)| said.contains("had lost acknowledged records"));
    let lost = lost.expect("it is recorded");
    assert!((1..before.len()).contains(&lost), "{before:#?}");
    assert_eq!(after[..lost], before[..lost], "what was left is as it was");
    assert_eq!(before[lost - 1].0, left);
    assert!(after[lost].1.ends_with(&format!("the space went on from `{left}`")), "{after:#?}");
    repo.weir(&["audit", "verify"]).expect(0);
    repo.weir(&["down"]).expect(0);
    repo.up();
    repo.weir(&["down"]).expect(0);
}

/// The places of what happened, and what it was.
fn told(repo: &Repo) -> Vec<(String, String)> {
    let log = repo.json(&["log", "-n", "100"]);
    let items = log["items"].as_array().expect("a list").iter();
    items.map(|item| (text(item, "/position"), text(item, "/sentence"))).collect()
}

/// Kills the server of the repository, and waits until nothing of it is left.
fn kill(repo: &Repo) {
    let home = repo.dir.join(".git/weir");
    let server = std::fs::read_to_string(home.join("server.json")).expect("it runs");
    let server: serde_json::Value = serde_json::from_str(&server).expect("JSON");
    let pid = i32::try_from(server["pid"].as_i64().expect("a pid")).expect("a pid");
    let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
    let lock = std::fs::File::open(home.join("lock")).expect("there");
    lock.lock().expect("it dies");
    std::fs::remove_file(home.join("server.json")).expect("of the dead");
}
