//! What holding a process promises, tried on real ones.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::time::{Duration, Instant};
use weir_sandbox::{Spec, hold};

/// Whether a process of this number runs.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[test]
fn a_held_process_answers_until_it_is_let_go_and_leaves_nothing() {
    let line = r#"setsid sleep 7654 & echo $!; while read -r word; do echo "said $word"; done"#;
    let (held, mut pipes) = hold(&Spec::shell(line, "/")).expect("starts");
    let mut out = BufReader::new(pipes.stdout);
    let mut child = String::new();
    out.read_line(&mut child).expect("a number");
    let began = Instant::now();
    while !lives(&child) {
        assert!(began.elapsed() < Duration::from_secs(10), "its child never ran");
    }
    pipes.stdin.write_all(b"hello\n").expect("read");
    let mut said = String::new();
    out.read_line(&mut said).expect("an answer");
    assert_eq!(said, "said hello\n");
    held.let_go();
    assert!(!lives(&child), "its child outlived it");
    assert_eq!(out.read_line(&mut said).expect("an end"), 0);
}

#[test]
fn a_held_process_sees_nothing_of_ours() {
    let spec = Spec::shell("env; cat", "/").env("GIVEN", "1");
    let (held, pipes) = hold(&spec).expect("starts");
    // The end of its input ends it.
    drop(pipes.stdin);
    let mut seen = String::new();
    BufReader::new(pipes.stdout).read_to_string(&mut seen).expect("text");
    assert!(seen.contains("GIVEN=1") && !seen.contains("CARGO"), "{seen}");
    drop(held);
}

#[test]
fn a_program_that_is_not_there_ends_and_says_so() {
    let (_held, mut pipes) = hold(&Spec::exec("no-such-program", ["x"], "/")).expect("a shell");
    let mut complaint = String::new();
    pipes.stderr.read_to_string(&mut complaint).expect("text");
    assert!(complaint.contains("not found"), "{complaint}");
    assert!(hold(&Spec::shell("true", "/no/such/folder")).is_err());
}
