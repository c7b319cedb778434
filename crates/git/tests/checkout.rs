//! A checkout is exactly the tree, whatever the tree holds, and stays inside its folder.

mod support;

use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use support::{Repo, draft, git_command, git_in};
use weir_git::{BString, Blob, Chained, Checkout, CommitId, Kind, Merged, Merger, Mode, Trunk};

fn out(repo: &Repo) -> std::path::PathBuf {
    repo.root.path().join("out")
}

#[test]
fn holds_every_kind_of_file_and_is_gone_when_dropped() {
    let repo = Repo::with(&[("dir/plain", "text\r\n"), ("run.sh", "#!/bin/sh\n")]);
    repo.write_bytes(b"caf\xe9 \xff\n.txt", b"not UTF-8 in its name");
    repo.write("lfs.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    repo.write(".gitattributes", "* text eol=crlf ident\n*.bin filter=lfs\n");
    repo.write("ident", "$Id$\n");
    std::os::unix::fs::symlink("/etc/passwd", repo.dir.join("link")).expect("a link");
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set")
    };
    set(&repo.dir.join("run.sh"), 0o755);
    let commit = repo.commit_all("kinds");
    let trunk = repo.trunk();
    let folder = out(&repo);
    let checkout = Checkout::clean(&trunk, &folder, commit).expect("checked out");
    assert_eq!(checkout.tree(), trunk.objects().tree(commit).expect("read"));
    let read = |name: &[u8]| fs::read(checkout.folder().join(std::ffi::OsStr::from_bytes(name)));
    assert_eq!(read(b"caf\xe9 \xff\n.txt").expect("there"), b"not UTF-8 in its name");
    assert!(read(b"lfs.bin").expect("there").starts_with(b"version https://git-lfs"));
    assert_eq!(read(b"ident").expect("there"), b"$Id$\n", "no conversion");
    assert_eq!(fs::read_link(folder.join("link")).expect("a link"), Path::new("/etc/passwd"));
    let mode = fs::metadata(folder.join("run.sh")).expect("there").permissions().mode();
    assert_eq!(mode & 0o111, 0o111);
    assert_eq!(
        git_in(&folder, &["rev-parse", "HEAD"]),
        commit.to_string(),
        "build scripts ask git"
    );

    fs::create_dir_all(folder.join("target/deep")).expect("left by a check");
    fs::write(folder.join("target/deep/file"), "x").expect("left by a check");
    drop(checkout);
    assert!(!folder.exists());
}

#[test]
fn a_submodule_is_an_empty_folder() {
    let repo = Repo::with(&[("a", "a")]);
    let library = Repo::with(&[("lib", "l")]);
    let path = library.dir.display().to_string();
    repo.git(&["submodule", "--quiet", "add", &path, "sub"]);
    let commit = repo.commit_all("a submodule");
    let trunk = repo.trunk();
    let checkout = Checkout::clean(&trunk, &out(&repo), commit).expect("checked out");
    assert_eq!(fs::read_dir(checkout.folder().join("sub")).expect("a folder").count(), 0);
    let tree = trunk.objects().tree(commit).expect("read");
    let changes = trunk.objects().changes(None, tree, 100).expect("compared");
    let sub = changes.paths.iter().find(|change| change.path == "sub").expect("carried along");
    assert!(
        matches!(sub.kind, Kind::Added(side) if side.mode == Mode::Submodule && side.blob.is_none())
    );
}

#[test]
fn is_made_only_in_a_folder_of_its_own() {
    let repo = Repo::with(&[("a", "a")]);
    let folder = out(&repo);
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("mine"), "x").expect("a file");
    Checkout::clean(&repo.trunk(), &folder, repo.head()).expect_err("somebody's folder");
    assert_eq!(fs::read(folder.join("mine")).expect("untouched"), b"x");
}

/// Writes an object byte by byte, also one that no git would make.
fn object(trunk: &Trunk, kind: &str, bytes: &[u8]) -> String {
    let mut child = git_command(trunk.dir())
        .args(["hash-object", "-t", kind, "-w", "--literally", "--stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git runs");
    child.stdin.take().expect("piped").write_all(bytes).expect("written");
    let output = child.wait_with_output().expect("ends");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// An entry of a tree, as git stores it.
fn entry(mode: &str, name: &str, id: &str) -> Vec<u8> {
    let hex = |n: usize| u8::from_str_radix(&id[2 * n..2 * n + 2], 16).expect("hex");
    format!("{mode} {name}\0").into_bytes().into_iter().chain((0..20).map(hex)).collect()
}

/// A commit whose tree holds `entries` (mode, path, content) and nothing else.
fn hostile(trunk: &Trunk, entries: &[(&str, &str, &str)]) -> CommitId {
    let blob = |content: &str| object(trunk, "blob", content.as_bytes());
    let one = |&(mode, name, content): &(&str, &str, &str)| entry(mode, name, &blob(content));
    let tree: Vec<u8> = entries.iter().flat_map(one).collect();
    let tree = object(trunk, "tree", &tree).parse().expect("a tree");
    trunk.write_commit(tree, &[], &draft("hostile")).expect("written")
}

#[test]
fn no_path_leaves_the_folder() {
    let repo = Repo::with(&[("a", "a")]);
    let trunk = repo.trunk();
    let before = git_in(&repo.dir, &["status", "--porcelain"]);
    let table: [&[(&str, &str, &str)]; 6] = [
        &[("100644", "../escaped", "x")],
        &[("100644", "..", "x")],
        &[("100644", ".git", "x")],
        &[("100644", ".GIT", "x")],
        &[("100644", "/tmp/weir-escaped", "x")],
        // A link, and a file that would be written through it.
        &[("120000", "out", ".."), ("100644", "out/escaped", "x")],
    ];
    for entries in table {
        let commit = hostile(&trunk, entries);
        let folder = out(&repo);
        let checkout = Checkout::clean(&trunk, &folder, commit);
        assert!(checkout.is_err(), "{entries:?}");
        assert!(!folder.exists(), "what failed is removed");
        assert!(
            !repo.root.path().join("escaped").exists() && !Path::new("/tmp/weir-escaped").exists()
        );
    }
    assert_eq!(git_in(&repo.dir, &["status", "--porcelain"]), before);
}

#[test]
fn a_large_blob_is_listed_and_merged_without_being_read() {
    let repo = Repo::with(&[("a", "a")]);
    let first = repo.head();
    let file = fs::File::create(repo.dir.join("large")).expect("a file");
    file.set_len(200 << 20).expect("sparse");
    let second = repo.commit_all("200 MB");
    repo.git(&["checkout", "--quiet", "-b", "side", &first.to_string()]);
    let side = repo.commit("side", &[("b", "b")]);
    let trunk = repo.trunk();
    let objects = trunk.objects();
    let (old, new) = (objects.tree(first).expect("read"), objects.tree(second).expect("read"));
    let started = std::time::Instant::now();
    let changes = objects.changes(Some(old), new, 10).expect("compared");
    let large = changes.paths[0].new().expect("added");
    assert_eq!((changes.paths.len(), changes.more, large.size), (1, false, 200 << 20));
    let path = BString::from("large");
    let read = objects.file(second, path.as_ref(), 1 << 20).expect("read");
    assert_eq!(read, Some(Blob::TooLarge { size: 200 << 20 }));
    let chained = Merger::new(objects).chain(second, &[side]).expect("chained");
    let merged = trunk.merge(second, side).expect("merged");
    match (chained, merged) {
        (Chained::Clean { tree }, Merged::Clean { tree: by_git }) => assert_eq!(tree, by_git),
        other => panic!("{other:?}"),
    }
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

/// A tree that names the same thing ten times.
fn ten_times(trunk: &Trunk, mode: &str, id: &str) -> String {
    let tree: Vec<u8> = (0..10).flat_map(|n| entry(mode, &n.to_string(), id)).collect();
    object(trunk, "tree", &tree)
}

#[test]
fn a_tree_that_unfolds_without_end_is_not_unfolded() {
    let repo = Repo::with(&[("a", "a")]);
    let trunk = repo.trunk();
    let changes = |old: Option<&str>, new: &str, max| {
        let tree = |id: &str| id.parse().expect("a tree");
        trunk.objects().changes(old.map(tree), tree(new), max).expect("compared")
    };
    let (file, nothing) = (object(&trunk, "blob", b"x"), object(&trunk, "tree", b""));
    // Ten to the nineteenth files; and as many folders without a single one.
    for (mode, leaf) in [("100644", &file), ("40000", &nothing)] {
        let mut id = ten_times(&trunk, mode, leaf);
        for _ in 0..18 {
            id = ten_times(&trunk, "40000", &id);
        }
        let found = changes(None, &id, 1000);
        assert!(found.more && found.paths.len() <= 1000, "{}", found.paths.len());
    }
    let ten = ten_times(&trunk, "100644", &file);
    let found = changes(None, &ten, 10);
    assert_eq!((found.paths.len(), found.more), (10, false), "as many as asked for are not more");
    assert!(changes(Some(&ten), &nothing, 9).more);
}

#[test]
fn changes_are_told_apart() {
    let repo =
        Repo::with(&[("gone", "g"), ("text", "1"), ("mode", "m"), ("type", "t"), ("dir", "d")]);
    let first = repo.head();
    fs::remove_file(repo.dir.join("gone")).expect("removed");
    fs::remove_file(repo.dir.join("dir")).expect("removed");
    fs::remove_file(repo.dir.join("type")).expect("removed");
    std::os::unix::fs::symlink("t", repo.dir.join("type")).expect("a link");
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(repo.dir.join("mode"), executable).expect("set");
    repo.write_bytes(b"new\xff", b"n");
    let second = repo.commit("second", &[("text", "22"), ("dir/file", "f")]);
    let trunk = repo.trunk();
    let tree = |id| trunk.objects().tree(id).expect("read");
    let changes = trunk.objects().changes(Some(tree(first)), tree(second), 100).expect("compared");
    let told: Vec<_> = changes
        .paths
        .iter()
        .map(|change| {
            let kind = match change.kind {
                Kind::Added(_) => "added",
                Kind::Deleted(_) => "deleted",
                Kind::Modified { .. } => "modified",
                Kind::ModeChanged { .. } => "mode",
                Kind::TypeChanged { .. } => "type",
            };
            (change.path.to_string(), kind)
        })
        .collect();
    let expected = [
        ("dir", "deleted"),
        ("dir/file", "added"),
        ("gone", "deleted"),
        ("mode", "mode"),
        ("new\u{fffd}", "added"),
        ("text", "modified"),
        ("type", "type"),
    ];
    assert_eq!(told, expected.map(|(path, kind)| (path.to_owned(), kind)));
    let text = changes.paths.iter().find(|change| change.path == "text").expect("listed");
    assert_eq!((text.old().expect("was").size, text.new().expect("is").size), (1, 2));
    let capped = trunk.objects().changes(Some(tree(first)), tree(second), 2).expect("compared");
    assert_eq!((capped.paths.len(), capped.more), (2, true));
}
