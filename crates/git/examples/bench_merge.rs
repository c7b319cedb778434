//! Merges: in memory, one at a time, beside git's own. `cargo xtask bench merge`.
//!
//! A repository of 10,000 files in 100 folders, whose tip is a hundred commits past the place where the changes began;
//! changes of 1, 10 and 200 files, of which one in five touches a file that the trunk changed as well, elsewhere in it.
//! Beside the merger in memory stand one process of `git merge-tree --stdin` for all merges, and a process for each. Every tree is held against git's.
//!
//! `--files N`, `--changes N` (of each size).

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use weir_git::{
    Chained, CommitId, Draft, Linked, Merged, Merger, Person, Signature, TreeId, Trunk, inspect,
};

/// Commits of the trunk since the changes began.
const AHEAD: usize = 100;
const SIZES: [usize; 3] = [1, 10, 200];
const LINES: usize = 60;

fn main() {
    let (files, count) = options();
    let folder = tempfile::tempdir().expect("a folder");
    let repo = folder.path().join("repository");
    git(folder.path(), &["init", "-q", "-b", "main", "repository"]);
    plant(&repo, files, count);
    let source = inspect(&repo, None).expect("a repository");
    let trunk = Trunk::open_or_create(&source, &source.home(), "main").expect("a trunk");
    let tip = trunk.tip().expect("a tip");
    println!(
        "{files} files, {count} changes of each size, the trunk {AHEAD} commits ahead of where they began\n"
    );
    println!("| files changed | what | p50 ms | p99 ms | beside git --stdin, p50 |");
    println!("|---:|---|---:|---:|---:|");
    let mut merger = Merger::new(trunk.objects());
    for size in SIZES {
        let changes: Vec<CommitId> =
            (0..count).map(|n| rev(&repo, &format!("refs/heads/c{size}-{n}"))).collect();
        let (git, trees) = in_one_process(trunk.dir(), tip, &changes);
        let (ours, mine) = timed(&changes, |change| match merger.chain(tip, &[change]) {
            Ok(Chained::Clean { tree }) => tree.to_string(),
            other => panic!("{change}: {other:?}"),
        });
        let (spawned, spoken) =
            timed(&changes, |change| clean(trunk.merge(tip, change).expect("merged")).to_string());
        assert!(mine == trees && spoken == trees, "the engines disagree");
        println!("| {size} | `git merge-tree --stdin`, one process: mean | {} | | 1.00 |", ms(git));
        for (what, times) in [
            ("the queue's merger, in memory", &ours),
            ("`git merge-tree`, a process each", &spawned),
        ] {
            let p50 = quantile(times, 50);
            let beside = p50.as_secs_f64() / git.as_secs_f64();
            println!(
                "| {size} | {what} | {} | {} | {beside:.2} |",
                ms(p50),
                ms(quantile(times, 99))
            );
        }
    }
    let all: Vec<CommitId> =
        (0..count).map(|n| rev(&repo, &format!("refs/heads/c1-{n}"))).collect();
    let begun = Instant::now();
    let mut link = merger.begin(tip).expect("a tip");
    for change in &all {
        link = match merger.go_on(&link, *change).expect("merged") {
            Linked::Clean(next) => next,
            Linked::Conflict { paths } => panic!("a conflict in {paths:?}"),
        };
    }
    let merged = begun.elapsed();
    trunk.own_link(&merger, &link).expect("written");
    let written = begun.elapsed() - merged;
    let again = trunk.write_commit(link.tree(), &[tip], &draft()).expect("written");
    assert_eq!(trunk.objects().tree(again).expect("read"), link.tree());
    println!(
        "\nA chain of {count} changes of one file: {} ms; {} ms until its tree is durable.",
        ms(merged),
        ms(written)
    );
}

fn options() -> (usize, usize) {
    let (mut files, mut count) = (10_000, 100);
    let mut arguments = std::env::args().skip(1);
    while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
        let value: usize = value.parse().expect("a number");
        match name.as_str() {
            "--files" => files = value.max(1000),
            "--changes" => count = value.max(1),
            other => panic!("there is no `{other}`"),
        }
    }
    (files, count)
}

fn draft() -> Draft {
    let person = Person { name: "A".into(), email: "a@x".into() };
    let author = Signature { person, at: Default::default() };
    Draft { message: "all".into(), author: author.clone(), committer: author }
}

fn clean(merged: Merged) -> TreeId {
    match merged {
        Merged::Clean { tree } => tree,
        Merged::Conflict { paths } => panic!("a conflict in {paths:?}"),
    }
}

fn timed(
    changes: &[CommitId],
    mut merge: impl FnMut(CommitId) -> String,
) -> (Vec<Duration>, Vec<String>) {
    let timed = changes.iter().map(|change| {
        let begun = Instant::now();
        let tree = merge(*change);
        (begun.elapsed(), tree)
    });
    timed.unzip()
}

fn quantile(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted[(sorted.len() - 1) * percent / 100]
}

fn ms(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1000.0)
}

/// One git that merges all of them. It answers when it has done all, so that only the mean of a merge is known.
fn in_one_process(dir: &Path, tip: CommitId, changes: &[CommitId]) -> (Duration, Vec<String>) {
    let begun = Instant::now();
    let mut child = Command::new("git")
        .current_dir(dir)
        .args(["merge-tree", "--write-tree", "--stdin", "--name-only", "--no-messages"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git runs");
    let asked: String = changes.iter().map(|change| format!("{tip} {change}\n")).collect();
    child.stdin.take().expect("piped").write_all(asked.as_bytes()).expect("git listens");
    let done = child.wait_with_output().expect("git ends");
    let took = begun.elapsed() / u32::try_from(changes.len()).expect("not so many");
    let said = String::from_utf8_lossy(&done.stdout);
    // For each `1 NUL tree NUL NUL`.
    let words: Vec<&str> = said.split('\0').collect();
    let trees = words.chunks_exact(3).map(|merge| {
        assert_eq!((merge[0], merge[2]), ("1", ""), "a clean merge");
        merge[1].to_owned()
    });
    (took, trees.collect())
}

/// The trunk and the branches, in one stream.
fn plant(repo: &Path, files: usize, count: usize) {
    let mut stream = String::new();
    let mut commit = |name: &str, from: &str, at: usize, edits: &[(usize, usize)]| {
        writeln!(
            stream,
            "commit refs/heads/{name}\ncommitter A <a@x> {} +0000\ndata 1\nx",
            1_600_000_000 + at
        )
        .expect("in memory");
        if !from.is_empty() {
            writeln!(stream, "from {from}").expect("in memory");
        }
        for (file, line) in edits {
            let text = text(*file, *line, name, at);
            writeln!(
                stream,
                "M 100644 inline d{}/f{file}.rs\ndata {}\n{text}",
                file % 100,
                text.len()
            )
            .expect("in memory");
        }
    };
    let all: Vec<(usize, usize)> = (0..files).map(|file| (file, usize::MAX)).collect();
    commit("start", "", 0, &all);
    for at in 1..=AHEAD {
        // Three files a commit, near the top of each.
        let edits = [0, 1, 2].map(|n| ((at * 3 + n) * 7 % files, 2));
        commit("main", if at == 1 { "refs/heads/start" } else { "" }, at, &edits);
    }
    for size in SIZES {
        for n in 0..count {
            let edits: Vec<(usize, usize)> = (0..size)
                .map(|k| match k % 5 {
                    // A file that the trunk has changed, further down.
                    0 => (((n + k) % AHEAD * 3 + 3) * 7 % files, LINES - 3),
                    _ => ((n * 31 + k * 17 + 1) % files, LINES / 2),
                })
                .collect();
            commit(&format!("c{size}-{n}"), "refs/heads/start", 1000 + n, &edits);
        }
    }
    let mut import = Command::new("git")
        .current_dir(repo)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("git runs");
    import.stdin.take().expect("piped").write_all(stream.as_bytes()).expect("written");
    assert!(import.wait().expect("ends").success(), "git took the stream");
    git(repo, &["reset", "-q", "--hard", "main"]);
}

/// A file of lines, one of which says who changed it; those of the trunk keep their own edit.
fn text(file: usize, edited: usize, name: &str, at: usize) -> String {
    (0..LINES).fold(String::new(), |mut all, line| {
        match line == edited {
            true => writeln!(all, "    changed_by({name:?}, {at});"),
            false => writeln!(all, "    let value_{line} = compute({file}, {line});"),
        }
        .expect("in memory");
        all
    })
}

fn rev(repo: &Path, name: &str) -> CommitId {
    git(repo, &["rev-parse", "--verify", name]).parse().expect("a commit")
}

fn git(dir: &Path, args: &[&str]) -> String {
    let done = Command::new("git").current_dir(dir).args(args).output().expect("git runs");
    assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}
