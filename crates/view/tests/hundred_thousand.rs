//! A repository of a hundred thousand files: it is indexed within bounds, and answers.

use bstr::BStr;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use weir_git::{CommitId, Trunk, inspect};
use weir_view::pool::Pool;
use weir_view::search::Query;
use weir_view::tree::View;

const FILES: u32 = 100_000;
/// Generated code repeats itself: so many of the files differ.
const BLOBS: u32 = 10_000;
/// What the process may take at most, in MiB, with its tests around it.
const MEMORY_MIB_MAX: u64 = 600;

fn git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(dir);
    command
}

fn import(root: &Path) -> CommitId {
    std::fs::create_dir(root).expect("made");
    assert!(git(root).args(["init", "-q", "-b", "main"]).status().expect("git runs").success());
    let mut stream = String::new();
    for blob in 0..BLOBS {
        let text = format!("pub fn made_{blob}() -> u32 {{\n    {blob}\n}}\n");
        write!(stream, "blob\nmark :{}\ndata {}\n{text}\n", blob + 1, text.len())
            .expect("a string");
    }
    stream += "commit refs/heads/main\ncommitter a <a@b> 1700000000 +0000\ndata 5\nbegin\n";
    for file in 0..FILES {
        let (mark, folder, below) = (file % BLOBS + 1, file / 2_000, file / 100 % 20);
        writeln!(stream, "M 100644 :{mark} d{folder}/e{below}/f{file}.rs").expect("a string");
    }
    let mut import = git(root);
    let import = import.args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn();
    let mut import = import.expect("git runs");
    let written = import.stdin.take().expect("a pipe").write_all(stream.as_bytes());
    written.expect("taken");
    assert!(import.wait().expect("it ends").success());
    let head = git(root).args(["rev-parse", "main"]).output().expect("git runs");
    String::from_utf8(head.stdout).expect("text").trim().parse().expect("a commit")
}

fn most_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("its peak");
    let kib: u64 =
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number");
    kib / 1_024
}

#[test]
fn a_hundred_thousand_files_are_indexed_and_answer() {
    let place = tempfile::tempdir().expect("a folder");
    let root = place.path().join("repo");
    let tip = import(&root);
    let source = inspect(&root, None).expect("a repository");
    let trunk = Trunk::open_or_create(&source, &source.home(), "main").expect("a trunk");
    trunk.keep(tip).expect("kept");
    let pool = Pool::kept_in(place.path().join("view"));
    let view = View::of_commit(&pool, trunk.objects(), tip, &|_| true).expect("seen");
    assert_eq!((view.files().count(), pool.len()), (FILES as usize, BLOBS as usize));
    let wanted = BStr::new("d33/e16/f67654.rs");
    let number = view.blob_at(wanted).expect("it is there");
    assert_eq!(view.paths_of(number).len(), (FILES / BLOBS) as usize);
    let query = Query { text: "made_7654", files_max: 20, meaning: None };
    let found = pool.index().search(&query, &view).expect("a question");
    assert!(found.hits.iter().any(|hit| hit.path == "d33/e16/f67654.rs"), "{:?}", found.hits);
    assert_eq!(pool.defined("made_7654").len(), 1);
    assert_eq!(pool.written().1, BLOBS as usize);
    let most = most_memory_mib();
    assert!(most < MEMORY_MIB_MAX, "{most} MiB");
}
