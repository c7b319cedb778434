//! Real git clients against our receive-pack and git's upload-pack, over HTTP.

mod support;

use bstr::ByteSlice as _;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;
use support::http::{Judge, serve};
use support::{Repo, git_command, git_in, try_git};
use tokio::io::AsyncWriteExt as _;
use tokio::task::spawn_blocking;
use weir_git::{Decision, Push, Quarantine, Remote, Trunk, Worktree, WorktreeSpec};
use weir_model::Refusal;

const MANY: u64 = 1 << 30;

fn accept_all() -> Arc<Judge> {
    Arc::new(|push, _| vec![Decision::Accept { as_ref: None }; push.updates.len()])
}

/// As the engine will: `refs/for/main` becomes a change, all else is refused.
fn only_for_main() -> Arc<Judge> {
    Arc::new(|push, quarantine| {
        let judge = |update: &weir_git::RefUpdate| match update.new {
            Some(new) if update.name == "refs/for/main" => {
                quarantine.objects().commit(new).expect("readable in quarantine");
                Decision::Accept { as_ref: None }
            }
            _ => Decision::from(
                &Refusal::new("push.direct", "nothing is pushed to a branch directly")
                    .hint("submit a change: `git push weir HEAD:refs/for/main`"),
            ),
        };
        push.updates.iter().map(judge).collect()
    })
}

async fn git(dir: &Path, args: &[&str]) -> Output {
    let (dir, args) =
        (dir.to_owned(), args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>());
    let run = move || try_git(&dir, &args.iter().map(String::as_str).collect::<Vec<_>>());
    spawn_blocking(run).await.expect("no panic")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Packs and quarantines: what a push that was not accepted must leave alone.
fn traces(trunk: &Trunk) -> (usize, usize) {
    let incoming = fs::read_dir(trunk.home().join("incoming")).map_or(0, Iterator::count);
    (trunk.packs().expect("counted"), incoming)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_clones_commits_and_submits() {
    let repo = Repo::with(&[("a", "a\n")]);
    let trunk = repo.trunk();
    trunk.create_ref("refs/weir/secret", repo.head()).expect("created");
    let url = serve(trunk.clone(), MANY, only_for_main()).await;
    for version in ["0", "1", "2"] {
        let setting = format!("protocol.version={version}");
        let name = format!("clone{version}");
        let output =
            git(repo.root.path(), &["-c", &setting, "clone", "--quiet", &url, &name]).await;
        assert!(output.status.success(), "{}", text(&output));
        let clone = repo.root.path().join(&name);
        assert_eq!(git_in(&clone, &["rev-parse", "HEAD"]), repo.head().to_string());
        let refs = git(&clone, &["-c", &setting, "ls-remote"]).await;
        assert!(!refs.stdout.contains_str("secret"), "hidden refs are not shown");
    }
    let clone = repo.root.path().join("clone2");
    fs::write(clone.join("b"), "b\n").expect("written");
    git_in(&clone, &["add", "b"]);
    git_in(&clone, &["commit", "--quiet", "-m", "add b"]);
    let output = git(&clone, &["push", "origin", "HEAD:refs/for/main"]).await;
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("remote: welcome to the trunk"), "{}", text(&output));
    assert!(text(&output).contains("HEAD -> refs/weir/changes/C1/1"), "{}", text(&output));
    let head = git_in(&clone, &["rev-parse", "HEAD"]);
    let change = trunk.read_ref("refs/weir/changes/C1/1").expect("read").expect("there");
    assert_eq!(change.to_string(), head);
    assert_eq!(trunk.tip().expect("a tip"), repo.head(), "nothing landed by itself");
    assert_eq!(traces(&trunk), (1, 0));
    // Others can fetch the revision now.
    let other = repo.root.path().join("clone0");
    let output = git(&other, &["fetch", "origin", "refs/weir/changes/C1/1"]).await;
    assert!(output.status.success(), "{}", text(&output));

    let output = git(&clone, &["push", "origin", "HEAD:main"]).await;
    assert!(!output.status.success());
    let said = text(&output);
    assert!(said.contains("remote: nothing is pushed to a branch directly"), "{said}");
    assert!(said.contains("remote: hint: submit a change"), "{said}");
    assert!(said.contains("[remote rejected] HEAD -> main (push.direct)"), "{said}");
    assert_eq!(traces(&trunk), (1, 0), "what was refused leaves no trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_works_in_its_own_folder_and_submits_with_a_plain_push() {
    let repo = Repo::with(&[("a", "a\n"), ("run.sh", "#!/bin/sh\n")]);
    let trunk = repo.trunk();
    let url = serve(trunk.clone(), MANY, only_for_main()).await;
    let folder = repo.root.path().join("sessions/S1");
    let spec = WorktreeSpec {
        branch: "T1-fix".to_owned(),
        at: repo.head(),
        remote: Remote { url: url.clone(), token: Some("weir_secret".to_owned()) },
        person: Some(weir_git::Person { name: "Agent".to_owned(), email: "a@x.test".to_owned() }),
        config: vec![("push.default".to_owned(), "nothing".to_owned())],
    };
    assert!(!format!("{spec:?}").contains("weir_secret"), "a token is never shown");
    let worktree = Worktree::create(&trunk, &folder, &spec).expect("made");
    assert_eq!(worktree.folder(), folder);
    let again = Worktree::create(&trunk, &folder, &spec).expect_err("there already");
    assert_eq!(again.refusal().expect("a refusal").code, "worktree.exists");

    use std::os::unix::fs::PermissionsExt as _;
    let file = folder.join(".git/weir.config");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    assert!(!fs::read_to_string(folder.join(".git/config")).expect("there").contains("secret"));
    let header = git_in(&folder, &["config", "--get-urlmatch", "http.extraHeader", &url]);
    assert_eq!(header, "Authorization: Bearer weir_secret");
    assert!(
        !try_git(&folder, &["config", "--get-urlmatch", "http.extraHeader", "http://x/"])
            .status
            .success()
    );
    assert_eq!(git_in(&folder, &["status", "--porcelain", "--branch"]), "## T1-fix...weir/main");

    fs::write(folder.join("a"), "b\n").expect("written");
    git_in(&folder, &["commit", "--quiet", "-am", "change a"]);
    let output = git(&folder, &["push", "weir"]).await;
    assert!(output.status.success(), "{}", text(&output));
    let change = trunk.read_ref("refs/weir/changes/C1/1").expect("read").expect("there");
    assert_eq!(change.to_string(), git_in(&folder, &["rev-parse", "HEAD"]));
    let output = git(&folder, &["fetch", "weir"]).await;
    assert!(output.status.success(), "{}", text(&output));

    let renewed =
        WorktreeSpec { remote: Remote { url: url.clone(), token: Some("other".into()) }, ..spec };
    Worktree::renew(&trunk, &folder, &renewed).expect("renewed");
    let header = git_in(&folder, &["config", "--get-urlmatch", "http.extraHeader", &url]);
    assert_eq!(header, "Authorization: Bearer other");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_too_large_is_refused_in_gits_own_output() {
    let repo = Repo::with(&[("a", "a\n")]);
    let trunk = repo.trunk();
    let url = serve(trunk.clone(), 100_000, accept_all()).await;
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    });
    let noise: Vec<u8> = noise.take(400_000).collect();
    repo.write_bytes(b"large", &noise);
    repo.commit_all("large");
    let output = git(&repo.dir, &["push", &url, "HEAD:refs/for/main"]).await;
    assert!(!output.status.success());
    assert!(
        text(&output).contains("remote: this push is larger than is allowed"),
        "{}",
        text(&output)
    );
    assert!(text(&output).contains("(push.too_large)"), "{}", text(&output));
    assert_eq!(traces(&trunk), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_already_can_be_pushed_under_another_name() {
    let repo = Repo::with(&[("a", "a\n")]);
    let trunk = repo.trunk();
    let url = serve(trunk.clone(), MANY, accept_all()).await;
    let output = git(&repo.dir, &["push", &url, "HEAD:refs/for/main"]).await;
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(trunk.read_ref("refs/weir/changes/C1/1").expect("read"), Some(repo.head()));
    trunk.objects().commit(repo.head()).expect("readable beside an empty pack");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_fetch_with_a_compressed_request_and_a_partial_clone_work() {
    let repo = Repo::with(&[("a", "a\n")]);
    for n in 0..5 {
        repo.commit(&format!("commit {n}"), &[("a", &format!("{n}\n"))]);
    }
    let trunk = repo.trunk();
    let url = serve(trunk.clone(), MANY, accept_all()).await;
    // Many haves make a request long enough for the client to compress it.
    let other = Repo::with(&[("b", "b\n")]);
    for n in 0..30 {
        other.commit(&format!("other {n}"), &[("b", &format!("{n}\n"))]);
    }
    let output =
        git(&other.dir, &["-c", "protocol.version=0", "fetch", "--quiet", &url, "main"]).await;
    assert!(output.status.success(), "{}", text(&output));
    let output = git(
        repo.root.path(),
        &["clone", "--quiet", "--filter=blob:none", "--no-checkout", &url, "partial"],
    )
    .await;
    assert!(output.status.success(), "{}", text(&output));
}

fn request(update: &str, pack: &[u8]) -> Vec<u8> {
    let line = format!("{update}\0report-status side-band-64k");
    let mut bytes = format!("{:04x}{line}0000", line.len() + 4).into_bytes();
    bytes.extend(pack);
    bytes
}

async fn take(trunk: &Trunk, mut bytes: &[u8]) -> Result<Quarantine, weir_git::Error> {
    let push = Push::read(&mut bytes).await?.expect("not empty");
    Quarantine::take(trunk, &push, &mut bytes, MANY).await
}

/// The pack of `list`, as a client would send it.
fn pack(repo: &Repo, list: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut child = git_command(&repo.dir)
        .args(["pack-objects", "--stdout", "--quiet"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("git runs");
    child.stdin.take().expect("piped").write_all(list.as_bytes()).expect("written");
    child.wait_with_output().expect("ends").stdout
}

const ZERO: &str = "0000000000000000000000000000000000000000";

/// Another repository with one commit on the trunk of `repo`, and all of that commit's new objects.
fn ahead(repo: &Repo) -> (Repo, weir_git::CommitId, Vec<u8>) {
    let other = Repo::empty();
    git_in(&other.dir, &["pull", "--quiet", &repo.dir.display().to_string(), "main"]);
    let head = other.commit("ahead", &[("new/file", "new\n")]);
    let list = git_in(&other.dir, &["rev-list", "--objects", "--no-object-names", "HEAD~1..HEAD"]);
    let pack = pack(&other, &(list + "\n"));
    (other, head, pack)
}

#[tokio::test]
async fn objects_are_readable_in_quarantine_and_gone_when_it_is_dropped() {
    let repo = Repo::with(&[("a", "a\n")]);
    let trunk = repo.trunk();
    let (_other, head, pack) = ahead(&repo);
    let bytes = request(&format!("{ZERO} {head} refs/for/main"), &pack);
    let quarantine = take(&trunk, &bytes).await.expect("taken");
    let objects = quarantine.objects();
    let (old, new) =
        (objects.tree(repo.head()).expect("lent"), objects.tree(head).expect("pushed"));
    let changes = objects.changes(Some(old), new, 10).expect("compared");
    assert_eq!(changes.paths[0].path, "new/file");
    assert!(trunk.objects().commit(head).is_err(), "not in the trunk yet");
    assert_eq!(traces(&trunk), (0, 1));
    drop(quarantine);
    assert_eq!(traces(&trunk), (0, 0));
    assert!(trunk.objects().commit(head).is_err(), "nor ever");

    let quarantine = take(&trunk, &bytes).await.expect("taken again");
    quarantine.accept().expect("accepted");
    assert_eq!(traces(&trunk), (1, 0));
    assert_eq!(trunk.objects().commit(head).expect("in the trunk").subject, "ahead");
    take(&trunk, &bytes).await.expect("twice").accept().expect("the same pack again");
    assert_eq!(git_in(trunk.dir(), &["fsck", "--full", "--no-dangling"]), "");
}

#[tokio::test]
async fn a_pack_that_is_broken_or_lacks_something_is_refused_without_a_trace() {
    let repo = Repo::with(&[("a", "a\n")]);
    let trunk = repo.trunk();
    let (other, head, whole) = ahead(&repo);
    let update = format!("{ZERO} {head} refs/for/main");
    let commit_only = pack(&other, &format!("{head}\n"));
    let mut flipped = whole.clone();
    flipped[40] ^= 0xff;
    let elsewhere = "1".repeat(40);
    let table: [(&str, &[u8], &str); 6] = [
        (&update, b"", "push.bad_pack"),
        (&update, b"PACK but no pack", "push.bad_pack"),
        (&update, &whole[..whole.len() / 2], "push.bad_pack"),
        (&update, &flipped, "push.bad_pack"),
        (&update, &commit_only, "push."),
        (&format!("{ZERO} {elsewhere} refs/for/main"), &whole, "push.incomplete"),
    ];
    for (update, pack, code) in table {
        let error = take(&trunk, &request(update, pack)).await.err().expect("refused");
        let refusal = error.refusal().unwrap_or_else(|| panic!("{error:?}"));
        assert!(refusal.code.starts_with(code), "{refusal:?}");
        assert_eq!(traces(&trunk), (0, 0), "{refusal:?}");
    }
}

/// The bytes of an object's name.
fn raw(hex: &str) -> Vec<u8> {
    (0..20).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).expect("hex")).collect()
}

#[tokio::test]
async fn a_hostile_tree_is_refused_at_the_door() {
    let repo = Repo::with(&[("a", "a\n")]);
    let trunk = repo.trunk();
    let (other, _, _) = ahead(&repo);
    let blob = git_in(&other.dir, &["rev-parse", "HEAD:a"]);
    let tree = [b"100644 .git\0".as_slice(), &raw(&blob)].concat();
    fs::write(other.root.path().join("tree"), tree).expect("written");
    let tree = git_in(&other.dir, &["hash-object", "-t", "tree", "-w", "--literally", "../tree"]);
    let commit = git_in(&other.dir, &["commit-tree", "-m", "evil", "-p", "HEAD~1", &tree]);
    let pack = pack(&other, &format!("{commit}\n{tree}\n"));
    let bytes = request(&format!("{ZERO} {commit} refs/for/main"), &pack);
    let error = take(&trunk, &bytes).await.err().expect("refused");
    assert!(error.to_string().contains("hasDotgit"), "{error}");
    assert_eq!(traces(&trunk), (0, 0));
}

/// A megabyte of a pack can be a commit of a gigabyte, and whoever reads it needs that much memory, some times over.
#[tokio::test]
async fn what_nobody_could_read_is_refused_before_anybody_does() {
    let repo = Repo::with(&[("a", "a\n")]);
    let trunk = repo.trunk();
    let (other, head, _) = ahead(&repo);
    let written = |kind: &str, bytes: &[u8]| {
        fs::write(other.root.path().join("object"), bytes).expect("written");
        git_in(&other.dir, &["hash-object", "-t", kind, "-w", "--literally", "../object"])
    };
    let said = |length: usize| {
        let commit = git_in(&other.dir, &["cat-file", "commit", "HEAD"]) + "\n";
        written("commit", (commit + &"a".repeat(length)).as_bytes())
    };
    let (long, much) = (said(100 << 10), said(200 << 10));
    let tag = format!("object {head}\ntype commit\ntag x\ntagger a <a@x.test> 1 +0000\n\n");
    let tag = written("tag", (tag + &"a".repeat(200 << 10)).as_bytes());
    let blob = raw(&git_in(&other.dir, &["rev-parse", "HEAD:new/file"]));
    let entry = |n: usize| [format!("100644 {n:09}\0").as_bytes(), &blob].concat();
    let tree = written("tree", &(0..500_000).flat_map(entry).collect::<Vec<u8>>());
    let rest = git_in(&other.dir, &["rev-list", "--objects", "--no-object-names", "HEAD~1..HEAD"]);
    let rows = [(&long, None), (&much, Some("commit")), (&tag, Some("tag")), (&tree, Some("tree"))];
    for (object, what) in rows {
        let update = format!("{ZERO} {object} refs/for/main");
        let taken =
            take(&trunk, &request(&update, &pack(&other, &format!("{object}\n{rest}\n")))).await;
        let Some(what) = what else {
            drop(taken.expect("taken"));
            continue;
        };
        let error = taken.err().expect("refused");
        let refusal = error.refusal().unwrap_or_else(|| panic!("{error:?}"));
        assert_eq!(refusal.code, "push.too_large", "{what}: {refusal}");
        assert!(refusal.sentence.starts_with(what), "{refusal}");
        assert_eq!(traces(&trunk), (0, 0), "{refusal}");
    }
    // And git itself does not take it in: a commit of a gigabyte, or so its header says.
    let giant =
        [b"PACK\0\0\0\x02\0\0\0\x01".as_slice(), &[0x90, 0x80, 0x80, 0x80, 0x20], &[0x78, 0x9c]];
    let bytes = request(
        &format!("{ZERO} {head} refs/for/main"),
        &[&giant.concat()[..], &[0; 4096]].concat(),
    );
    let error = take(&trunk, &bytes).await.err().expect("refused");
    assert_eq!(error.refusal().map(|refusal| &*refusal.code), Some("push.too_large"), "{error}");
}

#[tokio::test]
async fn a_client_that_goes_takes_everything_with_it() {
    let repo = Repo::with(&[("a", "a\n")]);
    let trunk = repo.trunk();
    let (_other, head, pack) = ahead(&repo);
    let (mut client, mut server) = tokio::io::duplex(1 << 16);
    client
        .write_all(&request(&format!("{ZERO} {head} refs/for/main"), &pack[..20]))
        .await
        .expect("sent");
    let push = Push::read(&mut server).await.expect("read").expect("not empty");
    let taking = Quarantine::take(&trunk, &push, &mut server, MANY);
    tokio::time::timeout(Duration::from_millis(300), taking).await.err().expect("still waiting");
    assert_eq!(traces(&trunk), (0, 0), "dropped in the middle");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let lines = fs::read_dir("/proc").expect("proc").flatten();
    let lines = lines.filter_map(|pid| fs::read(pid.path().join("cmdline")).ok());
    let home = trunk.home().display().to_string();
    assert!(
        !lines.into_iter().any(|line| line.contains_str("index-pack") && line.contains_str(&home))
    );
}

#[tokio::test]
async fn what_a_crash_left_in_quarantine_is_removed_and_what_lives_is_not() {
    let repo = Repo::with(&[("a", "a\n")]);
    let trunk = repo.trunk();
    let (_other, head, pack) = ahead(&repo);
    let living = take(&trunk, &request(&format!("{ZERO} {head} refs/for/main"), &pack))
        .await
        .expect("taken");
    let dead = trunk.home().join("incoming/push-dead");
    fs::create_dir_all(dead.join("objects/pack")).expect("leftover");
    fs::write(dead.join("alive"), "").expect("leftover");
    fs::create_dir_all(trunk.home().join("incoming/push-half")).expect("leftover");
    repo.trunk();
    assert_eq!(traces(&trunk), (0, 1));
    living.objects().commit(head).expect("still there");
}

#[tokio::test]
async fn joining_packs_loses_nothing() {
    let repo = Repo::with(&[("a", "a\n")]);
    let trunk = repo.trunk();
    let mut heads = Vec::new();
    for n in 0..6 {
        let other = Repo::empty();
        git_in(&other.dir, &["pull", "--quiet", &repo.dir.display().to_string(), "main"]);
        let head = other.commit(&format!("ahead {n}"), &[("new/file", &format!("{n}\n"))]);
        let list =
            git_in(&other.dir, &["rev-list", "--objects", "--no-object-names", "HEAD~1..HEAD"]);
        let pack = pack(&other, &(list + "\n"));
        take(&trunk, &request(&format!("{ZERO} {head} refs/for/main"), &pack))
            .await
            .expect("taken")
            .accept()
            .expect("accepted");
        heads.push(head);
    }
    assert_eq!(trunk.packs().expect("counted"), 6);
    trunk.join_packs().expect("joined");
    assert!(trunk.packs().expect("counted") < 6);
    for head in heads {
        // No ref names them, and they are there all the same.
        trunk.objects().commit(head).expect("kept");
    }
}
